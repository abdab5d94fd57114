package scim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/scim"
)

// The subtests follow RFC 7644 and are named by its sections. Where the RFC's examples use attributes that Fil has no use
// for, the mapping of these tests reads them.
func TestRFC7644(t *testing.T) {
	t.Parallel()
	read := func(cfg *scim.Config) { cfg.Attributes = map[string]string{"job": "title", "skills": "emails.value"} }
	for section, test := range map[string]func(*testing.T, *house){
		"2 authentication": authentication, "3.3 creating": creating, "3.4.1 retrieving": retrieving, "3.4.2.1 query endpoints": queryEndpoints,
		"3.4.2.2 filtering": filtering, "3.4.2.3 sorting": sorting, "3.4.2.4 pagination": pagination, "3.4.3 querying by POST": searching,
		"3.5.1 replacing": replacing, "3.5.2 modifying": modifying, "3.5.2.1 add": adding, "3.5.2.2 remove": removing, "3.5.2.3 replace": patching,
		"3.6 deleting": deleting, "3.7 bulk": bulk, "3.8 formats": formats, "3.9 attributes": attributes, "3.11 Me": me, "3.12 errors": failing,
		"3.14 versions": versions, "4 discovery": discovery,
	} {
		t.Run(section, func(t *testing.T) {
			t.Parallel()
			test(t, setup(t, read))
		})
	}
}

func authentication(t *testing.T, h *house) {
	for bearer, status := range map[string]int{"": 401, "Bearer fil_x_y": 401, "Bearer " + h.keys[fil.RoleCommunicator]: 403} {
		r := h.refused(status, "", "GET", "/Users", "", "Authorization", bearer)
		if (r.header.Get("WWW-Authenticate") == "") != (status == 403) {
			t.Errorf("%q: WWW-Authenticate is %q", bearer, r.header.Get("WWW-Authenticate"))
		}
	}
}

