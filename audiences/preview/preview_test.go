package preview_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/audiences/asked"
	"github.com/filengine/fil/audiences/preview"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

var schema = fil.Schema{
	{Name: "grade", Kind: fil.KindText}, {Name: "category", Kind: fil.KindText}, {Name: "manager", Kind: fil.KindBoolean},
	{Name: "telework_days", Kind: fil.KindNumber}, {Name: "hired", Kind: fil.KindDate}, {Name: "skills", Kind: fil.KindList},
	{Name: "supervisor", Kind: fil.KindAgent}, {Name: "phone", Kind: fil.KindText, Sensitive: true},
}

var guard = fil.Guard{Threshold: fil.DefaultThreshold}

// office is an index and previews of it.
type office struct {
	*audiences.Index
	*preview.Previews
	tb testing.TB
}

func open(tb testing.TB) *office {
	tb.Helper()
	ix := audiences.NewIndex(schema, audiences.Config{})
	return &office{ix, preview.New(ix, guard, asked.New(enginetest.Redis(tb)), time.Now), tb}
}

func record(tb testing.TB, key string, value any) fil.Record {
	tb.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	return fil.Record{Key: key, Event: fil.Event{Data: raw}}
}

// staff puts n more agents of one kind.
func (o *office) staff(n int, like fil.Agent) {
	o.tb.Helper()
	var records []fil.Record
	for i := range n {
		like.ID = fmt.Sprintf("s%d", o.Len()+i)
		records = append(records, record(o.tb, like.ID, like))
	}
	if err := o.ApplyAgents(records); err != nil {
		o.tb.Fatal(err)
	}
}

func (o *office) audience(a fil.Audience) {
	o.tb.Helper()
	if err := o.ApplyAudiences([]fil.Record{record(o.tb, a.ID, a)}); err != nil {
		o.tb.Fatal(err)
	}
}

func (o *office) ask(who fil.Caller, q preview.Question) preview.Answer {
	o.tb.Helper()
	answer, err := o.Ask(o.tb.Context(), who, q)
	if err != nil {
		o.tb.Fatal(err)
	}
	return answer
}

// told asks as someone who was told nothing yet, and gives the answer as JSON.
func (o *office) told(q preview.Question) string {
	o.tb.Helper()
	answer := o.ask(fil.Caller{Name: fmt.Sprintf("%+v", q), Perimeter: q.Perimeter}, q)
	answer.Warnings = nil
	raw, err := json.Marshal(answer)
	if err != nil {
		o.tb.Fatal(err)
	}
	return string(raw)
}

