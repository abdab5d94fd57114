package eventlog_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ingest/eventlog"
)

// The tests are the contract of the log with a Kafka cluster: FIL_TEST_KAFKA names brokers (host:port,…) to hold to it,
// in place of the embedded one.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	status := engines.Run(m)
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines were left behind:", err)
		return 1
	}
	return status
}

// config is a log of the test's own: no other test sees its topics and groups.
func config(t testing.TB, change ...func(*eventlog.Config)) eventlog.Config {
	t.Helper()
	cfg := eventlog.DefaultConfig()
	cfg.Brokers = engines.Kafka(t).Addresses
	cfg.Prefix = "test-" + strings.ToLower(ulid.Make().String()) + "."
	cfg.Partitions = 3
	cfg.Grace = time.Second
	for _, f := range change {
		f(&cfg)
	}
	return cfg
}

func open(t testing.TB, change ...func(*eventlog.Config)) *eventlog.Log {
	t.Helper()
	return openWith(t, config(t, change...))
}

func openWith(t testing.TB, cfg eventlog.Config) *eventlog.Log {
	t.Helper()
	l, err := eventlog.Open(t.Context(), cfg, logger(t), prometheus.NewRegistry())
	if err != nil {
		t.Fatalf("open log: %v", err)
	}
	t.Cleanup(func() { closeLog(t, l) })
	return l
}

func closeLog(t testing.TB, l *eventlog.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Errorf("close log: %v", err)
	}
}

// logger shows the log's lines of a test that fails.
func logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// event makes an engagement of an agent, numbered.
func event(agent string, n int) fil.Record {
	return fil.Record{
		Position: fil.Position{Topic: fil.TopicEngagements},
		Key:      agent,
		Event: fil.Event{
			ID: fmt.Sprintf("%s-%d", agent, n), Source: "test", Type: fil.TypeEngagement + "read",
			Time: time.Date(2026, 1, 2, 3, 4, 5, n, time.UTC), Data: fmt.Appendf(nil, `{"n":%d}`, n),
		},
	}
}

// events makes n engagements, spread over agents.
func events(n, agents int) []fil.Record {
	all := make([]fil.Record, n)
	for i := range all {
		all[i] = event(fmt.Sprintf("agent-%d", i%agents), i)
	}
	return all
}

func publish(t testing.TB, l *eventlog.Log, records ...fil.Record) []fil.Record {
	t.Helper()
	if err := l.Publish(t.Context(), records); err != nil {
		t.Fatalf("publish: %v", err)
	}
	return records
}

// running is something that runs until it is stopped.
type running struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

func start(t testing.TB, run func(context.Context) error) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = run(ctx)
	}()
	t.Cleanup(func() { r.stop(t) })
	return r
}

// stop ends it and waits; twice is as good as once.
func (r *running) stop(t testing.TB) {
	t.Helper()
	r.cancel()
	select {
	case <-r.done:
		if r.err != nil {
			t.Errorf("ended with: %v", r.err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it has not ended 20 s after it was told to")
	}
}

func startDrain(t testing.TB, l *eventlog.Log, d eventlog.Drain) *running {
	t.Helper()
	if d.Stage == "" {
		d.Stage = "sink"
	}
	if d.Topic == "" {
		d.Topic = fil.TopicEngagements
	}
	return start(t, func(ctx context.Context) error { return l.Drain(ctx, d) })
}

// sink is a stage that keeps what it is given, by partition.
type sink struct {
	mu      sync.Mutex
	batches map[int][][]fil.Record
	beats   map[int]int
	verdict func(partition int, batch []fil.Record) error // nil: all is well
}

func (s *sink) handle(_ context.Context, partition int, batch []fil.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.batches == nil {
		s.batches, s.beats = map[int][][]fil.Record{}, map[int]int{}
	}
	if len(batch) == 0 {
		s.beats[partition]++
	} else {
		s.batches[partition] = append(s.batches[partition], slices.Clone(batch))
	}
	if s.verdict != nil {
		return s.verdict(partition, batch)
	}
	return nil
}

// records gives everything received, by partition, in the order of arrival.
func (s *sink) records() []fil.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []fil.Record
	for _, partition := range sortedKeys(s.batches) {
		all = append(all, slices.Concat(s.batches[partition]...)...)
	}
	return all
}

func (s *sink) ids() []string { return ids(s.records()) }

func ids(records []fil.Record) []string {
	all := make([]string, len(records))
	for i, r := range records {
		all[i] = r.Event.ID
	}
	slices.Sort(all)
	return all
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// eventually waits for a condition, which what describes.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for !condition() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("after 30 s it is still not so: %s", what)
		}
	}
}
