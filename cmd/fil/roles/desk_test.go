package roles

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/filtest"
)

// office is a server with communicators who have names: Zoé and Ali of the whole house, Paz of the perimeter P.
type office struct{ *here }

func startOffice(t *testing.T) office {
	t.Helper()
	o := office{startHere(t)}
	for name, perimeter := range map[string]string{"zoé": "", "ali": "", "paz": "P", "pio": "P"} {
		key, err := o.server.ring.CreateScoped(fil.RoleCommunicator, name, access.Scope{Perimeter: perimeter})
		if err != nil {
			t.Fatal(err)
		}
		o.Keys[name] = key
	}
	for i := range 30 {
		org := []string{"cd/p", "cd/q"}[i%2]
		o.Must(http.MethodPut, fmt.Sprintf("/v1/agents/a%d", i), o.Keys["ingest"], fmt.Sprintf(`{"org":%q}`, org), 201)
	}
	o.Must(http.MethodPut, "/v1/audiences/P", o.Keys["zoé"], `{"name":"Direction P","rule":"inOrg(\"cd/p\")","approval":true}`, 201)
	return o
}

type revision struct {
	Number   int
	State    string
	Value    *fil.Content
	Approval string
	May      []string
	ETag     string
	Steps    []struct{ What, Label, Note string }
	Findings []struct{ Severity, Rule string }
}

func (o office) step(who, method, path, body string, status int, headers ...string) (r revision) {
	o.T.Helper()
	got := o.Ask(method, path, o.Keys[who], body, headers...)
	if got.Status != status {
		o.T.Fatalf("%s %s by %s: %d %s, want %d", method, path, who, got.Status, got.Body, status)
	}
	if status < 300 && len(got.Body) > 0 {
		got.JSON(o.T, &r)
	}
	return r
}

func (o office) sees(agent, content string) bool {
	return slices.Contains(strings.Fields(o.Feed(agent).IDs()), content)
}

