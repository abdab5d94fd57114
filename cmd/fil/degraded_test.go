package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/embedded"
)

// nobody is an address of the loopback interface at which nothing listens yet. Its port is under those that the system
// gives to connections, which may take a free one at any moment.
func nobody(t testing.TB) string {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(20000)))
		if err == nil {
			_ = listener.Close()
			return listener.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (h *here) redisAway() {
	h.t.Helper()
	if err := h.engines.Redis.Close(); err != nil {
		h.t.Fatal(err)
	}
	eventually(h.t, "Redis to be held for away", h.server.house.watch.away)
}

// redisBack starts another Redis, empty, where the program expects it.
func (h *here) redisBack() {
	h.t.Helper()
	cfg := h.server.house.cfg.Redis
	engine, err := embedded.StartRedis(embedded.Config{Listen: cfg.Addresses[0], Password: cfg.Password})
	if err != nil {
		h.t.Fatal(err)
	}
	h.engines.Redis = engine
}

func (h *here) clickHouseAway() {
	h.t.Helper()
	if err := h.engines.ClickHouse.Close(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *here) clickHouseBack() {
	h.t.Helper()
	cfg := h.server.house.cfg.ClickHouse
	engine, err := embedded.StartClickHouse(embedded.Config{Dir: h.dir, Listen: cfg.Addresses[0], Password: cfg.Password})
	if err != nil {
		h.t.Fatal(err)
	}
	h.engines.ClickHouse = engine
}

// send admits n engagements from the first on, for agents a0 to a59, and gives how many were new.
func (h *here) send(first, n int) (admitted int) {
	h.t.Helper()
	got := h.ask(http.MethodPost, "/v1/engagements", h.keys["ingest"], engagements(first, n, 60, 3), "Content-Type: application/x-ndjson")
	if got.status != http.StatusAccepted {
		h.t.Fatalf("engagements: status %d\n%s", got.status, got.body)
	}
	var sum struct{ Admitted, Duplicates int }
	got.json(h.t, &sum)
	return sum.Admitted
}

// learned is every profile in Redis, by key.
func (h *here) learned() map[string]string {
	h.t.Helper()
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

func (h *here) read(agent string) answer {
	h.t.Helper()
	return h.ask(http.MethodGet, "/v1/agents/"+agent+"/feed", h.keys["service"], "")
}

// Without Redis the process admits events and serves feeds, newest first, and says so everywhere; Redis comes back empty,
// and profiles and feeds are those that they were.
func TestRedisAway(t *testing.T) {
	h := startAlone(t)
	story(h.program)
	const events = 900
	h.send(0, events)
	h.awaitTotals(events)
	h.awaitLearned(events)
	profiles, feeds := h.learned(), map[string]feedPage{}
	for i := range 60 {
		agent := fmt.Sprintf("a%d", i)
		feeds[agent] = h.feed(agent)
	}
	h.redisAway()
	for range 20 {
		got := h.read("a0")
		var page feedPage
		got.json(t, &page)
		if got.status != http.StatusOK || got.header.Get("Fil-Degraded") != "chronological" || got.header.Get("ETag") != "" || page.ids() != "c1 c0 c2" {
			t.Fatalf("status %d, Fil-Degraded %q, ETag %q, %s", got.status, got.header.Get("Fil-Degraded"), got.header.Get("ETag"), page.ids())
		}
	}
	why := h.must(http.MethodGet, "/v1/feed/items/c1/explanation?agent=a0", h.keys["service"], "", 200)
	if why.header.Get("Fil-Degraded") != "chronological" {
		t.Error("the explanation does not say which feed it is about")
	}
	if got := h.send(events, 300); got != 300 {
		t.Errorf("%d events admitted without Redis, want 300", got)
	}
	h.must(http.MethodPut, "/v1/contents/c9", h.keys["communicator"], `{"title":"Panne","published_at":"2026-11-03T08:00:00Z"}`, 201)
	h.must(http.MethodDelete, "/v1/contents/c9", h.keys["communicator"], "", 204)
	h.awaitTotals(events + 300) // facts do not need Redis
	if got := h.must(http.MethodGet, "/readyz", "", "", 200); string(got.body) != "ok\nredis is away\n" {
		t.Errorf("readiness %q", got.body)
	}
	if h.metric("fil_server_breaker_open", "engine=redis") != 1 || h.metric("fil_delivery_degraded_reads_total") != 21 {
		t.Errorf("metrics: breaker %v, degraded reads %v", h.metric("fil_server_breaker_open"), h.metric("fil_delivery_degraded_reads_total"))
	}
	h.redisBack()
	h.awaitLearned(events + 300)
	if now := h.learned(); len(now) != len(profiles) {
		t.Errorf("%d profiles, %d before", len(now), len(profiles))
	}
	if got := h.send(0, events+300); got != 0 {
		t.Errorf("%d events that were known are admitted again", got)
	}
	if got := h.read("a0"); got.header.Get("Fil-Degraded") != "" || got.header.Get("ETag") == "" {
		t.Error("the feed is still degraded")
	}
	if h.metric("fil_server_breaker_open", "engine=redis") != 0 {
		t.Error("the breaker is still open")
	}
	if log := h.out.String(); strings.Count(log, `msg="redis is away`) != 1 || strings.Count(log, `msg="redis is back`) != 1 {
		t.Errorf("the log does not say once that Redis went and came back:\n%s", log)
	}

	// Nothing happens while it is away this time: what comes back is byte for byte what there was.
	profiles = h.learned()
	for agent := range feeds {
		feeds[agent] = h.feed(agent)
	}
	h.redisAway()
	h.redisBack()
	eventually(t, "the same profiles", func() bool { return maps.Equal(h.learned(), profiles) })
	for agent, want := range feeds {
		eventually(t, "the feed of "+agent, func() bool { return sameFeed(want, h.feed(agent)) })
	}
}

// A process starts without Redis, is ready, and has its feeds in order when Redis comes.
func TestStartWithoutRedis(t *testing.T) {
	h := startAlone(t, func(cfg *config.Config) { cfg.Redis.Addresses = []string{nobody(t)} })
	story(h.program)
	if got := h.read("a0"); got.header.Get("Fil-Degraded") != "chronological" {
		t.Errorf("Fil-Degraded %q", got.header.Get("Fil-Degraded"))
	}
	h.send(0, 120)
	_ = h.engines.Redis.Close() // it was never asked
	h.redisBack()
	h.awaitLearned(120)
	eventually(t, "a feed by rank", func() bool {
		got := h.read("a0")
		var page feedPage
		got.json(t, &page)
		return got.header.Get("Fil-Degraded") == "" && strings.HasPrefix(page.ids(), "c2")
	})
}

// Without ClickHouse a process starts, serves feeds and admits; reports say when to come back, in the reader's language; and
// every fact is there once when it is back, twice in a row.
func TestClickHouseAway(t *testing.T) {
	h := startAlone(t, func(cfg *config.Config) { cfg.ClickHouse.Addresses = []string{nobody(t)} })
	h.clickHouseAway()
	story(h.program)
	if got := h.must(http.MethodGet, "/readyz", "", "", 200); string(got.body) != "ok\nclickhouse is away\n" {
		t.Errorf("readiness %q", got.body)
	}
	facts := 0
	for round := range 2 {
		if admitted := h.send(facts, 400); admitted != 400 {
			t.Fatalf("%d events admitted, want 400", admitted)
		}
		h.awaitLearned(facts + 400)
		if got := h.read("a0"); got.status != http.StatusOK || got.header.Get("Fil-Degraded") != "" {
			t.Errorf("a feed: status %d, Fil-Degraded %q", got.status, got.header.Get("Fil-Degraded"))
		}
		for language, want := range map[string]string{"fr": "Les chiffres ne peuvent pas être lus", "en": "Figures cannot be read"} {
			got := h.ask(http.MethodGet, "/v1/reports/overview", h.keys["leader"], "", "Accept-Language: "+language)
			if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "60" || !bytes.Contains(got.body, []byte(want)) {
				t.Errorf("a report: status %d, Retry-After %q\n%s", got.status, got.header.Get("Retry-After"), got.body)
			}
		}
		h.clickHouseBack()
		facts += 400
		h.awaitFacts(facts)
		if round == 0 {
			h.send(facts, 100)
			facts += 100
			h.awaitFacts(facts)
			h.clickHouseAway()
		}
	}
}

// awaitFacts is awaitTotals for a store that may not answer yet.
func (h *here) awaitFacts(want int) {
	h.t.Helper()
	eventually(h.t, "reports to be answered", func() bool {
		return h.ask(http.MethodGet, "/v1/reports/overview", h.keys["leader"], "").status == http.StatusOK
	})
	h.awaitTotals(want)
}

// A wrong password is not waited for: the start fails, and says what refuses.
func TestStartRefused(t *testing.T) {
	e := startOwnEngines(t)
	for name, role := range map[string]string{"redis": "delivery", "clickhouse": "analytics"} {
		cfg := e.cfg
		cfg.Data = e.dir
		switch name {
		case "redis":
			cfg.Redis.Password = "wrong"
		default:
			cfg.ClickHouse.Password = "wrong"
		}
		h, err := build(context.Background(), cfg, discard(), []string{role})
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
	e := startOwnEngines(t)
	for role, want := range map[string][]string{
		"worker":    {"ranking (redis is away)"},
		"analytics": {"analytics (clickhouse is away)", "directory (clickhouse is away)", "register (clickhouse is away)"},
	} {
		cfg := e.cfg
		cfg.Data, cfg.Redis.Addresses, cfg.ClickHouse.Addresses = e.dir, []string{nobody(t)}, []string{nobody(t)}
		ctx, stop := context.WithCancel(context.Background())
		h, err := build(ctx, cfg, discard(), []string{role})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- h.live(ctx) }()
		eventually(t, strings.Join(want, ", "), func() bool { return slices.Equal(slices.Sorted(slices.Values(h.waiting())), want) })
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
	h.t.Helper()
	if err := h.engines.Kafka.Close(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *here) kafkaBack() {
	h.t.Helper()
	engine, err := embedded.StartKafka(embedded.Config{Dir: h.dir, Listen: h.server.house.cfg.Log.Brokers[0], Password: h.server.house.cfg.Log.SASL.Password})
	if err != nil {
		h.t.Fatal(err)
	}
	h.engines.Kafka = engine
}

// While the log is away the door answers 503, says when to come back, and soon says so at once; feeds are read as before.
// What was answered with 503 and is sent again is a fact once, whatever the log had of it.
func TestKafkaAway(t *testing.T) {
	h := startAlone(t)
	story(h.program)
	h.send(0, 200)
	h.awaitTotals(200)
	h.awaitLearned(200)
	feed := h.feed("a0")
	h.kafkaAway()
	refused := func(first, n int, language, want string) bool {
		got := h.ask(http.MethodPost, "/v1/engagements", h.keys["ingest"], engagements(first, n, 60, 3), "Content-Type: application/x-ndjson", "Accept-Language: "+language)
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "5" {
			t.Fatalf("status %d, Retry-After %q\n%s", got.status, got.header.Get("Retry-After"), got.body)
		}
		return bytes.Contains(got.body, []byte(want))
	}
	var sending sync.WaitGroup
	for i := range 3 { // together, so that the test waits for one publication's time and not three
		sending.Go(func() { refused(200+100*i, 100, "fr", "Le journal ne confirme pas l'écriture") })
	}
	if got := h.read("a0"); got.status != http.StatusOK || got.header.Get("Fil-Degraded") != "" {
		t.Errorf("a feed without the log: status %d, Fil-Degraded %q", got.status, got.header.Get("Fil-Degraded"))
	}
	sending.Wait()
	eventually(t, "an answer that waits for nobody", func() bool { return refused(200, 300, "en", "The log does not answer: nothing was written") })
	if got := h.ask(http.MethodPut, "/v1/agents/a0", h.keys["ingest"], `{"org":"elsewhere"}`); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("an agent: status %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
	}
	if !sameFeed(feed, h.feed("a0")) || h.metric("fil_ingest_log_away") != 1 {
		t.Errorf("fil_ingest_log_away is %v", h.metric("fil_ingest_log_away"))
	}
	h.kafkaBack()
	eventually(t, "the door to admit", func() bool {
		got := h.ask(http.MethodPost, "/v1/engagements", h.keys["ingest"], engagements(200, 300, 60, 3), "Content-Type: application/x-ndjson")
		return got.status == http.StatusAccepted
	})
	h.awaitTotals(500)
	h.awaitLearned(500)
	if h.metric("fil_ingest_log_away") != 0 {
		t.Error("the door still holds the log for away")
	}
}

// A process that starts before its log is alive, says what it waits for, stops when asked to, and is ready once the log is.
func TestStartWithoutKafka(t *testing.T) {
	e := startOwnEngines(t)
	cfg := e.cfg
	cfg.Data, cfg.Log.Brokers = e.dir, []string{nobody(t)}
	out := &journal{}
	start := func(ctx context.Context) (base string, ready chan *server, ended chan error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ready, ended = make(chan *server, 1), make(chan error, 1)
		cfg.Listen = listener.Addr().String()
		go func() {
			ended <- host(ctx, cfg, listener, allRoles(), slog.New(slog.NewTextHandler(out, nil)), func(_ context.Context, s *server) error {
				ready <- s
				return nil
			})
		}()
		return "http://" + cfg.Listen, ready, ended
	}
	for _, wait := range []bool{false, true} {
		ctx, stop := context.WithCancel(context.Background())
		base, ready, ended := start(ctx)
		p := &program{t: t, base: base}
		if got := p.ask(http.MethodGet, "/healthz", "", ""); got.status != http.StatusOK {
			t.Errorf("health: status %d", got.status)
		}
		if got := p.ask(http.MethodGet, "/readyz", "", ""); got.status != http.StatusServiceUnavailable || string(got.body) != "waiting for the log (kafka)\n" {
			t.Errorf("readiness: status %d %q", got.status, got.body)
		}
		if got := p.ask(http.MethodGet, "/v1/feed", "", ""); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || !bytes.Contains(got.body, []byte("Le serveur attend son journal")) {
			t.Errorf("a feed: status %d, Retry-After %q\n%s", got.status, got.header.Get("Retry-After"), got.body)
		}
		if wait {
			eventually(t, "a line about it", func() bool { return strings.Contains(out.String(), "the log is not ready: waiting for it") })
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

// With a disk that is nearly full `fil up` starts, serves what it has, refuses what comes with a problem that says when to
// come back, and goes on once there is room. What is kept free is set above what any disk has.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	p := startUp(t, dir)
	story(p)
	send := func(p *program, first, n int) answer {
		return p.ask(http.MethodPost, "/v1/engagements", p.keys["ingest"], engagements(first, n, 60, 3), "Content-Type: application/x-ndjson")
	}
	if got := send(p, 0, 300); got.status != http.StatusAccepted {
		t.Fatalf("status %d\n%s", got.status, got.body)
	}
	p.awaitTotals(300)
	p.stop()

	const keepFree = "FIL_EMBEDDED_KEEP_FREE_MIB"
	t.Setenv(keepFree, "1000000000")
	p = startUp(t, dir)
	if got := p.feed("a1"); !strings.Contains(got.ids(), "c1") {
		t.Errorf("the feed is %q", got.ids())
	}
	p.awaitTotals(300)
	for range 5 {
		got := send(p, 300, 10)
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("engagements: status %d, Retry-After %q\n%s", got.status, got.header.Get("Retry-After"), got.body)
		}
	}
	if got := p.ask(http.MethodPut, "/v1/agents/a0", p.keys["ingest"], `{"org":"elsewhere"}`); got.status != http.StatusServiceUnavailable {
		t.Errorf("an agent: status %d", got.status)
	}
	if log := p.out.String(); strings.Count(log, `msg="the disk is nearly full`) != 1 {
		t.Errorf("the log does not say once that the disk is full:\n%s", log)
	}
	p.stop()

	if err := os.Unsetenv(keepFree); err != nil {
		t.Fatal(err)
	}
	p = startUp(t, dir)
	if got := send(p, 0, 400); got.status != http.StatusAccepted || !bytes.Contains(got.body, []byte(`"admitted":100,"duplicates":300`)) {
		t.Errorf("once there is room: status %d\n%s", got.status, got.body)
	}
	p.awaitTotals(400)
}
