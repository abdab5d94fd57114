package audiences

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// query is a plan at work, segment after segment, on one goroutine. The lock of the segment at hand is held for reading.
type query struct {
	index   *Index
	now     time.Time // the same for all agents, in the configured zone
	segment *segment
	found   *findings
	scratch []*block // of which used are taken
	used    int
	codes   map[*words][]uint32 // of findings, without the lock
	rows    [fewRows]row
	places  [fewRows]uint16
}

// fewRows is how many agents are copied at a time, under the lock, to be asked one by one outside it.
const fewRows = 128

// findings are what a plan's leaves look up once for all segments, and for all goroutines.
type findings struct {
	layout   *layout // where the query goes
	lock     sync.Mutex
	codes    map[*words][]uint32
	ordinals map[*people][]uint32
	deeds    map[*did]*gathering
	judged   map[string]*gathering
}

// take gives a block whose content is anything. Blocks are given back in the reverse order by setting used back.
func (q *query) take() *block {
	if q.used == len(q.scratch) {
		q.scratch = append(q.scratch, new(block))
	}
	q.used++
	return q.scratch[q.used-1]
}

// flat gives a set as a block: its own, or one taken.
func (q *query) flat(s *set) *block {
	if s.flat != nil {
		return s.flat
	}
	b := q.take()
	b.clear()
	s.or(b)
	return b
}

// settledLayout gives the layout once all shards that have agents by now have their sets.
func (ix *Index) settledLayout() *layout {
	if ix.unsettled.Load() {
		ix.settleNew()
	}
	return ix.layout.Load()
}

// each gives every segment in turn, locked for reading, with those in it who satisfy the plan. The block is lent.
func (ix *Index) each(p plan, visit func(s *segment, found *block)) {
	l := ix.settledLayout()
	q := ix.query(ix.findings(l, p))
	defer ix.queries.Put(q)
	for _, s := range l.order {
		q.visit(s, p, visit)
	}
}

// fewSegments are evaluated on the goroutine that asks.
const fewSegments = 4

// sweep does as each, in no order, on several goroutines when there are more than a few segments. They are numbered from 0,
// below workers: visits of one number follow each other.
func (ix *Index) sweep(workers int, p plan, visit func(worker int, s *segment, found *block)) {
	ix.spread(workers, p, func(worker int, q *query, s *segment) {
		q.visit(s, p, func(s *segment, found *block) { visit(worker, s, found) })
	})
}

// spread calls do with each segment, for a plan, on at most so many goroutines.
func (ix *Index) spread(workers int, p plan, do func(worker int, q *query, s *segment)) {
	l := ix.settledLayout()
	ix.over(l, l.order, workers, p, func(worker int, q *query, i int) { do(worker, q, l.order[i]) })
}

// over calls do with the place of each of some segments, on at most so many goroutines.
func (ix *Index) over(l *layout, segments []*segment, workers int, p plan, do func(worker int, q *query, i int)) {
	found := ix.findings(l, p)
	if len(segments) <= fewSegments {
		workers = 1
	}
	queries := make([]*query, workers)
	for i := range queries {
		queries[i] = ix.query(found)
	}
	defer func() {
		for _, q := range queries {
			ix.queries.Put(q)
		}
	}()
	inParallel(workers, len(segments), func(worker, i int) { do(worker, queries[worker], i) })
}

// size counts those who satisfy a plan. What sets can answer is counted without being written down.
func (ix *Index) size(p plan) int {
	workers := runtime.GOMAXPROCS(0)
	sizes := make([]int, workers)
	ix.spread(workers, p, func(worker int, q *query, s *segment) {
		if !exact(p) {
			q.visit(s, p, func(_ *segment, found *block) { sizes[worker] += found.count() })
			return
		}
		s.lock.RLock()
		defer s.lock.RUnlock()
		if s.built {
			q.segment = s
			sizes[worker] += q.count(p)
		}
	})
	sum := 0
	for _, n := range sizes {
		sum += n
	}
	return sum
}

