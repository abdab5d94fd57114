package eventlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// Table is a topic, or a part of one, as a projection in memory: it reads each partition from the first record kept, in
// this process, whatever others read, and goes on for as long as it runs. Its metrics are fil_table_….
type Table struct {
	log   *Log
	topic fil.Topic
	part  Part
	apply func([]fil.Record) error
	ready chan struct{}

	mu      sync.Mutex // protects what follows
	running bool
	applied []int64       // by partition, the offset after the last one applied
	moved   chan struct{} // closed, and made anew, when applied changes
	toLoad  map[int]span  // by partition, what was there when Run began
}

// Table gives a topic's records to apply, in order within each partition, never twice at the same time, and once each
// for one Run. A tombstone comes as a record with nil Data.
//
// Rejections that apply returns, and messages that are no event, are logged and counted, and the table goes on; with any
// other error the same batch is given again, after a pause.
func (l *Log) Table(topic fil.Topic, apply func([]fil.Record) error) *Table {
	return l.TablePart(topic, Part{}, apply)
}

// Part says what a table reads of its topic.
type Part struct {
	Partitions []int     // those alone; none: all
	Since      time.Time // records admitted then or later, as Log.Since finds them; zero: all that are kept
}

// TablePart is Table for a part of a topic.
func (l *Log) TablePart(topic fil.Topic, part Part, apply func([]fil.Record) error) *Table {
	partitions := len(l.topics[l.name(topic)]) // Run and Await complain when there are none
	part.Partitions = slices.Clone(part.Partitions)
	return &Table{
		log: l, topic: topic, part: part, apply: apply,
		ready: make(chan struct{}), applied: make([]int64, partitions), moved: make(chan struct{}),
	}
}

// tableStage names the metrics and log lines of tables.
const tableStage = "table"

// Run reads until ctx is done or the log is closed, then returns nil. A table runs once: what it has applied cannot be
// taken back.
func (t *Table) Run(ctx context.Context) error {
	partitions, err := t.chosen()
	if err != nil {
		return fmt.Errorf("table of %s: %w", t.topic, err)
	}
	t.mu.Lock()
	again := t.running
	t.running = true
	t.mu.Unlock()
	if again {
		return fmt.Errorf("table of %s: it runs, or has run, already", t.topic)
	}
	ctx, leave, err := t.log.enter(ctx)
	if err != nil {
		return fmt.Errorf("table of %s: %w", t.topic, err)
	}
	defer leave()
	t.log.metrics.stage(tableStage).open(t.topic)
	pages := make(chan fetched)
	var tails sync.WaitGroup
	defer tails.Wait()
	targets, toLoad := make(map[int]int64, len(partitions)), make(map[int]span, len(partitions))
	for _, p := range partitions {
		first, end, err := t.begin(ctx, p)
		if err != nil {
			return nil // ctx is done
		}
		targets[p], toLoad[p] = end, span{from: first, to: end}
		t.advance(p, first)
		t.log.metrics.stage(tableStage).setCommitted(t.topic, p, first)
		tail := &tail{log: t.log, topic: t.topic, partition: p, offset: first, out: pages, progress: func(partition int, lag, end int64) {
			t.log.metrics.stage(tableStage).progress(t.topic, partition, lag, end)
		}}
		tails.Go(func() { tail.run(ctx) })
	}
	t.mu.Lock()
	t.toLoad = toLoad
	t.mu.Unlock()
	t.follow(ctx, pages, targets)
	if len(t.part.Partitions) > 0 { // another table may have the partition next, in another process too
		for _, p := range partitions {
			t.log.metrics.stage(tableStage).forget(t.topic, p)
		}
	}
	return nil
}

// chosen gives the partitions that the table reads.
func (t *Table) chosen() ([]int, error) {
	partitions, err := t.log.partitions(t.topic)
	if err != nil || len(t.part.Partitions) == 0 {
		return numbers(partitions), err
	}
	for _, p := range t.part.Partitions {
		if err := t.log.holds(t.topic, p); err != nil {
			return nil, err
		}
	}
	return t.part.Partitions, nil
}

// begin finds where a partition begins for this table, and where it ends now. It tries until ctx is done.
func (t *Table) begin(ctx context.Context, partition int) (first, end int64, err error) {
	for try := 1; ; try++ {
		if first, end, err = t.log.bounds(ctx, t.topic, partition, 0); err != nil || t.part.Since.IsZero() {
			return first, end, err
		}
		since, err := t.log.Since(ctx, t.topic, partition, t.part.Since)
		if err == nil {
			return max(first, since), end, nil
		}
		t.log.log.Warn("begin a table", "stage", tableStage, "topic", t.topic, "partition", partition, "try", try, "error", err)
		if !pause(ctx, try) {
			return 0, 0, err
		}
	}
}

