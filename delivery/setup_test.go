package delivery_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/delivery"
	"github.com/filengine/fil/delivery/feedstore"
)

// noon is the clock of the tests at their start.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// newest ranks by date. It is a directory too: agents by id, and who may read what by the content's audiences, which
// hold agent ids. The profile says which contents the agent dismissed.
type newest struct {
	mu       sync.Mutex
	agents   map[string]fil.Agent
	contents map[fil.ContentKey]fil.Content
	changes  int // of the catalogue
	ranked   int
	told     int // items in brief
	placed   int // items explained
	says     fil.Bilingual
}

func (n *newest) Language(id string) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.agents[id]
	return a.Language, ok
}

func (n *newest) put(contents ...fil.Content) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.changes++
	for _, c := range contents {
		n.contents[fil.KeyOf(c.ID)] = c
	}
}

func (n *newest) drop(ids ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.changes++
	for _, id := range ids {
		delete(n.contents, fil.KeyOf(id))
	}
}

func (n *newest) rankings() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ranked
}

func (n *newest) lengthen(short uint64) (fil.ContentKey, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for key := range n.contents {
		if uint64(key)&(1<<48-1) == short {
			return key, true
		}
	}
	return 0, false
}

func (n *newest) eligible(agent string, profile []byte, c fil.Content, now time.Time) bool {
	return c.LiveAt(now) && (len(c.Audiences) == 0 || slices.Contains(c.Audiences, agent)) && !strings.Contains(string(profile), "-"+c.ID+";")
}

func (n *newest) stamp(agent string, profile []byte) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, n.changes, n.agents[agent], "|", string(profile[:min(9, len(profile))])) // its head tells it from others
	return h.Sum64()
}

func (n *newest) fresh(feed fil.Feed, profile []byte, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return now.Before(feed.Until) && feed.Stamp == n.stamp(feed.Agent, profile)
}

func (n *newest) Rank(agent string, profile []byte, order fil.Order, now time.Time) (fil.Feed, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.agents[agent]; !ok {
		return fil.Feed{}, false, nil
	}
	n.ranked++
	feed := fil.Feed{Agent: agent, Policy: "newest-1", Stamp: n.stamp(agent, profile), Built: now, Until: now.Add(24 * time.Hour)}
	var live []fil.Content
	for _, c := range n.contents {
		if n.eligible(agent, profile, c, now) {
			live = append(live, c)
		}
		for _, moment := range []time.Time{c.PublishedAt, c.ExpiresAt} {
			if moment.After(now) && moment.Before(feed.Until) {
				feed.Until = moment
			}
		}
	}
	slices.SortFunc(live, func(a, b fil.Content) int {
		priority := cmp.Compare(b.Priority, a.Priority)
		if order == fil.OrderChronological {
			priority = 0
		}
		return cmp.Or(priority, b.PublishedAt.Compare(a.PublishedAt), cmp.Compare(a.ID, b.ID))
	})
	for i, c := range live {
		feed.Entries = append(feed.Entries, fil.Entry{Content: fil.KeyOf(c.ID), Score: score(c), Note: fil.Note(i + 1)})
	}
	return feed, true, nil
}

func score(c fil.Content) float32 { return float32(c.PublishedAt.Sub(noon).Hours() / 24) }

// Brief is what Place says of a feed that is fresh, without its explanation. A note of the rank says so.
func (n *newest) Brief(feed fil.Feed, profile []byte, entries []fil.Entry, _ fil.Order, now time.Time) (briefs []fil.Brief, fresh bool) {
	if !n.fresh(feed, profile, now) {
		return nil, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range entries {
		c := n.contents[e.Content]
		briefs = append(briefs, fil.Brief{Content: &c, Score: float64(e.Score), Note: e.Note})
	}
	n.told += len(briefs)
	return briefs, true
}

func (n *newest) Sentences(_ *fil.Content, note fil.Note, language string, _ time.Time) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return []string{n.says.In(language), fmt.Sprint(note)}
}

func (n *newest) Place(agent string, profile []byte, entries []fil.Entry, order fil.Order, language string, now time.Time) ([]fil.Placement, []fil.Content, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var placements []fil.Placement
	var contents []fil.Content
	for _, e := range entries {
		c, ok := n.contents[e.Content]
		if !ok || !n.eligible(agent, profile, c, now) {
			continue
		}
		placements = append(placements, fil.Placement{Content: c.ID, Score: float64(score(c)), Reasons: []string{n.says.In(language)}, Explanation: fil.Explanation{
			Degree: string(order), Basis: fil.Basis{Policy: "newest-1", Profile: -1, Order: order, Stamp: "7", At: now},
			Parameters: []fil.Parameter{{Name: "freshness", Label: "Fraîcheur", Value: float64(score(c)), Weight: 1, Contribution: float64(score(c))}},
		}})
		contents = append(contents, c)
		n.placed++
	}
	return placements, contents, nil
}

// world is a delivery on a Redis, behind its HTTP API. A request's caller is in its header X-Caller, as
// "role" or "agent:ID".
type world struct {
	*newest
	t      testing.TB
	engine *embedded.Redis // nil but for tests that end it
	redis  redis.UniversalClient
	store  *feedstore.Store
	keeper *delivery.Keeper
	hub    *delivery.Hub
	server *httptest.Server

	clock sync.Mutex
	time  time.Time
}

