package dashboards

import (
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/filengine/fil"
)

// sheet is an answer as a table: texts and numbers, typed nil where a figure is withheld, nil where it is not known.
type sheet struct {
	columns []sheetColumn
	rows    [][]any // string, *int, *float64, worded or nil, by column
}

// worded is a cell that a reader is told in words.
type worded struct {
	cell  any
	words fil.Bilingual
}

type sheetColumn struct {
	name  string
	kind  sheetKind
	title fil.Bilingual // for a reader
}

type sheetKind int

const (
	sheetText sheetKind = iota
	sheetCount
	sheetShare  // from 0 to 1, of which a reader is told the percentage
	sheetNumber // with a part after the point
)

func texts(names ...string) []sheetColumn   { return columnsOf(sheetText, names) }
func counts(names ...string) []sheetColumn  { return columnsOf(sheetCount, names) }
func shares(names ...string) []sheetColumn  { return columnsOf(sheetShare, names) }
func numbers(names ...string) []sheetColumn { return columnsOf(sheetNumber, names) }

func columnsOf(kind sheetKind, names []string) []sheetColumn {
	all := make([]sheetColumn, len(names))
	for i, name := range names {
		all[i] = sheetColumn{name, kind, titleOf(name)}
	}
	return all
}

func join(parts ...[]sheetColumn) (all []sheetColumn) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// entitle names a column to a reader in other words than those of its name.
func (s sheet) entitle(name string, title fil.Bilingual) {
	i := slices.IndexFunc(s.columns, func(c sheetColumn) bool { return c.name == name })
	s.columns[i].title = title
}

// sheet has the totals first. A reader is told what a row is about where its value is, or its period.
func (a board) sheet(n naming) sheet {
	s := sheet{columns: join(texts("scope", "value", "period"), counts("targeted", "shown", "opened", "readers", "acknowledged", "acted", "dismissed", "read_days"),
		shares("reach", "reach_low", "reach_high", "reading", "reading_low", "reading_high", "acknowledgement", "acknowledgement_low", "acknowledgement_high"))}
	s.entitle("value", n.axisTitle(a.By))
	s.entitle("period", periodTitle(a.Every))
	add := func(labels []any, f figures, aimed bool) {
		row := slices.Concat(labels, []any{f.Targeted, f.Shown, f.Opened, f.Readers, f.Acknowledged, f.Acted, f.Dismissed, f.ReadDays})
		if !aimed {
			row[len(labels)] = nil
		}
		for _, r := range []*share{f.Reach, f.Reading, f.Ack} {
			row = append(row, r.cells()...)
		}
		s.rows = append(s.rows, row)
	}
	whole := func(scope string, words fil.Bilingual) []any {
		labels := []any{worded{cell: scope}, worded{cell: ""}, worded{cell: ""}}
		at := 0
		if a.By != "" {
			at = 1
		} else if a.Every != "" {
			at = 2
		}
		labels[at] = worded{labels[at].(worded).cell, words}
		return labels
	}
	add(whole("total", wordTotal), a.Totals, len(a.Where) == 0)
	if a.Previous != nil {
		add(whole("previous", wordPrevious), *a.Previous, len(a.Where) == 0)
	}
	values := make([]string, len(a.Rows))
	for i, row := range a.Rows {
		values[i] = text(row.Value)
	}
	name := n.valuesOn(a.By, values)
	for i, row := range a.Rows {
		labels := []any{worded{cell: "row"}, worded{cell: values[i]}, worded{cell: text(row.Period)}}
		if row.Value != nil {
			labels[1] = worded{values[i], name(values[i])}
		}
		if row.Period != nil {
			labels[2] = worded{*row.Period, n.period(a.Every, *row.Period, a.From, a.To)}
		}
		add(labels, row, len(a.Where) == 0 && a.Every == "")
	}
	return s
}

func (f funnel) sheet(naming) sheet {
	s := sheet{columns: join(texts("step"), counts("agents"), shares("of_targeted", "of_targeted_low", "of_targeted_high", "of_previous", "of_previous_low", "of_previous_high"))}
	for _, one := range f.Steps {
		s.rows = append(s.rows, append(append([]any{worded{one.Step, stepWords(one.Step)}, one.Agents}, one.OfAll.cells()...), one.OfLast.cells()...))
	}
	return s
}

