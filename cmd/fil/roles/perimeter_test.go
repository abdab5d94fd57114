package roles

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
)

// The matrix of perimeters: what each caller gets when it does something with an audience and with a content that is in no
// perimeter, in P, and in Q. A number is a status; a list says "seen" or "-" for each.
const matrix = `
caller           operation   audience: none P    Q      content: none P    Q
communicator     get                   200  200  200             200  200  200
communicator     list                  seen seen seen            seen seen seen
communicator     put                   200  200  200             200  200  200
communicator     delete                204  204  204             204  204  204
communicator     report                                          200  200  200

communicator/P   get                   200  200  404             404  200  404
communicator/P   list                  seen seen -               -    seen -
communicator/P   put                   403  200  403             403  200  403
communicator/P   delete                403  204  403             403  204  403
communicator/P   report                                          404  200  404

communicator/Q   get                   200  404  200             404  404  200
communicator/Q   list                  seen -    seen            -    -    seen
communicator/Q   put                   403  403  200             403  403  200
communicator/Q   delete                403  403  204             403  403  204
communicator/Q   report                                          404  404  200

leader/P         get                   200  200  404             404  200  404
leader/P         list                  seen seen -               -    seen -
leader/P         put                   403  403  403             403  403  403
leader/P         delete                403  403  403             403  403  403
leader/P         report                                          404  200  404

ingest           get                   403  403  403             200  200  200
ingest           list                  403  403  403             seen seen seen
ingest           put                   403  403  403             200  200  200
ingest           delete                403  403  403             204  204  204
ingest           report                                          403  403  403

service          get                   403  403  403             200  200  200
service          list                  403  403  403             seen seen seen
service          put                   403  403  403             403  403  403
service          delete                403  403  403             403  403  403
service          report                                          403  403  403

agent            get                   403  403  403             403  403  403
agent            list                  403  403  403             403  403  403
agent            put                   403  403  403             403  403  403
agent            delete                403  403  403             403  403  403
agent            report                                          403  403  403
`

// counts are what each caller is told of the whole directory: the size and the total of a preview of everyone, and how many
// agents an overview says are aimed at, to the nearest five.
const counts = `
caller           size total targeted
communicator     60   60    60
communicator/P   24   24    25
communicator/Q   24   24    25
leader/P         24   24    25
ingest           403  403   403
service          403  403   403
agent            403  403   403
`

// eligible says which agents are offered which content, whatever audiences it names.
const eligible = `
agent  none P   Q
p0     200  200 404
q0     200  404 200
r0     200  404 404
`

// rowsOf cuts a table into its rows' words, without the header.
func rowsOf(table string) (rows [][]string) {
	for line := range strings.Lines(table) {
		if words := strings.Fields(line); len(words) > 0 {
			rows = append(rows, words)
		}
	}
	return rows[1:]
}

// realm is a server with 60 agents, of whom the perimeter P has 24 and Q another 24, and an audience and a content in
// none of them, in P and in Q. Each names everyone.
type realm struct{ *here }

var perimeters = []string{"none", "P", "Q"}

