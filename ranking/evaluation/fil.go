package evaluation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

// Fil is the order of package ranking, by the code that ranks feeds: the score, without the rules that come after it. It
// begins with the weights of a policy and, unless they are frozen, learns its own as `fil policy tune` does, from what came
// before: those learned up to a day are those of the next day. It stands for an installation that is tuned each night.
//
// A file of acts tells little of contents. Whoever acts first on one is taken for its author there.
type Fil struct {
	log    *Log
	model  *ranking.Model
	tuner  *tuner // nil: weights are frozen
	past   *past
	number []int32 // by content: its number in the model
	author []bool  // by content: whether it has one
	day    int64
	every  int // of how many first reads one is learned from
	turn   int

	wanted, chosen []int32

	without []*without       // orders that share its model, for an ablation
	values  []ranking.Values // of the candidates of the last question, kept for them
	scores  []float64
}

// A day of the log, and how much of a log the weights are learned from: steps, and candidates in each.
const (
	dayLong         = int64(24 * time.Hour)
	tunedSteps      = 12000
	tunedCandidates = 1000
)

// NewFil makes the order for a log.
func NewFil(log *Log, policy ranking.Policy, frozen bool) *Fil {
	_, contents := log.Size()
	groups := map[string]string{}
	for agent, group := range log.groupOf {
		if group >= 0 {
			groups[log.agents.list[agent]] = log.groups.list[group]
		}
	}
	orgOf := func(agent string) string { return groups[agent] }
	f := &Fil{
		log: log, model: ranking.NewModel(policy, learning.NewMemory(orgOf), orgOf), past: newPast(log),
		number: make([]int32, contents), author: make([]bool, contents), every: 1 + len(log.first)/tunedSteps,
	}
	if !frozen {
		f.tuner = newTuner(f.model)
	}
	return f
}

// Publish tells of a content.
func (f *Fil) Publish(content int32, at int64) {
	if !f.author[content] { // else its first act, learned already, has told of it
		f.number[content] = f.model.Publish(f.content(content, at, ""))
	}
	f.past.live = append(f.past.live, content)
}

func (f *Fil) content(content int32, at int64, author string) fil.Content {
	c := f.log.Content(content)
	c.PublishedAt = time.Unix(0, at).UTC()
	if f.log.whole(content) == nil {
		c.Author = author
	}
	return c
}

// Learn tells what agents did. Acts of one time are learned one after the other, and none of them is ranked.
func (f *Fil) Learn(acts []Act) {
	for i, act := range acts {
		if day := act.At / dayLong; day != f.day && f.tuner != nil {
			f.day = day
			weights, _ := f.tuner.learned()
			f.model.SetWeights(weights)
			for _, o := range f.without {
				o.retune()
			}
		}
		if act.First && f.tuner != nil {
			if f.turn++; f.turn%f.every == 0 {
				f.tune(act)
			}
		}
		if !f.author[act.Content] {
			f.author[act.Content] = true
			f.number[act.Content] = f.model.Publish(f.content(act.Content, f.log.clock[act.Content], f.log.Agent(act.Agent)))
		}
		f.model.Observe(f.log.Engagement(act))
		f.past.learn(acts[i : i+1])
	}
}

// tune learns the weights from one first read: the content among those that were live and not read.
func (f *Fil) tune(act Act) {
	var own int
	f.wanted, own = f.past.candidates(act.Agent, act.Content, f.wanted)
	if own < 0 || len(f.past.reads[act.Agent]) == 0 {
		return
	}
	if n := len(f.wanted); n > tunedCandidates { // the latest, and some of the others, the same for the same log
		f.wanted[n-1], f.wanted[own] = f.wanted[own], f.wanted[n-1]
		keep := f.wanted[n-tunedCandidates/2:]
		for k := range tunedCandidates / 2 {
			keep = append(keep[:len(keep):len(keep)], f.wanted[mix(uint64(f.turn)<<20+uint64(k))%uint64(n-tunedCandidates/2)])
		}
		own = slices.Index(keep, act.Content)
		f.wanted = keep
	}
	f.chosen = f.chosen[:0]
	for _, content := range f.wanted {
		f.chosen = append(f.chosen, f.number[content])
	}
	values := f.tuner.step(f.log.Agent(act.Agent), time.Unix(0, act.At).UTC(), f.chosen, own)
	for _, o := range f.without {
		o.tuner.learn(values, own)
	}
}

// Scores ranks the candidates.
func (f *Fil) Scores(q Question, scores []float64) {
	f.chosen = f.chosen[:0]
	for _, content := range q.Candidates {
		f.chosen = append(f.chosen, f.number[content])
	}
	agent, now := f.log.Agent(q.Agent), time.Unix(0, q.At).UTC()
	f.model.Scores(agent, now, f.chosen, scores)
	if f.without != nil {
		f.scores = append(f.scores[:0], scores...)
		f.values = f.values[:0]
		f.model.Features(agent, now, f.chosen, func(_ int, values *ranking.Values) { f.values = append(f.values, *values) })
	}
}

// Weights are those in force now.
func (f *Fil) Weights() ranking.Weights { return f.model.Weights() }

// Tune learns weights, starting from a policy's, from all that comes before the test part of a log, which it never looks at.
// It gives them with the number of reads that they were learned from; 0 when there were none. The error is the context's.
func Tune(ctx context.Context, log *Log, policy ranking.Policy) (weights ranking.Weights, steps int, err error) {
	f, end := NewFil(log, policy, false), log.Window(Test).After
	for from, to := range log.moments() {
		if log.acts[from].At > end {
			break
		}
		if err := ctx.Err(); err != nil {
			return weights, 0, fmt.Errorf("tune: %w", err)
		}
		for len(f.past.live) < len(log.byClock) && log.clock[log.byClock[len(f.past.live)]] < log.acts[from].At {
			content := log.byClock[len(f.past.live)]
			f.Publish(content, log.clock[content])
		}
		f.Learn(log.acts[from:to])
	}
	weights, steps = f.tuner.learned()
	return weights, steps, nil
}
