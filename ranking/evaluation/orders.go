package evaluation

import (
	"fmt"
	"math"
	"slices"
)

const hour = float64(3600e9)

// The built-in orders, in the order of reports.
const (
	random       = "random"
	newest       = "newest"
	popular      = "popularity"
	decay        = "decay"
	quickDecay   = "decay-1h"
	age          = "age"
	itemKNN      = "item-knn"
	readersAlike = "likeness"
	byAge        = "decay-1h×age"
	byLikeness   = "decay-1h×likeness"
	byAll        = "decay-1h×age×likeness"
)

// factorsOf gives what a product is made of: its score is the product of those of others: a sum, since all of them are logarithms.
func factorsOf(name string) []string {
	switch name {
	case byAge:
		return []string{quickDecay, age}
	case byLikeness:
		return []string{quickDecay, readersAlike}
	case byAll:
		return []string{quickDecay, age, readersAlike}
	default:
		return nil
	}
}

// BuiltIn names the orders that every log can be given to, the simplest first.
func BuiltIn() []string {
	return []string{random, newest, popular, decay, quickDecay, age, itemKNN, readersAlike, byAge, byLikeness, byAll}
}

// BuiltIn makes a built-in order that is not a product. An error is a name that none has.
func (l *Log) BuiltIn(name string, seed uint64) (Order, error) {
	contents := len(l.contents.list)
	switch name {
	case random:
		return &chance{seed: seed}, nil
	case newest:
		return &recency{clock: make([]int64, contents), halfLife: 1}, nil
	case popular:
		return &heat{log2: emptyHeat(contents), halfLife: math.Inf(1)}, nil
	case decay:
		return &heat{log2: emptyHeat(contents), halfLife: 12 * hour}, nil
	case quickDecay:
		return &heat{log2: emptyHeat(contents), halfLife: hour}, nil
	case age:
		return &recency{clock: make([]int64, contents), halfLife: 72 * hour}, nil
	case itemKNN:
		return &coRead{crowd: newCrowd(l)}, nil
	case readersAlike:
		return &likeness{crowd: newCrowd(l)}, nil
	}
	return nil, fmt.Errorf("%q is none of %v", name, BuiltIn())
}

// chance scores at random, the same for a seed.
type chance struct{ seed, asked uint64 }

func (*chance) Publish(int32, int64) {}
func (*chance) Learn([]Act)          {}

func (c *chance) Scores(q Question, scores []float64) {
	c.asked++
	for i, content := range q.Candidates {
		scores[i] = float64(mix(c.seed^mix(c.asked)^uint64(content)) >> 11)
	}
}

// mix spreads a 64-bit value over all its bits (the finalizer of SplitMix64, Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// recency halves a content with each half-life of its age.
type recency struct {
	clock    []int64 // by content
	halfLife float64 // nanoseconds
}

func (r *recency) Publish(content int32, at int64) { r.clock[content] = at }
func (*recency) Learn([]Act)                       {}

func (r *recency) Scores(q Question, scores []float64) {
	for i, content := range q.Candidates {
		scores[i] = -float64(q.At-r.clock[content]) / r.halfLife
	}
}

// heat counts first reads, each halved with each half-life of its age. It is kept as a logarithm that grows with time
// (forward decay, Cormode and others, 2009), so that neither does an old content vanish nor time ask for any work.
type heat struct {
	log2     []float64 // by content, of the reads as they would count at the origin
	halfLife float64   // nanoseconds
	origin   int64
}

func emptyHeat(contents int) []float64 {
	return slices.Repeat([]float64{math.Inf(-1)}, contents)
}

func (*heat) Publish(int32, int64) {}

func (h *heat) Learn(acts []Act) {
	if h.origin == 0 && len(acts) > 0 {
		h.origin = acts[0].At
	}
	for _, act := range acts {
		if act.First {
			now := float64(act.At-h.origin) / h.halfLife
			h.log2[act.Content] = addLog2(h.log2[act.Content], now)
		}
	}
}

// addLog2 is log2(2^a + 2^b).
func addLog2(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp2(b-a))/math.Ln2
}

func (h *heat) Scores(q Question, scores []float64) {
	now := float64(q.At-h.origin) / h.halfLife
	for i, content := range q.Candidates {
		scores[i] = h.log2[content] - now
	}
}
