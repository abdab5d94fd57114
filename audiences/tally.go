package audiences

import (
	"maps"
	"strconv"

	"github.com/filengine/fil"
)

// tally counts agents by the values of one field.
type tally struct {
	field  *field
	byCode []int // of a path, agents in the very unit
}

// scanPerSet is how many agents' codes are read in the time of counting what two sets have in common.
const scanPerSet = 400

// add counts those found in a segment, size of them: by the sets of the values, or by the codes of the agents where that
// reads less. Most units are of few agents, and the sets of those above hold them again.
func (t *tally) add(c *column, found *block, size int) {
	if n := t.field.size(); len(t.byCode) < n {
		t.byCode = append(t.byCode, make([]int, n-len(t.byCode))...)
	}
	sets := len(c.posts.codes) + len(c.posts.small.codes)
	if t.field.kind != fil.KindList && (t.field.ordered() || t.field.kind == kindPath || sets > size/scanPerSet) {
		found.all(func(at uint16) { t.byCode[c.codes.at(at)]++ })
		return
	}
	c.posts.all(func(code uint32, s *set) { t.byCode[code] += s.meet(found) })
}

func (t *tally) merge(other *tally) {
	if len(t.byCode) < len(other.byCode) {
		t.byCode, other.byCode = other.byCode, t.byCode
	}
	for code, n := range other.byCode {
		t.byCode[code] += n
	}
}

// merged adds up tallies of one field, at least one.
func merged(tallies []*tally) *tally {
	for _, t := range tallies[1:] {
		tallies[0].merge(t)
	}
	return tallies[0]
}

// groups names the counts.
func (t *tally) groups() map[string]int {
	groups := map[string]int{}
	for code, n := range t.byCode {
		if n != 0 && code > 0 {
			groups[t.label(uint32(code))] += n
		}
	}
	maps.DeleteFunc(groups, func(_ string, n int) bool { return n == 0 })
	return groups
}

func (t *tally) label(code uint32) string {
	switch t.field.kind {
	case fil.KindNumber:
		return strconv.FormatFloat(numberOfKey(t.field.key(code)), 'f', -1, 64)
	case fil.KindDate:
		return dayOfKey(t.field.key(code))[:len("2006")]
	case kindPath:
		return top(t.field.word(code), orgLevels)
	default:
		return t.field.word(code)
	}
}
