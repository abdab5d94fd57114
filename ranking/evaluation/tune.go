package evaluation

import (
	"math"
	"slices"
	"time"

	"github.com/filengine/fil/ranking"
)

// tuner learns the weights of a policy from what agents chose: logistic regression of the content read against all that were
// there as well (the conditional logit of McFadden, 1974; of two contents it is the pairwise one of Bradley and Terry), by
// gradient descent with steps that shrink as a weight is settled (AdaGrad; Duchi, Hazan and Singer, 2011). Weights are kept
// from falling under zero, so that what an explanation says of a parameter stays true. A feature that never differs keeps
// its weight.
type tuner struct {
	model   *ranking.Model
	weights ranking.Weights
	squares ranking.Weights // sums of squared gradients
	held    [len(ranking.Weights{})]bool
	steps   int

	values []ranking.Values // of the candidates of one step
	scores []float64
}

// The size of the steps: weights are of the order of one.
const (
	tuningRate  = 0.15
	tuningStart = 0.01
)

// newTuner makes a tuner that begins from the weights of the model.
func newTuner(model *ranking.Model) *tuner {
	t := &tuner{model: model, weights: model.Weights()}
	for f := range t.squares {
		t.squares[f] = tuningStart
	}
	return t
}

// learned gives the weights so far, after so many steps.
func (t *tuner) learned() (weights ranking.Weights, steps int) { return t.weights, t.steps }

// hold takes features out, by their names: their weights are 0 and stay so. A name that no feature has is passed over.
func (t *tuner) hold(names []string) {
	for f, name := range ranking.FeatureNames() {
		if slices.Contains(names, name) {
			t.held[f], t.weights[f] = true, 0
		}
	}
}

// step learns from one choice among candidates, given by their numbers in the model, which must not have learned of it yet.
// It gives the values of their features, in their order, which last until the next step: another tuner may learn from them.
func (t *tuner) step(agent string, now time.Time, candidates []int32, chosen int) []ranking.Values {
	t.values = slices.Grow(t.values[:0], len(candidates))[:len(candidates)]
	t.model.Features(agent, now, candidates, func(i int, values *ranking.Values) { t.values[i] = *values })
	t.learn(t.values, chosen)
	return t.values
}

// learn learns from one choice among contents with these values.
func (t *tuner) learn(values []ranking.Values, chosen int) {
	if len(values) < 2 {
		return
	}
	t.scores = slices.Grow(t.scores[:0], len(values))[:len(values)]
	for i := range values {
		t.scores[i] = t.weights.Sum(&values[i])
	}
	t.descend(t.gradient(values, chosen))
}

// gradient is that of log P(chosen), where contents are chosen in proportion to 2^score: the values of the chosen one less
// their mean over all, so weighed.
func (t *tuner) gradient(values []ranking.Values, chosen int) (g ranking.Weights) {
	highest, total := slices.Max(t.scores), 0.0
	for i, s := range t.scores {
		share := math.Exp2(s - highest)
		if share < negligible {
			continue
		}
		total += share
		for f := range g {
			g[f] -= share * values[i][f]
		}
	}
	for f := range g {
		g[f] = values[chosen][f] + g[f]/total
	}
	return g
}

// negligible is the share beside the highest under which a content teaches nothing.
const negligible = 1e-6

func (t *tuner) descend(g ranking.Weights) {
	for f := range t.weights {
		if t.held[f] {
			continue
		}
		t.squares[f] += g[f] * g[f]
		t.weights[f] = max(0, t.weights[f]+tuningRate*g[f]/math.Sqrt(t.squares[f]))
	}
	t.steps++
}
