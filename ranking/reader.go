package ranking

import (
	"math"
	"math/bits"

	"github.com/filengine/fil"
)

// visitGap is the silence, in seconds, that ends a visit: half an hour, as web analytics has it.
const visitGap = 1800

// digest joins the profile with the catalogue: marks on the contents of the board, tastes by code, what the agent read and
// when. Tastes are decayed from the agent's own last act, not from now, so that they do not change while nothing happens.
func (sc *scratch) digest(b *board) {
	rules, facts, last := b.rules, sc.profile.Len(), uint32(0)
	for i := range facts {
		if f := sc.profile.at(i); f.last > last && b.snap.find(f.content) >= 0 {
			last = f.last
		}
	}
	perSecond := 1 / (rules.policy.HalfLives.AffinityDays * 86400)
	for i := range facts {
		f := sc.profile.at(i)
		at, read := b.snap.find(f.content), f.kinds&Deliberate != 0
		if read {
			sc.acts++
			sc.remember(f.last, at)
		}
		if at < 0 {
			continue
		}
		if place := b.at[at]; place > 0 {
			since := b.row(place - 1).revisedBy(b.from)
			if sc.marks[place-1] = rules.mark(f, since); sc.marks[place-1]&markDismissed != 0 && sc.due(b, place-1) {
				sc.marks[place-1] ^= markDismissed | markHeld
			}
			if !read && int64(f.last) >= since {
				sc.shown[place-1] = uint8(min(f.shown, maxLatest))
			}
		}
		if read {
			sc.hours.add(&b.snap.rows[at], int64(f.last), b.moment/1e9)
			sc.walked = append(sc.walked, at)
			sc.long[at] = float32(math.Exp2(float64(b.moment/1e9-int64(f.last))*-1/(rules.policy.HalfLives.LikenessDays*86400)) / math.Log2(2+float64(b.ever[at])))
		}
		sc.like(b, at, rules.taste(f)*math.Exp2((float64(f.last)-float64(last))*perSecond))
	}
	sc.scale(b)
	sc.walk(b)
	sc.obey(b)
}

// met is how much a content was read by those who read what the agent did: over all reads, and over the latest.
type met struct{ long, short float32 }

// walk follows the ways from what the agent read.
func (sc *scratch) walk(b *board) {
	for _, row := range sc.walked {
		long, short := sc.long[row], sc.short[row]
		for _, w := range b.waysOf(row) {
			at := &sc.along[w.place]
			at.long += w.weight * long
			at.short += w.weight * short
		}
	}
}

// remember keeps the latest reads in order.
func (sc *scratch) remember(at uint32, row int32) {
	n := len(sc.latest)
	if n == maxLatest && at <= sc.latest[n-1] {
		return
	}
	if n < maxLatest {
		sc.latest, sc.latestRows = append(sc.latest, 0), append(sc.latestRows, 0)
		n++
	}
	i := n - 1
	for ; i > 0 && (sc.latest[i-1] < at || sc.latest[i-1] == at && sc.latestRows[i-1] > row); i-- {
		sc.latest[i], sc.latestRows[i] = sc.latest[i-1], sc.latestRows[i-1]
	}
	sc.latest[i], sc.latestRows[i] = at, row
}

// like adds what a fact is worth to the tastes that it tells of.
func (sc *scratch) like(b *board, at int32, taste float64) {
	if taste == 0 {
		return
	}
	sc.total += math.Abs(taste)
	if sc.text.texts != nil {
		sc.text.add(at, taste)
	}
	row := &b.snap.rows[at]
	for _, code := range row.topics {
		sc.feel(columnTopic, code, taste)
	}
	for _, column := range [...]int{columnSource, columnAuthor, columnKind, columnCommunity} {
		sc.feel(column, row.codes[column], taste)
	}
}

func (sc *scratch) feel(column int, code uint32, taste float64) {
	if code == 0 {
		return
	}
	tastes := sc.taste[column]
	if tastes[code] == 0 {
		sc.touched[column] = append(sc.touched[column], code)
	}
	tastes[code] += taste
	if tastes[code] == 0 {
		tastes[code] = math.SmallestNonzeroFloat64 // two acts that cancel out must not have the code noted twice
	}
}

