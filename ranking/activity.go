package ranking

import (
	"math"
	"slices"
	"sort"
	"time"
)

// The history of an activity clock: at most one sample each 10 minutes with activity, and 2,048 in all. When there are more, the
// one goes that is missed least: samples come to lie apart in proportion to their age, by about 1 % of it after years.
const (
	maxHistory    = 2048
	sampleSeconds = 600
)

// sample is what a clock showed at a moment.
type sample struct {
	at    uint32 // Unix seconds, ascending
	clock uint64
}

type history []sample

// add adds a sample if the last one is old enough.
func (h *history) add(s sample) bool {
	if n := len(*h); n > 0 && uint64(s.at) < uint64((*h)[n-1].at)+sampleSeconds {
		return false
	}
	if *h = append(*h, s); len(*h) > maxHistory {
		i := h.spare()
		*h = slices.Delete(*h, i, i+1)
	}
	return true
}

// spare is the place of the sample that leaves the least gap for its age.
func (h history) spare() (least int) {
	gap := math.Inf(1)
	for i := 1; i < len(h)-1; i++ { // the first and the last stay
		if g := float64(h[i+1].at-h[i-1].at) / float64(h[len(h)-1].at-h[i].at); g < gap {
			least, gap = i, g
		}
	}
	return least
}

// clockAt is what the clock showed at a moment, between samples as if activity had been even.
func (t *tally) clockAt(nanos int64) float64 {
	at := float64(nanos) / 1e9
	switch {
	case len(t.history) == 0 || at <= float64(t.history[0].at):
		return 0
	case at >= float64(t.latest):
		return float64(t.clock)
	}
	i := sort.Search(len(t.history), func(i int) bool { return float64(t.history[i].at) > at })
	from, to := t.history[i-1], sample{t.latest, t.clock}
	if i < len(t.history) {
		to = t.history[i]
	}
	return float64(from.clock) + float64(to.clock-from.clock)*(at-float64(from.at))/(float64(to.at)-float64(from.at))
}

// seconds is a time in Unix seconds, as profiles and tallies keep it.
func seconds(t time.Time) uint32 { return uint32(min(max(t.Unix(), 0), math.MaxUint32)) }
