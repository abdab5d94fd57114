package eventlog_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

// batchIDs gives the batches that a sink was given, records as their ids.
func (s *sink) batchIDs(partition int) (all [][]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, batch := range s.batches[partition] {
		var one []string
		for _, r := range batch {
			one = append(one, r.Event.ID)
		}
		all = append(all, one)
	}
	return all
}

func TestDrain_ExactGivesTheBatchInHandAgainToWhoeverComesNext(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 1 })
	first, second := openWith(t, cfg), openWith(t, cfg)
	publish(t, first, events(10, 1)...)
	failing := sink{verdict: func(_ int, batch []fil.Record) error {
		if len(batch) > 0 && batch[0].Offset == 4 {
			return errors.New("nobody knows what became of it")
		}
		return nil
	}}
	run := startDrain(t, first, eventlog.Drain{Handle: failing.handle, MaxBatch: 4, Exact: true})
	eventually(t, "the second batch has been tried", func() bool { return len(failing.batchIDs(0)) > 1 })
	publish(t, first, events(30, 1)[10:]...)
	run.stop(t)

	var next sink
	startDrain(t, second, eventlog.Drain{Handle: next.handle, MaxBatch: 100, Exact: true})
	eventually(t, "all is read", func() bool { return len(next.records()) == 26 })
	batches := next.batchIDs(0)
	if diff := cmp.Diff(failing.batchIDs(0)[1], batches[0]); diff != "" {
		t.Errorf("the batch that was begun and the first one of the next member:\n%s", diff)
	}
	if got := slices.Concat(batches...); len(got) != 26 {
		t.Errorf("%d records, want 26, each once", len(got))
	}
}

// What was begun is forgotten once it is done, and when the stage asks for the log again.
func TestDrain_ExactBeginsAnewAfterAReplay(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 1 })
	l := openWith(t, cfg)
	publish(t, l, events(10, 1)...)
	asked := false
	s := sink{verdict: func(_ int, batch []fil.Record) error {
		if len(batch) > 0 && batch[0].Offset == 6 && !asked {
			asked = true
			return &fil.Forgotten{From: 3}
		}
		return nil
	}}
	startDrain(t, l, eventlog.Drain{Handle: s.handle, MaxBatch: 6, Exact: true})
	eventually(t, "all is read", func() bool { return len(s.records()) == 6+4+7 })
	batches := s.batchIDs(0)
	want := [][]string{ids(events(6, 1)), ids(events(10, 1)[6:]), ids(events(9, 1)[3:]), ids(events(10, 1)[9:])}
	if diff := cmp.Diff(want, batches); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
	eventually(t, "nothing is held", func() bool { return l.CaughtUp("sink") })
}

// A member whose turn is over cannot begin another batch: the coordinator refuses its commit.
func TestDrain_ExactRefusesABatchWhoseTurnIsOver(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions, c.Grace = 1, 0 })
	first, second := openWith(t, cfg), openWith(t, cfg)
	held := make(chan struct{})
	var slow sink
	publish(t, first, events(3, 1)...)
	startDrain(t, first, eventlog.Drain{MaxBatch: 3, Exact: true, Handle: func(ctx context.Context, partition int, batch []fil.Record) error {
		err := slow.handle(ctx, partition, batch)
		if len(batch) > 0 {
			<-held
		}
		return err
	}})
	eventually(t, "the batch is in hand", func() bool { return len(slow.batchIDs(0)) == 1 })
	var next sink
	startDrain(t, second, eventlog.Drain{Handle: next.handle, Exact: true})
	publish(t, first, events(6, 1)[3:]...)
	close(held)
	eventually(t, "every record is read, by one or the other", func() bool {
		return len(slices.Compact(slices.Sorted(slices.Values(append(slow.ids(), next.ids()...))))) == 6
	})
	for _, batch := range append(slow.batchIDs(0), next.batchIDs(0)...) {
		if slices.Contains(batch, "agent-0-0") && len(batch) != 3 {
			t.Errorf("the batch begun with three records was given with %d", len(batch))
		}
	}
}