func creating(t *testing.T, h *house) {
	// The example of the section; its name is not kept, since no mapping reads it.
	r := h.want(http.StatusCreated, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","externalId":"bjensen",
		"name":{"formatted":"Ms. Barbara J Jensen III","familyName":"Jensen","givenName":"Barbara"}}`)
	where := h.url + "/Users/bjensen"
	if r.header.Get("Location") != where || r.text("meta", "location") != where || r.text("meta", "resourceType") != "User" || r.text("id") != "bjensen" ||
		r.text("meta", "created") != "2026-03-02T08:00:00Z" || r.text("meta", "created") != r.text("meta", "lastModified") ||
		r.text("meta", "version") == "" || r.text("meta", "version") != r.header.Get("ETag") || r.at("active") != true || r.at("schemas", 0) != userURN {
		t.Errorf("created %v, headers %v", r, r.header)
	}
	if strings.Contains(r.String(), "Barbara") {
		t.Errorf("a name that nothing reads is kept: %v", r)
	}
	if got := h.want(200, "GET", "/Users/bjensen", ""); string(got.body) != string(r.body) {
		t.Errorf("read %v, created %v", got, r)
	}
	for name, c := range map[string]struct{ kind, body string }{
		"the same id":                    {"uniqueness", user("other", "bjensen")},
		"the same user name":             {"uniqueness", user("BJensen", "b2")},
		"no user name":                   {"invalidValue", `{"externalId":"b3"}`},
		"nothing to make an id of":       {"invalidValue", `{"userName":"b3"}`},
		"an id that cannot be":           {"invalidValue", user("b3", "b/3")},
		"a user name that is a number":   {"invalidValue", `{"userName":3,"externalId":"b3"}`},
		"active that is neither":         {"invalidValue", user("b3", "b3", `"active":"yes"`)},
		"an email that is a number":      {"invalidValue", user("b3", "b3", `"emails":[{"value":1}]`)},
		"a department that is an object": {"invalidValue", user("b3", "b3", `"`+enterpriseURN+`":{"department":{}}`)},
		"an attribute out of its kind":   {"invalidValue", user("b3", "b3", `"`+agentURN+`":{"hired":"yesterday"}`)},
		"another schema":                 {"invalidValue", strings.Replace(user("b3", "b3"), "2.0:User", "2.0:Person", 1)},
		"no JSON":                        {"invalidSyntax", `{"userName":`},
		"no object":                      {"invalidSyntax", `[]`},
		"too deep":                       {"invalidSyntax", strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)},
	} {
		status := map[string]int{"uniqueness": 409}[c.kind]
		if status == 0 {
			status = 400
		}
		t.Run(name, func(*testing.T) { h.refused(status, c.kind, "POST", "/Users", c.body) })
	}
	if got := h.refused(400, "invalidValue", "POST", "/Users", user("b3", "b3", `"emails":[{"value":1}]`), "Accept-Language", "en").text("detail"); got != "emails[0].value must be a text." {
		t.Errorf("the detail is %q", got)
	}
	if got := h.refused(400, "invalidValue", "POST", "/Users", user("b3", "b3", `"`+agentURN+`":{"hired":"x"}`)).text("detail"); !strings.Contains(got, agentURN+":hired doit être une date") {
		t.Errorf("the detail is %q", got)
	}
	if len(h.book.agents) != 1 {
		t.Errorf("refused, but in the log: %v", h.book.agents)
	}
}

func retrieving(t *testing.T, h *house) {
	h.want(201, "POST", "/Users", user("bjensen", "2819c223", `"title":"Vice President"`))
	if r := h.want(200, "GET", "/Users/2819c223", ""); r.text("userName") != "bjensen" || r.text("title") != "Vice President" || r.text("externalId") != "2819c223" {
		t.Errorf("read %v", r)
	}
	h.refused(404, "", "GET", "/Users/unknown", "")
	h.refused(404, "", "GET", "/Groups/2819c223", "")
	h.refused(404, "", "GET", "/Persons/1", "")
	h.refused(405, "", "POST", "/Users/2819c223", "{}")
}

// people makes users whose user names, titles, departments and addresses differ.
func people(h *house) {
	h.want(201, "POST", "/Users", user("bjensen", "a1", `"title":"Tour Guide"`, `"emails":[{"value":"bj@example.com","type":"work"},{"value":"bj@home.org","type":"home"}]`, `"active":true`))
	h.clock.Add(3600)
	h.want(201, "POST", "/Users", user("JSmith", "a2", `"emails":[{"value":"js@example.org","type":"work"}]`, `"active":"False"`))
	h.want(201, "POST", "/Users", user("o'malley \"é\"", "a3", `"title":"Director"`, `"`+enterpriseURN+`":{"department":"Voirie","manager":{"value":"a1"}}`, `"`+agentURN+`":{"telework_days":2.5,"skills":["go","sql"]}`))
}

func queryEndpoints(t *testing.T, h *house) {
	people(h)
	group := h.want(201, "POST", "/Groups", `{"schemas":["`+groupURN+`"],"displayName":"Employees"}`).text("id")
	r := h.want(200, "GET", "/", "")
	if got := r.ids(); !slices.Equal(got, []string{"a1", "a2", "a3", group}) || r.at("totalResults") != 4. || r.at("schemas", 0) != "urn:ietf:params:scim:api:messages:2.0:ListResponse" {
		t.Errorf("the root has %v: %v", got, r)
	}
	filter := url.QueryEscape(`(meta.resourceType eq "User" and userName sw "b") or (meta.resourceType eq "Group" and displayName co "loy")`)
	if got := h.want(200, "GET", "/?filter="+filter, "").ids(); !slices.Equal(got, []string{"a1", group}) {
		t.Errorf("the root, filtered, has %v", got)
	}
	if r := h.want(200, "GET", "/Users?filter="+url.QueryEscape(`userName eq "nobody"`), ""); r.at("totalResults") != 0. || len(r.ids()) != 0 || r.at("Resources") == nil {
		t.Errorf("nobody: %v", r)
	}
}

func filtering(t *testing.T, h *house) {
	people(h)
	for filter, want := range map[string]string{
		`userName eq "bjensen"`: "a1", `USERNAME Eq "BJENSEN"`: "a1", `userName eq "o'malley \"\u00e9\""`: "a3", `userName ne "bjensen"`: "a2 a3",
		`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`: "a2", `userName co "MIT"`: "a2", `userName ew "n"`: "a1",
		`id eq "a2"`: "a2", `externalId eq "a3"`: "a3", `externalId eq "A3"`: "", `id eq "a1" and userName eq "jsmith"`: "",
		`title pr`: "a1 a3", `not (title pr)`: "a2", `NOT(title pr) or title sw "tour"`: "a1 a2", `title eq null`: "a2", `title ne null`: "a1 a3",
		`active eq true`: "a1 a3", `active eq "False"`: "a2", `active ne true`: "a2",
		`emails eq "js@example.org"`: "a2", `emails.type eq "home"`: "a1", `emails co "example.com"`: "a1",
		`emails[type eq "work" and value co "@example.org"]`: "a2", `emails[type eq "home"].value ew ".org"`: "a1", `emails[not (type eq "work")]`: "a1",
		`userName pr and (title co "guide" or emails[type eq "work"])`: "a1 a2", `title pr and userName pr or active eq false`: "a1 a2 a3",
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "voirie"`: "a3", enterpriseURN + `:manager.value eq "a1"`: "a3", enterpriseURN + `:manager eq "A1"`: "",
		agentURN + `:telework_days gt 2`: "a3", agentURN + `:telework_days le 2`: "", agentURN + `:skills eq "sql"`: "a3", agentURN + `:telework_days eq "2.5"`: "",
		`meta.created gt "2026-03-02T08:30:00Z"`: "a2 a3", `meta.lastModified le "2026-03-02T09:00:00+01:00"`: "a1", `meta.resourceType eq "Group"`: "",
		`schemas eq "` + enterpriseURN + `"`: "a3", `nothing eq "x"`: "", `nothing ne "x"`: "a1 a2 a3", `name.familyName pr`: "", `  userName   eq   "bjensen"  `: "a1",
		`userName gt "c"`: "a2 a3", `userName lt "c"`: "a1", enterpriseURN + ` pr`: "a3",
	} {
		r := h.ask("GET", "/Users?filter="+url.QueryEscape(filter), "")
		if r.status != 200 {
			t.Errorf("%s: %v", filter, r)
		} else if got := strings.Join(r.ids(), " "); got != want || r.at("totalResults") != float64(len(strings.Fields(want))) {
			t.Errorf("%s: %q of %v, want %q", filter, got, r.at("totalResults"), want)
		}
	}
	for filter, at := range map[string]string{
		`userName`: "9", `userName eq`: "12", `userName eq bjensen`: "13", `userName is "x"`: "10", `userName eq "x`: "13", `(userName pr`: "13", `userName pr)`: "12",
		`userName pr userName pr`: "13", `emails[type eq "work"`: "22", `emails[]`: "8", `not userName pr`: "5", `1a pr`: "1", `a..b pr`: "1", `"x" pr`: "1",
		`userName eq "x" and`: "20", strings.Repeat("(", 40) + "a pr" + strings.Repeat(")", 40): "33", `userName pr and "`: "17",
	} {
		r := h.refused(400, "invalidFilter", "GET", "/Users?filter="+url.QueryEscape(filter), "", "Accept-Language", "en-GB")
		if !strings.Contains(r.text("detail"), "at character "+at+":") {
			t.Errorf("%s: %q, want character %s", filter, r.text("detail"), at)
		}
	}
	h.refused(400, "invalidFilter", "GET", "/Users?filter="+url.QueryEscape(`active gt true`), "")
	h.refused(400, "invalidFilter", "GET", "/Users?filter="+url.QueryEscape("a eq \""+strings.Repeat("x", 9000)+"\""), "")
}

