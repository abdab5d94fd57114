package audiences

import (
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/filengine/fil"
)

// plan is a compiled rule. It is never written after it is made. Its two answers agree: within gives the agents of a set
// whose rows hold. Plans nest; the kinds of node are every, either, except, words, between, people and residue.
//
// A residue has no set. Plans that hold one are not exact: within gives them all who could satisfy the plan, who must
// then be asked one by one.
type plan interface {
	// within gives those of the set who satisfy the plan, or could if it is not exact. It may return the set itself, or
	// one of the segment's: the answer is for reading, under the segment's lock.
	within(q *query, among *roaring.Bitmap) *roaring.Bitmap
	// holds asks one agent.
	holds(r *row) bool
	// cost ranks plans: a conjunction asks its cheap ones first, so that the dear ones see fewer candidates.
	cost() int
}

// query is plans at work, segment after segment. The lock of the segment at hand is held for reading.
type query struct {
	index    *Index
	now      time.Time // the same for all agents, in the configured zone
	segment  *segment
	first    uint32              // ordinal of the segment's first place
	codes    map[*words][]uint32 // found once for all segments, as are ordinals
	ordinals map[*people][]uint32
}

// each gives every segment in turn, locked for reading, with the set of those in it who satisfy the plan.
func (ix *Index) each(p plan, visit func(s *segment, found *roaring.Bitmap)) {
	q := &query{index: ix, now: ix.now(), codes: map[*words][]uint32{}, ordinals: map[*people][]uint32{}}
	q.prepare(p)
	for i, s := range *ix.segments.Load() {
		q.segment, q.first = s, uint32(i)<<ix.segmentBits
		s.lock.RLock()
		found := p.within(q, s.live)
		if !exact(p) {
			candidates := found.Clone()
			s.lock.RUnlock()
			found = s.ask(p, candidates, q.now)
			s.lock.RLock()
			found.And(s.live)
		}
		visit(s, found)
		s.lock.RUnlock()
	}
}

// ask gives those of the candidates who satisfy the plan. The lock is held to copy a few rows at a time and not while
// they are asked, so that a dear rule does not hold up writers.
func (s *segment) ask(p plan, candidates *roaring.Bitmap, now time.Time) *roaring.Bitmap {
	const few = 128
	var places [few]uint32
	var rows [few]row
	found := roaring.New()
	for some := candidates.ManyIterator(); ; {
		n := some.NextMany(places[:])
		if n == 0 {
			return found
		}
		s.lock.RLock()
		for i, at := range places[:n] {
			rows[i] = s.row(at, rows[i].cells)
			rows[i].now = now
		}
		s.lock.RUnlock()
		for i, at := range places[:n] {
			if p.holds(&rows[i]) {
				found.Add(at)
			}
		}
	}
}

// Costs of the leaves.
const (
	costSets  = 1       // one or a few bitmaps
	costSlice = 10      // a range
	costWords = 20      // every word of a dictionary, and the union of those that fit
	costEach  = 1 << 20 // agent by agent; more than all other leaves of a rule together
)

// exact says whether a plan's sets are its very answer.
func exact(p plan) bool { return p.cost() < costEach }

// every holds for agents who satisfy all its parts; with no part, for everyone.
type every []plan

func (e every) within(q *query, among *roaring.Bitmap) *roaring.Bitmap {
	for _, part := range e {
		if among.IsEmpty() {
			return among
		}
		among = part.within(q, among)
	}
	return among
}

func (e every) holds(r *row) bool {
	for _, part := range e {
		if !part.holds(r) {
			return false
		}
	}
	return true
}

func (e every) cost() int { return costOf(e) }

// either holds for agents who satisfy one of its parts; with no part, for nobody.
type either []plan

func (e either) within(q *query, among *roaring.Bitmap) *roaring.Bitmap {
	if len(e) == 1 {
		return e[0].within(q, among)
	}
	found := roaring.New()
	for _, part := range e {
		found.Or(part.within(q, among))
	}
	return found
}

func (e either) holds(r *row) bool {
	for _, part := range e {
		if part.holds(r) {
			return true
		}
	}
	return false
}

func (e either) cost() int { return costOf(e) }

func costOf(parts []plan) int {
	sum := 0
	for _, part := range parts {
		sum += part.cost()
	}
	return sum
}

// except holds for agents who do not satisfy its part.
type except struct{ part plan }

func (e except) within(q *query, among *roaring.Bitmap) *roaring.Bitmap {
	if !exact(e.part) {
		return among // those who could satisfy the part could also not
	}
	return roaring.AndNot(among, e.part.within(q, among))
}

func (e except) holds(r *row) bool { return !e.part.holds(r) }

func (e except) cost() int { return e.part.cost() }

