package audiences

import (
	"strconv"
	"strings"
	"time"
)

// span is a length of time as people say it: 30 days, 2 mois. Days, weeks, months and years are the calendar's, in the
// zone of the moment that they are counted from.
type span struct {
	n    int
	unit unit
}

type unit int

const (
	inHours unit = iota
	inDays
	inWeeks
	inMonths
	inYears
)

// longest bounds spans, so that every date they lead to from today is one that has a key.
var longest = [...]int{inHours: 24 * 366 * 200, inDays: 366 * 200, inWeeks: 53 * 200, inMonths: 12 * 200, inYears: 200}

const (
	spanFR = "ce n'est pas une durée : écrivez-la comme 30 jours (heures, jours, semaines, mois ou ans, 200 ans au plus)"
	spanEN = "this is not a time span: write it as 30 days (hours, days, weeks, months or years, at most 200 years)"
)

// unitNames lists the units as they may be written.
func unitNames() []string {
	return []string{"days", "day", "jours", "jour", "weeks", "week", "semaines", "semaine", "months", "month", "mois", "years", "year", "ans", "an", "années", "année", "hours", "hour", "heures", "heure"}
}

func unitOf(name string) (unit, bool) {
	switch name {
	case "hour", "hours", "heure", "heures":
		return inHours, true
	case "day", "days", "jour", "jours":
		return inDays, true
	case "week", "weeks", "semaine", "semaines":
		return inWeeks, true
	case "month", "months", "mois":
		return inMonths, true
	case "year", "years", "an", "ans", "année", "années":
		return inYears, true
	}
	return 0, false
}

// parseSpan reads a span: a whole number and a unit, in French or in English.
func parseSpan(text string) (span, bool) {
	number, name, spaced := strings.Cut(strings.TrimSpace(text), " ")
	n, err := strconv.Atoi(number)
	u, known := unitOf(strings.TrimSpace(name))
	if !spaced || err != nil || !known || n < 0 || n > longest[u] {
		return span{}, false
	}
	return span{n, u}, true
}

// before gives the moment that is the span before another. A month before the 31 of March is the last day of February:
// a day that the month does not have is its last one.
func (s span) before(now time.Time) time.Time { return span{-s.n, s.unit}.after(now) }

func (s span) after(now time.Time) time.Time {
	switch s.unit {
	case inHours:
		return now.Add(time.Duration(s.n) * time.Hour)
	case inDays:
		return now.AddDate(0, 0, s.n)
	case inWeeks:
		return now.AddDate(0, 0, 7*s.n)
	case inMonths:
		return addMonths(now, s.n)
	default:
		return addMonths(now, 12*s.n)
	}
}

func addMonths(t time.Time, n int) time.Time {
	year, month, day := t.Date()
	last := time.Date(year, month+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	hour, minute, second := t.Clock()
	return time.Date(year, month+time.Month(n), min(day, last), hour, minute, second, t.Nanosecond(), t.Location())
}

// today gives the day it is, where it is, as a date without place: counting days from it meets no change of clocks.
func today(now time.Time) time.Time {
	year, month, day := now.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
