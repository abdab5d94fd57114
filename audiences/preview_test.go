package audiences_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

var guard = fil.Guard{Threshold: fil.DefaultThreshold}

// staff puts n more agents of one kind.
func staff(tb testing.TB, ix *audiences.Index, n int, like fil.Agent) {
	tb.Helper()
	for range n {
		like.ID = fmt.Sprintf("s%d", ix.Len())
		putAgents(tb, ix, like)
	}
}

func graded(grade, org string, skills ...string) fil.Agent {
	return fil.Agent{Org: org, Attributes: map[string]any{"grade": grade, "skills": skills}}
}

func previewed(tb testing.TB, ix *audiences.Index, rule string, by ...string) string {
	tb.Helper()
	p, err := ix.Preview(rule, by, guard, "")
	if err != nil {
		tb.Fatal(err)
	}
	raw, err := json.Marshal(p)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

func TestPreview(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	staff(t, ix, 40, graded("A", "mairie/dgst/voirie"))
	staff(t, ix, 30, graded("A", "mairie/dgst/parcs", "sig"))
	staff(t, ix, 12, graded("B", "mairie/dgs"))
	staff(t, ix, 4, graded("C", "mairie", "sig"))
	staff(t, ix, 14, fil.Agent{Attributes: map[string]any{"hired": "2020-05-05", "telework_days": 2.5, "manager": true}})
	for _, c := range []struct {
		name, rule string
		by         []string
		want       string
	}{
		{"everyone, with a group of no name", `true`, []string{"grade"}, `{"size":100,"total":100,"breakdown":{"grade":{"A":70,"B":12,"C":null}}}`},
		{"the unnamed group keeps the small one hidden", `true`, []string{"org"}, `{"size":100,"total":100,"breakdown":{"org":{"mairie":null,"mairie/dgs":12,"mairie/dgst":70}}}`},
		{"the next smallest hides the small one", `grade != nil`, []string{"grade"}, `{"size":86,"total":100,"breakdown":{"grade":{"A":70,"B":null,"C":null}}}`},
		{"nobody", `grade == "D"`, []string{"grade"}, `{"size":0,"total":100,"breakdown":{"grade":{}}}`},
		{"the empty rule holds nobody", ``, []string{"grade"}, `{"size":0,"total":100,"breakdown":{"grade":{}}}`},
		{"too few", `grade == "C"`, []string{"grade"}, `{"size":null,"total":100,"breakdown":{}}`},
		{"all but too few", `not (grade == "C")`, []string{"grade"}, `{"size":null,"total":100,"breakdown":{}}`},
		{"each group of a list by itself", `"sig" in skills or grade == "A"`, []string{"skills"}, `{"size":74,"total":100,"breakdown":{"skills":{"sig":34}}}`},
		{"those outside a group of a list are few", `"sig" in skills or id in ["s0", "s1"]`, []string{"skills"}, `{"size":36,"total":100,"breakdown":{"skills":{"sig":null}}}`},
		{"numbers by value, dates by year, booleans", `manager`, []string{"telework_days", "hired", "manager"}, `{"size":14,"total":100,"breakdown":{"hired":{"2020":14},"manager":{"true":14},"telework_days":{"2.5":14}}}`},
		{"the usual fields", `grade == "A"`, nil, `{"size":70,"total":100,"breakdown":{"category":{},"grade":{"A":70},"manager":{},"org":{"mairie/dgst":70},"site":{}}}`},
		{"what is asked one by one", `len(skills) == 1 and grade == "A"`, []string{"org"}, `{"size":30,"total":100,"breakdown":{"org":{"mairie/dgst":30}}}`},
	} {
		if got := previewed(t, ix, c.rule, c.by...); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.name, c.rule, got, c.want)
		}
	}
}

