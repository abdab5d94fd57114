package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/cmd/fil/tracing"
	"github.com/filengine/fil/ranking/profiles"
)

// here is a server in the test's own process, whose parts the test can reach: to empty Redis, or to measure the same
// engines without it.
type here struct {
	*program
	server  *server
	engines *embedded.Engines // nil on others
	redis   *redis.Client
}

// startHere starts every role in this process, on the engines that the environment names or on embedded ones. One test
// at a time may do so.
func startHere(t testing.TB, adjust ...func(*config.Config)) *here {
	t.Helper()
	cfg := config.Default()
	cfg.Data = t.TempDir()
	if onNamedEngines(t, &cfg) {
		return startOn(t, cfg, nil, adjust)
	}
	engines := startEmbedded(t, cfg.Data)
	return startOn(t, onEngines(cfg, engines), engines, adjust)
}

// startAlone is startHere on embedded engines whatever the environment names, for tests that end one.
func startAlone(t testing.TB, adjust ...func(*config.Config)) *here {
	t.Helper()
	cfg := config.Default()
	cfg.Data = t.TempDir()
	engines := startEmbedded(t, cfg.Data)
	return startOn(t, onEngines(cfg, engines), engines, adjust)
}

func startOn(t testing.TB, cfg config.Config, engines *embedded.Engines, adjust []func(*config.Config)) *here {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen = listener.Addr().String()
	for _, change := range adjust {
		change(&cfg)
	}
	h := &here{
		program: &program{t: t, dir: cfg.Data, base: "http://" + cfg.Listen, keys: map[string]string{}, out: &journal{}},
		engines: engines,
		redis:   redis.NewClient(&redis.Options{Addr: cfg.Redis.Addresses[0], Password: cfg.Redis.Password}),
	}
	ready, ended := make(chan *server, 1), make(chan error, 1)
	logger := slog.New(tracing.Handler{Handler: slog.NewTextHandler(h.out, nil)})
	go func() {
		ended <- host(ctx, cfg, listener, allRoles(), logger, func(_ context.Context, s *server) error {
			ready <- s
			return nil
		})
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what the program logged:\n%s", h.out)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
		_ = h.redis.Close()
	})
	select {
	case h.server = <-ready:
	case err := <-ended:
		ended <- err
		t.Fatalf("start: %v", err)
	case <-time.After(patience):
		t.Fatalf("not ready after %s", patience)
	}
	for _, role := range []fil.Role{fil.RoleIngest, fil.RoleCommunicator, fil.RoleLeader, fil.RoleService} {
		if h.keys[string(role)], err = h.server.ring.CreateScoped(role, "test", access.Scope{Sample: role == fil.RoleLeader}); err != nil { // who counts facts
			t.Fatal(err)
		}
	}
	return h
}

// awaitLearned waits until the profiles hold the first n events that engagements writes for 60 agents, and popularity,
// which is saved right after them, has come to rest.
func (h *here) awaitLearned(n int) {
	h.t.Helper()
	queries := make([]profiles.Query, n)
	for i := range queries {
		queries[i] = profiles.Query{Agent: fmt.Sprintf("a%d", i%60), Identity: fil.Event{Source: "test", ID: fmt.Sprint(i)}.Identity(), At: time.Now()}
	}
	eventually(h.t, "every event to be learned", func() bool {
		known, err := h.server.house.profiles.Known(context.Background(), queries)
		return err == nil && !slices.Contains(known, false)
	})
	popularity, stamp, same := h.server.house.feeds.popularity, uint64(0), 0
	eventually(h.t, "popularity to rest", func() bool {
		if err := popularity.Refresh(context.Background()); err != nil {
			return false
		}
		if same++; popularity.Stamp() != stamp {
			stamp, same = popularity.Stamp(), 0
		}
		return same > 25
	})
}

// Redis holds nothing that the log cannot give again: emptied while the server runs, it fills again by itself, and
// feeds, figures and what is known of duplicates are as they were.
func TestRedisEmptied(t *testing.T) {
	h := startHere(t)
	story(h.program)
	const events = 1000
	send := func() (s struct{ Admitted, Duplicates int }) {
		h.ask(http.MethodPost, "/v1/engagements", h.keys["ingest"], engagements(0, events, 60, 3), "Content-Type: application/x-ndjson").json(t, &s)
		return s
	}
	send()
	h.awaitTotals(events)
	h.awaitLearned(events)
	before := map[string]feedPage{}
	for i := range 60 {
		agent := fmt.Sprintf("a%d", i)
		before[agent] = h.feed(agent)
	}
	if err := h.redis.FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	for agent, want := range before {
		eventually(t, "the feed of "+agent+" to come back equal", func() bool { return sameFeed(want, h.feed(agent)) })
	}
	eventually(t, "identities to be known again", func() bool { return send().Duplicates == events })
	h.awaitTotals(events)
}

