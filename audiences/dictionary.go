package audiences

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
	"sync/atomic"
)

// A dictionary gives small integers, codes, to the values of one field, from 1; code 0 is no value. It only grows: a value
// that nobody has any more costs its bytes until the next start. One writer; any number of readers, who take no lock: a
// value is in the list before its code is in the table, and a table that has grown replaces the other whole.

// dictionary gives codes to words, which are found by an open table of their codes, each beside half of the word's hash:
// words that are not the one looked for are seldom read.
type dictionary struct {
	seed    maphash.Seed
	slots   atomic.Pointer[[]uint64] // the half, then the code, at the hash of the word or after it; 0 for none
	list    atomic.Pointer[[]string] // by code
	parents atomic.Pointer[[]uint32] // of paths: by code, the unit above or 0
}

func newDictionary() *dictionary {
	d, slots := &dictionary{seed: maphash.MakeSeed()}, make([]uint64, slotsFor(1))
	d.slots.Store(&slots)
	d.list.Store(&[]string{""})
	d.parents.Store(&[]uint32{0})
	return d
}

// find gives the word's code, 0 when it has none.
func (d *dictionary) find(word string) uint32 {
	slots := *d.slots.Load()
	mask, half := len(slots)-1, maphash.String(d.seed, word)>>32
	for i := int(half) & mask; ; i = (i + 1) & mask {
		found := atomic.LoadUint64(&slots[i])
		if found == 0 || found>>32 == half && d.word(uint32(found)) == word {
			return uint32(found)
		}
	}
}

// findBytes does as find.
func (d *dictionary) findBytes(word []byte) uint32 {
	slots := *d.slots.Load()
	mask, half := len(slots)-1, maphash.Bytes(d.seed, word)>>32
	for i := int(half) & mask; ; i = (i + 1) & mask {
		found := atomic.LoadUint64(&slots[i])
		if found == 0 || found>>32 == half && d.word(uint32(found)) == string(word) {
			return uint32(found)
		}
	}
}

// intern gives the word's code, a new one if need be. Only the writer calls it.
func (d *dictionary) intern(word string) uint32 {
	if code := d.find(word); code != 0 {
		return code
	}
	word = strings.Clone(word) // words live long; the record they came with should not
	words := append(*d.list.Load(), word)
	d.list.Store(&words)
	code, slots := uint32(len(words)-1), *d.slots.Load()
	if n := slotsFor(len(words)); n > len(slots) {
		larger := make([]uint64, n)
		for _, found := range slots {
			if found != 0 {
				put(larger, found)
			}
		}
		d.slots.Store(&larger)
		slots = larger
	}
	put(slots, maphash.String(d.seed, word)>>32<<32|uint64(code))
	return code
}

// put adds a word's code, beside half of its hash, to a table.
func put(slots []uint64, word uint64) {
	i, mask := int(word>>32), len(slots)-1
	for slots[i&mask] != 0 {
		i++
	}
	atomic.StoreUint64(&slots[i&mask], word)
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
	code := d.find(word)
	return code, code != 0
}

// keyring gives codes to the keys of numbers and dates, which are found by an open table.
type keyring struct {
	slots atomic.Pointer[[]uint32] // codes, at the hash of their keys or after it; 0 for none
	list  atomic.Pointer[[]uint64] // by code
}

func newKeyring() *keyring {
	k, slots := &keyring{}, make([]uint32, slotsFor(1))
	k.slots.Store(&slots)
	k.list.Store(&[]uint64{0})
	return k
}

// find gives the code of a key, 0 when it has none.
func (k *keyring) find(key uint64) uint32 {
	_, code := k.slot(*k.slots.Load(), key)
	return code
}

// slot gives the place of a key in a table, or the one that it would have, and its code.
func (k *keyring) slot(slots []uint32, key uint64) (slot int, code uint32) {
	mask := len(slots) - 1
	for i := int(scramble(key)) & mask; ; i = (i + 1) & mask {
		if code := atomic.LoadUint32(&slots[i]); code == 0 || k.key(code) == key {
			return i, code
		}
	}
}

func (k *keyring) intern(key uint64) uint32 {
	slots := *k.slots.Load()
	slot, code := k.slot(slots, key)
	if code != 0 {
		return code
	}
	keys := append(*k.list.Load(), key)
	k.list.Store(&keys)
	code = uint32(len(keys) - 1)
	if n := slotsFor(len(keys)); n > len(slots) {
		larger := make([]uint32, n)
		for i, key := range keys[1:] {
			slot, _ := k.slot(larger, key)
			larger[slot] = uint32(i + 1)
		}
		k.slots.Store(&larger)
		return code
	}
	atomic.StoreUint32(&slots[slot], code)
	return code
}

func (k *keyring) key(code uint32) uint64 { return (*k.list.Load())[code] }

func (k *keyring) all() []uint64 { return *k.list.Load() }

// combinations gives codes to lists of words' codes: equal lists share one. All lists lie in one array, and are found by
// an open table of their codes, so that lists that no two agents share cost little more than themselves.
type combinations struct {
	slots atomic.Pointer[[]uint32] // codes, at the hash of their lists or after it; 0 for none
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
	c, slots := &combinations{}, make([]uint32, slotsFor(1))
	c.slots.Store(&slots)
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

// find gives the code of a list, 0 when it has none.
func (c *combinations) find(list []uint32) uint32 {
	_, code := c.slot(*c.slots.Load(), list)
	return code
}

// slot gives the place of a list in a table, or the one that it would have, and its code.
func (c *combinations) slot(slots []uint32, list []uint32) (slot int, code uint32) {
	mask := len(slots) - 1
	for i := int(hashOf(list)) & mask; ; i = (i + 1) & mask {
		if code := atomic.LoadUint32(&slots[i]); code == 0 || slices.Equal(c.list(code), list) {
			return i, code
		}
	}
}

// intern gives a list's code, a new one if need be.
func (c *combinations) intern(list []uint32) uint32 {
	slots := *c.slots.Load()
	slot, code := c.slot(slots, list)
	if code != 0 {
		return code
	}
	all := *c.lists.Load()
	all.items = append(all.items, list...)
	all.ends = append(all.ends, uint32(len(all.items)))
	c.lists.Store(&all)
	code = uint32(len(all.ends) - 1)
	if n := slotsFor(len(all.ends)); n > len(slots) {
		larger := make([]uint32, n)
		for code := uint32(1); int(code) < len(all.ends); code++ {
			slot, _ := c.slot(larger, all.list(code))
			larger[slot] = code
		}
		c.slots.Store(&larger)
		return code
	}
	atomic.StoreUint32(&slots[slot], code)
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
