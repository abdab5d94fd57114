package audiences_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// held lists who is in an audience, and holds that members and sets agree.
func held(t *testing.T, ix *audiences.Index, id string) string {
	t.Helper()
	var ids []string
	for _, a := range ix.Agents("", 100) {
		if in(ix, a.ID, id) {
			ids = append(ids, a.ID)
		}
	}
	if total, _ := ix.Reach([]fil.Aim{{Audiences: []string{id}}}, ""); total != len(ids) {
		t.Fatalf("reach of %s is %d, members are %v", id, total, ids)
	}
	return strings.Join(ids, " ")
}

func TestAudiencesWithinAudiences(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	staff(t, ix, 1, graded("A", "mairie"))
	staff(t, ix, 1, graded("B", "mairie"))
	putAudiences(t, ix, fil.Audience{ID: "outer", Rule: `audience("inner") and org != nil or member("list")`})
	if got := held(t, ix, "outer"); got != "" {
		t.Fatalf("names that are nobody's hold %s", got)
	}
	putAudiences(t, ix, fil.Audience{ID: "inner", Rule: `grade == "A"`}, fil.Audience{ID: "list", Rule: `true`, Members: []string{"s1"}})
	if got := held(t, ix, "outer"); got != "s0 s1" {
		t.Fatalf("outer holds %s, want s0 by the inner audience, and s1 of the list", got)
	}
	putAudiences(t, ix, fil.Audience{ID: "inner", Rule: `grade == "B"`}, fil.Audience{ID: "list", Members: []string{"s0"}})
	if got := held(t, ix, "outer"); got != "s0 s1" {
		t.Fatalf("outer holds %s when the inner ones have changed", got)
	}
	if err := ix.ApplyAudiences([]fil.Record{record(t, "inner", nil)}); err != nil {
		t.Fatal(err)
	}
	if got := held(t, ix, "outer"); got != "s0" {
		t.Fatalf("outer holds %s without the inner audience", got)
	}
}

// The plan of a rule that is counted again is not compiled again: the count follows the audiences that the rule names, new
// agents and new values all the same.
func TestCountsFollowWhatRulesName(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	counts := func(rule string, want int) {
		t.Helper()
		for range 2 {
			if got, err := ix.Count(rule); err != nil || got != want {
				t.Fatalf("%s holds %d (%v), want %d", rule, got, err, want)
			}
		}
	}
	staff(t, ix, 3, graded("A", "mairie"))
	putAudiences(t, ix, fil.Audience{ID: "inner", Rule: `grade == "A"`})
	counts(`audience("inner")`, 3)
	counts(`grade == "B"`, 0)
	putAudiences(t, ix, fil.Audience{ID: "inner", Rule: `grade == "B"`})
	counts(`audience("inner")`, 0)
	staff(t, ix, 2, graded("B", "mairie"))
	counts(`audience("inner")`, 2)
	counts(`grade == "B"`, 2)
	for i := range 200 { // more rules than are kept
		counts(fmt.Sprintf(`grade == "B" and site != "s%d"`, i), 2)
	}
	if err := ix.ApplyAudiences([]fil.Record{record(t, "inner", nil)}); err != nil {
		t.Fatal(err)
	}
	if _, err := ix.Count(`audience("inner")`); err == nil {
		t.Fatal("an audience that is gone is counted")
	}
}

// TestCyclesHoldNobody applies audiences that lead to each other in every order: the same ones hold nobody by their rule,
// and the record that closed the cycle is rejected with the path.
func TestCyclesHoldNobody(t *testing.T) {
	t.Parallel()
	ring := []fil.Audience{
		{ID: "a", Rule: `not audience("b")`, Members: []string{"ana"}},
		{ID: "b", Rule: `manager or audience("c")`},
		{ID: "c", Rule: `audience("a")`},
		{ID: "d", Rule: `not audience("a")`},
	}
	stamps := map[uint64]bool{}
	for _, order := range [][]int{{0, 1, 2, 3}, {0, 2, 1, 3}, {1, 0, 3, 2}, {1, 3, 2, 0}, {3, 2, 0, 1}, {2, 3, 1, 0}} {
		ix := audiences.NewIndex(schema, audiences.Config{})
		putAgents(t, ix, fil.Agent{ID: "ana"}, fil.Agent{ID: "bob", Attributes: map[string]any{"manager": true}})
		var rejected []*fil.Rejection
		closed := ""
		for _, i := range order {
			found, rest := fil.Rejections(ix.ApplyAudiences([]fil.Record{record(t, ring[i].ID, ring[i])}))
			if rest != nil {
				t.Fatal(rest)
			}
			if len(found) > 0 {
				rejected, closed = append(rejected, found...), ring[i].ID
			}
		}
		paths := map[string]string{"a": "a → b → c → a", "b": "b → c → a → b", "c": "c → a → b → c"}
		if len(rejected) != 1 || !strings.Contains(rejected[0].Error(), paths[closed]) {
			t.Fatalf("order %v: rejected %v, want the record that closed the cycle with its path", order, rejected)
		}
		for id, want := range map[string]string{"a": "ana", "b": "", "c": "", "d": "bob"} {
			if got := held(t, ix, id); got != want {
				t.Fatalf("order %v: %s holds %q, want %q", order, id, got, want)
			}
		}
		m, _ := ix.Member("ana")
		stamps[m.Stamp()] = true
		putAudiences(t, ix, fil.Audience{ID: "c", Rule: `manager`})
		if got := held(t, ix, "a"); got != "ana" {
			t.Fatalf("order %v: mended, a holds %q", order, got)
		}
		if got := held(t, ix, "b"); got != "bob" {
			t.Fatalf("order %v: mended, b holds %q", order, got)
		}
	}
	if len(stamps) != 1 {
		t.Fatalf("the same audiences have %d stamps", len(stamps))
	}
}

