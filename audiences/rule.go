package audiences

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/parser/lexer"

	"github.com/filengine/fil"
)

// Bounds of a rule: those of its syntax tree make the time to compile and to ask it bounded too.
const (
	MaxRuleBytes = 8192
	maxNodes     = 2000
	maxDepth     = 64 // of brackets and functions; a chain of and, or of or, counts for one
)

// Check says whether a rule compiles: nil, or a *RuleError. The empty rule is right and holds nobody.
func (ix *Index) Check(rule string) error {
	if rule == "" {
		return nil
	}
	if _, _, wrong := ix.parse(rule); wrong != nil {
		return wrong
	}
	return nil
}

// compiler turns one rule's syntax tree into a plan.
type compiler struct {
	index        *Index
	source       string
	characters   []rune // of the source
	own          string // id of the audience whose rule it is
	strict       bool   // the audiences that the rule names must exist
	tokens       []lexer.Token
	instructions int    // of regular expressions
	visited      int    // nodes; more than the parser counted, where it shares one: a < b < c has b twice
	hoisted      []plan // taken out of residues
	references   []placed
	compared     []compared
}

// reading is what a rule says: its plan, whose references are not resolved, with what was met on the way.
type reading struct {
	plan       plan
	references []placed
	compared   []compared // constants that texts were compared with
}

// audience makes an audience of a definition whose rule was read.
func (r *reading) audience(definition fil.Audience, stamp uint64) *audience {
	a := &audience{
		definition: definition, rule: r.plan, references: r.references, weight: weigh(r.plan),
		members: &people{ids: setOf(definition.Members)}, stamp: stamp,
	}
	a.finish(a.rule, every{})
	return a
}

// compile makes the plan of a rule among the audiences that there are, to be evaluated whole.
func (ix *Index) compile(rule string) (plan, *RuleError) {
	among := ix.audiences.Load()
	if kept, ok := ix.plans.find(rule, among); ok {
		return kept, nil
	}
	_, tree, wrong := ix.parse(rule)
	if wrong != nil {
		return nil, wrong
	}
	made := joined(normal(bare(tree)))
	if ix.audiences.Load() == among { // and was all along
		ix.plans.keep(rule, among, made)
	}
	return made, nil
}

// parse gives what a rule says, and its normal form, whose clauses know their places.
func (ix *Index) parse(rule string) (*reading, plan, *RuleError) {
	read, wrong := ix.read(rule, "", true)
	if wrong != nil {
		return nil, nil, wrong
	}
	tree := ix.audiences.Load().resolve(read.plan)
	if weigh(tree) > maxWeight {
		return nil, nil, errorAt(rule, file.Location{}, fmt.Sprintf("la règle et celles des audiences qu'elle contient dépassent %d éléments", maxWeight), fmt.Sprintf("the rule and those of the audiences in it are over %d elements", maxWeight))
	}
	return read, normal(tree), nil
}

// read compiles a rule. own is the id of the audience whose rule it is, if any.
func (ix *Index) read(rule, own string, strict bool) (*reading, *RuleError) {
	c := &compiler{index: ix, source: rule, characters: []rune(rule), own: own, strict: strict}
	tree, wrong := c.tree(rule)
	if wrong != nil {
		return nil, wrong
	}
	compiled, wrong := c.condition(tree, 0)
	if wrong != nil {
		return nil, wrong
	}
	return &reading{plan: compiled, references: c.references, compared: c.compared}, nil
}

// tree gives the syntax tree of a rule, whose forms are calls.
func (c *compiler) tree(rule string) (ast.Node, *RuleError) {
	if len(rule) > MaxRuleBytes || !utf8.ValidString(rule) {
		return nil, c.wrong(file.Location{}, fmt.Sprintf("la règle doit être de l'UTF-8 de %d octets au plus", MaxRuleBytes), fmt.Sprintf("the rule must be UTF-8 of at most %d bytes", MaxRuleBytes))
	}
	forms, wrong, err := sweeten(rule)
	if wrong != nil {
		return nil, wrong
	}
	if err != nil {
		return nil, c.syntax(err)
	}
	c.tokens = forms.tokens
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	config.Disabled[functionLast] = true
	tree, err := parser.ParseWithConfig(string(forms.text), config)
	if err != nil {
		return nil, c.syntax(err)
	}
	walk(&tree.Node, forms.visit)
	return tree.Node, nil
}

