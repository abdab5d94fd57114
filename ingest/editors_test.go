package ingest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil/ingest"
)

// A person who would undo another's write unseen is told what it is, whose, since when and what to do; their own writes and
// those of machines go on as before.
func TestConcurrentWritesAreRefusedKindly(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, plural := range []string{"contents", "audiences"} {
		name := map[string]string{"contents": "title", "audiences": "name"}[plural]
		path, body := "/v1/"+plural+"/x", func(value string) string { return `{"` + name + `":"` + value + `"}` }
		h.want(201, "communicator:Zoé", "PUT", path, body("un"))
		h.want(200, "communicator:Zoé", "PUT", path, body("deux"))
		read := h.want(200, "communicator:Ali", "GET", path, "").header.Get("ETag")
		for _, method := range []string{"PUT", "DELETE"} {
			p := decode[problem](t, h.want(428, "communicator:Ali", method, path, body("trois"), "Accept-Language", "en"))
			if !strings.Contains(p.Detail, "'Zoé' wrote this record last, at 2026-03-02T08:00:00Z") || !strings.Contains(p.Detail, "If-Match") {
				t.Errorf("%s %s: %q", method, plural, p.Detail)
			}
			if method == "PUT" && (len(p.Errors) == 0 || !slices.ContainsFunc(p.Errors, func(e struct{ Location, Message string }) bool {
				return e.Location == name && strings.Contains(e.Message, `"deux"`)
			})) {
				t.Errorf("%s: the field is not named: %+v", plural, p.Errors)
			}
		}
		h.want(200, "communicator:Zoé", "PUT", path, body("quatre"), "If-Match", read)
		p := decode[problem](t, h.want(412, "communicator:Ali", "PUT", path, body("cinq"), "If-Match", read))
		if !strings.Contains(p.Detail, "« Zoé » a écrit") || len(p.Errors) != 1 || p.Errors[0].Location != name {
			t.Errorf("%s: %+v", plural, p)
		}
		if p.Edit.Label != "Zoé" || p.Edit.At.Format(time.RFC3339) != "2026-03-02T08:00:00Z" {
			t.Errorf("%s: the edit is not told apart: %+v", plural, p.Edit)
		}
		now := h.want(200, "communicator:Ali", "GET", path, "").header.Get("ETag")
		h.want(200, "communicator:Ali", "PUT", path, body("cinq"), "If-Match", now)
		h.want(200, "communicator:Zoé", "PUT", path, body("six"), "If-Match", "*")
	}
	type page struct{ Edits map[string]ingest.Edit }
	if p := decode[page](t, h.want(200, "communicator:Ali", "GET", "/v1/audiences", "")); p.Edits["x"].Label != "Zoé" {
		t.Errorf("the list does not say who wrote last: %+v", p)
	}
	if p := decode[page](t, h.want(200, "leader:Ève", "GET", "/v1/audiences", "")); len(p.Edits) != 0 {
		t.Errorf("a leader is told who wrote: %+v", p)
	}
	h.want(200, "ingest:agenda", "PUT", "/v1/contents/x", `{"title":"importé"}`)
	h.want(428, "communicator:Ali", "PUT", "/v1/contents/x", `{"title":"sept"}`)
}
