package evaluation

import (
	"github.com/filengine/fil/ranking"
)

// families are the features of one kind, taken out together: what one of them no longer tells, its neighbours mostly do.
func families() []family {
	return []family{
		{"reads", []string{"reads_now", "reads_lately", "reads_while", "reads_ever", "reads_quarter", "reads_hour", "reads_day", "endorsed", "appeal"}},
		{"ages", []string{"recency", "age", "tempo", "lull"}},
		{"tastes", []string{"topic", "source", "author", "kind", "community", "text"}},
		{"coreaders", []string{"readers", "company", "thread"}},
		{"visits", []string{"beside", "daytime", "passed", "returned", "fatigue"}},
		{"house", []string{"priority", "org", "language"}},
	}
}

type family struct {
	name     string
	features []string
}

// EnterAblation enters the order `fil`, and beside it that order without each family of features and without each feature:
// the weight of what is taken out is 0 from the first day, and the others are learned without it. One replay serves them all,
// since they differ in nothing but weights.
func (c *Contest) EnterAblation(policy ranking.Policy) {
	whole := NewFil(c.log, policy, false)
	c.Enter(reference, whole)
	enter := func(name string, features []string) {
		without := &without{tuner: newTuner(whole.model), whole: whole}
		without.tuner.hold(features)
		without.retune()
		whole.without = append(whole.without, without)
		c.Enter(reference+"−"+name, without)
	}
	for _, f := range families() {
		enter(f.name, f.features)
	}
	for _, f := range families() {
		for _, name := range f.features {
			enter(name, []string{name})
		}
	}
}

// without is the order `fil` without some features. It learns and is asked after the whole one, whose values it shares.
type without struct {
	whole   *Fil
	tuner   *tuner
	weights ranking.Weights
}

// Publish does nothing: the whole order is told.
func (*without) Publish(int32, int64) {}

// Learn does nothing: the whole order is told.
func (*without) Learn([]Act) {}

func (o *without) retune() { o.weights, _ = o.tuner.learned() }

// Scores takes from those of the whole order what the differing weights make. What the policy adds for newcomers stays.
func (o *without) Scores(_ Question, scores []float64) {
	change := o.whole.Weights()
	for f := range change {
		change[f] = o.weights[f] - change[f]
	}
	for i := range scores {
		scores[i] = o.whole.scores[i] + change.Sum(&o.whole.values[i])
	}
}