func sorting(t *testing.T, h *house) {
	people(h)
	if r := h.want(200, "GET", "/Users?sortBy=userName&sortOrder=descending", ""); len(r.ids()) != 3 {
		t.Errorf("sortBy, which may be ignored where it is not offered: %v", r)
	}
}

func pagination(t *testing.T, h *house) {
	for n := range 25 {
		h.want(201, "POST", "/Users", user(fmt.Sprintf("u%02d", n), fmt.Sprintf("id%02d", n)))
	}
	var met []string
	for start := 1; ; start += 10 {
		r := h.want(200, "GET", fmt.Sprintf("/Users?startIndex=%d&count=10", start), "")
		if r.at("totalResults") != 25. || r.at("startIndex") != float64(start) || r.at("itemsPerPage") != float64(len(r.ids())) {
			t.Fatalf("page from %d: %v", start, r)
		}
		if len(r.ids()) == 0 {
			break
		}
		met = append(met, r.ids()...)
	}
	if slices.Sort(met); len(met) != 25 || len(slices.Compact(met)) != 25 {
		t.Errorf("the pages hold %v, want each of 25 once", met)
	}
	for query, want := range map[string]int{"startIndex=-3&count=2": 2, "count=0": 0, "count=-1": 0, "startIndex=26": 0, "startIndex=24": 2, "count=5000": 25} {
		if r := h.want(200, "GET", "/Users?"+query, ""); len(r.ids()) != want || r.at("totalResults") != 25. {
			t.Errorf("%s: %v, want %d", query, r, want)
		}
	}
	h.refused(400, "invalidValue", "GET", "/Users?count=ten", "")
	if r := h.want(200, "GET", "/Users?count=3&filter="+url.QueryEscape(`userName sw "u1"`), ""); r.at("totalResults") != 10. || len(r.ids()) != 3 {
		t.Errorf("a page of a filter: %v", r)
	}
}

