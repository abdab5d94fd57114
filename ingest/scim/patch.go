package scim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/filengine/fil"
)

// maxOperations bounds a PATCH, and with it the work that one request can ask for.
const maxOperations = 1000

const patchURN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// operation is one change of a PATCH (RFC 7644, section 3.5.2).
type operation struct {
	op    string // add, replace or remove
	path  *patchPath
	value any
	has   bool // whether a value was given
}

// readPatch reads the body of a PATCH. Names of members and operations may be in any letter case.
func (t resourceType) readPatch(body map[string]any) ([]operation, error) {
	var list []any
	for name, value := range body {
		switch {
		case strings.EqualFold(name, "Operations"):
			list, _ = value.([]any)
		case strings.EqualFold(name, "schemas"):
			urns, _ := value.([]any)
			if !slices.ContainsFunc(urns, func(u any) bool { s, _ := u.(string); return strings.EqualFold(s, patchURN) }) {
				return nil, invalid("invalidSyntax", "schemas doit contenir "+patchURN+".", "schemas must hold "+patchURN+".")
			}
		}
	}
	switch {
	case len(list) == 0:
		return nil, invalid("invalidSyntax", "Operations doit être une liste d'au moins une opération.", "Operations must be a list of at least one operation.")
	case len(list) > maxOperations:
		return nil, &problem{status: http.StatusRequestEntityTooLarge, kind: "tooMany", detail: fil.Bilingual{
			FR: "Un PATCH compte 1 000 opérations au plus : envoyez le reste dans un autre.", EN: "A PATCH has at most 1,000 operations: send the rest in another one.",
		}}
	}
	operations := make([]operation, len(list))
	for i, raw := range list {
		var err error
		if operations[i], err = t.readOperation(raw); err != nil {
			return nil, err
		}
	}
	return operations, nil
}

func (t resourceType) readOperation(raw any) (operation, error) {
	var o operation
	members, ok := raw.(map[string]any)
	if !ok {
		return o, invalid("invalidSyntax", "Une opération doit être un objet JSON.", "An operation must be a JSON object.")
	}
	for name, value := range members {
		switch strings.ToLower(name) {
		case "op":
			text, _ := value.(string)
			o.op = strings.ToLower(text)
		case "path":
			text, ok := value.(string)
			if !ok && value != nil {
				return o, invalid("invalidPath", "path doit être un texte.", "path must be a text.")
			}
			if text == "" {
				continue
			}
			path, err := parsePath(text, t.urns()...)
			if err != nil {
				return o, syntaxProblem("invalidPath", text, err)
			}
			o.path = &path
		case "value":
			o.value, o.has = value, true
		}
	}
	if !slices.Contains([]string{"add", "replace", "remove"}, o.op) {
		return o, invalid("invalidSyntax", "op doit être add, replace ou remove.", "op must be add, replace or remove.")
	}
	switch {
	case o.op == "remove" && o.path == nil:
		return o, invalid("noTarget", "remove demande un path.", "remove needs a path.")
	case o.op != "remove" && !o.has:
		return o, invalid("invalidValue", o.op+" demande une value.", o.op+" needs a value.")
	}
	return o, nil
}