func TestAudiencesAreCheckedBeforeTheyAreWritten(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	putAudiences(t, ix, fil.Audience{ID: "cadres", Rule: `manager`}, fil.Audience{ID: "a", Rule: `audience("cadres")`}, fil.Audience{ID: "n0", Rule: `manager`})
	for i := range 16 {
		putAudiences(t, ix, fil.Audience{ID: fmt.Sprintf("n%d", i+1), Rule: fmt.Sprintf(`audience("n%d")`, i)})
	}
	heavy := strings.Repeat(`audience("h0") or `, 199) + "manager"
	clauses := "manager"
	for i := range 60 {
		clauses += fmt.Sprintf(" and telework_days > %d", i)
	}
	putAudiences(t, ix, fil.Audience{ID: "h0", Rule: clauses})
	for _, c := range []struct{ id, rule, want string }{
		{"a", `manager`, ""},
		{"new", `audience("a") and not audience("cadres")`, ""},
		{"cadres", `manager or audience("a")`, `colonne 21 : cette audience se contient elle-même : cadres → a → cadres`},
		{"self", `audience("self")`, `colonne 10 : cette audience se contient elle-même : self → self`},
		{"self", `member("self")`, ""},
		{"new", `audience("cadre")`, `vouliez-vous dire « cadres » ?`},
		{"new", `audience("n15")`, ""},
		{"new", `audience("n16")`, `sur plus de 16 niveaux`},
		{"n0", `audience("cadres")`, `l'audience « n16 », qui contient celle-ci`},
		{"new", heavy, `dépassent 20000 éléments`},
		{"new", `audience("h0")`, ""},
		{"new", ``, ""},
		{"new", `grad == 2`, `vouliez-vous dire « grade » ?`},
	} {
		err := ix.CheckAudience(fil.Audience{ID: c.id, Rule: c.rule})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %.60s: got %v, want %q", c.id, c.rule, err, c.want)
		}
	}
	if _, err := ix.Select(heavy); err == nil {
		t.Error("a preview of a rule too heavy is not refused")
	}
}

// TestMembershipFollowsOthersAndTime holds that another agent's record and the passing of time move those concerned, them
// alone, and their stamps.
func TestMembershipFollowsOthersAndTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 30, 20, 0, 0, 0, time.UTC) // 22:00 in Paris
	ix := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return now }})
	led := func(id, by, org, hired string) fil.Agent {
		a := fil.Agent{ID: id, Org: org, Attributes: map[string]any{"hired": hired}}
		if by != "" {
			a.Attributes["supervisor"] = by
		}
		return a
	}
	putAgents(t, ix, led("top", "", "m", "2000-01-01"), led("ana", "top", "m/a", "2026-06-24"), led("bob", "ana", "m/a/x", "2020-01-01"), led("cyd", "bob", "m/b", "2026-07-01"))
	putAudiences(t, ix,
		fil.Audience{ID: "team", Rule: `team("ana")`}, fil.Audience{ID: "unit", Rule: `service("ana")`},
		fil.Audience{ID: "new", Rule: `hired within 7 days`}, fil.Audience{ID: "nest", Rule: `audience("team") or audience("new")`})
	stamps := func() map[string]uint64 {
		all := map[string]uint64{}
		for _, a := range ix.Agents("", 10) {
			m, _ := ix.Member(a.ID)
			all[a.ID] = m.Stamp()
		}
		return all
	}
	step := func(what, team, unit, fresh string, moved ...string) func(before map[string]uint64) map[string]uint64 {
		return func(before map[string]uint64) map[string]uint64 {
			t.Helper()
			for id, want := range map[string]string{"team": team, "unit": unit, "new": fresh} {
				if got := held(t, ix, id); got != want {
					t.Fatalf("%s: %s holds %q, want %q", what, id, got, want)
				}
			}
			after := stamps()
			for id, stamp := range after {
				if before != nil && (before[id] != stamp) != slices.Contains(moved, id) {
					t.Fatalf("%s: the stamp of %s moved: %v, want those of %v", what, id, before[id] != stamp, moved)
				}
			}
			held(t, ix, "nest")
			return after
		}
	}
	at := step("at first", "bob cyd", "ana bob", "ana")(nil)
	photograph, _ := ix.Member("cyd")
	now = now.Add(3 * time.Hour) // 1 July in Paris, still 30 June in UTC
	at = step("past midnight", "bob cyd", "ana bob", "ana cyd", "cyd")(at)
	if photograph.In("new") || !photograph.In("team") {
		t.Fatal("a photograph must not change")
	}
	now = now.Add(24 * time.Hour)
	at = step("a day later", "bob cyd", "ana bob", "cyd", "ana")(at)
	putAgents(t, ix, led("bob", "top", "m/a/x", "2020-01-01"))
	at = step("bob changes manager", "", "ana bob", "cyd", "bob", "cyd")(at)
	putAgents(t, ix, led("ana", "cyd", "m", "2026-06-24"))
	at = step("ana moves", "", "ana bob cyd top", "cyd", "ana", "cyd", "top")(at)
	putAgents(t, ix, led("bob", "ana", "m/a/x", "2020-01-01"))
	at = step("managers in a ring", "ana bob cyd", "ana bob cyd top", "cyd", "bob", "ana", "cyd")(at)
	if err := ix.ApplyAgents([]fil.Record{record(t, "bob", nil)}); err != nil {
		t.Fatal(err)
	}
	step("bob leaves", "", "ana cyd top", "cyd", "ana", "cyd")(at)
}

