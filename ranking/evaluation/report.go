package evaluation

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"time"
)

// Number is a figure, null in JSON where it is not known.
type Number float64

// MarshalJSON writes at most six decimals.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(math.Round(float64(n)*1e6) / 1e6)
}

// Report is what came of a contest.
type Report struct {
	Protocol   string      `json:"protocol"` // "first-reads" or "impressions"
	Part       Part        `json:"part"`
	After      time.Time   `json:"after"` // acts are judged after this moment
	Acts       int         `json:"acts"`  // of the log, all parts
	Repeated   int         `json:"repeated"`
	Agents     int         `json:"agents"`
	Contents   int         `json:"contents"`
	FirstReads int         `json:"first_reads"`
	Judgeable  int         `json:"judgeable"` // events of the part
	Judged     int         `json:"judged"`    // all of them, or a sample
	Cold       int         `json:"cold"`      // judged apart: fewer than three reads before
	Seed       uint64      `json:"seed"`
	Shown      *Assumption `json:"counterfactual,omitempty"`
	Orders     []Figures   `json:"orders"`
}

// Gains are means over events: NDCG, hit and mean reciprocal rank at ten, with the standard errors of these means.
type Gains struct {
	NDCG   Number `json:"ndcg@10"`
	StdErr Number `json:"stderr"`
	Hit    Number `json:"hit@10"`
	HitErr Number `json:"hit@10_stderr"`
	MRR    Number `json:"mrr@10"`
	MRRErr Number `json:"mrr@10_stderr"`
}

// Figures are one order's.
type Figures struct {
	Order string `json:"order"`
	Gains
	Coverage  Number      `json:"coverage"`  // share of what was live that was among somebody's first ten
	Novelty   Number      `json:"novelty"`   // bits of self-information, mean of the first ten
	Diversity Number      `json:"diversity"` // 1 less the likeness of two contents, mean over the pairs of the first ten
	Seconds   Number      `json:"seconds"`   // learning and scoring; those of its factors too
	*Estimate             // where the log tells what was shown
	Cold      *ColdGains  `json:"cold,omitempty"`
	Groups    []Group     `json:"groups,omitempty"`
	Margin    *Difference `json:"fil_minus,omitempty"` // of `fil` over this order
}

// Assumption is what counterfactual estimates rest on: the chance that a place was looked at, the most that one click counts,
// and how many clicks of equal weight would be worth as much as those of the log.
type Assumption struct {
	Propensity string `json:"propensity"`
	Clip       Number `json:"clip"`
	Clicks     int    `json:"clicks"`
	Effective  Number `json:"effective_sample"`
}

// Estimate is what an order would have earned, had it arranged what was shown: the discounted gain of a showing, and that of a
// click.
type Estimate struct {
	IPS      Number `json:"ips"`
	IPSErr   Number `json:"ips_stderr"`
	SNIPS    Number `json:"snips"`
	SNIPSErr Number `json:"snips_stderr"`
}

// ColdGains are those of agents with fewer than three reads before.
type ColdGains struct {
	Events int `json:"events"`
	Gains
}

// smallestGroup is how many agents a group must have in the log for its figures to be given: fewer would tell of persons.
const smallestGroup = 10

// Group is what came to a group of agents, of ten at least.
type Group struct {
	Group  string `json:"group"`
	Events int    `json:"events"`
	Share  Number `json:"share"` // of the events
	NDCG   Number `json:"ndcg@10"`
	StdErr Number `json:"stderr"`
}

// Difference is the mean over events of one order's NDCG less another's, with the standard error of that mean.
type Difference struct {
	NDCG   Number `json:"ndcg@10"`
	StdErr Number `json:"stderr"`
}

type tally struct{ ndcg, hit, mrr mean }

func (t *tally) add(g gains) {
	t.ndcg.add(g.ndcg)
	t.hit.add(g.hit)
	t.mrr.add(g.mrr)
}

func (t *tally) gains() Gains {
	return Gains{Number(t.ndcg.value()), Number(t.ndcg.stderr()), Number(t.hit.value()), Number(t.hit.stderr()), Number(t.mrr.value()), Number(t.mrr.stderr())}
}

// reference is the order that others are compared with.
const reference = "fil"

func (r *replay) report(protocol string) *Report {
	agents, contents := r.log.Size()
	out := &Report{Protocol: protocol, Part: r.settings.Part, After: time.Unix(0, r.window.After).UTC(), Acts: len(r.log.acts), Repeated: r.log.repeated,
		Agents: agents, Contents: contents, FirstReads: len(r.log.first), Seed: r.settings.Seed}
	if r.weights != nil {
		out.Shown = r.assumption()
	}
	var ours []float32
	reported := make([]*entry, 0, len(r.entries))
	for _, e := range r.entries {
		if e.place > 0 {
			reported = append(reported, e)
		}
		if e.name == reference {
			ours = e.each
		}
	}
	slices.SortFunc(reported, func(a, b *entry) int { return cmp.Compare(a.place, b.place) })
	for _, e := range reported {
		f := r.figures(e)
		if ours != nil && e.name != reference {
			f.Margin = difference(ours, e.each)
		}
		out.Orders = append(out.Orders, f)
	}
	return out
}

func (r *replay) figures(e *entry) Figures {
	f := Figures{Order: e.name, Gains: e.warm.gains(), Novelty: Number(e.novelty.value()), Diversity: Number(e.diversity.value())}
	if r.weights != nil {
		f.Estimate = r.estimate(e)
	}
	covered := 0
	for _, was := range e.covered {
		if was {
			covered++
		}
	}
	f.Coverage = Number(float64(covered) / float64(r.reachable))
	spent := e.spent
	for _, factor := range e.factors {
		spent += factor.spent
	}
	f.Seconds = Number(spent.Seconds())
	if e.cold.ndcg.n > 0 {
		f.Cold = &ColdGains{int(e.cold.ndcg.n), e.cold.gains()}
	}
	for i, g := range e.groups {
		if g.n > 0 && r.log.groupSize[i] >= smallestGroup {
			f.Groups = append(f.Groups, Group{r.log.groups.list[i], int(g.n), Number(g.n / e.warm.ndcg.n), Number(g.value()), Number(g.stderr())})
		}
	}
	slices.SortStableFunc(f.Groups, func(a, b Group) int { return cmp.Compare(b.Events, a.Events) })
	return f
}

func difference(ours, theirs []float32) *Difference {
	var m mean
	for i := range ours {
		m.add(float64(ours[i]) - float64(theirs[i]))
	}
	return &Difference{Number(m.value()), Number(m.stderr())}
}
