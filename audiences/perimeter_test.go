package audiences_test

import (
	"fmt"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// county has 20 agents in roads, of whom 12 of grade A, and 15 in schools, all of grade A. Audiences are cut in the ways
// that there are, and in those that there should not be.
func county(t *testing.T) *audiences.Index {
	t.Helper()
	ix := audiences.NewIndex(schema, audiences.Config{})
	staff(t, ix, 12, graded("A", "cd/routes"))
	staff(t, ix, 8, graded("B", "cd/routes"))
	staff(t, ix, 15, graded("A", "cd/colleges"))
	putAudiences(t, ix,
		fil.Audience{ID: "routes", Rule: `inOrg("cd/routes")`},
		fil.Audience{ID: "a", Rule: `grade == "A"`},
		fil.Audience{ID: "cut", Rule: `grade == "A"`, Members: []string{"s13", "s30"}, Perimeter: "routes"}, // s13 is in roads, s30 is not
		fil.Audience{ID: "slow", Rule: `len(skills) == 0 or grade == "A"`, Perimeter: "routes"},
		fil.Audience{ID: "nested", Rule: `true`, Perimeter: "cut"},
		fil.Audience{ID: "dangling", Rule: `true`, Perimeter: "gone"},
		fil.Audience{ID: "own", Rule: `true`, Perimeter: "own"},
		fil.Audience{ID: "this", Rule: `true`, Perimeter: "that"},
		fil.Audience{ID: "that", Rule: `true`, Perimeter: "this"},
		fil.Audience{ID: "outside", Rule: `true`, Perimeter: "this"},
	)
	above := "routes"
	for i := range 20 {
		id := fmt.Sprint("deep", i)
		putAudiences(t, ix, fil.Audience{ID: id, Rule: `true`, Perimeter: above})
		above = id
	}
	return ix
}

func TestAudiences_AreCutToTheirPerimeter(t *testing.T) {
	t.Parallel()
	ix := county(t)
	for id, want := range map[string]int{
		"routes": 20, "cut": 13, "slow": 20, "nested": 13, "dangling": 0, "own": 0, "this": 0, "that": 0, "outside": 0, "deep15": 20, "deep16": 0, "deep19": 0,
	} {
		members := 0
		for i := range ix.Len() {
			if m, _ := ix.Member(fmt.Sprintf("s%d", i)); m.In(id) {
				members++
			}
		}
		if counted, _ := ix.Reach([]fil.Aim{{Audiences: []string{id}}}, ""); counted != want || members != want {
			t.Errorf("%s holds %d agents by sets, %d asked one by one, want %d", id, counted, members, want)
		}
	}
}

// What moves agents in or out of a perimeter moves them in or out of what is cut to it, and the stamp says so.
func TestAudiences_FollowTheirPerimeter(t *testing.T) {
	t.Parallel()
	ix := county(t)
	before, _ := ix.Member("s30")
	putAudiences(t, ix, fil.Audience{ID: "routes", Rule: `inOrg("cd/colleges")`})
	after, _ := ix.Member("s30")
	if before.In("nested") || !after.In("nested") || before.Stamp() == after.Stamp() {
		t.Errorf("s30 was in: %v, is in: %v, stamps %x and %x", before.In("nested"), after.In("nested"), before.Stamp(), after.Stamp())
	}
	putAgents(t, ix, fil.Agent{ID: "s30", Org: "cd/routes"})
	if moved, _ := ix.Member("s30"); moved.In("nested") {
		t.Error("s30 left the perimeter and is still in")
	}
	if err := ix.ApplyAudiences([]fil.Record{record(t, "routes", nil)}); err != nil {
		t.Fatal(err)
	}
	if n, _ := ix.Reach([]fil.Aim{{Audiences: []string{"cut", "slow", "nested"}}, {Perimeter: "routes"}}, ""); n != 0 {
		t.Errorf("%d agents are in audiences whose perimeter was removed", n)
	}
}

func TestReach_OfSeveralPerimeters(t *testing.T) {
	t.Parallel()
	ix := county(t)
	putAudiences(t, ix, fil.Audience{ID: "colleges", Rule: `inOrg("cd/colleges")`})
	for _, c := range []struct {
		aims []fil.Aim
		want int
	}{
		{nil, 0},
		{[]fil.Aim{{}}, 35},
		{[]fil.Aim{{Perimeter: "routes"}}, 20},
		{[]fil.Aim{{Audiences: []string{"a"}, Perimeter: "routes"}}, 12},
		{[]fil.Aim{{Audiences: []string{"a"}, Perimeter: "routes"}, {Audiences: []string{"a"}, Perimeter: "colleges"}}, 27},
		{[]fil.Aim{{Audiences: []string{"gone"}}, {Perimeter: "gone"}, {Audiences: []string{"a"}, Perimeter: "gone"}}, 0},
		{[]fil.Aim{{Perimeter: "gone"}, {}}, 35},
	} {
		total, groups := ix.Reach(c.aims, "org")
		sum := 0
		for _, n := range groups {
			sum += n
		}
		if total != c.want || sum != c.want {
			t.Errorf("reach of %v is %d, its groups %v, want %d", c.aims, total, groups, c.want)
		}
	}
}
