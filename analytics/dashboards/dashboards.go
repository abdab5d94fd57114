// Package dashboards answers what leaders and communicators look at: who was reached, who read, who acted, where and when.
//
// It hides how agents are grouped (seating.go) and how figures are made that no number of questions turns into knowledge
// about one agent (guard.go, the one place where the rule is stated). It guarantees that every figure is about whole groups
// of agents, the same ones whatever is asked, and that what is within a caller's perimeter is all that they are told. It does
// not know who may be aimed at, nor contents: that comes from Targeting and Contents. Figures are estimates, within about
// 1.15·√n agents for n groups of 20 to 64.
package dashboards

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// Parts are what Dashboards works with. All are needed.
type Parts struct {
	Cells     analytics.Cells
	Seating   analytics.Seating
	Archive   *Archive
	Archived  Projection // of the archive
	Log       Log        // that it is of
	Targeting analytics.Targeting
	Contents  analytics.Contents
	Schema    fil.Schema
	Guard     fil.Guard
	Secret    []byte         // that pseudonyms are made with
	Zone      *time.Location // in which days begin; a named one
	Logger    *slog.Logger
	Now       func() time.Time
}

// Dashboards answers questions. It is safe for concurrent use, but Seat and Keep are for one caller at a time.
type Dashboards struct {
	Parts
	key       uint64
	archiving archiving // of Keep

	reading sync.Mutex // guards read
	read    *books
}

// New makes dashboards.
func New(parts Parts) (*Dashboards, error) {
	if parts.Zone == nil || parts.Zone.String() == "Local" || len(parts.Secret) == 0 {
		return nil, errors.New("dashboards: a named time zone and a secret are required")
	}
	return &Dashboards{Parts: parts, key: keyOf(parts.Secret), archiving: archiving{looked: map[time.Time]time.Time{}}}, nil
}

// figures are those of one value, one period, or both. A null figure is withheld.
type figures struct {
	Value        *string `json:"value,omitempty" doc:"Valeur ; vide : sans valeur ; * : plusieurs, qu'on ne distingue pas / value; empty: none; *: several that are not told apart"`
	Period       *string `json:"period,omitempty" doc:"Premier jour de la période / first day of the period"`
	Targeted     *int    `json:"targeted" nullable:"true" doc:"Agents visés, à cinq près / agents aimed at, to the nearest five"`
	Shown        *int    `json:"shown" nullable:"true" doc:"Agents à qui c'est apparu / agents whom it was shown to"`
	Opened       *int    `json:"opened" nullable:"true" doc:"Agents qui ont ouvert / agents who opened"`
	Readers      *int    `json:"readers" nullable:"true" doc:"Agents qui ont lu / agents who read"`
	Acknowledged *int    `json:"acknowledged" nullable:"true" doc:"Agents qui ont pris connaissance / agents who acknowledged"`
	Acted        *int    `json:"acted" nullable:"true" doc:"Agents qui ont cliqué, réagi, commenté, partagé, gardé, suivi ou pris connaissance / agents who went beyond reading"`
	Dismissed    *int    `json:"dismissed" nullable:"true" doc:"Agents qui ont écarté / agents who dismissed"`
	ReadDays     *int    `json:"read_days" nullable:"true" doc:"Jours de lecture, comptés par agent / days of reading, counted by agent"`
	Reach        *share  `json:"reach,omitempty" doc:"Vus parmi les visés / shown of those aimed at"`
	Reading      *share  `json:"reading,omitempty" doc:"Lecteurs parmi ceux à qui c'est apparu / readers of those whom it was shown to"`
	Ack          *share  `json:"acknowledgement,omitempty" doc:"Prises de connaissance parmi les visés / acknowledged of those aimed at"`

	groups int // that its counts were rounded in
}

