package importer_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/importer"
)

// counting is a server that admits all events, and counts them: what is fuzzed comes before it.
func counting(f *testing.F) (url string, admitted *int) {
	f.Helper()
	admitted = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var events []fil.Event
		if err := json.Unmarshal(raw, &events); err != nil {
			*admitted = -1 << 20 // what was sent is no batch of events, and no summary can agree with this
		}
		*admitted += len(events)
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]int{"admitted": len(events)})
	}))
	f.Cleanup(server.Close)
	return server.URL, admitted
}

// Whatever a file holds, each row is sent or written down, or the import says why it cannot go on.
func FuzzRows(f *testing.F) {
	for _, body := range []string{reads, "\xef\xbb\xbfagent;content;kind\r\na;\"c\nd\";read", "agent\tcontent\tkind\n\"", "agent,content,kind\na,b\n,,,\n\"x\"y,,\n", gzipped(reads), zipped(reads, ""), "{}", `{"agent":{"a":1},"content":["x"],"kind":1e999}` + "\n5", "[", "PK\x03\x04", "\x1f\x8b", "agent,content,kind,time,dwell\na,c,dwell,1e13,\"1,5\"\na,c,dwell,-5e10,1e400"} {
		f.Add([]byte(body))
	}
	url, admitted := counting(f)
	path := filepath.Join(f.TempDir(), "rows")
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		*admitted = 0
		sum, err := importer.Run(t.Context(), importer.Options{Kind: "engagements", Files: []string{path}, Server: url})
		if sum.Admitted != *admitted {
			t.Errorf("%d admitted, %d sent", sum.Admitted, *admitted)
		}
		if err == nil && sum.Refused > 0 && len(refused(t, sum.RefusedIn[0])) != sum.Refused {
			t.Errorf("%d refused, others written down in %v", sum.Refused, sum.RefusedIn)
		}
	})
}

// Whatever a file holds, each row is an act or has a fault, and an act has all that an act needs.
func FuzzActs(f *testing.F) {
	for _, body := range []string{"agent,content,time\na,b,1\na,,2\n,b,x", "agent;content;time;kind;group;topics;published_at\na;b;2026-01-31;VIEW;g;x|y;2025-01-01\na;b", `{"agent":1,"content":"b","time":1e9,"topics":["x"]}`, zipped("agent,content,time\na,b,1", ""), "{"} {
		f.Add([]byte(body))
	}
	path := filepath.Join(f.TempDir(), "acts")
	mapping, err := importer.NewActMapping(importer.Options{Value: []string{"kind:VIEW=read"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = mapping.Rows([]string{path}, func(r importer.Row) error {
			act, faults := mapping.Act(r)
			if faults == nil && (act.Agent == "" || act.Content == "" || act.Kind == "" || act.Identity == 0) {
				t.Errorf("%q gives %+v", body, act)
			}
			return nil
		})
	})
}

// Whatever flags hold, they are understood or the usage is wrong: nothing else can come of them.
func FuzzFlags(f *testing.F) {
	f.Add("agent=a,content=b,kind=c", "dwell=1,5", "kind:COMMENT CREATED=comment")
	f.Add(`"agent=x,y",content=b`, "time=2026-01-31", "kind::==")
	f.Add(`agent="a"b`, "=", ":")
	url, _ := counting(f)
	path := filepath.Join(f.TempDir(), "rows")
	if err := os.WriteFile(path, []byte("a,b,c,\"x,y\"\n1,2,read,4\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, mapped, fixed, value string) {
		sum, err := importer.Run(t.Context(), importer.Options{Kind: "engagements", Files: []string{path}, Server: url,
			Map: []string{mapped}, Const: []string{fixed}, Value: []string{value}})
		var usage *importer.UsageError
		if err != nil && !errors.As(err, &usage) || err == nil && sum.Admitted+sum.Refused != 1 {
			t.Errorf("summary %+v, error %v", sum, err)
		}
	})
}
