package analytics_test

import (
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
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

func (w town) Reach(_ []fil.Aim, by string) (int, map[string]int) { return w.total, w.groups[by] }

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
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(fil.WithCaller(r.Context(), fil.Caller{Role: fil.RoleLeader, Sample: true})))
	}))
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

// visits fills a warehouse: each agent of a service reads once a day on some days.
func visits(t testing.TB, w *warehouse.Warehouse, services map[string]int, days map[int]int) {
	t.Helper()
	r, _ := newRecorder(t, w)
	var facts, entries []fil.Record
	for _, service := range slices.Sorted(maps.Keys(services)) {
		for n := range services[service] {
			id := service + agentID(n)
			entries = append(entries, enrol(t, int64(len(entries)), id, &fil.Agent{Attributes: map[string]any{"service": service, "skills": []string{service, "sql"}}}))
			for day, readers := range days {
				if n < readers {
					facts = append(facts, act(t, int64(len(facts)), id+time.Duration(day).String(), fil.Engagement{Kind: fil.Read, Agent: id, Time: start.AddDate(0, 0, -day)}))
				}
			}
		}
	}
	record(t, r, facts...)
	enrolAll(t, r, entries)
}

// enrolAll gives the directory from its first record.
func enrolAll(t testing.TB, r *analytics.Recorder, entries []fil.Record) {
	t.Helper()
	if err := r.Directory(t.Context(), 0, entries); err != nil {
		t.Fatal(err)
	}
}

func rowsOf(body map[string]any, name string) map[string]any {
	got := map[string]any{}
	for _, row := range body["rows"].([]any) {
		row := row.(map[string]any)
		value, _ := row["value"].(string)
		day, _ := row["day"].(string)
		got[value+day] = row[name]
	}
	return got
}

func TestReports_RowsAreCutAndWithheld(t *testing.T) {
	w := open(t, settings(t))
	visits(t, w, map[string]int{"eau": 4, "paie": 12, "voirie": 40, "=cmd|' /C calc'!A0": 50}, map[int]int{0: 100, 1: 3, 2: 30})
	server := serve(t, w, town{
		total: 120, groups: map[string]map[string]int{"service": {"eau": 4, "paie": 14, "voirie": 40, "=cmd|' /C calc'!A0": 50}},
		contents: []fil.Content{{ID: "voeux", PublishedAt: start.AddDate(0, 0, -1)}},
	})
	day := func(n int) string { return start.AddDate(0, 0, -n).Format(time.DateOnly) }
	for name, test := range map[string]struct {
		query  url.Values
		column string
		want   map[string]any
	}{
		"by service":    {url.Values{"by": {"service"}}, "readers", map[string]any{"": 0., "eau": nil, "paie": nil, "voirie": 40., "=cmd|' /C calc'!A0": 50.}},
		"aimed at":      {url.Values{"by": {"service"}}, "targeted", map[string]any{"": nil, "eau": nil, "paie": 14., "voirie": 40., "=cmd|' /C calc'!A0": 50.}},
		"every day":     {url.Values{"every": {"day"}}, "readers", map[string]any{day(0): 106., day(1): 12., day(2): 76.}},
		"aimed, by day": {url.Values{"every": {"day"}}, "targeted", map[string]any{day(0): 120., day(1): 120., day(2): 0.}},
		"one day":       {url.Values{"every": {"day"}, "from": {day(1)}, "to": {day(1)}}, "reads", map[string]any{day(1): 12.}},
		"both": {url.Values{"every": {"day"}, "by": {"service"}, "from": {day(1)}}, "reads", map[string]any{
			"eau" + day(0): nil, "paie" + day(0): nil, "voirie" + day(0): 40., "=cmd|' /C calc'!A0" + day(0): 50.,
			"eau" + day(1): nil, "paie" + day(1): nil, "voirie" + day(1): nil, "=cmd|' /C calc'!A0" + day(1): nil,
		}},
		"a list": {url.Values{"by": {"skills"}}, "reads", map[string]any{
			"eau": nil, "paie": nil, "voirie": 40. + 3 + 30, "=cmd|' /C calc'!A0": 50. + 3 + 30, "sql": 106. + 12 + 76,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := get(t, server, "/v1/reports/overview", test.query, nil)
			if res.StatusCode != http.StatusOK {
				t.Fatalf("answered %d: %v", res.StatusCode, body)
			}
			if got := rowsOf(body, test.column); !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s are %v, want %v", test.column, got, test.want)
			}
		})
	}
}

