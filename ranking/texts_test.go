package ranking_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

func TestTextTaste_PrefersTheSubjectThatIsRead(t *testing.T) {
	contents := shelves()
	catalogue := newCatalogue(t, contents...)
	for subject, shelf := range library() {
		for _, unseen := range shelf {
			var taste ranking.TextTaste
			taste.Open(catalogue)
			for _, read := range shelf {
				if read.ID != unseen.ID {
					taste.Add(read.ID, 1)
				}
			}
			for _, other := range contents {
				if strings.HasPrefix(other.ID, subject) {
					continue
				}
				if own, theirs := taste.Likeness(unseen.ID), taste.Likeness(other.ID); own <= theirs || own > 1 || theirs < 0 {
					t.Errorf("to a reader of %s, %q has the likeness %.3f and %q %.3f, for %q", subject, unseen.Title, own, other.Title, theirs, taste.Shared(other.ID, 5))
				}
			}
		}
	}
}

func TestTextTaste_NamesWhatIsShared(t *testing.T) {
	catalogue := newCatalogue(t, shelves()...)
	var taste ranking.TextTaste
	taste.Open(catalogue)
	taste.Add("télétravail0", 1)
	taste.Add("santé0", 0.5)
	shared := taste.Shared("télétravail4", 3)
	if len(shared) != 2 || !slices.Contains(shared, "télétravail") || !slices.Contains(shared, "indemnité") {
		t.Errorf("shared words %q", shared)
	}
	if got, want := ranking.Quoted(shared, false), "« "+shared[0]+" », « "+shared[1]+" »"; got != want {
		t.Errorf("quoted as %s, want %s", got, want)
	}
	if got, want := ranking.Quoted(shared, true), "“"+shared[0]+"”, “"+shared[1]+"”"; got != want {
		t.Errorf("quoted as %s, want %s", got, want)
	}
	if words := taste.Shared("security1", 3); words != nil || taste.Likeness("security1") != 0 {
		t.Errorf("a content of no common word shares %q", words)
	}
	if taste.Shared("santé1", 1)[0] != "mutuelle" {
		t.Errorf("health shares %q", taste.Shared("santé1", 3))
	}
}

func TestTextTaste_IsACosine(t *testing.T) {
	one, same, half, none := news("one", noon), news("same", noon), news("half", noon), news("none", noon)
	one.Title, same.Title, half.Title, none.Title = "Prime annuelle", "Prime annuelle", "Prime exceptionnelle", ""
	other := news("other", noon)
	other.Title = "Exceptionnelle"
	catalogue := newCatalogue(t, one, same, half, none, other)
	var taste ranking.TextTaste
	likeness := func(ids ...string) (got []float64) {
		for _, id := range ids {
			got = append(got, taste.Likeness(id))
		}
		return got
	}
	taste.Open(catalogue)
	if got := likeness("one", "none"); got[0] != 0 || got[1] != 0 {
		t.Errorf("who read nothing has likenesses %v", got)
	}
	taste.Add("one", 3)
	// Of 5 contents, 3 speak of primes, 2 of what is annual, 2 of what is exceptional.
	prime, annual := math.Log2(6.0/3), math.Log2(6.0/2)
	want := prime * prime / (prime*prime + annual*annual)
	if got := likeness("one", "same", "half", "none", "other"); math.Abs(got[0]-1) > 1e-6 || math.Abs(got[1]-1) > 1e-6 || math.Abs(got[2]-want) > 1e-6 || got[3] != 0 || got[4] != 0 {
		t.Errorf("likenesses %v, want 1, 1, %.4f, 0 and 0", got, want)
	}
	if square := catalogue.Weigh("half"); math.Abs(square-1) > 1e-6 {
		t.Errorf("a content's weights have the squared length %f", square)
	}
	taste.Add("one", -3)
	if got := likeness("one", "half"); got[0] != 0 || got[1] != 0 {
		t.Errorf("what was read and then disliked as much has likenesses %v", got)
	}
	taste.Add("one", -1)
	if got := likeness("one", "half", "other"); got[0] != 0 || got[1] != 0 || got[2] != 0 || taste.Shared("half", 3) != nil {
		t.Errorf("what is disliked has likenesses %v and shares %q", got, taste.Shared("half", 3))
	}
	taste.Close()
	taste.Open(catalogue)
	if got := likeness("one", "half"); got[0] != 0 || got[1] != 0 || taste.Shared("half", 3) != nil {
		t.Errorf("a taste that was closed has likenesses %v", got)
	}
}