func graded(grade, org string, skills ...string) fil.Agent {
	return fil.Agent{Org: org, Attributes: map[string]any{"grade": grade, "skills": skills}}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.staff(40, graded("A", "mairie/dgst/voirie"))
	o.staff(30, graded("A", "mairie/dgst/parcs", "sig"))
	o.staff(12, graded("B", "mairie/dgs"))
	o.staff(4, graded("C", "mairie", "sig"))
	o.staff(14, fil.Agent{Attributes: map[string]any{"hired": "2020-05-05", "telework_days": 2.5, "manager": true}})
	o.audience(fil.Audience{ID: "gis", Rule: `"sig" in skills`})
	o.audience(fil.Audience{ID: "some", Rule: `grade == "B"`, Members: []string{"s1"}})
	o.audience(fil.Audience{ID: "parks", Rule: `inOrg("mairie/dgst/parcs")`})
	o.audience(fil.Audience{ID: "few", Rule: `grade == "C"`})
	for _, c := range []struct {
		name string
		q    preview.Question
		want string
	}{
		{"everyone, with a group of no name", preview.Question{Rule: `true`, By: []string{"grade"}}, `{"size":100,"total":100,"breakdown":{"grade":{"A":70,"B":12,"C":null}}}`},
		{"the unnamed group keeps the small one hidden", preview.Question{Rule: `true`, By: []string{"org"}}, `{"size":100,"total":100,"breakdown":{"org":{"mairie":null,"mairie/dgs":12,"mairie/dgst":70}}}`},
		{"the next smallest hides the small one", preview.Question{Rule: `grade != nil`, By: []string{"grade"}}, `{"size":86,"total":100,"breakdown":{"grade":{"A":70,"B":null,"C":null}}}`},
		{"nobody is told as few are", preview.Question{Rule: `grade == "D"`, By: []string{"grade"}}, `{"size":null,"total":100,"breakdown":{}}`},
		{"the empty rule holds nobody, whoever there is", preview.Question{By: []string{"grade"}}, `{"size":0,"total":100,"breakdown":{}}`},
		{"too few", preview.Question{Rule: `grade == "C"`, By: []string{"grade"}}, `{"size":null,"total":100,"breakdown":{}}`},
		{"all but too few are told as all", preview.Question{Rule: `not (grade == "C")`, By: []string{"grade"}}, `{"size":100,"total":100,"breakdown":{"grade":{"A":70,"B":12,"C":null}}}`},
		{"each group of a list by itself", preview.Question{Rule: `"sig" in skills or grade == "A"`, By: []string{"skills"}}, `{"size":74,"total":100,"breakdown":{"skills":{"sig":34}}}`},
		{"numbers by value, dates by year, booleans", preview.Question{Rule: `manager`, By: []string{"telework_days", "hired", "manager"}}, `{"size":14,"total":100,"breakdown":{"hired":{"2020":14},"manager":{"true":14},"telework_days":{"2.5":14}}}`},
		{"the usual fields", preview.Question{Rule: `grade == "A"`}, `{"size":70,"total":100,"breakdown":{"category":{},"grade":{"A":70},"manager":{},"org":{"mairie/dgst":70},"site":{}}}`},
		{"what is asked one by one", preview.Question{Rule: `len(skills) == 1 and grade == "A"`, By: []string{"org"}}, `{"size":30,"total":100,"breakdown":{"org":{"mairie/dgst":30}}}`},
		{"two fields crossed", preview.Question{Rule: `grade != nil`, By: []string{"grade*org"}}, `{"size":86,"total":100,"breakdown":{"grade*org":{"A · mairie/dgst":70,"B · mairie/dgs":null,"C · mairie":null}}}`},
		{"overlap", preview.Question{Rule: `grade == "A"`, By: []string{"grade"}, Overlap: []string{"parks", "gis", "few", "some"}},
			`{"size":70,"total":100,"breakdown":{"grade":{"A":70}},"overlap":[{"audience":"parks","size":30,"shared":30},{"audience":"gis","size":30,"shared":30},{"audience":"few","size":null,"shared":null},{"audience":"some","size":null,"shared":null}]}`},
		{"agents named one by one", preview.Question{Rule: `id in ["s1", "s2"] or grade == "A"`, By: []string{"grade"}}, `{"size":null,"total":100,"breakdown":{}}`},
		{"a perimeter", preview.Question{Rule: `"sig" in skills`, By: []string{"grade"}, Perimeter: "parks"}, `{"size":30,"total":30,"breakdown":{"grade":{"A":30}}}`},
		{"a small perimeter", preview.Question{Rule: `true`, By: []string{"grade"}, Perimeter: "few"}, `{"size":null,"total":null,"breakdown":{}}`},
		{"no perimeter there", preview.Question{Rule: `true`, By: []string{"grade"}, Perimeter: "gone"}, `{"size":null,"total":null,"breakdown":{}}`},
	} {
		if got := o.told(c.q); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.name, c.q.Rule, got, c.want)
		}
	}
	o.audience(fil.Audience{ID: "theirs", Rule: `true`, Perimeter: "gis"})
	for perimeter, there := range map[string]bool{"": true, "gis": true, "parks": false} {
		_, err := o.Ask(t.Context(), fil.Caller{Name: "p" + perimeter, Perimeter: perimeter}, preview.Question{Rule: `true`, Overlap: []string{"theirs"}})
		if (err == nil) != there {
			t.Errorf("overlap, for a caller of %q, with an audience of another: %v", perimeter, err)
		}
	}
	sees := fil.Caller{Name: "sees", Sample: true}
	exact := o.ask(sees, preview.Question{Rule: `grade == "C" or id == "s0"`, By: []string{"grade", "skills"}, Sample: 20, Overlap: []string{"some"}})
	if *exact.Size != 5 || *exact.Breakdown["grade"]["C"] != 4 || *exact.Breakdown["skills"]["sig"] != 4 || len(exact.Sample) != 5 || *exact.Overlap[0].Size != 13 {
		t.Errorf("one who may see agents is told %+v", exact)
	}
}

