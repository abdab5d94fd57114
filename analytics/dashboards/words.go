package dashboards

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// naming is what names in sheets depend on beside the answer.
type naming struct {
	schema fil.Schema
	today  time.Time
}

// Words of rows.
var (
	wordTotal    = fil.Bilingual{FR: "Ensemble", EN: "All"}
	wordPrevious = fil.Bilingual{FR: "Période précédente", EN: "Period before"}
	wordMixed    = fil.Bilingual{FR: "Groupes trop petits pour être distingués", EN: "Groups too small to be told apart"}
	wordNone     = fil.Bilingual{FR: "Sans valeur", EN: "No value"}
	wordYes      = fil.Bilingual{FR: "Oui", EN: "Yes"}
	wordNo       = fil.Bilingual{FR: "Non", EN: "No"}
	wordWithheld = fil.Bilingual{FR: "retenu", EN: "withheld"}
	wordNoSource = fil.Bilingual{FR: "Sans service déclaré", EN: "No service declared"}
)

// titleOf names a column to a reader, as the screens do.
func titleOf(name string) fil.Bilingual {
	titles := map[string]fil.Bilingual{
		"scope": {FR: "Ligne", EN: "Row"}, "step": {FR: "Étape", EN: "Step"}, "name": {FR: "Semaine ou service", EN: "Week or service"},
		"targeted": {FR: "Agents visés", EN: "Agents aimed at"}, "shown": {FR: "Agents atteints", EN: "Agents reached"}, "opened": {FR: "Ont ouvert", EN: "Opened"},
		"readers": {FR: "Ont lu", EN: "Read"}, "acknowledged": {FR: "Ont pris connaissance", EN: "Acknowledged"}, "acted": {FR: "Ont agi", EN: "Acted"},
		"dismissed": {FR: "Ont écarté", EN: "Dismissed"}, "read_days": {FR: "Jours de lecture", EN: "Days of reading"},
		"reach": {FR: "Portée", EN: "Reach"}, "reading": {FR: "Lecture", EN: "Reading"}, "acknowledgement": {FR: "Prise de connaissance", EN: "Acknowledgement"},
		"agents": {FR: "Agents", EN: "Agents"}, "of_targeted": {FR: "Parmi les visés", EN: "Of those aimed at"}, "of_previous": {FR: "Parmi l'étape d'avant", EN: "Of the step before"},
		"rate": {FR: "Part", EN: "Share"}, "ratio": {FR: "Du groupe le mieux atteint", EN: "Of the group reached best"}, "pooled": {FR: "Part attendue", EN: "Expected share"},
		"contents": {FR: "Communications", EN: "Messages"}, "per_agent": {FR: "Communications par agent", EN: "Messages per agent"},
		"weekday": {FR: "Jour", EN: "Day"}, "hour": {FR: "Heure", EN: "Hour"},
	}
	if base, low := strings.CutSuffix(name, "_low"); low {
		return fil.Bilingual{FR: titles[base].FR + ", au moins", EN: titles[base].EN + ", at least"}
	}
	if base, high := strings.CutSuffix(name, "_high"); high {
		return fil.Bilingual{FR: titles[base].FR + ", au plus", EN: titles[base].EN + ", at most"}
	}
	return titles[name]
}

func stepWords(step string) fil.Bilingual {
	return map[string]fil.Bilingual{
		"targeted": {FR: "Visés", EN: "Aimed at"}, "shown": {FR: "Atteints", EN: "Reached"}, "opened": {FR: "Ont ouvert", EN: "Opened"},
		"read": {FR: "Ont lu", EN: "Read"}, "acted": {FR: "Ont agi", EN: "Acted"},
	}[step]
}

// axisTitle names what cuts the rows.
func (n naming) axisTitle(axis string) fil.Bilingual {
	switch axis {
	case axisOrg:
		return fil.Bilingual{FR: "Organisation", EN: "Organisation"}
	case axisSite:
		return fil.Bilingual{FR: "Site", EN: "Site"}
	}
	if a, ok := n.attribute(axis); ok && a.Label.FR != "" {
		return a.Label
	}
	return fil.Bilingual{FR: axis, EN: axis}
}

func (n naming) attribute(name string) (fil.Attribute, bool) {
	i := slices.IndexFunc(n.schema, func(a fil.Attribute) bool { return a.Name == name })
	if i < 0 {
		return fil.Attribute{}, false
	}
	return n.schema[i], true
}

