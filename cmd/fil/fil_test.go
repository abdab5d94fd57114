package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// story puts two audiences, three contents and sixty agents in a server, as a communicator and a directory would.
func story(p *program) {
	for i := range 60 {
		category, org := "A", "cd/finances"
		if i%2 == 0 {
			category, org = "B", "cd/routes/nord"
		}
		p.must(http.MethodPut, fmt.Sprintf("/v1/agents/a%d", i), p.keys["ingest"],
			fmt.Sprintf(`{"org":%q,"site":"Hôtel","attributes":{"category":%q}}`, org, category), 200, 201)
	}
	p.must(http.MethodPut, "/v1/audiences/routes", p.keys["communicator"], `{"name":"Routes","rule":"inOrg(\"cd/routes\")"}`, 200, 201)
	p.must(http.MethodPut, "/v1/contents/c0", p.keys["communicator"],
		`{"title":"Salage","kind":"alert","topics":["hiver"],"source":"Routes","audiences":["routes"],"body":"**Attention** <script>x</script>","published_at":"2026-11-01T08:00:00Z"}`, 200, 201)
	p.must(http.MethodPut, "/v1/contents/c1", p.keys["communicator"],
		`{"title":"Budget","topics":["finances"],"source":"Finances","published_at":"2026-11-02T08:00:00Z"}`, 200, 201)
	p.must(http.MethodPut, "/v1/contents/c2", p.keys["communicator"],
		`{"title":"Charte","kind":"document","source":"DRH","mandatory_until":"2099-01-01T00:00:00Z","published_at":"2026-10-01T08:00:00Z"}`, 200, 201)
}

type feedPage struct {
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
			Degree           string
			Data, Operations []any
			Parameters       []struct{ Contribution float64 }
		}
	}
}

func (f feedPage) ids() string {
	var ids []string
	for _, item := range f.Items {
		ids = append(ids, item.Content.ID)
	}
	return strings.Join(ids, " ")
}

func (p *program) feed(agent string) feedPage { return p.feedIn(agent, "reasons") }

// feedIn reads a feed with its reasons, or its explanations in full.
func (p *program) feedIn(agent, explain string) feedPage {
	p.t.Helper()
	var page feedPage
	p.must(http.MethodGet, "/v1/agents/"+agent+"/feed?explain="+explain, p.keys["service"], "", 200).json(p.t, &page)
	return page
}

