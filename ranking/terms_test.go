package ranking_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// termed is a policy with one term of each expression, named t0, t1, …
func termed(t testing.TB, expressions ...string) ranking.Policy {
	t.Helper()
	p, err := ranking.ParsePolicy([]byte(termsFile(expressions...)))
	if err != nil {
		t.Fatalf("%v: %v", expressions, err)
	}
	return p
}

func termsFile(expressions ...string) string {
	var b strings.Builder
	b.WriteString("terms:\n")
	for i, e := range expressions {
		fmt.Fprintf(&b, "- {name: t%d, label: {fr: Un, en: One}, weight: 1, value: %q}\n", i, e)
	}
	return b.String()
}

func TestTerms_ValueAContent(t *testing.T) {
	content := fil.Content{
		ID: "c", Kind: "alert", Topics: []string{"sécurité", "routes"}, Source: "Routes", Author: "Ada", Community: "conducteurs",
		Priority: 2, PublishedAt: noon.Add(-36 * time.Hour), MandatoryUntil: noon.Add(time.Hour), PinnedUntil: noon,
	}
	for expression, want := range map[string]float64{
		`"sécurité" in topics`:                            1,
		`"finances" in topics`:                            0,
		`kind == "alert" and source startsWith "Rou"`:     1,
		`author == "Ada" ? 2.5 : 0`:                       2.5,
		`community == "conducteurs" && language == "fr"`:  1,
		`age_hours / 24`:                                  1.5,
		`-priority`:                                       -2,
		`mandatory and not pinned`:                        1,
		`log2(1 + reads)`:                                 3,
		`log2(0.0)`:                                       math.Log2(1e-9),
		`min(len(topics), 10)`:                            2,
		`let x = priority; x * x`:                         4,
		`age_hours * 1000`:                                100, // cut
		`priority % (priority - 2)`:                       0,   // cannot be evaluated
		`0.0 / 0.0`:                                       0,   // is no number
		`lower(source) matches "^r.+s$"`:                  1,
		`kind in ["alert", "event"] ? priority + 0.5 : 0`: 2.5,
	} {
		if got := termed(t, expression).TermsOf(content, 7, noon)["t0"]; got != want {
			t.Errorf("%s: %v, want %v", expression, got, want)
		}
	}
}

func TestTerms_FaultsPointAtThePlace(t *testing.T) {
	for expression, want := range map[string]string{
		`prioritty > 1`:                      "terms[0].value:1:1",
		`priority >`:                         "terms[0].value:1:",
		`kind`:                               "terms[0].value",
		`mandatory ? 1 : kind`:               "terms[0].value",
		`any(topics, true)`:                  "terms[0].value",
		`topics`:                             "terms[0].value",
		`len(1..1000000000)`:                 "terms[0].value",
		`len(filter(topics, true))`:          "terms[0].value",
		`now()`:                              "terms[0].value:1:1",
		strings.Repeat("1+", 150) + "1":      "terms[0].value",
		strings.Repeat("priority +", 60):     "terms[0].value",
		`"` + strings.Repeat("x", 600) + `"`: "terms[0].value",
	} {
		_, err := ranking.ParsePolicy([]byte(termsFile(expression)))
		faults := fil.FaultsOf(err)
		if len(faults) != 1 || !strings.HasPrefix(faults[0].Field, want) || faults[0].Problem.FR == "" || faults[0].Problem.EN == "" {
			t.Errorf("%.40s: %v, want one fault at %s", expression, err, want)
		}
	}
	_, err := ranking.ParsePolicy([]byte(termsFile("prioritty > 1")))
	if !strings.Contains(err.Error(), "priority ?") {
		t.Errorf("the nearest name is not proposed: %v", err)
	}
}

func TestTerms_AreBounded(t *testing.T) {
	_, err := ranking.ParsePolicy([]byte(termsFile(slices.Repeat([]string{"priority"}, 17)...)))
	if faults := fil.FaultsOf(err); len(faults) != 1 || faults[0].Field != "terms" {
		t.Errorf("17 terms: %v", err)
	}
	_, err = ranking.ParsePolicy([]byte("terms:\n- {name: A, label: {fr: x}, weight: -1, value: priority}\n- {name: A, label: {fr: x, en: y}, weight: 1, value: priority, colour: red}"))
	var fields []string
	for _, fault := range fil.FaultsOf(err) {
		fields = append(fields, fault.Field)
	}
	for _, want := range []string{"terms[0].name", "terms[0].label.en", "terms[0].weight", "terms[1].name", "policy:3"} {
		if !slices.Contains(fields, want) {
			t.Errorf("no fault about %s in %v", want, fields)
		}
	}
}

func TestTerms_MakeAVersion(t *testing.T) {
	none, one, other := ranking.DefaultPolicy(), termed(t, "priority"), termed(t, "priority + 1")
	if none.Version == one.Version || one.Version == other.Version {
		t.Errorf("versions %s, %s and %s", none.Version, one.Version, other.Version)
	}
	again, err := ranking.ParsePolicy([]byte("terms: null"))
	if err != nil || again.Version != none.Version {
		t.Errorf("none at all has the version %s, %v; want %s", again.Version, err, none.Version)
	}
}

func TestRulesOrder_NamesEachOnce(t *testing.T) {
	p, err := ranking.ParsePolicy([]byte("rules: {order: [pinned, mandatory, unseen, discovery, caps]}"))
	if err != nil || p.Version == ranking.DefaultPolicy().Version {
		t.Errorf("another order: %v, version %s", err, p.Version)
	}
	for _, order := range []string{"[mandatory, pinned, unseen, caps]", "[mandatory, mandatory, pinned, unseen, caps, discovery]", "[mandatory, pinned, unseen, caps, discovery, luck]", "[unseen, mandatory, pinned, caps, discovery]", "[mandatory, pinned, caps, unseen, discovery]"} {
		if _, err := ranking.ParsePolicy([]byte("rules: {order: " + order + "}")); len(fil.FaultsOf(err)) == 0 || fil.FaultsOf(err)[0].Field != "rules.order" {
			t.Errorf("%s: %v", order, err)
		}
	}
}

func FuzzTerms(f *testing.F) {
	for _, seed := range []string{`"a" in topics`, `priority % 0`, `let x = 1; x`, `age_hours ** 1000`, `topics[3]`, `1..2`, `lower(kind + kind)`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		p, err := ranking.ParsePolicy([]byte(termsFile(expression)))
		if err != nil {
			return
		}
		value := p.TermsOf(fil.Content{Kind: "news", Topics: []string{"a"}, PublishedAt: noon}, 3, noon)["t0"]
		if !(value >= -100 && value <= 100) {
			t.Fatalf("%q is worth %v", expression, value)
		}
	})
}