// TestTextTaste_IsAFunctionOfTheContents applies the same contents in different orders, with others that are gone.
func TestTextTaste_IsAFunctionOfTheContents(t *testing.T) {
	contents := shelves()
	want := likenesses(newCatalogue(t, contents...), contents)
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 1))
		shuffled := slices.Clone(contents)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		catalogue := ranking.NewCatalogue()
		var records []fil.Record
		for i, c := range shuffled {
			gone := news(fmt.Sprint("gone", i), noon)
			gone.Title, gone.Body = "Éphémère "+c.ID, c.Body
			draft := c
			draft.Title = "Brouillon de " + gone.Title
			tombstone := contentRecord(t, 0, gone)
			tombstone.Event.Data = nil
			records = append(records, contentRecord(t, 0, gone), contentRecord(t, 0, draft), contentRecord(t, 0, c), tombstone)
		}
		for len(records) > 0 {
			n := min(1+random.IntN(9), len(records))
			if err := catalogue.Apply(records[:n]); err != nil {
				t.Fatal(err)
			}
			records = records[n:]
		}
		if got := likenesses(catalogue, contents); !slices.Equal(got, want) {
			t.Errorf("seed %d: the same contents, learned in another order, are alike otherwise", seed)
		}
	}
}

// likenesses compares each content with each.
func likenesses(catalogue *ranking.Catalogue, contents []fil.Content) (all []float64) {
	var taste ranking.TextTaste
	for _, read := range contents {
		taste.Open(catalogue)
		taste.Add(read.ID, 1)
		for _, c := range contents {
			all = append(all, taste.Likeness(c.ID))
		}
		taste.Close()
	}
	return all
}

func TestCatalogue_KeepsTheWeightiestWords(t *testing.T) {
	long := news("long", noon)
	long.Title, long.Summary = "Forfait mobilités", "Covoiturage"
	for i := range 100 {
		long.Body += fmt.Sprintf("zarb%c%ck ", 'a'+i/10, 'a'+i%10)
	}
	long.Body += " covoiturage vélo vélo vélo vélo"
	both := news("both", noon)
	both.Title, both.Body = "Mobilités", long.Body
	both.Translations = map[string]fil.Variant{"en-US": {Title: "Ignored"}, "en": {Title: "Mobility plan", Body: long.Body}, "pt": {Title: "Mobilidade"}}
	catalogue := newCatalogue(t, long, both)
	if got := catalogue.Words("long"); len(got) != 24 || !slices.Equal(got[:5], []string{"vélo", "forfait", "mobilités", "covoiturage", "zarbaak"}) {
		t.Errorf("%d words: %q", len(got), got)
	}
	got := catalogue.Words("both")
	if len(got) > 24 || !slices.Contains(got, "mobilités") || !slices.Contains(got, "plan") || slices.Contains(got, "ignored") || slices.Contains(got, "mobilidade") {
		t.Errorf("a content in two languages has the words %q", got)
	}
	if slices.Contains(got, "mobility") {
		t.Errorf("mobilités and mobility, of one stem, are there twice: %q", got)
	}
}

// TestCatalogue_TakesCodesBack changes contents for long: codes stay within what the contents have.
func TestCatalogue_TakesCodesBack(t *testing.T) {
	catalogue := ranking.NewCatalogue()
	for round := range 200 {
		for i := range 5 {
			c := news(fmt.Sprint("c", i), noon)
			c.Title = ""
			for j := range 30 {
				c.Body += fmt.Sprintf("mot%dx%d ", round*7+i, j)
			}
			rec := contentRecord(t, 0, c)
			if round == 199 || i == round%5 {
				rec.Event.Data = nil
			}
			if err := catalogue.Apply([]fil.Record{rec}); err != nil {
				t.Fatal(err)
			}
			if ever, now := catalogue.Codes(); now > 24*catalogue.Len() || ever > 24*6 {
				t.Fatalf("round %d: %d codes of %d for %d contents", round, now, ever, catalogue.Len())
			}
		}
	}
	if _, now := catalogue.Codes(); now != 0 {
		t.Errorf("%d codes are taken in an empty catalogue", now)
	}
}

func FuzzCatalogue_AnyText(f *testing.F) {
	f.Add("Prime annuelle", "<b>l'été</b>", "fr", "en")
	f.Add("\xff", "](", "", "tlh-Latn")
	f.Fuzz(func(t *testing.T, title, body, language, tag string) {
		c, other := news("c", noon), news("other", noon)
		c.Title, c.Body, c.Language, c.Translations = title, body, language, map[string]fil.Variant{tag: {Title: body, Body: title}}
		other.Title = title
		catalogue := newCatalogue(t, c, other)
		words := catalogue.Words("c")
		if len(words) > 24 || slices.Contains(words, "") || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "\n") }) {
			t.Fatalf("words %q", words)
		}
		var taste ranking.TextTaste
		taste.Open(catalogue)
		taste.Add("other", 1)
		if got := taste.Likeness("c"); !(got >= 0 && got <= 1) || (got > 0) != (len(taste.Shared("c", 9)) > 0) {
			t.Fatalf("likeness %v with %q shared", got, taste.Shared("c", 9))
		}
	})
}

