package dashboards_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/filengine/fil"
)

// asked is one of the attacker's questions.
type asked struct {
	path, by, every string
	content         string // empty: all
	from, to        int    // days ago, both included
	where           [][2]string
}

func (a asked) String() string {
	query := url.Values{"from": {dayAgo(a.from)}, "to": {dayAgo(a.to)}}
	if a.by != "" {
		query.Set("by", a.by)
	}
	if a.every != "" {
		query.Set("every", a.every)
	}
	for _, c := range a.where {
		query.Add("where", c[0]+":"+c[1])
	}
	return a.path + "?" + query.Encode()
}

func dayAgo(n int) string { return today.AddDate(0, 0, -n).Format(time.DateOnly) }

// fits says whether an attacker who knows everything about everybody but what they did expects someone to be counted.
func (a asked) fits(p person) bool {
	for _, c := range a.where {
		if p.label(c[0]) != c[1] {
			return false
		}
	}
	return true
}

// questions are all that differ in one thing from another, and then some at random: nested periods, days one by one, every
// cut, filters that single out, contents.
func questions(of *town, n int, random *rand.Rand) []asked {
	var all []asked
	labels := map[string][]string{}
	for _, axis := range []string{"org", "grade", "site"} {
		seen := map[string]bool{}
		for _, p := range of.people {
			if v := p.label(axis); !seen[v] {
				seen[v] = true
				labels[axis] = append(labels[axis], v)
			}
		}
	}
	paths := [][2]string{{"overview", ""}}
	for _, c := range of.contents {
		paths = append(paths, [2]string{"contents/" + c.ID, c.ID})
	}
	for _, p := range paths {
		for ago := range 10 {
			all = append(all, asked{path: p[0], content: p[1], from: ago, to: ago}, asked{path: p[0], content: p[1], from: 9, to: ago})
		}
		for _, axis := range []string{"org", "grade", "site"} {
			all = append(all, asked{path: p[0], content: p[1], by: axis, from: 9, to: 1}, asked{path: p[0], content: p[1], by: axis, every: "day", from: 9, to: 1})
		}
	}
	for len(all) < n {
		p := paths[random.IntN(len(paths))]
		a := asked{path: p[0], content: p[1], from: 1 + random.IntN(9)}
		a.to = 1 + random.IntN(a.from)
		a.by = []string{"", "org", "grade", "site"}[random.IntN(4)]
		a.every = []string{"", "", "day", "week"}[random.IntN(4)]
		if random.IntN(3) == 0 { // what reconstruct puts together
			a.path, a.content, a.from, a.to, a.every = "contents/a", "a", 9, 1, ""
		}
		for _, axis := range []string{"org", "grade", "site"} {
			if random.IntN(2) == 0 {
				a.where = append(a.where, [2]string{axis, labels[axis][random.IntN(len(labels[axis]))]})
			}
		}
		all = append(all, a)
	}
	return all
}

// others are questions of the other dashboards.
func others(of *town) (paths []string) {
	for _, by := range []string{"", "org", "grade", "site"} {
		for ago := range 9 {
			paths = append(paths, fmt.Sprintf("equity?by=%s&from=%s&to=%s", by, dayAgo(9), dayAgo(ago)), fmt.Sprintf("services?by=%s&from=%s", by, dayAgo(ago)))
		}
	}
	for ago := range 9 {
		paths = append(paths, "pressure?from="+dayAgo(9)+"&to="+dayAgo(ago), "pressure?where=site:nord&from="+dayAgo(9)+"&to="+dayAgo(ago), "hours?to="+dayAgo(ago), "hours?where=site:nord&to="+dayAgo(ago+1))
		for _, c := range of.contents {
			paths = append(paths, fmt.Sprintf("funnel?content=%s&from=%s&to=%s", c.ID, dayAgo(9), dayAgo(ago)))
		}
	}
	return paths
}

// answers asks everything, four questions at a time.
func (w *world) answers(paths []string) []string {
	w.t.Helper()
	out := make([]string, len(paths))
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for i := worker; i < len(paths); i += 4 {
				status, body, _ := w.ask(paths[i])
				if status != 200 {
					w.t.Errorf("%s: %d %s", paths[i], status, body)
					return
				}
				out[i] = body
			}
		})
	}
	workers.Wait()
	return out
}