// The whole path, as a stranger walks it: directory, audience, contents, feeds that differ and say why, engagement that
// comes back through the log, figures.
func TestWholePath(t *testing.T) {
	p := startAll(t)
	story(p)

	roads, finance := p.feed("a0"), p.feed("a1")
	if roads.ids() != "c2 c1 c0" && roads.ids() != "c2 c0 c1" || finance.ids() != "c2 c1" {
		t.Fatalf("feeds %q and %q: the mandatory content comes first, and salting concerns roads only", roads.ids(), finance.ids())
	}
	for i, item := range p.feedIn("a0", "full").Items {
		if brief := roads.Items[i]; brief.Explanation.Degree != "" || !slices.Equal(brief.Reasons, item.Reasons) || brief.Content != item.Content || math.Abs(brief.Score-item.Score) > 1./128 {
			t.Errorf("in brief %+v, in full %+v", brief, item)
		}
		e := item.Explanation
		if len(item.Reasons) == 0 || e.Degree == "" || len(e.Data) == 0 || len(e.Parameters) == 0 || len(e.Operations) == 0 {
			t.Errorf("%s is not explained in four parts: %+v", item.Content.ID, item)
		}
		if strings.Contains(item.Content.BodyHTML, "<script") {
			t.Errorf("%s lets a script out: %s", item.Content.ID, item.Content.BodyHTML)
		}
	}

	var preview struct {
		Size, Total *int
		Breakdown   map[string]map[string]*int
	}
	p.must(http.MethodPost, "/v1/audiences:preview", p.keys["communicator"], `{"rule":"inOrg(\"cd/routes\")","by":["category"]}`, 200).json(t, &preview)
	if preview.Size == nil || *preview.Size != 30 || *preview.Total != 60 || *preview.Breakdown["category"]["B"] != 30 {
		t.Errorf("preview %+v, want 30 of 60", preview)
	}
	bad := p.must(http.MethodPost, "/v1/audiences:preview", p.keys["communicator"], `{"rule":"categry == \"A\""}`, 422)
	if !strings.Contains(string(bad.body), "category") || !strings.HasPrefix(bad.header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("a wrong rule does not propose the nearest name: %s", bad.body)
	}

	for _, c := range []struct{ role, want string }{
		{"communicator", "└─ category == \"B\" · un ensemble"}, {"ingest", "a0 est dans routes\n  ✓ inOrg(\"cd/routes\")   (org = \"cd/routes/nord\")"},
	} {
		args := []string{"audience", "explain", `inOrg("cd/routes") and category == "B"`}
		if c.role == "ingest" {
			args = []string{"audience", "why", "a0", "routes"}
		}
		out, status := run(t, append(args, "--server", p.base, "--key", p.keys[c.role])...)
		if status != exitDone || !strings.Contains(out, c.want) {
			t.Errorf("%v: status %d, want %q in\n%s", args, status, c.want, out)
		}
	}

	t.Run("an acknowledgement moves the mandatory content at the next read", func(t *testing.T) {
		event := `{"specversion":"1.0","id":"ack-1","source":"t","type":"fil.engagement.acknowledge","data":{"agent":"a1","content":"c2"}}`
		token := p.key("agent", "--agent", "a1")
		p.ask(http.MethodPost, "/v1/engagements", token, event, "Content-Type: application/cloudevents+json")
		eventually(t, "the acknowledged content to leave the first place", func() bool { return p.feed("a1").ids() == "c1 c2" })
		if items := p.feed("a1").Items; !items[1].Acknowledged || items[0].Acknowledged {
			t.Errorf("the feed does not say what was acknowledged: %+v", items)
		}
		if got := p.ask(http.MethodPost, "/v1/engagements", token, strings.Replace(event, `"a1"`, `"a2"`, 1), "Content-Type: application/cloudevents+json"); got.status != 403 {
			t.Errorf("an agent may speak for another: %d %s", got.status, got.body)
		}
	})

	t.Run("a withdrawn content, a transfer and a corrected audience take effect at the next read", func(t *testing.T) {
		p.must(http.MethodDelete, "/v1/contents/c1", p.keys["communicator"], "", 204)
		p.must(http.MethodPut, "/v1/agents/a0", p.keys["ingest"], `{"org":"cd/finances"}`, 200)
		if got := p.feed("a0").ids(); got != "c2" {
			t.Errorf("after the withdrawal and the transfer: %q, want c2 alone", got)
		}
		p.must(http.MethodPut, "/v1/audiences/routes", p.keys["communicator"], `{"name":"Tous","rule":"true"}`, 200)
		if got := p.feed("a0").ids(); got != "c2 c0" {
			t.Errorf("after the correction: %q, want c2 c0", got)
		}
	})

	t.Run("feeds are conditional", func(t *testing.T) {
		token := p.key("agent", "--agent", "a5")
		eventually(t, "a feed to be unchanged, and said to be", func() bool { // popularity may still change it, between two reads
			first := p.must(http.MethodGet, "/v1/feed", token, "", 200)
			again := p.ask(http.MethodGet, "/v1/feed", token, "", "If-None-Match: "+first.header.Get("ETag"))
			return again.status == http.StatusNotModified && len(again.body) == 0
		})
	})
}

// Each event counts once, however often and in whatever batches it is sent; the figures say so.
func TestEffectOnce(t *testing.T) {
	p := startAll(t)
	story(p)
	send := func(body string) (s struct{ Admitted, Duplicates, Refused int }) {
		p.t.Helper()
		got := p.ask(http.MethodPost, "/v1/engagements", p.keys["ingest"], body, "Content-Type: application/x-ndjson")
		if got.status != 202 {
			t.Fatalf("status %d: %s", got.status, got.body)
		}
		got.json(t, &s)
		return s
	}
	if s := send(engagements(0, 600, 60, 3)); s.Admitted != 600 {
		t.Fatalf("first time: %+v", s)
	}
	if s := send(engagements(300, 600, 60, 3)); s.Admitted != 300 || s.Duplicates != 300 {
		t.Errorf("half of it again: %+v", s)
	}
	if s := send(engagements(0, 3, 60, 3) + "no JSON\n" + engagements(900, 2, 60, 3)); s.Admitted != 2 || s.Duplicates != 3 || s.Refused != 1 {
		t.Errorf("with a bad line: %+v", s)
	}
	p.awaitTotals(902)
}

