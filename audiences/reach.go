package audiences

import (
	"fmt"
	"runtime"

	"github.com/filengine/fil"
)

// Bounds and shape of breakdowns.
const (
	OtherGroups = "…" // the key of the groups that are not among the largest
	maxGroups   = 50
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
	f, ok := ix.field(by)
	if !ok || !f.groups() {
		return ix.size(chosen), nil
	}
	total, t := ix.count(chosen, f)
	return total, t.groups()
}

// fieldBy finds the field of a breakdown. An error is fil.Faults about the field "by".
func (ix *Index) fieldBy(name string) (*field, error) {
	f, ok := ix.field(name)
	if ok && f.groups() {
		return f, nil
	}
	var faults fil.Faults
	if ok {
		faults.Add("by", fmt.Sprintf("« %s » ne peut pas ventiler : c'est une donnée sensible ou un identifiant d'agent", name), fmt.Sprintf("%q cannot break down: it is sensitive data or an agent's id", name))
	} else if best := fil.Nearest(name, ix.names()[1:]); best != "" {
		faults.Add("by", fmt.Sprintf("« %s » n'est pas connu ; vouliez-vous dire « %s » ?", name, best), fmt.Sprintf("%q is not known; did you mean %q?", name, best))
	} else {
		faults.Add("by", fmt.Sprintf("« %s » n'est pas connu", name), fmt.Sprintf("%q is not known", name))
	}
	return nil, faults
}

// count evaluates a plan and tallies those found by a field.
func (ix *Index) count(p plan, f *field) (size int, t *tally) {
	tallies := make([]*tally, runtime.GOMAXPROCS(0))
	sizes := make([]int, len(tallies))
	for i := range tallies {
		tallies[i] = &tally{field: f}
	}
	ix.sweep(len(tallies), p, func(worker int, s *segment, found *block) {
		if n := found.count(); n > 0 {
			sizes[worker] += n
			tallies[worker].add(&s.columns[f.at], found, n)
		}
	})
	for _, n := range sizes {
		size += n
	}
	return size, merged(tallies)
}
