package audiences

import (
	"math/bits"
	"slices"
)

// set is the places of one segment that have a value, in the shape that takes the fewest bytes: sorted places (2 bytes
// each), runs of consecutive ones (4 bytes each; agents are grouped by organisation, so that a unit is often one run), or
// a block (8 KiB). The zero set is empty. It is for one writer, or any number of readers.
type set struct {
	places []uint16 // sorted, or the first and last of each run
	flat   *block
	n      int32 // how many
	runs   bool
}

// Where shapes change as places come and go. A set that has become a block stays one until it is half as large as the
// places that made it one.
const (
	mostPlaces  = blockPlaces / 16 // that take no more than a block
	fewestFlat  = mostPlaces / 2
	mostNumbers = mostPlaces // in places, for runs to take no more than a block
	slackOfRuns = 64         // numbers that runs may take above places before they become those
)

// setOfPlaces makes a set of sorted places. room gives memory for its numbers; the places given are not kept.
func setOfPlaces(places []uint16, room func(n int) []uint16) set {
	runs := runsOf(places)
	s := set{n: int32(len(places))}
	switch {
	case 2*runs < len(places) && 2*runs < mostNumbers:
		s.runs, s.places = true, room(2 * runs)[:0]
		for i, at := range places {
			if i == 0 || at != places[i-1]+1 {
				s.places = append(s.places, at, at)
			} else {
				s.places[len(s.places)-1] = at
			}
		}
	case len(places) <= mostPlaces:
		s.places = room(len(places))
		copy(s.places, places)
	default:
		s.flat = new(block)
		for _, at := range places {
			s.flat.add(at)
		}
	}
	return s
}

// runsOf counts the runs of sorted places, numbersOf the numbers that the set of them keeps.
func runsOf(places []uint16) int {
	runs := 0
	for i, at := range places {
		if i == 0 || at != places[i-1]+1 {
			runs++
		}
	}
	return runs
}

func numbersOf(places []uint16) int {
	switch runs := runsOf(places); {
	case 2*runs < len(places) && 2*runs < mostNumbers:
		return 2 * runs
	case len(places) <= mostPlaces:
		return len(places)
	default:
		return 0
	}
}

// setOfBlock makes a set of a block, which it copies if it keeps one.
func setOfBlock(b *block) set {
	n, runs, before := 0, 0, uint64(0)
	for _, w := range b {
		n += bits.OnesCount64(w)
		runs += bits.OnesCount64(w &^ (w<<1 | before))
		before = w >> 63
	}
	if n > mostPlaces && 2*runs >= mostNumbers {
		flat := *b
		return set{flat: &flat, n: int32(n)}
	}
	places := make([]uint16, 0, n)
	b.all(func(at uint16) { places = append(places, at) })
	return setOfPlaces(places, room)
}

// setUpTo makes the set of the places below n.
func setUpTo(n int) set {
	if n == 0 {
		return set{}
	}
	return set{places: []uint16{0, uint16(n - 1)}, runs: true, n: int32(n)}
}

// room gives memory of its own to a set.
func room(n int) []uint16 { return make([]uint16, n) }

func (s *set) clone() set {
	c := *s
	c.places = slices.Clone(s.places)
	if s.flat != nil {
		flat := *s.flat
		c.flat = &flat
	}
	return c
}

