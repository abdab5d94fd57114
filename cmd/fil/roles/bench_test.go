package roles

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/filtest"
	"github.com/filengine/fil/delivery/feedstore"
	"github.com/filengine/fil/ranking/profiles"
)

// The figures of a whole server, in one process with its embedded engines and its clients, each beside its limit
// measured in the same run: read them as ratios, since engines, server and clients share the same cores.

// crowd fills a server with agents, and with live contents of ten sources, twenty topics and four audiences.
func crowd(b *testing.B, h *here, agents, contents int) {
	b.Helper()
	for i := range 4 {
		h.Must(http.MethodPut, fmt.Sprintf("/v1/audiences/s%d", i), h.Keys["communicator"], fmt.Sprintf(`{"name":"s%d","rule":"inOrg(\"cd/s%d\")"}`, i, i), 200, 201)
	}
	var lines strings.Builder
	for i := range agents {
		fmt.Fprintf(&lines, `{"id":"a%d","org":"cd/s%d/u%d","site":"x","attributes":{"category":"%c"}}`+"\n", i, i%8, i%50, 'A'+i%3)
	}
	h.Ask(http.MethodPost, "/v1/agents:batch", h.Keys["ingest"], lines.String(), "Content-Type: application/x-ndjson")
	lines.Reset()
	for i := range contents {
		audience := ""
		if i%2 == 0 {
			audience = fmt.Sprintf(`,"audiences":["s%d"]`, i%4)
		}
		fmt.Fprintf(&lines, `{"id":"c%d","title":"Communication %d","summary":"Ce qu'il faut retenir en deux phrases.","topics":["t%d","t%d"],"source":"s%d","author":"au%d","published_at":"2026-10-%02dT08:00:00Z"%s}`+"\n",
			i, i, i%20, i%7, i%10, i%30, 1+i%28, audience)
	}
	h.Ask(http.MethodPost, "/v1/contents:batch", h.Keys["communicator"], lines.String(), "Content-Type: application/x-ndjson")
	filtest.Eventually(b, "the contents", func() bool { return h.server.house.catalogue.Len() == contents && h.server.house.index.Len() == agents })
}

// percentiles reports p50 and p99 of durations.
func percentiles(b *testing.B, name string, took []time.Duration) {
	slices.Sort(took)
	at := func(q float64) float64 {
		return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(at(.5), name+"-p50-ms")
	b.ReportMetric(at(.99), name+"-p99-ms")
}

// BenchmarkAdmit posts engagements over HTTP, 1,000 a request on four connections, acknowledged by a synced log. The
// limit is the same records given to the log without HTTP, decoding, checks and identities.
func BenchmarkAdmit(b *testing.B) {
	h := startHere(b)
	crowd(b, h, 2000, 100)
	const batch, clients = 1000, 4
	var next atomic.Int64
	together := func(n int, do func(first int)) float64 {
		var group sync.WaitGroup
		var left atomic.Int64
		left.Store(int64(n))
		began := time.Now()
		for range clients {
			group.Go(func() {
				for left.Add(-1) >= 0 {
					do(int(next.Add(batch)))
				}
			})
		}
		group.Wait()
		return float64(n*batch) / time.Since(began).Seconds()
	}
	const rounds = 40
	for b.Loop() {
		admitted := together(rounds, func(first int) {
			if got := h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(first, batch, 2000, 100), "Content-Type: application/x-ndjson"); got.Status != 202 {
				b.Errorf("status %d: %s", got.Status, got.Body)
			}
		})
		limit := together(rounds, func(first int) {
			records := make([]fil.Record, batch)
			for i := range records {
				e := fil.Engagement{Kind: fil.Read, Agent: fmt.Sprintf("a%d", i), Content: "c1", Time: time.Now()}
				event, err := e.Event("bench", fmt.Sprint(first+i))
				if err != nil {
					b.Error(err)
				}
				records[i] = fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: e.Agent, Event: event}
			}
			if err := h.server.house.events.Publish(context.Background(), records); err != nil {
				b.Error(err)
			}
		})
		b.ReportMetric(admitted, "events/s")
		b.ReportMetric(limit, "log-only-events/s")
		b.ReportMetric(admitted/limit, "of-limit")
	}
}