func searching(t *testing.T, h *house) {
	people(h)
	h.want(201, "POST", "/Groups", `{"displayName":"Smiths"}`)
	body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"attributes":["displayName","userName"],"filter":"displayName sw \"smith\" or userName co \"smith\"","startIndex":1,"count":10}`
	r := h.want(200, "POST", "/.search", body)
	if r.at("totalResults") != 2. || r.text("Resources", 0, "userName") != "JSmith" || r.text("Resources", 1, "displayName") != "Smiths" || r.at("Resources", 0, "meta") != nil {
		t.Errorf("search at the root: %v", r)
	}
	if r := h.want(200, "POST", "/Users/.search", `{"filter":"title pr","count":1}`); r.at("totalResults") != 2. || len(r.ids()) != 1 {
		t.Errorf("search of users: %v", r)
	}
	h.refused(400, "invalidSyntax", "POST", "/.search", `{"schemas":["urn:x"]}`)
	h.refused(400, "invalidFilter", "POST", "/.search", `{"filter":"x"}`)
}

func replacing(t *testing.T, h *house) {
	people(h)
	h.clock.Add(60)
	created := h.want(200, "GET", "/Users/a1", "")
	r := h.want(200, "PUT", "/Users/a1", `{"schemas":["`+userURN+`"],"id":"another","meta":{"version":"x"},"userName":"barbara","externalId":"a1","emails":[{"value":"b@example.com"}]}`)
	if r.text("id") != "a1" || r.text("userName") != "barbara" || r.at("title") != nil || r.at("emails", 1) != nil || r.at("active") != true {
		t.Errorf("replaced: %v", r)
	}
	if r.text("meta", "created") != created.text("meta", "created") || r.text("meta", "lastModified") != "2026-03-02T09:01:00Z" || r.header.Get("ETag") == created.header.Get("ETag") {
		t.Errorf("meta of the replaced: %v", r)
	}
	h.clock.Add(60)
	if same := h.want(200, "PUT", "/Users/a1", string(r.body)); string(same.body) != string(r.body) {
		t.Errorf("the same again: %v, want %v", same, r)
	}
	h.refused(409, "uniqueness", "PUT", "/Users/a1", user("jsmith", "a1"))
	h.refused(409, "uniqueness", "PUT", "/Users/a1", user("barbara", "a2"))
	h.refused(404, "", "PUT", "/Users/unknown", user("x", "unknown"))
	h.refused(400, "invalidValue", "PUT", "/Users/a1", `{"externalId":"a1"}`)
	h.want(200, "PUT", "/Users/a1", user("bjensen", "moved")) // the id stays
	if got := h.want(200, "GET", "/Users?filter="+url.QueryEscape(`externalId eq "moved"`), "").ids(); !slices.Equal(got, []string{"a1"}) {
		t.Errorf("by its new external id: %v", got)
	}
	if got := h.want(200, "GET", "/Users?filter="+url.QueryEscape(`externalId eq "a1" or userName eq "barbara"`), "").ids(); len(got) != 0 {
		t.Errorf("by what it was: %v", got)
	}
	for i := range 40 { // each is found once, wherever chance puts it in the indexes
		id, moved := fmt.Sprintf("p%d", i), fmt.Sprintf("q%d", i)
		h.want(201, "POST", "/Users", user(id, id))
		h.want(200, "PUT", "/Users/"+id, user(id, moved))
		if got := h.want(200, "GET", "/Users?filter="+url.QueryEscape(`externalId eq "`+moved+`"`), "").ids(); !slices.Equal(got, []string{id}) {
			t.Errorf("%s by its new external id: %v", id, got)
		}
	}
}

func modifying(t *testing.T, h *house) {
	people(h)
	before := h.want(200, "GET", "/Users/a1", "")
	for name, c := range map[string]struct{ kind, body string }{
		"no operation":             {"invalidSyntax", patch()},
		"another schema":           {"invalidSyntax", `{"schemas":["urn:x"],"Operations":[{"op":"add","path":"title","value":"x"}]}`},
		"an unknown operation":     {"invalidSyntax", patch(`{"op":"move","path":"title","value":"x"}`)},
		"an operation that is one": {"invalidSyntax", patch(`1`)},
		"a path that makes none":   {"invalidPath", patch(`{"op":"add","path":"emails[type eq","value":"x"}`)},
		"a path that is a number":  {"invalidPath", patch(`{"op":"add","path":1,"value":"x"}`)},
		"a filter of one value":    {"invalidPath", patch(`{"op":"add","path":"title[value eq \"x\"]","value":"x"}`)},
		"remove without a path":    {"noTarget", patch(`{"op":"remove"}`)},
		"add without a value":      {"invalidValue", patch(`{"op":"add","path":"title"}`)},
		"a value of another type":  {"invalidValue", patch(`{"op":"replace","path":"title","value":["a","b"]}`)},
		"no object without a path": {"invalidValue", patch(`{"op":"add","value":"x"}`)},
		"the id":                   {"mutability", patch(`{"op":"replace","path":"id","value":"x"}`)},
		"meta":                     {"mutability", patch(`{"op":"replace","path":"meta.created","value":"2026-01-01T00:00:00Z"}`)},
		"what is required":         {"mutability", patch(`{"op":"remove","path":"userName"}`)},
		"no value met":             {"noTarget", patch(`{"op":"replace","path":"emails[type eq \"other\"]","value":{"value":"x"}}`)},
		"the second of two":        {"noTarget", patch(`{"op":"replace","path":"title","value":"changed"}`, `{"op":"replace","path":"emails[type eq \"other\"].value","value":"x"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			h.refused(400, c.kind, "PATCH", "/Users/a1", c.body)
			if after := h.want(200, "GET", "/Users/a1", ""); string(after.body) != string(before.body) {
				t.Errorf("changed to %v", after)
			}
		})
	}
	many := make([]string, 1001)
	for i := range many {
		many[i] = `{"op":"add","path":"title","value":"x"}`
	}
	h.refused(413, "tooMany", "PATCH", "/Users/a1", patch(many...))
	h.refused(404, "", "PATCH", "/Users/unknown", patch(many[0]))
}

