package audiences

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A dictionary gives small integers, codes, to the values of one field, from 1; code 0 is no value. It only grows: a value
// that nobody has any more costs its bytes until the next start. One writer; any number of readers. While the
// writer waits, what it would do without a lock others may do for it.

// dictionary gives codes to words, which are found by an open table of their codes, each beside half of the word's hash:
// words that are not the one looked for are seldom read.
type dictionary struct {
	lock    sync.RWMutex
	seed    maphash.Seed
	slots   []uint64                 // the half, then the code, at the hash of the word or after it; 0 for none
	list    atomic.Pointer[[]string] // by code
	parents atomic.Pointer[[]uint32] // of paths: by code, the unit above or 0
}

func newDictionary() *dictionary {
	d := &dictionary{seed: maphash.MakeSeed(), slots: make([]uint64, slotsFor(1))}
	d.list.Store(&[]string{""})
	d.parents.Store(&[]uint32{0})
	return d
}

// find gives the word's code, 0 when it has none. It takes no lock.
func (d *dictionary) find(word string) uint32 {
	_, code := d.slot(word, maphash.String(d.seed, word))
	return code
}

// findBytes does as find.
func (d *dictionary) findBytes(word []byte) uint32 {
	mask, half := len(d.slots)-1, maphash.Bytes(d.seed, word)>>32
	for i := int(half) & mask; ; i = (i + 1) & mask {
		found := d.slots[i]
		if found == 0 || found>>32 == half && d.word(uint32(found)) == string(word) {
			return uint32(found)
		}
	}
}

// slot gives the place of a word in the table, or the one that it would have, and its code.
func (d *dictionary) slot(word string, hash uint64) (slot int, code uint32) {
	mask, half := len(d.slots)-1, hash>>32
	for i := int(half) & mask; ; i = (i + 1) & mask {
		found := d.slots[i]
		if found == 0 || found>>32 == half && d.word(uint32(found)) == word {
			return i, uint32(found)
		}
	}
}

// intern gives the word's code, a new one if need be. Only the writer calls it.
func (d *dictionary) intern(word string) uint32 {
	hash := maphash.String(d.seed, word)
	slot, code := d.slot(word, hash) // no lock: nobody else writes
	if code != 0 {
		return code
	}
	word = strings.Clone(word) // words live long; the record they came with should not
	words := append(*d.list.Load(), word)
	code = uint32(len(words) - 1)
	d.list.Store(&words) // before the code can be found
	d.lock.Lock()
	defer d.lock.Unlock()
	d.slots[slot] = hash>>32<<32 | uint64(code)
	if slots := slotsFor(len(words)); slots > len(d.slots) {
		d.grow(slots)
	}
	return code
}

func (d *dictionary) grow(slots int) {
	old, mask := d.slots, slots-1
	d.slots = make([]uint64, slots)
	for _, found := range old {
		if found == 0 {
			continue
		}
		i := int(found>>32) & mask
		for d.slots[i] != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = found
	}
}

// internPath gives the code of a unit, after those of the units above it.
func (d *dictionary) internPath(path string) uint32 {
	if code := d.find(path); code != 0 {
		return code
	}
	above := uint32(0)
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		above = d.internPath(path[:i])
	}
	parents := append(*d.parents.Load(), above)
	d.parents.Store(&parents)
	return d.intern(path)
}

func (d *dictionary) word(code uint32) string { return (*d.list.Load())[code] }

func (d *dictionary) all() []string { return *d.list.Load() }

func (d *dictionary) code(word string) (uint32, bool) {
	d.lock.RLock()
	defer d.lock.RUnlock()
	code := d.find(word)
	return code, code != 0
}

// keyring gives codes to the keys of numbers and dates, which are found by an open table.
type keyring struct {
	slots []uint32                 // codes, at the hash of their keys or after it; 0 for none; for the writer
	list  atomic.Pointer[[]uint64] // by code
}

func newKeyring() *keyring {
	k := &keyring{slots: make([]uint32, slotsFor(1))}
	k.list.Store(&[]uint64{0})
	return k
}

// find gives the code of a key, 0 when it has none.
func (k *keyring) find(key uint64) uint32 { return k.slots[k.slot(key)] }

// slot gives the place of a key in the table, or the one that it would have.
func (k *keyring) slot(key uint64) int {
	keys, mask := *k.list.Load(), len(k.slots)-1
	for i := int(scramble(key)) & mask; ; i = (i + 1) & mask {
		if code := k.slots[i]; code == 0 || keys[code] == key {
			return i
		}
	}
}

