package ranking

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// texts are the wordings of a snapshot, weighed by how rare each stem is in it: TF-IDF (Spärck Jones, 1972; Salton and
// Buckley, 1988), each content's weights being of unit length. They are a function of the contents, whatever the order in
// which they came. Stems that one content alone has are left out, since they make it like no other; its length has them.
type texts struct {
	from  []int32 // terms[from[i]:from[i+1]] are those of the content at place i, the most frequent there first
	terms []term
	idf   []float32 // by code; log2((contents + 1) / contents that have the stem)
}

// weigh takes 24 multiplications a content. It is made once per change of the catalogue, by the first who asks.
func weigh(s *snapshot) *texts {
	t := &texts{from: make([]int32, len(s.rows)+1), idf: make([]float32, len(s.uses))}
	for code, uses := range s.uses {
		if uses > 0 {
			t.idf[code] = float32(math.Log2(float64(s.count+1) / float64(uses)))
		}
	}
	n := 0
	for i := range s.rows {
		if w := s.rows[i].wording; w != nil {
			n += len(w.terms)
		}
	}
	t.terms = make([]term, 0, n)
	for i := range s.rows {
		if w := s.rows[i].wording; w != nil {
			scale := 1 / t.length(w)
			for _, one := range w.terms {
				if s.uses[one.code] > 1 {
					t.terms = append(t.terms, term{one.code, one.weight * t.idf[one.code] * scale})
				}
			}
		}
		t.from[i+1] = int32(len(t.terms))
	}
	return t
}

// length is the Euclidean length of a wording's weights; never 0, since no stem is in more contents than there are.
func (t *texts) length(w *wording) float32 {
	sum := 0.0
	for _, one := range w.terms {
		weight := float64(one.weight * t.idf[one.code])
		sum += weight * weight
	}
	return float32(math.Sqrt(sum))
}

func (t *texts) of(at int32) []term { return t.terms[t.from[at]:t.from[at+1]] }

// textTaste is what one agent reads, as stems: the sum of the contents that they dealt with, each of unit length times what
// it is worth. It is memory to be used again: open, add, ask, close.
type textTaste struct {
	snap    *snapshot
	texts   *texts
	own     []float32 // by code; 0 but for those touched
	touched []uint32
	scale   float32 // 1 / length of own; 0 until it is asked for
}

// open makes the taste ready for a snapshot; it knows nothing yet.
func (t *textTaste) open(s *snapshot) {
	t.snap, t.texts = s, s.texts()
	t.own = grow(t.own, len(t.texts.idf))
}

// add tells of a content, by its place in the snapshot, that the agent dealt with. A negative worth is one disliked.
func (t *textTaste) add(at int32, worth float64) {
	for _, one := range t.texts.of(at) {
		own := t.own[one.code]
		if own == 0 {
			t.touched = append(t.touched, one.code)
		}
		if own += one.weight * float32(worth); own == 0 {
			own = math.SmallestNonzeroFloat32 // so that its code is noted once
		}
		t.own[one.code] = own
	}
	t.scale = 0
}

// likeness is the cosine of a content's text and the agent's, from 0 (nothing in common, or disliked) to 1 (the same
// words). It allocates nothing. A content that was added itself is like itself.
func (t *textTaste) likeness(at int32) float64 {
	if t.scale == 0 && !t.settle() {
		return 0
	}
	var sum float32
	own := t.own
	for _, one := range t.texts.of(at) {
		sum += one.weight * own[one.code]
	}
	return min(max(float64(sum*t.scale), 0), 1)
}

// settle works out the scale; false when nothing was added.
func (t *textTaste) settle() bool {
	sum := 0.0
	for _, code := range t.touched {
		sum += float64(t.own[code]) * float64(t.own[code])
	}
	if sum < 1e-30 {
		return false
	}
	t.scale = float32(1 / math.Sqrt(sum))
	return true
}

// shared lists the words that make a content like what the agent reads, so many at most, those that do most first. They
// are spelt as the content has them.
func (t *textTaste) shared(at int32, most int) []string {
	w := t.snap.rows[at].wording
	if w == nil {
		return nil
	}
	type part struct {
		place int
		gives float32
	}
	var parts []part
	for i, one := range w.terms {
		if gives := one.weight * t.texts.idf[one.code] * t.own[one.code]; gives > math.SmallestNonzeroFloat32 && t.snap.uses[one.code] > 1 {
			parts = append(parts, part{i, gives})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.gives, a.gives) })
	var words []string
	for _, p := range parts[:min(len(parts), most)] {
		words = append(words, w.word(p.place))
	}
	return words
}

// close forgets the agent.
func (t *textTaste) close() {
	for _, code := range t.touched {
		t.own[code] = 0
	}
	t.touched, t.scale, t.snap, t.texts = t.touched[:0], 0, nil, nil
}

// quoted lists words as the language quotes them.
func (p *phrases) quoted(words []string) string {
	before, between, after := "« ", " », « ", " »"
	if p.english {
		before, between, after = "“", "”, “", "”"
	}
	return before + strings.Join(words, between) + after
}
