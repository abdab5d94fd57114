package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/register"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/filtest"
)

// chancery is a program where p0, p1 and p2 are in the perimeter P and q0 and q1 in Q, with a mandatory content in each, and
// keys to their registers.
type chancery struct{ *here }

func startChancery(t *testing.T) chancery {
	t.Helper()
	c := chancery{startHere(t)}
	for name, scope := range map[string]access.Scope{"all": {Register: true}, "P": {Perimeter: "P", Register: true}, "Q": {Perimeter: "Q", Register: true}, "blind": {Perimeter: "P", Sample: true}} {
		key, err := c.ring.CreateScoped(fil.RoleCommunicator, "clé "+name, scope)
		if err != nil {
			t.Fatal(err)
		}
		c.Keys[name] = key
	}
	for _, agent := range []string{"p0", "p1", "p2", "q0", "q1"} {
		c.Must(http.MethodPut, "/v1/agents/"+agent, c.Keys["ingest"], fmt.Sprintf(`{"org":"cd/%s","site":"site-%s"}`, agent[:1], agent[:1]), 201)
		var err error
		if c.Keys[agent], err = c.signer.Token(fil.Caller{Role: fil.RoleAgent, Agent: agent}, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{"P", "Q"} {
		c.Must(http.MethodPut, "/v1/audiences/"+p, c.Keys["communicator"], fmt.Sprintf(`{"name":%q,"rule":"inOrg(\"cd/%s\")"}`, p, strings.ToLower(p)), 201)
		c.publish("charte-"+p, p, "Charte informatique "+p, time.Time{})
	}
	return c
}

func (c chancery) publish(id, perimeter, title string, revised time.Time) {
	c.T.Helper()
	more := ""
	if !revised.IsZero() {
		more = fmt.Sprintf(`,"revised_at":%q`, revised.UTC().Format(time.RFC3339Nano))
	}
	c.Must(http.MethodPut, "/v1/contents/"+id, c.Keys["communicator"], fmt.Sprintf(`{"title":%q,"body":"À lire.","perimeter":%q,"published_at":%q,"mandatory_until":%q%s}`,
		title, perimeter, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), time.Now().Add(72*time.Hour).UTC().Format(time.RFC3339), more), 201, 200)
}

// does has an agent, or a key for them, do something with a content.
func (c chancery) does(kind fil.EngagementKind, key, agent, content string) {
	c.T.Helper()
	now := time.Now().UTC()
	c.Must(http.MethodPost, "/v1/engagements", c.Keys[key], fmt.Sprintf(`{"specversion":"1.0","id":"%s-%s-%d","source":"chancery","type":"fil.engagement.%s","time":%q,"data":{"agent":%q,"content":%q}}`,
		agent, content, now.UnixNano(), kind, now.Format(time.RFC3339Nano), agent, content), 202)
}

type registered struct {
	Content registerCounted
	Agents  []struct {
		Agent, Org, Revision, By, Witness string
		WitnessLabel                      string    `json:"witness_label"`
		AcknowledgedAt                    time.Time `json:"acknowledged_at"`
	}
	Next string
}

func (r registered) who() string {
	ids := make([]string, len(r.Agents))
	for i, a := range r.Agents {
		ids[i] = a.Agent
	}
	return strings.Join(ids, " ")
}

func (c chancery) names(key, content, query string) (r registered) {
	c.T.Helper()
	c.Must(http.MethodGet, "/v1/register/contents/"+content+"?"+query, c.Keys[key], "", 200).JSON(c.T, &r)
	return r
}

func (c chancery) await(content string, acknowledged int) {
	c.T.Helper()
	filtest.Eventually(c.T, fmt.Sprintf("%d lines of %s", acknowledged, content), func() bool { return c.names("all", content, "").Content.Acknowledged == acknowledged })
}

func (c chancery) item(agent, content string) (item struct {
	Acknowledged bool
	RemindedAt   time.Time `json:"reminded_at"`
}, place int,
) {
	c.T.Helper()
	var page struct {
		Items []struct {
			Content      struct{ ID string }
			Acknowledged bool
			RemindedAt   time.Time `json:"reminded_at"`
		}
	}
	c.Must(http.MethodGet, "/v1/feed", c.Keys[agent], "", 200).JSON(c.T, &page)
	for i, one := range page.Items {
		if one.Content.ID == content {
			item.Acknowledged, item.RemindedAt = one.Acknowledged, one.RemindedAt
			return item, i
		}
	}
	return item, -1
}

// One of three acknowledges, the register says so, a reminder brings the content back to another, marked as such, and to nobody
// else, the attestation verifies and a changed one does not, a revision begins anew, and the audit has it all.
func TestRegister(t *testing.T) {
	c := startChancery(t)
	c.does(fil.Acknowledge, "p0", "p0", "charte-P")
	c.does(fil.Acknowledge, "service", "p2", "charte-P")
	c.Must(http.MethodPost, "/v1/engagements", c.Keys["p1"], `{"specversion":"1.0","id":"forged","source":"chancery","type":"fil.engagement.acknowledge","data":{"agent":"p1","content":"charte-P","receipt":{"title":"Autre chose"}}}`, 422)
	c.await("charte-P", 2)
	got := c.names("P", "charte-P", "state=acknowledged")
	if got.who() != "p0 p2" || *got.Content.Targeted != 3 || *got.Content.Missing != 1 {
		t.Fatalf("acknowledged: %+v", got)
	}
	if a := got.Agents[0]; a.By != "agent" || a.Witness != "" || len(a.Revision) != 64 || a.Org != "cd/p" {
		t.Errorf("p0, who did it themself: %+v", a)
	}
	if a := got.Agents[1]; a.By != "service" || a.Witness == "" || a.WitnessLabel != "test" {
		t.Errorf("p2, for whom a service did it: %+v", a)
	}
	if missing := c.names("P", "charte-P", "state=missing"); missing.who() != "p1" || !missing.Agents[0].AcknowledgedAt.IsZero() {
		t.Errorf("missing: %+v", missing)
	}
	c.reminded()
	c.attested()
	c.audited()
	c.revised()
}

func (c chancery) reminded() {
	t := c.T
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), filtest.Patience)
	defer cancel()
	events := c.listen(ctx, "p1")
	before := time.Now().Add(-time.Second)
	out, status := run(t, "register", "remind", "charte-P", "--server", c.Base, "--key", c.Keys["P"])
	if status != exitDone || !strings.Contains(out, "Rappelé à 1 agents") {
		t.Fatalf("remind: %d %s", status, out)
	}
	filtest.Eventually(t, "p1 to be told first that it is a reminder", func() bool { item, at := c.item("p1", "charte-P"); return at == 0 && item.RemindedAt.After(before) })
	if item, _ := c.item("p0", "charte-P"); !item.Acknowledged || !item.RemindedAt.IsZero() {
		t.Errorf("p0, who has acknowledged, is reminded: %+v", item)
	}
	select {
	case <-events:
	case <-ctx.Done():
		t.Error("p1, who is connected, was not told")
	}
	again := c.Must(http.MethodPost, "/v1/register/contents/charte-P/reminders", c.Keys["P"], `{"org":"cd/p"}`, 409)
	if !strings.Contains(string(again.Body), "le suivant est possible le ") || again.Header.Get("Retry-After") == "" {
		t.Errorf("a second reminder: %s", again.Body)
	}
	c.Must(http.MethodPost, "/v1/register/contents/charte-Q/reminders", c.Keys["P"], "", 404)
	c.Must(http.MethodPost, "/v1/register/contents/charte-Q/reminders", c.Keys["all"], `{"org":"cd/q/voirie"}`, 422)
	nowhere := c.Must(http.MethodPost, "/v1/register/contents/charte-P/reminders", c.Keys["P"], `{"org":"zz"}`, 422)
	if !strings.Contains(string(nowhere.Body), `"location":"body.org"`) || !strings.Contains(string(nowhere.Body), "comme le registre l'écrit") {
		t.Errorf("a reminder to an organisation that nobody is in: %s", nowhere.Body)
	}
}