// One text from its first words to its end: drafted, held up by the gate, mended, approved by another, read, changed by two at
// once, taken back, and taken up again.
func TestDesk_FromDraftToWithdrawal(t *testing.T) {
	o := startOffice(t)
	const c = "/v1/contents/guide"
	bad := `{"title":"Guide du télétravail","summary":"À lire.","body":"## Un\n\n![](plan.png)\n\n[cliquez ici](https://a.fr/guide)"}`
	good := `{"title":"Guide du télétravail","summary":"À lire.","body":"## Un\n\n[le guide complet](https://a.fr/guide)"}`

	r := o.step("paz", "PUT", c+"/draft", bad, 200)
	if r.Number != 1 || r.State != "draft" || r.Approval != "P" || r.Value.Perimeter != "P" || slices.Contains(r.May, "publish") || len(r.Findings) != 2 {
		t.Fatalf("the first draft: %+v", r)
	}
	if got := o.Ask("POST", c+"/draft/submission", o.Keys["paz"], `{}`); got.Status != 422 || !strings.Contains(string(got.Body), "RGAA 1.1") || !strings.Contains(string(got.Body), "ligne 3, colonne 1") {
		t.Fatalf("the gate: %d %s", got.Status, got.Body)
	}
	if got := o.Ask("PUT", c, o.Keys["paz"], good); got.Status != 403 || !strings.Contains(string(got.Body), "seconde personne") {
		t.Fatalf("published without approval: %d %s", got.Status, got.Body)
	}
	if again := o.step("paz", "PUT", c+"/draft", good, 200); again.Number != 1 || len(again.Steps) != 1 {
		t.Fatalf("saved again: %+v", again)
	}
	o.step("paz", "POST", c+"/draft/publication", `{}`, 409)
	o.step("paz", "POST", c+"/draft/submission", `{"note":"pour jeudi"}`, 200)
	o.step("paz", "POST", c+"/draft/publication", `{}`, 403)
	o.step("pio", "POST", c+"/draft/refusal", `{"reason":"titre à préciser"}`, 200)
	submitted := o.step("paz", "POST", c+"/draft/submission", `{}`, 200)
	if o.Ask("GET", c, o.Keys["paz"], "").Status != 404 || o.sees("a0", "guide") {
		t.Fatal("a draft is shown before it is published")
	}
	if reader := o.persona("paz", `{"org":"cd/p"}`, good); reader.Place == nil || *reader.Place != 1 || !*reader.Audience || len(reader.Items[0].Reasons) == 0 {
		t.Fatalf("the draft as a made-up colleague would see it: %+v", reader)
	}
	if reader := o.persona("paz", `{"org":"cd/q"}`, good); reader.Place != nil || *reader.Audience {
		t.Fatalf("the draft as another would see it: %+v", reader)
	}
	r = o.step("pio", "POST", c+"/draft/publication", `{"note":"lu et approuvé"}`, 200, "If-Match: "+submitted.ETag)
	if r.State != "published" || r.Value.PublishedAt.IsZero() || !o.sees("a0", "guide") || o.sees("a1", "guide") {
		t.Fatalf("after the approval: %+v; a0 sees it %t, a1 %t", r, o.sees("a0", "guide"), o.sees("a1", "guide"))
	}

	first := o.step("paz", "PUT", c+"/draft", strings.Replace(good, "Guide", "Le guide", 1), 200)
	o.step("pio", "PUT", c+"/draft", strings.Replace(good, "Guide", "Un guide", 1), 428)
	o.step("pio", "PUT", c+"/draft", strings.Replace(good, "Guide", "Un guide", 1), 200, "If-Match: "+first.ETag)
	if got := o.Ask("PUT", c+"/draft", o.Keys["paz"], strings.Replace(good, "Guide", "Mon guide", 1), "If-Match: "+first.ETag); got.Status != 412 || !strings.Contains(string(got.Body), "« pio »") || !strings.Contains(string(got.Body), `"location":"title"`) {
		t.Fatalf("a save over another's: %d %s", got.Status, got.Body)
	}
	submitted = o.step("paz", "POST", c+"/draft/submission", `{}`, 200)
	for _, who := range []string{"paz", "pio"} { // both wrote in it
		o.step(who, "POST", c+"/draft/publication", `{}`, 403)
	}
	o.step("ali", "POST", c+"/draft/publication", `{}`, 200, "If-Match: "+submitted.ETag)
	if got := o.Ask("PUT", c+"/draft", o.Keys["paz"], strings.Replace(good, "Guide", "Mon guide", 1), "If-Match: "+first.ETag); got.Status != 412 || !strings.Contains(string(got.Body), "« ali »") {
		t.Fatalf("a draft begun from what was published over: %d %s", got.Status, got.Body)
	}

	o.step("paz", "POST", c+"/withdrawal", `{"reason":"une erreur de date"}`, 200)
	if o.sees("a0", "guide") {
		t.Fatal("it is read after its withdrawal")
	}
	var history struct{ Revisions []revision }
	o.Must("GET", c+"/versions", o.Keys["paz"], "", 200).JSON(t, &history)
	var told []string
	for _, one := range history.Revisions {
		last := one.Steps[len(one.Steps)-1]
		told = append(told, fmt.Sprintf("%d %s by %s: %s", one.Number, one.State, last.Label, last.Note))
	}
	want := []string{"4 withdrawn by paz: une erreur de date", "3 published by ali: ", "2 draft by paz: ", "1 published by pio: lu et approuvé"}
	if !slices.Equal(told, want) {
		t.Fatalf("the history is %q, want %q", told, want)
	}
	r = o.step("pio", "POST", c+"/versions/1/restoration", ``, 200)
	if r.Number != 5 || r.State != "draft" || r.Value.Title != "Guide du télétravail" {
		t.Fatalf("restored: %+v", r)
	}
	o.step("pio", "POST", c+"/draft/submission", `{}`, 200)
	o.step("paz", "POST", c+"/draft/publication", `{}`, 200, "If-Match: "+r.ETag)
	if !o.sees("a0", "guide") {
		t.Fatal("it is not read after its restoration")
	}
}

