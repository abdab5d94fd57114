package ingest_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
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
	"github.com/filengine/fil/ingest/eventlog"
)

// engines are this package's tests' own, or those that the environment names; each test has topics of its own, by a prefix.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(engines.Run(m)) }

func schema() fil.Schema {
	return fil.Schema{
		{Name: "grade", Kind: fil.KindText}, {Name: "manager", Kind: fil.KindBoolean}, {Name: "telework_days", Kind: fil.KindNumber},
		{Name: "hired", Kind: fil.KindDate}, {Name: "skills", Kind: fil.KindList},
		{Name: "branch", Kind: fil.KindText, Values: []string{"FPE", "FPT", "FPH"}}, {Name: "tools", Kind: fil.KindList, Values: []string{"sig", "excel"}},
		{Name: "supervisor", Kind: fil.KindAgent}, {Name: "phone", Kind: fil.KindText, Sensitive: true},
	}
}

// book is a directory and a catalogue made from the log's tables.
type book struct {
	mu        sync.Mutex
	agents    map[string]fil.Agent
	audiences map[string]fil.Audience
	contents  map[string]fil.Content
	frozen    atomic.Pointer[<-chan struct{}]
}

func keep[T any](b *book, shelf map[string]T) func([]fil.Record) error {
	return func(records []fil.Record) error {
		if lag := b.frozen.Load(); lag != nil {
			<-*lag
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, rec := range records {
			if rec.Event.Data == nil {
				delete(shelf, rec.Key)
				continue
			}
			value, err := fil.Decode[T](rec)
			if err != nil {
				return err
			}
			shelf[rec.Key] = value
		}
		return nil
	}
}

// freeze holds the tables up until lag is closed, while what they showed before can be read.
func (b *book) freeze(lag <-chan struct{}) { b.frozen.Store(&lag) }

func find[T any](b *book, shelf map[string]T, id string) (T, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok := shelf[id]
	return v, ok
}

func (b *book) Agent(id string) (fil.Agent, bool)       { return find(b, b.agents, id) }
func (b *book) Audience(id string) (fil.Audience, bool) { return find(b, b.audiences, id) }
func (b *book) Content(id string) (fil.Content, bool)   { return find(b, b.contents, id) }

func (b *book) Audiences() []fil.Audience {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.audiences))
}

func (b *book) Contents() []fil.Content {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.contents))
}

func (b *book) Agents(after string, limit int) []fil.Agent {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.SortedFunc(maps.Values(b.agents), func(x, y fil.Agent) int { return cmp.Compare(x.ID, y.ID) })
	start, found := slices.BinarySearchFunc(all, after, func(a fil.Agent, id string) int { return cmp.Compare(a.ID, id) })
	if found {
		start++
	}
	return all[start:min(len(all), start+limit)]
}

// CheckAudience refuses rules that hold "!!".
func (b *book) CheckAudience(definition fil.Audience) error {
	rule := definition.Rule
	if strings.Contains(rule, "!!") {
		return fil.NewFault("rule", "est mal écrite", "is badly written")
	}
	return nil
}

// line is the log with a hand on the wire: before may fail, or delay, a publication that the real log then does not get;
// after may fail one that it got.
type line struct {
	ingest.Log
	before, after atomic.Pointer[func([]fil.Record) error]
}

func (l *line) Publish(ctx context.Context, records []fil.Record) error {
	if hook := l.before.Load(); hook != nil {
		if err := (*hook)(records); err != nil {
			return err
		}
	}
	if err := l.Log.Publish(ctx, records); err != nil {
		return err
	}
	if hook := l.after.Load(); hook != nil {
		return (*hook)(records)
	}
	return nil
}

func (l *line) cut(err error) { l.before.Store(ptr(func([]fil.Record) error { return err })) }
func (l *line) mend()         { l.before.Store(nil); l.after.Store(nil) }

func ptr[T any](v T) *T { return &v }

var errAway = errors.New("no broker answers")

// memory answers what a profile store would: the identities learnt from the log before.
type memory func([]ingest.Identified) ([]bool, error)

func (m memory) Known(_ context.Context, asked []ingest.Identified) ([]bool, error) { return m(asked) }

type house struct {
	t       testing.TB
	url     string
	book    *book
	editors *ingest.Editors
	log     *eventlog.Log
	wire    *line
	clock   atomic.Int64 // Unix nanoseconds
	metrics *prometheus.Registry
}

// setup is a door on the real log, with a check of roles: the bearer "ROLE" has that role, "agent:ID" is the token
// of an agent.
func setup(t testing.TB, change ...func(*ingest.Config, *ingest.Parts)) *house {
	t.Helper()
	h := &house{t: t, metrics: prometheus.NewRegistry(), editors: ingest.NewEditors(),
		book: &book{agents: map[string]fil.Agent{}, audiences: map[string]fil.Audience{}, contents: map[string]fil.Content{}}}
	h.clock.Store(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).UnixNano())
	cfg := eventlog.DefaultConfig()
	cfg.Brokers, cfg.Partitions, cfg.Prefix = engines.Kafka(t).Addresses, 2, "t-"+rand.Text()+"."
	quiet := slog.New(slog.DiscardHandler)
	var err error
	if h.log, err = eventlog.Open(t.Context(), cfg, quiet, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	applied := h.tables()
	h.wire = &line{Log: h.log}
	parts := ingest.Parts{Log: h.wire, Applied: applied, Directory: h.book, Catalogue: h.book, Rules: h.book, Editors: h.editors, Schema: schema(),
		Logger: quiet, Registry: h.metrics, Now: h.now}
	config := ingest.DefaultConfig()
	for _, c := range change {
		c(&config, &parts)
	}
	door, err := ingest.New(config, parts)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Fil", "test"))
	api.UseMiddleware(roles(api))
	door.Register(api)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *house) now() time.Time { return time.Unix(0, h.clock.Load()).UTC() }

