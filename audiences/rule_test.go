package audiences_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

var update = flag.Bool("update", false, "write the golden files anew")

// wrongRules are mistakes that people make, with the name that should be proposed.
var wrongRules = []struct{ rule, nearest string }{
	{`grad == "A"`, "grade"},
	{`manager and telwork_days > 2`, "telework_days"},
	{`"sig" in skils`, "skills"},
	{`Grade == "A"`, "grade"},
	{`salaire > 3`, ""},
	{`grade = "A"`, ""},
	{`not grade in ["A"]`, ""},
	{`!grade == "A"`, ""},
	{`not grad in ["A"]`, "grade"},
	{`telework_days > 1e400`, ""},
	{`grade + telework_days == 3`, ""},
	{`grade == “A”`, ""},
	{`grade == « A »`, ""},
	{`grade == "A" and`, ""},
	{`(grade == "A"`, ""},
	{`grade == "A`, ""},
	{`grade == "A" grade`, ""},
	{`grade == @`, ""},
	{``, ""},
	{`grade`, ""},
	{`not telework_days`, ""},
	{`grade and manager`, ""},
	{`grade == 2`, ""},
	{`grade in ["A", 2]`, ""},
	{`grade in [category]`, ""},
	{`grade < "B"`, ""},
	{`telework_days > "2"`, ""},
	{`hired < "31/01/2026"`, ""},
	{`hired < "2026-02-30"`, ""},
	{`hired > 2020`, ""},
	{`manager == "oui"`, ""},
	{`manager > true`, ""},
	{`skills == "sig"`, ""},
	{`skills in ["sig"]`, ""},
	{`skills contains "sig"`, ""},
	{`"A" in grade`, ""},
	{`2 in skills`, ""},
	{`telework_days startsWith "2"`, ""},
	{`grade matches "["`, ""},
	{`grade matches category`, ""},
	{`inOrg()`, ""},
	{`inOrg(site)`, ""},
	{`inOrg("/")`, ""},
	{`inorg("mairie")`, "inOrg"},
	{`length(skills) > 2`, ""},
	{`lenn(skills) > 2`, "len"},
	{`now() > 2`, ""},
	{`len(skills)`, ""},
	{`len(skills) + grade > 2`, ""},
	{`let x = grade; x == "A"`, ""},
	{`grade ?? "A" == "A"`, ""},
	{`telework_days in 1..3`, ""},
	{`skills[0] == "sig"`, ""},
	{`{"a": manager}`, ""},
	{`grade.name == "A"`, ""},
	{`any(skills, any(skills, # == "a"))`, ""},
	{`grade matches "(a{1,30}b?){10}"`, ""},
	{`grade matches "` + strings.Repeat("a", 300) + `"`, ""},
	{`hired within 30 dayz`, "days"},
	{`hired within days`, ""},
	{`hired within`, ""},
	{`hired within 30 hours`, ""},
	{`hired older than 300 years`, ""},
	{`grade within 30 days`, ""},
	{`len(skills) older than 2 ans`, ""},
	{`within(hired, "demain")`, ""},
	{`ahead(hired)`, ""},
	{`telework_days between 1`, ""},
	{`telework_days between 1 or 3`, ""},
	{`telework_days between 3 and 1`, ""},
	{`grade between "A" and "B"`, ""},
	{`telework_days between "1" and 3`, ""},
	{`between(telework_days, 1)`, ""},
	{`any(skills, # within 30 days)`, ""},
	{`audience("cadre")`, "cadres"},
	{`audience()`, ""},
	{`member("nulle part")`, ""},
	{`audience(grade)`, ""},
	{`team()`, ""},
	{`team("a", "direct")`, ""},
	{`service(id)`, ""},
	{`branch == "FTP"`, "FPT"},
	{`branch in ["FPE", "État"]`, ""},
	{`phone == "0102030405"`, ""},
	{`manager ? phone != nil : true`, ""},
	{`telework_days at least 3`, ""},
	{`hired in "30 days"`, ""},
	{`did("read")`, ""},
	{"manager and\n  hired within 3 fortnights", ""},
	{`grade in [` + strings.Repeat(`"x",`, 1001) + `]`, ""},
	{"manager and\n  grad == \"A\"", "grade"},
	{"site == \"Hôtel de ville\" and grad == \"é\"", "grade"},
	{strings.Repeat("manager and ", 100) + "grad == 2", "grade"},
	{strings.Repeat("not (", 70) + "manager" + strings.Repeat(")", 70), ""},
	{strings.Repeat("0 < (", 50) + "1" + strings.Repeat(" ? 1 : 0) < 2", 50), ""},
	{"(" + strings.Repeat("0 < ((", 30) + "1 > 0" + strings.Repeat(") ? 1 : 0) < 2", 30) + ")", ""},
	{strings.Repeat("x", audiences.MaxRuleBytes+1), ""},
	{`grade in ["` + strings.Repeat(`","`, 2100) + `"]`, ""},
}

