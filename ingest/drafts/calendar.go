package drafts

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// Bounds of what is told of days.
const (
	maxDays    = 62
	maxEntries = 500 // contents of a calendar
	maxRivals  = 50  // contents beside one
	maxOverlap = 10  // audiences whose overlap is counted
)

// Entry is a content, published or drafted, in a calendar.
type Entry struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Kind        string    `json:"kind"`
	State       State     `json:"state"` // published, draft or submitted
	Source      string    `json:"source,omitempty"`
	Audiences   []string  `json:"audiences,omitempty"`
	Perimeter   string    `json:"perimeter,omitempty"`
	PublishedAt time.Time `json:"published_at,omitzero"` // of a draft that names no moment: none
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
}

// Day is one day of a calendar: ids of entries.
type Day struct {
	Day    string   `json:"day"`
	Begins []string `json:"begins"` // published that day, or planned to be
	Live   []string `json:"live"`   // shown at some moment of that day
	Ends   []string `json:"ends"`
}

// Calendar is what is planned, live and ending, by day.
type Calendar struct {
	Entries []Entry `json:"entries"` // the last published first
	Days    []Day   `json:"days"`
	More    int     `json:"more,omitempty"` // entries left out: the oldest
}

func liveBetween(c fil.Content, from, to time.Time) bool {
	return !c.PublishedAt.IsZero() && c.PublishedAt.Before(to) && (c.ExpiresAt.IsZero() || c.ExpiresAt.After(from))
}

// unseen lists whom the contents are for that are published, are live between two moments, and that a bounded caller is not shown.
func (d *Drafts) unseen(ctx context.Context, from, to time.Time) []Entry {
	perimeter := fil.CallerFrom(ctx).Perimeter
	if perimeter == "" {
		return nil
	}
	var all []Entry
	for _, c := range d.parts.Contents() {
		if c.Perimeter != perimeter && liveBetween(c, from, to) {
			all = append(all, Entry{ID: c.ID, Audiences: c.Audiences, Perimeter: c.Perimeter})
		}
	}
	return all
}

// entries lists what a caller is shown of the contents and of the drafts that may be live between two moments.
func (d *Drafts) entries(ctx context.Context, from, to time.Time) []Entry {
	var all []Entry
	add := func(c fil.Content, state State) {
		if liveBetween(c, from, to) {
			all = append(all, Entry{c.ID, c.Title, c.Kind, state, c.Source, c.Audiences, c.Perimeter, c.PublishedAt, c.ExpiresAt})
		}
	}
	for _, c := range d.parts.Contents() {
		if p := fil.CallerFrom(ctx).Perimeter; p == "" || p == c.Perimeter {
			add(c, Published)
		}
	}
	for _, r := range d.parts.Book.Drafts() {
		if d.mine(ctx, r) == nil {
			add(*r.Value, r.State)
		}
	}
	slices.SortStableFunc(all, func(a, b Entry) int {
		return cmp.Or(b.PublishedAt.Compare(a.PublishedAt), cmp.Compare(a.ID, b.ID), cmp.Compare(a.State, b.State))
	})
	return all
}

func (e Entry) during(from, to time.Time) bool {
	return e.PublishedAt.Before(to) && (e.ExpiresAt.IsZero() || e.ExpiresAt.After(from))
}

// Calendar tells the days from one to another, both included.
func (d *Drafts) Calendar(ctx context.Context, from, to time.Time) Calendar {
	end := to.AddDate(0, 0, 1)
	c := Calendar{Entries: d.entries(ctx, from, end), Days: []Day{}}
	if c.More = max(0, len(c.Entries)-maxEntries); c.More > 0 {
		c.Entries = c.Entries[:maxEntries]
	}
	for day := from; day.Before(end); day = day.AddDate(0, 0, 1) {
		next := day.AddDate(0, 0, 1)
		one := Day{Day: day.Format(time.DateOnly), Begins: []string{}, Live: []string{}, Ends: []string{}}
		for _, e := range c.Entries {
			within := func(at time.Time) bool { return !at.Before(day) && at.Before(next) }
			if within(e.PublishedAt) {
				one.Begins = append(one.Begins, e.ID)
			}
			if e.State == Published && e.during(day, next) {
				one.Live = append(one.Live, e.ID)
			}
			if !e.ExpiresAt.IsZero() && within(e.ExpiresAt) {
				one.Ends = append(one.Ends, e.ID)
			}
		}
		c.Days = append(c.Days, one)
	}
	if c.Entries == nil {
		c.Entries = []Entry{}
	}
	return c
}

