package drafts

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// What a desk says of a content beside the states of revisions.
const (
	Live    State = "live"
	Planned State = "planned"
	Expired State = "expired"
	ended   State = "ended" // of a query: expired, withdrawn or discarded
)

// maxWords is how many topics, sources or communities are suggested.
const maxWords = 200

// Matter is a content at a communicator's desk, whatever came of it: what is published and its draft are one.
type Matter struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Kind        string    `json:"kind"`
	State       State     `json:"state" enum:"live,planned,expired,withdrawn,draft,submitted,discarded"`
	Draft       State     `json:"draft,omitempty" enum:"draft,submitted"` // of the draft beside what is published; none: empty
	Source      string    `json:"source,omitempty"`
	Audiences   []string  `json:"audiences,omitempty"`
	Perimeter   string    `json:"perimeter,omitempty"`
	PublishedAt time.Time `json:"published_at,omitzero"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	At          time.Time `json:"at"` // by which they are sorted: its publication, or what was done to it since
	topics      []string
}

// Desk is a page of matters, the newest first.
type Desk struct {
	Contents []Matter      `json:"contents"`
	Counts   map[State]int `json:"counts"` // of those that the text fits, by state; "ended" and "all" too
	More     int           `json:"more"`   // that fit and come after this page
}

// Words are those that contents in sight of the caller are described by, the most used first.
type Words struct {
	Topics      []string `json:"topics"`
	Sources     []string `json:"sources"`
	Communities []string `json:"communities"`
}

func matterOf(c fil.Content, state State, at time.Time) Matter {
	return Matter{c.ID, c.Title, c.Kind, state, "", c.Source, c.Audiences, c.Perimeter, c.PublishedAt, c.ExpiresAt, at, c.Topics}
}

// Matters lists all that a caller is shown, in no order.
func (d *Drafts) matters(ctx context.Context) []Matter {
	now, perimeter := d.parts.Now(), fil.CallerFrom(ctx).Perimeter
	lasts := d.parts.Book.lasts()
	var all []Matter
	for _, c := range d.parts.Contents() {
		last, written := lasts[c.ID]
		delete(lasts, c.ID)
		if perimeter != "" && perimeter != c.Perimeter {
			continue
		}
		m := matterOf(c, Live, c.PublishedAt)
		switch {
		case now.Before(c.PublishedAt):
			m.State = Planned
		case !c.LiveAt(now) && written && last.state == Withdrawn:
			m.State = Withdrawn
		case !c.LiveAt(now):
			m.State = Expired
		}
		if last.open() {
			m.Draft = last.state
		}
		if last.state != Published && last.at.After(m.At) {
			m.At = last.at // what is going on is newer than what is published
		}
		all = append(all, m)
	}
	for id, last := range lasts {
		if m, ok := d.unpublished(id, last); ok && (perimeter == "" || perimeter == m.Perimeter) {
			all = append(all, m)
		}
	}
	return all
}

// unpublished tells of a content of which agents see nothing, by the last revision that says what it was.
func (d *Drafts) unpublished(id string, last leaf) (Matter, bool) {
	if last.open() {
		return matterOf(*decode(last.data).Value, last.state, last.at), true
	}
	for _, r := range d.parts.Book.History(id) {
		if r.Value == nil {
			continue
		}
		state := Withdrawn // or removed by what had imported it
		if last.state == Discarded {
			state = Discarded
		}
		return matterOf(*r.Value, state, last.at), true
	}
	return Matter{}, false
}

func (m Matter) is(state State) bool {
	switch state {
	case "":
		return true
	case ended:
		return m.State == Expired || m.State == Withdrawn || m.State == Discarded
	case Draft, Submitted:
		return m.State == state || m.Draft == state
	}
	return m.State == state
}

// holds finds each word of a text in what is shown of a content.
func (m Matter) holds(text string) bool {
	said := strings.ToLower(strings.Join(append([]string{m.ID, m.Title, m.Source}, m.topics...), "\n"))
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		if !strings.Contains(said, word) {
			return false
		}
	}
	return true
}

// Desk gives a page of what a caller is shown.
func (d *Drafts) Desk(ctx context.Context, text string, state State, skip, limit int) Desk {
	found := slices.DeleteFunc(d.matters(ctx), func(m Matter) bool { return !m.holds(text) })
	out := Desk{Contents: []Matter{}, Counts: map[State]int{"all": len(found)}}
	for _, one := range []State{Live, Planned, Draft, Submitted, ended} {
		for _, m := range found {
			if m.is(one) {
				out.Counts[one]++
			}
		}
	}
	found = slices.DeleteFunc(found, func(m Matter) bool { return !m.is(state) })
	slices.SortFunc(found, func(a, b Matter) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	found = found[min(skip, len(found)):]
	out.More = max(0, len(found)-limit)
	out.Contents = append(out.Contents, found[:min(limit, len(found))]...)
	return out
}

// Words gives what to suggest to who describes a content.
func (d *Drafts) Words(ctx context.Context) Words {
	topics, sources, communities := map[string]int{}, map[string]int{}, map[string]int{}
	count := func(c fil.Content) {
		for _, topic := range c.Topics {
			topics[topic]++
		}
		sources[c.Source]++
		communities[c.Community]++
	}
	perimeter := fil.CallerFrom(ctx).Perimeter
	for _, c := range d.parts.Contents() {
		if perimeter == "" || perimeter == c.Perimeter {
			count(c)
		}
	}
	for _, r := range d.parts.Book.Drafts() {
		if d.mine(ctx, r) == nil {
			count(*r.Value)
		}
	}
	return Words{mostUsed(topics), mostUsed(sources), mostUsed(communities)}
}

func mostUsed(uses map[string]int) []string {
	delete(uses, "")
	words := slices.SortedFunc(maps.Keys(uses), func(a, b string) int { return cmp.Or(uses[b]-uses[a], cmp.Compare(a, b)) })
	seen := map[string]bool{}
	words = slices.DeleteFunc(words, func(word string) bool { // of one word in capitals or not, the spelling most used
		folded := strings.ToLower(word)
		again := seen[folded]
		seen[folded] = true
		return again
	})
	return append([]string{}, words[:min(len(words), maxWords)]...)
}

type deskInput struct {
	Query string `query:"q" maxLength:"128" doc:"Mots que le titre, la source, les thèmes ou l'identifiant contiennent · Words that the title, the source, the topics or the id hold"`
	State State  `query:"state" enum:"live,planned,draft,submitted,ended" doc:"Une sorte seulement ; ended : expirés, retirés ou abandonnés · One sort only; ended: expired, withdrawn or discarded"`
	Skip  int    `query:"skip" minimum:"0" doc:"Combien en passer · How many to leave out"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

type deskOutput struct{ Body Desk }

type wordsOutput struct{ Body Words }

func (d *Drafts) registerDesk(api huma.API) {
	huma.Register(api, operation(http.MethodGet, "/v1/desk", "desk", "Lister les contenus et les brouillons, les plus récents d'abord", "List contents and drafts, the newest first",
		"Ce qui est en ligne, programmé, en brouillon, soumis, expiré, retiré ou abandonné, dans le périmètre de la clé : un contenu publié et son brouillon ne font qu'un."),
		func(ctx context.Context, in *deskInput) (*deskOutput, error) {
			return &deskOutput{d.Desk(ctx, in.Query, in.State, in.Skip, in.Limit)}, nil
		})
	huma.Register(api, operation(http.MethodGet, "/v1/desk/words", "desk-words", "Lister les thèmes, sources et communautés en usage", "List the topics, sources and communities in use", "Les plus employés d'abord, deux cents au plus de chaque."),
		func(ctx context.Context, _ *struct{}) (*wordsOutput, error) {
			return &wordsOutput{d.Words(ctx)}, nil
		})
}