// board is what most dashboards tell.
type board struct {
	From     string    `json:"from" doc:"Premier jour / first day"`
	To       string    `json:"to" doc:"Dernier jour, compris ; avant from quand il ne reste rien à dire / last day, inclusive; before from when nothing is left to be told"`
	Since    string    `json:"detailed_from,omitempty" doc:"Premier jour dont le détail est connu ; absent s'il l'est de tous. Totaux et période d'avant ne portent que sur le détail ; avant, il n'y a que des lignes par mois entier, sans visés / first day that is known in detail; absent when all are. Totals and the period before are about what is detailed alone; before, there are but rows of whole months, without those aimed at"`
	By       string    `json:"by,omitempty" doc:"Attribut qui distingue les lignes / attribute that cuts the rows"`
	Every    string    `json:"every,omitempty" doc:"Période qui distingue les lignes / period that cuts the rows"`
	Where    []string  `json:"where,omitempty" doc:"Conditions / conditions"`
	Contents int       `json:"contents" doc:"Contenus en cours de publication dans la période / contents live in the period"`
	Totals   figures   `json:"totals"`
	Previous *figures  `json:"previous,omitempty" doc:"La période d'avant, aussi longue ; ses chiffres sont nuls (null) si une partie n'en est pas connue, ou plus / the period before, as long; its figures are null when a part of it is not known, or no longer"`
	Rows     []figures `json:"rows"`
	Withheld string    `json:"withheld,omitempty" doc:"Dit pourquoi des chiffres sont nuls (null) / says why figures are null"`

	why fil.Bilingual // Withheld
}

var errUnknown = errors.New("unknown content or audience")

// scope is the contents that a question is about.
type scope struct {
	contents []fil.Content
	all      bool      // every content there is or was, known or not
	kept     *archived // what the archive calls it; nil: it has none of it
}

// house is all that a caller may have figures on.
func (d *Dashboards) house(ctx context.Context) scope {
	all := d.Contents.Contents()
	perimeter := fil.CallerFrom(ctx).Perimeter
	if perimeter == "" {
		return scope{contents: all, all: true, kept: &archived{}}
	}
	own := slices.DeleteFunc(slices.Clone(all), func(c fil.Content) bool { return c.Perimeter != perimeter })
	return scope{contents: own, kept: &archived{Perimeter: perimeter}}
}

// one is a content of the caller's.
func (d *Dashboards) one(ctx context.Context, id string) (scope, error) {
	c, ok := d.Contents.Content(id)
	if perimeter := fil.CallerFrom(ctx).Perimeter; !ok || perimeter != "" && c.Perimeter != perimeter {
		return scope{}, errUnknown
	}
	return scope{contents: []fil.Content{c}, kept: &archived{Content: id}}, nil
}

// audience is the caller's contents that name an audience.
func (d *Dashboards) audience(ctx context.Context, id string) (scope, error) {
	s := d.house(ctx)
	s.all, s.kept = false, nil
	s.contents = slices.DeleteFunc(slices.Clone(s.contents), func(c fil.Content) bool { return !slices.Contains(c.Audiences, id) })
	if len(s.contents) == 0 {
		return s, errUnknown
	}
	return s, nil
}

// chosen is a content, or all of the caller's when none is named.
func (d *Dashboards) chosen(ctx context.Context, content string) (scope, error) {
	if content == "" {
		return d.house(ctx), nil
	}
	return d.one(ctx, content)
}

// maxContents bounds what one question may name: what ClickHouse takes of an address by default allows some 10,000.
const maxContents = 5000

func (s scope) ids() ([]string, error) {
	if s.all {
		return nil, nil
	}
	if len(s.contents) > maxContents {
		return nil, fil.NewFault("query", "porte sur trop de contenus : demandez-les un à un", "is about too many contents: ask for each of them")
	}
	ids := make([]string, len(s.contents))
	for i, c := range s.contents {
		ids[i] = c.ID
	}
	return ids, nil
}

