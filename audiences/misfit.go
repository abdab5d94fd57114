package audiences

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/filengine/fil"
)

// denied refuses what reads as the contrary of a comparison and is a comparison of the contrary: "not" binds tighter than
// operators, so that not grade in ["A"] would ask whether (not grade) is in the list.
func (c *compiler) denied(n *ast.BinaryNode) *RuleError {
	not, ok := n.Left.(*ast.UnaryNode)
	if !ok || not.Operator != "not" && not.Operator != "!" {
		return nil
	}
	f, wrong := c.named(not.Node)
	if wrong != nil || f == nil || f.kind == fil.KindBoolean {
		return wrong
	}
	ways := []string{fmt.Sprintf("not (%s %s …)", f.name, n.Operator)}
	if n.Operator == "in" {
		ways = append(ways, f.name+" not in […]")
	}
	at := not.Location()
	return c.wrong(at,
		fmt.Sprintf("« %s » ne porte ici que sur « %s », qui est %s : écrivez « %s »", not.Operator, f.name, kindFR(f.kind), strings.Join(ways, " » ou « ")),
		fmt.Sprintf("%q is here about %s alone, which is a %s: write %s", not.Operator, f.name, f.kind, strings.Join(ways, " or ")))
}

var mismatched = regexp.MustCompile(`^invalid operation: (\S+) \(mismatched types? (\S+)(?: and (\S+))?\)$`)

// misfit says in two languages what the checker of types says in one.
func (c *compiler) misfit(at file.Location, message string) *RuleError {
	found := mismatched.FindStringSubmatch(message)
	if found == nil {
		return c.wrong(at, "les types ne s'accordent pas ici ("+message+")", "types do not fit here ("+message+")")
	}
	left, right := typeWords(found[2]), typeWords(found[3])
	if found[3] == "" {
		return c.wrong(at, fmt.Sprintf("« %s » ne s'applique pas à %s", found[1], left.FR), fmt.Sprintf("%q does not apply to %s", found[1], left.EN))
	}
	return c.wrong(at, fmt.Sprintf("« %s » ne s'applique pas entre %s et %s", found[1], left.FR, right.FR), fmt.Sprintf("%q does not apply between %s and %s", found[1], left.EN, right.EN))
}

// typeWords says what people call a type of the language of rules.
func typeWords(name string) fil.Bilingual {
	switch {
	case name == "string":
		return fil.Bilingual{FR: "un texte", EN: "a text"}
	case name == "bool":
		return fil.Bilingual{FR: "une condition", EN: "a condition"}
	case strings.HasPrefix(name, "int"), strings.HasPrefix(name, "float"):
		return fil.Bilingual{FR: "un nombre", EN: "a number"}
	case strings.HasPrefix(name, "["):
		return fil.Bilingual{FR: "une liste", EN: "a list"}
	case name == "time.Time":
		return fil.Bilingual{FR: "une date", EN: "a date"}
	}
	return fil.Bilingual{FR: "une valeur d'une autre sorte", EN: "a value of another kind"}
}