func TestReports_SpeakCSV(t *testing.T) {
	w := open(t, settings(t))
	visits(t, w, map[string]int{"eau": 4, "paie": 12, "=cmd|' /C calc'!A0": 50}, map[int]int{0: 100})
	server := serve(t, w, town{contents: []fil.Content{{ID: "voeux", PublishedAt: start}}})
	for _, path := range []string{"/v1/contents/voeux/report", "/v1/reports/overview"} {
		res, _ := get(t, server, path, url.Values{"by": {"service"}}, http.Header{"Accept": {"text/csv, application/json;q=0.5"}})
		if got := res.Header.Get("Content-Type"); got != "text/csv; charset=utf-8; header=present" {
			t.Fatalf("content type is %q", got)
		}
		records, err := csv.NewReader(res.Body).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, rec := range records {
			got = append(got, rec[0]+":"+rec[1]+":"+rec[6]+":"+rec[10])
		}
		want := []string{"scope:value:readers:reads", "total::66:66", "row:'=cmd|' /C calc'!A0:50:50", "row:eau::", "row:paie::"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: rows are %q, want %q", path, got, want)
		}
	}
}

func TestReports_SayWhatIsWrong(t *testing.T) {
	w := open(t, settings(t))
	server := serve(t, w, town{contents: []fil.Content{{ID: "voeux", PublishedAt: start}}})
	for name, test := range map[string]struct {
		path   string
		query  url.Values
		status int
		field  string
	}{
		"unknown content":  {"/v1/contents/nothing/report", nil, 404, ""},
		"undeclared":       {"/v1/reports/overview", url.Values{"by": {"union"}}, 422, "query.by"},
		"undeclared again": {"/v1/contents/voeux/report", url.Values{"by": {"id"}}, 422, "query.by"},
		"no date":          {"/v1/reports/overview", url.Values{"from": {"hier"}}, 422, "query.from"},
		"no period":        {"/v1/reports/overview", url.Values{"every": {"hour"}}, 422, "query.every"},
	} {
		t.Run(name, func(t *testing.T) {
			french, body := get(t, server, test.path, test.query, nil)
			english, inEnglish := get(t, server, test.path, test.query, http.Header{"Accept-Language": {"en-GB"}})
			if french.StatusCode != test.status || english.StatusCode != test.status || french.Header.Get("Content-Type") != "application/problem+json" {
				t.Fatalf("answered %d and %d: %v", french.StatusCode, english.StatusCode, body)
			}
			if body["detail"] == inEnglish["detail"] {
				t.Errorf("French and English are both %q", body["detail"])
			}
			if test.field != "" && body["errors"].([]any)[0].(map[string]any)["location"] != test.field {
				t.Errorf("errors are %v, want one of %s", body["errors"], test.field)
			}
		})
	}
}

func TestReports_AnEmptyHouseHasZeros(t *testing.T) {
	server := serve(t, open(t, settings(t)), town{})
	_, body := get(t, server, "/v1/reports/overview", url.Values{"every": {"month"}, "by": {"org"}}, nil)
	for name, figure := range body["totals"].(map[string]any) {
		if figure != 0. {
			t.Errorf("%s is %v, want 0", name, figure)
		}
	}
	if body["withheld"] != nil || len(body["rows"].([]any)) != 0 {
		t.Errorf("answer is %v", body)
	}
}

func TestReports_AttributesAndContentsAreNotSQL(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	const evil = `x' OR 1=1 -- \' {from:Int64} ;DROP TABLE facts`
	var facts []fil.Record
	for n := range 24 {
		facts = append(facts, act(t, int64(n), agentID(n), fil.Engagement{Kind: fil.Read, Agent: agentID(n), Content: []string{evil, "voeux"}[n%2]}))
	}
	record(t, r, facts...)
	server := serve(t, w, town{contents: []fil.Content{{ID: evil, PublishedAt: start}, {ID: "voeux", PublishedAt: start}}})
	_, body := get(t, server, "/v1/contents/"+url.PathEscape(evil)+"/report", nil, nil)
	if got := body["totals"].(map[string]any)["reads"]; got != 12. {
		t.Errorf("reads are %v, want 12", got)
	}
}
