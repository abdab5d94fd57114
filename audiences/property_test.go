package audiences_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// pair is a rule and the same condition in plain expr-lang, where RULES.md's meaning of a missing value is spelled out.
type pair struct{ rule, plain string }

var (
	grades = []string{"A", "A1", "B", "é\"c", ""}
	units  = []string{"mairie", "mairie/dgst", "mairie/dgst/voirie", "mairie/dg", "ccas"}
	days   = []string{"1999-12-31", "2019-03-31", "2020-02-29", "2020-03-01", "2020-03-31", "2020-04-30", "2026-01-31"}
	skills = []string{"sig", "droit", "anglais"}
	// spans are counted from noon of 2020-03-31, in Paris, where clocks change on 2020-03-29: before and after it.
	noon  = time.Date(2020, 3, 31, 10, 0, 0, 0, time.UTC)
	spans = []struct{ text, before, after string }{
		{"0 days", "2020-03-31", "2020-03-31"}, {"30 days", "2020-03-01", "2020-04-30"}, {"1 mois", "2020-02-29", "2020-04-30"},
		{"1 an", "2019-03-31", "2021-03-31"}, {"4 weeks", "2020-03-03", "2020-04-28"}, {"20 années", "2000-03-31", "2040-03-31"},
	}
	ids = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}
)

var atNoon = audiences.Config{Now: func() time.Time { return noon }}

func quoted(g *rapid.T, values []string) string {
	return fmt.Sprintf("%q", rapid.SampledFrom(values).Draw(g, "value"))
}

func array(g *rapid.T, values []string) string {
	some := rapid.SliceOfN(rapid.SampledFrom(values), 0, 3).Draw(g, "array")
	for i := range some {
		some[i] = fmt.Sprintf("%q", some[i])
	}
	return "[" + strings.Join(some, ", ") + "]"
}

// same is a rule that means what it says, missing values or not.
func same(format string, args ...any) pair {
	rule := fmt.Sprintf(format, args...)
	return pair{rule, rule}
}

// given is an atom that holds for nobody who lacks one of the names.
func given(atom string, names ...string) pair {
	guards := make([]string, len(names))
	for i, name := range names {
		guards[i] = name + " != nil && "
	}
	return pair{atom, "(" + strings.Join(guards, "") + "(" + atom + "))"}
}

// means replaces the last condition of the plain side by another.
func (p pair) means(format string, args ...any) pair {
	return pair{p.rule, strings.Replace(p.plain, p.rule, fmt.Sprintf(format, args...), 1)}
}

func negated(p pair, rule string) pair { return pair{rule, "not (" + p.plain + ")"} }