// patch applies operations in their order to attrs, which is changed in place.
func (t resourceType) patch(attrs map[string]any, operations []operation) error {
	for _, o := range operations {
		var err error
		if o.path != nil {
			err = t.patchAt(attrs, o, *o.path)
		} else {
			err = t.patchAll(attrs, o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// patchAll applies an operation without path: each member of its value names an attribute, by its path.
func (t resourceType) patchAll(attrs map[string]any, o operation) error {
	members, ok := o.value.(map[string]any)
	if !ok {
		return invalid("invalidValue", "Sans path, value doit être un objet JSON.", "Without a path, value must be a JSON object.")
	}
	for _, name := range sortedKeys(members) {
		path, err := parsePath(name, t.urns()...)
		if err != nil {
			return syntaxProblem("invalidPath", name, err)
		}
		if found, ok := t.resolve(path.attrPath); ok && found.attribute.readOnly {
			continue // a client that sends back what it read
		}
		if err := t.patchAt(attrs, operation{op: o.op, value: members[name], has: true}, path); err != nil {
			return err
		}
	}
	return nil
}

// patchAt applies an operation to what its path leads to. What is not declared is left out without a word.
func (t resourceType) patchAt(attrs map[string]any, o operation, path patchPath) error {
	found, ok := t.resolve(path.attrPath)
	switch {
	case !ok:
		return nil
	case found.leaf().readOnly || found.attribute.readOnly:
		return mutability(path.attrPath)
	case found.attribute.name == "":
		return t.patchExtension(attrs, o, found)
	case path.among != nil:
		return patchAmong(attrs, o, path, found)
	case o.op == "remove" && !o.has, o.value == nil, o.value == "":
		if found.attribute.required {
			return mutability(path.attrPath)
		}
		found.put(attrs, nil)
		return nil
	}
	normal, err := normalValue(found.leaf(), o.value, path.String())
	if err != nil {
		return err
	}
	switch {
	case o.op == "remove": // of the values given, as Entra ID asks for members
		if !found.attribute.multi || found.hasSub {
			found.put(attrs, nil)
			return nil
		}
		list, _ := normal.([]any)
		found.put(attrs, without(found.attribute, found.values(attrs), list))
	case found.hasSub:
		found.put(attrs, normal)
	case found.attribute.multi && o.op == "add":
		list, _ := normal.([]any)
		found.put(attrs, united(found.attribute, found.values(attrs), list))
	case found.attribute.kind == complexType && !found.attribute.multi:
		found.put(attrs, merged(found.get(attrs), normal))
	default:
		found.put(attrs, normal)
	}
	return nil
}

func (t resourceType) patchExtension(attrs map[string]any, o operation, found place) error {
	if o.op == "remove" {
		delete(attrs, found.urn)
		return nil
	}
	members, ok := o.value.(map[string]any)
	if !ok {
		return fil.NewFault(found.urn, "doit être un objet JSON", "must be a JSON object")
	}
	for _, name := range sortedKeys(members) {
		path, err := parsePath(name)
		if err != nil || path.urn != "" {
			continue
		}
		path.urn = found.urn
		if err := t.patchAt(attrs, operation{op: o.op, value: members[name], has: true}, path); err != nil {
			return err
		}
	}
	return nil
}

// patchAmong applies an operation to the values that satisfy a filter. An add that finds none makes one from what the filter
// asks to be equal; a replace that finds none has no target, as the RFC wants.
func patchAmong(attrs map[string]any, o operation, path patchPath, found place) error {
	if !found.attribute.multi {
		return invalid("invalidPath", "« "+path.String()+" » n'a qu'une valeur : un filtre n'y choisit rien.", "'"+path.String()+"' has one value: a filter chooses nothing in it.")
	}
	whole := found
	whole.hasSub = false
	var normal any
	var err error
	if o.op != "remove" {
		a := found.attribute
		a.multi = false
		if found.hasSub {
			a = found.sub
		}
		if normal, err = normalValue(a, o.value, path.String()); err != nil {
			return err
		}
	}
	list, met := whole.values(attrs), false
	out := make([]any, 0, len(list)+1)
	for _, one := range list {
		if path.among.holds(item{found.attribute, one}) {
			met = true
			one = changed(o.op, found, one, normal)
		}
		if !empty(one) {
			out = append(out, one)
		}
	}
	switch {
	case !met && o.op == "replace":
		return invalid("noTarget", "Aucune valeur de « "+path.name+" » ne répond au filtre.", "No value of '"+path.name+"' satisfies the filter.")
	case !met && o.op == "add":
		if made := changed("add", found, wanted(found.attribute, path.among), normal); !empty(made) {
			out = append(out, made)
		}
	}
	whole.put(attrs, united(found.attribute, nil, out))
	return nil
}

// changed gives what an operation makes of one value that it has met.
func changed(op string, found place, one, normal any) any {
	object, ok := one.(map[string]any)
	switch {
	case op == "remove" && !found.hasSub:
		return nil
	case found.hasSub && ok:
		assign(object, found.sub.name, normal)
		return object
	case ok && op == "add":
		return merged(object, normal)
	}
	return normal
}

// wanted makes a value that satisfies the equalities of a filter.
func wanted(a attribute, e expression) any {
	made := map[string]any{}
	var gather func(expression)
	gather = func(e expression) {
		switch e := e.(type) {
		case allOf:
			for _, one := range e {
				gather(one)
			}
		case comparison:
			if sub, ok := a.child(e.path.name); ok && e.op == "eq" {
				if normal, err := normalOne(sub, e.value, ""); err == nil {
					assign(made, sub.name, normal)
				}
			}
		}
	}
	gather(e)
	return made
}

// merged gives an object with the members of another put over its own.
func merged(old, by any) any {
	members, ok := by.(map[string]any)
	before, was := old.(map[string]any)
	if !ok || !was {
		return by
	}
	for name, value := range members {
		before[name] = value
	}
	return before
}

// united adds values to a list, each once. The last one that is said to be primary is the only one.
func united(a attribute, list, more []any) []any {
	all := append(slices.Clone(list), more...)
	_, ranks := a.child("primary")
	primary := -1
	for i, one := range all {
		if object, ok := one.(map[string]any); ranks && ok && object["primary"] == true {
			primary = i
		}
	}
	seen := make(map[string]bool, len(all))
	out := make([]any, 0, len(all))
	for i, one := range all {
		if object, ok := one.(map[string]any); ranks && ok && object["primary"] == true && i != primary {
			delete(object, "primary")
		}
		if key := identity(one); !seen[key] {
			seen[key] = true
			out = append(out, one)
		}
	}
	return out
}

// without takes values out of a list: those equal, and of objects those whose "value" is equal.
func without(a attribute, list, those []any) []any {
	gone := map[string]bool{}
	_, valued := a.child("value")
	of := func(one any) string {
		if object, ok := one.(map[string]any); ok && valued && object["value"] != nil {
			return identity(object["value"])
		}
		return identity(one)
	}
	for _, one := range those {
		gone[of(one)] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(one any) bool { return gone[of(one)] })
}

func identity(value any) string {
	if object, ok := value.(map[string]any); ok && len(object) == 1 { // a member, of which a group has thousands
		if text, ok := object["value"].(string); ok {
			return "value " + text
		}
	}
	if text, ok := value.(string); ok {
		return text
	}
	raw, _ := json.Marshal(value)
	return string(raw)
}

// clone copies a document's attributes, so that a change that fails half-way leaves no trace.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = clone(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = clone(member)
		}
		return out
	}
	return value
}
