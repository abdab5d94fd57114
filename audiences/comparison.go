package audiences

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/filengine/fil"
)

// Literal reads a node of a rule's syntax tree that is a constant: a string, float64, bool or nil; false for any other.
func Literal(n ast.Node) (value any, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.NilNode:
		return nil, true
	case *ast.UnaryNode:
		value, ok := Literal(n.Node)
		number, isNumber := value.(float64)
		if ok && isNumber && n.Operator == "-" {
			return -number, true
		}
		return number, ok && isNumber && n.Operator == "+"
	}
	return nil, false
}

var flipped = map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// comparison compiles a field against a constant, either way round.
func (c *compiler) comparison(n *ast.BinaryNode) (plan, *RuleError) {
	left, operator, right := n.Left, n.Operator, n.Right
	if _, ok := Literal(left); ok {
		left, operator, right = right, flipped[operator], left
	}
	value, constant := Literal(right)
	f, wrong := c.named(left)
	switch {
	case wrong != nil:
		return nil, wrong
	case !constant || f == nil && !isID(left):
		return c.residue(n)
	case operator == "!=":
		equal, wrong := c.equal(left, f, right, value)
		return except{equal}, wrong
	case operator == "==":
		return c.equal(left, f, right, value)
	case f == nil || !f.ordered():
		return nil, c.wrong(n.Location(), fmt.Sprintf("« %s » n'a pas d'ordre : seuls les nombres et les dates se comparent par « %s »", left, n.Operator), fmt.Sprintf("%s has no order: only numbers and dates compare by %q", left, n.Operator))
	}
	key, wrong := c.keyOf(f, right, value)
	if wrong != nil {
		return nil, wrong
	}
	switch operator {
	case "<":
		return between{f, lowestKey, key - 1}, nil
	case "<=":
		return between{f, lowestKey, key}, nil
	case ">":
		return between{f, key + 1, highestKey}, nil
	default:
		return between{f, key, highestKey}, nil
	}
}

// equal compiles field == value; f is nil for the id.
func (c *compiler) equal(left ast.Node, f *field, right ast.Node, value any) (plan, *RuleError) {
	switch {
	case value == nil && f == nil:
		return either{}, nil
	case value == nil:
		return except{between{f, lowestKey, highestKey}}, nil
	case f == nil:
		return c.oneOf(left, f, []ast.Node{right})
	case f.kind == fil.KindList:
		return nil, c.wrong(left.Location(), fmt.Sprintf(`« %s » est une liste : écrivez "…" in %[1]s`, f.name), fmt.Sprintf(`%s is a list: write "…" in %[1]s`, f.name))
	default:
		return c.oneOf(left, f, []ast.Node{right})
	}
}

// in compiles field in [constants] and constant in list.
func (c *compiler) in(n *ast.BinaryNode) (plan, *RuleError) {
	left, wrong := c.named(n.Left)
	if wrong != nil {
		return nil, wrong
	}
	right, wrong := c.named(n.Right)
	if wrong != nil {
		return nil, wrong
	}
	if array, ok := n.Right.(*ast.ArrayNode); ok && (left != nil || isID(n.Left)) {
		if left != nil && left.kind == fil.KindList {
			return nil, c.wrong(n.Left.Location(), fmt.Sprintf(`« %s » est une liste : écrivez "…" in %[1]s`, left.name), fmt.Sprintf(`%s is a list: write "…" in %[1]s`, left.name))
		}
		if wrong := c.few(array); wrong != nil {
			return nil, wrong
		}
		return c.oneOf(n.Left, left, array.Nodes)
	}
	if right == nil && !isID(n.Right) {
		return c.residue(n)
	}
	if right == nil || right.kind != fil.KindList {
		return nil, c.wrong(n.Right.Location(), fmt.Sprintf(`« %s » n'est pas une liste : écrivez %[1]s in ["…", "…"]`, n.Right), fmt.Sprintf(`%s is not a list: write %[1]s in ["…", "…"]`, n.Right))
	}
	if value, constant := Literal(n.Left); constant {
		text, ok := value.(string)
		if !ok {
			return nil, c.wrong(n.Left.Location(), fmt.Sprintf("« %s » est une liste de textes", right.name), fmt.Sprintf("%s is a list of texts", right.name))
		}
		if wrong := c.allowed(right, n.Left, text); wrong != nil {
			return nil, wrong
		}
		return wordsIn(right, []string{text}), nil
	}
	return c.residue(n)
}

// oneOf compiles a field that equals one of the constants; f is nil for the id.
func (c *compiler) oneOf(left ast.Node, f *field, nodes []ast.Node) (plan, *RuleError) {
	var texts []string
	var keys []uint64
	for _, n := range nodes {
		value, constant := Literal(n)
		if !constant {
			return nil, c.wrong(n.Location(), "une constante est attendue ici", "a constant is expected here")
		}
		if f != nil && f.ordered() {
			key, wrong := c.keyOf(f, n, value)
			if wrong != nil {
				return nil, wrong
			}
			keys = append(keys, key)
			continue
		}
		text, ok := value.(string)
		if flag, isFlag := value.(bool); isFlag && f != nil && f.kind == fil.KindBoolean {
			text, ok = strconv.FormatBool(flag), true
		} else if f != nil && f.kind == fil.KindBoolean {
			ok = false
		}
		if !ok {
			return nil, c.mismatch(left, f, n)
		}
		if wrong := c.allowed(f, n, text); wrong != nil {
			return nil, wrong
		}
		texts = append(texts, text)
	}
	switch {
	case f == nil:
		return &people{ids: setOf(texts)}, nil
	case f.ordered():
		slices.Sort(keys)
		var ranges either
		for _, key := range slices.Compact(keys) {
			ranges = append(ranges, between{f, key, key})
		}
		return ranges, nil
	default:
		return wordsIn(f, texts), nil
	}
}

