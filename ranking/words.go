package ranking

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	englishstems "github.com/kljensen/snowball/english"
	frenchstems "github.com/kljensen/snowball/french"
	"golang.org/x/text/unicode/norm"

	"github.com/filengine/fil"
)

// The lengths of a word that counts, in runes. A shorter one says little, a longer one is no word.
const (
	shortestWord = 2
	longestWord  = 40
	// shortestUnlisted is for languages whose stop words are not listed: theirs are short.
	shortestUnlisted = 4
)

// plain gives a text of so many bytes at most in one form of Unicode (NFKC), without HTML entities.
func plain(text string, most int) string {
	if len(text) > most {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	if strings.Contains(text, "&") {
		text = html.UnescapeString(text)
	}
	return norm.NFKC.String(text)
}

// split calls found with each word of a plain text, in lower case and in the order of the text, with its place there. A
// word is a run of letters, marks and digits, so that l'indemnité and agent·e·s leave what is elided and appended as
// words of one letter, which are none. Tags, targets of links and addresses are skipped. The word is only lent.
func split(text string, found func(word []byte, from, to int)) {
	var room [4 * longestWord]byte
	for i := 0; i < len(text); {
		if n := markup(text[i:]); n > 0 {
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if !inWord(r) {
			i += size
			continue
		}
		end := i + size
		for end < len(text) {
			if r, size = utf8.DecodeRuneInString(text[end:]); !inWord(r) && !invisible(r) {
				break
			}
			end += size
		}
		if n := address(text[i:end], text[end:]); n > 0 {
			i = end + n
			continue
		}
		if word, ok := lower(room[:0], text[i:end]); ok {
			found(word, i, end)
		}
		i = end
	}
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.N)
}

// invisible runes may stand within a word: the soft hyphen, the joiners and those that norm adds in long runs of marks.
func invisible(r rune) bool {
	return r == '\u00ad' || r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u034f'
}

// markup is the length of the tag or of the target of a link that a text begins with, 0 when it does not.
func markup(text string) int {
	const longest = 512
	text = text[:min(len(text), longest)]
	switch {
	case strings.HasPrefix(text, "]("):
		return 1 + strings.IndexByte(text[1:], ')') // without an end the target is read as words
	case len(text) > 1 && text[0] == '<' && (text[1] == '/' || text[1] == '!' || text[1]|0x20 >= 'a' && text[1]|0x20 <= 'z'):
		return 1 + strings.IndexByte(text, '>')
	}
	return 0
}

// address is the length of the rest of an address that a word begins, 0 when it begins none.
func address(word, rest string) int {
	if !strings.HasPrefix(rest, "://") && !strings.HasPrefix(rest, "@") && (word != "www" || !strings.HasPrefix(rest, ".")) {
		return 0
	}
	if end := strings.IndexAny(rest, " \t\r\n)>]\""); end >= 0 {
		return end
	}
	return len(rest)
}

// lower appends a word in lower case without ligatures; false for what is too short or too long, or only a number.
func lower(to []byte, word string) ([]byte, bool) {
	runes, letters := 0, 0
	for _, r := range word {
		switch r = unicode.ToLower(r); {
		case r < utf8.RuneSelf:
			to = append(to, byte(r))
		case r == 'œ':
			to = append(to, "oe"...)
		case r == 'æ':
			to = append(to, "ae"...)
		case invisible(r):
			continue
		default:
			to = utf8.AppendRune(to, r)
		}
		if runes++; runes > longestWord {
			return to, false
		}
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return to, letters > 0 && runes >= shortestWord
}

// tongue is the primary subtag of a BCP 47 tag in lower case; empty stands for French.
func tongue(tag string) string {
	if end := strings.IndexAny(tag, "-_"); end >= 0 {
		tag = tag[:end]
	}
	if tag == "" {
		return "fr"
	}
	return strings.ToLower(tag)
}

// stem gives what the forms of a word have in common (Porter, Snowball, 2001), without accents since titles in capitals
// have none. Words of other languages than French and English, and those that are not of Latin letters, are their own.
func stem(word, language string) string {
	latin := !strings.ContainsFunc(word, func(r rune) bool { return !unicode.In(r, unicode.Latin) })
	switch {
	case latin && language == "fr":
		word = frenchstems.Stem(word, true)
	case latin && language == "en":
		word = englishstems.Stem(word, true)
	}
	return unaccented(word)
}

func unaccented(word string) string {
	if !strings.ContainsFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return word
	}
	marks := func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}
	return norm.NFC.String(strings.Map(marks, norm.NFD.String(word)))
}

// spelling is a word as people may read it: in lower case, unless it has two capitals or more, as the name of a scheme.
func spelling(word string) string {
	capitals := 0
	for _, r := range word {
		if unicode.IsUpper(r) {
			capitals++
		}
	}
	word = strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, word)
	if capitals < 2 {
		return strings.ToLower(word)
	}
	return word
}

// stemOf gives the stem of a word, empty for one that says nothing.
func stemOf(word, language string, stop map[string]bool) string {
	if stop[word] || stop == nil && utf8.RuneCountInString(word) < shortestUnlisted {
		return ""
	}
	return stem(word, language)
}

// stopWords lists the words of a language that say nothing of a subject, with and without their accents; nil for a
// language that is not known.
func stopWords(language string) map[string]bool {
	var list string
	switch language {
	case "fr":
		list = stopWordsFR
	case "en":
		list = stopWordsEN
	default:
		return nil
	}
	words := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		words[word], words[unaccented(word)] = true, true
	}
	return words
}

// tongued is a content in one language, by the language's primary subtag.
type tongued struct {
	language string
	fil.Variant
}

// tonguesOf gives a content in its own language, then in French and in English where it is translated.
func tonguesOf(content *fil.Content) []tongued {
	own := tongue(content.Language)
	variants := []tongued{{own, fil.Variant{Title: content.Title, Summary: content.Summary, Body: content.Body}}}
	for _, language := range [...]string{"fr", "en"} {
		first := ""
		for tag := range content.Translations {
			if tongue(tag) == language && (first == "" || tag < first) {
				first = tag
			}
		}
		if v, ok := content.Translations[first]; ok && language != own {
			variants = append(variants, tongued{language, v})
		}
	}
	return variants
}
