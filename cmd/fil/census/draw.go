package census

import (
	"math"
	"time"
)

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a digest in which every bit counts.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// dice is a stream of random numbers (SplitMix64) that a seed and a rank decide.
type dice uint64

func throw(seed uint64, rank int) dice { return dice(mix(seed ^ mix(uint64(rank)+1))) }

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	return mix(uint64(*d))
}

// share is a number from 0 to 1, 1 excluded.
func (d *dice) share() float64 { return float64(d.next()>>11) / (1 << 53) }

// chance is true so many times in a hundred.
func (d *dice) chance(percent float64) bool { return d.share()*100 < percent }

// below is an integer from 0 to n, n excluded; lean is over 1 where the first are drawn more often.
func (d *dice) below(n int, lean float64) int {
	u := d.share()
	if lean != 1 {
		u = math.Pow(u, lean)
	}
	return int(u * float64(n))
}

// weights are running sums, of which one is drawn in proportion.
type weights []float64

func (w weights) total() float64 {
	if len(w) == 0 {
		return 0
	}
	return w[len(w)-1]
}

func (w weights) draw(d *dice) int {
	at, low, high := d.share()*w.total(), 0, len(w)-1
	for low < high {
		if middle := (low + high) / 2; w[middle] > at {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// apportion gives each weight its part of n, in whole numbers whose sum is n.
func apportion(n int, of []float64) []int {
	sum, run, given := 0.0, 0.0, 0
	for _, w := range of {
		sum += w
	}
	parts := make([]int, len(of))
	for i, w := range of {
		run += w
		upTo := int(float64(n)*run/sum + 0.5)
		if i == len(of)-1 {
			upTo = n
		}
		parts[i], given = upTo-given, upTo
	}
	return parts
}

// Days since 1970 of the census, and of the last day that a calendar knows.
const (
	asOfDay = 20454
	lastDay = asOfDay + 5*366
)

// calendar writes every day from 1970 to some years after the census.
func calendar() []string {
	days := make([]string, lastDay+1)
	for i := range days {
		days[i] = time.Unix(int64(i)*86400, 0).UTC().Format(time.DateOnly)
	}
	return days
}
