package dashboards

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// Sizes of blocks, in agents. A group that the next axis would cut finer than leastGroup is not cut there; blocks are begun
// with some seats free, so that who comes later finds one among their like.
const (
	leastGroup = 20
	fullBlock  = 48
	maxAxes    = 5 // after org: declared attributes, then site
)

const (
	axisTop  = "top" // the first level of org
	axisOrg  = "org"
	axisSite = "site"
)

// axesOf are what blocks are made alike by, the weightiest first: the organisation's two first levels, the declared attributes
// that have one value each, in their order, then the site.
func axesOf(schema fil.Schema) []string {
	axes := []string{axisTop, axisOrg}
	for _, a := range schema {
		if a.Groups() && (a.Kind == fil.KindText || a.Kind == fil.KindBoolean) && len(axes) < maxAxes+1 {
			axes = append(axes, a.Name)
		}
	}
	return append(axes, axisSite)
}

// person is someone who wants a seat, with a value by axis.
type person struct {
	agent   uint64
	version int64
	values  []string
	seated  bool
	block   uint32
	bit     uint8
}

func (s *seater) personOf(a analytics.Applicant) person {
	p := person{agent: a.Agent, version: a.Offset, values: make([]string, len(s.axes)), seated: a.Seated, block: a.Block, bit: a.Bit}
	for i, axis := range s.axes {
		value := ""
		switch axis {
		case axisTop:
			value, _, _ = strings.Cut(a.Org, "/")
		case axisOrg:
			levels := strings.SplitN(a.Org, "/", 3)
			value = strings.Join(levels[:min(2, len(levels))], "/")
		case axisSite:
			value = a.Site
		default:
			if all := a.Attributes[axis]; len(all) == 1 {
				value = all[0]
			}
		}
		p.values[i] = s.intern(value)
	}
	return p
}

// seater gives seats. Nobody's seat is taken away or given again, and no block is cut, so that the groups that figures are
// about stay what they were.
type seater struct {
	axes   []string
	least  int // agents of a group that may be told apart
	known  map[string]string
	open   map[string][]int // blocks with a free seat, by the values of their axes
	blocks []analytics.Block
	last   uint32
	seats  []analytics.Seat
	touch  map[int]bool // blocks that changed
	given  int          // seats that are new
}

func newSeater(axes []string, threshold int, blocks []analytics.Block) *seater {
	s := &seater{axes: axes, least: max(leastGroup, 2*threshold), known: map[string]string{}, open: map[string][]int{}, blocks: blocks, touch: map[int]bool{}}
	for i, b := range blocks {
		s.last = max(s.last, b.ID)
		if b.Seats < analytics.MaxSeats {
			key := s.key(s.valuesOf(b))
			s.open[key] = append(s.open[key], i)
		}
	}
	return s
}

func (s *seater) intern(value string) string {
	if found, ok := s.known[value]; ok {
		return found
	}
	s.known[value] = value
	return value
}

func (s *seater) key(values []string) string { return strings.Join(values, "\x00") }

func (s *seater) valuesOf(b analytics.Block) []string {
	values := make([]string, len(s.axes))
	for i, axis := range s.axes {
		values[i] = b.Labels[axis]
	}
	return values
}

// join looks for a free seat among an agent's like: in a block whose axes all have the agent's value, or are mixed; the one
// with the fewest mixed axes.
func (s *seater) join(p person) bool {
	best := -1
	for _, mixed := range s.mixtures() {
		values := slices.Clone(p.values)
		for i := range values {
			if mixed>>i&1 == 1 {
				values[i] = analytics.Mixed
			}
		}
		if found := s.open[s.key(values)]; len(found) > 0 {
			best = found[0]
			break
		}
	}
	if best < 0 {
		return false
	}
	if p.seated && s.blocks[best].ID == p.block {
		return false
	}
	s.take(p, best)
	return true
}

// mixtures are the sets of axes that may be mixed, those with the fewest first.
func (s *seater) mixtures() []uint {
	all := make([]uint, 1<<len(s.axes))
	for i := range all {
		all[i] = uint(i)
	}
	slices.SortStableFunc(all, func(a, b uint) int { return cmp.Compare(ones(a), ones(b)) })
	return all
}

func ones(n uint) (count int) {
	for ; n > 0; n &= n - 1 {
		count++
	}
	return count
}

