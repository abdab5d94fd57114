package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/roles"
)

// An explanation that was kept is computed again, to the last byte, after the house has gone on; once the agent has erased the
// profile, it is not.
func TestReplay_OfAKeptExplanation(t *testing.T) {
	h := startHere(t)
	key, err := h.ring.Create(fil.RolePolicy, "test")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		h.Must(http.MethodPut, fmt.Sprintf("/v1/agents/a%d", i), h.Keys["ingest"], fmt.Sprintf(`{"org":"cd/%d"}`, i%3), 200, 201)
	}
	put := func(i int) {
		h.Must(http.MethodPut, fmt.Sprintf("/v1/contents/c%d", i), h.Keys["communicator"], fmt.Sprintf(`{"title":"Titre %d","topics":["T%d"],"source":"S%d","published_at":%q}`,
			i, i%5, i%3, time.Now().Add(-time.Duration(i+1)*time.Hour).UTC().Format(time.RFC3339)), 200, 201)
	}
	for i := range 20 {
		put(i)
	}
	h.Send(0, 600)
	h.awaitLearned(600)
	kept := filepath.Join(t.TempDir(), "explication.json")
	feed := func(status int, more ...string) string {
		t.Helper()
		out, got := run(t, append([]string{"feed", "a0", "--server", h.Base, "--key", h.Keys["service"]}, more...)...)
		if got != status {
			t.Fatalf("fil feed %v: status %d, want %d\n%s", more, got, status, out)
		}
		return out
	}
	awaitHabits()
	before := feed(exitDone, "--why", "c1", "--json")
	if err := os.WriteFile(kept, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}

	h.Send(600, 900)
	h.awaitLearned(1500)
	put(20)
	h.Must(http.MethodPut, "/v1/contents/c1", h.Keys["communicator"], fmt.Sprintf(`{"title":"Autre titre","published_at":%q}`, time.Now().UTC().Format(time.RFC3339)), 200)
	h.Must(http.MethodPut, "/v1/policies/current", key, `{"text":"name: other\nfeed_length: 5"}`, 200)
	if !strings.Contains(feed(exitDone, "--replay", kept), "La même") {
		t.Error("it does not say that it is the same")
	}
	var again roles.ReplayProgress
	if err := json.Unmarshal([]byte(feed(exitDone, "--replay", kept, "--json")), &again); err != nil {
		t.Fatal(err)
	}
	if basis := again.Placement.Explanation.Basis; basis.Profile < 0 || len(basis.Counted) != len(basis.Habits) || strings.Trim(basis.Signals, "0") == "" {
		t.Errorf("it rests on nothing: %+v", basis)
	}
	if again.Read == 0 || again.Read != again.Of || !again.Same {
		t.Errorf("it says %+v", again)
	}
	var was, is map[string]any
	raw, err := json.Marshal(again.Placement)
	if err != nil || json.Unmarshal(raw, &is) != nil || json.Unmarshal([]byte(before), &was) != nil {
		t.Fatal(err)
	}
	for name, want := range was {
		if name != "agent" && name != "policy" && name != "contrast" && name != "$schema" && !reflect.DeepEqual(want, is[name]) {
			t.Errorf("%s: was %v, is %v", name, want, is[name])
		}
	}

	altered := filepath.Join(t.TempDir(), "altered.json")
	if err := os.WriteFile(altered, []byte(strings.Replace(before, `"position":`, `"position":1`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := feed(exitFailed, "--replay", altered); !strings.Contains(out, "program") {
		t.Errorf("of another place it says:\n%s", out)
	}
	feed(exitUsage, "--replay", filepath.Join(h.Dir, "fil.yaml"))
	h.Must(http.MethodPost, "/v1/feed/items/c1/explanation/replay?agent=a0", h.Keys["communicator"], "{}", 403)
	token, err := h.signer.Token(fil.Caller{Role: fil.RoleAgent, Agent: "a0"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	h.Must(http.MethodDelete, "/v1/me/profile", token, "", 200)
	if out := feed(exitFailed, "--replay", kept); !strings.Contains(out, "profile") {
		t.Errorf("after the erasure:\n%s", out)
	}
}