// totals sums the overview's figures of the kinds that engagements writes.
func (p *program) totals() map[string]any {
	p.t.Helper()
	var overview struct{ Totals map[string]any }
	p.must(http.MethodGet, "/v1/reports/overview?from=2026-11-01&to=2026-12-01", p.keys["leader"], "", 200).json(p.t, &overview)
	return overview.Totals
}

func (p *program) awaitTotals(want int) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%d facts", want), func() bool {
		totals, sum := p.totals(), 0
		for _, name := range []string{"impressions", "opens", "reads", "reactions", "clicks"} {
			if n, ok := totals[name].(float64); ok {
				sum += int(n)
			}
		}
		if sum > want {
			p.t.Fatalf("%d facts for %d events: %v", sum, want, totals)
		}
		return sum == want
	})
}

// A power cut in the middle of an import loses nothing that was acknowledged, and sending it all again gives the same
// feeds and figures as if nothing had happened.
func TestKilledDuringImport(t *testing.T) {
	const events = 4000
	calm := startUp(t, t.TempDir())
	story(calm)
	calm.ask(http.MethodPost, "/v1/engagements", calm.keys["ingest"], engagements(0, events, 60, 3), "Content-Type: application/x-ndjson")
	calm.awaitTotals(events)

	dir := t.TempDir()
	cut := startUp(t, dir)
	story(cut)
	for first := 0; first < events/2; first += 100 {
		cut.ask(http.MethodPost, "/v1/engagements", cut.keys["ingest"], engagements(first, 100, 60, 3), "Content-Type: application/x-ndjson")
	}
	cut.kill()
	again := startUp(t, dir)
	got := again.ask(http.MethodPost, "/v1/engagements", again.keys["ingest"], engagements(0, events, 60, 3), "Content-Type: application/x-ndjson")
	var summary struct{ Admitted, Duplicates int }
	got.json(t, &summary)
	if summary.Duplicates != events/2 || summary.Admitted != events/2 {
		t.Errorf("what was acknowledged before the cut is not known after it: %+v", summary)
	}
	again.awaitTotals(events)
	for _, agent := range []string{"a0", "a1", "a7", "a39"} {
		eventually(t, "the same feed for "+agent, func() bool { return sameFeed(calm.feed(agent), again.feed(agent)) })
	}
	if code := again.stop(); code != exitDone {
		t.Errorf("stop: exit status %d", code)
	}
}

func sameFeed(a, b feedPage) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// The command keeps its contract: statuses, JSON, one line that says what is wrong.
func TestCommand(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"help", []string{"--help"}, exitDone, "fil"},
		{"version", []string{"version"}, exitDone, "fil "},
		{"check", []string{"check"}, exitDone, "configuration"},
		{"no command", nil, exitUsage, "--help"},
		{"unknown command", []string{"upp"}, exitUsage, "upp"},
		{"unknown flag", []string{"up", "--dta", "x"}, exitUsage, "--data"},
		{"agent without id", []string{"keys", "create", "--data", t.TempDir(), "--role", "agent"}, exitUsage, "--agent"},
		{"sample of a key that sees nobody", []string{"keys", "create", "--data", t.TempDir(), "--role", "ingest", "--sample"}, exitUsage, "vont avec --role"},
		{"share that is none", []string{"sync", "csv", "fil_test.go", "--max-removals", "200"}, exitUsage, "n'est pas une part"},
		{"number that is negative", []string{"directory", "generate", "--engagements", "-1"}, exitUsage, `got "-1"`},
		{"unknown role", []string{"keys", "create", "--data", t.TempDir(), "--role", "king"}, exitUsage, "king"},
		{"nobody there", []string{"feed", "a1", "--server", "http://127.0.0.1:1", "--key", "x"}, exitFailed, "personne ne répond"},
		{"id that is a negative number", []string{"feed", "-8845298781299428018", "--server", "http://127.0.0.1:1"}, exitFailed, "fil up"},
		{"serve without engines", []string{"serve", "worker"}, exitUsage, "log.brokers"},
		{"limit out of bounds", []string{"feed", "a1", "--limit", "101"}, exitUsage, "--limit"},
		{"unknown period", []string{"report", "--every", "hour"}, exitUsage, "hour"},
		{"server that is no address", []string{"report", "--server", "zzz"}, exitUsage, "--server"},
		{"port that is none", []string{"up", "--listen", "127.0.0.1:99999"}, exitUsage, "listen"},
		{"bad listen", []string{"up", "--listen", "nowhere"}, exitUsage, "listen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if out, status := run(t, c.args...); status != c.status || !strings.Contains(out, c.says) {
				t.Errorf("status %d, want %d, saying %q:\n%s", status, c.status, c.says, out)
			}
		})
	}
}

