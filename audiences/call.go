package audiences

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/filengine/fil"
)

// Names of the functions that are not the expression language's own.
const (
	functionInOrg    = "inOrg"
	functionAudience = "audience"
	functionMember   = "member"
	functionTeam     = "team"
	functionService  = "service"
	wordDirect       = "direct"
)

// functionNames lists all that a rule may call.
func functionNames() []string {
	return append(slices.Clone(functions), functionInOrg, functionBetween, functionWithin, functionAhead, functionOlder,
		functionAudience, functionMember, functionTeam, functionService, functionDid, functionLast)
}

// call compiles the functions that are not the language's own: each is a condition.
func (c *compiler) call(n *ast.CallNode) (plan, *RuleError) {
	name, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return nil, c.wrong(n.Location(), "les méthodes ne sont pas admises dans une règle", "methods are not allowed in a rule")
	}
	switch name.Value {
	case functionInOrg:
		return c.inOrg(n)
	case functionBetween:
		return c.between(n)
	case functionWithin, functionAhead, functionOlder:
		return c.relative(n, name.Value)
	case functionAudience, functionMember:
		return c.reference(n, name.Value)
	case functionTeam:
		return c.team(n)
	case functionService:
		return c.service(n)
	}
	return nil, unknown(c.source, n.Location(), name.Value, functionNames())
}

// text1 reads the only argument of a call, a text that is not empty.
func text1(n *ast.CallNode) (string, bool) {
	if len(n.Arguments) != 1 {
		return "", false
	}
	text, ok := n.Arguments[0].(*ast.StringNode)
	return valueOf(text), ok && text.Value != ""
}

func valueOf(text *ast.StringNode) string {
	if text == nil {
		return ""
	}
	return text.Value
}

// inOrg compiles membership of a unit and of all those beneath.
func (c *compiler) inOrg(n *ast.CallNode) (plan, *RuleError) {
	path, ok := text1(n)
	unit := strings.Trim(path, "/")
	if !ok || unit == "" {
		return nil, c.wrong(n.Location(), `inOrg attend le chemin d'une unité, comme inOrg("mairie/dgst")`, `inOrg takes the path of one unit, such as inOrg("mairie/dgst")`)
	}
	f := c.index.fields[atOrg]
	if wrong := c.allowed(f, n.Arguments[0], unit); wrong != nil {
		return nil, wrong
	}
	return &words{field: f, exact: []string{unit}, under: true, test: func(org string) bool { return under(org, unit) }}, nil
}

// between compiles a value between two bounds that it may have.
func (c *compiler) between(n *ast.CallNode) (plan, *RuleError) {
	if len(n.Arguments) != 3 {
		return nil, c.wrong(n.Location(), "« between » attend une valeur et deux bornes, comme « telework_days between 1 and 3 »", `"between" takes a value and two bounds, such as "telework_days between 1 and 3"`)
	}
	f, wrong := c.named(n.Arguments[0])
	if wrong != nil {
		return nil, wrong
	}
	if f != nil && !f.ordered() {
		return nil, c.wrong(n.Arguments[0].Location(), fmt.Sprintf("« %s » n'a pas d'ordre : seuls les nombres et les dates se comparent par « between »", f.name), fmt.Sprintf(`%s has no order: only numbers and dates compare by "between"`, f.name))
	}
	low, lowIs := Literal(n.Arguments[1])
	high, highIs := Literal(n.Arguments[2])
	if f != nil && lowIs && highIs {
		least, wrong := c.keyOf(f, n.Arguments[1], low)
		if wrong != nil {
			return nil, wrong
		}
		most, wrong := c.keyOf(f, n.Arguments[2], high)
		if wrong != nil {
			return nil, wrong
		}
		if least > most {
			return nil, c.wrong(n.Arguments[1].Location(), "la première borne dépasse la seconde : personne n'est entre les deux", "the first bound is above the second: nobody is between the two")
		}
		return between{f, least, most}, nil
	}
	bound := func(operator string, to ast.Node) (plan, *RuleError) {
		side := &ast.BinaryNode{Operator: operator, Left: n.Arguments[0], Right: to}
		side.SetLocation(n.Location())
		return c.comparison(side)
	}
	above, wrong := bound(">=", n.Arguments[1])
	if wrong != nil {
		return nil, wrong
	}
	below, wrong := bound("<=", n.Arguments[2])
	if wrong != nil {
		return nil, wrong
	}
	return every{above, below}, nil
}

// reference compiles the name of an audience: those in it, or its static members alone.
func (c *compiler) reference(n *ast.CallNode, name string) (plan, *RuleError) {
	id, ok := text1(n)
	if !ok {
		return nil, c.wrong(n.Location(), fmt.Sprintf(`%s attend l'identifiant d'une audience, comme %[1]s("cadres")`, name), fmt.Sprintf(`%s takes the id of an audience, such as %[1]s("cadres")`, name))
	}
	at := n.Arguments[0].Location()
	if c.strict && id != c.own {
		set := c.index.audiences.Load()
		if _, known := set.byID[id]; !known {
			return nil, c.noAudience(set, id, at)
		}
	}
	r := reference{id: id, members: name == functionMember}
	c.references = append(c.references, placed{r, at})
	return r, nil
}

// fieldOfAgents finds the attribute that chains of command follow: the first of kind agent that rules may name.
func (ix *Index) fieldOfAgents() (*field, bool) {
	for _, f := range ix.fields {
		if f.kind == fil.KindAgent && !f.sensitive {
			return f, true
		}
	}
	return nil, false
}

// team compiles the agents whom a manager leads, step by step down or directly.
func (c *compiler) team(n *ast.CallNode) (plan, *RuleError) {
	one, direct := n, false
	if len(n.Arguments) == 2 {
		word, ok := n.Arguments[1].(*ast.IdentifierNode)
		direct = ok && word.Value == wordDirect
		if direct {
			one = &ast.CallNode{Callee: n.Callee, Arguments: n.Arguments[:1]}
		}
	}
	root, ok := text1(one)
	if !ok {
		return nil, c.wrong(n.Location(), `team attend l'identifiant d'un agent, comme team("a0042") ou team("a0042", direct)`, `team takes the id of an agent, such as team("a0042") or team("a0042", direct)`)
	}
	f, ok := c.index.fieldOfAgents()
	if !ok {
		return nil, c.wrong(n.Location(), "team demande qu'un attribut de type agent soit déclaré (le responsable de chacun) : il n'y en a pas", "team needs a declared attribute of kind agent (who manages each): there is none")
	}
	if direct {
		return wordsIn(f, []string{root}), nil
	}
	return newTeam(c.index, f, root), nil
}

// service compiles the agents of the unit where someone is now, and of those beneath.
func (c *compiler) service(n *ast.CallNode) (plan, *RuleError) {
	root, ok := text1(n)
	if !ok {
		return nil, c.wrong(n.Location(), `service attend l'identifiant d'un agent, comme service("a0042")`, `service takes the id of an agent, such as service("a0042")`)
	}
	return newService(c.index, root), nil
}
