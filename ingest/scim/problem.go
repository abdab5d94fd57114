package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/filengine/fil"
)

const (
	mediaType = "application/scim+json"
	errorURN  = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// problem is an answer other than success (RFC 7644, section 3.12).
type problem struct {
	status int
	kind   string // scimType, empty when the RFC has none for it
	detail fil.Bilingual
	retry  int // seconds after which the client may come back; 0 says nothing
}

func (p *problem) Error() string { return p.detail.FR }

func invalid(kind, fr, en string) *problem {
	return &problem{status: http.StatusBadRequest, kind: kind, detail: fil.Bilingual{FR: fr, EN: en}}
}

func refuse(status int, fr, en string) *problem {
	return &problem{status: status, detail: fil.Bilingual{FR: fr, EN: en}}
}

func mutability(p attrPath) *problem {
	return invalid("mutability", "« "+p.String()+" » ne se change ni ne se retire ainsi.", "'"+p.String()+"' cannot be changed or removed so.")
}

// syntaxProblem is about a filter or a path that makes no sense.
func syntaxProblem(kind, text string, err error) *problem {
	var wrong *filterError
	if !errors.As(err, &wrong) {
		wrong = &filterError{}
	}
	return invalid(kind,
		fmt.Sprintf("« %s », au caractère %d : %s.", clip(text), wrong.at, wrong.problem.FR),
		fmt.Sprintf("'%s', at character %d: %s.", clip(text), wrong.at, wrong.problem.EN))
}

// valueProblem names each field at fault.
func valueProblem(faults fil.Faults) *problem {
	var fr, en []string
	for i, f := range faults {
		if i == 20 {
			break
		}
		fr = append(fr, clip(f.Field)+" "+f.Problem.FR)
		en = append(en, clip(f.Field)+" "+f.Problem.EN)
	}
	return invalid("invalidValue", strings.Join(fr, " ; ")+".", strings.Join(en, "; ")+".")
}

// WriteProblem answers an error of SCIM. It is what stands before the routes may answer with.
func WriteProblem(w http.ResponseWriter, r *http.Request, status int, detail fil.Bilingual) {
	write(w, r, &problem{status: status, detail: detail})
}

func write(w http.ResponseWriter, r *http.Request, p *problem) {
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retry))
	}
	answer := map[string]any{"schemas": []string{errorURN}, "status": strconv.Itoa(p.status), "detail": p.detail.In(r.Header.Get("Accept-Language"))}
	if p.kind != "" {
		answer["scimType"] = p.kind
	}
	respond(w, p.status, answer)
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	_ = out.Encode(body) // a client that went away needs no answer
}

// clip bounds a text that came from outside before it goes into an answer.
func clip(text string) string {
	const most = 120
	if len(text) <= most {
		return strings.ToValidUTF8(text, "?")
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
