package eventlog_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

func TestRead_GivesAStretchInOrder(t *testing.T) {
	l := open(t)
	publish(t, l, events(3000, 40)...)
	var all []fil.Record
	for p := range 3 {
		first, end, err := l.Extent(t.Context(), fil.TopicEngagements, p)
		if err != nil || first != 0 {
			t.Fatalf("partition %d is from %d to %d, error %v", p, first, end, err)
		}
		for _, stretch := range [][2]int64{{0, end / 3}, {end / 3, end/3 + 1}, {end/3 + 1, end}} {
			at := stretch[0]
			err := l.Read(t.Context(), fil.TopicEngagements, p, stretch[0], stretch[1], func(batch []fil.Record, next int64) error {
				for _, rec := range batch {
					if rec.Partition != p || rec.Offset != at {
						t.Fatalf("%s where offset %d is due", rec.Position, at)
					}
					at++
				}
				if next != at {
					t.Fatalf("the log goes on at %d, after %d", next, at)
				}
				all = append(all, batch...)
				return nil
			})
			if err != nil || at != stretch[1] {
				t.Fatalf("read up to %d of %v, error %v", at, stretch, err)
			}
		}
	}
	if want := ids(events(3000, 40)); !slices.Equal(ids(all), want) {
		t.Errorf("%d records read, want %d", len(all), len(want))
	}
}

func TestRead_EndsWhenItIsTold(t *testing.T) {
	l := open(t)
	publish(t, l, events(300, 40)...)
	enough := errors.New("enough")
	if err := l.Read(t.Context(), fil.TopicEngagements, 0, 0, 1<<40, func([]fil.Record, int64) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("error %v, want %v", err, enough)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Read(ctx, fil.TopicEngagements, 0, 0, 100, func([]fil.Record, int64) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if err := l.Read(t.Context(), fil.TopicEngagements, 3, 0, 100, func([]fil.Record, int64) error { return nil }); err == nil {
		t.Error("a partition that is not there was read")
	}
}

func TestSince_FindsTheFirstRecordOfATime(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	l := open(t, func(c *eventlog.Config) { c.Partitions, c.Now = 1, func() time.Time { return now } })
	for range 5 {
		publish(t, l, events(10, 3)...)
		now = now.Add(time.Hour)
	}
	for after, want := range map[time.Duration]int64{-time.Hour: 0, 0: 0, time.Minute: 10, 3 * time.Hour: 30, 24 * time.Hour: 50} {
		got, err := l.Since(t.Context(), fil.TopicEngagements, 0, time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).Add(after))
		if err != nil || got != want {
			t.Errorf("%v after the first: offset %d, want %d, error %v", after, got, want, err)
		}
	}
}

func TestCommitted_TellsHowFarAStageHasCome(t *testing.T) {
	l := open(t, func(c *eventlog.Config) { c.Partitions = 2 })
	if before, err := l.Committed(t.Context(), "sink", fil.TopicEngagements); err != nil || !slices.Equal(before, []int64{0, 0}) {
		t.Errorf("%v before anything was done, error %v", before, err)
	}
	publish(t, l, events(200, 9)...)
	startDrain(t, l, eventlog.Drain{Handle: (&sink{}).handle})
	eventually(t, "everything is committed", func() bool {
		offsets, err := l.Committed(t.Context(), "sink", fil.TopicEngagements)
		return err == nil && offsets[0]+offsets[1] == 200 && offsets[0] > 0
	})
}
