package demo_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/demo"
)

func TestEngagementsCouldHaveHappened(t *testing.T) {
	t.Parallel()
	for _, anchor := range anchors() {
		contents := map[string]fil.Content{}
		for _, c := range demo.Contents(anchor) {
			contents[c.ID] = c
		}
		n, last := 0, time.Time{}
		for event := range demo.Engagements(anchor) {
			n++
			if want := fmt.Sprintf("d-%06d", n); event.ID != want || event.Source != demo.Source {
				t.Fatalf("identity %s %s, want %s", event.Source, event.ID, want)
			}
			e, err := fil.EngagementOf(fil.Record{Event: event})
			if err != nil {
				t.Fatal(err)
			}
			if e.Time.Before(last) {
				t.Fatalf("%s at %v comes after %v", event.ID, e.Time, last)
			}
			last = e.Time
			if e.Time.After(anchor) || e.Time.Before(anchor.AddDate(0, 0, -30)) {
				t.Errorf("%s at %v is out of the month before %v", event.ID, e.Time, anchor)
			}
			if c, ok := contents[e.Content]; !ok || e.Time.Before(c.PublishedAt) || e.Kind == fil.Impression && !c.LiveAt(e.Time) {
				t.Errorf("%s: %s of %s at %v, live from %v to %v", event.ID, e.Kind, e.Content, e.Time, c.PublishedAt, c.ExpiresAt)
			}
			if (e.Kind == fil.Dwell) != (e.Dwell > 0) {
				t.Errorf("%s: %s with a dwell of %v", event.ID, e.Kind, e.Dwell)
			}
		}
		if n < 30_000 || n > 70_000 {
			t.Errorf("%d events in the month before %v", n, anchor)
		}
	}
}

func TestOnlyReadersWhoMayRead(t *testing.T) {
	t.Parallel()
	anchor := anchors()[0]
	orgs := map[string]string{}
	for _, agent := range demo.Agents() {
		orgs[agent.ID] = agent.Org
	}
	aimed := map[string]bool{} // at the roads department alone
	for _, c := range demo.Contents(anchor) {
		aimed[c.ID] = len(c.Audiences) == 1 && c.Audiences[0] == "agents-routes"
	}
	reads := 0
	for event := range demo.Engagements(anchor) {
		e, err := fil.EngagementOf(fil.Record{Event: event})
		if err != nil {
			t.Fatal(err)
		}
		if !aimed[e.Content] {
			continue
		}
		reads++
		if org := orgs[e.Agent]; len(org) < len("cd/dga-amenagement/routes") || org[:len("cd/dga-amenagement/routes")] != "cd/dga-amenagement/routes" {
			t.Errorf("%s of %s saw %s", e.Agent, org, e.Content)
		}
	}
	if reads == 0 {
		t.Error("nobody read what is written for the roads department")
	}
}

// Feeds can only differ if people do: by trade, and between two of the same trade.
func TestPeopleDiffer(t *testing.T) {
	t.Parallel()
	anchor := anchors()[0]
	jobs, topics := map[string]string{}, map[string][]string{}
	for _, agent := range demo.Agents() {
		jobs[agent.ID], _ = agent.Attributes["job"].(string)
	}
	for _, c := range demo.Contents(anchor) {
		if len(c.Audiences) == 0 {
			topics[c.ID] = c.Topics
		}
	}
	shown, opened := map[[2]string]float64{}, map[[2]string]float64{}
	present, kinds := map[string]bool{}, map[fil.EngagementKind]int{}
	for event := range demo.Engagements(anchor) {
		e, err := fil.EngagementOf(fil.Record{Event: event})
		if err != nil {
			t.Fatal(err)
		}
		present[e.Agent] = true
		kinds[e.Kind]++
		for _, topic := range topics[e.Content] {
			switch key := [2]string{jobs[e.Agent], topic}; e.Kind {
			case fil.Impression:
				shown[key]++
			case fil.Open:
				opened[key]++
			}
		}
	}
	for _, kind := range fil.EngagementKinds() {
		if kinds[kind] == 0 {
			t.Errorf("nobody ever did %s", kind)
		}
	}
	if absent := len(jobs) - len(present); absent < len(jobs)/10 || absent > len(jobs)/2 {
		t.Errorf("%d of %d agents never came", absent, len(jobs))
	}
	rate := func(job, topic string) float64 { return opened[[2]string{job, topic}] / shown[[2]string{job, topic}] }
	for _, more := range []struct{ topic, keen, other string }{
		{"Budget et achats", "gestionnaire comptable", "éducateur spécialisé"},
		{"Numérique", "informaticien", "agent des routes"},
		{"Enfance et famille", "puéricultrice", "gestionnaire comptable"},
	} {
		if keen, other := rate(more.keen, more.topic), rate(more.other, more.topic); !(keen > 1.3*other) {
			t.Errorf("%s: opened %.2f by %s and %.2f by %s", more.topic, keen, more.keen, other, more.other)
		}
	}
}
