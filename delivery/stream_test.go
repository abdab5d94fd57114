package delivery_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
)

func TestStream_TellsThePresentThenEachChange(t *testing.T) {
	w := setup(t, nil)
	w.put(numbered(3)...)
	res := w.request("agent:marie", "/v1/feed/stream")
	if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("%s, %s", res.Status, got)
	}
	stream := events(res)
	present := next(t, stream)
	var data struct{ Agent, ETag string }
	if err := json.Unmarshal([]byte(present.data), &data); err != nil {
		t.Fatal(err)
	}
	_, page := w.page("agent:marie", "/v1/feed")
	if present.name != "feed" || data.Agent != "marie" || data.ETag != present.id || !strings.HasPrefix(page.Header.Get("ETag"), `"`+data.ETag+".") {
		t.Errorf("event %+v for a page with ETag %s", present, page.Header.Get("ETag"))
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
	id := next(t, events(w.request("agent:marie", "/v1/feed/stream"))).id

	stream := events(w.request("agent:marie", "/v1/feed/stream", "Last-Event-ID", id))
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
	stream := events(w.request("service", "/v1/feed/stream?agent=marie"))
	last := next(t, stream).id
	for name, change := range map[string]func(){
		"a profile in Redis":         func() { w.redis.Set(t.Context(), profileKey("marie"), "-c001;", 0) },
		"a content that is due":      func() { w.pass(time.Hour) },
		"a Redis emptied, and a new": func() { w.redis.FlushAll(t.Context()); w.drop("c000") },
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
	open := func(caller string, want int) *http.Response {
		t.Helper()
		res := w.request(caller, "/v1/feed/stream")
		if res.StatusCode != want || want != 200 && res.Header.Get("Retry-After") == "" {
			body, _ := io.ReadAll(res.Body)
			t.Fatalf("%s: %s %s, want %d", caller, res.Status, body, want)
		}
		return res
	}
	first := open("agent:marie", 200)
	open("agent:marie", 200)
	open("agent:marie", 429)
	open("agent:paul", 200)
	open("agent:zoé", 503)
	_ = first.Body.Close()
	eventually(t, func() bool {
		return w.request("agent:zoé", "/v1/feed/stream").StatusCode == 200
	})
}

func TestStream_EndsByItself(t *testing.T) {
	w := setup(t, func(cfg *delivery.Config) { cfg.StreamLife = 20 * time.Millisecond })
	stream := events(w.request("agent:marie", "/v1/feed/stream"))
	next(t, stream)
	for e := range stream {
		if e.name != ":" {
			t.Errorf("event %+v before the end", e)
		}
	}
}

// A client that reads nothing must not hold the hub: the others are told all the same, and it gets the present state
// when it reads again.
func TestStream_SlowClientHoldsNobody(t *testing.T) {
	w := setup(t, func(cfg *delivery.Config) { cfg.WriteTimeout = 50 * time.Millisecond })
	w.request("agent:marie", "/v1/feed/stream") // never read
	quick := events(w.request("agent:marie", "/v1/feed/stream"))
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
