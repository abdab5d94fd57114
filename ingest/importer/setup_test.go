package importer_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	"github.com/filengine/fil/ingest/eventlog"
	"github.com/filengine/fil/ingest/importer"
)

// engines are this package's tests' own, or those that the environment names; each test has topics of its own, by a prefix.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(engines.Run(m)) }

// shelf is one topic as a map.
type shelf[T any] struct{ m sync.Map }

func (s *shelf[T]) apply(records []fil.Record) error {
	for _, rec := range records {
		value, err := fil.Decode[T](rec)
		if err != nil {
			return err
		}
		s.m.Store(rec.Key, value)
	}
	return nil
}

func (s *shelf[T]) find(id string) (T, bool) {
	v, ok := s.m.Load(id)
	if !ok {
		var zero T
		return zero, false
	}
	return v.(T), true
}

func (s *shelf[T]) len() (n int) {
	s.m.Range(func(any, any) bool { n++; return true })
	return n
}

// town is what the door knows.
type town struct {
	agents   shelf[fil.Agent]
	contents shelf[fil.Content]
}

func (w *town) Agent(id string) (fil.Agent, bool)     { return w.agents.find(id) }
func (w *town) Content(id string) (fil.Content, bool) { return w.contents.find(id) }
func (w *town) Audience(string) (fil.Audience, bool)  { return fil.Audience{}, false }
func (w *town) Agents(string, int) []fil.Agent        { return nil }
func (w *town) Audiences() []fil.Audience             { return nil }
func (w *town) Contents() []fil.Content               { return nil }
func (w *town) CheckAudience(fil.Audience) error      { return nil }

// server is a door on the real log, behind a hand that may answer in its place.
type server struct {
	t    testing.TB
	url  string
	dir  string
	town *town
	log  *eventlog.Log
	hand atomic.Pointer[func(http.ResponseWriter, *http.Request, http.Handler)]
}

func setup(t testing.TB) *server {
	t.Helper()
	s := &server{t: t, town: &town{}, dir: t.TempDir()}
	cfg := eventlog.DefaultConfig()
	cfg.Brokers, cfg.Partitions, cfg.Prefix = engines.Kafka(t).Addresses, 2, "t-"+rand.Text()+"."
	quiet := slog.New(slog.DiscardHandler)
	var err error
	if s.log, err = eventlog.Open(t.Context(), cfg, quiet, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	applied := map[fil.Topic]ingest.Projection{}
	for topic, apply := range map[fil.Topic]func([]fil.Record) error{fil.TopicAgents: s.town.agents.apply, fil.TopicContents: s.town.contents.apply} {
		table := s.log.Table(topic, apply)
		applied[topic] = table
		running.Go(func() { _ = table.Run(ctx) })
	}
	t.Cleanup(func() {
		stop()
		running.Wait()
		_ = s.log.Close(context.Background())
	})
	schema := fil.Schema{{Name: "country", Kind: fil.KindText}, {Name: "region", Kind: fil.KindText}, {Name: "manager", Kind: fil.KindBoolean},
		{Name: "telework_days", Kind: fil.KindNumber}, {Name: "hired", Kind: fil.KindDate}, {Name: "skills", Kind: fil.KindList}}
	doorConfig := ingest.DefaultConfig()
	doorConfig.ApplyTimeout = time.Minute // a write is answered when it can be read, however busy the machine is
	door, err := ingest.New(doorConfig, ingest.Parts{Log: s.log, Applied: applied, Directory: s.town, Catalogue: s.town, Rules: s.town,
		Schema: schema, Logger: quiet, Registry: prometheus.NewRegistry(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	door.Register(humago.New(mux, huma.DefaultConfig("Fil", "test")))
	mux.HandleFunc("GET /v1/schema", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"attributes": schema})
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

// file writes a file to import.
func (s *server) file(name, body string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// run imports, and holds the summary to its three figures.
func (s *server) run(want [3]int, o importer.Options) importer.Summary {
	s.t.Helper()
	o.Server = s.url
	sum, err := importer.Run(s.t.Context(), o)
	if err != nil {
		s.t.Fatalf("import: %v", err)
	}
	if got := [3]int{sum.Admitted, sum.Duplicates, sum.Refused}; got != want {
		s.t.Fatalf("admitted, duplicates, refused: %v, want %v", got, want)
	}
	return sum
}

// logged reads the engagements that are in the log now.
func (s *server) logged() []fil.Engagement {
	s.t.Helper()
	var all []fil.Engagement
	table := s.log.Table(fil.TopicEngagements, func(batch []fil.Record) error {
		for _, rec := range batch {
			e, err := fil.EngagementOf(rec)
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		return nil
	})
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- table.Run(ctx) }()
	select {
	case <-table.Ready():
	case <-ctx.Done():
		s.t.Fatal("the log could not be read to its end")
	}
	stop()
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
	return all
}

// refusedRow is a line of a file of refused rows.
type refusedRow struct {
	File       string
	Line, Rows int
	Reasons    []struct{ Field, Detail string }
	Row        map[string]any
}

func refused(t testing.TB, path string) (rows []refusedRow) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	for decoder.More() {
		var one refusedRow
		if err := decoder.Decode(&one); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		rows = append(rows, one)
	}
	return rows
}
