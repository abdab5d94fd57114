package audiences

import "github.com/expr-lang/expr/ast"

// walk visits a node and all that a rule may be made of in it, what is inside first, and each once: the parser shares
// nodes, as b of a < b < c, so that going down each way would take a time that doubles at every level. The visit may put
// another node in the place of the one it is shown.
func walk(node *ast.Node, visit func(*ast.Node)) {
	walker{visit, map[ast.Node]ast.Node{}}.walk(node)
}

type walker struct {
	visit func(*ast.Node)
	done  map[ast.Node]ast.Node // what became of each node
}

func (w walker) walk(node *ast.Node) {
	was := *node
	if is, done := w.done[was]; done {
		*node = is
		return
	}
	switch n := was.(type) {
	case *ast.UnaryNode:
		w.walk(&n.Node)
	case *ast.BinaryNode:
		w.walk(&n.Left)
		w.walk(&n.Right)
	case *ast.ConditionalNode:
		w.walk(&n.Cond)
		w.walk(&n.Exp1)
		w.walk(&n.Exp2)
	case *ast.PredicateNode:
		w.walk(&n.Node)
	case *ast.CallNode:
		w.walk(&n.Callee)
		w.all(n.Arguments)
	case *ast.BuiltinNode:
		w.all(n.Arguments)
	case *ast.ArrayNode:
		w.all(n.Nodes)
	}
	w.visit(node)
	w.done[was] = *node
}

func (w walker) all(nodes []ast.Node) {
	for i := range nodes {
		w.walk(&nodes[i])
	}
}

// Syntax is a rule as it was read: forms such as "hired within 30 days" are calls of the functions that they stand for.
type Syntax struct {
	Tree     ast.Node
	compiler *compiler
}

// Syntax reads a rule that compiles. An error is a *RuleError.
func (ix *Index) Syntax(rule string) (Syntax, error) {
	if err := ix.Check(rule); err != nil {
		return Syntax{}, err
	}
	c := &compiler{index: ix, source: rule, characters: []rune(rule)}
	tree, wrong := c.tree(rule)
	if wrong != nil {
		return Syntax{}, wrong
	}
	return Syntax{tree, c}, nil
}

// Text gives the words of a part of the rule, as they were typed.
func (s Syntax) Text(n ast.Node) string {
	at := s.compiler.extent(n)
	return string(s.compiler.characters[at.From:at.To])
}
