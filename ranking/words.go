package ranking

import (
	"html"
	"strings"
	"sync"
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

// The words of French that say nothing of a subject: articles, pronouns, prepositions, conjunctions, adverbs, the forms
// of être, avoir, faire, pouvoir and devoir, what elision and inclusive writing leave, and what any message says.
//
//nolint:gosec // words, no password
const stopWordsFR = `
a à afin ah ai aie aient ainsi ait alors apres après as assez au aucun aucune aucunes aucuns aujourd aupres auprès aussi autant autre autrement
autres aux avaient avais avait avant avec avez aviez avions avoir avons ayant ayez ayons beaucoup bien bon bonne bonnes bons bonjour
c ça car ce ceci cela celle celles celui cependant certain certaine certaines certains ces cet cette ceux chaque chacun chacune cher chers
chez ci comme comment contre cordialement d dans de dehors deja déjà depuis derriere derrière des desormais désormais deux devait devant devez
devoir devons devra devront doit doivent donc dont du durant dû due dues dus elle elles en encore enfin ensuite entre environ es est et etaient étaient etais étais
etait était etant étant etc été étée étées étés êtes être eu eue eues eurent eus eut eux faire fais faisant fait faite faites faits faut fera feront
font fois furent fut grace grâce gros hors hui ici il ils j je jusqu jusque l la laquelle là le lequel les lesquelles lesquels leur leurs
lors lorsqu lorsque lui m ma madame mais me même mêmes merci mes mesdames messieurs mieux moi moins mon monsieur n ne ni nom non nos notre nôtre nous
nouveau nouveaux nouvel nouvelle nouvelles on ont or ou où oui par parce parmi partir pas pendant peu peut peuvent peux plus plusieurs plutôt
pour pourquoi pourra pourraient pourrait pourrez pourront pouvait pouvez pouvoir pouvons premier première premières premiers pres près presqu presque puis puisqu puisque qu quand quant que
quel quelle quelles quelqu quelque quelques quels qui quiconque quoi quoiqu quoique rien s sa sans sauf se selon sera serai seraient serait
serez seront ses seul seule seulement seuls si sien sinon soi soient sois soit sommes son sont sous souvent soyez suis suite suivant suivante suivantes suivants
sur t ta tandis tant te tel telle telles tels tes toi ton toujours tous tout toute toutefois toutes très trois trop tu un une uns va vers
via voici voilà vont vos votre vôtre vous vu y ès
an année années ans avril août décembre demain dimanche euro euros février heure heures hier janvier jeudi jour journée journées jours
juillet juin lundi mai mardi mars matin mercredi midi minute minutes mois novembre octobre samedi semaine semaines septembre soir trimestre vendredi
rice rices trice trices euse euses ère ères ière ières ne nes ve ves te tes le les lle lles
`

// The words of English that say nothing of a subject, likewise.
const stopWordsEN = `
a about above across after afterwards again against all almost along already also although always am among amongst an and another any anybody
anyone anything are aren around as at away back be became because become been before being below between both but by can cannot could couldn
dear did didn do does doesn doing don done down during each either else enough etc even ever every everybody everyone everything few first for
from further get gets getting give given go goes had hadn has hasn have haven having he hello her here hers herself hi him himself his how however i if
in into is isn it its itself just kind last least less let like ll made make makes many may maybe me might mine more most mr mrs ms much must my
myself near need needs neither never new next no nobody none nor not nothing now of off often on once one only onto or other others our ours
ourselves out over own per perhaps please quite rather re really regards same shall she should shouldn since so some someone something soon
still such take than thank thanks that the their theirs them themselves then there therefore these they thing things this those though three through thus to
together too toward towards two under unless until up upon us use used using ve very via was wasn we well were weren what whatever when where whether which while
who whole whom whose why will with within without won would wouldn yes yet you your yours yourself yourselves
afternoon april august daily date day days december evening february friday hour hours january july june march minute minutes monday month monthly months
morning november october saturday september sunday thursday today tomorrow tuesday wednesday week weekly weeks year years yesterday
`

// hollow has the words that no likeness is explained by, without accents.
var hollow = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(hollowWords) {
		words[unaccented(word)] = true
	}
	return words
})

// The words of French and English that are about anything: numbers, ranks, and the parts and manners of whatever it is.
const hollowWords = `
zéro quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt vingts trente quarante cinquante soixante septante huitante nonante cent cents
mille million millions milliard milliards dizaine dizaines douzaine quinzaine vingtaine trentaine quarantaine cinquantaine centaine centaines millier milliers
second seconde secondes seconds deuxième deuxièmes troisième troisièmes quatrième cinquième sixième septième huitième neuvième dixième dernier dernière derniers dernières prochain prochaine prochains prochaines
moitié tiers quart double triple début débuts fin fins milieu partie parties part parts total totale totaux ensemble nombre nombreux nombreuse nombreuses numéro numéros
chose choses cas exemple exemples façon façons manière manières sorte sortes type types genre genres point points place places lieu lieux côté côtés cadre niveau niveaux
question questions mise mises détail détails information informations infos info suite suites matière matières objet objets titre titres texte textes page pages liste
temps moment moments date dates période périodes durée délai ici grand grande grands grandes petit petite petits petites
même seule possible possibles nécessaire nécessaires important importante importants importantes différent différente différents différentes général générale généraux générales
permet permettre mettre met prendre pris prise voir savoir aller venir vient donner donne donné trouver trouve passer rendre reste rester suivi suivre compter compte
zero one four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
hundred hundreds thousand thousands million millions billion dozen third fourth fifth sixth seventh eighth ninth tenth half quarter double beginning start end middle part
parts whole number numbers thing things case cases example examples way ways sort sorts type types kind kinds point place level question questions detail details
information time times moment date dates period list page text title great big small large possible necessary important different general take takes taken see know come comes find found
`