func TestSpans(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, paris) // two days after clocks went forward
	for text, want := range map[string]string{
		"30 days": "2026-03-01T12:00:00+01:00", "3 jours": "2026-03-28T12:00:00+01:00", "72 heures": "2026-03-28T11:00:00+01:00",
		"1 month": "2026-02-28T12:00:00+01:00", "13 mois": "2025-02-28T12:00:00+01:00", "2 années": "2024-03-31T12:00:00+02:00",
		"1 semaine": "2026-03-24T12:00:00+01:00", "0 ans": "2026-03-31T12:00:00+02:00", "200 years": "1826-03-31T12:00:00+00:09",
	} {
		got, ok := audiences.SpanBefore(text, now)
		if !ok || got.Format(time.RFC3339) != want {
			t.Errorf("%s before is %s (%v), want %s", text, got.Format(time.RFC3339), ok, want)
		}
	}
	for _, text := range []string{"", "30", "days", "-1 days", "1.5 days", "201 years", "3 fortnights", "30days", "99999999999999999999 days"} {
		if at, ok := audiences.SpanBefore(text, now); ok {
			t.Errorf("%q is read as the span up to %s", text, at)
		}
	}
}

// FuzzSweeten holds that the forms move no character: what is not of a form stands where it stood.
func FuzzSweeten(f *testing.F) {
	for _, rule := range []string{
		`hired within 30 days and x`, "contract_end within next 2\n mois or hired not older than 1 /* an */ an", `telework_days between 1 and 3 and manager`,
		`did("read", topic == "rh", at least 3, within 30 days) and last("read") older than 90 days`, `x between (1) and [2] and "within 3 days"`,
		"étage older than 3 années // within 4 days", `within(hired, "3 days") and between(a, b, c)`, `did(au moins 2)`,
	} {
		f.Add(rule)
	}
	f.Fuzz(func(t *testing.T, rule string) {
		sweet, ok := audiences.Sweeten(rule)
		was, is := []rune(rule), []rune(sweet)
		if len(was) != len(is) {
			t.Fatalf("%q has %d characters, %q has %d", rule, len(was), sweet, len(is))
		}
		again, fine := audiences.Sweeten(sweet)
		if ok && (!fine || again != sweet) {
			t.Fatalf("%q is read as %q, which is read as %q", rule, sweet, again)
		}
	})
}

func TestForms(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		`hired within 30 days`:                                        `hired in   "30 days"`,
		`not (hired older than 1 an) or "within 2 days"`:              `not (hired in       "1 an") or "within 2 days"`,
		`telework_days between 1 and 3 and x`:                         `telework_days in      1 ..  3 and x`,
		`did("read", topic == "rh", at least 3, within 30 days)`:      `did("read", topic == "rh", n >=     3,      "30 days")`,
		`did("read", au moins 3)`:                                     `did("read", n >=     3)`,
		`not did("read") and last("read") older than 90 days`:         `not did("read") and last("read") <        "90 days"`,
		`last("read", content == "c (1)") within 7 jours`:             `last("read", content == "c (1)") >    "7 jours"`,
		`between(a, 1, 2) and within(hired, "3 days")`:                `between(a, 1, 2) and within(hired, "3 days")`,
		`(telework_days) not between f(1, 2) and [3 and 4] or within`: `(telework_days) not in      f(1, 2) ..  [3 and 4] or within`,
	} {
		if got, ok := audiences.Sweeten(rule); !ok || got != want {
			t.Errorf("%s\n got %s\nwant %s", rule, got, want)
		}
	}
}