func TestRuleErrors(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	putAudiences(t, ix, fil.Audience{ID: "cadres", Rule: `manager`})
	var got strings.Builder
	for _, wrong := range wrongRules {
		err := ix.Check(wrong.rule)
		if wrong.rule == "" {
			if err != nil {
				t.Errorf("the empty rule is refused: %v", err)
			}
			continue
		}
		var rule *audiences.RuleError
		if !errors.As(err, &rule) {
			t.Errorf("%s: got error %v, want a *RuleError", wrong.rule, err)
			continue
		}
		if rule.Nearest != wrong.nearest {
			t.Errorf("%s: proposes %q, want %q", wrong.rule, rule.Nearest, wrong.nearest)
		}
		faults := fil.FaultsOf(err)
		if len(faults) != 1 || faults[0].Field != "rule" {
			t.Fatalf("%s: faults %v, want one of the field rule", wrong.rule, faults)
		}
		fmt.Fprintf(&got, "%s\n%s\n\n", faults[0].Problem.FR, faults[0].Problem.EN)
	}
	golden(t, "rule_errors.txt", got.String())
}

// golden compares with a file, or writes it when asked.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-want +got); go test -update writes it anew:\n%s", path, cmp.Diff(string(want), got))
	}
}

// TestRulesAnswered holds each form of rule to the agents it should hold, and to bitmaps where they can do.
func TestRulesAnswered(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return time.Date(2024, 3, 1, 23, 30, 0, 0, time.UTC) }})
	putAudiences(t, ix, fil.Audience{ID: "cadres", Rule: `manager`, Members: []string{"cyd", "zoe"}})
	putAgents(t, ix,
		fil.Agent{ID: "ana", Org: "mairie/dgst/voirie", Site: "Nord", Language: "fr", Attributes: map[string]any{"grade": "attaché", "manager": true, "telework_days": 2.0, "hired": "2019-09-01", "skills": []string{"droit", "sig"}}},
		fil.Agent{ID: "bob", Org: "mairie/dgstx", Site: "Sud", Attributes: map[string]any{"grade": "adjoint", "category": "adjoint", "manager": false, "telework_days": 0.0, "hired": "2024-01-15", "supervisor": "ana", "contract_end": "2024-03-02"}},
		fil.Agent{ID: "cyd", Attributes: map[string]any{"skills": []string{}, "supervisor": "bob", "branch": "FPT"}},
	)
	for _, c := range []struct {
		rule     string
		want     string
		compiled bool
	}{
		{`grade == "attaché"`, "ana", true},
		{`grade != "attaché"`, "bob cyd", true},
		{`not (grade == "attaché")`, "bob cyd", true},
		{`grade != "attaché" and grade != nil`, "bob", true},
		{`grade not in ["attaché", "adjoint"]`, "cyd", true},
		{`grade in []`, "", true},
		{`telework_days < 1`, "bob", true},
		{`not (telework_days >= 1)`, "bob cyd", true},
		{`1 <= telework_days`, "ana", true},
		{`telework_days == 0 or telework_days == 2`, "ana bob", true},
		{`hired >= "2019-09-01" and hired < "2024-01-15"`, "ana", true},
		{`hired == nil`, "cyd", true},
		{`"sig" in skills`, "ana", true},
		{`skills == nil`, "bob cyd", true},
		{`manager`, "ana", true},
		{`not manager`, "bob cyd", true},
		{`manager == false`, "bob", true},
		{`inOrg("mairie/dgst")`, "ana", true},
		{`inOrg("/mairie/")`, "ana bob", true},
		{`org == "mairie"`, "", true},
		{`org startsWith "mairie/dgst"`, "ana bob", true},
		{`grade matches "^a" && !(site == "Sud")`, "ana", true},
		{`language == "fr"`, "ana", true},
		{`id in ["bob", "cyd", "zoe"]`, "bob cyd", true},
		{`true`, "ana bob cyd", true},
		{`not true or false`, "", true},
		{`len(skills) > 1`, "ana", false},
		{`len(skills) != 2`, "bob cyd", false},
		{`any(skills, # startsWith "s")`, "ana", true},
		{`any(skills, # == "sig" or lower(#) contains "X")`, "ana", true},
		{`all(skills, # in ["sig", "droit"])`, "ana bob cyd", true},
		{`all(skills, "sig" != #)`, "bob cyd", true},
		{`none(skills, # matches "^d" and not (# == "do"))`, "bob cyd", true},
		{`any(skills, # == "sig")`, "ana", true},
		{`none(skills, # in ["sig"])`, "bob cyd", true},
		{`one(skills, # == "sig")`, "ana", false},
		{`any(skills, # == grade)`, "", false},
		{`telework_days between 1 and 3 and manager`, "ana", true},
		{`telework_days not between 1 and 3`, "bob cyd", true},
		{`between(telework_days, -1, 0)`, "bob", true},
		{`hired between "2024-01-15" and "2024-01-15"`, "bob", true},
		{`len(skills) between 1 and telework_days`, "ana", false},
		{`hired within 47 days`, "bob", true},
		{`hired within 46 jours`, "", true},
		{`hired within 2 mois`, "bob", true},
		{`hired within 1 month`, "", true},
		{`hired not within 2 months`, "ana cyd", true},
		{`within(hired, "5 années")`, "ana bob", true},
		{`hired older than 4 ans`, "ana", true},
		{`older(hired, "47 days")`, "ana", true},
		{`contract_end within next 0 days`, "bob", true},
		{`contract_end within 0 days`, "bob", true},
		{`ahead(contract_end, "1 week")`, "bob", true},
		{`hired within next 10 ans`, "", true},
		{`hired /* depuis */ within // peu
		   7 /* ou 8 */ semaines`, "bob", true},
		{`audience("cadres")`, "ana cyd", true},
		{`member("cadres")`, "cyd", true},
		{`not audience("cadres") and not manager`, "bob", true},
		{`team("ana")`, "bob cyd", true},
		{`team("ana", direct)`, "bob", true},
		{`supervisor == "ana"`, "bob", true},
		{`team("bob") or team("zoe")`, "cyd", true},
		{`service("ana")`, "ana", true},
		{`service("cyd")`, "", true},
		{`branch in ["FPT", "FPH"]`, "cyd", true},
		{`manager ? hired older than 4 years : team("ana")`, "bob", false},
		{`(manager ? team("bob") : team("ana")) or manager and (service("ana") ? true : false)`, "ana bob", false},
		{`grade == category`, "bob", false},
		{`grade != category`, "ana cyd", false},
		{`telework_days * 2 > 3`, "ana", false},
		{`1 < telework_days < 3`, "ana", true},
		{`manager ? telework_days > 1 : inOrg("mairie/dgstx/")`, "ana bob", false},
		{`id startsWith "c" or lower(grade) == "adjoint"`, "bob cyd", false},
	} {
		got, err := ix.Select(c.rule)
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
		} else if strings.Join(got, " ") != c.want {
			t.Errorf("%s holds %v, want %s", c.rule, got, c.want)
		}
		if ix.Compiled(c.rule) != c.compiled {
			t.Errorf("%s: compiled to bitmaps is %v, want %v", c.rule, !c.compiled, c.compiled)
		}
	}
}