// Counted is what a preview may tell of a rule: sizes that are withheld are nil.
type Counted struct {
	Size   *int
	Shared map[string]*int // by audience: how many agents it has in common with the rule
}

// Rival is a content that is shown to some of the same agents on the same day.
type Rival struct {
	Entry
	Shared *int   `json:"shared"`          // agents in common; null: few, none, or not to be told
	Bound  string `json:"bound,omitempty"` // what shared is: exact, at_least, at_most
}

// Reach is whom a content would reach, and what else they would be shown that day.
type Reach struct {
	Day    string  `json:"day"`
	Rule   string  `json:"rule"`   // of those whom the content is for
	Size   *int    `json:"size"`   // null when withheld
	Rivals []Rival `json:"rivals"` // those that begin that day first, then the last published
	More   int     `json:"more,omitempty"`
	// Others counts the contents that day for some of the same agents that the caller, bounded to a perimeter, is not shown.
	Others int `json:"others,omitempty" doc:"Contenus du même jour, pour des agents en commun, que cette clé, bornée à un périmètre, ne montre pas : leur nombre seulement · Contents of the same day, for agents in common, that this key, bounded to a perimeter, is not shown: their number only"`
}

// aim writes whom a content is for as a rule.
func aim(c fil.Content) string {
	parts := make([]string, len(c.Audiences))
	for i, id := range c.Audiences {
		parts[i] = "audience(" + strconv.Quote(id) + ")"
	}
	rule := strings.Join(parts, " or ")
	if rule == "" {
		rule = "true"
	}
	if c.Perimeter != "" {
		rule = "audience(" + strconv.Quote(c.Perimeter) + ") and (" + rule + ")"
	}
	return rule
}

// Reach tells the reach of a content on the day of its publication.
func (d *Drafts) Reach(ctx context.Context, c fil.Content, language string) (Reach, error) {
	at := c.PublishedAt.In(d.parts.Zone)
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, d.parts.Zone)
	next := day.AddDate(0, 0, 1)
	r := Reach{Day: day.Format(time.DateOnly), Rule: aim(c), Rivals: []Rival{}}
	var others []Entry
	for _, e := range d.entries(ctx, day, next) {
		if e.ID != c.ID {
			others = append(others, e)
		}
	}
	slices.SortStableFunc(others, func(a, b Entry) int {
		begins := func(e Entry) int {
			if e.PublishedAt.Before(day) {
				return 1
			}
			return 0
		}
		return begins(a) - begins(b)
	})
	r.More = max(0, len(others)-maxRivals)
	others = others[:min(len(others), maxRivals)]
	unseen := d.unseen(ctx, day, next)
	counted, err := d.parts.Count(ctx, r.Rule, d.overlap(ctx, slices.Concat(others, unseen)), language)
	if err != nil {
		return Reach{}, err
	}
	r.Size = counted.Size
	for _, e := range others {
		r.Rivals = append(r.Rivals, rivalOf(e, counted))
	}
	for _, e := range unseen {
		if e.ID != c.ID && rivalOf(e, counted).Shared != nil { // by the same figures as those that are told
			r.Others++
		}
	}
	return r, nil
}