// members lists the members of a group.
func members(r reply) string {
	var ids []string
	list, _ := r.at("members").([]any)
	for _, one := range list {
		object, _ := one.(map[string]any)
		id, _ := object["value"].(string)
		ids = append(ids, id)
	}
	return strings.Join(ids, " ")
}

func adding(t *testing.T, h *house) {
	people(h)
	g := "/Groups/" + h.want(201, "POST", "/Groups", `{"displayName":"Group A"}`).text("id")
	r := h.want(200, "PATCH", g, patch(`{"op":"add","path":"members","value":[{"display":"Babs Jensen","$ref":"../Users/a1","value":"a1"}]}`))
	if members(r) != "a1" || r.text("members", 0, "$ref") != h.url+"/Users/a1" {
		t.Errorf("a member added: %v", r)
	}
	tag := r.header.Get("ETag")
	if r = h.want(200, "PATCH", g, patch(`{"op":"add","path":"members","value":[{"value":"a1"}]}`)); members(r) != "a1" || r.header.Get("ETag") != tag {
		t.Errorf("added again: %v", r)
	}
	if r = h.want(200, "PATCH", g, patch(`{"op":"ADD","value":{"members":[{"value":"a2"},{"value":"a3"}],"displayName":"Group B"}}`)); members(r) != "a1 a2 a3" || r.text("displayName") != "Group B" {
		t.Errorf("added without a path: %v", r)
	}
	r = h.want(200, "PATCH", "/Users/a1", patch(`{"op":"add","value":{"emails":[{"value":"babs@jensen.org","type":"home"}],"nickName":"Babs"}}`))
	if r.text("emails", 2, "value") != "babs@jensen.org" || r.at("nickName") != nil {
		t.Errorf("the example without a path: %v", r)
	}
	r = h.want(200, "PATCH", "/Users/a1", patch(`{"op":"add","path":"emails[type eq \"work\"].value","value":"new@example.com"}`, `{"op":"add","path":"emails[type eq \"other\"].value","value":"other@example.com"}`))
	if r.text("emails", 0, "value") != "new@example.com" || r.text("emails", 3, "value") != "other@example.com" || r.text("emails", 3, "type") != "other" {
		t.Errorf("values chosen by a filter: %v", r)
	}
	r = h.want(200, "PATCH", "/Users/a1", patch(`{"op":"add","path":"emails","value":{"value":"p1","primary":true}}`, `{"op":"add","path":"emails","value":[{"value":"p2","primary":true}]}`))
	if r.at("emails", 4, "primary") != nil || r.at("emails", 5, "primary") != true {
		t.Errorf("two primary values: %v", r)
	}
	r = h.want(200, "PATCH", "/Users/a2", patch(`{"op":"add","path":"`+enterpriseURN+`:department","value":"Parcs"}`, `{"op":"add","path":"`+agentURN+`","value":{"job":"Jardinier"}}`))
	if r.text(enterpriseURN, "department") != "Parcs" || r.text(agentURN, "job") != "Jardinier" || r.at("schemas", 2) != agentURN {
		t.Errorf("extensions: %v", r)
	}
}

