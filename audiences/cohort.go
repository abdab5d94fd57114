package audiences

import (
	"math/rand/v2"
	"runtime"
	"strconv"

	"github.com/filengine/fil"
)

// Places are agents of one segment of the index, at most 65,536, one bit each.
type Places [blockWords]uint64

// Cohort is who a rule holds for at one moment, as sets by segment, for whoever decides what may be told of them (package
// preview). Nothing is withheld.
type Cohort struct {
	Serials []uint64  // of the segments: where a serial is the same, the same place is the same agent, or one who took it
	Within  []*Places // by segment, those of the perimeter, or everyone; nil for nobody
	Found   []*Places // those of them for whom the rule holds
	Named   bool      // the rule names agents one by one

	Warnings []Warning // of what the rule probably does not mean

	index    *Index
	set      *audienceSet
	segments []*segment
}

// Cohort evaluates a rule, the empty one holding nobody, within a perimeter (the id of an audience; empty: everyone). An
// error is a *RuleError.
//
// With a threshold, a part of the rule that is joined by "or", or negated, and that fewer agents satisfy, counts as if
// nobody did: otherwise whoever knows how many another part names could learn whether one agent is in it.
func (ix *Index) Cohort(rule, perimeter string, threshold int) (*Cohort, error) {
	chosen, read := plan(either{}), &reading{}
	if rule != "" {
		var wrong *RuleError
		if read, chosen, wrong = ix.parse(rule); wrong != nil {
			return nil, wrong
		}
	}
	c := ix.cohort(chosen, perimeter, threshold, ix.audiences.Load())
	if threshold > 0 {
		c.Warnings = ix.advise(rule, read, fil.Guard{Threshold: threshold}, c.set.within(perimeter))
	}
	return c, nil
}

// cohort evaluates a plan, which may have its places in the rule.
func (ix *Index) cohort(chosen plan, perimeter string, threshold int, set *audienceSet) *Cohort {
	c := &Cohort{index: ix, set: set, segments: ix.settledLayout().order, Named: set.names(chosen)}
	for _, s := range c.segments {
		c.Serials = append(c.Serials, s.serial)
	}
	within := set.within(perimeter)
	chosen = normal(bare(chosen))
	if threshold > 0 {
		chosen = ix.coarse(chosen, within, threshold)
	}
	c.Within = c.evaluate(within)
	c.Found = met(c.Within, c.evaluate(normal(every{chosen, within})))
	return c
}

// within gives the plan of a perimeter; an empty one is everyone's.
func (s *audienceSet) within(perimeter string) plan {
	if perimeter == "" {
		return every{}
	}
	return s.cut(perimeter)
}

// Holding gives those of the perimeter who are in an audience, nobody when it does not exist, and says whether it names
// agents one by one.
func (c *Cohort) Holding(audienceID string) (set []*Places, names bool) {
	a, ok := c.set.byID[audienceID]
	if !ok {
		return make([]*Places, len(c.segments)), false
	}
	names = a.definition.Directory == nil && c.set.names(a.tree)
	return met(c.Within, c.evaluate(a.plan)), names
}

// Usual lists the fields of a breakdown when none are named: the first three texts and booleans declared, then org and site,
// which are finer: a figure that is told withholds others of the fields after it.
func (c *Cohort) Usual() []string {
	var names []string
	for _, f := range c.index.fields[atAttributes:] {
		if len(names) < defaultBy && f.groups() && (f.kind == fil.KindText || f.kind == fil.KindBoolean) {
			names = append(names, f.name)
		}
	}
	return append(names, c.index.fields[atOrg].name, c.index.fields[atSite].name)
}

// Serials are those that a cohort would have now.
func (ix *Index) Serials() []uint64 {
	segments := ix.settledLayout().order
	serials := make([]uint64, len(segments))
	for i, s := range segments {
		serials[i] = s.serial
	}
	return serials
}

// evaluate gives the set of a plan by segment of the cohort.
func (c *Cohort) evaluate(p plan) []*Places {
	sets := make([]*Places, len(c.segments))
	c.index.over(c.index.layout.Load(), c.segments, runtime.GOMAXPROCS(0), p, func(_ int, q *query, i int) {
		q.visit(c.segments[i], p, func(_ *segment, found *block) {
			if !found.empty() {
				copied := Places(*found)
				sets[i] = &copied
			}
		})
	})
	return sets
}

// met takes out of each set of b those who are not in a, who came in between the two.
func met(a, b []*Places) []*Places {
	for i, set := range b {
		switch {
		case set == nil:
		case a[i] == nil:
			b[i] = nil
		default:
			(*block)(set).and((*block)(a[i]))
		}
	}
	return b
}

// Sample draws at most n agents of a set at random.
func (c *Cohort) Sample(set []*Places, n int) []fil.Agent {
	type found struct {
		segment int
		at      uint16
	}
	var drawn []found
	seen := 0
	for i, members := range set {
		if members == nil {
			continue
		}
		(*block)(members).all(func(at uint16) { // reservoir sampling (Vitter's algorithm R)
			if seen++; len(drawn) < n {
				drawn = append(drawn, found{i, at})
			} else if j := rand.IntN(seen); j < n { //nolint:gosec // nothing is secret in the draw
				drawn[j] = found{i, at}
			}
		})
	}
	agents := make([]fil.Agent, 0, len(drawn))
	for _, d := range drawn {
		s := c.segments[d.segment]
		s.lock.RLock()
		known := s.live.has(d.at)
		var r row
		if known {
			r = s.row(d.at, nil, c.index.now())
		}
		s.lock.RUnlock()
		if known {
			agents = append(agents, c.index.agentOf(r))
		}
	}
	return agents
}

// Presence groups a set by the hours of the day in which agents usually do something, in the index's zone: those in
// which they did on two days or more of what is kept. It is nil where no acts are kept.
func (c *Cohort) Presence() *Grouping {
	l := c.index.settledLayout()
	p := c.index.presence(l)
	if p == nil {
		return nil
	}
	g := &Grouping{Field: "presence", Names: make([]string, 1, 25), Overlaps: true}
	for hour := range 24 {
		g.Names = append(g.Names, strconv.Itoa(hour))
	}
	g.of = func(segment, group int) []uint16 {
		groups, s := make([]uint16, blockPlaces), c.segments[segment]
		if int(s.number) >= len(l.segments) || l.segments[s.number] != s || p.hours[group-1][s.number] == nil {
			return groups
		}
		p.hours[group-1][s.number].all(func(at uint16) { groups[at] = uint16(group) })
		return groups
	}
	return g
}
