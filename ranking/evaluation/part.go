package evaluation

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Part is a stretch of a log whose reads are judged. What lies before it is only learned from.
type Part string

// The parts. Tuning sees no more than the validation part, so that figures of the test part were tuned for by nobody.
const (
	Validation Part = "validation" // after the 0.6 quantile of the first reads' times, up to the 0.7 quantile
	Test       Part = "test"       // after the 0.7 quantile
)

// Window is the time in which acts are judged, in Unix nanoseconds: after After, up to Until.
type Window struct{ After, Until int64 }

// Window gives the bounds of a part, by the times of the first reads or, where the log tells what was shown, of those
// showings. It is empty for a log without any.
func (l *Log) Window(part Part) Window {
	times := l.first
	if len(l.shown) > 0 {
		times = make([]int64, len(l.shown))
		for i, s := range l.shown {
			times[i] = s.at
		}
	}
	switch {
	case len(times) == 0:
		return Window{math.MaxInt64, math.MinInt64}
	case part == Validation:
		return Window{quantile(times, 0.6), quantile(times, 0.7)}
	default:
		return Window{quantile(times, 0.7), math.MaxInt64}
	}
}

// quantile interpolates between the two nearest of ascending times, rounded down (the seventh definition of Hyndman and
// Fan, 1996).
func quantile(times []int64, q float64) int64 {
	whole, part := math.Modf(q * float64(len(times)-1))
	at := int(whole)
	if at+1 >= len(times) {
		return times[len(times)-1]
	}
	return times[at] + int64(math.Floor(part*float64(times[at+1]-times[at])))
}

func (w Window) holds(at int64) bool { return at > w.After && at <= w.Until }

// event is a judged act, by its place in the log.
type event struct {
	place int32
	cold  bool
}

// warmReads is how many earlier reads an agent must have not to be judged apart.
const warmReads = 3

// events lists the first reads of a window that can be judged: of contents that were live before.
func (l *Log) events(w Window) (found []event) {
	reads := make([]int32, len(l.agents.list))
	for from, to := range l.moments() {
		at := l.acts[from].At
		for i, act := range l.acts[from:to] {
			if act.First && w.holds(at) && l.clock[act.Content] < at {
				found = append(found, event{int32(from + i), reads[act.Agent] < warmReads})
			}
		}
		for _, act := range l.acts[from:to] {
			if act.First {
				reads[act.Agent]++
			}
		}
	}
	return found
}

// sample keeps at most so many warm and so many cold events, drawn with a seed, in the order of the log.
func sample(events []event, most int, seed uint64) []event {
	var kept []event
	for _, cold := range []bool{false, true} {
		var of []event
		for _, e := range events {
			if e.cold == cold {
				of = append(of, e)
			}
		}
		if len(of) > most {
			random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a sample to be drawn again, not a secret
			random.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
			of = of[:most]
		}
		kept = append(kept, of...)
	}
	slices.SortFunc(kept, func(x, y event) int { return cmp.Compare(x.place, y.place) })
	return kept
}
