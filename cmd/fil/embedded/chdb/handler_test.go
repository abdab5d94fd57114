package chdb_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil/cmd/fil/embedded/chdb"
)

const password = "secret"

// face is an engine of the test's own, and its HTTP interface.
type face struct {
	engine *chdb.Engine
	url    string
}

func open(t testing.TB) face {
	t.Helper()
	engine, err := chdb.Open(chdb.Config{
		Dir: t.TempDir(), Password: password, MemoryBytes: 1 << 30, QueryThreads: 2, Connections: 3, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(engine)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return face{engine, server.URL}
}

// ask sends a request with the password, and returns the status, the headers and the body.
func (f face) ask(t testing.TB, method, query string, body io.Reader, change ...func(*http.Request)) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, f.url+"/?"+query, body)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("default", password)
	for _, c := range change {
		c(r)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

// must runs a statement and returns its answer.
func (f face) must(t testing.TB, statement string) string {
	t.Helper()
	status, _, text := f.ask(t, http.MethodPost, "", strings.NewReader(statement))
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", statement, status, text)
	}
	return text
}

func TestHTTP_AnswersToCurl(t *testing.T) {
	f := open(t)
	for name, test := range map[string]struct{ query, want, contentType string }{
		"default":        {"query=SELECT+1", "1\n", "text/tab-separated-values; charset=UTF-8"},
		"format clause":  {"query=SELECT+1,'a'+FORMAT+CSV", "1,\"a\"\n", "text/csv; charset=UTF-8; header=absent"},
		"default format": {"default_format=JSONEachRow&query=SELECT+1+AS+n", "{\"n\":1}\n", "application/x-ndjson; charset=UTF-8"},
		"parameter":      {"param_s=a%5Ctb&query=SELECT+length({s:String})", "3\n", "text/tab-separated-values; charset=UTF-8"},
		"no answer":      {"query=SELECT+1+WHERE+0", "", "text/tab-separated-values; charset=UTF-8"},
		"complete":       {"wait_end_of_query=1&query=SELECT+1", "1\n", "text/tab-separated-values; charset=UTF-8"},
		"show":           {"query=SHOW+DATABASES+LIKE+'default'", "default\n", "text/tab-separated-values; charset=UTF-8"},
		"trailing note":  {"query=SELECT+1+--+one", "1\n", "text/tab-separated-values; charset=UTF-8"},
		"semicolon":      {"query=SELECT+1;", "1\n", "text/tab-separated-values; charset=UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, text := f.ask(t, http.MethodGet, test.query, nil)
			if status != http.StatusOK || text != test.want || header.Get("Content-Type") != test.contentType {
				t.Errorf("answered %d %q %q, want 200 %q %q", status, header.Get("Content-Type"), text, test.contentType, test.want)
			}
		})
	}
}

func TestHTTP_Password(t *testing.T) {
	f := open(t)
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"basic":      {func(*http.Request) {}, 200},
		"none":       {func(r *http.Request) { r.Header.Del("Authorization") }, 403},
		"wrong":      {func(r *http.Request) { r.SetBasicAuth("default", "guess") }, 403},
		"empty":      {func(r *http.Request) { r.SetBasicAuth("default", "") }, 403},
		"other user": {func(r *http.Request) { r.SetBasicAuth("admin", password) }, 403},
		"headers": {func(r *http.Request) {
			r.Header = http.Header{"X-Clickhouse-User": {"default"}, "X-Clickhouse-Key": {password}}
		}, 200},
		"wrong headers":  {func(r *http.Request) { r.Header = http.Header{"X-Clickhouse-Key": {"guess"}} }, 403},
		"in the address": {func(r *http.Request) { r.Header = nil; r.URL.RawQuery += "&user=default&password=" + password }, 200},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, text := f.ask(t, http.MethodGet, "query=SELECT+1", nil, test.change)
			if status != test.want || (status == 403) != (header.Get("X-ClickHouse-Exception-Code") == "516") {
				t.Errorf("answered %d %v %q, want %d", status, header, text, test.want)
			}
		})
	}
	if status, _, text := f.ask(t, http.MethodGet, "", nil, func(r *http.Request) { r.URL.Path = "/ping"; r.Header.Del("Authorization") }); status != 200 || text != "Ok.\n" {
		t.Errorf("/ping answered %d %q", status, text)
	}
}