// A figure that is withheld is not said to be small: large ones are withheld too, from which small ones would be worked out.
func TestWithheldFiguresAreNotSaidToBeSmall(t *testing.T) {
	none := 0
	if few, many, withheld := figure(&none), cell(1410.0), []string{figure(nil), cell(nil)}; few != "0" || many != "1410" || !slices.Equal(withheld, []string{"–", "–"}) {
		t.Errorf("figures are written %s, %s, and %v when withheld", few, many, withheld)
	}
}

// The roles run as processes of their own on shared engines, as they do over several machines, and together do what one
// process does.
func TestRolesApart(t *testing.T) {
	engines := startEngines(t)
	door := engines.serve("ingest")
	engines.serve("worker")
	reader := engines.serve("delivery")
	figures := engines.serve("analytics")

	story(door)
	eventually(t, "the feed to be readable elsewhere", func() bool {
		return reader.ask(http.MethodGet, "/v1/agents/a1/feed", reader.keys["service"], "").status == 200 && reader.feed("a1").ids() == "c2 c1"
	})
	token := door.key("agent", "--agent", "a1")
	door.ask(http.MethodPost, "/v1/engagements", token,
		`{"specversion":"1.0","id":"ack","source":"t","type":"fil.engagement.acknowledge","data":{"agent":"a1","content":"c2"}}`, "Content-Type: application/cloudevents+json")
	eventually(t, "the acknowledgement to cross two processes", func() bool { return reader.feed("a1").ids() == "c1 c2" })
	door.ask(http.MethodPost, "/v1/engagements", door.keys["ingest"], engagements(0, 600, 60, 3), "Content-Type: application/x-ndjson")
	figures.awaitTotals(600)
	door.must(http.MethodPut, "/v1/policies/current", door.key("policy"), `{"text":"name: other"}`, 200)
	eventually(t, "the policy to cross two processes", func() bool { return strings.HasPrefix(reader.feed("a1").Policy, "other-") })
	if got := figures.ask(http.MethodGet, "/v1/agents/a1/feed", figures.keys["service"], ""); got.status != 404 {
		t.Errorf("a role serves what is not its own: %d", got.status)
	}
	routed(t, map[string]*program{"ingest": door, "delivery": reader, "analytics": figures})
}

// What is not UTF-8 is refused, never mended in silence, and a command says what is wrong before it does anything.
func TestBadInput(t *testing.T) {
	p := startAll(t)
	for path, body := range map[string]string{
		"/v1/agents/x":   "{\"org\":\"a\xff\"}",
		"/v1/contents/x": "{\"title\":\"a\xff\"}",
	} {
		p.must(http.MethodPut, path, p.keys["ingest"], body, 422)
	}
	event := "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"t\",\"type\":\"fil.engagement.read\",\"data\":{\"agent\":\"a\xff\",\"content\":\"c\"}}"
	if got := p.ask(http.MethodPost, "/v1/engagements", p.keys["ingest"], event, "Content-Type: application/cloudevents+json"); got.status != 422 {
		t.Errorf("an engagement that is not UTF-8: %d %s", got.status, got.body)
	}
	if out, status := run(t, "keys", "create", "--data", p.dir, "--role", "leader", "--life", "1h"); status != exitUsage || !strings.Contains(out, "--life") {
		t.Errorf("a life for a key that has none: %d %s", status, out)
	}
}