// listen gives the events after the first on an agent's stream.
func (c chancery) listen(ctx context.Context, agent string) <-chan struct{} {
	c.T.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+"/v1/feed/stream", nil)
	if err != nil {
		c.T.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Keys[agent])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.T.Fatal(err)
	}
	first, more := make(chan struct{}), make(chan struct{}, 1)
	go func() {
		defer func() { _ = resp.Body.Close() }()
		for n, lines := 0, bufio.NewScanner(resp.Body); lines.Scan(); {
			if !strings.HasPrefix(lines.Text(), "event: feed") {
				continue
			}
			if n++; n == 1 {
				close(first)
				continue
			}
			select {
			case more <- struct{}{}:
			default:
			}
		}
	}()
	select {
	case <-first:
	case <-ctx.Done():
		c.T.Fatal("no stream")
	}
	return more
}

func (c chancery) audited() {
	t := c.T
	t.Helper()
	c.Must(http.MethodGet, "/v1/register/contents", c.Keys["P"], "", 200)
	if csv := c.Must(http.MethodGet, "/v1/register/contents/charte-P?state=missing&format=csv", c.Keys["P"], "", 200); strings.Count(string(csv.Body), "\r\n") != 2 || !strings.Contains(string(csv.Body), "\r\np1,cd/p,site-p,missing,") {
		t.Errorf("the CSV: %q", csv.Body)
	}
	var told struct{ Accesses []register.Access }
	for range 3 {
		c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation", c.Keys["p0"], "", 200)
		c.Must(http.MethodGet, "/v1/register/contents/charte-P", c.Keys["blind"], "", 403)
	}
	c.Must(http.MethodGet, "/v1/register/accesses?content=charte-P", c.Keys["P"], "", 200)
	c.Must(http.MethodGet, "/v1/register/accesses?limit=100", c.Keys["P"], "", 200).JSON(t, &told)
	acts := map[register.AccessAct]int{}
	for i, a := range told.Accesses {
		if acts[a.Act]++; a.Perimeter != "P" || a.By == "" || i > 0 && a.At.After(told.Accesses[i-1].At) {
			t.Errorf("access %d: %+v", i, a)
		}
	}
	for _, act := range []register.AccessAct{register.AccessContents, register.AccessList, register.AccessExport, register.AccessReminder, register.AccessAttestation, register.AccessSheet, register.AccessAudit, register.AccessRefused} {
		if acts[act] == 0 {
			t.Errorf("the audit has no %s: %v", act, acts)
		}
	}
	own := func(a register.Access) bool { return a.Role == fil.RoleAgent }
	if i := slices.IndexFunc(told.Accesses, own); acts[register.AccessRefused] != 1 || i < 0 || told.Accesses[i].By != "p0" || told.Accesses[i].Agent != "p0" || slices.ContainsFunc(told.Accesses[i+1:], own) {
		t.Errorf("what is asked for again is to be written down once: %+v", told.Accesses)
	}
	i := slices.IndexFunc(told.Accesses, func(a register.Access) bool { return a.Act == register.AccessExport })
	if i < 0 || told.Accesses[i].Lines != 1 || told.Accesses[i].Label != "clé P" {
		t.Errorf("the export in the audit: %+v", told.Accesses[i])
	}
	out, status := run(t, "register", "accesses", "--content", "charte-P", "--server", c.Base, "--key", c.Keys["all"])
	if status != exitDone || !strings.Contains(out, "export") {
		t.Errorf("accesses: %d %s", status, out)
	}
	for address, want := range map[string]string{
		"state=missing&lang=fr":      "\ufeffAgent;Dans l'annuaire;Organisation;Site;Dernier rappel\r\np1;oui;cd/p;site-p;",
		"state=missing&lang=en-GB":   "\ufeffAgent,In the directory,Organisation,Site,Last reminder\r\np1,yes,cd/p,site-p,",
		"state=acknowledged&lang=fr": "\ufeffAgent;Dans l'annuaire;Organisation;Site;Pris connaissance le;Comment;Empreinte du texte (SHA-256)\r\np0;oui;cd/p;site-p;2",
	} {
		if csv := c.Must(http.MethodGet, "/v1/register/contents/charte-P?format=csv&"+address, c.Keys["P"], "", 200); !strings.HasPrefix(string(csv.Body), want) {
			t.Errorf("the CSV for people, %s: %q, want %q first", address, csv.Body, want)
		}
	}
}