// BenchmarkFreshness measures, one at a time, how long a change takes to be seen: a content published, an engagement in
// the agent's feed, an engagement in the report.
func BenchmarkFreshness(b *testing.B) {
	h := startHere(b)
	crowd(b, h, 2000, 100)
	const rounds = 100
	for b.Loop() {
		var published, learned, reported []time.Duration
		for i := range rounds {
			id := fmt.Sprintf("fresh%d-%d", b.N, i)
			began := time.Now()
			h.Must(http.MethodPut, "/v1/contents/"+id, h.Keys["communicator"], fmt.Sprintf(`{"title":"Neuf","priority":3,"pinned_until":"2099-01-01T00:00:00Z","published_at":%q}`, began.UTC().Format(time.RFC3339)), 201)
			filtest.Eventually(b, "the publication", func() bool { return strings.Contains(h.Feed("a1").IDs(), id) })
			published = append(published, time.Since(began))

			event, _ := fil.Engagement{Kind: fil.Dismiss, Agent: "a1", Content: id, Time: began}.Event("bench", id)
			raw, _ := event.MarshalJSON()
			began = time.Now()
			h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], string(raw), "Content-Type: application/cloudevents+json")
			filtest.Eventually(b, "the dismissal", func() bool { return !strings.Contains(h.Feed("a1").IDs(), id) })
			learned = append(learned, time.Since(began))
			h.Must(http.MethodDelete, "/v1/contents/"+id, h.Keys["communicator"], "", 204)
		}
		for i := range rounds / 2 {
			id := fmt.Sprintf("c%d", i)
			began := time.Now()
			h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], strings.ReplaceAll(filtest.Engagements(1e6+b.N*1e5+i*100, 60, 60, 1), `"c0"`, `"`+id+`"`), "Content-Type: application/x-ndjson")
			filtest.Eventually(b, "the figures", func() bool {
				var report struct{ Totals map[string]any }
				h.Must(http.MethodGet, "/v1/contents/"+id+"/report", h.Keys["leader"], "", 200).JSON(b, &report)
				n, ok := report.Totals["impressions"].(float64)
				return ok && n > 0
			})
			reported = append(reported, time.Since(began))
		}
		percentiles(b, "publish-visible", published)
		percentiles(b, "engage-feed", learned)
		percentiles(b, "engage-report", reported)
	}
}

