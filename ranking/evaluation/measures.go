package evaluation

import (
	"math"
	"slices"
)

// cut is how many places count.
const cut = 10

// mean is a mean and the standard error of that mean.
type mean struct{ n, sum, squares float64 }

func (m *mean) add(x float64) { m.n, m.sum, m.squares = m.n+1, m.sum+x, m.squares+x*x }

func (m mean) value() float64 { return m.sum / m.n }

func (m mean) stderr() float64 {
	if m.n < 2 {
		return math.NaN()
	}
	return math.Sqrt(max(0, m.squares-m.sum*m.sum/m.n) / (m.n - 1) / m.n)
}

// placed gives the rank of one score among all, from 0: how many are higher and half of the others that are equal. False
// when a score is not a number.
func placed(scores []float64, own int) (rank float64, ok bool) {
	mine, higher, equal := scores[own], 0, -1
	for _, s := range scores {
		switch {
		case s > mine:
			higher++
		case s == mine:
			equal++
		case s < mine:
		default:
			return 0, false
		}
	}
	return float64(higher) + float64(equal)/2, true
}

// gains are the three measures of one rank.
type gains struct{ ndcg, hit, mrr float64 }

// gainsOf measures where the places in own stand. The discounted gain is a sum of 1/log2(rank+2) among the first ten, over
// what the best order gives; hit and reciprocal rank are those of the best. False when a score is not a number.
func gainsOf(scores []float64, own ...int) (g gains, ok bool) {
	best, ideal := math.Inf(1), 0.0
	for i, at := range own {
		rank, ok := placed(scores, at)
		if !ok {
			return g, false
		}
		best = min(best, rank)
		g.ndcg += discount(rank)
		ideal += discount(float64(i))
	}
	g.ndcg /= ideal
	if best < cut {
		g.hit, g.mrr = 1, 1/(best+1)
	}
	return g, true
}

// discount is what a place is worth.
func discount(rank float64) float64 {
	if rank >= cut {
		return 0
	}
	return 1 / math.Log2(rank+2)
}

// top gives the places of the ten highest scores, the highest first; of equal ones, those that come last among the
// candidates, which went live last.
func top(scores []float64, into []int32) []int32 {
	into = into[:0]
	for i := len(scores) - 1; i >= 0; i-- {
		s := scores[i]
		if len(into) == cut && s <= scores[into[cut-1]] {
			continue
		}
		at, _ := slices.BinarySearchFunc(into, s, func(place int32, s float64) int {
			if scores[place] >= s {
				return -1
			}
			return 1
		})
		if len(into) == cut {
			into = into[:cut-1]
		}
		into = slices.Insert(into, at, int32(i))
	}
	return into
}

// past is what happened before the moment of a question, as the judge needs it.
type past struct {
	log     *Log
	reads   [][]int32 // by agent: contents
	readers [][]int32 // by content: agents
	live    []int32   // contents, the earliest clock first
	active  int       // agents who read

	mark  []uint32 // by content, agent or topic: the last round that marked it
	round uint32
}

func newPast(l *Log) *past {
	agents, contents := l.Size()
	return &past{log: l, reads: make([][]int32, agents), readers: make([][]int32, contents), mark: make([]uint32, max(agents, contents, len(l.topics.list)))}
}

func (p *past) learn(acts []Act) {
	for _, act := range acts {
		if !act.First {
			continue
		}
		if len(p.reads[act.Agent]) == 0 {
			p.active++
		}
		p.reads[act.Agent] = append(p.reads[act.Agent], act.Content)
		p.readers[act.Content] = append(p.readers[act.Content], act.Agent)
	}
}

// candidates gives what is live less what the agent read, and the place of one of them, -1 if it is not there.
func (p *past) candidates(agent, wanted int32, into []int32) (candidates []int32, own int) {
	p.round++
	for _, content := range p.reads[agent] {
		p.mark[content] = p.round
	}
	into, own = into[:0], -1
	for _, content := range p.live {
		if p.mark[content] == p.round {
			continue
		}
		if content == wanted {
			own = len(into)
		}
		into = append(into, content)
	}
	return into, own
}

// surprise is the mean self-information of contents, in bits: -log2 of the share of agents who read each, one more counted
// on both sides (Zhou and others, 2010).
func (p *past) surprise(contents []int32) float64 {
	bits := 0.0
	for _, content := range contents {
		bits -= math.Log2(float64(len(p.readers[content])+1) / float64(p.active+1))
	}
	return bits / float64(len(contents))
}

// variety is the mean over pairs of contents of one less their likeness: the share of topics that both have among those
// that either has or, in a log without topics, of readers (Jaccard), the last 500 of each. False for less than one pair.
func (p *past) variety(contents []int32) (float64, bool) {
	const lastCompared = 500
	sets := func(content int32) []int32 {
		if len(p.log.topics.list) > 0 {
			return p.log.topicsOf[content]
		}
		return last(p.readers[content], lastCompared)
	}
	sum, pairs := 0.0, 0
	for i, content := range contents {
		p.round++
		own := sets(content)
		for _, member := range own {
			p.mark[member] = p.round
		}
		for _, other := range contents[i+1:] {
			shared, theirs := 0, sets(other)
			for _, member := range theirs {
				if p.mark[member] == p.round {
					shared++
				}
			}
			if either := len(own) + len(theirs) - shared; either > 0 {
				sum += 1 - float64(shared)/float64(either)
			} else {
				sum++
			}
			pairs++
		}
	}
	return sum / float64(pairs), pairs > 0
}
