package census_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil/cmd/fil/census"
)

// clause is a condition in the four forms that are compared: of the rule language, of ClickHouse's, of a function on one
// agent, and of the sets that it can be computed from.
type clause struct {
	rule, sql string
	holds     func(*census.Agent) bool
	key       func(*census.Agent) int // of a range: the number that is compared; 0 for none
	least     int                     // of a range, bounds included
	most      int
	each      func(*census.Agent) string // of a condition on words: the word; each that occurs has a set of its own
	op        operator
	parts     []*clause
}

type operator int

const (
	leaf  operator = iota // those who have one value: one set
	words                 // those whose word satisfies a test: the union of many sets
	span                  // those whose number is in a range: a set for each of its bits
	every
	either
	except
)

// attribute finds a text of an agent by its name in rules.
func attribute(name string) func(*census.Agent) string {
	return map[string]func(*census.Agent) string{
		"branch":       func(a *census.Agent) string { return a.Branch },
		"category":     func(a *census.Agent) string { return a.Category },
		"corps":        func(a *census.Agent) string { return a.Corps },
		"grade":        func(a *census.Agent) string { return a.Grade },
		"status":       func(a *census.Agent) string { return a.Status },
		"region":       func(a *census.Agent) string { return a.Region },
		"departement":  func(a *census.Agent) string { return a.Departement },
		"employer":     func(a *census.Agent) string { return a.Employer },
		"email_domain": func(a *census.Agent) string { return a.EmailDomain },
		"job":          func(a *census.Agent) string { return a.Job },
		"site":         func(a *census.Agent) string { return a.Site },
	}[name]
}

func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `\'`) + "'" }

// is holds for agents who have a word.
func is(name, word string) *clause {
	of := attribute(name)
	return &clause{rule: fmt.Sprintf("%s == %q", name, word), sql: name + " = " + quoted(word), holds: func(a *census.Agent) bool { return of(a) == word }}
}

// oneOf holds for agents who have one of some words: one clause, and a set for each word.
func oneOf(name string, several ...string) *clause {
	var parts []*clause
	var rule, sql []string
	for _, word := range several {
		parts, rule, sql = append(parts, is(name, word)), append(rule, fmt.Sprintf("%q", word)), append(sql, quoted(word))
	}
	c := anyOf(parts...)
	c.rule, c.sql = name+" in ["+strings.Join(rule, ", ")+"]", name+" IN ("+strings.Join(sql, ", ")+")"
	return c
}

