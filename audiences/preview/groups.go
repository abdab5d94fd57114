package preview

// groups counts a set group by group, the groups being numbered from 1, below width, and 0 those in none, and withholds (nil) those whose
// figure would isolate fewer than the threshold: small ones, those that cut fewer off a class, and others until what
// remains of the set, and of each class, when the ones that are told are taken away is nobody or the threshold; likewise
// with the classes of others. Those told are told apart from now on. live is everyone, size the set's.
func (p *partitioning) groups(live, set places, size, width int, of func(segment int) []uint16, others []*partitioning) []*int {
	p.grow(len(live))
	t := &telling{p: p, width: width, all: p.count(live), pieces: p.cross(set, nil, p.classes, width, of)}
	for _, other := range others {
		other.grow(len(live))
		t.beside = append(t.beside, compare(other.count(live), other.cross(set, nil, other.classes, width, of), width))
	}
	t.choose(size)
	if t.split() {
		for i, members := range set {
			if members != nil {
				t.mark(i, members, of(i))
			}
		}
	}
	answer := make([]*int, width)
	for group, told := range t.told {
		if told {
			answer[group] = &t.totals[group]
		}
	}
	return answer
}

// telling is one answer by groups in the making.
type telling struct {
	p      *partitioning
	width  int      // groups, no group included
	all    []int    // agents by class
	pieces []int    // agents of the set by class and group
	totals []int    // agents of the set by group
	told   []bool   // by group
	beside []beside // what the groups have in common with other partitionings
	as     []uint16 // by class and group, the class of those told apart from now on
}

// choose says which groups are told.
func (t *telling) choose(size int) {
	t.totals, t.told = make([]int, t.width), make([]bool, t.width)
	fits := make([]bool, t.width)
	for group := range fits {
		fits[group] = true
	}
	for at, n := range t.pieces {
		group := at % t.width
		t.totals[group] += n
		fits[group] = fits[group] && (n == 0 || n >= t.p.threshold)
	}
	for group := 1; group < t.width; group++ {
		t.told[group] = fits[group] && t.totals[group] > 0
	}
	for t.withhold(size) {
	}
}

// withhold takes one more group back if what is told leaves too few of the set or of a class; false when it does not.
func (t *telling) withhold(size int) bool {
	rest := size
	for group, told := range t.told {
		if told {
			rest -= t.totals[group]
		}
	}
	if rest > 0 && rest < t.p.threshold {
		return t.takeBack(t.totals)
	}
	for class, all := range t.all {
		pieces := t.pieces[class*t.width : (class+1)*t.width]
		rest, told := all, false
		for group, n := range pieces {
			if t.told[group] {
				rest, told = rest-n, told || n > 0
			}
		}
		if told && rest > 0 && rest < t.p.threshold {
			return t.takeBack(pieces)
		}
	}
	for _, b := range t.beside {
		if group := b.isolates(t); group > 0 {
			t.told[group] = false
			return true
		}
	}
	return false
}

// takeBack withholds the smallest of the groups that are told.
func (t *telling) takeBack(sizes []int) bool {
	smallest := t.smallest(sizes)
	if smallest > 0 {
		t.told[smallest] = false
	}
	return smallest > 0
}

// smallest gives the smallest of the groups that are told and have somebody; 0 if there is none.
func (t *telling) smallest(sizes []int) int {
	smallest := 0
	for group, told := range t.told {
		if told && sizes[group] > 0 && (smallest == 0 || sizes[group] < sizes[smallest]) {
			smallest = group
		}
	}
	return smallest
}

// split makes the classes of those who are told apart, and says whether there are any. When there is no room for them,
// nothing is told.
func (t *telling) split() bool {
	cuts := 0
	for at, n := range t.pieces {
		if t.cut(at, n) {
			cuts++
		}
	}
	if cuts > 0 && !t.p.room(cuts) {
		clear(t.told)
		return false
	}
	t.as = make([]uint16, len(t.pieces))
	for at, n := range t.pieces {
		t.as[at] = uint16(at / t.width)
		if t.cut(at, n) {
			t.as[at] = uint16(t.p.classes)
			t.p.classes++
		}
	}
	return cuts > 0
}

// cut says whether n agents of a class and group are told apart from the rest of the class.
func (t *telling) cut(at, n int) bool {
	return n > 0 && t.told[at%t.width] && n < t.all[at/t.width]
}

// mark writes the new classes of one segment.
func (t *telling) mark(segment int, members *block, groups []uint16) {
	labels := t.p.of[segment]
	members.each(func(place int) {
		class, group := 0, 0
		if labels != nil {
			class = int(labels[place])
		}
		if groups != nil {
			group = int(groups[place])
		}
		as := t.as[class*t.width+group]
		if int(as) == class {
			return
		}
		if labels == nil {
			labels = make([]uint16, segmentPlaces)
			t.p.of[segment] = labels
		}
		labels[place] = as
	})
}
