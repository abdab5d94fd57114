package evaluation_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/filengine/fil/ranking/evaluation"
)

func TestGains(t *testing.T) {
	t.Parallel()
	rising := make([]float64, 12)
	for i := range rising {
		rising[i] = float64(i)
	}
	for _, c := range []struct {
		name            string
		scores          []float64
		own             []int
		ndcg, hit, rank float64
	}{
		{"the first", rising, []int{11}, 1, 1, 0},
		{"the tenth", rising, []int{2}, 1 / math.Log2(11), 1, 9},
		{"the eleventh", rising, []int{1}, 0, 0, math.Inf(1)},
		{"alone", []float64{-3}, []int{0}, 1, 1, 0},
		{"half of the ties", []float64{1, 1, 1, 0}, []int{1}, 1 / math.Log2(3), 1, 1},
		{"all tie, none is among the first ten", make([]float64, 21), []int{3}, 0, 0, math.Inf(1)},
		{"the first and the third", rising, []int{9, 11}, (1 + 0.5) / (1 + 1/math.Log2(3)), 1, 0},
		{"nothing but negative infinities", []float64{math.Inf(-1), math.Inf(-1)}, []int{0}, 1 / math.Log2(2.5), 1, 0.5},
	} {
		g, ok := evaluation.GainsOf(c.scores, c.own...)
		ndcg, hit, mrr := g.Three()
		if want := 1 / (c.rank + 1); !ok || math.Abs(ndcg-c.ndcg) > 1e-12 || hit != c.hit || math.Abs(mrr-want) > 1e-12 {
			t.Errorf("%s: %v %v %v, want %v %v %v", c.name, ndcg, hit, mrr, c.ndcg, c.hit, want)
		}
	}
	for own := range 2 {
		if _, ok := evaluation.GainsOf([]float64{1, math.NaN()}, own); ok {
			t.Errorf("a score that is not a number passed")
		}
	}
}

// The first ten are those of a sort.
func TestTop(t *testing.T) {
	rapid.Check(t, func(g *rapid.T) {
		drawn := rapid.SliceOf(rapid.IntRange(0, 5)).Draw(g, "scores")
		values, places := make([]float64, len(drawn)), make([]int32, len(drawn))
		for i, s := range drawn {
			values[i], places[i] = float64(s), int32(i)
		}
		slices.SortFunc(places, func(a, b int32) int {
			return cmp.Or(cmp.Compare(values[b], values[a]), cmp.Compare(b, a))
		})
		if got := evaluation.Top(values, nil); !slices.Equal(got, places[:min(10, len(places))]) {
			g.Fatalf("top of %v is %v, want %v", values, got, places)
		}
	})
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		times []int64
		q     float64
		want  int64
	}{
		{[]int64{5}, 0.7, 5}, {[]int64{0, 10}, 0.7, 7}, {[]int64{0, 10, 20, 30}, 0.5, 15}, {[]int64{1, 1, 1, 1}, 0.6, 1}, {[]int64{0, 5}, 0.7, 3},
	} {
		if got := evaluation.Quantile(c.times, c.q); got != c.want {
			t.Errorf("the %v quantile of %v is %d, want %d", c.q, c.times, got, c.want)
		}
	}
}
