package access

import (
	"net/http"
	"slices"
	"strings"
)

// Headers that pages of other origins may send to the API and read from it.
const (
	askedHeaders = "Authorization, Content-Type, Accept-Language, If-None-Match, If-Match, Idempotency-Key, Last-Event-ID, traceparent"
	toldHeaders  = "ETag, Link, Fil-Degraded, Retry-After"
	askedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	askedFor     = "7200" // seconds that a browser keeps the answer: as long as Chromium does
)

// Origins lets pages of the origins that an operator lists ask the API (the CORS protocol, Fetch standard 3.3). Others are told
// nothing, so that their browsers refuse. No cookie is a key here: an origin that is let in still needs a token of its own.
func Origins(listed []string, next http.Handler) http.Handler {
	if len(listed) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v1/") {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if origin == "" || !slices.Contains(listed, origin) {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", toldHeaders)
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", askedMethods)
		h.Set("Access-Control-Allow-Headers", askedHeaders)
		h.Set("Access-Control-Max-Age", askedFor)
		w.WriteHeader(http.StatusNoContent)
	})
}
