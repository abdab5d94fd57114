package directory_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ingest/directory"
	"github.com/filengine/fil/ingest/eventlog"
)

// engines are this package's tests' own, or those that the environment names; each test has topics of its own, by a prefix.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(engines.Run(m)) }

func schema() fil.Schema {
	return fil.Schema{{Name: "grade", Kind: fil.KindText}, {Name: "manager", Kind: fil.KindBoolean}, {Name: "days", Kind: fil.KindNumber},
		{Name: "hired", Kind: fil.KindDate}, {Name: "skills", Kind: fil.KindList}}
}

// town is the agents that the log has, in memory.
type town struct {
	mu     sync.Mutex
	agents map[string]fil.Agent
}

func (w *town) apply(records []fil.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, rec := range records {
		if rec.Event.Data == nil {
			delete(w.agents, rec.Key)
			continue
		}
		a, err := fil.Decode[fil.Agent](rec)
		if err != nil {
			return err
		}
		w.agents[rec.Key] = a
	}
	return nil
}

func (w *town) Agent(id string) (fil.Agent, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.agents[id]
	return a, ok
}

func (w *town) Agents(after string, limit int) []fil.Agent {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.SortedFunc(maps.Values(w.agents), func(x, y fil.Agent) int { return cmp.Compare(x.ID, y.ID) })
	all = slices.DeleteFunc(all, func(a fil.Agent) bool { return a.ID <= after })
	return all[:min(len(all), limit)]
}

func (w *town) Content(string) (fil.Content, bool)   { return fil.Content{}, false }
func (w *town) Audience(string) (fil.Audience, bool) { return fil.Audience{}, false }
func (w *town) Audiences() []fil.Audience            { return nil }
func (w *town) Contents() []fil.Content              { return nil }
func (w *town) CheckAudience(fil.Audience) error     { return nil }

// server is a door on the real log, behind a hand that may answer in its place.
type server struct {
	t    testing.TB
	url  string
	dir  string
	town *town
	hand atomic.Pointer[func(http.ResponseWriter, *http.Request, http.Handler)]
}

func setup(t testing.TB) *server {
	t.Helper()
	s := &server{t: t, town: &town{agents: map[string]fil.Agent{}}, dir: t.TempDir()}
	cfg := eventlog.DefaultConfig()
	cfg.Brokers, cfg.Partitions, cfg.Prefix = engines.Kafka(t).Addresses, 2, "t-"+rand.Text()+"."
	quiet := slog.New(slog.DiscardHandler)
	log, err := eventlog.Open(t.Context(), cfg, quiet, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	table := log.Table(fil.TopicAgents, s.town.apply)
	running.Go(func() { _ = table.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		_ = log.Close(context.Background())
	})
	doorConfig := ingest.DefaultConfig()
	doorConfig.ApplyTimeout = time.Minute // a write is answered when it can be read, however busy the machine is
	door, err := ingest.New(doorConfig, ingest.Parts{Log: log, Applied: map[fil.Topic]ingest.Projection{fil.TopicAgents: table},
		Directory: s.town, Catalogue: s.town, Rules: s.town, Schema: schema(), Logger: quiet, Registry: prometheus.NewRegistry(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	door.Register(humago.New(mux, huma.DefaultConfig("Fil", "test")))
	mux.HandleFunc("GET /v1/schema", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"attributes": schema()})
	})
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hand := s.hand.Load(); hand != nil {
			(*hand)(w, r, mux)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(listening.Close)
	s.url = listening.URL
	return s
}

// file writes a file of a source.
func (s *server) file(body string) directory.Files {
	s.t.Helper()
	path := filepath.Join(s.dir, "annuaire")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return directory.Files{path}
}

// options allow everything.
func (s *server) options() directory.Options {
	return directory.Options{Server: s.url, MaxRemovals: 1, MaxChanges: 1, Examples: 5, Folder: s.dir, Patience: time.Second}
}

func (s *server) sync(source directory.Source, o directory.Options) directory.Report {
	s.t.Helper()
	report, err := directory.Sync(s.t.Context(), source, o)
	if err != nil {
		s.t.Fatalf("sync: %v", err)
	}
	return report
}

// fill makes the directory what the NDJSON says.
func (s *server) fill(body string) {
	s.t.Helper()
	o := s.options()
	o.Apply = true
	s.sync(s.file(body), o)
}

// have gives the directory as JSON lines, by id.
func (s *server) have() string {
	s.t.Helper()
	var b strings.Builder
	for _, a := range s.town.Agents("", 1<<20) {
		raw, err := json.Marshal(a)
		if err != nil {
			s.t.Fatal(err)
		}
		b.Write(append(raw, '\n'))
	}
	return b.String()
}
