package analytics_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
)

// county is a town that says whom each question of reach was about.
type county struct {
	town
	reached map[string]int // agents by aims
}

func (c county) Reach(aims []fil.Aim, _ string) (int, map[string]int) {
	return c.reached[fmt.Sprint(aims)], nil
}

// serveTo gives the reports to a caller with a perimeter.
func serveTo(t *testing.T, w *warehouse.Warehouse, of county, perimeter string) *httptest.Server {
	t.Helper()
	reports, err := analytics.NewReports(analytics.Parts{
		Tallies: w, Targeting: of, Contents: of, Schema: schema(), Guard: fil.Guard{Threshold: fil.DefaultThreshold},
		Zone: time.UTC, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return start.Add(72 * time.Hour) },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	analytics.Register(humago.New(mux, huma.DefaultConfig("Fil", "test")), reports)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(fil.WithCaller(r.Context(), fil.Caller{Role: fil.RoleLeader, Perimeter: perimeter, Sample: true})))
	}))
	t.Cleanup(server.Close)
	return server
}

// A caller with a perimeter has figures on the contents of that perimeter and on no other, in an overview too.
func TestReports_KeepToThePerimeter(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	var facts []fil.Record
	read := func(content string, from, to int) {
		for n := from; n < to; n++ {
			facts = append(facts, act(t, int64(len(facts)), fmt.Sprint(len(facts)), fil.Engagement{Kind: fil.Read, Agent: agentID(n), Content: content}))
		}
	}
	const odd = `l'\agent" ,é]`
	read("national", 0, 90)
	read("p1", 0, 20)
	read(odd, 10, 25)
	read("q1", 0, 30)
	record(t, r, facts...)
	of := county{
		town: town{contents: []fil.Content{
			{ID: "national", PublishedAt: start},
			{ID: "p1", PublishedAt: start, Perimeter: "P", Audiences: []string{"b", "a"}},
			{ID: odd, PublishedAt: start, Perimeter: "P", Audiences: []string{"a"}},
			{ID: "q1", PublishedAt: start, Perimeter: "Q", Audiences: []string{"a"}},
		}},
		reached: map[string]int{"[{[a b] P}]": 40, "[{[a] Q}]": 50, "[{[] } {[a b] P} {[a] Q}]": 200},
	}
	for perimeter, want := range map[string]struct {
		readers, reads, targeted float64
		known                    []string
	}{
		"":   {90, 155, 200, []string{"national", "p1", "q1"}},
		"P":  {25, 35, 40, []string{"p1"}},
		"Q":  {30, 30, 50, []string{"q1"}},
		"no": {0, 0, 0, nil},
	} {
		t.Run(perimeter, func(t *testing.T) {
			server := serveTo(t, w, of, perimeter)
			_, body := get(t, server, "/v1/reports/overview", nil, nil)
			totals, _ := body["totals"].(map[string]any)
			for name, figure := range map[string]float64{"readers": want.readers, "reads": want.reads, "targeted": want.targeted} {
				if totals[name] != figure {
					t.Errorf("%s are %v, want %v: %v", name, totals[name], figure, body)
				}
			}
			var known []string
			for _, id := range []string{"national", "p1", "q1"} {
				if res, _ := get(t, server, "/v1/contents/"+id+"/report", nil, nil); res.StatusCode == http.StatusOK {
					known = append(known, id)
				}
			}
			if fmt.Sprint(known) != fmt.Sprint(want.known) {
				t.Errorf("reports are given on %v, want %v", known, want.known)
			}
		})
	}
}

// An overview names the contents of a perimeter to the engine: as many as an address takes, and a clear refusal beyond.
func TestReports_OfAsManyContentsAsAnAddressTakes(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	const id = "%030d-é"
	var facts []fil.Record
	for n := range 15 {
		facts = append(facts, act(t, int64(n), fmt.Sprint(n), fil.Engagement{Kind: fil.Read, Agent: agentID(n), Content: fmt.Sprintf(id, 700*n)}))
	}
	record(t, r, facts...)
	for n, status := range map[int]int{11_000: http.StatusOK, 12_000: http.StatusUnprocessableEntity} {
		var of county
		for i := range n {
			of.contents = append(of.contents, fil.Content{ID: fmt.Sprintf(id, i), PublishedAt: start, Perimeter: "P"})
		}
		res, body := get(t, serveTo(t, w, of, "P"), "/v1/reports/overview", nil, nil)
		if res.StatusCode != status {
			t.Fatalf("%d contents: answered %d, want %d: %v", n, res.StatusCode, status, body)
		}
		if totals, ok := body["totals"].(map[string]any); ok && totals["readers"] != 15. {
			t.Errorf("%d contents have %v readers, want 15", n, totals["readers"])
		}
	}
}
