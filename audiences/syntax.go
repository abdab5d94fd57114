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
