package audiences

import (
	"encoding/binary"
	"math"
	"sync"
	"time"
)

// segment is at most 65,536 agents of one shard: their values by column and, once it is built, for each value the set of
// those who have it. Sets and blocks are handed out to plans under the lock and never after.
type segment struct {
	number  uint32 // the high half of its agents' ordinals
	serial  uint64 // no other segment has, or had, the same
	shard   *shard
	lock    sync.RWMutex
	built   bool // its columns have their sets
	ids     idArena
	stamps  []uint64
	live    set
	columns []column
}

func newSegment(number uint32, of *shard, fields []*field, built bool) *segment {
	s := &segment{number: number, shard: of, built: built, columns: make([]column, len(fields))}
	for i, f := range fields {
		s.columns[i].field = f
	}
	return s
}

func (s *segment) ordinal(at uint16) uint32 { return s.number<<16 | uint32(at) }

// row reads the agent at a place, into the codes given if they are long enough.
func (s *segment) row(at uint16, into []uint32, now time.Time) row {
	if len(into) < len(s.columns) {
		into = make([]uint32, len(s.columns))
	}
	for i := range s.columns {
		into[i] = s.columns[i].codes.at(at)
	}
	return row{id: string(s.ids.at(at)), stamp: s.stamps[at], codes: into, now: now}
}

// put writes an agent at a place, which is theirs or a new one; only the sets of values that changed move.
func (s *segment) put(at uint16, stamp uint64, codes []uint32) {
	if int(at) == len(s.stamps) {
		s.stamps = append(s.stamps, stamp)
	} else {
		s.stamps[at] = stamp
	}
	s.live.add(at)
	for i := range s.columns {
		s.columns[i].put(at, codes[i], s.built)
	}
}

// remove empties a place, whose id is gone.
func (s *segment) remove(at uint16) {
	s.stamps[at] = 0
	s.live.remove(at)
	for i := range s.columns {
		s.columns[i].put(at, 0, s.built)
	}
}

// idArena keeps the ids of a segment's agents one after the other, each after its length. What an id leaves behind is
// cleared away when the shard is settled. It is written under the segment's lock and that of the table of ids, and
// read under either.
type idArena struct {
	bytes  []byte
	starts []uint32 // by place; noID where there is none
}

const noID = math.MaxUint32

// at gives the id at a place, nil when there is none. It is for reading, under the lock.
func (a *idArena) at(place uint16) []byte {
	if int(place) >= len(a.starts) || a.starts[place] == noID {
		return nil
	}
	from := a.bytes[a.starts[place]:]
	if n := from[0]; n < 0x80 {
		return from[1 : 1+n]
	}
	n, width := binary.Uvarint(from)
	return from[width : uint64(width)+n]
}

func (a *idArena) put(place uint16, id string) {
	a.starts = written(a.starts, place, uint32(len(a.bytes)))
	a.bytes = append(binary.AppendUvarint(a.bytes, uint64(len(id))), id...)
}

func (a *idArena) remove(place uint16) { a.starts[place] = noID }
