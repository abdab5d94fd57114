package ranking

import (
	"hash/fnv"
	"math"
	"time"
)

// Exploration draws among so many contents at most, those that are best for everyone and not yet for this agent.
const drawAmong = 256

// score fills one heap per group with the contents that the agent may be shown, and draws those for discovery.
func (r *Ranker) score(sc *scratch, b *board, seed uint64) {
	explores := r.step() > 0
	sc.live = b.len()
	for i := range b.base {
		place := int32(i)
		if !sc.admits(b, place) {
			continue
		}
		own := r.ownScore(sc, b, place)
		c := candidate{b.base[i] + own, place}
		group := sc.groupOf(b, place)
		sc.heaps[group] = append(sc.heaps[group], c)
		if explores && len(sc.draws) < drawAmong && group == groupUnseen && own <= 0 {
			sc.draws = append(sc.draws, candidate{c.score/r.policy.Exploration.Temperature + gumbel(seed^uint64(b.key(place))), place})
		}
	}
	heapify(sc.draws)
}

// ownScore is the part of the score that depends on the agent.
func (r *Ranker) ownScore(sc *scratch, b *board, place int32) float64 {
	w := &r.policy.Weights
	topic, _ := sc.topicTaste(b.topicsOf(place))
	return w.Topic*topic + w.Source*sc.source[b.codes[columnSource][place]] + w.Author*sc.author[b.codes[columnAuthor][place]] + w.Kind*sc.kind[b.codes[columnKind][place]]
}

// topicTaste is the strongest taste among a content's topics, and the place of that topic.
func (sc *scratch) topicTaste(topics []uint32) (taste float64, which int) {
	for i, code := range topics {
		if math.Abs(sc.topic[code]) > math.Abs(taste) {
			taste, which = sc.topic[code], i
		}
	}
	return taste, which
}

// groupOf is the group that the content and the agent's acts together give.
func (sc *scratch) groupOf(b *board, place int32) uint8 {
	mark := sc.marks[place]
	switch group := b.group[place]; {
	case group == groupMandatory && mark&markAcknowledged != 0:
		if mark&markSeen != 0 {
			return groupSeen
		}
		return groupUnseen
	case group == groupUnseen && mark&markSeen != 0:
		return groupSeen
	default:
		return group
	}
}

// step is how many places there are from one reserved for discovery to the next; 0 when none is.
func (r *Ranker) step() int {
	if r.policy.Exploration.Share <= 0 {
		return 0
	}
	return int(math.Round(1 / r.policy.Exploration.Share))
}

// seedOf makes the draw of one agent on one day (UTC) a pure function of both.
func seedOf(agent string, now time.Time) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(agent))
	return chain(h.Sum64(), uint64(now.Unix()/86400))
}

// gumbel turns a seed into noise such that the best of score + noise is a draw in proportion to 2^score (Gumbel, 1954).
func gumbel(seed uint64) float64 {
	u := (float64(mix(seed)>>11) + 0.5) / (1 << 53)
	return -math.Log2(-math.Log(u))
}

func above(a, b candidate) bool {
	return a.score > b.score || a.score == b.score && a.place < b.place
}

// arrange applies the rules that come after the scores, group by group, until the feed is full.
func (r *Ranker) arrange(sc *scratch, b *board) {
	natural := int32(0)
	pins := r.policy.Rules.PinnedAtMost
	for group := range sc.heaps {
		heap := sc.heaps[group]
		heapify(heap)
		for len(heap) > 0 && len(sc.out) < r.policy.FeedLength {
			var c candidate
			c, heap = pop(heap)
			if group == groupPinned && pins == 0 { // beyond the allowance a pin is an ordinary content
				ordinary := groupUnseen
				if sc.marks[c.place]&markSeen != 0 {
					ordinary = groupSeen
				}
				sc.heaps[ordinary] = append(sc.heaps[ordinary], c)
				continue
			}
			if group == groupPinned {
				pins--
			}
			r.place(sc, b, placed{candidate: c, group: uint8(group), natural: natural})
			natural++
		}
		r.flush(sc, b)
	}
	sc.out = sc.out[:min(len(sc.out), r.policy.FeedLength)]
}

