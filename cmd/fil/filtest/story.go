package filtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// Story puts two audiences, three contents and sixty agents in a server, as a communicator and a directory would.
func (p *Program) Story() {
	for i := range 60 {
		category, org := "A", "cd/finances"
		if i%2 == 0 {
			category, org = "B", "cd/routes/nord"
		}
		p.Must(http.MethodPut, fmt.Sprintf("/v1/agents/a%d", i), p.Keys["ingest"],
			fmt.Sprintf(`{"org":%q,"site":"Hôtel","attributes":{"category":%q}}`, org, category), 200, 201)
	}
	p.Must(http.MethodPut, "/v1/audiences/routes", p.Keys["communicator"], `{"name":"Routes","rule":"inOrg(\"cd/routes\")"}`, 200, 201)
	p.Must(http.MethodPut, "/v1/contents/c0", p.Keys["communicator"],
		`{"title":"Salage","kind":"alert","topics":["hiver"],"source":"Routes","audiences":["routes"],"body":"**Attention** <script>x</script>","published_at":"2026-11-01T08:00:00Z"}`, 200, 201)
	p.Must(http.MethodPut, "/v1/contents/c1", p.Keys["communicator"],
		`{"title":"Budget","topics":["finances"],"source":"Finances","published_at":"2026-11-02T08:00:00Z"}`, 200, 201)
	p.Must(http.MethodPut, "/v1/contents/c2", p.Keys["communicator"],
		`{"title":"Charte","kind":"document","source":"DRH","mandatory_until":"2099-01-01T00:00:00Z","published_at":"2026-10-01T08:00:00Z"}`, 200, 201)
}

// FeedPage is what the tests read of a page of a feed.
type FeedPage struct {
	Agent, Policy, Next string
	Items               []struct {
		Content struct {
			ID, Title string
			BodyHTML  string `json:"body_html"`
		}
		Score        float64
		Reasons      []string
		Acknowledged bool
		Placed       string
		Explanation  struct {
			Basis            struct{ Policy string }
			Degree           string
			Data, Operations []any
			Parameters       []struct{ Contribution float64 }
		}
	}
}

// IDs are those of its contents, in order.
func (f FeedPage) IDs() string {
	var ids []string
	for _, item := range f.Items {
		ids = append(ids, item.Content.ID)
	}
	return strings.Join(ids, " ")
}

// Feed reads the first page of an agent's feed, with its reasons.
func (p *Program) Feed(agent string) FeedPage { return p.FeedIn(agent, "reasons") }

// FeedIn reads a feed with its reasons, or its explanations in full.
func (p *Program) FeedIn(agent, explain string) FeedPage {
	p.T.Helper()
	var page FeedPage
	p.Must(http.MethodGet, "/v1/agents/"+agent+"/feed?explain="+explain, p.Keys["service"], "", 200).JSON(p.T, &page)
	return page
}

// Totals are the overview's figures of November 2026, by name.
func (p *Program) Totals() map[string]any {
	p.T.Helper()
	var overview struct{ Totals map[string]any }
	p.Must(http.MethodGet, "/v1/reports/overview?from=2026-11-01&to=2026-12-01", p.Keys["leader"], "", 200).JSON(p.T, &overview)
	return overview.Totals
}

// AwaitTotals waits until there are as many facts of the kinds that Engagements writes.
func (p *Program) AwaitTotals(want int) {
	p.T.Helper()
	Eventually(p.T, fmt.Sprintf("%d facts", want), func() bool {
		totals, sum := p.Totals(), 0
		for _, name := range []string{"impressions", "opens", "reads", "reactions", "clicks"} {
			if n, ok := totals[name].(float64); ok {
				sum += int(n)
			}
		}
		if sum > want {
			p.T.Fatalf("%d facts for %d events: %v", sum, want, totals)
		}
		return sum == want
	})
}