// What is published is what was read: a text that was written in meanwhile is not, nor given back or up, and nothing is lost.
func TestDesk_PublishesWhatWasRead(t *testing.T) {
	o := startOffice(t)
	const c = "/v1/contents/guide"
	publish := func(who, tags string, status int, tells ...string) {
		t.Helper()
		got := o.Ask("POST", c+"/draft/publication", o.Keys[who], `{}`, tags)
		for _, told := range tells {
			if !strings.Contains(string(got.Body), told) {
				t.Errorf("%s does not tell %s", got.Body, told)
			}
		}
		if got.Status != status {
			t.Fatalf("published by %s with %q: %d %s, want %d", who, tags, got.Status, got.Body, status)
		}
	}
	submit := func(title string) revision {
		o.step("paz", "PUT", c+"/draft", fmt.Sprintf(`{"title":%q,"summary":"s"}`, title), 200, "If-Match: *")
		return o.step("paz", "POST", c+"/draft/submission", `{}`, 200)
	}
	read := submit("Deux jours")
	publish("pio", "Accept-Language: fr", 428, "« paz »", "If-Match")
	now := submit("Trois jours")
	publish("pio", "If-Match: "+read.ETag, 412, "« paz »", `"location":"title"`)
	o.step("pio", "POST", c+"/draft/submission", `{}`, 412, "If-Match: "+read.ETag)
	o.step("pio", "POST", c+"/draft/refusal", `{"reason":"à revoir"}`, 412, "If-Match: "+read.ETag)
	o.step("pio", "DELETE", c+"/draft", "", 412, "If-Match: "+read.ETag)
	if open := o.step("paz", "GET", c+"/draft", "", 200); open.State != "submitted" || open.ETag != now.ETag || o.sees("a0", "guide") {
		t.Fatalf("after what was refused: %+v", open)
	}
	publish("pio", "If-Match: "+now.ETag, 200, "Trois jours")

	now = submit("Quatre jours")
	live := o.Must("PUT", c, o.Keys["ingest"], `{"title":"Importé","perimeter":"P"}`, 200)
	publish("pio", "If-Match: "+now.ETag, 412, `"location":"title"`, "Importé")
	publish("pio", "If-Match: "+live.Header.Get("ETag"), 412, "« paz »")
	publish("pio", "If-Match: "+now.ETag+", "+live.Header.Get("ETag"), 200, "Quatre jours")
}

