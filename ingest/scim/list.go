package scim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	listURN   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	searchURN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
)

// Bounds of a page.
const (
	defaultCount = 100
	maxCount     = 1000
)

// query is what a list is asked for (RFC 7644, section 3.4.2).
type query struct {
	filter        string
	start, count  int // 1-based; the count is cut to maxCount
	attrs, except []string
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, of ...*collection) error {
	q := query{start: 1, count: defaultCount}
	values := r.URL.Query()
	q.filter = values.Get("filter")
	for name, into := range map[string]*int{"startIndex": &q.start, "count": &q.count} {
		if text := values.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				return invalid("invalidValue", name+" doit être un nombre entier.", name+" must be a whole number.")
			}
			*into = n
		}
	}
	q.attrs, q.except = split(values, "attributes"), split(values, "excludedAttributes")
	return s.answer(w, r, q, of)
}

func (s *Server) search(w http.ResponseWriter, r *http.Request, of ...*collection) error {
	raw, release, err := s.body(w, r)
	if err != nil {
		return err
	}
	defer release()
	text, err := json.Marshal(raw)
	if err != nil {
		return err //nolint:wrapcheck // impossible: it was JSON
	}
	in := struct {
		Schemas            []string
		Filter             string
		StartIndex         *int
		Count              *int
		Attributes         []string
		ExcludedAttributes []string
	}{}
	if json.Unmarshal(text, &in) != nil || len(in.Schemas) > 0 && !strings.EqualFold(in.Schemas[0], searchURN) {
		return invalid("invalidSyntax", "Le corps doit être un "+searchURN+".", "The body must be a "+searchURN+".")
	}
	q := query{filter: in.Filter, start: 1, count: defaultCount, attrs: in.Attributes, except: in.ExcludedAttributes}
	if in.StartIndex != nil {
		q.start = *in.StartIndex
	}
	if in.Count != nil {
		q.count = *in.Count
	}
	return s.answer(w, r, q, of)
}

// answer walks the collections in turn, counts who satisfies the filter and gives a page of them.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, q query, of []*collection) error {
	q.start, q.count = max(q.start, 1), min(max(q.count, 0), maxCount)
	total, page := 0, []any{}
	for _, c := range of {
		var filter expression
		var err error
		if strings.TrimSpace(q.filter) != "" {
			if filter, err = parseFilter(q.filter, c.t.urns()...); err != nil {
				return syntaxProblem("invalidFilter", q.filter, err)
			}
			if err := checkFilter(filter, c.t); err != nil {
				return err
			}
		}
		pick, err := newSelection(c.t, q.attrs, q.except)
		if err != nil {
			return err
		}
		var chosen []document
		err = c.walk(r.Context(), filter, func(doc func() document) bool {
			if total++; total >= q.start && len(page)+len(chosen) < q.count {
				chosen = append(chosen, doc())
			}
			return true
		})
		if err != nil {
			return err
		}
		for _, d := range chosen {
			page = append(page, pick.of(c.t.resource(r, d)))
		}
	}
	respond(w, http.StatusOK, map[string]any{
		"schemas": []string{listURN}, "totalResults": total, "startIndex": q.start, "itemsPerPage": len(page), "Resources": page,
	})
	return nil
}

func split(values url.Values, name string) []string {
	var list []string
	for _, text := range values[name] {
		for one := range strings.SplitSeq(text, ",") {
			if one = strings.TrimSpace(one); one != "" {
				list = append(list, one)
			}
		}
	}
	return list
}

// selection says which attributes an answer holds (RFC 7644, section 3.9). The zero one holds all.
type selection struct {
	t             resourceType
	attrs, except []attrPath
	only          bool
}

func selectionOf(values url.Values, t resourceType) (selection, error) {
	return newSelection(t, split(values, "attributes"), split(values, "excludedAttributes"))
}

func newSelection(t resourceType, attrs, except []string) (selection, error) {
	s := selection{t: t, only: len(attrs) > 0}
	for _, list := range []struct {
		texts []string
		into  *[]attrPath
	}{{attrs, &s.attrs}, {except, &s.except}} {
		for _, text := range list.texts {
			p, err := parsePath(text, t.urns()...)
			if err != nil || p.among != nil {
				return s, syntaxProblem("invalidValue", text, err)
			}
			*list.into = append(*list.into, p.attrPath)
		}
	}
	return s, nil
}

// of cuts a resource. Its id and its schemas are always there.
func (s selection) of(resource map[string]any) map[string]any {
	if s.only {
		cut := map[string]any{"schemas": resource["schemas"], "id": resource["id"]}
		for _, p := range s.attrs {
			if found, ok := s.t.resolve(p); ok {
				copyPlace(found, resource, cut)
			}
		}
		return cut
	}
	for _, p := range s.except {
		found, ok := s.t.resolve(p)
		switch {
		case !ok || found.attribute.name == "id" || found.attribute.name == "schemas":
		case found.attribute.name == "":
			delete(resource, found.urn)
		default:
			found.put(resource, nil)
		}
	}
	return resource
}

// copyPlace copies what is at a place of one resource into another.
func copyPlace(found place, from, into map[string]any) {
	if found.attribute.name == "" {
		assign(into, found.urn, from[found.urn])
		return
	}
	value := clone(found.get(from))
	if found.hasSub {
		value = onlySub(value, found.sub.name)
	}
	target := found
	target.hasSub = false
	if before := target.get(into); before != nil && found.hasSub {
		if object, ok := before.(map[string]any); ok {
			value = merged(object, value)
		}
	}
	target.put(into, value)
}

func onlySub(value any, name string) any {
	switch v := value.(type) {
	case map[string]any:
		if v[name] == nil {
			return nil
		}
		return map[string]any{name: v[name]}
	case []any:
		var out []any
		for _, one := range v {
			if cut := onlySub(one, name); cut != nil {
				out = append(out, cut)
			}
		}
		return out
	}
	return nil
}

// resource is a document as it is given: with its schemas, its id and its meta, members with where they are.
func (t resourceType) resource(r *http.Request, d document) map[string]any {
	out, _ := clone(d.attrs).(map[string]any)
	out["schemas"], out["id"] = t.schemasOf(d), d.id
	meta := t.metaOf(d)
	meta["location"], meta["version"] = t.location(r, d.id), t.version(d)
	out["meta"] = meta
	members, _ := out["members"].([]any)
	for _, one := range members {
		if object, ok := one.(map[string]any); ok {
			id, _ := object["value"].(string)
			object["$ref"], object["type"] = base(r)+"/Users/"+url.PathEscape(id), "User"
		}
	}
	return out
}

func (t resourceType) schemasOf(d document) []string {
	urns := []string{t.core.urn}
	for _, ext := range t.extensions {
		if d.attrs[ext.urn] != nil {
			urns = append(urns, ext.urn)
		}
	}
	return urns
}

func (t resourceType) metaOf(d document) map[string]any {
	return map[string]any{"resourceType": t.name, "created": d.created.Format(time.RFC3339), "lastModified": d.modified.Format(time.RFC3339)}
}

// version is a weak entity tag: a digest of what is kept.
func (t resourceType) version(d document) string {
	raw, _ := json.Marshal([]any{d.attrs, d.modified}) // what came from JSON can be JSON
	sum := sha256.Sum256(raw)
	return `W/"` + hex.EncodeToString(sum[:8]) + `"`
}

func (t resourceType) location(r *http.Request, id string) string {
	return base(r) + "/" + t.endpoint + "/" + url.PathEscape(id)
}

// base is the address that the client used, as far as it can be known behind a proxy.
func base(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + r.Host + Path
}
