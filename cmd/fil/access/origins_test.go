package access_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/access"
)

func TestOrigins(t *testing.T) {
	t.Parallel()
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Vary", "Authorization")
		w.WriteHeader(http.StatusTeapot)
	})
	const listed = "https://intranet.example"
	cases := []struct {
		name, method, path, origin, asks string
		status                           int
		allowed                          string
	}{
		{"read from a listed page", http.MethodGet, "/v1/feed", listed, "", http.StatusTeapot, listed},
		{"question from a listed page", http.MethodOptions, "/v1/feed", listed, "PUT", http.StatusNoContent, listed},
		{"another origin", http.MethodGet, "/v1/feed", "https://elsewhere.example", "", http.StatusTeapot, ""},
		{"question from another origin", http.MethodOptions, "/v1/feed", "https://elsewhere.example", "PUT", http.StatusTeapot, ""},
		{"an origin that begins alike", http.MethodGet, "/v1/feed", listed + ".evil.example", "", http.StatusTeapot, ""},
		{"no page", http.MethodGet, "/v1/feed", "", "", http.StatusTeapot, ""},
		{"not the API", http.MethodGet, "/metrics", listed, "", http.StatusTeapot, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(c.method, c.path, nil)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.asks != "" {
				r.Header.Set("Access-Control-Request-Method", c.asks)
			}
			rec := httptest.NewRecorder()
			access.Origins([]string{listed}, next).ServeHTTP(rec, r)
			h := rec.Header()
			if rec.Code != c.status || h.Get("Access-Control-Allow-Origin") != c.allowed || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%d, %v", rec.Code, h)
			}
			if varies := strings.Join(h.Values("Vary"), " "); c.path == "/v1/feed" && !strings.Contains(varies, "Origin") {
				t.Errorf("varies by %q, not by origin", varies)
			}
			if asked := h.Get("Access-Control-Allow-Headers"); c.status == http.StatusNoContent && !strings.Contains(asked, "Authorization") {
				t.Errorf("headers %q", asked)
			}
		})
	}
}
