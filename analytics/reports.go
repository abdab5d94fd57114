package analytics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/url"
	"slices"
	"time"

	"github.com/filengine/fil"
)

// Targeting says whom contents are aimed at.
type Targeting interface {
	// Reach counts the agents whom contents with any of the aims are for, in all and by value of an attribute, or of org by
	// its first two levels, or of a date by its year; those without a value are in no group.
	Reach(aims []fil.Aim, by string) (total int, groups map[string]int)
}

// Contents are those known now.
type Contents interface {
	Content(id string) (fil.Content, bool)
	Contents() []fil.Content
}

// Parts are what Reports works with. All are needed.
type Parts struct {
	Tallies   Tallies
	Targeting Targeting
	Contents  Contents
	Schema    fil.Schema
	Guard     fil.Guard
	Zone      *time.Location // in which days begin; a named one, not time.Local
	Logger    *slog.Logger
	Now       func() time.Time
}

// Reports answers questions on what became of contents. It is safe for concurrent use.
type Reports struct{ Parts }

// NewReports makes reports.
func NewReports(parts Parts) (*Reports, error) {
	if parts.Zone == nil || parts.Zone.String() == "Local" {
		return nil, errors.New("analytics: reports need a named time zone")
	}
	return &Reports{Parts: parts}, nil
}

// report is the answer to a question. A nil figure is withheld.
type report struct {
	Content  string    `json:"content,omitempty" doc:"Identifiant du contenu / id of the content"`
	From     time.Time `json:"from,omitzero" doc:"Début compris / from, inclusive"`
	To       time.Time `json:"to,omitzero" doc:"Fin non comprise / until, exclusive"`
	By       string    `json:"by,omitempty" doc:"Attribut qui distingue les lignes / attribute that cuts the rows"`
	Every    string    `json:"every,omitempty" doc:"Période qui distingue les lignes / period that cuts the rows"`
	Totals   row       `json:"totals"`
	Rows     []row     `json:"rows" doc:"Par valeur, par période, ou les deux / by value, by period, or both"`
	Withheld string    `json:"withheld,omitempty" doc:"Dit pourquoi des chiffres sont nuls (null) / says why figures are null"`
}

// row holds the figures of one value, one period, or both. Agents are counted once each. A null figure is withheld.
type row struct {
	Value            *string  `json:"value,omitempty" doc:"Valeur de l'attribut ; vide : sans valeur, ou agent inconnu / value of the attribute; empty: none, or unknown agent"`
	Day              *string  `json:"day,omitempty" doc:"Premier jour de la période / first day of the period"`
	Targeted         *int     `json:"targeted" nullable:"true" doc:"Agents visés / agents aimed at"`
	Shown            *int     `json:"shown" nullable:"true" doc:"Agents à qui un contenu a été affiché / agents shown a content"`
	Opened           *int     `json:"opened" nullable:"true" doc:"Agents qui en ont ouvert un / agents who opened one"`
	Readers          *int     `json:"readers" nullable:"true" doc:"Agents qui en ont lu un / agents who read one"`
	Acknowledged     *int     `json:"acknowledged" nullable:"true" doc:"Agents qui ont pris connaissance / agents who acknowledged one"`
	Impressions      *int     `json:"impressions" nullable:"true" doc:"Affichages / impressions"`
	Opens            *int     `json:"opens" nullable:"true" doc:"Ouvertures / opens"`
	Reads            *int     `json:"reads" nullable:"true" doc:"Lectures / reads"`
	DwellMedian      *float64 `json:"dwell_median_seconds" nullable:"true" doc:"Temps médian passé par agent, en secondes ; 0 : personne / median time an agent spent, in seconds; 0: nobody did"`
	Clicks           *int     `json:"clicks" nullable:"true" doc:"Clics / clicks"`
	Reactions        *int     `json:"reactions" nullable:"true" doc:"Réactions / reactions"`
	Comments         *int     `json:"comments" nullable:"true" doc:"Commentaires / comments"`
	Shares           *int     `json:"shares" nullable:"true" doc:"Partages / shares"`
	Saves            *int     `json:"saves" nullable:"true" doc:"Mises de côté / saves"`
	Follows          *int     `json:"follows" nullable:"true" doc:"Abonnements / follows"`
	Dismissals       *int     `json:"dismissals" nullable:"true" doc:"Mises à l'écart / dismissals"`
	Dwells           *int     `json:"dwells" nullable:"true" doc:"Mesures du temps passé / measures of time spent"`
	Acknowledgements *int     `json:"acknowledgements" nullable:"true" doc:"Prises de connaissance / acknowledgements"`
}

