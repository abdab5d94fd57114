package dashboards

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// sheet is an answer as a table: texts and numbers, nil where a figure is withheld.
type sheet struct {
	columns []sheetColumn
	rows    [][]any // string, *int, *float64, by column
}

type sheetColumn struct {
	name string
	kind sheetKind
}

type sheetKind int

const (
	sheetText sheetKind = iota
	sheetCount
	sheetShare
)

func texts(names ...string) []sheetColumn  { return columnsOf(sheetText, names) }
func counts(names ...string) []sheetColumn { return columnsOf(sheetCount, names) }
func shares(names ...string) []sheetColumn { return columnsOf(sheetShare, names) }

func columnsOf(kind sheetKind, names []string) []sheetColumn {
	all := make([]sheetColumn, len(names))
	for i, name := range names {
		all[i] = sheetColumn{name, kind}
	}
	return all
}

func join(parts ...[]sheetColumn) (all []sheetColumn) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// sheet has the totals first.
func (a board) sheet() sheet {
	s := sheet{columns: join(texts("scope", "value", "period"), counts("targeted", "shown", "opened", "readers", "acknowledged", "acted", "dismissed", "read_days"),
		shares("reach", "reach_low", "reach_high", "reading", "reading_low", "reading_high", "acknowledgement", "acknowledgement_low", "acknowledgement_high"))}
	add := func(scope string, f figures) {
		row := []any{scope, text(f.Value), text(f.Period), f.Targeted, f.Shown, f.Opened, f.Readers, f.Acknowledged, f.Acted, f.Dismissed, f.ReadDays}
		for _, r := range []*share{f.Reach, f.Reading, f.Ack} {
			row = append(row, r.cells()...)
		}
		s.rows = append(s.rows, row)
	}
	add("total", a.Totals)
	if a.Previous != nil {
		add("previous", *a.Previous)
	}
	for _, row := range a.Rows {
		add("row", row)
	}
	return s
}

func (f funnel) sheet() sheet {
	s := sheet{columns: join(texts("step"), counts("agents"), shares("of_targeted", "of_targeted_low", "of_targeted_high", "of_previous", "of_previous_low", "of_previous_high"))}
	for _, one := range f.Steps {
		s.rows = append(s.rows, append(append([]any{one.Step, one.Agents}, one.OfAll.cells()...), one.OfLast.cells()...))
	}
	return s
}

func (e equity) sheet() sheet {
	s := sheet{columns: join(texts("value"), counts("targeted", "shown", "readers"), shares("rate", "rate_low", "rate_high", "ratio", "pooled"))}
	for _, g := range e.Groups {
		s.rows = append(s.rows, append(append([]any{g.Value, g.Targeted, g.Shown, g.Readers}, g.Rate.cells()...), g.Ratio, g.Pooled))
	}
	return s
}

func (p pressure) sheet() sheet {
	s := sheet{columns: join(texts("scope", "name"), counts("agents", "contents", "shown"), shares("per_agent"))}
	for _, w := range p.Weeks {
		s.rows = append(s.rows, []any{"week", w.Week, w.Agents, &w.Contents, (*int)(nil), w.PerAgent})
	}
	for _, of := range p.Senders {
		s.rows = append(s.rows, []any{"source", of.Source, (*int)(nil), &of.Contents, &of.Shown, (*float64)(nil)})
	}
	return s
}

func (h hours) sheet() sheet {
	s := sheet{columns: counts("weekday", "hour", "shown", "opened", "readers")}
	for _, one := range h.Slots {
		s.rows = append(s.rows, []any{&one.Weekday, &one.Hour, one.Shown, one.Opened, one.Readers})
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

// csv writes RFC 4180 in UTF-8. A text that a spreadsheet would take for a formula is preceded by an apostrophe, as OWASP
// advises (https://owasp.org/www-community/attacks/CSV_Injection).
func (s sheet) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	header := make([]string, len(s.columns))
	for i, c := range s.columns {
		header[i] = c.name
	}
	if err := out.Write(header); err != nil {
		return fmt.Errorf("write CSV header: %w", err)
	}
	for _, row := range s.rows {
		fields := make([]string, len(row))
		for i, cell := range row {
			fields[i] = field(cell)
		}
		if err := out.Write(fields); err != nil {
			return fmt.Errorf("write CSV row: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

func field(cell any) string {
	switch v := cell.(type) {
	case string:
		if v != "" && strings.ContainsRune("=+-@\t\r\n", rune(v[0])) {
			return "'" + v
		}
		return v
	case *int:
		if v != nil {
			return strconv.Itoa(*v)
		}
	case *float64:
		if v != nil {
			return strconv.FormatFloat(*v, 'f', -1, 64)
		}
	}
	return ""
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
		case sheetShare:
			fields[c.name] = parquet.Optional(parquet.Leaf(parquet.DoubleType))
		}
	}
	schema := parquet.NewSchema("fil", fields)
	out := parquet.NewGenericWriter[map[string]any](w, schema, parquet.Compression(&parquet.Zstd))
	for _, row := range s.rows {
		record := make(map[string]any, len(row))
		for i, cell := range row {
			switch v := cell.(type) {
			case string:
				record[s.columns[i].name] = v
			case *int:
				if v != nil {
					record[s.columns[i].name] = int64(*v)
				}
			case *float64:
				if v != nil {
					record[s.columns[i].name] = *v
				}
			}
		}
		if _, err := out.Write([]map[string]any{record}); err != nil {
			return fmt.Errorf("write Parquet row: %w", err)
		}
	}
	return out.Close()
}
