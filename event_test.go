package fil_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
)

func TestEventStructuredMode(t *testing.T) {
	for _, c := range []struct{ name, in, fault string }{
		{"whole", `{"specversion":"1.0","id":"1","source":"s","type":"fil.engagement.read","subject":"c","time":"2026-01-31T08:30:00Z","data":{"agent":"a"},"traceparent":"00-x"}`, ""},
		{"no id", `{"specversion":"1.0","source":"s","type":"t"}`, "id"},
		{"other version", `{"specversion":"0.3","id":"1","source":"s","type":"t"}`, "specversion"},
		{"time is no time", `{"specversion":"1.0","id":"1","source":"s","type":"t","time":"hier"}`, "time"},
		{"binary data", `{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"AA=="}`, "data_base64"},
		{"data of another type", `{"specversion":"1.0","id":"1","source":"s","type":"t","datacontenttype":"text/xml","data":"<a/>"}`, "datacontenttype"},
		{"data too large", `{"specversion":"1.0","id":"1","source":"s","type":"t","data":"` + strings.Repeat("x", fil.MaxEventBytes) + `"}`, "data"},
		{"too many extensions", `{"specversion":"1.0","id":"1","source":"s","type":"t"` + extensions(17) + `}`, "ext"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e fil.Event
			err := json.Unmarshal([]byte(c.in), &e)
			if c.fault == "" {
				if err != nil || e.Subject != "c" || e.Extra["traceparent"] != "00-x" || !e.Time.Equal(time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)) {
					t.Fatalf("got %+v, %v", e, err)
				}
				return
			}
			faults := fil.FaultsOf(err)
			if len(faults) != 1 || !strings.HasPrefix(faults[0].Field, c.fault) {
				t.Fatalf("faults %v, want one on %s (error %v)", faults, c.fault, err)
			}
		})
	}
}

func extensions(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"ext%d":"v"`, i)
	}
	return b.String()
}

func FuzzEventJSON(f *testing.F) {
	f.Add(`{"specversion":"1.0","id":"1","source":"s","type":"t","time":"2026-01-31T08:30:00.5+02:00","data":{"a":[1]},"n":3,"b":true}`)
	f.Add(`{"id":1}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, text string) {
		var first, second fil.Event
		if json.Unmarshal([]byte(text), &first) != nil {
			return
		}
		raw, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("an event that was read cannot be written: %v", err)
		}
		if err := json.Unmarshal(raw, &second); err != nil {
			t.Fatalf("an event that was written cannot be read: %v\n%s", err, raw)
		}
		if first.Identity() != second.Identity() || !first.Time.Equal(second.Time) || first.Type != second.Type {
			t.Fatalf("not the same after a round trip:\n%+v\n%+v", first, second)
		}
	})
}

func TestRejections(t *testing.T) {
	rec := func(offset int64) fil.Record {
		return fil.Record{Position: fil.Position{Topic: fil.TopicEngagements, Partition: 1, Offset: offset}}
	}
	broken, gone := errors.New("broken"), errors.New("store is away")
	for _, c := range []struct {
		name     string
		err      error
		rejected []int64
		retry    bool
	}{
		{"nothing", nil, nil, false},
		{"one verdict", fil.Reject(rec(7), broken), []int64{7}, false},
		{"verdicts joined", errors.Join(fil.Reject(rec(7), broken), fil.Reject(rec(9), broken)), []int64{7, 9}, false},
		{"wrapped verdict", fmt.Errorf("learn: %w", fil.Reject(rec(7), broken)), []int64{7}, false},
		{"another error", gone, nil, true},
		{"both", errors.Join(fil.Reject(rec(7), broken), gone), []int64{7}, true},
		{"wrapped both", fmt.Errorf("learn: %w", errors.Join(fil.Reject(rec(7), broken), gone)), nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			verdicts, rest := fil.Rejections(c.err)
			var offsets []int64
			for _, v := range verdicts {
				offsets = append(offsets, v.Record.Offset)
			}
			if diff := cmp.Diff(c.rejected, offsets); diff != "" || (rest != nil) != c.retry {
				t.Errorf("offsets %v, rest %v", offsets, rest)
			}
		})
	}
}

func TestEngagementTravels(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	want := fil.Engagement{Kind: fil.Dwell, Agent: "a1", Content: "c1", Dwell: 12.5, Time: at}
	event, err := want.Event("test", "1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := fil.EngagementOf(fil.Record{Key: "a1", Event: event})
	if err != nil || got != want {
		t.Fatalf("got %+v, %v", got, err)
	}
	event.Data = json.RawMessage(`{"agent":"a1","content":"","dwell":-1}`)
	_, err = fil.EngagementOf(fil.Record{Key: "a1", Event: event})
	if verdicts, rest := fil.Rejections(err); len(verdicts) != 1 || rest != nil || len(fil.FaultsOf(err)) != 2 {
		t.Fatalf("want a rejection with two faults, got %v", err)
	}
}
