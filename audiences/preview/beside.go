package preview

import "slices"

// beside is what the groups of one field have in common with the classes of another partitioning: only groups that are in one class
// and classes that are in one group matter, since only of these a sum is a sum of the other.
type beside struct {
	all    []int // agents by class
	within []int // by group, the class that holds all of it, -1 if none does
	holder []int // by class, the group that holds all of it, 0 if none does
	far    []int // by group, how many agents must come or go for it to be classes, whole ones

	pieces []int  // agents of the set by class and group
	rest   []int  // by class, agents of the set in none of the groups that are taken
	taken  []bool // by group, whether it was told when rest was last counted
}

// compare looks at another partitioning: its agents by class, and those of the set by class and group.
func compare(all, pieces []int, width int) beside {
	b := beside{all: all, within: make([]int, width), holder: make([]int, len(all)), far: make([]int, width), pieces: pieces, rest: make([]int, len(all)), taken: make([]bool, width)}
	classes := make([]int, width) // in which a group is
	for at, n := range pieces {
		class, group := at/width, at%width
		b.rest[class] += n
		if n == 0 || group == 0 {
			continue
		}
		classes[group]++
		b.far[group] += min(n, all[class]-n)
		b.within[group] = class
		if n == all[class] {
			b.holder[class] = group
		}
	}
	for group, n := range classes {
		if n != 1 {
			b.within[group] = -1
		}
	}
	return b
}

// isolates gives a group that, alone or with others that are told, isolates fewer than the threshold; 0 if none does.
func (b *beside) isolates(t *telling) int {
	few := func(n int) bool { return n > 0 && n < t.p.threshold }
	for group, told := range t.told {
		if told && few(b.far[group]) {
			return group
		}
	}
	if group := max(b.leftOfClasses(t, few), b.leftOfGroups(t, few)); group > 0 {
		return group
	}
	return b.leftOfSet(t, few)
}

// leftOfSet looks at what no group tells, which the size of the set tells all the same: it gives the smallest group that is told where few
// must come or go for that to be whole classes, or remain of it beside those.
func (b *beside) leftOfSet(t *telling, few func(int) bool) int {
	for group, told := range t.told {
		if told == b.taken[group] {
			continue
		}
		b.taken[group] = told
		for class := range b.rest {
			n := b.pieces[class*t.width+group]
			if told {
				n = -n
			}
			b.rest[class] += n
		}
	}
	far, left := 0, 0
	for class, n := range b.rest {
		far += min(n, b.all[class]-n)
		if n < b.all[class] {
			left += n
		}
	}
	if !few(far) && !few(left) {
		return 0
	}
	return t.smallest(t.totals)
}

// leftOfClasses takes the groups that are told from the classes that hold them; it gives the smallest where few remain.
func (b *beside) leftOfClasses(t *telling, few func(int) bool) int {
	rest, smallest := slices.Clone(b.all), make([]int, len(b.all))
	for group, told := range t.told {
		if class := b.within[group]; told && class >= 0 {
			rest[class] -= t.totals[group]
			if smallest[class] == 0 || t.totals[group] < t.totals[smallest[class]] {
				smallest[class] = group
			}
		}
	}
	for class, n := range rest {
		if smallest[class] > 0 && few(n) {
			return smallest[class]
		}
	}
	return 0
}

// leftOfGroups takes the classes from the groups that hold them; it gives one of which few remain.
func (b *beside) leftOfGroups(t *telling, few func(int) bool) int {
	left, holds := slices.Clone(t.totals), make([]bool, t.width)
	for class, group := range b.holder {
		if group > 0 && t.told[group] {
			left[group] -= b.all[class]
			holds[group] = true
		}
	}
	for group, n := range left {
		if holds[group] && few(n) {
			return group
		}
	}
	return 0
}
