package ingest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
)

const (
	one   = "application/cloudevents+json"
	many  = "application/cloudevents-batch+json"
	lines = "application/x-ndjson"
)

func TestEveryFormOfCloudEvents(t *testing.T) {
	t.Parallel()
	body := event("1", "a1", "c1", "read")
	for name, c := range map[string]struct {
		body    string
		headers []string
	}{
		"structured":         {body, []string{"Content-Type", one + "; charset=UTF-8"}},
		"batched":            {"[" + body + "]", []string{"Content-Type", many}},
		"lines":              {"\n" + body + "\r\n\n", []string{"Content-Type", lines}},
		"lines without end":  {body, []string{"Content-Type", lines}},
		"JSON object":        {" " + body, []string{"Content-Type", "application/json"}},
		"JSON array":         {" [" + body + "]", []string{"Content-Type", "application/json"}},
		"no type":            {body, nil},
		"binary":             {`{"agent":"a1","content":"c1"}`, []string{"Content-Type", "application/json", "Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "test", "Ce-Type", "fil.engagement.read", "Ce-Time", "2026-03-01T10:00:00Z"}},
		"binary, encoded":    {`{"agent":"a1","content":"c1"}`, []string{"Ce-Specversion", "1.0", "Ce-Id", "%31", "Ce-Source", "te%73t", "Ce-Type", "fil.engagement.read", "Ce-Time", "2026-03-01T11:00:00%2B01:00"}},
		"unknown extensions": {strings.Replace(body, `"id"`, `"sequence":12,"dataschema":"https://example.org/s","id"`, 1), []string{"Content-Type", one}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			got := decode[tally](t, h.want(202, "service", "POST", "/v1/engagements", c.body, c.headers...))
			if got.Admitted != 1 || got.Duplicates != 0 || got.Refused != 0 || got.Unknown == nil || got.Unknown.Agents != 1 || got.Unknown.Contents != 1 {
				t.Errorf("answer %+v", got)
			}
			records := h.logged(fil.TopicEngagements)
			if len(records) != 1 {
				t.Fatalf("the log has %v", records)
			}
			e, err := fil.EngagementOf(records[0])
			want := fil.Engagement{Kind: fil.Read, Agent: "a1", Content: "c1", Time: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)}
			if err != nil || e != want || records[0].Key != "a1" || records[0].Event.Source != "test" || records[0].Event.ID != "1" || records[0].Event.Subject != "c1" {
				t.Errorf("the log has %+v (%v), want %+v", records[0], err, want)
			}
		})
	}
}

