package audiences

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/filengine/fil"
)

// Preview is what may be said of the agents a rule holds for.
type Preview struct {
	Size      *int                       `json:"size"`      // agents; null when withheld
	Total     *int                       `json:"total"`     // agents in the directory, or in the caller's perimeter; null when withheld
	Breakdown map[string]map[string]*int `json:"breakdown"` // agents by attribute and value; null when withheld
	Warnings  []Warning                  `json:"warnings,omitempty"`
}

// Bounds and shape of breakdowns.
const (
	OtherGroups = "…" // the key of the groups that are not among the largest
	maxGroups   = 50
	maxBy       = 8
	orgLevels   = 2 // of the organisation's tree that a breakdown tells apart
	defaultBy   = 3 // attributes of the schema that break down a preview which names none
)

// Preview counts the agents that a rule holds for, and breaks them down by fields: attributes, org (its first two
// levels), site and language. No field means org, site and the first three texts and booleans declared.
//
// The guard withholds the size when it, or the number of all other agents, is small; a breakdown is then empty,
// because it would tell. Groups of a field with one value an agent are a partition and guarded as one: at most 50,
// the others under OtherGroups. An agent may be in several groups of a list: each is guarded by itself and by
// those outside it, and only the 50 largest are given. Numbers are grouped by value and dates by year.
//
// With a perimeter, the id of an audience, agents outside it do not exist: the total is the perimeter's, withheld when it
// is small, and the rule is cut to it.
//
// Errors are a *RuleError, or fil.Faults about the field "by".
func (ix *Index) Preview(rule string, by []string, guard fil.Guard, perimeter string) (Preview, error) {
	chosen, read := plan(either{}), &reading{}
	if rule != "" {
		said, tree, wrong := ix.parse(rule)
		if wrong != nil {
			return Preview{}, wrong
		}
		read, chosen = said, normal(bare(tree))
	}
	fields, err := ix.fieldsBy(by)
	if err != nil {
		return Preview{}, err
	}
	preview := Preview{Breakdown: map[string]map[string]*int{}, Warnings: ix.advise(rule, read, guard)}
	var size, total int
	var tallies []*tally
	if perimeter == "" {
		size, total, tallies = ix.count(chosen, fields)
		preview.Total = &total
	} else {
		within := ix.audiences.Load().cut(perimeter)
		total, _, _ = ix.count(within, nil)
		size, _, tallies = ix.count(every(cheapestFirst([]plan{chosen, within})), fields)
		preview.Total = guard.Count(total)
	}
	if others := total - size; guard.Withholds(size) || guard.Withholds(others) || others < 0 { // someone came in between the two counts
		return preview, nil
	}
	preview.Size = &size
	for _, t := range tallies {
		preview.Breakdown[t.field.name] = t.guarded(size, guard)
	}
	return preview, nil
}

// Reach counts the agents whom contents with any of the aims are for, and groups them by a field as Preview does, without
// bound ("" for no groups, nil for a field that does not exist or that may not group). An audience that does not exist
// holds nobody. Nothing is withheld: the caller guards what it makes of it.
func (ix *Index) Reach(aims []fil.Aim, by string) (total int, groups map[string]int) {
	set, chosen := ix.audiences.Load(), either{}
	for _, aim := range aims {
		chosen = append(chosen, set.aimed(aim))
	}
	var fields []*field
	if f, ok := ix.field(by); ok && f.groups() {
		fields = append(fields, f)
	}
	total, _, tallies := ix.count(chosen, fields)
	if len(tallies) == 0 {
		return total, nil
	}
	return total, tallies[0].groups()
}

// fieldsBy finds the fields of a breakdown.
func (ix *Index) fieldsBy(by []string) ([]*field, error) {
	if len(by) == 0 {
		return ix.usualFields(), nil
	}
	var faults fil.Faults
	if len(by) > maxBy {
		faults.Add("by", fmt.Sprintf("ne peut nommer plus de %d attributs", maxBy), fmt.Sprintf("cannot name more than %d attributes", maxBy))
		return nil, faults
	}
	var fields []*field
	for _, name := range by {
		f, ok := ix.field(name)
		best := ""
		if !ok {
			best = fil.Nearest(name, ix.names()[1:])
		}
		switch {
		case ok && !f.groups():
			faults.Add("by", fmt.Sprintf("« %s » ne peut pas ventiler : c'est une donnée sensible ou un identifiant d'agent", name), fmt.Sprintf("%q cannot break down: it is sensitive data or an agent's id", name))
		case best != "":
			faults.Add("by", fmt.Sprintf("« %s » n'est pas connu ; vouliez-vous dire « %s » ?", name, best), fmt.Sprintf("%q is not known; did you mean %q?", name, best))
		case !ok:
			faults.Add("by", fmt.Sprintf("« %s » n'est pas connu", name), fmt.Sprintf("%q is not known", name))
		case !slices.Contains(fields, f):
			fields = append(fields, f)
		}
	}
	return fields, faults.Err()
}

func (ix *Index) usualFields() []*field {
	fields := []*field{ix.fields[atOrg], ix.fields[atSite]}
	for _, f := range ix.fields[atAttributes:] {
		if len(fields) < 2+defaultBy && f.groups() && (f.kind == fil.KindText || f.kind == fil.KindBoolean) {
			fields = append(fields, f)
		}
	}
	return fields
}

// count evaluates a plan and tallies those found by each field. total counts everyone, at the same moments.
func (ix *Index) count(p plan, fields []*field) (size, total int, tallies []*tally) {
	if len(fields) == 0 {
		size, total = ix.size(p)
		return size, total, nil
	}
	workers := runtime.GOMAXPROCS(0)
	sums := make([]struct {
		size, total int
		tallies     []*tally
	}, workers)
	for i := range sums {
		for _, f := range fields {
			sums[i].tallies = append(sums[i].tallies, &tally{field: f})
		}
	}
	ix.sweep(workers, p, func(worker int, s *segment, found *block) {
		sum, in := &sums[worker], found.count()
		sum.size, sum.total = sum.size+in, sum.total+int(s.live.n)
		if in == 0 {
			return
		}
		for _, t := range sum.tallies {
			t.add(&s.columns[t.field.at], found, in)
		}
	})
	for _, sum := range sums {
		size, total = size+sum.size, total+sum.total
	}
	for i, t := range sums[0].tallies {
		for _, sum := range sums[1:] {
			t.merge(sum.tallies[i])
		}
	}
	return size, total, sums[0].tallies
}
