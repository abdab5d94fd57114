package audiences_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// drawn writes a plan as lines: what, how many, how.
func drawn(s audiences.PlanStep, indent string) string {
	agents := "?"
	if s.Agents != nil {
		agents = fmt.Sprint(*s.Agents)
	}
	line := fmt.Sprintf("%s%s [%s] %s", indent, s.What.EN, agents, s.How.EN)
	if s.Line > 0 {
		line += fmt.Sprintf(" @%d:%d %s", s.Line, s.Column, s.Text)
	}
	for _, inner := range s.Steps {
		line += "\n" + drawn(inner, indent+"  ")
	}
	return line
}

// tens tells figures of ten and more, rounded down.
func tens(n int, who func(int) *audiences.Cohort) *int {
	guard, within := fil.Guard{Threshold: fil.DefaultThreshold}, 0
	for _, members := range who(0).Within {
		if members != nil {
			for _, word := range members {
				within += bits.OnesCount64(word)
			}
		}
	}
	if guard.Withholds(n) || guard.Withholds(within-n) {
		return nil
	}
	n -= n % 10
	return &n
}

func TestExplain(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) }
	ix := audiences.NewIndex(schema, audiences.Config{Now: now})
	staff(t, ix, 47, graded("A", "mairie/dgst/voirie", "sig"))
	staff(t, ix, 30, graded("B", "mairie/dgs"))
	staff(t, ix, 3, graded("C", "mairie"))
	putAudiences(t, ix, fil.Audience{ID: "sig", Rule: `"sig" in skills`}, fil.Audience{ID: "dgst", Rule: `inOrg("mairie/dgst")`},
		fil.Audience{ID: "theirs", Rule: `grade == "B"`, Perimeter: "dgst"}, fil.Audience{ID: "list", Members: []string{"s1", "s2"}})
	for _, c := range []struct{ rule, perimeter, want string }{
		{`len(skills) > 0 and (grade == "A" and (grade == "A" and true)) and not (manager or telework_days between 1 and 2.5)`, "", `
all of these [40] the cheapest first, each on those who are left
  grade is "A" [40] one set @1:22 grade == "A"
  all but [80] the rest
    manager is "true" [0] one set @1:73 manager
  all but [80] the rest
    telework_days from 1 to 2.5 [0] bit slices @1:84 telework_days between 1 and 2.5
  a condition on skills [40] agent by agent, on those whom the rest has left @1:1 len(skills) > 0`},
		{`grade == "C"`, "", `
grade is "C" [?] one set @1:1 grade == "C"`},
		{`grade != "C" or grade startsWith "A"`, "", `
any of these [?] union
  not: grade is "C" [?] one set @1:1 grade != "C"
  grade has a value that fits [40] the dictionary's 3 words read, then the union of their sets @1:17 grade startsWith "A"`},
		{`audience("sig") and (hired within 30 days or true)`, "", `
in the audience "sig" [40]  @1:1 audience("sig")
  skills contains "sig" [40] one set`},
		{`member("list") or team("s1") or audience("theirs")`, "dgst", `
all of these [?] the cheapest first, each on those who are left
  in the audience "dgst" [40] 
    in the unit "mairie/dgst" or beneath [40] one set
  any of these [?] union
    named in the audience "list" [?]  @1:1 member("list")
    in the audience "theirs" [0]  @1:33 audience("theirs")
      all of these [0] the cheapest first, each on those who are left
        grade is "B" [0] one set
        in the audience "dgst" [40] 
          in the unit "mairie/dgst" or beneath [40] one set
    in the team of "s1" [0] sets of its managers, level by level @1:19 team("s1")`},
		{`audience("theirs")`, "sig", `
all of these [0] the cheapest first, each on those who are left
  in the audience "sig" [40] 
    skills contains "sig" [40] one set
  in the audience "theirs" [0]  @1:1 audience("theirs")`},
		{`manager and not manager and false`, "", `
nobody [0] nothing is read`},
		{`hired within 30 days and contract_end older than 1 month and hired == nil`, "", `
all of these [0] the cheapest first, each on those who are left
  hired from 2026-01-01 to 2026-01-31 [0] bit slices, at today's date @1:1 hired within 30 days
  contract_end at most 2025-12-30 [0] bit slices, at today's date @1:26 contract_end older than 1 month
  not: hired has a value [80] one set @1:62 hired == nil`},
	} {
		e, err := ix.Explain(c.rule, tens, c.perimeter)
		if err != nil {
			t.Fatalf("%s: %v", c.rule, err)
		}
		if got := "\n" + drawn(e.Plan, ""); got != c.want {
			t.Errorf("%s within %q:%s\nwant%s", c.rule, c.perimeter, got, c.want)
		}
	}
	if _, err := ix.Explain(`grad == 1`, nil, ""); fil.FaultsOf(err) == nil {
		t.Errorf("a wrong rule gives %v", err)
	}
}

