package audiences

import "math/bits"

// sliced is a bit-sliced index of keys (O'Neil and Quass, "Improved query performance with variant indexes", SIGMOD
// 1997): for each bit, the places whose key has it. A bit that all keys of the segment have, or none, has no set:
// what is left is 5 to 15 sets for dates and for small numbers. A range costs one pass over them for each of its bounds,
// whatever the number of distinct values.
type sliced struct {
	every uint64 // bits that all keys have
	some  uint64 // bits that some have and some have not
	sets  []set  // of the bits of some, from the lowest
}

func (b *sliced) at(bit int) int { return bits.OnesCount64(b.some & (1<<bit - 1)) }

// move changes the key of a place, 0 being none. known are the places that have one, as they were before.
func (b *sliced) move(at uint16, before, after uint64, known *set) {
	if before == after {
		return
	}
	others := known.n
	if before != 0 {
		others--
	}
	if others == 0 {
		*b = sliced{every: after}
		return
	}
	if after != 0 {
		for m := b.every &^ after; m != 0; m &= m - 1 { // no longer every key's
			slice := known.clone()
			slice.remove(at)
			b.insert(bits.TrailingZeros64(m), slice)
		}
		b.every &= after
	}
	for m := b.some; m != 0; m &= m - 1 {
		bit := bits.TrailingZeros64(m)
		slice := &b.sets[b.at(bit)]
		if after>>bit&1 == 1 {
			slice.add(at)
			continue
		}
		if slice.remove(at); slice.n == 0 {
			b.delete(bit)
		}
	}
	for m := after &^ (b.every | b.some); m != 0; m &= m - 1 { // nobody's until now
		var slice set
		slice.add(at)
		b.insert(bits.TrailingZeros64(m), slice)
	}
}

func (b *sliced) insert(bit int, slice set) {
	i := b.at(bit)
	b.sets = append(b.sets, set{})
	copy(b.sets[i+1:], b.sets[i:])
	b.sets[i] = slice
	b.some |= 1 << bit
}

func (b *sliced) delete(bit int) {
	i := b.at(bit)
	copy(b.sets[i:], b.sets[i+1:])
	b.sets[len(b.sets)-1] = set{}
	b.sets = b.sets[:len(b.sets)-1]
	b.some &^= 1 << bit
}

// slicedOf indexes keys by place, 0 being none. The blocks given are for its work.
func slicedOf(keys []uint64, work func(n int) []block) sliced {
	every, either := ^uint64(0), uint64(0)
	for _, key := range keys {
		if key != 0 {
			every &= key
			either |= key
		}
	}
	if either == 0 {
		return sliced{}
	}
	b := sliced{every: every, some: either &^ every}
	n := bits.OnesCount64(b.some)
	blocks := work(n)
	var slot [64]uint8
	for i, m := 0, b.some; m != 0; i, m = i+1, m&(m-1) {
		blocks[i].clear()
		slot[bits.TrailingZeros64(m)] = uint8(i)
	}
	for at, key := range keys {
		for m := key & b.some; m != 0; m &= m - 1 {
			blocks[slot[bits.TrailingZeros64(m)]].add(uint16(at))
		}
	}
	b.sets = make([]set, n)
	for i := range b.sets {
		b.sets[i] = setOfBlock(&blocks[i])
	}
	return b
}

// narrow leaves in a block the places whose key is from least to most. All its places must have a key.
func (b *sliced) narrow(q *query, least, most uint64, places *block) {
	lowest, highest := b.every, b.every|b.some
	switch {
	case most < lowest || least > highest:
		places.clear()
		return
	case least <= lowest && most >= highest:
		return
	}
	mark := q.used
	defer func() { q.used = mark }()
	var slices [64]*block // by bit
	for i, m := 0, b.some; m != 0; i, m = i+1, m&(m-1) {
		slices[bits.TrailingZeros64(m)] = q.flat(&b.sets[i])
	}
	if least == most {
		b.equal(least, &slices, places)
		return
	}
	var c bound
	if least > lowest {
		c.compare(b, least, 0, &slices)
		c.narrow(places)
	}
	if most < highest {
		c.compare(b, ^most, ^uint64(0), &slices)
		c.narrow(places)
	}
}

// equal leaves the places whose key is the one given.
func (b *sliced) equal(key uint64, slices *[64]*block, places *block) {
	if key&^b.some != b.every {
		places.clear()
		return
	}
	of := make([]operand, 1, 65)
	of[0].bits = places
	for m := b.some; m != 0; m &= m - 1 {
		bit := bits.TrailingZeros64(m)
		of = append(of, operand{slices[bit], key>>bit&1 - 1})
	}
	fuse(places, of)
}

// bound is the comparison of keys with a lower bound, bit by bit from the highest that matters. An upper bound is the
// lower one of the keys' complements.
type bound struct {
	steps [64]struct {
		slice *block
		one   bool // the bound has this bit
	}
	n     int
	flip  uint64 // all ones when slices are read as their complements
	equal bool   // places that no step decided are at least the bound
}

func (c *bound) compare(b *sliced, least, flip uint64, slices *[64]*block) {
	c.n, c.flip, c.equal = 0, flip, true
	fixed := b.every
	if flip != 0 {
		fixed = ^(b.every | b.some) // the bits that all complements have
	}
walk:
	for bit := 63; bit >= 0; bit-- {
		one := least>>bit&1 == 1
		switch {
		case b.some>>bit&1 == 1:
			c.steps[c.n].slice, c.steps[c.n].one = slices[bit], one
			c.n++
		case one != (fixed>>bit&1 == 1):
			c.equal = !one
			break walk
		}
	}
	for c.n > 0 && c.equal && !c.steps[c.n-1].one {
		c.n-- // both ways are at least the bound
	}
}

// narrow leaves the places whose keys are at least the bound. Words go through the steps four by four, so that what is
// equal so far and what is past the bound stay in registers.
func (c *bound) narrow(places *block) {
	last := uint64(0)
	if c.equal {
		last = ^last
	}
	steps, flip := c.steps[:c.n], c.flip
	for i := 0; i < blockWords; i += 4 {
		w := (*[4]uint64)(places[i : i+4])
		e0, e1, e2, e3 := w[0], w[1], w[2], w[3]
		if e0|e1|e2|e3 == 0 {
			continue
		}
		var p0, p1, p2, p3 uint64
		for k := range steps {
			s := (*[4]uint64)(steps[k].slice[i : i+4])
			s0, s1, s2, s3 := e0&(s[0]^flip), e1&(s[1]^flip), e2&(s[2]^flip), e3&(s[3]^flip)
			if steps[k].one {
				e0, e1, e2, e3 = s0, s1, s2, s3
				continue
			}
			p0, p1, p2, p3 = p0|s0, p1|s1, p2|s2, p3|s3
			e0, e1, e2, e3 = e0&^s0, e1&^s1, e2&^s2, e3&^s3
		}
		w[0], w[1], w[2], w[3] = p0|e0&last, p1|e1&last, p2|e2&last, p3|e3&last
	}
}
