package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// document is a resource as it is kept: the attributes that its type declares, under their own names, those of an extension
// under its URN. A value is a string, a float64, a bool, a map of such, or a []any of them; nothing is empty.
type document struct {
	id                string
	attrs             map[string]any
	created, modified time.Time
}

// maxText bounds one text of a resource, in bytes.
const maxText = 2 << 10

// read keeps of a JSON object what the type declares. What it does not declare, and what only the server writes, is left
// out without a word (RFC 7644, section 3.3); a value of the wrong type is a fault that names its path.
func (t resourceType) read(raw map[string]any) (map[string]any, error) {
	kept := map[string]any{}
	var faults fil.Faults
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if strings.EqualFold(key, "schemas") {
			t.checkSchemas(raw[key], &faults)
			continue
		}
		p, err := parsePath(key, t.urns()...)
		if err != nil || p.among != nil {
			continue
		}
		if err := t.set(kept, p.attrPath, raw[key]); err != nil {
			faults = append(faults, fil.FaultsOf(err)...)
		}
	}
	return kept, faults.Err()
}

// checkSchemas wants, of a client that says which schemas it speaks, the one of the resource among them.
func (t resourceType) checkSchemas(value any, faults *fil.Faults) {
	list, _ := value.([]any)
	if !slices.ContainsFunc(list, func(one any) bool { urn, _ := one.(string); return strings.EqualFold(urn, t.core.urn) }) {
		faults.Add("schemas", "doit être une liste où se trouve "+t.core.urn, "must be a list that holds "+t.core.urn)
	}
}

func (t resourceType) urns() []string {
	urns := []string{t.core.urn}
	for _, ext := range t.extensions {
		urns = append(urns, ext.urn)
	}
	return urns
}

// set puts a value where a path without filter leads, in place of what was there.
func (t resourceType) set(attrs map[string]any, p attrPath, value any) error {
	found, ok := t.resolve(p)
	if !ok || found.leaf().readOnly || found.attribute.readOnly {
		return nil
	}
	if found.attribute.name == "" {
		return t.setExtension(attrs, found.urn, value)
	}
	normal, err := normalValue(found.leaf(), value, p.String())
	if err != nil {
		return err
	}
	found.put(attrs, normal)
	return nil
}

func (t resourceType) setExtension(attrs map[string]any, urn string, value any) error {
	members, ok := value.(map[string]any)
	if !ok && value != nil {
		return fil.NewFault(urn, "doit être un objet JSON", "must be a JSON object")
	}
	var faults fil.Faults
	for _, name := range slices.Sorted(maps.Keys(members)) {
		p, err := parsePath(name)
		if err != nil || p.among != nil || p.urn != "" {
			continue
		}
		p.urn = urn
		faults = append(faults, fil.FaultsOf(t.set(attrs, p.attrPath, members[name]))...)
	}
	return faults.Err()
}

