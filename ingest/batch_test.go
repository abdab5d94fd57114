package ingest_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
)

type batchLine struct {
	Line                          int
	ID                            string
	Error                         *struct{ Field, Detail string }
	Admitted, Duplicates, Refused int
	Stopped                       *struct {
		Line, Status int
		RetryAfter   int `json:"retry_after"`
	}
}

func batchLines(t testing.TB, r reply) (bad []batchLine, last batchLine) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(r.body)))
	for {
		var l batchLine
		if err := decoder.Decode(&l); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("answer %v: %v", r, err)
		}
		bad = append(bad, l)
	}
	if len(bad) == 0 {
		t.Fatal("no last line")
	}
	return bad[:len(bad)-1], bad[len(bad)-1]
}

func TestBatchAnswersEachBadLine(t *testing.T) {
	t.Parallel()
	h := setup(t)
	body := strings.Join([]string{
		`{"id":"a1","org":"ville/voirie"}`,
		`{"id":"a2","orgg":"x","grade":1}`,
		``,
		`{"id":`,
		strings.Repeat("x", 100<<10),
		`{"org":"ville"}`,
		`{"id":"a3"}`,
		`{"id":"a1","org":"ville/voirie"}`,
	}, "\n")
	r := h.want(200, "ingest", "POST", "/v1/agents:batch", body)
	bad, last := batchLines(t, r)
	if r.header.Get("Content-Type") != lines || last.Admitted != 2 || last.Duplicates != 1 || last.Refused != 4 {
		t.Errorf("%v %+v", r.header, last)
	}
	var got []string
	for _, b := range bad {
		got = append(got, fmt.Sprintf("%d:%s:%s", b.Line, b.ID, b.Error.Field))
		if b.Error.Detail == "" {
			t.Errorf("no reason: %+v", b)
		}
	}
	if want := "2:a2:grade 4:: 5:: 6::id"; strings.Join(got, " ") != want {
		t.Errorf("bad lines %v, want %s", got, want)
	}
	for _, id := range []string{"a1", "a3"} {
		h.want(200, "service", "GET", "/v1/agents/"+id, "") // seen at once
	}
	if _, last := batchLines(t, h.want(200, "ingest", "POST", "/v1/agents:batch", body)); last.Admitted != 0 || last.Duplicates != 3 || last.Refused != 4 {
		t.Errorf("again: %+v", last)
	}
	if n := len(h.logged(fil.TopicAgents)); n != 2 {
		t.Errorf("%d in the log, want 2", n)
	}
}

func TestBatchKeepsTheOrderOfOneRecord(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.want(201, "ingest", "PUT", "/v1/contents/c1", `{"title":"Un"}`)
	_, last := batchLines(t, h.want(200, "ingest", "POST", "/v1/contents:batch", `{"id":"c1","title":"Deux"}`+"\n"+`{"id":"c1","title":"Deux"}`+"\n"+`{"id":"c1","title":"Un"}`))
	if last.Admitted != 2 || last.Duplicates != 1 {
		t.Errorf("answer %+v", last)
	}
	if got := decode[fil.Content](t, h.want(200, "service", "GET", "/v1/contents/c1", "")); got.Title != "Un" {
		t.Errorf("the last line says Un, the door %q", got.Title)
	}
}

func TestBatchStopsWhereTheLogDoes(t *testing.T) {
	t.Parallel()
	h := setup(t)
	var all []string
	for i := range 2500 {
		all = append(all, fmt.Sprintf(`{"id":"a%d"}`, i))
	}
	all[0] = "bad"
	body, calls := strings.Join(all, "\n"), 0
	h.wire.before.Store(ptr(func([]fil.Record) error {
		if calls++; calls == 2 {
			return errAway
		}
		return nil
	}))
	bad, last := batchLines(t, h.want(200, "ingest", "POST", "/v1/agents:batch", body))
	if last.Admitted != 999 || last.Refused != 1 || len(bad) != 1 || last.Stopped == nil || last.Stopped.Line != 1001 || last.Stopped.Status != 503 || last.Stopped.RetryAfter == 0 {
		t.Errorf("answer %+v %+v", bad, last)
	}
	h.wire.cut(errAway)
	r := h.want(503, "ingest", "POST", "/v1/agents:batch", `{"id":"z"}`)
	if r.header.Get("Retry-After") == "" {
		t.Errorf("away from the start: %v", r.header)
	}
	h.wire.mend()
	if _, last = batchLines(t, h.want(200, "ingest", "POST", "/v1/agents:batch", body)); last.Admitted != 1500 || last.Duplicates != 999 || last.Refused != 1 {
		t.Errorf("again: %+v", last)
	}
}

