package audiences

import "slices"

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
	above := r.codes[f.at]
	for range maxSteps {
		if above == 0 {
			return false
		}
		manager := f.word(above)
		if manager == t.root {
			return true
		}
		var known bool
		if above, known = t.index.codeOf(manager, f); !known {
			return false
		}
	}
	return false
}

func (t *team) narrow(q *query, b *block) { t.chain.narrow(q, b) }

func (t *team) cost() int { return costWords }

func (t *team) volatile() {}

// prepare finds the managers of the team, level by level down.
func (t *team) prepare(q *query) {
	f := t.chain.field
	root, ok := f.words.code(t.root)
	if !ok {
		q.found.codes[t.chain] = []uint32{}
		return
	}
	found, level := map[uint32]bool{root: true}, []uint32{root}
	for step := 1; step < maxSteps && len(level) > 0; step++ {
		var beneath []uint32
		q.led(f, level, func(id string) {
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
	q.found.codes[t.chain] = codes
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
	own := r.codes[f.at]
	if own == 0 {
		return false
	}
	unit, known := s.index.codeOf(s.root, f)
	return known && unit != 0 && under(f.word(own), f.word(unit))
}

func (s *service) narrow(q *query, b *block) { s.unit.narrow(q, b) }

func (s *service) cost() int { return costSets }

func (s *service) volatile() {}

func (s *service) prepare(q *query) {
	codes := []uint32{}
	if unit, known := s.index.codeOf(s.root, s.unit.field); known && unit != 0 {
		codes = append(codes, unit)
	}
	q.found.codes[s.unit] = codes
}

// codeOf reads one value of one agent; false when the directory does not know them.
func (ix *Index) codeOf(id string, f *field) (code uint32, known bool) {
	known = ix.meet(id, func(s *segment, at uint16) { code = s.columns[f.at].codes.at(at) })
	return code, known
}

// led gives the ids of the agents who have one of the words in a field.
func (q *query) led(f *field, codes []uint32, visit func(id string)) {
	var b block
	for _, s := range q.found.layout.order {
		s.lock.RLock()
		for _, code := range codes {
			if post := s.columns[f.at].posts.of(code); post.n > 0 {
				b.clear()
				post.or(&b)
				b.all(func(at uint16) { visit(string(s.ids.at(at))) })
			}
		}
		s.lock.RUnlock()
	}
}
