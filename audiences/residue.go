package audiences

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	exprcompiler "github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/filengine/fil"
)

// functions are the language's own that rules may use. They depend on their arguments alone (no clock, no randomness)
// and neither make long texts nor keep state, so that a rule is a function of the agent's record and its time is
// bounded.
var functions = []string{"len", "lower", "upper", "trim", "abs", "floor", "ceil", "round", "min", "max", "all", "any", "none", "one", "count"}

// operators are those that a residue may use.
var operators = []string{"and", "&&", "or", "||", "==", "!=", "<", "<=", ">", ">=", "in", "startsWith", "endsWith", "contains", "matches", "+", "-", "*", "/"}

// deepestLoop bounds loops within loops over lists, whose time multiplies.
const deepestLoop = 1

// residue holds for agents for whom a program of the expression language is true. It is false, and the program is not
// run, for agents who lack a value that it reads; the empty list is the value of those who have none. A program that
// fails, as on a division of texts, is false.
type residue struct {
	reads   []*field // what the program names, but for the id
	id      bool     // it names the id
	parts   []hoisted
	program *vm.Program
	engines *sync.Pool // of *engine
}

// hoisted is a condition within a residue that has a plan of its own. The program knows its answer by a name.
type hoisted struct {
	name string
	plan plan
}

// engine runs a residue's program for one agent after the other.
type engine struct {
	machine vm.VM
	env     map[string]any
}

// residue compiles what bitmaps cannot do.
func (c *compiler) residue(n ast.Node) (plan, *RuleError) {
	if binary, ok := n.(*ast.BinaryNode); ok && binary.Operator == "!=" {
		// The negation of ==, also for those who lack a value.
		binary.Operator = "=="
		part, wrong := c.residue(binary)
		return except{part}, wrong
	}
	h := hoister{compiler: c}
	walk(&n, h.visit)
	if h.wrong != nil {
		return nil, h.wrong
	}
	r := &residue{engines: &sync.Pool{}}
	if wrong := c.admit(n, r, 0, 0); wrong != nil {
		return nil, wrong
	}
	config := conf.New(r.sample())
	tree := &parser.Tree{Node: n, Source: file.NewSource(c.source)}
	kind, err := checker.Check(tree, config)
	if err == nil && kind.Kind() != reflect.Bool {
		return nil, c.wrong(n.Location(), "une condition, vraie ou fausse, est attendue", "a condition, true or false, is expected")
	}
	if err == nil {
		err = optimizer.Optimize(&tree.Node, config)
	}
	if err == nil {
		r.program, err = exprcompiler.Compile(tree, config)
	}
	if err != nil {
		at, message := n.Location(), err.Error()
		var found *file.Error
		if errors.As(err, &found) {
			at, message = found.Location, found.Message
		}
		return nil, c.misfit(at, message)
	}
	return r, nil
}

// hoister takes the calls that have plans of their own out of a residue's syntax, and leaves names in their place. The
// syntax of one residue may be shared with another: the compiler knows the names of all.
type hoister struct {
	compiler *compiler
	wrong    *RuleError
}

// visit takes one out.
func (h *hoister) visit(node *ast.Node) {
	var part plan
	var wrong *RuleError
	call, ok := (*node).(*ast.CallNode)
	function, _ := called(*node)
	switch {
	case h.wrong != nil || function == functionLast: // the comparison around it is what has a plan
		return
	case behaves(*node):
		part, wrong = h.compiler.behaviour(*node)
	case ok:
		part, wrong = h.compiler.call(call)
	default:
		return
	}
	if wrong != nil {
		h.wrong = wrong
		return
	}
	name := &ast.IdentifierNode{Value: hoistedPrefix + strconv.Itoa(len(h.compiler.hoisted))}
	name.SetLocation((*node).Location())
	h.compiler.hoisted = append(h.compiler.hoisted, part)
	*node = name
}

// hoistedPrefix begins the names of what was taken out: no rule can write one.
const hoistedPrefix = " "

// isHoisted says whether a node stands for what was taken out.
func isHoisted(n ast.Node) bool {
	name, ok := n.(*ast.IdentifierNode)
	return ok && strings.HasPrefix(name.Value, hoistedPrefix)
}

