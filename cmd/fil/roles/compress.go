package roles

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

const (
	compressedFrom = 1400    // bytes: what fits one packet gains nothing
	compressedTag  = "-gzip" // at the end of the ETag of what is compressed, which is another representation (RFC 9110 section 8.8.3)
)

// compress compresses answers in JSON, CSV and feeds for who takes gzip: a page of a feed is a third of itself. What streams,
// and what comes compressed, passes as it is. Conditions that name an ETag of the compressed mean that of the plain one, and who is
// told that it has not changed is told the ETag that it named.
func compress(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(compressedFrom), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.EnableZstd(false), gzhttp.SuffixETag(compressedTag),
		gzhttp.ContentTypes([]string{
			"application/json", "application/problem+json", "application/scim+json", "application/vnd.oai.openapi+json", "application/feed+json", "application/rss+xml",
			"application/atom+xml", "text/csv",
		}))
	if err != nil {
		panic(fmt.Sprintf("fixed options are refused: %v", err)) // impossible: they are constants
	}
	compressed := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if named := r.Header.Get("If-None-Match"); strings.Contains(named, compressedTag) && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w = unchanged{w, named}
		}
		for _, name := range []string{"If-None-Match", "If-Match"} {
			if value := r.Header.Get(name); strings.Contains(value, compressedTag) {
				r.Header.Set(name, strings.ReplaceAll(value, compressedTag+`"`, `"`))
			}
		}
		compressed(w, r)
	})
}

// unchanged gives a 304 the ETag of the compressed answer where the request named that one, as the 200 would have it
// (RFC 9110 section 15.4.5): a cache that has the compressed answer finds no other under the plain one.
type unchanged struct {
	http.ResponseWriter
	named string // If-None-Match
}

func (w unchanged) WriteHeader(status int) {
	if tag, ok := strings.CutSuffix(w.Header().Get("ETag"), `"`); ok && status == http.StatusNotModified && strings.Contains(w.named, tag+compressedTag+`"`) {
		w.Header().Set("ETag", tag+compressedTag+`"`)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets what streams reach the writer beneath.
func (w unchanged) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w unchanged) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() } // who cannot flush waits for the end
