package ranking

import (
	"hash/fnv"
	"math"
	"sync/atomic"
	"time"
)

// ruleset is a policy made ready to rank by, with the board that was last made under it.
type ruleset struct {
	policy  Policy
	worth   [kindBits]float64
	seen    uint16 // bits of the kinds that make a content seen
	version uint64 // digest of the policy's version

	leverage float64 // what a doubling of all that is counted in reads of a content adds to its score

	pinnedFirst bool // pinned contents stand above mandatory ones
	drawsCapped bool // what is drawn for discovery counts in the caps, and is held to them
	board       atomic.Pointer[board]
}

func newRuleset(policy Policy) *ruleset {
	h := fnv.New64a()
	_, _ = h.Write([]byte(policy.Version))
	leverage := 0.0
	for _, f := range [...]int{featNow, featLately, featWhile, featEver, featQuarter, featQuarter + 1, featQuarter + 2, featAppeal, featReaders, featCompany, featThread} {
		leverage += policy.Weights[f]
	}
	return &ruleset{
		leverage: leverage,
		policy:   policy, worth: policy.signals(), seen: policy.seenMask(), version: h.Sum64(),
		pinnedFirst: policy.before(RulePinned, RuleMandatory), drawsCapped: policy.before(RuleCaps, RuleDiscovery),
	}
}

// tick gives the moment that stands for all those of its tick, and the end of the tick.
func (r *ruleset) tick(now int64) (moment, end int64) {
	tick := int64(r.policy.TickMinutes * float64(time.Minute))
	if tick == 0 || now < math.MinInt64+tick || now > math.MaxInt64-tick {
		return now, now + 1
	}
	moment = now - now%tick
	if moment > now { // before 1970
		moment -= tick
	}
	return moment, moment + tick
}

// shared is what the features that are the same for all add up to.
func (r *ruleset) shared(values *[features]float64) (score float64) {
	for f := range firstPersonal {
		score += r.policy.Weights[f] * values[f]
	}
	return score
}

func (r *ruleset) groupOf(row *row, now int64) uint8 {
	switch {
	case r.policy.Rules.MandatoryFirst && (now < row.mandatory || now < row.recalled):
		return groupMandatory
	case r.policy.Rules.PinnedAtMost > 0 && now < row.pinned:
		return groupPinned
	}
	return groupUnseen
}

// means are sums over the live contents that rates are compared with.
type means struct {
	ever, shown float64 // of those that were shown
	lately      float64
}

func (m *means) add(s *Signals) {
	m.lately += s.Lately
	if s.Shown > 0 {
		m.ever += s.Ever
		m.shown += max(s.Shown, s.Ever)
	}
}

// appeal compares the reads per time shown with the mean, as many imaginary showings at the mean counting beside the real
// ones as the prior says (the mean of a Beta posterior).
func (m *means) appeal(s *Signals, prior float64) float64 {
	if s.Shown == 0 || m.ever == 0 {
		return 0
	}
	mean := m.ever / m.shown
	return math.Log2((s.Ever + prior*mean) / (max(s.Shown, s.Ever) + prior) / mean)
}

// sharedValues fills in the features of a content that are the same for all agents, by what is known of it.
func (b *board) sharedValues(i int32, s *Signals, values *[features]float64) {
	row, p := &b.snap.rows[i], &b.rules.policy
	hours := math.Max(0, float64(b.moment-row.published)/3.6e12)
	since := b.trends.ReadsSince(row.published)
	silence := s.SinceLast
	if s.Ever == 0 {
		silence = since
	}
	values[featPriority] = float64(row.priority)
	values[featRecency] = math.Max(-20, -hours/p.HalfLives.PublicationHours)
	values[featAge] = 0 - math.Log2(1+hours)
	values[featTempo] = 0 - math.Log2(1+since)
	values[featLull] = 0 - math.Log2(1+silence)
	values[featNow] = math.Log2(1 + s.Now/p.Priors.Reads)
	values[featLately] = math.Log2(1 + s.Lately/p.Priors.Reads)
	values[featWhile] = math.Log2(1 + s.While/p.Priors.Reads)
	values[featEver] = math.Log2(1 + s.Ever/p.Priors.Reads)
	idle := math.Max(0, float64(b.moment)/1e9-float64(s.Dealt))
	for i := range s.Fading {
		values[featQuarter+i] = log2of(1 + Faded(s.Fading[i], idle, i)/p.Priors.Reads)
	}
	values[featAppeal] = b.means.appeal(s, p.Priors.Appeal)
}

// personalValues fills in the features of a content for the agent of the scratch. It allocates nothing.
func (sc *scratch) personalValues(b *board, place int32, values *[features]float64) {
	values[featOrg] = 0
	if int(place) < len(sc.org) {
		values[featOrg] = float64(sc.org[place])
	}
	values[featTopic], _ = sc.topicTaste(b.topicsOf(place))
	values[featSource] = sc.taste[columnSource][b.codes[columnSource][place]]
	values[featAuthor] = sc.taste[columnAuthor][b.codes[columnAuthor][place]]
	values[featKind] = sc.taste[columnKind][b.codes[columnKind][place]]
	values[featCommunity] = sc.taste[columnCommunity][b.codes[columnCommunity][place]]
	values[featText] = 0
	if sc.text.texts != nil {
		values[featText] = sc.text.likeness(b.rows[place])
	}
	long, short := float64(sc.along[place].long), float64(sc.along[place].short)
	reads := float64(b.reads[place])
	values[featReaders] = log2of(1 + scale*long/(reads+2))
	values[featCompany] = log2of(1 + scale*long)
	values[featThread] = log2of(1 + scale*short/math.Sqrt(reads+1))
	values[featBeside] = 0
	if sc.beside != noMoment {
		values[featBeside] = 0 - math.Log2(1+math.Abs(float64(b.published[place]-sc.beside))/3.6e12)
	}
	values[featDaytime] = sc.daytime(b, place)
	values[featPassed] = 0 - sc.actsSince(b.published[place])
	values[featReturned] = 0
	if sc.visited != 0 && b.published[place] > sc.visited {
		values[featReturned] = 1
	}
	values[featFatigue] = 0 - sc.logs[min(int(sc.shown[place]), len(sc.logs)-1)]
	values[featLanguage] = sc.reads(b.content(place))
}

// personal is what the features of one agent add up to.
func (sc *scratch) personal(weights *Weights, values *[features]float64) (score float64) {
	for f := firstPersonal; f < features; f++ {
		score += weights[f] * values[f]
	}
	return score
}

// scale makes a likeness of 1/500 the first unit: most are of that order, where a logarithm that began at 1 would be as good as
// straight.
const scale = 500

// log2of spares a logarithm where there is nothing to tell.
func log2of(x float64) float64 {
	if x == 1 {
		return 0
	}
	return math.Log2(x)
}