func TestRefusedEventNamesItsFields(t *testing.T) {
	t.Parallel()
	h := setup(t)
	good := event("1", "a1", "c1", "read")
	edit := func(old, replacement string) string { return strings.Replace(good, old, replacement, 1) }
	for name, c := range map[string]struct {
		body   string
		status int
		fields string
	}{
		"no agent":           {edit(`"agent":"a1",`, ``), 422, "data.agent"},
		"empty content":      {edit(`"content":"c1"`, `"content":""`), 422, "data.content"},
		"agent with space":   {edit(`"a1"`, `"a 1"`), 422, "data.agent"},
		"agent is a number":  {edit(`"a1"`, `1`), 422, "data.agent"},
		"negative dwell":     {edit(`"c1"`, `"c1","dwell":-1`), 422, "data.dwell"},
		"unknown data":       {edit(`"c1"`, `"c1","mail":"x@y"`), 422, "data.mail"},
		"no data":            {edit(`"data"`, `"datum"`), 422, "data"},
		"data is a text":     {edit(`{"agent":"a1","content":"c1"}`, `"x"`), 422, "data"},
		"unknown kind":       {edit("engagement.read", "engagement.VIEW"), 422, "type"},
		"kind in the data":   {edit("fil.engagement.read", "fil.engagement"), 422, "type"},
		"other type":         {edit("fil.engagement.read", "org.example.read"), 422, "type"},
		"type and agent":     {strings.Replace(edit("engagement.read", "x"), `"a1"`, `1`, 1), 422, "data.agent type"},
		"no id, no source":   {edit(`"id":"1","source":"test",`, ``), 422, "id source"},
		"bad time":           {edit("2026-03-01T10:00:00Z", "yesterday"), 422, "time"},
		"far future":         {edit("2026-03-01", "2026-03-04"), 422, "time"},
		"before computers":   {edit("2026-03-01", "1815-03-01"), 422, "time"},
		"other version":      {edit(`"1.0"`, `"0.3"`), 422, "specversion"},
		"base64":             {edit(`"data"`, `"data_base64"`), 422, "data_base64"},
		"not JSON data":      {edit(`"id"`, `"datacontenttype":"text/xml","id"`), 422, "datacontenttype"},
		"extension name":     {edit(`"id"`, `"Trace-Id":"x","id"`), 422, "Trace-Id"},
		"control character":  {edit(`"id":"1"`, `"id":"1\n2"`), 422, "id"},
		"not an object":      {`5`, 422, ""},
		"not JSON":           {`{"specversion"`, 400, ""},
		"nothing":            {``, 400, ""},
		"two events":         {good + good, 400, ""},
		"too large":          {edit(`"c1"`, `"`+strings.Repeat("c", 90<<10)+`"`), 413, ""},
		"too deep":           {edit(`"c1"`, strings.Repeat("[", 40)+strings.Repeat("]", 40)), 422, ""},
		"array in one event": {"[" + good + "]", 422, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.want(c.status, "service", "POST", "/v1/engagements", c.body, "Content-Type", one)
			p := decode[problem](t, r)
			if got := locations(p); got != c.fields {
				t.Errorf("fields %q, want %q: %v", got, c.fields, r)
			}
			if p.Detail == "" || r.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("not a problem: %v", r)
			}
		})
	}
	r := h.want(422, "service", "POST", "/v1/engagements", `nonsense`, "Ce-Specversion", "1.0", "Ce-Id", "%zz", "Ce-Type", "fil.engagement.read")
	if got := locations(decode[problem](t, r)); got != "data id id source" {
		t.Errorf("binary mode: fields %q in %v", got, r)
	}
	h.want(415, "service", "POST", "/v1/engagements", good, "Content-Type", "text/csv")
	if got := h.logged(fil.TopicEngagements); len(got) > 0 {
		t.Errorf("refused, but in the log: %v", got)
	}
}