// hamlet is a town where single agents stand out: the one of a grade in their service, the one of a site, and each acts in a
// way of their own.
func hamlet(random *rand.Rand) *town {
	of := crowd(520)
	for i := range 36 {
		of.people = append(of.people, person{
			id: fmt.Sprintf("single-%02d", i), org: "mairie/" + []string{"eau", "paie", "voirie", "ecoles", "cabinet", "musee"}[i%6],
			grade: []string{"D", "E", "F"}[i/6%3], site: []string{"ile", "fort"}[i/18],
		})
	}
	of.publish("a", "b", "c")
	of.contents[2].Perimeter = "p"
	for _, p := range of.people {
		for _, c := range of.contents {
			for _, kind := range []fil.EngagementKind{fil.Impression, fil.Open, fil.Read, fil.Click, fil.Acknowledge} {
				if random.IntN(2) == 0 {
					of.acts = append(of.acts, act{kind, p.id, c.ID, random.IntN(10), random.IntN(24)})
				}
			}
		}
	}
	return of
}

// TestAttack_NobodyIsIsolated asks thousands of questions of two towns. In the second one, the agents of each block have traded
// all that they ever did. Every answer is the same to the last byte: so nothing that can be computed from the answers, by
// differences between filters, days, contents and cuts or by any other means, is about one agent rather than another of
// the block. Then it tries all the same, by least squares over all answers, knowing all about everybody but what they
// did, on those whom exact answers give away.
func TestAttack_NobodyIsIsolated(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	of := hamlet(random)
	before := build(t, of)
	all, paths := questions(of, 900, random), others(of)
	if testing.Short() {
		all, paths = all[:250], paths[:20]
	}
	for _, a := range all {
		paths = append(paths, a.String())
	}
	told := before.answers(paths)

	traded := *of
	traded.acts = trade(of, before.seats, random)
	after := build(t, &traded)
	if len(after.seats) != len(before.seats) {
		t.Fatalf("%d seats, then %d", len(before.seats), len(after.seats))
	}
	for id, block := range before.seats {
		if after.seats[id] != block {
			t.Fatalf("%s is in block %d, then in %d: the two towns do not compare", id, block, after.seats[id])
		}
	}
	moved := 0
	for i, a := range of.acts {
		if a.agent != traded.acts[i].agent {
			moved++
		}
	}
	differ := 0
	for i, body := range after.answers(paths) {
		if body != told[i] {
			if differ++; differ <= 3 {
				t.Errorf("%s tells who did what:\n%s\n%s", paths[i], told[i], body)
			}
		}
	}
	t.Logf("%d questions of each town, %d of %d acts traded, %d answers differ", len(paths), moved, len(of.acts), differ)
	reconstruct(t, of, all, told[len(paths)-len(all):])
	sameWhenOld(t, before, after, of.months())
}

// trade gives each agent's acts to another one of the same block.
func trade(of *town, seats map[string]uint32, random *rand.Rand) []act {
	blocks := map[uint32][]string{}
	for _, p := range of.people {
		if block, seated := seats[p.id]; seated {
			blocks[block] = append(blocks[block], p.id)
		}
	}
	now := map[string]string{}
	for _, ids := range blocks {
		mixed := slices.Clone(ids)
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		for i, id := range ids {
			now[id] = mixed[i]
		}
	}
	acts := slices.Clone(of.acts)
	for i := range acts {
		if other, seated := now[acts[i].agent]; seated {
			acts[i].agent = other
		}
	}
	return acts
}

// equation says that those of a set who did something are so many.
type equation struct {
	agents []int
	sum    float64
}

// reconstruct tries to find who read content "a" on the last nine days, first from exact answers, which must betray the
// singles, so that the attack is known to be one, then from those that were given, which must not do better than knowing
// nothing.
func reconstruct(t *testing.T, of *town, all []asked, told []string) {
	t.Helper()
	did := map[string]bool{}
	for _, a := range of.acts {
		if a.kind == fil.Read && a.content == "a" && a.ago >= 1 && a.ago <= 9 {
			did[a.agent] = true
		}
	}
	exact, given := equationsOf(of, all, told, did)
	right := func(equations []equation) (singles float64) {
		x := leastSquares(len(of.people), equations)
		n := 0
		for i, p := range of.people {
			if p.id[0] == 's' {
				n++
				if (x[i] > .5) == did[p.id] {
					singles++
				}
			}
		}
		return singles / float64(n)
	}
	ofExact, ofGiven := right(exact), right(given)
	yes := 0.
	for i := range 36 {
		if did[fmt.Sprintf("single-%02d", i)] {
			yes++
		}
	}
	blind := math.Max(yes, 36-yes) / 36
	t.Logf("%d equations: exact answers betray %.0f %% of the singles, those given %.0f %%; the more frequent guess is right for %.0f %%", len(given), 100*ofExact, 100*ofGiven, 100*blind)
	if ofExact < .95 {
		t.Errorf("the attack is too weak to prove anything")
	}
	if ofGiven > blind+2*math.Sqrt(.25/36) {
		t.Errorf("answers betray singles")
	}
}

