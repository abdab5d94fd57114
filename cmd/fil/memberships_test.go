package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/cmd/fil/config"
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
	eventually(l.t, "the members of "+audience, func() bool {
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

// gauge reads a metric of a process, summed over its series.
func (p *program) gauge(name string) (sum float64) {
	p.t.Helper()
	text := p.must(http.MethodGet, "/metrics", p.keys["service"], "", 200).body
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, name+" ") || strings.HasPrefix(line, name+"{") {
			value, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(strings.TrimSpace(line), ' '):]), 64)
			if err != nil {
				p.t.Fatal(err)
			}
			sum += value
		}
	}
	return sum
}

// Two workers share the partitions, index what they own, and announce once who enters and leaves; processes without acts go
// by it; what a worker that dies has not said, the other one says.
func TestMembershipsFollow(t *testing.T) {
	e := startEngines(t)
	door := e.serve("ingest")
	story(door)
	door.must(http.MethodPut, "/v1/audiences/readers", door.keys["communicator"], `{"name":"Lecteurs","rule":"did(\"read\", topic == \"finances\")"}`, 200, 201)
	door.must(http.MethodPut, "/v1/audiences/cadres", door.keys["communicator"], `{"name":"Cadres","rule":"category == \"A\"","announce":true}`, 200, 201)
	door.must(http.MethodPut, "/v1/contents/c9", door.keys["communicator"],
		`{"title":"Suite","topics":["finances"],"source":"Finances","audiences":["readers"],"published_at":"2026-11-02T08:00:00Z"}`, 200, 201)
	send := func(body string) {
		t.Helper()
		if answer := door.ask(http.MethodPost, "/v1/engagements", door.keys["ingest"], body, "Content-Type: application/x-ndjson"); answer.status != http.StatusAccepted {
			t.Fatalf("status %d: %s", answer.status, answer.body)
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
	contents := func(agent string) string { return delivery.feed(agent).ids() }
	if got, other := contents("a0"), contents("a4"); !strings.Contains(got, "c9") || strings.Contains(other, "c9") {
		t.Errorf("a reader sees %s, another agent %s", got, other)
	}
	second := e.serveWith(fast, "worker")
	eventually(t, "the workers to have one part of the agents each", func() bool {
		one, two := first.gauge("fil_audiences_agents"), second.gauge("fil_audiences_agents")
		return one > 0 && two > 0 && one+two == 60
	})
	if acts := first.gauge("fil_audiences_acts") + second.gauge("fil_audiences_acts"); acts != 4 || door.gauge("fil_audiences_acts") != 4 || delivery.gauge("fil_audiences_acts") != 0 {
		t.Errorf("the workers keep %v acts together, the door %v, delivery %v", acts, door.gauge("fil_audiences_acts"), delivery.gauge("fil_audiences_acts"))
	}
	send(reads(4, 5, 6, 7, 8, 9))
	memberships.await("readers", named(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
	eventually(t, "delivery to show what readers may read", func() bool { return strings.Contains(contents("a4"), "c9") })

	first.kill() // while all this is to be announced
	for i := range 60 {
		door.must(http.MethodPut, fmt.Sprintf("/v1/agents/a%d", i), door.keys["ingest"], fmt.Sprintf(`{"org":"cd","attributes":{"category":%q}}`, []string{"A", "B"}[i%2]), 200)
	}
	send(reads(10, 11, 12, 13))
	cadres = nil
	for i := 0; i < 60; i += 2 {
		cadres = append(cadres, fmt.Sprintf("a%d", i))
	}
	memberships.await("cadres", cadres)
	memberships.await("readers", named(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13))
	eventually(t, "the worker that is left to have all agents", func() bool { return second.gauge("fil_audiences_agents") == 60 })

	second.kill()
	door.must(http.MethodPut, "/v1/contents/c1", door.keys["communicator"], // what they read was about something else
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

// A worker that gets a partition long after its tables were ready begins with all that the one before it went by.
func TestLaneBeginsWithWhatTheLogHolds(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	cfg = onEngines(cfg, startEmbedded(t, cfg.Data))
	ctx, stop := context.WithCancel(t.Context())
	h, err := build(ctx, cfg, discard(), []string{"worker", "delivery"})
	if err != nil {
		t.Fatal(err)
	}
	opened, applied := make(chan struct{}), make(chan struct{})
	h.also[fil.TopicMemberships] = append(h.also[fil.TopicMemberships], func([]fil.Record) error {
		select { // as long as others are waited for
		case <-opened:
		case <-time.After(300 * time.Millisecond):
		}
		close(applied)
		return nil
	})
	var running sync.WaitGroup
	defer func() {
		stop()
		running.Wait()
		if err := h.close(); err != nil {
			t.Error(err)
		}
	}()
	for _, table := range h.tables {
		running.Go(func() { _ = table.Run(ctx) })
	}
	for _, table := range h.tables {
		<-table.Ready()
	}
	records := []fil.Record{{
		Position: fil.Position{Topic: fil.TopicMemberships}, Key: "someone", Event: fil.Event{ID: "2", Source: "test", Type: fil.TypeMembership},
	}}
	if err := h.events.Publish(ctx, records); err != nil {
		t.Fatal(err)
	}
	release, err := h.openLane(ctx, records[0].Partition)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	close(opened)
	select {
	case <-applied:
	default:
		t.Error("the lane was opened before a record that was in the log was applied")
	}
}