// run finds the run that begins at a place or is the first to begin after it, by its index in places.
func (s *set) run(at uint16) int {
	low, high := 0, len(s.places)/2
	for low < high {
		if middle := (low + high) / 2; s.places[2*middle] < at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return 2 * low
}

func (s *set) has(at uint16) bool {
	switch {
	case s.flat != nil:
		return s.flat.has(at)
	case s.runs:
		i := s.run(at)
		return i < len(s.places) && s.places[i] == at || i > 0 && at <= s.places[i-1]
	default:
		_, found := slices.BinarySearch(s.places, at)
		return found
	}
}

func (s *set) add(at uint16) {
	switch {
	case s.flat != nil:
		if !s.flat.has(at) {
			s.flat.add(at)
			s.n++
		}
	case s.runs:
		s.addToRuns(at)
	default:
		i, found := slices.BinarySearch(s.places, at)
		if found {
			return
		}
		s.places = slices.Insert(s.places, i, at)
		if s.n++; s.n > mostPlaces {
			s.flatten()
		}
	}
}

func (s *set) addToRuns(at uint16) {
	i := s.run(at)
	if i < len(s.places) && s.places[i] == at || i > 0 && at <= s.places[i-1] {
		return
	}
	s.n++
	after := i > 0 && int(s.places[i-1])+1 == int(at)
	before := i < len(s.places) && int(at)+1 == int(s.places[i])
	switch {
	case after && before:
		s.places = slices.Delete(s.places, i-1, i+1)
	case after:
		s.places[i-1] = at
	case before:
		s.places[i] = at
	default:
		s.places = slices.Insert(s.places, i, at, at)
		s.reshape()
	}
}

func (s *set) remove(at uint16) {
	switch {
	case s.flat != nil:
		if s.flat.has(at) {
			s.flat.remove(at)
			if s.n--; s.n < fewestFlat {
				*s = setOfBlock(s.flat)
			}
		}
	case s.runs:
		s.removeFromRuns(at)
	default:
		if i, found := slices.BinarySearch(s.places, at); found {
			s.places = slices.Delete(s.places, i, i+1)
			s.n--
		}
	}
}

func (s *set) removeFromRuns(at uint16) {
	i := s.run(at)
	if i == len(s.places) || s.places[i] != at {
		if i -= 2; i < 0 || at > s.places[i+1] {
			return
		}
	}
	s.n--
	first, last := s.places[i], s.places[i+1]
	switch {
	case first == last:
		s.places = slices.Delete(s.places, i, i+2)
	case at == first:
		s.places[i]++
	case at == last:
		s.places[i+1]--
	default:
		s.places = slices.Insert(s.places, i+1, at-1, at+1)
		s.reshape()
	}
}

// reshape gives up runs where another shape has become smaller.
func (s *set) reshape() {
	if len(s.places) <= min(mostNumbers, int(s.n)+slackOfRuns) {
		return
	}
	if s.n > mostPlaces {
		s.flatten()
		return
	}
	places := make([]uint16, 0, s.n)
	for i := 0; i < len(s.places); i += 2 {
		for at := int(s.places[i]); at <= int(s.places[i+1]); at++ {
			places = append(places, uint16(at))
		}
	}
	s.places, s.runs = places, false
}

func (s *set) flatten() {
	flat := new(block)
	s.or(flat)
	s.places, s.flat, s.runs = nil, flat, false
}

// or adds the set's places to a block.
func (s *set) or(b *block) {
	switch {
	case s.flat != nil:
		b.or(s.flat)
	case s.runs:
		for i := 0; i < len(s.places); i += 2 {
			b.addRange(int(s.places[i]), int(s.places[i+1]))
		}
	default:
		for _, at := range s.places {
			b.add(at)
		}
	}
}

// andNot takes the set's places out of a block.
func (s *set) andNot(b *block) {
	switch {
	case s.flat != nil:
		b.andNot(s.flat)
	case s.runs:
		for i := 0; i < len(s.places); i += 2 {
			b.removeRange(int(s.places[i]), int(s.places[i+1]))
		}
	default:
		for _, at := range s.places {
			b.remove(at)
		}
	}
}

// and leaves in a block those that are in the set too.
func (s *set) and(b *block) {
	switch {
	case s.flat != nil:
		b.and(s.flat)
	case s.runs:
		next := 0 // the first place not decided
		for i := 0; i < len(s.places); i += 2 {
			if first := int(s.places[i]); first > next {
				b.removeRange(next, first-1)
			}
			next = int(s.places[i+1]) + 1
		}
		if next < blockPlaces {
			b.removeRange(next, blockPlaces-1)
		}
	default:
		word := 0 // the first word not decided
		for i := 0; i < len(s.places); {
			at, mask := int(s.places[i]>>6), uint64(0)
			for ; i < len(s.places) && int(s.places[i]>>6) == at; i++ {
				mask |= 1 << (s.places[i] & 63)
			}
			clear(b[word:at])
			b[at] &= mask
			word = at + 1
		}
		clear(b[word:])
	}
}

// meet counts the places that are in a block too.
func (s *set) meet(b *block) int {
	n := 0
	switch {
	case s.flat != nil:
		n = b.meet(s.flat)
	case s.runs:
		for i := 0; i < len(s.places); i += 2 {
			n += b.countRange(int(s.places[i]), int(s.places[i+1]))
		}
	default:
		for _, at := range s.places {
			n += int(b[at>>6] >> (at & 63) & 1)
		}
	}
	return n
}