// equationsOf turns answers about readers of "a" over the nine days into equations, and makes exact ones beside them.
func equationsOf(of *town, all []asked, told []string, did map[string]bool) (exact, given []equation) {
	for i, a := range all {
		if a.content != "a" || a.from != 9 || a.to != 1 || a.every != "" {
			continue
		}
		var body struct {
			Totals struct{ Readers *float64 }
			Rows   []struct {
				Value   string
				Readers *float64
			}
		}
		if json.Unmarshal([]byte(told[i]), &body) != nil {
			continue // an answer is JSON
		}
		add := func(value *string, readers *float64) {
			var e equation
			sum := 0.
			for n, p := range of.people {
				if a.fits(p) && (value == nil || p.label(a.by) == *value) {
					e.agents = append(e.agents, n)
					if did[p.id] {
						sum++
					}
				}
			}
			e.sum = sum
			exact = append(exact, e)
			if e.sum = 0; readers != nil {
				e.sum = *readers
			}
			given = append(given, e)
		}
		add(nil, body.Totals.Readers)
		for _, row := range body.Rows {
			if row.Value != "*" {
				add(&row.Value, row.Readers)
			}
		}
	}
	for _, p := range of.people { // and each combination that the rows of exact answers would have had
		if p.id[0] == 's' {
			e := equation{}
			for n, q := range of.people {
				if q.org == p.org && q.grade == p.grade && q.site == p.site {
					e.agents = append(e.agents, n)
					if did[q.id] {
						e.sum++
					}
				}
			}
			exact = append(exact, e)
		}
	}
	return exact, given
}

// leastSquares finds shares between 0 and 1 that fit the equations best, by projecting on one after another (Kaczmarz).
func leastSquares(unknowns int, equations []equation) []float64 {
	x := make([]float64, unknowns)
	for i := range x {
		x[i] = .5
	}
	for range 2000 {
		for _, e := range equations {
			if len(e.agents) == 0 {
				continue
			}
			off := e.sum
			for _, i := range e.agents {
				off -= x[i]
			}
			for _, i := range e.agents {
				x[i] = math.Max(0, math.Min(1, x[i]+.5*off/float64(len(e.agents))))
			}
		}
	}
	return x
}

// TestAttack_AContentAimedAtOne lets a communicator aim contents at one agent of a service, hidden among many of another:
// whether that one read is in no answer.
func TestAttack_AContentAimedAtOne(t *testing.T) {
	var told [2][]string
	for i := range told {
		of := crowd(600)
		of.publish("trap")
		for _, p := range of.people {
			if p.org == "mairie/eau/u0" {
				of.acts = append(of.acts, act{fil.Impression, p.id, "trap", 3, 9}, act{fil.Read, p.id, "trap", 2, 9})
			}
		}
		victim := of.people[slices.IndexFunc(of.people, func(p person) bool { return p.org == "mairie/paie/u1" })]
		of.acts = append(of.acts, act{fil.Impression, victim.id, "trap", 3, 9})
		if i == 1 {
			of.acts = append(of.acts, act{fil.Read, victim.id, "trap", 2, 10})
		}
		of.aimed = func([]fil.Aim, person) bool { return true }
		var paths []string
		for _, a := range questions(of, 150, rand.New(rand.NewPCG(3, 4))) {
			if a.content == "trap" {
				paths = append(paths, a.String())
			}
		}
		told[i] = build(t, of).answers(append(paths, "funnel?content=trap", "services?content=trap", "equity?content=trap"))
	}
	for i := range told[0] {
		if told[0][i] != told[1][i] {
			t.Errorf("the answers tell whether the one read:\n%s\n%s", told[0][i], told[1][i])
		}
	}
	t.Logf("%d questions", len(told[0]))
}
