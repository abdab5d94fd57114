package persona_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/persona"
)

var noon = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

// alone is a directory of the persona, in some audiences.
type alone []string

func (a alone) Member(id string) (ranking.Member, bool) { return a, id == persona.ID }
func (a alone) In(audience string) bool                 { return slices.Contains(a, audience) }
func (alone) Org() string                               { return "" }
func (alone) Language() string                          { return "" }
func (alone) Stamp() uint64                             { return 1 }

func news(id string, hours int, change ...func(*fil.Content)) fil.Content {
	c := fil.Content{ID: id, Kind: "news", Title: "Titre " + id, PublishedAt: noon.Add(-time.Duration(hours) * time.Hour)}
	for _, do := range change {
		do(&c)
	}
	return c
}

func about(topic string) func(*fil.Content) {
	return func(c *fil.Content) { c.Topics = []string{topic} }
}

func show(t *testing.T, q persona.Question, in ...string) persona.Feed {
	t.Helper()
	if q.At.IsZero() {
		q.At = noon
	}
	if q.Limit == 0 {
		q.Limit = 20
	}
	feed, err := persona.Show(q, ranking.DefaultPolicy(), alone(in))
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

func ids(f persona.Feed) (all []string) {
	for _, item := range f.Items {
		all = append(all, item.Content)
	}
	return all
}

func TestShow_PutsTheDraftInThePlaceOfWhatIsPublished(t *testing.T) {
	t.Parallel()
	draft := news("b", 0, func(c *fil.Content) {
		c.Title, c.Translations = "Nouveau", map[string]fil.Variant{"en": {Title: "New", Summary: "In short"}}
	})
	feed := show(t, persona.Question{
		Draft: &draft, Persona: persona.Persona{Language: "en"}, Language: "fr", Order: fil.OrderChronological,
		Contents: []fil.Content{news("a", 5), news("b", 9), news("gone", 9, func(c *fil.Content) { c.ExpiresAt = noon }), news("later", -1)},
	})
	if got := ids(feed); !slices.Equal(got, []string{"b", "a"}) {
		t.Fatalf("the feed is %q: what has expired or is to come is in it, or the draft is not", got)
	}
	first := feed.Items[0]
	if !first.Draft || first.Title != "New" || first.Summary != "In short" || feed.Items[1].Draft || len(first.Reasons) == 0 {
		t.Errorf("the draft is shown as %+v", first)
	}
	if feed.Place == nil || *feed.Place != 1 || feed.Audience == nil || !*feed.Audience || feed.Explanation == nil || len(feed.Explanation.Operations) == 0 {
		t.Errorf("its place is %v, its audience %v, explained by %+v", feed.Place, feed.Audience, feed.Explanation)
	}
}

func TestShow_TellsWhomADraftIsFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		audiences []string
		perimeter string
		in        []string
		want      bool
	}{
		{nil, "", nil, true},
		{[]string{"x"}, "", nil, false},
		{[]string{"x", "y"}, "", []string{"y"}, true},
		{nil, "P", []string{"x"}, false},
		{[]string{"x"}, "P", []string{"x"}, false},
		{[]string{"x"}, "P", []string{"P"}, false},
		{[]string{"x"}, "P", []string{"x", "P"}, true},
	} {
		draft := news("d", 0, func(d *fil.Content) { d.Audiences, d.Perimeter = c.audiences, c.perimeter })
		feed := show(t, persona.Question{Draft: &draft}, c.in...)
		if *feed.Audience != c.want || (feed.Place != nil) != c.want {
			t.Errorf("for %q within %q, who is in %q: audience %t, place %v", c.audiences, c.perimeter, c.in, *feed.Audience, feed.Place)
		}
	}
	if feed := show(t, persona.Question{Contents: []fil.Content{news("a", 1)}}); feed.Audience != nil || feed.Place != nil || len(feed.Items) != 1 {
		t.Errorf("without a draft: %+v", feed)
	}
}

