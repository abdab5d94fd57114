package roles

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// webAnswers are the schemas of the API that delivery/web uses, with those that they are made of, by the file that has their
// types. A screen that needs another adds it here, then: make api-types
var webAnswers = map[string][]string{
	"register/api.ts": {"AccessesOutputBody", "ContentsOutputBody", "Page", "RemindOutputBody", "VerifyOutputBody"},
	"sdk/api.ts":      {"FeedPage", "ItemExplanation", "Known", "MadeSubscription", "Subscriptions"},
	"shell/api.ts": {"CallerOutputBody", "Answer", "AudiencesPageBody", "Board", "Builder", "Calendar", "CheckOutputBody", "ClausesOutputBody", "ContentsPageBody", "Desk",
		"Equity", "Feed", "Funnel", "Hours", "ListOutputBody", "Persona", "Pressure", "Reach", "SchemaOutputBody", "Totals", "ValuesOutputBody", "View", "Why", "Words"},
}

// TestAPITypes keeps the types of the SDK to the document that the server gives of its API.
func TestAPITypes(t *testing.T) {
	h := startHere(t)
	var document struct {
		Components struct{ Schemas map[string]schema }
	}
	h.Must(http.MethodGet, "/openapi.json", h.Keys["service"], "", 200).JSON(t, &document)
	for file, names := range webAnswers {
		var out bytes.Buffer
		out.WriteString("// Made from /openapi.json by `make api-types`: change the server instead.\n")
		written := map[string]bool{}
		for _, name := range names {
			document.Components.Schemas[name].write(&out, name, document.Components.Schemas, written)
		}
		golden := "../../../delivery/web/" + file
		if *update {
			if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s is not what the server describes (%v): make api-types", golden, err)
		}
	}
}

// schema is what the types need of one of OpenAPI 3.1.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"` // a name, or a list of names
	Enum       []any             `json:"enum"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
	Others     any               `json:"additionalProperties"` // false, or a schema
}

func (s schema) write(out *bytes.Buffer, name string, all map[string]schema, written map[string]bool) {
	if written[name] {
		return
	}
	written[name] = true
	var needed []string
	fmt.Fprintf(out, "\nexport interface %s {\n", name)
	for _, property := range slices.Sorted(maps.Keys(s.Properties)) {
		if property == "$schema" {
			continue
		}
		mark := "?"
		if slices.Contains(s.Required, property) {
			mark = ""
		}
		fmt.Fprintf(out, "  %s%s: %s;\n", property, mark, s.Properties[property].script(&needed))
	}
	out.WriteString("}\n")
	for _, other := range needed {
		all[other].write(out, other, all, written)
	}
}

// script is the type in TypeScript; needed gains the schemas that it names.
func (s schema) script(needed *[]string) string {
	switch {
	case s.Ref != "":
		name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
		*needed = append(*needed, name)
		return name
	case len(s.Enum) > 0:
		values := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			raw, _ := json.Marshal(value)
			values[i] = string(raw)
		}
		return strings.Join(values, " | ")
	}
	names, ok := s.Type.([]any)
	if !ok {
		names = []any{s.Type}
	}
	types := make([]string, len(names))
	for i, name := range names {
		switch name {
		case "integer", "number":
			types[i] = "number"
		case "array":
			if types[i] = s.Items.script(needed); strings.Contains(types[i], " | ") {
				types[i] = "(" + types[i] + ")"
			}
			types[i] += "[]"
		case "string", "boolean", "null":
			types[i] = name.(string)
		case "object":
			types[i] = "Record<string, unknown>"
			if raw, err := json.Marshal(s.Others); err == nil && s.Others != nil {
				var others schema
				if json.Unmarshal(raw, &others) == nil && (others.Ref != "" || others.Type != nil) {
					types[i] = "Record<string, " + others.script(needed) + ">"
				}
			}
		default:
			types[i] = "unknown"
		}
	}
	return strings.Join(types, " | ")
}