// keyOf reads a constant that a number or a date is compared with.
func (c *compiler) keyOf(f *field, n ast.Node, value any) (uint64, *RuleError) {
	if number, ok := value.(float64); ok && f.kind == fil.KindNumber {
		return keyOfNumber(number), nil
	}
	text, ok := value.(string)
	if !ok || f.kind != fil.KindDate {
		return 0, c.mismatch(nil, f, n)
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, c.wrong(n.Location(), fmt.Sprintf("« %s » n'est pas une date : écrivez-la comme \"2026-01-31\"", text), fmt.Sprintf("%q is not a date: write it as \"2026-01-31\"", text))
	}
	return keyOfDay(day), nil
}

func (c *compiler) mismatch(left ast.Node, f *field, n ast.Node) *RuleError {
	name, kind, example := fieldID, fil.KindText, `"…"`
	if f != nil {
		name, kind = f.name, f.kind
	} else if left != nil {
		name = left.String()
	}
	switch kind {
	case fil.KindNumber:
		example = "2"
	case fil.KindDate:
		example = `"2026-01-31"`
	case fil.KindBoolean:
		example = "true"
	}
	return c.wrong(n.Location(), fmt.Sprintf("« %s » est %s et se compare à %s, comme %s", name, kindFR(kind), kindFR(kind), example), fmt.Sprintf("%s is a %s and compares with a %[2]s, such as %s", name, kind, example))
}

// text compiles field startsWith, endsWith, contains or matches a constant.
func (c *compiler) text(n *ast.BinaryNode) (plan, *RuleError) {
	f, wrong := c.named(n.Left)
	if wrong != nil {
		return nil, wrong
	}
	if f != nil && f.kind == fil.KindList {
		return nil, c.wrong(n.Left.Location(), fmt.Sprintf(`« %s » est une liste : écrivez "…" in %[1]s, ou any(%[1]s, # %s "…")`, f.name, n.Operator), fmt.Sprintf(`%s is a list: write "…" in %[1]s, or any(%[1]s, # %s "…")`, f.name, n.Operator))
	}
	if f != nil && f.kind != fil.KindText && f.kind != fil.KindAgent && f.kind != kindPath {
		return nil, c.wrong(n.Left.Location(), fmt.Sprintf("« %s » est %s : « %s » ne s'applique qu'aux textes", f.name, kindFR(f.kind), n.Operator), fmt.Sprintf("%s is a %s: %q applies to texts only", f.name, f.kind, n.Operator))
	}
	constant, ok := n.Right.(*ast.StringNode)
	if f == nil || !ok {
		return c.residue(n)
	}
	pattern := constant.Value
	switch n.Operator {
	case "startsWith":
		return &words{field: f, test: func(word string) bool { return strings.HasPrefix(word, pattern) }}, nil
	case "endsWith":
		return &words{field: f, test: func(word string) bool { return strings.HasSuffix(word, pattern) }}, nil
	case "contains":
		return &words{field: f, test: func(word string) bool { return strings.Contains(word, pattern) }}, nil
	}
	expression, wrong := c.pattern(constant)
	if wrong != nil {
		return nil, wrong
	}
	return &words{field: f, test: expression.MatchString}, nil
}

// Bounds of the regular expressions of one rule. RE2 makes their time linear in the text, times their instructions.
const (
	maxPatternBytes = 256
	maxInstructions = 256
)

// pattern compiles a regular expression.
func (c *compiler) pattern(n ast.Node) (*regexp.Regexp, *RuleError) {
	constant, ok := n.(*ast.StringNode)
	if !ok {
		return nil, c.wrong(n.Location(), "matches attend une expression régulière entre guillemets", "matches takes a regular expression between quotes")
	}
	if len(constant.Value) > maxPatternBytes {
		return nil, c.wrong(n.Location(), fmt.Sprintf("l'expression régulière dépasse %d octets", maxPatternBytes), fmt.Sprintf("the regular expression is over %d bytes", maxPatternBytes))
	}
	expression, err := regexp.Compile(constant.Value)
	if err != nil {
		return nil, c.wrong(n.Location(), "l'expression régulière n'est pas valable ("+err.Error()+")", "the regular expression is not valid ("+err.Error()+")")
	}
	parsed, err := syntax.Parse(constant.Value, syntax.Perl)
	if err == nil {
		var program *syntax.Prog
		if program, err = syntax.Compile(parsed.Simplify()); err == nil {
			c.instructions += len(program.Inst)
		}
	}
	if err != nil || c.instructions > maxInstructions {
		return nil, c.wrong(n.Location(), "les expressions régulières de la règle sont trop complexes", "the rule's regular expressions are too complex")
	}
	return expression, nil
}
