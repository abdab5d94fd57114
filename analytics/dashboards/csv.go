package dashboards

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/filengine/fil"
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
	return writeCSV(w, table, ',')
}

func writeCSV(w io.Writer, table [][]string, comma rune) error {
	out := csv.NewWriter(w)
	out.UseCRLF, out.Comma = true, comma
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
		return harmless(v)
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

// harmless keeps a spreadsheet from taking a text for a formula: it is preceded by an apostrophe, as OWASP advises
// (https://owasp.org/www-community/attacks/CSV_Injection).
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}

// byteOrderMark tells a spreadsheet that a file is in UTF-8: without it, Excel takes it for a code page of Windows.
const byteOrderMark = "\ufeff"

// readable writes CSV for someone who opens it in a spreadsheet of their language: titles and values in words, percentages, and, in
// French, semicolons between fields and commas in numbers, without which a French spreadsheet puts all into one column and
// takes 0.25 for a text or a date. Columns in which nothing is known are left out; what is withheld is said.
func (s sheet) readable(w io.Writer, language string) error {
	point := fil.Bilingual{FR: ",", EN: "."}.In(language)
	comma := ','
	if point == "," {
		comma = ';'
	}
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
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return writeCSV(w, table, comma)
}

func readableField(cell any, kind sheetKind, language, point string) string {
	switch v := cell.(type) {
	case worded:
		return harmless(v.words.In(language))
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