// What is not asked to be approved is published at once; what imports bring is not lost when people write over it; nobody sees
// another perimeter's drafts; machines publish as before.
func TestDesk_KeepsWhatWasAndWhoseItIs(t *testing.T) {
	o := startOffice(t)
	o.Must("PUT", "/v1/contents/agenda", o.Keys["ingest"], `{"title":"Importé","body":"![](x.png)"}`, 201)
	o.step("zoé", "PUT", "/v1/contents/agenda", `{"title":"Écrit","body":"![](x.png)"}`, 422, "If-Match: *")
	o.step("zoé", "PUT", "/v1/contents/agenda", `{"title":"Écrit"}`, 200, "If-Match: *")
	var history struct{ Revisions []revision }
	o.Must("GET", "/v1/contents/agenda/versions", o.Keys["zoé"], "", 200).JSON(t, &history)
	if h := history.Revisions; len(h) != 2 || h[0].Value.Title != "Écrit" || h[1].Value.Title != "Importé" || h[1].Steps[0].What != "found" {
		t.Fatalf("the history is %+v", h)
	}
	o.step("zoé", "PUT", "/v1/contents/agenda/draft", `{"title":"Réécrit"}`, 200)
	o.Must("PUT", "/v1/contents/agenda", o.Keys["ingest"], `{"title":"Importé encore"}`, 200)
	if got := o.Ask("POST", "/v1/contents/agenda/draft/publication", o.Keys["zoé"], `{}`); got.Status != 412 || !strings.Contains(string(got.Body), "title") {
		t.Fatalf("published over an import: %d %s", got.Status, got.Body)
	}
	if r := o.step("zoé", "PUT", "/v1/contents/agenda/draft", `{"title":"Réuni"}`, 200); r.Number != 5 || r.State != "draft" { // behind what was imported
		t.Fatalf("saved over an import: %+v", r)
	}
	o.step("zoé", "POST", "/v1/contents/agenda/draft/publication", `{}`, 412)
	if r := o.step("zoé", "POST", "/v1/contents/agenda/draft/publication", `{}`, 200, "If-Match: *"); r.State != "published" {
		t.Fatalf("%+v", r)
	}

	o.step("paz", "PUT", "/v1/contents/interne/draft", `{"title":"De P"}`, 200)
	o.step("paz", "GET", "/v1/contents/agenda/versions", "", 404)
	o.step("paz", "GET", "/v1/contents/agenda/versions/1", "", 404)
	o.step("paz", "POST", "/v1/contents/agenda/withdrawal", `{"reason":"non"}`, 404)
	o.step("paz", "POST", "/v1/contents/agenda/versions/1/restoration", "", 404)
	o.step("paz", "PUT", "/v1/contents/agenda/draft", `{"title":"à moi"}`, 403)
	q, err := o.server.ring.CreateScoped(fil.RoleCommunicator, "quentin", access.Scope{Perimeter: "Q"})
	if err != nil {
		t.Fatal(err)
	}
	o.Keys["quentin"] = q
	for _, step := range []string{"GET /draft", "DELETE /draft", "POST /draft/submission", "POST /draft/publication"} {
		method, path, _ := strings.Cut(step, " ")
		o.step("quentin", method, "/v1/contents/interne"+path, `{}`, 404)
	}
	for who, n := range map[string]int{"paz": 1, "quentin": 0, "zoé": 1} {
		var list struct{ Revisions []revision }
		o.Must("GET", "/v1/drafts", o.Keys[who], "", 200).JSON(t, &list)
		if len(list.Revisions) != n {
			t.Errorf("%s is shown %d drafts, want %d", who, len(list.Revisions), n)
		}
	}
	o.step("paz", "DELETE", "/v1/contents/interne/draft", "", 204)
	o.step("paz", "GET", "/v1/contents/interne/draft", "", 404)

	var checked struct {
		Publishable bool
		Approval    string
		Findings    []struct{ Rule string }
	}
	o.Must("POST", "/v1/contents/check", o.Keys["paz"], `{"title":"x","body":"[ici](y)"}`, 200).JSON(t, &checked)
	if checked.Publishable || len(checked.Findings) != 3 || checked.Approval != "P" {
		t.Errorf("checked: %+v", checked)
	}
	o.Must("PUT", "/v1/contents/adresse", o.Keys["ingest"], `{"title":"À P","audiences":["P"]}`, 201)
	for body, asker := range map[string]string{`{"title":"x"}`: "", `{"title":"x","audiences":["P"]}`: "P", `{"id":"adresse","title":"x"}`: "P"} { // it was for P
		checked.Approval = ""
		o.Must("POST", "/v1/contents/check", o.Keys["zoé"], body, 200).JSON(t, &checked)
		if checked.Approval != asker {
			t.Errorf("%s: %q asks for a second person, want %q", body, checked.Approval, asker)
		}
	}
	if r := o.step("zoé", "PUT", "/v1/contents/adresse/draft", `{"title":"x"}`, 200); r.Approval != "P" || slices.Contains(r.May, "publish") {
		t.Errorf("a draft of what was for P: %+v", r)
	}
	batch := `{"id":"b1","title":"ok","summary":"s"}` + "\n" + `{"id":"b2","title":"non","perimeter":"P"}`
	if got := o.Ask("POST", "/v1/contents:batch", o.Keys["zoé"], batch, "Content-Type: application/x-ndjson"); !strings.Contains(string(got.Body), `"admitted":1`) || !strings.Contains(string(got.Body), "seconde personne") {
		t.Errorf("a batch goes around the approval: %d %s", got.Status, got.Body)
	}
}

