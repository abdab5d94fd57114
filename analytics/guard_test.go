package analytics_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// TestGuard_NoSubtractionTellsOfFewAgents attacks the rows of one column as a reader could, knowing for each row only what
// was given, and compares with who was really in the rows.
func TestGuard_NoSubtractionTellsOfFewAgents(t *testing.T) {
	guard := fil.Guard{Threshold: fil.DefaultThreshold}
	rapid.Check(t, func(t *rapid.T) {
		disjoint := rapid.Bool().Draw(t, "disjoint")
		rows := make([]map[int]bool, rapid.IntRange(1, 8).Draw(t, "rows"))
		for i := range rows {
			rows[i] = map[int]bool{}
		}
		union := map[int]bool{}
		for agent := range rapid.IntRange(0, 120).Draw(t, "agents") {
			in := rapid.IntRange(0, len(rows)-1).Draw(t, "row")
			rows[in][agent], union[agent] = true, true
			if !disjoint && rapid.IntRange(0, 3).Draw(t, "again") == 0 {
				rows[rapid.IntRange(0, len(rows)-1).Draw(t, "other row")][agent] = true
			}
		}
		counts := make([]int, len(rows))
		for i := range rows {
			counts[i] = len(rows[i])
		}
		withheld := analytics.Withheld(guard, len(union), counts, disjoint)
		attack(t, guard, rows, union, withheld, disjoint)
	})
}

func attack(t *rapid.T, guard fil.Guard, rows []map[int]bool, union map[int]bool, withheld []bool, disjoint bool) {
	hidden, sumGiven := map[int]bool{}, 0
	none := true
	for i, row := range rows {
		if !withheld[i] {
			if guard.Withholds(len(row)) {
				t.Fatalf("row %d of %d agents is given", i, len(row))
			}
			sumGiven += len(row)
			continue
		}
		none = false
		if len(row) == 0 && disjoint == false {
			t.Fatalf("row %d of nobody is withheld", i)
		}
		for agent := range row {
			hidden[agent] = true
		}
	}
	if guard.Withholds(len(union)) {
		return // the total is not given, so nothing can be taken from it
	}
	// The total of events less those given is about the agents of the rows withheld.
	if guard.Withholds(len(hidden)) {
		t.Fatalf("the rows withheld are about %d agents together: %v", len(hidden), withheld)
	}
	if disjoint {
		return
	}
	// The total of agents less those of one row are the agents outside it.
	for i, row := range rows {
		if !withheld[i] && len(row) > 0 && guard.Withholds(len(union)-len(row)) {
			t.Fatalf("row %d is given, and leaves %d agents outside", i, len(union)-len(row))
		}
	}
	// With all rows given, their sum less the total counts agents again.
	if none && guard.Withholds(sumGiven-len(union)) {
		t.Fatalf("%d agents are counted more than once, and all rows are given", sumGiven-len(union))
	}
}

func TestGuard_WithholdsNoMoreThanItMust(t *testing.T) {
	for name, test := range map[string]struct {
		total    int
		agents   []int
		disjoint bool
		want     []bool
	}{
		"nothing small":             {60, []int{20, 40}, true, []bool{false, false}},
		"a small one takes another": {63, []int{3, 20, 40}, true, []bool{true, true, false}},
		"small ones are enough":     {58, []int{5, 6, 47}, true, []bool{true, true, false}},
		"nobody is given":           {60, []int{0, 20, 40}, true, []bool{false, false, false}},
		"a small total":             {4, []int{1, 3}, true, []bool{true, true}},
		"days, nothing small":       {100, []int{60, 70, 0}, false, []bool{false, false, false}},
		"days, a small one":         {100, []int{3, 60, 70}, false, []bool{true, true, false}},
		"days, small ones only":     {14, []int{5, 6, 7}, false, []bool{true, true, true}},
		"days, few outside":         {100, []int{95, 50}, false, []bool{true, false}},
		"days, few on both":         {100, []int{60, 45}, false, []bool{false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			got := analytics.Withheld(fil.Guard{Threshold: 10}, test.total, test.agents, test.disjoint)
			for i := range got {
				if got[i] != test.want[i] {
					t.Fatalf("withheld are %v, want %v", got, test.want)
				}
			}
		})
	}
}
