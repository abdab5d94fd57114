package scim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/scim"
)

// The shapes of requests that Entra ID documents and sends
// (https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups).
func TestEntraID(t *testing.T) {
	t.Parallel()
	h := setup(t)
	filter := func(text string) string { return "?filter=" + url.QueryEscape(text) }
	if r := h.want(200, "GET", "/Users"+filter(`userName eq "7b39475d-8b1d-4a5a-9b1b-000000000000"`), ""); r.at("totalResults") != 0. {
		t.Errorf("the test of the connection: %v", r)
	}
	id := h.want(201, "POST", "/Users", `{"schemas":["`+userURN+`","`+enterpriseURN+`"],"externalId":"0a21f0f2","userName":"Test_User_ab6490ee","active":true,
		"emails":[{"primary":true,"type":"work","value":"x@example.com"}],"meta":{"resourceType":"User"},"name":{"formatted":"givenName familyName","familyName":"familyName","givenName":"givenName"},"roles":[]}`).text("id")
	user := "/Users/" + id
	if got := h.want(200, "GET", "/Users"+filter(`externalId eq "0a21f0f2"`), "").ids(); !slices.Equal(got, []string{id}) {
		t.Errorf("by its external id: %v", got)
	}
	h.want(200, "GET", "/Users"+filter(`emails[type eq "work"].value eq "x@example.com"`), "")
	r := h.want(200, "PATCH", user, patch(
		`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"updatedEmail@example.com"}`, `{"op":"Replace","path":"name.familyName","value":"updatedFamilyName"}`,
		`{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Lyon"}`, `{"op":"Add","path":"title","value":"Cheffe de projet"}`,
		`{"op":"Add","path":"roles[primary eq \"True\"].value","value":"sql"}`,
		`{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"0a21"}`,
		`{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Voirie / Éclairage"}`))
	if r.at("emails") != nil || r.at("name") != nil || r.text("addresses", 0, "locality") != "Lyon" || r.at("roles", 0, "primary") != true {
		t.Errorf("modified: %v", r)
	}
	want := fil.Agent{ID: id, Org: "Voirie - Éclairage", Site: "Lyon", Attributes: map[string]any{"job": "Cheffe de projet", "service": "Voirie / Éclairage", "skills": []any{"sql"}, "head": "0a21"}}
	got, _ := h.book.Agent(id)
	if got.Directory = nil; !cmp.Equal(got, want) {
		t.Errorf("the agent: %s", cmp.Diff(want, got))
	}
	if r := h.want(200, "PATCH", user, patch(`{"op":"Replace","path":"active","value":"False"}`)); r.at("active") != false {
		t.Errorf("disabled: %v", r)
	}
	if a, _ := h.book.Agent(id); !a.Inactive {
		t.Error("the agent is still active")
	}
	if r := h.want(200, "PATCH", user, patch(`{"op":"Replace","value":{"active":"True","`+enterpriseURN+`:department":"Eau"}}`)); r.at("active") != true || r.text(enterpriseURN, "department") != "Eau" {
		t.Errorf("enabled without a path: %v", r)
	}

	group := h.want(201, "POST", "/Groups", `{"schemas":["`+groupURN+`","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"8aa1a0c0","displayName":"displayName","meta":{"resourceType":"Group"}}`).text("id")
	if r := h.want(200, "GET", "/Groups?excludedAttributes=members&filter="+url.QueryEscape(`displayName eq "displayName"`), ""); !slices.Equal(r.ids(), []string{group}) {
		t.Errorf("by its name: %v", r)
	}
	h.want(200, "PATCH", "/Groups/"+group, patch(`{"op":"Replace","path":"displayName","value":"1879db59"}`))
	if r := h.want(200, "PATCH", "/Groups/"+group, patch(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+id+`"}]}`)); members(r) != id {
		t.Errorf("a member added: %v", r)
	}
	if r := h.want(200, "GET", "/Groups"+filter(`id eq "`+group+`" and members eq "`+id+`"`), ""); !slices.Equal(r.ids(), []string{group}) {
		t.Errorf("by its member: %v", r)
	}
	if r := h.want(200, "PATCH", "/Groups/"+group, patch(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+id+`"}]}`)); members(r) != "" {
		t.Errorf("a member removed: %v", r)
	}
	h.want(204, "DELETE", "/Groups/"+group, "")
	h.want(204, "DELETE", user, "")
}

