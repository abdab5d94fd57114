package roles

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/filtest"
)

// metric sums the series of a counter or gauge whose labels are those given, as name=value, or more.
func (h *here) metric(name string, labels ...string) float64 {
	h.T.Helper()
	families, err := h.server.house.reg.Gather()
	if err != nil {
		h.T.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			missing := map[string]bool{}
			for _, label := range labels {
				missing[label] = true
			}
			for _, pair := range m.GetLabel() {
				delete(missing, pair.GetName()+"="+pair.GetValue())
			}
			if len(missing) == 0 {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// The books balance in the metrics of one process, and by offsets and stores for those who look from outside: duplicates,
// rejected records and poison included.
func TestBooks(t *testing.T) {
	h := startHere(t)
	h.Story()
	const events, duplicates = 500, 100
	h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(0, events, 60, 3), "Content-Type: application/x-ndjson")
	again := make([]fil.Record, 0, duplicates+1) // past the door: another producer's, the same identities and one that is no engagement
	for i, line := range strings.Split(strings.TrimSpace(filtest.Engagements(0, duplicates, 60, 3)), "\n") {
		var e fil.Event
		if err := e.UnmarshalJSON([]byte(line)); err != nil {
			t.Fatal(err)
		}
		again = append(again, fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: fmt.Sprintf("a%d", i%60), Event: e})
	}
	again = append(again, fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: "a1",
		Event: fil.Event{ID: "nonsense", Source: "t", Type: "fil.engagement.nonsense", Data: []byte(`{}`)}})
	if err := h.server.house.events.Publish(context.Background(), again); err != nil {
		t.Fatal(err)
	}
	const topic = "topic=fil.engagements"
	const all = events + duplicates + 1
	for _, stage := range []string{"ranking", "analytics"} {
		stored, deduplicated := "applied", "duplicate"
		if stage == "analytics" {
			stored, deduplicated = "stored", "deduplicated"
		}
		filtest.Eventually(t, "the books of "+stage, func() bool {
			outcome := func(o string) float64 { return h.metric("fil_"+stage+"_records_total", "outcome="+o) }
			return h.metric("fil_"+stage+"_drained_records_total", topic) == all && outcome(stored) == events && outcome(deduplicated) == duplicates &&
				outcome("rejected") == 1 && h.metric("fil_"+stage+"_rejected_records_total", topic) == 1 &&
				h.metric("fil_"+stage+"_committed_offset", topic) == all && h.metric("fil_"+stage+"_end_offset", topic) == all
		})
	}
	if got := h.metric("fil_ingest_records_total", topic, "outcome=admitted"); got != events {
		t.Errorf("%v admitted, want %d", got, events)
	}
	filtest.Eventually(t, "the store's count", func() bool { return h.metric("fil_analytics_stored_facts") == events })
}

// Requests are counted under what they matched, never under what they asked; engines and readiness are told.
func TestServerMetrics(t *testing.T) {
	h := startAlone(t)
	h.Story()
	h.Feed("a1")
	h.Must(http.MethodGet, "/v1/agents/nobody/feed", h.Keys["service"], "", 404)
	h.Must(http.MethodGet, "/v1/feed", "no-key", "", 401)
	h.Must(http.MethodGet, "/nowhere/secret-path", "", "", 404)
	const route = "route=/v1/agents/{id}/feed"
	filtest.Eventually(t, "the counts", func() bool { // an answer is counted when it has ended
		return h.metric("fil_server_requests_total", route, "method=GET", "status=2xx") == 1 && h.metric("fil_server_requests_total", route, "status=4xx") == 1 &&
			h.metric("fil_server_requests_total", "route=/v1/feed", "status=4xx") == 1 && h.metric("fil_server_requests_total", "route=none", "status=4xx") == 1 &&
			h.metric("fil_server_current_requests") == 0
	})
	if h.metric("fil_server_ready") != 1 || h.metric("fil_server_part_ready", "part=ranking") != 1 || h.metric("fil_build_info", "version=test") != 1 {
		t.Error("readiness or build is not told")
	}
	if free, size := h.metric("fil_server_disk_free_bytes"), h.metric("fil_server_disk_size_bytes"); free <= 0 || size < free {
		t.Errorf("%v bytes free of %v", free, size)
	}
	for _, engine := range []string{"kafka", "redis", "clickhouse"} {
		filtest.Eventually(t, engine+" to be seen", func() bool { return h.metric("fil_server_engine_up", "engine="+engine) == 1 })
	}
	scrape := h.Must(http.MethodGet, "/metrics", h.Keys["leader"], "", 200)
	for _, secret := range []string{"secret-path", "nobody", `"a1"`} {
		if strings.Contains(string(scrape.Body), secret) {
			t.Errorf("the metrics hold %s", secret)
		}
	}
	native := h.Ask(http.MethodGet, "/metrics", h.Keys["leader"], "", "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	if !strings.Contains(string(native.Body), "fil_server_request_duration_seconds") || !strings.HasPrefix(native.Header.Get("Content-Type"), "application/vnd.google.protobuf") {
		t.Errorf("no native histograms: %s", native.Header.Get("Content-Type"))
	}
	if err := h.engines.Redis.Close(); err != nil {
		t.Fatal(err)
	}
	filtest.Eventually(t, "the loss of Redis to be seen", func() bool { return h.metric("fil_server_engine_up", "engine=redis") == 0 })
	h.Ask(http.MethodGet, "/v1/agents/a1/feed", h.Keys["service"], "")
	filtest.Eventually(t, "a line about it", func() bool { return strings.Contains(h.Out.String(), "an engine does not answer") })
}

// Who an agent is stays out of the log of the program, whatever fails: at the level of info and above no line holds an id.
func TestLogsNameNoAgent(t *testing.T) {
	h := startAlone(t)
	h.Story()
	const private = "zz-private-person"
	h.Must(http.MethodPut, "/v1/agents/"+private, h.Keys["ingest"], `{"org":"cd"}`, 201)
	wrong := []fil.Record{
		{Position: fil.Position{Topic: fil.TopicAgents}, Key: private, Event: fil.Event{ID: "1", Source: "t", Type: fil.TypeAgent, Data: []byte(`{"id":"` + private + `-2"}`)}},
		{Position: fil.Position{Topic: fil.TopicAgents}, Key: private, Event: fil.Event{ID: "2", Source: "t", Type: fil.TypeAgent, Data: []byte(`{"id":"` + private + `","attributes":{"unheard":1}}`)}},
		{Position: fil.Position{Topic: fil.TopicEngagements}, Key: private, Event: fil.Event{ID: "3", Source: "t", Type: "fil.engagement.read", Data: []byte(`{"agent":"` + private + `"}`)}},
	}
	if err := h.server.house.events.Publish(context.Background(), wrong); err != nil {
		t.Fatal(err)
	}
	said := func(line string) {
		filtest.Eventually(t, line, func() bool { return strings.Contains(h.Out.String(), line) })
	}
	said("record of a table rejected")
	said("records rejected")
	h.Feed(private)
	if err := h.engines.Redis.Close(); err != nil {
		t.Fatal(err)
	}
	event := `{"specversion":"1.0","id":"4","source":"t","type":"fil.engagement.read","data":{"agent":"` + private + `","content":"c1"}}`
	h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], event, "Content-Type: application/cloudevents+json")
	h.Ask(http.MethodGet, "/v1/agents/"+private+"/feed", h.Keys["service"], "")
	said("batch failed")
	if out := h.Out.String(); strings.Contains(out, private) {
		t.Errorf("the log names an agent:\n%s", out)
	}
}
