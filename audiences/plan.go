package audiences

import (
	"slices"
)

// plan is a compiled rule. It is never written after it is made. Its two answers agree: narrow leaves those of a block
// whose rows hold. Plans nest; the kinds of node are every, either, except, words, between, people and residue.
//
// A residue has no set. Plans that hold one are not exact: narrow leaves all who could satisfy the plan, who must
// then be asked one by one.
type plan interface {
	// narrow takes out of a block, of places of the query's segment, those who do not satisfy the plan, or cannot if it is
	// not exact.
	narrow(q *query, b *block)
	// holds asks one agent.
	holds(r *row) bool
	// cost ranks plans: a conjunction asks its cheap ones first, so that the dear ones see fewer candidates.
	cost() int
}

// Costs of the leaves.
const (
	costSets  = 1       // one or a few sets
	costSlice = 10      // a range
	costWords = 20      // every word of a dictionary, and the union of those that fit
	costEach  = 1 << 20 // agent by agent; more than all other leaves of a rule together
)

// exact says whether a plan's sets are its very answer.
func exact(p plan) bool { return p.cost() < costEach }

// single is a plan that may be one set of a segment, which the nodes above can take without a pass of its own.
type single interface {
	// operand gives the set, to be read; false when the answer takes more than one.
	operand(q *query) (s set, ok bool)
}

// operandOf gives the one set that a plan is, or is the rest of when not is true.
func operandOf(q *query, p plan) (s set, not, ok bool) {
	if e, negated := p.(except); negated {
		s, not, ok = operandOf(q, e.part)
		return s, !not, ok
	}
	if one, is := p.(single); is {
		s, ok = one.operand(q)
	}
	return s, false, ok
}

// every holds for agents who satisfy all its parts; with no part, for everyone.
type every []plan

func (e every) narrow(q *query, b *block) { q.conjoin(q.partsOf(e), b, false) }

// part is a part of a conjunction in the segment at hand: one set, or the rest of it, or neither.
type part struct {
	plan     plan
	set      set
	not, one bool
}

// partsOf gives the parts of a conjunction, those of the conjunctions in it among them.
func (q *query) partsOf(e every) []part { return q.appendParts(make([]part, 0, len(e)), e) }

func (q *query) appendParts(parts []part, e every) []part {
	for _, p := range e {
		if inner, ok := p.(every); ok {
			parts = q.appendParts(parts, inner)
			continue
		}
		one := part{plan: p}
		one.set, one.not, one.one = operandOf(q, p)
		parts = append(parts, one)
	}
	return parts
}

// conjoin narrows a block, or writes it when it is fresh. Parts that are one set come first: small sets one by one, since
// they leave little, and blocks together, four in a pass.
func (q *query) conjoin(parts []part, b *block, fresh bool) {
	var room [8]operand
	of, positive := append(room[:0], operand{bits: b}), false
	var smallest *set // of those that are not blocks
	for i := range parts {
		s, not := &parts[i].set, parts[i].not
		switch {
		case !parts[i].one || s.n == 0 && not:
		case s.n == 0:
			b.clear()
			return
		case s.flat != nil && not:
			of = append(of, operand{s.flat, ^uint64(0)})
		case s.flat != nil:
			of, positive = append(of, operand{s.flat, 0}), true
		case !not && (smallest == nil || s.n < smallest.n):
			smallest = s
		}
	}
	switch {
	case !fresh:
	case smallest != nil:
		b.clear()
		smallest.or(b)
	case positive:
		fuse(b, of[1:])
		of = of[:1]
	default:
		q.everyone(b)
	}
	for i := range parts {
		parts[i].meet(b)
	}
	if len(of) > 1 && fuse(b, of) == 0 {
		return
	}
	q.narrowRest(parts, b)
}

// narrowRest narrows a block to the parts that are not one set.
func (q *query) narrowRest(parts []part, b *block) {
	for i := range parts {
		if !parts[i].one && !b.empty() {
			parts[i].plan.narrow(q, b)
		}
	}
}

// meet narrows a block to a part that is one set and no block.
func (p *part) meet(b *block) {
	switch {
	case !p.one || p.set.n == 0 || p.set.flat != nil:
	case p.not:
		p.set.andNot(b)
	default:
		p.set.and(b)
	}
}

func (e every) holds(r *row) bool {
	for _, part := range e {
		if !part.holds(r) {
			return false
		}
	}
	return true
}

func (e every) cost() int { return costOf(e) }