// The shapes of requests that Okta documents (https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/).
func TestOkta(t *testing.T) {
	t.Parallel()
	h := setup(t, func(cfg *scim.Config) { cfg.ID = "userName" })
	h.want(200, "GET", "/Users?filter="+url.QueryEscape(`userName eq "test.user@okta.local"`)+"&startIndex=1&count=100", "")
	r := h.want(201, "POST", "/Users", `{"schemas":["`+userURN+`"],"userName":"test.user@okta.local","name":{"givenName":"Test","familyName":"User"},"emails":[{"primary":true,"value":"test.user@okta.local","type":"work"}],
		"displayName":"Test User","locale":"fr-FR","externalId":"00ujl29u0le5T6Aj10h7","groups":[],"password":"1mz050nq","active":true}`)
	if r.text("id") != "test.user@okta.local" || r.at("password") != nil || r.at("displayName") != nil || r.text("locale") != "fr-FR" {
		t.Errorf("created: %v", r)
	}
	h.refused(409, "uniqueness", "POST", "/Users", `{"userName":"Test.User@okta.local"}`)
	user := "/Users/test.user@okta.local"
	if r := h.want(200, "PUT", user, strings.Replace(string(r.body), `"fr-FR"`, `"en_GB"`, 1)); r.text("locale") != "en_GB" || r.text("id") != "test.user@okta.local" {
		t.Errorf("updated: %v", r)
	}
	if a, _ := h.book.Agent("test.user@okta.local"); a.Language != "en-GB" {
		t.Errorf("the language is %q", a.Language)
	}
	if r := h.want(200, "PATCH", user, patch(`{"op":"replace","value":{"active":false}}`)); r.at("active") != false {
		t.Errorf("deactivated: %v", r)
	}
	group := h.want(201, "POST", "/Groups", `{"schemas":["`+groupURN+`"],"displayName":"Test SCIMv2","members":[{"value":"test.user@okta.local","display":"Test User"}]}`).text("id")
	r = h.want(200, "PATCH", "/Groups/"+group, patch(`{"op":"replace","value":{"id":"`+group+`","displayName":"Test SCIMv2b"}}`, `{"op":"remove","path":"members[value eq \"test.user@okta.local\"]"}`, `{"op":"add","path":"members","value":[{"value":"23a35c27"},{"value":"abf4dd94"}]}`))
	if r.text("displayName") != "Test SCIMv2b" || members(r) != "23a35c27 abf4dd94" {
		t.Errorf("a group changed: %v", r)
	}
	if r := h.want(200, "PATCH", "/Groups/"+group, patch(`{"op":"replace","path":"members","value":[]}`)); members(r) != "" {
		t.Errorf("a group emptied: %v", r)
	}
	h.want(200, "PUT", "/Groups/"+group, `{"schemas":["`+groupURN+`"],"displayName":"Again","members":[{"value":"x"}]}`)
}

func TestGroupsAreAudiencesOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	put := func(a string) {
		t.Helper()
		if _, err := h.door.Put(t.Context(), putAudience(a)); err != nil {
			t.Fatal(err)
		}
	}
	put(`{"id":"cadres","name":"Cadres","rule":"grade == \"A\""}`)
	if r := h.want(200, "GET", "/Groups", ""); r.at("totalResults") != 0. {
		t.Errorf("audiences of communicators are shown: %v", r)
	}
	h.refused(404, "", "DELETE", "/Groups/cadres", "")
	id := h.want(201, "POST", "/Groups", `{"displayName":"Élus","externalId":"e1","members":[{"value":"a1"}]}`).text("id")
	h.refused(409, "uniqueness", "POST", "/Groups", `{"displayName":"Élus","externalId":"e1"}`)
	h.refused(400, "invalidValue", "POST", "/Groups", `{"members":[{"value":"a1"}]}`)
	h.refused(400, "invalidValue", "POST", "/Groups", `{"displayName":"x","members":[{"value":"`+strings.Repeat("x", 200)+`"}]}`)
	if a, ok := h.book.Audience(id); !ok || a.Name != "Élus" || !slices.Equal(a.Members, []string{"a1"}) || a.Rule != "" {
		t.Errorf("the audience is %+v", a)
	}
	put(`{"id":"` + id + `","name":"Élus","owner":"Cabinet","rule":"grade == \"E\"","members":["a1"]}`) // a communicator's hand
	h.want(200, "PATCH", "/Groups/"+id, patch(`{"op":"add","path":"members","value":{"value":"a2"}}`))
	if a, _ := h.book.Audience(id); a.Owner != "Cabinet" || a.Rule == "" || !slices.Equal(a.Members, []string{"a1", "a2"}) {
		t.Errorf("what SCIM does not know of is lost: %+v", a)
	}
	big := make([]string, 7000)
	for i := range big {
		big[i] = fmt.Sprintf(`{"value":"agent%07d"}`, i)
	}
	h.want(200, "PATCH", "/Groups/"+id, patch(`{"op":"replace","path":"members","value":[`+strings.Join(big[:3500], ",")+`]}`))
	r := h.refused(413, "tooMany", "PATCH", "/Groups/"+id, patch(`{"op":"add","path":"members","value":[`+strings.Join(big, ",")+`]}`), "Accept-Language", "en")
	if !strings.Contains(r.text("detail"), "7000 members") {
		t.Errorf("the detail is %q", r.text("detail"))
	}
	if r := h.want(200, "GET", "/Groups?count=1&attributes=id", ""); r.at("totalResults") != 1. {
		t.Errorf("one group was wanted: %v", r)
	}
}

