package chdb_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil/cmd/fil/embedded/chdb"
)

func TestRead(t *testing.T) {
	none := map[string]string{}
	for name, test := range map[string]struct {
		query, body string
		want        chdb.Asked
		rows        string
	}{
		"statement in the body": {
			"database=facts&param_day=2026-03-02&max_execution_time=5", "SELECT {day:Date}",
			chdb.Asked{
				Statement: "SELECT {day:Date}", Verb: "SELECT", Database: "facts",
				Params: map[string]string{"day": "2026-03-02"}, Settings: map[string]string{"max_execution_time": "5"},
			}, "",
		},
		"statement in the address": {
			"query=" + url.QueryEscape("/* why */ -- because\n(select 1) FORMAT JSON"), "",
			chdb.Asked{Statement: "/* why */ -- because\n(select 1) FORMAT JSON", Verb: "SELECT", Format: "JSON", Params: none, Settings: none}, "",
		},
		"statement in both": {
			"query=SELECT", " 1 + 1",
			chdb.Asked{Statement: "SELECT 1 + 1", Verb: "SELECT", Params: none, Settings: none}, "",
		},
		"insert with its rows apart": {
			"insert_deduplication_token=t%3A0%3A1-9&session_id=s&query=" + url.QueryEscape("INSERT INTO facts FORMAT CSV"), "1\n2\n",
			chdb.Asked{Statement: "INSERT INTO facts FORMAT CSV", Verb: "INSERT", Format: "CSV", Params: none, Settings: map[string]string{"insert_deduplication_token": "t:0:1-9"}}, "1\n2\n",
		},
		"insert with its rows in it": {
			"", "INSERT INTO facts VALUES (1)",
			chdb.Asked{Statement: "INSERT INTO facts VALUES (1)", Verb: "INSERT", Params: none, Settings: none}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := chdb.Read(httptest.NewRequest(http.MethodPost, "/?"+test.query, strings.NewReader(test.body)))
			if err != nil {
				t.Fatal(err)
			}
			rows := ""
			if got.Rows != nil {
				text, err := io.ReadAll(got.Rows)
				if err != nil {
					t.Fatal(err)
				}
				rows, got.Rows = string(text), nil
			}
			if diff := cmp.Diff(test.want, got); diff != "" || rows != test.rows {
				t.Errorf("understood as (-want +got):\n%s with rows %q, want %q", diff, rows, test.rows)
			}
		})
	}
}

func TestSplitInsert(t *testing.T) {
	for text, want := range map[string][2]string{
		"INSERT INTO f (a, b) FORMAT Native":               {"INSERT INTO f (a, b) ", "Native"},
		"INSERT INTO f SETTINGS x = 1 format\nCSV ; ":      {"INSERT INTO f SETTINGS x = 1 ", "CSV"},
		"INSERT INTO f VALUES":                             {"INSERT INTO f ", "Values"},
		"INSERT INTO f;":                                   {"INSERT INTO f", "Values"},
		"INSERT INTO `format CSV` FORMAT JSONEachRow":      {"INSERT INTO `format CSV` ", "JSONEachRow"},
		strings.Repeat(" ", 9000) + "INSERT INTO f VALUES": {strings.Repeat(" ", 9000) + "INSERT INTO f ", "Values"},
	} {
		if statement, format := chdb.SplitInsert(text); statement != want[0] || format != want[1] {
			t.Errorf("%.60q was split into %.60q and %q, want %.60q and %q", text, statement, format, want[0], want[1])
		}
	}
}

// FuzzRead looks for requests that break the reader, or whose parts it moves about.
func FuzzRead(f *testing.F) {
	f.Add("query=SELECT+1&max_threads=1", "", "")
	f.Add("compress=1&decompress=1&network_compression_method=ZSTD&client_protocol_version=54460", "\x82\x00", "")
	f.Add("param_x=%5C%27&database=a%60b&query=INSERT+INTO+t+VALUES", "(1)", "gzip")
	f.Add("a'b=1", "SELECT 1", "")
	f.Add("query=%zz", "/*", "deflate")
	f.Fuzz(func(t *testing.T, query, body, encoding string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Encoding", encoding)
		got, err := chdb.Read(r)
		if err != nil {
			var exception *chdb.Exception
			if !errors.As(err, &exception) || exception.Code <= 0 || !strings.HasPrefix(exception.Text, "Code: ") {
				t.Fatalf("a refusal that no client understands: %v", err)
			}
			return
		}
		for name := range got.Settings {
			if strings.ContainsAny(name, " '`=,;()") {
				t.Errorf("setting %q could say more than its name", name)
			}
		}
		if values, _ := url.ParseQuery(strings.ReplaceAll(query, ";", "%3B")); !strings.HasPrefix(got.Statement, values.Get("query")) {
			t.Errorf("statement %q does not begin with %q", got.Statement, values.Get("query"))
		}
		if got.Rows != nil && got.Verb != "INSERT" {
			t.Errorf("%s has rows", got.Verb)
		}
	})
}

func FuzzSplitInsert(f *testing.F) {
	f.Add("INSERT INTO t FORMAT Native")
	f.Add("INSERT INTO t VALUES ;")
	f.Fuzz(func(t *testing.T, text string) {
		statement, format := chdb.SplitInsert(text)
		if !strings.HasPrefix(text, statement) || format == "" {
			t.Errorf("%q was split into %q and %q", text, statement, format)
		}
	})
}
