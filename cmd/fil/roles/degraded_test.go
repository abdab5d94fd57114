package roles

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/cmd/fil/filtest"
)

func (h *here) redisAway() {
	h.T.Helper()
	if err := h.engines.Redis.Close(); err != nil {
		h.T.Fatal(err)
	}
	filtest.Eventually(h.T, "Redis to be held for away", h.server.house.watch.away)
}

// redisBack starts another Redis, empty, where the program expects it.
func (h *here) redisBack() {
	h.T.Helper()
	cfg := h.server.house.cfg.Redis
	engine, err := embedded.StartRedis(embedded.Config{Listen: cfg.Addresses[0], Password: cfg.Password})
	if err != nil {
		h.T.Fatal(err)
	}
	h.engines.Redis = engine
}

func (h *here) clickHouseAway() {
	h.T.Helper()
	if err := h.engines.ClickHouse.Close(); err != nil {
		h.T.Fatal(err)
	}
}

func (h *here) clickHouseBack() {
	h.T.Helper()
	cfg := h.server.house.cfg.ClickHouse
	engine, err := embedded.StartClickHouse(embedded.Config{Dir: h.Dir, Listen: cfg.Addresses[0], Password: cfg.Password})
	if err != nil {
		h.T.Fatal(err)
	}
	h.engines.ClickHouse = engine
}

// learned is every profile in Redis, by key.
func (h *here) learned() map[string]string {
	h.T.Helper()
	ctx := context.Background()
	keys, err := h.redis.Keys(ctx, "p:*").Result()
	if err != nil {
		return nil
	}
	all := map[string]string{}
	for _, key := range keys {
		if all[key], err = h.redis.Get(ctx, key).Result(); err != nil {
			return nil
		}
	}
	return all
}

func (h *here) read(agent string) filtest.Answer {
	h.T.Helper()
	return h.Ask(http.MethodGet, "/v1/agents/"+agent+"/feed", h.Keys["service"], "")
}

// Without Redis the process admits events and serves feeds, newest first, and says so everywhere; Redis comes back empty,
// and profiles and feeds are those that they were.
func TestRedisAway(t *testing.T) {
	h := startAlone(t)
	h.Story()
	const events = 900
	h.Send(0, events)
	h.AwaitTotals(events)
	h.awaitLearned(events)
	profiles, feeds := h.learned(), map[string]filtest.FeedPage{}
	for i := range 60 {
		agent := fmt.Sprintf("a%d", i)
		feeds[agent] = h.Feed(agent)
	}
	h.redisAway()
	for range 20 {
		got := h.read("a0")
		var page filtest.FeedPage
		got.JSON(t, &page)
		if got.Status != http.StatusOK || got.Header.Get("Fil-Degraded") != "chronological" || got.Header.Get("ETag") != "" || page.IDs() != "c1 c0 c2" {
			t.Fatalf("status %d, Fil-Degraded %q, ETag %q, %s", got.Status, got.Header.Get("Fil-Degraded"), got.Header.Get("ETag"), page.IDs())
		}
	}
	why := h.Must(http.MethodGet, "/v1/feed/items/c1/explanation?agent=a0", h.Keys["service"], "", 200)
	if why.Header.Get("Fil-Degraded") != "chronological" {
		t.Error("the explanation does not say which feed it is about")
	}
	if got := h.Send(events, 300); got != 300 {
		t.Errorf("%d events admitted without Redis, want 300", got)
	}
	h.Must(http.MethodPut, "/v1/contents/c9", h.Keys["communicator"], `{"title":"Panne","published_at":"2026-11-03T08:00:00Z"}`, 201)
	h.Must(http.MethodDelete, "/v1/contents/c9", h.Keys["communicator"], "", 204)
	h.AwaitTotals(events + 300) // facts do not need Redis
	if got := h.Must(http.MethodGet, "/readyz", "", "", 200); string(got.Body) != "ok\nredis is away\n" {
		t.Errorf("readiness %q", got.Body)
	}
	if h.metric("fil_server_breaker_open", "engine=redis") != 1 || h.metric("fil_delivery_degraded_reads_total") != 21 {
		t.Errorf("metrics: breaker %v, degraded reads %v", h.metric("fil_server_breaker_open"), h.metric("fil_delivery_degraded_reads_total"))
	}
	h.redisBack()
	h.awaitLearned(events + 300)
	if now := h.learned(); len(now) != len(profiles) {
		t.Errorf("%d profiles, %d before", len(now), len(profiles))
	}
	if got := h.Send(0, events+300); got != 0 {
		t.Errorf("%d events that were known are admitted again", got)
	}
	if got := h.read("a0"); got.Header.Get("Fil-Degraded") != "" || got.Header.Get("ETag") == "" {
		t.Error("the feed is still degraded")
	}
	if h.metric("fil_server_breaker_open", "engine=redis") != 0 {
		t.Error("the breaker is still open")
	}
	if log := h.Out.String(); strings.Count(log, `msg="redis is away`) != 1 || strings.Count(log, `msg="redis is back`) != 1 {
		t.Errorf("the log does not say once that Redis went and came back:\n%s", log)
	}

	// Nothing happens while it is away this time: what comes back is byte for byte what there was.
	profiles = h.learned()
	for agent := range feeds {
		feeds[agent] = h.Feed(agent)
	}
	h.redisAway()
	h.redisBack()
	filtest.Eventually(t, "the same profiles", func() bool { return maps.Equal(h.learned(), profiles) })
	for agent, want := range feeds {
		filtest.Eventually(t, "the feed of "+agent, func() bool { return filtest.SameFeed(want, h.Feed(agent)) })
	}
}

