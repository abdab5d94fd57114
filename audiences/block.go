package audiences

import "math/bits"

// blockPlaces is how many agents a segment holds at most: what a block has bits for.
const (
	blockPlaces = 1 << 16
	blockWords  = blockPlaces / 64
)

// block is a set of places of one segment, one bit each: 8 KiB, so that the few that a plan works on stay in a core's
// first cache.
type block [blockWords]uint64

func (b *block) has(at uint16) bool { return b[at>>6]>>(at&63)&1 == 1 }

func (b *block) add(at uint16) { b[at>>6] |= 1 << (at & 63) }

func (b *block) remove(at uint16) { b[at>>6] &^= 1 << (at & 63) }

func (b *block) clear() { *b = block{} }

func (b *block) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

func (b *block) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

func (b *block) and(o *block) {
	for i, w := range o {
		b[i] &= w
	}
}

func (b *block) andNot(o *block) {
	for i, w := range o {
		b[i] &^= w
	}
}

func (b *block) or(o *block) {
	for i, w := range o {
		b[i] |= w
	}
}

// orNot adds all that are not in o.
func (b *block) orNot(o *block) {
	for i, w := range o {
		b[i] |= ^w
	}
}

// addRange adds the places from first to last, both included; removeRange takes them out.
func (b *block) addRange(first, last int) {
	i, j := first>>6, last>>6
	head, tail := ^uint64(0)<<(first&63), ^uint64(0)>>(63-last&63)
	if i == j {
		b[i] |= head & tail
		return
	}
	b[i] |= head
	for k := i + 1; k < j; k++ {
		b[k] = ^uint64(0)
	}
	b[j] |= tail
}

func (b *block) removeRange(first, last int) {
	i, j := first>>6, last>>6
	head, tail := ^uint64(0)<<(first&63), ^uint64(0)>>(63-last&63)
	if i == j {
		b[i] &^= head & tail
		return
	}
	b[i] &^= head
	clear(b[i+1 : j])
	b[j] &^= tail
}

// countRange counts the places from first to last that are in the block.
func (b *block) countRange(first, last int) int {
	i, j := first>>6, last>>6
	head, tail := ^uint64(0)<<(first&63), ^uint64(0)>>(63-last&63)
	if i == j {
		return bits.OnesCount64(b[i] & head & tail)
	}
	n := bits.OnesCount64(b[i]&head) + bits.OnesCount64(b[j]&tail)
	for _, w := range b[i+1 : j] {
		n += bits.OnesCount64(w)
	}
	return n
}

// meet counts those in both.
func (b *block) meet(o *block) int {
	n := 0
	for i, w := range o {
		n += bits.OnesCount64(b[i] & w)
	}
	return n
}

// all calls visit with each place, in order.
func (b *block) all(visit func(at uint16)) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			visit(uint16(i<<6 | bits.TrailingZeros64(w)))
		}
	}
}

// keep takes out the places that the test says no to.
func (b *block) keep(test func(at uint16) bool) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			if bit := w & -w; !test(uint16(i<<6 | bits.TrailingZeros64(w))) {
				b[i] &^= bit
			}
		}
	}
}

// operand is a block to be met, or those outside it when flip is all ones.
type operand struct {
	bits *block
	flip uint64
}

// fuse writes what all the operands share, one at least, in one pass for four of them, and gives 0 if that is nothing.
// The first may be the block written. It spoils the slice.
func fuse(into *block, of []operand) uint64 {
	for len(of) > 4 {
		if fuse(into, of[:4]) == 0 {
			return 0
		}
		of[3] = operand{bits: into}
		of = of[3:]
	}
	some := uint64(0)
	p, pf := of[0].bits, of[0].flip
	switch len(of) {
	case 1:
		for i, w := range p {
			w ^= pf
			into[i] = w
			some |= w
		}
	case 2:
		q, qf := of[1].bits, of[1].flip
		for i, w := range p {
			w = (w ^ pf) & (q[i] ^ qf)
			into[i] = w
			some |= w
		}
	case 3:
		q, qf, r, rf := of[1].bits, of[1].flip, of[2].bits, of[2].flip
		for i, w := range p {
			w = (w ^ pf) & (q[i] ^ qf) & (r[i] ^ rf)
			into[i] = w
			some |= w
		}
	default:
		q, qf, r, rf, s, sf := of[1].bits, of[1].flip, of[2].bits, of[2].flip, of[3].bits, of[3].flip
		for i, w := range p {
			w = (w ^ pf) & (q[i] ^ qf) & (r[i] ^ rf) & (s[i] ^ sf)
			into[i] = w
			some |= w
		}
	}
	return some
}

// fuseCount counts what at most four operands share, one at least, and writes nothing.
func fuseCount(of []operand) int {
	n := 0
	p, pf := of[0].bits, of[0].flip
	switch len(of) {
	case 1:
		for _, w := range p {
			n += bits.OnesCount64(w ^ pf)
		}
	case 2:
		q, qf := of[1].bits, of[1].flip
		for i, w := range p {
			n += bits.OnesCount64((w ^ pf) & (q[i] ^ qf))
		}
	case 3:
		q, qf, r, rf := of[1].bits, of[1].flip, of[2].bits, of[2].flip
		for i, w := range p {
			n += bits.OnesCount64((w ^ pf) & (q[i] ^ qf) & (r[i] ^ rf))
		}
	default:
		q, qf, r, rf, s, sf := of[1].bits, of[1].flip, of[2].bits, of[2].flip, of[3].bits, of[3].flip
		for i, w := range p {
			n += bits.OnesCount64((w ^ pf) & (q[i] ^ qf) & (r[i] ^ rf) & (s[i] ^ sf))
		}
	}
	return n
}
