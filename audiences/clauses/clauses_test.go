package clauses_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/audiences/clauses"
)

var schema = fil.Schema{
	{Name: "grade", Kind: fil.KindText}, {Name: "category", Kind: fil.KindText}, {Name: "manager", Kind: fil.KindBoolean},
	{Name: "telework_days", Kind: fil.KindNumber}, {Name: "hired", Kind: fil.KindDate}, {Name: "contract_end", Kind: fil.KindDate}, {Name: "skills", Kind: fil.KindList},
	{Name: "branch", Kind: fil.KindText, Values: []string{"FPE", "FPT", "FPH"}}, {Name: "supervisor", Kind: fil.KindAgent}, {Name: "phone", Kind: fil.KindText, Sensitive: true},
}

func record(tb testing.TB, topic fil.Topic, offset int, key string, value any) fil.Record {
	tb.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	return fil.Record{Position: fil.Position{Topic: topic, Offset: int64(offset)}, Key: key, Event: fil.Event{Data: raw}}
}

// town is an index of agents who differ in everything that rules of the tests ask.
func town(tb testing.TB) *audiences.Index {
	tb.Helper()
	ix := audiences.NewIndex(schema, audiences.Config{Behaviour: 90 * 24 * time.Hour})
	pick := func(i int, of ...any) any { return of[i%len(of)] }
	var agents []fil.Record
	for i := range 120 {
		a := fil.Agent{ID: fmt.Sprintf("a%04d", i), Org: pick(i, "mairie/dgst", "mairie/dgst/voirie", "mairie", "cd").(string), Site: pick(i/2, "Hôtel de ville", "Annexe").(string), Attributes: map[string]any{}}
		for name, value := range map[string]any{
			"grade": pick(i/3, "attaché", "adjoint", nil, "rédacteur"), "category": pick(i/5, "A", nil, "B"), "manager": pick(i/7, true, false, nil),
			"telework_days": pick(i/2, 0.0, nil, 1.0, 2.0, 3.0), "hired": pick(i/4, "2019-05-01", nil, time.Now().AddDate(0, 0, -10).Format(time.DateOnly), "2020-06-01"),
			"contract_end": pick(i/9, nil, time.Now().AddDate(0, 0, 20).Format(time.DateOnly), "2026-03-01"), "skills": pick(i/2, nil, []string{"sig"}, []string{"excel", "droit public"}, []string{"sig", "excel"}),
			"branch": pick(i/11, "FPE", nil, "FPT"), "supervisor": pick(i/6, "a0042", nil, "a0001"),
		} {
			if value != nil {
				a.Attributes[name] = value
			}
		}
		agents = append(agents, record(tb, fil.TopicAgents, i, a.ID, a))
	}
	if err := ix.ApplyAgents(agents); err != nil {
		tb.Fatal(err)
	}
	ix.Settle()
	if err := ix.ApplyAudiences([]fil.Record{record(tb, fil.TopicAudiences, 0, "cadres", fil.Audience{ID: "cadres", Name: "Cadres", Rule: `category == "A"`, Members: []string{"a0007"}})}); err != nil {
		tb.Fatal(err)
	}
	return ix
}

func size(tb testing.TB, ix *audiences.Index, rule string) int {
	tb.Helper()
	plan, err := ix.Explain(rule, audiences.Exact, "")
	if err != nil || plan.Size == nil {
		tb.Fatalf("%s: %v", rule, err)
	}
	return *plan.Size
}

// goesRound reads a rule, writes its clauses, and holds the two rules to say the same.
func goesRound(tb testing.TB, ix *audiences.Index, rule string) clauses.Clause {
	tb.Helper()
	read, err := clauses.Read(ix, rule)
	if err != nil {
		tb.Fatalf("%s: %v", rule, err)
	}
	written := read.Rule()
	again, err := clauses.Read(ix, written)
	if err != nil {
		tb.Fatalf("%s is written %s: %v", rule, written, err)
	}
	if !reflect.DeepEqual(read, again) {
		tb.Fatalf("%s\nis   %+v\nthen %+v\nby   %s", rule, read, again, written)
	}
	if is, was := size(tb, ix, written), size(tb, ix, rule); is != was {
		tb.Fatalf("%s holds for %d, %s for %d", rule, was, written, is)
	}
	return read
}