// figure answers a question about a scope.
func (d *Dashboards) figure(ctx context.Context, p params, s scope, compare bool) (board, error) {
	q, err := d.question(p, s.kept != nil && p.Every == everyMonth)
	if err != nil {
		return board{}, err
	}
	if q.Contents, err = s.ids(); err != nil {
		return board{}, err
	}
	var before board
	var failed error
	var wait sync.WaitGroup
	if compare {
		was, days := q, int(q.To.Sub(q.asked).Round(24*time.Hour)/(24*time.Hour))
		was.From, was.To, was.By, was.Every = q.asked.AddDate(0, 0, -days), q.asked, "", ""
		if was.asked = was.From; was.From.Before(d.horizon()) { // a part of it would not compare
			before.Since = d.horizon().Format(time.DateOnly)
		} else {
			wait.Go(func() { before, failed = d.before(ctx, was, s) })
		}
	}
	a, err := d.ask(ctx, q, s)
	if wait.Wait(); compare {
		a.Previous, a.Since = &before.Totals, cmp.Or(a.Since, before.Since)
	}
	return a, errors.Join(err, failed)
}

// before is ask, of a period of which nothing is told unless the house was there for the whole of it: it would not compare.
func (d *Dashboards) before(ctx context.Context, q question, s scope) (board, error) {
	first, err := d.Cells.FirstDay(ctx)
	if err != nil {
		return board{}, fmt.Errorf("look for the first day: %w", err)
	}
	if first == 0 || dayNumber(q.From) < first {
		return board{}, nil
	}
	return d.ask(ctx, q, s)
}

func (d *Dashboards) ask(ctx context.Context, q question, s scope) (board, error) {
	a := board{By: q.By, Every: q.Every, From: q.asked.Format(time.DateOnly), To: q.To.AddDate(0, 0, -1).Format(time.DateOnly), Rows: []figures{}}
	for _, c := range q.Where {
		a.Where = append(a.Where, c.String())
	}
	var before []figures
	withholds := false
	if a.Since = d.detailed(q); a.Since != "" && s.kept != nil && q.Every == everyMonth && len(q.Where) == 0 && (s.kept.Content == "" || q.By == "") {
		before, withholds = d.Archive.since(q, d.horizon(), *s.kept, d.Guard)
	}
	if err := d.detail(ctx, &a, q, s); err != nil {
		return board{}, err
	}
	if len(before)+len(a.Rows) > maxRows {
		return board{}, fil.NewFault("query.every", "donne trop de lignes : choisissez une période plus longue ou un autre attribut", "gives too many rows: choose a longer period or another attribute")
	}
	if withholds {
		a.why = withheld()
	}
	if len(before) > 0 {
		a.Rows = append(before, a.Rows...)
	}
	return a, nil
}

// detail adds what is counted, if there is something of the question to count.
func (d *Dashboards) detail(ctx context.Context, a *board, q question, s scope) error {
	if !q.asked.Before(q.To) {
		a.why = tomorrow()
		return nil
	}
	if a.Since != "" && !q.To.After(d.horizon()) {
		return nil
	}
	counts, err := d.count(ctx, q)
	if err != nil {
		return err
	}
	live := slices.DeleteFunc(slices.Clone(s.contents), func(c fil.Content) bool {
		return !c.PublishedAt.Before(q.To) || !c.ExpiresAt.IsZero() && !c.ExpiresAt.After(q.From)
	})
	a.Contents = len(live)
	t := newTable(q, counts)
	t.aim(d.Targeting, live)
	t.write(a, d.Guard)
	return nil
}

// tomorrow says why nothing is told of today alone.
func tomorrow() fil.Bilingual {
	return fil.Bilingual{FR: "Ce qui est réparti ou filtré s'arrête à hier : aujourd'hui sera connu demain.", EN: "What is cut or filtered ends yesterday: today will be known tomorrow."}
}

// maxRows bounds the rows of one answer.
const maxRows = 5000
