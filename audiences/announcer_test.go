package audiences_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// place is a log of three partitions, and the index of a process that has read it.
type place struct {
	tb       rapid.TB
	now      time.Time
	log      []fil.Record // all topics, in the order of writing
	offsets  map[fil.Topic]map[int]int64
	fails    int // publications that fail from now on
	index    *audiences.Index
	announce *audiences.Announcer
	desks    []*audiences.Desk
	seen     map[string]bool // events published, by source and id
	state    map[string][]string
	copies   int
	deaf     bool // what is published is not held to what was said before
}

func newPlace(tb rapid.TB) *place {
	t := &place{tb: tb, now: time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC), offsets: map[fil.Topic]map[int]int64{}, seen: map[string]bool{}, state: map[string][]string{}}
	t.restart()
	return t
}

// restart begins a process that knows what the log tells.
func (t *place) restart() {
	t.index = audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return t.now }, Zone: time.UTC, Behaviour: window})
	var err error
	if t.announce, err = audiences.NewAnnouncer(t.index, t, func(context.Context) error { return nil }, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err != nil {
		t.tb.Fatal(err)
	}
	for _, rec := range t.log {
		t.apply(rec)
	}
	t.desks = nil
	for p := range partitions {
		t.desks = append(t.desks, t.announce.Open(p))
	}
}

// write puts a record in the log and lets the process read it.
func (t *place) write(topic fil.Topic, key string, event fil.Event) {
	rec := t.append(topic, key, event)
	t.apply(rec)
}

func (t *place) append(topic fil.Topic, key string, event fil.Event) fil.Record {
	rec := fil.Record{Position: fil.Position{Topic: topic, Partition: partitionOf(key)}, Key: key, Event: event, Admitted: t.now}
	if t.offsets[topic] == nil {
		t.offsets[topic] = map[int]int64{}
	}
	rec.Offset = t.offsets[topic][rec.Partition]
	t.offsets[topic][rec.Partition]++
	t.log = append(t.log, rec)
	return rec
}

func (t *place) put(topic fil.Topic, key string, data any) {
	event := fil.Event{ID: fmt.Sprint(len(t.log)), Source: "test", Type: fil.TypeAgent}
	if data != nil {
		event.Data, _ = json.Marshal(data)
	}
	t.write(topic, key, event)
}

func (t *place) apply(rec fil.Record) {
	batch := []fil.Record{rec}
	var err error
	switch rec.Topic {
	case fil.TopicAgents:
		err = t.index.ApplyAgents(batch)
		t.announce.Touched(batch, audiences.CauseAgent)
	case fil.TopicAudiences:
		err = t.index.ApplyAudiences(batch)
		t.announce.Redefined()
	case fil.TopicContents:
		if t.index.ApplyContents(batch) {
			t.announce.Redefined()
		}
	case fil.TopicEngagements:
		t.index.ApplyEngagements(batch)
		t.announce.Touched(batch, audiences.CauseEngagement)
	case fil.TopicMemberships:
		var moved []string
		if moved, err = t.index.ApplyMemberships(batch); len(moved) > 0 {
			t.announce.Touched(batch, audiences.CauseStart)
		}
	}
	if err != nil {
		t.tb.Fatal(err)
	}
}

// Publish writes memberships, and checks each against what was said before.
func (t *place) Publish(_ context.Context, records []fil.Record) error {
	if t.fails > 0 {
		if t.fails--; t.fails%2 == 0 { // written, and the answer lost
			for _, rec := range records {
				t.listen(t.append(rec.Topic, rec.Key, rec.Event))
			}
		}
		return errors.New("no answer")
	}
	for i := range records {
		records[i] = t.append(records[i].Topic, records[i].Key, records[i].Event)
		t.listen(records[i])
	}
	return nil
}

// listen follows memberships as somebody does who passes over events that are known.
func (t *place) listen(rec fil.Record) {
	if t.deaf {
		return
	}
	identity := rec.Event.Source + " " + rec.Event.ID
	if t.seen[identity] {
		t.copies++
		return
	}
	t.seen[identity] = true
	if rec.Event.Data == nil {
		if len(t.state[rec.Key]) > 0 {
			t.tb.Fatalf("%s was removed while in %v", rec.Key, t.state[rec.Key])
		}
		delete(t.state, rec.Key)
		return
	}
	m, err := fil.Decode[audiences.Membership](rec)
	if err != nil || m.Agent != rec.Key || len(m.Entered)+len(m.Left) == 0 || m.Cause == "" {
		t.tb.Fatalf("announced %+v, error %v", m, err)
	}
	want := slices.Concat(t.state[rec.Key], m.Entered)
	for _, left := range m.Left {
		if !slices.Contains(t.state[rec.Key], left) {
			t.tb.Fatalf("%s left %s and was not in it", rec.Key, left)
		}
		want = slices.DeleteFunc(want, func(id string) bool { return id == left })
	}
	slices.Sort(want)
	if in := slices.Sorted(maps.Keys(m.In)); !slices.Equal(in, slices.Compact(want)) {
		t.tb.Fatalf("%s is in %v, entered %v and left %v, after %v", rec.Key, in, m.Entered, m.Left, t.state[rec.Key])
	}
	t.state[rec.Key] = want
}