// TestExplainedSizesArePreviews holds that the plan explained is the plan that counts.
func TestExplainedSizesArePreviews(t *testing.T) {
	ix := audiences.NewIndex(schema, atNoon)
	putAgents(t, ix, townHall(60)...)
	putAudiences(t, ix, fil.Audience{ID: "n1", Rule: `manager or grade == "adjoint"`}, fil.Audience{ID: "n2", Rule: `audience("n1") and telework_days > 1`, Members: []string{"a000003"}})
	rapid.Check(t, func(g *rapid.T) {
		rule := condition(g, 2).rule
		want, err := ix.Count(rule)
		if err != nil {
			g.Fatal(err)
		}
		e, err := ix.Explain(rule, audiences.Exact, "")
		if err != nil || *e.Size != want || *e.Total != 60 {
			g.Fatalf("%s: explained %v of %v (%v), counted %d", rule, e.Size, e.Total, err, want)
		}
	})
}

// reasons writes reasons as lines: whether it is so, what, and what was read.
func reasons(rs []audiences.WhyReason, indent string) string {
	out := ""
	for _, r := range rs {
		values, _ := json.Marshal(r.Values)
		what := r.Text
		if what == "" {
			what = r.What.EN
		}
		out += fmt.Sprintf("%s%v %s %s @%d:%d\n%s", indent, r.Holds, what, values, r.Line, r.Column, reasons(r.Reasons, indent+"  "))
	}
	return out
}

func TestWhy(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, atNoon)
	putAgents(t, ix,
		fil.Agent{ID: "ana", Org: "m/a", Attributes: map[string]any{"grade": "A", "manager": true, "hired": "2020-03-15", "phone": "01"}},
		fil.Agent{ID: "bob", Org: "m/b", Attributes: map[string]any{"grade": "B", "supervisor": "ana", "skills": []string{"sig"}}})
	putAudiences(t, ix,
		fil.Audience{ID: "x", Rule: "grade == \"A\" and not (telework_days > 1) and\n hired within 30 jours"},
		fil.Audience{ID: "y", Rule: `team("ana") or audience("x") or id in ["zoe", "yan"]`},
		fil.Audience{ID: "named", Rule: `manager`, Members: []string{"bob", "zoe"}},
		fil.Audience{ID: "m", Rule: `inOrg("m/a")`}, fil.Audience{ID: "cut", Rule: `true`, Perimeter: "m"},
		fil.Audience{ID: "odd", Rule: `manager ? len(skills) > 1 : "sig" in skills`})
	_ = ix.ApplyAudiences([]fil.Record{record(t, "self", fil.Audience{ID: "self", Rule: `audience("self")`})})
	for _, c := range []struct {
		agent, audience string
		in              bool
		want            string
	}{
		{"ana", "x", true, `true grade == "A" {"grade":"A"} @1:1
false telework_days > 1 {"telework_days":null} @1:23
true hired within 30 jours {"hired":"2020-03-15"} @2:2
`},
		{"bob", "x", false, `false grade == "A" {"grade":"B"} @1:1
false hired within 30 jours {"hired":null} @2:2
`},
		{"bob", "y", true, `true team("ana") {"supervisor":"ana"} @1:1
`},
		{"ana", "y", true, `true audience("x") null @1:16
  true grade == "A" {"grade":"A"} @0:0
  false telework_days > 1 {"telework_days":null} @0:0
  true hired within 30 jours {"hired":"2020-03-15"} @0:0
`},
		{"bob", "named", true, `true named by their ids null @0:0
`},
		{"ana", "named", true, `true manager {"manager":true} @1:1
`},
		{"bob", "cut", false, `false in the audience "m" null @0:0
  false inOrg("m/a") {"org":"m/b"} @0:0
`},
		{"bob", "odd", false, `false manager ? len(skills) > 1 : "sig" in skills {"manager":null,"skills":["sig"]} @1:1
`},
		{"ana", "self", false, `false this audience contains itself: self → self null @0:0
`},
	} {
		why, err := ix.Why(c.agent, c.audience)
		if err != nil {
			t.Fatal(err)
		}
		if got := reasons(why.Reasons, ""); why.In != c.in || got != c.want {
			t.Errorf("%s in %s: %v\n%s\nwant %v\n%s", c.agent, c.audience, why.In, got, c.in, c.want)
		}
	}
	if _, err := ix.Why("zoe", "x"); !errors.Is(err, audiences.ErrNoAgent) {
		t.Errorf("an unknown agent gives %v", err)
	}
	if _, err := ix.Why("ana", "z"); !errors.Is(err, audiences.ErrNoAudience) {
		t.Errorf("an unknown audience gives %v", err)
	}
}

