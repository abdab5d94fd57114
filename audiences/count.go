package audiences

import "github.com/filengine/fil"

// Count is how many agents satisfy a rule now; the empty rule is satisfied by nobody. Nothing is withheld: the caller
// guards what it makes of it. An error is a *RuleError.
func (ix *Index) Count(rule string) (int, error) {
	if rule == "" {
		return 0, nil
	}
	chosen, wrong := ix.compile(rule)
	if wrong != nil {
		return 0, wrong
	}
	return ix.size(chosen), nil
}

// count counts those of the segment who satisfy an exact plan.
func (q *query) count(p plan) int {
	if w, ok := p.(*words); ok && w.apart() {
		return q.countWords(w)
	}
	whole, ok := p.(every)
	if !ok {
		whole = every{p}
	}
	parts := q.partsOf(whole)
	mark := q.used
	defer func() { q.used = mark }()
	if n, ok := q.countSets(parts); ok {
		return n
	}
	found := q.take()
	if e, ok := p.(either); ok {
		q.unite(e, found)
	} else {
		q.conjoin(parts, found, true)
	}
	return found.count()
}

// apart says whether nobody has two of the words.
func (w *words) apart() bool { return w.field.kind != kindPath && w.field.kind != fil.KindList }

// countWords counts those who have one of some words of which nobody has two.
func (q *query) countWords(w *words) int {
	n := 0
	q.segment.columns[w.field.at].posts.among(q.codesOf(w), func(s set) { n += int(s.n) })
	return n
}

// countSets counts those whom a conjunction holds for, when it is of one set, or of sets that are blocks.
func (q *query) countSets(parts []part) (n int, ok bool) {
	var room [8]operand
	of, positive := room[:0], false
	for i := range parts {
		switch p := &parts[i]; {
		case !p.one:
			return 0, false
		case p.set.n == 0 && !p.not:
			return 0, true
		case p.set.n == 0:
		case len(parts) == 1 && p.not:
			return int(q.segment.live.n - p.set.n), true
		case len(parts) == 1:
			return int(p.set.n), true
		case p.set.flat == nil:
			return 0, false
		case p.not:
			of = append(of, operand{p.set.flat, ^uint64(0)})
		default:
			of, positive = append(of, operand{p.set.flat, 0}), true
		}
	}
	if len(of) == 0 {
		return int(q.segment.live.n), true
	}
	if !positive {
		of = append(of, operand{bits: q.flat(&q.segment.live)})
	}
	if len(of) > 4 {
		into := q.take()
		for ; len(of) > 4; of = of[3:] {
			if fuse(into, of[:4]) == 0 {
				return 0, true
			}
			of[3] = operand{bits: into}
		}
	}
	return fuseCount(of), true
}

// unite writes those of the segment who satisfy a disjunction.
func (q *query) unite(e either, into *block) {
	mark := q.used
	defer func() { q.used = mark }()
	into.clear()
	var one *block
	for _, part := range e {
		s, not, ok := operandOf(q, part)
		if ok && !not {
			s.or(into)
			continue
		}
		if one == nil {
			one = q.take()
		}
		if w, ok := part.(*words); ok && (w.field.kind != kindPath || w.under) {
			q.segment.columns[w.field.at].posts.among(q.codesOf(w), func(s set) { s.or(into) })
			continue
		}
		q.choose(part, one)
		into.or(one)
	}
}

// joined gives a plan with the same answers, in which the words of one field that a disjunction lists are one leaf. Who
// withholds the small parts of a disjunction must not join them.
func joined(p plan) plan {
	e, ok := p.(either)
	if !ok {
		return rebuilt(p, joined)
	}
	var parts []plan
	first := map[*field]int{} // place in parts of a field's words
	for _, part := range e {
		part = joined(part)
		w, ok := part.(*words)
		if !ok || w.exact == nil || w.field.kind == kindPath {
			parts = append(parts, part)
			continue
		}
		if at, met := first[w.field]; met {
			before, _ := parts[at].(*words)
			parts[at] = wordsIn(w.field, append(before.exact[:len(before.exact):len(before.exact)], w.exact...))
			continue
		}
		first[w.field] = len(parts)
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return either(parts)
}
