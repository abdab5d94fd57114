package audiences_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// A rule that asks one agent's record for another moves agents of other partitions than that of the record.
func TestAnnouncerFollowsOtherAgents(t *testing.T) {
	place := newPlace(t)
	place.put(fil.TopicAudiences, "team", fil.Audience{ID: "team", Name: "x", Rule: `team("root")`, Announce: true})
	between, beneath := "a", "b"
	for i := 0; partitionOf(beneath) == partitionOf(between); i++ {
		beneath = fmt.Sprint("b", i)
	}
	place.put(fil.TopicAgents, between, fil.Agent{ID: between, Attributes: map[string]any{"supervisor": "root"}})
	place.put(fil.TopicAgents, beneath, fil.Agent{ID: beneath, Attributes: map[string]any{"supervisor": between}})
	place.look()
	if want := []string{"team"}; !slices.Equal(place.state[beneath], want) {
		t.Fatalf("%s is in %v, want %v", beneath, place.state[beneath], want)
	}
	place.put(fil.TopicAgents, between, fil.Agent{ID: between})
	place.look()
	if len(place.state[between])+len(place.state[beneath]) > 0 {
		t.Errorf("announced %v after the manager had left the team", place.state)
	}
}

// dropping publishes once, and then the process lets go of the partition.
type dropping struct {
	*place
	partition int
}

func (d *dropping) Publish(ctx context.Context, records []fil.Record) error {
	err := d.place.Publish(ctx, records)
	d.index.Drop(d.partition)
	return err
}

