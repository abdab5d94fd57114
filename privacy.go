package fil

import (
	"cmp"
	"slices"
)

// Guard is the privacy rule of every figure that leaves the house: none about fewer than Threshold agents, nor one
// that a subtraction within the same answer would give. Every room that answers with counts goes through it.
type Guard struct {
	Threshold int // agents; DefaultThreshold unless configured, never under FloorThreshold
}

// Thresholds of the guard, in agents.
const (
	DefaultThreshold = 10
	FloorThreshold   = 5
)

// Withholds says whether a figure about n agents must not be given. A figure about nobody is given.
func (g Guard) Withholds(n int) bool { return n > 0 && n < max(g.Threshold, FloorThreshold) }

// Count gives n, or nil when it must be withheld.
func (g Guard) Count(n int) *int {
	if g.Withholds(n) {
		return nil
	}
	return &n
}

// Groups gives the counts of a breakdown of total agents, with nil for those withheld: the small ones, and then the
// next smallest until what is left of total when the rest is taken away is no small figure either. Nothing is given of
// a total that is itself withheld.
func (g Guard) Groups(total int, groups map[string]int) map[string]*int {
	names := make([]string, 0, len(groups))
	given, out := 0, make(map[string]*int, len(groups))
	for name, n := range groups {
		names, given = append(names, name), given+n
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(groups[a], groups[b]), cmp.Compare(a, b))
	})
	hidden := max(0, total-given) // agents in no group are one more group that is not named
	for _, name := range names {
		n := groups[name]
		if g.Withholds(total) || g.Withholds(n) || g.Withholds(hidden) {
			out[name], hidden = nil, hidden+n
			continue
		}
		out[name] = &n
	}
	return out
}