// Every rule of the language's reference goes round, or is an expression with the reason.
func TestEveryDocumentedRuleGoesRound(t *testing.T) {
	t.Parallel()
	ix := town(t)
	raw, err := os.ReadFile("../RULES.md")
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, block := range regexp.MustCompile("(?s)```rule\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		rules = append(rules, block[1])
	}
	for _, quoted := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(string(raw), -1) {
		if rule := strings.ReplaceAll(quoted[1], `\|`, "|"); ix.Check(rule) == nil {
			rules = append(rules, rule)
		}
	}
	kept := map[string]bool{}
	for _, rule := range rules {
		c := goesRound(t, ix, rule)
		if !c.ByChoice() {
			kept[rule] = true
			if text, err := json.Marshal(c); err != nil || !strings.Contains(string(text), `"reason":{"fr":"`) {
				t.Errorf("%s is kept as an expression without a reason: %s", rule, text)
			}
		}
	}
	if len(rules) < 60 || len(kept) == 0 || len(kept) > len(rules)/5 {
		t.Errorf("%d rules, of which %d are expressions: %v", len(rules), len(kept), kept)
	}
	t.Logf("%d rules, %d different ones kept as expressions: %v", len(rules), len(kept), kept)
}

func TestReadSaysWhatAPersonWouldChoose(t *testing.T) {
	t.Parallel()
	ix := town(t)
	for rule, want := range map[string]string{
		`grade == "attaché" and inOrg("mairie/dgst") and not manager`: `{"all":[{"attribute":"grade","operator":"is","values":["attaché"]},{"attribute":"org","operator":"under","values":["mairie/dgst"]},{"attribute":"manager","operator":"is_not","values":[true]}]}`,
		`not (grade in ["a","b"] or "sig" in skills)`:                 `{"none":[{"attribute":"grade","operator":"in","values":["a","b"]},{"attribute":"skills","operator":"has","values":["sig"]}]}`,
		`not did("read", topic == "rh", at least 3, within 30 jours)`: `{"none":[{"did":["read"],"topics":["rh"],"at_least":3,"span":"30 jours"}]}`,
		`last("read") older than 60 days`:                             `{"operator":"older","last":["read"],"span":"60 days"}`,
		`hired within 30 days or team("a0042", direct)`:               `{"any":[{"attribute":"hired","operator":"within","values":["30 days"]},{"team":"a0042","direct":true}]}`,
		`1 <= telework_days < 3`:                                      `{"all":[{"attribute":"telework_days","operator":"at_least","values":[1]},{"attribute":"telework_days","operator":"less","values":[3]}]}`,
		`len(skills) > 2 and grade != nil`:                            `{"all":[{"expression":"len(skills) \u003e 2","reason":{"fr":"un calcul (longueur, opération, mise en minuscules…) est demandé","en":"a computation (length, operation, lower case…) is asked for"}},{"attribute":"grade","operator":"filled"}]}`,
		``:                                                            `{"everyone":false}`,
	} {
		read, err := clauses.Read(ix, rule)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(read); err != nil || string(got) != want {
			t.Errorf("%s:\n%s, want\n%s", rule, got, want)
		}
	}
	if _, err := clauses.Read(ix, `grad == "x"`); err == nil || !strings.Contains(err.Error(), "vouliez-vous dire") {
		t.Errorf("a wrong rule: %v", err)
	}
}

