package scim_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/filengine/fil/ingest/scim"
)

// naive is a user of a title, a department and e-mail addresses, changed in the plainest way.
type naive struct {
	title, department string
	emails            []email
}

type email struct{ value, kind string }

func (n naive) json() map[string]any {
	out := map[string]any{}
	if n.title != "" {
		out["title"] = n.title
	}
	if n.department != "" {
		out[enterpriseURN] = map[string]any{"department": n.department}
	}
	var list []any
	for _, e := range n.emails {
		one := map[string]any{"value": e.value}
		if e.kind != "" {
			one["type"] = e.kind
		}
		list = append(list, one)
	}
	if list != nil {
		out["emails"] = list
	}
	return out
}

func (n *naive) add(e email) {
	if !slices.Contains(n.emails, e) {
		n.emails = append(n.emails, e)
	}
}

// unique drops addresses that a change has made equal to one before.
func (n *naive) unique() {
	var kept naive
	for _, e := range n.emails {
		kept.add(e)
	}
	n.emails = kept.emails
}

// step draws an operation, applies it to the naive user and gives its JSON; refused says that SCIM wants an error.
func (n *naive) step(t *rapid.T) (operation string, refused bool) {
	word := rapid.SampledFrom([]string{"a", "b", "c"})
	kind := rapid.SampledFrom([]string{"work", "home", "other"})
	verb := func(v string) string {
		return rapid.SampledFrom([]string{v, strings.ToUpper(v), strings.ToUpper(v[:1]) + v[1:]}).Draw(t, "case")
	}
	switch w, k := word.Draw(t, "word"), kind.Draw(t, "kind"); rapid.IntRange(0, 11).Draw(t, "operation") {
	case 0:
		n.title = w
		return fmt.Sprintf(`{"op":%q,"path":%q,"value":%q}`, verb(rapid.SampledFrom([]string{"add", "replace"}).Draw(t, "op")), rapid.SampledFrom([]string{"title", "Title", userURN + ":title"}).Draw(t, "path"), w), false
	case 1:
		n.title = ""
		return fmt.Sprintf(`{"op":%q,"path":"title"}`, verb("remove")), false
	case 2:
		n.department = w
		return fmt.Sprintf(`{"op":%q,"path":"%s:department","value":%q}`, verb("replace"), enterpriseURN, w), false
	case 3:
		n.department = ""
		return fmt.Sprintf(`{"op":"remove","path":%q}`, enterpriseURN), false
	case 4:
		n.add(email{w, k})
		return fmt.Sprintf(`{"op":%q,"path":"emails","value":[{"type":%q,"value":%q}]}`, verb("add"), k, w), false
	case 5:
		n.emails = []email{{w, k}}
		return fmt.Sprintf(`{"op":%q,"path":"emails","value":[{"type":%q,"value":%q}]}`, verb("replace"), k, w), false
	case 6:
		n.emails = slices.DeleteFunc(n.emails, func(e email) bool { return e.kind == k })
		return fmt.Sprintf(`{"op":%q,"path":"emails[type eq %s]"}`, verb("remove"), quoted(k)), false
	case 7:
		n.emails = slices.DeleteFunc(n.emails, func(e email) bool { return e.kind == k || e.value != w })
		return fmt.Sprintf(`{"op":"remove","path":"emails[type eq %s or not (value eq %s)]"}`, quoted(k), quoted(w)), false
	case 8, 9:
		met := false
		for i := range n.emails {
			if n.emails[i].kind == k {
				n.emails[i].value, met = w, true
			}
		}
		n.unique()
		if op := rapid.SampledFrom([]string{"add", "replace"}).Draw(t, "op"); op == "replace" || met {
			return fmt.Sprintf(`{"op":%q,"path":"emails[type eq %s].value","value":%q}`, verb(op), quoted(k), w), op == "replace" && !met
		}
		n.add(email{w, k})
		return fmt.Sprintf(`{"op":"add","path":"emails[type eq %s].value","value":%q}`, quoted(k), w), false
	case 10:
		n.emails = slices.DeleteFunc(n.emails, func(e email) bool { return e.value == w })
		return fmt.Sprintf(`{"op":"remove","path":"emails","value":[{"value":%q}]}`, w), false
	default:
		n.title, n.department = w, k
		n.add(email{w, ""})
		return fmt.Sprintf(`{"op":%q,"value":{"title":%q,"%s:department":%q,"emails":[%q]}}`, verb("add"), w, enterpriseURN, k, w), false
	}
}

func quoted(text string) string { return `\"` + text + `\"` }

// Any sequence of operations, in any number of requests, makes of a user what the plainest program makes of them; a request
// that is refused leaves them as they were.
func TestPatchAgreesWithTheNaiveOne(t *testing.T) {
	t.Parallel()
	h := bare(t, func(cfg *scim.Config) { cfg.Attributes = map[string]string{"job": "title", "skills": "emails.value"} })
	rapid.Check(t, func(rt *rapid.T) {
		h.ask("DELETE", "/Users/x", "")
		h.want(201, "POST", "/Users", user("u", "x"))
		var model naive
		for range rapid.IntRange(1, 8).Draw(rt, "requests") {
			next := naive{model.title, model.department, slices.Clone(model.emails)}
			var operations []string
			refused := false
			for range rapid.IntRange(1, 5).Draw(rt, "operations") {
				operation, no := next.step(rt)
				operations, refused = append(operations, operation), refused || no
			}
			r := h.ask("PATCH", "/Users/x", patch(operations...))
			if (r.status != 200) != refused || r.status >= 500 {
				rt.Fatalf("%v: %v, refused is %v", operations, r, refused)
			}
			if !refused {
				model = next
			}
			got := h.want(200, "GET", "/Users/x", "").object()
			maps.DeleteFunc(got, func(name string, _ any) bool {
				return !slices.Contains([]string{"title", "emails", enterpriseURN}, name)
			})
			if want := model.json(); !reflect.DeepEqual(got, want) {
				rt.Fatalf("%v\n%s", operations, cmp.Diff(want, got))
			}
		}
	})
}

// A packed user is the user.
func TestPackedUsersAreWhole(t *testing.T) {
	t.Parallel()
	text := rapid.StringN(1, 40, -1)
	value := rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 4).Draw(t, "type") {
		case 0:
			return text.Draw(t, "text")
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.Float64().Draw(t, "number")
		case 3:
			return []any{text.Draw(t, "one"), map[string]any{"value": text.Draw(t, "two"), "primary": true}}
		}
		return map[string]any{"value": text.Draw(t, "value"), "n": 1.5}
	})
	rapid.Check(t, func(rt *rapid.T) {
		id, at := text.Draw(rt, "id"), time.Unix(rapid.Int64Range(0, 1<<32).Draw(rt, "at"), 0).UTC()
		attrs := rapid.MapOfN(text, value, 0, 8).Draw(rt, "attributes")
		delete(attrs, "externalId")
		attrs["userName"], attrs["active"] = text.Draw(rt, "userName"), rapid.Bool().Draw(rt, "active")
		if rapid.Bool().Draw(rt, "has external id") {
			attrs["externalId"] = rapid.SampledFrom([]string{id, text.Draw(rt, "externalId")}).Draw(rt, "which")
		}
		gotID, got, modified := scim.Repack(id, attrs, at)
		if gotID != id || !modified.Equal(at.Add(time.Hour)) || !cmp.Equal(got, attrs) {
			raw, _ := json.Marshal(got)
			rt.Fatalf("%q %v %s\n%s", gotID, modified, raw, cmp.Diff(attrs, got))
		}
	})
}
