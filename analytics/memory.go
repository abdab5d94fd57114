package analytics

import (
	"math/bits"
	"time"
)

// memory remembers at which offset each identity was first stored. It is a hash table of 16-byte slots in 256 shards,
// each grown by a quarter at a time and never more than 4/5 full, so an identity takes 20 to 25 bytes, and growing copies
// 1/256 of the whole. The zero memory is empty and ready.
type memory struct {
	shards [256]shard
	count  int
}

type shard struct {
	slots []slot
	used  int
}

// slot holds an identity and where it was stored: offset<<16 | day. A mark of 0 says that the slot is free, which no
// stored identity has since its day is at least 1.
type slot struct{ identity, mark uint64 }

// dayOf is the day of an admission, in days since 1970 in UTC.
func dayOf(at time.Time) uint16 {
	return uint16(min(max(at.Unix()/secondsPerDay, 1), 1<<16-1))
}

const secondsPerDay = 24 * 60 * 60

func (m *memory) find(identity uint64) (offset int64, day uint16, ok bool) {
	hash := mix(identity)
	shard := &m.shards[hash>>56]
	if len(shard.slots) == 0 {
		return 0, 0, false
	}
	s := shard.probe(identity, hash)
	return int64(s.mark >> 16), uint16(s.mark), s.mark != 0
}

// put remembers an identity. When it was stored twice, which happens once it has been forgotten, the greater offset is kept.
func (m *memory) put(identity uint64, offset int64, day uint16) {
	hash := mix(identity)
	shard := &m.shards[hash>>56]
	if 5*(shard.used+1) > 4*len(shard.slots) {
		shard.resize(len(shard.slots)+len(shard.slots)/4+8, 0)
	}
	s := shard.probe(identity, hash)
	if s.mark == 0 {
		shard.used++
		m.count++
	}
	*s = slot{identity, max(s.mark, uint64(offset)<<16|uint64(max(day, 1)))}
}

// forget drops what was admitted before a day.
func (m *memory) forget(before uint16) {
	m.count = 0
	for i := range m.shards {
		s := &m.shards[i]
		left := 0
		for _, slot := range s.slots {
			if slot.mark != 0 && uint16(slot.mark) >= before {
				left++
			}
		}
		if left < s.used {
			s.resize(left+left/4+8, before)
		}
		m.count += left
	}
}

// mix spreads an identity over all bits: the first 8 choose the shard, the others the slot. FNV-1a alone spreads its low
// bits better than its high ones.
func mix(identity uint64) uint64 {
	hash := identity
	hash ^= hash >> 32
	hash *= 0x9E3779B97F4A7C15
	hash ^= hash >> 29
	hash *= 0xBF58476D1CE4E5B9
	return hash
}

// probe finds the slot of an identity, or the free one where it belongs. There is always a free one.
func (s *shard) probe(identity, hash uint64) *slot {
	at, _ := bits.Mul64(hash<<8, uint64(len(s.slots)))
	for {
		if slot := &s.slots[at]; slot.mark == 0 || slot.identity == identity {
			return slot
		}
		if at++; at == uint64(len(s.slots)) {
			at = 0
		}
	}
}

// resize copies what was not admitted before a day to a table of another size.
func (s *shard) resize(size int, before uint16) {
	old := s.slots
	s.slots, s.used = make([]slot, size), 0
	for _, slot := range old {
		if slot.mark == 0 || uint16(slot.mark) < before {
			continue
		}
		*s.probe(slot.identity, mix(slot.identity)) = slot
		s.used++
	}
}
