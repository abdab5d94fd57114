package audiences

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/filengine/fil"
)

// quantifier compiles any, all or none of a list's items when what is asked of each is a test of one word; nil
// otherwise. Any holds for those who have a word that satisfies it, all for those who have none that does not.
func (c *compiler) quantifier(n *ast.BuiltinNode) (plan, *RuleError) {
	if len(n.Arguments) != 2 {
		return nil, nil
	}
	f, wrong := c.named(n.Arguments[0])
	predicate, ok := n.Arguments[1].(*ast.PredicateNode)
	if wrong != nil || !ok || f == nil || f.kind != fil.KindList {
		return nil, wrong
	}
	instructions := c.instructions
	w := &wordTest{compiler: c, field: f}
	test, wrong := w.compile(predicate.Node, 0)
	if wrong != nil {
		return nil, wrong
	}
	if test == nil {
		c.instructions = instructions // they will be counted again
		return nil, nil
	}
	switch {
	case n.Name == "all":
		return except{&words{field: f, test: func(word string) bool { return !test(word) }}}, nil
	case n.Name == "any" && w.exact != nil:
		return wordsIn(f, w.exact), nil
	case n.Name == "any":
		return &words{field: f, test: test}, nil
	case w.exact != nil:
		return except{wordsIn(f, w.exact)}, nil
	default:
		return except{&words{field: f, test: test}}, nil
	}
}

// wordTest compiles a condition on one word, which the condition calls #.
type wordTest struct {
	compiler *compiler
	field    *field
	exact    []string // the only words that satisfy the test, when it is but an equality or a list
}

// compile gives the test, or nil when the condition is about more than one word.
func (w *wordTest) compile(n ast.Node, depth int) (func(string) bool, *RuleError) {
	depth++
	if wrong := w.compiler.visit(n, depth); wrong != nil {
		return nil, wrong
	}
	switch n := n.(type) {
	case *ast.BoolNode:
		return func(string) bool { return n.Value }, nil
	case *ast.UnaryNode:
		if n.Operator != "not" && n.Operator != "!" {
			return nil, nil
		}
		test, wrong := w.compile(n.Node, depth)
		w.exact = nil
		if test == nil || wrong != nil {
			return nil, wrong
		}
		return func(word string) bool { return !test(word) }, nil
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&", "or", "||":
			return w.both(n, depth)
		default:
			return w.operator(n)
		}
	}
	return nil, nil
}

func (w *wordTest) both(n *ast.BinaryNode, depth int) (func(string) bool, *RuleError) {
	left, wrong := w.compile(n.Left, depth)
	if left == nil || wrong != nil {
		return nil, wrong
	}
	right, wrong := w.compile(n.Right, depth)
	w.exact = nil
	if right == nil || wrong != nil {
		return nil, wrong
	}
	if n.Operator == "and" || n.Operator == "&&" {
		return func(word string) bool { return left(word) && right(word) }, nil
	}
	return func(word string) bool { return left(word) || right(word) }, nil
}

// operator compiles # against constants.
func (w *wordTest) operator(n *ast.BinaryNode) (func(string) bool, *RuleError) {
	left, right := n.Left, n.Right
	if _, constant := left.(*ast.StringNode); constant && (n.Operator == "==" || n.Operator == "!=") {
		left, right = right, left
	}
	form := formOf(left)
	if form == nil {
		return nil, nil
	}
	_, bare := left.(*ast.PointerNode)
	if array, ok := right.(*ast.ArrayNode); ok && n.Operator == "in" {
		return w.among(array, form, bare)
	}
	constant, ok := right.(*ast.StringNode)
	if !ok {
		return nil, nil
	}
	text := constant.Value
	switch n.Operator {
	case "==", "!=":
		if bare {
			if wrong := w.compiler.allowed(w.field, constant, text); wrong != nil {
				return nil, wrong
			}
		}
		if n.Operator == "!=" {
			return func(word string) bool { return form(word) != text }, nil
		}
		if bare {
			w.exact = []string{text}
		}
		return func(word string) bool { return form(word) == text }, nil
	case "startsWith":
		return func(word string) bool { return strings.HasPrefix(form(word), text) }, nil
	case "endsWith":
		return func(word string) bool { return strings.HasSuffix(form(word), text) }, nil
	case "contains":
		return func(word string) bool { return strings.Contains(form(word), text) }, nil
	case "matches":
		expression, wrong := w.compiler.pattern(constant)
		if wrong != nil {
			return nil, wrong
		}
		return func(word string) bool { return expression.MatchString(form(word)) }, nil
	}
	return nil, nil
}

// among compiles # in [constants].
func (w *wordTest) among(array *ast.ArrayNode, form func(string) string, bare bool) (func(string) bool, *RuleError) {
	if wrong := w.compiler.few(array); wrong != nil {
		return nil, wrong
	}
	texts := make([]string, 0, len(array.Nodes))
	for _, n := range array.Nodes {
		constant, ok := n.(*ast.StringNode)
		if !ok {
			return nil, nil
		}
		if bare {
			if wrong := w.compiler.allowed(w.field, n, constant.Value); wrong != nil {
				return nil, wrong
			}
		}
		texts = append(texts, constant.Value)
	}
	if bare {
		w.exact = texts
	}
	slices.Sort(texts)
	return func(word string) bool {
		_, found := slices.BinarySearch(texts, form(word))
		return found
	}, nil
}

// formOf gives what a node makes of the word at hand; nil when it is not about the word alone.
func formOf(n ast.Node) func(string) string {
	switch n := n.(type) {
	case *ast.PointerNode:
		if n.Name == "" {
			return func(word string) string { return word }
		}
	case *ast.BuiltinNode:
		if len(n.Arguments) != 1 {
			return nil
		}
		inner := formOf(n.Arguments[0])
		form, known := map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper, "trim": strings.TrimSpace}[n.Name]
		if inner != nil && known {
			return func(word string) string { return form(inner(word)) }
		}
	}
	return nil
}
