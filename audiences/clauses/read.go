package clauses

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// Read turns a rule into clauses. An error is a *audiences.RuleError.
func Read(ix *audiences.Index, rule string) (Clause, error) {
	if rule == "" {
		return everyone(false), nil
	}
	syntax, err := ix.Syntax(rule)
	if err != nil {
		return Clause{}, err //nolint:wrapcheck // a *RuleError, which says where
	}
	return reader{syntax}.condition(syntax.Tree).Normal(), nil
}

type reader struct{ syntax audiences.Syntax }

func (r reader) condition(n ast.Node) Clause {
	if c, ok := r.composed(n); ok {
		return c
	}
	if c, ok := simple(n); ok {
		return c
	}
	reason := reasonOf(n)
	return Clause{Expression: r.syntax.Text(n), Reason: &reason}
}

// composed reads what is made of other conditions.
func (r reader) composed(n ast.Node) (Clause, bool) {
	switch n := n.(type) {
	case *ast.BoolNode:
		return everyone(n.Value), true
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return r.condition(n.Node).Not(), true
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return group(r.chain(n, "and", "&&"), true), true
		case "or", "||":
			return group(r.chain(n, "or", "||"), false), true
		}
		if left, ok := n.Left.(*ast.UnaryNode); ok && (left.Operator == "not" || left.Operator == "!") && functionOf(left.Node) == "last" {
			affirmed := *n // "not last(…) within 7 days" reads as "(not last(…)) within 7 days"
			affirmed.Left = left.Node
			c, ok := lately(&affirmed)
			return c.Not(), ok
		}
	}
	return Clause{}, false
}

// chain reads the operands of a chain, without recursion along it.
func (r reader) chain(n ast.Node, operators ...string) []Clause {
	var parts []Clause
	for {
		binary, ok := n.(*ast.BinaryNode)
		if !ok || !slices.Contains(operators, binary.Operator) {
			parts = append(parts, r.condition(n))
			slices.Reverse(parts)
			return parts
		}
		parts, n = append(parts, r.condition(binary.Right)), binary.Left
	}
}

// simple reads one condition; false when no choice can say it.
func simple(n ast.Node) (Clause, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return Clause{Attribute: n.Value, Operator: "is", Values: []any{true}}, true
	case *ast.BuiltinNode:
		return quantified(n)
	case *ast.CallNode:
		return called(n)
	case *ast.BinaryNode:
		if functionOf(n.Left) == "last" {
			return lately(n)
		}
		return compared(n)
	}
	return Clause{}, false
}

func attribute(n ast.Node) (string, bool) {
	name, ok := n.(*ast.IdentifierNode)
	if !ok {
		return "", false
	}
	return name.Value, true
}

func constants(n ast.Node) ([]any, bool) {
	array, ok := n.(*ast.ArrayNode)
	if !ok {
		return nil, false
	}
	values := make([]any, 0, len(array.Nodes))
	for _, node := range array.Nodes {
		value, ok := audiences.Literal(node)
		if !ok || value == nil {
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}

var (
	compares = map[string]string{"==": "is", "!=": "is_not", "<": "less", "<=": "at_most", ">": "more", ">=": "at_least", "startsWith": "starts_with", "endsWith": "ends_with", "contains": "contains", "matches": "matches"}
	flipped  = map[string]string{"less": "more", "at_most": "at_least", "more": "less", "at_least": "at_most", "is": "is", "is_not": "is_not"}
)

// compared reads an attribute beside constants, either way round.
func compared(n *ast.BinaryNode) (Clause, bool) {
	name, left := attribute(n.Left)
	if n.Operator == "in" {
		if list, right := attribute(n.Right); right {
			value, ok := audiences.Literal(n.Left)
			return Clause{Attribute: list, Operator: "has", Values: []any{value}}, ok && value != nil
		}
		values, ok := constants(n.Right)
		return Clause{Attribute: name, Operator: "in", Values: values}, left && ok && len(values) > 0
	}
	operator, value := compares[n.Operator], n.Right
	if !left {
		if name, left = attribute(n.Right); !left || flipped[operator] == "" {
			return Clause{}, false
		}
		operator, value = flipped[operator], n.Left
	}
	of, ok := audiences.Literal(value)
	switch {
	case !ok || operator == "":
		return Clause{}, false
	case of == nil && operator == "is":
		return Clause{Attribute: name, Operator: "empty"}, true
	case of == nil && operator == "is_not":
		return Clause{Attribute: name, Operator: "filled"}, true
	case of == nil:
		return Clause{}, false
	}
	return Clause{Attribute: name, Operator: operator, Values: []any{of}}, true
}

func functionOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.BuiltinNode:
		return n.Name
	case *ast.CallNode:
		name, _ := attribute(n.Callee)
		return name
	}
	return ""
}