// matching holds for agents who have a word that begins or ends with a text, or has it within.
func matching(name, how, text string) *clause {
	of := attribute(name)
	test := map[string]func(string, string) bool{"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix}[how]
	function := map[string]string{"contains": "position(%s, %s) > 0", "startsWith": "startsWith(%s, %s)", "endsWith": "endsWith(%s, %s)"}[how]
	return &clause{
		op: words, each: of, rule: fmt.Sprintf("%s %s %q", name, how, text), sql: fmt.Sprintf(function, name, quoted(text)),
		holds: func(a *census.Agent) bool { return of(a) != "" && test(of(a), text) },
	}
}

// under holds for agents of a unit and of those beneath it.
func under(unit string) *clause {
	return &clause{
		rule: fmt.Sprintf("inOrg(%q)", unit), sql: fmt.Sprintf("(org = %s OR startsWith(org, %s))", quoted(unit), quoted(unit+"/")),
		holds: func(a *census.Agent) bool {
			return strings.HasPrefix(a.Org, unit) && (len(a.Org) == len(unit) || a.Org[len(unit)] == '/')
		},
	}
}

func yes(name string) *clause {
	of := map[string]func(*census.Agent) bool{"manager": func(a *census.Agent) bool { return a.Manager }, "opted_out": func(a *census.Agent) bool { return a.OptedOut }}[name]
	return &clause{rule: name, sql: name, holds: of}
}

func has(name, word string) *clause {
	of := map[string]func(*census.Agent) []string{"skills": func(a *census.Agent) []string { return a.Skills }, "languages": func(a *census.Agent) []string { return a.Languages }}[name]
	return &clause{rule: fmt.Sprintf("%q in %s", word, name), sql: fmt.Sprintf("has(%s, %s)", name, quoted(word)), holds: func(a *census.Agent) bool { return slices.Contains(of(a), word) }}
}

// Numbers and dates are compared as numbers over 0, which is what an agent has who has none; span says so of both ends.
func ranged(key func(*census.Agent) int, least, most int, rule, sql string) *clause {
	return &clause{op: span, key: key, least: least, most: most, rule: rule, sql: sql, holds: func(a *census.Agent) bool {
		n := key(a)
		return n != 0 && least <= n && n <= most
	}}
}

func number(name string) func(*census.Agent) int {
	return map[string]func(*census.Agent) int{
		"telework_days": func(a *census.Agent) int { return 1 + a.TeleworkDays },
		"working_time":  func(a *census.Agent) int { return 1 + a.WorkingTime },
		"birth_decade":  func(a *census.Agent) int { return 1 + a.BirthDecade },
	}[name]
}

const unbounded = 1 << 20

func atLeast(name string, n int) *clause {
	return ranged(number(name), 1+n, unbounded, fmt.Sprintf("%s >= %d", name, n), fmt.Sprintf("%s >= %d", name, n))
}

func atMost(name string, n int) *clause {
	return ranged(number(name), 1, 1+n, fmt.Sprintf("%s <= %d", name, n), fmt.Sprintf("%s <= %d", name, n))
}

func day(text string) int {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0
	}
	return int(at.Unix() / 86400)
}

func date(name string) func(*census.Agent) int {
	if name == "hired" {
		return func(a *census.Agent) int { return day(a.Hired) }
	}
	return func(a *census.Agent) int { return day(a.ContractEnd) }
}

// noDate is what ClickHouse's table has where an agent has no date.
const noDate = "'1970-01-01'"

func since(name, first string) *clause {
	return ranged(date(name), day(first), unbounded, fmt.Sprintf("%s >= %q", name, first), fmt.Sprintf("%s >= '%s'", name, first))
}

func before(name, end string) *clause {
	return ranged(date(name), 1, day(end)-1, fmt.Sprintf("%s < %q", name, end), fmt.Sprintf("(%s < '%s' AND %s > %s)", name, end, name, noDate))
}

func joined(op operator, between string, parts []*clause) *clause {
	var rules, queries []string
	for _, p := range parts {
		rules, queries = append(rules, "("+p.rule+")"), append(queries, "("+p.sql+")")
	}
	return &clause{op: op, parts: parts, rule: strings.Join(rules, " "+between+" "), sql: strings.Join(queries, " "+strings.ToUpper(between)+" ")}
}

func allOf(parts ...*clause) *clause {
	c := joined(every, "and", parts)
	c.holds = func(a *census.Agent) bool {
		return !slices.ContainsFunc(parts, func(p *clause) bool { return !p.holds(a) })
	}
	return c
}

func anyOf(parts ...*clause) *clause {
	c := joined(either, "or", parts)
	c.holds = func(a *census.Agent) bool {
		return slices.ContainsFunc(parts, func(p *clause) bool { return p.holds(a) })
	}
	return c
}

func not(part *clause) *clause {
	return &clause{op: except, parts: []*clause{part}, rule: "not (" + part.rule + ")", sql: "NOT (" + part.sql + ")", holds: func(a *census.Agent) bool { return !part.holds(a) }}
}

// clauses counts the conditions of a rule; one with a list of words is one.
func (c *clause) clauses() int {
	if len(c.parts) == 0 || strings.Contains(c.rule, " in [") && c.op == either && !strings.HasPrefix(c.rule, "(") {
		return 1
	}
	n := 0
	for _, p := range c.parts {
		n += p.clauses()
	}
	return n
}
