package scim_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/scim"
)

// A filter that is read holds with its negation of nobody, and reading it does not depend on spaces around it.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		`userName eq "x"`, `not (a pr) and (b co "y" or c[d eq 1 and not (e pr)].f ne null)`, `urn:a:b:2.0:User:name.x gt -1.5e3`, `x[`, `a eq "\u00e9\""`, `A EQ True`,
		`emails[type eq "work"].value pr`, strings.Repeat("(", 33) + "a pr", `not`, `not pr`, `and eq "or"`, "a eq \"\xff\"", `$ref pr`, `urn:ietf:params:scim:schemas:core:2.0:User pr`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		some, none, err := scim.ParseFilter(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error that says nothing")
			}
			return
		}
		if len(text) > 4000 {
			return
		}
		notSome, notNone, err := scim.ParseFilter("  NOT (" + text + " )  ")
		if err != nil && !strings.Contains(err.Error(), "32") {
			t.Fatalf("%q is read, and its negation is not: %v", text, err)
		}
		if err == nil && (notSome == some || notNone == none) {
			t.Errorf("%q and its negation both hold, or neither", text)
		}
	})
}

// A path that is read, written again and read again is the same.
func FuzzPath(f *testing.F) {
	for _, text := range []string{"members", "name.familyName", `addresses[type eq "work"].locality`, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "URN:filengine:scim:schemas:1.0:Agent", "a.b.c", "a[b pr]c", ".", "urn:", "urn::a"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, filtered, err := scim.ParsePath(text)
		if err != nil {
			return
		}
		again, _, err := scim.ParsePath(path)
		if err != nil || again != path || !filtered && !strings.EqualFold(strings.TrimSpace(text), path) {
			t.Errorf("%q is %q, and then %q: %v", text, path, again, err)
		}
	})
}

// Whatever a client sends is refused in SCIM's words, or leaves a user who can be read as they were answered, and whose
// record the index takes.
func FuzzUser(f *testing.F) {
	for _, body := range []string{
		user("u", "x"), user("u", "x", `"active":"FALSE"`, `"addresses":[{"type":"work","locality":"Lyon"},{}]`, `"roles":["a",{"value":"b"}]`),
		user("u", "x", `"`+enterpriseURN+`":{"department":"d","manager":"m"}`, `"`+agentURN+`":{"telework_days":1e308,"skills":["b","a","b"],"hired":"2020-02-30"}`),
		patch(`{"op":"add","path":"roles[value eq \"x\" and primary eq true].type","value":"t"}`), patch(`{"op":"remove","path":"addresses[type eq \"work\"]"}`, `{"op":"replace","value":{"title":"t","roles":[{"value":"v","primary":true}]}}`),
		patch(`{"op":"replace","path":"addresses.locality","value":"Ici"}`), patch(`{"op":"Add","path":"urn:filengine:scim:schemas:1.0:Agent:skills","value":["x"]}`), `{}`, `[`, "{\"userName\":\"\\ud800\"}", `{"a":{"a":[[[{}]]]}}`,
	} {
		for _, method := range []string{"POST", "PUT", "PATCH"} {
			f.Add(method, body)
		}
	}
	h := bare(f)
	f.Fuzz(func(t *testing.T, method, body string) {
		h.t = t
		h.ask("DELETE", "/Users/x", "")
		h.want(201, "POST", "/Users", user("first", "x", `"title":"t"`, `"roles":[{"value":"r","type":"t"}]`, `"addresses":[{"type":"work","locality":"Lyon"}]`))
		path := "/Users/x"
		switch method {
		case "POST":
			path = "/Users"
			h.ask("DELETE", "/Users/x", "")
		case "PUT", "PATCH":
		default:
			return
		}
		r := h.ask(method, path, body)
		if r.status >= 500 || r.status >= 400 && (r.text("detail") == "" || r.text("status") != fmt.Sprint(r.status)) {
			t.Fatalf("%s %s: %v", method, body, r)
		}
		if r.status >= 400 || len(r.body) == 0 {
			return
		}
		id := r.text("id")
		read := h.want(200, "GET", "/Users/"+url.PathEscape(id), "")
		if string(read.body) != string(r.body) {
			t.Errorf("answered %v, read %v", r, read)
		}
		agent, ok := h.book.Agent(id)
		raw, err := json.Marshal(agent)
		if !ok || err != nil || len(raw) > fil.MaxEventBytes {
			t.Errorf("the agent %v, %v has %d bytes", ok, err, len(raw))
		}
		if again := h.want(200, "PUT", "/Users/"+url.PathEscape(id), string(r.body)); string(again.body) != string(r.body) {
			t.Errorf("put back as it was read: %v, want %v", again, r)
		}
		h.want(204, "DELETE", "/Users/"+url.PathEscape(id), "")
	})
}