// called reads the functions of the rule language.
func called(n *ast.CallNode) (Clause, bool) {
	text := func(i int) string {
		if i < len(n.Arguments) {
			if s, ok := n.Arguments[i].(*ast.StringNode); ok {
				return s.Value
			}
		}
		return ""
	}
	switch function := functionOf(n); function {
	case "inOrg":
		return Clause{Attribute: "org", Operator: "under", Values: []any{text(0)}}, true
	case "audience":
		return Clause{Audience: text(0)}, true
	case "member":
		return Clause{Member: text(0)}, true
	case "team":
		return Clause{Team: text(0), Direct: len(n.Arguments) == 2}, true
	case "service":
		return Clause{Service: text(0)}, true
	case "did":
		return acted(n.Arguments)
	case "within", "ahead", "older":
		name, ok := attribute(n.Arguments[0])
		return Clause{Attribute: name, Operator: function, Values: []any{text(1)}}, ok && text(1) != ""
	case "between":
		name, ok := attribute(n.Arguments[0])
		low, isLow := audiences.Literal(n.Arguments[1])
		high, isHigh := audiences.Literal(n.Arguments[2])
		return Clause{Attribute: name, Operator: "between", Values: []any{low, high}}, ok && isLow && isHigh
	}
	return Clause{}, false
}

// lately reads last(…) compared with a span.
func lately(n *ast.BinaryNode) (Clause, bool) {
	var arguments []ast.Node
	switch call := n.Left.(type) {
	case *ast.BuiltinNode:
		arguments = call.Arguments
	case *ast.CallNode:
		arguments = call.Arguments
	}
	c, ok := acted(arguments)
	span, is := n.Right.(*ast.StringNode)
	if !ok || !is {
		return Clause{}, false
	}
	c.Last, c.Did, c.Span, c.Operator = c.Did, nil, span.Value, "within"
	if n.Operator[0] == '<' {
		c.Operator = "older"
	}
	return c, true
}

// acted reads the arguments of did and last.
func acted(arguments []ast.Node) (Clause, bool) {
	if len(arguments) == 0 {
		return Clause{}, false
	}
	var c Clause
	var ok bool
	if c.Did, ok = textsOf(arguments[0]); !ok {
		return Clause{}, false
	}
	for _, one := range arguments[1:] {
		switch one := one.(type) {
		case *ast.StringNode:
			c.Span = one.Value
		case *ast.BinaryNode:
			name, _ := attribute(one.Left)
			if times, is := one.Right.(*ast.IntegerNode); is && name == "n" {
				c.AtLeast = times.Value
				continue
			}
			into := map[string]*[]string{"topic": &c.Topics, "source": &c.Sources, "content": &c.Contents}[name]
			values, ok := textsOf(one.Right)
			if into == nil || !ok || *into != nil {
				return Clause{}, false
			}
			*into = values
		default:
			return Clause{}, false
		}
	}
	return c, true
}

func textsOf(n ast.Node) ([]string, bool) {
	if one, ok := n.(*ast.StringNode); ok {
		return []string{one.Value}, true
	}
	values, ok := constants(n)
	var out []string
	for _, v := range values {
		text, is := v.(string)
		out, ok = append(out, text), ok && is
	}
	return out, ok && len(out) > 0
}

// quantified reads any, all and none of a list, of which each item is among constants.
func quantified(n *ast.BuiltinNode) (Clause, bool) {
	operator := map[string]string{"any": "has_any", "all": "has_only", "none": "has_none"}[n.Name]
	if operator == "" || len(n.Arguments) != 2 {
		return Clause{}, false
	}
	name, ok := attribute(n.Arguments[0])
	predicate, is := n.Arguments[1].(*ast.PredicateNode)
	if !ok || !is {
		return Clause{}, false
	}
	test, is := predicate.Node.(*ast.BinaryNode)
	if !is {
		return Clause{}, false
	}
	if pointer, is := test.Left.(*ast.PointerNode); !is || pointer.Name != "" {
		return Clause{}, false
	}
	switch test.Operator {
	case "in":
		values, ok := constants(test.Right)
		return Clause{Attribute: name, Operator: operator, Values: values}, ok && len(values) > 0
	case "==":
		value, ok := audiences.Literal(test.Right)
		return Clause{Attribute: name, Operator: operator, Values: []any{value}}, ok && value != nil
	}
	return Clause{}, false
}

// reasonOf says why no choice can say a condition.
func reasonOf(n ast.Node) fil.Bilingual {
	switch n := n.(type) {
	case *ast.ConditionalNode:
		return fil.Bilingual{FR: "une condition « ? : » ne se choisit pas dans une liste", EN: `a condition "? :" cannot be chosen from a list`}
	case *ast.BuiltinNode:
		if n.Name == "any" || n.Name == "all" || n.Name == "none" {
			return fil.Bilingual{FR: "ce qui est demandé de chaque élément de la liste est plus qu'une liste de valeurs", EN: "what is asked of each item of the list is more than a list of values"}
		}
	case *ast.BinaryNode:
		_, left := audiences.Literal(n.Left)
		_, right := audiences.Literal(n.Right)
		if !left && !right {
			return fil.Bilingual{FR: "deux valeurs de l'agent sont comparées entre elles", EN: "two values of the agent are compared with each other"}
		}
	}
	return fil.Bilingual{FR: "un calcul (longueur, opération, mise en minuscules…) est demandé", EN: "a computation (length, operation, lower case…) is asked for"}
}