// A process starts without Redis, is ready, and has its feeds in order when Redis comes.
func TestStartWithoutRedis(t *testing.T) {
	h := startAlone(t, func(cfg *config.Config) { cfg.Redis.Addresses = []string{filtest.Nobody(t)} })
	h.Story()
	if got := h.read("a0"); got.Header.Get("Fil-Degraded") != "chronological" {
		t.Errorf("Fil-Degraded %q", got.Header.Get("Fil-Degraded"))
	}
	h.Send(0, 120)
	_ = h.engines.Redis.Close() // it was never asked
	h.redisBack()
	h.awaitLearned(120)
	filtest.Eventually(t, "a feed by rank", func() bool {
		got := h.read("a0")
		var page filtest.FeedPage
		got.JSON(t, &page)
		return got.Header.Get("Fil-Degraded") == "" && strings.HasPrefix(page.IDs(), "c2")
	})
}

// Without ClickHouse a process starts, serves feeds and admits; reports say when to come back, in the reader's language; and
// every fact is there once when it is back, twice in a row.
func TestClickHouseAway(t *testing.T) {
	h := startAlone(t, func(cfg *config.Config) { cfg.ClickHouse.Addresses = []string{filtest.Nobody(t)} })
	h.clickHouseAway()
	h.Story()
	if got := h.Must(http.MethodGet, "/readyz", "", "", 200); string(got.Body) != "ok\nclickhouse is away\n" {
		t.Errorf("readiness %q", got.Body)
	}
	facts := 0
	for round := range 2 {
		if admitted := h.Send(facts, 400); admitted != 400 {
			t.Fatalf("%d events admitted, want 400", admitted)
		}
		h.awaitLearned(facts + 400)
		if got := h.read("a0"); got.Status != http.StatusOK || got.Header.Get("Fil-Degraded") != "" {
			t.Errorf("a feed: status %d, Fil-Degraded %q", got.Status, got.Header.Get("Fil-Degraded"))
		}
		for language, want := range map[string]string{"fr": "Les chiffres ne peuvent pas être lus", "en": "Figures cannot be read"} {
			got := h.Ask(http.MethodGet, "/v1/reports/overview", h.Keys["leader"], "", "Accept-Language: "+language)
			if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") != "60" || !bytes.Contains(got.Body, []byte(want)) {
				t.Errorf("a report: status %d, Retry-After %q\n%s", got.Status, got.Header.Get("Retry-After"), got.Body)
			}
		}
		h.clickHouseBack()
		facts += 400
		h.awaitFacts(facts)
		if round == 0 {
			h.Send(facts, 100)
			facts += 100
			h.awaitFacts(facts)
			h.clickHouseAway()
		}
	}
}

