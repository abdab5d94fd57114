package audiences

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
)

// The forms that people write and the expression language's parser does not know are put in its words before it reads
// them, each in its own place: no character moves, so that errors and extracts show what was typed.
//
//	hired within 30 days           hired in    "30 days"     and a mark "within" at the operator
//	contract_end within next 30 days                         and a mark "ahead"
//	hired older than 10 years      hired in    "10 years"    and a mark "older"
//	x between 1 and 3              x in      1 ..  3         and a mark "between"
//	did("read", at least 3)        did("read", n >=     3)
//	did("read", within 30 days)    did("read",  "30 days")
//	last("read") older than 1 day  last("read") <    "1 day"
//	last("read") within 7 days     last("read") >   "7 days"
type sugar struct {
	tokens []lexer.Token
	text   []rune
	marks  map[int]string        // what the operator at a place stands for: the name of a function
	spans  map[int]file.Location // where a span that stands at a place was typed
	source string
}

// Names of the functions that the forms stand for, which can also be called by name.
const (
	functionBetween = "between"
	functionWithin  = "within"
	functionAhead   = "ahead"
	functionOlder   = "older"
	functionLast    = "last"
)

// sweeten reads a rule's forms. A source that has no tokens is left for the parser to refuse.
func sweeten(source string) (*sugar, *RuleError, error) {
	s := &sugar{text: []rune(source), marks: map[int]string{}, spans: map[int]file.Location{}, source: source}
	tokens, err := lexer.Lex(file.NewSource(source))
	if err != nil {
		return s, nil, err //nolint:wrapcheck // the parser's own error, told by the caller
	}
	s.tokens = tokens
	for i := 0; i < len(tokens); i++ {
		if tokens[i].Kind != lexer.Identifier {
			continue
		}
		var wrong *RuleError
		switch tokens[i].Value {
		case functionWithin:
			next := i + 1
			if s.word(next, "next") {
				next++
			}
			wrong = s.span(i, next)
		case functionOlder:
			if s.word(i+1, "than") {
				wrong = s.span(i, i+2)
			}
		case functionBetween:
			wrong = s.bounds(i)
		case "at", "au":
			s.least(i)
		}
		if wrong != nil {
			return s, wrong, nil
		}
	}
	return s, nil, nil
}

func (s *sugar) token(i int) lexer.Token {
	if i < 0 || i >= len(s.tokens) {
		return lexer.Token{Kind: lexer.EOF, Location: file.Location{From: len(s.text), To: len(s.text) + 1}}
	}
	return s.tokens[i]
}

func (s *sugar) word(i int, words ...string) bool { return s.token(i).Is(lexer.Identifier, words...) }

// follows says whether the token stands after an operand, as operators do.
func (s *sugar) follows(i int) bool {
	before := s.token(i - 1)
	if before.Is(lexer.Operator, "not") {
		before = s.token(i - 2)
	}
	return i > 0 && (before.Is(lexer.Identifier) || before.Is(lexer.Number) || before.Is(lexer.String) || before.Is(lexer.Operator, "#") || before.Is(lexer.Bracket, ")", "]"))
}

// argument says whether the token begins an argument.
func (s *sugar) argument(i int) bool {
	return s.token(i-1).Is(lexer.Operator, ",") || s.token(i-1).Is(lexer.Bracket, "(")
}

// ofLast says whether the token stands after a call of last.
func (s *sugar) ofLast(i int) bool {
	if !s.token(i-1).Is(lexer.Bracket, ")") {
		return false
	}
	depth := 0
	for j := i - 1; j > 0; j-- {
		switch {
		case s.tokens[j].Is(lexer.Bracket, ")"):
			depth++
		case s.tokens[j].Is(lexer.Bracket, "("):
			if depth--; depth == 0 {
				return s.word(j-1, functionLast)
			}
		}
	}
	return false
}

