package rulebook

import (
	"math"
	"strconv"
	"strings"

	"github.com/filengine/fil"
)

// speech writes values in one language.
type speech struct {
	tag   string // "fr" or "en"
	words map[string]fil.Bilingual
}

func speak(language string) speech {
	return speech{tag: text("fr", "en").In(language), words: map[string]fil.Bilingual{
		"impression": text("affiché", "shown"), "open": text("ouvert", "opened"), "read": text("lu", "read"),
		"dwell": text("temps de lecture", "time spent reading"), "click": text("lien suivi", "link followed"),
		"reaction": text("réaction", "reaction"), "comment": text("commentaire", "comment"), "share": text("partage", "share"),
		"save": text("enregistrement", "save"), "follow": text("abonnement", "follow"), "dismiss": text("masquage", "dismissal"),
		"acknowledge": text("acquittement", "acknowledgement"),
		"mandatory":   text("contenus obligatoires", "mandatory contents"), "pinned": text("contenus épinglés", "pinned contents"),
		"unseen": text("contenus non vus", "unseen contents"), "caps": text("plafonds par source et par thème", "caps per source and topic"),
		"discovery": text("découverte", "discovery"), "communities": text("communautés", "communities"),
	}}
}

// decimal writes a number as files do.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// number writes a number as people do, with at most three decimals.
func (s speech) number(v float64) string {
	digits := decimal(math.Round(v*1000) / 1000)
	if v != 0 && math.Abs(v) < 0.001 {
		digits = decimal(v)
	}
	whole, rest, _ := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + map[string]string{"fr": "\u202f", "en": ","}[s.tag] + whole[i:]
	}
	if rest != "" {
		whole += map[string]string{"fr": ",", "en": "."}[s.tag] + rest
	}
	return whole
}

// value writes the value of a key.
func (s speech) value(l leaf, share bool) string {
	switch v := l.value.(type) {
	case float64:
		if share {
			return s.number(v*100) + map[string]string{"fr": "\u00a0%", "en": "%"}[s.tag]
		}
		return s.number(v)
	case []string:
		named := make([]string, len(v))
		for i, name := range v {
			named[i] = s.word(name)
		}
		return strings.Join(named, ", ")
	}
	return l.written()
}

// plural is the ending of what is counted: French is singular under two, English at one.
func (s speech) plural(l leaf) string {
	n := l.number()
	if s.tag == "fr" && math.Abs(n) < 2 || s.tag == "en" && n == 1 {
		return ""
	}
	return "s"
}

func (s speech) word(name string) string {
	if word, ok := s.words[name]; ok {
		return word.In(s.tag)
	}
	return name
}

// times says how many times more or less: « deux fois plus », "half as much".
func (s speech) times(before, after float64) string {
	ratio, more := after/before, true
	if ratio < 1 {
		ratio, more = 1/ratio, false
	}
	french := map[string]string{"2": "deux", "3": "trois", "4": "quatre", "5": "cinq", "10": "dix"}
	n := s.number(math.Round(ratio*100) / 100)
	switch {
	case s.tag == "fr" && french[n] != "":
		n = french[n]
		fallthrough
	case s.tag == "fr":
		return n + map[bool]string{true: " fois plus", false: " fois moins"}[more]
	case n == "2":
		return map[bool]string{true: "twice as much", false: "half as much"}[more]
	}
	return n + map[bool]string{true: " times more", false: " times less"}[more]
}
