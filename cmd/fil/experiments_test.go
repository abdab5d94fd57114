package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/cmd/fil/filtest"
)

// laboratory is a program with so many agents and contents, and a key that may publish.
func laboratory(t *testing.T, agents int) *program {
	t.Helper()
	p := startAll(t)
	p.Keys["policy"] = p.key("policy")
	var lines strings.Builder
	for i := range agents {
		fmt.Fprintf(&lines, `{"id":"a%d","org":"cd","attributes":{"category":"A"}}`+"\n", i)
	}
	p.Post("/v1/agents:batch", p.Keys["ingest"], lines.String())
	lines.Reset()
	for i := range 12 {
		fmt.Fprintf(&lines, `{"id":"c%d","title":"Contenu %d","source":"S%d","priority":%d,"published_at":%q}`+"\n", i, i, i, i%5, time.Now().Add(-time.Duration(i)*time.Hour).UTC().Format(time.RFC3339))
	}
	p.Post("/v1/contents:batch", p.Keys["communicator"], lines.String())
	return p
}

func (p *program) experiment(status int, args ...string) string {
	p.T.Helper()
	out, got := run(p.T, append(append([]string{"experiment"}, args...), "--server", p.Base, "--key", p.Keys["policy"])...)
	if got != status {
		p.T.Fatalf("fil experiment %v: status %d, want %d\n%s", args, got, status, out)
	}
	return out
}

