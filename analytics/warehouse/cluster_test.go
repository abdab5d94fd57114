package warehouse_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What runs on one server and on the replicas of a cluster is in testdata, to be read; the engine knows its grammar.
func TestMigrations_AreThoseOfTheGoldenFiles(t *testing.T) {
	db := operator(t, settings(t, withDatabase("default")))
	for folder, cluster := range map[string]string{"alone": "", "cluster": "une-grappe"} {
		statements, err := warehouse.Statements(warehouse.Config{Database: "fil", Cluster: cluster})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(statements)) {
			path := filepath.Join("testdata", folder, name+".sql")
			if *update {
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(statements[name]), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), statements[name]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
			var line string
			if err := db.QueryRow(t.Context(), "SELECT formatQuerySingleLine({statement:String})", clickhouse.Named("statement", statements[name])).Scan(&line); err != nil {
				t.Errorf("%s is not in the engine's grammar: %v", path, err)
			}
			filled := strings.HasPrefix(line, "INSERT ") // rows go to the other replicas by themselves
			if (cluster != "" && !filled) != strings.Contains(line, "ON CLUSTER `une-grappe`") {
				t.Errorf("%s: %s", path, line)
			}
		}
	}
}

// Settings that only a cluster sees are known to the engine by the names and values that they are given.
func TestCluster_SettingsExist(t *testing.T) {
	db := operator(t, settings(t, withDatabase("default")))
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
		"insert_quorum": "auto", "insert_quorum_parallel": 1, "insert_quorum_timeout": 15_000, "receive_timeout": 10,
		"distributed_ddl_output_mode": "null_status_on_timeout", "distributed_ddl_task_timeout": 20,
	}))
	if got := count(t, db, "SELECT count() FROM system.merge_tree_settings WHERE name IN ('replicated_deduplication_window', 'replicated_deduplication_window_seconds')"); got != 2 {
		t.Errorf("the engine knows %d of the settings of replicated tables", got)
	}
	var line string
	if err := db.QueryRow(ctx, "SELECT formatQuerySingleLine('SYSTEM SYNC REPLICA facts LIGHTWEIGHT')").Scan(&line); err != nil {
		t.Error(err)
	}
}

// replica is a door to the embedded engine that stands for one server of a cluster: it makes plain tables of replicated
// ones, and notes what it was asked. Several doors to one engine are replicas that are never behind.
type replica struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	fail  func(statement string) (code, message string)
	shard int

	tables string // narrows those that it has
}

var replicated = regexp.MustCompile(`Replicated(\w*MergeTree)\('[^']*', '\{replica\}'(, )?`)

