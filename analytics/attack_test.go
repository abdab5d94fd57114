package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/warehouse"
)

// deed is what the attacker must not learn: who did what, when, and from where.
type deed struct {
	kind                fil.EngagementKind
	agent, day, service string
	skills              []string
}

// TestReports_AnAnswerIsolatesNobody makes a population at random, asks every kind of question, and subtracts in each
// answer the rows given from the totals. What is left must be about nobody or about enough agents; what is given must be
// true.
func TestReports_AnAnswerIsolatesNobody(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := open(t, settings(t))
			deeds := population(t, w, rand.New(rand.NewPCG(seed, 1)))
			server := serve(t, w, town{contents: []fil.Content{{ID: "voeux", PublishedAt: start}}})
			for _, query := range []url.Values{
				{"by": {"service"}}, {"every": {"day"}}, {"every": {"month"}}, {"by": {"skills"}},
				{"by": {"service"}, "every": {"day"}}, {"by": {"skills"}, "every": {"week"}},
			} {
				_, body := get(t, server, "/v1/contents/voeux/report", query, nil)
				for column, kind := range map[string]fil.EngagementKind{"impressions": fil.Impression, "opens": fil.Open, "reads": fil.Read, "clicks": fil.Click} {
					isolate(t, body, query, column, kind, deeds)
				}
			}
		})
	}
}

func isolate(t *testing.T, body map[string]any, query url.Values, column string, kind fil.EngagementKind, deeds []deed) {
	t.Helper()
	agents, events := map[string]map[string]bool{}, map[string]int{}
	all, total := map[string]bool{}, 0
	for _, d := range deeds {
		if d.kind != kind {
			continue
		}
		all[d.agent] = true
		total++
		for _, key := range keysOf(d, query) {
			if agents[key] == nil {
				agents[key] = map[string]bool{}
			}
			agents[key][d.agent] = true
			events[key]++
		}
	}
	few := func(n int) bool { return n > 0 && n < fil.DefaultThreshold }
	given := body["totals"].(map[string]any)[column]
	if few(len(all)) != (given == nil) || given != nil && given != float64(total) {
		t.Fatalf("%v: total %s is %v, want %d of %d agents", query, column, given, total, len(all))
	}
	hidden := map[string]bool{}
	for _, item := range body["rows"].([]any) {
		row := item.(map[string]any)
		value, _ := row["value"].(string)
		day, _ := row["day"].(string)
		key := value + "|" + day
		if row[column] == nil {
			for agent := range agents[key] {
				hidden[agent] = true
			}
			continue
		}
		if few(len(agents[key])) || row[column] != float64(events[key]) {
			t.Fatalf("%v: %s of %q is %v, want %d of %d agents", query, column, key, row[column], events[key], len(agents[key]))
		}
	}
	if given != nil && few(len(hidden)) {
		t.Fatalf("%v: total %s less the rows given is about %d agents", query, column, len(hidden))
	}
}

func keysOf(d deed, query url.Values) []string {
	values, day := []string{""}, ""
	switch query.Get("by") {
	case "service":
		values = []string{d.service}
	case "skills":
		if values = d.skills; len(values) == 0 {
			values = []string{""}
		}
	}
	at, err := time.Parse(time.DateOnly, d.day)
	if err != nil {
		return nil // the days are ours
	}
	switch query.Get("every") {
	case "day":
		day = d.day
	case "week":
		day = at.AddDate(0, 0, -(int(at.Weekday())+6)%7).Format(time.DateOnly)
	case "month":
		day = at.AddDate(0, 0, 1-at.Day()).Format(time.DateOnly)
	}
	keys := make([]string, len(values))
	for i, value := range values {
		keys[i] = value + "|" + day
	}
	return keys
}

func population(t *testing.T, w *warehouse.Warehouse, random *rand.Rand) []deed {
	t.Helper()
	r, _ := newRecorder(t, w)
	var facts, entries []fil.Record
	var deeds []deed
	kinds := []fil.EngagementKind{fil.Impression, fil.Impression, fil.Impression, fil.Open, fil.Read, fil.Click}
	for n := range 40 + random.IntN(80) {
		id := agentID(n)
		d := deed{agent: id, service: []string{"", "eau", "paie", "voirie", "voirie", "voirie"}[random.IntN(6)]}
		for _, skill := range []string{"sql", "droit"} {
			if random.IntN(2) == 0 {
				d.skills = append(d.skills, skill)
			}
		}
		entries = append(entries, enrol(t, int64(n), id, &fil.Agent{Attributes: map[string]any{"service": d.service, "skills": d.skills}}))
		for range random.IntN(4) {
			d.kind = kinds[random.IntN(len(kinds))]
			at := start.AddDate(0, 0, -random.IntN(5)*random.IntN(5)).Add(time.Hour)
			d.day = at.Format(time.DateOnly)
			deeds = append(deeds, d)
			facts = append(facts, act(t, int64(len(facts)), fmt.Sprint(len(facts)), fil.Engagement{Kind: d.kind, Agent: id, Time: at}))
		}
	}
	record(t, r, facts...)
	enrolAll(t, r, entries)
	return deeds
}
