package census_test

import (
	"slices"
	"testing"

	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/cmd/fil/census"
)

// Rules as they are measured mean the same to the index, to ClickHouse, to the sets that are their limit, and to a
// function asked of each agent. The benchmark compares the first three again at every size.
func TestRulesAgree(t *testing.T) {
	t.Parallel()
	const size = 30_000
	d := directory(t, size, 9)
	index := audiences.NewIndex(census.Schema(), audiences.Config{})
	if err := index.ApplyAgents(slices.Collect(d.Records(0, size))); err != nil {
		t.Fatal(err)
	}
	db := clickHouse(t)
	insert(t, db, d)
	agents := make([]census.Agent, size)
	for rank := range agents {
		d.Read(rank, &agents[rank])
	}
	for _, n := range []int{1, 5, 20} {
		rules := rulesOf(n)
		l := newLimit(d, rules)
		if len(rules) != 12 {
			t.Errorf("%d rules of %d clauses", len(rules), n)
		}
		empty := 0
		for _, rule := range rules {
			if got := rule.clauses(); got != n {
				t.Errorf("%d clauses where %d are said: %s", got, n, rule.rule)
			}
			want := 0
			for i := range agents {
				if rule.holds(&agents[i]) {
					want++
				}
			}
			if want == 0 {
				empty++
			}
			got, err := index.Count(rule.rule)
			if err != nil {
				t.Errorf("%s: %v", rule.rule, err)
			}
			for who, n := range map[string]int{"the index": got, "ClickHouse": counted(t, db, rule), "flat sets": l.flatly(rule, 1), "flat sets, by two": l.flatly(rule, 2), "roaring": l.roaringly(rule)} {
				if n != want {
					t.Errorf("%s finds %d where %d satisfy %s", who, n, want, rule.rule)
				}
			}
		}
		if empty > 3 {
			t.Errorf("%d of 12 rules of %d clauses find nobody", empty, n)
		}
	}
}
