// Package clauses turns rules into clauses that are made by choice, and clauses into rules: the two ways to write an audience.
//
// It hides the syntax tree. It guarantees that a rule and the rule of its clauses hold for the same agents, and that clauses in
// their normal form come back equal from the rule that they give. What a rule may say and no choice can is an expression
// among the clauses, kept as it was typed, with the reason.
package clauses

import (
	"slices"
	"strconv"
	"strings"

	"github.com/filengine/fil"
)

// Clause is one of: all, any or none of others; everyone; a condition on an attribute; on what agents did; on audiences and
// people; or an expression.
type Clause struct {
	All  []Clause `json:"all,omitempty"`
	Any  []Clause `json:"any,omitempty"`
	None []Clause `json:"none,omitempty"` // not any of them

	Everyone *bool `json:"everyone,omitempty"` // false: nobody

	Attribute string `json:"attribute,omitempty"` // declared, or id, org, site, language
	Operator  string `json:"operator,omitempty"`  // see Operators; of last: within, older
	Values    []any  `json:"values,omitempty"`    // texts, numbers or booleans; a span such as "30 days" for within, ahead, older

	Did      []string `json:"did,omitempty"`  // acts, any of which will do
	Last     []string `json:"last,omitempty"` // likewise: when it was last done
	Topics   []string `json:"topics,omitempty"`
	Sources  []string `json:"sources,omitempty"`
	Contents []string `json:"contents,omitempty"`
	AtLeast  int      `json:"at_least,omitempty"` // times; 0 and 1 are the same
	Span     string   `json:"span,omitempty"`     // such as "30 days"; of did, empty: as far back as acts are kept

	Audience string `json:"audience,omitempty"` // those in it
	Member   string `json:"member,omitempty"`   // those whom this audience names one by one
	Team     string `json:"team,omitempty"`     // id of an agent
	Direct   bool   `json:"direct,omitempty"`   // of the team: one level only
	Service  string `json:"service,omitempty"`  // id of an agent

	Expression string         `json:"expression,omitempty"` // what no choice can say
	Reason     *fil.Bilingual `json:"reason,omitempty"`     // why
}

// opposites are the operators that deny one another.
var opposites = map[string]string{
	"is": "is_not", "is_not": "is", "in": "not_in", "not_in": "in", "has": "has_not", "has_not": "has",
	"has_any": "has_none", "has_none": "has_any", "empty": "filled", "filled": "empty",
}

// Not gives the clause that holds for all others.
func (c Clause) Not() Clause {
	switch {
	case c.Everyone != nil:
		return everyone(!*c.Everyone)
	case len(c.None) == 1:
		return c.None[0]
	case len(c.None) > 1:
		return Clause{Any: c.None}
	case len(c.Any) > 0:
		return Clause{None: c.Any}
	case c.Attribute != "" && opposites[c.Operator] != "":
		c.Operator = opposites[c.Operator]
		return c
	}
	return Clause{None: []Clause{c}}
}

func everyone(is bool) Clause { return Clause{Everyone: &is} }

// Normal gives clauses that say the same in one way: no group in a group of its kind, none of one, each with its usual operator.
func (c Clause) Normal() Clause {
	switch {
	case c.All != nil:
		return group(c.All, true)
	case c.Any != nil:
		return group(c.Any, false)
	case c.None != nil:
		return group(c.None, false).Not()
	}
	if c.AtLeast == 1 {
		c.AtLeast = 0
	}
	return c
}

// group flattens the clauses of all, or of any.
func group(of []Clause, all bool) Clause {
	var flat []Clause
	for _, one := range of {
		one = one.Normal()
		switch {
		case all && one.All != nil:
			flat = append(flat, one.All...)
		case !all && one.Any != nil:
			flat = append(flat, one.Any...)
		default:
			flat = append(flat, one)
		}
	}
	switch {
	case len(flat) == 0:
		return everyone(all)
	case len(flat) == 1:
		return flat[0]
	case all:
		return Clause{All: flat}
	}
	return Clause{Any: flat}
}

// ByChoice says whether no part is an expression.
func (c Clause) ByChoice() bool {
	if c.Expression != "" {
		return false
	}
	for _, part := range slices.Concat(c.All, c.Any, c.None) {
		if !part.ByChoice() {
			return false
		}
	}
	return true
}

// Rule writes the clause, in its normal form, as a rule. What is not well formed gives a rule that does not compile.
func (c Clause) Rule() string { return c.Normal().write(false) }

