package dashboards

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// csv writes RFC 4180 in UTF-8 for a program: names that stay, points in numbers, shares from 0 to 1.
func (s sheet) csv(w io.Writer) error {
	table := make([][]string, 0, len(s.rows)+1)
	header := make([]string, len(s.columns))
	for i, c := range s.columns {
		header[i] = c.name
	}
	table = append(table, header)
	for _, row := range s.rows {
		fields := make([]string, len(row))
		for i, cell := range row {
			fields[i] = field(cell)
		}
		table = append(table, fields)
	}
	return writeCSV(w, "", table)
}

func writeCSV(w io.Writer, language string, table [][]string) error {
	out, err := analytics.NewCSV(w, language)
	if err != nil {
		return err //nolint:wrapcheck // it says the same
	}
	if err := out.WriteAll(table); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func field(cell any) string {
	switch v := cell.(type) {
	case worded:
		return field(v.cell)
	case string:
		return analytics.Harmless(v)
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

// readable writes CSV for someone who opens it in a spreadsheet of their language: titles and values in words, percentages, and, in
// French, commas in numbers, without which a French spreadsheet takes 0.25 for a text or a date. Columns in which nothing is known are left out; what is withheld is said.
func (s sheet) readable(w io.Writer, language string) error {
	point := fil.Bilingual{FR: ",", EN: "."}.In(language)
	table := make([][]string, len(s.rows)+1)
	for i, c := range s.columns {
		fields, empty := make([]string, len(s.rows)), true
		for j, row := range s.rows {
			fields[j] = readableField(row[i], c.kind, language, point)
			empty = empty && fields[j] == ""
		}
		if empty {
			continue
		}
		title := c.title.In(language)
		if c.kind == sheetShare {
			title += " (%)"
		}
		table[0] = append(table[0], title)
		for j, text := range fields {
			table[j+1] = append(table[j+1], text)
		}
	}
	return writeCSV(w, language, table)
}

func readableField(cell any, kind sheetKind, language, point string) string {
	switch v := cell.(type) {
	case worded:
		return analytics.Harmless(v.words.In(language))
	case *int:
		if v == nil {
			return wordWithheld.In(language)
		}
	case *float64:
		if v != nil {
			n := *v
			if kind == sheetShare {
				n = math.Round(n*1e4) / 100
			}
			return strings.Replace(field(&n), ".", point, 1)
		}
	}
	return field(cell)
}
