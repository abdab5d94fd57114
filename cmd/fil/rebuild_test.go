package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/filtest"
)

// The command keeps its contract, and the server refuses what would not be right.
func TestRebuildRefuses(t *testing.T) {
	h := startHere(t)
	h.Story()
	h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(0, 100, 60, 3), "Content-Type: application/x-ndjson")
	h.AwaitTotals(100)
	for _, c := range []struct {
		role, says string
		status     int
		args       []string
	}{
		{"ingest", "cakes", exitUsage, []string{"cakes"}},
		{"ingest", "--from", exitUsage, []string{"facts", "--from=-1"}},
		{"ingest", "--memory", exitUsage, []string{"profiles", "--memory=1"}},
		{"ingest", "query.from", exitFailed, []string{"feeds", "--from=100000"}},
		{"leader", "403", exitFailed, []string{"profiles"}},
		{"ingest", "records read", exitDone, []string{"profiles"}},
		{"ingest", "feeds ranked", exitDone, []string{"feeds", "--from=1"}},
		{"ingest", "facts compared", exitDone, []string{"facts", "--from=1"}},
		{"ingest", `"done":true`, exitDone, []string{"facts", "--json"}},
	} {
		if out, status := h.command(c.role, append([]string{"rebuild"}, c.args...)...); status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("%v: status %d, want %d, saying %q:\n%s", c.args, status, c.status, c.says, out)
		}
	}

	h.awaitLearned(100)
	h.redis.SetRange(t.Context(), "p:{a9}", 0, "\x1f")
	if out, status := h.command("ingest", "rebuild", "profiles"); status != exitFailed || !strings.Contains(out, "newer version") {
		t.Errorf("over a newer profile: status %d, %s", status, out)
	}
}
