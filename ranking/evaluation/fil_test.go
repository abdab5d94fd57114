package evaluation_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/evaluation"
)

// kept writes down the scores that an order gave.
type kept struct {
	evaluation.Order
	scores [][]float64
	until  int64
}

func (k *kept) Scores(q evaluation.Question, scores []float64) {
	k.Order.Scores(q, scores)
	if q.At < k.until {
		k.scores = append(k.scores, slices.Clone(scores))
	}
}

// Whatever comes later, the scores up to a moment are the same: weights are learned from the past alone.
func TestFil_SeesNoFuture(t *testing.T) {
	rows := madeUp(rand.New(rand.NewPCG(71, 72)), 3000, 30, 60)
	half := len(rows) / 2
	other := slices.Concat(rows[:half], madeUp(rand.New(rand.NewPCG(73, 74)), 3000, 40, 80)[half:])
	var scores [2][][]float64
	for i, some := range [][]evaluation.Row{rows, other} {
		log := logOf(t, some...)
		order := &kept{Order: evaluation.NewFil(log, ranking.DefaultPolicy(), false), until: rows[half].Time.UnixNano()}
		contest := evaluation.NewContest(log, whole())
		contest.Enter("fil", order)
		if _, err := contest.Judge(t.Context()); err != nil {
			t.Fatal(err)
		}
		scores[i] = order.scores
	}
	if len(scores[0]) < 100 {
		t.Fatalf("only %d questions came before the logs part", len(scores[0]))
	}
	if diff := cmp.Diff(scores[0], scores[1]); diff != "" {
		t.Errorf("another future gives other scores: %s", diff)
	}
}

func TestFil_LearnsWhatTheLogIsLike(t *testing.T) {
	// Two circles of agents, each of whom reads, in no order of time, what the circle reads.
	random := rand.New(rand.NewPCG(75, 76))
	var rows []evaluation.Row
	for i := range 6000 {
		circle := random.IntN(2)
		agent, content := circle*20+random.IntN(20), circle*200+random.IntN(200)
		rows = append(rows, did("a"+string(rune('A'+agent)), "c"+string(rune(0x4e00+content)), float64(i*3)))
	}
	log := logOf(t, rows...)
	live, frozen := evaluation.NewFil(log, ranking.DefaultPolicy(), false), evaluation.NewFil(log, ranking.DefaultPolicy(), true)
	contest := evaluation.NewContest(log, whole())
	contest.Enter("fil", live)
	contest.Enter("fil-untuned", frozen)
	if err := contest.EnterBuiltIn("newest", "popularity"); err != nil {
		t.Fatal(err)
	}
	report, err := contest.Judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ndcg := map[string]float64{}
	for _, figures := range report.Orders {
		ndcg[figures.Order] = float64(figures.NDCG)
	}
	if ndcg["fil"] < 1.2*ndcg["newest"] || ndcg["fil"] < 1.2*ndcg["popularity"] {
		t.Errorf("fil does not find the circles: %v", ndcg)
	}
	if frozen.Weights() != ranking.DefaultPolicy().Weights || live.Weights() == frozen.Weights() {
		t.Error("frozen weights moved, or the others did not")
	}
}

// Whoever acts first on a content is its author, for those who learn weights from a whole log too.
func TestTune_LearnsOfAuthors(t *testing.T) {
	log := logOf(t, madeUp(rand.New(rand.NewPCG(77, 78)), 3000, 30, 60)...)
	policy := ranking.DefaultPolicy()
	weights, steps, err := evaluation.Tune(t.Context(), log, policy)
	before, _ := policy.Weights.Of("author")
	if after, _ := weights.Of("author"); err != nil || steps == 0 || after == before {
		t.Errorf("after %d steps, the weight of the author is still %v, %v", steps, after, err)
	}
}
