package ranking

import (
	"math/bits"
	"unsafe"

	"github.com/filengine/fil"
)

// Spelling and the rest below are what the tests of texts need to see.
var Spelling = spelling

// Stems gives the stems of a text, in its order, without the words that say nothing.
func Stems(text, language string) (stems []string) {
	stop := stopWords(tongue(language))
	split(plain(text, bodyBytes), func(word []byte, _, _ int) {
		if stem := stemOf(string(word), tongue(language), stop); stem != "" {
			stems = append(stems, stem)
		}
	})
	return stems
}

// Quoted lists words in a sentence.
func Quoted(words []string, inEnglish bool) string {
	p := french()
	if inEnglish {
		p = english()
	}
	return p.quoted(words)
}

// TextTaste is the taste of one agent, by contents' ids.
type TextTaste struct{ textTaste }

func (t *TextTaste) Open(c *Catalogue) { t.open(c.current.Load()) }

func (t *TextTaste) Place(id string) int32 { return t.snap.find(fil.KeyOf(id)) }

func (t *TextTaste) Add(id string, worth float64) { t.add(t.Place(id), worth) }

func (t *TextTaste) AddAt(at int32, worth float64) { t.add(at, worth) }

func (t *TextTaste) Likeness(id string) float64 { return t.likeness(t.Place(id)) }

func (t *TextTaste) LikenessAt(at int32) float64 { return t.likeness(at) }

func (t *TextTaste) Shared(id string, most int) []string { return t.shared(t.Place(id), most) }

func (t *TextTaste) Close() { t.close() }

// Words spells the terms that are kept of a content.
func (c *Catalogue) Words(id string) (words []string) {
	s := c.current.Load()
	if w := s.rows[s.find(fil.KeyOf(id))].wording; w != nil {
		for i := range w.terms {
			words = append(words, w.word(i))
		}
	}
	return words
}

// WordBytes is what wordings and weighed texts take in memory, per content.
func (c *Catalogue) WordBytes() float64 {
	s := c.current.Load()
	t := s.texts()
	bytes := 4*cap(t.from) + 8*cap(t.terms)
	for i := range s.rows {
		if w := s.rows[i].wording; w != nil {
			bytes += int(unsafe.Sizeof(*w)) + 8*cap(w.terms) + len(w.spelt)
		}
	}
	return float64(bytes) / float64(s.count)
}

// Codes is how many numbers stems have taken, and how many are taken now.
func (c *Catalogue) Codes() (ever, now int) { return len(c.words.stems), len(c.words.codes) }

// Weigh weighs the texts of a catalogue anew and gives the squared length of a content's.
func (c *Catalogue) Weigh(id string) (square float64) {
	s := c.current.Load()
	for _, t := range weigh(s).of(s.find(fil.KeyOf(id))) {
		square += float64(t.weight) * float64(t.weight)
	}
	return square
}

// UsesOfFeatures is how many data each feature is computed from, without the date of publication and what the agent did with the
// content, which are told of in any case; and whether it says that it is computed from any.
func UsesOfFeatures() (more [features]int, says [features]bool) {
	for i, f := range featureTable() {
		more[i], says[i] = bits.OnesCount32(uint32(f.uses&^(usePublished|useOnThis))), f.uses != 0
	}
	return more, says
}

// Tells says whether explanations tell of what a term may name.
func Tells(name string) bool { return usesOfTerms()[name] != 0 }