func newReplica(t *testing.T, address string) *replica {
	t.Helper()
	engine := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	r := &replica{shard: 1}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		statement := req.URL.Query().Get("query") // of an insert, whose body is data
		if statement == "" {
			raw, err := io.ReadAll(req.Body)
			if err != nil {
				return
			}
			statement = string(raw)
			body := strings.NewReplacer(" ON CLUSTER `une-grappe`", "", "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800",
				"non_replicated_deduplication_window = 10000").Replace(replicated.ReplaceAllString(statement, "$1("))
			if strings.Contains(statement, "system.clusters") {
				body = "SELECT uniqExact(number) FROM numbers(" + string(rune('0'+r.shard)) + ")"
			}
			if strings.Contains(statement, "FROM system.tables WHERE database = {database") {
				body += r.tables
			}
			req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
		r.mu.Lock()
		r.asked = append(r.asked, statement+" "+req.URL.Query().Get("insert_quorum"))
		fail := r.fail
		r.mu.Unlock()
		if fail != nil {
			if code, message := fail(statement); code != "" {
				w.Header().Set("X-ClickHouse-Exception-Code", code)
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, "Code: "+code+". DB::Exception: "+message)
				return
			}
		}
		if strings.HasPrefix(statement, "SYSTEM SYNC REPLICA") {
			return
		}
		engine.ServeHTTP(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

// take gives what was asked since the last time, short.
func (r *replica) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var short []string
	for _, s := range r.asked {
		if strings.Contains(s, "displayName()") {
			continue
		}
		short = append(short, strings.Join(strings.Fields(s), " "))
	}
	r.asked = nil
	return short
}

func (r *replica) failing(fail func(statement string) (code, message string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = fail
}

func clusterOf(t *testing.T, replicas ...*replica) warehouse.Config {
	t.Helper()
	cfg := settings(t)
	cfg.Cluster, cfg.Addrs = "une-grappe", nil
	for _, r := range replicas {
		cfg.Addrs = append(cfg.Addrs, r.Listener.Addr().String())
	}
	return cfg
}

func engineAddress(t *testing.T) string { return settings(t).Addrs[0] }

// Reads that the recorder rests on come after the replica that answers has fetched what others took, and inserts wait for
// a majority.
func TestCluster_ReadsAreSettledAndInsertsHaveAQuorum(t *testing.T) {
	one := newReplica(t, engineAddress(t))
	w := open(t, clusterOf(t, one))
	for _, statement := range one.take() {
		if strings.HasPrefix(statement, "CREATE") && !strings.Contains(statement, "ON CLUSTER `une-grappe`") {
			t.Errorf("not on the cluster: %s", statement)
		}
	}
	for name, c := range map[string]struct {
		call func() error
		want []string // beginnings of the statements, in order
	}{
		"extent":     {func() error { _, _, err := w.Extent(t.Context(), 1); return err }, []string{"SYSTEM SYNC REPLICA facts LIGHTWEIGHT", "SELECT count(), max"}},
		"identities": {func() error { return w.Identities(t.Context(), 1, today, today, nil) }, []string{"SYSTEM SYNC REPLICA facts LIGHTWEIGHT", "SELECT identity"}},
		"claimed": {func() error { _, _, err := w.Claimed(t.Context()); return err },
			[]string{"SYSTEM SYNC REPLICA claims LIGHTWEIGHT", "SYSTEM SYNC REPLICA facts LIGHTWEIGHT", "SELECT topic"}},
		"rows":   {func() error { _, err := w.Rows(t.Context(), analytics.Stretch{}); return err }, []string{"SYSTEM SYNC REPLICA facts LIGHTWEIGHT", "SELECT time"}},
		"insert": {func() error { return w.Insert(t.Context(), "a", facts(0, 1)) }, []string{"SYSTEM SYNC REPLICA seats LIGHTWEIGHT", "SELECT agent", "INSERT INTO facts"}},
		"enrol":  {func() error { return w.Enrol(t.Context(), []analytics.Entry{{Agent: 1}}) }, []string{"INSERT INTO directory"}},
		"claim":  {func() error { return w.Claim(t.Context(), analytics.Claim{Topic: fil.TopicAgents}) }, []string{"INSERT INTO claims"}},
	} {
		one.take()
		if err := c.call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		asked := one.take()
		if len(asked) != len(c.want) {
			t.Errorf("%s asked %q, want %q", name, asked, c.want)
			continue
		}
		for i, begin := range c.want {
			if !strings.HasPrefix(asked[i], begin) || strings.HasPrefix(begin, "INSERT") && !strings.HasSuffix(asked[i], " auto") {
				t.Errorf("%s asked %q, want %q", name, asked[i], begin)
			}
		}
	}
}

// A replica that dies, is silent, has lost Keeper or is behind costs a statement the time to notice it, and no more.
func TestCluster_GoesOnWithAnotherReplica(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, broken := range map[string]func(*replica) string{
		"dead":   func(r *replica) string { r.Close(); return "" },
		"silent": func(*replica) string { return silent.Addr().String() },
		"without Keeper": func(r *replica) string {
			r.failing(func(statement string) (code, message string) {
				if strings.HasPrefix(statement, "INSERT") || strings.HasPrefix(statement, "SYSTEM") {
					return "242", "Table is in readonly mode"
				}
				return "", ""
			})
			return ""
		},
		"behind": func(r *replica) string {
			r.failing(func(statement string) (code, message string) {
				if strings.HasPrefix(statement, "SYSTEM") {
					return "159", "SYNC REPLICA: command timed out"
				}
				return "", ""
			})
			return ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := newReplica(t, engineAddress(t)), newReplica(t, engineAddress(t))
			cfg := clusterOf(t, first, second)
			cfg.DialTimeout = time.Second
			w := open(t, cfg)
			if err := w.Insert(t.Context(), "a", facts(0, 10)); err != nil {
				t.Fatal(err)
			}
			if address := broken(first); address != "" {
				cfg.Addrs[0] = address
				w = open(t, cfg)
			}
			if err := w.Insert(t.Context(), "a", facts(0, 10)); err != nil { // its outcome unknown, as far as the recorder can tell
				t.Errorf("insert: %v", err)
			}
			if err := w.Insert(t.Context(), "b", facts(10, 20)); err != nil {
				t.Errorf("insert: %v", err)
			}
			if n, _, err := w.Extent(t.Context(), 3); n != 20 || err != nil {
				t.Errorf("%d facts, %v; want 20", n, err)
			}
			first.take()
			if _, _, err := w.Extent(t.Context(), 3); err != nil || len(first.take()) != 0 {
				t.Errorf("%v: the replica that failed is asked again while the other answers", err)
			}
		})
	}
}

func TestCluster_AnErrorOfTheStatementIsNoReasonToGoElsewhere(t *testing.T) {
	first, second := newReplica(t, engineAddress(t)), newReplica(t, engineAddress(t))
	w := open(t, clusterOf(t, first, second))
	first.failing(func(string) (code, message string) {
		return "285", "Number of alive replicas is less than requested quorum"
	})
	second.take()
	if err := w.Insert(t.Context(), "a", facts(0, 1)); err == nil || !strings.Contains(err.Error(), "quorum") || errors.Is(err, analytics.ErrAway) {
		t.Errorf("insert: %v", err)
	}
	if asked := second.take(); len(asked) > 0 {
		t.Errorf("the other replica was asked %q", asked)
	}
}

// A replica that has no tables, as one that was added, gets them; what the others hold is not forgotten for it.
func TestCluster_AReplicaWithoutTablesGetsThem(t *testing.T) {
	one := newReplica(t, engineAddress(t))
	cfg := clusterOf(t, one)
	w := open(t, cfg)
	if err := operator(t, settings(t, withDatabase(cfg.Database))).Exec(t.Context(), "DROP DATABASE "+cfg.Database); err != nil {
		t.Fatal(err)
	}
	if err := w.Insert(t.Context(), "a", facts(0, 1)); err == nil || errors.Is(err, fil.ErrForgotten) {
		t.Errorf("without tables: %v", err)
	}
	if err := w.Insert(t.Context(), "a", facts(0, 1)); err != nil {
		t.Errorf("once they are made: %v", err)
	}

	// At the next start, another server that has fewer tables is noticed; one that cannot say how many it has is left alone.
	two := newReplica(t, engineAddress(t))
	two.tables = "AND name != 'claims'"
	cfg.Addrs = append(cfg.Addrs, two.Listener.Addr().String())
	for name, c := range map[string]struct {
		fail func(statement string) (code, message string)
		want bool
	}{
		"fewer": {nil, true},
		"mute":  {func(string) (code, message string) { return "999", "session expired" }, false},
	} {
		two.failing(c.fail)
		one.take()
		open(t, cfg)
		again := slices.ContainsFunc(one.take(), func(s string) bool { return strings.Contains(s, "IF NOT EXISTS facts") })
		if again != c.want {
			t.Errorf("%s: the tables were made again: %v, want %v", name, again, c.want)
		}
	}
}

func TestCluster_RefusesWhatItDoesNotKnow(t *testing.T) {
	one := newReplica(t, engineAddress(t))
	for shards, want := range map[int]string{0: "is not in ClickHouse's configuration", 2: "has 2 shards"} {
		one.shard = shards
		if _, err := warehouse.Open(t.Context(), clusterOf(t, one), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open: %v, want %q", err, want)
		}
	}
	cfg := warehouse.DefaultConfig()
	cfg.Addrs = []string{"a:1", "b:1"}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "the name of their cluster is required") {
		t.Errorf("several servers that are no cluster: %v", err)
	}
	cfg.Cluster = "a`b"
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "is not a name") {
		t.Errorf("a name that is none: %v", err)
	}
}

