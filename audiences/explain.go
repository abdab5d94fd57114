package audiences

import (
	"time"

	"github.com/expr-lang/expr/file"

	"github.com/filengine/fil"
)

// RulePlan is how a rule is evaluated.
type RulePlan struct {
	Size         *int     `json:"size"`         // agents it holds for; null when withheld
	Total        *int     `json:"total"`        // agents in the directory, or in the caller's perimeter; null when withheld
	Microseconds *int64   `json:"microseconds"` // that counting them took, in this process, just now; null when withheld
	Plan         PlanStep `json:"plan"`
}

// PlanStep is one part of a plan. Parts of a step are in the order of their evaluation: the cheapest first.
type PlanStep struct {
	What         fil.Bilingual `json:"what"`
	How          fil.Bilingual `json:"how"`
	Text         string        `json:"text,omitempty"`   // the words of the rule
	Line         int           `json:"line,omitempty"`   // from 1, in the rule explained; none for those of an audience that it names
	Column       int           `json:"column,omitempty"` // from 1, in characters
	Order        int           `json:"order,omitempty"`  // of evaluation, among the steps without parts
	Exact        bool          `json:"exact"`            // sets answer it; otherwise agents are asked one by one
	Agents       *int          `json:"agents"`           // for whom the step alone holds; null when not told
	Microseconds *int64        `json:"microseconds"`     // that counting them took; null when their number is, which it would tell
	Steps        []PlanStep    `json:"steps,omitempty"`
}

// Counted gives what may be told of n agents of the perimeter, who they are being found out when asked for, as by
// Index.Cohort: nil, or a figure. Nil itself tells nothing of any number.
type Counted func(n int, who func(threshold int) *Cohort) *int

// Exact tells all, to those who may see agents.
func Exact(n int, _ func(int) *Cohort) *int { return &n }

// Bounds of the steps of an explanation that are counted each by itself, and of the agents that are asked for them one by one.
const (
	maxCounted = 100
	maxAsked   = 2_000_000
)

// Explain tells the plan of a rule in its normal form, as it is evaluated, with what each part takes and, as far as counted
// tells, holds by itself. With a perimeter, agents outside it do not exist. An error is a *RuleError.
func (ix *Index) Explain(rule string, counted Counted, perimeter string) (RulePlan, error) {
	tree, set := plan(either{}), ix.audiences.Load()
	if rule != "" {
		_, parsed, wrong := ix.parse(rule)
		if wrong != nil {
			return RulePlan{}, wrong
		}
		tree = parsed
	}
	e := &explainer{index: ix, set: set, perimeter: perimeter, counted: counted, within: every{}}
	if perimeter != "" {
		e.within = set.cut(perimeter)
		tree = normal(every{tree, nested{reference{id: perimeter}, e.within}})
	}
	e.total = ix.size(e.within)
	total := e.told(e.total, e.within)
	root := e.step(tree, rule)
	return RulePlan{Size: root.Agents, Total: total, Microseconds: root.Microseconds, Plan: root}, nil
}

// explainer walks a plan.
type explainer struct {
	index     *Index
	set       *audienceSet
	perimeter string // of the caller
	within    plan   // it
	total     int    // agents in it
	asked     int    // agents one by one, for the parts
	counted   Counted
	order     int
	counts    int
}

// step explains one part. source is the rule that its clauses are of, when that is the one explained.
func (e *explainer) step(p plan, source string) PlanStep {
	s := PlanStep{Exact: exact(p)}
	s.What, s.How = e.index.describe(p)
	e.count(p, &s)
	switch p := p.(type) {
	case clause:
		s.Text = p.text
		if source != "" {
			s.Line, s.Column = lineOf(source, p.at)
		}
		if inner, ok := p.plan.(nested); ok && e.shows(inner) {
			s.Steps = e.steps([]plan{inner.plan}, "")
		}
	case nested:
		if e.shows(p) {
			s.Steps = e.steps([]plan{p.plan}, "")
		}
	case every:
		e.whole(&s, len(p), fil.Bilingual{FR: "toutes ces conditions", EN: "all of these"}, fil.Bilingual{FR: "la moins chère d'abord, chacune sur ceux qui restent", EN: "the cheapest first, each on those who are left"})
		s.Steps = e.steps(p, source)
	case either:
		e.whole(&s, len(p), fil.Bilingual{FR: "l'une de ces conditions", EN: "any of these"}, fil.Bilingual{FR: "union", EN: "union"})
		s.Steps = e.steps(p, source)
	case except:
		e.whole(&s, 1, fil.Bilingual{FR: "sauf", EN: "none but"}, fil.Bilingual{FR: "le reste", EN: "the rest"})
		s.What = fil.Bilingual{FR: "tous sauf", EN: "all but"}
		s.Steps = e.steps([]plan{p.part}, source)
	}
	if len(s.Steps) == 0 {
		e.order++
		s.Order = e.order
	}
	return s
}

// shows says whether the caller may read the rule of an audience in the plan: not one of another perimeter, nor the list of
// those whom one names.
func (e *explainer) shows(n nested) bool {
	a, known := e.set.byID[n.id]
	return known && !n.members && (e.perimeter == "" || a.definition.Perimeter == "" || a.definition.Perimeter == e.perimeter)
}

// whole words a step that is made of parts.
func (e *explainer) whole(s *PlanStep, parts int, what, how fil.Bilingual) {
	if parts > 0 {
		s.What, s.How = what, how
	}
}

func (e *explainer) steps(parts []plan, source string) []PlanStep {
	var steps []PlanStep
	for _, part := range parts {
		steps = append(steps, e.step(part, source))
	}
	return steps
}

// count counts those for whom a part alone holds.
func (e *explainer) count(p plan, s *PlanStep) {
	alone := normal(bare(every{e.within, p}))
	if e.counts++; e.counts > maxCounted {
		return
	}
	if e.counts > 1 && !exact(alone) { // the whole rule costs what a preview costs; its parts must not cost that again and again
		if e.asked += e.total; e.asked > maxAsked {
			return
		}
	}
	began := time.Now()
	n := e.index.size(alone)
	took := time.Since(began).Microseconds()
	if s.Agents = e.told(n, p); s.Agents != nil {
		s.Microseconds = &took
	}
}

func (e *explainer) told(n int, p plan) *int {
	if e.counted == nil {
		return nil
	}
	return e.counted(n, func(threshold int) *Cohort { return e.index.cohort(p, e.perimeter, threshold, e.set) })
}

// lineOf gives the line and the column of a place.
func lineOf(source string, at file.Location) (line, column int) {
	e := errorAt(source, at, "", "")
	return e.Line, e.Column
}
