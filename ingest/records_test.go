package ingest_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
)

func TestRecordLives(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, writer, reader, first, second string }{
		{"agents", "ingest", "service", `{"org":"/ville/voirie/","attributes":{"grade":"A","skills":["vélo","arbre","vélo"]}}`, `{"id":"x1","org":"ville/parcs"}`},
		{"audiences", "communicator", "leader", `{"name":"Cadres","rule":"grade == \"A\""}`, `{"name":"Cadres","members":["a1"]}`},
		{"contents", "communicator", "ingest", `{"title":"Piscine <fermée>","topics":["sport"]}`, `{"title":"Piscine ouverte","published_at":"2026-03-01T09:00:00+01:00"}`},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			path, topic := "/v1/"+c.kind+"/x1", fil.Topic("fil."+c.kind)
			h.want(http.StatusNotFound, c.reader, "GET", path, "")
			h.want(http.StatusNotFound, c.writer, "DELETE", path, "")

			created := h.want(http.StatusCreated, c.writer, "PUT", path, c.first)
			read := h.want(http.StatusOK, c.reader, "GET", path, "")
			tag := created.header.Get("ETag")
			if tag == "" || tag != read.header.Get("ETag") {
				t.Errorf("ETag %q when written, %q when read", tag, read.header.Get("ETag"))
			}
			h.want(http.StatusNotModified, c.reader, "GET", path, "", "If-None-Match", tag)
			again := h.want(http.StatusOK, c.writer, "PUT", path, c.first)
			if again.header.Get("ETag") != tag || string(again.body) != string(created.body) {
				t.Errorf("the same record again: %v, want %v", again, created)
			}
			h.want(http.StatusOK, c.writer, "PUT", path, string(read.body)) // what was read can be written back

			replaced := h.want(http.StatusOK, c.writer, "PUT", path, c.second)
			if replaced.header.Get("ETag") == tag {
				t.Error("another record has the same ETag")
			}
			h.want(http.StatusNoContent, c.writer, "DELETE", path, "")
			h.want(http.StatusNotFound, c.reader, "GET", path, "")

			records := h.logged(topic)
			if len(records) != 3 || records[2].Event.Data != nil || records[0].Key != "x1" {
				t.Fatalf("the log has %v, want a record, its successor and a tombstone", records)
			}
			for outcome, want := range map[string]float64{"admitted": 3, "duplicate": 2} {
				if got := h.counter("fil_ingest_records_total", outcome, string(topic)); got != want {
					t.Errorf("%v %s counted, want %v", got, outcome, want)
				}
			}
		})
	}
}

func TestRefusedRecordNamesItsFields(t *testing.T) {
	t.Parallel()
	h := setup(t)
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for name, c := range map[string]struct {
		path, body string
		status     int
		fields     string
	}{
		"unknown field":          {"agents/a1", `{"orgg":"x","site":3}`, 422, "orgg site"},
		"undeclared attribute":   {"agents/a1", `{"attributes":{"religion":"x","grade":12,"manager":"yes","hired":"31/01/2026","skills":[1]}}`, 422, "attributes.grade attributes.hired attributes.manager attributes.religion attributes.skills"},
		"suspended":              {"agents/a1", `{"inactive":"yes","directory":["x"]}`, 422, "inactive"},
		"what a directory keeps": {"agents/a1", `{"directory":["x"]}`, 422, "directory"},
		"other id":               {"agents/a1", `{"id":"a2"}`, 422, "id"},
		"id with space":          {"agents/a%201", `{}`, 422, "id"},
		"not an object":          {"agents/a1", `[]`, 422, ""},
		"null":                   {"agents/a1", `null`, 422, ""},
		"not JSON":               {"agents/a1", `{"org":`, 400, ""},
		"empty":                  {"agents/a1", ``, 400, ""},
		"values not allowed":     {"agents/a1", `{"attributes":{"branch":"FTP","tools":["sig","exel"],"supervisor":"","phone":"01 02"}}`, 422, "attributes.branch attributes.supervisor attributes.tools"},
		"too deep":               {"agents/a1", `{"attributes":` + deep + `}`, 422, ""},
		"too large":              {"agents/a1", `{"org":"` + strings.Repeat("x", 100<<10) + `"}`, 413, ""},
		"rule":                   {"audiences/g", `{"name":"g","rule":"grade !!"}`, 422, "rule"},
		"nameless":               {"audiences/g", `{"members":[""],"directory":1}`, 422, "directory members name"},
		"content revised before": {"contents/c1", `{"title":"x","published_at":"2026-01-01T00:00:00Z","revised_at":"2025-12-31T00:00:00Z"}`, 422, "revised_at"},
		"content revised later":  {"contents/c1", `{"title":"x","published_at":"2026-01-01T00:00:00Z","revised_at":"2026-03-02T08:06:00Z"}`, 422, "revised_at"},
		"content":                {"contents/c1", `{"kind":"poem","priority":9,"published_at":"2026-01-01T00:00:00Z","expires_at":"2025-01-01T00:00:00Z"}`, 422, "expires_at kind priority title"},
		"content's types":        {"contents/c1", `{"title":1,"published_at":"hier","priority":"haute","topics":"x","translations":{"en":{"titel":"x"}}}`, 422, "priority published_at title topics translations.en.titel"},
	} {
		t.Run(name, func(t *testing.T) {
			role := "communicator"
			if strings.HasPrefix(c.path, "agents") {
				role = "ingest"
			}
			r := h.want(c.status, role, "PUT", "/v1/"+c.path, c.body)
			p := decode[problem](t, r)
			if got := locations(p); got != c.fields {
				t.Errorf("fields %q, want %q: %v", got, c.fields, r)
			}
			if r.header.Get("Content-Type") != "application/problem+json" || p.Status != c.status || p.Title == "" || p.Detail == "" {
				t.Errorf("not a problem of RFC 9457: %v %v", r.header, r)
			}
		})
	}
	if got := h.logged(fil.TopicAgents); len(got) > 0 {
		t.Errorf("refused, but in the log: %v", got)
	}
}

