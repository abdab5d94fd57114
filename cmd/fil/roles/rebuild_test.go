package roles

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/filengine/fil/cmd/fil/filtest"
)

// rebuilding asks for something to be made again, and gives the last line of the answer.
func (h *here) rebuilding(what string) (last RebuildProgress) {
	h.T.Helper()
	lines := bytes.Split(bytes.TrimSpace(h.Ask(http.MethodPost, "/v1/rebuild/"+what, h.Keys["ingest"], "", "Accept-Language: en").Body), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil {
		h.T.Fatalf("rebuild %s: %v\n%s", what, err, lines)
	}
	return last
}

// rebuilt is rebuilding that must be done.
func (h *here) rebuilt(what string) RebuildProgress {
	h.T.Helper()
	last := h.rebuilding(what)
	if !last.Done {
		h.T.Fatalf("rebuild %s: %+v", what, last)
	}
	return last
}

// kept is everything that Redis holds under a pattern.
func (h *here) kept(pattern string) map[string]string {
	h.T.Helper()
	keys, err := h.redis.Keys(context.Background(), pattern).Result()
	if err != nil {
		h.T.Fatal(err)
	}
	all := map[string]string{}
	for _, key := range keys {
		if all[key], err = h.redis.Get(context.Background(), key).Result(); err != nil {
			h.T.Fatal(err)
		}
	}
	return all
}

// loaded is a server with a story, some engagements learned and recorded, and everyone's feed kept.
func loaded(t *testing.T, events int) *here {
	t.Helper()
	h := startHere(t)
	h.Story()
	h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(0, events, 60, 3), "Content-Type: application/x-ndjson")
	h.AwaitTotals(events)
	h.awaitLearned(events)
	for i := range 60 {
		h.Feed(fmt.Sprintf("a%d", i))
	}
	return h
}

// What was damaged in the stores is as the log says again, with the server up; what was right is found right.
func TestRebuild(t *testing.T) {
	const events = 1200
	h := loaded(t, events)
	ctx := context.Background()
	profiles, feeds := h.kept("p:*"), h.kept("f:*")

	for _, what := range []string{"profiles", "feeds", "facts"} {
		if p := h.rebuilt(what); p.Changed+p.Added+p.Removed+p.Popularity != 0 || p.Checked == 0 || p.Read != events {
			t.Errorf("%s were as the log says, and the rebuild says %+v", what, p)
		}
	}

	// A profile that cannot be read, damaged or newer than the program, hides no feed.
	for _, version := range []string{"\x00", "\x1f"} {
		h.redis.SetRange(ctx, "p:{a9}", 0, version)
		if got := h.Ask(http.MethodGet, "/v1/agents/a9/feed", h.Keys["service"], ""); got.Status != http.StatusOK || got.Header.Get("Fil-Degraded") == "" {
			t.Errorf("with an unreadable profile: status %d, %s", got.Status, got.Body)
		}
	}
	if p := h.rebuilding("profiles"); p.Done || !strings.Contains(p.Error, "newer version") {
		t.Errorf("over a newer profile: %+v", p)
	}
	h.redis.SetRange(ctx, "p:{a9}", 0, "\x00")
	if p := h.rebuilt("profiles"); p.Changed != 1 {
		t.Errorf("a profile was unreadable: %+v", p)
	}
	if got := h.Ask(http.MethodGet, "/v1/agents/a9/feed", h.Keys["service"], ""); got.Header.Get("Fil-Degraded") != "" {
		t.Errorf("with the profile mended: %s", got.Body)
	}

	h.redis.SetRange(ctx, "p:{a7}", 20, "\x55")
	h.redis.Del(ctx, "p:{a8}", "i:{a8}")
	if p := h.rebuilt("profiles"); p.Changed != 2 || p.Checked != 60 {
		t.Errorf("two profiles were damaged: %+v", p)
	}
	if got := h.kept("p:*"); !maps.Equal(profiles, got) {
		t.Error("profiles are not what they were")
	}

	h.redis.SetRange(ctx, "f:{a7}", 40, "\x55")
	h.redis.Del(ctx, "f:{a8}")
	if p := h.rebuilt("feeds"); p.Changed != 1 || p.Added != 1 || p.Checked != 60 {
		t.Errorf("a feed was altered and one was removed: %+v", p)
	}
	again := h.kept("f:*")
	if len(again) != len(feeds) {
		t.Errorf("%d feeds, want %d", len(again), len(feeds))
	}
	if p := h.rebuilt("feeds"); p.Changed+p.Added != 0 {
		t.Errorf("a second time: %+v", p)
	}

	cfg := h.server.house.cfg.ClickHouse
	db := filtest.Facts(t, cfg)
	if err := db.Exec(ctx, "DELETE FROM facts WHERE offset % 5 = 0"); err != nil {
		t.Fatal(err)
	}
	if p := h.rebuilt("facts"); p.Added == 0 || p.Removed != 0 || p.Checked != events {
		t.Errorf("facts were deleted: %+v", p)
	}
	h.AwaitTotals(events)
}

// Redis emptied: profiles, then feeds, are there again as they were, without waiting for a read.
func TestRebuildAfterRedisWasEmptied(t *testing.T) {
	const events = 1200
	h := loaded(t, events)
	profiles, before := h.kept("p:*"), map[string]filtest.FeedPage{}
	for i := range 60 {
		agent := fmt.Sprintf("a%d", i)
		before[agent] = h.Feed(agent)
	}
	if err := h.redis.FlushDB(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	h.rebuilt("profiles")
	if !maps.Equal(profiles, h.kept("p:*")) {
		t.Error("profiles are not what they were")
	}
	if p := h.rebuilt("feeds"); p.Added+p.Changed+p.Checked < 60 || len(h.kept("f:*")) != 60 {
		t.Errorf("%+v, and %d feeds are kept, want 60", p, len(h.kept("f:*")))
	}
	for agent, want := range before {
		if got := h.Feed(agent); !filtest.SameFeed(want, got) {
			t.Errorf("the feed of %s is %s, want %s", agent, got.IDs(), want.IDs())
		}
	}
}

// Everything is made again, over and over, while events come in: the end is as if nothing had been.
func TestRebuildWhileEventsComeIn(t *testing.T) {
	h := loaded(t, 600)
	const total = 6000
	var sent atomic.Int64
	sent.Store(600)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for first := int(sent.Load()); first < total; first += 100 {
			h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(first, 100, 60, 3), "Content-Type: application/x-ndjson")
			sent.Store(int64(first + 100))
		}
	}()
	for rounds := 0; rounds < 2 || sent.Load() < total; rounds++ {
		h.rebuilt("profiles")
		h.rebuilt("feeds")
		h.rebuilt("facts")
	}
	<-done
	h.AwaitTotals(total)
	h.awaitLearned(total)
	for _, what := range []string{"profiles", "facts"} {
		if p := h.rebuilt(what); p.Changed+p.Added+p.Removed+p.Popularity != 0 || p.Read != total {
			t.Errorf("%s are not as the log says: %+v", what, p)
		}
	}
	if counted := h.counted("analytics", "stored"); counted != total {
		t.Errorf("%v facts were recorded, want %d", counted, total)
	}
}