// lab says one act as an event.
func lab(n int, kind fil.EngagementKind, agent, content, placed string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"lab-%d","source":"lab","type":"fil.engagement.%s","time":%q,"data":{"agent":%q,"content":%q,"placed":%q}}`+"\n",
		n, kind, time.Now().UTC().Format(time.RFC3339Nano), agent, content, placed)
}

// An experiment is started, its readers read by their arm and are told so, the report tells the better arm from chance, the
// guardrail stops the worse one, whose readers go back, and what was tried stays known.
func TestExperiment(t *testing.T) {
	const agents = 300
	p := laboratory(t, agents)
	versions := p.Published("name: calm\nholdout: {share: 0.1}", "name: bold\nweights: {priority: 1}", "name: poor\nfeed_length: 1")
	out := p.experiment(exitDone, "start", "which", "--arm", "calm="+versions[0]+":0.3", "--arm", "bold="+versions[1]+":0.3", "--arm", "poor="+versions[2]+":0.4", "--note", "essai")
	if !strings.Contains(out, "« bold », "+versions[1]+", pour 30\u00a0% des agents") {
		t.Errorf("started:\n%s", out)
	}
	p.experiment(exitFailed, "start", "again", "--arm", "calm="+versions[0]+":0.3")
	p.experiment(exitUsage, "start", "again", "--arm", "calm")
	if page := string(p.Must(http.MethodGet, "/policy", "", "", 200).Body); !strings.Contains(page, "Une expérience est en cours") || !strings.Contains(page, versions[2]) {
		t.Errorf("the public page does not tell of it:\n%s", page)
	}
	// How much each agent reads follows from the feed that they are given.
	byPolicy, first := map[string]string{}, map[string]int{}
	var acts strings.Builder
	n := 0
	for i := range agents {
		agent := fmt.Sprint("a", i)
		feed := p.Feed(agent)
		policy := feed.Policy
		reads := map[string]int{versions[0]: 2, versions[1]: 4, versions[2]: 0}[policy] + i%2
		first[policy]++
		byPolicy[agent] = policy
		acts.WriteString(lab(n, fil.Impression, agent, feed.Items[0].Content.ID, ""))
		for c := range reads {
			n++
			acts.WriteString(lab(n, fil.Read, agent, fmt.Sprint("c", c), ""))
		}
		n++
	}
	if first[versions[2]] < 60 || first[versions[1]] < 50 || first[versions[0]] < 60 {
		t.Fatalf("agents by policy: %v", first)
	}
	told := false
	for agent, policy := range byPolicy {
		if policy == versions[1] {
			told = strings.Contains(p.FeedIn(agent, "full").Items[0].Explanation.Degree, "expérience « which », groupe « bold »")
			break
		}
	}
	if !told {
		t.Error("a reader is not told that they are in an arm")
	}
	p.Post("/v1/engagements", p.Keys["ingest"], acts.String())

	report := func() (r analytics.TrialReport) {
		p.Must(http.MethodGet, "/v1/experiments/which/report", p.Keys["policy"], "", 200).JSON(t, &r)
		return r
	}
	filtest.Eventually(t, "the worse arm is stopped", func() bool { return !report().Arms[2].Stopped.IsZero() })
	r := report()
	bold, poor := r.Arms[1].Figures[0], r.Arms[2].Figures[0]
	if bold.Verdict != "more" || bold.Low == nil || *bold.Low <= 0 || poor.Verdict != "less" || !strings.Contains(r.Arms[2].Why, "garde-fou : les lectures ont baissé de plus de 10 %") {
		t.Errorf("the report:\n%+v", r)
	}
	if len(r.Holdout) != 2 || r.Holdout[0].Agents == nil || len(r.Says) == 0 {
		t.Errorf("the hold-out: %+v", r.Holdout)
	}
	for agent, policy := range byPolicy {
		if got := p.Feed(agent).Policy; policy == versions[2] && got != versions[0] || policy != versions[2] && got != policy {
			t.Fatalf("%s, who read by %s, reads by %s once the arm was stopped", agent, policy, got)
		}
	}
	if out := p.experiment(exitDone, "report", "which"); !strings.Contains(out, "sûrement plus") || !strings.Contains(out, "arrêté le") || strings.Contains(out, "%!") {
		t.Errorf("reported:\n%s", out)
	}
	p.Must(http.MethodPost, "/v1/experiments/which/stop", p.Keys["communicator"], `{}`, 403)
	if got := p.Ask(http.MethodPost, "/v1/experiments/which/stop", p.Keys["policy"], `{}`, "Content-Type: application/json", `If-Match: "of-before"`); got.Status != 412 {
		t.Errorf("stopped as it no longer was: %d %s", got.Status, got.Body)
	}
	if got := p.Ask(http.MethodPost, "/v1/experiments", p.Keys["policy"], `{"name":"Bad","arms":[]}`, "Content-Type: application/json"); got.Status != 409 {
		t.Errorf("started beside another: %d %s", got.Status, got.Body)
	}
	p.experiment(exitDone, "stop", "which", "--why", "on garde bold")
	if out := p.experiment(exitDone, "show", "which"); !strings.Contains(out, "on garde bold") || !strings.Contains(out, "garde-fou") {
		t.Errorf("shown:\n%s", out)
	}
	if out := p.experiment(exitDone, "list"); !strings.Contains(out, "which") || strings.Contains(out, "* which") {
		t.Errorf("listed:\n%s", out)
	}
	if r := report(); r.Arms[1].Figures[0].Verdict != "more" || r.Arms[2].Why == "" {
		t.Errorf("after the end:\n%+v", r)
	}
	if page := string(p.Must(http.MethodGet, "/policy?lang=en", "", "", 200).Body); strings.Contains(page, "An experiment runs") || !strings.Contains(page, "Past experiments") {
		t.Errorf("the public page goes on telling of it:\n%s", page)
	}
}

// Two lists are woven into one feed, whose pages neither repeat nor skip, and the one that readers open more is told.
func TestExperimentInterleaved(t *testing.T) {
	const agents = 120
	p := laboratory(t, agents)
	versions := p.Published("name: calm", "name: bold\nweights: {priority: 3}\nexploration: {share: 0}")
	p.experiment(exitDone, "start", "weave", "--arm", "calm="+versions[0]+":0.5", "--arm", "bold="+versions[1]+":0.5", "--interleave")
	var acts strings.Builder
	for i := range agents {
		agent := fmt.Sprint("a", i)
		whole := p.Feed(agent)
		again := p.Feed(agent) // from what was kept
		if whole.Policy != versions[0]+"+"+versions[1] || whole.IDs() != again.IDs() {
			t.Fatalf("%s reads by %s: %s, then %s", agent, whole.Policy, whole.IDs(), again.IDs())
		}
		var paged []string
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			var page filtest.FeedPage
			p.Must(http.MethodGet, "/v1/agents/"+agent+"/feed?limit=5&cursor="+cursor, p.Keys["service"], "", 200).JSON(t, &page)
			for _, item := range page.Items {
				paged = append(paged, item.Content.ID)
			}
			cursor = page.Next
		}
		if strings.Join(paged, " ") != strings.TrimSpace(whole.IDs()) {
			t.Fatalf("%s: pages of five give %v, the whole %s", agent, paged, whole.IDs())
		}
		placed := map[string]int{}
		for k, item := range whole.Items {
			placed[item.Placed]++
			if item.Placed != again.Items[k].Placed {
				t.Fatalf("%s: place %d was placed by %q, then by %q", agent, k, item.Placed, again.Items[k].Placed)
			}
			if item.Placed == "bold" || item.Placed == "calm" && i%6 == 0 { // readers open what the bold list placed, mostly
				acts.WriteString(lab(10_000+100*i+k, fil.Open, agent, item.Content.ID, item.Placed))
			}
		}
		if placed["calm"] < 4 || placed["bold"] < 4 {
			t.Fatalf("%s: placed by %v", agent, placed)
		}
	}
	p.Post("/v1/engagements", p.Keys["ingest"], acts.String())
	report := func() (r analytics.TrialReport) {
		p.Must(http.MethodGet, "/v1/experiments/weave/report", p.Keys["policy"], "", 200).JSON(t, &r)
		return r
	}
	filtest.Eventually(t, "the report tells which list is preferred", func() bool { w := report().Woven; return w != nil && w.Verdict == "other" })
	if w := report().Woven; w.Low == nil || *w.Low <= 0.5 || *w.Share < 0.9 {
		t.Errorf("%+v", w)
	}
	if out := p.experiment(exitDone, "report", "weave"); !strings.Contains(out, "Les lecteurs préfèrent la liste « bold »") {
		t.Errorf("reported:\n%s", out)
	}
	p.experiment(exitDone, "stop", "weave", "--arm", "calm", "--why", "bold l'emporte")
	if feed := p.Feed("a1"); strings.Contains(feed.Policy, "+") || feed.Items[0].Placed != "" {
		t.Errorf("woven after the stop: %s", feed.Policy)
	}
}
