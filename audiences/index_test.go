package audiences_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// in says whether an agent is in an audience; nobody unknown is.
func in(ix *audiences.Index, agentID, audienceID string) bool {
	m, ok := ix.Member(agentID)
	return ok && m.In(audienceID)
}

func TestMembershipFollowsEachRecord(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	putAudiences(t, ix, fil.Audience{ID: "x", Name: "x", Rule: `grade == "A"`, Members: []string{"bob"}})
	putAgents(t, ix, fil.Agent{ID: "ana", Attributes: map[string]any{"grade": "A"}}, fil.Agent{ID: "cyd"})
	if !in(ix, "ana", "x") || in(ix, "cyd", "x") || in(ix, "bob", "x") || in(ix, "ana", "y") {
		t.Fatal("want ana alone in x, and nobody in an audience that does not exist")
	}
	photograph, _ := ix.Member("ana")
	putAgents(t, ix, fil.Agent{ID: "ana", Attributes: map[string]any{"grade": "B"}}, fil.Agent{ID: "bob"})
	if in(ix, "ana", "x") || !in(ix, "bob", "x") {
		t.Fatal("want ana out when her grade changes, and bob, named before he was known, in")
	}
	if !photograph.In("x") {
		t.Fatal("a photograph must not change")
	}
	putAudiences(t, ix, fil.Audience{ID: "x", Name: "x", Rule: `grade == "B"`})
	if !in(ix, "ana", "x") || in(ix, "bob", "x") {
		t.Fatal("want ana in by the new rule, and bob out")
	}
	for _, gone := range []error{ix.ApplyAgents([]fil.Record{record(t, "ana", nil), record(t, "zoe", nil)}), ix.ApplyAudiences([]fil.Record{record(t, "zz", nil)})} {
		if gone != nil {
			t.Fatal(gone)
		}
	}
	if _, known := ix.Member("ana"); known || ix.Len() != 2 {
		t.Fatal("want ana removed")
	}
	if err := ix.ApplyAudiences([]fil.Record{record(t, "x", nil)}); err != nil || len(ix.Audiences()) != 0 {
		t.Fatalf("remove audience: %v, left %v", err, ix.Audiences())
	}
	if (audiences.Member{}).In("x") {
		t.Fatal("the zero member is in no audience")
	}
}

func TestInactiveIsInNoAudienceUntilTheyComeBack(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	putAudiences(t, ix, fil.Audience{ID: "x", Name: "x", Rule: `grade == "A"`, Members: []string{"bob"}})
	ana := fil.Agent{ID: "ana", Attributes: map[string]any{"grade": "A"}, Directory: json.RawMessage(`{"userName":"ana@ville.fr"}`)}
	away, bob := ana, fil.Agent{ID: "bob", Inactive: true}
	away.Inactive = true
	putAgents(t, ix, ana)
	before, _ := ix.Member("ana")
	putAgents(t, ix, away, bob)
	if _, known := ix.Member("ana"); known || ix.Len() != 0 || in(ix, "ana", "x") || in(ix, "bob", "x") || len(ix.Agents("", 9)) != 0 {
		t.Fatal("want nobody known while both are inactive, named one by one or not")
	}
	putAgents(t, ix, ana)
	after, known := ix.Member("ana")
	if !known || !in(ix, "ana", "x") || before.Stamp() != after.Stamp() {
		t.Fatal("want ana back as she was")
	}
	away.Attributes = map[string]any{"dropped": "declared when they joined, and no longer"}
	putAgents(t, ix, away)
	if in(ix, "ana", "x") {
		t.Fatal("want ana suspended, whatever else her record says")
	}
}