func removing(t *testing.T, h *house) {
	people(h)
	g := "/Groups/" + h.want(201, "POST", "/Groups", `{"displayName":"G","members":[{"value":"a1"},{"value":"a2"},{"value":"a3"},{"value":"a4"},{"value":"a5"}]}`).text("id")
	for _, step := range []struct{ operation, want string }{
		{`{"op":"remove","path":"members[value eq \"a2\"]"}`, "a1 a3 a4 a5"},
		{`{"op":"remove","path":"members[value eq \"a2\"]"}`, "a1 a3 a4 a5"},
		{`{"op":"Remove","path":"members","value":[{"value":"a1"},{"value":"nobody"}]}`, "a3 a4 a5"},
		{`{"op":"remove","path":"members[value eq \"a3\" or value eq \"a4\"]"}`, "a5"},
		{`{"op":"remove","path":"members"}`, ""},
	} {
		if r := h.want(200, "PATCH", g, patch(step.operation)); members(r) != step.want {
			t.Errorf("%s: %v, want %q", step.operation, r, step.want)
		}
	}
	r := h.want(200, "PATCH", "/Users/a1", patch(`{"op":"remove","path":"emails[type eq \"work\" and value ew \"example.com\"]"}`, `{"op":"remove","path":"title"}`))
	if r.text("emails", 0, "type") != "home" || r.at("emails", 1) != nil || r.at("title") != nil {
		t.Errorf("the example of emails: %v", r)
	}
	r = h.want(200, "PATCH", "/Users/a3", patch(`{"op":"remove","path":"`+enterpriseURN+`:department"}`, `{"op":"remove","path":"`+enterpriseURN+`:manager"}`, `{"op":"remove","path":"`+agentURN+`"}`))
	if r.at(enterpriseURN) != nil || r.at(agentURN) != nil || r.at("schemas", 1) != nil {
		t.Errorf("extensions: %v", r)
	}
	r = h.want(200, "PATCH", "/Users/a1", patch(`{"op":"remove","path":"emails[type eq \"home\"].type"}`))
	if r.at("emails", 0, "type") != nil || r.text("emails", 0, "value") != "bj@home.org" {
		t.Errorf("a part of a value: %v", r)
	}
}

func patching(t *testing.T, h *house) {
	people(h)
	g := "/Groups/" + h.want(201, "POST", "/Groups", `{"displayName":"G","members":[{"value":"a1"},{"value":"a2"}]}`).text("id")
	if r := h.want(200, "PATCH", g, patch(`{"op":"Replace","path":"members","value":[{"value":"a3"},{"value":"a3"}]}`)); members(r) != "a3" {
		t.Errorf("all members replaced: %v", r)
	}
	r := h.want(200, "PATCH", "/Users/a1", patch(`{"op":"replace","path":"emails[type eq \"work\"]","value":{"type":"work","value":"new@example.com","primary":true}}`))
	if r.text("emails", 0, "value") != "new@example.com" || r.at("emails", 0, "primary") != true || r.text("emails", 1, "value") != "bj@home.org" {
		t.Errorf("one value replaced: %v", r)
	}
	r = h.want(200, "PATCH", "/Users/a1", patch(`{"op":"replace","path":"emails[type eq \"home\"].value","value":"h@home.org"}`, `{"op":"replace","path":"TITLE","value":"Director"}`, `{"op":"replace","path":"active","value":"False"}`))
	if r.text("emails", 1, "value") != "h@home.org" || r.text("title") != "Director" || r.at("active") != false {
		t.Errorf("parts replaced: %v", r)
	}
	r = h.want(200, "PATCH", "/Users/a1", patch(`{"op":"replace","value":{"emails":[{"value":"only@example.com"}],"title":null,"active":true,"id":"ignored","`+enterpriseURN+`:department":"Eau","`+enterpriseURN+`":{"organization":"Ville"}}}`))
	if r.text("emails", 0, "value") != "only@example.com" || r.at("emails", 1) != nil || r.at("title") != nil || r.at("active") != true ||
		r.text(enterpriseURN, "department") != "Eau" || r.text(enterpriseURN, "organization") != "Ville" {
		t.Errorf("replaced without a path: %v", r)
	}
}