func (ix *Index) findings(l *layout, p plan) *findings {
	found := &findings{layout: l, codes: map[*words][]uint32{}}
	q := ix.query(found)
	defer ix.queries.Put(q)
	q.prepare(p)
	return found
}

func (ix *Index) query(found *findings) *query {
	q, pooled := ix.queries.Get().(*query)
	if !pooled {
		q = &query{index: ix, codes: map[*words][]uint32{}}
	}
	clear(q.codes)
	q.now, q.found, q.used = ix.now(), found, 0
	return q
}

// visit evaluates a plan in one segment. A segment that has no sets yet came after the query began, and so did all its
// agents: it is left out.
func (q *query) visit(s *segment, p plan, visit func(s *segment, found *block)) {
	s.lock.RLock()
	defer s.lock.RUnlock()
	if !s.built {
		return
	}
	q.segment = s
	found := q.take()
	defer func() { q.used-- }()
	q.choose(p, found)
	if !exact(p) {
		s.lock.RUnlock()
		q.ask(p, found)
		s.lock.RLock()
		s.live.and(found)
	}
	visit(s, found)
}

// choose writes those of the segment who satisfy a plan, or could if it is not exact.
func (q *query) choose(p plan, into *block) {
	switch p := p.(type) {
	case every:
		q.conjoin(q.partsOf(p), into, true)
	case either:
		q.unite(p, into)
	default:
		q.everyone(into)
		p.narrow(q, into)
	}
}

func (q *query) everyone(into *block) {
	into.clear()
	q.segment.live.or(into)
}

// ask leaves in a block those who satisfy the plan. The lock is held to copy a few rows at a time and not while they are
// asked, so that a dear rule does not hold up writers.
func (q *query) ask(p plan, candidates *block) {
	n := 0
	flush := func() {
		s := q.segment
		s.lock.RLock()
		for i, at := range q.places[:n] {
			q.rows[i] = s.row(at, q.rows[i].codes, q.now)
		}
		s.lock.RUnlock()
		for i, at := range q.places[:n] {
			if !p.holds(&q.rows[i]) {
				candidates.remove(at)
			}
		}
		n = 0
	}
	candidates.all(func(at uint16) {
		q.places[n] = at
		if n++; n == fewRows {
			flush()
		}
	})
	flush()
}

// codesOf finds the words that satisfy the test, sorted by code.
func (q *query) codesOf(w *words) []uint32 {
	codes, done := q.codes[w]
	if done {
		return codes
	}
	q.found.lock.Lock()
	defer q.found.lock.Unlock()
	if codes, done = q.found.codes[w]; done {
		q.codes[w] = codes
		return codes
	}
	if w.exact != nil {
		for _, word := range w.exact {
			if code, ok := w.field.words.code(word); ok {
				codes = append(codes, code)
			}
		}
	} else {
		for code, word := range w.field.words.all() {
			if code != 0 && w.test(word) {
				codes = append(codes, uint32(code))
			}
		}
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	q.found.codes[w], q.codes[w] = codes, codes
	return codes
}

// ordinalsOf finds the known agents among those named, sorted; false when their ordinals may not be where the query goes.
func (q *query) ordinalsOf(p *people) ([]uint32, bool) {
	q.found.lock.Lock()
	defer q.found.lock.Unlock()
	l := q.found.layout
	ordinals, done := q.found.ordinals[p]
	if !done {
		ordinals = []uint32{}
		for id := range p.ids {
			if ordinal, ok := q.index.ordinal(id); ok {
				ordinals = append(ordinals, ordinal)
			}
		}
		slices.Sort(ordinals)
		if l.moving || q.index.layout.Load() != l {
			ordinals = nil
		}
		if q.found.ordinals == nil {
			q.found.ordinals = map[*people][]uint32{}
		}
		q.found.ordinals[p] = ordinals
	}
	return ordinals, ordinals != nil
}
