package audiences

import (
	"cmp"
	"slices"
)

// volatile says whether a plan's answer depends on more than the agent's record and the audiences' definitions: on the
// time, or on another agent's record. Such leaves have a method volatile.
func volatile(p plan) bool {
	if _, ok := p.(interface{ volatile() }); ok {
		return true
	}
	for _, part := range partsOf(p) {
		if volatile(part) {
			return true
		}
	}
	return false
}

// prepare lets the leaves that look over the whole directory do so once, before any segment is locked.
func (q *query) prepare(p plan) {
	if leaf, ok := p.(interface{ prepare(q *query) }); ok {
		leaf.prepare(q)
	}
	for _, part := range partsOf(p) {
		q.prepare(part)
	}
}

// weigh counts the elements of a plan.
func weigh(p plan) int {
	sum := 1
	for _, part := range partsOf(p) {
		sum += weigh(part)
	}
	return sum
}

// moment answers the volatile audiences of a set for one agent, in the order of the set's list, and mixes those that hold
// them into 64 bits: with the agent's record and the definitions, all that membership depends on.
func (s *audienceSet) moment(r *row) (in []bool, stamp uint64) {
	if len(s.volatile) == 0 {
		return nil, 0
	}
	in = make([]bool, len(s.volatile))
	for i, a := range s.volatile {
		if in[i] = a.plan.holds(r); in[i] {
			stamp ^= scramble(a.stamp + 1)
		}
	}
	return in, stamp
}

// place finds a volatile audience in the set's list.
func (s *audienceSet) place(id string) int {
	at, _ := slices.BinarySearchFunc(s.volatile, id, func(a *audience, id string) int { return cmp.Compare(a.definition.ID, id) })
	return at
}