func (c chancery) revised() {
	t := c.T
	t.Helper()
	c.publish("charte-P", "P", "Charte informatique P, revue", time.Now())
	filtest.Eventually(t, "nobody to have acknowledged the new text", func() bool {
		got := c.names("P", "charte-P", "state=missing")
		return got.Content.Acknowledged == 0 && got.who() == "p0 p1 p2"
	})
	var own struct {
		Attestation struct {
			Title   string
			InForce bool `json:"in_force"`
		}
	}
	c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation", c.Keys["p0"], "", 200).JSON(t, &own)
	if own.Attestation.InForce || own.Attestation.Title != "Charte informatique P" {
		t.Errorf("what p0 acknowledged is said to be: %+v", own)
	}
	if out, status := run(t, "register", "show", "charte-P", "--missing", "--server", c.Base, "--key", c.Keys["P"]); status != exitDone || !strings.Contains(out, "3 visés, 0 ont pris connaissance") {
		t.Errorf("show: %d %s", status, out)
	}
	if out, status := run(t, "rebuild", "register", "--server", c.Base, "--key", c.Keys["ingest"]); status != exitDone || !strings.Contains(out, "2 prises de connaissance comparées, dont 0 ajoutées") {
		t.Errorf("rebuild: %d %s", status, out)
	}
	c.Must(http.MethodDelete, "/v1/contents/charte-P", c.Keys["communicator"], "", 200, 204)
	filtest.Eventually(t, "the withdrawn content to be told", func() bool {
		return strings.Contains(string(c.Must(http.MethodGet, "/v1/register/contents?state=withdrawn", c.Keys["P"], "", 200).Body), `"charte-P"`)
	})
}