func (w *world) now() time.Time {
	w.clock.Lock()
	defer w.clock.Unlock()
	return w.time
}

func (w *world) pass(d time.Duration) {
	w.clock.Lock()
	defer w.clock.Unlock()
	w.time = w.time.Add(d)
}

func profileKey(agent string) string { return "p:{" + agent + "}" }

func setup(t testing.TB, change func(*delivery.Config)) *world {
	t.Helper()
	return setupOn(t, enginetest.Redis(t), change)
}

func setupOn(t testing.TB, client redis.UniversalClient, change func(*delivery.Config)) *world {
	t.Helper()
	w := &world{t: t, redis: client, time: noon, newest: &newest{
		agents: map[string]fil.Agent{}, contents: map[fil.ContentKey]fil.Content{}, says: fil.Bilingual{FR: "Publié récemment", EN: "Published recently"},
	}}
	for _, id := range []string{"marie", "paul", "zoé"} {
		w.agents[id] = fil.Agent{ID: id}
	}
	w.agents["jane"] = fil.Agent{ID: "jane", Language: "en"}
	cfg := delivery.DefaultConfig()
	cfg.Poll = time.Hour // unless a test wants otherwise
	if change != nil {
		change(&cfg)
	}
	storeCfg := feedstore.DefaultConfig()
	storeCfg.Beside, storeCfg.Keys = profileKey, w.lengthen
	var err error
	w.store, err = feedstore.New(client, storeCfg, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	w.keeper, err = delivery.NewKeeper(cfg, delivery.Parts{
		Ranker: w.newest, Store: w.store, Directory: w.newest, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Metrics: prometheus.NewRegistry(), Now: w.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.hub = delivery.NewHub(w.keeper)
	w.serve()
	return w
}

func (w *world) serve() {
	mux := http.NewServeMux()
	humaCfg := huma.DefaultConfig("test", "1")
	humaCfg.CreateHooks = nil // as in the product: no $schema in answers
	api := humago.New(mux, humaCfg)
	api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
		role, agent, _ := strings.Cut(ctx.Header("X-Caller"), ":")
		if !slices.Contains(ctx.Operation().Security[0]["bearer"], role) {
			_ = huma.WriteErr(api, ctx, http.StatusForbidden, "role")
			return
		}
		next(huma.WithContext(ctx, fil.WithCaller(ctx.Context(), fil.Caller{Role: fil.Role(role), Agent: agent})))
	})
	delivery.Register(api, w.keeper, w.hub)
	server, hub := httptest.NewServer(mux), w.hub
	w.server = server
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- hub.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
		server.Close()
	})
}

// answer is one that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// request is one GET; headers are pairs.
func (w *world) request(caller, path string, headers ...string) answer {
	w.t.Helper()
	res := w.send(caller, path, headers)
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		w.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func (w *world) send(caller, path string, headers []string) *http.Response {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.server.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("X-Caller", caller)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.server.Client().Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// page reads a page and refuses any field that the contract does not have.
func (w *world) page(caller, path string, headers ...string) (delivery.FeedPage, http.Header) {
	w.t.Helper()
	res := w.request(caller, path, headers...)
	if res.status != http.StatusOK {
		w.t.Fatalf("GET %s: %d: %s", path, res.status, res.body)
	}
	dec := json.NewDecoder(strings.NewReader(res.body))
	dec.DisallowUnknownFields()
	var p delivery.FeedPage
	if err := dec.Decode(&p); err != nil {
		w.t.Fatal(err)
	}
	return p, res.header
}

func titles(p delivery.FeedPage) []string {
	ids := make([]string, len(p.Items))
	for i, item := range p.Items {
		ids[i] = item.Content.ID
	}
	return ids
}

// numbered makes n contents, one an hour, the last published first.
func numbered(n int) []fil.Content {
	all := make([]fil.Content, n)
	for i := range all {
		all[i] = fil.Content{ID: fmt.Sprintf("c%03d", i), Kind: "news", Title: fmt.Sprintf("Titre %d", i), PublishedAt: noon.Add(-time.Duration(i+1) * time.Hour)}
	}
	return all
}

type event struct{ id, name, data string }

// stream is one that was opened, or refused.
type stream struct {
	status int
	header http.Header
	events <-chan event // comments have the name ":"
	leave  func()
}

// open opens a stream, until the end of the test or leave. Its events wait to be taken: nothing more is read meanwhile.
func (w *world) open(caller, path string, headers ...string) stream {
	w.t.Helper()
	res := w.send(caller, path, headers)
	leave := func() { _ = res.Body.Close() }
	w.t.Cleanup(leave)
	out := make(chan event)
	ctx := w.t.Context()
	go func() {
		defer close(out)
		lines := bufio.NewScanner(res.Body)
		var e event
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case lines.Text() == "":
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
				e = event{}
			case field == "":
				e.name = ":"
			case field == "id":
				e.id = value
			case field == "event":
				e.name = value
			case field == "data":
				e.data = value
			}
		}
	}()
	return stream{res.StatusCode, res.Header, out, leave}
}

// next waits for the next event that is no comment.
func next(t testing.TB, events <-chan event) event {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case e, open := <-events:
			if !open {
				t.Fatal("the stream ended")
			}
			if e.name != ":" {
				return e
			}
		case <-deadline:
			t.Fatal("no event came")
		}
	}
}