// put writes a value that is in its normal form, nil to take it away, and keeps nothing empty.
func (p place) put(attrs map[string]any, value any) {
	in := attrs
	if p.urn != "" {
		in, _ = attrs[p.urn].(map[string]any)
		if in == nil {
			in = map[string]any{}
		}
		defer func() { assign(attrs, p.urn, in) }()
	}
	if !p.hasSub {
		assign(in, p.attribute.name, value)
		return
	}
	if p.attribute.multi {
		list, _ := in[p.attribute.name].([]any)
		for _, one := range list {
			if object, ok := one.(map[string]any); ok {
				assign(object, p.sub.name, value)
			}
		}
		assign(in, p.attribute.name, slices.DeleteFunc(list, empty))
		return
	}
	object, _ := in[p.attribute.name].(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	assign(object, p.sub.name, value)
	assign(in, p.attribute.name, object)
}

func assign(in map[string]any, name string, value any) {
	if empty(value) {
		delete(in, name)
		return
	}
	in[name] = value
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// get gives the value where a place is; nil when there is none.
func (p place) get(attrs map[string]any) any {
	in := attrs
	if p.urn != "" {
		in, _ = attrs[p.urn].(map[string]any)
	}
	if p.attribute.name == "" {
		return in
	}
	return in[p.attribute.name]
}

// values gives the values where a place is, those of a sub-attribute one for each value that has it.
func (p place) values(attrs map[string]any) []any {
	all, ok := p.get(attrs).([]any)
	if !ok {
		one := p.get(attrs)
		if empty(one) {
			return nil
		}
		all = []any{one}
	}
	if !p.hasSub {
		return all
	}
	var out []any
	for _, one := range all {
		if object, ok := one.(map[string]any); ok && object[p.sub.name] != nil {
			out = append(out, object[p.sub.name])
		}
	}
	return out
}

// normalValue checks a value against its definition and gives its normal form; nil for what says "no value": null, an empty
// list or object, and an empty text.
func normalValue(a attribute, value any, path string) (any, error) {
	if !a.multi {
		return normalOne(a, value, path)
	}
	list, ok := value.([]any)
	if !ok && value != nil {
		list = []any{value}
	}
	out := make([]any, 0, len(list))
	for i, one := range list {
		at := path
		if ok {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		normal, err := normalOne(a, one, at)
		if err != nil {
			return nil, err
		}
		if normal != nil {
			out = append(out, normal)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return united(a, nil, out), nil
}

func normalOne(a attribute, value any, path string) (any, error) {
	if value == nil || value == "" {
		return nil, nil
	}
	switch a.kind {
	case complexType:
		return normalObject(a, value, path)
	case booleanType:
		if v, ok := boolean(value); ok {
			return v, nil
		}
		return nil, fil.NewFault(path, "doit être true ou false", "must be true or false")
	case decimalType:
		if v, ok := value.(float64); ok {
			return v, nil
		}
		return nil, fil.NewFault(path, "doit être un nombre", "must be a number")
	}
	text, ok := value.(string)
	switch {
	case !ok:
		return nil, fil.NewFault(path, "doit être un texte", "must be a text")
	case len(text) > maxText:
		return nil, fil.NewFault(path, "dépasse 2 Kio", "is over 2 KiB")
	}
	return text, nil
}

// normalObject also takes a bare text for an object that has a value: Entra ID sends a manager so.
func normalObject(a attribute, value any, path string) (any, error) {
	members, ok := value.(map[string]any)
	if !ok {
		if _, has := a.child("value"); !has {
			return nil, fil.NewFault(path, "doit être un objet JSON", "must be a JSON object")
		}
		if _, text := value.(string); !text {
			return nil, fil.NewFault(path, "doit être un objet JSON, ou le texte de sa valeur", "must be a JSON object, or the text of its value")
		}
		members = map[string]any{"value": value}
	}
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		sub, ok := a.child(name)
		if !ok || sub.readOnly {
			continue
		}
		normal, err := normalValue(sub, members[name], path+"."+sub.name)
		if err != nil {
			return nil, err
		}
		assign(out, sub.name, normal)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// boolean reads true and false, and their texts in any letter case, as Entra ID sends them.
func boolean(value any) (is, ok bool) {
	if text, isText := value.(string); isText {
		return strings.EqualFold(text, "true"), strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
	}
	is, ok = value.(bool)
	return is, ok
}

// kept is the JSON form of a document in the log. Whether a user is active, and the id, are said by the record itself.
type kept struct {
	Attributes map[string]any `json:"attributes"`
	Created    time.Time      `json:"created"`
	Modified   time.Time      `json:"modified"`
}

func (d document) encode() (json.RawMessage, error) {
	raw, err := json.Marshal(kept{d.attrs, d.created, d.modified})
	if err != nil {
		return nil, fmt.Errorf("encode a resource: %w", err)
	}
	return raw, nil
}

var errNotOurs = errors.New("not kept by SCIM")

// decodeKept reads what encode wrote, and keeps of it what the type declares today.
func (t resourceType) decodeKept(id string, raw json.RawMessage) (document, error) {
	var k kept
	if len(raw) == 0 || json.Unmarshal(raw, &k) != nil || k.Attributes == nil {
		return document{}, errNotOurs
	}
	attrs, _ := t.read(k.Attributes) // what was declared otherwise when it was written is left out
	return document{id: id, attrs: attrs, created: k.Created, modified: k.Modified}, nil
}