// admit walks a residue's syntax: only names, functions, operators and shapes that are bounded and pure pass.
func (c *compiler) admit(n ast.Node, r *residue, depth, loops int) *RuleError {
	depth++
	if wrong := c.visit(n, depth); wrong != nil {
		return wrong
	}
	var inside []ast.Node
	switch n := n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.PointerNode:
	case *ast.IdentifierNode:
		return c.admitName(n, r)
	case *ast.UnaryNode:
		inside = []ast.Node{n.Node}
	case *ast.BinaryNode:
		if !slices.Contains(operators, n.Operator) {
			return c.wrong(n.Location(), fmt.Sprintf("« %s » n'est pas admis dans une règle", n.Operator), fmt.Sprintf("%q is not allowed in a rule", n.Operator))
		}
		if n.Operator == "matches" {
			if _, wrong := c.pattern(n.Right); wrong != nil {
				return wrong
			}
		}
		inside = []ast.Node{n.Left, n.Right}
	case *ast.ConditionalNode:
		inside = []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.ArrayNode:
		inside = n.Nodes
	case *ast.PredicateNode:
		inside = []ast.Node{n.Node}
		if loops++; loops > deepestLoop {
			return c.wrong(n.Location(), "trop de boucles imbriquées", "too many nested loops")
		}
	case *ast.BuiltinNode:
		if !slices.Contains(functions, n.Name) {
			return unknown(c.source, n.Location(), n.Name, functionNames())
		}
		inside = n.Arguments
	default:
		return c.wrong(n.Location(), "cette forme n'est pas admise dans une règle", "this form is not allowed in a rule")
	}
	for _, one := range inside {
		if wrong := c.admit(one, r, depth, loops); wrong != nil {
			return wrong
		}
	}
	return nil
}

func (c *compiler) admitName(n *ast.IdentifierNode, r *residue) *RuleError {
	if isHoisted(n) {
		at, err := strconv.Atoi(n.Value[len(hoistedPrefix):])
		if err != nil || at >= len(c.hoisted) {
			return c.wrong(n.Location(), "cette forme n'est pas admise dans une règle", "this form is not allowed in a rule")
		}
		r.parts = append(r.parts, hoisted{n.Value, c.hoisted[at]})
		for _, f := range readsOf(c.hoisted[at]) {
			r.read(f)
		}
		return nil
	}
	f, wrong := c.named(n)
	switch {
	case wrong != nil:
		return wrong
	case f == nil:
		r.id = true
	default:
		r.read(f)
	}
	return nil
}

func (r *residue) read(f *field) {
	if !slices.Contains(r.reads, f) {
		r.reads = append(r.reads, f)
	}
}

// sample is an environment with a value of the right type under each name.
func (r *residue) sample() map[string]any {
	env := map[string]any{}
	for _, f := range r.reads {
		switch f.kind {
		case fil.KindNumber:
			env[f.name] = float64(0)
		case fil.KindBoolean:
			env[f.name] = false
		case fil.KindList:
			env[f.name] = []string{}
		default:
			env[f.name] = ""
		}
	}
	if r.id {
		env[fieldID] = ""
	}
	for _, part := range r.parts {
		env[part.name] = false
	}
	return env
}

// readsOf lists the fields that a plan reads.
func readsOf(p plan) []*field {
	var fields []*field
	switch p := p.(type) {
	case *words:
		fields = []*field{p.field}
	case between:
		fields = []*field{p.field}
	case relative:
		fields = []*field{p.field}
	case *team:
		fields = []*field{p.chain.field}
	case *service:
		fields = []*field{p.unit.field}
	case *residue:
		fields = p.reads
	}
	for _, part := range partsOf(p) {
		fields = append(fields, readsOf(part)...)
	}
	return fields
}

// narrow rules nobody out.
func (r *residue) narrow(*query, *block) {}

func (r *residue) cost() int { return costEach }

func (r *residue) holds(agent *row) bool {
	e, pooled := r.engines.Get().(*engine)
	if !pooled {
		e = &engine{env: make(map[string]any, len(r.reads)+len(r.parts)+1)}
	}
	defer r.engines.Put(e)
	for _, f := range r.reads {
		value := f.decode(agent.codes[f.at])
		if value == nil {
			if f.kind != fil.KindList {
				return false
			}
			value = []string{}
		}
		e.env[f.name] = value
	}
	if r.id {
		e.env[fieldID] = agent.id
	}
	for _, part := range r.parts {
		e.env[part.name] = part.plan.holds(agent)
	}
	answer, err := e.machine.Run(r.program, e.env)
	holds, ok := answer.(bool)
	return err == nil && ok && holds
}
