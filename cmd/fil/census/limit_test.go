package census_test

import (
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/filengine/fil/cmd/fil/census"
)

// limit is what rules cost when nothing but the operations on sets is done, by hand, on sets that are built beforehand:
// once on flat sets (a bit an agent, block by block, the count taken in the last operation) and once on roaring bitmaps.
// Agents are in the order of their ranks, so those of a unit are neighbours. Words that satisfy a test have a roaring
// bitmap each, since there are too many for flat ones, and their union is made anew for each count.
type limit struct {
	agents  int
	flat    map[string][]uint64            // by the rule of a leaf
	roaring map[string]*roaring.Bitmap     // likewise
	words   map[string][]*roaring.Bitmap   // by the rule of a condition on words: those who have each word
	slices  map[string][bitsOfKey][]uint64 // by the name of a number or date: those whose number has a bit
	sliced  map[string][bitsOfKey]*roaring.Bitmap
	sizes   map[*clause]int // cardinalities, by which conjunctions are ordered
}

const (
	bitsOfKey  = 15 // days since 1970, and smaller numbers
	blockWords = 1024
)

func (c *clause) name() string { return strings.TrimPrefix(strings.Fields(c.rule)[0], "(") }

// walk calls visit for a clause and all its parts.
func (c *clause) walk(visit func(*clause)) {
	visit(c)
	for _, p := range c.parts {
		p.walk(visit)
	}
}

// newLimit builds the sets that rules need.
func newLimit(d *census.Directory, rules []*clause) *limit {
	l := &limit{
		agents: d.Len(), flat: map[string][]uint64{}, roaring: map[string]*roaring.Bitmap{}, words: map[string][]*roaring.Bitmap{},
		slices: map[string][bitsOfKey][]uint64{}, sliced: map[string][bitsOfKey]*roaring.Bitmap{}, sizes: map[*clause]int{},
	}
	size := (d.Len() + 63) / 64
	leaves, tests, spans := map[string]*clause{}, map[string]*clause{}, map[string]*clause{}
	for _, rule := range rules {
		rule.walk(func(c *clause) {
			switch c.op {
			case leaf:
				leaves[c.rule], l.flat[c.rule] = c, make([]uint64, size)
			case words:
				tests[c.rule] = c
			case span:
				var sets [bitsOfKey][]uint64
				for i := range sets {
					sets[i] = make([]uint64, size)
				}
				spans[c.name()], l.slices[c.name()] = c, sets
			}
		})
	}
	var work sync.WaitGroup
	const workers = 2
	found := make([]map[string]map[string]*roaring.Bitmap, workers)
	for w := range workers {
		found[w] = map[string]map[string]*roaring.Bitmap{}
		work.Go(func() {
			l.fill(d, size*w/workers*64, min(size*(w+1)/workers*64, d.Len()), leaves, spans, tests, found[w])
		})
	}
	work.Wait()
	for rule := range tests {
		both := found[0][rule]
		for word, set := range found[1][rule] {
			if other, ok := both[word]; ok {
				set = roaring.Or(other, set)
			}
			if both == nil {
				both = map[string]*roaring.Bitmap{}
			}
			both[word] = set
		}
		for _, set := range both {
			set.RunOptimize()
			l.words[rule] = append(l.words[rule], set)
		}
	}
	for rule, set := range l.flat {
		l.roaring[rule] = compressed(set)
	}
	for name, sets := range l.slices {
		var all [bitsOfKey]*roaring.Bitmap
		for i, set := range sets {
			all[i] = compressed(set)
		}
		l.sliced[name] = all
	}
	for _, rule := range rules {
		rule.walk(func(c *clause) { l.sizes[c] = int(l.compressed(c).GetCardinality()) })
	}
	return l
}

func compressed(set []uint64) *roaring.Bitmap {
	r := roaring.FromDense(set, true)
	r.RunOptimize()
	return r
}

func (l *limit) fill(d *census.Directory, from, to int, leaves, spans, tests map[string]*clause, found map[string]map[string]*roaring.Bitmap) {
	type filled struct {
		holds func(*census.Agent) bool
		set   []uint64
	}
	var sets []filled
	for rule, c := range leaves {
		sets = append(sets, filled{c.holds, l.flat[rule]})
	}
	var a census.Agent
	for rank := from; rank < to; rank++ {
		d.Read(rank, &a)
		word, bit := rank/64, uint64(1)<<(rank%64)
		for i := range sets {
			if sets[i].holds(&a) {
				sets[i].set[word] |= bit
			}
		}
		for name, c := range spans {
			all := l.slices[name]
			for key := uint(c.key(&a)); key != 0; key &= key - 1 {
				all[bits.TrailingZeros(key)][word] |= bit
			}
		}
		for rule, c := range tests {
			if !c.holds(&a) {
				continue
			}
			if found[rule] == nil {
				found[rule] = map[string]*roaring.Bitmap{}
			}
			set := found[rule][c.each(&a)]
			if set == nil {
				set = roaring.New()
				found[rule][c.each(&a)] = set
			}
			set.Add(uint32(rank))
		}
	}
}

