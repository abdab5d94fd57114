package drafts_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/drafts"
)

func put(key, data string) fil.Record {
	rec := fil.Record{Position: fil.Position{Topic: fil.TopicRevisions}, Key: key}
	if data != "" {
		rec.Event = fil.Event{Type: drafts.TypeRevision, Data: []byte(data)}
	}
	return rec
}

func TestBook_KnowsTheLastRevisionAndForgetsTombstones(t *testing.T) {
	t.Parallel()
	b := drafts.NewBook()
	revision := func(n int, state string) fil.Record {
		return put(fmt.Sprintf("c/%06d", n), fmt.Sprintf(`{"content":"c","number":%d,"state":%q,"value":{"id":"c","title":"t%d"},"steps":[{"what":"written","by":"k"}]}`, n, state, n))
	}
	if err := b.Apply([]fil.Record{revision(1, "published"), revision(2, "draft"), revision(10, "submitted")}); err != nil {
		t.Fatal(err)
	}
	if open, ok := b.Open("c"); !ok || open.Number != 10 || len(b.Drafts()) != 1 {
		t.Errorf("the open draft is %+v", open)
	}
	if err := b.Apply([]fil.Record{put("c/000010", ""), revision(2, "discarded")}); err != nil {
		t.Fatal(err)
	}
	if _, ok := b.Open("c"); ok || len(b.History("c")) != 2 || b.History("c")[0].Number != 2 {
		t.Errorf("the history is %+v", b.History("c"))
	}
	wrong := []fil.Record{put("c", "{}"), put("c/x", "{}"), put("c/000003", `{"content":"d","number":3,"steps":[{}]}`), put("c/000003", `[]`), revision(4, "draft")}
	if verdicts, rest := fil.Rejections(b.Apply(wrong)); len(verdicts) != 4 || rest != nil {
		t.Errorf("rejected %v, %v", verdicts, rest)
	}
	if _, ok := b.Open("c"); !ok {
		t.Error("poison hid a good record")
	}
}

// FuzzBook holds the book to answers that agree, whatever is in the log.
func FuzzBook(f *testing.F) {
	f.Add("c/000001", []byte(`{"content":"c","number":1,"state":"draft","value":{"id":"c","title":"t"},"steps":[{"what":"written"}]}`))
	f.Add("a/b/000002", []byte(`{"content":"a/b","number":2,"state":"withdrawn","steps":[{"at":"2026-01-01T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, key string, data []byte) {
		b := drafts.NewBook()
		rec := fil.Record{Key: key, Event: fil.Event{Data: data, Time: time.Now()}}
		err := b.Apply([]fil.Record{rec})
		open := b.Drafts()
		if err != nil && len(open) > 0 {
			t.Fatalf("a record that was rejected is a draft: %+v", open)
		}
		for _, r := range open {
			if again, ok := b.Revision(r.Content, r.Number); !ok || again.Value == nil || len(b.History(r.Content)) != 1 {
				t.Fatalf("%+v is open and not in the history", r)
			}
		}
	})
}
