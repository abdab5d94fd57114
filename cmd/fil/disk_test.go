package main

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/filtest"
)

// With a disk that is nearly full `fil up` starts, serves what it has, refuses what comes with a problem that says when to
// come back, and goes on once there is room. What is kept free is set above what any disk has.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	p := startUp(t, dir)
	p.Story()
	send := func(p *program, first, n int) filtest.Answer {
		return p.Ask(http.MethodPost, "/v1/engagements", p.Keys["ingest"], filtest.Engagements(first, n, 60, 3), "Content-Type: application/x-ndjson")
	}
	if got := send(p, 0, 300); got.Status != http.StatusAccepted {
		t.Fatalf("status %d\n%s", got.Status, got.Body)
	}
	p.AwaitTotals(300)
	p.stop()

	const keepFree = "FIL_EMBEDDED_KEEP_FREE_MIB"
	t.Setenv(keepFree, "1000000000")
	p = startUp(t, dir)
	if got := p.Feed("a1"); !strings.Contains(got.IDs(), "c1") {
		t.Errorf("the feed is %q", got.IDs())
	}
	p.AwaitTotals(300)
	for range 5 {
		got := send(p, 300, 10)
		if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("engagements: status %d, Retry-After %q\n%s", got.Status, got.Header.Get("Retry-After"), got.Body)
		}
	}
	if got := p.Ask(http.MethodPut, "/v1/agents/a0", p.Keys["ingest"], `{"org":"elsewhere"}`); got.Status != http.StatusServiceUnavailable {
		t.Errorf("an agent: status %d", got.Status)
	}
	if log := p.Out.String(); strings.Count(log, `msg="the disk is nearly full`) != 1 {
		t.Errorf("the log does not say once that the disk is full:\n%s", log)
	}
	p.stop()

	if err := os.Unsetenv(keepFree); err != nil {
		t.Fatal(err)
	}
	p = startUp(t, dir)
	if got := send(p, 0, 400); got.Status != http.StatusAccepted || !bytes.Contains(got.Body, []byte(`"admitted":100,"duplicates":300`)) {
		t.Errorf("once there is room: status %d\n%s", got.Status, got.Body)
	}
	p.AwaitTotals(400)
}
