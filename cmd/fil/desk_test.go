package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
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
		o.keys[name] = key
	}
	for i := range 30 {
		org := []string{"cd/p", "cd/q"}[i%2]
		o.must(http.MethodPut, fmt.Sprintf("/v1/agents/a%d", i), o.keys["ingest"], fmt.Sprintf(`{"org":%q}`, org), 201)
	}
	o.must(http.MethodPut, "/v1/audiences/P", o.keys["zoé"], `{"name":"Direction P","rule":"inOrg(\"cd/p\")","approval":true}`, 201)
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
	o.t.Helper()
	got := o.ask(method, path, o.keys[who], body, headers...)
	if got.status != status {
		o.t.Fatalf("%s %s by %s: %d %s, want %d", method, path, who, got.status, got.body, status)
	}
	if status < 300 && len(got.body) > 0 {
		got.json(o.t, &r)
	}
	return r
}

func (o office) sees(agent, content string) bool {
	return slices.Contains(strings.Fields(o.feed(agent).ids()), content)
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
	if got := o.ask("POST", c+"/draft/submission", o.keys["paz"], `{}`); got.status != 422 || !strings.Contains(string(got.body), "RGAA 1.1") || !strings.Contains(string(got.body), "ligne 3, colonne 1") {
		t.Fatalf("the gate: %d %s", got.status, got.body)
	}
	if got := o.ask("PUT", c, o.keys["paz"], good); got.status != 403 || !strings.Contains(string(got.body), "seconde personne") {
		t.Fatalf("published without approval: %d %s", got.status, got.body)
	}
	if again := o.step("paz", "PUT", c+"/draft", good, 200); again.Number != 1 || len(again.Steps) != 1 {
		t.Fatalf("saved again: %+v", again)
	}
	o.step("paz", "POST", c+"/draft/publication", `{}`, 409)
	o.step("paz", "POST", c+"/draft/submission", `{"note":"pour jeudi"}`, 200)
	o.step("paz", "POST", c+"/draft/publication", `{}`, 403)
	o.step("pio", "POST", c+"/draft/refusal", `{"reason":"titre à préciser"}`, 200)
	o.step("paz", "POST", c+"/draft/submission", `{}`, 200)
	if o.ask("GET", c, o.keys["paz"], "").status != 404 || o.sees("a0", "guide") {
		t.Fatal("a draft is shown before it is published")
	}
	r = o.step("pio", "POST", c+"/draft/publication", `{"note":"lu et approuvé"}`, 200)
	if r.State != "published" || r.Value.PublishedAt.IsZero() || !o.sees("a0", "guide") || o.sees("a1", "guide") {
		t.Fatalf("after the approval: %+v; a0 sees it %t, a1 %t", r, o.sees("a0", "guide"), o.sees("a1", "guide"))
	}

	first := o.step("paz", "PUT", c+"/draft", strings.Replace(good, "Guide", "Le guide", 1), 200)
	o.step("pio", "PUT", c+"/draft", strings.Replace(good, "Guide", "Un guide", 1), 428)
	o.step("pio", "PUT", c+"/draft", strings.Replace(good, "Guide", "Un guide", 1), 200, "If-Match: "+first.ETag)
	if got := o.ask("PUT", c+"/draft", o.keys["paz"], strings.Replace(good, "Guide", "Mon guide", 1), "If-Match: "+first.ETag); got.status != 412 || !strings.Contains(string(got.body), "« pio »") || !strings.Contains(string(got.body), `"location":"title"`) {
		t.Fatalf("a save over another's: %d %s", got.status, got.body)
	}
	o.step("paz", "POST", c+"/draft/submission", `{}`, 200)
	for _, who := range []string{"paz", "pio"} { // both wrote in it
		o.step(who, "POST", c+"/draft/publication", `{}`, 403)
	}
	o.step("ali", "POST", c+"/draft/publication", `{}`, 200)

	o.step("paz", "POST", c+"/withdrawal", `{"reason":"une erreur de date"}`, 200)
	if o.sees("a0", "guide") {
		t.Fatal("it is read after its withdrawal")
	}
	var history struct{ Revisions []revision }
	o.must("GET", c+"/versions", o.keys["paz"], "", 200).json(t, &history)
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
	o.step("paz", "POST", c+"/draft/publication", `{}`, 200)
	if !o.sees("a0", "guide") {
		t.Fatal("it is not read after its restoration")
	}
}

// What is not asked to be approved is published at once; what imports bring is not lost when people write over it; nobody sees
// another perimeter's drafts; machines publish as before.
func TestDesk_KeepsWhatWasAndWhoseItIs(t *testing.T) {
	o := startOffice(t)
	o.must("PUT", "/v1/contents/agenda", o.keys["ingest"], `{"title":"Importé","body":"![](x.png)"}`, 201)
	o.step("zoé", "PUT", "/v1/contents/agenda", `{"title":"Écrit","body":"![](x.png)"}`, 422, "If-Match: *")
	o.step("zoé", "PUT", "/v1/contents/agenda", `{"title":"Écrit"}`, 200, "If-Match: *")
	var history struct{ Revisions []revision }
	o.must("GET", "/v1/contents/agenda/versions", o.keys["zoé"], "", 200).json(t, &history)
	if h := history.Revisions; len(h) != 2 || h[0].Value.Title != "Écrit" || h[1].Value.Title != "Importé" || h[1].Steps[0].What != "found" {
		t.Fatalf("the history is %+v", h)
	}
	o.step("zoé", "PUT", "/v1/contents/agenda/draft", `{"title":"Réécrit"}`, 200)
	o.must("PUT", "/v1/contents/agenda", o.keys["ingest"], `{"title":"Importé encore"}`, 200)
	if got := o.ask("POST", "/v1/contents/agenda/draft/publication", o.keys["zoé"], `{}`); got.status != 412 || !strings.Contains(string(got.body), "title") {
		t.Fatalf("published over an import: %d %s", got.status, got.body)
	}
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
	o.keys["quentin"] = q
	for _, step := range []string{"GET /draft", "DELETE /draft", "POST /draft/submission", "POST /draft/publication"} {
		method, path, _ := strings.Cut(step, " ")
		o.step("quentin", method, "/v1/contents/interne"+path, `{}`, 404)
	}
	for who, n := range map[string]int{"paz": 1, "quentin": 0, "zoé": 1} {
		var list struct{ Revisions []revision }
		o.must("GET", "/v1/drafts", o.keys[who], "", 200).json(t, &list)
		if len(list.Revisions) != n {
			t.Errorf("%s is shown %d drafts, want %d", who, len(list.Revisions), n)
		}
	}
	o.step("paz", "DELETE", "/v1/contents/interne/draft", "", 204)
	o.step("paz", "GET", "/v1/contents/interne/draft", "", 404)

	var checked struct {
		Publishable bool
		Findings    []struct{ Rule string }
	}
	o.must("POST", "/v1/contents/check", o.keys["paz"], `{"title":"x","body":"[ici](y)"}`, 200).json(t, &checked)
	if checked.Publishable || len(checked.Findings) != 3 {
		t.Errorf("checked: %+v", checked)
	}
	batch := `{"id":"b1","title":"ok","summary":"s"}` + "\n" + `{"id":"b2","title":"non","perimeter":"P"}`
	if got := o.ask("POST", "/v1/contents:batch", o.keys["zoé"], batch, "Content-Type: application/x-ndjson"); !strings.Contains(string(got.body), `"admitted":1`) || !strings.Contains(string(got.body), "seconde personne") {
		t.Errorf("a batch goes around the approval: %d %s", got.status, got.body)
	}
}
