package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/filengine/fil"
)

// Mapping makes agents of rows, by the same options as an import of agents.
type Mapping struct{ plan *plan }

// NewMapping reads Map, Const and Value for agents whose attributes are those of the schema. Its error is a *UsageError.
func NewMapping(schema fil.Schema, o Options) (*Mapping, error) {
	plan, err := newPlan(o, agentFields(schema))
	if err != nil {
		return nil, err
	}
	if i, _ := lookup(plan.fields, "id"); plan.mapped && plan.columns[i] == "" {
		return nil, misuse("dites d'où vient id, avec id=COLONNE", "say where id comes from, with id=COLUMN")
	}
	return &Mapping{plan}, nil
}

// Columns lists the columns that agents are made of: those that were named or, when none was, those that have a field's
// name.
func (m *Mapping) Columns() []string {
	var columns []string
	for i, f := range m.plan.fields {
		switch {
		case m.plan.columns[i] != "":
			columns = append(columns, m.plan.columns[i])
		case !m.plan.mapped:
			columns = append(columns, f.aliases()...)
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

// Mapped is an agent made of a row, and what the row had a say in.
type Mapped struct {
	Agent  fil.Agent
	Fields []string // "org", "attributes.grade"; "attributes" for all of them: those that the row gives, or gives none of
}

// Agent makes an agent of a row, whose cells are texts, or what JSON has with numbers as json.Number. With faults, the
// agent has what could be read.
func (m *Mapping) Agent(cell func(column string) any) (Mapped, fil.Faults) {
	values, faults := m.plan.of(cell)
	out := Mapped{Agent: fil.Agent{Attributes: map[string]any{}}}
	given := func(column string) bool { return cell(column) != nil }
	for i, f := range m.plan.fields {
		if m.plan.fixed[i] != nil || m.plan.columns[i] != "" || !m.plan.mapped && slices.ContainsFunc(f.aliases(), given) {
			out.Fields = append(out.Fields, f.name)
		}
		if err := set(&out.Agent, f.name, values[i]); err != nil {
			faults.Add(f.name, "ne convient pas ici", "does not fit here")
		}
	}
	return out, faults
}

// set gives a field of an agent its value. One that is made of a column of its own counts more than "attributes", which
// comes before it.
func set(a *fil.Agent, name string, value any) error {
	switch v := value.(type) {
	case nil:
		return nil
	case map[string]any:
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("encode %s: %w", name, err)
		}
		return json.Unmarshal(raw, &a.Attributes) // numbers are then float64, as in a record
	case string:
		switch v = strings.Clone(v); name { // a cell keeps its whole row in memory
		case "id":
			a.ID = v
		case "org":
			a.Org = v
		case "site":
			a.Site = v
		case "language":
			a.Language = v
		default:
			a.Attributes[strings.TrimPrefix(name, attributePrefix)] = v
		}
	default:
		a.Attributes[strings.TrimPrefix(name, attributePrefix)] = v
	}
	return nil
}

// Row is one row as people and a mapping see it.
type Row struct {
	Where string                  // file and line
	Cell  func(column string) any // gives nil where there is none; nil itself when no cell can be trusted
	Fault *fil.Fault              // of the row as a whole, or of what no cell can show

	of row
}

// Rows calls visit for every row of every file, after having checked that all can be read and have the columns that the
// mapping names (*UsageError otherwise). A row and what it gave last until visit returns.
func (m *Mapping) Rows(paths []string, visit func(Row) error) error {
	return m.plan.rows(paths, nil, visit)
}

func (p *plan) rows(paths []string, drawn *bar, visit func(Row) error) error {
	each := func(path string, drawn *bar, visit func(table) error) error {
		return openTables(path, drawn, func(raw io.Reader) error {
			t, err := newTable(path, raw)
			if err != nil {
				return err
			}
			if err := p.fits(t); err != nil {
				return err
			}
			return visit(t)
		})
	}
	for _, path := range paths {
		if err := each(path, nil, func(table) error { return nil }); err != nil {
			return err
		}
	}
	for _, path := range paths {
		if err := each(path, drawn, func(t table) error { return rowsOf(t, visit) }); err != nil {
			return err
		}
	}
	return nil
}

func rowsOf(t table, visit func(Row) error) error {
	for {
		r, err := t.next()
		out := Row{Where: fmt.Sprintf("%s:%d", r.path, r.line), Cell: r.cell, of: r}
		var bad *badRow
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			out.Fault, out.Cell = &fil.Fault{Problem: bad.problem}, nil
		case err != nil:
			return fmt.Errorf("read %s: %w", t.path(), err)
		}
		if err := visit(out); err != nil {
			return err
		}
	}
}
