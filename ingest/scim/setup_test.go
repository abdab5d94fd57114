package scim_test

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
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ingest/eventlog"
	"github.com/filengine/fil/ingest/scim"
)

// engines are this package's tests' own, or those that the environment names; each test has topics of its own, by a prefix.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(engines.Run(m)) }

func schema() fil.Schema {
	return fil.Schema{
		{Name: "job", Kind: fil.KindText}, {Name: "service", Kind: fil.KindText}, {Name: "manager", Kind: fil.KindBoolean},
		{Name: "telework_days", Kind: fil.KindNumber}, {Name: "hired", Kind: fil.KindDate}, {Name: "skills", Kind: fil.KindList},
		{Name: "head", Kind: fil.KindAgent}, {Name: "branch", Kind: fil.KindText, Values: []string{"state", "local"}},
	}
}

func config() scim.Config {
	cfg := scim.DefaultConfig()
	cfg.Enabled = true
	cfg.Attributes = map[string]string{"job": "title", "service": "department", "telework_days": "costCenter", "skills": "roles.value"}
	return cfg
}

// book is the directory that the door asks, made from the same records.
type book struct {
	mu        sync.Mutex
	agents    map[string]fil.Agent
	audiences map[string]fil.Audience
}

func keep[T any](b *book, shelf map[string]T) func([]fil.Record) error {
	return func(records []fil.Record) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, rec := range records {
			delete(shelf, rec.Key)
			if rec.Event.Data == nil {
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

func (b *book) Agent(id string) (fil.Agent, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.agents[id]
	return a, ok
}

func (b *book) Audience(id string) (fil.Audience, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.audiences[id]
	return a, ok
}

func (b *book) Agents(string, int) []fil.Agent     { return nil }
func (b *book) Content(string) (fil.Content, bool) { return fil.Content{}, false }
func (b *book) Contents() []fil.Content            { return nil }
func (b *book) CheckAudience(fil.Audience) error   { return nil }
func (b *book) Audiences() []fil.Audience {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.SortedFunc(maps.Values(b.audiences), func(x, y fil.Audience) int { return cmp.Compare(x.ID, y.ID) })
}

// house is a SCIM server behind the real gate.
type house struct {
	t     testing.TB
	url   string
	keys  map[fil.Role]string
	book  *book
	door  *ingest.Door
	scim  *scim.Server
	clock atomic.Int64 // Unix seconds

	opened chan struct{}                 // closed when the server is made
	frozen atomic.Pointer[chan struct{}] // holds the projections up until it is closed
}

func (h *house) now() time.Time { return time.Unix(h.clock.Load(), 0).UTC() }

// setup is a server over the real log.
func setup(t testing.TB, change ...func(*scim.Config)) *house {
	t.Helper()
	return setupPatient(t, 10*time.Second, change...)
}

// setupPatient is setup with a door that waits so long for what it wrote to be shown.
func setupPatient(t testing.TB, patience time.Duration, change ...func(*scim.Config)) *house {
	t.Helper()
	cfg := eventlog.DefaultConfig()
	cfg.Brokers, cfg.Partitions, cfg.Prefix = engines.Kafka(t).Addresses, 2, "t-"+rand.Text()+"."
	log, err := eventlog.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	applied := map[fil.Topic]ingest.Projection{}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, topic := range []fil.Topic{fil.TopicAgents, fil.TopicAudiences} {
		table := log.Table(topic, func(batch []fil.Record) error {
			if lag := h.frozen.Load(); lag != nil {
				<-*lag
			}
			return h.apply(topic, batch)
		})
		applied[topic] = table
		running.Go(func() { <-h.opened; _ = table.Run(ctx) })
	}
	t.Cleanup(func() {
		stop()
		running.Wait()
		_ = log.Close(context.Background())
	})
	h.open(log, applied, patience, change)
	return h
}

// bare is a server over a log that is none: what is published is applied at once. It is for what needs many requests.
func bare(t testing.TB, change ...func(*scim.Config)) *house {
	t.Helper()
	h := newHouse(t)
	h.open(&straight{h: h}, map[fil.Topic]ingest.Projection{fil.TopicAgents: seen{}, fil.TopicAudiences: seen{}}, time.Second, change)
	return h
}

// straight applies what is published.
type straight struct {
	h  *house
	mu sync.Mutex
}

func (s *straight) Publish(_ context.Context, records []fil.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.h.apply(records[0].Topic, records)
}

// seen is a projection that shows everything.
type seen struct{}

func (seen) Await(context.Context, fil.Position) error { return nil }

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, opened: make(chan struct{}), book: &book{agents: map[string]fil.Agent{}, audiences: map[string]fil.Audience{}}}
	h.clock.Store(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Unix())
	return h
}

func (h *house) apply(topic fil.Topic, batch []fil.Record) error {
	if topic == fil.TopicAgents {
		return errors.Join(keep(h.book, h.book.agents)(batch), h.scim.ApplyAgents(batch))
	}
	return errors.Join(keep(h.book, h.book.audiences)(batch), h.scim.ApplyAudiences(batch))
}

func (h *house) open(log ingest.Log, applied map[fil.Topic]ingest.Projection, patience time.Duration, change []func(*scim.Config)) {
	h.t.Helper()
	doorConfig := ingest.DefaultConfig()
	doorConfig.ApplyTimeout = patience
	var err error
	if h.door, err = ingest.New(doorConfig, ingest.Parts{
		Log: log, Applied: applied, Directory: h.book, Catalogue: h.book, Rules: h.book, Schema: schema(),
		Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Now: h.now,
	}); err != nil {
		h.t.Fatal(err)
	}
	cfg := config()
	for _, c := range change {
		c(&cfg)
	}
	if h.scim, err = scim.New(cfg, scim.Parts{Door: h.door, Schema: schema(), Now: h.now}); err != nil {
		h.t.Fatal(err)
	}
	close(h.opened)
	h.gate()
}

// gate serves behind the real gate.
func (h *house) gate() {
	h.t.Helper()
	ring, err := access.OpenKeyring(filepath.Join(h.t.TempDir(), "keys.json"), time.Now)
	if err != nil {
		h.t.Fatal(err)
	}
	h.keys = map[fil.Role]string{}
	for _, role := range []fil.Role{fil.RoleIngest, fil.RoleCommunicator} {
		if h.keys[role], err = ring.Create(role, "test"); err != nil {
			h.t.Fatal(err)
		}
	}
	signer, err := access.NewSigner(bytes.Repeat([]byte{7}, 32), time.Now)
	if err != nil {
		h.t.Fatal(err)
	}
	server := httptest.NewServer(access.HandlerOf(access.NewBearers(ring, signer, time.Now), h.scim, scim.WriteProblem, fil.RoleIngest))
	h.t.Cleanup(server.Close)
	h.url = server.URL + scim.Path
}

// reply is what the server answered.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

func (r reply) String() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// object reads the answer's JSON.
func (r reply) object() map[string]any {
	r.t.Helper()
	var v map[string]any
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.t.Fatalf("answer %v: %v", r, err)
	}
	return v
}

