package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/filengine/fil"
)

// known is what is looked at of an agent as the server has it.
type known struct {
	ID        string   `json:"id"`
	Org       string   `json:"org"`
	Directory presence `json:"directory"` // an identity manager holds them
}

// presence is whether a value is there, whatever it is.
type presence bool

// UnmarshalJSON is called for a value that is there.
func (p *presence) UnmarshalJSON([]byte) error {
	*p = true
	return nil
}

// compare reads the server's directory and settles what becomes of each entry, and who is removed.
func (s *sync) compare(ctx context.Context) error {
	s.bar.stage(fil.Bilingual{FR: "comparaison", EN: "comparing"}, -1)
	err := s.client.Export(ctx, func(record []byte) error {
		s.bar.add(1)
		var k known
		if err := json.Unmarshal(record, &k); err != nil || k.ID == "" {
			return fmt.Errorf("read the server's directory: %q is not an agent: %w", clip(string(record)), err)
		}
		return s.meet(k, record)
	})
	if err != nil {
		return err
	}
	if err := s.spool.flush(); err != nil {
		return err
	}
	return s.count()
}

// meet compares one agent of the server with the entry of its id.
func (s *sync) meet(k known, record []byte) error {
	s.report.Directory++
	mine := s.inScope(k.Org) && !bool(k.Directory)
	if mine {
		s.report.InScope++
	}
	e, read, err := s.entries.find(s.spool, k.ID)
	switch {
	case err != nil:
		return err
	case e == nil && mine:
		return s.remove(k)
	case e == nil:
		return nil
	case e.state() == refused:
		s.report.Kept++
		return nil
	case e.state() != fresh:
		return nil // they went and came back meanwhile
	case bool(k.Directory):
		e.is(e.place(), refused)
		s.refuse(read.where, k.ID, fil.Faults{fil.NewFault("id", "est celui d'un agent qu'un gestionnaire d'identités tient (SCIM)", "is that of an agent whom an identity manager holds (SCIM)")})
		return nil
	case !mine: // another source's: taking it over is for that source to let happen
		e.is(e.place(), refused)
		s.refuse(read.where, k.ID, fil.Faults{fil.NewFault("id",
			fmt.Sprintf("est celui d'un agent hors du périmètre, dans %q", k.Org), fmt.Sprintf("is that of an agent out of the scope, in %q", k.Org))})
		return nil
	case bytes.Equal(read.record, record):
		e.is(e.place(), same)
		return nil
	default:
		return s.differ(e, read, record)
	}
}

// differ compares value by value, since the same agent may be written in more than one way.
func (s *sync) differ(e *entry, read stored, record []byte) error {
	before, err := flatten(record)
	if err != nil {
		return fmt.Errorf("read the server's directory: agent %s: %w", read.id, err)
	}
	after, err := flatten(read.record)
	if err != nil {
		return fmt.Errorf("read the temporary file: %s: %w", read.where, err)
	}
	if s.o.Merge {
		after = merge(before, after, s.fields[read.fields])
	}
	var fields []string
	for _, field := range slices.Sorted(maps.Keys(union(before, after))) {
		if before[field] != after[field] {
			fields = append(fields, field)
		}
	}
	if len(fields) == 0 {
		e.is(e.place(), same)
		return nil
	}
	at := e.place()
	if s.o.Merge {
		if read.record, err = json.Marshal(gather(after)); err != nil {
			return fmt.Errorf("encode %s: %w", read.where, err)
		}
		if at, err = s.spool.append(read); err != nil {
			return err
		}
	}
	e.is(at, changed)
	s.report.change(read.id, fields, before, after, s.o.Examples)
	return nil
}

func (s *sync) remove(k known) error {
	at, err := s.spool.append(stored{id: k.ID})
	if err != nil {
		return err
	}
	s.removed = append(s.removed, at)
	if len(s.report.Examples.Removed) < s.o.Examples {
		s.report.Examples.Removed = append(s.report.Examples.Removed, Example{ID: k.ID, Org: k.Org})
	}
	return nil
}

// count says what became of the entries, and finds examples of the agents that are new. One that has no organisation
// because the source has no say in it cannot be in a scope.
func (s *sync) count() error {
	s.report.Removed = len(s.removed)
	for i := range s.entries.list {
		e := &s.entries.list[i]
		switch e.state() {
		case same:
			s.report.Unchanged++
			continue
		case changed:
			s.report.Changed++
			continue
		case refused:
			continue
		}
		example := len(s.report.Examples.Added) < s.o.Examples
		if example || s.o.Merge && s.o.Scope != "" {
			read, err := s.spool.read(e.place())
			if err != nil {
				return err
			}
			var k known
			if err := json.Unmarshal(read.record, &k); err != nil {
				return fmt.Errorf("read the temporary file: %s: %w", read.where, err)
			}
			if !s.inScope(k.Org) {
				e.is(e.place(), refused)
				s.refuse(read.where, k.ID, fil.Faults{s.outside(k.Org)})
				continue
			}
			if example {
				s.report.Examples.Added = append(s.report.Examples.Added, Example{ID: k.ID, Org: k.Org})
			}
		}
		s.report.Added++
	}
	return nil
}

// attribute begins the names of attributes among the fields of an agent.
const attribute = "attributes."

// flatten gives the JSON of each value of an agent: "org", "attributes.grade".
func flatten(record []byte) (map[string]string, error) {
	var top, attributes map[string]json.RawMessage
	if err := json.Unmarshal(record, &top); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	if raw, ok := top["attributes"]; ok {
		if err := json.Unmarshal(raw, &attributes); err != nil {
			return nil, fmt.Errorf("decode attributes: %w", err)
		}
		delete(top, "attributes")
	}
	flat := make(map[string]string, len(top)+len(attributes))
	for name, raw := range top {
		flat[name] = string(raw)
	}
	for name, raw := range attributes {
		flat[attribute+name] = string(raw)
	}
	return flat, nil
}

// gather is the converse of flatten.
func gather(flat map[string]string) map[string]any {
	top, attributes := map[string]any{}, map[string]any{}
	for field, raw := range flat {
		if name, ok := strings.CutPrefix(field, attribute); ok {
			attributes[name] = json.RawMessage(raw)
		} else {
			top[field] = json.RawMessage(raw)
		}
	}
	if len(attributes) > 0 {
		top["attributes"] = attributes
	}
	return top
}

// merge gives the agent as it is, but for the fields that the source has a say in.
func merge(before, after map[string]string, fields []string) map[string]string {
	merged := maps.Clone(before)
	maps.DeleteFunc(merged, func(field, _ string) bool {
		return slices.Contains(fields, field) || strings.HasPrefix(field, attribute) && slices.Contains(fields, "attributes")
	})
	maps.Copy(merged, after)
	return merged
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// clip bounds what is quoted.
func clip(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
