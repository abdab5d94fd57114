package audiences

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// lives is what the index knows of what agents did, by partition of the log.
type lives struct {
	index     *Index
	elsewhere bool          // acts are not kept here: audiences that ask for them are judged by what was announced
	kept      time.Duration // how long; 0: nothing is kept, and no rule may ask
	now       func() time.Time
	zone      *time.Location
	kinds     map[fil.EngagementKind]uint8
	shelf     *shelf

	presences presences

	lock   sync.RWMutex
	trails map[int]*trail
	order  []*trail // all of them, by partition; replaced whole
}

func newLives(ix *Index, cfg Config) *lives {
	l := &lives{index: ix, elsewhere: cfg.Announced, kept: cfg.Behaviour, now: ix.now, zone: ix.now().Location(), kinds: map[fil.EngagementKind]uint8{}, shelf: newShelf(), trails: map[int]*trail{}}
	for i, kind := range fil.EngagementKinds() {
		l.kinds[kind] = uint8(i)
	}
	return l
}

// slack is how much longer than asked acts are kept: a span of days is an hour longer than it seems when clocks go back.
const slack = 26 * time.Hour

// ActsSince is the moment of admission from which engagements must be applied for rules about behaviour to be judged.
func (ix *Index) ActsSince() time.Time { return ix.now().Add(-ix.lives.kept - slack) }

// trail gives the acts of a partition, new ones if there are none.
func (l *lives) trail(partition int) *trail {
	if t := l.find(partition); t != nil {
		return t
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	t := l.trails[partition]
	if t == nil {
		t = newTrail(l.placeOf)
		l.trails[partition] = t
		l.reorder()
	}
	return t
}

// find gives the acts of a partition, nil if there are none.
func (l *lives) find(partition int) *trail {
	l.lock.RLock()
	defer l.lock.RUnlock()
	return l.trails[partition]
}

func (l *lives) reorder() {
	l.order = nil
	for _, partition := range slices.Sorted(maps.Keys(l.trails)) {
		l.order = append(l.order, l.trails[partition])
	}
}

// drop forgets a partition.
func (l *lives) drop(partition int) {
	l.lock.Lock()
	defer l.lock.Unlock()
	delete(l.trails, partition)
	l.reorder()
}

func (l *lives) all() []*trail {
	l.lock.RLock()
	defer l.lock.RUnlock()
	return l.order
}

// of photographs what an agent did.
func (l *lives) of(agent string) deeds {
	for _, t := range l.all() {
		if d := t.of(agent); d.acts != nil {
			return d
		}
	}
	return deeds{}
}

// Acts is how many acts are kept.
func (ix *Index) Acts() int {
	n := 0
	for _, t := range ix.lives.all() {
		n += t.len()
	}
	return n
}

// ApplyEngagements applies records of fil.engagements, in their order, to what rules about behaviour are judged by. A
// record at or below the last offset applied of its partition has no effect, nor has one that is older than the window, nor
// an event that the agent's acts include already; agents need not be known. A record that holds no engagement, or
// whose key is not its agent, changes nothing: who drains the topic judges it.
func (ix *Index) ApplyEngagements(records []fil.Record) {
	for same := range partitions(records) {
		ix.lives.apply(same)
	}
}

// partitions cuts a batch where the partition changes.
func partitions(records []fil.Record) func(yield func([]fil.Record) bool) {
	return func(yield func([]fil.Record) bool) {
		for len(records) > 0 {
			n := 1
			for n < len(records) && records[n].Partition == records[0].Partition {
				n++
			}
			if !yield(records[:n]) {
				return
			}
			records = records[n:]
		}
	}
}

func (l *lives) apply(records []fil.Record) {
	if l.kept == 0 {
		return
	}
	horizon, clock := l.now().Add(-l.kept-slack).Unix(), &calendar{zone: l.zone}
	acts, offsets := make([]act, 0, len(records)), make([]int64, 0, len(records))
	for _, rec := range records {
		agent, content, kind, ok := l.engaged(&rec)
		if !ok || rec.Topic != "" && rec.Key != agent { // else what an agent did would be in two partitions
			continue
		}
		at := rec.Event.Time
		if !rec.Admitted.IsZero() && at.After(rec.Admitted) {
			at = rec.Admitted // a clock that is ahead must not make an act last
		}
		if at.Unix() <= horizon {
			continue
		}
		offset := rec.Offset
		if rec.Topic == "" {
			offset = -1 // of no log: it always applies
		}
		offsets = append(offsets, offset)
		acts = append(acts, act{agent: agent, content: l.shelf.number(content), time: uint32(at.Unix()), identity: uint32(rec.Event.Identity()), kind: kind})
	}
	t := l.trail(records[0].Partition)
	t.lock.Lock()
	defer t.lock.Unlock()
	for i, a := range acts {
		if offsets[i] >= 0 && offsets[i] < t.applied {
			continue
		}
		t.applied = max(t.applied, offsets[i]+1)
		t.append(a, clock)
	}
	t.expire(uint32(max(horizon, 0)), clock)
}
