package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestDrain_LanesKeepOrderAndBatchesAreBounded(t *testing.T) {
	l := open(t)
	sent := publish(t, l, events(5000, 50)...)
	var s sink
	startDrain(t, l, eventlog.Drain{Handle: s.handle, MaxBatch: 300})
	eventually(t, "all records are read", func() bool { return len(s.records()) == len(sent) })
	for partition, batches := range s.batches {
		next := int64(0)
		for _, batch := range batches {
			if len(batch) > 300 {
				t.Errorf("partition %d: a batch of %d records, want 300 at most", partition, len(batch))
			}
			for _, r := range batch {
				if r.Partition != partition || r.Offset != next {
					t.Fatalf("partition %d was given %s, want offset %d", partition, r.Position, next)
				}
				next++
			}
		}
	}
}

func TestDrain_ABatchWaitsForMoreUpToMaxWait(t *testing.T) {
	l := open(t, func(c *eventlog.Config) { c.Partitions = 1 })
	var s sink
	startDrain(t, l, eventlog.Drain{Handle: s.handle, MaxBatch: 10, MaxWait: time.Hour})
	eventually(t, "the lane has begun", func() bool { return l.CaughtUp("sink") })
	for n := range 12 {
		publish(t, l, event("a", n))
	}
	eventually(t, "a batch is full", func() bool { return len(s.records()) > 0 })
	if got := len(s.records()); got != 10 {
		t.Errorf("the first batch has %d records, want 10 that came one by one", got)
	}
}

func TestDrain_ResumesAfterWhatWasDone(t *testing.T) {
	cfg := config()
	l := openWith(t, cfg)
	sent := publish(t, l, events(100, 10)...)
	var s sink
	first := startDrain(t, l, eventlog.Drain{Handle: s.handle})
	eventually(t, "all records are read", func() bool { return len(s.records()) == 100 })
	first.stop(t)
	closeLog(t, l)

	l = openWith(t, cfg)
	more := publish(t, l, events(110, 10)[100:]...)
	var again sink
	startDrain(t, l, eventlog.Drain{Handle: again.handle})
	eventually(t, "new records are read", func() bool { return len(again.records()) >= 10 })
	if diff := cmp.Diff(ids(more), again.ids()); diff != "" {
		t.Errorf("after an orderly restart (-new +read):\n%s", diff)
	}
	var other sink
	startDrain(t, l, eventlog.Drain{Stage: "other", Handle: other.handle})
	eventually(t, "another stage reads everything", func() bool { return len(other.records()) == len(sent)+len(more) })
}

func TestDrain_AFailedBatchIsGivenAgainTheSame(t *testing.T) {
	l := open(t, func(c *eventlog.Config) { c.Partitions = 1 })
	publish(t, l, events(10, 1)...)
	failures := 0
	s := sink{verdict: func(_ int, batch []fil.Record) error {
		if len(batch) > 0 && failures < 3 {
			failures++
			return errors.Join(errors.New("the store is away"), fil.Reject(batch[0], errors.New("must not be parked while the batch fails")))
		}
		return nil
	}}
	startDrain(t, l, eventlog.Drain{Handle: s.handle, MaxBatch: 4})
	eventually(t, "all records are read", func() bool { return len(s.records()) == 10+3*4 })
	for try := range 3 {
		if diff := cmp.Diff(s.batches[0][try], s.batches[0][try+1]); diff != "" {
			t.Errorf("try %d was given another batch:\n%s", try+1, diff)
		}
	}
	if parked := rejects(t, l, fil.TopicEngagements, eventlog.Filter{}); len(parked) != 0 {
		t.Errorf("%d records were parked, want none", len(parked))
	}
}

func TestDrain_ForgottenEffectsAreGivenAgainFromTheFirstRecord(t *testing.T) {
	cfg := config(func(c *eventlog.Config) { c.Partitions = 1 })
	l := openWith(t, cfg)
	publish(t, l, events(50, 5)...)
	lost := false // a beat notices it
	s := sink{}
	s.verdict = func(_ int, batch []fil.Record) error {
		if lost && len(batch) == 0 {
			lost = false
			return fmt.Errorf("look for the marker: %w", fil.ErrForgotten)
		}
		return nil
	}
	run := startDrain(t, l, eventlog.Drain{Handle: s.handle, Beat: 20 * time.Millisecond})
	eventually(t, "all records are read", func() bool { return len(s.records()) == 50 })
	s.mu.Lock()
	lost = true
	s.mu.Unlock()
	eventually(t, "all records are read again", func() bool { return len(s.records()) == 100 })
	for i, r := range s.records() {
		if want := int64(i % 50); r.Offset != want {
			t.Fatalf("record %d received has offset %d, want %d", i, r.Offset, want)
		}
	}
	eventually(t, "it has caught up again", func() bool { return l.CaughtUp("sink") })
	run.stop(t)
}

