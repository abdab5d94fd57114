package audiences

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/file"

	"github.com/filengine/fil"
)

// RuleError says what is wrong with a rule, and where. fil.FaultsOf finds in it one fault of the field "rule" whose
// problem has the place, the reason and the extract.
type RuleError struct {
	Line, Column int           // from 1; the column counts characters
	Extract      string        // the line at fault and, below it, a caret under each character at fault
	Problem      fil.Bilingual // what is wrong and how to mend it
	Nearest      string        // the name that was probably meant, when Problem proposes one
}

func (e *RuleError) Error() string { return e.Unwrap().Error() }

// Unwrap gives the fault.
func (e *RuleError) Unwrap() error {
	return fil.NewFault("rule",
		fmt.Sprintf("ligne %d, colonne %d : %s\n%s", e.Line, e.Column, e.Problem.FR, e.Extract),
		fmt.Sprintf("line %d, column %d: %s\n%s", e.Line, e.Column, e.Problem.EN, e.Extract))
}

// widestExtract bounds the extract, in characters: a rule may be one very long line.
const widestExtract = 120

// errorAt makes the error of a place, which counts characters of the whole source.
func errorAt(source string, place file.Location, fr, en string) *RuleError {
	text := []rune(source)
	from := max(0, min(place.From, len(text)))
	e := &RuleError{Line: 1, Problem: fil.Bilingual{FR: fr, EN: en}}
	start := 0
	for i, r := range text[:from] {
		if r == '\n' {
			e.Line, start = e.Line+1, i+1
		}
	}
	end := from
	for end < len(text) && text[end] != '\n' {
		end++
	}
	e.Column = from - start + 1
	width := max(1, min(place.To, end)-from)
	if from-start > widestExtract/2 {
		start = from - widestExtract/2
	}
	end = min(end, start+widestExtract)
	line := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, string(text[start:end]))
	e.Extract = line + "\n" + strings.Repeat(" ", from-start) + strings.Repeat("^", max(1, min(width, end-from)))
	return e
}

// unknown makes the error of a name that is none of the names, and proposes the nearest.
func unknown(source string, place file.Location, name string, names []string) *RuleError {
	best := fil.Nearest(name, names)
	if best == "" {
		all := strings.Join(names, ", ")
		return errorAt(source, place, fmt.Sprintf("« %s » n'est pas connu ; sont connus : %s", name, all), fmt.Sprintf("%q is not known; known are: %s", name, all))
	}
	e := errorAt(source, place, fmt.Sprintf("« %s » n'est pas connu ; vouliez-vous dire « %s » ?", name, best), fmt.Sprintf("%q is not known; did you mean %q?", name, best))
	e.Nearest = best
	return e
}
