package dashboards_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
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
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/dashboards"
	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// engines are this package's tests' own, or those that the environment names; each test has a database of its own.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(engines.Run(m)) }

var (
	secret = []byte("a secret that only tests know")
	// today is the day on which the tests' figures are asked for; acts took place before, within the retention.
	today = time.Now().UTC().Truncate(24 * time.Hour)
)

// person is an agent of a test's town.
type person struct {
	id, org, grade, site string
}

// act is what one of them did, so many days before today.
type act struct {
	kind    fil.EngagementKind
	agent   string
	content string
	ago     int
	hour    int
}

// town is people, what they did, and contents; its audiences are whom a test says.
type town struct {
	people   []person
	acts     []act
	contents []fil.Content
	aimed    func(aims []fil.Aim, p person) bool
}

func (w *town) Contents() []fil.Content { return w.contents }

func (w *town) Content(id string) (fil.Content, bool) {
	for _, c := range w.contents {
		if c.ID == id {
			return c, true
		}
	}
	return fil.Content{}, false
}

func (w *town) Reach(aims []fil.Aim, by string) (total int, groups map[string]int) {
	groups = map[string]int{}
	for _, p := range w.people {
		if w.aimed != nil && !w.aimed(aims, p) {
			continue
		}
		total++
		groups[p.label(by)]++
	}
	return total, groups
}

func (p person) label(axis string) string {
	switch axis {
	case "org":
		levels := strings.SplitN(p.org, "/", 3)
		return strings.Join(levels[:min(2, len(levels))], "/")
	case "grade":
		return p.grade
	case "site":
		return p.site
	}
	return ""
}

func schema() fil.Schema {
	return fil.Schema{{Name: "grade", Kind: fil.KindText}, {Name: "skills", Kind: fil.KindList}}
}

// world is a town behind its API.
type world struct {
	seats  map[string]uint32 // the block of each, by id
	t      testing.TB
	store  *warehouse.Warehouse
	cfg    warehouse.Config
	boards *dashboards.Dashboards
	server *httptest.Server
	live   dashboards.LiveConfig
	stop   func() // ends what is watched live
	log    *shelf
	later  atomic.Int64 // months that have gone by since today
	cells  *counted
	caller fil.Caller
	record *analytics.Recorder
	offset int64
	entry  int64             // next of the directory
	names  map[uint64]string // by pseudonym
}

// watched notes who is seated where, which nobody outside can see.
type watched struct {
	analytics.Seating
	world *world
}

func (s watched) Seat(ctx context.Context, seats []analytics.Seat, blocks []analytics.Block) error {
	for _, seat := range seats {
		s.world.seats[s.world.names[seat.Agent]] = seat.Block
	}
	return s.Seating.Seat(ctx, seats, blocks)
}

type cells = analytics.Cells

// counted counts questions, and fails them when it is told to.
type counted struct {
	cells
	count atomic.Int64
	fail  atomic.Bool
}

func (c *counted) Did(ctx context.Context, q analytics.CellQuestion, each func(analytics.Deed)) error {
	c.count.Add(1)
	if c.fail.Load() {
		return analytics.ErrAway
	}
	return c.cells.Did(ctx, q, each)
}

func build(t testing.TB, of *town) *world {
	t.Helper()
	engine := engines.ClickHouse(t)
	w := &world{t: t, caller: fil.Caller{Role: fil.RoleLeader}, cfg: warehouse.DefaultConfig(), log: &shelf{archive: dashboards.NewArchive()}}
	w.cfg.Addrs, w.cfg.User, w.cfg.Password = engine.Addresses, engine.Username, engine.Password
	w.cfg.Database = fmt.Sprintf("d%d", time.Now().UnixNano())
	if *loaded != "" {
		w.cfg.Database = *loaded
	}
	var err error
	if w.store, err = warehouse.Open(t.Context(), w.cfg, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	w.cells = &counted{cells: w.store}
	w.boards, err = dashboards.New(dashboards.Parts{
		Cells: w.cells, Seating: watched{w.store, w}, Targeting: of, Contents: of, Schema: schema(), Archive: w.log.archive, Archived: w.log, Log: w.log, Guard: fil.Guard{Threshold: fil.DefaultThreshold},
		Secret: secret, Zone: time.UTC, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: func() time.Time { return today.AddDate(0, int(w.later.Load()), 0).Add(12 * time.Hour) },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Fil", "test"))
	dashboards.Register(api, w.boards)
	w.live = dashboards.DefaultLive()
	w.live.Every, w.live.Heartbeat = 200*time.Millisecond, 50*time.Millisecond
	live := dashboards.NewLive(w.boards, w.live)
	dashboards.RegisterLive(api, live)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- live.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.stop)
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(rw, r.WithContext(fil.WithCaller(r.Context(), w.caller)))
	}))
	t.Cleanup(w.server.Close)

	cfg := analytics.DefaultConfig()
	cfg.PseudonymKey = secret
	if w.record, err = analytics.NewRecorder(cfg, w.store, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	if len(of.people) == 0 {
		return w
	}
	w.enrol(of.people)
	w.names, w.seats = map[uint64]string{}, map[string]uint32{}
	for _, p := range of.people {
		w.names[analytics.Pseudonym(secret, p.id)] = p.id
	}
	w.seat()
	w.do(of.acts)
	return w
}