// at reads what is at a path of member names and indexes in the answer; nil when nothing is.
func (r reply) at(path ...any) any {
	r.t.Helper()
	var v any = r.object()
	for _, step := range path {
		switch in := v.(type) {
		case map[string]any:
			name, _ := step.(string)
			v = in[name]
		case []any:
			i, ok := step.(int)
			if !ok || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func (r reply) text(path ...any) string {
	r.t.Helper()
	s, _ := r.at(path...).(string)
	return s
}

// ids lists what a ListResponse holds.
func (r reply) ids() []string {
	r.t.Helper()
	var ids []string
	list, _ := r.at("Resources").([]any)
	for _, one := range list {
		object, _ := one.(map[string]any)
		id, _ := object["id"].(string)
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// ask makes one request with the key of role ingest; headers are pairs of name and value.
func (h *house) ask(method, path, body string, headers ...string) reply {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.keys[fil.RoleIngest])
	if body != "" {
		req.Header.Set("Content-Type", "application/scim+json")
	}
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
	if media := resp.Header.Get("Content-Type"); len(raw) > 0 && media != "application/scim+json" {
		h.t.Fatalf("%s %s: answered as %q", method, path, media)
	}
	return reply{h.t, resp.StatusCode, resp.Header, bytes.TrimSpace(raw)}
}

// want asks and holds the answer to a status.
func (h *house) want(status int, method, path, body string, headers ...string) reply {
	h.t.Helper()
	r := h.ask(method, path, body, headers...)
	if r.status != status {
		h.t.Fatalf("%s %s %s: %v, want %d", method, path, body, r, status)
	}
	return r
}

// refused asks and holds the answer to an error of SCIM.
func (h *house) refused(status int, kind, method, path, body string, headers ...string) reply {
	h.t.Helper()
	r := h.want(status, method, path, body, headers...)
	if r.at("schemas", 0) != "urn:ietf:params:scim:api:messages:2.0:Error" || r.text("status") != fmt.Sprint(status) || r.text("scimType") != kind || r.text("detail") == "" {
		h.t.Errorf("%s %s %s: %v, want an Error %d %s", method, path, body, r, status, kind)
	}
	return r
}

const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	agentURN      = "urn:filengine:scim:schemas:1.0:Agent"
)

// user is a body of a user with a user name, an external id and more members.
func user(userName, externalID string, more ...string) string {
	return fmt.Sprintf(`{"schemas":[%q],"userName":%q,"externalId":%q%s}`, userURN, userName, externalID, strings.Join(append([]string{""}, more...), ","))
}

// patch is a body of a PATCH.
func patch(operations ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

func putAudience(data string) ingest.Put {
	return ingest.Put{Topic: fil.TopicAudiences, Data: []byte(data)}
}

func putAgent(data string) ingest.Put { return ingest.Put{Topic: fil.TopicAgents, Data: []byte(data)} }
