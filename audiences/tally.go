package audiences

import (
	"maps"
	"strconv"

	"github.com/filengine/fil"
)

// tally counts agents by the values of one field.
type tally struct {
	field  *field
	byCode []int  // of a path, agents in the very unit or, of a unit that a group is named after, in its group
	named  []int8 // of a path, by code: 1 for a unit that a group is named after, -1 for another, 0 when not known yet
}

// wordsPerPlace is how many words of sets are read in the time of reading one agent's code.
const wordsPerPlace = 3

// add counts those found in a segment, size of them: by the sets of the values, or by the codes of the agents where
// that reads less.
func (t *tally) add(c *column, found *block, size int) {
	if n := t.field.size(); len(t.byCode) < n {
		t.byCode = append(t.byCode, make([]int, n-len(t.byCode))...)
		if t.field.kind == kindPath {
			t.named = append(t.named, make([]int8, n-len(t.named))...)
		}
	}
	if t.field.ordered() || t.field.kind != fil.KindList && t.cost(c) > wordsPerPlace*size {
		found.all(func(at uint16) { t.byCode[c.codes.at(at)]++ })
		return
	}
	parents := *t.field.words.parents.Load()
	c.posts.all(func(code uint32, s *set) {
		if !t.counts(code) {
			return
		}
		n := s.meet(found)
		t.byCode[code] += n
		if t.field.kind == kindPath && parents[code] != 0 {
			t.byCode[parents[code]] -= n
		}
	})
}

// counts says whether the set of a value is to be counted: of the units, those that groups are named after.
func (t *tally) counts(code uint32) bool {
	if t.field.kind != kindPath {
		return true
	}
	if t.named[code] == 0 {
		word := t.field.word(code)
		if t.named[code] = -1; top(word, orgLevels) == word {
			t.named[code] = 1
		}
	}
	return t.named[code] == 1
}

func (t *tally) cost(c *column) int {
	sum := 0
	c.posts.all(func(code uint32, s *set) {
		if sum++; t.counts(code) {
			sum += s.cost()
		}
	})
	return sum
}

func (t *tally) merge(other *tally) {
	if len(t.byCode) < len(other.byCode) {
		t.byCode, other.byCode = other.byCode, t.byCode
	}
	for code, n := range other.byCode {
		t.byCode[code] += n
	}
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
