package chdb

import (
	"regexp"
	"strings"
)

// statement is what has to be known of a statement's text before the engine reads it.
type statement struct {
	text string
	// format is the one named by a FORMAT clause at the end, empty if there is none.
	format string
	// verb is the first word, in capitals, after comments and opening parentheses.
	verb string
}

// tail is how much of a statement's end is searched for its FORMAT clause.
const tail = 4 << 10

var (
	formatClause = regexp.MustCompile(`(?is)\bFORMAT\s+([a-z0-9_]+)\s*(?:SETTINGS\s[^;']*)?;?\s*$`)
	insertFormat = regexp.MustCompile(`(?is)\bFORMAT\s+([a-z0-9_]+)\s*;?\s*$`)
	insertValues = regexp.MustCompile(`(?is)\bVALUES\s*;?\s*$`)
)

func newStatement(text string) statement {
	s := statement{text: text, verb: verb(text)}
	end := text[max(0, len(text)-tail):]
	if found := formatClause.FindStringSubmatch(end); found != nil {
		s.format = found[1]
	}
	return s
}

// streams tells whether the engine can give the answer bit by bit; it can for SELECT only.
func (s statement) streams() bool { return s.verb == "SELECT" || s.verb == "WITH" }

// insert splits an INSERT whose rows come apart into the statement without its format, and the format.
func (s statement) insert() (text, format string) {
	start := max(0, len(s.text)-tail)
	end := s.text[start:]
	if at := insertFormat.FindStringSubmatchIndex(end); at != nil {
		return s.text[:start+at[0]], end[at[2]:at[3]]
	}
	if at := insertValues.FindStringIndex(end); at != nil {
		return s.text[:start+at[0]], "Values"
	}
	return strings.TrimRight(s.text, "; \t\r\n"), "Values"
}

func verb(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n\v\f(")
		switch {
		case strings.HasPrefix(text, "--"), strings.HasPrefix(text, "#"):
			_, text, _ = strings.Cut(text, "\n")
		case strings.HasPrefix(text, "/*"):
			_, text, _ = strings.Cut(text, "*/")
		default:
			end := strings.IndexFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
			if end < 0 {
				end = len(text)
			}
			return strings.ToUpper(text[:end])
		}
	}
}