func locations(p problem) string {
	var fields []string
	for _, e := range p.Errors {
		if e.Location != "" {
			fields = append(fields, e.Location)
		}
	}
	return strings.Join(sorted(fields), " ")
}

func TestWhatADirectoryKeepsIsInTheLog(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.want(http.StatusCreated, "ingest", "PUT", "/v1/agents/a1", `{"inactive":true,"directory": {"userName": "ana"}}`)
	h.want(http.StatusOK, "ingest", "PUT", "/v1/agents/a1", `{"inactive":false,"directory":null}`)
	var got []string
	for _, rec := range h.logged(fil.TopicAgents) {
		got = append(got, string(rec.Event.Data))
	}
	if want := []string{`{"id":"a1","inactive":true,"directory":{"userName":"ana"}}`, `{"id":"a1"}`}; !slices.Equal(got, want) {
		t.Errorf("the log has %q, want %q", got, want)
	}
}

func TestProblemsSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for language, want := range map[string]string{"": "Données refusées|n'est pas un champ connu", "fr-FR,en": "Données refusées|n'est pas un champ connu", "en-GB,fr": "Unprocessable Entity|is not a known field"} {
		p := decode[problem](t, h.want(422, "ingest", "PUT", "/v1/agents/a1", `{"x":1}`, "Accept-Language", language))
		title, message, _ := strings.Cut(want, "|")
		if p.Title != title || !strings.HasPrefix(p.Errors[0].Message, message) {
			t.Errorf("%q: %q, %q", language, p.Title, p.Errors[0].Message)
		}
	}
}

func TestRolesAreHeld(t *testing.T) {
	t.Parallel()
	h := setup(t)
	body := map[string]string{"agents": `{}`, "audiences": `{"name":"x"}`, "contents": `{"title":"x"}`}
	allowed := map[string]string{
		"PUT agents": "ingest", "GET agents": "ingest service", "DELETE agents": "ingest", "POST agents": "ingest", "LIST agents": "ingest service",
		"PUT audiences": "communicator", "GET audiences": "communicator leader", "DELETE audiences": "communicator", "POST audiences": "communicator", "LIST audiences": "communicator leader",
		"PUT contents": "communicator ingest", "GET contents": "communicator leader service ingest", "DELETE contents": "communicator ingest", "POST contents": "communicator ingest", "LIST contents": "communicator leader service ingest",
	}
	for operation, roles := range allowed {
		verb, plural, _ := strings.Cut(operation, " ")
		method, path := verb, "/v1/"+plural+"/x"
		switch verb {
		case "POST":
			path = "/v1/" + plural + ":batch"
		case "LIST":
			method, path = "GET", "/v1/"+plural
		}
		for _, role := range fil.Roles() {
			r := h.ask(string(role), method, path, body[plural])
			if got, want := r.status != http.StatusForbidden, strings.Contains(roles, string(role)); got != want {
				t.Errorf("%s as %s: %v", operation, role, r)
			}
		}
		h.want(http.StatusUnauthorized, "stranger", method, path, body[plural])
	}
}