func deleting(t *testing.T, h *house) {
	people(h)
	if r := h.want(204, "DELETE", "/Users/a1", ""); len(r.body) != 0 {
		t.Errorf("deleted with a body: %v", r)
	}
	h.refused(404, "", "GET", "/Users/a1", "")
	h.refused(404, "", "DELETE", "/Users/a1", "")
	h.refused(404, "", "PATCH", "/Users/a1", patch(`{"op":"add","path":"title","value":"x"}`))
	if got := h.want(200, "GET", "/Users", "").ids(); !slices.Equal(got, []string{"a2", "a3"}) {
		t.Errorf("left are %v", got)
	}
	h.want(204, "DELETE", "/Users/a2", "") // who is inactive
	if _, known := h.book.Agent("a2"); known {
		t.Error("a tombstone is missing")
	}
	h.want(201, "POST", "/Users", user("bjensen", "a1")) // the names are free again
}

func bulk(_ *testing.T, h *house) {
	h.refused(501, "", "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[]}`)
}

func me(_ *testing.T, h *house) { h.refused(501, "", "GET", "/Me", "") }

func formats(_ *testing.T, h *house) {
	h.want(201, "POST", "/Users", user("a", "a1"), "Content-Type", "application/json; charset=utf-8")
	h.want(201, "POST", "/Users", user("b", "a2"), "Content-Type", "application/scim+json;charset=UTF-8")
	h.refused(415, "", "POST", "/Users", user("c", "a3"), "Content-Type", "application/xml")
	h.refused(400, "invalidSyntax", "POST", "/Users", "{\"userName\":\"\xff\"}")
	h.refused(413, "", "POST", "/Users", user("c", "a3", `"title":"`+strings.Repeat("x", 1<<20)+`"`))
	h.refused(400, "invalidValue", "POST", "/Users", user("c", "a3", `"title":"`+strings.Repeat("x", 3000)+`"`))
}

func attributes(t *testing.T, h *house) {
	people(h)
	if r := h.want(200, "GET", "/Users/a1?attributes=userName,emails.value", ""); string(r.body) !=
		`{"emails":[{"value":"bj@example.com"},{"value":"bj@home.org"}],"id":"a1","schemas":["`+userURN+`"],"userName":"bjensen"}` {
		t.Errorf("chosen: %v", r)
	}
	if r := h.want(200, "GET", "/Users/a1?excludedAttributes=emails,meta.version,id,title", ""); r.at("emails") != nil || r.at("title") != nil || r.text("id") != "a1" || r.text("userName") != "bjensen" {
		t.Errorf("left out: %v", r)
	}
	if r := h.want(200, "GET", "/Users/a3?attributes="+enterpriseURN+":department,"+agentURN, ""); r.text(enterpriseURN, "department") != "Voirie" || r.at("userName") != nil || r.at(agentURN, "telework_days") != 2.5 {
		t.Errorf("of extensions: %v", r)
	}
	if r := h.want(200, "GET", "/Users?excludedAttributes="+enterpriseURN+"&attributes=nothing", ""); r.at("Resources", 0, "id") == nil || r.at("Resources", 0, "userName") != nil {
		t.Errorf("nothing that exists: %v", r)
	}
	if r := h.want(201, "POST", "/Users?attributes=id", user("new", "n1")); r.at("userName") != nil {
		t.Errorf("created: %v", r)
	}
	g := h.want(201, "POST", "/Groups?excludedAttributes=members", `{"displayName":"G","members":[{"value":"a1"}]}`)
	if r := h.want(200, "GET", "/Groups/"+g.text("id"), ""); g.at("members") != nil || members(r) != "a1" {
		t.Errorf("members left out: %v, then %v", g, r)
	}
	h.refused(400, "invalidValue", "GET", "/Users?attributes=a[b", "")
}

func failing(t *testing.T, h *house) {
	r := h.refused(404, "", "GET", "/Users/x", "")
	english := h.refused(404, "", "GET", "/Users/x", "", "Accept-Language", "en")
	if r.text("detail") != "User « x » n'existe pas." || english.text("detail") != "User 'x' does not exist." {
		t.Errorf("details are %q and %q", r.text("detail"), english.text("detail"))
	}
}

func versions(t *testing.T, h *house) {
	people(h)
	first := h.want(200, "GET", "/Users/a1", "").header.Get("ETag")
	if !strings.HasPrefix(first, `W/"`) {
		t.Errorf("the version is %q", first)
	}
	if r := h.want(304, "GET", "/Users/a1", "", "If-None-Match", first); r.header.Get("ETag") != first || len(r.body) > 0 {
		t.Errorf("not modified: %v", r)
	}
	change := patch(`{"op":"replace","path":"title","value":"x"}`)
	second := h.want(200, "PATCH", "/Users/a1", change, "If-Match", first).header.Get("ETag")
	if second == first {
		t.Error("another version was wanted")
	}
	h.want(200, "GET", "/Users/a1", "", "If-None-Match", first)
	for _, method := range []string{"PATCH", "PUT", "DELETE"} {
		body := map[string]string{"PATCH": change, "PUT": user("bjensen", "a1")}[method]
		h.refused(412, "", method, "/Users/a1", body, "If-Match", first)
	}
	h.want(200, "PUT", "/Users/a1", user("bjensen", "a1"), "If-Match", `"other", `+second)
	h.want(204, "DELETE", "/Users/a1", "", "If-Match", "*")
	h.refused(404, "", "DELETE", "/Users/a1", "", "If-Match", "*")
}

func discovery(t *testing.T, h *house) {
	r := h.want(200, "GET", "/ServiceProviderConfig", "")
	for feature, want := range map[string]bool{"patch": true, "bulk": false, "filter": true, "changePassword": false, "sort": false, "etag": true} {
		if r.at(feature, "supported") != want {
			t.Errorf("%s is %v", feature, r.at(feature))
		}
	}
	if r := h.want(200, "GET", "/ResourceTypes", ""); r.at("totalResults") != 2. || r.text("Resources", 0, "endpoint") != "/Users" || r.text("Resources", 0, "schemaExtensions", 1, "schema") != agentURN || r.text("Resources", 1, "schema") != groupURN {
		t.Errorf("types are %v", r)
	}
	if r := h.want(200, "GET", "/ResourceTypes/Group", ""); r.text("endpoint") != "/Groups" {
		t.Errorf("the type of groups is %v", r)
	}
	if r := h.want(200, "GET", "/Schemas", ""); r.at("totalResults") != 4. {
		t.Errorf("schemas are %v", r)
	}
	own := h.want(200, "GET", "/Schemas/"+agentURN, "")
	types := map[string]any{}
	list, _ := own.at("attributes").([]any)
	for _, one := range list {
		object, _ := one.(map[string]any)
		name, _ := object["name"].(string)
		types[name] = fmt.Sprint(object["type"], object["multiValued"])
	}
	for name, want := range map[string]string{"org": "stringfalse", "site": "stringfalse", "language": "stringfalse", "job": "stringfalse", "manager": "booleanfalse", "telework_days": "decimalfalse", "hired": "stringfalse", "skills": "stringtrue", "head": "stringfalse"} {
		if types[name] != want {
			t.Errorf("%s is declared %v, want %s", name, types[name], want)
		}
	}
	if !strings.Contains(own.String(), `"canonicalValues":["state","local"]`) {
		t.Errorf("the values of an attribute are not told: %v", own)
	}
	if r := h.want(200, "GET", "/Schemas/"+userURN, ""); strings.Contains(r.String(), "familyName") || !strings.Contains(r.String(), `"title"`) {
		t.Errorf("the schema of users declares what is not kept, or not what is: %v", r)
	}
	h.refused(404, "", "GET", "/Schemas/urn:none", "")
	h.refused(403, "", "GET", "/Schemas?filter=x", "")
}
