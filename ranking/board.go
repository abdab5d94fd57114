package ranking

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// Groups of placement: a content of one group stands above all those of the next.
const (
	groupMandatory = iota
	groupPinned
	groupUnseen
	groupSeen
	groups
)

// board is what all agents' rankings under one policy share: the live contents as columns, with the part of the score that
// depends on no agent, the best first. It is of one moment, and holds until a content or a signal changes, time alone
// changes what is live, or the policy's tick has passed.
type board struct {
	snap   *snapshot
	trends Trends
	rules  *ruleset
	moment int64 // Unix nanoseconds: what ages are counted from
	from   int64 // the board holds for from ≤ now < until
	until  int64
	means  means
	told   []Signals // of the live contents while the board is made, by b.at - 1
	terms  []float64 // of one content, while the board is made

	base      []float64 // what features and terms shared by all add up to, in log2 units; descending
	rows      []int32   // place in the snapshot
	group     []uint8   // mandatory, pinned or unseen, as the content alone says
	above     []int32   // places of the mandatory and pinned ones
	set       []uint32
	published []int64
	codes     [columns][]uint32 // by column; the topic's is not used
	topicFrom []int32           // topics[topicFrom[i]:topicFrom[i+1]]
	topics    []uint32
	waysFrom  []int32 // by place in the snapshot: ways[waysFrom[i]:waysFrom[i+1]] lead from there
	ways      []way
	steps     []step    // the same while the board is made, in no order
	lately    []float32 // Signals.Lately, by place
	reads     []float32 // first reads of all time, by place
	ever      []float32 // the same, by place in the snapshot
	newest    []int32   // places on the board, the last published first
	at        []int32   // place in the snapshot → place on the board + 1, 0 when it is not live
	orgs      sync.Map  // organisation → []float32, the value of featOrg by place
}

// way leads from what an agent has read to a content of the board that others have read as well.
type way struct {
	place  int32
	weight float32
}

// step is a way and the place in the snapshot that it leads from.
type step struct {
	from int32
	way
}

// newBoard takes O(n log n) for n live contents; it is made once per change, not per feed.
func newBoard(rules *ruleset, s *snapshot, m Trends, now int64) *board {
	moment, end := rules.tick(now)
	b := &board{snap: s, trends: m, rules: rules, moment: moment, from: moment, until: end, at: make([]int32, len(s.rows))}
	for i := range s.rows {
		row := &s.rows[i]
		if row.content == nil {
			continue
		}
		b.passes(now, row)
		if row.liveAt(now) {
			b.rows = append(b.rows, int32(i))
		}
	}
	b.read()
	bases := make([]float64, len(s.rows))
	var values [features]float64
	for _, i := range b.rows {
		b.sharedValues(i, b.signals(i), &values)
		bases[i] = rules.shared(&values) + b.termScore(i)
	}
	slices.SortFunc(b.rows, func(i, j int32) int {
		return cmp.Or(cmp.Compare(bases[j], bases[i]), cmp.Compare(s.rows[j].published, s.rows[i].published), cmp.Compare(s.rows[i].key, s.rows[j].key))
	})
	b.lay(bases, now)
	b.told, b.steps = nil, nil
	b.newest = make([]int32, len(b.rows))
	for i := range b.newest {
		b.newest[i] = int32(i)
	}
	slices.SortFunc(b.newest, func(i, j int32) int {
		x, y := b.row(i), b.row(j)
		return cmp.Or(cmp.Compare(y.published, x.published), cmp.Compare(x.key, y.key))
	})
	return b
}

// termScore is what the policy's own terms add to a content.
func (b *board) termScore(i int32) (score float64) {
	b.terms = b.rules.policy.termValues(b.terms[:0], b.snap.rows[i].content, float64(b.ever[i]), b.now())
	for t, value := range b.terms {
		score += b.rules.policy.Terms[t].Weight * value
	}
	return score
}

// now is the moment that ages are counted from.
func (b *board) now() time.Time { return time.Unix(0, b.moment).UTC() }

// read looks up once what is known of each content: of those that are not live, how often they were ever read.
func (b *board) read() {
	b.ever = make([]float32, len(b.snap.rows))
	b.told = make([]Signals, 0, len(b.rows))
	for _, i := range b.rows {
		b.ever[i] = float32(b.tell(i).Ever)
	}
	for i := range b.snap.rows {
		if row := &b.snap.rows[i]; row.content != nil && b.at[i] == 0 {
			s, _ := b.trends.Of(row.key)
			b.ever[i] = float32(s.Ever)
		}
	}
}

// tell looks up what is known of a live content.
func (b *board) tell(i int32) *Signals {
	s, _ := b.trends.Of(b.snap.rows[i].key)
	b.told = append(b.told, s)
	b.at[i] = int32(len(b.told))
	b.means.add(&s)
	return &b.told[len(b.told)-1]
}

// signals is what was looked up.
func (b *board) signals(i int32) *Signals { return &b.told[b.at[i]-1] }

