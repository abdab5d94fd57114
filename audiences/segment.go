package audiences

import (
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/filengine/fil"
)

// segment is a bounded number of agents: their values by column, and for each value the set of those who have it. Its
// bitmaps hold places in the segment. They are handed out to plans under the lock and never after.
type segment struct {
	lock    sync.RWMutex
	ids     []string // by place; empty where an agent was removed
	stamps  []uint64
	live    *roaring.Bitmap
	columns []column
}

// column is one field of a segment. Which of its parts are used depends on the field's kind.
type column struct {
	field *field
	codes []uint32                   // words: by place, 0 for none
	keys  []uint64                   // numbers and dates: by place, 0 for none
	lists [][]uint32                 // lists: by place, nil for none
	known *roaring.Bitmap            // those who have a value
	posts map[uint32]*roaring.Bitmap // words and lists: those who have it; paths: those in the unit or beneath
	bits  sliced                     // numbers and dates
}

func newSegment(fields []*field) *segment {
	s := &segment{live: roaring.New(), columns: make([]column, len(fields))}
	for i, f := range fields {
		s.columns[i] = column{field: f, known: roaring.New(), posts: map[uint32]*roaring.Bitmap{}}
	}
	return s
}

// row reads the agent at a place, into the cells given if they are long enough.
func (s *segment) row(at uint32, into []cell) row {
	if len(into) < len(s.columns) {
		into = make([]cell, len(s.columns))
	}
	for i := range s.columns {
		into[i] = s.columns[i].cell(at)
	}
	return row{id: s.ids[at], stamp: s.stamps[at], cells: into}
}

// put writes an agent at a place; only the sets of values that changed move.
func (s *segment) put(at uint32, r row) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if int(at) == len(s.ids) {
		s.ids, s.stamps = append(s.ids, ""), append(s.stamps, 0)
	}
	s.ids[at], s.stamps[at] = r.id, r.stamp
	s.live.Add(at)
	for i := range s.columns {
		s.columns[i].put(at, r.cells[i])
	}
}

// remove empties a place.
func (s *segment) remove(at uint32) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.ids[at], s.stamps[at] = "", 0
	s.live.Remove(at)
	for i := range s.columns {
		s.columns[i].put(at, cell{})
	}
}

func (c *column) cell(at uint32) cell {
	switch {
	case c.field.ordered():
		return cell{n: c.keys[at]}
	case c.field.kind == fil.KindList:
		if list := c.lists[at]; list != nil {
			return cell{n: 1, list: list}
		}
		return cell{}
	default:
		return cell{n: uint64(c.codes[at])}
	}
}

func (c *column) put(at uint32, v cell) {
	switch {
	case c.field.ordered():
		c.keys = grown(c.keys, at)
		c.bits.move(at, c.keys[at], v.n)
		c.keys[at] = v.n
		c.mark(at, v.n != 0)
	case c.field.kind == fil.KindList:
		c.lists = grown(c.lists, at)
		c.move(at, c.lists[at], v.list)
		c.lists[at] = v.list
		c.mark(at, len(v.list) > 0)
	default:
		c.codes = grown(c.codes, at)
		if old := c.codes[at]; old != uint32(v.n) {
			c.move(at, c.postings(old), c.postings(uint32(v.n)))
			c.codes[at] = uint32(v.n)
		}
		c.mark(at, v.n != 0)
	}
}

// grown makes room for a place, which is at most one past the end.
func grown[T any](values []T, at uint32) []T {
	if int(at) == len(values) {
		var none T
		return append(values, none)
	}
	return values
}

func (c *column) mark(at uint32, known bool) {
	if known {
		c.known.Add(at)
	} else {
		c.known.Remove(at)
	}
}

// postings lists the sets that an agent with this value is in: for a path, those of each unit above it too.
func (c *column) postings(code uint32) []uint32 {
	if code == 0 {
		return nil
	}
	codes := []uint32{code}
	if c.field.kind == kindPath {
		path := c.field.words.word(code)
		for i := strings.LastIndexByte(path, '/'); i > 0; i = strings.LastIndexByte(path[:i], '/') {
			above, _ := c.field.words.code(path[:i]) // interned with the path
			codes = append(codes, above)
		}
	}
	return codes
}

// move takes a place out of the sets of before and puts it in those of after.
func (c *column) move(at uint32, before, after []uint32) {
	for _, code := range before {
		if post := c.posts[code]; post != nil && !slices.Contains(after, code) {
			post.Remove(at)
			if post.IsEmpty() {
				delete(c.posts, code)
			}
		}
	}
	for _, code := range after {
		post := c.posts[code]
		if post == nil {
			post = roaring.New()
			c.posts[code] = post
		}
		post.Add(at)
	}
}

// sliced is a bit-sliced index of keys (O'Neil and Quass, "Improved query performance with variant indexes", SIGMOD
// 1997): slice i holds the places whose key has bit i set. A range costs at most three bitmap operations a
// slice that is not empty, whatever the number of distinct values: 10 to 20 slices for dates and for small numbers.
type sliced [64]*roaring.Bitmap

// move changes the key of a place; only slices whose bit differs are touched.
func (b *sliced) move(at uint32, before, after uint64) {
	for i := range b {
		bit := uint64(1) << i
		switch {
		case (before^after)&bit == 0:
		case after&bit != 0:
			if b[i] == nil {
				b[i] = roaring.New()
			}
			b[i].Add(at)
		default:
			b[i].Remove(at)
			if b[i].IsEmpty() {
				b[i] = nil
			}
		}
	}
}

// atMost gives those of the set whose key is at most most; atLeast those whose key is at least least; exactly those
// whose key is the one given. Every place of the set must have a key.
func (b *sliced) atMost(most uint64, among *roaring.Bitmap) *roaring.Bitmap {
	return b.beyond(most, among, func(bit bool) bool { return bit }, roaring.AndNot)
}

func (b *sliced) atLeast(least uint64, among *roaring.Bitmap) *roaring.Bitmap {
	return b.beyond(least, among, func(bit bool) bool { return !bit }, roaring.And)
}

func (b *sliced) exactly(key uint64, among *roaring.Bitmap) *roaring.Bitmap {
	return b.beyond(key, among, func(bool) bool { return false }, nil)
}

// beyond walks the slices from the highest bit: equal holds the places whose higher bits are the bound's. Where
// decides says so of the bound's bit, those of equal that beyond takes are past the bound for good.
func (b *sliced) beyond(bound uint64, among *roaring.Bitmap, decides func(bit bool) bool, take func(equal, slice *roaring.Bitmap) *roaring.Bitmap) *roaring.Bitmap {
	past, equal, none := roaring.New(), among.Clone(), roaring.New()
	for i := 63; i >= 0 && !equal.IsEmpty(); i-- {
		slice, bit := b[i], bound>>i&1 == 1
		if slice == nil {
			slice = none
		}
		if decides(bit) {
			past.Or(take(equal, slice))
		}
		if bit {
			equal.And(slice)
		} else {
			equal.AndNot(slice)
		}
	}
	past.Or(equal)
	return past
}
