package audiences

import (
	"hash/maphash"
	"math"
	"sync"
)

// idTable finds agents by id: an open table of ordinals, at the hash of their ids or after it (linear probing). The ids
// themselves are in the segments. One writer, who reads without the lock; any number of readers under it.
type idTable struct {
	lock  sync.RWMutex
	seed  maphash.Seed
	slots []uint32 // ordinals, or noOrdinal
	n     int
}

const (
	noOrdinal    = math.MaxUint32
	fewestSlots  = 1 << 10
	loadNumer    = 4 // the table doubles when it is four fifths full
	loadDivider  = 5
	ordinalBytes = 4
)

func newIDTable() *idTable {
	t := &idTable{seed: maphash.MakeSeed()}
	t.slots = emptySlots(fewestSlots)
	return t
}

func emptySlots(n int) []uint32 {
	slots := make([]uint32, n)
	for i := range slots {
		slots[i] = noOrdinal
	}
	return slots
}

func (t *idTable) home(hash uint64) int { return int(hash) & (len(t.slots) - 1) }

func (t *idTable) after(slot int) int { return (slot + 1) & (len(t.slots) - 1) }

func (t *idTable) hash(id string) uint64 { return maphash.String(t.seed, id) }

// find gives the ordinal of an id. The lock is held, or the caller is the writer.
func (t *idTable) find(l *layout, id string) (ordinal uint32, known bool) {
	for i := t.home(t.hash(id)); ; i = t.after(i) {
		ordinal := t.slots[i]
		if ordinal == noOrdinal || string(l.id(ordinal)) == id {
			return ordinal, ordinal != noOrdinal
		}
	}
}

// insert adds an id that is not there. The lock is held for writing.
func (t *idTable) insert(l *layout, id string, ordinal uint32) {
	if t.n++; t.n*loadDivider > len(t.slots)*loadNumer {
		old := t.slots
		t.slots = emptySlots(2 * len(old))
		for _, o := range old {
			if o != noOrdinal {
				t.place(maphash.Bytes(t.seed, l.id(o)), o)
			}
		}
	}
	t.place(t.hash(id), ordinal)
}

func (t *idTable) place(hash uint64, ordinal uint32) {
	i := t.home(hash)
	for t.slots[i] != noOrdinal {
		i = t.after(i)
	}
	t.slots[i] = ordinal
}

// remove takes out an id that is there, and closes the gap. The lock is held for writing.
func (t *idTable) remove(l *layout, id string, ordinal uint32) {
	gap := t.slot(t.hash(id), ordinal)
	mask := len(t.slots) - 1
	for i := t.after(gap); t.slots[i] != noOrdinal; i = t.after(i) {
		home := t.home(maphash.Bytes(t.seed, l.id(t.slots[i])))
		if (i-home)&mask >= (i-gap)&mask { // it would be found at the gap too
			t.slots[gap], gap = t.slots[i], i
		}
	}
	t.slots[gap] = noOrdinal
	t.n--
}

// move gives an id that is there another ordinal. The lock is held for writing.
func (t *idTable) move(id []byte, from, to uint32) {
	t.slots[t.slot(maphash.Bytes(t.seed, id), from)] = to
}

// slot finds an ordinal that is there.
func (t *idTable) slot(hash uint64, ordinal uint32) int {
	i := t.home(hash)
	for t.slots[i] != ordinal {
		i = t.after(i)
	}
	return i
}

func (t *idTable) len() int {
	t.lock.RLock()
	defer t.lock.RUnlock()
	return t.n
}
