package ranking

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// maxAge bounds how long a feed may be kept, in case a clock or a time zone was wrong.
const maxAge = 24 * time.Hour

// Ranker ranks feeds. It is safe for many goroutines and does no I/O.
type Ranker struct {
	rules     *ruleset  // of the policy that it was made with
	policies  *Policies // what is in force; nil: that policy alone
	dealt     sync.Map  // version of a policy → *ruleset
	catalogue *Catalogue
	directory Directory
	trends    func() Trends
	scratch   sync.Pool

	french, english phrases
}

// NewRanker makes a ranker, which asks for the trends of the moment each time. When it is nil, nobody did anything.
func NewRanker(policy Policy, catalogue *Catalogue, directory Directory, trends func() Trends) *Ranker {
	if trends == nil {
		trends = func() Trends { return calm{} }
	}
	return &Ranker{
		rules: newRuleset(policy), catalogue: catalogue, directory: directory, trends: trends,
		scratch: sync.Pool{New: func() any { return newScratch() }}, french: french(), english: english(),
	}
}

// Follow makes the ranker rank by what is in force in place of the policy that it was made with. It comes before all else.
func (r *Ranker) Follow(policies *Policies) { r.policies = policies }

// deal gives the policy and the order by which an agent reads who asks for an order, and the arm that they are in: those of
// the hold-out read in the order of time.
func (r *Ranker) deal(agent string, asked fil.Order) (rules *ruleset, arm string, order fil.Order) {
	if r.policies == nil {
		return r.rules, "", asked
	}
	policy, arm, order := r.policies.For(agent)
	if order == fil.OrderChronological {
		asked = order
	}
	return r.rulesOf(policy), arm, asked
}

func (r *Ranker) rulesOf(policy *Policy) *ruleset {
	if policy.Version == r.rules.policy.Version {
		return r.rules
	}
	if ready, ok := r.dealt.Load(policy.Version); ok {
		return ready.(*ruleset)
	}
	made, _ := r.dealt.LoadOrStore(policy.Version, newRuleset(*policy))
	return made.(*ruleset)
}

// Fresh says whether a ranked feed, kept earlier, is still what Rank would give: nothing it was computed from has
// changed and no moment has passed that changes it. False for an unreadable profile and an unknown agent. Of the profile its
// first 9 bytes are enough.
func (r *Ranker) Fresh(feed fil.Feed, profile []byte, now time.Time) bool {
	return r.isFresh(r.catalogue.current.Load(), r.trends(), feed, profile, fil.OrderRanked, now)
}

func (r *Ranker) isFresh(s *snapshot, m Trends, feed fil.Feed, profile []byte, order fil.Order, now time.Time) bool {
	if !now.Before(feed.Until) {
		return false
	}
	member, known := r.directory.Member(feed.Agent)
	if !known || len(profile) > 0 && (len(profile) < profileHeader || checkProfile(profile) != nil) {
		return false
	}
	if pair := r.woven(feed.Agent, order); pair != nil {
		return feed.Stamp == pair.stamp(s.stamp, m, member, Profile{profile})
	}
	rules, _, order := r.deal(feed.Agent, order)
	return feed.Stamp == stamp(rules, s.stamp, m, member, Profile{profile}, order)
}

func stamp(rules *ruleset, catalogue uint64, m Trends, member Member, profile Profile, order fil.Order) uint64 {
	digest := Chain(rules.version, catalogue, stampOf(m), member.Stamp(), uint64(profile.Offset()))
	if order == fil.OrderChronological {
		digest = Mix(digest + 1)
	}
	return digest
}

// Rank computes an agent's feed from their packed profile, which may be empty. An agent that the directory does not
// know is (zero, false, nil). The only error is a profile that cannot be read.
func (r *Ranker) Rank(agent string, profile []byte, order fil.Order, now time.Time) (feed fil.Feed, known bool, err error) {
	if pair := r.woven(agent, order); pair != nil {
		return r.rankWoven(pair, agent, profile, now)
	}
	sc, b, known, err := r.build(agent, profile, order, now)
	if err != nil || !known {
		return fil.Feed{}, false, err
	}
	defer r.release(sc)
	feed = fil.Feed{
		Agent: agent, Policy: b.rules.policy.Version, Stamp: stamp(b.rules, b.snap.stamp, b.trends, sc.member, sc.profile, sc.order),
		Built: now, Until: b.ends(now), Entries: make([]fil.Entry, len(sc.out)),
	}
	for i, p := range sc.out {
		feed.Entries[i] = fil.Entry{Content: b.key(p.place), Score: float32(p.score), Note: sc.note(b, p, sc.order)}
	}
	return feed, true, nil
}

