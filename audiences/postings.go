package audiences

import "slices"

// postings are the sets of a column's values, sorted by code: two arrays rather than a map, because most values of an
// organisation's tree, or of its sites, are in few segments and a map would cost more than they do.
type postings struct {
	codes []uint32
	sets  []set
}

// of gives the set of a value, nil when nobody has it.
func (p *postings) of(code uint32) *set {
	if i, found := slices.BinarySearch(p.codes, code); found {
		return &p.sets[i]
	}
	return nil
}

func (p *postings) add(code uint32, at uint16) {
	i, found := slices.BinarySearch(p.codes, code)
	if !found {
		p.codes = slices.Insert(p.codes, i, code)
		p.sets = slices.Insert(p.sets, i, set{})
	}
	p.sets[i].add(at)
}

func (p *postings) remove(code uint32, at uint16) {
	i, found := slices.BinarySearch(p.codes, code)
	if !found {
		return
	}
	if p.sets[i].remove(at); p.sets[i].n == 0 {
		p.codes = slices.Delete(p.codes, i, i+1)
		p.sets = slices.Delete(p.sets, i, i+1)
	}
}

// move takes a place out of the sets of before and puts it in those of after.
func (p *postings) move(at uint16, before, after []uint32) {
	for _, code := range before {
		if !slices.Contains(after, code) {
			p.remove(code, at)
		}
	}
	for _, code := range after {
		p.add(code, at)
	}
}

// mason builds the sets of a segment's columns in bulk. It keeps its memory from one column to the next.
type mason struct {
	codes  []uint32 // the column at hand, by place
	keys   []uint64
	counts []uint32 // by posted code: how many places, then where its places end
	seen   []uint32 // the posted codes
	places []uint16 // by posted code, sorted
	blocks []block
}

// postingsOf builds the postings of the column at hand. It counts, then sorts places by code.
func (m *mason) postingsOf(f *field) postings {
	total := m.count(f)
	slices.Sort(m.seen)
	if cap(m.places) < total {
		m.places = make([]uint16, total)
	}
	m.places = m.places[:total]
	end := uint32(0)
	for _, code := range m.seen {
		end, m.counts[code] = end+m.counts[code], end
	}
	var posted []uint32
	for at, code := range m.codes {
		if at == 0 || code != m.codes[at-1] {
			posted = f.posted(code, posted[:0])
		}
		for _, c := range posted {
			m.places[m.counts[c]] = uint16(at)
			m.counts[c]++
		}
	}
	p := postings{codes: slices.Clone(m.seen), sets: make([]set, len(m.seen))}
	var stone []uint16 // shared by the sets of a column, which outgrow it one by one
	start, numbers := uint32(0), 0
	for _, code := range m.seen {
		numbers += numbersOf(m.places[start:m.counts[code]])
		start = m.counts[code]
	}
	stone = make([]uint16, numbers)
	room := func(n int) []uint16 {
		some := stone[:n:n]
		stone = stone[n:]
		return some
	}
	start = 0
	for i, code := range m.seen {
		p.sets[i] = setOfPlaces(m.places[start:m.counts[code]], room)
		start, m.counts[code] = m.counts[code], 0
	}
	return p
}

// count counts the places of each posted code, and all of them.
func (m *mason) count(f *field) (total int) {
	if n := len(f.words.all()); len(m.counts) < n {
		m.counts = make([]uint32, n)
	}
	m.seen = m.seen[:0]
	var posted []uint32
	for at, code := range m.codes {
		if at == 0 || code != m.codes[at-1] {
			posted = f.posted(code, posted[:0])
		}
		for _, c := range posted {
			if m.counts[c] == 0 {
				m.seen = append(m.seen, c)
			}
			m.counts[c]++
		}
		total += len(posted)
	}
	return total
}

// slicedOf builds the bit-sliced index of the column at hand.
func (m *mason) slicedOf(f *field) sliced {
	if m.keys == nil {
		m.keys = make([]uint64, blockPlaces)
	}
	keys, all := m.keys[:len(m.codes)], f.keys.all()
	for at, code := range m.codes {
		keys[at] = all[code]
	}
	return slicedOf(keys, func(n int) []block {
		if len(m.blocks) < n {
			m.blocks = make([]block, n)
		}
		return m.blocks[:n]
	})
}

// knownOf builds the set of those who have a value in the column at hand.
func (m *mason) knownOf(f *field) set {
	if len(m.blocks) == 0 {
		m.blocks = make([]block, 16)
	}
	b := &m.blocks[0]
	b.clear()
	for at, code := range m.codes {
		if f.holds(code) {
			b.add(uint16(at))
		}
	}
	return setOfBlock(b)
}

// among gives the sets of those of the values that someone has, sorted values all.
func (p *postings) among(codes []uint32, visit func(s *set)) {
	if len(codes) < len(p.codes)/8 {
		for _, code := range codes {
			if s := p.of(code); s != nil {
				visit(s)
			}
		}
		return
	}
	i := 0
	for k, code := range p.codes {
		for i < len(codes) && codes[i] < code {
			i++
		}
		if i == len(codes) {
			return
		}
		if codes[i] == code {
			visit(&p.sets[k])
		}
	}
}
