package preview_test

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/audiences/preview"
)

const previews = 1000

// isolating holds for one agent of the directory that besieged makes, and each of its clauses for many.
const isolating = `(inOrg("mairie/dgst/parcs") and grade == "A" and hired == "2001-02-03")`

// besieged is a directory of 900 agents, one of whom, the only grade A hired on a certain day in a unit, is the target. Whether
// the target manages is what those who attack want to know.
func besieged(tb testing.TB, manages bool) *office {
	tb.Helper()
	o := open(tb)
	r := rand.New(rand.NewPCG(7, 11))
	orgs := []string{"mairie/dgst/parcs", "mairie/dgst/voirie", "mairie/dgs", "ccas"}
	for range 899 {
		org, grade := orgs[min(r.IntN(5), 3)], string("ABC"[r.IntN(3)])
		day := fmt.Sprintf("20%02d-02-0%d", r.IntN(9), 1+r.IntN(3))
		if org == orgs[0] && grade == "A" && day == "2001-02-03" {
			day = "2002-02-03"
		}
		a := graded(grade, org, []string{"sig", "droit", "achats"}[r.IntN(3)])
		a.Attributes["hired"], a.Attributes["manager"], a.Attributes["telework_days"] = day, r.IntN(6) == 0, float64(r.IntN(4))
		a.Attributes["category"] = grade[:1] + fmt.Sprint(r.IntN(2)) // nests in the grade
		o.staff(1, a)
	}
	target := graded("A", "mairie/dgst/parcs", "sig")
	target.Attributes["hired"], target.Attributes["manager"], target.Attributes["telework_days"], target.Attributes["category"] = "2001-02-03", manages, 1.0, "A0"
	o.staff(1, target)
	return o
}

// clauses are what an attack makes rules of; none asks who manages.
var clauses = []string{
	`inOrg("mairie/dgst")`, `inOrg("mairie/dgst/parcs")`, `inOrg("ccas")`, `grade == "A"`, `grade in ["B", "C"]`, `hired == "2001-02-03"`,
	`hired < "2004-01-01"`, `telework_days >= 2`, `"sig" in skills`, `category == "A0"`, `len(skills) == 1`, `lower(grade) == "b"`, `true`,
}

func clause(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(4) == 0 {
		return clauses[r.IntN(len(clauses))]
	}
	switch r.IntN(3) {
	case 0:
		return "not (" + clause(r, depth-1) + ")"
	default:
		return "(" + clause(r, depth-1) + []string{" and ", " or "}[r.IntN(2)] + clause(r, depth-1) + ")"
	}
}

var fields = []string{"grade", "category", "org", "hired", "skills", "telework_days", "grade*org"}

// TestAttack_NeighbouringDirectories asks a thousand questions that hold or not for the target according to what they want
// to know, of two directories that differ in nothing else: all answers are the same.
func TestAttack_NeighbouringDirectories(t *testing.T) {
	t.Parallel()
	secrets := []string{isolating + " and manager", isolating + " and not manager", "not (" + isolating + " and manager)", "not (" + isolating + ") or manager"}
	var heard [2][]string
	for world, manages := range []bool{false, true} {
		o, r := besieged(t, manages), rand.New(rand.NewPCG(3, 5))
		who := fil.Caller{Name: "spy"}
		for range previews {
			rule := strings.Join([]string{clause(r, 2), "(" + secrets[r.IntN(len(secrets))] + ")"}, []string{" and ", " or "}[r.IntN(2)])
			if r.IntN(3) == 0 {
				rule = "(" + rule + ") and " + clause(r, 1)
			}
			q := preview.Question{Rule: rule, By: []string{fields[r.IntN(len(fields))]}}
			heard[world] = append(heard[world], rule+" "+described(o.ask(who, q)))
		}
	}
	if diff := cmp.Diff(heard[0], heard[1]); diff != "" {
		t.Errorf("the answers tell whether the target manages:\n%s", diff)
	}
}

func described(a preview.Answer) string {
	var b strings.Builder
	number := func(n *int) string {
		if n == nil {
			return "-"
		}
		return fmt.Sprint(*n)
	}
	fmt.Fprintf(&b, "%s/%s", number(a.Size), number(a.Total))
	for by, groups := range a.Breakdown {
		for _, name := range sorted(groups) {
			fmt.Fprintf(&b, " %s.%s=%s", by, name, number(groups[name]))
		}
	}
	return b.String()
}

// figure is one figure that an attack was told, and the agents that it is about.
type figure struct {
	about string
	told  int
	who   []*audiences.Places
}

