package audiences

import (
	"fmt"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/filengine/fil"
)

// relative compiles a date relative to today: within(hired, "30 days"), ahead(contract_end, "2 mois"),
// older(hired, "10 years").
func (c *compiler) relative(n *ast.CallNode, name string) (plan, *RuleError) {
	if len(n.Arguments) != 2 {
		return nil, c.wrong(n.Location(), fmt.Sprintf(`%s attend une date et une durée, comme %[1]s(hired, "30 jours")`, name), fmt.Sprintf(`%s takes a date and a time span, such as %[1]s(hired, "30 days")`, name))
	}
	f, wrong := c.named(n.Arguments[0])
	if wrong != nil {
		return nil, wrong
	}
	if f == nil || f.kind != fil.KindDate {
		return nil, c.wrong(n.Arguments[0].Location(), fmt.Sprintf("« %s » n'est pas une date : « %s » n'applique de durée qu'aux dates", n.Arguments[0], name), fmt.Sprintf("%s is not a date: %q applies a time span to dates only", n.Arguments[0], name))
	}
	text, _ := n.Arguments[1].(*ast.StringNode)
	length, ok := parseSpan(valueOf(text))
	if !ok {
		return nil, c.wrong(n.Arguments[1].Location(), spanFR, spanEN)
	}
	if length.unit == inHours {
		return nil, c.wrong(n.Arguments[1].Location(), "une date n'a pas d'heure : comptez en jours, semaines, mois ou ans", "a date has no hour: count in days, weeks, months or years")
	}
	return relative{f, length, name}, nil
}

// relative holds for agents whose date is in a range that moves with the day: the last days, today included (within);
// those to come, today included (ahead); or before the last days (older).
type relative struct {
	field *field
	span  span
	way   string
}

// at gives the range of one moment.
func (p relative) at(now time.Time) between {
	day := today(now)
	switch p.way {
	case functionAhead:
		return between{p.field, keyOfDay(day), keyOfDay(p.span.after(day))}
	case functionOlder:
		return between{p.field, lowestKey, keyOfDay(p.span.before(day)) - 1}
	default:
		return between{p.field, keyOfDay(p.span.before(day)), keyOfDay(day)}
	}
}

func (p relative) holds(r *row) bool { return p.at(r.now).holds(r) }

func (p relative) narrow(q *query, b *block) { p.at(q.now).narrow(q, b) }

func (p relative) cost() int { return costSlice }

func (p relative) volatile() {}
