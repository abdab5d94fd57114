package chdb

import (
	"bufio"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
)

// Limits of what a request may hold.
const (
	maxStatement = 16 << 20 // bytes of a statement, with the rows that are written in it
	maxInsert    = 1 << 30  // bytes of rows that come apart from their statement, once decompressed
)

// request is what a client of ClickHouse's HTTP interface asks for.
type request struct {
	statement statement
	// rows are those of an INSERT when they come apart from it, else nil.
	rows     io.Reader
	params   []param
	settings []setting
	database string
	queryID  string

	format     string          // of the answer, unless the statement names one
	revision   uint64          // of Native blocks
	compressed compress.Method // of the answer, in ClickHouse's own frames
	gzip       bool            // whether the whole answer is compressed, as HTTP does it
	whole      bool            // whether the answer may begin only once it is complete
}

type setting struct{ name, value string }

// ignored are the parameters of the interface that change nothing here: no sessions, no quotas, no roles.
var ignored = []string{
	"session_id", "session_timeout", "session_check", "quota_key", "role", "user", "password", "buffer_size", "stacktrace",
	"close_session", "network_zstd_compression_level", "http_zlib_compression_level", "client_info", "http_write_exception_in_output_format",
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// readRequest reads what is asked, and of the body no more than the statement.
func readRequest(r *http.Request) (*request, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return nil, exceptionf(codeNotImplemented, "NOT_IMPLEMENTED", "External tables are not taken by the embedded engine")
	}
	// A semicolon ends a statement, and never separates parameters.
	values, err := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B"))
	if err != nil {
		return nil, exceptionf(codeBadArguments, "BAD_ARGUMENTS", "Query string: %v", err)
	}
	q := &request{format: "TabSeparated"}
	if name := r.Header.Get("X-ClickHouse-Database"); name != "" {
		q.database = name
	}
	if name := r.Header.Get("X-ClickHouse-Format"); name != "" {
		q.format = name
	}
	if err := q.readParameters(values); err != nil {
		return nil, err
	}
	q.gzip = q.gzip && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	body, err := decompress(r, values.Get("decompress") == "1")
	if err != nil {
		return nil, err
	}
	return q, q.readStatement(values.Get("query"), body)
}

func (q *request) readParameters(values url.Values) error {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names) // so that the same request always does the same
	method := compress.LZ4
	for _, name := range names {
		value := values.Get(name)
		if parameter, ok := strings.CutPrefix(name, "param_"); ok {
			q.params = append(q.params, param{parameter, value})
			continue
		}
		switch name {
		case "query", "decompress":
		case "database":
			q.database = value
		case "query_id":
			q.queryID = value
		case "default_format":
			q.format = value
		case "client_protocol_version":
			revision, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return exceptionf(codeBadArguments, "BAD_ARGUMENTS", "client_protocol_version: %q is not a number", value)
			}
			q.revision = revision
		case "compress":
			if value == "1" {
				q.compressed = method
			}
		case "network_compression_method":
			if strings.EqualFold(value, "ZSTD") {
				method = compress.ZSTD
			}
			if q.compressed != compress.None {
				q.compressed = method
			}
		case "enable_http_compression":
			q.gzip = value == "1"
		case "wait_end_of_query":
			q.whole = value == "1"
		default:
			if slices.Contains(ignored, name) {
				continue
			}
			if !settingName.MatchString(name) {
				return exceptionf(115, "UNKNOWN_SETTING", "Unknown setting %q", name)
			}
			q.settings = append(q.settings, setting{name, value})
		}
	}
	return nil
}

// readStatement takes the statement from the query parameter, or else from the body, and leaves the rest of the body as
// the rows of an INSERT.
func (q *request) readStatement(text string, body io.Reader) error {
	buffered := bufio.NewReaderSize(body, 64<<10)
	_, err := buffered.Peek(1)
	empty := err != nil
	if err != nil && !errors.Is(err, io.EOF) {
		return readingBody(err)
	}
	if text != "" {
		q.statement = newStatement(text)
		if q.statement.verb == "INSERT" && !empty {
			q.rows = &limited{from: buffered, left: maxInsert}
			return nil
		}
	}
	if !empty {
		rest, err := io.ReadAll(&limited{from: buffered, left: maxStatement - int64(len(text))})
		if err != nil {
			return readingBody(err)
		}
		text += string(rest)
		q.statement = newStatement(text)
	}
	if q.statement.verb == "" {
		return exceptionf(codeSyntaxError, "SYNTAX_ERROR", "Empty query")
	}
	return nil
}

// readingBody gives the number of an error met while reading what the client sends.
func readingBody(err error) error {
	var known *Exception
	if errors.As(err, &known) {
		return err
	}
	return exceptionf(codeCannotReadAllData, "CANNOT_READ_ALL_DATA", "Request body: %v", err)
}

// decompress undoes HTTP's compression of the body, then ClickHouse's.
func decompress(r *http.Request, frames bool) (io.Reader, error) {
	var body io.Reader = r.Body
	var err error
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	default:
		return nil, exceptionf(codeUnknownCompression, "UNKNOWN_COMPRESSION_METHOD", "Content-Encoding %q is not taken: use gzip or deflate", encoding)
	}
	if err != nil {
		return nil, readingBody(err)
	}
	if frames {
		body = compress.NewReader(body)
	}
	return body, nil
}

// limited reads no more than left bytes, and fails where io.LimitReader would pretend that the end is there.
type limited struct {
	from io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, exceptionf(codeTooLarge, "TOO_MANY_BYTES", "Request body is too large: %d bytes are taken for a statement, %d for rows to insert", maxStatement, maxInsert)
	}
	n, err := l.from.Read(p[:min(int64(len(p)), l.left+1)])
	l.left -= int64(n)
	if l.left < 0 {
		return 0, exceptionf(codeTooLarge, "TOO_MANY_BYTES", "Request body is too large: %d bytes are taken for a statement, %d for rows to insert", maxStatement, maxInsert)
	}
	return n, err
}
