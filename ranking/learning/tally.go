package learning

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// A *first read* is an agent's first deliberate act on a content: their profile held no such act before. What was
// forgotten of a profile may be read for the first time again.

// Half-lives of the decayed counts, in first reads of everyone.
const (
	horizonNow    = 16
	horizonLately = 128
	horizonWhile  = 1024
)

// Places of the decayed counts.
const (
	decayNow = iota
	decayLately
	decayWhile
	decays
)

// fadings is how many counts decay by the clock on the wall.
const fadings = len(ranking.Signals{}.Fading)

// fadingEndorsed is the place of the endorsements among the counts that decay by the clock on the wall; the others are of first reads.
const fadingEndorsed = fadings - 1

// An *endorsement* is an agent's first act of a kind by which they stand for a content: an agent counts once for each kind.
const endorsing = uint16(1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<9) // reaction, comment, share, save, follow

// Bounds of one partition: a quarter more are kept before those dealt with longest ago are dropped.
const (
	maxCounts = 1 << 14 // contents
	maxRows   = 1 << 11 // contents with a row of co-readers
	maxOrgs   = 1 << 16 // counts by content and organisation
)

// forgotten is the age, in half-lives, from which a decayed count is nothing.
const forgotten = 64

// tally is what one partition's engagements say about each content. Its time is its activity clock, the number of first
// reads so far, so that nights, holidays and the size of a platform take nothing away from anything. A few counts decay by
// the clock on the wall beside it: a morning's news is old in the evening, however little was read.
type tally struct {
	digest  uint64 // of the constants above and the number of partitions; its lowest byte is 0
	edition byte
	offset  int64 // of the last engagement that it includes
	done    int64 // up to which the profiles are stored too

	pace    [decays]float64 // half-lives per tick of the clock
	clock   uint64          // first reads so far
	latest  uint32          // Unix seconds of the latest of them
	counts  []count         // in the order in which the contents were first dealt with
	place   map[fil.ContentKey]int32
	history history
	habits

	dirty   []int32 // places of the counts changed since the last save
	whole   bool    // everything moved since the last save
	sampled bool    // the history changed since
}

// count is what is known of one content.
type count struct {
	key     fil.ContentKey
	at      uint64 // the clock at the last first read; at the first impression if there is none
	last    uint32 // Unix seconds of the last first read; 0 if there is none
	ever    uint32 // first reads
	shown   uint32 // impressions to agents who had not read it
	decayed [decays]float32
	dealt   uint32           // Unix seconds of the last first read or endorsement; 0 if there is none
	fading  [fadings]float32 // as of then
}

// editionMask is where the edition stands in the 8 bytes that it shares with the digest.
const editionMask = 0xff

// tallyDigest names the numbers that a tally is computed with: with others, it must be computed again from the log.
func tallyDigest(partitions int) uint64 {
	return ranking.Chain(tallyVersion, uint64(max(partitions, 1)), horizonNow, horizonLately, horizonWhile, uint64(ranking.Deliberate),
		uint64(endorsing), maxCounts, maxRows, maxOrgs, maxHistory, sampleSeconds, keptInRow, shownOfRow, maxRecent, shyness, orgLevels) &^ editionMask
}

func newTally(partitions int) *tally {
	t := &tally{digest: tallyDigest(partitions), offset: -1, done: -1, place: map[fil.ContentKey]int32{}, whole: true}
	for i, horizon := range [decays]float64{horizonNow, horizonLately, horizonWhile} {
		t.pace[i] = 1 / max(horizon/float64(max(partitions, 1)), 1)
	}
	return t
}

// observe counts an engagement of an agent of an organisation, whose profile was this before it.
func (t *tally) observe(before ranking.Profile, e fil.Engagement, org func(agent string) string) {
	bit := ranking.KindBit(e.Kind)
	if bit < 0 || bit != 0 && ranking.Deliberate&(1<<bit) == 0 {
		return
	}
	key := fil.KeyOf(e.Content)
	did := before.Did(key)
	first := did&ranking.Deliberate == 0
	if endorses := endorsing&(1<<bit)&^did != 0; endorses || bit != 0 && first {
		t.deal(key, seconds(e.Time), bit != 0 && first, endorses)
	}
	if !first {
		return
	}
	if bit == 0 {
		c := t.touch(key)
		c.shown += min(1, math.MaxUint32-c.shown)
	} else {
		t.read(key, seconds(e.Time))
		t.follow(key, before)
		if org != nil {
			t.credit(key, org(e.Agent))
		}
	}
	t.prune()
}

// read counts a first read at a time.
func (t *tally) read(key fil.ContentKey, at uint32) {
	t.latest = max(t.latest, at) // an act that comes late, as from a telephone that was offline, is of now
	t.sampled = t.history.add(sample{t.latest, t.clock}) || t.sampled
	c := t.touch(key)
	t.clock++
	for i := range c.decayed {
		c.decayed[i] = float32(t.left(float64(c.decayed[i]), c.at, i) + 1)
	}
	c.at, c.last = t.clock, max(c.last, at)
	c.ever += min(1, math.MaxUint32-c.ever)
}

// deal counts an act by the clock on the wall.
func (t *tally) deal(key fil.ContentKey, at uint32, first, endorses bool) {
	c := t.touch(key)
	c.fade(max(at, c.dealt))
	for i := range c.fading {
		if i == fadingEndorsed && endorses || i != fadingEndorsed && first {
			c.fading[i] += float32(ranking.Faded(1, float64(c.dealt-at), i))
		}
	}
}

// fade brings what fades to a later moment.
func (c *count) fade(now uint32) {
	for i := range c.fading {
		c.fading[i] = float32(ranking.Faded(float64(c.fading[i]), float64(now-c.dealt), i))
	}
	c.dealt = now
}

// left is what the clock has left of a value since a moment of it.
func (t *tally) left(value float64, since uint64, decay int) float64 {
	age := float64(t.clock-since) * t.pace[decay]
	if value == 0 || age > forgotten {
		return 0
	}
	return value * math.Exp2(-age)
}

// touch finds or makes a content's count, which will change. It lasts until the next one is made.
func (t *tally) touch(key fil.ContentKey) *count {
	i, known := t.place[key]
	if !known {
		i = int32(len(t.counts))
		t.place[key], t.counts = i, append(t.counts, count{key: key, at: t.clock})
	}
	t.dirty = append(t.dirty, i)
	return &t.counts[i]
}

// prune holds the bounds.
func (t *tally) prune() {
	if len(t.counts) > maxCounts+maxCounts/4 {
		t.dropCounts()
	}
	if t.rowCount > maxRows+maxRows/4 {
		t.dropRows()
	}
	if t.orgCount > maxOrgs+maxOrgs/4 {
		t.dropOrgs(t.clock, t.pace[decayLately])
	}
}

// dropCounts keeps the contents that were dealt with last, in their order.
func (t *tally) dropCounts() {
	sorted := slices.Clone(t.counts)
	slices.SortFunc(sorted, func(a, b count) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(a.key, b.key)) })
	floor := sorted[maxCounts-1]
	t.counts = slices.DeleteFunc(t.counts, func(c count) bool { return c.at < floor.at || c.at == floor.at && c.key > floor.key })
	t.dirty, t.whole = t.dirty[:0], true
	clear(t.place)
	for i := range t.counts {
		t.place[t.counts[i].key] = int32(i)
	}
}

// saved says that what changed is stored.
func (t *tally) saved() {
	t.dirty, t.whole, t.sampled = t.dirty[:0], false, false
	t.changed = [2]bucketSet{}
}

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