func TestHTTP_GetOnlyReads(t *testing.T) {
	f := open(t)
	f.must(t, "CREATE TABLE facts (n UInt64) ENGINE = MergeTree ORDER BY n")
	for _, statement := range []string{"DROP TABLE facts", "INSERT INTO facts VALUES (1)", "SET max_threads = 1", "SYSTEM FLUSH LOGS", "TRUNCATE TABLE facts"} {
		if status, header, text := f.ask(t, http.MethodGet, "query="+url.QueryEscape(statement), nil); status != 403 || header.Get("X-ClickHouse-Exception-Code") != "164" {
			t.Errorf("%s answered %d %q", statement, status, text)
		}
	}
	if got := f.must(t, "SELECT count() FROM facts"); got != "0\n" {
		t.Errorf("facts hold %q", got)
	}
}

func TestHTTP_Refusals(t *testing.T) {
	f := open(t)
	f.must(t, "CREATE TABLE facts (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
	native := "query=" + url.QueryEscape("INSERT INTO facts FORMAT Native")
	for name, test := range map[string]struct {
		query, body string
		header      http.Header
		status      int
		code        string
	}{
		"broken native":     {native, "\x02\x01\x01nbogus", nil, 400, "33"},
		"random native":     {native, strings.Repeat("\xff\xfe\x01", 999), nil, 0, ""},
		"native of a table": {native, "\x01\x01\x01n\x06UInt64\x01\x00", nil, 400, "33"},
		"broken csv":        {"query=INSERT+INTO+facts+FORMAT+CSV", "1,a\nx,y\n", nil, 400, "27"},
		"unknown format":    {"query=INSERT+INTO+facts+FORMAT+Nonsense", "1", nil, 404, "73"},
		"unknown setting":   {"nonsense=1", "SELECT 1", nil, 404, "115"},
		"odd setting":       {url.QueryEscape("a'; DROP TABLE facts; --") + "=1", "SELECT 1", nil, 404, "115"},
		"odd value":         {"max_threads=" + url.QueryEscape("1'; DROP TABLE facts; --"), "SELECT 1", nil, 400, "27"},
		"unknown database":  {"database=nowhere", "SELECT 1", nil, 404, "81"},
		"odd database":      {"database=" + url.QueryEscape("a`; DROP TABLE facts; --"), "SELECT 1", nil, 404, "81"},
		"statement of many": {"", strings.Repeat(" ", 17<<20) + "SELECT 1", nil, 413, "307"},
		"unknown encoding":  {"", "SELECT 1", http.Header{"Content-Encoding": {"br"}}, 400, "89"},
		"false gzip":        {"", "SELECT 1", http.Header{"Content-Encoding": {"gzip"}}, 400, "33"},
		"false frames":      {"decompress=1", strings.Repeat("SELECT 1", 9), nil, 400, "33"},
		"external table":    {"", "--x--", http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, 501, "48"},
		"bad address":       {"query=%zz", "", nil, 400, "36"},
		"bad revision":      {"client_protocol_version=x", "SELECT 1", nil, 400, "36"},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, text := f.ask(t, http.MethodPost, test.query, strings.NewReader(test.body), func(r *http.Request) {
				for name, values := range test.header {
					r.Header[name] = values
				}
			})
			code := header.Get("X-ClickHouse-Exception-Code")
			if status < 400 || test.code != "" && (status != test.status || code != test.code) || !strings.HasPrefix(text, "Code: "+code) {
				t.Errorf("answered %d, code %s, %q; want %d, code %s", status, code, text, test.status, test.code)
			}
			if got := f.must(t, "SELECT count() FROM facts"); got != "0\n" {
				t.Errorf("facts hold %q afterwards", got)
			}
		})
	}
	for path, want := range map[string]int{"/nowhere": 404, "/": 405} {
		if status, _, _ := f.ask(t, http.MethodPut, "query=SELECT+1", nil, func(r *http.Request) { r.URL.Path = path }); status != want {
			t.Errorf("PUT %s answered %d, want %d", path, status, want)
		}
	}
}