// maxRows bounds the rows of one report.
const maxRows = 5000

// errUnknownContent is the answer for a content that is not known, or no longer.
var errUnknownContent = errors.New("unknown content")

// content reports on one content: whatever its age, unless the question bounds it.
func (r *Reports) content(ctx context.Context, id string, p params) (report, error) {
	q, err := p.question(r.Schema, r.Zone)
	if err != nil {
		return report{}, err
	}
	content, ok := r.Contents.Content(id)
	if perimeter := fil.CallerFrom(ctx).Perimeter; !ok || perimeter != "" && content.Perimeter != perimeter {
		return report{}, errUnknownContent
	}
	q.Content = id
	aimed := r.newTargets(q, func(time.Time, time.Time) []fil.Content { return []fil.Content{content} })
	return r.answer(ctx, q, aimed)
}

// overview reports on all contents, or on all those of the caller's perimeter: by default from the day of the first fact
// until now.
func (r *Reports) overview(ctx context.Context, p params) (report, error) {
	q, err := p.question(r.Schema, r.Zone)
	if err != nil {
		return report{}, err
	}
	from, to := q.From, q.To
	if to.IsZero() {
		to = r.Now()
	}
	if from.IsZero() {
		first, ok, err := r.Tallies.First(ctx)
		if err != nil {
			return report{}, fmt.Errorf("find the first fact: %w", err)
		}
		if !ok || first.After(to) {
			first = to
		}
		// Its day, not its moment, which one agent's act would be known by.
		y, m, d := first.In(r.Zone).Date()
		from = time.Date(y, m, d, 0, 0, 0, 0, r.Zone)
	}
	all := r.Contents.Contents()
	if perimeter := fil.CallerFrom(ctx).Perimeter; perimeter != "" {
		all = slices.DeleteFunc(slices.Clone(all), func(c fil.Content) bool { return c.Perimeter != perimeter })
		if q.Among, err = among(all); err != nil {
			return report{}, err
		}
	}
	aimed := r.newTargets(q, func(from, to time.Time) []fil.Content { return liveBetween(all, from, to) })
	aimed.from, aimed.to = from, to
	answer, err := r.answer(ctx, q, aimed)
	answer.From, answer.To = from.UTC(), to.UTC()
	return answer, err
}

// maxAmong bounds the ids that one question may name, in bytes as they go to the warehouse: half of what ClickHouse takes
// of an address by default (http_max_uri_size).
const maxAmong = 512 << 10

// among names the contents that an overview is about.
func among(contents []fil.Content) ([]string, error) {
	ids, size := make([]string, 0, len(contents)), 0
	for _, c := range contents {
		ids = append(ids, c.ID)
		size += len(url.QueryEscape(c.ID)) + len("%27%27%2C")
	}
	if size > maxAmong {
		return nil, fil.NewFault("query", "porte sur trop de contenus de votre périmètre pour une vue d'ensemble : demandez le bilan de chacun",
			"is about too many contents of your perimeter for an overview: ask for the report on each")
	}
	return ids, nil
}

func (r *Reports) answer(ctx context.Context, q Question, aimed *targets) (report, error) {
	q.Limit = maxRows*len(fil.EngagementKinds()) + 1
	totals, cells, err := r.Tallies.Tally(ctx, q)
	if err != nil {
		return report{}, fmt.Errorf("tally facts: %w", err)
	}
	rows := newTable(q, totals, cells)
	aimed.add(rows)
	if len(rows.keys) > maxRows {
		return report{}, fil.NewFault(cutField(q), "donne trop de lignes : choisissez une période plus longue ou un autre attribut",
			"gives too many rows: choose a longer period or another attribute")
	}
	answer := rows.report(r.Guard)
	answer.Content, answer.From, answer.To, answer.By, answer.Every = q.Content, q.From.UTC(), q.To.UTC(), q.By, q.Every
	return answer, nil
}

