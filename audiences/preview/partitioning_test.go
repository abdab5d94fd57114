package preview_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/filengine/fil/audiences/preview"
)

// TestPartitioning asks random questions, groups included, and looks at all that could be worked out of the answers:
// what was told of each question must be a sum over the classes, and no class may have fewer agents than the threshold.
func TestPartitioning(t *testing.T) {
	t.Parallel()
	const threshold = 5
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(threshold, 400).Draw(t, "agents")
		everyone := places(n)
		p := preview.NewPartitioning(threshold)
		var told [][]int
		for range rapid.IntRange(1, 12).Draw(t, "questions") {
			set := someOf(t, everyone)
			answer, size := p.Snap(everyone, set)
			if size != len(answer) || size > 0 && size < threshold || size < n && n-size < threshold {
				t.Fatalf("told %d of %d agents: the figure is %d", len(answer), n, size)
			}
			told = append(told, answer)
			if rapid.Bool().Draw(t, "grouped") {
				told = append(told, grouped(t, p, everyone, answer, threshold)...)
			}
		}
		classes := p.Classes(everyone)
		for class, members := range classes {
			if len(members) < threshold {
				t.Fatalf("class %d has %d agents", class, len(members))
			}
			for _, set := range told {
				in := 0
				for _, m := range members {
					if slices.Contains(set, m) {
						in++
					}
				}
				if in != 0 && in != len(members) {
					t.Fatalf("an answer cuts class %d: %d of %d", class, in, len(members))
				}
			}
		}
	})
}

// grouped asks for the groups of a set and gives the sets that were told.
func grouped(t *rapid.T, p *preview.Partitioning, everyone, set []int, threshold int) [][]int {
	const groups = 4
	of := rapid.SliceOfN(rapid.IntRange(0, groups), len(everyone), len(everyone)).Draw(t, "groups")
	byPlace := map[int]int{}
	for i, place := range everyone {
		byPlace[place] = of[i]
	}
	rest, told := len(set), [][]int(nil)
	for group, n := range p.Groups(everyone, set, groups, byPlace) {
		if n == nil {
			continue
		}
		var members []int
		for _, place := range set {
			if byPlace[place] == group {
				members = append(members, place)
			}
		}
		if len(members) != *n || *n < threshold {
			t.Fatalf("group %d has %d agents: the figure is %d", group, len(members), *n)
		}
		rest, told = rest-*n, append(told, members)
	}
	if rest > 0 && rest < threshold {
		t.Fatalf("%d agents are in no group that was told", rest)
	}
	return told
}

// TestNeighboursHearTheSame asks about a set with and without one agent, both ways round, padded or not: the answers do not
// depend on whether the agent is in it.
func TestNeighboursHearTheSame(t *testing.T) {
	t.Parallel()
	everyone := places(1000)
	for _, padding := range []int{20, 100, 500} {
		for _, first := range []bool{true, false} {
			var heard [2][]int
			for with := range 2 {
				p := preview.NewPartitioning(10)
				base, other := everyone[:padding], slices.Concat(everyone[:padding], everyone[600:600+with])
				if !first {
					base, other = other, base
				}
				_, a := p.Snap(everyone, base)
				_, b := p.Snap(everyone, other)
				heard[with] = []int{b - a}
			}
			if !slices.Equal(heard[0], heard[1]) {
				t.Errorf("padding %d, base first %v: the difference is %d without the agent and %d with them", padding, first, heard[0], heard[1])
			}
		}
	}
}

// places spreads agents over two segments.
func places(n int) []int {
	var all []int
	for i := range n {
		all = append(all, i*7%65536+i%2*65536)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func someOf(t *rapid.T, everyone []int) []int {
	if rapid.Bool().Draw(t, "range") {
		from := rapid.IntRange(0, len(everyone)).Draw(t, "from")
		return everyone[from:rapid.IntRange(from, len(everyone)).Draw(t, "to")]
	}
	keep := rapid.SliceOfN(rapid.Bool(), len(everyone), len(everyone)).Draw(t, "keep")
	var some []int
	for i, place := range everyone {
		if keep[i] {
			some = append(some, place)
		}
	}
	return some
}