func startRealm(t *testing.T) realm {
	t.Helper()
	r := realm{startHere(t)}
	for role, perimeter := range map[string]string{"communicator/P": "P", "communicator/Q": "Q", "leader/P": "P"} {
		name, _, _ := strings.Cut(role, "/")
		key, err := r.server.ring.CreateScoped(fil.Role(name), "", access.Scope{Perimeter: perimeter})
		if err != nil {
			t.Fatal(err)
		}
		r.Keys[role] = key
	}
	var err error
	if r.Keys["agent"], err = r.server.signer.Token(fil.Caller{Role: fil.RoleAgent, Agent: "p0"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	for org, n := range map[string]int{"p": 24, "q": 24, "r": 12} {
		for i := range n {
			r.Must(http.MethodPut, fmt.Sprintf("/v1/agents/%s%d", org, i), r.Keys["ingest"], fmt.Sprintf(`{"org":"cd/%s"}`, org), 201)
		}
	}
	for _, p := range perimeters[1:] {
		r.Must(http.MethodPut, "/v1/audiences/"+p, r.Keys["communicator"], fmt.Sprintf(`{"name":%q,"rule":"inOrg(\"cd/%s\")"}`, p, strings.ToLower(p)), 201)
	}
	for _, p := range perimeters {
		r.make("audiences", p)
		r.make("contents", p)
	}
	return r
}

func (r realm) owner(perimeter string) string {
	if perimeter == "none" {
		return r.Keys["communicator"]
	}
	return r.Keys["communicator/"+perimeter]
}

// make has the audience or content of a perimeter created by those it belongs to.
func (r realm) make(kind, perimeter string) {
	r.T.Helper()
	r.Must(http.MethodPut, "/v1/"+kind+"/in-"+perimeter, r.owner(perimeter), bodies[kind], 200, 201)
}

// bodies name everyone, and no perimeter.
var bodies = map[string]string{
	"audiences": `{"name":"Tous","rule":"true","members":["p1","q1","r1"],"directory":{"of":"q1"}}`,
	"contents":  `{"title":"T","audiences":["in-none","in-P","in-Q"],"published_at":"2026-11-01T08:00:00Z"}`,
}

// verdict does one operation and says what came of it, as the matrix does.
func (r realm) verdict(caller, operation, kind, perimeter string) string {
	path := "/v1/" + kind + "/in-" + perimeter
	switch operation {
	case "get":
		return strconv.Itoa(r.Ask(http.MethodGet, path, r.Keys[caller], "").Status)
	case "report":
		return strconv.Itoa(r.Ask(http.MethodGet, "/v1/dashboards"+strings.TrimPrefix(path, "/v1"), r.Keys[caller], "").Status)
	case "put":
		return strconv.Itoa(r.Ask(http.MethodPut, path, r.Keys[caller], strings.Replace(bodies[kind], "T", caller[:1], 1), "If-Match: *").Status)
	case "delete":
		return strconv.Itoa(r.Ask(http.MethodDelete, path, r.Keys[caller], "", "If-Match: *").Status)
	}
	got := r.Ask(http.MethodGet, "/v1/"+kind, r.Keys[caller], "")
	switch {
	case got.Status != http.StatusOK:
		return strconv.Itoa(got.Status)
	case strings.Contains(string(got.Body), `"id":"in-`+perimeter+`"`):
		return "seen"
	}
	return "-"
}

// perimeterOf gives the perimeter that the log has of a record, "none" for none and "gone" when there is no record.
func (r realm) perimeterOf(kind, id string) string {
	got := r.Ask(http.MethodGet, "/v1/"+kind+"/"+id, r.Keys["communicator"], "")
	if got.Status == http.StatusNotFound {
		return "gone"
	}
	var record struct{ Perimeter string }
	got.JSON(r.T, &record)
	if record.Perimeter == "" {
		return "none"
	}
	return record.Perimeter
}

func TestPerimeters(t *testing.T) {
	r := startRealm(t)
	for _, row := range rowsOf(matrix) {
		caller, operation, want := row[0], row[1], row[2:]
		for column, kind := range []string{"audiences", "contents"} {
			if operation == "report" && kind == "audiences" {
				want = append([]string{"", "", ""}, want...)
				continue
			}
			for i, perimeter := range perimeters {
				got := r.verdict(caller, operation, kind, perimeter)
				if got != want[3*column+i] {
					t.Errorf("%s, %s %s of %s: %s, want %s", caller, operation, kind, perimeter, got, want[3*column+i])
				}
				if stored := r.perimeterOf(kind, "in-"+perimeter); stored != perimeter && (operation != "delete" || got != "204" || stored != "gone") {
					t.Errorf("%s, %s %s of %s: it is %s now", caller, operation, kind, perimeter, stored)
				}
				if operation == "delete" {
					r.make(kind, perimeter)
				}
			}
		}
	}
	t.Run("counts", r.counted)
	t.Run("eligible", r.eligible)
	t.Run("refused", r.refused)
	t.Run("escapes", r.escapes)
	t.Run("batches", r.batches)
	t.Run("others may set and clear", r.assigned)
	t.Run("follows", r.follows)
}

// figure writes a count, "–" when it is withheld.
func figure(n *int) string {
	if n == nil {
		return "–"
	}
	return strconv.Itoa(*n)
}

func (r realm) counted(t *testing.T) {
	for _, row := range rowsOf(counts) {
		var told []string
		var preview struct{ Size, Total *int }
		if got := r.Ask(http.MethodPost, "/v1/audiences:preview", r.Keys[row[0]], `{"rule":"true"}`); got.Status != http.StatusOK {
			told = append(told, strconv.Itoa(got.Status), strconv.Itoa(got.Status))
		} else {
			got.JSON(t, &preview)
			told = append(told, figure(preview.Size), figure(preview.Total))
		}
		var overview struct{ Totals struct{ Targeted *int } }
		if got := r.Ask(http.MethodGet, "/v1/dashboards/overview", r.Keys[row[0]], ""); got.Status != http.StatusOK {
			told = append(told, strconv.Itoa(got.Status))
		} else {
			got.JSON(t, &overview)
			told = append(told, figure(overview.Totals.Targeted))
		}
		if !slices.Equal(told, row[1:]) {
			t.Errorf("%s is told %v, want %v", row[0], told, row[1:])
		}
	}
}

func (r realm) eligible(t *testing.T) {
	for _, row := range rowsOf(eligible) {
		feed := r.Feed(row[0]).IDs()
		for i, perimeter := range perimeters {
			got := r.Ask(http.MethodGet, "/v1/feed/items/in-"+perimeter+"/explanation?agent="+row[0], r.Keys["service"], "")
			if strconv.Itoa(got.Status) != row[1+i] || strings.Contains(feed, "in-"+perimeter) != (got.Status == http.StatusOK) {
				t.Errorf("agent %s is offered the content of %s with %d, want %s; their feed: %s", row[0], perimeter, got.Status, row[1+i], feed)
			}
			if limited := strings.Contains(string(got.Body), "auquel ce contenu est limité"); got.Status == http.StatusOK && limited != (perimeter != "none") {
				t.Errorf("the explanation to %s of the content of %s: %s", row[0], perimeter, got.Body)
			}
		}
	}
}

// refused is what a key is told in words, and what is not shown beside.
func (r realm) refused(t *testing.T) {
	key := r.Keys["communicator/P"]
	for path, said := range map[string]string{
		"audiences/P": "ne peut pas le changer", "audiences/in-Q": "n'est pas de votre périmètre", "contents/in-none": "n'est pas de votre périmètre",
	} {
		kind, _, _ := strings.Cut(path, "/")
		for method, body := range map[string]string{http.MethodPut: bodies[kind], http.MethodDelete: ""} {
			if got := r.Must(method, "/v1/"+path, key, body, 403); !strings.Contains(string(got.Body), said) {
				t.Errorf("%s %s: %s, want it to say %q", method, path, got.Body, said)
			}
		}
	}
	if got := r.Must(http.MethodGet, "/v1/audiences/P", key, "", 200); !strings.Contains(string(got.Body), "cd/p") {
		t.Errorf("its own perimeter is shown as %s", got.Body)
	}
	for path, want := range map[string]int{"/v1/audiences/in-none": 0, "/v1/audiences": 2} { // the list has in-P, as it wrote it
		if got := r.Must(http.MethodGet, path, key, "", 200); strings.Count(string(got.Body), `"q1"`) != want {
			t.Errorf("%s names agents of others: %s", path, got.Body)
		}
	}
	for _, kind := range []string{"audiences", "contents"} {
		body := strings.Replace(bodies[kind], "{", `{"perimeter":"Q",`, 1)
		if got := r.Must(http.MethodPut, "/v1/"+kind+"/new", key, body, 422); !strings.Contains(string(got.Body), `"location":"perimeter"`) {
			t.Errorf("another perimeter in the body: %s", got.Body)
		}
	}
	for id, above := range map[string]string{"P": "in-P", "own": "own"} {
		got := r.Must(http.MethodPut, "/v1/audiences/"+id, r.Keys["communicator"], fmt.Sprintf(`{"name":"x","rule":"true","perimeter":%q}`, above), 422)
		if !strings.Contains(string(got.Body), id+" → ") {
			t.Errorf("a circle is refused without its path: %s", got.Body)
		}
	}
}

// escapes tries, with a key of P, what might reach an agent of Q or of none.
func (r realm) escapes(t *testing.T) {
	key := r.Keys["communicator/P"]
	for i, audience := range []string{
		`{"name":"x","members":["q0","r0","p0"]}`, `{"name":"x","rule":"inOrg(\"cd/q\") or not inOrg(\"cd/p\")"}`, `{"name":"x","rule":"true","perimeter":"P"}`,
	} {
		r.Must(http.MethodPut, fmt.Sprintf("/v1/audiences/escape%d", i), key, audience, 201)
	}
	for i, audiences := range []string{`[]`, `["in-none"]`, `["in-Q"]`, `["Q"]`, `["P","Q"]`, `["escape0"]`, `["escape1"]`, `["escape2"]`, `["gone"]`} {
		r.Must(http.MethodPut, fmt.Sprintf("/v1/contents/escape%d", i), key, `{"title":"x","mandatory_until":"2099-01-01T00:00:00Z","audiences":`+audiences+`}`, 201)
	}
	for agent, want := range map[string]int{"p0": 5, "q0": 0, "r0": 0} { // those for [], in-none, P, escape0 and escape2: nobody of P is in the others
		if feed := r.Feed(agent).IDs(); strings.Count(feed, "escape") != want {
			t.Errorf("agent %s reads %s, want %d of those that escape", agent, feed, want)
		}
	}
	for i := range 9 {
		r.Must(http.MethodDelete, fmt.Sprintf("/v1/contents/escape%d", i), key, "", 204)
	}
}

func (r realm) batches(t *testing.T) {
	key := r.Keys["communicator/P"]
	lines := `{"id":"batch-1","title":"x"}
{"id":"in-Q","title":"x"}
{"id":"batch-2","title":"x","perimeter":"Q"}
{"id":"in-none","title":"x"}
`
	got := r.Ask(http.MethodPost, "/v1/contents:batch", key, lines, "Content-Type: application/x-ndjson")
	if answer := string(got.Body); got.Status != http.StatusOK || !strings.Contains(answer, `"admitted":1,"duplicates":0,"refused":3`) || !strings.Contains(answer, `"line":3,"id":"batch-2","error":{"field":"perimeter"`) {
		t.Errorf("status %d: %s", got.Status, answer)
	}
	for id, want := range map[string]string{"batch-1": "P", "batch-2": "gone", "in-Q": "Q", "in-none": "none"} {
		if perimeter := r.perimeterOf("contents", id); perimeter != want {
			t.Errorf("%s is of %s, want %s", id, perimeter, want)
		}
	}
	r.Must(http.MethodDelete, "/v1/contents/batch-1", key, "", 204)
}

// assigned is what a key without perimeter does to one: it sets, keeps what it does not speak of, and clears.
func (r realm) assigned(t *testing.T) {
	for _, step := range []struct{ body, want string }{
		{`{"title":"x","perimeter":"Q"}`, "Q"}, {`{"title":"y"}`, "Q"}, {`{"title":"y","perimeter":"P"}`, "P"}, {`{"title":"y","perimeter":""}`, "none"},
	} {
		r.Must(http.MethodPut, "/v1/contents/assigned", r.Keys["communicator"], step.body, 200, 201)
		if got := r.perimeterOf("contents", "assigned"); got != step.want {
			t.Errorf("after %s it is of %s, want %s", step.body, got, step.want)
		}
	}
	r.Must(http.MethodDelete, "/v1/contents/assigned", r.Keys["communicator"], "", 204)
}

// follows is what a change of the directory or of the perimeter's rule does to what is published already, at the next read.
func (r realm) follows(t *testing.T) {
	reads := func(when string, want map[string]string) {
		t.Helper()
		for agent, ids := range want {
			got := strings.Fields(r.Feed(agent).IDs())
			slices.Sort(got)
			if strings.Join(got, " ") != ids {
				t.Errorf("%s, %s reads %v, want %s", when, agent, got, ids)
			}
		}
	}
	communicator := r.Keys["communicator"]
	reads("before", map[string]string{"p0": "in-P in-none", "q0": "in-Q in-none", "r0": "in-none"})
	r.Must(http.MethodPut, "/v1/agents/p0", r.Keys["ingest"], `{"org":"cd/r"}`, 200)
	reads("after p0 left P", map[string]string{"p0": "in-none", "p2": "in-P in-none"})
	r.Must(http.MethodPut, "/v1/audiences/P", communicator, `{"name":"P","rule":"inOrg(\"cd/r\")"}`, 200)
	reads("after P moved", map[string]string{"p0": "in-P in-none", "p2": "in-none", "r0": "in-P in-none", "q0": "in-Q in-none"})
	r.Must(http.MethodPut, "/v1/audiences/P", communicator, `{"name":"P","rule":"true","perimeter":"Q"}`, 200)
	reads("after P was put within Q", map[string]string{"p0": "in-none", "q0": "in-P in-Q in-none", "r0": "in-none"})
	r.Must(http.MethodDelete, "/v1/audiences/P", communicator, "", 204)
	reads("after P was removed", map[string]string{"p0": "in-none", "q0": "in-Q in-none", "r0": "in-none"})
	var preview struct{ Size, Total *int }
	r.Must(http.MethodPost, "/v1/audiences:preview", r.Keys["communicator/P"], `{"rule":"true"}`, 200).JSON(t, &preview)
	if preview.Size != nil || preview.Total != nil {
		t.Errorf("a perimeter that was removed has %s of %s agents", figure(preview.Size), figure(preview.Total))
	}
	r.Must(http.MethodPut, "/v1/audiences/P", r.Keys["communicator/P"], bodies["audiences"], 403)
}
