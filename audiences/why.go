package audiences

import (
	"errors"

	"github.com/filengine/fil"
)

// Why says which conditions admitted an agent to an audience, or excluded them.
type Why struct {
	Agent    string      `json:"agent"`
	Audience string      `json:"audience"`
	In       bool        `json:"in"`
	Reasons  []WhyReason `json:"reasons"` // had none of them been so, the answer could be another
}

// WhyReason is one condition that was decisive.
type WhyReason struct {
	What     fil.Bilingual  `json:"what"`               // what the condition asks
	Holds    bool           `json:"holds"`              // whether it is so of the agent
	Text     string         `json:"text,omitempty"`     // the words of the rule
	Line     int            `json:"line,omitempty"`     // from 1, in the rule of the audience that is asked about
	Column   int            `json:"column,omitempty"`   // from 1, in characters
	Values   map[string]any `json:"values,omitempty"`   // of the agent: what the condition read, null when there is none
	Audience string         `json:"audience,omitempty"` // that the condition names
	Reasons  []WhyReason    `json:"reasons,omitempty"`  // why the agent is in that one, or not
}

// Errors of Why.
var (
	ErrNoAgent    = errors.New("the directory does not know the agent")
	ErrNoAudience = errors.New("there is no such audience")
)

// Why walks an audience's rule for one agent, as they are now. Errors are ErrNoAgent and ErrNoAudience.
func (ix *Index) Why(agentID, audienceID string) (Why, error) {
	set := ix.audiences.Load()
	a, ok := set.byID[audienceID]
	if !ok {
		return Why{}, ErrNoAudience
	}
	r, ok := ix.photograph(agentID)
	if !ok {
		return Why{}, ErrNoAgent
	}
	w := &witness{index: ix, set: set, row: &r}
	why := Why{Agent: agentID, Audience: audienceID, In: a.plan.holds(&r), Reasons: []WhyReason{}}
	if elsewhere, ok := a.plan.(*judged); ok { // what the rule asks is not known here
		why.Reasons = append(why.Reasons, w.reason(elsewhere, why.In, ""))
		return why, nil
	}
	if fault, wrong := set.faults[audienceID]; wrong {
		why.Reasons = append(why.Reasons, WhyReason{What: set.faultOf(audienceID, fault).Problem})
	}
	why.Reasons = append(why.Reasons, w.decisive(a.tree, a.definition.Rule)...)
	return why, nil
}

// witness tells the decisive conditions of plans for one agent.
type witness struct {
	index *Index
	set   *audienceSet
	row   *row
}

// decisive gives the conditions that made a plan hold or not: all parts of a conjunction that holds, those that fail of
// one that does not; and the reverse of a disjunction. source is the rule that clauses are of, empty when it is that of
// another audience than the one asked about.
func (w *witness) decisive(p plan, source string) []WhyReason {
	holds := p.holds(w.row)
	switch p := p.(type) {
	case every:
		return w.those(p, source, func(part bool) bool { return holds || !part })
	case either:
		return w.those(p, source, func(part bool) bool { return !holds || part })
	case except:
		return w.decisive(p.part, source)
	default:
		return []WhyReason{w.reason(p, holds, source)}
	}
}

// those gives the reasons of the parts that decided.
func (w *witness) those(parts []plan, source string, decided func(holds bool) bool) []WhyReason {
	var reasons []WhyReason
	for _, part := range parts {
		if decided(part.holds(w.row)) {
			reasons = append(reasons, w.decisive(part, source)...)
		}
	}
	return reasons
}

func (w *witness) reason(p plan, holds bool, source string) WhyReason {
	r := WhyReason{Holds: holds}
	r.What, _ = w.index.describe(p)
	inner := p
	if c, ok := p.(clause); ok {
		inner = c.plan
		if _, others := inner.(*people); !others { // its words are the ids of other people
			r.Text = c.text
		}
		if source != "" {
			r.Line, r.Column = lineOf(source, c.at)
		}
	}
	if n, ok := inner.(nested); ok {
		r.Audience = n.id
		r.Reasons = w.decisive(n.plan, "")
		return r
	}
	for _, f := range readsOf(inner) {
		if r.Values == nil {
			r.Values = map[string]any{}
		}
		r.Values[f.name] = f.decode(w.row.codes[f.at])
	}
	return r
}
