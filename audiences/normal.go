package audiences

import (
	"strings"

	"github.com/expr-lang/expr/file"
)

// clause is an elementary condition and where the rule says it. Plans that are evaluated have none: bare takes them out.
type clause struct {
	plan plan
	at   file.Location
	text string
}

func (c clause) holds(r *row) bool { return c.plan.holds(r) }

func (c clause) narrow(q *query, b *block) { c.plan.narrow(q, b) }

func (c clause) cost() int { return c.plan.cost() }

// rebuilt makes a plan of the same kind from what becomes of its parts; a leaf stays what it is.
func rebuilt(p plan, become func(plan) plan) plan {
	switch p := p.(type) {
	case every:
		return every(all(p, become))
	case either:
		return either(all(p, become))
	case except:
		return except{become(p.part)}
	case clause:
		p.plan = become(p.plan)
		return p
	case nested:
		p.plan = become(p.plan)
		return p
	case *residue:
		if len(p.parts) == 0 {
			return p
		}
		again := *p
		again.parts = make([]hoisted, len(p.parts))
		for i, part := range p.parts {
			again.parts[i] = hoisted{part.name, become(part.plan)}
		}
		return &again
	default:
		return p
	}
}

func all(parts []plan, become func(plan) plan) []plan {
	out := make([]plan, len(parts))
	for i, part := range parts {
		out[i] = become(part)
	}
	return out
}

// partsOf lists the plans that a plan is made of; none for a leaf.
func partsOf(p plan) []plan {
	switch p := p.(type) {
	case every:
		return p
	case either:
		return p
	case except:
		return []plan{p.part}
	case clause:
		return []plan{p.plan}
	case nested:
		return []plan{p.plan}
	case *residue:
		parts := make([]plan, len(p.parts))
		for i, part := range p.parts {
			parts[i] = part.plan
		}
		return parts
	default:
		return nil
	}
}

// bare takes out what only tells where a condition comes from.
func bare(p plan) plan {
	switch p := p.(type) {
	case clause:
		return bare(p.plan)
	case nested:
		return bare(p.plan)
	default:
		return rebuilt(p, bare)
	}
}

// normal gives a plan with the same answers in its normal form: conjunctions in conjunctions and disjunctions in
// disjunctions are one, parts that say the same are said once, constant parts are gone, a negation of a disjunction is
// the conjunction of the negations (each narrows the candidates, even when another is asked agent by agent), and the
// cheapest part is first.
func normal(p plan) plan {
	switch p := p.(type) {
	case every:
		return normalEvery(p)
	case either:
		return normalEither(p)
	case except:
		switch part := normal(p.part).(type) {
		case except:
			return part.part
		case every:
			if len(part) == 0 {
				return either{}
			}
			return except{part}
		case either:
			negations := make(every, len(part))
			for i, one := range part {
				negations[i] = except{one}
			}
			return normalEvery(negations)
		default:
			return except{part}
		}
	default:
		return rebuilt(p, normal)
	}
}

func normalEvery(p every) plan {
	var parts []plan
	for _, part := range p {
		switch part := normal(part).(type) {
		case every:
			parts = append(parts, part...)
		case either:
			if len(part) == 0 {
				return either{}
			}
			parts = append(parts, part)
		default:
			parts = append(parts, part)
		}
	}
	if parts = once(parts); len(parts) == 1 {
		return parts[0]
	}
	return every(cheapestFirst(parts))
}

func normalEither(p either) plan {
	var parts []plan
	for _, part := range p {
		switch part := normal(part).(type) {
		case either:
			parts = append(parts, part...)
		case every:
			if len(part) == 0 {
				return every{}
			}
			parts = append(parts, part)
		default:
			parts = append(parts, part)
		}
	}
	if parts = once(parts); len(parts) == 1 {
		return parts[0]
	}
	return either(cheapestFirst(parts))
}

// once drops the parts that repeat another, word for word.
func once(parts []plan) []plan {
	met, kept := map[string]bool{}, parts[:0:0]
	for _, part := range parts {
		words, told := spoken(part)
		if told && met[words] {
			continue
		}
		met[words] = told
		kept = append(kept, part)
	}
	return kept
}

// spoken gives a plan in the words of the rule; false when a part of it has none.
func spoken(p plan) (string, bool) {
	join := func(operator string, parts []plan) (string, bool) {
		texts := make([]string, len(parts))
		for i, part := range parts {
			text, told := spoken(part)
			if !told {
				return "", false
			}
			texts[i] = text
		}
		return operator + "(" + strings.Join(texts, "\x00") + ")", true
	}
	switch p := p.(type) {
	case every:
		return join("every", p)
	case either:
		return join("either", p)
	case except:
		return join("except", []plan{p.part})
	case clause:
		return "clause(" + p.text + ")", p.text != ""
	case nested:
		if p.members {
			return "member(" + p.id + ")", true
		}
		return "audience(" + p.id + ")", true
	default:
		return "", false
	}
}