// cheapestFirst orders parts without changing what they mean together.
func cheapestFirst(parts []plan) []plan {
	slices.SortStableFunc(parts, func(a, b plan) int { return a.cost() - b.cost() })
	return parts
}

// words holds for agents whose word, or one of whose words for a list, satisfies a test.
type words struct {
	field *field
	test  func(word string) bool
	exact []string // the only words that satisfy the test; nil when that takes looking at each
	under bool     // of a path: exact are units, and so are all those beneath
}

func (w *words) holds(r *row) bool {
	c := &r.cells[w.field.at]
	if w.field.kind == fil.KindList {
		return slices.ContainsFunc(c.list, func(code uint32) bool { return w.test(w.field.words.word(code)) })
	}
	return c.n != 0 && w.test(w.field.words.word(uint32(c.n)))
}

func (w *words) within(q *query, among *roaring.Bitmap) *roaring.Bitmap {
	codes, column := q.codesOf(w), &q.segment.columns[w.field.at]
	posts := make([]*roaring.Bitmap, 0, min(len(codes), len(column.posts)))
	for _, code := range codes {
		if post := column.posts[code]; post != nil {
			posts = append(posts, post)
		}
	}
	var found *roaring.Bitmap
	switch len(posts) {
	case 0:
		return roaring.New()
	case 1:
		found = roaring.And(among, posts[0])
	default:
		found = roaring.FastOr(posts...)
		found.And(among)
	}
	if w.field.kind != kindPath || w.under {
		return found
	}
	// The sets of a path hold the units beneath too: keep those who are in the very unit.
	return filter(found, func(at uint32) bool {
		_, ok := slices.BinarySearch(codes, column.codes[at])
		return ok
	})
}

// codesOf finds the words that satisfy the test, sorted by code.
func (q *query) codesOf(w *words) []uint32 {
	codes, done := q.codes[w]
	if done {
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
	q.codes[w] = codes
	return codes
}

func (w *words) cost() int {
	if w.exact == nil {
		return costWords
	}
	return costSets
}

// filter gives the places of a set that keep says yes to.
func filter(set *roaring.Bitmap, keep func(at uint32) bool) *roaring.Bitmap {
	kept := roaring.New()
	var buffer [512]uint32
	for places := set.ManyIterator(); ; {
		n := places.NextMany(buffer[:])
		if n == 0 {
			return kept
		}
		some := buffer[:0]
		for _, at := range buffer[:n] {
			if keep(at) {
				some = append(some, at)
			}
		}
		kept.AddMany(some)
	}
}

// between holds for agents who have a value whose key is in a range, bounds included. With the widest range it holds for
// those who have a value of any kind.
type between struct {
	field       *field
	least, most uint64
}

func (b between) holds(r *row) bool {
	c := &r.cells[b.field.at]
	if b.field.kind == fil.KindList {
		return len(c.list) > 0
	}
	return c.n != 0 && b.least <= c.n && c.n <= b.most
}

func (b between) within(q *query, among *roaring.Bitmap) *roaring.Bitmap {
	column := &q.segment.columns[b.field.at]
	found := roaring.And(among, column.known)
	if b.least == b.most {
		return column.bits.exactly(b.least, found)
	}
	if b.least > lowestKey {
		found = column.bits.atLeast(b.least, found)
	}
	if b.most < highestKey {
		found = column.bits.atMost(b.most, found)
	}
	return found
}

func (b between) cost() int { return costSlice }

// people holds for agents named by id.
type people struct{ ids map[string]struct{} }

func (p *people) holds(r *row) bool {
	_, ok := p.ids[r.id]
	return ok
}

func (p *people) within(q *query, among *roaring.Bitmap) *roaring.Bitmap {
	ordinals, size := q.ordinalsOf(p), uint32(len(q.segment.ids))
	start, _ := slices.BinarySearch(ordinals, q.first)
	found := roaring.New()
	for _, ordinal := range ordinals[start:] {
		at := ordinal - q.first
		if at >= size {
			break
		}
		// The ordinal may have been given to someone else meanwhile: the ids under the segment's lock are the truth.
		if _, ok := p.ids[q.segment.ids[at]]; ok && among.Contains(at) {
			found.Add(at)
		}
	}
	return found
}

// ordinalsOf finds the known agents among those named, sorted.
func (q *query) ordinalsOf(p *people) []uint32 {
	ordinals, done := q.ordinals[p]
	if done {
		return ordinals
	}
	for id := range p.ids {
		if ordinal, ok := q.index.ordinal(id); ok {
			ordinals = append(ordinals, ordinal)
		}
	}
	slices.Sort(ordinals)
	q.ordinals[p] = ordinals
	return ordinals
}

func (p *people) cost() int { return costSets }
