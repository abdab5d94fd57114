package eventlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
)

// lane works one partition for as long as its member has it. Two contexts go through it: stop ends with the member's
// turn, and work, under which a batch in hand is finished, a Grace later.
type lane struct {
	*draining
	partition int
	commits   *commits

	done   int64 // everything before it is done
	bound  int64 // the end of a batch that was begun before the lane started and must be the same again; 0: none
	target int64 // the end of the partition when the lane started (again)
	caught bool  // the end has been seen
	worked bool  // Handle has done something, if only a beat, since the lane started (again)
	ahead  bool  // counted as caught up in draining.behind

	held    fetched // received and not handed over yet
	holding prometheus.Gauge
	started time.Time
}

// run begins at the committed offset and returns nil when stop is done. An error says that it cannot go on in this
// generation.
func (ln *lane) run(stop, work context.Context, from int64) error {
	if ln.Exact {
		until, err := ln.commits.begun(stop, ln.partition)
		if err != nil {
			return nil //nolint:nilerr // stop is done
		}
		ln.bound = until
	}
	for try := 0; stop.Err() == nil; try++ {
		if try > 1 && !pause(stop, try-1) { // a stage that keeps forgetting
			return nil
		}
		first, end, err := ln.log.bounds(stop, ln.Topic, ln.partition, 0)
		if err != nil {
			return nil //nolint:nilerr // stop is done
		}
		if back, must := ln.mustReset(); must {
			if from, err = ln.goBack(stop, max(first, back), end); err != nil {
				return err
			}
		}
		if from > end {
			ln.log.log.Error("the log ends before the committed offset, it was made anew or cut: going on from the first record kept",
				"stage", ln.Stage, "topic", ln.Topic, "partition", ln.partition, "offset", from, "first", first, "end", end)
			from = first
		}
		from = max(from, first) // also when nothing was committed yet: kafka-go then says FirstOffset, which is negative
		if ln.bound <= from || ln.bound > end {
			ln.bound = 0 // what was begun is not in the log any more
		}
		ln.metrics.setCommitted(ln.Topic, ln.partition, from)
		err = ln.pass(stop, work, from, end)
		if !errors.Is(err, fil.ErrForgotten) {
			return err
		}
		ln.noteReset(err)
		if ln.worked {
			try = 0
		}
	}
	return nil
}

// goBack commits an earlier offset, from which the lane then goes on.
func (ln *lane) goBack(ctx context.Context, from, end int64) (int64, error) {
	from = min(from, end)
	if err := ln.commits.set(ln.partition, progress{offset: from}); err != nil {
		return 0, fmt.Errorf("commit the offset %d to go on from: %w", from, err)
	}
	level := slog.LevelInfo
	if from == end { // a stage that has never run has nothing to lose
		level = slog.LevelDebug
	}
	ln.log.log.Log(ctx, level, "replay: the stage makes its effects again", "stage", ln.Stage, "topic", ln.Topic, "partition", ln.partition, "from", from, "to", end)
	ln.mu.Lock()
	defer ln.mu.Unlock()
	delete(ln.forgotten, ln.partition)
	ln.bound = 0
	return from, nil
}

func (ln *lane) setFailing(failing bool) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if failing {
		ln.failing[ln.partition] = true
	} else {
		delete(ln.failing, ln.partition)
	}
}

// mustReset gives the offset to go back to, if the lane must.
func (ln *lane) mustReset() (from int64, must bool) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	from, must = ln.forgotten[ln.partition]
	return from, must
}

// noteReset keeps what the stage said beyond this generation, until an earlier offset is committed.
func (ln *lane) noteReset(verdict error) {
	from := int64(0)
	if some := (*fil.Forgotten)(nil); errors.As(verdict, &some) {
		from = some.From
	}
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if before, noted := ln.forgotten[ln.partition]; noted {
		from = min(from, before)
	}
	ln.forgotten[ln.partition] = from
}

