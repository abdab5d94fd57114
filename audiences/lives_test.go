package audiences_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// An hour is usual for who did something in it on two days, in the zone of the index, as long as both days are kept.
func TestPresence(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 4, 10, 12, 0, 0, 0, paris)
	ix := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return now }, Zone: paris, Behaviour: window})
	for _, id := range ids {
		putAgents(t, ix, fil.Agent{ID: id})
	}
	acts := 0
	act := func(id string, at time.Time) {
		acts++
		ix.ApplyEngagements([]fil.Record{deed{agent: id, content: "c", kind: fil.Read, at: at, id: fmt.Sprint(acts)}.record(t, int64(acts))})
	}
	act("a", time.Date(2026, 3, 27, 7, 30, 0, 0, time.UTC)) // 8:30, in winter
	act("a", time.Date(2026, 3, 30, 6, 30, 0, 0, time.UTC)) // 8:30, in summer
	act("a", time.Date(2026, 3, 30, 7, 30, 0, 0, time.UTC)) // 9:30, once
	act("b", time.Date(2026, 4, 1, 6, 10, 0, 0, time.UTC))
	act("b", time.Date(2026, 4, 1, 6, 50, 0, 0, time.UTC)) // the same day
	act("c", time.Date(2026, 4, 2, 6, 0, 0, 0, time.UTC))
	act("c", time.Date(2026, 4, 3, 6, 59, 59, 0, time.UTC))
	present := func(rule string) (hours [24]int) {
		t.Helper()
		cohort, err := ix.Cohort(rule, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		usual := cohort.Presence()
		if usual == nil {
			t.Fatal("nothing is known of presence")
		}
		for segment, found := range cohort.Found {
			for h := range hours {
				for at, group := range usual.Of(segment, h+1) {
					if group != 0 && found != nil && found[at>>6]>>(at&63)&1 == 1 {
						hours[h]++
					}
				}
			}
		}
		return hours
	}
	if hours, want := present("true"), [24]int{8: 2}; hours != want {
		t.Errorf("presence %v, want %v", hours, want)
	}
	if hours := present(`id == "c"`); hours[8] != 1 {
		t.Errorf("presence of one %v", hours)
	}
	none, err := audiences.NewIndex(schema, audiences.Config{}).Cohort("true", "", 0)
	if err != nil || none.Presence() != nil {
		t.Errorf("without acts presence is known, error %v", err)
	}
}

// Queries, photographs and announcements go on while agents come, go and are settled, while acts come in and contents change;
// when all is still, sets and members agree.
func TestBehaviourWhileEverythingChanges(t *testing.T) {
	ix := audiences.NewIndex(schema, audiences.Config{Behaviour: window})
	const rule = `did("read", topic == "rh") and not last("click") within 2 hours`
	putAudiences(t, ix, fil.Audience{ID: "x", Name: "x", Rule: rule, Announce: true})
	announcer, err := audiences.NewAnnouncer(ix, nobody{}, func(context.Context) error { return nil }, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	const turns, people = 300, 200
	name := func(i int) string { return fmt.Sprintf("a%d", i%people) }
	var all sync.WaitGroup
	for _, do := range []func(i int){
		func(i int) {
			rec := record(t, name(i*7), fil.Agent{ID: name(i * 7)})
			if i%5 == 0 {
				rec = record(t, name(i*7), nil)
			}
			_ = ix.ApplyAgents([]fil.Record{rec})
			if i%50 == 0 {
				ix.Settle()
			}
		},
		func(i int) {
			kind := []fil.EngagementKind{fil.Read, fil.Click}[i%9/8]
			rec := deed{agent: name(i * 3), content: fmt.Sprintf("c%d", i%40), kind: kind, at: time.Now(), id: fmt.Sprint(i)}.record(t, int64(i))
			ix.ApplyEngagements([]fil.Record{rec})
			announcer.Touched([]fil.Record{rec}, audiences.CauseEngagement)
		},
		func(i int) {
			id := fmt.Sprintf("c%d", i%40)
			ix.ApplyContents([]fil.Record{record(t, id, fil.Content{ID: id, Topics: []string{[]string{"rh", "si"}[i%2]}})})
		},
		func(int) { _, _ = ix.Select(rule) },
		func(i int) {
			if m, ok := ix.Member(name(i)); ok {
				m.In("x")
			}
		},
		func(i int) {
			if cohort, err := ix.Cohort(rule, "", 0); err == nil && i%20 == 0 {
				cohort.Presence()
			}
		},
	} {
		all.Go(func() {
			for i := range turns {
				do(i)
			}
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	var announcing sync.WaitGroup
	for p := range partitions {
		announcing.Go(func() { announcer.Announce(ctx, p) })
	}
	all.Wait()
	stop()
	announcing.Wait()
	in, err := ix.Select(rule)
	if err != nil || len(in) == 0 {
		t.Fatalf("%d agents, error %v", len(in), err)
	}
	for i := range people {
		if m, known := ix.Member(name(i)); known && m.In("x") != slices.Contains(in, name(i)) {
			t.Errorf("member %s in: %v, sets hold %v", name(i), m.In("x"), in)
		}
	}
}

// nobody takes announcements.
type nobody struct{}

func (nobody) Publish(context.Context, []fil.Record) error { return nil }
