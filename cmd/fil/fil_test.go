package main

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/filtest"
)

// The whole path, as a stranger walks it: directory, audience, contents, feeds that differ and say why, engagement that
// comes back through the log, figures.
func TestWholePath(t *testing.T) {
	p := startAll(t)
	p.Story()

	roads, finance := p.Feed("a0"), p.Feed("a1")
	if roads.IDs() != "c2 c1 c0" && roads.IDs() != "c2 c0 c1" || finance.IDs() != "c2 c1" {
		t.Fatalf("feeds %q and %q: the mandatory content comes first, and salting concerns roads only", roads.IDs(), finance.IDs())
	}
	for i, item := range p.FeedIn("a0", "full").Items {
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
	p.Must(http.MethodPost, "/v1/audiences:preview", p.Keys["communicator"], `{"rule":"inOrg(\"cd/routes\")","by":["category"]}`, 200).JSON(t, &preview)
	if preview.Size == nil || *preview.Size != 30 || *preview.Total != 60 || *preview.Breakdown["category"]["B"] != 30 {
		t.Errorf("preview %+v, want 30 of 60", preview)
	}
	bad := p.Must(http.MethodPost, "/v1/audiences:preview", p.Keys["communicator"], `{"rule":"categry == \"A\""}`, 422)
	if !strings.Contains(string(bad.Body), "category") || !strings.HasPrefix(bad.Header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("a wrong rule does not propose the nearest name: %s", bad.Body)
	}

	for _, c := range []struct{ role, want string }{
		{"communicator", "└─ category == \"B\" · un ensemble"}, {"ingest", "a0 est dans routes\n  ✓ inOrg(\"cd/routes\")   (org = \"cd/routes/nord\")"},
	} {
		args := []string{"audience", "explain", `inOrg("cd/routes") and category == "B"`}
		if c.role == "ingest" {
			args = []string{"audience", "why", "a0", "routes"}
		}
		out, status := run(t, append(args, "--server", p.Base, "--key", p.Keys[c.role])...)
		if status != exitDone || !strings.Contains(out, c.want) {
			t.Errorf("%v: status %d, want %q in\n%s", args, status, c.want, out)
		}
	}

	t.Run("an acknowledgement moves the mandatory content at the next read", func(t *testing.T) {
		event := `{"specversion":"1.0","id":"ack-1","source":"t","type":"fil.engagement.acknowledge","data":{"agent":"a1","content":"c2"}}`
		token := p.key("agent", "--agent", "a1")
		p.Ask(http.MethodPost, "/v1/engagements", token, event, "Content-Type: application/cloudevents+json")
		filtest.Eventually(t, "the acknowledged content to leave the first place", func() bool { return p.Feed("a1").IDs() == "c1 c2" })
		if items := p.Feed("a1").Items; !items[1].Acknowledged || items[0].Acknowledged {
			t.Errorf("the feed does not say what was acknowledged: %+v", items)
		}
		if got := p.Ask(http.MethodPost, "/v1/engagements", token, strings.Replace(event, `"a1"`, `"a2"`, 1), "Content-Type: application/cloudevents+json"); got.Status != 403 {
			t.Errorf("an agent may speak for another: %d %s", got.Status, got.Body)
		}
	})

	t.Run("a withdrawn content, a transfer and a corrected audience take effect at the next read", func(t *testing.T) {
		p.Must(http.MethodDelete, "/v1/contents/c1", p.Keys["communicator"], "", 204)
		p.Must(http.MethodPut, "/v1/agents/a0", p.Keys["ingest"], `{"org":"cd/finances"}`, 200)
		if got := p.Feed("a0").IDs(); got != "c2" {
			t.Errorf("after the withdrawal and the transfer: %q, want c2 alone", got)
		}
		p.Must(http.MethodPut, "/v1/audiences/routes", p.Keys["communicator"], `{"name":"Tous","rule":"true"}`, 200)
		if got := p.Feed("a0").IDs(); got != "c2 c0" {
			t.Errorf("after the correction: %q, want c2 c0", got)
		}
	})

	t.Run("feeds are conditional", func(t *testing.T) {
		token := p.key("agent", "--agent", "a5")
		filtest.Eventually(t, "a feed to be unchanged, and said to be", func() bool { // popularity may still change it, between two reads
			first := p.Must(http.MethodGet, "/v1/feed", token, "", 200)
			again := p.Ask(http.MethodGet, "/v1/feed", token, "", "If-None-Match: "+first.Header.Get("ETag"))
			return again.Status == http.StatusNotModified && len(again.Body) == 0
		})
	})
}

// Each event counts once, however often and in whatever batches it is sent; the figures say so.
func TestEffectOnce(t *testing.T) {
	p := startAll(t)
	p.Story()
	send := func(body string) (s struct{ Admitted, Duplicates, Refused int }) {
		p.T.Helper()
		got := p.Ask(http.MethodPost, "/v1/engagements", p.Keys["ingest"], body, "Content-Type: application/x-ndjson")
		if got.Status != 202 {
			t.Fatalf("status %d: %s", got.Status, got.Body)
		}
		got.JSON(t, &s)
		return s
	}
	if s := send(filtest.Engagements(0, 600, 60, 3)); s.Admitted != 600 {
		t.Fatalf("first time: %+v", s)
	}
	if s := send(filtest.Engagements(300, 600, 60, 3)); s.Admitted != 300 || s.Duplicates != 300 {
		t.Errorf("half of it again: %+v", s)
	}
	if s := send(filtest.Engagements(0, 3, 60, 3) + "no JSON\n" + filtest.Engagements(900, 2, 60, 3)); s.Admitted != 2 || s.Duplicates != 3 || s.Refused != 1 {
		t.Errorf("with a bad line: %+v", s)
	}
	p.AwaitTotals(902)
}

// A power cut in the middle of an import loses nothing that was acknowledged, and sending it all again gives the same
// feeds and figures as if nothing had happened.
func TestKilledDuringImport(t *testing.T) {
	const events = 4000
	calm := startUp(t, t.TempDir())
	calm.Story()
	calm.Ask(http.MethodPost, "/v1/engagements", calm.Keys["ingest"], filtest.Engagements(0, events, 60, 3), "Content-Type: application/x-ndjson")
	calm.AwaitTotals(events)

	dir := t.TempDir()
	cut := startUp(t, dir)
	cut.Story()
	for first := 0; first < events/2; first += 100 {
		cut.Ask(http.MethodPost, "/v1/engagements", cut.Keys["ingest"], filtest.Engagements(first, 100, 60, 3), "Content-Type: application/x-ndjson")
	}
	cut.kill()
	again := startUp(t, dir)
	got := again.Ask(http.MethodPost, "/v1/engagements", again.Keys["ingest"], filtest.Engagements(0, events, 60, 3), "Content-Type: application/x-ndjson")
	var summary struct{ Admitted, Duplicates int }
	got.JSON(t, &summary)
	if summary.Duplicates != events/2 || summary.Admitted != events/2 {
		t.Errorf("what was acknowledged before the cut is not known after it: %+v", summary)
	}
	again.AwaitTotals(events)
	for _, agent := range []string{"a0", "a1", "a7", "a39"} {
		filtest.Eventually(t, "the same feed for "+agent, func() bool { return filtest.SameFeed(calm.Feed(agent), again.Feed(agent)) })
	}
	if code := again.stop(); code != exitDone {
		t.Errorf("stop: exit status %d", code)
	}
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

	door.Story()
	filtest.Eventually(t, "the feed to be readable elsewhere", func() bool {
		return reader.Ask(http.MethodGet, "/v1/agents/a1/feed", reader.Keys["service"], "").Status == 200 && reader.Feed("a1").IDs() == "c2 c1"
	})
	token := door.key("agent", "--agent", "a1")
	door.Ask(http.MethodPost, "/v1/engagements", token,
		`{"specversion":"1.0","id":"ack","source":"t","type":"fil.engagement.acknowledge","data":{"agent":"a1","content":"c2"}}`, "Content-Type: application/cloudevents+json")
	filtest.Eventually(t, "the acknowledgement to cross two processes", func() bool { return reader.Feed("a1").IDs() == "c1 c2" })
	door.Ask(http.MethodPost, "/v1/engagements", door.Keys["ingest"], filtest.Engagements(0, 600, 60, 3), "Content-Type: application/x-ndjson")
	figures.AwaitTotals(600)
	door.Must(http.MethodPut, "/v1/policies/current", door.key("policy"), `{"text":"name: other"}`, 200)
	filtest.Eventually(t, "the policy to cross two processes", func() bool { return strings.HasPrefix(reader.Feed("a1").Policy, "other-") })
	if got := figures.Ask(http.MethodGet, "/v1/agents/a1/feed", figures.Keys["service"], ""); got.Status != 404 {
		t.Errorf("a role serves what is not its own: %d", got.Status)
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
		p.Must(http.MethodPut, path, p.Keys["ingest"], body, 422)
	}
	event := "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"t\",\"type\":\"fil.engagement.read\",\"data\":{\"agent\":\"a\xff\",\"content\":\"c\"}}"
	if got := p.Ask(http.MethodPost, "/v1/engagements", p.Keys["ingest"], event, "Content-Type: application/cloudevents+json"); got.Status != 422 {
		t.Errorf("an engagement that is not UTF-8: %d %s", got.Status, got.Body)
	}
	if out, status := run(t, "keys", "create", "--data", p.Dir, "--role", "leader", "--life", "1h"); status != exitUsage || !strings.Contains(out, "--life") {
		t.Errorf("a life for a key that has none: %d %s", status, out)
	}
}