// made makes so many contents of words drawn as in a language, the k-th word with a frequency of 1/k.
func made(random *rand.Rand, n, words int) []fil.Content {
	zipf := rand.NewZipf(random, 1.1, 2, 40_000)
	contents := make([]fil.Content, n)
	for i := range contents {
		contents[i] = news(fmt.Sprint("made", i), noon)
		var title, body strings.Builder
		for range 8 {
			fmt.Fprintf(&title, "mot%s ", letters(zipf.Uint64()))
		}
		for range words {
			fmt.Fprintf(&body, "mot%s ", letters(zipf.Uint64()))
		}
		contents[i].Title, contents[i].Body = title.String(), body.String()
	}
	return contents
}

// letters writes a number in letters.
func letters(n uint64) string {
	word := []byte{byte('a' + n%26)}
	for n /= 26; n > 0; n /= 26 {
		word = append(word, byte('a'+n%26))
	}
	return string(word)
}

func TestTextTaste_AllocatesNothing(t *testing.T) {
	contents := made(rand.New(rand.NewPCG(1, 2)), 200, 100)
	catalogue := newCatalogue(t, contents...)
	var taste ranking.TextTaste
	feed := func() {
		taste.Open(catalogue)
		for at := range int32(100) {
			taste.AddAt(at, 1)
		}
		for at := range int32(200) {
			_ = taste.LikenessAt(at)
		}
		taste.Close()
	}
	feed()
	if n := testing.AllocsPerRun(20, feed); n != 0 {
		t.Errorf("%v allocations a feed, want none", n)
	}
}

// BenchmarkTextTaste is one feed of a reader of 200 contents, with 1,000 candidates.
func BenchmarkTextTaste(b *testing.B) {
	catalogue := newCatalogue(b, made(rand.New(rand.NewPCG(1, 2)), 10_000, 150)...)
	var taste ranking.TextTaste
	taste.Open(catalogue)
	b.ReportAllocs()
	for b.Loop() {
		taste.Open(catalogue)
		for at := range int32(200) {
			taste.AddAt(at, 1)
		}
		for at := range int32(1000) {
			_ = taste.LikenessAt(9*at + 7)
		}
		taste.Close()
	}
}

// BenchmarkTexts weighs the texts of all contents, which is done once per change of the catalogue.
func BenchmarkTexts(b *testing.B) {
	catalogue := newCatalogue(b, made(rand.New(rand.NewPCG(1, 2)), 10_000, 150)...)
	for b.Loop() {
		catalogue.Weigh("made0")
	}
}

// BenchmarkCatalogue_Apply applies contents in batches of 500, and tells what their words take in memory.
func BenchmarkCatalogue_Apply(b *testing.B) {
	for _, words := range []int{0, 150, 300} {
		b.Run(fmt.Sprint("words=", words), func(b *testing.B) {
			records := make([]fil.Record, 5_000)
			for i, c := range made(rand.New(rand.NewPCG(1, 2)), len(records), words) {
				if words == 0 {
					c.Title = ""
				}
				records[i] = contentRecord(b, int64(i), c)
			}
			var catalogue *ranking.Catalogue
			for b.Loop() {
				catalogue = ranking.NewCatalogue()
				for batch := range slices.Chunk(records, 500) {
					if err := catalogue.Apply(batch); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(records)), "µs/content")
			b.ReportMetric(catalogue.WordBytes(), "word-bytes/content")
		})
	}
}

// What any text may have makes contents alike and is no reason to tell: numbers, parts, and what most contents have.
func TestTextTaste_NamesNothingHollow(t *testing.T) {
	one, two := news("one", noon), news("two", noon)
	one.Title, two.Title = "Début de la seconde partie : quarante-huit places", "La seconde partie au début, quarante-huit places"
	contents := []fil.Content{one, two}
	for i := range 60 {
		c := news(fmt.Sprint("other", i), noon)
		c.Title = fmt.Sprintf("Piscine%d", i)
		contents = append(contents, c)
	}
	common := func(n int) []string {
		for i := range n {
			contents[2+i].Title = "Piscine"
		}
		contents[0].Title, contents[1].Title = "Piscine : seconde partie", "Seconde partie de la piscine"
		var taste ranking.TextTaste
		taste.Open(newCatalogue(t, contents...))
		taste.Add("one", 1)
		if taste.Likeness("two") <= 0 {
			t.Error("words that are not told do not count either")
		}
		return taste.Shared("two", 3)
	}
	var taste ranking.TextTaste
	taste.Open(newCatalogue(t, contents...))
	taste.Add("one", 1)
	if got := taste.Shared("two", 3); len(got) != 0 || taste.Likeness("two") <= 0 {
		t.Errorf("told of %q, likeness %v", got, taste.Likeness("two"))
	}
	if few, many := common(5), common(30); fmt.Sprint(few) != "[piscine]" || len(many) != 0 {
		t.Errorf("a word of few contents: %q; of half of them: %q", few, many)
	}
}
