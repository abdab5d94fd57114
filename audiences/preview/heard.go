package preview

import (
	"maps"
	"slices"
)

// heard is what one caller was told: the sizes of sets, and the groups of sets by each field. Groups of different
// fields are kept apart: telling them apart together would leave classes of a few agents after the first two breakdowns,
// and no sum of agents by grade tells who has a grade and works in a place, unless one holds the other. That case is
// looked for: a set that all but fills classes of a field is answered as if it filled them, and a group is withheld that,
// with others of its field, all but fills a class of another.
type heard struct {
	threshold int
	sizes     *partitioning
	fields    map[string]*partitioning
}

func newHeard(threshold int) *heard {
	return &heard{threshold: threshold, sizes: newPartitioning(threshold), fields: map[string]*partitioning{}}
}

// size gives the set that may be told in place of the one given, and its size: nobody if it is still close to classes of a
// field.
func (h *heard) size(live, set places) (told places, size int) {
	names := slices.Sorted(maps.Keys(h.fields))
	for _, name := range names {
		set = h.align(live, set, h.fields[name])
	}
	told, size = h.sizes.snap(live, set)
	for _, name := range names {
		field := h.fields[name]
		field.grow(len(live))
		all, in, far := field.count(live), field.count(told), 0
		for class, n := range in {
			far += min(n, all[class]-n)
		}
		if far > 0 && far < h.threshold {
			return make(places, len(live)), 0
		}
	}
	return told, size
}

// groups gives the figures of a set's groups by one field, from 1 to count; of gives the groups of a segment's agents by place.
func (h *heard) groups(field string, live, set places, size, count int, of func(segment int) []uint16) []*int {
	p := h.fields[field]
	if p == nil {
		p = newPartitioning(h.threshold)
		p.frozen = h.sizes.frozen
		h.fields[field] = p
	}
	others := []*partitioning{h.sizes}
	for _, name := range slices.Sorted(maps.Keys(h.fields)) {
		if name != field {
			others = append(others, h.fields[name])
		}
	}
	return p.groups(live, set, size, count+1, of, others)
}

// freeze says whether answers may tell apart no more than they have.
func (h *heard) freeze(frozen bool) {
	h.sizes.frozen = frozen
	for _, p := range h.fields {
		p.frozen = frozen
	}
}

// bytes is what it keeps.
func (h *heard) bytes() int {
	sum := h.sizes.bytes()
	for _, p := range h.fields {
		sum += p.bytes()
	}
	return sum
}

// align gives the set in which classes of a field's groups are full, or empty, if it differs by fewer than the threshold
// from the one given, within a class that the set's size would cut.
func (h *heard) align(live, set places, field *partitioning) places {
	h.sizes.grow(len(live))
	field.grow(len(live))
	all, in := h.sizes.count(live), h.sizes.count(set)
	cut, rows := 0, make([]int, h.sizes.classes)
	for class := range rows {
		if in[class] > 0 && in[class] < all[class] {
			cut++
			rows[class] = cut
		}
	}
	columns := func(segment int) []uint16 { return field.of[segment] }
	inside := h.sizes.cross(set, rows, cut, field.classes, columns)
	everyone := h.sizes.cross(live, rows, cut, field.classes, columns)
	moves, moved := make([]int8, len(inside)), false // by cut class and class of the field: 1 all in, -1 all out
	for row := 0; row < len(inside); row += field.classes {
		far, full := 0, false
		for at := row; at < row+field.classes; at++ {
			far += min(inside[at], everyone[at]-inside[at])
			full = full || 2*inside[at] > everyone[at]
		}
		if far == 0 || far >= h.threshold || !full {
			continue
		}
		for at := row; at < row+field.classes; at++ {
			moves[at] = -1
			if 2*inside[at] > everyone[at] {
				moves[at] = 1
			}
		}
		moved = true
	}
	if !moved {
		return set
	}
	return h.move(live, set, field, rows, moves)
}

// move gives a set in which some classes of a field are full or empty, within the classes that are numbered.
func (h *heard) move(live, set places, field *partitioning, rows []int, moves []int8) places {
	moved := make(places, len(live))
	for i, everyone := range live {
		if everyone == nil {
			continue
		}
		moved[i] = new(block)
		if members := set.at(i); members != nil {
			*moved[i] = *members
		}
		sizes, groups := h.sizes.of[i], field.of[i]
		everyone.each(func(place int) {
			class, group := 0, 0
			if sizes != nil {
				class = int(sizes[place])
			}
			if groups != nil {
				group = int(groups[place])
			}
			if rows[class] == 0 {
				return
			}
			switch moves[(rows[class]-1)*field.classes+group] {
			case 1:
				moved[i][place>>6] |= 1 << (place & 63)
			case -1:
				moved[i][place>>6] &^= 1 << (place & 63)
			}
		})
	}
	return moved
}
