package accessibility

import (
	"strings"
	"unicode"

	"golang.org/x/text/language"

	"github.com/filengine/fil"
)

// words that are frequent in one of these languages and rare in the others.
var frequent = map[string][]string{
	"fr": {"le", "la", "les", "des", "une", "du", "et", "est", "dans", "pour", "vous", "nous", "qui", "que", "sur", "avec", "sont", "votre", "vos", "au", "aux", "ce", "cette", "par", "ne", "pas", "être", "leur", "à", "où"},
	"en": {"the", "and", "of", "to", "is", "are", "for", "you", "your", "with", "this", "that", "will", "from", "have", "be", "by", "our", "we", "not", "it", "as", "at", "or", "which", "can", "all", "has"},
	"de": {"der", "die", "das", "und", "ist", "nicht", "mit", "für", "auf", "von", "den", "dem", "ein", "eine", "sie", "wir", "zu", "werden", "sind", "ihre", "bei", "auch", "oder", "im", "zum", "zur"},
	"es": {"el", "los", "las", "una", "y", "con", "para", "por", "del", "que", "es", "son", "su", "sus", "más", "como", "este", "esta", "pero", "usted", "se", "al", "no", "ser", "hay"},
	"it": {"il", "lo", "gli", "una", "e", "di", "che", "per", "con", "del", "della", "sono", "è", "nel", "alla", "non", "più", "questo", "questa", "dei", "delle", "si", "anche", "sul"},
}

var names = map[string]fil.Bilingual{
	"fr": {FR: "français", EN: "French"}, "en": {FR: "anglais", EN: "English"}, "de": {FR: "allemand", EN: "German"},
	"es": {FR: "espagnol", EN: "Spanish"}, "it": {FR: "italien", EN: "Italian"},
}

// fewestWords is how many words a text must have for its language to be guessed.
const fewestWords = 20

// A text of so many words, so many of which are frequent in one language and so few in the one declared, is in that language: it
// stops publication. Spanish and Italian share words with French, so that they seldom are sure, and are told of.
const (
	sureWords = 50
	sureShare = 0.2
	sureTimes = 6
)

// guess gives the language that a text seems to be in, empty when it cannot tell, how much it seems so of each, and how many words it has.
func guess(text string) (likely string, share map[string]float64, count int) {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	share = map[string]float64{}
	if len(words) < fewestWords {
		return "", share, len(words)
	}
	sets := map[string]map[string]bool{}
	for tag, list := range frequent {
		sets[tag] = map[string]bool{}
		for _, word := range list {
			sets[tag][word] = true
		}
	}
	for _, word := range words {
		for tag := range sets {
			if sets[tag][word] {
				share[tag] += 1 / float64(len(words))
			}
		}
	}
	for _, tag := range []string{"fr", "en", "de", "es", "it"} {
		if likely == "" || share[tag] > share[likely] {
			likely = tag
		}
	}
	if share[likely] < 0.08 {
		return "", share, len(words)
	}
	return likely, share, len(words)
}

// languageFinding says whether a language is declared, is one, and may be that of the text.
func languageFinding(prefix, tag string, v fil.Variant) []Finding {
	c := newChecker(prefix+"language", "")
	if prefix != "" {
		c.field = strings.TrimSuffix(prefix, ".")
	}
	likely, share, words := guess(v.Title + "\n" + v.Summary + "\n" + v.Body)
	if tag == "" {
		c.add(0, Warning, "language_missing", "8.3", fil.Bilingual{FR: "la langue n'est pas déclarée : le français est supposé", EN: "the language is not declared: French is assumed"},
			fil.Bilingual{FR: "Déclarez-la, comme « fr ».", EN: "Declare it, such as 'fr'."}, "")
		tag = "fr"
	}
	declared, err := language.Parse(tag)
	if err != nil {
		c.add(0, Error, "language_code", "8.4", fil.Bilingual{FR: "« " + cut(tag) + " » n'est pas un code de langue", EN: "'" + cut(tag) + "' is not a language code"},
			fil.Bilingual{FR: "Prenez un code BCP 47, comme « fr » ou « en-GB ».", EN: "Take a BCP 47 code, such as 'fr' or 'en-GB'."}, "")
		return c.findings
	}
	primary, _ := declared.Base()
	if _, judged := frequent[primary.String()]; judged && likely != "" && likely != primary.String() && share[likely] > 2*share[primary.String()] {
		said, found := names[primary.String()], names[likely]
		severity := Warning
		if words >= sureWords && share[likely] >= sureShare && share[likely] >= sureTimes*share[primary.String()] {
			severity = Error
		}
		c.add(0, severity, "language_other", "8.4",
			fil.Bilingual{FR: "la langue déclarée est " + said.FR + ", le texte semble en " + found.FR, EN: "the language declared is " + said.EN + ", the text seems to be in " + found.EN},
			fil.Bilingual{FR: "Corrigez la langue, ou mettez ce texte dans translations.", EN: "Mend the language, or put this text under translations."}, "")
	}
	return c.findings
}