func TestBadEventSpoilsNoOther(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(event("2", "a1", "c1", "read"), `"agent":"a1",`, "", 1)
	for name, c := range map[string]struct{ media, body string }{
		"array": {many, "[" + event("1", "a1", "c1", "read") + "," + bad + "," + event("3", "a1", "c1", "read") + "]"},
		"lines": {lines, event("1", "a1", "c1", "read") + "\n" + bad + "\n" + event("3", "a1", "c1", "read") + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			got := decode[tally](t, h.want(202, "ingest", "POST", "/v1/engagements", c.body, "Content-Type", c.media))
			if got.Admitted != 2 || got.Refused != 1 || len(got.Errors) != 1 {
				t.Fatalf("answer %+v", got)
			}
			e := got.Errors[0]
			if e.Field != "data.agent" || e.ID != "2" || e.Detail == "" || name == "array" && *e.Index != 1 || name == "lines" && e.Line != 2 {
				t.Errorf("error %+v", e)
			}
			if n := len(h.logged(fil.TopicEngagements)); n != 2 {
				t.Errorf("%d in the log, want 2", n)
			}
		})
	}
	t.Run("all bad", func(t *testing.T) {
		t.Parallel()
		h := setup(t)
		for media, want := range map[string]string{many: "[0].data.agent [1].data.agent", lines: "line 1.data.agent line 3.data.agent"} {
			body := "[" + bad + "," + bad + "]"
			if media == lines {
				body = bad + "\n\n" + bad
			}
			p := decode[problem](t, h.want(422, "ingest", "POST", "/v1/engagements", body, "Content-Type", media))
			if got := locations(p); got != want || p.Refused != 2 {
				t.Errorf("%s: %q, want %q; %+v", media, got, want, p)
			}
		}
	})
	t.Run("line too long", func(t *testing.T) {
		t.Parallel()
		h := setup(t)
		body := strings.Repeat("x", 300<<10) + "\n" + event("1", "a1", "c1", "read") + "\n" + strings.Repeat("y", 100<<10)
		got := decode[tally](t, h.want(202, "ingest", "POST", "/v1/engagements", body, "Content-Type", lines))
		if got.Admitted != 1 || got.Refused != 2 || got.Errors[0].Line != 1 || got.Errors[1].Line != 3 {
			t.Errorf("answer %+v", got)
		}
	})
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.want(413, "ingest", "POST", "/v1/engagements", "["+strings.Repeat(" ", 9<<20)+"]", "Content-Type", many)
	h.want(413, "ingest", "POST", "/v1/engagements", "["+strings.Repeat("1,", 10_001)+"1]", "Content-Type", many)
	h.want(413, "agent:a1", "POST", "/v1/engagements", "["+strings.Repeat(" ", 600<<10)+"]", "Content-Type", many)
	h.want(202, "ingest", "POST", "/v1/engagements", "[]", "Content-Type", many)
	h.want(400, "ingest", "POST", "/v1/engagements", "[]]", "Content-Type", many)
	h.want(400, "ingest", "POST", "/v1/engagements", "["+event("1", "a", "c", "read")+",", "Content-Type", many)
	h.want(400, "ingest", "POST", "/v1/engagements", event("1", "a", "c", "read"), "Content-Type", many)
	if got := h.logged(fil.TopicEngagements); len(got) > 0 {
		t.Errorf("in the log: %v", got)
	}
}

func TestAgentGivesItsOwnEngagementsOnly(t *testing.T) {
	t.Parallel()
	h := setup(t)
	own, other := event("1", "a1", "c1", "read"), event("2", "a2", "c1", "read")
	h.want(202, "agent:a1", "POST", "/v1/engagements", own, "Content-Type", one)
	for media, body := range map[string]string{one: other, many: "[" + event("3", "a1", "c1", "read") + "," + other + "]", lines: other} {
		p := decode[problem](t, h.want(403, "agent:a1", "POST", "/v1/engagements", body, "Content-Type", media))
		if locations(p) != "data.agent" {
			t.Errorf("%s: %+v", media, p)
		}
	}
	for _, role := range []string{"communicator", "leader"} {
		h.want(403, role, "POST", "/v1/engagements", own, "Content-Type", one)
	}
	if n := len(h.logged(fil.TopicEngagements)); n != 1 {
		t.Errorf("%d in the log, want the agent's own", n)
	}
}

func TestTimeDefaultsToAdmission(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.want(202, "ingest", "POST", "/v1/engagements", strings.Replace(event("1", "a1", "c1", "read"), `"time":"2026-03-01T10:00:00Z",`, "", 1), "Content-Type", one)
	if got := h.logged(fil.TopicEngagements)[0].Event.Time; !got.Equal(h.now()) {
		t.Errorf("time %s, want %s", got, h.now())
	}
}