type personaFeed struct {
	Place    *int
	Audience *bool
	Items    []struct {
		Content string
		Draft   bool
		Reasons []string
	}
	Explanation *fil.Explanation
}

func (o office) persona(who, persona, content string) (f personaFeed) {
	o.T.Helper()
	body := `{"persona":` + persona
	if content != "" {
		body += `,"content":` + content
	}
	o.Must("POST", "/v1/preview/feed", o.Keys[who], body+"}", 200).JSON(o.T, &f)
	return f
}

// A made-up reader is ranked for as a reader is, and nothing of a colleague can be found by it: neither who is named in an
// audience, nor whose team it is, nor what the one agent of a unit has read.
func TestDesk_PersonaIsNobody(t *testing.T) {
	o := startOffice(t)
	o.Must("PUT", "/v1/audiences/named", o.Keys["zoé"], `{"name":"Nommés","members":["a1","persona","}persona"]}`, 201)
	o.Must("PUT", "/v1/audiences/near", o.Keys["zoé"], `{"name":"Service","rule":"service(\"a1\") or team(\"a1\")"}`, 201)
	for id, body := range map[string]string{
		"rh": `{"title":"Congés","topics":["rh"]}`, "sport": `{"title":"Course","topics":["sport"]}`,
		"named": `{"title":"Nommés","audiences":["named"]}`, "near": `{"title":"Voisins","audiences":["near"]}`,
	} {
		o.Must("PUT", "/v1/contents/"+id, o.Keys["zoé"], body, 201)
	}
	first := func(f personaFeed) string { return f.Items[0].Content }
	sport, rh := o.persona("zoé", `{"org":"cd/q","read":["sport"]}`, ""), o.persona("zoé", `{"org":"cd/q","follow":["rh"]}`, "")
	if len(sport.Items) != 2 || first(sport) != "sport" || first(rh) != "rh" {
		t.Errorf("who reads of sport sees %+v, who follows rh %+v", sport.Items, rh.Items)
	}
	question := fmt.Sprintf(`{"persona":{"org":"cd/solo"},"content":{"id":"d","title":"D","published_at":%[1]q},"at":%[1]q}`, time.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339))
	before := o.Ask("POST", "/v1/preview/feed", o.Keys["zoé"], question)
	o.Must("PUT", "/v1/agents/solo", o.Keys["ingest"], `{"org":"cd/solo"}`, 201)
	o.Must("POST", "/v1/engagements", o.Keys["ingest"], `{"specversion":"1.0","id":"e1","source":"t","type":"fil.engagement.read","data":{"agent":"solo","content":"sport"}}`, 202)
	filtest.Eventually(t, "the read to be learned", func() bool {
		k := o.Ask("GET", "/v1/agents/solo/feed", o.Keys["service"], "")
		return k.Status == 200 && o.metric("fil_ranking_records_total", "outcome=applied") >= 1
	})
	after := o.Ask("POST", "/v1/preview/feed", o.Keys["zoé"], question)
	if before.Status != 200 || string(before.Body) != string(after.Body) {
		t.Errorf("what the one agent of a unit read shows:\n%s\n%s", before.Body, after.Body)
	}
	if got := o.Ask("POST", "/v1/preview/feed", o.Keys["zoé"], `{"persona":{"attributes":{"union":"x"}}}`); got.Status != 422 || !strings.Contains(string(got.Body), "persona.attributes.union") {
		t.Errorf("an attribute that is not declared: %d %s", got.Status, got.Body)
	}
	o.Must("POST", "/v1/preview/feed", o.Keys["leader"], `{"persona":{}}`, 403)
}