func (w *world) give(record func(context.Context, int, []fil.Record) error, batch []fil.Record) {
	w.t.Helper()
	for range 3 { // the lane is asked from its first record, once
		err := record(w.t.Context(), 0, batch)
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), fil.ErrForgotten.Error()) {
			w.t.Fatal(err)
		}
	}
	w.t.Fatal("the recorder asks again and again")
}

func (w *world) enrol(people []person) {
	w.t.Helper()
	var batch []fil.Record
	for _, p := range people {
		event, err := fil.NewEvent(fil.TypeAgent, "tests", p.id, today, fil.Agent{ID: p.id, Org: p.org, Site: p.site, Attributes: map[string]any{"grade": p.grade}})
		if err != nil {
			w.t.Fatal(err)
		}
		batch = append(batch, fil.Record{Position: fil.Position{Topic: fil.TopicAgents, Offset: w.entry}, Key: p.id, Admitted: today, Event: event})
		w.entry++
	}
	w.give(w.record.Directory, batch)
}

// renumber gives the whole directory again, as a synchronisation does.
func (w *world) renumber(people []person) {
	w.t.Helper()
	for _, p := range people {
		w.names[analytics.Pseudonym(secret, p.id)] = p.id
	}
	w.enrol(people)
}

func (w *world) seat() (seated, waiting int) {
	w.t.Helper()
	seated, waiting, err := w.boards.Seat(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return seated, waiting
}

func (w *world) do(acts []act) {
	w.t.Helper()
	if len(acts) == 0 {
		return
	}
	batch := make([]fil.Record, len(acts))
	for i, a := range acts {
		e := fil.Engagement{Kind: a.kind, Agent: a.agent, Content: a.content, Time: today.AddDate(0, 0, -a.ago).Add(time.Duration(a.hour) * time.Hour)}
		event, err := e.Event("tests", fmt.Sprint(w.offset))
		if err != nil {
			w.t.Fatal(err)
		}
		batch[i] = fil.Record{Position: fil.Position{Topic: fil.TopicEngagements, Offset: w.offset}, Key: a.agent, Admitted: today.Add(time.Duration(w.offset) * time.Millisecond), Event: event}
		w.offset++
	}
	w.give(w.record.Record, batch)
}

// ask gives the status and the body of an answer.
func (w *world) ask(path string, header ...string) (int, string, http.Header) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.server.URL+"/v1/dashboards/"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := w.server.Client().Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

// crowd makes a town of people with an organisation, a grade and a site each.
func crowd(n int) *town {
	w := &town{}
	for i := range n {
		w.people = append(w.people, person{
			id: fmt.Sprintf("agent-%04d", i), org: "mairie/" + []string{"eau", "paie", "voirie", "ecoles"}[i%4] + "/u" + fmt.Sprint(i%3),
			grade: []string{"A", "B", "C"}[i/4%3], site: []string{"nord", "sud"}[i/12%2],
		})
	}
	return w
}

func (w *town) publish(ids ...string) {
	for _, id := range ids {
		w.contents = append(w.contents, fil.Content{ID: id, PublishedAt: today.AddDate(0, 0, -30), Source: "com " + id})
	}
	slices.SortFunc(w.contents, func(a, b fil.Content) int { return strings.Compare(a.ID, b.ID) })
}