func TestPoisonIsRejectedAlone(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	good := fil.Agent{ID: "ana", Org: "mairie", Attributes: map[string]any{"grade": "A"}}
	putAgents(t, ix, good)
	var batch []fil.Record
	for _, data := range []string{
		`{`, `null`, `{"id":""}`, `{"id":"bob"}`,
		`{"id":"ana","attributes":{"union":"yes"}}`,
		`{"id":"ana","attributes":{"grade":2}}`,
		`{"id":"ana","attributes":{"telework_days":"2"}}`,
		`{"id":"ana","attributes":{"hired":"yesterday"}}`,
		`{"id":"ana","attributes":{"manager":"true"}}`,
		`{"id":"ana","attributes":{"skills":"sig"}}`,
		`{"id":"ana","attributes":{"skills":[1]}}`,
	} {
		batch = append(batch, fil.Record{Key: "ana", Event: fil.Event{Data: json.RawMessage(data)}})
	}
	poison := len(batch)
	batch = append(batch, record(t, "zoe", fil.Agent{ID: "zoe", Attributes: map[string]any{"grade": nil}}))
	rejected, rest := fil.Rejections(ix.ApplyAgents(batch))
	if len(rejected) != poison || rest != nil {
		t.Fatalf("rejected %d records (rest %v), want %d", len(rejected), rest, poison)
	}
	if got, _ := ix.Agent("ana"); !cmp.Equal(got, good) {
		t.Fatalf("agent changed by poison: %s", cmp.Diff(good, got))
	}
	if zoe, ok := ix.Agent("zoe"); !ok || zoe.Attributes != nil {
		t.Fatalf("the record after poison gave %v, %v", zoe, ok)
	}

	first := fil.Audience{ID: "x", Name: "x", Rule: `grade == "A"`}
	putAudiences(t, ix, first)
	rejected, rest = fil.Rejections(ix.ApplyAudiences([]fil.Record{
		record(t, "x", fil.Audience{ID: "x", Name: "changed", Rule: `grad == "A"`}),
		record(t, "x", fil.Audience{ID: "other", Name: "changed"}),
		record(t, "y", fil.Audience{ID: "y", Name: "y", Rule: `true`}),
	}))
	if len(rejected) != 2 || rest != nil || !strings.Contains(rejected[0].Error(), "grade") {
		t.Fatalf("rejected %v (rest %v), want two, with the rule's error", rejected, rest)
	}
	if got, _ := ix.Audience("x"); !cmp.Equal(got, first) || !in(ix, "ana", "x") || !in(ix, "ana", "y") {
		t.Fatalf("want the definition before in force, and the one after too; got %v", got)
	}
}

func TestRedeliveryHasNoEffect(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	at := func(rec fil.Record, topic fil.Topic, n int, offset int64) fil.Record {
		rec.Position = fil.Position{Topic: topic, Partition: n, Offset: offset}
		return rec
	}
	old := at(record(t, "ana", fil.Agent{ID: "ana", Site: "old"}), fil.TopicAgents, 1, 4)
	current := at(record(t, "ana", fil.Agent{ID: "ana", Site: "new"}), fil.TopicAgents, 1, 9)
	audience := at(record(t, "x", fil.Audience{ID: "x", Rule: `site == "new"`}), fil.TopicAudiences, 1, 4)
	removed := at(record(t, "x", nil), fil.TopicAudiences, 1, 3)
	if err := ix.ApplyAgents([]fil.Record{old, current}); err != nil {
		t.Fatal(err)
	}
	if err := ix.ApplyAudiences([]fil.Record{audience}); err != nil {
		t.Fatal(err)
	}
	before, _ := ix.Member("ana")
	if err := ix.ApplyAgents([]fil.Record{current, old}); err != nil {
		t.Fatal(err)
	}
	if err := ix.ApplyAudiences([]fil.Record{removed, audience}); err != nil {
		t.Fatal(err)
	}
	after, _ := ix.Member("ana")
	if before.Stamp() != after.Stamp() || !after.In("x") {
		t.Fatal("an older record given again changed the agent")
	}
	if err := ix.ApplyAgents([]fil.Record{at(record(t, "bob", fil.Agent{ID: "bob"}), fil.TopicAgents, 0, 2)}); err != nil || ix.Len() != 2 {
		t.Fatal("a lower offset of another partition is not older")
	}
}

