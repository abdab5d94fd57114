package dashboards_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/dashboards"
)

func archivedRecord(key, data string) fil.Record {
	return fil.Record{Position: fil.Position{Topic: fil.TopicFigures}, Key: key, Event: fil.Event{ID: key, Source: "s", Type: fil.TypeFigures, Data: json.RawMessage(data)}}
}

func TestArchived(t *testing.T) {
	for _, c := range []struct {
		name, key, data string
		ok              bool
	}{
		{"the house", "2024-11/0//house", `{"month":"2024-11","rows":[["",3,120,null,60,0,0,0,75]]}`, true},
		{"by organisation, of a perimeter", "2024-11/1/org/perimeter:p", `{"month":"2024-11","perimeter":"p","by":"org","part":1,"parts":1,"rows":[]}`, true},
		{"one content", "2024-11/0//content:a/b", `{"month":"2024-11","content":"a/b","rows":[]}`, true},
		{"the key of another", "2024-11/0//content:b", `{"month":"2024-11","content":"a","rows":[]}`, false},
		{"no month", "2024-13/0//house", `{"month":"2024-13","rows":[]}`, false},
		{"a content of a perimeter", "2024-11/0//content:a", `{"month":"2024-11","content":"a","perimeter":"p","rows":[]}`, false},
		{"fewer than nobody", "2024-11/0//house", `{"month":"2024-11","rows":[["",3,-1,null,60,0,0,0,75]]}`, false},
		{"a row of another shape", "2024-11/0//house", `{"month":"2024-11","rows":[["",3,1]]}`, false},
		{"two rows that nothing tells apart", "2024-11/0//house", `{"month":"2024-11","rows":[["",0,0,0,0,0,0,0,0],["",0,0,0,0,0,0,0,0]]}`, false},
		{"a part that is not there", "2024-11/2/org/house", `{"month":"2024-11","by":"org","part":2,"parts":1,"rows":[]}`, false},
	} {
		if _, err := dashboards.ArchivedOf(archivedRecord(c.key, c.data)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzArchived(f *testing.F) {
	f.Add("2024-11/0//house", `{"month":"2024-11","rows":[["",3,120,null,60,0,0,0,75]]}`)
	f.Add("2024-11/1/org/perimeter:p", `{"month":"2024-11","perimeter":"p","by":"org","part":1,"parts":1,"rows":[["a/b",0,null,null,null,null,null,null,null]]}`)
	f.Add("", `{"rows":[[1]]}`)
	f.Fuzz(func(t *testing.T, key, data string) {
		first, err := dashboards.ArchivedOf(archivedRecord(key, data))
		if err != nil {
			return
		}
		written, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("figures that were read cannot be written: %v", err)
		}
		second, err := dashboards.ArchivedOf(archivedRecord(dashboards.ArchivedKey(first), string(written)))
		if err != nil {
			t.Fatalf("figures that were written cannot be read: %v\n%s", err, written)
		}
		if len(first.Rows) == 0 {
			first.Rows, second.Rows = nil, nil
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("not the same after a round trip:\n%s", diff)
		}
	})
}