// counting is one flat count: the unions of words that it made, and a block for each level of the rule.
type counting struct {
	*limit
	unions map[*clause][]uint64
	spare  [][]uint64
}

// flatly counts on flat sets, by so many goroutines.
func (l *limit) flatly(c *clause, workers int) int {
	unions := map[*clause][]uint64{}
	c.walk(func(part *clause) {
		if part.op == words {
			dense := roaring.FastOr(l.words[part.rule]...).ToDense()
			unions[part] = append(dense, make([]uint64, (l.agents+63)/64-len(dense))...)
		}
	})
	size := (l.agents + 63) / 64
	blocks := (size + blockWords - 1) / blockWords
	counts := make([]int, workers)
	var work sync.WaitGroup
	for w := range workers {
		do := func() {
			q := &counting{limit: l, unions: unions}
			n := 0
			for b := blocks * w / workers; b < blocks*(w+1)/workers; b++ {
				n += q.count(c, b*blockWords, min((b+1)*blockWords, size))
			}
			counts[w] = n
		}
		if w == workers-1 {
			do()
		} else {
			work.Go(do)
		}
	}
	work.Wait()
	n := 0
	for _, part := range counts {
		n += part
	}
	return n
}

// set is the set of a leaf, if that is what a clause is.
func (q *counting) set(c *clause) ([]uint64, bool) {
	switch c.op {
	case leaf:
		return q.flat[c.rule], true
	case words:
		return q.unions[c], true
	default:
		return nil, false
	}
}

// count counts a block; the last operation of a conjunction on a leaf is the count itself.
func (q *counting) count(c *clause, from, to int) int {
	if set, ok := q.set(c); ok {
		return popcount(set[from:to])
	}
	if c.op == every {
		parts := q.ordered(c)
		last := parts[len(parts)-1]
		if set, ok := q.set(last); ok {
			into := q.block(to - from)
			defer q.give(into)
			if !q.all(parts[:len(parts)-1], from, to, into) {
				return 0
			}
			n := 0
			for i, w := range set[from:to] {
				n += bits.OnesCount64(w & into[i])
			}
			return n
		}
	}
	into := q.block(to - from)
	defer q.give(into)
	q.eval(c, from, to, into)
	return popcount(into)
}

func popcount(set []uint64) int {
	n := 0
	for _, w := range set {
		n += bits.OnesCount64(w)
	}
	return n
}

func (q *counting) block(n int) []uint64 {
	if last := len(q.spare) - 1; last >= 0 {
		b := q.spare[last]
		q.spare = q.spare[:last]
		return b[:n]
	}
	return make([]uint64, blockWords)[:n]
}

func (q *counting) give(b []uint64) { q.spare = append(q.spare, b[:blockWords]) }

// ordered puts the parts of a conjunction in the order of their sizes, negations last.
func (q *counting) ordered(c *clause) []*clause {
	parts := slices.Clone(c.parts)
	slices.SortStableFunc(parts, func(a, b *clause) int { return q.sizes[a] - q.sizes[b] })
	return parts
}

// eval makes a block of the set of a clause.
func (q *counting) eval(c *clause, from, to int, into []uint64) {
	if set, ok := q.set(c); ok {
		copy(into, set[from:to])
		return
	}
	switch c.op {
	case span:
		q.within(c, from, to, into)
	case every:
		q.all(q.ordered(c), from, to, into)
	case either:
		q.eval(c.parts[0], from, to, into)
		for _, p := range c.parts[1:] {
			if set, ok := q.set(p); ok {
				for i, w := range set[from:to] {
					into[i] |= w
				}
				continue
			}
			part := q.block(to - from)
			q.eval(p, from, to, part)
			for i, w := range part {
				into[i] |= w
			}
			q.give(part)
		}
	default: // except
		q.eval(c.parts[0], from, to, into)
		for i := range into {
			into[i] = ^into[i]
		}
		if rest := q.agents - from*64; rest < len(into)*64 {
			into[len(into)-1] &= 1<<(rest%64) - 1
		}
	}
}