func TestMappingMakesAgents(t *testing.T) {
	t.Parallel()
	enterprise := func(members string) string { return `"` + enterpriseURN + `":{` + members + `}` }
	own := func(members string) string { return `"` + agentURN + `":{` + members + `}` }
	for name, c := range map[string]struct {
		settings map[string]string
		org      []string
		body     string
		want     fil.Agent
		refused  string
	}{
		"by default": {
			body: enterprise(`"organization":"Ministère","department":"SG/DRH","division":" "`) + `,"preferredLanguage":"br-FR, fr;q=0.5","addresses":[{"type":"home","locality":"Ici"},{"type":"work","locality":"Brest"}]`,
			want: fil.Agent{Org: "Ministère/SG-DRH", Site: "Brest", Language: "br-FR"},
		},
		"of every kind": {
			settings: map[string]string{"manager": "userType", "telework_days": "costCenter", "hired": "nickName", "skills": "roles.value", "site": "timezone", "language": "locale"}, org: []string{"costCenter", "title"},
			body: enterprise(`"costCenter":"2.5"`) + `,"title":"T","userType":"TRUE","nickName":"2020-05-01T00:00:00Z","roles":[{"value":"b"},"a"],"timezone":"Paris","locale":"fr_FR"`,
			want: fil.Agent{Org: "2.5/T", Site: "Paris", Language: "fr-FR", Attributes: map[string]any{"manager": true, "telework_days": 2.5, "hired": "2020-05-01", "skills": []any{"a", "b"}}},
		},
		"the agent extension wins": {
			settings: map[string]string{"job": "title", "telework_days": "costCenter"},
			body:     enterprise(`"organization":"A","costCenter":"none"`) + `,"title":"T",` + own(`"org":"B/C","site":"S","language":"eu","job":"J","telework_days":3,"skills":["x"],"manager":"true"`),
			want:     fil.Agent{Org: "B/C", Site: "S", Language: "eu", Attributes: map[string]any{"job": "J", "telework_days": 3., "skills": []any{"x"}, "manager": true}},
		},
		"the primary one": {
			settings: map[string]string{"job": "roles.value", "service": `emails[type eq "work"].value`},
			body:     `"roles":[{"value":"a"},{"value":"b","primary":true}],"emails":[{"value":"h","type":"home"},{"value":"w","type":"work"}]`,
			want:     fil.Agent{Attributes: map[string]any{"job": "b", "service": "w"}},
		},
		"a manager, and a value of those declared": {
			body: enterprise(`"manager":{"value":"chef","displayName":"Le chef"}`) + `,` + own(`"branch":"state"`),
			want: fil.Agent{Attributes: map[string]any{"head": "chef", "branch": "state"}},
		},
		"a value of no other": {body: own(`"branch":"none"`), refused: agentURN + ":branch"},
		"no number":           {settings: map[string]string{"telework_days": "costCenter"}, body: enterprise(`"costCenter":"deux"`), refused: "costCenter doit être un nombre"},
		"no boolean":          {settings: map[string]string{"manager": "userType"}, body: `"userType":"chef"`, refused: "userType doit être true ou false"},
		"no date":             {settings: map[string]string{"hired": "nickName"}, body: `"nickName":"hier"`, refused: "nickName doit être une date"},
		"too long":            {settings: map[string]string{"job": "title"}, body: `"title":"` + strings.Repeat("x", 300) + `"`, refused: "title doit être un texte de 256 octets"},
		"an organisation too": {body: enterprise(`"organization":"` + strings.Repeat("x", 600) + `"`), refused: "organization/division/department"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := bare(t, func(cfg *scim.Config) {
				cfg.Attributes = c.settings
				if c.org != nil {
					cfg.Org = c.org
				}
			})
			if c.refused != "" {
				if r := h.refused(400, "invalidValue", "POST", "/Users", user("u", "x", c.body)); !strings.Contains(r.text("detail"), c.refused) {
					t.Errorf("the detail is %q", r.text("detail"))
				}
				return
			}
			h.want(201, "POST", "/Users", user("u", "x", c.body))
			got, _ := h.book.Agent("x")
			got.Directory, c.want.ID = nil, "x"
			if !cmp.Equal(got, c.want) {
				t.Error(cmp.Diff(c.want, got))
			}
		})
	}
}

func TestSettingsAtFaultAreNamed(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.ID, cfg.Org = "name", []string{"org", "name", "a["}
	cfg.Attributes = map[string]string{"grade": "title", "job": "urn:x:title", "service": "emails.colour"}
	err := cfg.Validate(schema())
	for _, want := range []string{`scim.id: "name"`, `scim.org: "org"`, `scim.org: "name": one of its sub-attributes`, `scim.org: "a["`, "scim.attributes.grade", "scim.attributes.job", "scim.attributes.service"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %s: %v", want, err)
		}
	}
	if err := config().Validate(schema()); err != nil {
		t.Error(err)
	}
}

