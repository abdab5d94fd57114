package ranking_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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

// Pinned contents stand above mandatory ones where the policy says so, and the explanation says where they stand.
func TestRulesOrder_PinnedFirst(t *testing.T) {
	catalogue := newCatalogue(t,
		fil.Content{ID: "must", PublishedAt: noon.Add(-time.Hour), MandatoryUntil: noon.Add(time.Hour)},
		fil.Content{ID: "pin", PublishedAt: noon.Add(-2 * time.Hour), PinnedUntil: noon.Add(time.Hour)},
		fil.Content{ID: "new", PublishedAt: noon.Add(-time.Minute)})
	for order, want := range map[string]struct{ ids, must, pin string }{
		"[mandatory, pinned, unseen, caps, discovery]": {"must pin new", "placed at the top", "placed after mandatory contents"},
		"[pinned, mandatory, unseen, caps, discovery]": {"pin must new", "placed after pinned contents", "placed at the top"},
	} {
		ranker := ranking.NewRanker(policy(t, "rules: {order: "+order+"}"), catalogue, directory{"alice": nil}, nil)
		feed := rank(t, ranker, nil, noon)
		if got := strings.Join(ids(t, catalogue, feed), " "); got != want.ids {
			t.Errorf("%s: %s, want %s", order, got, want.ids)
		}
		placements, _, err := ranker.Place("alice", nil, feed.Entries, fil.OrderRanked, "en", noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range placements {
			if says := map[string]string{"must": want.must, "pin": want.pin}[p.Content]; !strings.Contains(strings.Join(p.Explanation.Operations, "\n"), says) {
				t.Errorf("%s: %s is said to be %v, want %q", order, p.Content, p.Explanation.Operations, says)
			}
		}
	}
}

// What is drawn for discovery is held to the caps only where these come first.
func TestRulesOrder_DiscoveryBeforeCaps(t *testing.T) {
	contents := make([]fil.Content, 40)
	for i := range contents {
		contents[i] = fil.Content{ID: fmt.Sprint("c", i), Source: fmt.Sprint("s", min(i, 8)), PublishedAt: noon.Add(-time.Duration(i+1) * time.Minute)}
	}
	catalogue := newCatalogue(t, contents...)
	most := map[string]int{}
	for _, order := range []string{"caps, discovery", "discovery, caps"} {
		p, err := ranking.ParsePolicy([]byte("exploration: {share: 0.5}\nrules: {order: [mandatory, pinned, unseen, " + order + "], cap_per_source: 1}"))
		if err != nil {
			t.Fatal(err)
		}
		ranker := ranking.NewRanker(p, catalogue, directory{"alice": nil}, nil)
		for day := range 20 {
			count := 0
			for _, id := range ids(t, catalogue, rank(t, ranker, nil, noon.AddDate(0, 0, day)))[:9] {
				if content, _ := catalogue.Content(id); content.Source == "s8" {
					count++
				}
			}
			most[order] = max(most[order], count)
		}
	}
	if most["caps, discovery"] != 1 || most["discovery, caps"] < 2 {
		t.Errorf("the source that is capped at 1 has %v places among the first 9", most)
	}
}