// awaitFacts is awaitTotals for a store that may not answer yet.
func (h *here) awaitFacts(want int) {
	h.T.Helper()
	filtest.Eventually(h.T, "reports to be answered", func() bool {
		return h.Ask(http.MethodGet, "/v1/reports/overview", h.Keys["leader"], "").Status == http.StatusOK
	})
	h.AwaitTotals(want)
}

// A wrong password is not waited for: the start fails, and says what refuses.
func TestStartRefused(t *testing.T) {
	engines, dir := filtest.OwnEngines(t), t.TempDir()
	for name, role := range map[string]string{"redis": "delivery", "clickhouse": "analytics"} {
		cfg := engines
		cfg.Data = dir
		switch name {
		case "redis":
			cfg.Redis.Password = "wrong"
		default:
			cfg.ClickHouse.Password = "wrong"
		}
		h, err := build(context.Background(), Process{Config: cfg, Roles: []string{role}, Logger: discard()})
		if err == nil || !strings.Contains(err.Error(), name+" refuses this process") {
			t.Errorf("a wrong password of %s: %v", name, err)
		}
		if err := h.close(); err != nil {
			t.Error(err)
		}
	}
}

// A process that can answer nothing without an engine is not ready, and says why.
func TestAloneWithoutItsEngine(t *testing.T) {
	engines, dir := filtest.OwnEngines(t), t.TempDir()
	for role, want := range map[string][]string{
		"worker":    {"ranking (redis is away)"},
		"analytics": {"analytics (clickhouse is away)", "directory (clickhouse is away)", "register (clickhouse is away)"},
	} {
		cfg := engines
		cfg.Data, cfg.Redis.Addresses, cfg.ClickHouse.Addresses = dir, []string{filtest.Nobody(t)}, []string{filtest.Nobody(t)}
		ctx, stop := context.WithCancel(context.Background())
		h, err := build(ctx, Process{Config: cfg, Roles: []string{role}, Logger: discard()})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- h.live(ctx) }()
		filtest.Eventually(t, strings.Join(want, ", "), func() bool { return slices.Equal(slices.Sorted(slices.Values(h.waiting())), want) })
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := h.close(); err != nil {
			t.Error(err)
		}
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (h *here) kafkaAway() {
	h.T.Helper()
	if err := h.engines.Kafka.Close(); err != nil {
		h.T.Fatal(err)
	}
}

func (h *here) kafkaBack() {
	h.T.Helper()
	engine, err := embedded.StartKafka(embedded.Config{Dir: h.Dir, Listen: h.server.house.cfg.Log.Brokers[0], Password: h.server.house.cfg.Log.SASL.Password})
	if err != nil {
		h.T.Fatal(err)
	}
	h.engines.Kafka = engine
}

// While the log is away the door answers 503, says when to come back, and soon says so at once; feeds are read as before.
// What was answered with 503 and is sent again is a fact once, whatever the log had of it.
func TestKafkaAway(t *testing.T) {
	h := startAlone(t)
	h.Story()
	h.Send(0, 200)
	h.AwaitTotals(200)
	h.awaitLearned(200)
	feed := h.Feed("a0")
	h.kafkaAway()
	refused := func(first, n int, language, want string) bool {
		got := h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(first, n, 60, 3), "Content-Type: application/x-ndjson", "Accept-Language: "+language)
		if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") != "5" {
			t.Fatalf("status %d, Retry-After %q\n%s", got.Status, got.Header.Get("Retry-After"), got.Body)
		}
		return bytes.Contains(got.Body, []byte(want))
	}
	var sending sync.WaitGroup
	for i := range 3 { // together, so that the test waits for one publication's time and not three
		sending.Go(func() { refused(200+100*i, 100, "fr", "Le journal ne confirme pas l'écriture") })
	}
	if got := h.read("a0"); got.Status != http.StatusOK || got.Header.Get("Fil-Degraded") != "" {
		t.Errorf("a feed without the log: status %d, Fil-Degraded %q", got.Status, got.Header.Get("Fil-Degraded"))
	}
	sending.Wait()
	filtest.Eventually(t, "an answer that waits for nobody", func() bool { return refused(200, 300, "en", "The log does not answer: nothing was written") })
	if got := h.Ask(http.MethodPut, "/v1/agents/a0", h.Keys["ingest"], `{"org":"elsewhere"}`); got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("an agent: status %d, Retry-After %q", got.Status, got.Header.Get("Retry-After"))
	}
	if !filtest.SameFeed(feed, h.Feed("a0")) || h.metric("fil_ingest_log_away") != 1 {
		t.Errorf("fil_ingest_log_away is %v", h.metric("fil_ingest_log_away"))
	}
	h.kafkaBack()
	filtest.Eventually(t, "the door to admit", func() bool {
		got := h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(200, 300, 60, 3), "Content-Type: application/x-ndjson")
		return got.Status == http.StatusAccepted
	})
	h.AwaitTotals(500)
	h.awaitLearned(500)
	if h.metric("fil_ingest_log_away") != 0 {
		t.Error("the door still holds the log for away")
	}
}