// TestWhyOfBehaviour holds that a process without acts says where the answer comes from, and does not judge by what it lacks.
func TestWhyOfBehaviour(t *testing.T) {
	t.Parallel()
	for announced, want := range map[bool]string{
		false: "true did(\"read\") null @1:1\n",
		true:  "false announced by the processes that keep what agents do null @0:0\n",
	} {
		ix := audiences.NewIndex(schema, audiences.Config{Now: atNoon.Now, Behaviour: 24 * time.Hour, Announced: announced})
		putAgents(t, ix, fil.Agent{ID: "ana"})
		putAudiences(t, ix, fil.Audience{ID: "x", Rule: `did("read") or grade == "A"`})
		if !announced {
			ix.ApplyEngagements([]fil.Record{deed{agent: "ana", content: "c", kind: fil.Read, at: noon, id: "1"}.record(t, 0)})
		}
		why, err := ix.Why("ana", "x")
		if got := reasons(why.Reasons, ""); err != nil || why.In == announced || got != want {
			t.Errorf("announced %v: in %v (%v)\n%s\nwant\n%s", announced, why.In, err, got, want)
		}
	}
}

// TestReasonsDecide holds that reasons agree with membership, for any rule.
func TestReasonsDecide(t *testing.T) {
	agents := townHall(12)
	rapid.Check(t, func(g *rapid.T) {
		ix := audiences.NewIndex(schema, atNoon)
		putAgents(t, ix, agents...)
		putAudiences(t, ix, fil.Audience{ID: "n1", Rule: `manager`}, fil.Audience{ID: "n2", Rule: `audience("n1")`}, fil.Audience{ID: "x", Rule: condition(g, 2).rule})
		for _, a := range agents {
			why, err := ix.Why(a.ID, "x")
			if err != nil || why.In != in(ix, a.ID, "x") {
				g.Fatalf("why says %v (%v)", why.In, err)
			}
		}
	})
}

func TestWhyAnswersThoseEntitled(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	putAgents(t, ix, fil.Agent{ID: "ana", Org: "m"}, fil.Agent{ID: "bob"})
	putAudiences(t, ix, fil.Audience{ID: "m", Rule: `inOrg("m")`})
	for _, c := range []struct {
		caller fil.Caller
		path   string
		status int
		says   string
	}{
		{fil.Caller{Role: fil.RoleAgent, Agent: "ana"}, "/v1/audiences/m/why", 200, `"in":true`},
		{fil.Caller{Role: fil.RoleAgent, Agent: "ana"}, "/v1/audiences/m/why?agent=ana", 200, `"org":"m"`},
		{fil.Caller{Role: fil.RoleAgent, Agent: "ana"}, "/v1/audiences/m/why?agent=bob", 403, "pour lui-même"},
		{fil.Caller{Role: fil.RoleService}, "/v1/audiences/m/why?agent=bob", 200, `"in":false`},
		{fil.Caller{Role: fil.RoleIngest}, "/v1/audiences/m/why?agent=zoe", 404, "cet agent"},
		{fil.Caller{Role: fil.RoleIngest}, "/v1/audiences/z/why?agent=ana", 404, "« z »"},
		{fil.Caller{Role: fil.RoleService, Perimeter: "m"}, "/v1/audiences/m/why?agent=bob", 404, "cet agent"},
	} {
		server := serveAs(t, ix, c.caller)
		request, err := http.NewRequest(http.MethodGet, server.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, body := answer(t, request); status != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%v %s: %d %s", c.caller, c.path, status, body)
		}
	}
}

// serveAs answers a caller.
func serveAs(t *testing.T, ix *audiences.Index, caller fil.Caller) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	audiences.Register(humago.New(mux, huma.DefaultConfig("Fil", "1")), ix)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(fil.WithCaller(r.Context(), caller)))
	}))
	t.Cleanup(server.Close)
	return server
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

// TestExplainIsBounded holds that parts that ask agents one by one are not all counted, however many a rule has.
func TestExplainIsBounded(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	staff(t, ix, 40_000, graded("A", "m"))
	e, err := ix.Explain(strings.Join(lengths(60), " or "), audiences.Exact, "")
	if err != nil {
		t.Fatal(err)
	}
	counted, left := 0, 0
	for _, step := range e.Plan.Steps {
		if step.Agents != nil {
			counted++
		} else {
			left++
		}
	}
	if *e.Size != 40_000 || counted == 0 || left == 0 {
		t.Errorf("of %d parts, %d are counted", counted+left, counted)
	}
}

// lengths makes conditions that agents are asked one by one.
func lengths(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("len(grade) == %d", i)
	}
	return all
}
