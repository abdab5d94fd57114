package audiences

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/filengine/fil"
)

// Grouping puts agents into groups by the value of a field, or by the values of two.
type Grouping struct {
	Field string
	Names []string // of the groups, by number from 1; Names[0] is that of nobody's group, which is none
	// Overlaps: an agent may be in several groups, as with lists. Of must then be asked for one group at a time.
	Overlaps bool

	of func(segment, group int) []uint16
}

// Of gives the group of each place of a segment of the cohort, 0 for none. Of a grouping that overlaps it gives the
// group asked, or 0.
func (g *Grouping) Of(segment, group int) []uint16 { return g.of(segment, group) }

// Grouping makes the groups of a set: those of the 50 commonest values, numbers by value, dates by year, organisations by their first
// two levels, and of the others together under OtherGroups. "a*b" groups by the values of two fields, which cannot
// be lists. An error is fil.Faults about the field "by".
func (c *Cohort) Grouping(by string, set []*Places) (*Grouping, error) {
	if first, second, two := strings.Cut(by, "*"); two {
		return c.crossed(by, first, second, set)
	}
	f, err := c.index.fieldBy(by)
	if err != nil {
		return nil, err
	}
	groups := c.tallied(f, set).groups()
	g := &Grouping{Field: by, Names: commonest(groups, f.kind != fil.KindList), Overlaps: f.kind == fil.KindList}
	if g.Overlaps {
		g.of = func(segment, group int) []uint16 { return c.listing(f, segment, g.Names[group], uint16(group)) }
		return g, nil
	}
	numbers := c.numbers(f, g.Names)
	g.of = func(segment, _ int) []uint16 { return c.grouped(f, segment, numbers) }
	return g, nil
}

func (c *Cohort) tallied(f *field, set []*Places) *tally {
	tallies := make([]*tally, runtime.GOMAXPROCS(0))
	for i := range tallies {
		tallies[i] = &tally{field: f}
	}
	inParallel(len(tallies), len(set), func(worker, i int) {
		if set[i] == nil {
			return
		}
		s, found := c.segments[i], (*block)(set[i])
		s.lock.RLock()
		defer s.lock.RUnlock()
		tallies[worker].add(&s.columns[f.at], found, found.count())
	})
	return merged(tallies)
}

// commonest names the groups, largest first; all others are one group if they may be.
func commonest(groups map[string]int, others bool) []string {
	names := slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(cmp.Compare(groups[b], groups[a]), cmp.Compare(a, b))
	})
	if len(names) > maxGroups {
		names = names[:maxGroups]
		if others {
			names = append(slices.DeleteFunc(names, func(name string) bool { return name == OtherGroups }), OtherGroups)
		}
	}
	return append([]string{""}, names...)
}

// numbers gives the group of each code of a field.
func (c *Cohort) numbers(f *field, names []string) []uint16 {
	byName, other := make(map[string]uint16, len(names)), uint16(0)
	for i, name := range names[1:] {
		byName[name] = uint16(i + 1)
	}
	if last := len(names) - 1; last > 0 && names[last] == OtherGroups {
		other = uint16(last)
	}
	t, numbers := &tally{field: f}, make([]uint16, f.size())
	for code := 1; code < len(numbers); code++ {
		number, ok := byName[t.label(uint32(code))]
		if !ok {
			number = other
		}
		numbers[code] = number
	}
	return numbers
}

// grouped reads the groups of a segment.
func (c *Cohort) grouped(f *field, segment int, numbers []uint16) []uint16 {
	s := c.segments[segment]
	s.lock.RLock()
	defer s.lock.RUnlock()
	codes := &s.columns[f.at].codes
	groups := make([]uint16, blockPlaces)
	for at := range codes.len() {
		if code := codes.at(uint16(at)); int(code) < len(numbers) { // else a value that came since
			groups[at] = numbers[code]
		}
	}
	return groups
}

// listing reads which agents of a segment have a word in a list.
func (c *Cohort) listing(f *field, segment int, word string, number uint16) []uint16 {
	s, found := c.segments[segment], new(block)
	s.lock.RLock()
	if code, ok := f.words.code(word); ok {
		post := s.columns[f.at].posts.of(code)
		post.or(found)
	}
	s.lock.RUnlock()
	groups := make([]uint16, blockPlaces)
	found.all(func(at uint16) { groups[at] = number })
	return groups
}

// crossed groups by the values of two fields.
func (c *Cohort) crossed(by, first, second string, set []*Places) (*Grouping, error) {
	a, err := c.Grouping(first, set)
	if err != nil {
		return nil, err
	}
	b, err := c.Grouping(second, set)
	if err != nil {
		return nil, err
	}
	if a.Overlaps || b.Overlaps {
		return nil, fil.NewFault("by", "ne peut croiser une liste : "+by, "cannot cross a list: "+by)
	}
	width := len(b.Names)
	cells := make([]int, len(a.Names)*width)
	for i, members := range set {
		if members == nil {
			continue
		}
		left, right := a.Of(i, 0), b.Of(i, 0)
		(*block)(members).all(func(at uint16) { cells[int(left[at])*width+int(right[at])]++ })
	}
	counts, names := map[string]int{}, make([]string, len(cells))
	for cell, n := range cells {
		if cell >= width && cell%width > 0 && n > 0 {
			names[cell] = a.Names[cell/width] + " · " + b.Names[cell%width]
			counts[names[cell]] = n
		}
	}
	g := &Grouping{Field: by, Names: commonest(counts, true)}
	numbers := make([]uint16, len(cells))
	for cell, name := range names {
		if number := slices.Index(g.Names, name); name != "" && number > 0 {
			numbers[cell] = uint16(number)
		} else if last := len(g.Names) - 1; name != "" && g.Names[last] == OtherGroups {
			numbers[cell] = uint16(last)
		}
	}
	g.of = func(segment, _ int) []uint16 {
		left, right := a.Of(segment, 0), b.Of(segment, 0)
		for at, group := range left {
			left[at] = numbers[int(group)*width+int(right[at])]
		}
		return left
	}
	return g, nil
}
