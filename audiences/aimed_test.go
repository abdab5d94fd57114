package audiences_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// Pages of whatever length give each of those aimed at once, in the order of ids, as Member says.
func TestAimed_GivesEachOnceInOrder(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	staff(t, ix, 130, graded("A", "mairie/dgst/voirie"))
	staff(t, ix, 70, graded("B", "mairie/dgs/rh"))
	putAudiences(t, ix, fil.Audience{ID: "a", Rule: `grade == "A"`}, fil.Audience{ID: "town", Rule: `inOrg("mairie")`}, fil.Audience{ID: "b", Rule: `grade == "B"`, Members: []string{"s0", "nobody"}})
	for _, aim := range []fil.Aim{{}, {Audiences: []string{"a"}}, {Audiences: []string{"a", "b"}}, {Audiences: []string{"b"}, Perimeter: "town"}, {Perimeter: "a", Audiences: []string{"b"}}, {Audiences: []string{"none"}}, {Perimeter: "none"}} {
		var want []string
		for i := range 200 {
			id := fmt.Sprintf("s%d", i)
			m, known := ix.Member(id)
			in := known && (aim.Perimeter == "" || m.In(aim.Perimeter)) && (len(aim.Audiences) == 0 || slices.ContainsFunc(aim.Audiences, m.In))
			if in {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		for _, limit := range []int{1, 7, 64, 1000} {
			var got []string
			for after := ""; ; after = got[len(got)-1] {
				page := ix.Aimed(aim, after, limit)
				if got = append(got, page...); len(page) < limit {
					break
				}
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%+v by %d: %v, want %v", aim, limit, got, want)
			}
		}
	}
	if got := ix.Aimed(fil.Aim{}, "", 0); len(got) != 0 {
		t.Errorf("none is asked for: %v", got)
	}
}
