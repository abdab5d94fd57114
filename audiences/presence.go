package audiences

import (
	"math/bits"
	"sync"
	"time"
)

// presence is, for each hour of the day, the agents who usually do something in it: those who did on two days or more of what
// is kept, in the index's zone.
type presence struct {
	layout *layout
	made   time.Time
	hours  [24][]*block // by number of segment, nil where nobody is
}

// presenceFor is how long a presence is good for, since habits change slowly: agents who came meanwhile are in none of its
// hours.
const presenceFor = time.Minute

// presences makes presences, one at a time.
type presences struct {
	lock sync.Mutex
	last *presence
}

// presence gives the usual hours of the agents of a layout: about a hundred milliseconds for six million agents who did
// something, once a minute. It is nil where no acts are kept.
func (ix *Index) presence(of *layout) *presence {
	l := ix.lives
	if l.kept == 0 || l.elsewhere {
		return nil
	}
	l.presences.lock.Lock()
	defer l.presences.lock.Unlock()
	now := l.now()
	if p := l.presences.last; p != nil && p.layout == of && now.Sub(p.made).Abs() < presenceFor {
		return p
	}
	p := &presence{layout: of, made: now}
	for h := range p.hours {
		p.hours[h] = make([]*block, len(of.segments))
	}
	for _, t := range l.all() {
		t.present(p)
	}
	l.presences.last = p
	return p
}

// present adds a partition's agents.
func (t *trail) present(p *presence) {
	t.lock.RLock()
	defer t.lock.RUnlock()
	for who, usual := range t.usual {
		ordinal := t.places[who]
		if ordinal == noOrdinal || int(ordinal>>16) >= len(p.layout.segments) {
			continue
		}
		for ; usual != 0; usual &= usual - 1 {
			at := &p.hours[bits.TrailingZeros32(usual)][ordinal>>16]
			if *at == nil {
				*at = new(block)
			}
			(*at).add(uint16(ordinal))
		}
	}
}
