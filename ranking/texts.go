package ranking

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strings"

	"github.com/filengine/fil"
)

// What is read of a content: so many bytes of each part, each word of which counts for so many of the body's.
const (
	titleBytes, titleWorth     = 512, 3
	summaryBytes, summaryWorth = 1024, 2
	bodyBytes, bodyWorth       = 2048, 1
)

// The bounds of what is kept: stems of a content, languages, and words of each whose stem is remembered.
const (
	maxTerms     = 24
	maxLanguages = 16
	maxMemo      = 1 << 15
)

// term is one stem of a text and how much it weighs there.
type term struct {
	code   uint32
	weight float32
}

// wording is the text of one content as ranking needs it: its 24 weightiest stems at most, the weightiest first. Their
// weights are log2(1 + occurrences), a function of the content alone: what is rare in the catalogue is weighed later. It
// takes about 450 bytes at most, for words of eight letters.
type wording struct {
	terms []term
	spelt string // the word that stands for each stem, in the same order, each ended by a line feed
}

// lexicon gives the stems of the catalogue's contents small numbers, and takes them back from stems that no content has
// any more: there are never more of them than 24 a content. Which number a stem has depends on the past, and nothing that
// is computed from wordings depends on which. It belongs to the catalogue's writer.
type lexicon struct {
	codes     map[uint64]uint32 // by the digest of the stem
	stems     []uint64          // digests by code
	free      []uint32
	languages map[string]*vocabulary

	// The stems of the variant that is being counted, in the order of the text, and their places by digest.
	counted []counted
	places  map[uint64]int
}

// vocabulary is what is known of one language.
type vocabulary struct {
	stop map[string]bool
	memo map[string]uint64 // digest of the stem by word, 0 for one that says nothing
}

// counted is a stem of one variant, with the place of its first occurrence.
type counted struct {
	stem     uint64
	count    float64
	part     int
	from, to int
}

func newLexicon() *lexicon {
	return &lexicon{codes: map[uint64]uint32{}, languages: map[string]*vocabulary{}, places: map[uint64]int{}}
}

// add makes the wording of a content and counts its stems in a snapshot that is not published yet; nil without words. A
// content in two or three languages has the weightiest stems of each in equal parts.
func (l *lexicon) add(s *snapshot, content *fil.Content) *wording {
	variants := tonguesOf(content)
	var w wording
	var spelt strings.Builder
	for _, v := range variants {
		parts := [...]string{plain(v.Title, titleBytes), plain(v.Summary, summaryBytes), plain(v.Body, bodyBytes)}
		l.count(parts[:], v.language)
		slices.SortStableFunc(l.counted, func(a, b counted) int { return cmp.Compare(b.count, a.count) })
		for _, c := range l.counted[:min(len(l.counted), maxTerms/len(variants))] {
			code := l.code(s, c.stem)
			if slices.ContainsFunc(w.terms, func(t term) bool { return t.code == code }) {
				continue // spelt alike in two languages
			}
			s.uses[code]++
			w.terms = append(w.terms, term{code, float32(math.Log2(1 + c.count))})
			spelt.WriteString(spelling(parts[c.part][c.from:c.to]))
			spelt.WriteByte('\n')
		}
	}
	if len(w.terms) == 0 {
		return nil
	}
	w.terms, w.spelt = slices.Clip(w.terms), spelt.String()
	return &w
}

// drop takes back what add counted.
func (l *lexicon) drop(s *snapshot, w *wording) {
	if w == nil {
		return
	}
	for _, t := range w.terms {
		if s.uses[t.code]--; s.uses[t.code] == 0 {
			delete(l.codes, l.stems[t.code])
			l.free = append(l.free, t.code)
		}
	}
}

// code numbers a stem, which the caller counts.
func (l *lexicon) code(s *snapshot, stem uint64) uint32 {
	code, ok := l.codes[stem]
	if ok {
		return code
	}
	if n := len(l.free); n > 0 {
		code, l.free = l.free[n-1], l.free[:n-1]
		l.stems[code] = stem
	} else {
		code, l.stems, s.uses = uint32(len(l.stems)), append(l.stems, stem), append(s.uses, 0)
	}
	l.codes[stem] = code
	return code
}

// count fills in l.counted with the stems of a title, a summary and a body.
func (l *lexicon) count(parts []string, language string) {
	l.counted = l.counted[:0]
	clear(l.places)
	for part, text := range parts {
		worth := [...]float64{titleWorth, summaryWorth, bodyWorth}[part]
		split(text, func(word []byte, from, to int) {
			stem := l.stemOf(word, language)
			if stem == 0 {
				return
			}
			at, ok := l.places[stem]
			if !ok {
				at = len(l.counted)
				l.places[stem], l.counted = at, append(l.counted, counted{stem: stem, part: part, from: from, to: to})
			}
			l.counted[at].count += worth
		})
	}
}

// stemOf digests the stem of a word, 0 for one that says nothing. Most words have been met before.
func (l *lexicon) stemOf(word []byte, language string) uint64 {
	v := l.languages[language]
	if v == nil {
		if len(l.languages) == maxLanguages {
			clear(l.languages)
		}
		v = &vocabulary{stopWords(language), map[string]uint64{}}
		l.languages[language] = v
	}
	digest, ok := v.memo[string(word)]
	if ok {
		return digest
	}
	text := string(word)
	if root := stemOf(text, language, v.stop); root != "" {
		h := fnv.New64a()
		_, _ = h.Write([]byte(root))
		digest = h.Sum64()
	}
	if len(v.memo) == maxMemo {
		clear(v.memo)
	}
	v.memo[text] = digest
	return digest
}

// word spells the stem of a wording's term.
func (w *wording) word(i int) string {
	rest := w.spelt
	for range i {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	word, _, _ := strings.Cut(rest, "\n")
	return word
}

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
	for _, p := range parts {
		if word := w.word(p.place); len(words) < most && t.tells(word, w.terms[p.place].code) {
			words = append(words, word)
		}
	}
	return words
}

// Of a catalogue of so many contents at least, a word in more than one content out of five tells nothing of one.
const (
	manyContents = 50
	commonIn     = 5
)

// tells says whether a word tells an agent something of what contents have in common: numbers and what any text may have, such as
// a beginning and an end, count in a likeness but explain none.
func (t *textTaste) tells(word string, code uint32) bool {
	if t.snap.count >= manyContents && int(t.snap.uses[code])*commonIn > t.snap.count {
		return false
	}
	return !hollow()[unaccented(strings.ToLower(word))]
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