// An agent whom another way in writes over leaves SCIM's sight, and comes back when SCIM makes them again.
func TestAgentsOfOtherWaysAreNotSeen(t *testing.T) {
	t.Parallel()
	h := setup(t)
	write := func(data string) {
		t.Helper()
		if _, err := h.door.Put(t.Context(), putAgent(data)); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"id":"a1","site":"Lyon"}`)
	h.refused(404, "", "GET", "/Users/a1", "")
	h.want(201, "POST", "/Users", user("ana", "a1"))
	if a, _ := h.book.Agent("a1"); a.Site != "" {
		t.Errorf("SCIM has not taken the agent over: %+v", a)
	}
	write(`{"id":"a1","site":"Lyon"}`)
	h.refused(404, "", "GET", "/Users/a1", "")
	h.want(201, "POST", "/Users", user("ana", "a1"))
	if err := h.scim.ApplyAgents([]fil.Record{{Key: "a9", Event: fil.Event{Data: []byte(`{`)}}, {Key: "a8", Event: fil.Event{Data: []byte(`{"id":"a8","directory":{"attributes":{}}}`)}}}); err != nil {
		t.Errorf("poison is not the index's alone: %v", err)
	}
	if r := h.want(200, "GET", "/Users", ""); r.at("totalResults") != 1. {
		t.Errorf("left: %v", r)
	}
}

func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	h := setup(t)
	g := "/Groups/" + h.want(201, "POST", "/Groups", `{"displayName":"G"}`).text("id")
	const writers = 12
	var running sync.WaitGroup
	var refused atomic.Int32
	for n := range writers {
		running.Go(func() { // each insists until its version was the last one
			for {
				tag := h.ask("GET", g, "").header.Get("ETag")
				r := h.ask("PATCH", g, patch(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"m%02d"}]}`, n)), "If-Match", tag)
				if r.status == http.StatusOK {
					return
				}
				if refused.Add(1); r.status != http.StatusPreconditionFailed {
					t.Errorf("PATCH: %v", r)
					return
				}
			}
		})
		running.Go(func() { // each without a condition, on the same group
			if r := h.ask("PATCH", g, patch(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"n%02d"}]}`, n))); r.status != http.StatusOK {
				t.Errorf("PATCH: %v", r)
			}
		})
	}
	running.Wait()
	got := strings.Fields(members(h.want(200, "GET", g, "")))
	if slices.Sort(got); len(got) != 2*writers || len(slices.Compact(got)) != 2*writers {
		t.Errorf("%d members, want %d: %v (%d writes refused)", len(got), 2*writers, got, refused.Load())
	}
	var created atomic.Int32
	for n := range 8 {
		running.Go(func() {
			if r := h.ask("POST", "/Users", user("Same.Name", fmt.Sprintf("id%d", n))); r.status == http.StatusCreated {
				created.Add(1)
			} else if r.status != http.StatusConflict {
				t.Errorf("POST: %v", r)
			}
		})
	}
	if running.Wait(); created.Load() != 1 {
		t.Errorf("%d users have one user name", created.Load())
	}
}

// While the projection lags behind, a second change of a resource waits for the first, rather than undo it.
func TestLateProjectionLosesNoChange(t *testing.T) {
	t.Parallel()
	h := setupPatient(t, 200*time.Millisecond)
	var g string
	for g == "" { // until the projection follows
		if r := h.ask("POST", "/Groups", `{"displayName":"G"}`); h.ask("GET", "/Groups/"+r.text("id"), "").status == 200 {
			g = "/Groups/" + r.text("id")
		}
	}
	lag := make(chan struct{})
	thaw := sync.OnceFunc(func() { close(lag) })
	defer thaw()
	h.frozen.Store(&lag)
	h.want(200, "PATCH", g, patch(`{"op":"add","path":"members","value":[{"value":"first"}]}`))
	second := patch(`{"op":"add","path":"members","value":[{"value":"second"}]}`)
	if r := h.refused(503, "", "PATCH", g, second); r.header.Get("Retry-After") == "" {
		t.Errorf("without Retry-After: %v", r)
	}
	thaw()
	for r := h.ask("PATCH", g, second); r.status != 200; r = h.ask("PATCH", g, second) {
		if r.status != 503 {
			t.Fatal(r)
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for members(h.want(200, "GET", g, "")) != "first second" {
		if time.Now().After(deadline) {
			t.Fatalf("the group is %v", h.ask("GET", g, ""))
		}
	}
}