// Agents of a partition that the process lets go of while they are looked at have not left anything.
func TestAnnouncerSaysNothingOfADroppedPartition(t *testing.T) {
	place := newPlace(t)
	var err error
	if place.announce, err = audiences.NewAnnouncer(place.index, &dropping{place: place}, func(context.Context) error { return nil }, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	place.desks = []*audiences.Desk{place.announce.Open(0)}
	var there []fil.Record
	for i := 0; len(there) < 1500; i++ {
		if id := fmt.Sprint("agent", i); partitionOf(id) == 0 {
			place.put(fil.TopicAgents, id, fil.Agent{ID: id, Attributes: map[string]any{"grade": "A"}})
			there = append(there, place.log[len(place.log)-1])
		}
	}
	in := audiences.Membership{In: map[string]time.Time{"grade": place.now}, Entered: []string{"grade"}, Cause: audiences.CauseStart}
	for _, rec := range there {
		in.Agent = rec.Key
		place.put(fil.TopicMemberships, rec.Key, in)
		place.listen(place.log[len(place.log)-1])
	}
	place.put(fil.TopicAudiences, "other", fil.Audience{ID: "other", Name: "x", Rule: `grade == "A"`, Announce: true})
	written := len(place.log)
	if err := place.desks[0].Look(t.Context()); err == nil {
		t.Error("no error from a partition that is not held any more")
	}
	for _, rec := range place.log[written:] {
		if rec.Event.Data == nil {
			t.Fatalf("%s is said to be gone", rec.Key)
		}
	}
	if n := len(place.log) - written; n != 1000 {
		t.Errorf("%d records, want those written before the partition was dropped", n)
	}
	_ = place.desks[0].Look(t.Context())
}

// A record without a key is of no agent, and must not keep those of the partition from being announced.
func TestAnnouncerPassesOverARecordWithoutKey(t *testing.T) {
	place := newPlace(t)
	for i := range 64 { // the ids of some of them are odd numbers, as those that say something are
		rec := place.append(fil.TopicMemberships, "", fil.Event{ID: fmt.Sprintf("%x", i), Source: "test", Type: fil.TypeMembership})
		if _, err := place.index.ApplyMemberships([]fil.Record{rec}); err == nil {
			t.Fatal("a record without a key was accepted")
		}
	}
	written := len(place.log)
	place.look()
	if more := place.log[written:]; len(more) > 0 {
		t.Errorf("announced %v", more)
	}
}

// Whatever somebody writes to fil.memberships, the announcer puts it right and comes to rest.
func FuzzMembership(f *testing.F) {
	f.Add("a", "0000000000000001", []byte(`{"agent":"a","in":{"x":"2026-03-01T00:00:00Z","gone":"1969-01-01T00:00:00Z"}}`))
	f.Add("a", "2", []byte(`{"agent":"a","in":{"x":"2106-02-07T06:28:16Z"}}`))
	f.Add("nobody", "ffffffffffffffff", []byte(nil))
	f.Add("", "1", []byte(`{"agent":"","in":{}}`))
	f.Fuzz(func(t *testing.T, key, id string, data []byte) {
		place := newPlace(t)
		place.put(fil.TopicAudiences, "x", fil.Audience{ID: "x", Name: "x", Rule: `true`, Announce: true})
		place.put(fil.TopicAgents, "a", fil.Agent{ID: "a"})
		if len(data) == 0 {
			data = nil
		}
		rec := place.append(fil.TopicMemberships, key, fil.Event{ID: id, Source: "test", Type: fil.TypeMembership, Data: data})
		moved, err := place.index.ApplyMemberships([]fil.Record{rec})
		if rejected, other := fil.Rejections(err); other != nil || len(rejected)+len(moved) > 1 {
			t.Fatalf("moved %v, error %v", moved, err)
		}
		if len(moved) > 0 {
			place.announce.Touched([]fil.Record{rec}, audiences.CauseStart)
		}
		place.deaf = true
		place.look()
		written := len(place.log)
		place.look()
		if more := place.log[written:]; len(more) > 0 {
			t.Fatalf("nothing changed, and this was announced: %v", more)
		}
		for _, rec := range place.log {
			if rec.Topic == fil.TopicMemberships && rec.Key == "a" && rec.Event.Data != nil {
				data = rec.Event.Data
			}
		}
		if m, err := fil.Decode[audiences.Membership](fil.Record{Event: fil.Event{Data: data}}); err != nil || len(m.In) != 1 {
			t.Errorf("the last of a is %s, error %v", data, err)
		}
	})
}

// An act whose key is another's than its agent is in a partition that another worker may have: it counts nowhere.
func TestActsCountInTheirPartition(t *testing.T) {
	place := newPlace(t)
	place.put(fil.TopicAgents, "a", fil.Agent{ID: "a"})
	act := deed{agent: "a", content: "c", kind: fil.Read, at: place.now, id: "1"}.record(t, 0)
	place.write(fil.TopicEngagements, "b", act.Event)
	if n, err := place.index.Count(`did("read")`); n != 0 || err != nil {
		t.Errorf("%d agents did what another's key stands for, error %v", n, err)
	}
	place.write(fil.TopicEngagements, "a", act.Event)
	if n, err := place.index.Count(`did("read")`); n != 1 || err != nil {
		t.Errorf("%d agents did it, error %v; want 1", n, err)
	}
}

// A month has its end once: who did something at the end of a short month, or of a long one, leaves when the announcer expects it.
func TestMonthsEndOnce(t *testing.T) {
	for _, last := range []time.Time{
		time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC), time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC), time.Date(2026, 1, 28, 1, 0, 0, 0, time.UTC), time.Date(2026, 4, 30, 8, 0, 0, 0, time.UTC),
	} {
		now := last
		ix := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return now }, Zone: time.UTC, Behaviour: 3 * window})
		putAgents(t, ix, fil.Agent{ID: "a"})
		ix.ApplyEngagements([]fil.Record{deed{agent: "a", content: "c", kind: fil.Read, at: last, id: "1"}.record(t, 1)})
		const rule = `did("read", "1 month")`
		next, err := ix.NextChange(rule)
		if err != nil {
			t.Fatal(err)
		}
		for ; now.Before(last.AddDate(0, 0, 40)); now = now.Add(time.Hour) {
			if n, err := ix.Count(rule); err != nil || n == 1 != now.Before(next["a"]) {
				t.Fatalf("done at %v, to leave at %v: %d at %v, error %v", last, next["a"], n, now, err)
			}
		}
	}
}