func TestDuplicatesAreCountedExactly(t *testing.T) {
	t.Parallel()
	h := setup(t)
	send := func(body string, admitted, duplicates int) {
		t.Helper()
		if got := decode[tally](t, h.want(202, "ingest", "POST", "/v1/engagements", body, "Content-Type", lines)); got.Admitted != admitted || got.Duplicates != duplicates {
			t.Errorf("answer %+v, want %d admitted and %d duplicates", got, admitted, duplicates)
		}
	}
	send(event("1", "a1", "c1", "read"), 1, 0)
	send(event("1", "a1", "c1", "read"), 0, 1)
	send(event("2", "a1", "c1", "read")+"\n"+event("2", "a1", "c1", "read")+"\n"+event("1", "a1", "c1", "read"), 1, 2)
	send(event("1", "a2", "c1", "read"), 1, 0) // an identity is the agent's
	send(strings.Replace(event("1", "a1", "c1", "read"), `"test"`, `"other"`, 1), 1, 0)
	send(strings.Replace(event("1", "a1", "c1", "read"), `"c1"`, `"c2"`, 1), 0, 1) // source and id are all of it
	if n := len(h.logged(fil.TopicEngagements)); n != 4 {
		t.Errorf("%d in the log, want 4", n)
	}
	if a, d := h.counter("fil_ingest_records_total", "admitted", "fil.engagements"), h.counter("fil_ingest_records_total", "duplicate", "fil.engagements"); a != 4 || d != 4 {
		t.Errorf("%v admitted and %v duplicates counted, want 4 and 4", a, d)
	}
}

func TestDuplicatesFromBeforeThisProcess(t *testing.T) {
	t.Parallel()
	seen := fil.Event{ID: "old", Source: "test"}.Identity()
	away := false
	h := setup(t, func(_ *ingest.Config, p *ingest.Parts) {
		p.Known = memory(func(asked []ingest.Identified) ([]bool, error) {
			known := make([]bool, len(asked))
			for i, a := range asked {
				known[i] = a == ingest.Identified{Agent: "a1", Identity: seen}
			}
			if away {
				return nil, errors.New("redis is away")
			}
			return known, nil
		})
	})
	body := event("old", "a1", "c1", "read") + "\n" + event("new", "a1", "c1", "read") + "\n" + event("old", "a2", "c1", "read")
	got := decode[tally](t, h.want(202, "ingest", "POST", "/v1/engagements", body, "Content-Type", lines))
	if got.Admitted != 2 || got.Duplicates != 1 {
		t.Errorf("answer %+v", got)
	}
	away = true
	got = decode[tally](t, h.want(202, "ingest", "POST", "/v1/engagements", event("newer", "a1", "c1", "read"), "Content-Type", lines))
	if got.Admitted != 1 {
		t.Errorf("without memory: %+v, want it admitted", got)
	}
}

// Never a false 202, and never a duplicate of an event that was lost: what failed can be sent again.
func TestFailedPublicationReleasesItsClaim(t *testing.T) {
	t.Parallel()
	for media, body := range map[string]string{one: event("1", "a1", "c1", "read"), many: "[" + event("1", "a1", "c1", "read") + "]", lines: event("1", "a1", "c1", "read")} {
		t.Run(media, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			h.wire.cut(errAway)
			for range 2 {
				if r := h.want(503, "ingest", "POST", "/v1/engagements", body, "Content-Type", media); r.header.Get("Retry-After") == "" {
					t.Errorf("no Retry-After: %v", r.header)
				}
			}
			if n := len(h.logged(fil.TopicEngagements)); n != 0 {
				t.Fatalf("%d in the log", n)
			}
			h.wire.mend()
			if got := decode[tally](t, h.want(202, "ingest", "POST", "/v1/engagements", body, "Content-Type", media)); got.Admitted != 1 || got.Duplicates != 0 {
				t.Errorf("sent again: %+v, want it admitted", got)
			}
		})
	}
}

// A stream that loses the log half-way is not accepted; sent again, it is completed.
func TestStreamCutHalfWay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	var all []string
	for i := range 2500 {
		all = append(all, event(fmt.Sprint(i), "a1", "c1", "read"))
	}
	body, calls := strings.Join(all, "\n"), 0
	h.wire.before.Store(ptr(func([]fil.Record) error {
		if calls++; calls == 2 {
			return errAway
		}
		return nil
	}))
	h.want(503, "ingest", "POST", "/v1/engagements", body, "Content-Type", lines)
	got := decode[tally](t, h.want(202, "ingest", "POST", "/v1/engagements", body, "Content-Type", lines))
	if got.Admitted != 1500 || got.Duplicates != 1000 {
		t.Errorf("sent again: %+v, want 1500 admitted, 1000 duplicates", got)
	}
	if n := len(h.logged(fil.TopicEngagements)); n != 2500 {
		t.Errorf("%d in the log, want 2500", n)
	}
}