func atom(g *rapid.T) pair {
	order := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "=="}).Draw(g, "operator")
	number := rapid.SampledFrom([]string{"0", "1", "2.5", "-3", "1e9"}).Draw(g, "number")
	text := rapid.SampledFrom([]string{"startsWith", "endsWith", "contains", "matches"}).Draw(g, "text operator")
	name := rapid.SampledFrom([]string{"grade", "category", "site", "org"}).Draw(g, "name")
	atoms := []func() pair{
		func() pair { return same("%s == %s", name, quoted(g, append(units, grades...))) },
		func() pair { return same("%s != %s", quoted(g, grades), name) },
		func() pair { return same("%s in %s", name, array(g, append(units, grades...))) },
		func() pair { return same("%s not in %s", name, array(g, grades)) },
		func() pair { return same("grade %s %s", text, quoted(g, []string{"A", "1", "", "c"})) },
		func() pair { return same("org %s %s", text, quoted(g, []string{"mairie", "dgst"})) },
		func() pair { return same("telework_days %s %s", order, number) },
		func() pair { return same("%s %s telework_days", number, order) },
		func() pair { return same("telework_days != %s", number) },
		func() pair { return same("telework_days in [%s, 1]", number) },
		func() pair { return pair{"telework_days == nil", "telework_days != telework_days"} },
		func() pair { return same("telework_days * 2 - 1 %s %s", order, number) },
		func() pair { return given(fmt.Sprintf("hired %s %s", order, quoted(g, days)), "hired") },
		func() pair { return given(fmt.Sprintf("hired in %s", array(g, days)), "hired") },
		func() pair { day := quoted(g, days); return negated(given("hired == "+day, "hired"), "hired != "+day) },
		func() pair { return same("%s in skills", quoted(g, skills)) },
		func() pair { return same("%s not in skills", quoted(g, skills)) },
		func() pair { return same("len(skills) %s %s", order, number) },
		func() pair { return same("len(skills) != 1") },
		func() pair { return same("any(skills, # startsWith %s)", quoted(g, []string{"s", "d"})) },
		func() pair { return same("inOrg(%s)", quoted(g, units)) },
		func() pair { return pair{"manager", "manager == true"} },
		func() pair { return same("manager == false") },
		func() pair { return same("id == %s", quoted(g, ids)) },
		func() pair { return same("id in %s", array(g, ids)) },
		func() pair { return same("id > %s ? true : false", `""`) },
		func() pair {
			return same("%s == nil", rapid.SampledFrom([]string{"grade", "site", "hired"}).Draw(g, "nil"))
		},
		func() pair {
			return same("%s != nil", rapid.SampledFrom([]string{"grade", "org", "manager"}).Draw(g, "nil"))
		},
		func() pair { return given("lower(grade) == \"a\"", "grade") },
		func() pair { return given("grade == category", "grade", "category") },
		func() pair { return negated(given("grade == category", "grade", "category"), "grade != category") },
		func() pair { return given("manager ? inOrg(\"mairie\") : grade == \"A\"", "manager", "grade", "org") },
		func() pair {
			lower, upper := quoted(g, days[:3]), quoted(g, days[3:])
			return given(fmt.Sprintf("hired between %s and %s", lower, upper), "hired").means("hired >= %s && hired <= %s", lower, upper)
		},
		func() pair {
			return same("telework_days between %s and 3", "-2").means("telework_days >= -2 && telework_days <= 3")
		},
		func() pair {
			return same("len(skills) not between 1 and 2").means("not (len(skills) >= 1 && len(skills) <= 2)")
		},
		func() pair {
			span := rapid.SampledFrom(spans).Draw(g, "span")
			return given("hired within "+span.text, "hired").means("hired >= %q && hired <= %q", span.before, "2020-03-31")
		},
		func() pair {
			span := rapid.SampledFrom(spans).Draw(g, "span")
			return given("hired within next "+span.text, "hired").means("hired >= %q && hired <= %q", "2020-03-31", span.after)
		},
		func() pair {
			span := rapid.SampledFrom(spans).Draw(g, "span")
			return given("hired older than "+span.text, "hired").means("hired < %q", span.before)
		},
		func() pair { return same("audience(%s)", quoted(g, []string{"n1", "n2"})) },
		func() pair { return same("member(%s)", quoted(g, []string{"n1", "n2"})) },
		func() pair { return same("team(%s)", quoted(g, ids)) },
		func() pair { id := quoted(g, ids); return same("team(%s, direct)", id).means("supervisor == %s", id) },
		func() pair { return same("service(%s)", quoted(g, ids)) },
		func() pair {
			how := rapid.SampledFrom([]string{"any", "all", "none"}).Draw(g, "quantifier")
			what := rapid.SampledFrom([]string{`# == "sig"`, `# != "sig"`, `# in ["droit", "x"]`, `lower(#) startsWith "d" or # == "sig"`, `not (# endsWith "s")`, `len(#) > 3`, `# matches "i" and "sig" != #`, `false`}).Draw(g, "test")
			return same("%s(skills, %s)", how, what)
		},
		func() pair {
			return given(`manager ? team("a") : hired within 1 an`, "manager", "supervisor", "hired").means(`manager ? team("a") : hired >= "2019-03-31" && hired <= "2020-03-31"`)
		},
		func() pair { return same("true") },
		func() pair { return same("false") },
	}
	return atoms[rapid.IntRange(0, len(atoms)-1).Draw(g, "atom")]()
}

func condition(g *rapid.T, depth int) pair {
	if depth == 0 {
		return atom(g)
	}
	switch rapid.IntRange(0, 3).Draw(g, "shape") {
	case 0:
		p := condition(g, depth-1)
		return pair{"not (" + p.rule + ")", "not (" + p.plain + ")"}
	case 1, 2:
		operator := rapid.SampledFrom([]string{"and", "or", "&&", "||"}).Draw(g, "operator")
		p := condition(g, depth-1)
		for range rapid.IntRange(1, 3).Draw(g, "operands") {
			q := condition(g, depth-1)
			p = pair{p.rule + ") " + operator + " (" + q.rule, p.plain + ") " + operator + " (" + q.plain}
		}
		return pair{"((" + p.rule + "))", "((" + p.plain + "))"}
	default:
		return atom(g)
	}
}