// lay makes the columns, once the rows are in their order.
func (b *board) lay(bases []float64, now int64) {
	b.size(len(b.rows))
	for place, i := range b.rows {
		row, s := &b.snap.rows[i], b.signals(i)
		b.base[place], b.group[place], b.set[place] = bases[i], b.rules.groupOf(row, now), row.set
		b.published[place], b.reads[place], b.lately[place] = row.published, b.ever[i], float32(s.Lately)
		if b.group[place] < groupUnseen {
			b.above = append(b.above, int32(place))
		}
		for c := range b.codes {
			b.codes[c][place] = row.codes[c]
		}
		b.topics = append(b.topics, row.topics...)
		b.topicFrom[place+1] = int32(len(b.topics))
		for _, other := range s.Row {
			if from := b.snap.find(other.Content); from >= 0 {
				b.steps = append(b.steps, step{from, way{int32(place), other.Weight}})
			}
		}
	}
	b.pave()
	for place, i := range b.rows {
		b.at[i] = int32(place) + 1
	}
}

// pave sorts the steps by where they lead from, so that a reader walks from what they read and meets nothing else.
func (b *board) pave() {
	b.waysFrom, b.ways = grow(b.waysFrom, len(b.snap.rows)+1), grow(b.ways, len(b.steps))
	clear(b.waysFrom)
	for _, s := range b.steps {
		b.waysFrom[s.from]++
	}
	end := int32(0)
	for i, n := range b.waysFrom {
		end += n
		b.waysFrom[i] = end
	}
	for k := len(b.steps) - 1; k >= 0; k-- {
		s := &b.steps[k]
		b.waysFrom[s.from]--
		b.ways[b.waysFrom[s.from]] = s.way
	}
}

// size makes room for so many contents in every column.
func (b *board) size(n int) {
	b.base, b.group, b.set, b.topicFrom = grow(b.base, n), grow(b.group, n), grow(b.set, n), grow(b.topicFrom, n+1)
	b.published, b.reads, b.lately = grow(b.published, n), grow(b.reads, n), grow(b.lately, n)
	for c := range b.codes {
		b.codes[c] = grow(b.codes[c], n)
	}
	b.topicFrom[0] = 0
}

// reset empties a board that is laid again.
func (b *board) reset() {
	b.means, b.told, b.above, b.topics, b.steps = means{}, b.told[:0], b.above[:0], b.topics[:0], b.steps[:0]
	b.orgs.Clear()
	b.at = grow(b.at, len(b.snap.rows))
	clear(b.at)
}

// passes narrows the time that the board holds to what this content's own moments allow.
func (b *board) passes(now int64, row *row) {
	for _, moment := range [...]int64{row.published, row.expires, row.pinned, row.mandatory, row.revised, row.recalled} {
		if moment <= now {
			b.from = max(b.from, moment)
		} else {
			b.until = min(b.until, moment)
		}
	}
}

// boardAt gives the board of a policy for a moment: the shared one nearly always.
func (r *Ranker) boardAt(rules *ruleset, now time.Time) *board {
	at := nanos(now)
	s, m := r.catalogue.current.Load(), r.trends()
	if b := rules.board.Load(); b != nil && b.snap == s && b.trends == m && b.from <= at && at < b.until {
		return b
	}
	b := newBoard(rules, s, m, at)
	rules.board.Store(b)
	return b
}

// inOrg gives the value of featOrg for an organisation, by place. It is made once a board and organisation.
func (b *board) inOrg(org string) []float32 {
	if org == "" || b.rules.policy.Weights[featOrg] == 0 && b.rules.policy.Newcomers.Org == 0 {
		return nil
	}
	if ready, ok := b.orgs.Load(org); ok {
		return ready.([]float32)
	}
	values := make([]float32, min(len(b.rows), b.rules.policy.Candidates))
	for place := range values {
		values[place] = float32(b.orgValue(int32(place), org))
	}
	b.orgs.Store(org, values)
	return values
}

// orgValue compares how a content is read in an organisation with how it is read by all: each level of the tree, from the
// top, takes the rate of the one above it for its prior.
func (b *board) orgValue(place int32, org string) float64 {
	key, lately := b.key(place), float64(b.lately[place])
	if lately == 0 || b.means.lately == 0 {
		return 0
	}
	all := lately / b.means.lately
	rate := all
	for i, levels := 0, 0; i <= len(org) && levels < 3; i++ {
		if i < len(org) && org[i] != '/' {
			continue
		}
		total := b.trends.OrgReads(0, org[:i])
		rate = (b.trends.OrgReads(key, org[:i]) + orgPrior*rate) / (total + orgPrior)
		levels++
	}
	return math.Min(4, math.Max(-4, math.Log2(rate/all)))
}

// orgPrior is how many reads in an organisation count as much as what is read outside.
const orgPrior = 10

func (b *board) len() int { return len(b.rows) }

func (b *board) content(place int32) *fil.Content { return b.row(place).content }

func (b *board) key(place int32) fil.ContentKey { return b.row(place).key }

func (b *board) row(place int32) *row { return &b.snap.rows[b.rows[place]] }

func (b *board) topicsOf(place int32) []uint32 {
	return b.topics[b.topicFrom[place]:b.topicFrom[place+1]]
}

func (b *board) waysOf(row int32) []way { return b.ways[b.waysFrom[row]:b.waysFrom[row+1]] }