// A key of one perimeter learns nothing of another's, not by counts, errors, filters, pages, audit nor by those who acknowledge
// what is not for them; and no key does without the right.
func TestRegister_OfOnePerimeterTellsNothingOfAnother(t *testing.T) {
	c := startChancery(t)
	c.does(fil.Acknowledge, "q0", "q0", "charte-Q")
	c.does(fil.Acknowledge, "q1", "q1", "charte-P") // which is not for them
	c.await("charte-Q", 1)
	c.names("all", "charte-Q", "state=acknowledged")
	if former := c.names("all", "charte-P", "state=former"); former.who() != "q1" {
		t.Errorf("who acknowledged what is not for them: %+v", former)
	}
	if got := c.names("P", "charte-P", "state=former"); got.Content.Former != 0 || len(got.Agents) != 0 {
		t.Errorf("P is told of q1: %+v", got)
	}
	for _, path := range []string{"contents/charte-Q", "contents/charte-Q?state=acknowledged", "contents/charte-Q?format=csv", "contents/charte-Q/attestation", "contents/charte-Q/attestation?agent=q0"} {
		theirs := c.Must(http.MethodGet, "/v1/register/"+path, c.Keys["P"], "", 404)
		none := c.Must(http.MethodGet, "/v1/register/"+strings.Replace(path, "charte-Q", "none", 1), c.Keys["P"], "", 404)
		if string(theirs.Body) != string(none.Body) {
			t.Errorf("%s: %s, and of what does not exist: %s", path, theirs.Body, none.Body)
		}
	}
	here := c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation?agent=q1", c.Keys["P"], "", 404)
	none := c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation?agent=nobody", c.Keys["P"], "", 404)
	if string(here.Body) != string(none.Body) {
		t.Errorf("q1 is told apart from nobody: %s", here.Body)
	}
	c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation?agent=q1", c.Keys["all"], "", 200)
	c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation", c.Keys["q1"], "", 200)
	if body := string(c.Must(http.MethodGet, "/v1/register/accesses", c.Keys["all"], "", 200).Body); !strings.Contains(body, `"by":"q1"`) {
		t.Errorf("q1 had what they did attested, and the audit has %s", body)
	}
	var told struct{ Accesses []register.Access }
	c.Must(http.MethodGet, "/v1/register/accesses", c.Keys["P"], "", 200).JSON(t, &told)
	for _, a := range told.Accesses {
		if theirs := a.Label == "clé all"; theirs && (a.Lines != 0 || a.Agent != "") || a.By == "q1" || a.Content == "charte-Q" || a.Act == register.AccessList && !theirs && a.Lines != 0 {
			t.Errorf("the audit tells P: %+v", a)
		}
	}
	if !slices.ContainsFunc(told.Accesses, func(a register.Access) bool { return a.Label == "clé all" && a.Act == register.AccessAttestation }) {
		t.Error("the audit does not tell P that another key looked at its content")
	}
	for _, path := range []string{"contents", "contents?limit=1", "accesses?content=charte-Q", "contents/charte-P?org=cd/q", "contents/charte-P?q=q"} {
		if body := string(c.Must(http.MethodGet, "/v1/register/"+path, c.Keys["P"], "", 200).Body); strings.Contains(body, "charte-Q") || strings.Contains(body, `"q`) {
			t.Errorf("%s tells: %s", path, body)
		}
	}
	for _, key := range []string{"blind", "communicator", "leader"} {
		for method, path := range map[string]string{"contents": http.MethodGet, "contents/charte-P": http.MethodGet, "contents/charte-P/attestation?agent=p0": http.MethodGet, "accesses": http.MethodGet, "contents/charte-P/reminders": http.MethodPost} {
			got := c.Must(path, "/v1/register/"+method, c.Keys[key], "", 403)
			if !strings.Contains(string(got.Body), "ne voit pas le registre") {
				t.Errorf("%s %s: %s", key, method, got.Body)
			}
		}
	}
	for _, key := range []string{"service", "ingest", "p0"} {
		c.Must(http.MethodGet, "/v1/register/contents", c.Keys[key], "", 403)
	}
}
