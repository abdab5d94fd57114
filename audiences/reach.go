package audiences

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/filengine/fil"
)

// Bounds and shape of breakdowns.
const (
	OtherGroups = "…" // the key of the groups that are not among the largest
	maxGroups   = 50
	maxBy       = 8
	orgLevels   = 2 // of the organisation's tree that a breakdown tells apart
	defaultBy   = 3 // attributes of the schema that break down a preview which names none
)

// Reach counts the agents whom contents with any of the aims are for, and groups them by a field as a Grouping does, without
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
	total, tallies := ix.count(chosen, fields)
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

// count evaluates a plan and tallies those found by each field.
func (ix *Index) count(p plan, fields []*field) (size int, tallies []*tally) {
	if len(fields) == 0 {
		return ix.size(p), nil
	}
	workers := runtime.GOMAXPROCS(0)
	sums := make([]struct {
		size    int
		tallies []*tally
	}, workers)
	for i := range sums {
		for _, f := range fields {
			sums[i].tallies = append(sums[i].tallies, &tally{field: f})
		}
	}
	ix.sweep(workers, p, func(worker int, s *segment, found *block) {
		sum, in := &sums[worker], found.count()
		sum.size += in
		if in == 0 {
			return
		}
		for _, t := range sum.tallies {
			t.add(&s.columns[t.field.at], found, in)
		}
	})
	for _, sum := range sums {
		size += sum.size
	}
	for i, t := range sums[0].tallies {
		for _, sum := range sums[1:] {
			t.merge(sum.tallies[i])
		}
	}
	return size, sums[0].tallies
}
