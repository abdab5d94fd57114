package roles

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/dashboards"
	"github.com/filengine/fil/cmd/fil/filtest"
)

// What agents do is in a dashboard soon after, once they have a seat, for a key that may see no exact figure.
func TestDashboardFollowsEvents(t *testing.T) {
	h := startHere(t)
	h.Story()
	shown := func(path string) float64 {
		var board struct {
			Totals struct{ Shown, Readers *float64 }
		}
		h.Must(http.MethodGet, path, h.Keys["communicator"], "", 200).JSON(t, &board)
		if board.Totals.Shown == nil {
			return 0
		}
		return *board.Totals.Shown
	}
	h.Send(0, 600)
	filtest.Eventually(t, "agents to have seats, and what they did before", func() bool {
		return shown("/v1/dashboards/overview?from=2026-11-01&to=2026-12-01") > 0
	})
	h.Must(http.MethodPut, "/v1/contents/late", h.Keys["communicator"], `{"title":"Alerte","published_at":"2026-11-01T08:00:00Z"}`, 201)
	body := ""
	for i := range 60 {
		body += `{"specversion":"1.0","id":"late` + string(rune('0'+i/10)) + string(rune('0'+i%10)) + `","source":"t","type":"fil.engagement.impression","time":"2026-11-20T08:00:00Z","data":{"agent":"a` + strconv.Itoa(i) + `","content":"late"}}` + "\n"
	}
	began := time.Now()
	h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], body, "Content-Type: application/x-ndjson")
	filtest.Eventually(t, "an alert to be seen", func() bool { return shown("/v1/dashboards/contents/late?from=2026-11-01&to=2026-12-01") > 30 })
	t.Logf("from the event to the dashboard: %v", time.Since(began).Round(time.Millisecond))
	figuresOutlive(t, h)
	if got := h.Ask(http.MethodGet, "/v1/contents/late/report", h.Keys["communicator"], ""); got.Status != http.StatusForbidden {
		t.Errorf("an exact report for a key without --sample: %d", got.Status)
	}
}

// figuresOutlive lets 13 months go by, in which figures go to the log, and then 14 more: they are told from it.
func figuresOutlive(t *testing.T, h *here) {
	t.Helper()
	after := func(months int) *dashboards.Dashboards {
		parts := h.server.house.boards.Parts
		parts.Now = func() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, parts.Zone).AddDate(0, months, 0) }
		boards, err := dashboards.New(parts)
		if err != nil {
			t.Fatal(err)
		}
		return boards
	}
	archived, err := after(13).Keep(t.Context(), 1000)
	if err != nil || archived < 5 {
		t.Fatalf("%d answers are archived, %v", archived, err)
	}
	if err := h.server.house.tables[fil.TopicFigures].CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	dashboards.Register(humago.New(mux, huma.DefaultConfig("Fil", "test")), after(27))
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/dashboards/contents/late?every=month&from=2020-01-01&to=2029-01-31", nil)
	mux.ServeHTTP(recorder, request.WithContext(fil.WithCaller(request.Context(), fil.Caller{Role: fil.RoleLeader})))
	var board struct {
		Since  string `json:"detailed_from"`
		Totals struct{ Shown *float64 }
		Rows   []struct {
			Period string
			Shown  *float64
		}
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &board); err != nil {
		t.Fatal(err)
	}
	if len(board.Rows) != 1 || board.Rows[0].Period != "2026-11-01" || board.Rows[0].Shown == nil || *board.Rows[0].Shown < 30 || board.Since != "2027-02-01" {
		t.Errorf("what is told of a month whose facts are gone: %s", recorder.Body)
	}
}
