package dashboards

import (
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// Params are the query parameters that all dashboards take, as they came.
type params struct {
	From, To, By, Every string
	Where               []string // axis:value,value; a comma or a backslash of a value stands after a backslash
}

// Bounds of a question.
const (
	defaultDays   = 28
	maxDays       = 800 // 25 months and some
	maxYears      = 10  // by month, of what is archived
	maxConditions = 4
	maxValues     = 50
)

func periods() []string { return []string{"day", "week", "month", "quarter", "year"} }

// axes lists what may cut and filter.
func (d *Dashboards) axes() []string {
	return slices.DeleteFunc(axesOf(d.Schema), func(axis string) bool { return axis == axisTop })
}

// question reads the parameters and gathers their faults. Days are whole; the default is the last four weeks. What it asks of the
// store begins at the horizon; a far question may have been asked about more.
func (d *Dashboards) question(p params, far bool) (question, error) {
	var faults fil.Faults
	today := d.today()
	q := question{By: p.By, CellQuestion: analytics.CellQuestion{Every: p.Every}}
	q.To = today.AddDate(0, 0, 1)
	if p.To != "" {
		q.To = day(&faults, "query.to", p.To, d.Zone).AddDate(0, 0, 1)
	}
	q.From = q.To.AddDate(0, 0, -defaultDays)
	if p.From != "" {
		q.From = day(&faults, "query.from", p.From, d.Zone)
	}
	if faults.Err() == nil && !q.From.Before(q.To) {
		faults.Add("query.to", "doit être après from", "must be after from")
	}
	switch {
	case faults.Err() != nil:
	case q.From.After(today):
		faults.Add("query.from", "est à venir : rien n'est encore arrivé", "is to come: nothing has happened yet")
	case far && q.From.AddDate(maxYears, 0, 0).Before(q.To):
		faults.Add("query.from", "est à plus de dix ans de to", "is more than ten years before to")
	case !far && q.From.AddDate(0, 0, maxDays).Before(q.To):
		faults.Add("query.from", "est à plus de 800 jours de to (dix ans par mois, de tout ou d'un contenu)", "is more than 800 days before to (ten years by month, of all or of one content)")
	}
	axes := d.axes()
	if p.By != "" && !slices.Contains(axes, p.By) {
		known(&faults, "query.by", axes)
	}
	if p.Every != "" && !slices.Contains(periods(), p.Every) {
		known(&faults, "query.every", periods())
	}
	q.Where = conditions(&faults, p.Where, axes)
	if q.By != "" || len(q.Where) > 0 {
		q.To = analytics.Earlier(q.To, today) // rule 5 of the guard
		if !q.From.Before(q.To) {
			q.From = q.To
		}
	}
	q.asked = q.From
	if horizon := d.horizon(); q.From.Before(horizon) {
		q.From = analytics.Earlier(horizon, q.To)
	}
	return q, faults.Err()
}

// horizon is the first day of the first month that the store still has whole, so the first one that is known in detail.
func (d *Dashboards) horizon() time.Time {
	today := d.today()
	month := today.AddDate(0, -analytics.KeptMonths, 1-today.Day())
	if !month.AddDate(0, analytics.KeptMonths, 0).After(today) {
		month = month.AddDate(0, 1, 0)
	}
	return month
}

// detailed is the horizon, as it is told when something was asked about before it.
func (d *Dashboards) detailed(q question) string {
	if horizon := d.horizon(); q.asked.Before(horizon) {
		return horizon.Format(time.DateOnly)
	}
	return ""
}

func conditions(faults *fil.Faults, texts, axes []string) (all []condition) {
	if len(texts) > maxConditions {
		faults.Add("query.where", "compte plus de 4 conditions", "has more than 4 conditions")
		return nil
	}
	for _, text := range texts {
		axis, values, found := strings.Cut(text, ":")
		list := valuesOf(values)
		switch {
		case !found || values == "" || len(list) > maxValues:
			faults.Add("query.where", `s'écrit attribut:valeur,valeur, avec 50 valeurs au plus et \, pour une virgule dans une valeur`, `is written attribute:value,value, with 50 values at most and \, for a comma in a value`)
		case !slices.Contains(axes, axis):
			known(faults, "query.where", axes)
		default:
			all = append(all, condition{Axis: axis, Values: list})
		}
	}
	return all
}

// valuesOf reads a list between commas. A backslash makes a comma or a backslash that follows it part of a value; before
// anything else it is itself, as it was when nothing was written so.
func valuesOf(text string) (list []string) {
	var value strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && (text[i+1] == ',' || text[i+1] == '\\'):
			i++
			value.WriteByte(text[i])
		case c == ',':
			list = append(list, value.String())
			value.Reset()
		default:
			value.WriteByte(c)
		}
	}
	return append(list, value.String())
}

func known(faults *fil.Faults, field string, names []string) {
	list := strings.Join(names, ", ")
	faults.Add(field, "doit être l'un de : "+list, "must be one of: "+list)
}

func day(faults *fil.Faults, field, text string, zone *time.Location) time.Time {
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil || at.Year() < 1970 || at.Year() > 2105 {
		faults.Add(field, "doit être une date (2026-01-31), entre 1970 et 2105", "must be a date (2026-01-31), between 1970 and 2105")
		return time.Date(2000, 1, 1, 0, 0, 0, 0, zone)
	}
	return at
}

func (d *Dashboards) today() time.Time {
	y, m, day := d.Now().In(d.Zone).Date()
	return time.Date(y, m, day, 0, 0, 0, 0, d.Zone)
}