// draw makes clauses that a person could choose.
func draw(t *rapid.T, depth int) clauses.Clause {
	kinds := 4
	if depth > 0 {
		kinds = 7
	}
	some := func(name string, of ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 2, rapid.ID).Draw(t, name)
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]clauses.Clause{{Audience: "cadres"}, {Member: "cadres"}, {Team: "a0042"}, {Team: "a0042", Direct: true}, {Service: "a0042"}}).Draw(t, "people")
	case 1:
		c := clauses.Clause{Did: some("acts", "read", "click", "open")}
		if rapid.Bool().Draw(t, "about") {
			c.Topics, c.AtLeast, c.Span = some("topics", "rh", `p"a\ie`), rapid.IntRange(0, 5).Draw(t, "times"), rapid.SampledFrom([]string{"", "30 days", "36 heures"}).Draw(t, "span")
		}
		return c
	case 2:
		return clauses.Clause{Last: some("acts", "read", "click"), Operator: rapid.SampledFrom([]string{"within", "older"}).Draw(t, "when"), Span: "7 jours", Sources: []string{"DRH"}}
	case 3:
		return drawCondition(t)
	}
	parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) clauses.Clause { return draw(t, depth-1) }), 0, 3).Draw(t, "parts")
	if parts == nil {
		parts = []clauses.Clause{}
	}
	switch rapid.IntRange(0, 2).Draw(t, "group") {
	case 0:
		return clauses.Clause{All: parts}
	case 1:
		return clauses.Clause{Any: parts}
	}
	return clauses.Clause{None: parts}
}

func drawCondition(t *rapid.T) clauses.Clause {
	builder := clauses.BuilderOf(schema)
	field := rapid.SampledFrom(builder.Fields).Draw(t, "field")
	operator := rapid.SampledFrom(field.Operators).Draw(t, "operator")
	of := builder.Operators[slices.IndexFunc(builder.Operators, func(o clauses.Operator) bool { return o.Name == operator })]
	n := of.Values
	if n < 0 {
		n = rapid.IntRange(1, 3).Draw(t, "n")
	}
	c := clauses.Clause{Attribute: field.Name, Operator: operator}
	for i := range n {
		switch {
		case of.Span:
			c.Values = append(c.Values, rapid.SampledFrom([]string{"30 days", "2 mois", "10 ans"}).Draw(t, "span"))
		case len(field.Values) > 0:
			c.Values = append(c.Values, rapid.SampledFrom(field.Values).Draw(t, "value"))
		case field.Kind == "number":
			c.Values = append(c.Values, float64(i)*10+rapid.SampledFrom([]float64{-2, 0, 1, 2.5}).Draw(t, "number"))
		case field.Kind == "date":
			c.Values = append(c.Values, fmt.Sprintf("20%02d-06-01", 10*i+rapid.IntRange(10, 19).Draw(t, "year")))
		case field.Kind == "boolean":
			c.Values = append(c.Values, rapid.Bool().Draw(t, "flag"))
		default:
			c.Values = append(c.Values, rapid.SampledFrom([]string{"attaché", "sig", "mairie/dgst", `l'"é\n`, "a0042"}).Draw(t, "text"))
		}
	}
	return c
}

// Clauses in their normal form come back equal from their rule, and say what they said before.
func TestClausesComeBackFromTheirRule(t *testing.T) {
	t.Parallel()
	ix := town(t)
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t, 3)
		rule := c.Rule()
		read, err := clauses.Read(ix, rule)
		if err != nil {
			t.Fatalf("%+v is written %s: %v", c, rule, err)
		}
		if want := c.Normal(); !reflect.DeepEqual(read, want) {
			t.Fatalf("%s\nis   %+v\nwant %+v", rule, read, want)
		}
	})
}

// FuzzDecode holds what comes from outside to be refused, or to give a rule that the language judges.
func FuzzDecode(f *testing.F) {
	f.Add(`{"all":[{"attribute":"grade","operator":"is","values":["a"]},{"none":[{"did":["read"],"at_least":2}]}]}`)
	f.Add(`{"any":[{"everyone":false},{"attribute":"x) or true","operator":"in","values":[{}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var given any
		if json.Unmarshal([]byte(text), &given) != nil {
			return
		}
		c, err := clauses.Decode(given)
		if err != nil {
			return
		}
		ix := audiences.NewIndex(schema, audiences.Config{})
		if read, err := clauses.Read(ix, c.Rule()); err == nil {
			goesRound(t, ix, read.Rule())
		}
	})
}
