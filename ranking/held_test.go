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

// What an agent hid is in their feed as long as they are to acknowledge it, in both orders and whether or not the policy puts it
// first; hidden alone or with its topic, before or after it was made mandatory.
func TestHidden_StaysWhileItIsToBeAcknowledged(t *testing.T) {
	must := news("must", noon.Add(-100*time.Hour))
	must.MandatoryUntil, must.Topics = noon.Add(time.Hour), []string{"travaux"}
	before := news("must", must.PublishedAt)
	revised := must
	revised.RevisedAt = noon.Add(-time.Hour)
	hide, acknowledge := did(fil.Dismiss, "must", noon.Add(-50*time.Hour)), did(fil.Acknowledge, "must", noon.Add(-40*time.Hour))
	topic := (ranking.Profile{}).Prefer(fil.Preference{Kind: fil.PreferHide, Agent: "alice", Facet: fil.FacetTopic, Name: "travaux", Time: noon.Add(-50 * time.Hour)}, 1)
	for name, c := range map[string]struct {
		contents []fil.Content // of its id, one after the other
		profile  []byte
		now      time.Time
		stays    bool
	}{
		"due":                        {[]fil.Content{must}, profileOf(hide), noon, true},
		"hidden before":              {[]fil.Content{before, must}, profileOf(hide), noon, true},
		"no longer mandatory":        {[]fil.Content{must, before}, profileOf(hide), noon, false},
		"acknowledged, then hidden":  {[]fil.Content{must}, profileOf(acknowledge, hide), noon, false},
		"hidden, then acknowledged":  {[]fil.Content{must}, profileOf(hide, acknowledge), noon, false},
		"to be acknowledged anew":    {[]fil.Content{must, revised}, profileOf(hide, acknowledge), noon, true},
		"past the deadline":          {[]fil.Content{must}, profileOf(hide), noon.Add(time.Hour), false},
		"topic hidden":               {[]fil.Content{must}, topic.Bytes(), noon, true},
		"topic, and acknowledged":    {[]fil.Content{must}, topic.Apply(acknowledge, 2).Bytes(), noon, false},
		"topic, past the deadline":   {[]fil.Content{must}, topic.Bytes(), noon.Add(time.Hour), false},
		"shown, and never mandatory": {[]fil.Content{before}, profileOf(hide), noon, false},
	} {
		for _, rules := range []string{"", "rules: {mandatory_first: false}"} {
			for _, order := range []fil.Order{fil.OrderRanked, fil.OrderChronological} {
				t.Run(fmt.Sprint(name, " ", rules, " ", order), func(t *testing.T) {
					catalogue := newCatalogue(t, append([]fil.Content{news("plain", noon.Add(-2*time.Hour))}, c.contents...)...)
					ranker := ranking.NewRanker(policy(t, rules), catalogue, town, nil)
					feed, _, err := ranker.Rank("alice", c.profile, order, c.now)
					if err != nil {
						t.Fatal(err)
					}
					if stays := slices.Contains(ids(t, catalogue, feed), "must"); stays != c.stays {
						t.Fatalf("it stays: %v, want %v", stays, c.stays)
					}
					placements, _, err := ranker.Place("alice", c.profile, []fil.Entry{{Content: fil.KeyOf("must")}}, order, "fr", c.now)
					if err != nil || len(placements) != map[bool]int{true: 1}[c.stays] {
						t.Fatalf("placements %v, error %v", placements, err)
					}
					if c.stays && !strings.Contains(strings.Join(placements[0].Explanation.Operations, " "), "bien que vous l'ayez masqué") {
						t.Errorf("the agent is not told why: %q", placements[0].Explanation.Operations)
					}
				})
			}
		}
	}
}

// In the order of time too, what is to be acknowledged is in the feed however much came after it.
func TestChronological_KeepsWhatIsToBeAcknowledged(t *testing.T) {
	old, other := news("old", noon.Add(-100*time.Hour)), news("other", noon.Add(-90*time.Hour))
	old.MandatoryUntil = noon.Add(time.Hour)
	catalogue := newCatalogue(t, old, other, news("a", noon.Add(-time.Hour)), news("b", noon.Add(-2*time.Hour)), news("c", noon.Add(-3*time.Hour)))
	ranker := ranking.NewRanker(policy(t, "feed_length: 3"), catalogue, town, nil)
	for want, profile := range map[string][]byte{"a b old": nil, "a b c": profileOf(did(fil.Acknowledge, "old", noon.Add(-time.Hour)))} {
		feed, _, err := ranker.Rank("alice", profile, fil.OrderChronological, noon)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ids(t, catalogue, feed), " "); got != want {
			t.Errorf("the feed is %s, want %s", got, want)
		}
	}
}