// TestAttack_Differences asks a thousand questions, those that hold the target apart from others among them, and takes each figure from each other of a set
// that holds the first one's: none of the differences is the number of agents that they differ by, if these are few.
func TestAttack_Differences(t *testing.T) {
	t.Parallel()
	o, r := besieged(t, true), rand.New(rand.NewPCG(13, 17))
	who := fil.Caller{Name: "spy"}
	var figures []figure
	for range previews / 2 {
		rule := clause(r, 2)
		apart := []string{isolating, `hired == "2001-02-03"`, `manager`, clause(r, 1)}[r.IntN(4)]
		for _, rule := range []string{rule, rule + " and not (" + apart + ")"} {
			q := preview.Question{Rule: rule, By: []string{fields[r.IntN(4)]}}
			figures = append(figures, o.figures(rule, o.ask(who, q))...)
		}
	}
	told, found := 0, 0
	for _, a := range figures {
		for _, b := range figures {
			told++
			few := b.told - a.told
			if few > 0 && few < guard.Threshold && difference(a.who, b.who) == 0 && difference(b.who, a.who) == few {
				if found++; found < 5 {
					t.Errorf("%s is told to be %d and %s to be %d: %d agents stand alone", b.about, b.told, a.about, a.told, few)
				}
			}
		}
	}
	if len(figures) < previews {
		t.Errorf("only %d figures were told: the guard is useless", len(figures))
	}
	t.Logf("%d figures, %d pairs, %d isolate few agents", len(figures), told, found)
}

// figures lists what an answer tells, with the agents that each figure is about in truth.
func (o *office) figures(rule string, a preview.Answer) []figure {
	o.tb.Helper()
	var all []figure
	add := func(rule string, n *int) {
		if n == nil {
			return
		}
		c, err := o.Cohort(rule, "", 0)
		if err != nil {
			o.tb.Fatal(err)
		}
		all = append(all, figure{rule, *n, c.Found})
	}
	add(rule, a.Size)
	for by, groups := range a.Breakdown {
		for name, n := range groups {
			is := fmt.Sprintf("%s == %q", by, name)
			switch by {
			case "org":
				is = fmt.Sprintf("inOrg(%q)", name)
			case "hired":
				is = fmt.Sprintf(`hired >= "%s-01-01" and hired <= "%[1]s-12-31"`, name)
			}
			add("("+rule+") and "+is, n)
		}
	}
	return all
}

// difference counts those of a who are not in b.
func difference(a, b []*audiences.Places) int {
	n := 0
	for i, members := range a {
		if members == nil {
			continue
		}
		for w, word := range members {
			if b[i] != nil {
				word &^= b[i][w]
			}
			n += bits.OnesCount64(word)
		}
	}
	return n
}

// TestAttack_Tracker tries to count few agents as what two large sets have in common (Denning, Denning and Schwartz, "The
// tracker", ACM TODS 1979), with the target in it or not: both times the sum is the same.
func TestAttack_Tracker(t *testing.T) {
	t.Parallel()
	const unit = `(inOrg("mairie/dgst/parcs") and grade == "A" and hired in ["2001-02-03", "2003-02-02", "2004-02-01", "2005-02-02", "2006-02-03"])`
	var sums [2][]int
	for world, manages := range []bool{false, true} {
		o := besieged(t, manages)
		for i, order := range [][]string{
			{`manager`, unit, `manager or ` + unit}, {`manager or ` + unit, unit, `manager`}, {unit, `manager or ` + unit, `manager`},
		} {
			who, told := fil.Caller{Name: fmt.Sprint("spy", i)}, map[string]int{}
			for _, rule := range order {
				if n := o.ask(who, preview.Question{Rule: rule}).Size; n != nil {
					told[rule] = *n
				}
			}
			sums[world] = append(sums[world], told[`manager`]+told[unit]-told[`manager or `+unit])
		}
	}
	if diff := cmp.Diff(sums[0], sums[1]); diff != "" {
		t.Errorf("the tracker tells whether the target manages:\n%s", diff)
	}
}

// TestAttack_Remainder takes the groups of one field that are told from the size, to learn the one that is withheld, and the groups of a finer
// field from that.
func TestAttack_Remainder(t *testing.T) {
	t.Parallel()
	o := open(t)
	units := map[string]int{"state/x": 60, "state/y": 40, "state/w": 13, "state/z": 1, "town/x": 50, "town/y": 30, "town/z": 2}
	for _, unit := range sorted(units) {
		grade, _, _ := strings.Cut(unit, "/")
		o.staff(units[unit], graded(grade, unit))
	}
	o.staff(100, fil.Agent{})
	usual := o.ask(fil.Caller{Name: "usual"}, preview.Question{Rule: "grade != nil"})
	if state, town := usual.Breakdown["grade"]["state"], usual.Breakdown["grade"]["town"]; state == nil || town == nil {
		t.Errorf("units, not the grades that they are in, are to be withheld: %s", described(usual))
	}
	a := o.ask(fil.Caller{Name: "spy"}, preview.Question{Rule: "grade != nil", By: []string{"org", "grade"}})
	for _, grade := range []string{"state", "town"} {
		of := a.Breakdown["grade"][grade]
		if of == nil {
			rest := *a.Size
			for _, n := range a.Breakdown["grade"] {
				if n == nil {
					continue
				}
				rest -= *n
			}
			of = &rest
		}
		if *of == *a.Size {
			continue // no grade is told
		}
		left := *of
		for unit, n := range a.Breakdown["org"] {
			if n != nil && strings.HasPrefix(unit, grade+"/") {
				left -= *n
			}
		}
		if left > 0 && left < 10 {
			t.Errorf("%d agents are told of by grade %s and its units: %s", left, grade, described(a))
		}
	}
}
