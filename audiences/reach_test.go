package audiences_test

import (
	"errors"
	"fmt"
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
