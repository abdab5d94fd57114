package analytics_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// enrol is a record of the directory; a nil agent is a tombstone.
func enrol(t testing.TB, offset int64, id string, agent *fil.Agent) fil.Record {
	t.Helper()
	rec := fil.Record{Position: fil.Position{Topic: fil.TopicAgents, Offset: offset}, Key: id, Admitted: start}
	if agent == nil {
		rec.Event = fil.Event{ID: fmt.Sprint(offset), Source: "tests", Type: fil.TypeAgent}
		return rec
	}
	agent.ID = id
	var err error
	if rec.Event, err = fil.NewEvent(fil.TypeAgent, "tests", fmt.Sprint(offset), start, agent); err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestDirectory_TheLastWordHolds(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	var facts, entries []fil.Record
	add := func(id string, agent *fil.Agent) {
		entries = append(entries, enrol(t, int64(len(entries)), id, agent))
	}
	in := func(service string) *fil.Agent { return &fil.Agent{Attributes: map[string]any{"service": service}} }
	for n := range 60 {
		facts = append(facts, act(t, int64(n), fmt.Sprint(n), fil.Engagement{Kind: fil.Read, Agent: agentID(n)}))
		add(agentID(n), in("voirie"))
	}
	for n := range 20 {
		add(agentID(n), in("paie"))
	}
	for n := 20; n < 30; n++ {
		add(agentID(n), nil)
	}
	for n := 30; n < 35; n++ {
		away := in("paie")
		away.Inactive = true
		add(agentID(n), away)
	}
	record(t, r, facts...)
	for _, batch := range [][]fil.Record{entries[:70], entries[70:], entries[:10]} { // the last ones come again, late
		enrolAll(t, r, batch)
	}
	server := serve(t, w, town{contents: []fil.Content{{ID: "voeux", PublishedAt: start}}})
	_, body := get(t, server, "/v1/reports/overview", url.Values{"by": {"service"}}, nil)
	got := map[string]any{}
	for _, row := range body["rows"].([]any) {
		got[row.(map[string]any)["value"].(string)] = row.(map[string]any)["readers"]
	}
	if want := map[string]any{"paie": 20., "": 15., "voirie": 25.}; !reflect.DeepEqual(got, want) {
		t.Errorf("readers by service are %v, want %v", got, want)
	}
}

func TestDirectory_ValuesBecomeRows(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	var facts, entries []fil.Record
	for n := range 40 {
		agent := &fil.Agent{Org: "mairie/dgst/voirie", Site: "centre", Attributes: map[string]any{
			"manager": n%2 == 0, "days": 2.5, "hired": "2019-04-01", "skills": []string{"sql", "excel", "sql"}, "empty": "",
		}}
		if n >= 20 {
			agent.Org, agent.Attributes = "mairie/dgst/eau", map[string]any{"hired": "2019-12-31", "skills": []string{"sql"}}
		}
		entries = append(entries, enrol(t, int64(n), agentID(n), agent))
		facts = append(facts, act(t, int64(n), fmt.Sprint(n), fil.Engagement{Kind: fil.Read, Agent: agentID(n)}))
	}
	record(t, r, facts...)
	if err := r.Directory(t.Context(), 0, entries); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		kind fil.AttributeKind
		want map[string]uint64
	}{
		"org":     {fil.KindText, map[string]uint64{"mairie/dgst": 40}},
		"site":    {fil.KindText, map[string]uint64{"centre": 40}},
		"manager": {fil.KindBoolean, map[string]uint64{"true": 10, "false": 10, "": 20}},
		"days":    {fil.KindNumber, map[string]uint64{"2.5": 20, "": 20}},
		"hired":   {fil.KindDate, map[string]uint64{"2019": 40}},
		"skills":  {fil.KindList, map[string]uint64{"sql": 40, "excel": 20}},
		"empty":   {fil.KindText, map[string]uint64{"": 40}},
	} {
		_, rows, err := w.Tally(t.Context(), analytics.Question{By: name, Kind: test.kind, Zone: "UTC", Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]uint64{}
		for _, row := range rows {
			got[row.Value] = row.Agents
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("agents by %s are %v, want %v", name, got, test.want)
		}
	}
}

func TestDirectory_PoisonIsRejected(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	good := enrol(t, 0, "a", &fil.Agent{Site: "centre"})
	other, keyless, nested, broken := enrol(t, 1, "b", &fil.Agent{}), enrol(t, 2, "", nil), enrol(t, 3, "c", &fil.Agent{Attributes: map[string]any{"x": map[string]any{}}}), enrol(t, 4, "d", &fil.Agent{})
	other.Key, broken.Event.Data = "z", json.RawMessage(`{"id":`)
	rejected, rest := fil.Rejections(r.Directory(t.Context(), 0, []fil.Record{good, other, keyless, nested, broken}))
	if rest != nil || len(rejected) != 4 {
		t.Fatalf("rejections are %v and %v, want 4", rejected, rest)
	}
}

func FuzzDirectory_EntryOf(f *testing.F) {
	f.Add("a", []byte(`{"id":"a","org":"x/y","attributes":{"t":"v","n":1e300,"b":true,"l":["x",""],"z":null}}`))
	f.Add("a", []byte(`{"id":"a","attributes":{"l":[1,{}],"o":{"p":[]}}}`))
	f.Add("", []byte(`null`))
	r, _ := newRecorder(f, nil)
	f.Fuzz(func(t *testing.T, key string, data []byte) {
		rec := fil.Record{Key: key, Event: fil.Event{Data: data}, Position: fil.Position{Offset: 7}}
		entry, err := r.EntryOf(rec)
		if err != nil {
			if rejected, rest := fil.Rejections(err); len(rejected) != 1 || rest != nil {
				t.Fatalf("%v is not one rejection", err)
			}
			return
		}
		if entry.Agent != analytics.Pseudonym(testKey, key) || entry.Offset != 7 {
			t.Fatalf("entry is %+v", entry)
		}
		for name, values := range entry.Attributes {
			if len(values) == 0 {
				t.Fatalf("attribute %s has no value", name)
			}
			for i, v := range values {
				if v == "" || i > 0 && values[i-1] >= v {
					t.Fatalf("attribute %s has values %q: want each once, none empty", name, values)
				}
			}
		}
	})
}

func TestReports_ShowEngagementOnceTheContentIsKnown(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	record(t, r, reads(t, 0, 12)...)
	if res, _ := get(t, serve(t, w, town{}), "/v1/contents/voeux/report", nil, nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown content answers %d", res.StatusCode)
	}
	_, body := get(t, serve(t, w, town{contents: []fil.Content{{ID: "voeux", PublishedAt: start}}}), "/v1/contents/voeux/report", nil, nil)
	if got := body["totals"].(map[string]any)["reads"]; got != 12. {
		t.Errorf("reads are %v, want 12", got)
	}
}
