package ranking

import (
	"math"

	"github.com/filengine/fil"
)

// Trends is what everybody's engagements say, as package learning counts them. Those of one moment do not change.
type Trends interface {
	// Of gives what is known of a content; false when nobody has read it nor seen it. It allocates nothing. The row is not to
	// be changed.
	Of(content fil.ContentKey) (s Signals, known bool)
	// ReadsSince is how many first reads by everyone, of anything, came since a moment in Unix nanoseconds.
	ReadsSince(unixNano int64) float64
	// OrgReads is how many agents of an organisation, given by its path, of three levels at most, or of what is below it, have
	// first read a content, decayed over the last 128 first reads of everyone; of the content 0, of all contents.
	OrgReads(content fil.ContentKey, org string) float64
	// Mark names them: equal stamps mean equal values. counted and habits are the offsets that the counts and the habits
	// include, by partition; both may be nil.
	Mark() (stamp uint64, counted, habits []int64)
}

// Signals is what everybody's engagements say about one content, as of its Trends: the same ones give the same numbers
// at any moment. What fades by the clock on the wall is given as of a moment that is told.
//
// A first read is an agent's first deliberate act on a content; an endorsement is their first act of a kind by which they
// stand for it.
type Signals struct {
	Now, Lately, While float64    // first reads by everyone, decayed over the last 16, 128, 1024 first reads
	Ever, Shown        float64    // first reads, and impressions to those who had not read it, undecayed; shown to 1 in 64
	SinceLast          float64    // first reads by everyone, of anything, since the last one of this content; all of them if there is none
	Last               uint32     // Unix seconds of the last first read; 0 if there is none
	Fading             [4]float64 // first reads by everyone, in the quarter of an hour, the hour, the day; endorsements in the day
	Dealt              uint32     // Unix seconds that they are of
	Row                []Coread   // heaviest first
}

// Coread is how much a content was read by the same agents as another: Σ 1/√(n+5) over them, n being what each has read.
type Coread struct {
	Content fil.ContentKey
	Weight  float32
}

func stampOf(m Trends) uint64 {
	stamp, _, _ := m.Mark()
	return stamp
}

// Faded is what so many seconds have left of a count of Signals.Fading, given by its place there.
func Faded(value, seconds float64, fading int) float64 {
	const forgotten = 64 // half-lives, from which it is nothing
	age := seconds / [...]float64{900, 3600, 86400, 86400}[fading]
	if value == 0 || age > forgotten {
		return 0
	}
	return value * math.Exp2(-age)
}

// calm is that nobody did anything.
type calm struct{}

func (calm) Of(fil.ContentKey) (Signals, bool)             { return Signals{}, false }
func (calm) ReadsSince(int64) float64                      { return 0 }
func (calm) OrgReads(fil.ContentKey, string) float64       { return 0 }
func (calm) Mark() (stamp uint64, counted, habits []int64) { return 0, nil, nil }
