package main

import (
	"net/http"
	"strings"
	"testing"
)

// The command shows a profile and erases it.
func TestProfileCommand(t *testing.T) {
	h := startHere(t)
	h.Must(http.MethodPut, "/v1/agents/a0", h.Keys["ingest"], `{"org":"cd"}`, 200, 201)
	h.Must(http.MethodPut, "/v1/contents/c0", h.Keys["communicator"], `{"title":"T","topics":["Sport"]}`, 200, 201)
	token := h.token("a0")
	for range 2 {
		h.Must(http.MethodPut, "/v1/me/preferences/topic/Sport", token, `{"choice":"less"}`, 200)
		if out, status := h.command("service", "profile", "a0"); status != exitDone || !strings.Contains(out, "Sport") || !strings.Contains(out, "ranked for you") {
			t.Fatalf("fil profile: status %d, %s", status, out)
		}
		if out, status := h.command("service", "profile", "a0", "--erase"); status != exitDone || !strings.Contains(out, "Erased") || !strings.Contains(out, "mandatory text") {
			t.Fatalf("fil profile --erase: status %d, %s", status, out)
		}
		var k struct{ Preferences []any }
		h.Must(http.MethodGet, "/v1/me/profile", token, "", 200).JSON(t, &k)
		if len(k.Preferences) != 0 {
			t.Fatalf("erased, and %v is left", k.Preferences)
		}
	}
}