func (e equity) sheet(n naming) sheet {
	s := sheet{columns: join(texts("value"), counts("targeted", "shown", "readers"), shares("rate", "rate_low", "rate_high", "ratio", "pooled"))}
	s.entitle("value", n.axisTitle(e.By))
	values, aimed := make([]string, len(e.Groups)), false
	for i, g := range e.Groups {
		values[i], aimed = g.Value, aimed || g.Targeted != nil
	}
	name := n.valuesOn(e.By, values)
	for _, g := range e.Groups {
		row := append(append([]any{worded{g.Value, name(g.Value)}, g.Targeted, g.Shown, g.Readers}, g.Rate.cells()...), g.Ratio, g.Pooled)
		if !aimed { // with a filter
			row[1] = nil
		}
		s.rows = append(s.rows, row)
	}
	return s
}

func (p pressure) sheet(n naming) sheet {
	s := sheet{columns: join(texts("scope", "name"), counts("agents", "contents", "shown"), numbers("per_agent"))}
	s.entitle("agents", fil.Bilingual{FR: "Agents présents", EN: "Agents present"})
	s.entitle("shown", fil.Bilingual{FR: "Vues", EN: "Views"})
	for _, w := range p.Weeks {
		week := n.period("week", w.Week, p.From, p.To)
		name := fil.Bilingual{FR: "Semaine du " + week.FR, EN: "Week of " + week.EN}
		s.rows = append(s.rows, []any{worded{cell: "week"}, worded{w.Week, name}, w.Agents, &w.Contents, nil, w.PerAgent})
	}
	for _, of := range p.Senders {
		name := fil.Bilingual{FR: of.Source, EN: of.Source}
		if of.Source == "" {
			name = wordNoSource
		}
		s.rows = append(s.rows, []any{worded{cell: "source"}, worded{of.Source, name}, nil, &of.Contents, &of.Shown, nil})
	}
	return s
}

func (h hours) sheet(naming) sheet {
	s := sheet{columns: counts("weekday", "hour", "shown", "opened", "readers")}
	s.entitle("shown", fil.Bilingual{FR: "Présents", EN: "Present"})
	s.entitle("readers", fil.Bilingual{FR: "Lecteurs", EN: "Readers"})
	for _, one := range h.Slots {
		s.rows = append(s.rows, []any{worded{&one.Weekday, weekdayWords(one.Weekday)}, worded{&one.Hour, hourWords(one.Hour)}, one.Shown, one.Opened, one.Readers})
	}
	return s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (r *share) cells() []any {
	if r == nil {
		return []any{(*float64)(nil), (*float64)(nil), (*float64)(nil)}
	}
	return []any{&r.Value, &r.Low, &r.High}
}

// parquet writes one row group, compressed with Zstandard; a figure that is withheld is null.
func (s sheet) parquet(w io.Writer) error {
	fields := parquet.Group{}
	for _, c := range s.columns {
		switch c.kind {
		case sheetText:
			fields[c.name] = parquet.String()
		case sheetCount:
			fields[c.name] = parquet.Optional(parquet.Int(64))
		case sheetShare, sheetNumber:
			fields[c.name] = parquet.Optional(parquet.Leaf(parquet.DoubleType))
		}
	}
	schema := parquet.NewSchema("fil", fields)
	out := parquet.NewWriter(w, schema, parquet.Compression(&parquet.Zstd)) // of values: maps take 0 for a figure that is null
	place := map[string]int{}
	for i, path := range schema.Columns() {
		place[path[0]] = i
	}
	for _, row := range s.rows {
		record := make(parquet.Row, len(row))
		for i, cell := range row {
			value, defined := valueOf(cell), 0
			if s.columns[i].kind != sheetText && !value.IsNull() {
				defined = 1
			}
			at := place[s.columns[i].name]
			record[at] = value.Level(0, defined, at)
		}
		if _, err := out.WriteRows([]parquet.Row{record}); err != nil {
			return fmt.Errorf("write Parquet row: %w", err)
		}
	}
	return out.Close()
}

// valueOf is a cell's value; null when a figure is withheld or not known.
func valueOf(cell any) parquet.Value {
	switch v := cell.(type) {
	case worded:
		return valueOf(v.cell)
	case string:
		return parquet.ValueOf(v)
	case *int:
		if v != nil {
			return parquet.ValueOf(int64(*v))
		}
	case *float64:
		if v != nil {
			return parquet.ValueOf(*v)
		}
	}
	return parquet.NullValue()
}