// BenchmarkBuild ranks feeds of 100 items among 1,000 live contents, from a profile of 60 contents, on one goroutine;
// the limit is reading the profile and storing the packed feed, without ranking anything.
func BenchmarkBuild(b *testing.B) {
	h := startHere(b)
	crowd(b, h, 500, 1000)
	h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(0, 30_000, 500, 1000), "Content-Type: application/x-ndjson")
	store, err := feedstore.New(h.redis, feedstore.Config{Window: 720 * time.Hour, Beside: profiles.Key, Keys: h.server.house.catalogue.Lengthen}, prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	ctx, feeds := context.Background(), h.server.house.feeds
	filtest.Eventually(b, "the profiles", func() bool { return h.server.house.events.CaughtUp("ranking") })
	kept, err := store.Get(ctx, "a1")
	if err != nil {
		b.Fatal(err)
	}
	const rounds = 5000
	for b.Loop() {
		began := time.Now()
		for i := range rounds {
			if _, _, err := feeds.ranker.Rank(fmt.Sprintf("a%d", i%500), kept.Profile, fil.OrderRanked, time.Now()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(rounds/time.Since(began).Seconds(), "feeds/s")
	}
	feed, _, err := feeds.ranker.Rank("a1", kept.Profile, fil.OrderRanked, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	packed, err := feedstore.Pack(feed, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(packed)), "feed-bytes")
	b.ReportMetric(float64(len(kept.Profile)), "profile-bytes")
	began := time.Now()
	for range 2000 {
		if _, err := store.Get(ctx, "a1"); err != nil {
			b.Fatal(err)
		}
		if err := store.Put(ctx, feed, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2000/time.Since(began).Seconds(), "store-only-feeds/s")
}

// BenchmarkWatching is what it costs to be seen: the time that counting adds to an answer, and a read of a feed in the
// process, the network aside, without traces, with one read in a hundred traced, and with all.
func BenchmarkWatching(b *testing.B) {
	b.Run("answer", func(b *testing.B) { watched(b, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "") })
	b.Run("answer-counted", func(b *testing.B) {
		m := newServerMetrics(prometheus.NewRegistry(), Process{Config: config.Config{Data: b.TempDir()}})
		watched(b, m.count(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { r.Pattern = "GET /v1/feed" })), "")
	})
	to := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer to.Close()
	for name, traces := range map[string]config.Traces{"read": {}, "read-traced-1%": {Endpoint: to.URL, Sample: 0.01}, "read-traced": {Endpoint: to.URL, Sample: 1}} {
		b.Run(name, func(b *testing.B) {
			h := startHere(b, func(cfg *config.Config) { cfg.Traces = traces })
			crowd(b, h, 100, 100)
			watched(b, h.server.handler, h.Keys["service"])
		})
	}
}

func watched(b *testing.B, handler http.Handler, key string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		request := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/agents/a1/feed", nil)
		request.Header.Set("Authorization", "Bearer "+key)
		answer := httptest.NewRecorder()
		if handler.ServeHTTP(answer, request); answer.Code != http.StatusOK {
			b.Fatalf("status %d: %s", answer.Code, answer.Body)
		}
	}
}

// BenchmarkRebuild empties Redis under a server with 100,000 agents who did ten things each, then makes profiles and feeds
// again, while the worker notices the loss and reads the log again too; then facts, of which every hundredth
// was deleted.
func BenchmarkRebuild(b *testing.B) {
	h := startHere(b)
	const agents, each = 100_000, 10
	crowd(b, h, agents, 1000)
	for first := 0; first < agents*each; first += 10_000 {
		records := make([]fil.Record, 10_000)
		for i := range records {
			n := first + i
			e := fil.Engagement{Kind: fil.EngagementKinds()[n%3], Agent: fmt.Sprintf("a%d", n%agents), Content: fmt.Sprintf("c%d", (n/7)%1000), Time: time.Now()}
			event, err := e.Event("bench", fmt.Sprint(n))
			if err != nil {
				b.Fatal(err)
			}
			records[i] = fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: e.Agent, Event: event}
		}
		if err := h.server.house.events.Publish(context.Background(), records); err != nil {
			b.Fatal(err)
		}
		all := int64(first + len(records))
		filtest.Eventually(b, "everything to be learned and recorded", func() bool {
			return h.committed("ranking") == all && h.committed("analytics") == all
		})
	}
	ctx := context.Background()
	for b.Loop() {
		if err := h.redis.FlushDB(ctx).Err(); err != nil {
			b.Fatal(err)
		}
		p := h.rebuilt(rebuildProfiles)
		b.ReportMetric(p.Seconds, "profiles-s")
		b.ReportMetric(float64(p.Read)/p.Seconds, "events/s")
		f := h.rebuilt(rebuildFeeds)
		b.ReportMetric(f.Seconds, "feeds-s")
		b.ReportMetric(float64(f.Checked)/f.Seconds, "feeds/s")
		if keys, err := h.redis.Keys(ctx, "f:*").Result(); err != nil || len(keys) != agents || p.Checked != agents {
			b.Errorf("%d feeds and %d profiles of %d, %v", len(keys), p.Checked, agents, err)
		}
		quiet := h.rebuilt(rebuildProfiles)
		b.ReportMetric(quiet.Seconds, "unchanged-profiles-s")
		if err := filtest.Facts(b, h.server.house.cfg.ClickHouse).Exec(ctx, "DELETE FROM facts WHERE offset % 100 = 0"); err != nil {
			b.Fatal(err)
		}
		r := h.rebuilt(rebuildFacts)
		b.ReportMetric(r.Seconds, "facts-s")
		b.ReportMetric(float64(r.Checked)/r.Seconds, "facts/s")
		b.ReportMetric(float64(r.Added), "facts-added")
	}
}

// committed is how many engagements a stage has done for good, over all partitions.
func (h *here) committed(stage string) (sum int64) {
	offsets, err := h.server.house.events.Committed(context.Background(), stage, fil.TopicEngagements)
	if err != nil {
		return -1
	}
	for _, offset := range offsets {
		sum += offset
	}
	return sum
}