func agent(g *rapid.T, id string) fil.Agent {
	a := fil.Agent{ID: id, Attributes: map[string]any{}}
	maybe := func(name string) bool { return rapid.IntRange(0, 3).Draw(g, name) > 0 }
	if maybe("org") {
		a.Org = rapid.SampledFrom(units).Draw(g, "org")
	}
	if maybe("site") {
		a.Site = rapid.SampledFrom([]string{"A", "B"}).Draw(g, "site")
	}
	if maybe("grade") {
		a.Attributes["grade"] = rapid.SampledFrom(grades).Draw(g, "grade")
	}
	if maybe("category") {
		a.Attributes["category"] = rapid.SampledFrom(grades).Draw(g, "category")
	}
	if maybe("telework_days") {
		a.Attributes["telework_days"] = rapid.SampledFrom([]float64{-3, 0, 1, 2, 2.5, 1e9, math.Copysign(0, -1)}).Draw(g, "telework_days")
	}
	if maybe("hired") {
		a.Attributes["hired"] = rapid.SampledFrom(days).Draw(g, "hired")
	}
	if maybe("manager") {
		a.Attributes["manager"] = rapid.Bool().Draw(g, "manager")
	}
	if maybe("skills") {
		a.Attributes["skills"] = rapid.SliceOfNDistinct(rapid.SampledFrom(skills), 0, 3, rapid.ID).Draw(g, "skills")
	}
	if maybe("supervisor") {
		a.Attributes["supervisor"] = rapid.SampledFrom(ids).Draw(g, "supervisor")
	}
	return a
}

// town is a directory and its audiences, to be asked plainly.
type town struct {
	agents map[string]fil.Agent
	plain  map[string]string // audiences' conditions, by id
	nested []fil.Audience
}

// nest draws audiences that name each other: n1, n2 which names it, and n3 which there is not.
func (w *town) nest(g *rapid.T) {
	one, two := atom(g), atom(g)
	w.nested = []fil.Audience{
		{ID: "n1", Name: "n1", Rule: strings.NewReplacer("audience(", "member(", `"n3"`, `"n1"`).Replace(one.rule), Members: []string{"a"}},
		{ID: "n2", Name: "n2", Rule: `audience("n1") or (` + strings.NewReplacer(`audience("n2")`, `audience("n3")`).Replace(two.rule) + ")", Members: []string{"b", "z"}},
	}
	w.plain = map[string]string{
		"n1": strings.NewReplacer("audience(", "member(", `"n3"`, `"n1"`).Replace(one.plain) + ` or member("n1")`,
		"n2": `audience("n1") or (` + strings.NewReplacer(`audience("n2")`, `audience("n3")`).Replace(two.plain) + `) or member("n2")`,
		"n3": "false",
	}
}

// led says whether a chain of command leads to someone.
func (w *town) led(id, to string) bool {
	for range 16 {
		above, ok := w.agents[id].Attributes["supervisor"].(string)
		if !ok || above == to {
			return ok
		}
		id = above
	}
	return false
}

func (w *town) serves(a fil.Agent, chief string) bool {
	unit := w.agents[chief].Org
	return unit != "" && strings.HasPrefix(a.Org+"/", unit+"/")
}

// plainly evaluates the plain condition in the expression language's own machine, on the agent as JSON gives it.
func (w *town) plainly(tb rapid.TB, condition string, a fil.Agent) bool {
	env := map[string]any{"id": a.ID, "org": nil, "site": nil, "telework_days": math.NaN(), "skills": []string{}}
	for name, value := range map[string]string{"org": a.Org, "site": a.Site} {
		if value != "" {
			env[name] = value
		}
	}
	for name, value := range a.Attributes {
		env[name] = value
	}
	env["team"] = func(to string) bool { return w.led(a.ID, to) }
	env["service"] = func(chief string) bool { return w.serves(a, chief) }
	env["audience"] = func(id string) bool { return w.plainly(tb, w.plain[id], a) }
	env["member"] = func(id string) bool {
		return slices.ContainsFunc(w.nested, func(n fil.Audience) bool { return n.ID == id && slices.Contains(n.Members, a.ID) })
	}
	env["inOrg"] = func(unit string) bool { return strings.HasPrefix(a.Org+"/", unit+"/") }
	// Not optimised: the optimiser makes maps of arrays, where nil finds the empty text.
	program, err := expr.Compile(condition, expr.AllowUndefinedVariables(), expr.Optimize(false))
	if err != nil {
		tb.Fatalf("compile %s: %v", condition, err)
	}
	answer, err := expr.Run(program, env)
	if err != nil {
		tb.Fatalf("run %s on %v: %v", condition, env, err)
	}
	return answer.(bool)
}

