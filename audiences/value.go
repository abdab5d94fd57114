package audiences

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"

	"github.com/filengine/fil"
)

// maxConstants bounds a list of constants.
const maxConstants = 1000

// few holds a list of constants to its bound.
func (c *compiler) few(array *ast.ArrayNode) *RuleError {
	if len(array.Nodes) > maxConstants {
		return c.wrong(array.Location(), fmt.Sprintf("la liste compte plus de %d valeurs", maxConstants), fmt.Sprintf("the list has more than %d values", maxConstants))
	}
	return nil
}

// compared is a constant that a rule compares the texts of a field with.
type compared struct {
	field *field
	text  string
	at    file.Location
}

// allowed says whether a field may have a text, and notes that the rule compares with it; f is nil for the id.
func (c *compiler) allowed(f *field, n ast.Node, text string) *RuleError {
	switch {
	case f == nil || f.kind == fil.KindBoolean:
		return nil
	case len(f.values) == 0:
		c.compared = append(c.compared, compared{f, text, n.Location()})
		return nil
	case slices.Contains(f.values, text):
		return nil
	}
	return unknown(c.source, n.Location(), text, f.values)
}

// Warning is what a rule probably does not mean, though it may.
type Warning struct {
	Line    int           `json:"line"`   // from 1
	Column  int           `json:"column"` // from 1, in characters
	Problem fil.Bilingual `json:"problem"`
	Nearest string        `json:"nearest"` // the value that was probably meant
}

// Bounds of what is looked through to advise.
const (
	maxAdvised = 8      // constants
	maxWords   = 20_000 // values of a field; of one that has more, none is proposed
)

// advise warns of constants that are nobody's value while a value near them is that of as many agents, among those within a
// perimeter, as may be told.
func (ix *Index) advise(rule string, read *reading, guard fil.Guard, within plan) []Warning {
	var warnings []Warning
	asked := 0
	for _, met := range read.compared {
		if met.field.kind == fil.KindAgent {
			continue
		}
		if _, known := met.field.words.code(met.text); known || asked == maxAdvised {
			continue
		}
		asked++
		all := met.field.words.all()
		if len(all) > maxWords {
			continue
		}
		best := fil.Nearest(met.text, all[1:])
		if best == "" {
			continue
		}
		those := &words{field: met.field, exact: []string{best}, under: met.field.kind == kindPath}
		if size := ix.size(every{those, within}); size == 0 || guard.Withholds(size) {
			continue
		}
		e := errorAt(rule, met.at, "", "")
		warnings = append(warnings, Warning{Line: e.Line, Column: e.Column, Nearest: best, Problem: fil.Bilingual{
			FR: fmt.Sprintf("« %s » n'est la valeur de personne pour %s ; vouliez-vous dire « %s » ?", met.text, met.field.name, best),
			EN: fmt.Sprintf("%q is nobody's value of %s; did you mean %q?", met.text, met.field.name, best),
		}})
	}
	return warnings
}

// extent gives the place of a node and of all that it is made of, with the brackets that open or close in it.
func (c *compiler) extent(n ast.Node) file.Location {
	e := &extent{from: len(c.characters)}
	walk(&n, e.visit)
	if e.from >= e.to {
		return file.Location{}
	}
	opened := 0 // in the extent and not closed there; those that close first have opened before it
	var before int
	for _, t := range c.tokens {
		switch {
		case t.From < e.from:
		case t.Is(lexer.Bracket, "(", "[", "{") && t.From < e.to:
			opened++
		case t.Is(lexer.Bracket, ")", "]", "}") && t.From < e.to:
			if opened--; opened < 0 {
				before, opened = before+1, 0
			}
		case t.Is(lexer.Bracket, ")", "]", "}") && opened > 0:
			opened--
			e.to = t.To
		case t.From >= e.to:
			opened = 0
		}
	}
	for i := len(c.tokens) - 1; i >= 0 && before > 0; i-- {
		if t := c.tokens[i]; t.To <= e.from && t.Is(lexer.Bracket, "(", "[", "{") {
			before--
			e.from = t.From
		}
	}
	return file.Location{From: e.from, To: e.to}
}

// extent gathers the places of nodes.
type extent struct{ from, to int }

// visit widens the extent to one node. The parser gives a conditional the place of what follows it.
func (e *extent) visit(node *ast.Node) {
	at := (*node).Location()
	if _, ok := (*node).(*ast.ConditionalNode); ok || at.To <= at.From {
		return
	}
	e.from, e.to = min(e.from, at.From), max(e.to, at.To)
}
