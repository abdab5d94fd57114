package analytics

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/filengine/fil"
)

// This file is the one place of the package where figures are withheld. The rules, for one answer:
//
//  1. Each figure is about the distinct agents behind it: impressions about those who were shown something, clicks about
//     those who clicked, a median dwell about those who dwelt. When they are fewer than the threshold the figure is null;
//     0 is given. A count of events follows the agents behind it.
//  2. Rows that share no agent (an attribute of one value each, no time) follow fil.Guard.Groups: the smallest rows are
//     withheld together until they are about enough agents, so that the total less the rows given says nothing small.
//  3. Rows that may share agents (periods of time, values of a list) are withheld together until one of them alone is
//     about enough agents, since sharing agents they cannot be added up. There, three more differences are closed: a row
//     is withheld when the agents outside it are few; and, where nothing else is withheld, the smallest row is when few
//     agents are counted more than once, or when few are in no row.
//
// Differences between two columns of a row are not closed: 95 acknowledgements of 100 agents aimed at is what a mandatory
// text is followed by. Nor are those between two answers.

// groups says which rows of a column are withheld: total distinct agents in all, agents distinct agents in each row.
type groups struct {
	total    int
	agents   []int
	disjoint bool // no agent is in two rows
}

// withheld has one verdict a row.
func (g groups) withheld(guard fil.Guard) []bool {
	if g.disjoint {
		return g.withheldDisjoint(guard)
	}
	return g.withheldOverlapping(guard)
}

func (g groups) withheldDisjoint(guard fil.Guard) []bool {
	named := make(map[string]int, len(g.agents))
	names := make([]string, len(g.agents))
	for i, n := range g.agents {
		names[i] = strconv.Itoa(i)
		named[names[i]] = n
	}
	given := guard.Groups(g.total, named)
	out := make([]bool, len(g.agents))
	for i, n := range g.agents {
		out[i] = n > 0 && given[names[i]] == nil
	}
	return out
}

func (g groups) withheldOverlapping(guard fil.Guard) []bool {
	out := make([]bool, len(g.agents))
	order := make([]int, len(g.agents))
	none, covered, sum := true, false, 0
	for i, n := range g.agents {
		order[i] = i
		sum += n
		if guard.Withholds(n) || n > 0 && guard.Withholds(g.total-n) {
			out[i], none = true, false
			covered = covered || !guard.Withholds(n)
		}
	}
	if none && !guard.Withholds(sum-g.total) && !guard.Withholds(g.total-sum) || covered {
		return out
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(g.agents[a], g.agents[b]), cmp.Compare(a, b)) })
	for _, i := range order {
		if !out[i] && g.agents[i] > 0 {
			out[i] = true
			break
		}
	}
	return out
}
