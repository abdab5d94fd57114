package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
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
	cfg := config(t)
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
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 1 })
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
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 1 })
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

func TestDrain_AnOffsetThatTheLogDoesNotHoldLeadsToTheFirst(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 1 })
	l := openWith(t, cfg)
	publish(t, l, events(10, 1)...)
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Timeout: 10 * time.Second, Transport: transport}
	topic := cfg.Prefix + string(fil.TopicEngagements)
	eventually(t, "an offset past the end is committed", func() bool {
		answer, err := client.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
			GroupID: cfg.Prefix + "sink." + string(fil.TopicEngagements), GenerationID: -1,
			Topics: map[string][]kafka.OffsetCommit{topic: {{Partition: 0, Offset: 1000}}},
		})
		return err == nil && answer.Topics[topic][0].Error == nil
	})
	var s sink
	startDrain(t, l, eventlog.Drain{Handle: s.handle})
	eventually(t, "all records are read", func() bool { return len(s.records()) == 10 })
	eventually(t, "the stage has caught up", func() bool { return l.CaughtUp("sink") })
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
	l, err := eventlog.Open(t.Context(), config(t, func(c *eventlog.Config) { c.Partitions = 1 }), logger(t), registry)
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
		return counted(t, registry, "fil_sink_drained_records_total") == 10 && counted(t, registry, "fil_sink_rejected_records_total") == 2 &&
			counted(t, registry, "fil_eventlog_published_records_total") == 10 && counted(t, registry, "fil_sink_lag_records") == 0 &&
			counted(t, registry, "fil_sink_committed_offset") == 10 && counted(t, registry, "fil_sink_end_offset") == 10 &&
			counted(t, registry, "fil_eventlog_held_bytes") == 0 && counted(t, registry, "fil_eventlog_queued_parcels") == 0
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
