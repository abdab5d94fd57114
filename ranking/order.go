package ranking

import (
	"fmt"
	"slices"
	"strings"

	"github.com/filengine/fil"
)

// Rule is a rule that comes after the scores.
type Rule string

// The rules, in the order of the default policy. The first three say in which group a content stands, the next two move
// contents within the groups that unseen makes, the last moves what all have placed.
const (
	RuleMandatory Rule = "mandatory" // mandatory contents not acknowledged first
	RulePinned    Rule = "pinned"    // pinned contents
	RuleUnseen    Rule = "unseen"    // what was not seen before what was
	RuleCaps      Rule = "caps"      // so many of a source and of a topic
	RuleDiscovery Rule = "discovery" // places reserved for discovery; before the caps, what is drawn is not held to them

	RuleCommunities Rule = "communities" // one content at least of each community followed among the first ones
)

// Rules lists the rules in the order of the default policy.
func Rules() []Rule {
	return []Rule{RuleMandatory, RulePinned, RuleUnseen, RuleCaps, RuleDiscovery, RuleCommunities}
}

// before says whether one rule comes before another.
func (p *Policy) before(one, other Rule) bool {
	return slices.Index(p.Rules.Order, one) < slices.Index(p.Rules.Order, other)
}

// checkOrder wants each rule once, with unseen third: what it makes groups of is what the two before it have left, and the
// two after it move, and a rule is switched off by its own key, not by leaving it out. Communities are last; a policy
// made before there was that rule leaves it out, and is without it.
func checkOrder(order []Rule, faults *fil.Faults) {
	names := make([]string, 0, len(Rules()))
	for _, rule := range Rules() {
		names = append(names, string(rule))
		if !slices.Contains(order, rule) && rule != RuleCommunities {
			faults.Add("rules.order", fmt.Sprintf("doit nommer aussi « %s » ; une règle s'éteint par sa propre clé", rule), fmt.Sprintf("must name %q too; a rule is switched off by its own key", rule))
		}
	}
	for i, rule := range order {
		switch {
		case !slices.Contains(Rules(), rule):
			faults.Add("rules.order", fmt.Sprintf("ne connaît pas « %s » : les règles sont %s", rule, strings.Join(names, ", ")), fmt.Sprintf("knows no %q: the rules are %s", rule, strings.Join(names, ", ")))
		case slices.Contains(order[:i], rule):
			faults.Add("rules.order", fmt.Sprintf("nomme « %s » deux fois", rule), fmt.Sprintf("names %q twice", rule))
		}
	}
	if at := slices.Index(order, RuleCommunities); at >= 0 && at != len(order)-1 {
		faults.Add("rules.order", "doit avoir communities à la fin : cette règle déplace ce que les autres ont placé", "must have communities last: that rule moves what the others have placed")
	}
	if at := slices.Index(order, RuleUnseen); at >= 0 && at != 2 {
		faults.Add("rules.order", "doit avoir mandatory et pinned avant unseen, caps et discovery après", "must have mandatory and pinned before unseen, caps and discovery after it")
	}
}