// follow applies pages until ctx is done. targets has where each partition ended, until that has been reached.
func (t *Table) follow(ctx context.Context, pages <-chan fetched, targets map[int]int64) {
	for p, target := range targets {
		if t.position(p) >= target {
			delete(targets, p)
		}
	}
	said := time.NewTicker(sayEvery)
	defer said.Stop()
	for ready := false; ; {
		if len(targets) == 0 && !ready {
			close(t.ready)
			ready = true
			said.Stop()
		}
		select {
		case <-said.C:
			loaded, of := t.Progress()
			t.log.log.Info("load a table", "stage", tableStage, "topic", string(t.topic), "records", loaded, "of", of)
		case f := <-pages:
			if !t.take(ctx, f) {
				return
			}
			if target, some := targets[f.partition]; some && (f.idle || f.next >= target) {
				delete(targets, f.partition)
			}
		case <-ctx.Done():
			return
		}
	}
}

// take applies one page; false when ctx ended first.
func (t *Table) take(ctx context.Context, f fetched) bool {
	metrics, topic := t.log.metrics.stage(tableStage), string(t.topic)
	for _, p := range f.poison {
		metrics.rejected.WithLabelValues(topic).Inc()
		t.log.log.Error("record of a table is no event", "stage", tableStage, "topic", topic, "partition", p.at.Partition, "offset", p.at.Offset, "error", p.reason)
	}
	for try := 1; len(f.records) > 0; try++ {
		rejected, err := fil.Rejections(t.apply(f.records))
		if err == nil {
			for _, r := range rejected {
				metrics.rejected.WithLabelValues(topic).Inc()
				t.log.log.Error("record of a table rejected", "stage", tableStage, "topic", topic, "partition", r.Record.Partition, "offset", r.Record.Offset, "error", r.Reason)
			}
			break
		}
		metrics.retries.WithLabelValues(topic).Inc()
		t.log.log.Warn("apply to table", "stage", tableStage, "topic", topic, "partition", f.partition, "records", len(f.records), "try", try, "error", err)
		if !pause(ctx, try) {
			return false
		}
	}
	metrics.records.WithLabelValues(topic).Add(float64(len(f.records) + len(f.poison)))
	metrics.setCommitted(t.topic, f.partition, f.next)
	t.advance(f.partition, f.next)
	return true
}

func (t *Table) position(partition int) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.applied[partition]
}

func (t *Table) advance(partition int, next int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if next > t.applied[partition] {
		t.applied[partition] = next
		close(t.moved)
		t.moved = make(chan struct{})
	}
}

// sayEvery is how often the log tells how far a table that is loading has come.
const sayEvery = 5 * time.Second

// Progress tells how many offsets of what was in the log when Run began have been read, of how many; none of none before
// that is known.
func (t *Table) Progress() (loaded, of int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, s := range t.toLoad {
		loaded, of = loaded+min(t.applied[p], s.to)-s.from, of+s.to-s.from
	}
	return loaded, of
}

// Ready is closed once the table has applied everything that was in the log when Run began.
func (t *Table) Ready() <-chan struct{} { return t.ready }

// Await returns nil once the record at a position of the table's topic has been applied, or was rejected. An error
// wraps ctx's when it is done first.
func (t *Table) Await(ctx context.Context, at fil.Position) error {
	if at.Topic != t.topic || at.Partition < 0 || at.Partition >= len(t.applied) ||
		len(t.part.Partitions) > 0 && !slices.Contains(t.part.Partitions, at.Partition) {
		return fmt.Errorf("await %s: it is not in the table of %s", at, t.topic)
	}
	for {
		t.mu.Lock()
		done, moved := t.applied[at.Partition] > at.Offset, t.moved
		t.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("await %s: %w", at, ctx.Err())
		case <-t.log.open.Done():
			return errors.Join(fmt.Errorf("await %s: %w", at, ErrClosed))
		}
	}
}

// CatchUp returns nil once what is in some partitions of the table's topic now has been applied, or was rejected; in all
// that the table reads when none is named. It is for whoever takes over from another process, long after Ready.
func (t *Table) CatchUp(ctx context.Context, partitions ...int) error {
	if len(partitions) == 0 {
		var err error
		if partitions, err = t.chosen(); err != nil {
			return fmt.Errorf("table of %s: %w", t.topic, err)
		}
	}
	for _, p := range partitions {
		_, end, err := t.log.Extent(ctx, t.topic, p)
		if err == nil && end > 0 {
			err = t.Await(ctx, fil.Position{Topic: t.topic, Partition: p, Offset: end - 1})
		}
		if err != nil {
			return fmt.Errorf("catch up with %s/%d: %w", t.topic, p, err)
		}
	}
	return nil
}
