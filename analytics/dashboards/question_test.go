package dashboards_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/dashboards"
)

// A value that holds a comma is asked for by a backslash before it; what was written before anything was still says the same.
func TestConditions_TakeCommas(t *testing.T) {
	of := crowd(1200)
	of.publish("a")
	for i := range of.people {
		of.people[i].site = []string{`Nantes, quai\est`, "Nantes", " sud"}[i/12%3]
		of.acts = append(of.acts, act{fil.Impression, of.people[i].id, "a", 1, 9})
	}
	w := build(t, of)
	for where, shown := range map[string]float64{
		`site:Nantes\, quai\est`:        400,
		`site:Nantes\, quai\\est`:       400,
		`site:Nantes\, quai\est,Nantes`: 800,
		`site:Nantes, quai\est`:         400, // Nantes or " quai\est", where nobody is
		`site:Nantes\\, sud`:            400, // "Nantes\" or " sud"
		`site: sud,Nantes`:              800,
	} {
		if a := w.told("contents/a?where=" + url.QueryEscape(where)); !near(a.Totals["shown"], shown) {
			t.Errorf("%s: %v were shown it, want about %v", where, a.Totals["shown"], shown)
		}
	}
	if status, body, _ := w.ask("overview?where=site"); status != 422 || !strings.Contains(body, `\\,`) {
		t.Errorf("a condition without values: %d %s", status, body)
	}
}

func FuzzValuesOf(f *testing.F) {
	for _, text := range []string{"A,B", `Nantes\, quai,sud`, `a\\,b\`, `\,`, ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values := dashboards.ValuesOf(text)
		if !strings.Contains(text, `\`) && !slices.Equal(values, strings.Split(text, ",")) {
			t.Fatalf("%q is %q: no backslash, and not what it was", text, values)
		}
		written := make([]string, len(values))
		for i, value := range values {
			written[i] = strings.NewReplacer(`\`, `\\`, ",", `\,`).Replace(value)
		}
		if again := dashboards.ValuesOf(strings.Join(written, ",")); !slices.Equal(again, values) {
			t.Fatalf("%q is %q, written again %q", text, values, again)
		}
	})
}
