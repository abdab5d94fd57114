package preview

import (
	"slices"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// view is a cohort as the sets of what a caller heard, whose segments keep their places from one question to the next.
type view struct {
	*audiences.Cohort
	slots   []int // by segment of the cohort
	segment []int // by slot, -1 where there is none
	within  places
	found   places
}

func (c *caller) view(cohort *audiences.Cohort) *view {
	v := &view{Cohort: cohort}
	for _, serial := range cohort.Serials {
		slot, ok := c.slots[serial]
		if !ok {
			slot = len(c.slots)
			c.slots[serial] = slot
		}
		v.slots = append(v.slots, slot)
	}
	v.segment = slices.Repeat([]int{-1}, len(c.slots))
	for i, slot := range v.slots {
		v.segment[slot] = i
	}
	v.within, v.found = v.places(cohort.Within), v.places(cohort.Found)
	return v
}

// places puts sets of the cohort's segments in their slots, and sets takes them back.
func (v *view) places(sets []*audiences.Places) places {
	out := make(places, len(v.segment))
	for i, set := range sets {
		out[v.slots[i]] = (*block)(set)
	}
	return out
}

func (v *view) sets(from places) []*audiences.Places {
	out := make([]*audiences.Places, len(v.slots))
	for i, slot := range v.slots {
		out[i] = (*audiences.Places)(from.at(slot))
	}
	return out
}

// answer tells a caller what may be told, and remembers it.
func (p *Previews) answer(c *caller, q Question) (Answer, error) {
	cohort, err := p.index.Cohort(q.Rule, q.Perimeter, p.threshold)
	if err != nil {
		return Answer{}, err //nolint:wrapcheck // a *audiences.RuleError, which says where
	}
	v := c.view(cohort)
	a := Answer{Breakdown: map[string]map[string]*int{}, Warnings: v.Warnings}
	total := v.within.size()
	if q.Perimeter == "" || total >= p.threshold {
		a.Total = &total
	}
	if cohort.Named {
		a.Warnings = append(a.Warnings, audiences.Warning{Line: 1, Column: 1, Problem: fil.Bilingual{
			FR: "La règle nomme des agents un par un : ses effectifs ne sont donnés qu'à qui peut voir des agents.",
			EN: "The rule names agents one by one: its figures are given only to those who may see agents.",
		}})
		return a, nil
	}
	told, size := c.heard.size(v.within, v.found)
	if q.Rule == "" || size >= p.threshold {
		a.Size = &size
	}
	if size >= p.threshold {
		if err := p.breakDown(c, v, q, told, size, &a); err != nil {
			return Answer{}, err
		}
	}
	p.overlaps(c, v, q, told, &a)
	return a, nil
}

func (p *Previews) breakDown(c *caller, v *view, q Question, told places, size int, a *Answer) error {
	for _, by := range orUsual(q.By, v) {
		g, err := v.Grouping(by, v.sets(told))
		if err != nil {
			return err //nolint:wrapcheck // fil.Faults, which name the field
		}
		groups := map[string]*int{}
		for group, n := range c.groups(v, g, told, size) {
			groups[g.Names[group+1]] = n
		}
		a.Breakdown[by] = groups
	}
	if g := v.Presence(); q.Presence && g != nil {
		a.Presence = p.rounded(v.countGroups(g, told))
	}
	return nil
}

// rounded makes tens (the threshold) of figures. Agents are in as many of 24 groups as they have habits: to keep these apart
// exactly would leave nothing to tell.
func (p *Previews) rounded(figures []*int) []*int {
	for i, n := range figures {
		if tens := (*n + p.threshold/2) / p.threshold * p.threshold; *n >= p.threshold {
			figures[i] = &tens
		} else {
			figures[i] = nil
		}
	}
	return figures
}

// groups gives the figures of a grouping's groups.
func (c *caller) groups(v *view, g *audiences.Grouping, told places, size int) []*int {
	count := len(g.Names) - 1
	if !g.Overlaps {
		return c.heard.groups(g.Field, v.within, told, size, count, v.numbering(g, 0))[1:]
	}
	figures := make([]*int, count)
	for i := range figures {
		figures[i] = c.heard.groups(g.Field, v.within, told, size, count, v.numbering(g, i+1))[i+1]
	}
	return figures
}

// numbering reads the groups of each slot once, however often they are asked for; one slot is never asked for by two
// goroutines at the same time.
func (v *view) numbering(g *audiences.Grouping, group int) func(slot int) []uint16 {
	read := make([][]uint16, len(v.segment))
	return func(slot int) []uint16 {
		if read[slot] == nil && v.segment[slot] >= 0 {
			read[slot] = g.Of(v.segment[slot], group)
		}
		return read[slot]
	}
}

func orUsual(by []string, v *view) []string {
	if len(by) > 0 {
		return by
	}
	return v.Usual()
}

// overlaps tells how many agents the rule shares with audiences.
func (p *Previews) overlaps(c *caller, v *view, q Question, told places, a *Answer) {
	for _, id := range q.Overlap {
		o := Overlap{Audience: id}
		if holding, named := v.Holding(id); !named {
			all := v.places(holding)
			o.Size = p.figure(c.heard.size(v.within, all))
			o.Shared = p.figure(c.heard.size(v.within, meet(all, told)))
		}
		a.Overlap = append(a.Overlap, o)
	}
}

func (p *Previews) figure(_ places, n int) *int {
	if n < p.threshold {
		return nil
	}
	return &n
}

// meet gives those who are in both sets.
func meet(a, b places) places {
	both := make(places, len(a))
	for i, members := range a {
		other := b.at(i)
		if members == nil || other == nil {
			continue
		}
		both[i] = new(block)
		for w := range members {
			both[i][w] = members[w] & other[w]
		}
	}
	return both
}

// explain tells a caller the plan of a rule.
func (p *Previews) explain(c *caller, q Question) (audiences.RulePlan, error) {
	return p.index.Explain(q.Rule, func(_ int, who func(int) *audiences.Cohort) *int { //nolint:wrapcheck // a *audiences.RuleError, which says where
		cohort := who(p.threshold)
		if cohort.Named {
			return nil
		}
		v := c.view(cohort)
		return p.figure(c.heard.size(v.within, v.found))
	}, q.Perimeter)
}

// exact answers those who may see agents.
func (p *Previews) exact(q Question) (Answer, error) {
	cohort, err := p.index.Cohort(q.Rule, q.Perimeter, 0)
	if err != nil {
		return Answer{}, err //nolint:wrapcheck // a *audiences.RuleError, which says where
	}
	c := &caller{slots: map[uint64]int{}}
	v := c.view(cohort)
	total, size := v.within.size(), v.found.size()
	a := Answer{Total: &total, Size: &size, Breakdown: map[string]map[string]*int{}, Sample: v.Sample(v.sets(v.found), q.Sample)}
	for _, by := range orUsual(q.By, v) {
		g, err := v.Grouping(by, v.sets(v.found))
		if err != nil {
			return Answer{}, err //nolint:wrapcheck // fil.Faults, which name the field
		}
		a.Breakdown[by] = map[string]*int{}
		for i, n := range v.countGroups(g, v.found) {
			a.Breakdown[by][g.Names[i+1]] = n
		}
	}
	if g := v.Presence(); q.Presence && g != nil {
		a.Presence = v.countGroups(g, v.found)
	}
	for _, id := range q.Overlap {
		holding, _ := v.Holding(id)
		all := v.places(holding)
		size, shared := all.size(), meet(all, v.found).size()
		a.Overlap = append(a.Overlap, Overlap{Audience: id, Size: &size, Shared: &shared})
	}
	return a, nil
}

// countGroups counts the groups of a set.
func (v *view) countGroups(g *audiences.Grouping, set places) []*int {
	counts := make([]int, len(g.Names))
	count := func(group int) {
		of := v.numbering(g, group)
		for slot, members := range set {
			if members != nil {
				groups := of(slot)
				members.each(func(place int) { counts[groups[place]]++ })
			}
		}
	}
	if !g.Overlaps {
		count(0)
	} else {
		for group := 1; group < len(g.Names); group++ {
			count(group)
		}
	}
	figures := make([]*int, len(g.Names)-1)
	for i := range figures {
		figures[i] = &counts[i+1]
	}
	return figures
}
