package audiences

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Acts are what agents did within a window of time, kept by the partition of the log: 21 bytes each. They are written once,
// in the order of the log, and linked from each act to the same agent's act before it. They are kept in chunks: one whose
// acts are all older than the window is dropped, and only then is an act lost.
const (
	chunkBits = 14
	chunkActs = 1 << chunkBits
)

// chunk is 16,384 acts, in columns, for one partition takes at least one: 344 KiB.
type chunk struct {
	agent    [chunkActs]uint32 // number in the trail's roll
	content  [chunkActs]uint32 // number on the shelf
	time     [chunkActs]uint32 // Unix seconds
	identity [chunkActs]uint32 // half the digest of source and id
	previous [chunkActs]uint32 // the act before it of the same agent, 0 for none
	kind     [chunkActs]uint8  // place in fil.EngagementKinds
}

// trail is the acts of one partition's agents. A writer appends under the lock; readers take what there is under it, and
// read without it: an act that was taken never changes.
//
// Acts are numbered from 1 on in the order of the log, in this process: 4.29 billion of them at most.
type trail struct {
	lock   sync.RWMutex
	who    roll     // agents who did something, or of whom an announcement is known, by id
	last   []uint32 // by number in the roll: the agent's last act, 0 for none
	places []uint32 // by number in the roll: the agent's ordinal in the index, or noOrdinal
	usual  []uint32 // by number in the roll: bit h for an hour of the day in which they usually do something
	next   uint32   // number of the next act
	acts   atomic.Pointer[chunks]

	placeOf func(agent string) uint32
	applied int64 // offset after the last engagement applied
	stays   stays
	heard   int64 // offset after the last announcement read
}

// chunks are those kept at one moment. It is never written again, but for the acts of the last chunk.
type chunks struct {
	first uint32   // number of the first act of the first chunk
	all   []*chunk // in order
	ends  []uint32 // by chunk: the time of its latest act, in Unix seconds; of the last chunk, which is being filled, the highest there is
}

func newTrail(placeOf func(agent string) uint32) *trail {
	t := &trail{next: 1, placeOf: placeOf, stays: newStays()}
	t.acts.Store(&chunks{})
	return t
}

// at finds an act; nil for one that is not kept.
func (c *chunks) at(n uint32) (*chunk, uint32) {
	if n == 0 || n < c.first {
		return nil, 0
	}
	return c.all[(n-c.first)>>chunkBits], (n - c.first) & (chunkActs - 1)
}

// act is one act on its way in.
type act struct {
	agent    string
	content  uint32
	time     uint32
	identity uint32
	kind     uint8
}

// sameWithin bounds the search for an act that was written before: it goes back over so many acts of the agent. Half a
// digest is compared, so that one act in some 17 million is taken for another, by agents who did as much.
const sameWithin = 256

// append writes an act, unless the agent's latest acts include it already. The lock must be held. It says whether it wrote,
// and the agent's number.
func (t *trail) append(a act, clock *calendar) (who uint32, written bool) {
	who = t.number(a.agent)
	kept, day := t.acts.Load(), clock.at(a.time)
	usual := t.usual[who]&(1<<day.hour) != 0
	for n, back := t.last[who], 0; back < sameWithin; back++ {
		c, i := kept.at(n)
		if c == nil {
			break
		}
		if c.identity[i] == a.identity {
			return who, false
		}
		if !usual {
			before := clock.at(c.time[i])
			usual = before.hour == day.hour && before.day != day.day
		}
		n = c.previous[i]
	}
	if usual {
		t.usual[who] |= 1 << day.hour
	}
	if kept.first == 0 || t.next-kept.first == uint32(len(kept.all))<<chunkBits {
		kept = t.extend(kept)
	}
	at := (t.next - kept.first) & (chunkActs - 1)
	c := kept.all[len(kept.all)-1]
	c.agent[at], c.content[at], c.time[at], c.identity[at], c.previous[at], c.kind[at] = who, a.content, a.time, a.identity, t.last[who], a.kind
	t.last[who] = t.next
	t.next++
	return who, true
}

