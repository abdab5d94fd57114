package clauses

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"github.com/filengine/fil"
)

// Operator is one way to compare an attribute.
type Operator struct {
	Name   string        `json:"name"`
	Label  fil.Bilingual `json:"label"`
	Values int           `json:"values"` // how many it takes; -1: one or more
	Span   bool          `json:"span,omitempty"`
}

// Field is what a clause may name.
type Field struct {
	Name      string        `json:"name"`
	Kind      string        `json:"kind"` // of fil.AttributeKinds, or "unit" for org
	Label     fil.Bilingual `json:"label"`
	Values    []string      `json:"values,omitempty"` // the only ones
	Operators []string      `json:"operators"`
}

// Builder is what a console needs to offer clauses by choice.
type Builder struct {
	Fields    []Field    `json:"fields"`
	Operators []Operator `json:"operators"`
	Acts      []string   `json:"acts"`
	Threshold int        `json:"threshold"` // agents: no figure is told about fewer
}

// allOperators lists the operators in the order in which they are offered.
func allOperators() []Operator {
	one := func(name, fr, en string, values int) Operator {
		return Operator{Name: name, Label: fil.Bilingual{FR: fr, EN: en}, Values: values}
	}
	span := func(name, fr, en string) Operator {
		return Operator{Name: name, Label: fil.Bilingual{FR: fr, EN: en}, Values: 1, Span: true}
	}
	return []Operator{
		one("is", "est", "is", 1), one("is_not", "n'est pas", "is not", 1), one("in", "est parmi", "is among", -1), one("not_in", "n'est pas parmi", "is not among", -1),
		one("starts_with", "commence par", "starts with", 1), one("ends_with", "finit par", "ends with", 1), one("contains", "contient", "contains", 1),
		one("matches", "suit le motif", "matches", 1), one("under", "est dans l'unité", "is in the unit", 1),
		one("less", "est moins de", "is less than", 1), one("at_most", "est au plus", "is at most", 1), one("more", "est plus de", "is more than", 1),
		one("at_least", "est au moins", "is at least", 1), one("between", "est entre", "is between", 2),
		span("within", "date de moins de", "is within the last"), span("ahead", "vient d'ici", "is within the next"), span("older", "date de plus de", "is older than"),
		one("has", "comprend", "has", 1), one("has_not", "ne comprend pas", "has not", 1), one("has_any", "comprend l'un de", "has any of", -1),
		one("has_none", "ne comprend aucun de", "has none of", -1), one("has_only", "ne comprend que", "has only", -1),
		one("filled", "est renseigné", "is given", 0), one("empty", "n'est pas renseigné", "is not given", 0),
	}
}

var byKind = map[string][]string{
	string(fil.KindText):    {"is", "is_not", "in", "not_in", "starts_with", "ends_with", "contains", "matches", "filled", "empty"},
	string(fil.KindAgent):   {"is", "is_not", "in", "not_in", "filled", "empty"},
	string(fil.KindNumber):  {"is", "is_not", "in", "not_in", "less", "at_most", "more", "at_least", "between", "filled", "empty"},
	string(fil.KindDate):    {"is", "is_not", "less", "at_most", "more", "at_least", "between", "within", "ahead", "older", "filled", "empty"},
	string(fil.KindBoolean): {"is", "is_not", "filled", "empty"},
	string(fil.KindList):    {"has", "has_not", "has_any", "has_none", "has_only", "filled", "empty"},
	"unit":                  {"under", "is", "is_not", "in", "not_in", "starts_with", "filled", "empty"},
}

// BuilderOf gives what clauses over a schema are made of: what is sensitive is no criterion, so it is not there.
func BuilderOf(schema fil.Schema) Builder {
	b := Builder{Operators: allOperators(), Fields: []Field{
		{Name: "org", Kind: "unit", Label: fil.Bilingual{FR: "Unité", EN: "Unit"}, Operators: byKind["unit"]},
		{Name: "site", Kind: string(fil.KindText), Label: fil.Bilingual{FR: "Lieu de travail", EN: "Place of work"}, Operators: byKind["text"]},
		{Name: "language", Kind: string(fil.KindText), Label: fil.Bilingual{FR: "Langue", EN: "Language"}, Operators: byKind["text"]},
		{Name: "id", Kind: string(fil.KindText), Label: fil.Bilingual{FR: "Identifiant", EN: "Id"}, Operators: []string{"is", "is_not", "in", "not_in"}},
	}}
	for _, a := range schema {
		if !a.Sensitive {
			b.Fields = append(b.Fields, Field{a.Name, string(a.Kind), a.Label, a.Values, byKind[string(a.Kind)]})
		}
	}
	for _, kind := range fil.EngagementKinds() {
		b.Acts = append(b.Acts, string(kind))
	}
	return b
}

// maxDepth bounds clauses in clauses, as the rule language bounds brackets.
const maxDepth = 32

// Decode reads clauses that were decoded from JSON. Faults name the field "clauses".
func Decode(given any) (Clause, error) {
	raw, err := json.Marshal(given)
	if err != nil {
		return Clause{}, errors.Join(fil.NewFault("clauses", "ne se lisent pas", "cannot be read"), err)
	}
	var c Clause
	lines := json.NewDecoder(bytes.NewReader(raw))
	lines.DisallowUnknownFields()
	if err := lines.Decode(&c); err != nil {
		return Clause{}, fil.NewFault("clauses", "ne se lisent pas : "+err.Error(), "cannot be read: "+err.Error())
	}
	var faults fil.Faults
	c.check(&faults, "clauses", 0)
	return c, faults.Err()
}

// check holds a clause to one thing said, in a way that can be written.
func (c Clause) check(faults *fil.Faults, field string, depth int) {
	said := 0
	for _, is := range []bool{c.All != nil, c.Any != nil, c.None != nil, c.Everyone != nil, c.Attribute != "", c.Did != nil, c.Last != nil, c.Audience != "", c.Member != "", c.Team != "", c.Service != "", c.Expression != ""} {
		if is {
			said++
		}
	}
	switch {
	case len(*faults) > 20:
		return
	case said != 1:
		faults.Add(field, "doit dire une chose et une seule : all, any, none, everyone, attribute, did, last, audience, member, team, service ou expression", "must say one thing and one only: all, any, none, everyone, attribute, did, last, audience, member, team, service or expression")
	case depth > maxDepth:
		faults.Add(field, "dépassent 32 niveaux", "are over 32 levels deep")
		return
	case c.Attribute != "":
		all := allOperators()
		i := slices.IndexFunc(all, func(o Operator) bool { return o.Name == c.Operator })
		if i < 0 {
			faults.Add(field+".operator", "n'est pas un opérateur : "+c.Operator, "is no operator: "+c.Operator)
		} else if n := all[i].Values; n >= 0 && n != len(c.Values) || n < 0 && len(c.Values) == 0 {
			faults.Add(field+".values", "n'a pas le nombre de valeurs que demande « "+c.Operator+" »", "has not as many values as '"+c.Operator+"' takes")
		}
	}
	for name, parts := range map[string][]Clause{".all": c.All, ".any": c.Any, ".none": c.None} {
		for _, part := range parts {
			part.check(faults, field+name, depth+1)
		}
	}
}
