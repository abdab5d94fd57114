package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

func TestDrain_TwoMembersShareAndLoseNothing(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 6 })
	one, two := openWith(t, cfg), openWith(t, cfg)
	var sent []fil.Record
	var published atomic.Int64
	writing := start(t, func(ctx context.Context) error {
		for n := 0; ctx.Err() == nil; n += 60 {
			batch := make([]fil.Record, 60)
			for i := range batch {
				batch[i] = event(fmt.Sprintf("agent-%d", i), n+i)
			}
			if err := one.Publish(context.Background(), batch); err != nil {
				return err
			}
			sent = append(sent, batch...)
			published.Add(60)
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Millisecond):
			}
		}
		return nil
	})
	// owned fails the test when a lane goes back without having been started again: lanes of one member are told apart
	// by their beats.
	var first, second sink
	next := map[*sink]map[int]int64{&first: {}, &second: {}}
	for s, offsets := range next {
		s.verdict = func(partition int, batch []fil.Record) error {
			if len(batch) == 0 {
				delete(offsets, partition)
				return nil
			}
			if want, known := offsets[partition]; known && batch[0].Offset != want {
				t.Errorf("partition %d went from %d to %d within one lane", partition, want, batch[0].Offset)
			}
			offsets[partition] = batch[len(batch)-1].Offset + 1
			return nil
		}
	}
	a := startDrain(t, one, eventlog.Drain{Handle: first.handle, Beat: time.Hour})
	eventually(t, "the first member has all lanes", func() bool { first.mu.Lock(); defer first.mu.Unlock(); return len(first.batches) == 6 })
	startDrain(t, two, eventlog.Drain{Handle: second.handle, Beat: time.Hour})
	eventually(t, "the second member has half the lanes", func() bool { second.mu.Lock(); defer second.mu.Unlock(); return len(second.batches) == 3 })
	a.stop(t)
	eventually(t, "the second member has all lanes", func() bool { second.mu.Lock(); defer second.mu.Unlock(); return len(second.batches) == 6 })
	writing.stop(t)
	want := ids(sent)
	received := func() []string {
		return slices.Compact(slices.Sorted(slices.Values(append(first.ids(), second.ids()...))))
	}
	eventually(t, "every record was received", func() bool { return len(received()) == len(want) })
	if diff := cmp.Diff(want, received()); diff != "" {
		t.Errorf("published and received differ:\n%s", diff)
	}
}

func TestDrain_StopsWithinGraceAndLeavesNothing(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Grace = 50 * time.Millisecond })
	l, err := eventlog.Open(t.Context(), cfg, logger(t), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	publish(t, l, events(10, 10)...)
	entered, cut := make(chan struct{}, 3), make(chan struct{}, 3)
	run := startDrain(t, l, eventlog.Drain{Handle: func(ctx context.Context, _ int, batch []fil.Record) error {
		if len(batch) == 0 {
			return nil
		}
		entered <- struct{}{}
		<-ctx.Done() // a store that never answers
		cut <- struct{}{}
		return ctx.Err()
	}})
	table := l.Table(fil.TopicAgents, func([]fil.Record) error { return nil })
	reading := start(t, table.Run)
	<-table.Ready()
	<-entered
	closeLog(t, l) // ends drains and tables by itself
	<-cut
	run.stop(t)
	reading.stop(t)
	eventually(t, "no goroutine of the log or its client is left", func() bool { return !working("segmentio/kafka-go", "eventlog.(*") })
}

// working says whether a goroutine runs code of one of the packages. The embedded broker, in this same process, has
// goroutines of its own.
func working(packages ...string) bool {
	buf := make([]byte, 1<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	return slices.ContainsFunc(packages, func(name string) bool { return strings.Contains(stacks, name) })
}

func TestDrain_ABatchInHandIsFinishedAndCommitted(t *testing.T) {
	l := open(t, func(c *eventlog.Config) { c.Partitions, c.Grace = 1, 20*time.Second })
	publish(t, l, events(10, 1)...)
	entered, gate := make(chan struct{}, 2), make(chan struct{})
	var s sink
	run := startDrain(t, l, eventlog.Drain{MaxBatch: 5, Handle: func(ctx context.Context, partition int, batch []fil.Record) error {
		if len(batch) > 0 {
			entered <- struct{}{}
			<-gate
		}
		return errors.Join(s.handle(ctx, partition, batch), ctx.Err())
	}})
	<-entered
	run.cancel()
	close(gate)
	run.stop(t)
	var next sink
	startDrain(t, l, eventlog.Drain{Handle: next.handle})
	publish(t, l, event("agent-0", 10))
	eventually(t, "the rest is read", func() bool { return len(next.records()) > 0 })
	if got, done := next.records()[0].Offset, len(s.records()); done < 5 || got != int64(done) {
		t.Errorf("%d records were done, the batch in hand among them, and the next drain began at offset %d", done, got)
	}
}