// A process that starts before its log is alive, says what it waits for, stops when asked to, and is ready once the log is.
func TestStartWithoutKafka(t *testing.T) {
	engines, dir := filtest.OwnEngines(t), t.TempDir()
	cfg := engines
	cfg.Data, cfg.Log.Brokers = dir, []string{filtest.Nobody(t)}
	out := &filtest.Journal{}
	start := func(ctx context.Context) (base string, ready chan *server, ended chan error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ready, ended = make(chan *server, 1), make(chan error, 1)
		cfg.Listen = listener.Addr().String()
		go func() {
			ended <- Process{Config: cfg, Listener: listener, Roles: All(), Logger: slog.New(slog.NewTextHandler(out, nil))}.run(ctx, func(_ context.Context, s *server) error {
				ready <- s
				return nil
			})
		}()
		return "http://" + cfg.Listen, ready, ended
	}
	for _, wait := range []bool{false, true} {
		ctx, stop := context.WithCancel(context.Background())
		base, ready, ended := start(ctx)
		p := &filtest.Program{T: t, Base: base}
		if got := p.Ask(http.MethodGet, "/healthz", "", ""); got.Status != http.StatusOK {
			t.Errorf("health: status %d", got.Status)
		}
		if got := p.Ask(http.MethodGet, "/readyz", "", ""); got.Status != http.StatusServiceUnavailable || string(got.Body) != "waiting for the log (kafka)\n" {
			t.Errorf("readiness: status %d %q", got.Status, got.Body)
		}
		if got := p.Ask(http.MethodGet, "/v1/feed", "", ""); got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || !bytes.Contains(got.Body, []byte("Le serveur attend son journal")) {
			t.Errorf("a feed: status %d, Retry-After %q\n%s", got.Status, got.Header.Get("Retry-After"), got.Body)
		}
		if wait {
			filtest.Eventually(t, "a line about it", func() bool { return strings.Contains(out.String(), "the log is not ready: waiting for it") })
			log, err := embedded.StartKafka(embedded.Config{Dir: t.TempDir(), Listen: cfg.Log.Brokers[0], Password: cfg.Log.SASL.Password})
			if err != nil {
				t.Fatal(err)
			}
			select {
			case <-ready:
			case err := <-ended:
				t.Fatalf("ended: %v", err)
			}
			t.Cleanup(func() { _ = log.Close() })
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	}
}