func (c *compiler) wrong(at file.Location, fr, en string) *RuleError {
	return errorAt(c.source, at, fr, en)
}

// syntax says in two languages what the parser says in one.
func (c *compiler) syntax(err error) *RuleError {
	var found *file.Error
	if !errors.As(err, &found) {
		return c.wrong(file.Location{}, "la règle ne se lit pas : "+err.Error(), "the rule does not parse: "+err.Error())
	}
	at, text := found.Location, []rune(c.source)
	token := string(text[min(at.From, len(text)):max(min(at.From, len(text)), min(at.To, len(text)))])
	switch {
	case strings.Contains(found.Message, "maximum allowed nodes"):
		return c.tooLong(at)
	case strings.Contains(found.Message, "EOF") || strings.Contains(found.Message, "unexpected end"):
		at = file.Location{From: len(text), To: len(text) + 1}
		return c.wrong(at, "la règle s'arrête trop tôt", "the rule ends too soon")
	case strings.HasPrefix(found.Message, "unrecognized character") && strings.ContainsAny(token, "“”„«»‘’"):
		return c.wrong(at, `les guillemets d'un texte sont droits : "…" ou '…'`, `the quotes of a text are straight: "…" or '…'`)
	case found.Message == "literal not terminated":
		return c.wrong(at, "ce texte n'est pas fermé par un guillemet", "this text is not closed by a quote")
	case strings.Contains(found.Message, "float literal") || strings.Contains(found.Message, "integer literal"):
		return c.wrong(at, "ce nombre ne se lit pas, ou est trop grand", "this number does not read, or is too large")
	case strings.HasPrefix(found.Message, "unexpected token") && token == "=":
		return c.wrong(at, "« = » n'existe pas : comparez par « == »", `there is no "=": compare with "=="`)
	case strings.HasPrefix(found.Message, "unexpected token"):
		return c.wrong(at, fmt.Sprintf("« %s » n'est pas attendu ici", token), fmt.Sprintf("%q is not expected here", token))
	default:
		return c.wrong(at, "la règle ne se lit pas ici ("+found.Message+")", "the rule does not parse here ("+found.Message+")")
	}
}

func (c *compiler) tooLong(at file.Location) *RuleError {
	return c.wrong(at, fmt.Sprintf("la règle dépasse %d éléments", maxNodes), fmt.Sprintf("the rule is over %d elements", maxNodes))
}

// visit holds the walk of the tree to its bounds.
func (c *compiler) visit(n ast.Node, depth int) *RuleError {
	if depth > maxDepth {
		return c.wrong(n.Location(), fmt.Sprintf("la règle dépasse %d niveaux", maxDepth), fmt.Sprintf("the rule is over %d levels deep", maxDepth))
	}
	if c.visited++; c.visited > 2*maxNodes {
		return c.tooLong(n.Location())
	}
	return nil
}

// condition compiles a node that is true or false.
func (c *compiler) condition(n ast.Node, depth int) (plan, *RuleError) {
	depth++
	if wrong := c.visit(n, depth); wrong != nil {
		return nil, wrong
	}
	switch n := n.(type) {
	case *ast.BoolNode:
		if n.Value {
			return every{}, nil
		}
		return either{}, nil
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			part, wrong := c.condition(n.Node, depth)
			return except{part}, wrong
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			parts, wrong := c.chain(n, depth, "and", "&&")
			return every(parts), wrong
		case "or", "||":
			parts, wrong := c.chain(n, depth, "or", "||")
			return either(parts), wrong
		}
	}
	at := c.extent(n)
	compiled, wrong := c.elementary(n)
	if wrong != nil {
		return nil, wrong
	}
	return clause{compiled, at, string(c.characters[at.From:at.To])}, nil
}

