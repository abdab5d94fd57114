package ranking

import (
	"cmp"
	"math"
	"slices"
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

// board is what all agents' rankings share: the live contents as columns, with the part of the score that depends on
// no agent, the best first. It holds until a content or a popularity changes, or time alone changes what is live.
type board struct {
	snap   *snapshot
	trends *trends
	from   int64 // Unix nanoseconds; the board holds for from ≤ now < until
	until  int64

	base      []float64 // freshness + priority + popularity, in log2 units; descending
	rows      []int32   // place in the snapshot
	group     []uint8   // mandatory, pinned or unseen, as the content alone says
	set       []uint32
	codes     [columns][]uint32 // by column; the topic's is not used
	topicFrom []int32           // topics[topicFrom[i]:topicFrom[i+1]]
	topics    []uint32
	newest    []int32 // places on the board, the last published first
	at        []int32 // place in the snapshot → place on the board + 1, 0 when it is not live
}

// newBoard takes O(n log n) for n live contents; it is made once per change, not per feed.
func (r *Ranker) newBoard(s *snapshot, m *trends, now int64) *board {
	b := &board{snap: s, trends: m, from: math.MinInt64, until: math.MaxInt64, at: make([]int32, len(s.rows))}
	bases := make([]float64, len(s.rows))
	for i := range s.rows {
		row := &s.rows[i]
		if row.content == nil {
			continue
		}
		b.passes(now, row)
		if row.liveAt(now) {
			b.rows, bases[i] = append(b.rows, int32(i)), r.sharedScore(row, m)
		}
	}
	slices.SortFunc(b.rows, func(i, j int32) int {
		return cmp.Or(cmp.Compare(bases[j], bases[i]), cmp.Compare(s.rows[j].published, s.rows[i].published), cmp.Compare(s.rows[i].key, s.rows[j].key))
	})
	n := len(b.rows)
	b.base, b.group, b.set, b.topicFrom = make([]float64, n), make([]uint8, n), make([]uint32, n), make([]int32, n+1)
	for c := range b.codes {
		b.codes[c] = make([]uint32, n)
	}
	for place, i := range b.rows {
		b.fill(place, bases[i], r.groupOf(&s.rows[i], now))
	}
	b.newest = make([]int32, n)
	for i := range b.newest {
		b.newest[i] = int32(i)
	}
	slices.SortFunc(b.newest, func(i, j int32) int {
		x, y := &s.rows[b.rows[i]], &s.rows[b.rows[j]]
		return cmp.Or(cmp.Compare(y.published, x.published), cmp.Compare(x.key, y.key))
	})
	return b
}

func (b *board) fill(place int, base float64, group uint8) {
	i := b.rows[place]
	row := &b.snap.rows[i]
	b.at[i] = int32(place) + 1
	b.base[place], b.group[place], b.set[place] = base, group, row.set
	for c := range b.codes {
		b.codes[c][place] = row.codes[c]
	}
	b.topics = append(b.topics, row.topics...)
	b.topicFrom[place+1] = int32(len(b.topics))
}

// passes narrows the time that the board holds to what this content's own moments allow.
func (b *board) passes(now int64, row *row) {
	for _, moment := range [...]int64{row.published, row.expires, row.pinned, row.mandatory} {
		if moment <= now {
			b.from = max(b.from, moment)
		} else {
			b.until = min(b.until, moment)
		}
	}
}

// sharedScore is the part of the score that is the same for every agent.
func (r *Ranker) sharedScore(row *row, m *trends) float64 {
	p := &r.policy
	return halfLives(row.published, p.HalfLives.PublicationHours) + p.Weights.Priority*float64(row.priority) + p.Weights.Popularity*m.gain(row, p)
}

func (r *Ranker) groupOf(row *row, now int64) uint8 {
	switch {
	case r.policy.Rules.MandatoryFirst && now < row.mandatory:
		return groupMandatory
	case r.policy.Rules.PinnedAtMost > 0 && now < row.pinned:
		return groupPinned
	}
	return groupUnseen
}

// boardAt gives the board for a moment: the shared one nearly always.
func (r *Ranker) boardAt(now time.Time) *board {
	at := nanos(now)
	s, m := r.catalogue.current.Load(), r.trends()
	if b := r.board.Load(); b != nil && b.snap == s && b.trends == m && b.from <= at && at < b.until {
		return b
	}
	b := r.newBoard(s, m, at)
	r.board.Store(b)
	return b
}

func (b *board) len() int { return len(b.rows) }

func (b *board) content(place int32) *fil.Content { return b.snap.rows[b.rows[place]].content }

func (b *board) key(place int32) fil.ContentKey { return b.snap.rows[b.rows[place]].key }

func (b *board) row(place int32) *row { return &b.snap.rows[b.rows[place]] }

func (b *board) topicsOf(place int32) []uint32 {
	return b.topics[b.topicFrom[place]:b.topicFrom[place+1]]
}
