package audiences

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
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

const functionInOrg = "inOrg"

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
	org     bool     // it calls inOrg
	program *vm.Program
	engines sync.Pool // of *engine
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
	r := &residue{}
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
		return nil, c.wrong(at, "les types ne s'accordent pas ici ("+message+")", "types do not fit here ("+message+")")
	}
	return r, nil
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
			return unknown(c.source, n.Location(), n.Name, append(slices.Clone(functions), functionInOrg))
		}
		inside = n.Arguments
	case *ast.CallNode:
		if _, wrong := c.inOrg(n); wrong != nil {
			return wrong
		}
		r.org = true
		r.read(c.index.fields[atOrg])
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
	if r.org {
		env[functionInOrg] = func(string) bool { return false }
	}
	return env
}

// within rules nobody out.
func (r *residue) within(_ *query, among *roaring.Bitmap) *roaring.Bitmap { return among }

func (r *residue) cost() int { return costEach }

func (r *residue) holds(agent *row) bool {
	e, pooled := r.engines.Get().(*engine)
	if !pooled {
		e = &engine{env: make(map[string]any, len(r.reads)+2)}
		if r.org {
			e.env[functionInOrg] = func(unit string) bool { return under(e.env["org"].(string), strings.Trim(unit, "/")) }
		}
	}
	defer r.engines.Put(e)
	for _, f := range r.reads {
		value := f.decode(agent.cells[f.at])
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
	answer, err := e.machine.Run(r.program, e.env)
	holds, ok := answer.(bool)
	return err == nil && ok && holds
}
