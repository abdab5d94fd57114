package ranking

import (
	"cmp"
	"math"
	"slices"

	"github.com/filengine/fil"
)

// signals is what everybody's engagements say about one content, as of its snapshot: the same snapshot gives the same numbers
// at any moment. What fades by the clock on the wall is given as of a moment that is told.
type signals struct {
	now, lately, while float64          // first reads by everyone, decayed over the last 16, 128, 1024 first reads
	ever, shown        float64          // first reads, and impressions to those who had not read it, undecayed; shown to 1 in 64
	sinceLast          float64          // first reads by everyone, of anything, since the last one of this content; all of them if there is none
	last               uint32           // Unix seconds of the last first read; 0 if there is none
	fading             [fadings]float64 // first reads by everyone, in the quarter of an hour, the hour, the day; endorsements in the day
	dealt              uint32           // Unix seconds that they are of
	row                []coread
}

// trends is the popularity at one moment, merged over the partitions. Equal stamps mean equal values.
type trends struct {
	stamp  uint64
	live   *tally // in memory: it alone is read, as it stands now
	place  map[fil.ContentKey]int32
	counts []signals
	habits *tastes
	parts  []*tally // for their clocks

	counted, late []int64 // offsets that the counts and the habits include, by partition
}

// of gives what is known of a content; false when nobody has read it nor seen it. It allocates nothing. The row is not to
// be changed; that of a Memory lasts until the next engagement.
func (m *trends) of(key fil.ContentKey) (signals, bool) {
	if m.live != nil {
		i, known := m.live.place[key]
		if !known {
			return signals{}, false
		}
		s := blankSignals()
		s.add(m.live, &m.live.counts[i], 1)
		s.settle(float64(m.live.clock))
		s.row = m.live.readers(key)
		return s, true
	}
	i, known := m.place[key]
	if !known || m.counts[i].ever+m.counts[i].shown == 0 {
		return signals{}, false
	}
	s := m.counts[i]
	s.row = m.habits.rowOf(key)
	return s, true
}

func blankSignals() signals { return signals{sinceLast: math.Inf(1)} }

// add adds what one of so many partitions says.
func (s *signals) add(t *tally, c *count, partitions float64) {
	s.shown += coarse(c.shown)
	dealt := max(s.dealt, c.dealt)
	for i := range s.fading {
		s.fading[i] = faded(s.fading[i], float64(dealt-s.dealt), i) + faded(float64(c.fading[i]), float64(dealt-c.dealt), i)
	}
	s.dealt = dealt
	if c.ever == 0 {
		return
	}
	s.now += t.left(float64(c.decayed[decayNow]), c.at, decayNow)
	s.lately += t.left(float64(c.decayed[decayLately]), c.at, decayLately)
	s.while += t.left(float64(c.decayed[decayWhile]), c.at, decayWhile)
	s.ever += float64(c.ever)
	s.sinceLast, s.last = min(s.sinceLast, float64(t.clock-c.at)*partitions), max(s.last, c.last)
}

// settle ends the sum.
func (s *signals) settle(clock float64) {
	if s.ever == 0 {
		s.sinceLast = clock
	}
}

// coarse keeps 6 significant bits, so that the many impressions of a content that all know change a snapshot seldom.
func coarse(n uint32) float64 {
	return float64(math.Float32frombits((math.Float32bits(float32(n)) + 1<<17) &^ (1<<18 - 1)))
}

// readsSince is how many first reads by everyone, of anything, came since a moment in Unix nanoseconds, as if activity
// had been even for 10 minutes at a time.
func (m *trends) readsSince(unixNano int64) (reads float64) {
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

// orgReads is how many agents of an organisation, given by its path, of three levels at most, or of what is below it, have
// first read a content, decayed over the last 128 first reads of everyone.
func (m *trends) orgReads(content fil.ContentKey, org string) float64 {
	if m.live != nil {
		return m.live.orgLeft(content, orgKey(org))
	}
	row := m.habits.orgRow(org)
	i, known := slices.BinarySearchFunc(row, content, func(c coread, key fil.ContentKey) int {
		switch {
		case c.content < key:
			return -1
		case c.content > key:
			return 1
		}
		return 0
	})
	if !known {
		return 0
	}
	return float64(row[i].weight)
}

// orgTotal is the same of all contents.
func (m *trends) orgTotal(org string) float64 { return m.orgReads(0, org) }

// tastes is the habits of all partitions.
type tastes struct {
	rows  map[fil.ContentKey][]coread // heaviest first
	orgs  map[uint64][]coread         // by organisation, in ascending order of content; the content 0 is all of them
	stamp uint64
}

func (h *tastes) rowOf(key fil.ContentKey) []coread {
	if h == nil {
		return nil
	}
	return h.rows[key]
}

func (h *tastes) orgRow(org string) []coread {
	if h == nil {
		return nil
	}
	return h.orgs[orgKey(org)]
}

// mergeHabits adds the partitions in their order, so that every process rounds the same sums.
func mergeHabits(parts []*tally) *tastes {
	h := &tastes{rows: map[fil.ContentKey][]coread{}, orgs: map[uint64][]coread{}}
	for i, t := range parts {
		if t == nil {
			continue
		}
		for bucket := range buckets {
			for _, r := range t.rows[bucket] {
				h.rows[r.content] = append(h.rows[r.content], r.others...)
				h.stamp ^= chain(uint64(i), uint64(r.content), r.at, digestOfRow(r.others))
			}
			for _, c := range t.orgs[bucket] {
				h.orgs[c.org] = append(h.orgs[c.org], coread{c.content, float32(t.left(float64(c.value), c.at, decayLately))})
				h.stamp ^= chain(uint64(i), c.org, uint64(c.content), uint64(math.Float32bits(c.value)), c.at, t.clock)
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

func digestOfRow(row []coread) (digest uint64) {
	for _, c := range row {
		digest = chain(digest, uint64(c.content), uint64(math.Float32bits(c.weight)))
	}
	return digest
}

// sumByContent orders by content, and adds up what is of one, the smallest first: in one order, wherever it came from.
func sumByContent(row []coread) []coread {
	slices.SortFunc(row, func(a, b coread) int {
		switch {
		case a.content < b.content:
			return -1
		case a.content > b.content:
			return 1
		}
		return cmp.Compare(a.weight, b.weight)
	})
	kept := 0
	for i := range row {
		if kept > 0 && row[kept-1].content == row[i].content {
			row[kept-1].weight += row[i].weight
			continue
		}
		row[kept] = row[i]
		kept++
	}
	return row[:kept]
}