func TestConditionalWrites(t *testing.T) {
	t.Parallel()
	h := setup(t)
	tag := h.want(201, "ingest", "PUT", "/v1/agents/a1", `{"site":"Lyon"}`, "If-None-Match", "*").header.Get("ETag")
	h.want(412, "ingest", "PUT", "/v1/agents/a1", `{"site":"Nice"}`, "If-None-Match", "*")
	h.want(412, "ingest", "PUT", "/v1/agents/a2", `{"site":"Nice"}`, "If-Match", "*")
	h.want(200, "ingest", "PUT", "/v1/agents/a1", `{"site":"Nice"}`, "If-Match", `"other", `+tag)
	h.want(412, "ingest", "PUT", "/v1/agents/a1", `{"site":"Brest"}`, "If-Match", tag)
	h.want(412, "ingest", "DELETE", "/v1/agents/a1", "", "If-Match", tag)
	h.want(204, "ingest", "DELETE", "/v1/agents/a1", "", "If-Match", "*")
}

func TestWriteIsNotAnsweredWithoutTheLog(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.wire.cut(errAway)
	r := h.want(503, "ingest", "PUT", "/v1/agents/a1", `{"site":"Lyon"}`)
	if r.header.Get("Retry-After") == "" || r.header.Get("Content-Type") != "application/problem+json" || strings.Contains(string(r.body), "broker") {
		t.Errorf("log away: %v %v", r.header, r)
	}
	h.want(503, "ingest", "DELETE", "/v1/agents/a1", "") // it may be in the log: nobody can say that there is none
	h.wire.mend()
	h.want(201, "ingest", "PUT", "/v1/agents/a1", `{"site":"Lyon"}`)
}

// A write whose projection lags must not be undone by comparing the next one with what the projection still shows.
func TestLaggingProjectionLosesNoWrite(t *testing.T) {
	t.Parallel()
	lag := make(chan struct{})
	h := setup(t, func(c *ingest.Config, _ *ingest.Parts) {
		c.ApplyTimeout = 1 // ns
	})
	h.want(201, "ingest", "PUT", "/v1/agents/a1", `{"site":"Lyon"}`)
	eventually(t, "a1 is known", func() bool { _, ok := h.book.Agent("a1"); return ok })
	h.clock.Add(int64(time.Hour)) // the first write is no longer in doubt
	h.book.freeze(lag)
	h.want(200, "ingest", "PUT", "/v1/agents/a1", `{"site":"Nice"}`)
	h.want(200, "ingest", "PUT", "/v1/agents/a1", `{"site":"Lyon"}`) // what the projection still shows
	close(lag)
	h.wire.mend()
	records := h.logged(fil.TopicAgents)
	if len(records) != 3 || !strings.Contains(string(records[2].Event.Data), "Lyon") {
		t.Errorf("the log has %v, want Lyon, Nice, Lyon", records)
	}
}

func TestContentStaysPublishedSinceItsFirstDay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	first := decode[fil.Content](t, h.want(201, "communicator", "PUT", "/v1/contents/c1", `{"title":"Un"}`))
	if !first.PublishedAt.Equal(h.now()) || first.Kind != "news" || first.Language != "fr" {
		t.Errorf("defaults: %+v", first)
	}
	h.clock.Add(int64(48 * time.Hour))
	second := decode[fil.Content](t, h.want(200, "communicator", "PUT", "/v1/contents/c1", `{"title":"Deux"}`))
	if !second.PublishedAt.Equal(first.PublishedAt) {
		t.Errorf("republished at %s without being told to, was %s", second.PublishedAt, first.PublishedAt)
	}
}

func TestAbsentValuesHaveOneForm(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.want(201, "ingest", "PUT", "/v1/agents/a1", `{}`)
	for _, body := range []string{`{"attributes":{}}`, `{"attributes":{"skills":[]}}`, `{"attributes":{"grade":null}}`, `{"attributes":null,"org":"/"}`} {
		if r := h.want(200, "ingest", "PUT", "/v1/agents/a1", body); string(r.body) != `{"id":"a1"}` {
			t.Errorf("%s is %s", body, r.body)
		}
	}
	if n := len(h.logged(fil.TopicAgents)); n != 1 {
		t.Errorf("%d in the log, want 1", n)
	}
}