func TestStampChangesWithTheState(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	seen := map[uint64]string{}
	now := func() uint64 {
		m, _ := ix.Member("ana")
		return m.Stamp()
	}
	differs := func(when string) {
		t.Helper()
		stamp := now()
		if before, ok := seen[stamp]; ok {
			t.Fatalf("stamp %s is that %s", when, before)
		}
		seen[stamp] = when
	}
	x := fil.Audience{ID: "x", Rule: `grade == "A"`}
	putAgents(t, ix, fil.Agent{ID: "ana"})
	differs("at first")
	putAudiences(t, ix, x)
	differs("with an audience")
	putAgents(t, ix, fil.Agent{ID: "ana", Attributes: map[string]any{"grade": "A"}})
	differs("with a grade")
	putAudiences(t, ix, fil.Audience{ID: "x", Rule: `grade == "A"`, Members: []string{"ana"}})
	differs("with a member")
	putAudiences(t, ix, fil.Audience{ID: "y", Rule: `grade == "A"`, Members: []string{"ana"}})
	differs("with a second audience")
	stamp := now()
	putAgents(t, ix, fil.Agent{ID: "bob"})
	if now() != stamp {
		t.Fatal("another agent changed the stamp")
	}
	for _, rec := range []fil.Record{record(t, "y", nil), record(t, "x", x)} {
		if err := ix.ApplyAudiences([]fil.Record{rec}); err != nil {
			t.Fatal(err)
		}
	}
	if seen[now()] != "with a grade" {
		t.Fatal("back at an earlier state, the stamp is not the earlier one")
	}
}

func TestOrdinalsOfRemovedAgentsServeAgain(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	agents := townHall(100)
	putAgents(t, ix, agents...)
	for _, a := range agents[:60] {
		if err := ix.ApplyAgents([]fil.Record{record(t, a.ID, nil)}); err != nil {
			t.Fatal(err)
		}
	}
	if ix.Freed() != 60 {
		t.Fatalf("%d ordinals freed, want 60", ix.Freed())
	}
	for i := range 50 {
		putAgents(t, ix, fil.Agent{ID: fmt.Sprintf("new-%02d", i)})
	}
	if ix.Given() != 100 || ix.Freed() != 10 || ix.Len() != 90 {
		t.Fatalf("%d ordinals given, %d freed, %d agents; want 100, 10, 90", ix.Given(), ix.Freed(), ix.Len())
	}
	for rule, want := range map[string]int{`true`: 90, `category != nil`: 40, `id startsWith "new" and (grade != nil or manager or org != nil or hired != nil or len(skills) > 0)`: 0} {
		if got, err := ix.Select(rule); err != nil || len(got) != want {
			t.Errorf("%s holds %d (%v), want %d", rule, len(got), err, want)
		}
	}
}

func TestAgentsAreListedInOrder(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	agents := townHall(50)
	for i := range agents {
		putAgents(t, ix, agents[(i*17)%50])
	}
	var got []fil.Agent
	for page := ix.Agents("", 7); len(page) > 0; page = ix.Agents(got[len(got)-1].ID, 7) {
		got = append(got, page...)
	}
	if diff := cmp.Diff(agents, got); diff != "" {
		t.Fatalf("pages do not make the directory (-want +got):\n%s", diff)
	}
	if none := ix.Agents("", 0); len(none) != 0 {
		t.Fatalf("a limit of 0 gave %d agents", len(none))
	}
	putAudiences(t, ix, fil.Audience{ID: "b"}, fil.Audience{ID: "a", Members: []string{"x"}})
	listed := ix.Audiences()
	if len(listed) != 2 || listed[0].ID != "a" {
		t.Fatalf("audiences %v, want a then b", listed)
	}
	listed[0].Members[0] = "changed"
	if again, _ := ix.Audience("a"); again.Members[0] != "x" {
		t.Fatal("a caller's copy changes the index")
	}
}

