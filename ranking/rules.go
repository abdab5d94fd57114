package ranking

import (
	"hash/fnv"
	"math"
	"slices"
	"time"
)

// Exploration draws among so many contents at most, those that are best for everyone and not yet for this agent.
const drawAmong = 256

// score fills one heap per group with the contents that the agent may be shown, and draws those for discovery. What is
// mandatory or pinned is always looked at; of the others, those that are best for everyone, as many as the policy bounds.
func (sc *scratch) score(b *board, seed uint64) {
	sc.live = b.len()
	for _, place := range b.above {
		if sc.admits(b, place) {
			sc.consider(b, place, seed)
		}
	}
	looked := 0
	for i := range b.base {
		place := int32(i)
		if b.group[place] < groupUnseen || !sc.admits(b, place) {
			continue
		}
		looked++
		// The best for everyone of a community that is followed is looked at, wherever it stands.
		if looked <= b.rules.policy.Candidates || sc.misses(b, place) {
			sc.consider(b, place, seed)
		}
	}
	heapify(sc.draws)
}

func (sc *scratch) consider(b *board, place int32, seed uint64) {
	sc.personalValues(b, place, &sc.values)
	own := sc.personal(&sc.weights, &sc.values)
	c := candidate{b.base[place] + own, place}
	group := sc.groupOf(b, place)
	if f := sc.following(b.codes[columnCommunity][place]); f != nil && sc.marks[place]&markSeen == 0 && (f.best.place < 0 || above(c, f.best)) {
		f.best = c
	}
	sc.heaps[group] = append(sc.heaps[group], c)
	if group == groupUnseen && b.rules.policy.Exploration.Share > 0 && len(sc.draws) < drawAmong {
		sc.draws = append(sc.draws, candidate{c.score + b.doubt(place)*normal(seed^uint64(b.key(place))), place})
	}
}

// doubt is the standard deviation of a content's score for how little is known of its reads: that of log2 of its rate of reads,
// when its reads are a Poisson count with the policy's prior (delta method), times what one doubling of its reads adds to the
// score, all that is counted in reads together.
func (b *board) doubt(place int32) float64 {
	return b.rules.leverage / (math.Ln2 * math.Sqrt(float64(b.reads[place])+b.rules.policy.Exploration.Prior))
}

// normal turns a seed into a draw of the standard normal law (Box and Muller, 1958). With it, the best of score + doubt ×
// draw is Thompson sampling (1933) under a normal posterior.
func normal(seed uint64) float64 {
	u := (float64(Mix(seed)>>11) + 0.5) / (1 << 53)
	v := (float64(Mix(seed+0x9e3779b97f4a7c15)>>11) + 0.5) / (1 << 53)
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
}

// topicTaste is the strongest taste among a content's topics, and the place of that topic.
func (sc *scratch) topicTaste(topics []uint32) (taste float64, which int) {
	for i, code := range topics {
		if own := sc.taste[columnTopic][code]; math.Abs(own) > math.Abs(taste) {
			taste, which = own, i
		}
	}
	return taste, which
}

// groupOf is the group that the content and the agent's acts together give.
func (sc *scratch) groupOf(b *board, place int32) uint8 {
	mark := sc.marks[place]
	group := b.group[place]
	if group == groupMandatory && b.from >= b.row(place).mandatory && !b.row(place).asks(sc.member.Org(), b.from) {
		group = groupUnseen // those of another organisation were reminded
	}
	switch {
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
func (r *ruleset) step() int {
	if r.policy.Exploration.Share <= 0 {
		return 0
	}
	return int(math.Round(1 / r.policy.Exploration.Share))
}

// seedOf makes the draw of one agent on one day (UTC) a pure function of both.
func seedOf(agent string, now time.Time) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(agent))
	return Chain(h.Sum64(), uint64(now.Unix()/86400))
}

func above(a, b candidate) bool {
	return a.score > b.score || a.score == b.score && a.place < b.place
}

