package roles

import (
	"context"
	"fmt"
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
	"github.com/filengine/fil/cmd/fil/filtest"
)

// here is a server in the test's own process, whose parts the test can reach: to empty Redis, or to measure the same
// engines without it.
type here struct {
	*filtest.Program

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
	if filtest.OnNamedEngines(t, &cfg) {
		return startOn(t, cfg, nil, adjust)
	}
	return startAlone(t, adjust...)
}

// startAlone is startHere on embedded engines whatever the environment names, for tests that end one.
func startAlone(t testing.TB, adjust ...func(*config.Config)) *here {
	t.Helper()
	cfg := config.Default()
	cfg.Data = t.TempDir()
	engines := filtest.StartEmbedded(t, cfg.Data)
	return startOn(t, cfg.On(engines.Kafka, engines.Redis, engines.ClickHouse), engines, adjust)
}

func startOn(t testing.TB, cfg config.Config, engines *embedded.Engines, adjust []func(*config.Config)) *here {
	t.Helper()
	for _, change := range adjust {
		change(&cfg)
	}
	h := &here{engines: engines, redis: redis.NewClient(&redis.Options{Addr: cfg.Redis.Addresses[0], Password: cfg.Redis.Password, DB: cfg.Redis.Database})}
	t.Cleanup(func() { _ = h.redis.Close() })
	h.Program = filtest.Host(t, cfg, func(ctx context.Context, p filtest.Hosted) error {
		return Process{Config: p.Config, Listener: p.Listener, Roles: All(), Logger: p.Logger, Version: "test"}.run(ctx, func(_ context.Context, s *server) error {
			h.server = s
			p.Ready()
			return nil
		})
	})
	for _, role := range []fil.Role{fil.RoleIngest, fil.RoleCommunicator, fil.RoleLeader, fil.RoleService} {
		h.Keys[string(role)] = h.key(role, access.Scope{Sample: role == fil.RoleLeader}) // who counts facts
	}
	return h
}

// key makes a key of a role.
func (h *here) key(role fil.Role, scope access.Scope) string {
	h.T.Helper()
	key, err := h.server.ring.CreateScoped(role, "test", scope)
	if err != nil {
		h.T.Fatal(err)
	}
	return key
}

// token makes a token of an agent.
func (h *here) token(agent string) string {
	h.T.Helper()
	token, err := h.server.signer.Token(fil.Caller{Role: fil.RoleAgent, Agent: agent}, time.Hour)
	if err != nil {
		h.T.Fatal(err)
	}
	return token
}

func (h *here) awaitLearned(n int) {
	h.T.Helper()
	h.AwaitLearned(h.server.house.profiles, h.server.house.feeds.popularity, n)
}

// Redis holds nothing that the log cannot give again: emptied while the server runs, it fills again by itself, and
// feeds, figures and what is known of duplicates are as they were.
func TestRedisEmptied(t *testing.T) {
	h := startHere(t)
	h.Story()
	const events = 1000
	send := func() (s struct{ Admitted, Duplicates int }) {
		h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(0, events, 60, 3), "Content-Type: application/x-ndjson").JSON(t, &s)
		return s
	}
	send()
	h.AwaitTotals(events)
	h.awaitLearned(events)
	before := map[string]filtest.FeedPage{}
	for i := range 60 {
		agent := fmt.Sprintf("a%d", i)
		before[agent] = h.Feed(agent)
	}
	if err := h.redis.FlushDB(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	for agent, want := range before {
		filtest.Eventually(t, "the feed of "+agent+" to come back equal", func() bool { return filtest.SameFeed(want, h.Feed(agent)) })
	}
	filtest.Eventually(t, "identities to be known again", func() bool { return send().Duplicates == events })
	h.AwaitTotals(events)
}

// Every record of the log is accounted for by each stage: what was admitted is stored, deduplicated or rejected. A poison
// record blocks nothing, is parked with its reason, and can be replayed.
func TestAccountedFor(t *testing.T) {
	h := startHere(t)
	h.Story()
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
		filtest.Eventually(t, "the books of "+stage, func() bool {
			for outcome, n := range want {
				if h.counted(stage, outcome) != n {
					return false
				}
			}
			return true
		})
	}
	var parked struct{ Rejects []rejectedItem }
	filtest.Eventually(t, "the poison to be parked for each stage", func() bool { // which the log does after the stage has counted
		h.Must(http.MethodGet, "/v1/rejects", h.Keys["ingest"], "", 200).JSON(t, &parked)
		return len(parked.Rejects) >= 2
	})
	if len(parked.Rejects) != 2 || parked.Rejects[0].ID != "poison" || parked.Rejects[0].Reason == "" {
		t.Fatalf("parked %+v, want the poison once for each stage", parked.Rejects)
	}
	h.Must(http.MethodPost, "/v1/rejects:replay?topic=fil.engagements", h.Keys["ingest"], "", 200)
	filtest.Eventually(t, "the poison to be rejected again", func() bool { return h.counted("ranking", "rejected") > 1 })
}

// counted reads a stage's counter of records by outcome.
func (h *here) counted(stage, outcome string) float64 {
	families, err := h.server.house.reg.Gather()
	if err != nil {
		h.T.Fatal(err)
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
	h.Story()
	for _, topic := range []fil.Topic{fil.TopicAgents, fil.TopicAudiences, fil.TopicContents} {
		filtest.Eventually(t, "poison of "+string(topic)+" to be counted", func() bool { return h.metric("fil_table_rejected_records_total", "topic="+string(topic)) == 1 })
	}
	for agent, want := range map[string]string{"a0": "c2 c1 c0", "a1": "c2 c1"} { // the audience decides who has c0
		if got := h.read(agent); got.Status != http.StatusOK {
			t.Errorf("the feed of %s: status %d", agent, got.Status)
		} else if ids := strings.Fields(h.Feed(agent).IDs()); len(ids) != len(strings.Fields(want)) {
			t.Errorf("the feed of %s is %v, want %s in some order", agent, ids, want)
		}
	}
	h.Must(http.MethodGet, "/v1/agents/broken/feed", h.Keys["service"], "", 404)
	filtest.Eventually(t, "the directory to have it parked", func() bool { return h.metric("fil_directory_rejected_records_total", "topic=fil.agents") == 1 })
	var parked struct{ Rejects []rejectedItem }
	h.Must(http.MethodGet, "/v1/rejects?topic=fil.agents", h.Keys["ingest"], "", 200).JSON(t, &parked)
	if len(parked.Rejects) != 1 || parked.Rejects[0].ID != "1" || parked.Rejects[0].Stage != "directory" || parked.Rejects[0].Reason == "" {
		t.Errorf("parked %+v", parked.Rejects)
	}
	h.Send(0, 300) // and the facts of agents beside it are told apart by what the directory says of them
	h.AwaitTotals(300)
	filtest.Eventually(t, "figures by category", func() bool {
		got := h.Ask(http.MethodGet, "/v1/reports/overview?by=category", h.Keys["leader"], "")
		return got.Status == http.StatusOK && strings.Contains(string(got.Body), `"value":"A"`) && strings.Contains(string(got.Body), `"value":"B"`)
	})
}
