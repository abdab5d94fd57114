package fil_test

import (
	"slices"
	"testing"

	"github.com/filengine/fil"
)

func TestSchemaNamesItsFaults(t *testing.T) {
	t.Parallel()
	for want, schema := range map[string]fil.Schema{
		"":                     {{Name: "branch", Kind: fil.KindText, Values: []string{"FPE", "FPT"}}, {Name: "chief", Kind: fil.KindAgent, Sensitive: true}, {Name: "tools", Kind: fil.KindList, Values: []string{"sig"}}},
		"attributes[0].values": {{Name: "hired", Kind: fil.KindDate, Values: []string{"2026-01-31"}}},
		"attributes[1].values": {{Name: "a", Kind: fil.KindText}, {Name: "branch", Kind: fil.KindText, Values: []string{"FPE", "FPE"}}},
		"attributes[0].kind":   {{Name: "a", Kind: "person"}},
		"attributes[0].name":   {{Name: "between", Kind: fil.KindText}},
	} {
		var fields []string
		for _, fault := range fil.FaultsOf(schema.Validate()) {
			fields = append(fields, fault.Field)
		}
		if want == "" && len(fields) > 0 || want != "" && !slices.Equal(fields, []string{want}) {
			t.Errorf("faults %v, want %q", fields, want)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"grade", "category", "attaché", "ingénieur en chef", "B"}
	for name, want := range map[string]string{
		"grad": "grade", "gardé": "grade", "Grade": "grade", "attache": "attaché", "ingenieur chef": "ingénieur en chef", "": "", "xyzzy": "", "A": "", "catgeory": "category",
	} {
		if got := fil.Nearest(name, names); got != want {
			t.Errorf("nearest of %q is %q, want %q", name, got, want)
		}
	}
}