func TestShow_RanksByWhatThePersonaReadsAndFollows(t *testing.T) {
	t.Parallel()
	contents := []fil.Content{news("rh", 3, about("rh")), news("sport", 3, about("sport")), news("paie", 3, about("paie"))}
	for _, c := range []struct {
		persona persona.Persona
		first   string
	}{
		{persona.Persona{Read: []string{"sport"}}, "sport"},
		{persona.Persona{Follow: []string{"paie"}}, "paie"},
		{persona.Persona{Read: []string{"rh"}, Follow: []string{"rh"}}, "rh"},
	} {
		feed := show(t, persona.Question{Persona: c.persona, Contents: contents, Order: fil.OrderRanked})
		if got := ids(feed); len(got) != 3 || got[0] != c.first {
			t.Errorf("who reads %q and follows %q sees %q first, want %q, and nothing made up", c.persona.Read, c.persona.Follow, got, c.first)
		}
	}
}

func TestShow_IsBounded(t *testing.T) {
	t.Parallel()
	var contents []fil.Content
	for i := range 2003 {
		contents = append(contents, news(fmt.Sprint("c", i), i))
	}
	feed := show(t, persona.Question{Contents: contents, Order: fil.OrderChronological, Limit: 3})
	if got := ids(feed); !slices.Equal(got, []string{"c0", "c1", "c2"}) || feed.More != 3 {
		t.Errorf("the feed is %q, and %d were not ranked", got, feed.More)
	}
}

// asked answers a question over HTTP, with a door that refuses what has no title.
func asked(t *testing.T, body string) (int, string) {
	t.Helper()
	mux := http.NewServeMux()
	persona.Register(humago.New(mux, huma.DefaultConfig("Fil", "test")), persona.Parts{
		Policy:   ranking.DefaultPolicy,
		Cast:     func(fil.Agent) (ranking.Directory, error) { return alone{}, nil },
		Contents: func(context.Context) []fil.Content { return []fil.Content{news("a", 1)} },
		Draft: func(_ context.Context, raw []byte) (c fil.Content, err error) {
			if err := json.Unmarshal(raw, &c); err != nil {
				return c, err
			}
			if c.Title == "" {
				return c, fil.NewFault("title", "manque", "is missing")
			}
			return c, nil
		},
		Refused: func(err error, language string) error {
			var fault *fil.Fault
			if !errors.As(err, &fault) {
				return err
			}
			return huma.Error422UnprocessableEntity(fault.Field + " " + fault.Problem.In(language))
		},
		Now: func() time.Time { return noon },
	})
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/preview/feed", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	mux.ServeHTTP(answer, request)
	return answer.Code, answer.Body.String()
}

func TestPreview_ReadsAtTheMomentOfPublicationAndRefusesOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{`{"persona":{}}`, 200, `"at":"2026-11-20T12:00:00Z"`},
		{`{"persona":{},"content":{"id":"d","title":"D","kind":"news","published_at":"2026-12-24T08:00:00Z"}}`, 200, `"at":"2026-12-24T08:00:00Z"`},
		{`{"persona":{},"content":{"id":"d","title":"D","kind":"news","published_at":"2026-11-01T08:00:00Z"}}`, 200, `"at":"2026-11-20T12:00:00Z"`},
		{`{"persona":{},"content":{"id":"d"}}`, 422, "title manque"},
		{`{"persona":{},"at":"2026-11-20T11:58:00Z"}`, 422, "at doit être d'ici un an"},
		{`{"persona":{},"at":"2027-11-21T12:00:00Z"}`, 422, "at doit être d'ici un an"},
		{`{"persona":{"read":["1","2","3","4","5","6","7","8","9","10","11"]}}`, 422, "persona.read"},
		{`{"persona":{},"limit":51}`, 422, "limit"},
	} {
		status, body := asked(t, c.body)
		if status != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %s, want %d with %q", c.body, status, body, c.status, c.says)
		}
	}
}