// SameFeed compares two pages.
func SameFeed(a, b FeedPage) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// Engagements gives n CloudEvents as NDJSON: agents a0…, contents c0…, kinds in turn, ids from first on.
func Engagements(first, n, agents, contents int) string {
	kinds := []string{"impression", "open", "read", "reaction", "click"}
	var b strings.Builder
	w := bufio.NewWriter(&b)
	for i := first; i < first+n; i++ {
		agent, content := fmt.Sprintf("a%d", i%agents), fmt.Sprintf("c%d", (i/3)%contents)
		_, _ = fmt.Fprintf(w, `{"specversion":"1.0","id":"%d","source":"test","type":"fil.engagement.%s","time":"2026-11-0%dT08:00:00Z","data":{"agent":%q,"content":%q}}`+"\n",
			i, kinds[i%len(kinds)], 1+i%9, agent, content)
	}
	_ = w.Flush()
	return b.String()
}

// Post sends JSON lines, none of which may be refused.
func (p *Program) Post(path, key, lines string) {
	p.T.Helper()
	if got := p.Ask(http.MethodPost, path, key, lines, "Content-Type: application/x-ndjson"); got.Status > 299 || strings.Contains(string(got.Body), `"rejected":[{`) {
		p.T.Fatalf("%s: %d %s", path, got.Status, got.Body)
	}
}

// Published publishes policies and gives their versions; the first is in force.
func (p *Program) Published(files ...string) (versions []string) {
	p.T.Helper()
	for i := range files {
		var done struct{ After string }
		p.Must(http.MethodPut, "/v1/policies/current", p.Keys["policy"], fmt.Sprintf(`{"text":%q}`, files[len(files)-1-i]), 200).JSON(p.T, &done)
		versions = append([]string{done.After}, versions...)
	}
	return versions
}

// Send admits n engagements from the first on, for agents a0 to a59, and gives how many were new.
func (p *Program) Send(first, n int) (admitted int) {
	p.T.Helper()
	got := p.Ask(http.MethodPost, "/v1/engagements", p.Keys["ingest"], Engagements(first, n, 60, 3), "Content-Type: application/x-ndjson")
	if got.Status != http.StatusAccepted {
		p.T.Fatalf("engagements: status %d\n%s", got.Status, got.Body)
	}
	var sum struct{ Admitted, Duplicates int }
	got.JSON(p.T, &sum)
	return sum.Admitted
}

// Tastes makes an installation in which each agent reads one topic of four, whatever the age of the contents, and whose acts came
// in no order. It gives the number of acts.
func (p *Program) Tastes() int {
	p.T.Helper()
	const agents, contents, topics, days = 48, 80, 4, 40
	random, start := rand.New(rand.NewPCG(1, 2)), time.Now().AddDate(0, 0, -days).UTC() //nolint:gosec // made-up readers have no secret
	var lines strings.Builder
	for i := range agents {
		fmt.Fprintf(&lines, `{"id":"a%d","org":"cd/%d"}`+"\n", i, random.IntN(3))
	}
	p.Post("/v1/agents:batch", p.Keys["ingest"], lines.String())
	lines.Reset()
	for i := range contents {
		fmt.Fprintf(&lines, `{"id":"c%d","title":"Contenu %d","source":"S%d","topics":["t%d"],"published_at":%q}`+"\n", i, i, random.IntN(5), i%topics,
			start.Add(time.Duration(i)*days*24*time.Hour/contents/2).Format(time.RFC3339))
	}
	p.Post("/v1/contents:batch", p.Keys["communicator"], lines.String())
	var acts []string
	for agent := range agents {
		for i := agent % topics; i < contents; i += topics {
			if random.IntN(3) == 0 {
				continue
			}
			at := start.Add(time.Duration(days*24*(0.5+random.Float64()/2)) * time.Hour)
			at = at.Add(time.Duration(random.Int64N(int64(time.Hour))))
			acts = append(acts, fmt.Sprintf(`{"specversion":"1.0","id":"tune-%d","source":"test","type":"fil.engagement.read","time":%q,"data":{"agent":"a%d","content":"c%d"}}`+"\n",
				len(acts), at.Format(time.RFC3339Nano), agent, i))
		}
	}
	random.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	p.Post("/v1/engagements", p.Keys["ingest"], strings.Join(acts, ""))
	return len(acts)
}
