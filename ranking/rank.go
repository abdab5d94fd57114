package ranking

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filengine/fil"
)

// maxAge bounds how long a feed may be kept, in case a clock or a time zone was wrong.
const maxAge = 24 * time.Hour

// Ranker ranks feeds under one policy. It is safe for many goroutines and does no I/O.
type Ranker struct {
	policy     Policy
	worth      [kindBits]float64
	seen       uint16 // bits of the kinds that make a content seen
	version    uint64 // digest of the policy's version
	catalogue  *Catalogue
	directory  Directory
	popularity *Popularity
	calm       *trends // nobody did anything
	board      atomic.Pointer[board]
	scratch    sync.Pool

	french, english phrases
}

// NewRanker makes a ranker. A nil popularity counts for nothing.
func NewRanker(policy Policy, catalogue *Catalogue, directory Directory, popularity *Popularity) *Ranker {
	h := fnv.New64a()
	_, _ = h.Write([]byte(policy.Version))
	return &Ranker{
		policy: policy, worth: policy.signals(), seen: policy.seenMask(), version: h.Sum64(),
		catalogue: catalogue, directory: directory, popularity: popularity, calm: &trends{},
		scratch: sync.Pool{New: func() any { return new(scratch) }}, french: french(), english: english(),
	}
}

func (r *Ranker) trends() *trends {
	if r.popularity == nil {
		return r.calm
	}
	return r.popularity.current.Load()
}

// Fresh says whether a ranked feed, kept earlier, is still what Rank would give: nothing it was computed from has
// changed and no moment has passed that changes it. False for an unreadable profile and an unknown agent. Of the profile its
// first 9 bytes are enough.
func (r *Ranker) Fresh(feed fil.Feed, profile []byte, now time.Time) bool {
	return r.isFresh(r.catalogue.current.Load(), r.trends(), feed, profile, fil.OrderRanked, now)
}

func (r *Ranker) isFresh(s *snapshot, m *trends, feed fil.Feed, profile []byte, order fil.Order, now time.Time) bool {
	if !now.Before(feed.Until) {
		return false
	}
	member, known := r.directory.Member(feed.Agent)
	if !known || len(profile) > 0 && (len(profile) < profileHeader || profile[0] != profileVersion) {
		return false
	}
	return feed.Stamp == r.stamp(s.stamp, m, member, Profile{profile}, order)
}

func (r *Ranker) stamp(catalogue uint64, m *trends, member Member, profile Profile, order fil.Order) uint64 {
	digest := chain(r.version, catalogue, m.stamp, member.Stamp(), uint64(profile.Offset()))
	if order == fil.OrderChronological {
		digest = mix(digest + 1)
	}
	return digest
}

// Rank computes an agent's feed from their packed profile, which may be empty. An agent that the directory does not
// know is (zero, false, nil). The only error is a profile that cannot be read.
func (r *Ranker) Rank(agent string, profile []byte, order fil.Order, now time.Time) (feed fil.Feed, known bool, err error) {
	sc, b, known, err := r.build(agent, profile, order, now)
	if err != nil || !known {
		return fil.Feed{}, false, err
	}
	defer r.release(sc)
	feed = fil.Feed{
		Agent: agent, Policy: r.policy.Version, Stamp: r.stamp(b.snap.stamp, b.trends, sc.member, sc.profile, order),
		Built: now, Until: r.until(b, now), Entries: make([]fil.Entry, len(sc.out)),
	}
	for i, p := range sc.out {
		feed.Entries[i] = fil.Entry{Content: b.key(p.place), Score: float32(p.score), Note: r.note(sc, b, p, order)}
	}
	return feed, true, nil
}

// until is the next moment when time alone changes a feed.
func (r *Ranker) until(b *board, now time.Time) time.Time {
	until := now.Add(maxAge)
	if r.policy.Exploration.Share > 0 {
		if tomorrow := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour); tomorrow.Before(until) {
			until = tomorrow
		}
	}
	if b.until < until.UnixNano() {
		until = time.Unix(0, b.until)
	}
	return until.UTC()
}

// candidate is one content that may be placed. Its place on the board breaks ties: the board is sorted, the same in
// every process.
type candidate struct {
	score float64
	place int32
}

// placed is a content at its place in the feed, and what brought it there.
type placed struct {
	candidate
	group   uint8
	why     uint8
	natural int32 // rank by group and score alone, from 0
}

// What a rule did to a placement.
const (
	whyScore   = iota
	whySource  // moved down: too many of its source
	whyTopic   // moved down: too many of one of its topics
	whyExplore // drawn for discovery
)

// scratch is the memory of one build, kept for the next: slices by code or by place on the board.
type scratch struct {
	member  Member
	profile Profile

	topic, source, author, kind []float64 // taste by code
	touched                     [columns][]uint32
	total                       float64 // Σ |taste| over the facts about known contents
	marks                       []uint8 // by place on the board
	sets                        []uint8 // by aim: 0 not asked yet, 1 in, 2 out
	heaps                       [groups][]candidate
	draws                       []candidate // a heap of the contents that may be drawn for discovery, by score with noise
	deferred                    []placed
	out                         []placed
	counts                      [2][]uint8 // per source and per topic, among the first places
	counted                     [2][]uint32
	live, eligible, dismissed   int
}

