package preview

import "math/bits"

// partitioning is what one caller could work out of the answers they were given: it puts agents into classes, two of them
// in one class if no answer told them apart. A linear combination of answers gives all agents of a class the same
// weight; so as long as no class has fewer agents than the threshold, no set of fewer can be isolated, by subtraction or
// by any longer way, however many answers there are ("trackers": Denning, Denning and Schwartz, ACM TODS 1979; sets
// that are unions of classes: Chin and Özsoyoğlu, IEEE TSE 1982).
//
// Whether an answer is refused tells something too. A set that would cut fewer than the threshold off a class is
// therefore not refused but answered as if it did not cut it: the caller sees the same figure in both cases.
//
// An agent who is new is in the class of those whom no answer named; one who changes keeps the class: neither can be
// isolated by comparing answers of two days.
type partitioning struct {
	threshold int
	of        [][]uint16 // class by segment and place; nil where all are in class 0
	classes   int        // how many classes there are, class 0 included
	frozen    bool       // no more are told apart
}

// maxClasses is how many classes are told apart; a caller who has asked that much is answered in whole classes.
const maxClasses = 1 << 16

func newPartitioning(threshold int) *partitioning {
	return &partitioning{threshold: threshold, classes: 1}
}

// verdict says what becomes of one class in an answer.
type verdict struct {
	whole bool   // its agents count, all of them
	split bool   // those who are in the set count, and are told apart from now on
	as    uint16 // the class of those who are told apart
}

// snap makes of a set the one that may be told, which differs from it in fewer than the threshold of each class and is a
// union of classes, and gives its size. live is everyone.
func (p *partitioning) snap(live, set places) (told places, size int) {
	p.grow(len(live))
	all, in := p.count(live), p.count(set)
	verdicts := make([]verdict, p.classes)
	for class := range verdicts {
		verdicts[class] = p.judge(in[class], all[class]-in[class])
		switch {
		case verdicts[class].split:
			size += in[class]
			verdicts[class].as = uint16(p.classes)
			p.classes++
		case verdicts[class].whole:
			size += all[class]
		}
	}
	told = make(places, len(live))
	for i, everyone := range live {
		if everyone != nil {
			told[i] = p.tell(i, everyone, set.at(i), verdicts)
		}
	}
	return told, size
}

// judge decides of a class of which so many are in the set and so many out.
func (p *partitioning) judge(in, out int) verdict {
	switch {
	case in == 0:
		return verdict{}
	case out == 0:
		return verdict{whole: true}
	case in >= p.threshold && out >= p.threshold && p.room(1):
		return verdict{split: true}
	default:
		return verdict{whole: in >= out}
	}
}

// room says whether so many classes more may be told apart.
func (p *partitioning) room(more int) bool { return !p.frozen && p.classes+more <= maxClasses }

// bytes is what it keeps.
func (p *partitioning) bytes() int {
	sum := 0
	for _, labels := range p.of {
		sum += 2 * len(labels)
	}
	return sum
}

// tell makes one segment's part of the answer, and remembers who is told apart by it.
func (p *partitioning) tell(segment int, everyone, set *block, verdicts []verdict) *block {
	labels := p.of[segment]
	if labels == nil {
		switch v := verdicts[0]; {
		case v.whole:
			return everyone
		case !v.split || set == nil:
			return nil
		default:
			labels = make([]uint16, segmentPlaces)
			set.each(func(place int) { labels[place] = v.as })
			p.of[segment] = labels
			return set
		}
	}
	told := new(block)
	for w, live := range everyone {
		var members uint64
		if set != nil {
			members = set[w]
		}
		for ; live != 0; live &= live - 1 {
			bit := live & -live
			place := w<<6 | bits.TrailingZeros64(live)
			v := &verdicts[labels[place]]
			switch {
			case v.split && members&bit != 0:
				labels[place] = v.as
				told[w] |= bit
			case v.whole:
				told[w] |= bit
			}
		}
	}
	return told
}

// count tells how many of a set are in each class.
func (p *partitioning) count(set places) []int {
	return set.tally(p.classes, func(counts []int, segment int, members *block) {
		labels := p.of[segment]
		if labels == nil {
			counts[0] += members.size()
			return
		}
		for w, word := range members {
			row := labels[w<<6 : w<<6+64]
			if word == ^uint64(0) {
				for _, class := range row {
					counts[class]++
				}
				continue
			}
			for ; word != 0; word &= word - 1 {
				counts[row[bits.TrailingZeros64(word)]]++
			}
		}
	})
}

// cross tells how many of a set are in each class of p and each of another numbering of agents, below width, which is 0
// for all of a segment where it gives nil. Of p's classes, height of them are counted: those that rows numbers, from 1;
// all of them when it is nil.
func (p *partitioning) cross(set places, rows []int, height, width int, columns func(segment int) []uint16) []int {
	starts := make([]int, p.classes) // of a class's row in the counts, -1 if it has none
	for class := range starts {
		starts[class] = class * width
		if rows != nil {
			starts[class] = max(-1, (rows[class]-1)*width)
		}
	}
	zeros := make([]uint16, segmentPlaces)
	return set.tally(height*width, func(counts []int, segment int, members *block) {
		labels, column := p.of[segment], columns(segment)
		switch {
		case labels == nil && column == nil:
			if starts[0] >= 0 {
				counts[starts[0]] += members.size()
			}
			return
		case labels == nil:
			labels = zeros
		case column == nil:
			column = zeros
		}
		for w, word := range members {
			row, in := labels[w<<6:w<<6+64], column[w<<6:w<<6+64]
			for ; word != 0; word &= word - 1 {
				bit := bits.TrailingZeros64(word)
				if start := starts[row[bit]]; start >= 0 {
					counts[start+int(in[bit])]++
				}
			}
		}
	})
}

// grow makes room for segments that came since.
func (p *partitioning) grow(segments int) {
	if missing := segments - len(p.of); missing > 0 {
		p.of = append(p.of, make([][]uint16, missing)...)
	}
}