func (s *seater) take(p person, at int) {
	b := &s.blocks[at]
	s.seats = append(s.seats, analytics.Seat{Agent: p.agent, Block: b.ID, Bit: uint8(b.Seats), Version: p.version, First: !p.seated})
	b.Seats++
	s.touch[at] = true
	s.given++
	if b.Seats == analytics.MaxSeats {
		key := s.key(s.valuesOf(*b))
		s.open[key] = slices.DeleteFunc(s.open[key], func(i int) bool { return i == at })
	}
}

// found makes blocks of people who are alike on the axes before at, and gives back those who are too few.
func (s *seater) found(people []person, at int, labels map[string]string) (left []person) {
	if at == len(s.axes) || len(people) < 2*s.least && s.alike(people, at) < 0 {
		return s.settle(people, at, labels)
	}
	byValue := map[string][]person{}
	for _, p := range people {
		byValue[p.values[at]] = append(byValue[p.values[at]], p)
	}
	for _, value := range slices.Sorted(maps.Keys(byValue)) {
		group := byValue[value]
		if len(group) < s.least {
			left = append(left, group...)
			continue
		}
		left = append(left, s.found(group, at+1, with(labels, s.axes[at], value))...)
	}
	if len(left) < s.least {
		return left
	}
	return s.found(left, at+1, with(labels, s.axes[at], analytics.Mixed))
}

// alike is the first axis from one on whose values are all the same; -1 when there is none.
func (s *seater) alike(people []person, at int) int {
	for i := at; i < len(s.axes); i++ {
		if !slices.ContainsFunc(people, func(p person) bool { return p.values[i] != people[0].values[i] }) {
			return i
		}
	}
	return -1
}

// settle makes blocks of people whom no further axis tells apart.
func (s *seater) settle(people []person, at int, labels map[string]string) []person {
	if len(people) < s.least {
		return people
	}
	for i := at; i < len(s.axes); i++ {
		labels = with(labels, s.axes[i], analytics.Mixed)
	}
	count := max(1, len(people)/fullBlock)
	for i := range count {
		s.last++
		s.blocks = append(s.blocks, analytics.Block{ID: s.last, Labels: labels})
		place := len(s.blocks) - 1
		for _, p := range people[i*len(people)/count : (i+1)*len(people)/count] {
			s.take(p, place)
		}
		if s.blocks[place].Seats < analytics.MaxSeats {
			key := s.key(s.valuesOf(s.blocks[place]))
			s.open[key] = append(s.open[key], place)
		}
	}
	return nil
}

func with(labels map[string]string, axis, value string) map[string]string {
	labels = maps.Clone(labels)
	labels[axis] = value
	return labels
}

// Seat gives a seat to those who want one: among their like when there is room, in new blocks when enough of them have come;
// the others wait, and are counted from when they have one, with what they did before. It answers how many were seated and
// how many wait. One process at a time must do it.
func (d *Dashboards) Seat(ctx context.Context) (seated, waiting int, err error) {
	blocks, err := d.Seating.Blocks(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("seat agents: %w", err)
	}
	s := newSeater(axesOf(d.Schema), d.Guard.Threshold, blocks)
	var newcomers []person
	err = d.Seating.Applicants(ctx, func(a analytics.Applicant) {
		p := s.personOf(a)
		switch {
		case s.moved(p) && s.join(p):
		case p.seated: // they stay where they are, and are not asked about again until their entry changes
			s.seats = append(s.seats, analytics.Seat{Agent: p.agent, Block: p.block, Bit: p.bit, Version: p.version})
		default:
			newcomers = append(newcomers, p)
		}
	})
	if err != nil {
		return 0, 0, fmt.Errorf("seat agents: %w", err)
	}
	left := s.found(newcomers, 0, map[string]string{})
	changed := make([]analytics.Block, 0, len(s.touch))
	for at := range s.touch {
		changed = append(changed, s.blocks[at])
	}
	if err := d.Seating.Seat(ctx, s.seats, changed); err != nil {
		return 0, 0, fmt.Errorf("seat agents: %w", err)
	}
	return s.given, len(left), nil
}

// moved says whether someone is new, or no longer like those of their block.
func (s *seater) moved(p person) bool {
	if !p.seated {
		return true
	}
	at, found := slices.BinarySearchFunc(s.blocks, p.block, func(b analytics.Block, id uint32) int { return cmp.Compare(b.ID, id) })
	if !found {
		return true
	}
	for i, value := range s.valuesOf(s.blocks[at]) {
		if value != analytics.Mixed && value != p.values[i] {
			return true
		}
	}
	return false
}
