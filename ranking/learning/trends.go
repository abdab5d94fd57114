package learning

import (
	"cmp"
	"math"
	"slices"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// trends is the popularity at one moment, merged over the partitions: a Trends.
type trends struct {
	stamp  uint64
	live   *tally // in memory: it alone is read, as it stands now
	place  map[fil.ContentKey]int32
	counts []ranking.Signals
	habits *tastes
	parts  []*tally // for their clocks

	counted, late []int64 // offsets that the counts and the habits include, by partition
}

// Of gives what is known of a content. The row of a Memory lasts until the next engagement.
func (m *trends) Of(key fil.ContentKey) (ranking.Signals, bool) {
	if m.live != nil {
		i, known := m.live.place[key]
		if !known {
			return ranking.Signals{}, false
		}
		s := blankSignals()
		add(&s, m.live, &m.live.counts[i], 1)
		settle(&s, float64(m.live.clock))
		s.Row = m.live.readers(key)
		return s, true
	}
	i, known := m.place[key]
	if !known || m.counts[i].Ever+m.counts[i].Shown == 0 {
		return ranking.Signals{}, false
	}
	s := m.counts[i]
	s.Row = m.habits.rowOf(key)
	return s, true
}

func blankSignals() ranking.Signals { return ranking.Signals{SinceLast: math.Inf(1)} }

// add adds what one of so many partitions says.
func add(s *ranking.Signals, t *tally, c *count, partitions float64) {
	s.Shown += coarse(c.shown)
	dealt := max(s.Dealt, c.dealt)
	for i := range s.Fading {
		s.Fading[i] = ranking.Faded(s.Fading[i], float64(dealt-s.Dealt), i) + ranking.Faded(float64(c.fading[i]), float64(dealt-c.dealt), i)
	}
	s.Dealt = dealt
	if c.ever == 0 {
		return
	}
	s.Now += t.left(float64(c.decayed[decayNow]), c.at, decayNow)
	s.Lately += t.left(float64(c.decayed[decayLately]), c.at, decayLately)
	s.While += t.left(float64(c.decayed[decayWhile]), c.at, decayWhile)
	s.Ever += float64(c.ever)
	s.SinceLast, s.Last = min(s.SinceLast, float64(t.clock-c.at)*partitions), max(s.Last, c.last)
}

// settle ends the sum.
func settle(s *ranking.Signals, clock float64) {
	if s.Ever == 0 {
		s.SinceLast = clock
	}
}

// coarse keeps 6 significant bits, so that the many impressions of a content that all know change a snapshot seldom.
func coarse(n uint32) float64 {
	return float64(math.Float32frombits((math.Float32bits(float32(n)) + 1<<17) &^ (1<<18 - 1)))
}

// ReadsSince counts as if activity had been even for 10 minutes at a time.
func (m *trends) ReadsSince(unixNano int64) (reads float64) {
	if m.live != nil {
		return float64(m.live.clock) - m.live.clockAt(unixNano)
	}
	for _, t := range m.parts {
		if t != nil {
			reads += float64(t.clock) - t.clockAt(unixNano)
		}
	}
	return reads
}

// OrgReads takes the content 0 for all of them.
func (m *trends) OrgReads(content fil.ContentKey, org string) float64 {
	if m.live != nil {
		return m.live.orgLeft(content, orgKey(org))
	}
	row := m.habits.orgRow(org)
	i, known := slices.BinarySearchFunc(row, content, func(c ranking.Coread, key fil.ContentKey) int {
		switch {
		case c.Content < key:
			return -1
		case c.Content > key:
			return 1
		}
		return 0
	})
	if !known {
		return 0
	}
	return float64(row[i].Weight)
}

// Mark gives the digest and the offsets of what was merged; those of a Memory are none.
func (m *trends) Mark() (stamp uint64, counted, habits []int64) { return m.stamp, m.counted, m.late }

// tastes is the habits of all partitions.
type tastes struct {
	rows  map[fil.ContentKey][]ranking.Coread // heaviest first
	orgs  map[uint64][]ranking.Coread         // by organisation, in ascending order of content; the content 0 is all of them
	stamp uint64
}

func (h *tastes) rowOf(key fil.ContentKey) []ranking.Coread {
	if h == nil {
		return nil
	}
	return h.rows[key]
}

func (h *tastes) orgRow(org string) []ranking.Coread {
	if h == nil {
		return nil
	}
	return h.orgs[orgKey(org)]
}

// mergeHabits adds the partitions in their order, so that every process rounds the same sums.
func mergeHabits(parts []*tally) *tastes {
	h := &tastes{rows: map[fil.ContentKey][]ranking.Coread{}, orgs: map[uint64][]ranking.Coread{}}
	for i, t := range parts {
		if t == nil {
			continue
		}
		for bucket := range buckets {
			for _, r := range t.rows[bucket] {
				h.rows[r.content] = append(h.rows[r.content], r.others...)
				h.stamp ^= ranking.Chain(uint64(i), uint64(r.content), r.at, digestOfRow(r.others))
			}
			for _, c := range t.orgs[bucket] {
				h.orgs[c.org] = append(h.orgs[c.org], ranking.Coread{Content: c.content, Weight: float32(t.left(float64(c.value), c.at, decayLately))})
				h.stamp ^= ranking.Chain(uint64(i), c.org, uint64(c.content), uint64(math.Float32bits(c.value)), c.at, t.clock)
			}
		}
	}
	for key, row := range h.rows {
		row = sumByContent(row)
		slices.SortFunc(row, byWeight)
		h.rows[key] = slices.Clip(row[:min(len(row), shownOfRow)])
	}
	for org, row := range h.orgs {
		h.orgs[org] = slices.Clip(sumByContent(row))
	}
	return h
}

func digestOfRow(row []ranking.Coread) (digest uint64) {
	for _, c := range row {
		digest = ranking.Chain(digest, uint64(c.Content), uint64(math.Float32bits(c.Weight)))
	}
	return digest
}

// sumByContent orders by content, and adds up what is of one, the smallest first: in one order, wherever it came from.
func sumByContent(row []ranking.Coread) []ranking.Coread {
	slices.SortFunc(row, func(a, b ranking.Coread) int {
		switch {
		case a.Content < b.Content:
			return -1
		case a.Content > b.Content:
			return 1
		}
		return cmp.Compare(a.Weight, b.Weight)
	})
	kept := 0
	for i := range row {
		if kept > 0 && row[kept-1].Content == row[i].Content {
			row[kept-1].Weight += row[i].Weight
			continue
		}
		row[kept] = row[i]
		kept++
	}
	return row[:kept]
}