func (k *keyring) intern(key uint64) uint32 {
	slot := k.slot(key)
	if code := k.slots[slot]; code != 0 {
		return code
	}
	keys := append(*k.list.Load(), key)
	code := uint32(len(keys) - 1)
	k.slots[slot] = code
	k.list.Store(&keys)
	if slots := slotsFor(len(keys)); slots > len(k.slots) {
		k.slots = make([]uint32, slots)
		for code, key := range keys[1:] {
			k.slots[k.slot(key)] = uint32(code + 1)
		}
	}
	return code
}

func (k *keyring) key(code uint32) uint64 { return (*k.list.Load())[code] }

func (k *keyring) all() []uint64 { return *k.list.Load() }

// combinations gives codes to lists of words' codes: equal lists share one. All lists lie in one array, and are found by
// an open table of their codes, so that lists that no two agents share cost little more than themselves.
type combinations struct {
	slots []uint32 // codes, at the hash of their lists or after it; 0 for none; for the writer
	lists atomic.Pointer[lists]
}

// lists is all of them at one moment: list i is items[ends[i-1]:ends[i]].
type lists struct {
	items []uint32
	ends  []uint32
}

// emptyList is the code of the list without words.
const emptyList = 1

func newCombinations() *combinations {
	c := &combinations{slots: make([]uint32, slotsFor(1))}
	c.lists.Store(&lists{ends: []uint32{0}})
	c.intern(nil)
	return c
}

func (l *lists) list(code uint32) []uint32 { return l.items[l.ends[code-1]:l.ends[code]:l.ends[code]] }

// list gives the codes of the words of a list, in the list's order.
func (c *combinations) list(code uint32) []uint32 {
	if code == 0 {
		return nil
	}
	return c.lists.Load().list(code)
}

// find gives the slot of a list, and its code or 0.
func (c *combinations) find(list []uint32) (slot int, code uint32) {
	all, mask := c.lists.Load(), len(c.slots)-1
	for i := int(hashOf(list)) & mask; ; i = (i + 1) & mask {
		if code := c.slots[i]; code == 0 || slices.Equal(all.list(code), list) {
			return i, code
		}
	}
}

// intern gives a list's code, a new one if need be.
func (c *combinations) intern(list []uint32) uint32 {
	slot, code := c.find(list)
	if code != 0 {
		return code
	}
	all := *c.lists.Load()
	all.items = append(all.items, list...)
	all.ends = append(all.ends, uint32(len(all.items)))
	code = uint32(len(all.ends) - 1)
	c.slots[slot] = code
	c.lists.Store(&all)
	if slots := slotsFor(len(all.ends)); slots > len(c.slots) {
		c.grow(slots)
	}
	return code
}

// slotsFor is the size of a table of n codes: a power of two, at most three quarters full.
func slotsFor(n int) int {
	slots := 16
	for n*4 > slots*3 {
		slots *= 2
	}
	return slots
}

func (c *combinations) grow(slots int) {
	c.slots = make([]uint32, slots)
	all := c.lists.Load()
	for code := uint32(1); int(code) < len(all.ends); code++ {
		slot, _ := c.find(all.list(code))
		c.slots[slot] = code
	}
}

func hashOf(list []uint32) uint64 {
	h := uint64(len(list))
	for _, code := range list {
		h = scramble(h ^ uint64(code)<<20)
	}
	return h >> 8
}

// digest mixes a key and its record's data into 64 bits that are the same in every process: FNV-1a of the key and of the
// last bytes of the data, and sixteen bytes of the data at a time folded by a multiplication, as wyhash does.
func digest(key string, data []byte) uint64 {
	const prime, odd = 1099511628211, 0x9e3779b97f4a7c15
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * prime
	}
	h = (h ^ uint64(len(data))) * prime
	for ; len(data) >= 16; data = data[16:] {
		high, low := bits.Mul64(h^binary.LittleEndian.Uint64(data), odd^binary.LittleEndian.Uint64(data[8:]))
		h = bits.RotateLeft64(h, 29) + (high ^ low) // the sum keeps what a product by zero would lose
	}
	for _, b := range data {
		h = (h ^ uint64(b)) * prime
	}
	return scramble(h)
}

// scramble is the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): it spreads every bit, so that digests can be
// combined by exclusive or.
func scramble(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
