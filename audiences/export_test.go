package audiences

import (
	"slices"
	"time"

	"github.com/filengine/fil"
)

// Select gives the ids of those a rule's sets hold, sorted.
func (ix *Index) Select(rule string) ([]string, error) {
	p, wrong := ix.compile(rule)
	if wrong != nil {
		return nil, wrong
	}
	var ids []string
	ix.each(p, func(s *segment, found *block) {
		found.all(func(at uint16) { ids = append(ids, string(s.ids.at(at))) })
	})
	slices.Sort(ids)
	return ids, nil
}

// Sweeten gives a rule as the parser reads it; false when the forms in it are wrong.
func Sweeten(rule string) (string, bool) {
	forms, wrong, err := sweeten(rule)
	return string(forms.text), wrong == nil && err == nil
}

// SpanBefore gives the moment that a span is before another; false for what is no span.
func SpanBefore(text string, now time.Time) (time.Time, bool) {
	s, ok := parseSpan(text)
	return s.before(now), ok
}

// Compiled says whether a rule is answered by bitmaps alone.
func (ix *Index) Compiled(rule string) bool {
	p, wrong := ix.compile(rule)
	return wrong == nil && exact(p)
}

// Freed is the number of places that wait to be given again, Given of those ever given since the last settling.
func (ix *Index) Freed() int {
	n := 0
	for _, sh := range ix.shards {
		n += len(sh.free)
	}
	return n
}

func (ix *Index) Given() int {
	n := 0
	for _, s := range ix.layout.Load().order {
		n += len(s.stamps)
	}
	return n
}

// Set lets tests at the sets of a segment's places.
type Set struct{ set set }

func SetOf(places []uint16) *Set     { return &Set{setOfPlaces(places, room)} }
func (s *Set) Add(at uint16)         { s.set.add(at) }
func (s *Set) Remove(at uint16)      { s.set.remove(at) }
func (s *Set) Has(at uint16) bool    { return s.set.has(at) }
func (s *Set) Len() int              { return int(s.set.n) }
func (s *Set) Bytes() int            { return s.set.bytes() }
func (s *Set) Rebuilt() *Set         { return &Set{setOfBlock(s.flat())} }
func (s *Set) Meet(other *Set) int   { return s.set.meet(other.flat()) }
func (s *Set) And(other *Set) *Set   { return s.into(other, (*set).and) }
func (s *Set) Minus(other *Set) *Set { return s.into(other, func(o *set, b *block) { o.andNot(b) }) }
func (s *Set) Or(other *Set) *Set    { return s.into(other, (*set).or) }

func (s *Set) flat() *block {
	b := &block{}
	s.set.or(b)
	return b
}

func (s *Set) into(other *Set, do func(*set, *block)) *Set {
	b := s.flat()
	do(&other.set, b)
	return &Set{setOfBlock(b)}
}

// Places lists a set's places.
func (s *Set) Places() []uint16 {
	places := []uint16{}
	s.flat().all(func(at uint16) { places = append(places, at) })
	return places
}

// Shape names how a set is kept.
func (s *Set) Shape() string {
	switch {
	case s.set.flat != nil:
		return "block"
	case s.set.runs:
		return "runs"
	default:
		return "places"
	}
}

// Range keeps keys of places in slices, as a column does: Put changes one, Between gives the places whose key is in a range.
type Range struct {
	bits  sliced
	known set
	keys  map[uint16]uint64
}

func (r *Range) Put(at uint16, key uint64) {
	r.bits.move(at, r.keys[at], key, &r.known)
	if r.known.add(at); key == 0 {
		r.known.remove(at)
	}
	if r.keys == nil {
		r.keys = map[uint16]uint64{}
	}
	r.keys[at] = key
}

// Rebuild makes the slices anew, in bulk.
func (r *Range) Rebuild() {
	keys := make([]uint64, blockPlaces)
	for at, key := range r.keys {
		keys[at] = key
	}
	r.bits = slicedOf(keys, func(n int) []block { return make([]block, n) })
}

func (r *Range) Between(least, most uint64) []uint16 {
	var b block
	r.known.or(&b)
	r.bits.narrow(&query{}, least, most, &b)
	s := Set{setOfBlock(&b)}
	return s.Places()
}

// DayOf gives the day that a text is, written again; false for what is none.
func DayOf(text string) (string, bool) {
	key, ok := dayOf([]byte(text))
	return dayOfKey(key), ok
}

// ReadTwice reads a record in both ways: scanned is false when the scanner gave up on it.
func (ix *Index) ReadTwice(rec fil.Record) (scanned bool, fast, slow fil.Agent, err error) {
	read := func(do func(d *draft) bool) (fil.Agent, bool) {
		d := &draft{codes: make([]uint32, len(ix.fields))}
		ok := do(d)
		d.intern()
		return ix.agentOf(row{id: d.id, codes: d.codes}), ok
	}
	s := newScanner(ix)
	fast, scanned = read(func(d *draft) bool { return s.scan(&rec, d) })
	slow, _ = read(func(d *draft) bool { err = ix.draft(rec, d); return !d.gone })
	return scanned, fast, slow, err
}
