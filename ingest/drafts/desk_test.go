package drafts_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/drafts"
)

// atDesk is a desk of contents and of a history, at noon.
func atDesk(t *testing.T, contents []fil.Content, history ...string) *drafts.Drafts {
	t.Helper()
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	book := drafts.NewBook()
	for _, data := range history {
		r := fil.Record{Key: data[:10], Event: fil.Event{Type: drafts.TypeRevision, Data: []byte(data[11:])}}
		if err := book.Apply([]fil.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := drafts.New(drafts.Config{Gate: drafts.GatePeople}, drafts.Parts{
		Book: book, Contents: func() []fil.Content { return contents }, Zone: time.UTC, Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// line writes a revision "ID/number" of a content of two letters.
func line(id string, number int, state, title, perimeter string, hour int) string {
	value := ""
	if title != "" {
		value = fmt.Sprintf(`,"value":{"id":%q,"title":%q,"topics":["rh"],"source":"DRH","perimeter":%q}`, id+".", title, perimeter)
	}
	return fmt.Sprintf(`%[1]s./%06[2]d {"content":"%[1]s.","number":%[2]d,"state":%[3]q,"perimeter":%[6]q%[4]s,"steps":[{"what":"x","at":"2026-11-19T%02[5]d:00:00Z"}]}`, id, number, state, value, hour, perimeter)
}

func TestDesk_TellsEachContentOnce(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, time.November, n, 8, 0, 0, 0, time.UTC) }
	d := atDesk(t, []fil.Content{
		{ID: "on.", Title: "En ligne", PublishedAt: day(1), Topics: []string{"rh", "paie"}, Source: "DRH"},
		{ID: "la.", Title: "Plus tard", PublishedAt: day(25), Perimeter: "P", Community: "juristes"},
		{ID: "ex.", Title: "Finie", PublishedAt: day(2), ExpiresAt: day(3), Topics: []string{"rh"}},
		{ID: "wi.", Title: "Retirée", PublishedAt: day(2), ExpiresAt: day(4)},
	},
		line("on", 1, "published", "En ligne", "", 8), line("on", 2, "submitted", "En ligne, revue", "", 9),
		line("wi", 1, "withdrawn", "", "", 10),
		line("dr", 1, "draft", "Ébauche", "P", 11),
		line("go", 1, "published", "Programmée puis retirée", "", 7), line("go", 2, "withdrawn", "", "", 7),
		line("no", 1, "discarded", "Abandonnée", "", 6),
	)
	told := func(page drafts.Desk) (lines []string) {
		for _, m := range page.Contents {
			lines = append(lines, fmt.Sprint(m.ID, m.State, m.Draft))
		}
		return lines
	}
	within := func(perimeter string) context.Context {
		return fil.WithCaller(t.Context(), fil.Caller{Perimeter: perimeter})
	}
	cases := []struct {
		perimeter   string
		text        string
		state       drafts.State
		skip, limit int
		want        []string
		more        int
	}{
		{"", "", "", 0, 50, []string{"la.planned", "dr.draft", "wi.withdrawn", "on.livesubmitted", "go.withdrawn", "no.discarded", "ex.expired"}, 0},
		{"", "", "", 1, 2, []string{"dr.draft", "wi.withdrawn"}, 4},
		{"", "", "", 9, 2, nil, 0},
		{"", "", "ended", 0, 50, []string{"wi.withdrawn", "go.withdrawn", "no.discarded", "ex.expired"}, 0},
		{"", "", drafts.Submitted, 0, 50, []string{"on.livesubmitted"}, 0},
		{"", "DRH ligne", "", 0, 50, []string{"on.livesubmitted"}, 0},
		{"", "ébauche", drafts.Draft, 0, 50, []string{"dr.draft"}, 0},
		{"", "ébauche", drafts.Live, 0, 50, nil, 0},
		{"P", "", "", 0, 50, []string{"la.planned", "dr.draft"}, 0},
	}
	for _, c := range cases {
		page := d.Desk(within(c.perimeter), c.text, c.state, c.skip, c.limit)
		if got := told(page); !slices.Equal(got, c.want) || page.More != c.more {
			t.Errorf("%q %q from %d: %q and %d more, want %q and %d", c.text, c.state, c.skip, got, page.More, c.want, c.more)
		}
	}
	if got, want := fmt.Sprint(d.Desk(within(""), "", drafts.Live, 0, 1).Counts), "map[all:7 draft:1 ended:4 live:1 planned:1 submitted:1]"; got != want {
		t.Errorf("counts are %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(d.Words(within(""))), "{[rh paie] [DRH] [juristes]}"; got != want {
		t.Errorf("words are %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(d.Words(within("P"))), "{[rh] [DRH] [juristes]}"; got != want {
		t.Errorf("P's words are %s, want %s", got, want)
	}
}
