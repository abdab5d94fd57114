package audiences_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// inShard puts agents in one shard, in one call.
func inShard(tb testing.TB, ix *audiences.Index, partition int, agents ...fil.Agent) {
	tb.Helper()
	records := make([]fil.Record, len(agents))
	for i, a := range agents {
		records[i] = record(tb, a.ID, a)
		records[i].Partition = partition
	}
	if err := ix.ApplyAgents(records); err != nil {
		tb.Fatal(err)
	}
}

// TestShardsOfManySegments fills more than a segment, before and after the sets are there, and has a shard settled again
// because it has doubled.
func TestShardsOfManySegments(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	agents := townHall(150_000)
	rules := []string{
		`grade == "attaché"`, `inOrg("mairie/dgs")`, `not manager and telework_days >= 2`, `hired < "1990-01-01" or "sig" in skills`,
		`org == "mairie" and id in ["a000004", "a149993"]`, `grade != nil and len(skills) == 0 and inOrg("ccas/accueil")`,
		`not manager and not (category == "A") and not (grade == "adjoint") and not (language == "en") and not ("sig" in skills)`,
		`grade == "attaché" or site == "site-7" or grade == "adjoint" or not (language == "fr") and category == "B"`,
	}
	check := func(n int) {
		t.Helper()
		want := map[string]int{}
		for _, a := range agents[:n] {
			skills, _ := a.Attributes["skills"].([]string)
			hired, _ := a.Attributes["hired"].(string)
			for rule, holds := range map[string]bool{
				rules[0]: a.Attributes["grade"] == "attaché", rules[1]: strings.HasPrefix(a.Org+"/", "mairie/dgs/"),
				rules[2]: a.Attributes["manager"] == false && a.Attributes["telework_days"].(float64) >= 2,
				rules[3]: hired != "" && hired < "1990-01-01" || slices.Contains(skills, "sig"),
				rules[4]: a.Org == "mairie" && (a.ID == "a000004" || a.ID == "a149993"), rules[5]: len(skills) == 0 && a.Org == "ccas/accueil",
				rules[6]: a.Attributes["manager"] == false && a.Attributes["category"] != "A" && a.Attributes["grade"] != "adjoint" && a.Language != "en" && !slices.Contains(skills, "sig"),
				rules[7]: a.Attributes["grade"] == "attaché" || a.Site == "site-7" || a.Attributes["grade"] == "adjoint" || a.Language != "fr" && a.Attributes["category"] == "B",
			} {
				if holds {
					want[rule]++
				}
			}
		}
		for _, rule := range rules {
			if got, err := ix.Count(rule); err != nil || got != want[rule] {
				t.Errorf("of %d agents, %s holds %d (%v), want %d", n, rule, got, err, want[rule])
			}
		}
	}
	inShard(t, ix, 0, agents[:70_000]...)
	if f := ix.Footprint(); f.Sets > f.Columns {
		t.Errorf("sets take %d bytes while the shard is loaded", f.Sets)
	}
	check(70_000)
	inShard(t, ix, 0, agents[70_000:75_000]...)
	check(75_000)
	inShard(t, ix, 0, agents[75_000:]...)
	check(150_000)
	f := ix.Footprint()
	if per := f.Total() / 150_000; per > 100 || f.Total() != f.IDs+f.Stamps+f.Columns+f.Sets+f.Dictionaries {
		t.Errorf("an agent of nine fields takes %d bytes: %+v", per, f)
	}
	seen := 0
	for a := range ix.All() {
		if seen%1000 == 0 {
			var i int
			if _, err := fmt.Sscanf(a.ID, "a%d", &i); err != nil || !cmp.Equal(a, agents[i]) {
				t.Fatalf("exported agent: %s", cmp.Diff(agents[i], a))
			}
		}
		seen++
	}
	if seen != len(agents) {
		t.Errorf("exported %d agents, want %d", seen, len(agents))
	}
	last := ""
	for _, a := range ix.Agents("a099990", 60_000) {
		if last != "" && a.ID <= last {
			t.Fatalf("agent %s listed after %s", a.ID, last)
		}
		last = a.ID
	}
	if last != "a149999" {
		t.Errorf("the last agent listed is %s", last)
	}
}

