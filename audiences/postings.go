package audiences

import "slices"

// postings are the sets of a column's values. Large ones, and those that have changed, are sets by code; all others are
// small, because most units, sites and supervisors are those of a few agents.
type postings struct {
	codes []uint32 // sorted
	sets  []set
	small smallSets
}

// of gives the set of a value, empty when nobody has it.
func (p *postings) of(code uint32) set {
	if i, found := slices.BinarySearch(p.codes, code); found {
		return p.sets[i]
	}
	if i, found := slices.BinarySearch(p.small.codes, code); found {
		return p.small.set(i)
	}
	return set{}
}

// own gives the set of a value to be changed.
func (p *postings) own(code uint32) (s *set, at int) {
	i, found := slices.BinarySearch(p.codes, code)
	if !found {
		var s set
		if k, found := slices.BinarySearch(p.small.codes, code); found {
			small := p.small.set(k)
			s = small.clone()
			p.small.ends[k] |= gone
		}
		p.codes = slices.Insert(p.codes, i, code)
		p.sets = slices.Insert(p.sets, i, s)
	}
	return &p.sets[i], i
}

func (p *postings) add(code uint32, at uint16) {
	s, _ := p.own(code)
	s.add(at)
}

func (p *postings) remove(code uint32, at uint16) {
	s, i := p.own(code)
	if s.remove(at); s.n == 0 {
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

// all visits each value that someone has, with its set.
func (p *postings) all(visit func(code uint32, s *set)) {
	for i, code := range p.codes {
		visit(code, &p.sets[i])
	}
	for i, code := range p.small.codes {
		if s := p.small.set(i); s.n > 0 {
			visit(code, &s)
		}
	}
}

// among visits the sets of those of the values that someone has, sorted values all.
func (p *postings) among(codes []uint32, visit func(s set)) {
	if len(codes) < (len(p.codes)+len(p.small.codes))/8 {
		for _, code := range codes {
			if s := p.of(code); s.n > 0 {
				visit(s)
			}
		}
		return
	}
	shared(codes, p.codes, func(i int) { visit(p.sets[i]) })
	shared(codes, p.small.codes, func(i int) {
		if s := p.small.set(i); s.n > 0 {
			visit(s)
		}
	})
}

// shared visits the places in a sorted list of the codes that are in another too.
func shared(codes, list []uint32, visit func(i int)) {
	k := 0
	for i, code := range list {
		for k < len(codes) && codes[k] < code {
			k++
		}
		if k == len(codes) {
			return
		}
		if codes[k] == code {
			visit(i)
		}
	}
}

// smallSets are sets of at most fewNumbers numbers, one after the other: 8 bytes each beside their numbers, where a set
// takes 40. They are never changed: one that must is taken out to be a set of its own.
type smallSets struct {
	codes   []uint32 // sorted
	ends    []uint32 // by set: where its numbers end, and the marks
	numbers []uint16
}

// Marks of small sets.
const (
	fewNumbers = 32
	asRuns     = 1 << 31 // the numbers are those of runs
	gone       = 1 << 30 // the set is elsewhere
	endMask    = gone - 1
)

func (p *smallSets) set(i int) set {
	start, end := uint32(0), p.ends[i]
	if end&gone != 0 {
		return set{}
	}
	if i > 0 {
		start = p.ends[i-1] & endMask
	}
	numbers := p.numbers[start : end&endMask : end&endMask]
	s := set{places: numbers, n: int32(len(numbers)), runs: end&asRuns != 0}
	if s.runs {
		s.n = 0
		for k := 0; k < len(numbers); k += 2 {
			s.n += int32(numbers[k+1]) - int32(numbers[k]) + 1
		}
	}
	return s
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
	return m.lay()
}

// lay makes the sets of the places that are sorted by code.
func (m *mason) lay() postings {
	large, numbers, start := 0, 0, uint32(0)
	for _, code := range m.seen {
		if n := numbersOf(m.places[start:m.counts[code]]); n > 0 && n <= fewNumbers {
			numbers += n
		} else {
			large++
		}
		start = m.counts[code]
	}
	small := len(m.seen) - large
	p := postings{
		codes: make([]uint32, 0, large), sets: make([]set, 0, large),
		small: smallSets{codes: make([]uint32, 0, small), ends: make([]uint32, 0, small), numbers: make([]uint16, numbers)},
	}
	end := 0 // of the small sets' numbers
	room := func(n int) []uint16 {
		if n > fewNumbers {
			return make([]uint16, n)
		}
		end += n
		return p.small.numbers[end-n : end]
	}
	start = 0
	for _, code := range m.seen {
		s := setOfPlaces(m.places[start:m.counts[code]], room)
		start, m.counts[code] = m.counts[code], 0
		switch {
		case len(s.places) == 0 || len(s.places) > fewNumbers:
			p.codes, p.sets = append(p.codes, code), append(p.sets, s)
		case s.runs:
			p.small.codes, p.small.ends = append(p.small.codes, code), append(p.small.ends, uint32(end)|asRuns)
		default:
			p.small.codes, p.small.ends = append(p.small.codes, code), append(p.small.ends, uint32(end))
		}
	}
	return p
}

// count counts the places of each posted code, and all of them.
func (m *mason) count(f *field) (total int) {
	if n := f.size(); len(m.counts) < n {
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

// values counts the values in the column at hand, up to one more than are few.
func (m *mason) values() int {
	var met [fewValues]uint32
	n := 0
	for at, code := range m.codes {
		if code == 0 || at > 0 && code == m.codes[at-1] || slices.Contains(met[:n], code) {
			continue
		}
		if n == fewValues {
			return n + 1
		}
		met[n] = code
		n++
	}
	return n
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