// What is beside a draft on its day, whom it reaches, and how its audience is written by choice.
func TestDesk_CalendarReachAndClauses(t *testing.T) {
	o := startOffice(t)
	o.Must("PUT", "/v1/audiences/all", o.Keys["zoé"], `{"name":"Tous","rule":"true"}`, 201)
	o.Must("PUT", "/v1/contents/one", o.Keys["zoé"], `{"title":"Un","audiences":["all"],"published_at":"2031-05-02T07:00:00Z","expires_at":"2031-05-04T07:00:00Z"}`, 201)
	o.Must("PUT", "/v1/contents/two", o.Keys["zoé"], `{"title":"Deux","published_at":"2031-05-03T22:30:00Z"}`, 201)
	o.step("paz", "PUT", "/v1/contents/three/draft", `{"title":"Trois","published_at":"2031-05-03T08:00:00Z"}`, 200)
	var c struct {
		Entries []struct{ ID, State string }
		Days    []struct {
			Day                string
			Begins, Live, Ends []string
		}
	}
	o.Must("GET", "/v1/calendar?from=2031-05-01&to=2031-05-04", o.Keys["zoé"], "", 200).JSON(t, &c)
	if got, want := fmt.Sprint(c.Days), "[{2031-05-01 [] [] []} {2031-05-02 [one] [one] []} {2031-05-03 [three] [one] []} {2031-05-04 [two] [two one] [one]}]"; got != want {
		t.Errorf("the days are %s, want %s", got, want)
	}
	o.Must("GET", "/v1/calendar?from=2031-05-01&to=2031-05-04", o.Keys["paz"], "", 200).JSON(t, &c)
	if len(c.Entries) != 1 || c.Entries[0].ID != "three" || c.Entries[0].State != "draft" {
		t.Errorf("P is shown %+v", c.Entries)
	}
	o.Must("GET", "/v1/calendar?from=2031-05-01&to=2032-05-04", o.Keys["zoé"], "", 422)
	var r struct {
		Day    string
		Size   *int
		Rivals []struct {
			ID, Bound string
			Shared    *int
		}
	}
	o.Must("POST", "/v1/contents/reach", o.Keys["zoé"], `{"title":"Quatre","perimeter":"P","published_at":"2031-05-03T08:00:00Z"}`, 200).JSON(t, &r)
	if r.Day != "2031-05-03" || figure(r.Size) != "15" || len(r.Rivals) != 2 || r.Rivals[0].ID != "three" || figure(r.Rivals[0].Shared) != "15" || figure(r.Rivals[1].Shared) != "15" {
		t.Errorf("the reach is %+v", r)
	}
	o.Must("PUT", "/v1/audiences/q", o.Keys["zoé"], `{"name":"Q","rule":"inOrg(\"cd/q\")"}`, 201)
	o.Must("PUT", "/v1/contents/ailleurs", o.Keys["zoé"], `{"title":"Secret de Q","audiences":["q"],"published_at":"2031-05-03T08:00:00Z"}`, 201)
	var bounded struct {
		Rivals []struct{ ID string }
		Others int
	}
	got := o.Must("POST", "/v1/contents/reach", o.Keys["paz"], `{"title":"Quatre","published_at":"2031-05-03T08:00:00Z"}`, 200)
	if got.JSON(t, &bounded); len(bounded.Rivals) != 1 || bounded.Rivals[0].ID != "three" || bounded.Others != 1 || strings.Contains(string(got.Body), `"Un"`) { // "one" is for all, "ailleurs" for no agent of P
		t.Errorf("the reach for P is %s", got.Body)
	}
	var clauses struct {
		Rule     string
		ByChoice bool `json:"by_choice"`
		Clauses  struct {
			All []struct{ Attribute, Operator string }
		}
	}
	o.Must("POST", "/v1/audiences/clauses", o.Keys["paz"], `{"rule":"manager and inOrg(\"cd/p\")"}`, 200).JSON(t, &clauses)
	if !clauses.ByChoice || len(clauses.Clauses.All) != 2 || clauses.Clauses.All[1].Operator != "under" {
		t.Errorf("clauses of a rule: %+v", clauses)
	}
	o.Must("POST", "/v1/audiences/clauses", o.Keys["paz"], `{"clauses":{"none":[{"attribute":"grade","operator":"in","values":["A","B"]}]}}`, 200).JSON(t, &clauses)
	if clauses.Rule != `grade not in ["A", "B"]` {
		t.Errorf("the rule of clauses is %s", clauses.Rule)
	}
	o.Must("POST", "/v1/audiences/clauses", o.Keys["paz"], `{"clauses":{"attribute":"grade","operator":"equals","values":["A"]}}`, 422)
	var schema struct{ Threshold int }
	o.Must("GET", "/v1/schema/clauses", o.Keys["leader"], "", 200).JSON(t, &schema)
	var values struct {
		Values []string
		More   bool
	}
	o.Must("GET", "/v1/schema/values/org?q=CD", o.Keys["paz"], "", 200).JSON(t, &values)
	if schema.Threshold != fil.DefaultThreshold || !slices.Contains(values.Values, "cd/p") || values.More {
		t.Errorf("the threshold is %d, the units %+v", schema.Threshold, values)
	}
	o.Must("GET", "/v1/schema/values/hired", o.Keys["paz"], "", 422)
	o.Must("GET", "/v1/schema/values/org", o.Keys["service"], "", 403)
	o.Must("GET", "/v1/audiences/P/why?agent=a0", o.Keys["zoé"], "", 403)
	seer, err := o.server.ring.CreateScoped(fil.RoleCommunicator, "voit", access.Scope{Perimeter: "P", Sample: true})
	if err != nil {
		t.Fatal(err)
	}
	o.Must("GET", "/v1/audiences/P/why?agent=a0", seer, "", 200)
	o.Must("GET", "/v1/audiences/P/why?agent=a1", seer, "", 404)
}

