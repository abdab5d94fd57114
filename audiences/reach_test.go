package audiences_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// staff puts n more agents of one kind.
func staff(tb testing.TB, ix *audiences.Index, n int, like fil.Agent) {
	tb.Helper()
	for range n {
		like.ID = fmt.Sprintf("s%d", ix.Len())
		putAgents(tb, ix, like)
	}
}

func graded(grade, org string, skills ...string) fil.Agent {
	return fil.Agent{Org: org, Attributes: map[string]any{"grade": grade, "skills": skills}}
}

func TestReach(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	staff(t, ix, 20, graded("A", "mairie/dgst/voirie"))
	staff(t, ix, 3, graded("B", "mairie/dgs/rh"))
	putAudiences(t, ix, fil.Audience{ID: "a", Rule: `grade == "A"`}, fil.Audience{ID: "b", Rule: `grade == "B"`, Members: []string{"s0", "nobody"}})
	for _, c := range []struct {
		audiences []string
		by        string
		total     int
		groups    map[string]int
	}{
		{nil, "", 23, nil},
		{nil, "grade", 23, map[string]int{"A": 20, "B": 3}},
		{[]string{"a", "b"}, "org", 23, map[string]int{"mairie/dgst": 20, "mairie/dgs": 3}},
		{[]string{"b"}, "grade", 4, map[string]int{"A": 1, "B": 3}},
		{[]string{"b", "unknown"}, "nothing", 4, nil},
		{[]string{"unknown"}, "grade", 0, map[string]int{}},
	} {
		total, groups := ix.Reach([]fil.Aim{{Audiences: c.audiences}}, c.by)
		if total != c.total || !cmp.Equal(groups, c.groups) {
			t.Errorf("reach of %v by %q is %d %v, want %d %v", c.audiences, c.by, total, groups, c.total, c.groups)
		}
	}
}

// What may be proposed to who writes a rule: common values, units that hold enough agents with those beneath, all within the
// perimeter, and nothing that tells how many.
func TestValues(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	staff(t, ix, 20, graded("A", "mairie/dgst/voirie", "sig", "excel"))
	staff(t, ix, 3, graded("B", "mairie/dgs/rh", "paie"))
	staff(t, ix, 8, graded("C", "mairie/dgs"))
	for i := range 49 {
		staff(t, ix, 1, graded(fmt.Sprintf("g%02d", i), "cd"))
	}
	putAudiences(t, ix, fil.Audience{ID: "p", Rule: `inOrg("mairie/dgs")`})
	grades, err := ix.Values("grade", "", fil.Guard{Threshold: 10})
	if err != nil || len(grades) != 50 || !slices.IsSorted(grades) || grades[0] != "A" || slices.Contains(grades, "g48") {
		t.Errorf("the 50 commonest of 52 are %q, %v", grades, err)
	}
	for _, c := range []struct {
		field, perimeter string
		want             []string
	}{
		{"org", "", []string{"cd", "mairie", "mairie/dgs", "mairie/dgst", "mairie/dgst/voirie"}},
		{"skills", "", []string{"excel", "paie", "sig"}},
		{"grade", "p", []string{"B", "C"}},
		{"skills", "p", []string{"paie"}},
		{"org", "p", []string{"mairie", "mairie/dgs"}},
		{"grade", "nowhere", []string{}},
	} {
		if got, err := ix.Values(c.field, c.perimeter, fil.Guard{Threshold: 10}); err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("values of %s within %q are %q, %v; want %q", c.field, c.perimeter, got, err, c.want)
		}
	}
	for _, name := range []string{"hired", "grad", "manager"} {
		if _, err := ix.Values(name, "", fil.Guard{}); len(fil.FaultsOf(err)) != 1 {
			t.Errorf("values of %s: %v, want one fault", name, err)
		}
	}
}

// Count withholds nothing.
func TestCount(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	putAgents(t, ix, townHall(70)...)
	for rule, want := range map[string]int{"": 0, "true": 70, `inOrg("ccas")`: 20, `id == "a000000"`: 1, "manager and not manager": 0} {
		if got, err := ix.Count(rule); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", rule, got, err, want)
		}
	}
	var wrong *audiences.RuleError
	if _, err := ix.Count("managr"); !errors.As(err, &wrong) {
		t.Errorf("a wrong rule: %v", err)
	}
}
