package dashboards_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/dashboards"
)

// event is one of a stream; a comment is named ":".
type event struct{ id, name, data string }

// watch opens a stream of what happens to a content.
func (w *world) watch(content string, header ...string) (status int, answer http.Header, events <-chan event, leave func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.URL+"/v1/dashboards/contents/"+content+"/live", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := w.server.Client().Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	out := make(chan event)
	go func() {
		defer close(out)
		defer res.Body.Close()
		var e event
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "":
				if e == (event{}) {
					e.name = ":"
				}
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
				e = event{}
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				e.data = value
			}
		}
	}()
	w.t.Cleanup(cancel)
	return res.StatusCode, res.Header, out, cancel
}

// next waits for an event that is no comment.
func next(t testing.TB, events <-chan event) event {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case e, open := <-events:
			if !open {
				t.Fatal("the stream ended")
			}
			if e.name != ":" {
				return e
			}
		case <-deadline:
			t.Fatal("no event came")
		}
	}
}

// What is told live is the totals of the content's dashboard to the byte, and again when they change.
func TestLive_TellsTheTotalsOfTheDashboard(t *testing.T) {
	of := busy()
	w := build(t, of)
	status, header, events, _ := w.watch("a")
	if status != 200 || header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d, %v", status, header)
	}
	same := func(e event) {
		t.Helper()
		var told, board struct {
			From, To string
			Totals   json.RawMessage
		}
		_, body, _ := w.ask("contents/a")
		if err := json.Unmarshal([]byte(e.data), &told); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(body), &board); err != nil {
			t.Fatal(err)
		}
		if e.name != "totals" || told.From != board.From || told.To != board.To || string(told.Totals) != string(board.Totals) {
			t.Errorf("told %+v, the dashboard says %s", e, body)
		}
	}
	first := next(t, events)
	same(first)
	var acts []act
	for _, p := range of.people {
		acts = append(acts, act{fil.Open, p.id, "a", 0, 1})
	}
	w.do(acts)
	second := next(t, events)
	same(second)
	if first.id == second.id {
		t.Error("other figures have the same id")
	}
	_, _, again, _ := w.watch("a", "Last-Event-ID: "+second.id)
	for range 3 {
		if e := <-again; e.name != ":" {
			t.Errorf("told again: %+v", e)
		}
	}
}

// However many watch a content, it is looked at once; the looks end with the last of them.
func TestLive_LooksOnceForAll(t *testing.T) {
	w := build(t, busy())
	var leaves []func()
	for range 20 {
		_, _, events, leave := w.watch("a")
		next(t, events)
		leaves = append(leaves, leave)
	}
	began, before := time.Now(), w.cells.count.Load()
	eventually(t, "looks", func() bool { return w.cells.count.Load() > before+3 })
	if most := int64(time.Since(began)/w.live.Every) + 2; w.cells.count.Load()-before > most {
		t.Errorf("%d looks in %v with 20 watchers, want %d at most", w.cells.count.Load()-before, time.Since(began), most)
	}
	for _, leave := range leaves {
		leave()
	}
	eventually(t, "the looks to end", func() bool {
		before := w.cells.count.Load()
		wait := time.NewTimer(5 * w.live.Every)
		defer wait.Stop()
		<-wait.C
		return w.cells.count.Load() == before
	})
}

func TestLive_IsBoundedAndKeepsToThePerimeter(t *testing.T) {
	of := busy()
	of.contents[1].Perimeter = "P"
	w := build(t, of)
	want := func(content string, status int, language, says string) {
		t.Helper()
		got, header, _, _ := w.watch(content, "Accept-Language: "+language)
		if got != status || status > 404 && header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v, want %d (%s)", content, got, header, status, says)
		}
	}
	w.caller = fil.Caller{Role: fil.RoleLeader, Name: "bounded", Perimeter: "P"}
	want("a", 404, "fr", "another's content")
	want("zz", 404, "en", "no content")
	_, _, events, _ := w.watch("b")
	next(t, events)
	for range dashboards.DefaultLive().WatchersPerKey {
		status, _, _, _ := w.watch("b")
		if status == 429 {
			break
		}
	}
	want("b", 429, "fr", "one key has too many")
	w.caller.Name = "other"
	want("b", 200, "fr", "another key")

	of.contents[1].Perimeter = "elsewhere"
	eventually(t, "the stream to end once the content is no longer the caller's", func() bool {
		_, open := <-events
		return !open
	})
}

// Streams end when the server stops, and none is opened then.
func TestLive_EndsWithTheServer(t *testing.T) {
	w := build(t, busy())
	_, _, events, _ := w.watch("a")
	next(t, events)
	w.stop()
	for e := range events {
		if e.name != ":" {
			t.Errorf("%+v before the end", e)
		}
	}
	if status, _, _, _ := w.watch("a"); status != 503 {
		t.Errorf("a stream of a server that stops: %d", status)
	}
}

// A store that does not answer is told, and told again when it is back.
func TestLive_SaysThatFiguresAreStale(t *testing.T) {
	w := build(t, busy())
	_, _, events, _ := w.watch("a")
	first := next(t, events)
	w.cells.fail.Store(true)
	if e := next(t, events); e.name != "stale" || e.data != "{}" {
		t.Errorf("%+v while the store is away", e)
	}
	w.cells.fail.Store(false)
	if e := next(t, events); e != first {
		t.Errorf("%+v when it is back, want %+v", e, first)
	}
}

// eventually polls until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline, tick := time.After(time.Minute), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited for %s in vain", what)
		case <-tick.C:
		}
	}
}