// TestReadersAndWriterTogether is for the race detector, and holds that every reader sees whole agents: each is written
// with site and grade equal.
func TestReadersAndWriterTogether(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	putAudiences(t, ix, fil.Audience{ID: "x", Rule: `grade == site`}, fil.Audience{ID: "y", Rule: `grade == "v1" and site != "v1"`})
	const agents, rounds = 60, 40
	done := make(chan struct{})
	var readers sync.WaitGroup
	read := func(look func()) {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for {
				select {
				case <-done:
					return
				default:
					look()
				}
			}
		}()
	}
	read(func() {
		for i := range agents {
			if m, ok := ix.Member(fmt.Sprintf("a%d", i)); ok && (!m.In("x") || m.In("y")) {
				t.Error("a member was seen half written")
				return
			}
		}
	})
	read(func() {
		if total, _ := ix.Reach([]fil.Aim{{Audiences: []string{"y"}}}, "grade"); total != 0 {
			t.Errorf("reach of nobody is %d", total)
		}
		if _, err := ix.Count(`len(skills) == 0 and id in ["a1", "a2"] or org startsWith "mairie"`); err != nil {
			t.Error(err)
		}
	})
	putAgents(t, ix, fil.Agent{ID: "steady", Site: "s", Attributes: map[string]any{"grade": "s"}})
	read(func() {
		if n, err := ix.Count(`id == "steady" and grade == "s" or id == "nobody"`); n != 1 || err != nil {
			t.Errorf("one who does not change is found %d times (%v)", n, err)
		}
	})
	read(func() {
		for _, a := range ix.Agents("", 10) {
			if a.Site != a.Attributes["grade"] {
				t.Errorf("agent %v was seen half written", a)
			}
		}
	})
	for round := range rounds {
		for i := range agents {
			id, value := fmt.Sprintf("a%d", i), fmt.Sprintf("v%d", round%7)
			if (i+round)%5 == 0 {
				if err := ix.ApplyAgents([]fil.Record{record(t, id, nil)}); err != nil {
					t.Error(err)
				}
				continue
			}
			putAgents(t, ix, fil.Agent{ID: id, Org: "mairie/" + value, Site: value, Attributes: map[string]any{"grade": value, "skills": []string{value}}})
		}
		putAudiences(t, ix, fil.Audience{ID: fmt.Sprint(round), Rule: fmt.Sprintf(`site == "v%d"`, round)})
		ix.Settle(round % partitions)
	}
	close(done)
	readers.Wait()
}

// TestFewNumbersThenMany has a column of few numbers, each with its own set, that comes to have many, and is settled then.
func TestFewNumbersThenMany(t *testing.T) {
	t.Parallel()
	ix := audiences.NewIndex(schema, audiences.Config{})
	agents := make([]fil.Agent, 400)
	put := func(distinct int) {
		for i := range agents {
			agents[i] = fil.Agent{ID: fmt.Sprintf("a%d", i), Attributes: map[string]any{"telework_days": float64(i%distinct) / 2}}
		}
		putAgents(t, ix, agents...)
	}
	check := func(stage string, distinct int) {
		for _, c := range []struct {
			rule  string
			holds func(v float64) bool
		}{
			{"telework_days >= 1", func(v float64) bool { return v >= 1 }}, {"telework_days < 0.5", func(v float64) bool { return v < 0.5 }},
			{"telework_days == 1.5", func(v float64) bool { return v == 1.5 }}, {"telework_days between 0.5 and 7", func(v float64) bool { return v >= 0.5 && v <= 7 }},
			{"telework_days != nil", func(float64) bool { return true }}, {"telework_days > 99", func(float64) bool { return false }},
		} {
			want := 0
			for i := range agents {
				if c.holds(float64(i%distinct) / 2) {
					want++
				}
			}
			if got, err := ix.Count(c.rule); err != nil || got != want {
				t.Errorf("%s, %s: %d, %v, want %d", stage, c.rule, got, err, want)
			}
		}
	}
	put(4)
	check("few", 4)
	put(60)
	check("many, one by one", 60)
	ix.Settle()
	check("many, settled", 60)
	put(3)
	check("few again", 3)
	ix.Settle()
	check("few, settled", 3)
}