// FuzzRule holds that any text gives an error or a plan, and that a plan's two answers agree.
func FuzzRule(f *testing.F) {
	for _, wrong := range wrongRules {
		f.Add(wrong.rule)
	}
	f.Add(`grade == "attaché" and (len(skills) > 1 or not inOrg("mairie/dgs")) and telework_days in [1, 2]`)
	f.Add(`manager ? hired < "2020-01-01" : count(skills, # contains "s") >= 1`)
	f.Add(`if manager { true } else { false }`)
	f.Add("skills | any(# == 'sig') and abs(-telework_days) in [1.5, 0x2]")
	f.Add(`hired within 30 jours and contract_end not within next 2 mois or not (hired older than 1 an)`)
	f.Add(`(manager ? team("a000001") : telework_days between 1 and len(skills)) and none(skills, upper(#) matches "S")`)
	f.Add(`audience("y") or member("x") and service("a000003") and did("read", at least 3, within 30 days)`)
	ix := audiences.NewIndex(schema, audiences.Config{})
	putAgents(f, ix, townHall(20)...)
	f.Fuzz(func(t *testing.T, rule string) {
		selected, err := ix.Select(rule)
		var wrong *audiences.RuleError
		if err != nil {
			if !errors.As(err, &wrong) || wrong.Problem.FR == "" || wrong.Problem.EN == "" || wrong.Line < 1 || wrong.Column < 1 {
				t.Fatalf("%q: error %#v has no place or no text", rule, err)
			}
			return
		}
		putAudiences(t, ix, fil.Audience{ID: "x", Rule: rule})
		in := 0
		for _, a := range ix.Agents("", 20) {
			if m, _ := ix.Member(a.ID); m.In("x") {
				in++
			}
		}
		if rule != "" && in != len(selected) {
			t.Fatalf("%q: sets hold %d agents, asked one by one %d are in", rule, len(selected), in)
		}
	})
}

