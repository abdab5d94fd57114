package audiences

import (
	"hash/maphash"
	"math"
	"sync"
)

// idTable finds agents by id: an open table of ordinals, at the hash of their ids or after it (linear probing). The ids
// themselves are in the segments, far away: eight bits of each hash tell most that are not the one looked for. One writer,
// who reads without the lock; any number of readers under it.
type idTable struct {
	lock  sync.RWMutex
	seed  maphash.Seed
	tags  []uint8 // of the hashes, by slot; 0 where no ordinal is
	slots []uint32
	n     int
}

const (
	noOrdinal   = math.MaxUint32 // for who is not known
	fewestSlots = 1 << 10
	loadNumer   = 4 // the table doubles when it is four fifths full
	loadDivider = 5
)

func newIDTable() *idTable {
	return &idTable{seed: maphash.MakeSeed(), tags: make([]uint8, fewestSlots), slots: make([]uint32, fewestSlots)}
}

func tagOf(hash uint64) uint8 { return max(1, uint8(hash>>56)) }

func (t *idTable) home(hash uint64) int { return int(hash) & (len(t.slots) - 1) }

func (t *idTable) after(slot int) int { return (slot + 1) & (len(t.slots) - 1) }

func (t *idTable) hash(id string) uint64 { return maphash.String(t.seed, id) }

// find gives the ordinal of an id. The lock is held, or the caller is the writer.
func (t *idTable) find(l *layout, id string) (ordinal uint32, known bool) {
	hash := t.hash(id)
	tag := tagOf(hash)
	for i := t.home(hash); ; i = t.after(i) {
		switch t.tags[i] {
		case 0:
			return 0, false
		case tag:
			if ordinal := t.slots[i]; string(l.id(ordinal)) == id {
				return ordinal, true
			}
		}
	}
}

// insert adds an id that is not there. The lock is held for writing.
func (t *idTable) insert(l *layout, id string, ordinal uint32) {
	if t.n++; t.n*loadDivider > len(t.slots)*loadNumer {
		tags, slots := t.tags, t.slots
		t.tags, t.slots = make([]uint8, 2*len(tags)), make([]uint32, 2*len(slots))
		for i, o := range slots {
			if tags[i] != 0 {
				t.place(maphash.Bytes(t.seed, l.id(o)), o)
			}
		}
	}
	t.place(t.hash(id), ordinal)
}

func (t *idTable) place(hash uint64, ordinal uint32) {
	i := t.home(hash)
	for t.tags[i] != 0 {
		i = t.after(i)
	}
	t.tags[i], t.slots[i] = tagOf(hash), ordinal
}

// remove takes out an id that is there, and closes the gap. The lock is held for writing.
func (t *idTable) remove(l *layout, id string, ordinal uint32) {
	gap := t.slot(t.hash(id), ordinal)
	mask := len(t.slots) - 1
	for i := t.after(gap); t.tags[i] != 0; i = t.after(i) {
		home := t.home(maphash.Bytes(t.seed, l.id(t.slots[i])))
		if (i-home)&mask >= (i-gap)&mask { // it would be found at the gap too
			t.tags[gap], t.slots[gap] = t.tags[i], t.slots[i]
			gap = i
		}
	}
	t.tags[gap] = 0
	t.n--
}

// move gives an id that is there another ordinal. The lock is held for writing.
func (t *idTable) move(id []byte, from, to uint32) {
	t.slots[t.slot(maphash.Bytes(t.seed, id), from)] = to
}

// slot finds an ordinal that is there.
func (t *idTable) slot(hash uint64, ordinal uint32) int {
	i := t.home(hash)
	for t.slots[i] != ordinal || t.tags[i] == 0 {
		i = t.after(i)
	}
	return i
}

func (t *idTable) len() int {
	t.lock.RLock()
	defer t.lock.RUnlock()
	return t.n
}
