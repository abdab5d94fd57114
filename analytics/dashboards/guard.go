package dashboards

import (
	"slices"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// This file states the rule that makes any number of answers safe together. There is no memory of questions, and none is
// needed:
//
//  1. Every agent has a seat in a block of at least 20 (twice the threshold, if that is more), made of agents who are alike.
//     Blocks are never cut and seats never given again. All that is told is a sum over blocks of what does not depend on
//     who of a block did it: were two agents of a block to trade all that they ever did, every answer to every question, on
//     every day, would be the same. So no filter, cut, period, content or day, nor any sum of them, tells the two apart.
//  2. Which agents a content was for may be chosen so that few of a block can have done anything. A block of which fewer than
//     the threshold were reached, in what a question is about, is put together with others of its organisation, else with all
//     such; and is told of nowhere when these are too few as well. What is cut or filtered has no part in that.
//  3. What all of a block did, or none, would say it of each. So each count of a group is rounded to a multiple of three,
//     up or down as a keyed digest of the group and the count has it: on the average it is right, the same count of a group is
//     always told the same, so asking again and again wears nothing down, and no count tells whether one more did it. 0
//     means at most two.
//  4. In one answer, a figure of fewer than the threshold is null, and so is the next smallest while what is missing from the
//     total is fewer (fil.Guard). It keeps figures that mean nothing out of sight; what others protects is 1 to 3.
//  5. Figures that are cut or filtered are of days that are over. Only totals go on with the day, so what changes from one
//     moment to the next is among all. Live tells those totals and nothing else.
//
// How many agents contents are aimed at is told to the nearest five: that is about audiences, not about acts.
//
// Not withstood: who knows what all of a block but one did, three acts apart; who holds the database or the key.

// roundTo is the step of counts. Larger hides more and costs more truth: the error of a sum over n groups is about
// 1.15·√n agents, see DECISIONS.md.
const roundTo = 3

// aimedTo is the step of counts of agents aimed at.
const aimedTo = 5

// keyOf derives the key that decides rounding from the secret of pseudonyms.
func keyOf(secret []byte) uint64 {
	return analytics.Pseudonym(secret, "\x00rounding of dashboards")
}

// rounded is a count of a group, up or down to a multiple of roundTo: on the average over groups it is what it was.
func rounded(digest uint64, n int) int {
	return (n + roundTo - 1 - int(mix(digest+uint64(n))%roundTo)) / roundTo * roundTo
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), by which each bit of a number decides each bit of
// another.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hidden has one verdict a row: the small ones, and, among rows that add up to the total, the next smallest while what is
// hidden is small.
func hidden(guard fil.Guard, total int, counts []int, disjoint bool) []bool {
	order := make([]int, len(counts))
	for i := range counts {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return counts[a] - counts[b] })
	out, missing := make([]bool, len(counts)), 0
	for _, i := range order {
		if counts[i] > 0 && (guard.Withholds(total) || guard.Withholds(counts[i]) || disjoint && guard.Withholds(missing)) {
			out[i], missing = true, missing+counts[i]
		}
	}
	return out
}

// aimed rounds a count of agents aimed at.
func aimed(n int) int { return (n + aimedTo/2) / aimedTo * aimedTo }
