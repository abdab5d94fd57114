package delivery_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/delivery"
)

func TestStream_TellsThePresentThenEachChange(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(3)...)
	opened := w.open("agent:marie", "/v1/feed/stream")
	if got := opened.header.Get("Content-Type"); opened.status != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("%d, %s", opened.status, got)
	}
	stream := opened.events
	present := next(t, stream)
	var data struct{ Agent, ETag string }
	if err := json.Unmarshal([]byte(present.data), &data); err != nil {
		t.Fatal(err)
	}
	_, header := w.page("agent:marie", "/v1/feed")
	if present.name != "feed" || data.Agent != "marie" || data.ETag != present.id || !strings.HasPrefix(header.Get("ETag"), `"`+data.ETag+".") {
		t.Errorf("event %+v for a page with ETag %s", present, header.Get("ETag"))
	}

	w.put(fil.Content{ID: "new", PublishedAt: noon})
	w.hub.Notify("paul", "marie")
	second := next(t, stream)
	if second.id == present.id {
		t.Error("a new content did not change the id")
	}
	corrected := numbered(3)[1]
	corrected.Title = "Corrigé"
	w.put(corrected)
	w.hub.NotifyAll()
	if third := next(t, stream); third.id == second.id {
		t.Error("a corrected title did not change the id")
	}
}

func TestStream_SaysNothingOfWhatTheClientHasOrCannotSee(t *testing.T) {
	w := setup(t, func(cfg *delivery.Config) { cfg.Heartbeat = 10 * time.Millisecond })
	w.put(numbered(3)...)
	id := next(t, w.open("agent:marie", "/v1/feed/stream").events).id

	stream := w.open("agent:marie", "/v1/feed/stream", "Last-Event-ID", id).events
	beats := func(n int) {
		t.Helper()
		for range n {
			if e := <-stream; e.name != ":" {
				t.Fatalf("event %+v, want heartbeats only", e)
			}
		}
	}
	beats(3)
	w.put(fil.Content{ID: "for-paul", PublishedAt: noon, Audiences: []string{"paul"}}) // changes marie's stamp, not her feed
	w.hub.NotifyAll()
	beats(20)
	w.put(fil.Content{ID: "new", PublishedAt: noon})
	w.hub.NotifyAll()
	if e := next(t, stream); e.id == id {
		t.Error("a change after the silence has the same id")
	}
}

// A change made by another process is known only by looking, and time changes a feed with no one to notify.
func TestStream_PollFindsWhatNobodyNotified(t *testing.T) {
	w := setup(t, func(cfg *delivery.Config) { cfg.Poll = 5 * time.Millisecond })
	w.put(numbered(3)...)
	w.put(fil.Content{ID: "later", PublishedAt: noon.Add(time.Hour)})
	stream := w.open("service", "/v1/feed/stream?agent=marie").events
	last := next(t, stream).id
	for name, change := range map[string]func(){
		"a profile in Redis":         func() { w.redis.Set(t.Context(), profileKey("marie"), "-c001;", 0) },
		"a content that is due":      func() { w.pass(time.Hour) },
		"a Redis emptied, and a new": func() { enginetest.Empty(t, w.redis); w.drop("c000") },
	} {
		change()
		e := next(t, stream)
		if e.id == last {
			t.Errorf("%s: same id", name)
		}
		last = e.id
	}
}

func TestStream_IsBounded(t *testing.T) {
	w := setup(t, func(cfg *delivery.Config) { cfg.Streams, cfg.StreamsPerAgent = 3, 2 })
	open := func(caller string, want int) stream {
		t.Helper()
		got := w.open(caller, "/v1/feed/stream")
		if got.status != want || want != 200 && got.header.Get("Retry-After") == "" {
			t.Fatalf("%s: %d, want %d", caller, got.status, want)
		}
		return got
	}
	first := open("agent:marie", 200)
	open("agent:marie", 200)
	open("agent:marie", 429)
	open("agent:paul", 200)
	open("agent:zoé", 503)
	first.leave()
	eventually(t, func() bool {
		return w.open("agent:zoé", "/v1/feed/stream").status == 200
	})
}

func TestStream_EndsByItself(t *testing.T) {
	w := setup(t, func(cfg *delivery.Config) { cfg.StreamLife = 20 * time.Millisecond })
	stream := w.open("agent:marie", "/v1/feed/stream").events
	next(t, stream)
	for e := range stream {
		if e.name != ":" {
			t.Errorf("event %+v before the end", e)
		}
	}
}

// A client that takes nothing must not hold the hub: the others are told all the same, and it gets the present state,
// not all that it missed, when it reads again.
func TestStream_SlowClientHoldsNobody(t *testing.T) {
	w := setup(t, nil)
	slow := &stuck{header: http.Header{}, gate: make(chan struct{})}
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() {
		defer close(left)
		req := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/feed/stream", nil)
		req.Header.Set("X-Caller", "agent:marie")
		w.server.Config.Handler.ServeHTTP(slow, req)
	}()
	quick := w.open("agent:marie", "/v1/feed/stream").events
	last := next(t, quick).id
	for i := range 200 {
		w.put(fil.Content{ID: "news", Title: strings.Repeat("x", i), PublishedAt: noon})
		w.hub.Notify("marie")
		e := next(t, quick)
		if e.id == last {
			t.Fatalf("event %d has the id before it", i)
		}
		last = e.id
	}
	close(slow.gate)
	eventually(t, func() bool { return strings.Contains(slow.text(), "id: "+last+"\n") })
	leave()
	<-left
	if n := strings.Count(slow.text(), "event: feed"); n != 1 {
		t.Errorf("the slow client got %d events, want the last alone", n)
	}
}

// stuck takes nothing until its gate opens.
type stuck struct {
	header http.Header
	gate   chan struct{}
	mu     sync.Mutex
	taken  strings.Builder
}

func (s *stuck) Header() http.Header { return s.header }
func (s *stuck) WriteHeader(int)     {}
func (s *stuck) Flush()              {}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.gate
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken.Write(b)
}

func (s *stuck) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken.String()
}

// eventually polls until the condition holds, and gives up after half a minute.
func eventually(t testing.TB, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatal("the condition did not come true in time")
		case <-tick.C:
		}
	}
}