// The answer comes while the request is still being sent, so that neither side must hold the whole.
func TestBatchStreamsBothWays(t *testing.T) {
	t.Parallel()
	h := setup(t)
	body, feed := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/v1/agents:batch", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer ingest")
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(feed, "first bad line\n"+strings.Repeat(`{"id":"a"}`+"\n", 1000))
		written <- err
	}()
	resp, err := http.DefaultClient.Do(req) // returns with the header, which comes with the first chunk
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(resp.Body)
	if !answers.Scan() || !strings.HasPrefix(answers.Text(), `{"line":1,`) {
		t.Fatalf("before the end: %q %v", answers.Text(), answers.Err())
	}
	if _, err := io.WriteString(feed, "second bad line\n"); err != nil {
		t.Fatal(err)
	}
	_ = feed.Close()
	var rest []string
	for answers.Scan() {
		rest = append(rest, answers.Text())
	}
	if len(rest) != 2 || !strings.HasPrefix(rest[0], `{"line":1002,`) || rest[1] != `{"admitted":1,"duplicates":999,"refused":2}` {
		t.Errorf("rest %q", rest)
	}
}

func TestPlacesAreBounded(t *testing.T) {
	t.Parallel()
	h := setup(t, func(c *ingest.Config, _ *ingest.Parts) { c.InFlight, c.PublishTimeout = 8<<20, 100e6 })
	held := make(chan struct{}, 2)
	var feeds []*io.PipeWriter
	for range 2 { // two streams take all the memory there is
		body, feed := io.Pipe()
		feeds = append(feeds, feed)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/v1/agents:batch", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer ingest")
		go func() {
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_ = resp.Body.Close()
			}
			held <- struct{}{}
		}()
	}
	eventually(t, "both streams hold their place", func() bool { return h.gauge("fil_ingest_held_bytes") == 8<<20 })
	if r := h.want(503, "ingest", "PUT", "/v1/agents/a1", `{}`); r.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After: %v", r)
	}
	for _, feed := range feeds {
		_ = feed.Close()
		<-held
	}
	eventually(t, "the places are free again", func() bool {
		// 200 when a write that came too late for its answer has made the agent.
		status := h.ask("ingest", "PUT", "/v1/agents/a1", `{}`).status
		return status == 201 || status == 200
	})
}

func TestDescribed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	doc := decode[struct {
		Paths map[string]map[string]struct {
			RequestBody struct{ Content map[string]any }
			Responses   map[string]any
			Security    []map[string][]string
		}
	}](t, h.want(200, "", "GET", "/openapi.json", ""))
	for path, want := range map[string]string{
		"put /v1/agents/{id}": "application/json", "put /v1/audiences/{id}": "application/json", "put /v1/contents/{id}": "application/json",
		"post /v1/agents:batch": lines, "post /v1/contents:batch": lines, "post /v1/engagements": many,
		"get /v1/agents": "", "get /v1/contents/{id}": "", "delete /v1/agents/{id}": "",
	} {
		method, path, _ := strings.Cut(path, " ")
		op, ok := doc.Paths[path][method]
		if !ok || len(op.Security) == 0 || op.Responses["422"] == nil {
			t.Errorf("%s %s: %+v", method, path, op)
		}
		if _, ok := op.RequestBody.Content[want]; want != "" && !ok {
			t.Errorf("%s %s: body %v, want %s", method, path, op.RequestBody.Content, want)
		}
	}
}

func TestConfigFaultsComeTogether(t *testing.T) {
	t.Parallel()
	if err := ingest.DefaultConfig().Validate(); err != nil {
		t.Errorf("default: %v", err)
	}
	_, err := ingest.New(ingest.Config{InFlight: 1, Remember: -1}, ingest.Parts{})
	if err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("faults: %v, want five", err)
	}
}
