package audiences

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/file"

	"github.com/filengine/fil"
)

// Bounds of audiences that name audiences.
const (
	maxNesting = 16     // audiences within audiences
	maxWeight  = 20_000 // elements of a rule and of all the rules that it leads to, as often as it does
)

// reference stands for an audience in a rule, by its id: those in it or, for members, those it names one by one. It holds
// nobody until audienceSet.link puts the audience in its place.
type reference struct {
	id      string
	members bool
}

func (reference) holds(*row) bool { return false }

func (reference) narrow(_ *query, b *block) { b.clear() }

func (reference) cost() int { return costSets }

// placed is a reference and where the rule makes it.
type placed struct {
	reference
	at file.Location
}

// nested is an audience in the place of a reference to it.
type nested struct {
	reference
	plan plan
}

func (n nested) holds(r *row) bool { return n.plan.holds(r) }

func (n nested) narrow(q *query, b *block) { n.plan.narrow(q, b) }

func (n nested) cost() int { return n.plan.cost() }

// link gives the audiences of a set that name others, and those that name them, their plans anew. Which audiences are
// at fault depends on the set alone and not on the order in which they came: the rule of one that leads back to itself,
// or too far, holds nobody. Their faults are kept in the set. The set must not be in use yet.
func (s *audienceSet) link() {
	l := &linker{set: s, state: map[string]*linking{}}
	s.faults, s.volatile = map[string]fault{}, nil
	for _, id := range slices.Sorted(maps.Keys(s.byID)) {
		if s.byID[id].refers() {
			l.visit(id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.byID)) {
		if a := s.byID[id]; a.volatile {
			s.volatile = append(s.volatile, a)
		}
	}
}

// fault is why the rule of an audience holds nobody.
type fault int

const (
	faultCycle fault = iota + 1
	faultDepth
	faultWeight
)

// linker walks the audiences that name audiences, those named first, by Tarjan's algorithm for strongly connected
// components (SIAM Journal on Computing, 1972).
type linker struct {
	set   *audienceSet
	state map[string]*linking
	stack []string
	count int
}

type linking struct {
	index, low    int
	open          bool
	depth, weight int
}

func (l *linker) visit(id string) *linking {
	a, known := l.set.byID[id]
	if at := l.state[id]; at != nil {
		return at
	}
	l.count++
	at := &linking{index: l.count, low: l.count, open: true}
	l.state[id] = at
	if !known || !a.refers() {
		at.open, at.depth, at.weight = false, 1, 1
		if known {
			at.weight = a.weight
		}
		return at
	}
	l.stack = append(l.stack, id)
	itself := false
	for _, name := range l.set.leads(a) {
		next := l.visit(name)
		itself = itself || name == id
		if next.open {
			at.low = min(at.low, next.low)
		}
	}
	if at.low < at.index {
		return at
	}
	from := slices.Index(l.stack, id)
	ring := slices.Clone(l.stack[from:])
	l.stack = l.stack[:from]
	for _, one := range ring {
		l.state[one].open = false
		if len(ring) == 1 && !itself {
			ring = nil
		}
		l.settle(one, ring)
	}
	return at
}

// settle links an audience: all that it leads to is settled, but for the ring that it is on, if any.
func (l *linker) settle(id string, ring []string) {
	a, at := l.set.byID[id], l.state[id]
	at.depth, at.weight = 1, a.weight
	for _, name := range l.set.leads(a) {
		if next := l.state[name]; ring == nil {
			at.depth = max(at.depth, next.depth+1)
			at.weight += next.weight
		}
	}
	var why fault
	switch {
	case ring != nil:
		why = faultCycle
	case at.depth > maxNesting+1:
		why = faultDepth
	case at.weight > maxWeight:
		why = faultWeight
	}
	linked := *a
	rule := plan(either{})
	if why == 0 {
		rule = l.set.resolve(a.rule)
	} else {
		l.set.faults[id] = why
		at.depth, at.weight = 1, 1 // those who name it name nobody
	}
	linked.finish(rule, l.set.around(a, ring))
	l.set.byID[id] = &linked
}

// refers says whether the audience's plan depends on other audiences.
func (a *audience) refers() bool { return len(a.references) > 0 || a.definition.Perimeter != "" }

// leads lists the audiences whose plans are in that of one, as often as they are.
func (s *audienceSet) leads(a *audience) []string {
	var names []string
	if a.definition.Perimeter != "" {
		names = append(names, a.definition.Perimeter)
	}
	for _, r := range a.references {
		if !r.members {
			names = append(names, r.id)
		} else if target, known := s.byID[r.id]; known && target.definition.Perimeter != "" {
			names = append(names, target.definition.Perimeter)
		}
	}
	return names
}

// finish makes the plan of an audience from its rule, whose references are resolved, its static members and the
// perimeter around them.
func (a *audience) finish(rule, around plan) {
	whole := either{rule}
	if len(a.members.ids) > 0 {
		whole = append(whole, a.members)
	}
	a.tree = normal(every{whole, around})
	a.plan = normal(bare(a.tree))
	a.volatile = volatile(a.plan)
}

// resolve puts audiences in the place of references to them. One that does not exist holds nobody.
func (s *audienceSet) resolve(p plan) plan {
	switch p := p.(type) {
	case reference:
		a, known := s.byID[p.id]
		switch {
		case !known:
			return nested{p, either{}}
		case p.members:
			return nested{p, every{a.members, s.around(a, nil)}}
		default:
			return nested{p, a.tree}
		}
	default:
		return rebuilt(p, s.resolve)
	}
}

// noAudience is the fault of a name that is no audience's.
func (c *compiler) noAudience(set *audienceSet, id string, at file.Location) *RuleError {
	best := fil.Nearest(id, slices.Sorted(maps.Keys(set.byID)))
	if best == "" {
		return c.wrong(at, fmt.Sprintf("il n'y a pas d'audience « %s »", id), fmt.Sprintf("there is no audience %q", id))
	}
	e := c.wrong(at, fmt.Sprintf("il n'y a pas d'audience « %s » ; vouliez-vous dire « %s » ?", id, best), fmt.Sprintf("there is no audience %q; did you mean %q?", id, best))
	e.Nearest = best
	return e
}

// CheckAudience says whether an audience may be written: its rule compiles, names audiences that exist, and leads back to
// no audience that it comes from. It gives nil, or a *RuleError.
func (ix *Index) CheckAudience(definition fil.Audience) error {
	read, wrong := &reading{plan: either{}}, (*RuleError)(nil)
	if definition.Rule != "" {
		read, wrong = ix.read(definition.Rule, definition.ID, true)
	}
	if wrong != nil {
		return wrong
	}
	current := ix.audiences.Load()
	if len(read.references) == 0 && definition.Perimeter == "" && !current.named(definition.ID) {
		return nil
	}
	next := &audienceSet{byID: maps.Clone(current.byID)}
	next.replace(definition.ID, read.audience(definition, 0))
	next.link()
	if why, wrong := next.faults[definition.ID]; wrong {
		return next.faultOf(definition.ID, why)
	}
	for _, id := range slices.Sorted(maps.Keys(next.faults)) {
		if why := next.faults[id]; current.faults[id] == 0 && why != faultCycle {
			return errorAt(definition.Rule, file.Location{}, fmt.Sprintf("l'audience « %s », qui contient celle-ci, deviendrait trop lourde ou trop profonde", id), fmt.Sprintf("the audience %q, which contains this one, would become too heavy or too deep", id))
		}
	}
	return nil
}

// named says whether an audience names the id.
func (s *audienceSet) named(id string) bool {
	for _, a := range s.byID {
		if slices.Contains(s.leads(a), id) {
			return true
		}
	}
	return false
}

// faultOf tells why the rule of an audience cannot be, at the first name in it that leads there.
func (s *audienceSet) faultOf(id string, why fault) *RuleError {
	var at file.Location
	source, references := s.byID[id].definition.Rule, s.byID[id].references
	mark := func(name string) {
		for _, r := range references {
			if r.id == name && !r.members {
				at = r.at
				return
			}
		}
	}
	switch why {
	case faultCycle:
		path := s.path(id)
		mark(path[1])
		round := strings.Join(path, " → ")
		return errorAt(source, at, "cette audience se contient elle-même : "+round, "this audience contains itself: "+round)
	case faultDepth:
		return errorAt(source, at, fmt.Sprintf("les audiences s'emboîtent sur plus de %d niveaux", maxNesting), fmt.Sprintf("audiences are nested more than %d deep", maxNesting))
	default:
		return errorAt(source, at, fmt.Sprintf("la règle et celles des audiences qu'elle contient dépassent %d éléments", maxWeight), fmt.Sprintf("the rule and those of the audiences in it are over %d elements", maxWeight))
	}
}

// path gives the shortest way from an audience back to itself.
func (s *audienceSet) path(id string) []string {
	before := map[string]string{}
	for queue := []string{id}; len(queue) > 0; queue = queue[1:] {
		a, known := s.byID[queue[0]]
		if !known {
			continue
		}
		for _, name := range s.leads(a) {
			if name == id {
				path := []string{id}
				for at := queue[0]; at != id; at = before[at] {
					path = append(path, at)
				}
				path = append(path, id)
				slices.Reverse(path)
				return path
			}
			if _, met := before[name]; !met {
				before[name] = queue[0]
				queue = append(queue, name)
			}
		}
	}
	return []string{id, id}
}
