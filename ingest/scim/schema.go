package scim

import (
	"slices"
	"strings"

	"github.com/filengine/fil"
)

// The schemas of RFC 7643 that are served, and ours.
const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	agentURN      = "urn:filengine:scim:schemas:1.0:Agent"
)

// valueType is the type of an attribute, as RFC 7643, section 2.3, writes it.
type valueType string

const (
	stringType   valueType = "string"
	booleanType  valueType = "boolean"
	decimalType  valueType = "decimal"
	dateTimeType valueType = "dateTime"
	complexType  valueType = "complex"
)

// attribute is the definition of one attribute (RFC 7643, section 7). Its names are compared without regard to case.
type attribute struct {
	name      string
	kind      valueType
	multi     bool
	exact     bool // case counts when values are compared
	required  bool
	readOnly  bool
	unique    bool
	immutable bool
	about     fil.Bilingual
	values    []string // the only ones; any when empty
	sub       []attribute
}

func (a attribute) child(name string) (attribute, bool) { return lookup(a.sub, name) }

func lookup(list []attribute, name string) (attribute, bool) {
	i := slices.IndexFunc(list, func(a attribute) bool { return strings.EqualFold(a.name, name) })
	if i < 0 {
		return attribute{}, false
	}
	return list[i], true
}

// schema is one set of attributes under a URN.
type schema struct {
	urn, name  string
	about      fil.Bilingual
	attributes []attribute
}

// resourceType is a kind of resource: its core schema and its extensions.
type resourceType struct {
	name, endpoint string
	about          fil.Bilingual
	core           schema
	extensions     []schema
}

// resolve finds what a path names: an attribute, and its sub-attribute when the path has one. ok is false for what is not
// declared, which RFC 7644 lets a server ignore.
func (t resourceType) resolve(p attrPath) (found place, ok bool) {
	list := t.core.attributes
	if p.urn != "" && !strings.EqualFold(p.urn, t.core.urn) {
		ext, ok := t.extension(p.urn)
		if !ok {
			return place{}, false
		}
		list, found.urn = ext.attributes, ext.urn
	}
	if p.name == "" {
		return found, found.urn != ""
	}
	if found.attribute, ok = lookup(list, p.name); !ok && found.urn == "" {
		found.attribute, ok = lookup(commonAttributes(), p.name)
	}
	if !ok || p.sub == "" {
		return found, ok
	}
	found.sub, ok = found.attribute.child(p.sub)
	found.hasSub = true
	return found, ok
}

func (t resourceType) extension(urn string) (schema, bool) {
	i := slices.IndexFunc(t.extensions, func(s schema) bool { return strings.EqualFold(s.urn, urn) })
	if i < 0 {
		return schema{}, false
	}
	return t.extensions[i], true
}

// place is where a path leads: in the core schema when urn is empty; to a whole extension when the attribute has no name.
type place struct {
	urn       string
	attribute attribute
	sub       attribute
	hasSub    bool
}

// commonAttributes are those of every resource (RFC 7643, section 3.1), which are in no schema.
func commonAttributes() []attribute {
	return []attribute{
		{name: "id", kind: stringType, exact: true, readOnly: true},
		{name: "externalId", kind: stringType, exact: true},
		{name: "schemas", kind: stringType, multi: true, readOnly: true},
		{name: "meta", kind: complexType, readOnly: true, sub: []attribute{
			{name: "resourceType", kind: stringType, exact: true, readOnly: true},
			{name: "created", kind: dateTimeType, readOnly: true},
			{name: "lastModified", kind: dateTimeType, readOnly: true},
			{name: "location", kind: stringType, exact: true, readOnly: true},
			{name: "version", kind: stringType, exact: true, readOnly: true},
		}},
	}
}

// userCatalogue lists what a mapping may read of a user (RFC 7643, sections 4.1 and 4.3). Only what one does read is declared
// and kept.
func userCatalogue() (core, enterprise []attribute) {
	text := func(names ...string) []attribute {
		list := make([]attribute, len(names))
		for i, name := range names {
			list[i] = attribute{name: name, kind: stringType}
		}
		return list
	}
	several := func(name string, subs ...string) attribute {
		sub := append(text(subs...), attribute{name: "type", kind: stringType}, attribute{name: "primary", kind: booleanType})
		return attribute{name: name, kind: complexType, multi: true, sub: sub}
	}
	core = append(text("displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone"),
		attribute{name: "name", kind: complexType, sub: text("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")},
		several("emails", "value", "display"), several("phoneNumbers", "value", "display"), several("ims", "value", "display"),
		several("photos", "value", "display"), several("entitlements", "value", "display"), several("roles", "value", "display"),
		several("addresses", "formatted", "streetAddress", "locality", "region", "postalCode", "country"))
	enterprise = append(text("employeeNumber", "costCenter", "organization", "division", "department"),
		attribute{name: "manager", kind: complexType, sub: []attribute{{name: "value", kind: stringType, exact: true}}})
	return core, enterprise
}

func groupType() resourceType {
	return resourceType{
		name: "Group", endpoint: "Groups",
		about: fil.Bilingual{FR: "Une audience dont les membres sont nommés un à un", EN: "An audience whose members are named one by one"},
		core: schema{urn: groupURN, name: "Group", about: fil.Bilingual{FR: "Groupe", EN: "Group"}, attributes: []attribute{
			{name: "displayName", kind: stringType, required: true, about: fil.Bilingual{FR: "Nom de l'audience", EN: "Name of the audience"}},
			{name: "members", kind: complexType, multi: true, about: fil.Bilingual{FR: "Les agents, par leur id", EN: "The agents, by their id"}, sub: []attribute{
				{name: "value", kind: stringType, exact: true, immutable: true, about: fil.Bilingual{FR: "id d'un utilisateur", EN: "id of a user"}},
			}},
		}},
	}
}

// agentSchema is the extension that says straight what Fil keeps of an agent, under the names that rules use.
func agentSchema(declared fil.Schema) schema {
	s := schema{urn: agentURN, name: "Agent", about: fil.Bilingual{FR: "L'agent tel que les règles d'audience le lisent", EN: "The agent as audience rules read them"}, attributes: []attribute{
		{name: "org", kind: stringType, exact: true, about: fil.Bilingual{FR: "Chemin dans l'organigramme, du haut : mairie/dgst/voirie", EN: "Path in the organisation tree, from the top: mairie/dgst/voirie"}},
		{name: "site", kind: stringType, exact: true, about: fil.Bilingual{FR: "Lieu de travail", EN: "Place of work"}},
		{name: "language", kind: stringType, exact: true, about: fil.Bilingual{FR: "Langue préférée, BCP 47", EN: "Preferred language, BCP 47"}},
	}}
	for _, d := range declared {
		a := attribute{name: d.Name, kind: stringType, exact: true, about: d.Label, values: d.Values}
		switch d.Kind {
		case fil.KindNumber:
			a.kind = decimalType
		case fil.KindBoolean:
			a.kind = booleanType
		case fil.KindList:
			a.multi = true
		}
		s.attributes = append(s.attributes, a)
	}
	return s
}