func TestPreviewKeepsTheLargestGroups(t *testing.T) {
	t.Parallel()
	o := open(t)
	for i := range 60 {
		o.staff(13-i/50*2, fil.Agent{Site: fmt.Sprintf("site-%02d", i)}) // 50 sites of 13, 10 of 11
	}
	sites := o.ask(fil.Caller{Name: "a"}, preview.Question{Rule: `true`, By: []string{"site"}}).Breakdown["site"]
	if len(sites) != 51 || *sites["site-00"] != 13 || sites["site-50"] != nil || *sites[audiences.OtherGroups] != 110 {
		t.Fatalf("got %d groups, others %v", len(sites), sites[audiences.OtherGroups])
	}
}

// TestPreviewAdvises holds that a preview warns of a value that is nobody's, and proposes none that only few have.
func TestPreviewAdvises(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.staff(20, graded("attaché", "mairie/dgst", "excel"))
	o.staff(3, graded("ingénieur", "mairie"))
	who := fil.Caller{Name: "a"}
	for _, c := range []struct{ rule, want string }{
		{`grade == "attache"`, `1:10 attaché`},
		{"manager and\n  inOrg(\"mairie/dgts\") or any(skills, # in [\"exel\", \"x\"])", `2:9 mairie/dgst 2:45 excel`},
		{`"Excel" in skills`, `1:1 excel`},
		{`grade == "ingenieur"`, ``}, // the only ones who have it would be told of
		{`grade == "attaché" and grade != "chef" and supervisor == "s0x"`, ``},
	} {
		var got []string
		for _, w := range o.ask(who, preview.Question{Rule: c.rule}).Warnings {
			got = append(got, fmt.Sprintf("%d:%d %s", w.Line, w.Column, w.Nearest))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: warnings %v, want %q", c.rule, got, c.want)
		}
	}
	for _, by := range []string{"phone", "supervisor"} {
		if _, err := o.Ask(t.Context(), who, preview.Question{Rule: `true`, By: []string{by}}); fil.FaultsOf(err) == nil {
			t.Errorf("a breakdown by %s is given", by)
		}
	}
}

// TestNewcomersAreNotTold compares answers of two days.
func TestNewcomersAreNotTold(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.staff(40, graded("A", "mairie"))
	o.staff(40, graded("B", "mairie"))
	who, q := fil.Caller{Name: "a"}, preview.Question{Rule: `grade == "A"`, By: []string{"grade"}}
	if size := *o.ask(who, q).Size; size != 40 {
		t.Fatalf("%d agents", size)
	}
	o.staff(9, graded("A", "mairie"))
	if size := *o.ask(who, q).Size; size != 40 {
		t.Fatalf("nine newcomers show: %d agents", size)
	}
	o.staff(1, graded("A", "mairie"))
	if size := *o.ask(who, q).Size; size != 50 {
		t.Fatalf("ten newcomers do not show: %d agents", size)
	}
}

