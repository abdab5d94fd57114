package roles

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What is compressed has an ETag of its own, which stands for the plain one wherever a condition names it; what streams is
// given as it comes.
func TestCompress(t *testing.T) {
	const plain = `"abc"`
	var asked []string
	text := strings.Repeat(`{"title":"Fermeture du pont"},`, 200)
	handler := compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match")+r.Header.Get("If-Match"))
		w.Header().Set("ETag", plain)
		switch r.URL.Path {
		case "/short":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{}")
		case "/stream":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: 1\n\n")
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, strings.Repeat("data: 2\n\n", 400))
		default:
			w.Header().Set("Content-Type", "application/json")
			if strings.Contains(r.Header.Get("If-None-Match"), plain) {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			_, _ = io.WriteString(w, text)
		}
	}))
	ask := func(path string, headers ...string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		return rec
	}

	rec := ask("/", "Accept-Encoding", "gzip")
	if rec.Header().Get("Content-Encoding") != "gzip" || rec.Header().Get("ETag") != `"abc-gzip"` || !strings.Contains(rec.Header().Get("Vary"), "Accept-Encoding") || rec.Body.Len() > len(text)/4 {
		t.Errorf("compressed: %v, %d bytes of %d", rec.Header(), rec.Body.Len(), len(text))
	}
	if r, err := gzip.NewReader(rec.Body); err != nil {
		t.Error(err)
	} else if all, err := io.ReadAll(r); err != nil || string(all) != text {
		t.Errorf("what comes out is not what went in: %v", err)
	}
	if rec := ask("/"); rec.Header().Get("Content-Encoding") != "" || rec.Header().Get("ETag") != plain || rec.Body.String() != text {
		t.Errorf("not asked for, and compressed: %v", rec.Header())
	}
	for name, headers := range map[string][]string{"none match": {"If-None-Match", `"abc-gzip"`}, "several": {"If-None-Match", `"x", "abc-gzip"`}, "match": {"If-Match", `"abc-gzip"`}} {
		ask("/", headers...)
		if got := asked[len(asked)-1]; strings.Contains(got, "gzip") || !strings.Contains(got, plain) {
			t.Errorf("%s: the handler is asked for %s", name, got)
		}
	}
	for name, c := range map[string]struct{ accept, match, tag string }{
		"the compressed again": {"gzip, br", `"abc-gzip"`, `"abc-gzip"`}, "among others": {"gzip", `"x-gzip", W/"abc-gzip"`, `"abc-gzip"`},
		"the plain again": {"gzip", plain, plain}, "no longer compressed": {"", `"abc-gzip"`, plain},
	} {
		rec := ask("/", "Accept-Encoding", c.accept, "If-None-Match", c.match)
		if rec.Code != http.StatusNotModified || rec.Header().Get("ETag") != c.tag || rec.Body.Len() > 0 {
			t.Errorf("%s: %d, %s", name, rec.Code, rec.Header().Get("ETag"))
		}
	}
	for _, path := range []string{"/short", "/stream"} {
		if rec := ask(path, "Accept-Encoding", "gzip"); rec.Header().Get("Content-Encoding") != "" || rec.Header().Get("ETag") != plain || bytes.HasPrefix(rec.Body.Bytes(), []byte{0x1f, 0x8b}) {
			t.Errorf("%s: %v", path, rec.Header())
		}
	}
	if rec := ask("/stream", "Accept-Encoding", "gzip"); !rec.Flushed {
		t.Error("the stream waits")
	}
}
