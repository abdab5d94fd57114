package delivery_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/delivery"
)

// setupOwn is a world whose Redis is embedded, whatever the other tests run on, so that it can be ended.
func setupOwn(t *testing.T, change func(*delivery.Config)) *world {
	t.Helper()
	engine, err := embedded.StartRedis(embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: engine.Addr(), MaxRetries: -1, ContextTimeoutEnabled: true, DialerRetries: 1})
	w := setupOn(t, client, change)
	w.engine = engine
	t.Cleanup(func() {
		_ = client.Close()
		_ = w.engine.Close()
	})
	return w
}

// away ends the Redis of the world; back starts another, empty, at the same address.
func (w *world) away() {
	w.t.Helper()
	if err := w.engine.Close(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) back() {
	w.t.Helper()
	engine, err := embedded.StartRedis(embedded.Config{Listen: w.redis.(*redis.Client).Options().Addr})
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = engine
}

// important is the oldest of three contents, and first by rank.
func important() []fil.Content {
	contents := numbered(3)
	contents[2].Priority = 5
	return contents
}

// Without its store a feed is newest first, says so in a header and in the page, and cannot be taken for the feed itself:
// no ETag, nothing to keep, no 304. When the store is back, so is the feed.
func TestRead_WithoutTheStore(t *testing.T) {
	t.Parallel()
	w := setupOwn(t, nil)
	w.put(important()...)
	const path = "/v1/agents/marie/feed"
	before, header := w.page("service", path)
	etag := header.Get("ETag")
	if !slices.Equal(titles(before), []string{"c002", "c000", "c001"}) || header.Get("Fil-Degraded") != "" || before.Degraded != "" {
		t.Fatalf("with the store: %v, Fil-Degraded %q", titles(before), header.Get("Fil-Degraded"))
	}
	w.away()
	for range 3 {
		p, header := w.page("service", path+"?explain=full", "If-None-Match", etag)
		if !slices.Equal(titles(p), []string{"c000", "c001", "c002"}) || p.Degraded != "chronological" {
			t.Fatalf("without the store: %v, degraded %q; want newest first", titles(p), p.Degraded)
		}
		if p.Items[0].Explanation.Degree != string(fil.OrderChronological) {
			t.Errorf("the explanation is of the order %q, want the one that is served", p.Items[0].Explanation.Degree)
		}
		for name, want := range map[string]string{"Fil-Degraded": "chronological", "ETag": "", "Cache-Control": "no-store"} {
			if got := header.Get(name); got != want {
				t.Errorf("header %s is %q, want %q", name, got, want)
			}
		}
	}
	if p, header := w.page("service", path+"?order=chronological&limit=1"); header.Get("Fil-Degraded") == "" || p.Next == "" {
		t.Errorf("in chronological order what was dismissed is not known either: header %q, next %q", header.Get("Fil-Degraded"), p.Next)
	}
	w.back()
	after, header := w.page("service", path)
	if !slices.Equal(titles(after), titles(before)) || header.Get("Fil-Degraded") != "" {
		t.Fatalf("after the return: %v, Fil-Degraded %q", titles(after), header.Get("Fil-Degraded"))
	}
	if got := w.request("service", path, "If-None-Match", header.Get("ETag")); got.status != http.StatusNotModified {
		t.Errorf("status %d for the ETag of the feed itself, want 304", got.status)
	}
}

func TestRead_PagesWithoutTheStore(t *testing.T) {
	t.Parallel()
	w := setupOwn(t, nil)
	w.put(numbered(5)...)
	w.away()
	var all []string
	for path := "/v1/agents/marie/feed?limit=2"; path != ""; {
		p, header := w.page("service", path)
		if header.Get("Fil-Degraded") == "" {
			t.Fatal("a page does not say that it is degraded")
		}
		all = append(all, titles(p)...)
		path = ""
		if p.Next != "" {
			path = "/v1/agents/marie/feed?limit=2&cursor=" + p.Next
		}
	}
	if want := []string{"c000", "c001", "c002", "c003", "c004"}; !slices.Equal(all, want) {
		t.Errorf("pages hold %v, want %v", all, want)
	}
}

func TestExplain_WithoutTheStore(t *testing.T) {
	t.Parallel()
	w := setupOwn(t, nil)
	w.put(important()...)
	w.away()
	got := w.request("service", "/v1/feed/items/c002/explanation?agent=marie")
	if got.status != http.StatusOK || got.header.Get("Fil-Degraded") != "chronological" || !strings.Contains(got.body, `"degree":"chronological"`) {
		t.Errorf("status %d, Fil-Degraded %q: %s", got.status, got.header.Get("Fil-Degraded"), got.body)
	}
	if got := w.request("service", "/v1/feed/items/c002/explanation?agent=nobody"); got.status != http.StatusNotFound {
		t.Errorf("status %d for an unknown agent, want 404", got.status)
	}
}

// A stream opens without the store, tells readers when the order of their feed falls back, what is published meanwhile, and
// when the feed itself is back.
func TestStream_WithoutTheStore(t *testing.T) {
	t.Parallel()
	w := setupOwn(t, func(cfg *delivery.Config) { cfg.Poll = 5 * time.Millisecond })
	w.put(important()...)
	s := w.open("service", "/v1/feed/stream?agent=marie")
	ranked := next(t, s.events)
	w.away()
	fallen := next(t, s.events)
	late := next(t, w.open("service", "/v1/feed/stream?agent=marie").events)
	if fallen.id == ranked.id || late.id != fallen.id {
		t.Errorf("events %q with the store, then %q and %q without", ranked.id, fallen.id, late.id)
	}
	w.put(fil.Content{ID: "new", Title: "Nouveau", PublishedAt: noon})
	if published := next(t, s.events); published.id == fallen.id {
		t.Error("what was published without the store was not told")
	}
	w.back()
	if back := next(t, s.events); back.id == fallen.id {
		t.Error("the return of the store was not told")
	}
	if p, header := w.page("service", "/v1/agents/marie/feed"); header.Get("Fil-Degraded") != "" || !slices.Equal(titles(p), []string{"c002", "new", "c000", "c001"}) {
		t.Errorf("after the return: %v, Fil-Degraded %q", titles(p), header.Get("Fil-Degraded"))
	}
}

// A store that takes a read and does not answer costs it the time allowed, and no more.
func TestRead_StoreThatHangs(t *testing.T) {
	t.Parallel()
	w := setupOwn(t, func(cfg *delivery.Config) { cfg.StoreTimeout = 20 * time.Millisecond })
	w.put(numbered(2)...)
	silent, taken := listenOnly(t)
	w.away()
	w.redis.(*redis.Client).Options().Dialer = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, silent)
	}
	if _, header := w.page("service", "/v1/agents/marie/feed"); header.Get("Fil-Degraded") != "chronological" {
		t.Errorf("Fil-Degraded %q", header.Get("Fil-Degraded"))
	}
	if taken.Load() == 0 {
		t.Error("the store that hangs was not asked")
	}
}

// listenOnly is an address that accepts connections, reads what comes and says nothing.
func listenOnly(t *testing.T) (address string, taken *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken = &atomic.Int32{}
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			taken.Add(1)
			reading.Go(func() {
				defer context.AfterFunc(t.Context(), func() { _ = conn.Close() })()
				_, _ = io.Copy(io.Discard, conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		reading.Wait()
	})
	return listener.Addr().String(), taken
}