func cutField(q Question) string {
	if q.Every != "" {
		return "query.every"
	}
	return "query.by"
}

func liveBetween(all []fil.Content, from, to time.Time) []fil.Content {
	var live []fil.Content
	for _, c := range all {
		if c.PublishedAt.Before(to) && (c.ExpiresAt.IsZero() || c.ExpiresAt.After(from)) {
			live = append(live, c)
		}
	}
	return live
}

// targets counts the agents aimed at by the contents of a time. It asks once for each set of aims.
type targets struct {
	targeting Targeting
	q         Question
	zone      *time.Location
	contents  func(from, to time.Time) []fil.Content
	from, to  time.Time
	known     map[string]reached
}

type reached struct {
	total  int
	groups map[string]int
}

func (r *Reports) newTargets(q Question, contents func(from, to time.Time) []fil.Content) *targets {
	return &targets{targeting: r.Targeting, q: q, zone: r.Zone, contents: contents, from: q.From, to: q.To, known: map[string]reached{}}
}

func (t *targets) reach(from, to time.Time) reached {
	contents := t.contents(from, to)
	if len(contents) == 0 {
		return reached{}
	}
	aims := AimsOf(contents)
	key := fmt.Sprintf("%q", aims)
	found, ok := t.known[key]
	if !ok {
		found = t.complete(t.targeting.Reach(aims, t.q.By))
		t.known[key] = found
	}
	return found
}

// AimsOf gives the aims of contents, as one for each perimeter, in a form that is equal for equal aims.
func AimsOf(contents []fil.Content) []fil.Aim {
	everyone, audiences := map[string]bool{}, map[string][]string{} // by perimeter
	for _, c := range contents {
		everyone[c.Perimeter] = everyone[c.Perimeter] || len(c.Audiences) == 0
		audiences[c.Perimeter] = append(audiences[c.Perimeter], c.Audiences...)
	}
	aims := make([]fil.Aim, 0, len(everyone))
	for _, perimeter := range slices.Sorted(maps.Keys(everyone)) {
		aim := fil.Aim{Perimeter: perimeter}
		if !everyone[perimeter] {
			ids := audiences[perimeter]
			slices.Sort(ids)
			aim.Audiences = slices.Compact(ids)
		}
		aims = append(aims, aim)
	}
	return aims
}

// complete adds the agents who have no value, as facts have them. Of a list it cannot be said how many they are.
func (t *targets) complete(total int, groups map[string]int) reached {
	if t.q.By == "" || t.q.Kind == fil.KindList {
		return reached{total, groups}
	}
	all, without := make(map[string]int, len(groups)+1), total
	for value, n := range groups {
		all[value] = n
		without -= n
	}
	if without > 0 {
		all[""] += without
	}
	return reached{total, all}
}

// add fills the agents aimed at into a table, and adds the rows of values for which there are no facts.
func (t *targets) add(rows *table) {
	all := t.reach(t.from, t.to)
	rows.targeted.total = all.total
	if t.q.Every == "" {
		for value := range all.groups {
			rows.row(key{value: value})
		}
	}
	rows.targeted.agents = make([]int, len(rows.keys))
	for i, k := range rows.keys {
		of := all
		if k.day != "" {
			day, err := time.ParseInLocation(time.DateOnly, k.day, t.zone)
			if err != nil {
				continue // the store gives dates only
			}
			of = t.reach(day, after(day, t.q.Every))
		}
		if t.q.By == "" {
			rows.targeted.agents[i] = of.total
		} else {
			rows.targeted.agents[i] = of.groups[k.value]
		}
	}
}

// seconds rounds a median to a tenth.
func seconds(dwell float64) *float64 {
	rounded := math.Round(dwell*10) / 10
	return &rounded
}