// TestProcessesShareWhatWasTold asks two processes about two sets that differ by one agent.
func TestProcessesShareWhatWasTold(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.staff(40, graded("A", "mairie"))
	o.staff(40, graded("B", "mairie"))
	o.staff(1, graded("A", "mairie", "sig"))
	store := asked.New(enginetest.Redis(t))
	who := fil.Caller{Name: "a"}
	var sizes []int
	for i, rule := range []string{`grade == "A"`, `grade == "A" and not ("sig" in skills)`, `grade == "A" and len(skills) == 0`} {
		p := preview.New(o.Index, guard, store, time.Now)
		answer, err := p.Ask(t.Context(), who, preview.Question{Rule: rule})
		if err != nil {
			t.Fatal(i, err)
		}
		sizes = append(sizes, *answer.Size)
	}
	if fmt.Sprint(sizes) != "[41 41 41]" {
		t.Errorf("three processes say %v", sizes)
	}
	o.Settle() // all agents are in other segments: what was told is learned again
	if size := *o.ask(fil.Caller{Name: "b"}, preview.Question{Rule: `grade == "A"`}).Size; size != 41 {
		t.Errorf("%d agents", size)
	}
	o.Settle()
	if size := *o.ask(fil.Caller{Name: "b"}, preview.Question{Rule: `grade == "A" and not ("sig" in skills)`}).Size; size != 41 {
		t.Errorf("after the index was settled, %d agents", size)
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.staff(20, graded("A", "mairie"))
	mux := http.NewServeMux()
	preview.Register(humago.New(mux, huma.DefaultConfig("Fil", "1")), o.Previews)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for _, c := range []struct {
		body, language string
		status         int
		want           []string
	}{
		{`{"rule":"grade == \"A\"","by":["grade"]}`, "", 200, []string{`"size":20,"total":20,"breakdown":{"grade":{"A":20}}`}},
		{`{"rule":"grad == 1"}`, "", 422, []string{`"location":"body.rule"`, "ligne 1, colonne 1", "vouliez-vous dire « grade »", `grad == 1\n^^^^`, "La règle n'est pas valable."}},
		{`{"rule":"grad == 1"}`, "en-GB,fr;q=0.5", 422, []string{`"location":"body.rule"`, `did you mean \"grade\"`, "The rule is not valid."}},
		{`{"rule":"true","by":["grad"]}`, "", 422, []string{`"location":"body.by"`, "« grade »"}},
		{`{"rule":"true","by":["skills*grade"]}`, "en", 422, []string{`"location":"body.by"`, "cannot cross a list"}},
		{`{"rule":"true","overlap":["gone"]}`, "", 422, []string{`"location":"body.overlap"`, "« gone »"}},
		{`{"rule":"true","sample":5}`, "", 403, []string{`"location":"body.sample"`, "--sample"}},
		{`{"rule":"id == \"s0\""}`, "en", 200, []string{`"size":null`, "names agents one by one"}},
		{`{}`, "", 422, []string{"rule"}},
		{`explain {"rule":"inOrg(\"mairie\")"}`, "", 200, []string{`"size":20,"total":20`, `"plan":{"what":{"fr":"dans l'unité « mairie » ou en dessous"`}},
		{`explain {"rule":"grad == 1"}`, "en", 422, []string{`did you mean \"grade\"`}},
	} {
		path, body := "/v1/audiences:preview", c.body
		if text, ok := strings.CutPrefix(body, "explain "); ok {
			path, body = "/v1/audiences:explain", text
		}
		request, err := http.NewRequest(http.MethodPost, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept-Language", c.language)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.body, response.StatusCode, c.status, raw)
		}
		for _, want := range c.want {
			if !strings.Contains(string(raw), want) {
				t.Errorf("%s: answer %s lacks %s", c.body, raw, want)
			}
		}
	}
}

// TestPresence has 30 agents act on two days at nine and one day at noon, seventeen of them at two too, and three in the evening.
func TestPresence(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 20, 23, 0, 0, 0, time.UTC)
	ix := audiences.NewIndex(schema, audiences.Config{Now: func() time.Time { return now }, Zone: time.UTC, Behaviour: 30 * 24 * time.Hour})
	o := &office{ix, preview.New(ix, guard, asked.New(enginetest.Redis(t)), time.Now), t}
	o.staff(40, graded("A", "mairie"))
	var acts []fil.Record
	act := func(agent int, daysAgo, hour int) {
		at := now.AddDate(0, 0, -daysAgo).Truncate(24 * time.Hour).Add(time.Duration(hour) * time.Hour)
		event, err := fil.Engagement{Kind: fil.Read, Agent: fmt.Sprintf("s%d", agent), Content: "c", Time: at}.Event("test", fmt.Sprint(len(acts)))
		if err != nil {
			t.Fatal(err)
		}
		acts = append(acts, fil.Record{Key: fmt.Sprintf("s%d", agent), Admitted: at, Event: event})
	}
	for agent := range 30 {
		act(agent, 2, 9)
		act(agent, 3, 9)
		act(agent, 2, 12)
		if agent < 17 {
			act(agent, 2, 14)
			act(agent, 3, 14)
		}
		if agent < 3 {
			act(agent, 2, 19)
			act(agent, 3, 19)
		}
	}
	ix.ApplyEngagements(acts)
	q := preview.Question{Rule: `true`, By: []string{"grade"}, Presence: true}
	for _, c := range []struct {
		who  fil.Caller
		want string
	}{
		{fil.Caller{Name: "a"}, "9:30 14:20"},
		{fil.Caller{Name: "sees", Sample: true}, "9:30 14:17 19:3"},
	} {
		presence := o.ask(c.who, q).Presence
		var told []string
		for hour, n := range presence {
			if n != nil && *n > 0 {
				told = append(told, fmt.Sprintf("%d:%d", hour, *n))
			}
		}
		if got := strings.Join(told, " "); len(presence) != 24 || got != c.want {
			t.Errorf("%s is told %q of %d hours, want %q", c.who.Name, got, len(presence), c.want)
		}
	}
}