func TestDrain_AReplayThatIsCutGoesOnFromItsBeginning(t *testing.T) {
	cfg := config(func(c *eventlog.Config) { c.Partitions = 1 })
	l := openWith(t, cfg)
	publish(t, l, events(50, 5)...)
	var s sink
	run := startDrain(t, l, eventlog.Drain{Handle: s.handle})
	eventually(t, "all records are read", func() bool { return len(s.records()) == 50 })
	run.stop(t)

	asked := false
	cut := sink{verdict: func(int, []fil.Record) error {
		if !asked {
			asked = true
			return fil.ErrForgotten
		}
		return errors.New("the store is away")
	}}
	run = startDrain(t, l, eventlog.Drain{Handle: cut.handle})
	eventually(t, "the replay has begun", func() bool { cut.mu.Lock(); defer cut.mu.Unlock(); return cut.beats[0] >= 2 })
	run.stop(t)

	var after sink
	startDrain(t, l, eventlog.Drain{Handle: after.handle})
	eventually(t, "all records are read again", func() bool { return len(after.records()) >= 50 })
	if got := after.records()[0].Offset; got != 0 {
		t.Errorf("the drain went on at offset %d, want 0: the first offset was not committed", got)
	}
}

func TestDrain_BeatsAtTheStartAndWhileIdle(t *testing.T) {
	l := open(t)
	var s sink
	startDrain(t, l, eventlog.Drain{Handle: s.handle, Beat: 10 * time.Millisecond})
	eventually(t, "each lane has three beats", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.beats[0] >= 3 && s.beats[1] >= 3 && s.beats[2] >= 3
	})

	partitionOfA := publish(t, l, event("a", 1))[0].Partition
	var order []int // sizes of batches
	var mu sync.Mutex
	startDrain(t, l, eventlog.Drain{Stage: "order", Handle: func(_ context.Context, partition int, batch []fil.Record) error {
		mu.Lock()
		defer mu.Unlock()
		if partition == partitionOfA {
			order = append(order, len(batch))
		}
		return nil
	}})
	eventually(t, "the record is read", func() bool { mu.Lock(); defer mu.Unlock(); return slices.Contains(order, 1) })
	if diff := cmp.Diff([]int{0, 1}, order[:2]); diff != "" {
		t.Errorf("sizes of the first batches (-want +got):\n%s", diff)
	}
}

func TestDrain_CaughtUpOnlyAtTheEndSeenAtTheStart(t *testing.T) {
	l := open(t)
	if l.CaughtUp("sink") {
		t.Error("a stage with no drain has caught up")
	}
	heldBack := publish(t, l, events(30, 10)...)[0].Partition
	gate := make(chan struct{})
	s := sink{}
	startDrain(t, l, eventlog.Drain{MaxBatch: 2, Handle: func(ctx context.Context, partition int, batch []fil.Record) error {
		if partition == heldBack && len(batch) > 0 {
			select {
			case <-gate:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return s.handle(ctx, partition, batch)
	}})
	eventually(t, "the other lanes are done", func() bool {
		n := 0
		for _, r := range s.records() {
			if r.Partition != heldBack {
				n++
			}
		}
		return n > 0
	})
	if l.CaughtUp("sink") {
		t.Error("the stage has caught up while a lane is held back")
	}
	close(gate)
	eventually(t, "the stage has caught up", func() bool { return l.CaughtUp("sink") })
	if got := len(s.records()); got != 30 {
		t.Errorf("the stage had caught up after %d of 30 records", got)
	}
}

func TestDrain_TwoMembersShareAndLoseNothing(t *testing.T) {
	cfg := config(func(c *eventlog.Config) { c.Partitions = 6 })
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
	cfg := config(func(c *eventlog.Config) { c.Grace = 50 * time.Millisecond })
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

func TestDrain_RefusesFaultySettings(t *testing.T) {
	l := open(t)
	ok := new(sink).handle
	for name, d := range map[string]eventlog.Drain{
		"no stage":       {Topic: fil.TopicAgents, Handle: ok},
		"bad stage":      {Stage: "Rank-ing", Topic: fil.TopicAgents, Handle: ok},
		"unknown topic":  {Stage: "ranking", Topic: "fil.nowhere", Handle: ok},
		"no handle":      {Stage: "ranking", Topic: fil.TopicAgents},
		"negative batch": {Stage: "ranking", Topic: fil.TopicAgents, Handle: ok, MaxBatch: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if err := l.Drain(t.Context(), d); err == nil {
				t.Error("it was accepted")
			}
		})
	}
}

func TestDrain_CountsWhatItDoes(t *testing.T) {
	registry := prometheus.NewRegistry()
	l, err := eventlog.Open(t.Context(), config(func(c *eventlog.Config) { c.Partitions = 1 }), logger(t), registry)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeLog(t, l) })
	publish(t, l, events(10, 1)...)
	s := sink{verdict: func(_ int, batch []fil.Record) error {
		if len(batch) == 0 {
			return nil
		}
		return fil.Reject(batch[0], errors.New("for the count"))
	}}
	startDrain(t, l, eventlog.Drain{Handle: s.handle, MaxBatch: 5})
	eventually(t, "counts are right", func() bool {
		return counted(t, registry, "fil_sink_records_total") == 10 && counted(t, registry, "fil_sink_rejected_records_total") == 2 &&
			counted(t, registry, "fil_eventlog_published_records_total") == 10 && counted(t, registry, "fil_sink_lag_records") == 0
	})
	if n, err := testutil.GatherAndCount(registry, "fil_sink_batch_duration_seconds"); err != nil || n != 1 {
		t.Errorf("series of batch durations: %d, %v, want 1", n, err)
	}
}

// counted sums the series of a counter or gauge.
func counted(t testing.TB, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}