// elementary compiles a condition that is made of no others by and, or and not.
func (c *compiler) elementary(n ast.Node) (plan, *RuleError) {
	if behaves(n) {
		return c.behaviour(n)
	}
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return c.flag(n)
	case *ast.CallNode:
		return c.call(n)
	case *ast.BuiltinNode:
		if n.Name == "any" || n.Name == "all" || n.Name == "none" {
			if compiled, wrong := c.quantifier(n); compiled != nil || wrong != nil {
				return compiled, wrong
			}
		}
	case *ast.BinaryNode:
		if wrong := c.denied(n); wrong != nil {
			return nil, wrong
		}
		switch n.Operator {
		case "==", "!=", "<", "<=", ">", ">=":
			return c.comparison(n)
		case "in":
			return c.in(n)
		case "startsWith", "endsWith", "contains", "matches":
			return c.text(n)
		}
	}
	return c.residue(n)
}

// chain compiles the operands of a chain of one operator, without recursion along it.
func (c *compiler) chain(n ast.Node, depth int, operators ...string) ([]plan, *RuleError) {
	var operands []ast.Node
	for {
		binary, ok := n.(*ast.BinaryNode)
		if !ok || !slices.Contains(operators, binary.Operator) {
			operands = append(operands, n)
			break
		}
		operands, n = append(operands, binary.Right), binary.Left
	}
	slices.Reverse(operands)
	parts := make([]plan, 0, len(operands))
	for _, operand := range operands {
		part, wrong := c.condition(operand, depth)
		if wrong != nil {
			return nil, wrong
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// named finds the field that a node names; nil without error when the node is no name, or is the name id.
func (c *compiler) named(n ast.Node) (*field, *RuleError) {
	name, ok := n.(*ast.IdentifierNode)
	if !ok || name.Value == fieldID || isHoisted(n) {
		return nil, nil
	}
	f, ok := c.index.field(name.Value)
	switch {
	case !ok:
		return nil, unknown(c.source, name.Location(), name.Value, c.index.names())
	case f.sensitive:
		return nil, c.wrong(name.Location(), fmt.Sprintf("« %s » est une donnée sensible : elle ne peut pas être un critère", f.name), fmt.Sprintf("%s is sensitive data: it cannot be a criterion", f.name))
	}
	return f, nil
}

// names lists what a rule may name.
func (ix *Index) names() []string {
	names := []string{fieldID}
	for _, f := range ix.fields {
		if !f.sensitive {
			names = append(names, f.name)
		}
	}
	return names
}

func isID(n ast.Node) bool {
	name, ok := n.(*ast.IdentifierNode)
	return ok && name.Value == fieldID
}

// flag compiles a name alone, which must be a boolean's.
func (c *compiler) flag(n *ast.IdentifierNode) (plan, *RuleError) {
	f, wrong := c.named(n)
	if wrong != nil {
		return nil, wrong
	}
	if f == nil {
		f = &field{name: fieldID, kind: fil.KindText}
	}
	if f.kind != fil.KindBoolean {
		e := exampleOf(f)
		return nil, c.wrong(n.Location(), fmt.Sprintf("« %s » est %s, pas une condition : écrivez par exemple %s", f.name, kindFR(f.kind), e), fmt.Sprintf("%s is a %s, not a condition: write for example %s", f.name, f.kind, e))
	}
	return wordsIn(f, []string{"true"}), nil
}

// wordsIn holds for agents who have one of the values.
func wordsIn(f *field, values []string) plan {
	switch len(values) {
	case 0:
		return either{}
	case 1:
		only := values[0]
		return &words{field: f, exact: values, test: func(word string) bool { return word == only }}
	}
	set := setOf(values)
	return &words{field: f, exact: values, test: func(word string) bool {
		_, ok := set[word]
		return ok
	}}
}

func kindFR(kind fil.AttributeKind) string {
	switch kind {
	case fil.KindNumber:
		return "un nombre"
	case fil.KindDate:
		return "une date"
	case fil.KindBoolean:
		return "un oui ou non"
	case fil.KindList:
		return "une liste"
	case fil.KindAgent:
		return "l'identifiant d'un agent"
	default:
		return "un texte"
	}
}

func exampleOf(f *field) string {
	switch f.kind {
	case fil.KindNumber:
		return f.name + " >= 2"
	case fil.KindDate:
		return f.name + ` < "2026-01-31"`
	case fil.KindBoolean:
		return f.name
	case fil.KindList:
		return strconv.Quote("…") + " in " + f.name
	default:
		return f.name + ` == "…"`
	}
}