// TestExplain holds that the parts of a rule are told as previews are, and that what they told counts for previews.
func TestExplain(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.staff(40, graded("A", "mairie"))
	o.staff(30, graded("B", "mairie"))
	o.staff(4, graded("C", "mairie", "sig"))
	rule := `grade in ["A", "C"] and not ("sig" in skills) or id == "s1"`
	figures := func(p audiences.RulePlan) string {
		var told []string
		var walk func(s audiences.PlanStep)
		walk = func(s audiences.PlanStep) {
			if s.Agents == nil {
				told = append(told, "-")
			} else {
				told = append(told, fmt.Sprint(*s.Agents))
			}
			for _, part := range s.Steps {
				walk(part)
			}
		}
		walk(p.Plan)
		return strings.Join(told, " ")
	}
	spy := fil.Caller{Name: "spy"}
	for _, c := range []struct {
		who        fil.Caller
		rule, want string
	}{
		{fil.Caller{Name: "sees", Sample: true}, rule, "40 1 40 44 70 4"}, // the whole, the id, the rest and its two parts, what one of them negates
		{spy, rule, "- - 44 44 74 -"},
		{spy, `grade == "A"`, "44"}, // with the four who were counted with them
	} {
		plan, err := o.Previews.Explain(t.Context(), c.who, c.rule)
		if err != nil {
			t.Fatal(err)
		}
		if got := figures(plan); got != c.want {
			t.Errorf("%s is told %q of %s, want %q", c.who.Name, got, c.rule, c.want)
		}
	}
	if size := *o.ask(spy, preview.Question{Rule: `grade == "A"`}).Size; size != 44 {
		t.Errorf("after the explanation a preview tells %d", size)
	}
	for _, c := range []struct {
		who   fil.Caller
		times bool
	}{{spy, false}, {fil.Caller{Name: "sees", Sample: true}, true}} { // a time tells whether anybody was there
		plan, err := o.Previews.Explain(t.Context(), c.who, `grade == "C"`)
		if err != nil || (plan.Microseconds != nil) != c.times || (plan.Plan.Microseconds != nil) != c.times {
			t.Errorf("%s is told of a few agents: %+v, %v", c.who.Name, plan, err)
		}
	}
	if _, err := o.Previews.Explain(t.Context(), spy, `grad == 1`); fil.FaultsOf(err) == nil {
		t.Errorf("a wrong rule gives %v", err)
	}
}

// TestWithoutRedis tells nothing to whom it would tell things that it could not remember.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.staff(20, graded("A", "mairie"))
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	p := preview.New(o.Index, guard, asked.New(client), time.Now)
	if _, err := p.Ask(t.Context(), fil.Caller{Name: "a"}, preview.Question{Rule: `true`}); !errors.Is(err, preview.ErrQuestions) {
		t.Errorf("the error is %v", err)
	}
	if answer, err := p.Ask(t.Context(), fil.Caller{Name: "b", Sample: true}, preview.Question{Rule: `true`}); err != nil || *answer.Size != 20 {
		t.Errorf("one who may see agents is told %+v, %v", answer, err)
	}
	mux := http.NewServeMux()
	preview.Register(humago.New(mux, huma.DefaultConfig("Fil", "1")), p)
	request := httptest.NewRequest(http.MethodPost, "/v1/audiences:preview", strings.NewReader(`{"rule":"true"}`))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	if mux.ServeHTTP(answer, request); answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "Redis ne répond pas") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