// Marks of the contents that the agent has dealt with.
const (
	markSeen = 1 << iota
	markDismissed
	markAcknowledged
	markTaken // has its place in the feed
)

// build ranks into a scratch, which the caller releases.
func (r *Ranker) build(agent string, profile []byte, order fil.Order, now time.Time) (*scratch, *board, bool, error) {
	parsed, err := ParseProfile(profile)
	if err != nil {
		return nil, nil, false, fmt.Errorf("rank a feed: %w", err)
	}
	member, known := r.directory.Member(agent)
	if !known {
		return nil, nil, false, nil
	}
	b := r.boardAt(now)
	sc := r.scratch.Get().(*scratch)
	sc.member, sc.profile = member, parsed
	sc.fit(b)
	r.digest(sc, b)
	if order == fil.OrderChronological {
		r.chronological(sc, b)
		return sc, b, true, nil
	}
	r.score(sc, b, seedOf(agent, now))
	r.arrange(sc, b)
	return sc, b, true, nil
}

// fit sizes the memory for a board; all of it is zero.
func (sc *scratch) fit(b *board) {
	sc.topic = grow(sc.topic, len(b.snap.names[columnTopic]))
	sc.source = grow(sc.source, len(b.snap.names[columnSource]))
	sc.author = grow(sc.author, len(b.snap.names[columnAuthor]))
	sc.kind = grow(sc.kind, len(b.snap.names[columnKind]))
	sc.counts[0] = grow(sc.counts[0], len(b.snap.names[columnSource]))
	sc.counts[1] = grow(sc.counts[1], len(b.snap.names[columnTopic]))
	sc.marks = grow(sc.marks, b.len())
	sc.sets = grow(sc.sets, len(b.snap.sets))
	clear(sc.marks)
	clear(sc.sets)
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// release puts the scratch back, with what was touched set to zero again.
func (r *Ranker) release(sc *scratch) {
	for column, tastes := range [columns][]float64{sc.topic, sc.source, sc.author, sc.kind} {
		for _, code := range sc.touched[column] {
			tastes[code] = 0
		}
		sc.touched[column] = sc.touched[column][:0]
	}
	for i := range sc.counts {
		for _, code := range sc.counted[i] {
			sc.counts[i][code] = 0
		}
		sc.counted[i] = sc.counted[i][:0]
	}
	for g := range sc.heaps {
		sc.heaps[g] = sc.heaps[g][:0]
	}
	sc.draws, sc.deferred, sc.out = sc.draws[:0], sc.deferred[:0], sc.out[:0]
	sc.total, sc.live, sc.eligible, sc.dismissed, sc.member, sc.profile = 0, 0, 0, 0, nil, Profile{}
	r.scratch.Put(sc)
}

// digest joins the profile with the catalogue: marks on the contents of the board, and tastes by code. A taste is
// decayed from the agent's own last act, not from now, so that a feed does not change while nothing happens.
func (r *Ranker) digest(sc *scratch, b *board) {
	facts, last := sc.profile.Len(), uint32(0)
	for i := range facts {
		if f := sc.profile.at(i); f.last > last && b.snap.find(f.content) >= 0 {
			last = f.last
		}
	}
	perSecond := 1 / (r.policy.HalfLives.AffinityDays * 86400)
	for i := range facts {
		f := sc.profile.at(i)
		at := b.snap.find(f.content)
		if at < 0 {
			continue
		}
		if place := b.at[at]; place > 0 {
			sc.marks[place-1] = r.mark(f)
		}
		taste := r.taste(f) * math.Exp2((float64(f.last)-float64(last))*perSecond)
		if taste == 0 {
			continue
		}
		sc.total += math.Abs(taste)
		row := &b.snap.rows[at]
		for _, code := range row.topics {
			sc.feel(sc.topic, columnTopic, code, taste)
		}
		sc.feel(sc.source, columnSource, row.codes[columnSource], taste)
		sc.feel(sc.author, columnAuthor, row.codes[columnAuthor], taste)
		sc.feel(sc.kind, columnKind, row.codes[columnKind], taste)
	}
	scale := 1 / (r.policy.Priors.Affinity + sc.total)
	for column, tastes := range [columns][]float64{sc.topic, sc.source, sc.author, sc.kind} {
		for _, code := range sc.touched[column] {
			tastes[code] *= scale
		}
	}
}

func (sc *scratch) feel(tastes []float64, column int, code uint32, taste float64) {
	if code == 0 {
		return
	}
	if tastes[code] == 0 {
		sc.touched[column] = append(sc.touched[column], code)
	}
	tastes[code] += taste
	if tastes[code] == 0 {
		tastes[code] = math.SmallestNonzeroFloat64 // two acts that cancel out must not have the code noted twice
	}
}

// taste is what a fact is worth.
func (r *Ranker) taste(f fact) (worth float64) {
	for kinds := f.kinds &^ (1 << dwellBit); kinds != 0; kinds &= kinds - 1 {
		worth += r.worth[bits.TrailingZeros16(kinds)]
	}
	if f.dwell > 0 {
		worth += r.worth[dwellBit] * r.policy.minutes(float64(f.dwell))
	}
	return worth
}

func (r *Ranker) mark(f fact) (mark uint8) {
	if f.kinds&(1<<dismissBit) != 0 {
		mark |= markDismissed
	}
	if f.kinds&(1<<acknowledgeBit) != 0 {
		mark |= markAcknowledged
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
