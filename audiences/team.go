package audiences

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// maxSteps bounds the steps of a chain of command that is followed; lines that go round in circles end there.
const maxSteps = 16

// team holds for agents whose chain of command leads to someone: their manager, or the manager of that one, and so on.
// It depends on the managers' records as they are when it is asked.
type team struct {
	index *Index
	root  string
	chain *words // those whose manager is in the team or its head, once a query has prepared it
}

func newTeam(ix *Index, f *field, root string) *team {
	return &team{index: ix, root: root, chain: &words{field: f}}
}

func (t *team) holds(r *row) bool {
	f := t.chain.field
	above := r.cells[f.at]
	for range maxSteps {
		if above.n == 0 {
			return false
		}
		manager := f.words.word(uint32(above.n))
		if manager == t.root {
			return true
		}
		var known bool
		if above, known = t.index.cellOf(manager, f); !known {
			return false
		}
	}
	return false
}

func (t *team) within(q *query, among *roaring.Bitmap) *roaring.Bitmap {
	return t.chain.within(q, among)
}

func (t *team) cost() int { return costWords }

func (t *team) volatile() {}

// prepare finds the managers of the team, level by level down.
func (t *team) prepare(q *query) {
	f := t.chain.field
	root, ok := f.words.code(t.root)
	if !ok {
		q.codes[t.chain] = []uint32{}
		return
	}
	found, level := map[uint32]bool{root: true}, []uint32{root}
	for step := 1; step < maxSteps && len(level) > 0; step++ {
		var beneath []uint32
		t.index.led(f, level, func(id string) {
			if code, manages := f.words.code(id); manages && !found[code] {
				found[code] = true
				beneath = append(beneath, code)
			}
		})
		level = beneath
	}
	codes := make([]uint32, 0, len(found))
	for code := range found {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	q.codes[t.chain] = codes
}

// service holds for agents of the unit where someone is when it is asked, and of those beneath.
type service struct {
	index *Index
	root  string
	unit  *words // of that unit, once a query has prepared it
}

func newService(ix *Index, root string) *service {
	return &service{index: ix, root: root, unit: &words{field: ix.fields[atOrg], under: true}}
}

func (s *service) holds(r *row) bool {
	f := s.unit.field
	own := r.cells[f.at]
	if own.n == 0 {
		return false
	}
	unit, known := s.index.cellOf(s.root, f)
	return known && unit.n != 0 && under(f.words.word(uint32(own.n)), f.words.word(uint32(unit.n)))
}

func (s *service) within(q *query, among *roaring.Bitmap) *roaring.Bitmap {
	return s.unit.within(q, among)
}

func (s *service) cost() int { return costSets }

func (s *service) volatile() {}

func (s *service) prepare(q *query) {
	codes := []uint32{}
	if unit, known := s.index.cellOf(s.root, s.unit.field); known && unit.n != 0 {
		codes = append(codes, uint32(unit.n))
	}
	q.codes[s.unit] = codes
}

// cellOf reads one value of one agent; false when the directory does not know them.
func (ix *Index) cellOf(id string, f *field) (cell, bool) {
	for {
		ordinal, ok := ix.ordinal(id)
		if !ok {
			return cell{}, false
		}
		s, at := ix.locate(ordinal)
		s.lock.RLock()
		if s.ids[at] == id {
			c := s.columns[f.at].cell(at)
			s.lock.RUnlock()
			return c, true
		}
		s.lock.RUnlock() // removed between the two locks: look again
	}
}

// led gives the ids of the agents who have one of the words in a field.
func (ix *Index) led(f *field, codes []uint32, visit func(id string)) {
	for _, s := range *ix.segments.Load() {
		s.lock.RLock()
		for _, code := range codes {
			if post := s.columns[f.at].posts[code]; post != nil {
				for places := post.Iterator(); places.HasNext(); {
					visit(s.ids[places.Next()])
				}
			}
		}
		s.lock.RUnlock()
	}
}