// Every record of the log is accounted for by each stage: what was admitted is stored, deduplicated or rejected. A poison
// record blocks nothing, is parked with its reason, and can be replayed.
func TestAccountedFor(t *testing.T) {
	h := startHere(t)
	story(h.program)
	events := h.server.house.events
	var records []fil.Record
	for i := range 100 {
		event, err := fil.Engagement{Kind: fil.Read, Agent: fmt.Sprintf("a%d", i%60), Content: "c1", Time: time.Now()}.Event("account", fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: fmt.Sprintf("a%d", i%60), Event: event})
	}
	poison := records[0]
	poison.Event.ID, poison.Event.Data = "poison", []byte(`{"agent":"a0","content":"","dwell":-3}`)
	asked, err := fil.Preference{Kind: fil.PreferMore, Agent: "a0", Facet: fil.FacetTopic, Name: "rh", Time: time.Now()}.Event("account", "asked")
	if err != nil {
		t.Fatal(err)
	}
	records = append(records, fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: "a0", Event: asked})
	again := slices.Clone(records) // as a producer that retries writes them: same identities, other offsets
	for _, batch := range [][]fil.Record{records, {poison}, again} {
		if err := events.Publish(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
	}
	for stage, want := range map[string]map[string]float64{
		"analytics": {"stored": 100, "deduplicated": 100, "passed": 2, "rejected": 1},
		"ranking":   {"applied": 101, "duplicate": 101, "rejected": 1},
	} {
		eventually(t, "the books of "+stage, func() bool {
			for outcome, n := range want {
				if h.counted(stage, outcome) != n {
					return false
				}
			}
			return true
		})
	}
	var parked struct{ Rejects []rejectedItem }
	eventually(t, "the poison to be parked for each stage", func() bool { // which the log does after the stage has counted
		h.must(http.MethodGet, "/v1/rejects", h.keys["ingest"], "", 200).json(t, &parked)
		return len(parked.Rejects) >= 2
	})
	if len(parked.Rejects) != 2 || parked.Rejects[0].ID != "poison" || parked.Rejects[0].Reason == "" {
		t.Fatalf("parked %+v, want the poison once for each stage", parked.Rejects)
	}
	h.must(http.MethodPost, "/v1/rejects:replay?topic=fil.engagements", h.keys["ingest"], "", 200)
	eventually(t, "the poison to be rejected again", func() bool { return h.counted("ranking", "rejected") > 1 })
}

// counted reads a stage's counter of records by outcome.
func (h *here) counted(stage, outcome string) float64 {
	families, err := h.server.house.reg.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if family.GetName() == "fil_"+stage+"_records_total" && label.GetName() == "outcome" && label.GetValue() == outcome {
					return m.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}

// Poison in a compacted topic hides nothing but itself: those who follow it go on, what comes after it takes effect, and the
// stage that stores the directory parks it with its reason.
func TestPoisonInTables(t *testing.T) {
	h := startHere(t)
	poison := []fil.Record{
		{Position: fil.Position{Topic: fil.TopicAgents}, Key: "broken", Event: fil.Event{ID: "1", Source: "test", Type: fil.TypeAgent, Data: []byte(`{"id":"another"}`)}},
		{Position: fil.Position{Topic: fil.TopicAudiences}, Key: "broken", Event: fil.Event{ID: "2", Source: "test", Type: fil.TypeAudience, Data: []byte(`[]`)}},
		{Position: fil.Position{Topic: fil.TopicContents}, Key: "broken", Event: fil.Event{ID: "3", Source: "test", Type: fil.TypeContent, Data: []byte(`"no content"`)}},
	}
	publish := func(batch []fil.Record) {
		t.Helper()
		if err := h.server.house.events.Publish(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
	}
	publish(poison)
	story(h.program)
	for _, topic := range []fil.Topic{fil.TopicAgents, fil.TopicAudiences, fil.TopicContents} {
		eventually(t, "poison of "+string(topic)+" to be counted", func() bool { return h.metric("fil_table_rejected_records_total", "topic="+string(topic)) == 1 })
	}
	for agent, want := range map[string]string{"a0": "c2 c1 c0", "a1": "c2 c1"} { // the audience decides who has c0
		if got := h.read(agent); got.status != http.StatusOK {
			t.Errorf("the feed of %s: status %d", agent, got.status)
		} else if ids := strings.Fields(h.feed(agent).ids()); len(ids) != len(strings.Fields(want)) {
			t.Errorf("the feed of %s is %v, want %s in some order", agent, ids, want)
		}
	}
	h.must(http.MethodGet, "/v1/agents/broken/feed", h.keys["service"], "", 404)
	eventually(t, "the directory to have it parked", func() bool { return h.metric("fil_directory_rejected_records_total", "topic=fil.agents") == 1 })
	var parked struct{ Rejects []rejectedItem }
	h.must(http.MethodGet, "/v1/rejects?topic=fil.agents", h.keys["ingest"], "", 200).json(t, &parked)
	if len(parked.Rejects) != 1 || parked.Rejects[0].ID != "1" || parked.Rejects[0].Stage != "directory" || parked.Rejects[0].Reason == "" {
		t.Errorf("parked %+v", parked.Rejects)
	}
	h.send(0, 300) // and the facts of agents beside it are told apart by what the directory says of them
	h.awaitTotals(300)
	eventually(t, "figures by category", func() bool {
		got := h.ask(http.MethodGet, "/v1/reports/overview?by=category", h.keys["leader"], "")
		return got.status == http.StatusOK && strings.Contains(string(got.body), `"value":"A"`) && strings.Contains(string(got.body), `"value":"B"`)
	})
}
