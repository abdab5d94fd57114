package eventlog_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

func TestTablePart_ChosenPartitionsFromATime(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	l := open(t, func(c *eventlog.Config) { c.Now = func() time.Time { return now } })
	publish(t, l, events(300, 40)...)
	now = now.Add(time.Hour)
	var want []string
	for i := range 300 {
		if r := publish(t, l, event(events(300, 40)[i].Key, 1000+i))[0]; r.Partition != 1 {
			want = append(want, r.Event.ID)
		}
	}
	slices.Sort(want)
	var s sink
	apply := func(batch []fil.Record) error { return s.handle(t.Context(), batch[0].Partition, batch) }
	table := l.TablePart(fil.TopicEngagements, eventlog.Part{Partitions: []int{0, 2}, Since: now}, apply)
	run := start(t, table.Run)
	<-table.Ready()
	if diff := cmp.Diff(want, s.ids()); diff != "" {
		t.Errorf("records of two partitions since a time (-want +got):\n%s", diff)
	}
	var others int
	for _, r := range publish(t, l, events(30, 30)...) {
		if r.Partition == 1 {
			others++
			if err := table.Await(t.Context(), r.Position); err == nil {
				t.Fatalf("await %s: it is not in the table, and was accepted", r.Position)
			}
		} else if err := table.Await(t.Context(), r.Position); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(s.records()); others == 0 || got != len(want)+30-others {
		t.Errorf("%d records followed in all, want %d and %d", got, len(want), 30-others)
	}
	run.stop(t)

	nothing := l.TablePart(fil.TopicEngagements, eventlog.Part{Partitions: []int{0}, Since: now.Add(time.Hour)}, func([]fil.Record) error {
		t.Error("a record from before the time")
		return nil
	})
	start(t, nothing.Run)
	<-nothing.Ready()
	if err := l.TablePart(fil.TopicAgents, eventlog.Part{Partitions: []int{3}}, apply).Run(t.Context()); err == nil {
		t.Error("a table of a partition that is not there ran")
	}
}

// holding is a stage that opens what its lanes need.
type holding struct {
	sink
	assigned [][]int
	open     map[int]bool
	tries    int
	fault    string
}

func (h *holding) drain() eventlog.Drain {
	h.open = map[int]bool{}
	h.verdict = func(partition int, _ []fil.Record) error {
		if !h.open[partition] {
			h.fault = "a batch came for a partition that is not open"
		}
		return nil
	}
	return eventlog.Drain{Handle: h.handle, Assigned: func(partitions []int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		slices.Sort(partitions)
		h.assigned = append(h.assigned, partitions)
	}, Open: func(_ context.Context, partition int) (func(), error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.tries++; h.tries == 1 {
			return nil, errors.New("not now")
		}
		if len(h.assigned) == 0 || !slices.Contains(h.assigned[len(h.assigned)-1], partition) || h.open[partition] {
			h.fault = "a partition was opened twice, or was not assigned"
		}
		h.open[partition] = true
		var once sync.Once
		return func() {
			again := true
			once.Do(func() { again = false })
			h.mu.Lock()
			defer h.mu.Unlock()
			if again || !h.open[partition] {
				h.fault = "a partition was released twice"
			}
			delete(h.open, partition)
		}, nil
	}}
}

// now reads the partitions open, and the last ones assigned.
func (h *holding) now() (open, assigned []int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.assigned); n > 0 {
		assigned = h.assigned[n-1]
	}
	return sortedKeys(h.open), assigned
}

func TestDrain_OpensWhatItsLanesNeed(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 4 })
	one, two := openWith(t, cfg), openWith(t, cfg)
	var first, second holding
	has := func(h *holding, n int) func() bool {
		return func() bool {
			open, assigned := h.now()
			return len(open) == n && slices.Equal(open, assigned)
		}
	}
	a := startDrain(t, one, first.drain())
	eventually(t, "one member has opened all partitions", has(&first, 4))
	startDrain(t, two, second.drain())
	eventually(t, "one member has half of them", has(&first, 2))
	eventually(t, "the other member has the other half", has(&second, 2))
	mine, _ := first.now()
	theirs, _ := second.now()
	if all := slices.Sorted(slices.Values(append(mine, theirs...))); !slices.Equal(all, []int{0, 1, 2, 3}) {
		t.Errorf("one has %v, the other %v", mine, theirs)
	}
	publish(t, one, events(100, 50)...)
	eventually(t, "everything is received", func() bool { return len(first.records())+len(second.records()) >= 100 })
	a.stop(t)
	if open, assigned := first.now(); len(open) > 0 || len(assigned) > 0 {
		t.Errorf("a member that has left holds %v and was told %v", open, assigned)
	}
	eventually(t, "the other member has opened all", has(&second, 4))
	for _, h := range []*holding{&first, &second} {
		if h.mu.Lock(); h.fault != "" {
			t.Error(h.fault)
		}
		h.mu.Unlock()
	}
}

func TestDrain_AnOpeningEndsWithItsTurn(t *testing.T) {
	l := open(t)
	entered := make(chan struct{}, 3)
	run := startDrain(t, l, eventlog.Drain{Handle: func(context.Context, int, []fil.Record) error {
		t.Error("a batch came before the lane was open")
		return nil
	}, Open: func(ctx context.Context, _ int) (func(), error) {
		entered <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	<-entered
	if l.CaughtUp("sink") {
		t.Error("a stage has caught up whose lanes are not open")
	}
	run.stop(t)
}
