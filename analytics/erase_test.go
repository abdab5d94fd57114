package analytics_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
)

// forget is the record by which an agent asks to be forgotten.
func forget(t testing.TB, offset int64, agent string) fil.Record {
	t.Helper()
	rec := act(t, offset, fmt.Sprintf("f%d", offset), fil.Engagement{Kind: fil.Read, Agent: agent})
	event, err := fil.Preference{Kind: fil.Forget, Agent: agent, Time: rec.Event.Time}.Event("tests", fmt.Sprintf("f%d", offset))
	if err != nil {
		t.Fatal(err)
	}
	rec.Event = event
	return rec
}

// ofAgents counts the stored facts of some agents.
func ofAgents(t testing.TB, w *warehouse.Warehouse, agents ...string) (counts []int) {
	t.Helper()
	all := rows(t, w)
	for _, agent := range agents {
		pseudonym := analytics.Pseudonym(testKey, agent)
		counts = append(counts, len(slices.DeleteFunc(slices.Clone(all), func(r analytics.Row) bool { return r.Agent != pseudonym })))
	}
	return counts
}

// What an agent did before they asked is gone, and stays so: when the batch is given again, when erasing is interrupted, when
// facts are made again from a log that still tells it. What they do afterwards is recorded, and nobody else loses anything.
func TestErase_TakesFactsAwayForGood(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	read := func(offset int64, agent string) fil.Record {
		return act(t, offset, fmt.Sprint("e", offset), fil.Engagement{Kind: fil.Read, Agent: agent})
	}
	log := &tape{records: []fil.Record{read(0, "anne"), read(1, "paul"), read(2, "anne"), forget(t, 3, "anne"), read(4, "anne"), read(5, "paul")}}
	record(t, r, log.records...)
	log.commit(6)
	want := func(step string, anne, paul int) {
		t.Helper()
		if got := ofAgents(t, w, "anne", "paul"); got[0] != anne || got[1] != paul {
			t.Errorf("%s: %v facts of the one who asked and of another, want %d and %d", step, got, anne, paul)
		}
	}
	erase := func(agents int) {
		t.Helper()
		if n, err := w.Erase(t.Context()); err != nil || n != agents {
			t.Fatalf("erased %d agents (%v), want %d", n, err, agents)
		}
	}
	want("before", 3, 2)
	erase(1)
	want("erased", 1, 2)
	erase(0)

	again, _ := newRecorder(t, w) // a process that starts is given what was not committed
	record(t, again, log.records[3:]...)
	erase(1)
	want("given again", 1, 2)

	if done := rebuild(t, again, log, w, 0); done.Added != 0 || done.Facts != 3 {
		t.Errorf("a rebuild: %+v", done)
	}
	want("rebuilt", 1, 2)
	erase(1)
	want("rebuilt and erased", 1, 2)
	erased, err := w.Erased(t.Context(), 0)
	if err != nil || len(erased) != 1 || erased[analytics.Pseudonym(testKey, "anne")].Offset != 3 {
		t.Errorf("noted %v: %v", erased, err)
	}
}

// A store put back from a copy of before tells neither the erasure nor that it was done: a rebuild does it again.
func TestErase_AfterAnOldCopyWasPutBack(t *testing.T) {
	cfg := settings(t)
	w := open(t, cfg)
	r, _ := newRecorder(t, w)
	log := &tape{records: []fil.Record{
		act(t, 0, "a", fil.Engagement{Kind: fil.Read, Agent: "anne"}), act(t, 1, "b", fil.Engagement{Kind: fil.Read, Agent: "paul"}), forget(t, 2, "anne"),
	}}
	record(t, r, log.records...)
	log.commit(3)
	damage(t, operator(t, cfg), "TRUNCATE TABLE erasures")
	if done := rebuild(t, r, log, w, 0); done.Removed != 1 || done.Facts != 1 {
		t.Errorf("a rebuild: %+v", done)
	}
	if got := ofAgents(t, w, "anne", "paul"); got[0] != 0 || got[1] != 1 {
		t.Errorf("%v facts", got)
	}
	if n, err := w.Erase(t.Context()); err != nil || n != 1 {
		t.Errorf("erased %d: %v", n, err)
	}
}

// What an agent did before they asked is no fact when it is sent late, or once more after it was erased: not by the process that
// read the wish, not by one that starts, and not by a rebuild.
func TestErase_LeavesOutWhatIsSentAfterwards(t *testing.T) {
	w := open(t, settings(t))
	r, metrics := newRecorder(t, w)
	at := func(offset int64, id, agent string, since time.Duration) fil.Record {
		return act(t, offset, id, fil.Engagement{Kind: fil.Read, Agent: agent, Time: start.Add(since)})
	}
	log := &tape{records: []fil.Record{
		at(0, "done", "anne", -time.Hour), forget(t, 1, "anne"), at(2, "late", "anne", -time.Hour), at(3, "late", "paul", -time.Hour), at(4, "after", "anne", time.Hour),
	}}
	record(t, r, log.records...)
	if n, err := w.Erase(t.Context()); err != nil || n != 1 {
		t.Fatalf("erased %d: %v", n, err)
	}
	again, metricsAgain := newRecorder(t, w) // it knows no more of what was erased than the store does
	log.add(at(5, "done", "anne", -time.Hour), at(6, "later", "anne", -time.Minute))
	record(t, again, log.records[4:]...)
	log.commit(7)
	if got := ofAgents(t, w, "anne", "paul"); got[0] != 1 || got[1] != 1 {
		t.Errorf("%v facts, want one of after the wish and one of another agent", got)
	}
	if before, after := outcomes(t, metrics)["passed"], outcomes(t, metricsAgain)["passed"]; before != 2 || after != 2 {
		t.Errorf("%v and %v records passed over, want the wish and what was late, then two that were", before, after)
	}
	if done := rebuild(t, again, log, w, 0); done.Added+done.Removed != 0 || done.Facts != 2 {
		t.Errorf("a rebuild: %+v", done)
	}
	if n, err := w.Erase(t.Context()); err != nil || n > 1 {
		t.Errorf("erased %d: %v", n, err)
	}
	if got := ofAgents(t, w, "anne"); got[0] != 1 {
		t.Errorf("%v facts after a rebuild", got)
	}
}