// inOrder gives the groups, the highest first.
func (r *ruleset) inOrder() [groups]uint8 {
	if r.pinnedFirst {
		return [groups]uint8{groupPinned, groupMandatory, groupUnseen, groupSeen}
	}
	return [groups]uint8{groupMandatory, groupPinned, groupUnseen, groupSeen}
}

// arrange applies the rules that come after the scores, group by group, until the feed is full.
func (sc *scratch) arrange(b *board) {
	natural := int32(0)
	pins := b.rules.policy.Rules.PinnedAtMost
	for _, group := range b.rules.inOrder() {
		heap := sc.heaps[group]
		heapify(heap)
		for len(heap) > 0 && len(sc.out) < b.rules.policy.FeedLength {
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
			sc.place(b, placed{candidate: c, group: group, natural: natural})
			natural++
		}
		sc.flush(b)
	}
	sc.out = sc.out[:min(len(sc.out), b.rules.policy.FeedLength)]
	sc.represent(b)
}

// place gives the next content of the order by scores its place, or defers it when there are enough like it.
func (sc *scratch) place(b *board, p placed) {
	if p.group == groupUnseen {
		sc.discover(b)
	}
	if sc.marks[p.place]&markTaken != 0 {
		return
	}
	if len(sc.out) >= b.rules.policy.Rules.CapsAmongFirst {
		sc.flush(b)
	} else if p.group >= groupUnseen {
		if p.why = sc.capped(b, p.place); p.why != whyScore {
			sc.deferred = append(sc.deferred, p)
			return
		}
	}
	sc.take(b, p)
}

// flush places the deferred contents, in their order.
func (sc *scratch) flush(b *board) {
	for _, p := range sc.deferred {
		if p.group == groupUnseen {
			sc.discover(b)
		}
		sc.take(b, p)
	}
	sc.deferred = sc.deferred[:0]
}

// take gives a content the next place, unless it has one: what was drawn on the way may be the very one.
func (sc *scratch) take(b *board, p placed) {
	if sc.marks[p.place]&markTaken != 0 {
		return
	}
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
func (sc *scratch) capped(b *board, place int32) uint8 {
	rules := &b.rules.policy.Rules
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
func (sc *scratch) discover(b *board) {
	step := b.rules.step()
	for step > 0 && (len(sc.out)+1)%step == 0 && len(sc.draws) > 0 {
		var drawn candidate
		drawn, sc.draws = pop(sc.draws)
		if sc.marks[drawn.place]&markTaken != 0 {
			continue
		}
		if b.rules.drawsCapped && len(sc.out) < b.rules.policy.Rules.CapsAmongFirst && sc.capped(b, drawn.place) != whyScore {
			continue
		}
		drawn.score = sc.scoreOf(b, drawn.place)
		sc.take(b, placed{candidate: drawn, group: groupUnseen, why: whyExplore, natural: -1})
	}
}

// scoreOf is the whole score of one content.
func (sc *scratch) scoreOf(b *board, place int32) float64 {
	sc.personalValues(b, place, &sc.values)
	return b.base[place] + sc.personal(&sc.weights, &sc.values)
}

// chronological orders by publication alone, in days since 2020-01-01; what the agent dismissed stays out. What they are still to
// acknowledge is in the feed however old it is: the oldest of the others leave it room.
func (sc *scratch) chronological(b *board) {
	sc.live = b.len()
	most := b.rules.policy.FeedLength
	for _, place := range b.newest {
		if sc.admits(b, place) && (len(sc.out) < most || sc.due(b, place)) {
			score := halfLives(b.row(place).published, 24)
			sc.out = append(sc.out, placed{candidate: candidate{score, place}, group: groupUnseen})
		}
	}
	for at := len(sc.out) - 1; at >= 0 && len(sc.out) > most; at-- {
		if !sc.due(b, sc.out[at].place) {
			sc.out = slices.Delete(sc.out, at, at+1)
		}
	}
	sc.out = sc.out[:min(len(sc.out), most)]
	for i := range sc.out {
		sc.out[i].natural = int32(i)
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