// pass works through the partition from an offset. It returns nil when stop is done, and fil.ErrForgotten when the
// stage said so.
func (ln *lane) pass(stop, work context.Context, from, end int64) error {
	ln.held, ln.done, ln.target, ln.caught, ln.worked = fetched{next: from}, from, end, false, false
	if _, err := ln.give(stop, work, nil); err != nil {
		return unlessStopped(err)
	}
	ln.advance(from)
	reading, cease := context.WithCancel(stop)
	feed, ended := make(chan fetched), make(chan struct{})
	defer func() {
		cease()
		<-ended
	}()
	t := &tail{log: ln.log, topic: ln.Topic, partition: ln.partition, offset: from, out: feed, progress: func(partition int, lag, end int64) {
		ln.metrics.progress(ln.Topic, partition, lag, end)
	}}
	go func() {
		defer close(ended)
		t.run(reading)
	}()
	for {
		b, ok := ln.collect(stop, feed)
		if !ok {
			return nil
		}
		if err := ln.settle(stop, work, b); err != nil {
			return unlessStopped(err)
		}
	}
}

// errStopped says that stop was done before a batch was.
var errStopped = errors.New("the lane's turn has ended")

func unlessStopped(err error) error {
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// advance notes how far the lane has come, for CaughtUp.
func (ln *lane) advance(next int64) {
	reached := ln.caught || next >= ln.target
	if reached == ln.ahead {
		return
	}
	ln.ahead = reached
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if reached {
		ln.behind--
	} else {
		ln.behind++
	}
}

// collect gives the next batch: as many records as there are, up to MaxBatch, after at most MaxWait; or none after a Beat.
// It says false when stop is done.
func (ln *lane) collect(stop context.Context, feed <-chan fetched) (batch fetched, ok bool) {
	beat := time.NewTimer(ln.Beat)
	defer beat.Stop()
	for {
		if stop.Err() != nil {
			return fetched{}, false
		}
		if ln.bound > 0 { // the batch is as it was begun, however long its records take to come
			if ln.held.next >= ln.bound {
				return ln.cutAt(ln.bound), true
			}
			select {
			case f := <-feed:
				ln.take(f)
			case <-stop.Done():
			}
			continue
		}
		wait := beat.C
		if len(ln.held.records) > 0 {
			left := ln.MaxWait - time.Since(ln.started)
			if len(ln.held.records) >= ln.MaxBatch || (left <= 0 && !ln.more(feed)) {
				return ln.cut(), true
			}
			if left <= 0 {
				continue // more came without waiting: look at the size again
			}
			wait = time.After(left)
		}
		select {
		case f := <-feed:
			ln.take(f)
			if len(ln.held.records) == 0 {
				return ln.cut(), true // poison, a gap or the end of the partition: nothing to wait for
			}
		case <-wait:
			return ln.cut(), true
		case <-stop.Done():
			return fetched{}, false
		}
	}
}

// more takes a page that is ready, if there is one.
func (ln *lane) more(feed <-chan fetched) bool {
	select {
	case f := <-feed:
		ln.take(f)
		return true
	default:
		return false
	}
}

func (ln *lane) take(f fetched) {
	if len(ln.held.records) == 0 {
		ln.held.records, ln.started = f.records, time.Now()
	} else {
		ln.held.records = append(ln.held.records, f.records...)
	}
	ln.held.poison = append(ln.held.poison, f.poison...)
	ln.held.next, ln.held.end, ln.held.idle = f.next, f.end, f.idle
	ln.holding.Set(float64(len(ln.held.records)))
}

// cut removes from what is held one batch, with the poison that lies before its end.
func (ln *lane) cut() fetched {
	if len(ln.held.records) <= ln.MaxBatch {
		return ln.cutAt(ln.held.next)
	}
	return ln.cutAt(ln.held.records[ln.MaxBatch].Offset)
}

// cutAt removes from what is held all that lies before an offset.
func (ln *lane) cutAt(next int64) fetched {
	h := &ln.held
	r, _ := slices.BinarySearchFunc(h.records, next, func(rec fil.Record, at int64) int { return cmp.Compare(rec.Offset, at) })
	p, _ := slices.BinarySearchFunc(h.poison, next, func(one poison, at int64) int { return cmp.Compare(one.at.Offset, at) })
	b := fetched{partition: ln.partition, records: h.records[:r:r], poison: h.poison[:p:p], next: next}
	h.records, h.poison = h.records[r:], h.poison[p:]
	if next == h.next { // all of it
		b.idle = h.idle
		*h = fetched{next: next}
	}
	ln.holding.Set(float64(len(h.records)))
	return b
}

// settle gives a batch to the stage, parks what was rejected, and marks the offset as done.
func (ln *lane) settle(stop, work context.Context, b fetched) error {
	if ln.Exact && len(b.records) > 0 && b.next != ln.bound {
		if err := ln.commits.set(ln.partition, progress{offset: ln.done, until: b.next}); err != nil {
			return fmt.Errorf("commit the end of the batch begun at %d: %w", ln.done, err)
		}
	}
	var rejected []*fil.Rejection
	if len(b.records) > 0 || (len(b.poison) == 0 && !b.idle) {
		var err error
		if rejected, err = ln.give(stop, work, b.records); err != nil {
			return err
		}
	}
	if len(b.records) == 0 {
		rejected = nil
	}
	if err := ln.park(stop, work, rejected, b.poison); err != nil {
		return err
	}
	if len(b.records)+len(b.poison) > 0 {
		ln.metrics.records.WithLabelValues(string(ln.Topic)).Add(float64(len(b.records) + len(b.poison)))
		ln.commits.mark(ln.partition, b.next)
		if len(b.records) > 0 {
			ln.metrics.delay.WithLabelValues(string(ln.Topic)).Observe(max(0, ln.log.cfg.Now().Sub(b.records[0].Admitted).Seconds()))
		}
	}
	ln.done, ln.caught = b.next, ln.caught || b.idle
	if ln.done >= ln.bound {
		ln.bound = 0
	}
	ln.advance(b.next)
	return nil
}

// give calls Handle until the batch is done, but for the rejections it gives.
func (ln *lane) give(stop, work context.Context, batch []fil.Record) ([]*fil.Rejection, error) {
	defer ln.setFailing(false)
	for try := 1; ; try++ {
		start := time.Now()
		rejected, err := fil.Rejections(ln.Handle(work, ln.partition, batch))
		if len(batch) > 0 {
			ln.metrics.seconds.WithLabelValues(string(ln.Topic)).Observe(time.Since(start).Seconds())
		}
		switch {
		case err == nil:
			ln.worked = true
			return rejected, nil
		case errors.Is(err, fil.ErrForgotten):
			return nil, err
		case stop.Err() != nil:
			return nil, errStopped
		}
		ln.metrics.retries.WithLabelValues(string(ln.Topic)).Inc()
		ln.setFailing(try >= failingFrom)
		level := slog.LevelDebug
		if worthSaying(try) {
			level = slog.LevelWarn
		}
		ln.log.log.Log(work, level, "batch failed", "stage", ln.Stage, "topic", ln.Topic, "partition", ln.partition, "records", len(batch), "try", try, "error", err)
		if !pause(stop, try) {
			return nil, errStopped
		}
	}
}

// failingFrom is the try of one batch, some two seconds after the first, from which its lane is said to fail.
const failingFrom = 6

// worthSaying is true at the 1st, 8th, 64th, 512th try: an engine that is away for an hour fails each lane some
// seven hundred times.
func worthSaying(try int) bool { return try == 1 || try == 8 || try == 64 || try%512 == 0 }

// park writes the verdicts to the topic's Rejected, until they are there.
func (ln *lane) park(stop, work context.Context, rejected []*fil.Rejection, poisoned []poison) error {
	if len(rejected)+len(poisoned) == 0 {
		return nil
	}
	messages := parked(ln.Stage, ln.log.cfg.Now(), rejected, poisoned)
	for try := 1; ; try++ {
		err := ln.log.writeMessages(work, ln.log.name(parkingOf(ln.Topic)), messages)
		if err == nil {
			ln.metrics.rejected.WithLabelValues(string(ln.Topic)).Add(float64(len(messages)))
			ln.log.log.Warn("records rejected", "stage", ln.Stage, "topic", ln.Topic, "partition", ln.partition, "records", len(messages), "first", reason(messages[0]))
			return nil
		}
		ln.log.log.Error("park rejected records", "stage", ln.Stage, "topic", ln.Topic, "partition", ln.partition, "try", try, "error", err)
		if !pause(stop, try) {
			return errStopped
		}
	}
}