// place gives the next content of the order by scores its place, or defers it when there are enough like it.
func (r *Ranker) place(sc *scratch, b *board, p placed) {
	if p.group == groupUnseen {
		r.discover(sc, b)
	}
	if sc.marks[p.place]&markTaken != 0 {
		return
	}
	if len(sc.out) >= r.policy.Rules.CapsAmongFirst {
		r.flush(sc, b)
	} else if p.group >= groupUnseen {
		if p.why = r.capped(sc, b, p.place); p.why != whyScore {
			sc.deferred = append(sc.deferred, p)
			return
		}
	}
	sc.take(b, p)
}

// flush places the deferred contents, in their order.
func (r *Ranker) flush(sc *scratch, b *board) {
	for _, p := range sc.deferred {
		if p.group == groupUnseen {
			r.discover(sc, b)
		}
		if sc.marks[p.place]&markTaken == 0 {
			sc.take(b, p)
		}
	}
	sc.deferred = sc.deferred[:0]
}

func (sc *scratch) take(b *board, p placed) {
	sc.marks[p.place] |= markTaken
	sc.out = append(sc.out, p)
	sc.count(0, b.codes[columnSource][p.place])
	for _, code := range b.topicsOf(p.place) {
		sc.count(1, code)
	}
}

func (sc *scratch) count(which int, code uint32) {
	if code == 0 || sc.counts[which][code] == math.MaxUint8 {
		return
	}
	if sc.counts[which][code] == 0 {
		sc.counted[which] = append(sc.counted[which], code)
	}
	sc.counts[which][code]++
}

// capped says which cap, if any, keeps a content out of the first places.
func (r *Ranker) capped(sc *scratch, b *board, place int32) uint8 {
	rules := &r.policy.Rules
	if source := b.codes[columnSource][place]; source != 0 && rules.CapPerSource > 0 && int(sc.counts[0][source]) >= rules.CapPerSource {
		return whySource
	}
	if rules.CapPerTopic > 0 {
		for _, code := range b.topicsOf(place) {
			if int(sc.counts[1][code]) >= rules.CapPerTopic {
				return whyTopic
			}
		}
	}
	return whyScore
}

// discover fills the next place with a drawn content if it is a reserved one.
func (r *Ranker) discover(sc *scratch, b *board) {
	step := r.step()
	for step > 0 && (len(sc.out)+1)%step == 0 && len(sc.draws) > 0 {
		var drawn candidate
		drawn, sc.draws = pop(sc.draws)
		if sc.marks[drawn.place]&markTaken != 0 {
			continue
		}
		if len(sc.out) < r.policy.Rules.CapsAmongFirst && r.capped(sc, b, drawn.place) != whyScore {
			continue
		}
		drawn.score = b.base[drawn.place] + r.ownScore(sc, b, drawn.place)
		sc.take(b, placed{candidate: drawn, group: groupUnseen, why: whyExplore, natural: -1})
	}
}

// chronological orders by publication alone, in days since 2020-01-01; what the agent dismissed stays out.
func (r *Ranker) chronological(sc *scratch, b *board) {
	sc.live = b.len()
	for _, place := range b.newest {
		if sc.admits(b, place) && len(sc.out) < r.policy.FeedLength {
			score := halfLives(b.row(place).published, 24)
			sc.out = append(sc.out, placed{candidate: candidate{score, place}, group: groupUnseen, natural: int32(len(sc.out))})
		}
	}
}

// heapify and pop are a binary heap, the best first. container/heap would allocate for each candidate.
func heapify(h []candidate) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		sink(h, i)
	}
}

func pop(h []candidate) (candidate, []candidate) {
	best, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	sink(h, 0)
	return best, h
}

func sink(h []candidate, i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && above(h[child+1], h[child]) {
			child++
		}
		if !above(h[child], h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
