package ranking

import (
	"math"
	"slices"
)

// obey makes a digest what the agent asked for, whatever they did: a taste that they want more of moves half of the way to
// 1, one that they want less of half of the way to -1, and one that they follow is 1. So a preference tells at once, however
// long the history that it goes against. Contents of what they hide are left out as if each had been dismissed, but for
// mandatory ones, which are not theirs to hide.
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
		if b.group[place] != groupMandatory && b.isAmong(place, &hidden) {
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