// TestDocumentedRules holds every rule of RULES.md to compile, and its two tables of missing values to be true.
func TestDocumentedRules(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("RULES.md")
	if err != nil {
		t.Fatal(err)
	}
	ix := audiences.NewIndex(schema, audiences.Config{Behaviour: 90 * 24 * time.Hour})
	putAgents(t, ix, fil.Agent{ID: "bare"})
	putAudiences(t, ix, fil.Audience{ID: "cadres", Rule: `manager`})
	text, rules, missing := string(raw), 0, 0
	for _, block := range regexp.MustCompile("(?s)```rule\n(.*?)```").FindAllStringSubmatch(text, -1) {
		rules++
		if err := ix.Check(block[1]); err != nil {
			t.Errorf("%s: %v", block[1], err)
		}
	}
	verdicts := map[string]int{"n'en est pas": 0, "is out": 0, "en est": 1, "is in": 1}
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "| \n"), `\|`, "\x00"), " | ")
		if len(cells) != 2 || !strings.Contains(cells[0]+cells[1], "`") {
			continue
		}
		for _, quoted := range regexp.MustCompile("`([^`…]+)`").FindAllStringSubmatch(cells[0]+cells[1], -1) {
			rule := strings.ReplaceAll(quoted[1], "\x00", "|")
			rules++
			got, err := ix.Select(rule)
			if err != nil {
				t.Errorf("%s: %v", rule, err)
			}
			if want, said := verdicts[cells[1]]; said {
				missing++
				if len(got) != want {
					t.Errorf("%s: RULES.md says the agent with nothing %s, the index holds %d", rule, cells[1], len(got))
				}
			}
		}
	}
	for _, quoted := range regexp.MustCompile("`([a-z][^`…|\n]*(?:\\(\\w|\\(\"| in \\[)[^`…|\n]*)`").FindAllStringSubmatch(text, -1) {
		rules++
		if err := ix.Check(quoted[1]); err != nil {
			t.Errorf("%s: %v", quoted[1], err)
		}
	}
	if rules < 150 || missing != 18 {
		t.Errorf("found %d rules and %d on missing values in RULES.md", rules, missing)
	}
}