// span writes a form that begins at a token and whose time span begins at another: a number and a unit, or a text.
func (s *sugar) span(first, at int) *RuleError {
	infix := s.follows(first)
	if !infix && !(s.argument(first) && at == first+1 && s.token(at).Is(lexer.Number)) {
		return nil
	}
	number, unit := s.token(at), s.token(at+1)
	typed, text := number.Location, number.Value
	switch {
	case number.Is(lexer.String):
		unit = number
	case !number.Is(lexer.Number) || !unit.Is(lexer.Identifier):
		return errorAt(s.source, s.token(first).Location, fmt.Sprintf(`« %s » attend une durée, comme « %[1]s 30 jours » (ou semaines, mois, ans)`, s.typed(first, at)), fmt.Sprintf(`%q takes a time span, such as "%[1]s 30 days" (or weeks, months, years)`, s.typed(first, at)))
	default:
		typed.To, text = unit.To, number.Value+" "+unit.Value
		if _, known := unitOf(unit.Value); !known {
			return unknown(s.source, unit.Location, unit.Value, unitNames())
		}
	}
	if _, ok := parseSpan(text); !ok {
		return errorAt(s.source, typed, spanFR, spanEN)
	}
	from, operator := s.token(first).From, ""
	if infix {
		operator = s.operator(first, at)
	}
	s.write(from, unit.To, "")
	s.write(from, 0, operator)
	s.write(unit.To-len([]rune(text))-2, 0, `"`+text+`"`)
	s.spans[unit.To-len([]rune(text))-2] = typed
	return nil
}

// operator chooses what a form's operator becomes, and marks it.
func (s *sugar) operator(first, at int) string {
	older := s.token(first).Value == functionOlder
	switch {
	case s.ofLast(first) && older:
		return "<"
	case s.ofLast(first) && at == first+1:
		return ">"
	case older:
		s.marks[s.token(first).From] = functionOlder
	case at > first+1:
		s.marks[s.token(first).From] = functionAhead
	default:
		s.marks[s.token(first).From] = functionWithin
	}
	return "in"
}

// typed gives the words of a form up to its span.
func (s *sugar) typed(first, at int) string {
	text := s.token(first).Value
	for i := first + 1; i < at; i++ {
		text += " " + s.token(i).Value
	}
	return text
}

// bounds writes x between a and b.
func (s *sugar) bounds(at int) *RuleError {
	if !s.follows(at) {
		return nil
	}
	depth := 0
	for i := at + 1; i < len(s.tokens); i++ {
		t := s.tokens[i]
		switch {
		case t.Is(lexer.Bracket, "(", "[", "{"):
			depth++
		case t.Is(lexer.Bracket):
			depth--
		case depth == 0 && t.Is(lexer.Operator, "and"):
			s.write(s.tokens[at].From, s.tokens[at].To, "in")
			s.write(t.From, t.To, "..")
			s.marks[s.tokens[at].From] = functionBetween
			return nil
		}
		if depth < 0 || depth == 0 && t.Is(lexer.Operator, "or", "||", "&&", ",", ";") {
			break
		}
	}
	return errorAt(s.source, s.tokens[at].Location, "« between » attend deux bornes, comme « between 1 and 3 »", `"between" takes two bounds, such as "between 1 and 3"`)
}

// least writes at least 3.
func (s *sugar) least(at int) {
	if s.argument(at) && s.word(at+1, "least", "moins") && s.token(at+2).Is(lexer.Number) {
		s.write(s.tokens[at].From, s.tokens[at+1].To, "n >=")
	}
}

// write puts a text at a place, and blanks what is left up to another.
func (s *sugar) write(from, to int, text string) {
	for _, r := range text {
		s.text[from] = r
		from++
	}
	for ; from < to; from++ {
		s.text[from] = ' '
	}
}

// visit makes of each marked operator the call of a function, of which it is another way to write.
func (s *sugar) visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.StringNode:
		if typed, ok := s.spans[n.Location().From]; ok {
			n.SetLocation(typed)
		}
	case *ast.BinaryNode:
		name, marked := s.marks[n.Location().From]
		if !marked || n.Operator != "in" {
			return
		}
		arguments := []ast.Node{n.Left, n.Right}
		if bounds, ok := n.Right.(*ast.BinaryNode); ok && name == functionBetween && bounds.Operator == ".." {
			arguments = []ast.Node{n.Left, bounds.Left, bounds.Right}
		}
		callee := &ast.IdentifierNode{Value: name}
		callee.SetLocation(n.Location())
		call := &ast.CallNode{Callee: callee, Arguments: arguments}
		call.SetLocation(n.Location())
		*node = call
	}
}