// either holds for agents who satisfy one of its parts; with no part, for nobody.
type either []plan

func (e either) narrow(q *query, b *block) {
	switch len(e) {
	case 0:
		b.clear()
		return
	case 1:
		e[0].narrow(q, b)
		return
	}
	mark := q.used
	defer func() { q.used = mark }()
	sum, one := q.take(), (*block)(nil)
	sum.clear()
	for _, part := range e {
		s, not, ok := operandOf(q, part)
		switch {
		case ok && s.n == 0 && !not:
		case ok && s.n == 0:
			return // everyone
		case ok && !not:
			s.or(sum)
		case ok && s.flat != nil:
			sum.orNot(s.flat)
		default:
			if one == nil {
				one = q.take()
			}
			*one = *b
			part.narrow(q, one)
			sum.or(one)
		}
	}
	b.and(sum)
}

func (e either) holds(r *row) bool {
	for _, part := range e {
		if part.holds(r) {
			return true
		}
	}
	return false
}

func (e either) cost() int { return costOf(e) }

func costOf(parts []plan) int {
	sum := 0
	for _, part := range parts {
		sum += part.cost()
	}
	return sum
}

// except holds for agents who do not satisfy its part.
type except struct{ part plan }

func (e except) narrow(q *query, b *block) {
	switch s, not, ok := operandOf(q, e); {
	case ok && s.n == 0 && !not:
		b.clear()
		return
	case ok && s.n == 0:
		return
	case ok && not:
		s.andNot(b)
		return
	case ok:
		s.and(b)
		return
	}
	if !exact(e.part) {
		return // those who could satisfy the part could also not
	}
	mark := q.used
	defer func() { q.used = mark }()
	those := q.take()
	*those = *b
	e.part.narrow(q, those)
	b.andNot(those)
}

func (e except) holds(r *row) bool { return !e.part.holds(r) }

func (e except) cost() int { return e.part.cost() }

// cheapestFirst orders parts without changing what they mean together.
func cheapestFirst(parts []plan) []plan {
	slices.SortStableFunc(parts, func(a, b plan) int { return a.cost() - b.cost() })
	return parts
}

// between holds for agents who have a value whose key is in a range, bounds included. With the widest range it holds for
// those who have a value of any kind.
type between struct {
	field       *field
	least, most uint64
}

func (b between) holds(r *row) bool {
	code := r.codes[b.field.at]
	if !b.field.ordered() || code == 0 {
		return b.field.holds(code)
	}
	key := b.field.key(code)
	return b.least <= key && key <= b.most
}

func (b between) operand(q *query) (set, bool) {
	if b.field.ordered() && (b.least > lowestKey || b.most < highestKey) {
		return set{}, false
	}
	return q.segment.columns[b.field.at].known, true
}

func (b between) narrow(q *query, places *block) {
	column := &q.segment.columns[b.field.at]
	column.known.and(places)
	switch {
	case !b.field.ordered() || b.least <= lowestKey && b.most >= highestKey:
	case column.few:
		column.between(q, b.least, b.most, places)
	case places.count() < placesPerSlice*len(column.bits.sets):
		keys := b.field.keys.all()
		places.keep(func(at uint16) bool {
			key := keys[column.codes.at(at)]
			return b.least <= key && key <= b.most
		})
	default:
		column.bits.narrow(q, b.least, b.most, places)
	}
}

// placesPerSlice is how many agents' keys are read in the time that a bit slice takes.
const placesPerSlice = 100

func (b between) cost() int { return costSlice }

// people holds for agents named by id.
type people struct{ ids map[string]struct{} }

func (p *people) holds(r *row) bool {
	_, ok := p.ids[r.id]
	return ok
}

func (p *people) narrow(q *query, b *block) {
	named := func(at uint16) bool {
		_, ok := p.ids[string(q.segment.ids.at(at))]
		return ok
	}
	ordinals, usable := q.ordinalsOf(p)
	if !usable {
		b.keep(named)
		return
	}
	first := q.segment.number << 16
	start, _ := slices.BinarySearch(ordinals, first)
	mark := q.used
	defer func() { q.used = mark }()
	found := q.take()
	found.clear()
	for _, ordinal := range ordinals[start:] {
		if ordinal>>16 != q.segment.number {
			break
		}
		// The place may have been given to someone else meanwhile: the ids under the segment's lock are the truth.
		if at := uint16(ordinal); b.has(at) && named(at) {
			found.add(at)
		}
	}
	*b = *found
}

func (p *people) cost() int { return costSets }
