package audiences

import (
	"fmt"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/filengine/fil"
)

const functionDid = "did"

// maxTimes bounds the number of times that a rule may ask for.
const maxTimes = 1000

// behaves says whether a node asks what agents did: did(…), or last(…) compared with a span.
func behaves(n ast.Node) bool {
	if binary, ok := n.(*ast.BinaryNode); ok {
		left, _ := affirmed(binary.Left)
		function, _ := called(left)
		return function == functionLast && slices.Contains([]string{"<", "<=", ">", ">="}, binary.Operator)
	}
	function, _ := called(n)
	return function == functionDid || function == functionLast
}

// affirmed takes a negation off: "not last(…) within 7 days" reads as "(not last(…)) within 7 days".
func affirmed(n ast.Node) (affirmed ast.Node, negated bool) {
	if unary, ok := n.(*ast.UnaryNode); ok && (unary.Operator == "not" || unary.Operator == "!") {
		return unary.Node, true
	}
	return n, false
}

// called gives the function that a node calls, and with what: the parser takes last for a function of its own.
func called(n ast.Node) (function string, arguments []ast.Node) {
	switch n := n.(type) {
	case *ast.BuiltinNode:
		return n.Name, n.Arguments
	case *ast.CallNode:
		if name, ok := n.Callee.(*ast.IdentifierNode); ok {
			return name.Value, n.Arguments
		}
	}
	return "", nil
}

// behaviour compiles what behaves says yes to:
//
//	did("read", topic == "rh", n >= 3, "30 days")
//	last("read", source == "drh") < "90 days"    did so, and not within the 90 days
//	last("read") > "90 days"                     did so within the 90 days
func (c *compiler) behaviour(n ast.Node) (plan, *RuleError) {
	lives := c.index.lives
	if lives.kept == 0 {
		return nil, c.wrong(n.Location(), "ce que font les agents n'est pas conservé ici : le réglage audiences.behaviour vaut 0", "what agents do is not kept here: the setting audiences.behaviour is 0")
	}
	if binary, ok := n.(*ast.BinaryNode); ok {
		return c.lately(binary)
	}
	if function, _ := called(n); function == functionLast {
		return nil, c.wrong(n.Location(), `last(…) se compare à une durée : last("read") older than 90 days, ou within`, `last(…) compares with a time span: last("read") older than 90 days, or within`)
	}
	d := &did{lives: lives, least: 1, whole: true}
	return d, c.acts(n, d)
}

// lately compiles last(…) compared with a span.
func (c *compiler) lately(n *ast.BinaryNode) (plan, *RuleError) {
	if left, negated := affirmed(n.Left); negated {
		again := *n
		again.Left = left
		part, wrong := c.lately(&again)
		return except{part}, wrong
	}
	ever := &did{lives: c.index.lives, least: 1, whole: true}
	if wrong := c.acts(n.Left, ever); wrong != nil {
		return nil, wrong
	}
	lately := *ever
	if wrong := c.spanOf(n.Right, &lately); wrong != nil {
		return nil, wrong
	}
	if n.Operator[0] == '>' {
		return &lately, nil
	}
	return every{ever, except{&lately}}, nil
}

// acts reads the arguments of did and last.
func (c *compiler) acts(n ast.Node, d *did) *RuleError {
	function, arguments := called(n)
	if len(arguments) == 0 {
		return c.wrong(n.Location(), `un acte est attendu, comme did("read")`, `an act is expected, such as did("read")`)
	}
	if wrong := c.kindsOf(arguments[0], d); wrong != nil {
		return wrong
	}
	for _, one := range arguments[1:] {
		if wrong := c.argument(one, d, function == functionDid); wrong != nil {
			return wrong
		}
	}
	return nil
}

// kindsOf reads one kind of act, or several of which any will do.
func (c *compiler) kindsOf(n ast.Node, d *did) *RuleError {
	kinds, ok := texts(n)
	if !ok {
		return c.wrong(n.Location(), `un acte est attendu, comme did("read")`, `an act is expected, such as did("read")`)
	}
	for _, kind := range kinds {
		at, known := c.index.lives.kinds[fil.EngagementKind(kind)]
		if !known {
			names := make([]string, 0, len(c.index.lives.kinds))
			for _, k := range fil.EngagementKinds() {
				names = append(names, string(k))
			}
			return unknown(c.source, n.Location(), kind, names)
		}
		d.kinds |= 1 << at
	}
	return nil
}

