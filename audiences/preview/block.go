package preview

import (
	"math/bits"
	"runtime"
	"sync"
)

// block is a set of agents of one segment of the index, one bit each.
type block [1024]uint64

// segmentPlaces is how many places a block has.
const segmentPlaces = len(block{}) * 64

func (b *block) size() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// each calls do with each place of the set.
func (b *block) each(do func(place int)) {
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			do(w<<6 | bits.TrailingZeros64(word))
		}
	}
}

// places are sets of agents by segment; a nil block is empty.
type places []*block

func (s places) at(segment int) *block {
	if segment < len(s) {
		return s[segment]
	}
	return nil
}

// size is how many agents are in the sets.
func (s places) size() int {
	n := 0
	for _, members := range s {
		if members != nil {
			n += members.size()
		}
	}
	return n
}

// tally adds up counts over segments, on several goroutines: add is given the counts of its goroutine, width of them, and a segment of the
// set that is not empty.
func (s places) tally(width int, add func(counts []int, segment int, members *block)) []int {
	workers := max(1, min(runtime.GOMAXPROCS(0), len(s)/4))
	sums := make([][]int, workers)
	var all sync.WaitGroup
	for worker := range workers {
		sums[worker] = make([]int, width)
		all.Go(func() {
			for i := worker; i < len(s); i += workers {
				if s[i] != nil {
					add(sums[worker], i, s[i])
				}
			}
		})
	}
	all.Wait()
	for _, sum := range sums[1:] {
		for i, n := range sum {
			sums[0][i] += n
		}
	}
	return sums[0]
}
