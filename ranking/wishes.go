package ranking

import (
	"cmp"
	"math"
	"slices"
)

// obey makes a digest what the agent asked for, whatever they did: a taste that they want more of moves half of the way to
// 1, one that they want less of half of the way to -1, and one that they follow is 1. So a preference tells at once, however
// long the history that it goes against. Contents of what they hide are left out as if each had been dismissed, but for
// those that they are still to acknowledge, which are not theirs to hide.
func (sc *scratch) obey(b *board) {
	var hidden [columns][]uint32
	hides := false
	for w := range sc.profile.wishes {
		code := b.snap.books[w.facet].find(w.name)
		if code == 0 || int(code) >= len(b.snap.names[w.facet]) {
			continue // no content has had it, or none that this board knows
		}
		if w.kind == wishHide {
			hidden[w.facet], hides = append(hidden[w.facet], code), true
			continue
		}
		if w.kind == wishFollow && w.facet == columnCommunity {
			sc.follows = append(sc.follows, follow{code: code, best: candidate{place: -1}})
		}
		tastes := sc.taste[w.facet]
		if tastes[code] == 0 {
			sc.touched[w.facet] = append(sc.touched[w.facet], code)
		}
		tastes[code] = wanted(w.kind, tastes[code])
	}
	if !hides {
		return
	}
	for place := range int32(b.len()) {
		if !b.isAmong(place, &hidden) {
			continue
		}
		if sc.due(b, place) {
			sc.marks[place] |= markHeld
		} else {
			sc.marks[place] |= markDismissed
		}
	}
}

// wanted is a taste from -1 to 1 as a preference makes it; it is never 0.
func wanted(kind uint8, taste float64) float64 {
	switch kind {
	case wishMore:
		taste = (taste + 1) / 2
	case wishLess:
		taste = (taste - 1) / 2
	case wishFollow:
		taste = 1
	}
	if taste == 0 {
		return math.SmallestNonzeroFloat64
	}
	return taste
}

// isAmong says whether a content has one of some codes, given by column.
func (b *board) isAmong(place int32, codes *[columns][]uint32) bool {
	for column := range codes {
		if len(codes[column]) == 0 {
			continue
		}
		if column != columnTopic {
			if slices.Contains(codes[column], b.codes[column][place]) {
				return true
			}
			continue
		}
		for _, topic := range b.topicsOf(place) {
			if slices.Contains(codes[columnTopic], topic) {
				return true
			}
		}
	}
	return false
}

// follow is a community that the agent asked to follow, and the best of its contents that they have not seen; the place of
// that is -1 when there is none.
type follow struct {
	code uint32
	best candidate
}

// following finds a community among those that the agent follows; nil when they do not. A profile has 64 preferences at most.
func (sc *scratch) following(community uint32) *follow {
	for i := range sc.follows {
		if sc.follows[i].code == community {
			return &sc.follows[i]
		}
	}
	return nil
}

// misses says whether nothing unseen is known yet of the community, which the agent follows, of a content that they have not seen.
func (sc *scratch) misses(b *board, place int32) bool {
	f := sc.following(b.codes[columnCommunity][place])
	return f != nil && f.best.place < 0 && sc.marks[place]&markSeen == 0 && b.rules.within() > 0
}

// within is how many first places have one content at least of each community followed; 0 when the rule is off.
func (r *ruleset) within() int { return min(r.policy.Rules.CommunityWithin, r.policy.FeedLength) }

// represent gives a place among the first ones to the best unseen content of each community that the agent follows and
// that has none there. It takes the last of these places that no rule has given, and what stood there goes right below
// them: mandatory and pinned contents, those drawn for discovery, and the only one of another community followed, keep
// theirs. When there are fewer such places than communities, those with the best contents have them.
func (sc *scratch) represent(b *board) {
	n := min(b.rules.within(), len(sc.out))
	if len(sc.follows) == 0 || n == 0 {
		return
	}
	slices.SortFunc(sc.follows, func(x, y follow) int {
		if x.best.place < 0 || y.best.place < 0 {
			return cmp.Compare(y.best.place, x.best.place)
		}
		return cmp.Or(cmp.Compare(y.best.score, x.best.score), cmp.Compare(x.best.place, y.best.place))
	})
	for _, f := range sc.follows {
		if f.best.place < 0 || sc.among(b, f.code, n) > 0 {
			continue
		}
		at := n - 1
		for ; at >= 0 && !sc.free(b, at, n); at-- {
		}
		if at < 0 {
			break
		}
		sc.raise(f.best, at, n)
	}
	sc.orderRaised(n)
}

// among counts the first contents that are of a community.
func (sc *scratch) among(b *board, community uint32, n int) (count int) {
	for _, p := range sc.out[:n] {
		if b.codes[columnCommunity][p.place] == community {
			count++
		}
	}
	return count
}

// free says whether a place among the first ones was given by the scores alone.
func (sc *scratch) free(b *board, at, n int) bool {
	p := &sc.out[at]
	if p.group < groupUnseen || p.why == whyExplore || p.why == whyCommunity {
		return false
	}
	community := b.codes[columnCommunity][p.place]
	return sc.following(community) == nil || sc.among(b, community, n) > 1
}

// raise puts a content in a place among the first n, and what was there right below them; the last of a feed that is full falls out.
func (sc *scratch) raise(c candidate, at, n int) {
	raised, from := placed{candidate: c, group: groupUnseen, natural: -1}, len(sc.out)-1
	for i := n; i < len(sc.out); i++ {
		if sc.out[i].place == c.place {
			raised, from = sc.out[i], i
			break
		}
	}
	raised.why = whyCommunity
	displaced := sc.out[at]
	sc.out[at] = raised
	if n < len(sc.out) {
		copy(sc.out[n+1:from+1], sc.out[n:from])
		sc.out[n] = displaced
	}
}

// orderRaised puts those that were raised in the order of their scores.
func (sc *scratch) orderRaised(n int) {
	first := sc.out[:n]
	for i := range first {
		for j := i + 1; j < n && first[i].why == whyCommunity; j++ {
			if first[j].why == whyCommunity && above(first[j].candidate, first[i].candidate) {
				first[i], first[j] = first[j], first[i]
			}
		}
	}
}
