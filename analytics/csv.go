package analytics

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// writeCSV writes a report as RFC 4180 asks, in UTF-8 without byte order mark: a header, the totals (scope "total"), then
// the rows (scope "row"). A figure withheld is an empty field. A text that a spreadsheet would take for a formula is
// preceded by an apostrophe, as OWASP advises (https://owasp.org/www-community/attacks/CSV_Injection).
func writeCSV(w io.Writer, answer report) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
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
	if s == nil || *s == "" {
		return ""
	}
	if strings.ContainsRune("=+-@\t\r\n", rune((*s)[0])) {
		return "'" + *s
	}
	return *s
}