func TestPlanAgreesWithPlainEvaluation(t *testing.T) {
	rapid.Check(t, func(g *rapid.T) {
		ix, directory := audiences.NewIndex(schema, atNoon), map[string]fil.Agent{}
		w := &town{agents: directory}
		w.nest(g)
		for range rapid.IntRange(1, 40).Draw(g, "changes") {
			id := rapid.SampledFrom(ids).Draw(g, "id")
			switch rapid.IntRange(0, 9).Draw(g, "upkeep") {
			case 0:
				ix.Settle(partitionOf(id))
			case 1:
				if n, err := ix.Count("true"); err != nil || n != len(directory) {
					g.Fatalf("everyone is %d (%v), want %d", n, err, len(directory))
				}
			case 2:
				ix.Drop(partitionOf(id))
				maps.DeleteFunc(directory, func(other string, _ fil.Agent) bool { return partitionOf(other) == partitionOf(id) })
			}
			rec := fil.Record{Position: fil.Position{Partition: partitionOf(id)}, Key: id}
			if rapid.IntRange(0, 4).Draw(g, "remove") > 0 {
				directory[id] = agent(g, id)
				rec.Event.Data, _ = json.Marshal(directory[id])
			} else {
				delete(directory, id)
			}
			if err := ix.ApplyAgents([]fil.Record{rec}); err != nil {
				g.Fatal(err)
			}
		}
		if rapid.Bool().Draw(g, "order") {
			slices.Reverse(w.nested)
		}
		for _, n := range w.nested {
			raw, _ := json.Marshal(n)
			if err := ix.ApplyAudiences([]fil.Record{{Key: n.ID, Event: fil.Event{Data: raw}}}); err != nil {
				g.Fatalf("%s: %v", n.Rule, err)
			}
		}
		p := condition(g, 2)
		var want []string
		for id, a := range directory {
			if w.plainly(g, p.plain, a) {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		got, err := ix.Select(p.rule)
		if err != nil {
			g.Fatalf("compile %s: %v", p.rule, err)
		}
		if !slices.Equal(got, want) {
			g.Fatalf("%s\nsets hold %v, evaluation %v", p.rule, got, want)
		}
		if n, err := ix.Count(p.rule); err != nil || n != len(want) {
			g.Fatalf("%s\ncounted %d (%v), evaluation %v", p.rule, n, err, want)
		}
		definition, _ := json.Marshal(fil.Audience{ID: "x", Name: "x", Rule: p.rule, Members: []string{"a", "z"}})
		if err := ix.ApplyAudiences([]fil.Record{{Key: "x", Event: fil.Event{Data: definition}}}); err != nil {
			g.Fatal(err)
		}
		sameDirectory(g, ix, directory)
		members := 0
		for id := range directory {
			m, _ := ix.Member(id)
			in := slices.Contains(want, id) || id == "a"
			if m.In("x") != in {
				g.Fatalf("%s\nmember %s in: %v, want %v", p.rule, id, m.In("x"), in)
			}
			if in {
				members++
			}
		}
		if total, _ := ix.Reach([]fil.Aim{{Audiences: []string{"x"}}}, ""); total != members {
			g.Fatalf("%s\nreach %d, want %d", p.rule, total, members)
		}
	})
}

// sameDirectory compares every agent with what was written, and their stamps with those of an index that was given the
// final state alone, in another order.
func sameDirectory(g *rapid.T, ix *audiences.Index, directory map[string]fil.Agent) {
	fresh := audiences.NewIndex(schema, atNoon)
	for _, definition := range slices.Backward(ix.Audiences()) {
		raw, _ := json.Marshal(definition)
		if err := fresh.ApplyAudiences([]fil.Record{{Key: definition.ID, Event: fil.Event{Data: raw}}}); err != nil {
			g.Fatal(err)
		}
	}
	if ix.Len() != len(directory) {
		g.Fatalf("index has %d agents, want %d", ix.Len(), len(directory))
	}
	for id, want := range directory { // in the random order of maps
		got, ok := ix.Agent(id)
		if len(want.Attributes) == 0 {
			want.Attributes = nil
		}
		if !ok || !cmp.Equal(got, want) {
			g.Fatalf("agent %s: %s", id, cmp.Diff(want, got))
		}
		raw, _ := json.Marshal(directory[id])
		if err := fresh.ApplyAgents([]fil.Record{{Key: id, Event: fil.Event{Data: raw}}}); err != nil {
			g.Fatal(err)
		}
	}
	for id := range directory {
		old, _ := ix.Member(id)
		again, _ := fresh.Member(id)
		if old.Stamp() != again.Stamp() {
			g.Fatalf("stamp of %s is %x, and %x when the same state came in another order", id, old.Stamp(), again.Stamp())
		}
	}
}
