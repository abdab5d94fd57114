package dashboards

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// question is what a dashboard asks: who did what, told by value and period, of the agents whom conditions keep.
type question struct {
	analytics.CellQuestion

	By    string // axis; empty: no cut
	Where []condition
	asked time.Time // its first day, which may be one that the store knows nothing of
}

// condition keeps the groups that have one of the values.
type condition struct {
	Axis   string
	Values []string
}

// String writes a condition as it is asked.
func (c condition) String() string {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = strings.NewReplacer(`\`, `\\`, ",", `\,`).Replace(v)
	}
	return c.Axis + ":" + strings.Join(values, ",")
}

// cellCount is one figure: a sum over groups of agents, each rounded.
type cellCount struct {
	Value, Period string // Period is its first day, 2006-01-02; empty: the whole time
	Kind          fil.EngagementKind
	Agents        int // distinct; of readDays, agents × days on which each did
	Groups        int // how many counts were rounded
}

// readDays is the kind of days of reading, counted by agent.
const readDays fil.EngagementKind = "read days"

// counted lists the kinds that are counted. What is not told has no part in anything.
func counted() []fil.EngagementKind {
	return []fil.EngagementKind{fil.Impression, fil.Open, fil.Read, fil.Acknowledge, analytics.Acted, fil.Dismiss}
}

const countedKinds = 6

// tally gathers what the store tells of blocks, and then puts them together into cells.
type tally struct {
	q       question
	kinds   []fil.EngagementKind
	met     []*met // by block, whose numbers are given one after another
	deeds   chunks[deed]
	dailies chunks[daily]
	first   int       // day of the question, from 1970
	periods roll[int] // by their first day
	values  roll[string]
}

// met is what agents of a block did in the whole time, by kind, and the cell that the block is in.
type met struct {
	who  [countedKinds]uint64
	days int
	in   *cell
}

// deed is how many of a block did something in a period, and on how many days, of reading.
type deed struct {
	block        uint32
	period, days uint16
	kind, agents uint8
}

// daily is how many of a block did something on each day of a month, of which the first may come before the question.
type daily struct {
	block uint32
	from  int32 // the first day's place among periods
	kind  uint8
	each  [31]uint8
}

// roll numbers what comes, from 0 on.
type roll[K comparable] struct {
	all    []K
	places map[K]int
	last   int // place that was told; much that comes is sorted
}

func (r *roll[K]) place(k K) int {
	if r.last < len(r.all) && r.all[r.last] == k {
		return r.last
	}
	at, known := r.places[k]
	if !known {
		if r.places == nil {
			r.places = map[K]int{}
		}
		at = len(r.all)
		r.places[k], r.all = at, append(r.all, k)
	}
	r.last = at
	return at
}

func newTally(q question) *tally {
	t := &tally{q: q, kinds: counted(), first: dayNumber(q.From)}
	if q.Every == everyDay { // a day's place is how far it is from the first
		for day := t.first; day < dayNumber(q.To); day++ {
			t.periods.place(day)
		}
	}
	return t
}

const (
	everyDay   = "day"
	everyMonth = "month"
	daySeconds = 24 * 60 * 60
)

// dayNumber is a date's, from 1970, and dateOfDay the date of a number.
func dayNumber(t time.Time) int {
	return int(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / daySeconds)
}

func dateOfDay(n int) string {
	return time.Unix(int64(n)*daySeconds, 0).UTC().Format(time.DateOnly)
}

// reach has room at a place.
func reach[T any](all []T, place int) []T {
	if over := place + 1 - len(all); over > 0 {
		all = append(all, make([]T, over)...)
	}
	return all
}

// chunks are a list that never moves: what is added by the hundred thousand is not copied as it grows.
type chunks[T any] struct{ all [][]T }

const chunkSize = 8192

func (c *chunks[T]) add(one T) {
	last := len(c.all) - 1
	if last < 0 || len(c.all[last]) == chunkSize {
		c.all = append(c.all, make([]T, 0, chunkSize))
		last++
	}
	c.all[last] = append(c.all[last], one)
}

func (c *chunks[T]) each(yield func(T) bool) {
	for _, chunk := range c.all {
		for _, one := range chunk {
			if !yield(one) {
				return
			}
		}
	}
}

// of gives what a block did.
func (t *tally) of(block uint32) *met {
	t.met = reach(t.met, int(block))
	if t.met[block] == nil {
		t.met[block] = &met{}
	}
	return t.met[block]
}

// in is the cell of a block, if it is to be told of.
func (t *tally) in(block uint32) *cell {
	if int(block) >= len(t.met) || t.met[block] == nil || t.met[block].in == nil || t.met[block].in.value < 0 {
		return nil
	}
	return t.met[block].in
}

func (t *tally) add(d analytics.Deed) {
	kind := slices.Index(t.kinds, d.Kind)
	if kind < 0 {
		return
	}
	m := t.of(d.Block)
	m.who[kind] |= d.Who
	m.days += d.Days
	switch {
	case t.q.Every == "":
	case t.q.Every == everyDay && t.q.Contents == nil:
		t.dailies.add(daily{d.Block, int32(d.Day - t.first), uint8(kind), d.Each})
	default:
		t.deeds.add(deed{d.Block, uint16(t.periods.place(d.Day)), uint16(d.Days), uint8(kind), uint8(bits.OnesCount64(d.Who))})
	}
}

// cell is a group of agents that figures are about: a block, or several together.
type cell struct {
	digest uint64
	value  int          // the one it counts under; negative: none, since it does not fulfil the conditions or is told of nowhere
	block  *blockLabels // the one that it is; nil: it is several, and digest is theirs
}

// together are blocks that are too small alone.
type together struct {
	reached int
	cell    cell
}

// put finds the cell of each block: itself when enough of its agents were reached; else those of its organisation that were not,
// together, if they are enough; else the rest, if it is enough; else none (rule 2 of the guard). Where two are together, what they
// differ in is not told.
func (t *tally) put(blocks map[uint32]*blockLabels, guard fil.Guard) {
	homes, rest := map[string]*together{}, &together{}
	small := map[*met]*blockLabels{}
	reached := func(m *met) int {
		var who uint64
		for _, one := range m.who {
			who |= one
		}
		return bits.OnesCount64(who)
	}
	for id, m := range t.met {
		b := blocks[uint32(id)]
		if m == nil || b == nil {
			continue
		}
		if n := reached(m); n < guard.Threshold {
			small[m] = b
			home := homes[b.labels[axisOrg]]
			if home == nil {
				home = &together{}
				homes[b.labels[axisOrg]] = home
			}
			home.reached += n
			home.cell.digest ^= b.digest
			continue
		}
		m.in = &cell{block: b, value: -1}
		if t.q.keeps(b.labels, true) {
			m.in.value = t.values.place(t.q.label(b.labels, true))
		}
	}
	for label, home := range homes {
		if home.reached < guard.Threshold {
			rest.reached += home.reached
			rest.cell.digest ^= home.cell.digest
			homes[label] = rest
			continue
		}
		home.cell.value = -1
		if labels := map[string]string{axisOrg: label}; t.q.keeps(labels, false) {
			home.cell.value = t.values.place(t.q.label(labels, false))
		}
	}
	rest.cell.value = -1
	if rest.reached >= guard.Threshold && len(t.q.Where) == 0 {
		rest.cell.value = t.values.place(t.q.label(map[string]string{axisOrg: analytics.Mixed}, false))
	}
	for m, b := range small {
		m.in = &homes[b.labels[axisOrg]].cell
	}
}

// label is the value that a block, or several of one organisation, count under.
func (q question) label(labels map[string]string, alone bool) string {
	switch {
	case q.By == "":
		return ""
	case alone || q.By == axisOrg:
		return labels[q.By]
	default:
		return analytics.Mixed
	}
}

// keeps says whether all agents of a block, or of several of one organisation, are known to fulfil the conditions.
func (q question) keeps(labels map[string]string, alone bool) bool {
	for _, c := range q.Where {
		if !alone && c.Axis != axisOrg || !slices.ContainsFunc(c.Values, func(v string) bool {
			return labels[c.Axis] == v || c.Axis == axisOrg && strings.HasPrefix(labels[c.Axis], v+"/")
		}) {
			return false
		}
	}
	return true
}

// sums adds the counts of cells, each rounded; those of cells that are several blocks once all are known.
type sums struct {
	all   []total
	later map[lateKey]int
}

type total struct{ agents, groups int }

type lateKey struct {
	in *cell
	at int
}

func newSums(places int) *sums { return &sums{make([]total, places), map[lateKey]int{}} }

// add counts n agents of a block at a place of its cell.
func (s *sums) add(in *cell, at, n int) {
	switch {
	case n == 0:
	case in.block != nil:
		s.all[at].agents += in.block.round(n)
		s.all[at].groups++
	default:
		s.later[lateKey{in, at}] += n
	}
}

// addAll adds counts at a place and at those after it.
func (s *sums) addAll(in *cell, at int, counts []uint8) {
	if in.block == nil {
		for i, n := range counts {
			s.add(in, at+i, int(n))
		}
		return
	}
	of := s.all[at : at+len(counts)]
	for i, n := range counts {
		if n > 0 {
			of[i].agents += in.block.round(int(n))
			of[i].groups++
		}
	}
}

func (s *sums) totals() []total {
	for k, n := range s.later {
		s.all[k.at].agents += rounded(k.in.digest, n)
		s.all[k.at].groups++
	}
	clear(s.later)
	return s.all
}

// counts are the figures, by period, value and kind, those of the whole time first.
func (t *tally) counts() []cellCount {
	kinds := append(slices.Clone(t.kinds), readDays)
	reading, days := slices.Index(kinds, fil.Read), len(kinds)-1
	spans := 1 + len(t.periods.all)
	at := func(value, kind, period int) int { return (value*len(kinds)+kind)*spans + period }
	s := newSums(len(t.values.all) * len(kinds) * spans)
	for block, m := range t.met {
		if t.in(uint32(block)) == nil {
			continue
		}
		for kind, who := range m.who {
			s.add(m.in, at(m.in.value, kind, 0), bits.OnesCount64(who))
		}
		s.add(m.in, at(m.in.value, days, 0), m.days)
	}
	for d := range t.deeds.each {
		if in := t.in(d.block); in != nil {
			s.add(in, at(in.value, int(d.kind), int(d.period)+1), int(d.agents))
			if int(d.kind) == reading {
				s.add(in, at(in.value, days, int(d.period)+1), int(d.days))
			}
		}
	}
	for d := range t.dailies.each {
		in, before := t.in(d.block), max(0, -int(d.from)) // days of the month that the question is not about: no column of theirs was read
		if in == nil {
			continue
		}
		first, each := int(d.from)+before+1, d.each[before:min(len(d.each), spans-1-int(d.from))]
		s.addAll(in, at(in.value, int(d.kind), first), each)
		if int(d.kind) == reading {
			s.addAll(in, at(in.value, days, first), each)
		}
	}
	var counts []cellCount
	for i, sum := range s.totals() {
		if sum.groups == 0 {
			continue
		}
		c := cellCount{Value: t.values.all[i/spans/len(kinds)], Kind: kinds[i/spans%len(kinds)], Agents: sum.agents, Groups: sum.groups}
		if period := i % spans; period > 0 {
			c.Period = dateOfDay(t.periods.all[period-1])
		}
		counts = append(counts, c)
	}
	slices.SortFunc(counts, func(a, b cellCount) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Kind, b.Kind))
	})
	return counts
}