// all makes a block of a conjunction, and says whether anyone is in it.
func (q *counting) all(parts []*clause, from, to int, into []uint64) bool {
	q.eval(parts[0], from, to, into)
	for _, p := range parts[1:] {
		var left uint64
		take := func(set []uint64, flip uint64) {
			for i, w := range set {
				into[i] &= w ^ flip
				left |= into[i]
			}
		}
		inner, flip := p, uint64(0)
		if p.op == except {
			inner, flip = p.parts[0], ^uint64(0)
		}
		if set, ok := q.set(inner); ok {
			take(set[from:to], flip)
		} else {
			part := q.block(to - from)
			q.eval(inner, from, to, part)
			take(part, flip)
			q.give(part)
		}
		if left == 0 {
			return false
		}
	}
	return true
}

// within compares bit-sliced numbers with both bounds at once, from the highest bit (O'Neil and Quass, 1997).
func (q *counting) within(c *clause, from, to int, into []uint64) {
	all := q.slices[c.name()]
	var sets [bitsOfKey][]uint64
	for i := range sets {
		sets[i] = all[i][from:to]
	}
	const top = 1<<bitsOfKey - 1
	least, most := c.least, min(c.most, top)
	for w := range into {
		over, atLeast, lower, atMost, known := uint64(0), ^uint64(0), uint64(0), ^uint64(0), uint64(0)
		for i := bitsOfKey - 1; i >= 0; i-- {
			bit := sets[i][w]
			known |= bit
			if least>>i&1 == 0 {
				over |= atLeast & bit
				atLeast &^= bit
			} else {
				atLeast &= bit
			}
			if most>>i&1 == 1 {
				lower |= atMost &^ bit
				atMost &= bit
			} else {
				atMost &^= bit
			}
		}
		into[w] = known & (over | atLeast) & (lower | atMost)
	}
}

// roaringly counts on roaring bitmaps.
func (l *limit) roaringly(c *clause) int {
	switch {
	case c.op == every && len(c.parts) > 1:
		parts := (&counting{limit: l}).ordered(c)
		found := l.among(parts[:len(parts)-1])
		if last := parts[len(parts)-1]; last.op == except {
			return int(found.GetCardinality() - found.AndCardinality(l.compressed(last.parts[0])))
		}
		return int(found.AndCardinality(l.compressed(parts[len(parts)-1])))
	case c.op == except:
		return l.agents - int(l.compressed(c.parts[0]).GetCardinality())
	default:
		return int(l.compressed(c).GetCardinality())
	}
}

// among makes a conjunction.
func (l *limit) among(parts []*clause) *roaring.Bitmap {
	found := l.compressed(parts[0])
	for i, p := range parts[1:] {
		switch {
		case found.IsEmpty():
			return found
		case i == 0 && p.op == except:
			found = roaring.AndNot(found, l.compressed(p.parts[0]))
		case i == 0:
			found = roaring.And(found, l.compressed(p))
		case p.op == except:
			found.AndNot(l.compressed(p.parts[0]))
		default:
			found.And(l.compressed(p))
		}
	}
	return found
}

// compressed makes the set of a clause; that of a leaf is not to be written.
func (l *limit) compressed(c *clause) *roaring.Bitmap {
	switch c.op {
	case leaf:
		return l.roaring[c.rule]
	case words:
		return roaring.FastOr(l.words[c.rule]...)
	case span:
		return l.ranged(c)
	case every:
		return l.among((&counting{limit: l}).ordered(c))
	case either:
		parts := make([]*roaring.Bitmap, len(c.parts))
		for i, p := range c.parts {
			parts[i] = l.compressed(p)
		}
		return roaring.FastOr(parts...)
	default:
		return roaring.Flip(l.compressed(c.parts[0]), 0, uint64(l.agents))
	}
}

// ranged is within, on roaring bitmaps.
func (l *limit) ranged(c *clause) *roaring.Bitmap {
	all := l.sliced[c.name()]
	known := roaring.FastOr(all[:]...)
	const top = 1<<bitsOfKey - 1
	past := func(bound int, above bool) *roaring.Bitmap {
		past, equal := roaring.New(), known.Clone()
		for i := bitsOfKey - 1; i >= 0 && !equal.IsEmpty(); i-- {
			bit := bound>>i&1 == 1
			if bit != above {
				if above {
					past.Or(roaring.And(equal, all[i]))
				} else {
					past.Or(roaring.AndNot(equal, all[i]))
				}
			}
			if bit {
				equal.And(all[i])
			} else {
				equal.AndNot(all[i])
			}
		}
		past.Or(equal)
		return past
	}
	found := known
	if c.least > 1 {
		found = past(c.least, true)
	}
	if c.most < top {
		if c.least <= 1 {
			return past(c.most, false)
		}
		found.And(past(c.most, false))
	}
	return found
}