func TestHTTP_InsertCutShortStoresNothing(t *testing.T) {
	f := open(t)
	f.must(t, "CREATE TABLE facts (n UInt64) ENGINE = MergeTree ORDER BY n")
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /?query=INSERT+INTO+facts+FORMAT+CSV&user=default&password=%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1\n2\n\r\n", password)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if bytes.Contains(answer, []byte("200 OK")) {
		t.Errorf("an insert without its end was acknowledged: %q", answer)
	}
	if got := f.must(t, "SELECT count() FROM facts"); got != "0\n" {
		t.Errorf("facts hold %q rows of an insert without its end", got)
	}
}

func TestHTTP_Gzip(t *testing.T) {
	f := open(t)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, "SELECT number FROM numbers(100000)")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, header, text := f.ask(t, http.MethodPost, "enable_http_compression=1", &packed, func(r *http.Request) {
		r.Header.Set("Content-Encoding", "gzip")
		r.Header.Set("Accept-Encoding", "gzip")
	})
	if header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("the answer is not compressed: %v", header)
	}
	reader, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil || bytes.Count(plain, []byte("\n")) != 100_000 {
		t.Errorf("%d lines came back, %v", bytes.Count(plain, []byte("\n")), err)
	}
}

func TestHTTP_NothingOfARequestReachesTheNext(t *testing.T) {
	f := open(t)
	for name, first := range map[string]string{
		"failed in the middle": "SELECT throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 10000",
		"setting":              "SET max_block_size = 77",
		"database":             "USE system",
		"temporary table":      "CREATE TEMPORARY TABLE mine (n UInt8)",
	} {
		t.Run(name, func(t *testing.T) {
			for range 5 {
				f.ask(t, http.MethodPost, "wait_end_of_query=1", strings.NewReader(first))
				got := f.must(t, "SELECT getSetting('max_block_size') != 77, currentDatabase(), (SELECT count() FROM system.tables WHERE name = 'mine')")
				if want := "1\tdefault\t0\n"; got != want {
					t.Fatalf("the next request answered %q, want %q", got, want)
				}
			}
		})
	}
}

func TestHTTP_FailureInTheMiddleIsFramed(t *testing.T) {
	f := open(t)
	status, header, text := f.ask(t, http.MethodGet, "query="+url.QueryEscape("SELECT throwIf(number = 900000, 'halfway') FROM numbers(1000000) SETTINGS max_block_size = 10000, max_threads = 1"), nil)
	tag := header.Get("X-ClickHouse-Exception-Tag")
	if status != 200 || !strings.HasPrefix(text, "0\n") || !strings.Contains(text, "\r\n__exception__\r\n"+tag+"\r\nCode: 395. ") ||
		!strings.HasSuffix(text, " "+tag+"\r\n__exception__\r\n") {
		t.Errorf("answered %d with tag %q and an end of %q", status, tag, text[max(0, len(text)-400):])
	}
}

func TestEngine_CloseStopsWhatStillRuns(t *testing.T) {
	f := open(t)
	answered := make(chan string, 1)
	go func() {
		_, _, text := f.ask(t, http.MethodPost, "", strings.NewReader("SELECT sleepEachRow(1) FROM numbers(120) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0"))
		answered <- text
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if f.must(t, "SELECT count() FROM system.processes") == "2\n" {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.engine.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if text := <-answered; !strings.Contains(text, "Code: 394.") {
		t.Errorf("the statement that was stopped answered %q, want QUERY_WAS_CANCELLED", text)
	}
	if status, header, text := f.ask(t, http.MethodPost, "", strings.NewReader("SELECT 1")); status != 503 || header.Get("X-ClickHouse-Exception-Code") != "236" {
		t.Errorf("a statement after the end answered %d %q", status, text)
	}
}