// number gives an agent's number, a new one if need be. The lock must be held.
func (t *trail) number(agent string) uint32 {
	who := t.who.number(agent)
	if int(who) == len(t.last) {
		t.last, t.usual, t.places = append(t.last, 0), append(t.usual, 0), append(t.places, t.placeOf(agent))
	}
	return who
}

func (t *trail) nameOf(who uint32) string {
	t.lock.RLock()
	defer t.lock.RUnlock()
	return t.who.name(who)
}

// extend adds an empty chunk.
func (t *trail) extend(kept *chunks) *chunks {
	next := &chunks{first: kept.first, all: append(slices.Clone(kept.all), &chunk{}), ends: append(slices.Clone(kept.ends), math.MaxUint32)}
	if len(kept.all) == 0 {
		next.first = t.next
	} else {
		next.ends[len(kept.all)-1] = slices.Max(kept.all[len(kept.all)-1].time[:])
	}
	t.acts.Store(next)
	return next
}

// expire drops the chunks whose acts are all older than a moment, and looks again which hours are usual for those whose
// acts they were. The chunk that is being filled stays. The lock must be held.
func (t *trail) expire(before uint32, clock *calendar) {
	kept, n := t.acts.Load(), 0
	for n < len(kept.all)-1 && kept.ends[n] < before {
		n++
	}
	if n == 0 {
		return
	}
	dropped := kept.all[:n]
	kept = &chunks{first: kept.first + uint32(n)<<chunkBits, all: slices.Clone(kept.all[n:]), ends: slices.Clone(kept.ends[n:])}
	t.acts.Store(kept)
	seen := map[uint32]struct{}{}
	for _, c := range dropped {
		for _, who := range c.agent {
			if _, done := seen[who]; !done {
				seen[who] = struct{}{}
				t.usual[who] = deeds{acts: kept, last: t.last[who]}.usual(clock)
			}
		}
	}
}

// len is how many acts are kept.
func (t *trail) len() int {
	t.lock.RLock()
	defer t.lock.RUnlock()
	if kept := t.acts.Load(); len(kept.all) > 0 {
		return int(t.next - kept.first)
	}
	return 0
}

// deeds are one agent's acts at one moment.
type deeds struct {
	acts *chunks
	last uint32
}

// of photographs an agent's deeds.
func (t *trail) of(agent string) deeds {
	t.lock.RLock()
	defer t.lock.RUnlock()
	if who, ok := t.who.find(agent); ok {
		return deeds{t.acts.Load(), t.last[who]}
	}
	return deeds{}
}

// each calls visit with the acts from the last one written back to the first one kept, until it says false.
func (d deeds) each(visit func(kind uint8, content, time uint32) bool) {
	if d.acts == nil {
		return
	}
	for n := d.last; ; {
		c, i := d.acts.at(n)
		if c == nil || !visit(c.kind[i], c.content[i], c.time[i]) {
			return
		}
		n = c.previous[i]
	}
}

// usual gives the hours in which an agent did something on two days or more, bit h for the hour h.
func (d deeds) usual(clock *calendar) (usual uint32) {
	var days [24]int32
	d.each(func(_ uint8, _, at uint32) bool {
		h := clock.at(at)
		switch before := days[h.hour]; {
		case before == 0:
			days[h.hour] = h.day + 1
		case before != h.day+1:
			usual |= 1 << h.hour
		}
		return true
	})
	return usual
}

// calendar tells the day and the hour in a time zone of moments that are near one another, without asking the zone each time.
type calendar struct {
	zone   *time.Location
	from   int64 // Unix seconds between which the offset holds
	until  int64
	offset int64
}

// hour is an hour of a day; days are counted from 1970.
type hour struct {
	day  int32
	hour uint8
}

func (h *calendar) at(seconds uint32) hour {
	s := int64(seconds)
	if s < h.from || s >= h.until {
		// Offsets change on the hour: what holds now holds until the next one.
		h.from = s - s%3600
		h.until = h.from + 3600
		_, offset := time.Unix(s, 0).In(h.zone).Zone()
		h.offset = int64(offset)
		if start, end := time.Unix(s, 0).In(h.zone).ZoneBounds(); !start.IsZero() && !end.IsZero() {
			h.from, h.until = start.Unix(), end.Unix()
		}
	}
	local := s + h.offset
	return hour{int32(local / 86400), uint8(local % 86400 / 3600)}
}