// texts reads a text, or an array of them that is not empty.
func texts(n ast.Node) ([]string, bool) {
	if one, ok := n.(*ast.StringNode); ok {
		return []string{one.Value}, true
	}
	array, ok := n.(*ast.ArrayNode)
	if !ok || len(array.Nodes) == 0 {
		return nil, false
	}
	all := make([]string, len(array.Nodes))
	for i, element := range array.Nodes {
		one, ok := element.(*ast.StringNode)
		if !ok {
			return nil, false
		}
		all[i] = one.Value
	}
	return all, true
}

// argument reads one argument after the kind: contents, a number of times or a span.
func (c *compiler) argument(n ast.Node, d *did, counted bool) *RuleError {
	switch n := n.(type) {
	case *ast.StringNode:
		if counted && d.whole {
			return c.spanOf(n, d)
		}
	case *ast.BinaryNode:
		name, named := n.Left.(*ast.IdentifierNode)
		switch {
		case !named:
		case counted && name.Value == "n" && n.Operator == ">=":
			if times, ok := n.Right.(*ast.IntegerNode); ok && times.Value >= 1 && times.Value <= maxTimes {
				d.least = times.Value
				return nil
			}
			return c.wrong(n.Right.Location(), fmt.Sprintf("un nombre de fois de 1 à %d est attendu", maxTimes), fmt.Sprintf("a number of times from 1 to %d is expected", maxTimes))
		case n.Operator == "==" || n.Operator == "in":
			return c.contents(name, n, d)
		}
	}
	if !counted {
		return c.wrong(n.Location(), `last attend un acte, puis des contenus : last("read", topic == "rh")`, `last takes an act, then contents: last("read", topic == "rh")`)
	}
	return c.wrong(n.Location(), `did attend un acte, puis des contenus, un nombre et une durée : did("read", topic == "rh", at least 3, within 30 days)`,
		`did takes an act, then contents, a number and a time span: did("read", topic == "rh", at least 3, within 30 days)`)
}

// contents reads which contents count.
func (c *compiler) contents(name *ast.IdentifierNode, n *ast.BinaryNode, d *did) *RuleError {
	into := map[string]*[]string{"content": &d.about.ids, "topic": &d.about.topics, "source": &d.about.sources}[name.Value]
	if into == nil {
		return unknown(c.source, name.Location(), name.Value, []string{"content", "topic", "source"})
	}
	values, ok := texts(n.Right)
	if _, list := n.Right.(*ast.ArrayNode); !ok || list != (n.Operator == "in") {
		return c.wrong(n.Right.Location(), "un texte est attendu après « == », une liste de textes après « in »", `a text is expected after "==", a list of texts after "in"`)
	}
	if *into != nil {
		return c.wrong(n.Location(), fmt.Sprintf("« %s » est demandé deux fois : écrivez « %[1]s in [..] »", name.Value), fmt.Sprintf(`%s is asked twice: write "%[1]s in [..]"`, name.Value))
	}
	*into = values
	return nil
}

// spanOf reads a span, which may not be longer than what is kept.
func (c *compiler) spanOf(n ast.Node, d *did) *RuleError {
	text, ok := n.(*ast.StringNode)
	if !ok {
		return c.wrong(n.Location(), spanFR, spanEN)
	}
	within, ok := parseSpan(text.Value)
	if !ok || within.n == 0 {
		return c.wrong(n.Location(), spanFR, spanEN)
	}
	// The longest that the span can be: of months, all have 31 days.
	each := [...]time.Duration{inHours: 1, inDays: 24, inWeeks: 7 * 24, inMonths: 31 * 24, inYears: 366 * 24}[within.unit]
	if longest := time.Duration(within.n) * each; longest > d.lives.kept/time.Hour {
		kept := d.lives.kept / (24 * time.Hour)
		return c.wrong(n.Location(), fmt.Sprintf("ce que font les agents est conservé %d jours : au-delà, augmentez le réglage audiences.behaviour", kept),
			fmt.Sprintf("what agents do is kept for %d days: for more, raise the setting audiences.behaviour", kept))
	}
	d.span, d.whole = within, false
	return nil
}