func TestTraceTravels(t *testing.T) {
	t.Parallel()
	h := setup(t)
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	h.want(201, "ingest", "PUT", "/v1/agents/a1", `{}`, "Traceparent", trace)
	h.want(202, "ingest", "POST", "/v1/engagements", event("1", "a1", "c1", "read"), "Content-Type", "application/cloudevents+json", "Traceparent", trace)
	for _, topic := range []fil.Topic{fil.TopicAgents, fil.TopicEngagements} {
		if got := h.logged(topic)[0].Event.Extra["traceparent"]; got != trace {
			t.Errorf("%s: traceparent %q", topic, got)
		}
	}
}

// What is no trace context is left at the door, what is too long of it too, and what an agent's application says of it.
func TestTraceIsBounded(t *testing.T) {
	t.Parallel()
	const trace, own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for i, c := range []struct {
		role, parent, state, own string
		wantParent, wantState    string
	}{
		{"ingest", trace, "vendor=1", "", trace, "vendor=1"},
		{"ingest", trace, "vendor=" + strings.Repeat("x", 506), "", trace, ""},
		{"ingest", trace, "vendor=é", "", trace, ""},
		{"ingest", "", "vendor=1", "", "", ""},
		{"ingest", trace + "-more", "vendor=1", "", "", ""},
		{"ingest", strings.ToUpper(trace), "vendor=1", "", "", ""},
		{"ingest", trace, "vendor=1", own, own, ""},
		{"agent:a1", "", "", own, "", ""},
	} {
		h := setup(t)
		body := event(strconv.Itoa(i), "a1", "c1", "read")
		if c.own != "" {
			body = strings.Replace(body, `{`, `{"traceparent":"`+c.own+`",`, 1)
		}
		h.want(202, c.role, "POST", "/v1/engagements", body, "Content-Type", "application/cloudevents+json", "Traceparent", c.parent, "Tracestate", c.state)
		if got := h.logged(fil.TopicEngagements)[0].Event.Extra; got["traceparent"] != c.wantParent || got["tracestate"] != c.wantState {
			t.Errorf("%d: %v, want %q and %q", i, got, c.wantParent, c.wantState)
		}
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	h := setup(t)
	var lines []string
	for _, id := range []string{"b", "a", "d", "c", "e"} {
		lines = append(lines, `{"id":"`+id+`","org":"ville/`+id+`"}`)
	}
	h.want(200, "ingest", "POST", "/v1/agents:batch", strings.Join(lines, "\n"))
	h.want(201, "communicator", "PUT", "/v1/contents/c1", `{"title":"La Piscine"}`)
	h.want(201, "communicator", "PUT", "/v1/contents/c2", `{"title":"Le Parc"}`)
	h.want(201, "communicator", "PUT", "/v1/audiences/g1", `{"name":"Tous"}`)
	type page struct {
		Agents, Contents, Audiences []struct{ ID string }
		Next                        string
	}
	for query, want := range map[string]string{
		"agents": "a b c d e|", "agents?limit=2": "a b|b", "agents?limit=2&after=b": "c d|d", "agents?limit=2&after=d": "e|",
		"agents?limit=5": "a b c d e|", "agents?q=VILLE/C": "c|", "agents?q=zz": "|", "agents?q=ville&limit=1&after=c": "d|d",
		"contents": "c1 c2|", "contents?limit=1": "c1|c1", "contents?limit=1&after=c1": "c2|", "contents?q=parc": "c2|",
		"audiences": "g1|", "audiences?after=g1": "|",
	} {
		role := "communicator"
		if strings.HasPrefix(query, "agents") {
			role = "service"
		}
		r := h.want(200, role, "GET", "/v1/"+query, "")
		p := decode[page](t, r)
		var ids []string
		for _, list := range [][]struct{ ID string }{p.Agents, p.Contents, p.Audiences} {
			for _, one := range list {
				ids = append(ids, one.ID)
			}
		}
		if got := strings.Join(ids, " ") + "|" + p.Next; got != want || (p.Next != "") != strings.Contains(r.header.Get("Link"), `rel="next"`) {
			t.Errorf("%s: %s, want %s; Link %q", query, got, want, r.header.Get("Link"))
		}
		if strings.Contains(string(r.body), "null") {
			t.Errorf("%s: a list is null: %v", query, r)
		}
	}
	h.want(422, "service", "GET", "/v1/agents?limit=1000", "")
}