// A schema that is newer than the program is left as it is.
func TestOpen_LeavesANewerSchema(t *testing.T) {
	cfg := settings(t)
	open(t, cfg)
	db := operator(t, cfg)
	for _, statement := range []string{
		"ALTER TABLE facts ADD COLUMN later String", "INSERT INTO migrations (number, name) SELECT 9999, '9999_later'",
	} {
		if err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	w := open(t, cfg)
	if err := w.Insert(t.Context(), "a", facts(0, 5)); err != nil {
		t.Error(err)
	}
	if got := count(t, db, "SELECT count() FROM migrations"); got != schemaFiles(t)+1 {
		t.Errorf("%d migrations are recorded, want %d", got, schemaFiles(t)+1)
	}
	if got := count(t, db, "SELECT count() FROM facts WHERE later = ''"); got != 5 {
		t.Errorf("%d facts in the newer table, want 5", got)
	}
}

func TestOpen_OverTLS(t *testing.T) {
	engine := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: engineAddress(t)})
	engine.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	door := httptest.NewUnstartedServer(engine)
	door.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	door.Config.ErrorLog = engine.ErrorLog
	door.StartTLS()
	defer door.Close()
	cfg := settings(t)
	cfg.Addrs = []string{door.Listener.Addr().String()}
	authority := x509.NewCertPool()
	authority.AddCert(door.Certificate())
	cfg.TLS = &tls.Config{RootCAs: authority, Certificates: door.TLS.Certificates, MinVersion: tls.VersionTLS12}
	w := open(t, cfg)
	if err := w.Insert(t.Context(), "a", facts(0, 100)); err != nil {
		t.Error(err)
	}
	if n, _, err := w.Extent(t.Context(), 3); n != 100 || err != nil {
		t.Errorf("%d facts, %v; want 100", n, err)
	}
	for want, settings := range map[string]*tls.Config{
		"unknown authority":    {Certificates: door.TLS.Certificates, RootCAs: x509.NewCertPool()},
		"certificate required": {RootCAs: authority},
	} {
		cfg.TLS = settings
		if _, err := warehouse.Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open: %v, want %q", err, want)
		}
	}
}
