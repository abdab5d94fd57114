package ranking_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

func recalled(t *testing.T, content string, sent ...fil.Reminder) fil.Record {
	t.Helper()
	data, err := json.Marshal(fil.Reminders{Content: content, Sent: sent})
	if err != nil {
		t.Fatal(err)
	}
	return fil.Record{Position: fil.Position{Topic: fil.TopicReminders}, Key: content, Event: fil.Event{ID: "r", Source: "tests", Type: fil.TypeReminders, Data: data}}
}

// A reminder brings back a mandatory content whose deadline has passed, even one that was hidden, for a week, to those whom it
// reaches and who have not acknowledged; they are told when, and others nothing.
func TestReminder_BringsBack(t *testing.T) {
	late, hidden, plain := news("late", noon.Add(-200*time.Hour)), news("hidden", noon.Add(-200*time.Hour)), news("plain", noon.Add(-time.Hour))
	late.MandatoryUntil, hidden.MandatoryUntil = noon.Add(-100*time.Hour), noon.Add(100*time.Hour)
	at := noon.Add(-time.Hour)
	acts := []fil.Engagement{did(fil.Dismiss, "hidden", noon.Add(-90*time.Hour)), did(fil.Read, "late", noon.Add(-90*time.Hour))}
	for name, c := range map[string]struct {
		org  string
		at   time.Time
		acts []fil.Engagement
		now  time.Time
		want string
	}{
		"none":         {"nowhere", at, nil, noon, "hidden plain late"},
		"all":          {"", at, nil, noon, "late! hidden! plain"},
		"acknowledged": {"", at, []fil.Engagement{did(fil.Acknowledge, "hidden", noon.Add(-time.Minute)), did(fil.Acknowledge, "late", noon.Add(-time.Minute))}, noon, "plain late"},
		"a week later": {"", at, nil, at.Add(7*24*time.Hour - time.Second), "late! hidden! plain"},
		"over":         {"", at, nil, at.Add(7 * 24 * time.Hour), "plain late!"},
	} {
		t.Run(name, func(t *testing.T) {
			catalogue := newCatalogue(t, late, hidden, plain)
			before := catalogue.Stamp()
			for _, id := range []string{"late", "hidden", "plain"} {
				if err := catalogue.Apply([]fil.Record{recalled(t, id, fil.Reminder{At: c.at, Org: c.org, By: "k"})}); err != nil {
					t.Fatal(err)
				}
			}
			if catalogue.Stamp() == before {
				t.Error("feeds of before are taken for those of after")
			}
			other := ranking.NewCatalogue() // which learns of reminders first
			for _, id := range []string{"plain", "hidden", "late"} {
				_ = other.Apply([]fil.Record{recalled(t, id, fil.Reminder{At: c.at, Org: c.org, By: "k"})})
			}
			if err := other.Apply([]fil.Record{contentRecord(t, 0, late), contentRecord(t, 1, hidden), contentRecord(t, 2, plain)}); err != nil || other.Stamp() != catalogue.Stamp() {
				t.Errorf("the order in which they are learned matters: %v", err)
			}
			ranker := ranking.NewRanker(policy(t, "weights: {topic: 0, kind: 0, lull: 0}"), catalogue, town, nil)
			profile := profileOf(append(append([]fil.Engagement{}, acts...), c.acts...)...)
			feed := rank(t, ranker, profile, c.now)
			briefs, fresh := ranker.Brief(feed, profile, feed.Entries, fil.OrderRanked, c.now)
			if !fresh {
				t.Fatal("the feed is not fresh")
			}
			var got []string
			for _, b := range briefs {
				mark := ""
				if !b.Reminded.IsZero() {
					mark = "!"
				}
				got = append(got, b.Content.ID+mark)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("the feed is %v, want %s", got, c.want)
			}
			for _, p := range place(t, ranker, profile, feed, fil.OrderRanked, "fr") {
				if reminded := strings.Contains(strings.Join(p.Explanation.Operations, " "), "rappelé le"); name == "all" && p.Content != "plain" && !reminded {
					t.Errorf("%s is not explained: %v", p.Content, p.Explanation.Operations)
				}
			}
		})
	}
}
