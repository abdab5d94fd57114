package fil_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/filengine/fil"
)

func TestGuardCount(t *testing.T) {
	for _, c := range []struct {
		threshold, n int
		given        bool
	}{{10, 0, true}, {10, 1, false}, {10, 9, false}, {10, 10, true}, {0, 4, false}, {0, 5, true}, {1, 4, false}} {
		if got := (fil.Guard{Threshold: c.threshold}).Count(c.n); (got != nil) != c.given {
			t.Errorf("threshold %d, n %d: given %v, want %v", c.threshold, c.n, got != nil, c.given)
		}
	}
}

// An observer who knows the total and the groups given must not be able to compute a figure about fewer agents than
// the threshold: what is left over, hidden groups and agents in no group together, is nothing or is large enough.
func TestGuardGroupsResistSubtraction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		guard := fil.Guard{Threshold: rapid.IntRange(5, 20).Draw(t, "threshold")}
		groups := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,3}`), rapid.IntRange(0, 60), 0, 8).Draw(t, "groups")
		total := rapid.IntRange(0, 15).Draw(t, "ungrouped")
		for _, n := range groups {
			total += n
		}
		left, given := total, false
		for name, n := range guard.Groups(total, groups) {
			if n == nil {
				continue
			}
			if *n != groups[name] || guard.Withholds(*n) {
				t.Fatalf("group %s of %d is given as %d", name, groups[name], *n)
			}
			left, given = left-*n, true
		}
		if given && guard.Withholds(left) {
			t.Fatalf("subtraction gives a figure about %d agents", left)
		}
	})
}