// A text is previewed as the feed then gives it, and the desk has it from its draft to its withdrawal.
func TestDesk_ShowsWhatIsUnpublished(t *testing.T) {
	o := startOffice(t)
	const body = "# Un\n\n![le plan](plan.png) <script>x</script>\n\n[le guide](https://a.fr)"
	var shown struct{ Bodies map[string]string }
	raw, _ := json.Marshal(map[string]any{"bodies": map[string]string{"fr": body, "en": ""}})
	o.Must("POST", "/v1/preview/text", o.Keys["paz"], string(raw), 200).JSON(t, &shown)
	o.Must("POST", "/v1/preview/text", o.Keys["leader"], string(raw), 403)
	content, _ := json.Marshal(map[string]any{"title": "Guide", "summary": "À lire.", "body": body})
	state := func(who string) string {
		var desk struct {
			Contents []struct{ ID, State, Title string }
		}
		o.Must("GET", "/v1/desk?q=guide", o.Keys[who], "", 200).JSON(t, &desk)
		return fmt.Sprint(desk.Contents)
	}
	o.step("zoé", "PUT", "/v1/contents/guide/draft", string(content), 200)
	if got, hidden := state("zoé"), state("paz"); got != "[{guide draft Guide}]" || hidden != "[]" {
		t.Errorf("the desk has %s, and %s for another perimeter", got, hidden)
	}
	o.step("zoé", "POST", "/v1/contents/guide/draft/publication", `{}`, 200)
	var feed struct {
		Items []struct {
			Content struct {
				HTML string `json:"body_html"`
			}
		}
	}
	o.Must("GET", "/v1/agents/a0/feed", o.Keys["service"], "", 200).JSON(t, &feed)
	if len(feed.Items) != 1 || feed.Items[0].Content.HTML != shown.Bodies["fr"] || strings.Contains(shown.Bodies["fr"], "<img") || shown.Bodies["en"] != "" {
		t.Errorf("previewed %q, and the feed is %+v", shown.Bodies, feed.Items)
	}
	o.step("zoé", "POST", "/v1/contents/guide/withdrawal", `{"reason":"une erreur"}`, 200)
	if got := state("zoé"); got != "[{guide withdrawn Guide}]" {
		t.Errorf("after its withdrawal the desk has %s", got)
	}
	o.Must("GET", "/v1/desk?state=other", o.Keys["zoé"], "", 422)
}