// write writes a normal clause, within brackets if it stands among others.
func (c Clause) write(among bool) string {
	var text string
	switch {
	case c.All != nil:
		text = joined(c.All, " and ")
	case c.Any != nil:
		text = joined(c.Any, " or ")
	case c.None != nil:
		return "not (" + joined(c.None, " or ") + ")"
	case c.Expression != "":
		text = c.Expression
	default:
		return c.leaf()
	}
	if among {
		return "(" + text + ")"
	}
	return text
}

func joined(of []Clause, by string) string {
	parts := make([]string, len(of))
	for i, one := range of {
		parts[i] = one.write(len(of) > 1)
	}
	return strings.Join(parts, by)
}

func (c Clause) leaf() string {
	switch {
	case c.Everyone != nil:
		return strconv.FormatBool(*c.Everyone)
	case c.Did != nil:
		return "did(" + strings.Join(c.acts(c.Did), ", ") + ")"
	case c.Last != nil:
		form := " within "
		if c.Operator == "older" {
			form = " older than "
		}
		span := c.Span
		c.Span, c.AtLeast = "", 0
		return "last(" + strings.Join(c.acts(c.Last), ", ") + ")" + form + spanned(span)
	case c.Audience != "":
		return "audience(" + strconv.Quote(c.Audience) + ")"
	case c.Member != "":
		return "member(" + strconv.Quote(c.Member) + ")"
	case c.Team != "" && c.Direct:
		return "team(" + strconv.Quote(c.Team) + ", direct)"
	case c.Team != "":
		return "team(" + strconv.Quote(c.Team) + ")"
	case c.Service != "":
		return "service(" + strconv.Quote(c.Service) + ")"
	}
	return c.condition()
}

// acts writes the arguments of did and last.
func (c Clause) acts(of []string) []string {
	arguments := []string{texts(of)}
	for _, about := range []struct {
		name string
		of   []string
	}{{"topic", c.Topics}, {"source", c.Sources}, {"content", c.Contents}} {
		switch len(about.of) {
		case 0:
		case 1:
			arguments = append(arguments, about.name+" == "+strconv.Quote(about.of[0]))
		default:
			arguments = append(arguments, about.name+" in "+texts(about.of))
		}
	}
	if c.AtLeast > 1 {
		arguments = append(arguments, "at least "+strconv.Itoa(c.AtLeast))
	}
	if c.Span != "" {
		arguments = append(arguments, "within "+spanned(c.Span))
	}
	return arguments
}

// texts writes a text, or a list of several.
func texts(of []string) string {
	quoted := make([]string, len(of))
	for i, one := range of {
		quoted[i] = strconv.Quote(one)
	}
	if len(of) == 1 {
		return quoted[0]
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// spanned writes a span as it is said. Whatever is not a number and a word stays a text, which the rule's reader judges.
func spanned(span string) string {
	if words := strings.Fields(span); len(words) == 2 {
		if _, err := strconv.Atoi(words[0]); err == nil && !strings.ContainsAny(words[1], `"'()[],#`) {
			return words[0] + " " + words[1]
		}
	}
	return strconv.Quote(span)
}

// operators are how conditions on an attribute are written: %a is the attribute, %v the first value, %w the second, %l all.
var operators = map[string]string{
	"is": "%a == %v", "is_not": "%a != %v", "in": "%a in %l", "not_in": "%a not in %l", "empty": "%a == nil", "filled": "%a != nil",
	"less": "%a < %v", "at_most": "%a <= %v", "more": "%a > %v", "at_least": "%a >= %v", "between": "%a between %v and %w",
	"within": "%a within %s", "ahead": "%a within next %s", "older": "%a older than %s",
	"starts_with": "%a startsWith %v", "ends_with": "%a endsWith %v", "contains": "%a contains %v", "matches": "%a matches %v", "under": "inOrg(%v)",
	"has": "%v in %a", "has_not": "%v not in %a", "has_any": "any(%a, # in %l)", "has_none": "none(%a, # in %l)", "has_only": "all(%a, # in %l)",
}

func (c Clause) condition() string {
	values := make([]string, 2)
	all := make([]string, len(c.Values))
	for i, v := range c.Values {
		all[i] = valued(v)
	}
	copy(values, all)
	span := ""
	if len(c.Values) > 0 {
		if text, ok := c.Values[0].(string); ok {
			span = spanned(text)
		}
	}
	return strings.NewReplacer("%a", c.Attribute, "%v", values[0], "%w", values[1], "%s", span, "%l", "["+strings.Join(all, ", ")+"]").Replace(operators[c.Operator])
}

func valued(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return "nil"
}
