package analytics

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// Question asks for the figures of one content or of all, in total and, when By or Every says so, cut into rows.
type Question struct {
	Content  string            // id; empty: all contents, or those of Among
	Among    []string          // ids; nil: no bound, empty: no content
	From, To time.Time         // From ≤ time of the engagement < To; a zero one sets no bound
	By       string            // attribute whose value cuts, or org (its first two levels), or site; empty: no cut
	Kind     fil.AttributeKind // of By; a date cuts by its year
	Every    string            // day, week, month, quarter or year; empty: no cut
	Zone     string            // IANA name of the time zone in which days begin
	Limit    int               // rows to answer at most, in all kinds together
}

// Tally is what agents did in one way: in total, or within one row.
type Tally struct {
	Value  string // of the attribute; empty for agents who have none, and for those whom the directory does not know
	Period string // first day, 2006-01-02
	Kind   fil.EngagementKind
	Events uint64
	Agents uint64  // distinct
	Dwell  float64 // for fil.Dwell: median over these agents of the seconds that each of them spent in all
}

// Tallies answers questions from facts.
type Tallies interface {
	// Tally gives the totals, and the rows if there is a cut; both of the same moment.
	Tally(ctx context.Context, q Question) (totals, rows []Tally, err error)
	// First gives the time of the first fact, and whether there is one.
	First(ctx context.Context) (time.Time, bool, error)
}

// params are the query parameters of a report, as they came.
type params struct{ From, To, By, Every string }

const (
	byOrg  = "org"
	bySite = "site"
)

func periods() []string { return []string{"day", "week", "month", "quarter", "year"} }

// question reads the parameters and gathers their faults. A date alone stands for its whole day, so that to=2026-01-31
// includes that day; a time with its hour is exact.
func (p params) question(schema fil.Schema, zone *time.Location) (Question, error) {
	var faults fil.Faults
	q := Question{By: p.By, Every: p.Every, Zone: zone.String()}
	q.From, _ = parseMoment(&faults, "query.from", p.From, zone)
	to, whole := parseMoment(&faults, "query.to", p.To, zone)
	if whole {
		to = to.AddDate(0, 0, 1)
	}
	q.To = to
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		faults.Add("query.to", "doit être après from", "must be after from")
	}
	attribute, declared := schema.Lookup(p.By)
	q.Kind = attribute.Kind
	if p.By == byOrg || p.By == bySite {
		q.Kind = fil.KindText
	} else if p.By != "" && !declared {
		names := []string{byOrg, bySite}
		for _, a := range schema {
			if a.Groups() {
				names = append(names, a.Name)
			}
		}
		list := strings.Join(names, ", ")
		faults.Add("query.by", "doit être un attribut déclaré : "+list, "must be a declared attribute: "+list)
	}
	if declared && !attribute.Groups() {
		faults.Add("query.by", "est une donnée sensible ou un identifiant d'agent : aucun rapport n'en est ventilé", "is sensitive data or an agent's id: no report is broken down by it")
	}
	if p.Every != "" && !slices.Contains(periods(), p.Every) {
		list := strings.Join(periods(), ", ")
		faults.Add("query.every", "doit être l'un de : "+list, "must be one of: "+list)
	}
	return q, faults.Err()
}

// parseMoment reads a date or a time; whole says that it was a date. Years are those that engagements may have.
func parseMoment(faults *fil.Faults, field, text string, zone *time.Location) (at time.Time, whole bool) {
	if text == "" {
		return time.Time{}, false
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if whole = err == nil; !whole {
		at, err = time.Parse(time.RFC3339, text)
	}
	if err != nil || at.Year() < 1970 || at.Year() > 2105 {
		faults.Add(field, "doit être une date (2026-01-31) ou un instant RFC 3339 (2026-01-31T08:30:00Z), entre 1970 et 2105",
			"must be a date (2026-01-31) or an RFC 3339 time (2026-01-31T08:30:00Z), between 1970 and 2105")
		return time.Time{}, false
	}
	return at, whole
}

// disjoint says whether no agent can be in two rows.
func (q Question) disjoint() bool { return q.Every == "" && q.Kind != fil.KindList }

// after gives the first day of the period that follows one.
func after(day time.Time, every string) time.Time {
	switch every {
	case "week":
		return day.AddDate(0, 0, 7)
	case "month":
		return day.AddDate(0, 1, 0)
	case "quarter":
		return day.AddDate(0, 3, 0)
	case "year":
		return day.AddDate(1, 0, 0)
	default:
		return day.AddDate(0, 0, 1)
	}
}

// MondayOf gives the day that the week of a day begins on, in the day's own zone.
func MondayOf(day time.Time) time.Time { return day.AddDate(0, 0, -(int(day.Weekday())+6)%7) }
