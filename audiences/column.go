package audiences

// codes are a column's codes by place, in the fewest bytes that hold them all: 1, 2 or 4. Only the array of that width is
// there.
type codes struct {
	narrow []uint8
	middle []uint16
	wide   []uint32
	width  uint8 // 1, 2 or 4; 0 is 1
}

func (c *codes) at(place uint16) uint32 {
	switch c.width {
	case 2:
		return uint32(c.middle[place])
	case 4:
		return c.wide[place]
	default:
		return uint32(c.narrow[place])
	}
}

func (c *codes) len() int { return len(c.narrow) + len(c.middle) + len(c.wide) }

// put writes a code at a place, which is at most one past the end.
func (c *codes) put(place uint16, code uint32) {
	if width := widthOf(code); width > max(c.width, 1) {
		c.widen(width)
	}
	switch c.width {
	case 2:
		c.middle = written(c.middle, place, uint16(code))
	case 4:
		c.wide = written(c.wide, place, code)
	default:
		c.narrow = written(c.narrow, place, uint8(code))
	}
}

func written[T any](codes []T, place uint16, code T) []T {
	if int(place) == len(codes) {
		return append(codes, code)
	}
	codes[place] = code
	return codes
}

func widthOf(code uint32) uint8 {
	switch {
	case code < 1<<8:
		return 1
	case code < 1<<16:
		return 2
	default:
		return 4
	}
}

func (c *codes) widen(width uint8) { *c = packed(c.read(make([]uint32, 0, c.len()+c.len()/4)), width) }

// read appends all codes.
func (c *codes) read(into []uint32) []uint32 {
	switch c.width {
	case 2:
		for _, code := range c.middle {
			into = append(into, uint32(code))
		}
	case 4:
		into = append(into, c.wide...)
	default:
		for _, code := range c.narrow {
			into = append(into, uint32(code))
		}
	}
	return into
}

// packed makes codes of a width, 0 being the least that holds them.
func packed(all []uint32, width uint8) codes {
	if width == 0 {
		highest := uint32(0)
		for _, code := range all {
			highest = max(highest, code)
		}
		width = widthOf(highest)
	}
	c := codes{width: width}
	switch width {
	case 2:
		c.middle = make([]uint16, len(all), cap(all))
		for i, code := range all {
			c.middle[i] = uint16(code)
		}
	case 4:
		c.wide = make([]uint32, len(all), cap(all))
		copy(c.wide, all)
	default:
		c.narrow = make([]uint8, len(all), cap(all))
		for i, code := range all {
			c.narrow[i] = uint8(code)
		}
	}
	return c
}

// column is one field of a segment. Until the segment is built it has codes only.
type column struct {
	field *field
	codes codes
	known set      // those who have a value
	posts postings // words and lists: those who have it; paths: those in the unit or beneath; numbers and dates, if few
	bits  sliced   // numbers and dates, unless few
	few   bool     // the column of numbers or dates had few values when it was built: a set of each takes less than bit slices
}

// fewValues is how many values of numbers or dates have sets of their own. Keys of small numbers differ in some ten bits.
const fewValues = 16

// put writes a code at a place; sets follow in a segment that is built.
func (c *column) put(at uint16, code uint32, built bool) {
	old := uint32(0)
	if int(at) < c.codes.len() {
		old = c.codes.at(at)
	}
	if built && old != code {
		c.move(at, old, code)
	}
	c.codes.put(at, code)
}

func (c *column) move(at uint16, old, code uint32) {
	if f := c.field; f.ordered() && !c.few {
		c.bits.move(at, f.key(old), f.key(code), &c.known)
	} else {
		var before, after [16]uint32
		c.posts.move(at, f.posted(old, before[:0]), f.posted(code, after[:0]))
	}
	if c.field.holds(code) {
		c.known.add(at)
	} else {
		c.known.remove(at)
	}
}

// build makes the column of codes by place, and its sets. The array of codes is spoiled.
func (c *column) build(m *mason) {
	c.codes = packed(m.codes[:len(m.codes):len(m.codes)], 0)
	c.known = m.knownOf(c.field)
	c.few = c.field.ordered() && m.values() <= fewValues
	if c.field.ordered() && !c.few {
		c.bits = m.slicedOf(c.field)
	} else {
		c.posts = m.postingsOf(c.field)
	}
}

// between leaves in a block the places whose value's key is in the range. All its places must have one.
func (c *column) between(q *query, least, most uint64, places *block) {
	in, out := 0, 0
	inside := func(code uint32) bool {
		key := c.field.key(code)
		return least <= key && key <= most
	}
	c.posts.all(func(code uint32, _ *set) {
		if inside(code) {
			in++
		} else {
			out++
		}
	})
	if out <= in {
		c.posts.all(func(code uint32, s *set) {
			if !inside(code) {
				s.andNot(places)
			}
		})
		return
	}
	mark := q.used
	defer func() { q.used = mark }()
	found := q.take()
	found.clear()
	c.posts.all(func(code uint32, s *set) {
		if inside(code) {
			s.or(found)
		}
	})
	places.and(found)
}