// overlap names the audiences, of those whom contents are for, whose agents in common are asked of a preview, which knows of none
// of another perimeter than the caller's.
func (d *Drafts) overlap(ctx context.Context, of []Entry) (ids []string) {
	perimeter := fil.CallerFrom(ctx).Perimeter
	for _, e := range of {
		for _, id := range append(slices.Clone(e.Audiences), e.Perimeter) {
			a, known := d.parts.Audience(id)
			if known && (perimeter == "" || a.Perimeter == "" || a.Perimeter == perimeter) && len(ids) < maxOverlap && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// rivalOf tells what is known of the agents whom two contents have in common.
func rivalOf(e Entry, counted Counted) Rival {
	within, most := e.Perimeter != "", counted.Size
	if within {
		most = counted.Shared[e.Perimeter]
	}
	switch len(e.Audiences) {
	case 0:
		return Rival{e, most, "exact"}
	case 1:
		shared := counted.Shared[e.Audiences[0]]
		if within {
			return Rival{e, shared, "at_most"}
		}
		return Rival{e, shared, "exact"}
	}
	var greatest *int
	for _, id := range e.Audiences {
		if n := counted.Shared[id]; n != nil && (greatest == nil || *n > *greatest) {
			greatest = n
		}
	}
	if within {
		return Rival{e, nil, ""}
	}
	return Rival{e, greatest, "at_least"}
}

type calendarInput struct {
	Language string `header:"Accept-Language"`
	From     string `query:"from" required:"true" format:"date" doc:"Premier jour, comme 2026-01-31 · First day"`
	To       string `query:"to" required:"true" format:"date" doc:"Dernier jour, compris ; 62 jours au plus · Last day, included; 62 days at most"`
}

type calendarOutput struct{ Body Calendar }

type reachOutput struct{ Body Reach }

func (d *Drafts) registerCalendar(api huma.API) {
	op := operation(http.MethodGet, "/v1/calendar", "calendar", "Lire le calendrier des contenus", "Read the calendar of contents",
		"Ce qui commence, paraît et s'achève chaque jour, brouillons datés compris, dans le périmètre de la clé et le fuseau configuré.")
	op.Security = []map[string][]string{{"bearer": {string(fil.RoleCommunicator), string(fil.RoleLeader)}}}
	huma.Register(api, op, func(ctx context.Context, in *calendarInput) (*calendarOutput, error) {
		from, wrong := time.ParseInLocation(time.DateOnly, in.From, d.parts.Zone)
		to, alsoWrong := time.ParseInLocation(time.DateOnly, in.To, d.parts.Zone)
		if wrong != nil || alsoWrong != nil || to.Before(from) || to.After(from.AddDate(0, 0, maxDays-1)) {
			return nil, d.door.Problem(fil.NewFault("query.to", "doit suivre from, de 62 jours au plus", "must follow from, by 62 days at most"), in.Language) //nolint:wrapcheck // an answer of the API already
		}
		return &calendarOutput{d.Calendar(ctx, from, to)}, nil
	})
	const path = "/v1/contents/reach"
	reach := operation(http.MethodPost, path, "reach-content", "Prévoir la portée d'un contenu et ce qui paraît le même jour", "Foresee the reach of a content and what is shown the same day",
		"Sans rien écrire : l'effectif visé, tu comme l'est celui d'une prévisualisation, et les autres contenus du jour, avec les agents en commun quand ils peuvent être dits ; pour une clé bornée à un périmètre, others dit combien d'autres, qu'elle ne montre pas, visent des agents en commun.")
	reach.SkipValidateBody = true
	huma.Register(api, reach, func(ctx context.Context, in *checkInput) (*reachOutput, error) {
		value, err := d.door.Content(ctx, in.RawBody, idOf(in.RawBody))
		if err != nil {
			return nil, d.door.Problem(err, in.Language) //nolint:wrapcheck // an answer of the API already
		}
		r, err := d.Reach(ctx, value, in.Language)
		if err != nil {
			return nil, err
		}
		return &reachOutput{r}, nil
	})
	api.OpenAPI().Paths[path].Post.RequestBody.Content = map[string]*huma.MediaType{"application/json": {Schema: contentSchema(api)}}
}

// idOf gives the address of a content that may have no id yet.
func idOf(raw []byte) string {
	var named struct{ ID string }
	if json.Unmarshal(raw, &named) != nil || named.ID != "" {
		return ""
	}
	return "new"
}
