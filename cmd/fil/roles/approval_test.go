package roles

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil"
)

// The second person of an audience is not for the author of a text to do without: who takes the rule away stays under it, whenever
// they did, and whatever they write again over it. For everybody else it is gone.
func TestDesk_NobodyLiftsTheirOwnApproval(t *testing.T) {
	o := startOffice(t)
	const a, c = "/v1/audiences/presse", "/v1/contents/annonce"
	const asking, free = `{"name":"Presse","rule":"inOrg(\"cd/p\")","approval":true}`, `{"name":"Presse","rule":"inOrg(\"cd/p\")","approval":false}`
	const text = `{"title":"Annonce","summary":"s","audiences":["presse"]}`
	told := func(who, method, path, body string, status int, want string) {
		t.Helper()
		if got := o.Ask(method, path, o.Keys[who], body, "If-Match: *"); got.Status != status || !strings.Contains(string(got.Body), want) {
			t.Fatalf("%s %s by %s: %d %s, want %d with %q", method, path, who, got.Status, got.Body, status, want)
		}
	}
	o.Must(http.MethodPut, a, o.Keys["zoé"], asking, 201)
	o.step("ali", "PUT", c+"/draft", text, 200)
	told("ali", "POST", c+"/draft/publication", `{}`, 409, "seconde personne")

	var lifted fil.Audience
	o.Ask("PUT", a, o.Keys["ali"], free, "If-Match: *").JSON(t, &lifted)
	if lifted.Lifted == nil || lifted.Lifted.Label != "ali" || lifted.Approval {
		t.Fatalf("lifted by ali: %+v", lifted)
	}
	told("ali", "POST", c+"/draft/publication", `{}`, 409, "retirée à « presse »")
	told("ali", "PUT", c, text, 403, "retirée à « presse »")
	told("ali", "PUT", "/v1/contents/autre", text, 403, "retirée à « presse »") // lifted before it was begun
	told("ali", "DELETE", a, "", 403, "autre personne")
	for _, body := range []string{free, strings.Replace(free, `"approval"`, `"lifted":null,"approval"`, 1), strings.Replace(free, "Presse", "La presse", 1)} {
		told("ali", "PUT", a, body, 200, `"label":"ali"`)
		told("ali", "PUT", c, text, 403, "")
	}
	told("zoé", "PUT", a, free, 200, `"label":"ali"`)
	told("ali", "PUT", c, text, 403, "")
	if r := o.step("ali", "GET", c+"/draft", "", 200); r.Approval != "presse" || slices.Contains(r.May, "publish") {
		t.Fatalf("the draft of who lifted: %+v", r)
	}

	o.step("zoé", "PUT", "/v1/contents/libre", text, 201) // she did not lift it
	read := o.step("ali", "POST", c+"/draft/submission", `{}`, 200)
	told("ali", "POST", c+"/draft/publication", `{}`, 403, "autre clé")
	o.step("zoé", "POST", c+"/draft/publication", `{}`, 200, "If-Match: "+read.ETag)

	told("ali", "PUT", a, asking, 200, `"approval":true`)
	told("zoé", "DELETE", a, "", 409, "seconde personne")
	told("zoé", "PUT", a, free, 200, `"label":"zoé"`)
	o.step("ali", "PUT", "/v1/contents/autre", text, 201)
	told("ali", "DELETE", a, "", 204, "")
}

// What is refused is said in the reader's language, with the way out, wherever it is found out: by the framework too.
func TestDesk_SaysWhatIsRefusedInWords(t *testing.T) {
	o := startOffice(t)
	o.step("zoé", "PUT", "/v1/contents/c", `{"title":"Titre","summary":"s"}`, 201)
	long := `{"title":"Long","body":"` + strings.Repeat("a ", 60_000) + `"}`
	for _, c := range []struct {
		ask    string
		body   string
		status int
		fr, en string
	}{
		{"POST /v1/contents/c/withdrawal", `{"reason":"   "}`, 422, "« Motif »", "'Reason'"},
		{"POST /v1/contents/c/withdrawal", `{"reason":"\u200b\u00a0\u2060 é"}`, 422, "« Motif »", "'Reason'"},
		{"POST /v1/contents/c/draft/refusal", `{"reason":"\t\n  "}`, 422, "« Motif »", "'Reason'"},
		{"POST /v1/contents/check", long, 413, "dépasse la limite de 80 ko", "limit of 80 kB"},
		{"PUT /v1/contents/c/draft", long, 413, "80 ko", "80 kB"},
		{"GET /v1/contents?limit=1000", "", 422, "doit être au plus 100", "expected number <= 100"},
		{"GET /v1/contents?limit=dix", "", 422, "doit être un nombre entier", "invalid integer"},
		{"GET /v1/desk?state=other", "", 422, "doit être l'une de ces valeurs : live, ", "expected value to be one of"},
		{"POST /v1/audiences:preview", `{"rule":3}`, 422, "doit être un texte", "expected string"},
		{"POST /v1/audiences:preview", `{"rule":"a","presence":"oui"}`, 422, "doit être true ou false", "expected boolean"},
		{"POST /v1/audiences:preview", `{}`, 422, "il manque « rule »", "expected required property rule"},
		{"GET /v1/audiences/inexistante", "", 404, "« inexistante » n'est l'identifiant d'aucune audience.", "'inexistante' is the id of no audience."},
		{"GET /v1/contents/absent", "", 404, "« absent » n'est l'identifiant d'aucun contenu.", "'absent' is the id of no content."},
	} {
		method, path, _ := strings.Cut(c.ask, " ")
		for language, want := range map[string]string{"fr": c.fr, "en": c.en} {
			got := o.Ask(method, path, o.Keys["zoé"], c.body, "Accept-Language: "+language)
			var problem struct {
				Title, Detail string
				Errors        []struct{ Message string }
			}
			got.JSON(t, &problem)
			said := problem.Detail
			for _, one := range problem.Errors {
				said += "\n" + one.Message
			}
			if got.Status != c.status || !strings.Contains(said, want) || problem.Title == "" {
				t.Errorf("%s in %s: %d %s, want %d with %q", c.ask, language, got.Status, got.Body, c.status, want)
			}
		}
	}
	for id, topic := range map[string]string{"t1": "Numérique", "t2": "Numérique", "t3": "numérique"} {
		o.step("zoé", "PUT", "/v1/contents/"+id, `{"title":"x","topics":["`+topic+`","NUMÉRIQUE"]}`, 201)
	}
	var words struct{ Topics []string }
	if o.Must("GET", "/v1/desk/words", o.Keys["zoé"], "", 200).JSON(t, &words); !slices.Equal(words.Topics, []string{"Numérique"}) {
		t.Errorf("suggested topics: %q", words.Topics)
	}
	if !o.sees("a0", "c") {
		t.Error("it was withdrawn without a reason")
	}
}