// ends is the next moment when time alone changes a feed.
func (b *board) ends(now time.Time) time.Time {
	until := now.Add(maxAge)
	if b.rules.policy.Exploration.Share > 0 {
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
	whyScore     = iota
	whySource    // moved down: too many of its source
	whyTopic     // moved down: too many of one of its topics
	whyExplore   // drawn for discovery
	whyCommunity // raised: the agent follows its community
)

// scratch is the memory of one build, kept for the next: slices by code, by place in the snapshot or on the board.
type scratch struct {
	member  Member
	profile Profile
	order   fil.Order // in which the agent reads
	arm     string    // that they are in

	language string // the tongue that the agent reads

	taste   [columns][]float64 // by code
	touched [columns][]uint32
	total   float64 // Σ |taste| over the facts about known contents

	long, short []float32 // by place in the snapshot: what it weighs that the agent read it, and that they read it lately
	walked      []int32   // places that weigh something
	along       []met     // by place on the board: what the ways there add up to
	latest      []uint32  // Unix seconds of the latest first reads, the last first
	latestRows  []int32
	acts        int       // deliberate acts known of
	visited     int64     // Unix nanoseconds of the end of the visit before this one; 0: none
	org         []float32 // featOrg by place
	text        textTaste
	newcomer    bool
	beside      int64 // Unix nanoseconds when what the agent read last was published; noMoment when it is not known
	hours       hours

	marks                     []uint8 // by place on the board
	shown                     []uint8 // times shown and not opened, by place on the board
	sets                      []uint8 // by aim: 0 not asked yet, 1 in, 2 out
	heaps                     [groups][]candidate
	draws                     []candidate // a heap of the contents that may be drawn for discovery
	follows                   []follow
	deferred                  []placed
	out                       []placed
	counts                    [2][]uint8 // per source and per topic, among the first places
	counted                   [2][]uint32
	live, eligible, dismissed int

	weights Weights // of the policy, for this agent
	values  [features]float64
	logs    [maxLatest + 1]float64 // log2(1 + n)
}

// maxLatest is how many of the latest reads are looked at one by one, and maxShort how many of them make the thread.
const (
	maxLatest = 64
	maxShort  = 20
)

func newScratch() *scratch {
	sc := &scratch{hours: newHours()}
	for n := range sc.logs {
		sc.logs[n] = math.Log2(1 + float64(n))
	}
	return sc
}

// Marks of the contents that the agent has dealt with.
const (
	markSeen = 1 << iota
	markDismissed
	markAcknowledged
	markTaken   // has its place in the feed
	markRevised // was seen, and revised since
	markHeld    // was hidden, and stays until it is acknowledged or no longer asked for
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
	rules, arm, order := r.deal(agent, order)
	sc, b := r.lay(agent, member, parsed, rules, order, now)
	sc.arm = arm
	return sc, b, true, nil
}

// lay puts what an agent may read in an order by a policy.
func (r *Ranker) lay(agent string, member Member, profile Profile, rules *ruleset, order fil.Order, now time.Time) (*scratch, *board) {
	b := r.boardAt(rules, now)
	sc := r.scratch.Get().(*scratch)
	sc.open(b, member, profile)
	sc.order, sc.arm = order, ""
	if order == fil.OrderChronological {
		sc.chronological(b)
		return sc, b
	}
	sc.score(b, seedOf(agent, now))
	sc.arrange(b)
	return sc, b
}

// open takes an agent in.
func (sc *scratch) open(b *board, member Member, profile Profile) {
	sc.member, sc.profile = member, profile
	sc.fit(b)
	if b.snap.texts != nil && b.rules.policy.Weights[featText] != 0 {
		sc.text.open(b.snap)
	}
	sc.digest(b)
	sc.language = tongue(member.Language())
	sc.org, sc.weights = b.inOrg(member.Org()), b.rules.policy.Weights
	if sc.newcomer {
		sc.weights[featOrg] += b.rules.policy.Newcomers.Org
	}
}

// fit sizes the memory for a board; all of it is zero.
func (sc *scratch) fit(b *board) {
	for c := range sc.taste {
		sc.taste[c] = grow(sc.taste[c], len(b.snap.names[c]))
	}
	sc.counts[0] = grow(sc.counts[0], len(b.snap.names[columnSource]))
	sc.counts[1] = grow(sc.counts[1], len(b.snap.names[columnTopic]))
	sc.long, sc.short = grow(sc.long, len(b.snap.rows)), grow(sc.short, len(b.snap.rows))
	sc.marks, sc.shown = grow(sc.marks, b.len()), grow(sc.shown, b.len())
	sc.sets = grow(sc.sets, len(b.snap.sets))
	sc.hours.fit(b)
	sc.along = grow(sc.along, b.len())
	clear(sc.along)
	clear(sc.marks)
	clear(sc.shown)
	clear(sc.sets)
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// release puts the scratch back.
func (r *Ranker) release(sc *scratch) {
	sc.close()
	r.scratch.Put(sc)
}

// close sets what was touched to zero again.
func (sc *scratch) close() {
	for column, tastes := range sc.taste {
		for _, code := range sc.touched[column] {
			tastes[code] = 0
		}
		sc.touched[column] = sc.touched[column][:0]
	}
	for _, row := range sc.walked {
		sc.long[row], sc.short[row] = 0, 0
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
	sc.text.close()
	sc.hours.close()
	sc.walked, sc.latest, sc.latestRows = sc.walked[:0], sc.latest[:0], sc.latestRows[:0]
	sc.draws, sc.deferred, sc.out, sc.follows = sc.draws[:0], sc.deferred[:0], sc.out[:0], sc.follows[:0]
	sc.total, sc.acts, sc.visited, sc.live, sc.eligible, sc.dismissed = 0, 0, 0, 0, 0, 0
	sc.member, sc.profile, sc.org, sc.newcomer = nil, Profile{}, nil, false
}