// The same event comes twice at once: the second answer waits for the first's outcome. If that is a failure, the second
// publishes; if not, it is a duplicate.
func TestConcurrentDuplicatesShareTheOutcome(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]error{"published": nil, "failed": errAway} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			entered, release := make(chan struct{}), make(chan struct{})
			var once sync.Once
			h.wire.before.Store(ptr(func([]fil.Record) error {
				first := false
				once.Do(func() { first = true })
				if !first {
					return nil
				}
				close(entered)
				<-release
				return outcome
			}))
			answers := make(chan reply, 2)
			post := func(body string) {
				answers <- h.ask("ingest", "POST", "/v1/engagements", body, "Content-Type", many)
			}
			go post("[" + event("1", "a1", "c1", "read") + "]")
			<-entered
			go post("[" + event("1", "a1", "c1", "read") + "," + event("2", "a1", "c1", "read") + "]")
			eventually(t, "the second request's own event is in the log", func() bool { return len(h.logged(fil.TopicEngagements)) == 1 })
			select {
			case r := <-answers:
				t.Fatalf("answered before the outcome was known: %v", r)
			default:
			}
			close(release)
			var admitted, duplicates, failed int
			for range 2 {
				r := <-answers
				if r.status == http.StatusServiceUnavailable {
					failed++
					continue
				}
				got := decode[tally](t, r)
				admitted, duplicates = admitted+got.Admitted, duplicates+got.Duplicates
			}
			if name == "published" && (admitted != 2 || duplicates != 1 || failed != 0) || name == "failed" && (admitted != 2 || duplicates != 0 || failed != 1) {
				t.Errorf("%d admitted, %d duplicates, %d failed", admitted, duplicates, failed)
			}
			if n := len(h.logged(fil.TopicEngagements)); n != 2 {
				t.Errorf("%d in the log, want 2", n)
			}
		})
	}
}

// Whatever the interleaving, admitted is what the log has, and no event is lost to a claim.
func TestAccountedForUnderConcurrencyAndFaults(t *testing.T) {
	t.Parallel()
	h := setup(t)
	var calls sync.Mutex
	n := 0
	h.wire.before.Store(ptr(func([]fil.Record) error {
		calls.Lock()
		defer calls.Unlock()
		if n++; n%3 == 0 {
			return errAway
		}
		return nil
	}))
	var mu sync.Mutex
	var admitted, answered int
	var senders sync.WaitGroup
	for s := range 8 {
		senders.Go(func() {
			for i := range 40 {
				body := "[" + event(fmt.Sprint(i), "a1", "c1", "read") + "," + event(fmt.Sprint((i+s)%40), "a1", "c1", "read") + "," + event(fmt.Sprint("s", s, "-", i), "a1", "c1", "read") + "]"
				for {
					r := h.ask("ingest", "POST", "/v1/engagements", body, "Content-Type", many)
					if r.status == http.StatusServiceUnavailable {
						<-time.After(5 * time.Millisecond) // as those who ask again do, so that the others have the processor
						continue
					}
					got := decode[tally](t, r)
					mu.Lock()
					admitted, answered = admitted+got.Admitted, answered+got.Admitted+got.Duplicates
					mu.Unlock()
					break
				}
			}
		})
	}
	senders.Wait()
	distinct := map[string]bool{}
	records := h.logged(fil.TopicEngagements)
	for _, rec := range records {
		distinct[rec.Event.ID] = true
	}
	if len(distinct) != 40+8*40 || len(records) != len(distinct) || answered != 3*8*40 {
		t.Errorf("%d distinct of %d in the log, want 360; %d admitted, %d answered", len(distinct), len(records), admitted, answered)
	}
}
