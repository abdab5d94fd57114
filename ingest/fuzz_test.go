package ingest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/filengine/fil"
)

// What comes in is either refused in full or in the log in a form that every reader of the log can decode; the answer
// always adds up.
func FuzzEngagements(f *testing.F) {
	good := event("1", "a1", "c1", "read")
	f.Add(many, "["+asks("1", "a1", "more", `,"facet":"topic","name":"x"`)+","+asks("2", "a1", "forget", "")+"]", "")
	f.Add("", `{"agent":"a1","order":"ranked"}`, "fil.preference.order")
	for _, media := range []string{one, many, lines, "application/json", ""} {
		for _, body := range []string{good, "[" + good + "]", good + "\n" + good, `{"specversion":"1.0","data":{"dwell":1e400}}`, "[", "[[", `{"id":"\u0000"}`, "null", "\xff"} {
			f.Add(media, body, "")
		}
	}
	f.Add("", `{"agent":"a1","content":"c1"}`, "fil.engagement.re%61d")
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, media, body, ceType string) {
		header := http.Header{"Content-Type": {media}}
		if ceType != "" {
			header["Ce-Type"], header["Ce-Id"], header["Ce-Source"], header["Ce-Specversion"] = []string{ceType}, []string{ceType}, []string{ceType}, []string{"1.0"}
		}
		records, r := z.ask("/v1/engagements", http.MethodPost, body, header)
		closed := map[string]int{}
		records = slices.DeleteFunc(records, func(rec fil.Record) bool {
			if rec.Topic == fil.TopicSubscriptions && rec.Event.Data == nil {
				closed[rec.Key]++
			}
			return rec.Topic == fil.TopicSubscriptions
		})
		for _, rec := range records {
			var err error
			if rec.Event.Type == fil.TypePreference+"forget" {
				if closed[rec.Key]--; closed[rec.Key] < 0 {
					t.Errorf("%s is forgotten, and their addresses are not closed", rec.Key)
				}
			}
			if rec.Event.IsPreference() {
				_, err = fil.PreferenceOf(rec)
			} else {
				_, err = fil.EngagementOf(rec)
			}
			if err != nil {
				t.Errorf("in the log, but neither engagement nor preference: %v", err)
			}
			if err := rec.Event.Check(); err != nil {
				t.Errorf("in the log, but no event: %v", err)
			}
		}
		if r.Code == http.StatusAccepted {
			var got tally
			if err := json.Unmarshal(r.Body.Bytes(), &got); err != nil || got.Admitted != len(records) {
				t.Errorf("%d in the log, answer %s", len(records), r.Body)
			}
		} else if len(records) > 0 || r.Code >= 500 {
			t.Errorf("%d in the log, answer %d %s", len(records), r.Code, r.Body)
		}
	})
}

func FuzzBatch(f *testing.F) {
	for _, body := range []string{`{"id":"a1"}`, `{"id":"a1"}` + "\n" + `{"id":"a1","attributes":{"skills":["a"]}}`, "\r\n{\n", `{"id":"c1","title":"x"}`, `{"id":"c","title":"x","translations":{"en":{"title":"y"}},"published_at":"2026-01-01T00:00:00+14:00"}`, `{"id":"\ud800"}`} {
		f.Add("agents", body)
		f.Add("contents", body)
		f.Add("audiences", body)
	}
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, plural, body string) {
		if plural != "agents" && plural != "contents" && plural != "audiences" {
			return
		}
		records, r := z.ask("/v1/"+plural+":batch", http.MethodPost, body, http.Header{})
		_, last := batchLines(t, reply{body: r.Body.Bytes()})
		if r.Code != 200 || last.Admitted != len(records) || last.Admitted+last.Duplicates+last.Refused > 1+strings.Count(body, "\n") {
			t.Errorf("%d in the log, answer %d %s", len(records), r.Code, r.Body)
		}
		for _, rec := range records {
			checkDecodes(t, plural, rec)
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add("agents", `{"id":"x","org":"/a/b/","attributes":{"manager":true,"telework_days":2,"hired":"2026-01-31","grade":null}}`)
	f.Add("contents", `{"title":"x","topics":["a"],"priority":-3,"expires_at":"2106-01-01T00:00:00Z"}`)
	f.Add("audiences", `{"name":"x","members":["a"],"$schema":1}`)
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, plural, body string) {
		if plural != "agents" && plural != "contents" && plural != "audiences" {
			return
		}
		records, r := z.ask("/v1/"+plural+"/x", http.MethodPut, body, http.Header{})
		if (r.Code == http.StatusCreated) != (len(records) == 1) || r.Code >= 500 {
			t.Errorf("%d in the log, answer %d %s", len(records), r.Code, r.Body)
		}
		for _, rec := range records {
			checkDecodes(t, plural, rec)
		}
	})
}

// checkDecodes holds a record to the form in which it was compared: what is read from the log is written the same.
func checkDecodes(t *testing.T, plural string, rec fil.Record) {
	t.Helper()
	var value any
	var err error
	switch plural {
	case "agents":
		value, err = fil.Decode[fil.Agent](rec)
	case "contents":
		value, err = fil.Decode[fil.Content](rec)
	default:
		value, err = fil.Decode[fil.Audience](rec)
	}
	if err != nil {
		t.Fatalf("in the log, but not to be read: %v", err)
	}
	if again, err := json.Marshal(value); err != nil || string(again) != string(rec.Event.Data) {
		t.Errorf("the log has %s, read and written again it is %s (%v)", rec.Event.Data, again, err)
	}
}

// fuzzed is a door whose log notes what it gets; a broker would say nothing more about a decoder, much slower. It
// remembers identities from one input to the next, as a door does.
type fuzzed struct {
	notes noted
	mux   *http.ServeMux
}

func newFuzzed(f *testing.F) *fuzzed {
	z := &fuzzed{mux: http.NewServeMux()}
	bare(f, &z.notes).Register(humago.New(z.mux, huma.Config{OpenAPI: &huma.OpenAPI{Info: &huma.Info{}}, Formats: huma.DefaultFormats, DefaultFormat: "application/json"}))
	return z
}

func (z *fuzzed) ask(path, method, body string, header http.Header) ([]fil.Record, *httptest.ResponseRecorder) {
	z.notes = nil
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header = header
	rec := httptest.NewRecorder()
	z.mux.ServeHTTP(rec, req)
	return z.notes, rec
}
