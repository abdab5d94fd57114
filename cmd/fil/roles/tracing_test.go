package roles

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/filtest"
)

// collection is an OTLP collector that keeps what it is sent.
type collection struct {
	*httptest.Server
	mu   sync.Mutex
	sent []*spans.Span
}

func collect(t *testing.T) *collection {
	t.Helper()
	c := &collection{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		var request collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(raw, &request) != nil {
			t.Errorf("%s %s is no OTLP: %v", r.Method, r.URL.Path, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, resource := range request.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.sent = append(c.sent, scope.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

// of gives the spans of one trace by name.
func (c *collection) of(trace string) map[string]*spans.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string]*spans.Span{}
	for _, span := range c.sent {
		if hex.EncodeToString(span.TraceId) == trace {
			found[span.Name] = span
		}
	}
	return found
}

// all gives every trace, and everything that was sent as text.
func (c *collection) all() (traces map[string]bool, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	traces = map[string]bool{}
	var b strings.Builder
	for _, span := range c.sent {
		traces[hex.EncodeToString(span.TraceId)] = true
		b.WriteString(span.String())
	}
	return traces, b.String()
}

// One trace leads from the request of a service through the log to the insert of the fact and the save of the profile; what
// callers who are not followed do makes none.
func TestTrace(t *testing.T) {
	to := collect(t)
	h := startHere(t, func(cfg *config.Config) { cfg.Traces = config.Traces{Endpoint: to.URL} })
	h.Story()
	const trace = "0af7651916cd43dd8448eb211c80319c"
	const parent = "00-" + trace + "-b7ad6b7169203331-01"
	event := func(id, agent string) string {
		return `{"specversion":"1.0","id":"` + id + `","source":"t","type":"fil.engagement.read","data":{"agent":"` + agent + `","content":"c1"}}`
	}
	send := func(key, body, traceparent string) {
		t.Helper()
		if got := h.Ask(http.MethodPost, "/v1/engagements", key, body, "Content-Type: application/cloudevents+json", "Traceparent: "+traceparent); got.Status != 202 {
			t.Fatalf("status %d: %s", got.Status, got.Body)
		}
	}
	foreign := "1af7651916cd43dd8448eb211c80319c"
	send(h.Keys["ingest"], event("e0", "a2"), "00-"+trace+"-zz-01")                                                                                // no trace context
	send(h.Keys["ingest"], event("e1", "a3"), strings.TrimSuffix(parent, "01")+"00")                                                               // not sampled
	send(h.token("a4"), event("e2", "a4"), "00-"+foreign+"-b7ad6b7169203331-01")                                                                   // an agent
	send(h.Keys["service"], event("e3", "a1"), parent)                                                                                             // the one that is followed
	h.Ask(http.MethodGet, "/v1/agents/a1/feed", h.Keys["service"], "", "Traceparent: "+strings.Replace(parent, trace, strings.Repeat("2", 32), 1)) // and a read

	const read, admitted, published = "GET /v1/agents/{id}/feed", "POST /v1/engagements", "publish fil.engagements"
	learned, recorded := "ranking fil.engagements", "analytics fil.engagements"
	filtest.Eventually(t, "the whole trace", func() bool {
		found := to.of(trace)
		for _, name := range []string{admitted, published, learned, "load profiles", "save profiles", "save popularity", recorded, "insert facts"} {
			if found[name] == nil {
				return false
			}
		}
		return to.of(strings.Repeat("2", 32))["read feed"] != nil && to.of(strings.Repeat("2", 32))[read] != nil
	})
	found := to.of(trace)
	for child, of := range map[string]string{published: admitted, learned: admitted, recorded: admitted, "save profiles": learned, "insert facts": recorded} {
		if got, want := found[child].ParentSpanId, found[of].SpanId; string(got) != string(want) {
			t.Errorf("the parent of %q is %x, want %q, %x", child, got, of, want)
		}
	}
	if got := hex.EncodeToString(found[admitted].ParentSpanId); got != "b7ad6b7169203331" {
		t.Errorf("the request's parent is %s", got)
	}
	if links := found[recorded].Links; len(links) != 1 || string(links[0].SpanId) != string(found[admitted].SpanId) {
		t.Errorf("links of the batch: %v", links)
	}
	traces, text := to.all()
	if len(traces) != 2 {
		t.Errorf("%d traces: %v", len(traces), traces)
	}
	for _, id := range []string{`"a1"`, `"a2"`, `"a3"`, `"a4"`, `"c1"`, `"e3"`, "agents/a1"} {
		if strings.Contains(text, id) {
			t.Errorf("a span holds %s", id)
		}
	}
}

// A collector that is away costs spans, no request.
func TestTrace_CollectorAway(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	h := startHere(t, func(cfg *config.Config) { cfg.Traces = config.Traces{Endpoint: gone.URL, Sample: 1} })
	h.Story()
	if got := h.Feed("a0").IDs(); got == "" {
		t.Error("no feed")
	}
	filtest.Eventually(t, "the loss to be told", func() bool {
		return h.metric("fil_server_trace_export_errors_total") > 0 && strings.Contains(h.Out.String(), "spans not taken")
	})
}
