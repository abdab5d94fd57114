package chdb

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
)

// response writes an answer as the client wants it. The status leaves with the first chunk, so an error that comes
// before it has a status of its own, and one that comes after it is framed in the answer.
type response struct {
	http http.ResponseWriter
	tag  string    // that frames an error, so that no data can be taken for one
	body io.Writer // nil until the first chunk
	zip  *gzip.Writer
	raw  io.Writer // under body: what is compressed by HTTP only
	ask  *request
}

func newResponse(w http.ResponseWriter, ask *request) *response {
	r := &response{http: w, ask: ask, tag: rand.Text()[:16]}
	format := ask.statement.format
	if format == "" {
		format = ask.format
	}
	header := w.Header()
	header.Set("X-ClickHouse-Format", format)
	header.Set("Content-Type", contentType(format))
	header.Set("X-ClickHouse-Exception-Tag", r.tag)
	return r
}

// Write takes a chunk of the answer, which holds whole blocks.
func (r *response) Write(chunk []byte) (int, error) {
	if r.body == nil {
		r.begin()
	}
	return r.body.Write(chunk)
}

func (r *response) begin() {
	r.raw = r.http
	if r.ask.gzip {
		r.http.Header().Set("Content-Encoding", "gzip")
		r.zip = gzip.NewWriter(r.http)
		r.raw = r.zip
	}
	r.body = r.raw
	if r.ask.compressed != compress.None {
		r.body = &framer{out: r.body, frames: compress.NewWriter(compress.LevelZero, r.ask.compressed)}
	}
	if r.ask.revision > 0 && strings.EqualFold(r.http.Header().Get("X-ClickHouse-Format"), "Native") {
		r.body = &recoder{out: r.body, revision: r.ask.revision}
	}
}

// end completes an answer.
func (r *response) end() error {
	if r.zip != nil {
		return r.zip.Close()
	}
	return nil
}

// fail ends an answer with an error.
func (r *response) fail(err error) {
	var exception *Exception
	if !errors.As(err, &exception) {
		exception = exceptionf(codeUnknownException, "UNKNOWN_EXCEPTION", "%v", err)
	}
	if r.body == nil {
		writeException(r.http, exception)
		return
	}
	text := exception.Text
	_, _ = fmt.Fprintf(r.raw, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", r.tag, text, len(text)+1, r.tag)
	_ = r.end() // the client has its error, or is gone
}

func writeException(w http.ResponseWriter, e *Exception) {
	header := w.Header()
	header.Del("X-ClickHouse-Format")
	header.Set("Content-Type", "text/plain; charset=UTF-8")
	header.Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.Code))
	if e.Code == codeAuthenticationFailed {
		header.Set("WWW-Authenticate", `Basic realm="ClickHouse server HTTP API"`)
	}
	w.WriteHeader(e.status())
	fmt.Fprintln(w, e.Text)
}

// framer compresses in ClickHouse's own frames, each of which holds frameSize bytes at most.
type framer struct {
	out    io.Writer
	frames *compress.Writer
}

const frameSize = 1 << 20

func (f *framer) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		piece := p[done:min(done+frameSize, len(p))]
		if err := f.frames.Compress(piece); err != nil {
			return done, fmt.Errorf("compress answer: %w", err)
		}
		if _, err := f.out.Write(f.frames.Data); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return len(p), nil
}

func contentType(format string) string {
	lower := strings.ToLower(format)
	switch {
	case lower == "native", strings.HasPrefix(lower, "rowbinary"), lower == "parquet", strings.HasPrefix(lower, "arrow"), lower == "orc":
		return "application/octet-stream"
	case strings.HasPrefix(lower, "csvwithnames"):
		return "text/csv; charset=UTF-8; header=present"
	case strings.HasPrefix(lower, "csv"):
		return "text/csv; charset=UTF-8; header=absent"
	case strings.HasPrefix(lower, "tabseparated"), strings.HasPrefix(lower, "tsv"):
		return "text/tab-separated-values; charset=UTF-8"
	case strings.HasSuffix(lower, "eachrow"):
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(lower, "json"):
		return "application/json; charset=UTF-8"
	}
	return "text/plain; charset=UTF-8"
}
