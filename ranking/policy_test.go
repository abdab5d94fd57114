package ranking_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

func TestParsePolicy_KeepsTheDefaultOfWhatIsLeftOut(t *testing.T) {
	byDefault := ranking.DefaultPolicy()
	for name, file := range map[string]string{"empty": "", "the name alone": "name: fil-2", "a number that is the default": "weights: {topic: 3.0}"} {
		p, err := ranking.ParsePolicy([]byte(file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p.Version != byDefault.Version {
			t.Errorf("%s: version %s, want that of the default, %s", name, p.Version, byDefault.Version)
		}
	}
}

func TestParsePolicy_VersionsWhatDiffers(t *testing.T) {
	seen := map[string]string{}
	for _, file := range []string{"", "name: other", "weights: {topic: 4}", "signals: {read: 2.5}", "rules: {seen_by: [open]}", "exploration: {share: 0}"} {
		p, err := ranking.ParsePolicy([]byte(file))
		if err != nil {
			t.Fatalf("%q: %v", file, err)
		}
		if twin, ok := seen[p.Version]; ok {
			t.Errorf("%q and %q have the same version %s", file, twin, p.Version)
		}
		if !strings.HasPrefix(p.Version, p.Name+"-") {
			t.Errorf("version %s does not begin with the name %s", p.Version, p.Name)
		}
		seen[p.Version] = file
	}
}

func TestParsePolicy_NamesEveryFaultAtOnce(t *testing.T) {
	_, err := ranking.ParsePolicy([]byte(`
name: "Not A Name"
half_lives: {publication_hours: 0, affinity_days: .nan}
signals: {stare: 1, read: 1000}
weight: {topic: 1}
feed_length: many
rules: {seen_by: [glance], cap_per_source: -1}
`))
	var fields []string
	for _, fault := range fil.FaultsOf(err) {
		fields = append(fields, fault.Field)
		if fault.Problem.FR == "" || fault.Problem.EN == "" {
			t.Errorf("fault of %s is not told in both languages", fault.Field)
		}
	}
	for _, want := range []string{"name", "half_lives.publication_hours", "half_lives.affinity_days", "signals.stare", "signals.read", "policy:5", "policy:6", "rules.seen_by", "rules.cap_per_source"} {
		if !slices.Contains(fields, want) {
			t.Errorf("no fault about %s in %v", want, fields)
		}
	}
}

func TestParsePolicy_Refuses(t *testing.T) {
	for name, file := range map[string]string{
		"two documents":            "name: a\n---\nname: b\n",
		"not YAML":                 "name: [",
		"a list":                   "- a",
		"too long":                 "# " + strings.Repeat("x", 64<<10),
		"popularity beyond reason": "weights: {popularity: 2}",
	} {
		if _, err := ranking.ParsePolicy([]byte(file)); len(fil.FaultsOf(err)) == 0 {
			t.Errorf("%s: error %v holds no fault", name, err)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte("weights: {topic: 3}\nname: x"))
	f.Add([]byte("signals: {read: .inf}\n---\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := ranking.ParsePolicy(file)
		if err != nil {
			if len(fil.FaultsOf(err)) == 0 {
				t.Fatalf("error without a fault: %v", err)
			}
			return
		}
		again, err := ranking.ParsePolicy(file)
		if err != nil || again.Version != p.Version {
			t.Fatalf("read twice: versions %s and %s, error %v", p.Version, again.Version, err)
		}
	})
}
