package main

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// What agents do is in a dashboard soon after, once they have a seat, for a key that may see no exact figure.
func TestDashboardFollowsEvents(t *testing.T) {
	h := startHere(t)
	story(h.program)
	shown := func(path string) float64 {
		var board struct {
			Totals struct{ Shown, Readers *float64 }
		}
		h.must(http.MethodGet, path, h.keys["communicator"], "", 200).json(t, &board)
		if board.Totals.Shown == nil {
			return 0
		}
		return *board.Totals.Shown
	}
	h.send(0, 600)
	eventually(t, "agents to have seats, and what they did before", func() bool {
		return shown("/v1/dashboards/overview?from=2026-11-01&to=2026-12-01") > 0
	})
	h.must(http.MethodPut, "/v1/contents/late", h.keys["communicator"], `{"title":"Alerte","published_at":"2026-11-01T08:00:00Z"}`, 201)
	body := ""
	for i := range 60 {
		body += `{"specversion":"1.0","id":"late` + string(rune('0'+i/10)) + string(rune('0'+i%10)) + `","source":"t","type":"fil.engagement.impression","time":"2026-11-20T08:00:00Z","data":{"agent":"a` + strconv.Itoa(i) + `","content":"late"}}` + "\n"
	}
	began := time.Now()
	h.ask(http.MethodPost, "/v1/engagements", h.keys["ingest"], body, "Content-Type: application/x-ndjson")
	eventually(t, "an alert to be seen", func() bool { return shown("/v1/dashboards/contents/late?from=2026-11-01&to=2026-12-01") > 30 })
	t.Logf("from the event to the dashboard: %v", time.Since(began).Round(time.Millisecond))
	if got := h.ask(http.MethodGet, "/v1/contents/late/report", h.keys["communicator"], ""); got.status != http.StatusForbidden {
		t.Errorf("an exact report for a key without --sample: %d", got.status)
	}
}