// TestPreviewAdvises holds that a preview warns of a value that is nobody's, and proposes none that only few have.
func TestPreviewAdvises(t *testing.T) {
	t.Parallel()
	ix := audiences.NewSegmented(schema, audiences.Config{}, 5)
	staff(t, ix, 20, graded("attaché", "mairie/dgst", "excel"))
	staff(t, ix, 3, graded("ingénieur", "mairie"))
	for _, c := range []struct{ rule, want string }{
		{`grade == "attache"`, `1:10 attaché`},
		{`manager and
  inOrg("mairie/dgts") or any(skills, # in ["exel", "x"])`, `2:9 mairie/dgst 2:45 excel`},
		{`"Excel" in skills`, `1:1 excel`},
		{`grade == "ingenieur"`, ``}, // the only one who has it would be told of
		{`grade == "attaché" and grade != "chef" and supervisor == "s0x"`, ``},
	} {
		p, err := ix.Preview(c.rule, nil, guard, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range p.Warnings {
			got = append(got, fmt.Sprintf("%d:%d %s", w.Line, w.Column, w.Nearest))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: warnings %v, want %q", c.rule, got, c.want)
		}
	}
	for _, by := range []string{"phone", "supervisor"} {
		if _, err := ix.Preview(`true`, []string{by}, guard, ""); fil.FaultsOf(err) == nil {
			t.Errorf("a breakdown by %s is given", by)
		}
	}
}

func TestPreviewKeepsTheLargestGroups(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	for i := range 60 {
		staff(t, ix, 13-i/50*2, fil.Agent{Site: fmt.Sprintf("site-%02d", i)}) // 50 sites of 13, 10 of 11
	}
	p, err := ix.Preview(`true`, []string{"site"}, guard, "")
	if err != nil {
		t.Fatal(err)
	}
	sites := p.Breakdown["site"]
	if len(sites) != 51 || *sites["site-00"] != 13 || sites["site-50"] != nil || *sites[audiences.OtherGroups] != 110 {
		t.Fatalf("got %d groups, others %v", len(sites), sites[audiences.OtherGroups])
	}
	staff(t, ix, 3, fil.Agent{Site: "site-60"})
	for i := range 10 { // leaves the 3 alone under the key of the others
		for j := range 11 {
			if err := ix.ApplyAgents([]fil.Record{record(t, fmt.Sprintf("s%d", 50*13+i*11+j), nil)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	p, err = ix.Preview(`true`, []string{"site"}, guard, "")
	if err != nil {
		t.Fatal(err)
	}
	sites = p.Breakdown["site"]
	hidden := 0
	for _, n := range sites {
		if n == nil {
			hidden++
		}
	}
	if others, there := sites[audiences.OtherGroups]; !there || others != nil || hidden != 2 {
		t.Fatalf("others %v (there: %v), %d groups withheld; want the others and one more", others, there, hidden)
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	staff(t, ix, 20, graded("A", "mairie/dgst/voirie"))
	staff(t, ix, 3, graded("B", "mairie/dgs/rh"))
	putAudiences(t, ix, fil.Audience{ID: "a", Rule: `grade == "A"`}, fil.Audience{ID: "b", Rule: `grade == "B"`, Members: []string{"s0", "nobody"}})
	for _, c := range []struct {
		audiences []string
		by        string
		total     int
		groups    map[string]int
	}{
		{nil, "", 23, nil},
		{nil, "grade", 23, map[string]int{"A": 20, "B": 3}},
		{[]string{"a", "b"}, "org", 23, map[string]int{"mairie/dgst": 20, "mairie/dgs": 3}},
		{[]string{"b"}, "grade", 4, map[string]int{"A": 1, "B": 3}},
		{[]string{"b", "unknown"}, "nothing", 4, nil},
		{[]string{"unknown"}, "grade", 0, map[string]int{}},
	} {
		total, groups := ix.Reach([]fil.Aim{{Audiences: c.audiences}}, c.by)
		if total != c.total || !cmp.Equal(groups, c.groups) {
			t.Errorf("reach of %v by %q is %d %v, want %d %v", c.audiences, c.by, total, groups, c.total, c.groups)
		}
	}
}

func serve(t *testing.T, ix *audiences.Index) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	audiences.Register(humago.New(mux, huma.DefaultConfig("Fil", "1")), ix, guard)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	staff(t, ix, 20, graded("A", "mairie"))
	server := serve(t, ix)
	for _, c := range []struct {
		body, language string
		status         int
		want           []string
	}{
		{`{"rule":"grade == \"A\"","by":["grade"]}`, "", 200, []string{`"size":20,"total":20,"breakdown":{"grade":{"A":20}}}`}},
		{`{"rule":"grad == 1"}`, "", 422, []string{`"location":"body.rule"`, "ligne 1, colonne 1", "vouliez-vous dire « grade »", `grad == 1\n^^^^`, "La règle n'est pas valable."}},
		{`{"rule":"grad == 1"}`, "en-GB,fr;q=0.5", 422, []string{`"location":"body.rule"`, `did you mean \"grade\"`, "The rule is not valid."}},
		{`{"rule":"true","by":["grad","xyzzy"]}`, "", 422, []string{`"location":"body.by"`, "« grade »", "« xyzzy » n'est pas connu"}},
		{`{}`, "", 422, []string{"rule"}},
	} {
		request, err := http.NewRequest(http.MethodPost, server.URL+"/v1/audiences:preview", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept-Language", c.language)
		status, body := answer(t, request)
		if status != c.status {
			t.Errorf("%s: status %d, want %d", c.body, status, c.status)
		}
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: answer %s lacks %s", c.body, body, want)
			}
		}
	}
	request, err := http.NewRequest(http.MethodGet, server.URL+"/v1/schema", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := answer(t, request); status != 200 || !strings.Contains(body, `{"name":"grade","kind":"text","label":{"fr":"Grade","en":"Grade"}}`) {
		t.Errorf("schema: %d %s", status, body)
	}
}

func answer(t *testing.T, request *http.Request) (status int, body string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(raw)
}

// Count withholds nothing.
func TestCount(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	putAgents(t, ix, townHall(70)...)
	for rule, want := range map[string]int{"": 0, "true": 70, `inOrg("ccas")`: 20, `id == "a000000"`: 1, "manager and not manager": 0} {
		if got, err := ix.Count(rule); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", rule, got, err, want)
		}
	}
	var wrong *audiences.RuleError
	if _, err := ix.Count("managr"); !errors.As(err, &wrong) {
		t.Errorf("a wrong rule: %v", err)
	}
}
