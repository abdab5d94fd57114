package main

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
// and what comes compressed, passes as it is. Conditions that name an ETag of the compressed mean that of the plain one.
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
		for _, name := range []string{"If-None-Match", "If-Match"} {
			if value := r.Header.Get(name); strings.Contains(value, compressedTag) {
				r.Header.Set(name, strings.ReplaceAll(value, compressedTag+`"`, `"`))
			}
		}
		compressed(w, r)
	})
}
