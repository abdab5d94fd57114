package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/cmd/fil/filtest"
	"github.com/filengine/fil/ingest/eventlog"
)

// listener follows fil.memberships from the first record, as somebody does who passes over events that are known.
type listener struct {
	t      *testing.T
	log    *eventlog.Log
	at     map[int]int64
	seen   map[string]bool
	in     map[string][]string // audiences by agent
	moves  int                 // entries and exits
	copies int
}

func listen(t *testing.T, e *engines) *listener {
	t.Helper()
	cfg := eventlog.DefaultConfig()
	cfg.Brokers, cfg.Prefix = e.cfg.Log.Brokers, e.cfg.Log.Prefix
	cfg.Login = eventlog.Login{Mechanism: e.cfg.Log.SASL.Mechanism, Username: e.cfg.Log.SASL.Username, Password: e.cfg.Log.SASL.Password}
	log, err := eventlog.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close(context.Background()) })
	return &listener{t: t, log: log, at: map[int]int64{}, seen: map[string]bool{}, in: map[string][]string{}}
}

// follow reads what is new, and holds each record to the state before it: an entry is of someone who was out, an exit of
// someone who was in, and the whole state is what they make of the one before.
func (l *listener) follow() {
	l.t.Helper()
	partitions, err := l.log.Partitions(fil.TopicMemberships)
	if err != nil {
		l.t.Fatal(err)
	}
	for p := range partitions {
		_, end, err := l.log.Extent(l.t.Context(), fil.TopicMemberships, p)
		if err == nil {
			err = l.log.Read(l.t.Context(), fil.TopicMemberships, p, l.at[p], end, func(batch []fil.Record, next int64) error {
				for _, rec := range batch {
					l.hear(rec)
				}
				l.at[p] = next
				return nil
			})
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l *listener) hear(rec fil.Record) {
	l.t.Helper()
	if l.seen[rec.Event.ID] {
		l.copies++
		return
	}
	l.seen[rec.Event.ID] = true
	if rec.Event.Data == nil {
		delete(l.in, rec.Key)
		return
	}
	m, err := fil.Decode[audiences.Membership](rec)
	if err != nil {
		l.t.Fatal(err)
	}
	before := l.in[m.Agent]
	for _, id := range m.Entered {
		if slices.Contains(before, id) {
			l.t.Errorf("%s: %s entered %s twice", rec.Position, m.Agent, id)
		}
	}
	for _, id := range m.Left {
		if !slices.Contains(before, id) {
			l.t.Errorf("%s: %s left %s without having been in it", rec.Position, m.Agent, id)
		}
	}
	want := slices.DeleteFunc(slices.Concat(before, m.Entered), func(id string) bool { return slices.Contains(m.Left, id) })
	slices.Sort(want)
	l.in[m.Agent] = slices.Sorted(maps.Keys(m.In))
	if !slices.Equal(want, l.in[m.Agent]) {
		l.t.Errorf("%s: %s is in %v, who was in %v, entered %v and left %v", rec.Position, m.Agent, l.in[m.Agent], before, m.Entered, m.Left)
	}
	l.moves += len(m.Entered) + len(m.Left)
}

// await follows until the members of an audience are those wanted.
func (l *listener) await(audience string, want []string) {
	l.t.Helper()
	slices.Sort(want)
	var got []string
	defer func() {
		if l.t.Failed() {
			l.t.Logf("members of %s (-want +got):\n%s", audience, cmp.Diff(want, got))
		}
	}()
	filtest.Eventually(l.t, "the members of "+audience, func() bool {
		l.follow()
		got = nil
		for agent, in := range l.in {
			if slices.Contains(in, audience) {
				got = append(got, agent)
			}
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

// reads gives a read of c1 by each of some agents, now.
func reads(agents ...int) string {
	var b strings.Builder
	for _, i := range agents {
		_, _ = fmt.Fprintf(&b, `{"specversion":"1.0","id":"read-%d-%d","source":"test","type":"fil.engagement.read","time":%q,"data":{"agent":"a%d","content":"c1"}}`+"\n",
			i, time.Now().UnixNano(), time.Now().UTC().Format(time.RFC3339Nano), i)
	}
	return b.String()
}

func named(agents ...int) (ids []string) {
	for _, i := range agents {
		ids = append(ids, fmt.Sprintf("a%d", i))
	}
	return ids
}

// Two workers share the partitions, index what they own, and announce once who enters and leaves; processes without acts go
// by it; what a worker that dies has not said, the other one says.
func TestMembershipsFollow(t *testing.T) {
	e := startEngines(t)
	door := e.serve("ingest")
	door.Story()
	door.Must(http.MethodPut, "/v1/audiences/readers", door.Keys["communicator"], `{"name":"Lecteurs","rule":"did(\"read\", topic == \"finances\")"}`, 200, 201)
	door.Must(http.MethodPut, "/v1/audiences/cadres", door.Keys["communicator"], `{"name":"Cadres","rule":"category == \"A\"","announce":true}`, 200, 201)
	door.Must(http.MethodPut, "/v1/contents/c9", door.Keys["communicator"],
		`{"title":"Suite","topics":["finances"],"source":"Finances","audiences":["readers"],"published_at":"2026-11-02T08:00:00Z"}`, 200, 201)
	send := func(body string) {
		t.Helper()
		if answer := door.Ask(http.MethodPost, "/v1/engagements", door.Keys["ingest"], body, "Content-Type: application/x-ndjson"); answer.Status != http.StatusAccepted {
			t.Fatalf("status %d: %s", answer.Status, answer.Body)
		}
	}
	var cadres []string
	for i := 1; i < 60; i += 2 {
		cadres = append(cadres, fmt.Sprintf("a%d", i))
	}
	send(reads(0, 1, 2, 3))
	fast := []string{"FIL_LOG_SESSION=2s"}
	first := e.serveWith(fast, "worker")
	memberships := listen(t, e)
	memberships.await("cadres", cadres)
	memberships.await("readers", named(0, 1, 2, 3))
	delivery := e.serve("delivery")
	contents := func(agent string) string { return delivery.Feed(agent).IDs() }
	if got, other := contents("a0"), contents("a4"); !strings.Contains(got, "c9") || strings.Contains(other, "c9") {
		t.Errorf("a reader sees %s, another agent %s", got, other)
	}
	second := e.serveWith(fast, "worker")
	filtest.Eventually(t, "the workers to have one part of the agents each", func() bool {
		one, two := first.Gauge("fil_audiences_agents"), second.Gauge("fil_audiences_agents")
		return one > 0 && two > 0 && one+two == 60
	})
	if acts := first.Gauge("fil_audiences_acts") + second.Gauge("fil_audiences_acts"); acts != 4 || door.Gauge("fil_audiences_acts") != 4 || delivery.Gauge("fil_audiences_acts") != 0 {
		t.Errorf("the workers keep %v acts together, the door %v, delivery %v", acts, door.Gauge("fil_audiences_acts"), delivery.Gauge("fil_audiences_acts"))
	}
	send(reads(4, 5, 6, 7, 8, 9))
	memberships.await("readers", named(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
	filtest.Eventually(t, "delivery to show what readers may read", func() bool { return strings.Contains(contents("a4"), "c9") })

	first.kill() // while all this is to be announced
	for i := range 60 {
		door.Must(http.MethodPut, fmt.Sprintf("/v1/agents/a%d", i), door.Keys["ingest"], fmt.Sprintf(`{"org":"cd","attributes":{"category":%q}}`, []string{"A", "B"}[i%2]), 200)
	}
	send(reads(10, 11, 12, 13))
	cadres = nil
	for i := 0; i < 60; i += 2 {
		cadres = append(cadres, fmt.Sprintf("a%d", i))
	}
	memberships.await("cadres", cadres)
	memberships.await("readers", named(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13))
	filtest.Eventually(t, "the worker that is left to have all agents", func() bool { return second.Gauge("fil_audiences_agents") == 60 })

	second.kill()
	door.Must(http.MethodPut, "/v1/contents/c1", door.Keys["communicator"], // what they read was about something else
		`{"title":"Budget","topics":["budget"],"source":"Finances","published_at":"2026-11-02T08:00:00Z"}`, 200)
	moves := memberships.moves
	third := e.serve("worker")
	memberships.await("readers", nil)
	if third.stop() != exitDone {
		t.Error("a worker that was told to stop did not end well")
	}
	memberships.follow()
	if more := memberships.moves - moves; more != 14 {
		t.Errorf("a correction that moved 14 agents was announced as %d changes", more)
	}
	e.serve("worker")
	memberships.await("cadres", cadres)
	if memberships.moves != moves+14 {
		t.Errorf("a worker that found nothing new announced %d changes", memberships.moves-moves-14)
	}
}