// scale brings tastes between -1 and 1, what was read to the number of reads, and finds the visit before this one.
func (sc *scratch) scale(b *board) {
	rules := b.rules
	scale := 1 / (rules.policy.Priors.Affinity + sc.total)
	for column, tastes := range sc.taste {
		for _, code := range sc.touched[column] {
			tastes[code] *= scale
		}
	}
	many := float32(1 / math.Sqrt(float64(sc.acts)+5))
	for _, row := range sc.walked {
		sc.long[row] *= many
	}
	sc.hours.scale(rules.policy.Priors.Affinity)
	sc.beside = noMoment
	if len(sc.latestRows) > 0 && sc.latestRows[0] >= 0 {
		sc.beside = b.snap.rows[sc.latestRows[0]].published
	}
	now := b.moment / 1e9
	for i, row := range sc.latestRows[:min(len(sc.latestRows), maxShort)] {
		if row >= 0 {
			hours := float64(max(0, now-int64(sc.latest[i]))) / 3600
			sc.short[row] = float32(math.Exp2(-hours/rules.policy.HalfLives.ThreadHours) / math.Sqrt(1+float64(b.ever[row])))
		}
	}
	before := now
	for _, at := range sc.latest {
		if before-int64(at) > visitGap {
			sc.visited = int64(at) * 1e9
			break
		}
		before = int64(at)
	}
	sc.newcomer = sc.acts < rules.policy.Newcomers.Acts
}

// actsSince is log2(1 + n) for n reads of other things since a moment, as far as they are remembered one by one.
func (sc *scratch) actsSince(nanos int64) float64 {
	if nanos >= math.MaxUint32*1e9 || len(sc.latest) == 0 {
		return 0
	}
	low, high := 0, len(sc.latest)
	for low < high {
		if middle := (low + high) / 2; int64(sc.latest[middle])*1e9 > nanos {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return sc.logs[low]
}

// reads says whether the agent can read the content in their language: 1 or 0.
func (sc *scratch) reads(c *fil.Content) float64 {
	if tongue(c.Language) == sc.language {
		return 1
	}
	for tag := range c.Translations {
		if tongue(tag) == sc.language {
			return 1
		}
	}
	return 0
}

// taste is what a fact is worth.
func (r *ruleset) taste(f fact) (worth float64) {
	for kinds := f.kinds &^ (1 << dwellBit); kinds != 0; kinds &= kinds - 1 {
		worth += r.worth[bits.TrailingZeros16(kinds)]
	}
	if f.dwell > 0 {
		worth += r.worth[dwellBit] * r.policy.minutes(float64(f.dwell))
	}
	return worth
}

// mark says what an agent did with a content since a moment, in Unix seconds: when it was last revised. What they dismissed
// stays so. An impression does not count beside what is done on purpose, so what they read is unread again until they open it.
func (r *ruleset) mark(f fact, since int64) (mark uint8) {
	if f.kinds&(1<<dismissBit) != 0 {
		mark |= markDismissed
	}
	if f.kinds&(1<<acknowledgeBit) != 0 && int64(f.acked) >= since {
		mark |= markAcknowledged
	}
	if int64(f.last) < since {
		if f.kinds&r.seen != 0 {
			mark |= markRevised
		}
		return mark
	}
	if shown := r.policy.Rules.SeenAfterShown; f.kinds&r.seen != 0 || shown > 0 && int(f.shown) >= shown {
		mark |= markSeen
	}
	return mark
}

// admits says whether a content of the board is for the agent and was not dismissed.
func (sc *scratch) admits(b *board, place int32) bool {
	set := b.set[place]
	if sc.sets[set] == 0 {
		sc.sets[set] = sc.ask(b.snap.sets[set])
	}
	if sc.sets[set] == 2 {
		return false
	}
	if sc.marks[place]&markDismissed != 0 {
		sc.dismissed++
		return false
	}
	sc.eligible++
	return true
}

func (sc *scratch) ask(aim fil.Aim) uint8 {
	if aim.Perimeter != "" && !sc.member.In(aim.Perimeter) {
		return 2
	}
	for _, id := range aim.Audiences {
		if sc.member.In(id) {
			return 1
		}
	}
	if len(aim.Audiences) == 0 {
		return 1
	}
	return 2
}