func (h *house) tables() map[fil.Topic]ingest.Projection {
	applied := map[fil.Topic]ingest.Projection{}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for topic, apply := range map[fil.Topic]func([]fil.Record) error{
		fil.TopicAgents: keep(h.book, h.book.agents), fil.TopicAudiences: keep(h.book, h.book.audiences), fil.TopicContents: keep(h.book, h.book.contents),
	} {
		table := h.log.Table(topic, func(records []fil.Record) error { return errors.Join(apply(records), h.editors.Apply(records)) })
		applied[topic] = table
		running.Go(func() { _ = table.Run(ctx) })
	}
	h.t.Cleanup(func() {
		stop()
		running.Wait()
		_ = h.log.Close(context.Background())
	})
	return applied
}

// roles stands before the operations as the command does: the caller has the role that its bearer names, and reaches the
// operations that name it.
func roles(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		role, agent, _ := strings.Cut(strings.TrimPrefix(ctx.Header("Authorization"), "Bearer "), ":")
		switch security := ctx.Operation().Security; {
		case !slices.Contains(fil.Roles(), fil.Role(role)):
			_ = huma.WriteErr(api, ctx, http.StatusUnauthorized, "no role")
		case len(security) != 1 || !slices.Contains(security[0]["bearer"], role):
			_ = huma.WriteErr(api, ctx, http.StatusForbidden, "another role")
		default:
			next(huma.WithContext(ctx, fil.WithCaller(ctx.Context(), fil.Caller{Role: fil.Role(role), Agent: agent, Name: agent, Label: agent})))
		}
	}
}

// reply is what the door answered.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) String() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// decode reads a JSON answer.
func decode[T any](t testing.TB, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("answer %v: %v", r, err)
	}
	return v
}

type problem struct {
	Title, Detail string
	Status        int
	Errors        []struct{ Location, Message string }
	Refused       int
	Edit          ingest.Edit
}

type tally struct {
	Admitted, Duplicates, Refused int
	Unknown                       *struct{ Agents, Contents int }
	Errors                        []struct {
		Index             *int
		Line              int
		ID, Field, Detail string
		Location, Message string
	}
}

// ask makes one request as a role; headers are pairs of name and value.
func (h *house) ask(role, method, path, body string, headers ...string) reply {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+role)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, bytes.TrimSpace(raw)}
}

// want asks and holds the answer to a status.
func (h *house) want(status int, role, method, path, body string, headers ...string) reply {
	h.t.Helper()
	r := h.ask(role, method, path, body, headers...)
	if r.status != status {
		h.t.Fatalf("%s %s as %s: %v, want %d", method, path, role, r, status)
	}
	return r
}

// logged reads everything that is in a topic now.
func (h *house) logged(topic fil.Topic) []fil.Record {
	h.t.Helper()
	var records []fil.Record
	table := h.log.Table(topic, func(batch []fil.Record) error { records = append(records, batch...); return nil })
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- table.Run(ctx) }()
	select {
	case <-table.Ready():
	case <-ctx.Done():
		h.t.Fatal("the log could not be read to its end")
	}
	stop()
	if err := <-done; err != nil {
		h.t.Fatal(err)
	}
	return records
}

// counter reads one counter of the door.
func (h *house) counter(name string, labels ...string) float64 {
	h.t.Helper()
	families, err := h.metrics.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if slices.Equal(values, labels) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func (h *house) gauge(name string) float64 {
	h.t.Helper()
	families, err := h.metrics.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return 0
}

// noted is a log that notes what it gets, for the fuzzing of decoders.
type noted []fil.Record

func (n *noted) Publish(_ context.Context, records []fil.Record) error {
	*n = append(*n, records...)
	return nil
}

// bare is a door with nothing known behind it.
func bare(t testing.TB, log ingest.Log) *ingest.Door {
	t.Helper()
	b := &book{}
	door, err := ingest.New(ingest.DefaultConfig(), ingest.Parts{Log: log, Directory: b, Catalogue: b, Rules: b, Schema: schema(),
		Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Now: func() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return door
}

// eventually polls until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not in 10 s: %s", what)
		}
	}
}

func sorted(texts []string) []string {
	slices.Sort(texts)
	return texts
}

// event writes one engagement as a CloudEvent.
func event(id, agent, content, kind string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"test","type":"fil.engagement.%s","time":"2026-03-01T10:00:00Z","data":{"agent":%q,"content":%q}}`, id, kind, agent, content)
}
