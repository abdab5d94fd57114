package audiences

// roll numbers names from 0 on, in the order in which they come, and finds them again: about 12 bytes a name beside its
// letters, where a map of strings takes 60. Nothing is ever taken out. Names together may take 4 GiB.
type roll struct {
	slots []uint32 // open addressing by digest: the name's number + 1, 0 for an empty slot; a power of two long
	ends  []uint32 // by number: where the name ends in bytes
	bytes []byte
}

// name gives the name that has a number.
func (r *roll) name(n uint32) string { return string(r.letters(n)) }

func (r *roll) letters(n uint32) []byte {
	start := uint32(0)
	if n > 0 {
		start = r.ends[n-1]
	}
	return r.bytes[start:r.ends[n]]
}

// find gives the number of a name; false when it has none.
func (r *roll) find(name string) (uint32, bool) {
	if len(r.slots) == 0 {
		return 0, false
	}
	at := r.slots[r.slot(name)]
	return at - 1, at != 0
}

// slot gives the place of a name, or the empty one where it would be.
func (r *roll) slot(name string) uint64 {
	mask := uint64(len(r.slots) - 1)
	slot := digest(name, nil) & mask
	for r.slots[slot] != 0 && string(r.letters(r.slots[slot]-1)) != name {
		slot = (slot + 1) & mask
	}
	return slot
}

// number gives the number of a name, a new one if it has none.
func (r *roll) number(name string) uint32 {
	if 3*len(r.ends) >= 2*len(r.slots) {
		r.grow()
	}
	slot := r.slot(name)
	if r.slots[slot] == 0 {
		r.bytes = append(r.bytes, name...)
		r.ends = append(r.ends, uint32(len(r.bytes)))
		r.slots[slot] = uint32(len(r.ends))
	}
	return r.slots[slot] - 1
}

func (r *roll) grow() {
	r.slots = make([]uint32, max(16, 2*len(r.slots)))
	mask := uint64(len(r.slots) - 1)
	for n := range r.ends {
		slot := digest(r.name(uint32(n)), nil) & mask
		for r.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		r.slots[slot] = uint32(n + 1)
	}
}
