package ranking_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

func news(id string, published time.Time) fil.Content {
	return fil.Content{ID: id, Kind: "news", Title: id, PublishedAt: published}
}

func TestCatalogue_FollowsTheLog(t *testing.T) {
	c := newCatalogue(t, news("a", noon), news("b", noon.Add(time.Hour)), news("a", noon.Add(2*time.Hour)))
	if got, ok := c.Content("a"); !ok || !got.PublishedAt.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("a was published at %v, want the last record's time", got.PublishedAt)
	}
	if c.Len() != 2 || len(c.Contents()) != 2 || c.Contents()[0].ID != "a" {
		t.Errorf("catalogue holds %d contents, newest %v", c.Len(), c.Contents())
	}
	tombstone := fil.Record{Key: "a", Event: fil.Event{Type: fil.TypeContent, Source: "test", ID: "gone"}}
	for range 2 {
		if err := c.Apply([]fil.Record{tombstone}); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Content("a"); ok || c.Knows(fil.KeyOf("a")) || !c.Knows(fil.KeyOf("b")) || c.Len() != 1 {
			t.Error("after the tombstone of a, a is known or b is not")
		}
	}
}

func TestCatalogue_TellsWhatIsLive(t *testing.T) {
	soon, ends := news("soon", noon.Add(time.Second)), news("ends", noon.Add(-time.Hour))
	ends.ExpiresAt = noon.Add(time.Nanosecond)
	ever := news("ever", noon)
	ever.ExpiresAt = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	c := newCatalogue(t, soon, ends, ever)
	for _, moment := range []struct {
		at   time.Time
		want string
	}{{noon.Add(-time.Nanosecond), "[ends]"}, {noon, "[ever ends]"}, {noon.Add(time.Nanosecond), "[ever]"}, {noon.Add(time.Second), "[soon ever]"}} {
		var live []string
		for _, content := range c.Live(moment.at) {
			live = append(live, content.ID)
			if !content.LiveAt(moment.at) {
				t.Errorf("%s is listed as live and is not", content.ID)
			}
		}
		if fmt.Sprint(live) != moment.want {
			t.Errorf("at %v: live %v, want %s", moment.at, live, moment.want)
		}
	}
}

func TestCatalogue_RejectsWhatCannotBeAContent(t *testing.T) {
	c := newCatalogue(t, news("8yn0iYCKYHlIj4-BwPqk", noon)) // an id with the same FNV-1a digest as the next
	twin := contentRecord(t, 1, news("GReLUrM4wMqfg9yzV3KQ", noon))
	stray := contentRecord(t, 2, news("stray", noon))
	stray.Key = "elsewhere"
	garbled := contentRecord(t, 3, news("garbled", noon))
	garbled.Event.Data = []byte(`{"id":`)
	good := contentRecord(t, 4, news("good", noon))
	rejected, rest := fil.Rejections(c.Apply([]fil.Record{twin, stray, garbled, good}))
	if len(rejected) != 3 || rest != nil {
		t.Errorf("%d records rejected, want 3; other error: %v", len(rejected), rest)
	}
	for i, r := range rejected {
		if r.Record.Offset != int64(i+1) {
			t.Errorf("record %d was rejected", r.Record.Offset)
		}
	}
	if _, ok := c.Content("good"); !ok || c.Len() != 2 {
		t.Error("the good record of the batch was not applied")
	}
	if _, ok := c.Content("GReLUrM4wMqfg9yzV3KQ"); ok {
		t.Error("a content was found under the id of its twin")
	}
}

func TestCatalogue_StampIsTheContents(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var records []fil.Record
	for i := range 300 {
		c := news(fmt.Sprint("c", random.IntN(60)), noon.Add(time.Duration(random.IntN(5))*time.Hour))
		rec := contentRecord(t, int64(i), c)
		if random.IntN(6) == 0 {
			rec.Event.Data = nil
		}
		records = append(records, rec)
	}
	inOne, byOne, lastOnly := ranking.NewCatalogue(), ranking.NewCatalogue(), ranking.NewCatalogue()
	last := map[string]fil.Record{}
	for _, rec := range records {
		if err := byOne.Apply([]fil.Record{rec}); err != nil {
			t.Fatal(err)
		}
		last[rec.Key] = rec
	}
	if err := inOne.Apply(records); err != nil {
		t.Fatal(err)
	}
	for _, rec := range last { // in the order of a Go map: any
		if err := lastOnly.Apply([]fil.Record{rec}); err != nil {
			t.Fatal(err)
		}
	}
	if inOne.Stamp() != byOne.Stamp() || inOne.Stamp() != lastOnly.Stamp() {
		t.Errorf("the same contents have stamps %x, %x and %x", inOne.Stamp(), byOne.Stamp(), lastOnly.Stamp())
	}
	if inOne.Len() != lastOnly.Len() {
		t.Errorf("%d and %d contents after the same records", inOne.Len(), lastOnly.Len())
	}
	before := inOne.Stamp()
	again := contentRecord(t, 999, news("new", noon))
	for _, step := range []struct {
		change func(*fil.Record)
		same   bool
	}{
		{func(*fil.Record) {}, false},
		{func(r *fil.Record) { r.Offset, r.Event.ID = 1000, "same content, another event" }, true},
		{func(r *fil.Record) { r.Event.Data = []byte(`{"id":"new","title":"mended"}`) }, false},
	} {
		step.change(&again)
		if err := inOne.Apply([]fil.Record{again}); err != nil {
			t.Fatal(err)
		}
		if (inOne.Stamp() == before) != step.same {
			t.Errorf("stamp %x after %x: same %v", inOne.Stamp(), before, step.same)
		}
		before = inOne.Stamp()
	}
}