func TestDropForgetsOneShard(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	agents := townHall(300)
	at := func(partition int, offset int64, a fil.Agent) fil.Record {
		rec := record(t, a.ID, a)
		rec.Position = fil.Position{Topic: fil.TopicAgents, Partition: partition, Offset: offset}
		return rec
	}
	for i, a := range agents {
		if err := ix.ApplyAgents([]fil.Record{at(i%3, int64(i), a)}); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := ix.Count("true"); got != 300 {
		t.Fatalf("everyone is %d", got)
	}
	ix.Drop(1)
	ix.Drop(7)
	if _, known := ix.Member(agents[1].ID); known || ix.Len() != 200 {
		t.Fatalf("%d agents after dropping a third, one of them known: %v", ix.Len(), known)
	}
	if got, _ := ix.Count(`not (id == "` + agents[0].ID + `")`); got != 199 {
		t.Fatalf("%d but one, want 199", got)
	}
	if err := ix.ApplyAgents([]fil.Record{at(1, 1, agents[1]), at(0, 0, agents[1])}); err != nil {
		t.Fatal(err)
	}
	if got, _ := ix.Count("true"); got != 201 {
		t.Fatalf("%d agents once a partition is followed again from its start, want 201", got)
	}
	inShard(t, ix, 2, agents[1]) // as after a change of the topic's partitions
	ix.Drop(1)
	if _, known := ix.Member(agents[1].ID); !known || ix.Len() != 201 {
		t.Fatal("want the agent in the partition of the last record alone")
	}
}

// Who asks while a partition is loaded has its agents settled, and not again those that were.
func TestSettledShardsStayWhileOthersLoad(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	agents := townHall(200)
	inShard(t, ix, 0, agents[:100]...)
	ix.Settle(0)
	before := ix.Serials()
	inShard(t, ix, 1, agents[100:]...)
	if got, _ := ix.Count("true"); got != 200 {
		t.Fatalf("everyone is %d, want 200", got)
	}
	if after := ix.Serials(); len(after) != 2 || !slices.Contains(after, before[0]) {
		t.Errorf("segments %d, then %d: the first was made anew", before, after)
	}
}

// The scanner reads days by itself: as package time does.
func TestScannedDays(t *testing.T) {
	t.Parallel()
	for _, years := range [][2]int{{0, 5}, {1896, 1905}, {1969, 2033}, {2099, 2101}, {9996, 9999}} {
		for day := time.Date(years[0], 1, 1, 0, 0, 0, 0, time.UTC); day.Year() <= years[1]; day = day.AddDate(0, 0, 1) {
			text := day.Format(time.DateOnly)
			if got, ok := audiences.DayOf(text); !ok || got != text {
				t.Fatalf("%s is read as %s (%v)", text, got, ok)
			}
		}
	}
	for _, text := range []string{"", "2024-2-29", "2023-02-29", "1900-02-29", "2024-00-10", "2024-13-10", "2024-04-31", "2024-01-00", "2024-01-32", "2024/01/01", "20x4-01-01", "2024-01-1 ", "2024-:1-01"} {
		if _, err := time.Parse(time.DateOnly, text); err == nil {
			t.Fatalf("%s is a day", text)
		}
		if got, ok := audiences.DayOf(text); ok {
			t.Errorf("%s is read as %s", text, got)
		}
	}
}

// FuzzAgent holds the scanner to encoding/json: what it does not give up on, both read alike.
func FuzzAgent(f *testing.F) {
	for _, a := range townHall(10) {
		raw, _ := json.Marshal(a)
		f.Add(string(raw))
	}
	for _, data := range []string{
		`{"id":"a","org":"","site":"\u00e9\n","language":null,"attributes":{"grade":"é","hired":"2024-02-30","telework_days":-0}}`,
		` { "id" : "a" , "attributes" : { "telework_days" : 1.5e3 , "skills" : [ ] , "manager" : true , "category" : null } } `,
		`{"id":"a","attributes":{"telework_days":01}}`, `{"id":"a","attributes":{"skills":["a","a",1]}}`, `{"id":"a"}x`, `{"ID":"a"}`,
		`{"id":"a","id":"b"}`, `{"id":"a","attributes":{"grade":"x","grade":"y"}}`, `{"id":"a","attributes":{"grade":"x"},"attributes":{"manager":false}}`,
		`{"id":"a","directory":{"x":["}",{}]},"inactive":false}`, `{"id":"a","directory":{"x":"\""}}`, "{\"id\":\"a\xff\"}", `{"id":"a","attributes":{"telework_days":123456789012345678}}`,
		`{"id":"a","attributes":{"telework_days":1e999,"hired":"0000-01-01"}}`, `{"id":"a","attributes":{"hired":"2024-02-29","skills":["sig","\ud800"]}}`,
	} {
		f.Add(data)
	}
	ix := audiences.NewIndex(schema, audiences.Config{})
	f.Fuzz(func(t *testing.T, data string) {
		scanned, fast, slow, err := ix.ReadTwice(fil.Record{Event: fil.Event{Data: []byte(data)}})
		if !scanned {
			return
		}
		if err != nil || !cmp.Equal(fast, slow) {
			t.Fatalf("%s: scanned as %v, decoded as %v (%v)", data, fast, slow, err)
		}
	})
}
