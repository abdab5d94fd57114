package scim

import (
	"net/http"
	"strings"

	"github.com/filengine/fil"
)

const (
	configURN       = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	resourceTypeURN = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaURN       = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// provider says what is offered (RFC 7643, section 5).
func (s *Server) provider(w http.ResponseWriter, r *http.Request) error {
	said := func(is bool) map[string]any { return map[string]any{"supported": is} }
	language := r.Header.Get("Accept-Language")
	respond(w, http.StatusOK, map[string]any{
		"schemas": []string{configURN},
		"patch":   said(true), "changePassword": said(false), "sort": said(false), "etag": said(true),
		"bulk":   map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": map[string]any{"supported": true, "maxResults": maxCount},
		"authenticationSchemes": []any{map[string]any{
			"type": "oauthbearertoken", "name": "Bearer", "primary": true, "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
			"description": fil.Bilingual{FR: "Clé du rôle ingest, faite par fil keys create", EN: "Key of the role ingest, made by fil keys create"}.In(language),
		}},
		"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": base(r) + "/ServiceProviderConfig"},
	})
	return nil
}

// discovered answers /ResourceTypes or /Schemas, whole or one. A filter is refused, as RFC 7644, section 4, wants.
func (s *Server) discovered(endpoint string) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.Query().Has("filter") {
			return refuse(http.StatusForbidden, "Un filtre n'a pas cours ici.", "A filter has no use here.")
		}
		all := s.resourceTypes(r)
		if endpoint == "Schemas" {
			all = s.schemas(r)
		}
		id := r.PathValue("id")
		if id == "" {
			respond(w, http.StatusOK, map[string]any{
				"schemas": []string{listURN}, "totalResults": len(all), "startIndex": 1, "itemsPerPage": len(all), "Resources": all,
			})
			return nil
		}
		for _, one := range all {
			if known, _ := one["id"].(string); strings.EqualFold(known, id) {
				respond(w, http.StatusOK, one)
				return nil
			}
		}
		return refuse(http.StatusNotFound, endpoint+" n'a pas « "+clip(id)+" ».", endpoint+" has no '"+clip(id)+"'.")
	}
}

func (s *Server) resourceTypes(r *http.Request) []map[string]any {
	var all []map[string]any
	for _, c := range s.kinds {
		var extensions []any
		for _, ext := range c.t.extensions {
			extensions = append(extensions, map[string]any{"schema": ext.urn, "required": false})
		}
		one := map[string]any{
			"schemas": []string{resourceTypeURN}, "id": c.t.name, "name": c.t.name, "endpoint": "/" + c.t.endpoint,
			"description": c.t.about.In(r.Header.Get("Accept-Language")), "schema": c.t.core.urn,
			"meta": map[string]any{"resourceType": "ResourceType", "location": base(r) + "/ResourceTypes/" + c.t.name},
		}
		if extensions != nil {
			one["schemaExtensions"] = extensions
		}
		all = append(all, one)
	}
	return all
}

func (s *Server) schemas(r *http.Request) []map[string]any {
	var all []map[string]any
	language := r.Header.Get("Accept-Language")
	for _, c := range s.kinds {
		for _, one := range append([]schema{c.t.core}, c.t.extensions...) {
			all = append(all, map[string]any{
				"schemas": []string{schemaURN}, "id": one.urn, "name": one.name, "description": one.about.In(language),
				"attributes": definitions(one.attributes, language),
				"meta":       map[string]any{"resourceType": "Schema", "location": base(r) + "/Schemas/" + one.urn},
			})
		}
	}
	return all
}

// definitions writes attributes as RFC 7643, section 7, does.
func definitions(list []attribute, language string) []map[string]any {
	out := make([]map[string]any, len(list))
	for i, a := range list {
		one := map[string]any{
			"name": a.name, "type": a.kind, "multiValued": a.multi, "description": a.about.In(language), "required": a.required,
			"caseExact": a.exact, "mutability": a.mutability(), "returned": "default", "uniqueness": "none",
		}
		if a.unique {
			one["uniqueness"] = "server"
		}
		if len(a.values) > 0 {
			one["canonicalValues"] = a.values
		}
		if len(a.sub) > 0 {
			one["subAttributes"] = definitions(a.sub, language)
		}
		out[i] = one
	}
	return out
}

func (a attribute) mutability() string {
	switch {
	case a.readOnly:
		return "readOnly"
	case a.immutable:
		return "immutable"
	}
	return "readWrite"
}