// look lets the announcer look everywhere, until it has.
func (t *place) look() {
	for _, d := range t.desks {
		for d.Look(context.Background()) != nil {
		}
	}
}

// agrees compares what was announced with the rules.
func (t *place) agrees(audiencesOf []fil.Audience) {
	want := map[string][]string{}
	for _, a := range audiencesOf {
		ids, err := t.index.Select(a.Rule)
		if err != nil {
			t.tb.Fatal(err)
		}
		for _, id := range ids {
			want[id] = append(want[id], a.ID)
		}
	}
	got := map[string][]string{}
	for id, in := range t.state {
		if len(in) > 0 {
			got[id] = in
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.tb.Fatalf("at %v announced (-rules +announced):\n%s", t.now, diff)
	}
}

var announcedRules = []string{`grade == "A"`, `did("read")`, `did("read", topic == "rh", n >= 2, "5 days") or manager`, `last("click") < "10 days"`, `grade != "A" and not did("read", "3 days")`}

// Whatever happens, in whatever order, with publications that fail and processes that die: what was announced becomes what
// the rules say, no change is said twice, and one that knows nothing but the log has nothing to add.
func TestAnnouncerSaysWhatChanges(t *testing.T) {
	rapid.Check(t, func(g *rapid.T) {
		place := newPlace(g)
		defined := map[string]fil.Audience{}
		events := 0
		for range rapid.IntRange(1, 40).Draw(g, "steps") {
			id := rapid.SampledFrom(ids).Draw(g, "id")
			switch rapid.IntRange(0, 9).Draw(g, "step") {
			case 0, 1:
				if rapid.IntRange(0, 3).Draw(g, "leave") == 0 {
					place.put(fil.TopicAgents, id, nil)
				} else {
					place.put(fil.TopicAgents, id, agent(g, id))
				}
			case 2:
				name := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(g, "audience")
				if rapid.IntRange(0, 3).Draw(g, "end") == 0 {
					delete(defined, name)
					place.put(fil.TopicAudiences, name, nil)
					continue
				}
				defined[name] = fil.Audience{ID: name, Name: name, Rule: rapid.SampledFrom(announcedRules).Draw(g, "rule"), Announce: true}
				place.put(fil.TopicAudiences, name, defined[name])
			case 3:
				content := rapid.SampledFrom([]string{"c1", "c2"}).Draw(g, "content")
				place.put(fil.TopicContents, content, drawContent(g, content))
			case 4:
				place.now = place.now.Add(time.Duration(rapid.IntRange(0, 80).Draw(g, "hours")) * time.Hour)
			case 5:
				place.look()
			case 6:
				place.fails = rapid.IntRange(0, 3).Draw(g, "failures")
				place.look()
			case 7:
				place.restart()
			default:
				events++
				d := deed{agent: id, content: rapid.SampledFrom([]string{"c1", "c2"}).Draw(g, "about"), at: place.now, kind: rapid.SampledFrom([]fil.EngagementKind{fil.Read, fil.Click}).Draw(g, "kind"), id: fmt.Sprint(events)}
				place.write(fil.TopicEngagements, id, d.record(g, 0).Event)
			}
		}
		place.look()
		var all []fil.Audience
		for _, name := range slices.Sorted(maps.Keys(defined)) {
			all = append(all, defined[name])
		}
		place.agrees(all)
		written := len(place.log)
		place.look()
		place.restart()
		place.look()
		if more := place.log[written:]; len(more) > 0 {
			g.Fatalf("nothing changed, and this was announced: %v", more)
		}
	})
}

// Time moves exactly those whom a rule about behaviour concerns, when it does, and the announcer knows beforehand.
func TestAnnouncerFollowsTime(t *testing.T) {
	place := newPlace(t)
	place.put(fil.TopicAudiences, "lately", fil.Audience{ID: "lately", Name: "x", Rule: `did("read", "3 days")`})
	for _, id := range ids {
		place.put(fil.TopicAgents, id, fil.Agent{ID: id})
	}
	place.write(fil.TopicEngagements, "a", deed{agent: "a", content: "c", kind: fil.Read, at: place.now, id: "1"}.record(t, 0).Event)
	place.look()
	if diff := cmp.Diff(map[string][]string{"a": {"lately"}}, place.state); diff != "" {
		t.Fatal(diff)
	}
	due, some := place.desks[partitionOf("a")].Next()
	if !some || !due.Equal(place.now.Add(72*time.Hour)) {
		t.Fatalf("due %v, want in 3 days, at %v", due, place.now.Add(72*time.Hour))
	}
	place.now = due.Add(-time.Second)
	place.look()
	written := len(place.log)
	place.now = due
	place.look()
	last := place.log[len(place.log)-1]
	m, err := fil.Decode[audiences.Membership](last)
	if err != nil || len(place.log) != written+1 || !slices.Equal(m.Left, []string{"lately"}) || m.Cause != audiences.CauseTime || len(m.In) > 0 {
		t.Errorf("%d records, the last %+v, error %v", len(place.log)-written, m, err)
	}
}

// Who listens sees an agent leave whom the directory removes, then a tombstone takes away what was said of them.
func TestAnnouncerRemovesThoseWhoLeft(t *testing.T) {
	place := newPlace(t)
	place.put(fil.TopicAudiences, "all", fil.Audience{ID: "all", Name: "x", Rule: `true`, Announce: true})
	place.put(fil.TopicAgents, "a", fil.Agent{ID: "a"})
	place.look()
	place.put(fil.TopicAgents, "a", nil)
	place.look()
	last := place.log[len(place.log)-2:]
	if m, err := fil.Decode[audiences.Membership](last[0]); err != nil || !slices.Equal(m.Left, []string{"all"}) || last[1].Event.Data != nil || last[1].Key != "a" || last[1].Topic != fil.TopicMemberships {
		t.Errorf("announced %+v, error %v, then %+v", m, err, last[1])
	}
	first := place.log[2].Event.ID
	place.put(fil.TopicAgents, "a", fil.Agent{ID: "a"})
	place.look()
	if again := place.log[len(place.log)-1]; again.Topic != fil.TopicMemberships || again.Event.ID == first {
		t.Errorf("who comes back is announced by %+v, their first entry was %s", again.Event, first)
	}
}

// A process that was taken for dead writes what it had in hand, late: the owner puts it right.
func TestAnnouncerCorrectsALateWrite(t *testing.T) {
	place := newPlace(t)
	place.put(fil.TopicAudiences, "grade", fil.Audience{ID: "grade", Name: "x", Rule: `grade == "A"`, Announce: true})
	place.put(fil.TopicAgents, "a", fil.Agent{ID: "a", Attributes: map[string]any{"grade": "A"}})
	place.look()
	stale := place.log[len(place.log)-1]
	place.put(fil.TopicAgents, "a", fil.Agent{ID: "a"})
	place.look()
	place.apply(place.append(stale.Topic, stale.Key, stale.Event)) // says that they are in
	place.look()
	last, err := fil.Decode[audiences.Membership](place.log[len(place.log)-1])
	if err != nil || len(last.In) > 0 || !slices.Equal(last.Left, []string{"grade"}) {
		t.Errorf("after the late record: %+v, error %v", last, err)
	}
}

// A process that keeps no acts judges audiences about behaviour by what was announced, one by one and by sets.
func TestReadersGoByWhatWasAnnounced(t *testing.T) {
	place := newPlace(t)
	reader := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return place.now }, Zone: time.UTC, Behaviour: window, Announced: true})
	place.put(fil.TopicAudiences, "read", fil.Audience{ID: "read", Name: "x", Rule: `did("read") and grade == "A"`})
	for i, id := range ids {
		place.put(fil.TopicAgents, id, fil.Agent{ID: id, Attributes: map[string]any{"grade": []string{"A", "B"}[i%2]}})
		place.write(fil.TopicEngagements, id, deed{agent: id, content: "c", kind: fil.Read, at: place.now, id: fmt.Sprint(i)}.record(t, 0).Event)
	}
	follow := func() {
		for _, rec := range place.log {
			switch rec.Topic {
			case fil.TopicAgents:
				_ = reader.ApplyAgents([]fil.Record{rec})
			case fil.TopicAudiences:
				_ = reader.ApplyAudiences([]fil.Record{rec})
			case fil.TopicMemberships:
				_, _ = reader.ApplyMemberships([]fil.Record{rec})
			}
		}
	}
	follow()
	before, _ := reader.Member(ids[0])
	if before.In("read") {
		t.Error("someone is in before it was announced")
	}
	place.look()
	follow()
	want := 0
	for i, id := range ids {
		m, _ := reader.Member(id)
		own, _ := place.index.Member(id)
		if m.In("read") != (i%2 == 0) || own.In("read") != m.In("read") || own.Stamp() != m.Stamp() {
			t.Errorf("%s in: %v, where acts are kept %v", id, m.In("read"), own.In("read"))
		}
		if i%2 == 0 {
			want++
		}
	}
	if after, _ := reader.Member(ids[0]); after.Stamp() == before.Stamp() {
		t.Error("the stamp is as before the entry: stored feeds would stay")
	}
	if total, _ := reader.Reach([]fil.Aim{{Audiences: []string{"read"}}}, ""); total != want {
		t.Errorf("reach %d, want %d", total, want)
	}
}
