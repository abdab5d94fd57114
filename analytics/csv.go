package analytics

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/filengine/fil"
)

// writeCSV writes a report as RFC 4180 asks, in UTF-8 without byte order mark: a header, the totals (scope "total"), then
// the rows (scope "row"). A figure withheld is an empty field.
func writeCSV(w io.Writer, answer report) error {
	out, err := NewCSV(w, "")
	if err != nil {
		return err
	}
	header := []string{
		"scope", "value", "day", "targeted", "shown", "opened", "readers", "acknowledged", "impressions", "opens", "reads",
		"dwell_median_seconds", "clicks", "reactions", "comments", "shares", "saves", "follows",
		"dismissals", "dwells", "acknowledgements",
	}
	if err := out.Write(header); err != nil {
		return fmt.Errorf("write CSV header: %w", err)
	}
	if err := out.Write(csvRow("total", answer.Totals)); err != nil {
		return fmt.Errorf("write CSV totals: %w", err)
	}
	for _, r := range answer.Rows {
		if err := out.Write(csvRow("row", r)); err != nil {
			return fmt.Errorf("write CSV row: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

func csvRow(scope string, r row) []string {
	dwell := ""
	if r.DwellMedian != nil {
		dwell = strconv.FormatFloat(*r.DwellMedian, 'f', -1, 64)
	}
	return []string{
		scope, csvText(r.Value), csvText(r.Day), csvCount(r.Targeted), csvCount(r.Shown), csvCount(r.Opened), csvCount(r.Readers),
		csvCount(r.Acknowledged), csvCount(r.Impressions), csvCount(r.Opens), csvCount(r.Reads), dwell, csvCount(r.Clicks),
		csvCount(r.Reactions), csvCount(r.Comments), csvCount(r.Shares), csvCount(r.Saves), csvCount(r.Follows),
		csvCount(r.Dismissals), csvCount(r.Dwells), csvCount(r.Acknowledgements),
	}
}

func csvCount(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func csvText(s *string) string {
	if s == nil {
		return ""
	}
	return Harmless(*s)
}

// Harmless keeps a spreadsheet from taking a text for a formula: it is preceded by an apostrophe, as OWASP advises
// (https://owasp.org/www-community/attacks/CSV_Injection).
func Harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}

// NewCSV begins a CSV as RFC 4180 asks, in UTF-8: for a program when the language is empty, and otherwise for someone who opens it in a
// spreadsheet of that language. Such a spreadsheet is told that it is UTF-8, which Excel takes for a code page of Windows otherwise,
// and a French one is given semicolons, without which it puts all into one column.
func NewCSV(w io.Writer, language string) (*csv.Writer, error) {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if language == "" {
		return out, nil
	}
	out.Comma = []rune(fil.Bilingual{FR: ";", EN: ","}.In(language))[0]
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, fmt.Errorf("write CSV: %w", err)
	}
	return out, nil
}