// valuesOn names the values of an axis, knowing which others there are: what all organisations have in common is left out.
func (n naming) valuesOn(axis string, values []string) func(string) fil.Bilingual {
	a, _ := n.attribute(axis)
	roots := map[string]bool{}
	for _, value := range values {
		if value != "" && value != analytics.Mixed {
			root, _, _ := strings.Cut(value, "/")
			roots[root] = true
		}
	}
	return func(value string) fil.Bilingual {
		switch {
		case value == analytics.Mixed:
			return wordMixed
		case value == "":
			return wordNone
		case a.Kind == fil.KindBoolean && value == "true":
			return wordYes
		case a.Kind == fil.KindBoolean:
			return wordNo
		case axis != axisOrg:
			return fil.Bilingual{FR: value, EN: value}
		}
		parts := strings.Split(value, "/")
		if len(roots) == 1 && len(parts) > 1 {
			parts = parts[1:]
		}
		for i, part := range parts {
			parts[i] = unitWords(part)
		}
		name := strings.Join(parts, " › ")
		return fil.Bilingual{FR: name, EN: name}
	}
}

var (
	separators = regexp.MustCompile(`[-_ ]+`)
	shortWords = []string{"au", "aux", "de", "des", "du", "en", "et", "la", "le", "les", "ou", "par", "sur", "un", "une"}
)

// unitWords writes a part of an organisation's path, such as "dga-ressources", as a person would: as the screens do.
func unitWords(part string) string {
	words := separators.Split(part, -1)
	for i, word := range words {
		if utf8.RuneCountInString(word) <= 3 && !slices.Contains(shortWords, word) {
			words[i] = strings.ToUpper(word)
		}
	}
	text := strings.Join(words, " ")
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

func periodTitle(every string) fil.Bilingual {
	return map[string]fil.Bilingual{
		"day": {FR: "Jour", EN: "Day"}, "week": {FR: "Semaine du", EN: "Week of"}, "month": {FR: "Mois", EN: "Month"},
		"quarter": {FR: "Trimestre", EN: "Quarter"}, "year": {FR: "Année", EN: "Year"},
	}[every]
}

func frenchMonths() []string {
	return []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
}

// dayWords writes a day, "1er janvier 2026".
func dayWords(at time.Time) fil.Bilingual {
	nth := strconv.Itoa(at.Day())
	if at.Day() == 1 {
		nth = "1er"
	}
	return fil.Bilingual{FR: nth + " " + frenchMonths()[at.Month()-1] + " " + strconv.Itoa(at.Year()), EN: at.Format("2 January 2006")}
}

// period names a period that begins on a day, and says when it is not whole within the days that were asked for, or not over.
func (n naming) period(every, start, from, to string) fil.Bilingual {
	at, err := time.ParseInLocation(time.DateOnly, start, n.today.Location())
	if err != nil {
		return fil.Bilingual{FR: start, EN: start}
	}
	words, next := dayWords(at), at.AddDate(0, 0, 1)
	switch every {
	case "week":
		next = at.AddDate(0, 0, 7)
	case "month":
		words, next = fil.Bilingual{FR: frenchMonths()[at.Month()-1] + at.Format(" 2006"), EN: at.Format("January 2006")}, at.AddDate(0, 1, 0)
	case "quarter":
		nth := int(at.Month()+2) / 3
		words, next = fil.Bilingual{FR: fmt.Sprintf("trimestre %d de %d", nth, at.Year()), EN: fmt.Sprintf("quarter %d of %d", nth, at.Year())}, at.AddDate(0, 3, 0)
	case "year":
		words, next = fil.Bilingual{FR: at.Format("2006"), EN: at.Format("2006")}, at.AddDate(1, 0, 0)
	}
	if last := next.AddDate(0, 0, -1); start < from || last.Format(time.DateOnly) > to || !last.Before(n.today) {
		return fil.Bilingual{FR: words.FR + " (période incomplète)", EN: words.EN + " (not whole)"}
	}
	return words
}

// weekdayWords names a day of the week, 1 for Monday, and hourWords one of its hours.
func weekdayWords(weekday int) fil.Bilingual {
	french := []string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	return fil.Bilingual{FR: french[weekday%7], EN: time.Weekday(weekday % 7).String()}
}

func hourWords(hour int) fil.Bilingual {
	next := (hour + 1) % 24
	return fil.Bilingual{FR: fmt.Sprintf("de %d h à %d h", hour, next), EN: fmt.Sprintf("%d:00 to %d:00", hour, next)}
}
