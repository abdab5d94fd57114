package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/filtest"
	"github.com/filengine/fil/ranking/profiles"
)

// balancer sends each request to one of the processes that said lately that they are ready, as a load balancer does; it
// tries nothing twice.
type balancer struct {
	mu    sync.Mutex
	bases []string // every process that there is or will be
	ready []string
	next  int
}

func (b *balancer) add(base string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bases = append(b.bases, base)
}

// watch asks each process, every so often, whether it is ready.
func (b *balancer) watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		b.mu.Lock()
		bases := append([]string(nil), b.bases...)
		b.mu.Unlock()
		var ready []string
		for _, base := range bases {
			if resp, err := http.Get(base + "/readyz"); err == nil {
				_ = resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					ready = append(ready, base)
				}
			}
		}
		b.mu.Lock()
		b.ready = ready
		b.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (b *balancer) choose() (base string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return "", false
	}
	b.next++
	return b.ready[b.next%len(b.ready)], true
}

// Restarting each process of delivery in turn, new one first, fails no read.
func TestRollingRestartFailsNoRead(t *testing.T) {
	e := startEngines(t)
	e.serve("ingest", "worker").Story()
	const period = 50 * time.Millisecond
	settings := []string{"FIL_SHUTDOWN_DELAY=1s"}
	old := []*program{e.serveWith(settings, "delivery"), e.serveWith(settings, "delivery")}
	ctx, cancel := context.WithCancel(t.Context())
	var at balancer
	var background sync.WaitGroup
	defer background.Wait()
	defer cancel()
	for _, p := range old {
		at.add(p.Base)
	}
	background.Go(func() { at.watch(ctx, period) })
	filtest.Eventually(t, "the balancer to see both", func() bool { _, ok := at.choose(); return ok })

	var mu sync.Mutex
	reads, failures := 0, []string(nil)
	for reader := range 4 {
		background.Go(func() {
			for i := reader; ctx.Err() == nil; i += 4 {
				base, ok := at.choose()
				outcome := "no process is ready"
				if ok {
					outcome = readOnce(ctx, base, old[0].Keys["service"], i)
				}
				mu.Lock()
				reads++
				if outcome != "" && ctx.Err() == nil {
					failures = append(failures, outcome)
				}
				mu.Unlock()
			}
		})
	}
	for _, p := range old {
		fresh := e.serveWith(settings, "delivery")
		at.add(fresh.Base)
		if status := p.stop(); status != exitDone {
			t.Errorf("a process that was told to stop ended with status %d", status)
		}
	}
	cancel()
	background.Wait()
	if reads < 100 || len(failures) > 0 {
		t.Errorf("%d of %d reads failed: %s", len(failures), reads, strings.Join(failures[:min(len(failures), 5)], "; "))
	}
}

// readOnce reads a feed and says what went wrong; "" when nothing did.
func readOnce(ctx context.Context, base, key string, i int) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/v1/agents/a%d/feed", base, i%60), nil)
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return resp.Status
	}
	return ""
}

// Partitions move when workers come and go, politely or not, and each event still has its effect once.
func TestPartitionsMoveWithoutLoss(t *testing.T) {
	e := startEngines(t)
	door := e.serve("ingest")
	door.Story()
	reports := e.serve("analytics")
	fast := []string{"FIL_LOG_SESSION=2s"}
	first := e.serveWith(fast, "worker", "analytics")
	const batch, batches = 100, 12
	sent := 0
	send := func(n int) {
		for range n {
			answer := door.Ask(http.MethodPost, "/v1/engagements", door.Keys["ingest"], filtest.Engagements(sent, batch, 60, 3), "Content-Type: application/x-ndjson")
			if answer.Status != http.StatusAccepted {
				t.Fatalf("status %d: %s", answer.Status, answer.Body)
			}
			sent += batch
		}
	}
	send(batches / 3)
	second := e.serveWith(fast, "worker", "analytics") // partitions move to it
	send(batches / 3)
	if status := first.stop(); status != exitDone { // and all of them, when the first leaves
		t.Errorf("status %d", status)
	}
	e.serveWith(fast, "worker", "analytics")
	send(batches / 3)
	second.kill() // without a word
	reports.AwaitTotals(sent)
	client := redis.NewClient(&redis.Options{Addr: e.cfg.Redis.Addresses[0], Password: e.cfg.Redis.Password, DB: e.cfg.Redis.Database})
	t.Cleanup(func() { _ = client.Close() })
	learned, err := profiles.New(client, profiles.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	queries := make([]profiles.Query, sent)
	for i := range queries {
		queries[i] = profiles.Query{Agent: fmt.Sprintf("a%d", i%60), Identity: fil.Event{Source: "test", ID: fmt.Sprint(i)}.Identity(), At: time.Now()}
	}
	filtest.Eventually(t, "the third worker to have learned everything", func() bool {
		known, err := learned.Known(t.Context(), queries)
		return err == nil && !slices.Contains(known, false)
	})
	delivery := e.serve("delivery")
	if got := len(delivery.Feed("a1").Items); got != 2 {
		t.Errorf("%d contents in a feed, want 2", got)
	}
	reports.AwaitTotals(sent)
}
