package analytics

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// Skew is how far the clocks of two doors may be apart, so how far admissions may go back within a partition.
const Skew = 24 * time.Hour

// lane names one partition of one topic.
type lane struct {
	topic     fil.Topic
	partition int
}

func (l lane) String() string { return fmt.Sprintf("%s:%d", l.topic, l.partition) }

// laneState is what a recorder knows of one lane. It is a copy of what the store says, dropped at the first doubt.
type laneState struct {
	mu    sync.Mutex // held for the whole of a call, so that a late insert of this process cannot cross the next call
	lane  lane
	open  bool
	asked bool // ErrForgotten was answered, and no batch has been recorded since: the log gives the lane from its first record

	claim   Claim
	claimed time.Time // when the claim was written
	opened  time.Time // or last recorded: what was seen before says nothing of the lane as it is
	next    int64     // offset after the last one recorded; -1 before the first
	stored  bool      // whether the store is known to hold facts of this lane

	erased map[uint64]Erasure // last wish of each agent who asked to be forgotten
	memory memory
	// memory covers the facts admitted after since and until until, of those that were stored when the lane was opened, the
	// last of them admitted at last; what was stored later went through this state.
	since, until, last time.Time
	swept              uint16 // days before it are forgotten
}

// forgotten answers that the lane must be made again, and notes that it was asked.
func (l *laneState) forgotten(why string) error {
	l.open, l.asked = false, true
	return fmt.Errorf("record %s: %s: %w", l.lane, why, fil.ErrForgotten)
}

// enter checks that the lane is still ours and its facts still there, and opens it if need be. first is the offset of the
// batch, -1 when it is empty.
//
// The check is made at each empty batch, which the log gives at every start of a lane, so that a lane which went to another
// process and came back is read again. A lane is also read again when offsets do not follow each other, when its claim is
// found to be another's, as a rebuild leaves it, and after any error.
// A look may be CheckEvery old: a lane that went and came back within that time is still caught by its offsets, or, given
// the very same batch, by the token of the insert.
func (r *Recorder) enter(ctx context.Context, l *laneState, first int64) error {
	if l.open && first >= 0 && (l.next < 0 || l.next == first) {
		switch ours, err := r.ours(ctx, l); {
		case err != nil:
			return err
		case ours:
			return l.prove(first)
		}
	}
	idle, age := l.open && first < 0, time.Duration(0)
	if idle {
		age = r.cfg.CheckEvery
	}
	seen, err := r.look(ctx, age)
	if err != nil {
		return fmt.Errorf("read the claim on %s: %w", l.lane, err)
	}
	if idle && seen.at.Before(l.opened) {
		return nil
	}
	claim, found := seen.claims[l.lane]
	if !found && first != 0 && !l.asked {
		return l.forgotten("its claim is not in the store")
	}
	if idle && claim.Owner == l.claim.Owner {
		if l.stored && seen.facts == 0 {
			return l.forgotten("its facts are not in the store")
		}
		return nil
	}
	if !found {
		claim = Claim{Topic: l.lane.topic, Partition: l.lane.partition, Since: max(first, 0)}
	}
	return r.open(ctx, l, claim, first)
}

// ours says whether nobody else is known to have claimed the lane since it was opened.
func (r *Recorder) ours(ctx context.Context, l *laneState) (bool, error) {
	seen, err := r.look(ctx, r.cfg.CheckEvery)
	if err != nil {
		return false, fmt.Errorf("read the claim on %s: %w", l.lane, err)
	}
	claim, found := seen.claims[l.lane]
	return !found || claim.Owner == l.claim.Owner || seen.at.Before(l.claimed), nil
}

// sight is what the store says of all lanes.
type sight struct {
	at     time.Time
	claims map[lane]Claim
	facts  uint64
}

// look reads the claims, unless they were read less than age ago: idle lanes share one look, since the log beats for each
// of them.
func (r *Recorder) look(ctx context.Context, age time.Duration) (sight, error) {
	r.looking.Lock()
	defer r.looking.Unlock()
	at := time.Now()
	if at.Sub(r.seen.at) < age {
		return r.seen, nil
	}
	claims, facts, err := r.store.Claimed(ctx)
	if err != nil {
		return sight{}, err
	}
	r.seen = sight{at: at, claims: make(map[lane]Claim, len(claims)), facts: facts}
	for _, c := range claims {
		r.seen.claims[lane{c.Topic, c.Partition}] = c
	}
	r.facts.Set(float64(facts))
	return r.seen, nil
}

// prove refuses to go on from an offset when nothing is stored of what must have come before it.
func (l *laneState) prove(first int64) error {
	if l.lane.topic == fil.TopicEngagements && l.next < 0 && first > l.claim.Since && !l.stored && !l.asked {
		return l.forgotten("its facts are not in the store")
	}
	return nil
}

// open takes the lane and reads what the store has of it, in this order: the process that had it before will find that
// it is no longer the owner.
func (r *Recorder) open(ctx context.Context, l *laneState, claim Claim, first int64) error {
	l.open, l.next, l.memory, l.stored, l.swept = false, -1, memory{}, false, 0
	l.since, l.until, l.last = time.Time{}, time.Time{}, time.Time{}
	claim.Owner = rand.Uint64()
	if err := r.store.Claim(ctx, claim); err != nil {
		return fmt.Errorf("claim %s: %w", l.lane, err)
	}
	l.claim, l.claimed = claim, time.Now()
	l.opened = l.claimed
	if l.lane.topic == fil.TopicEngagements {
		facts, last, err := r.store.Extent(ctx, l.lane.partition)
		if err != nil {
			return fmt.Errorf("read the extent of %s: %w", l.lane, err)
		}
		l.stored, l.last = facts > 0, last
		if l.erased, err = r.store.Erased(ctx, l.lane.partition); err != nil {
			return fmt.Errorf("read the erasures of %s: %w", l.lane, err)
		}
	}
	l.open = true
	return l.prove(first)
}

// cover makes the memory hold all identities that records admitted from one time to another can meet again: those
// admitted in the time before them that identities are remembered, and, in a lane given again, those after them.
func (r *Recorder) cover(ctx context.Context, l *laneState, from, to time.Time) error {
	from = from.Add(-r.cfg.Memory - Skew)
	if l.until.IsZero() {
		l.since, l.until = from, from
	}
	if from.Before(l.since) {
		if err := r.load(ctx, l, from, l.since); err != nil {
			return err
		}
		l.since = from
	}
	// A lane given again from far back is read in steps, so that the memory never holds more than two times the window.
	for l.until.Before(l.last) && !to.Add(Skew).Before(l.until) {
		next := Earlier(to.Add(r.cfg.Memory+Skew), l.last)
		if err := r.load(ctx, l, l.until, next); err != nil {
			return err
		}
		l.until = next
	}
	if day := dayOf(from); day > l.swept {
		l.memory.forget(day)
		l.since, l.swept = from, day
	}
	return nil
}

func (r *Recorder) load(ctx context.Context, l *laneState, after, until time.Time) error {
	if l.last.IsZero() {
		return nil
	}
	if err := r.store.Identities(ctx, l.lane.partition, after, until, l.memory.put); err != nil {
		l.open = false
		return fmt.Errorf("read the identities of %s: %w", l.lane, err)
	}
	return nil
}

// Earlier gives the first of two moments.
func Earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Later gives the last of two moments.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
