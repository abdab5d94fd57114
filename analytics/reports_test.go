package analytics_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
)

// town is a small public body whose catalogue and audiences are plain values.
type town struct {
	contents []fil.Content
	groups   map[string]map[string]int // by attribute
	total    int
}

func (w town) Contents() []fil.Content { return w.contents }

func (w town) Content(id string) (fil.Content, bool) {
	for _, c := range w.contents {
		if c.ID == id {
			return c, true
		}
	}
	return fil.Content{}, false
}

func (w town) Reach(_ []string, by string) (int, map[string]int) { return w.total, w.groups[by] }

func schema() fil.Schema {
	return fil.Schema{{Name: "service", Kind: fil.KindText}, {Name: "skills", Kind: fil.KindList}}
}

// serve gives the reports over HTTP.
func serve(t testing.TB, w *warehouse.Warehouse, of town) *httptest.Server {
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
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func get(t testing.TB, server *httptest.Server, path string, query url.Values, header http.Header) (*http.Response, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	var body map[string]any
	if header.Get("Accept") == "" {
		if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
	}
	return res, body
}

func TestReports_CountEventsAndDistinctAgents(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	var batch []fil.Record
	add := func(e fil.Engagement) {
		batch = append(batch, act(t, int64(len(batch)), time.Duration(len(batch)).String(), e))
	}
	for n := range 30 {
		add(fil.Engagement{Kind: fil.Impression, Agent: agentID(n)})
		add(fil.Engagement{Kind: fil.Impression, Agent: agentID(n)})
		if n < 20 {
			add(fil.Engagement{Kind: fil.Open, Agent: agentID(n)})
			add(fil.Engagement{Kind: fil.Dwell, Agent: agentID(n), Dwell: 4})
			add(fil.Engagement{Kind: fil.Dwell, Agent: agentID(n), Dwell: float64(n)})
		}
		if n < 9 {
			add(fil.Engagement{Kind: fil.Click, Agent: agentID(n)})
		}
	}
	record(t, r, batch...)
	server := serve(t, w, town{total: 40, contents: []fil.Content{{ID: "voeux", PublishedAt: start}}})
	for _, path := range []string{"/v1/contents/voeux/report", "/v1/reports/overview"} {
		res, body := get(t, server, path, nil, nil)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s answered %d: %v", path, res.StatusCode, body)
		}
		totals := body["totals"].(map[string]any)
		for name, want := range map[string]any{
			"targeted": 40., "shown": 30., "impressions": 60., "opened": 20., "opens": 20., "dwell_median_seconds": 13.5, "clicks": nil, "shares": 0.,
		} {
			if got, ok := totals[name]; !ok || got != want {
				t.Errorf("%s: %s is %v, want %v", path, name, got, want)
			}
		}
		if body["withheld"] == nil {
			t.Errorf("%s does not say why clicks are withheld", path)
		}
	}
}
