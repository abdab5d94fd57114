package audiences

import (
	"slices"

	"github.com/filengine/fil"
)

// words holds for agents whose word, or one of whose words for a list, satisfies a test.
type words struct {
	field *field
	test  func(word string) bool
	exact []string // the only words that satisfy the test; nil when that takes looking at each
	under bool     // of a path: exact are units, and so are all those beneath
}

func (w *words) holds(r *row) bool {
	code := r.codes[w.field.at]
	if w.field.kind == fil.KindList {
		return slices.ContainsFunc(w.field.list(code), func(word uint32) bool { return w.test(w.field.word(word)) })
	}
	return code != 0 && w.test(w.field.word(code))
}

// operand gives the set of the one word, unless it is a unit whose set holds those beneath too.
func (w *words) operand(q *query) (set, bool) {
	if w.exact == nil || len(w.exact) > 1 || w.field.kind == kindPath && !w.under {
		return set{}, false
	}
	codes := q.codesOf(w)
	if len(codes) == 0 {
		return set{}, true
	}
	return q.segment.columns[w.field.at].posts.of(codes[0]), true
}

func (w *words) narrow(q *query, b *block) {
	codes, column := q.codesOf(w), &q.segment.columns[w.field.at]
	mark := q.used
	defer func() { q.used = mark }()
	var only set
	var sum *block
	column.posts.among(codes, func(s set) {
		switch {
		case only.n == 0:
			only = s
		case sum == nil:
			sum = q.take()
			sum.clear()
			only.or(sum)
			fallthrough
		default:
			s.or(sum)
		}
	})
	switch {
	case only.n == 0:
		b.clear()
		return
	case sum == nil:
		only.and(b)
	default:
		b.and(sum)
	}
	if w.field.kind != kindPath || w.under {
		return
	}
	// The sets of a path hold the units beneath too: keep those who are in the very unit.
	b.keep(func(at uint16) bool {
		_, ok := slices.BinarySearch(codes, column.codes.at(at))
		return ok
	})
}

func (w *words) cost() int {
	if w.exact == nil {
		return costWords
	}
	return costSets
}
