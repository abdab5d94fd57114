package ranking_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

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
