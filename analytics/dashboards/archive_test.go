package dashboards_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/dashboards"
)

// shelf is the log of figures, whose records come back as they were written; it may break after some.
type shelf struct {
	mu      sync.Mutex
	records []fil.Record
	applied int
	breaks  int // at so many records; 0: never
	archive *dashboards.Archive
}

func (s *shelf) Publish(_ context.Context, records []fil.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rec := range records {
		if s.breaks > 0 && len(s.records) >= s.breaks {
			return errors.New("the log is away")
		}
		text, err := json.Marshal(rec.Event)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &rec.Event); err != nil {
			return err
		}
		s.records = append(s.records, rec)
	}
	return nil
}

func (s *shelf) CatchUp(context.Context, ...int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.records[s.applied:]
	s.applied = len(s.records)
	return s.archive.Apply(fresh)
}

// archiveAll goes on, some answers a round, until there is nothing left.
func (w *world) archiveAll() (rounds int) {
	w.t.Helper()
	for {
		done, err := w.boards.Keep(w.t.Context(), 7)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := w.log.CatchUp(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if done == 0 {
			return rounds
		}
		rounds++
	}
}

// parishes is busy with contents of two perimeters, and a few agents of one service who dismiss.
func parishes() *town {
	of := busy()
	of.contents[0].Perimeter, of.contents[1].Perimeter = "p", "q"
	for _, p := range of.people[:150] {
		if p.org == "mairie/eau/u0" && p.grade == "A" && p.site == "nord" {
			of.acts = append(of.acts, act{fil.Dismiss, p.id, "a", 3, 9})
		}
	}
	return of
}

// months are those that acts took place in, by their first days.
func (w *town) months() (all []time.Time) {
	for _, a := range w.acts {
		day := today.AddDate(0, 0, -a.ago)
		if first := day.AddDate(0, 0, 1-day.Day()); !slices.Contains(all, first) {
			all = append(all, first)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// scopes are what is archived, and who asks for it.
var scopes = []struct{ perimeter, path, by string }{
	{"", "overview", ""}, {"", "overview", "org"}, {"", "overview", "grade"}, {"", "overview", "site"}, {"", "contents/a", ""}, {"", "contents/b", ""},
	{"p", "overview", ""}, {"p", "overview", "org"}, {"p", "contents/a", ""}, {"q", "overview", "site"},
}

// yearsOf asks for each month there is, as it is told month by month over eight years.
func (w *world) yearsOf(until time.Time) (all [][]map[string]any) {
	w.t.Helper()
	for _, s := range scopes {
		w.caller.Perimeter = s.perimeter
		query := url.Values{"every": {"month"}, "from": {until.AddDate(-8, 0, 0).Format(time.DateOnly)}, "to": {until.AddDate(0, 0, -1).Format(time.DateOnly)}}
		if s.by != "" {
			query.Set("by", s.by)
		}
		all = append(all, w.told(s.path+"?"+query.Encode()).Rows)
	}
	w.caller.Perimeter = ""
	return all
}

// A month that the store has forgotten is told, month by month, as its own dashboard told it: to each scope, with each cut, a withheld
// figure being null as it was. With an empty store and the log alone, it is told the same.
func TestArchive_TellsAMonthAsItWasTold(t *testing.T) {
	of := parishes()
	w := build(t, of)
	months := of.months()
	until := months[len(months)-1].AddDate(0, 1, 0)
	w.later.Store(13)
	before, nulls := make([][]map[string]any, len(scopes)), 0
	for i, s := range scopes {
		w.caller.Perimeter = s.perimeter
		for _, month := range months {
			path := s.path + "?from=" + month.Format(time.DateOnly) + "&to=" + month.AddDate(0, 1, -1).Format(time.DateOnly)
			if s.by == "" {
				if a := w.told(path); a.Since == "" {
					before[i] = append(before[i], aged(a.Totals, month, &nulls))
				}
				continue
			}
			for _, row := range w.told(path + "&by=" + s.by).Rows {
				before[i] = append(before[i], aged(row, month, &nulls))
			}
		}
	}
	if nulls == 0 {
		t.Fatal("nothing is withheld: the town is too plain")
	}
	if rounds := w.archiveAll(); rounds < 2 {
		t.Errorf("all is archived in %d rounds", rounds)
	}
	w.later.Store(27)
	for i, rows := range w.yearsOf(until) {
		if diff := cmp.Diff(before[i], rows); diff != "" {
			t.Errorf("%v is told otherwise:\n%s", scopes[i], diff)
		}
	}
	empty := build(t, &town{contents: of.contents})
	empty.later.Store(27)
	if err := empty.log.Publish(t.Context(), w.log.records); err != nil {
		t.Fatal(err)
	}
	if got := empty.yearsOf(until); cmp.Equal(got, before) {
		t.Fatal("figures are there before the log was read")
	}
	if err := empty.log.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, empty.yearsOf(until)); diff != "" {
		t.Errorf("the log alone says otherwise:\n%s", diff)
	}
	size := 0
	for _, rec := range w.log.records {
		size += len(rec.Key) + len(rec.Event.Data)
	}
	t.Logf("%d records, %d bytes", len(w.log.records), size)
}

// aged is a row without what is not archived.
func aged(row map[string]any, month time.Time, nulls *int) map[string]any {
	row["targeted"], row["period"] = nil, month.Format(time.DateOnly)
	delete(row, "reach")
	delete(row, "acknowledgement")
	for _, name := range []string{"shown", "readers", "dismissed"} {
		if row[name] == nil {
			*nulls++
		}
	}
	return row
}

// A run that breaks off goes on where it was, in another process too, and archives nothing twice.
func TestArchive_GoesOnAfterItBroke(t *testing.T) {
	of := parishes()
	w := build(t, of)
	w.later.Store(13)
	w.log.breaks = 5
	if done, err := w.boards.Keep(t.Context(), 100); err == nil || done != 5 {
		t.Fatalf("%d archived, %v", done, err)
	}
	w.log.breaks = 0
	other, err := dashboards.New(w.boards.Parts)
	if err != nil {
		t.Fatal(err)
	}
	w.boards = other
	w.archiveAll()
	seen := map[string]bool{}
	for _, rec := range w.log.records {
		if seen[rec.Key] {
			t.Errorf("%s is archived twice", rec.Key)
		}
		seen[rec.Key] = true
	}
	for _, month := range of.months() {
		for _, about := range []string{"/0//house", "/0/org/house", "/0/grade/house", "/0/site/house"} {
			if key := month.Format("2006-01") + about; !seen[key] {
				t.Errorf("%s is missing of %d", key, len(seen))
			}
		}
	}
	for _, about := range []string{"/0//content:a", "/0//content:b", "/0//perimeter:p", "/0/site/perimeter:q"} {
		if !slices.ContainsFunc(of.months(), func(month time.Time) bool { return seen[month.Format("2006-01")+about] }) {
			t.Errorf("%s is missing of %d", about, len(seen))
		}
	}
	if w.later.Store(11); w.archiveAll() != 0 {
		t.Error("a month is archived before its time")
	}
}

// What is asked of before the horizon is told or said not to be known, and never to those of another perimeter.
func TestArchive_SaysFromWhenOnDetailsAreKnown(t *testing.T) {
	of := parishes()
	w := build(t, of)
	w.later.Store(13)
	w.archiveAll()
	w.later.Store(27)
	now := today.AddDate(0, 27, 0)
	until := of.months()[0].AddDate(0, 1, 0)
	whole := "from=" + now.AddDate(-8, 0, 0).Format(time.DateOnly)
	some := "from=" + now.AddDate(0, 0, -790).Format(time.DateOnly)
	for path, rows := range map[string]bool{
		"overview?every=month&" + whole: true, "overview?every=month&by=org&" + whole: true, "contents/a?every=month&" + whole: true,
		"contents/a?every=month&by=org&" + whole: false, "overview?every=month&where=org:mairie&" + whole: false, "overview?every=quarter&" + some: false,
		"overview?every=week&" + some: false, "overview?" + some: false, "funnel?" + some: false, "services?" + some: false, "hours?" + some: false,
	} {
		a := w.told(path)
		horizon, err := time.Parse(time.DateOnly, a.Since)
		if err != nil || horizon.Day() != 1 || !horizon.AddDate(0, 25, 0).After(now) || horizon.AddDate(0, 24, 0).After(now) {
			t.Errorf("%s: known in detail from %q on", path, a.Since)
		}
		if len(a.Rows) > 0 != rows {
			t.Errorf("%s: %d rows", path, len(a.Rows))
		}
	}
	old := "overview?compare=true&every=month&from=" + until.AddDate(-1, 0, 0).Format(time.DateOnly) + "&to=" + until.AddDate(0, 0, -1).Format(time.DateOnly)
	if a := w.told(old); len(a.Rows) != 1 || a.Totals["shown"] != nil || a.Previous["shown"] != nil || a.Rows[0]["shown"] == nil {
		t.Errorf("of a time that is wholly over: %+v", a)
	}
	if a := w.told("overview?every=month"); a.Since != "" || a.Totals["shown"] != 0. {
		t.Errorf("of these weeks: %+v", a)
	}
	if _, body, _ := w.ask(old, "Accept: text/csv"); !slices.ContainsFunc([]byte(body), func(b byte) bool { return b == '\n' }) {
		t.Errorf("as CSV: %s", body)
	}
	for path, want := range map[string]int{
		"overview?every=week&" + whole: 422, "overview?" + whole: 422, "funnel?" + whole: 422,
		"overview?every=month&from=" + now.AddDate(-11, 0, 0).Format(time.DateOnly): 422,
	} {
		if status, body, _ := w.ask(path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	w.caller.Perimeter = "q"
	if status, body, _ := w.ask("contents/a?every=month&" + whole); status != 404 {
		t.Errorf("a content of another perimeter: %d %s", status, body)
	}
	if a := w.told("overview?every=month&" + whole); len(a.Rows) == 0 || a.Rows[0]["readers"] != 0. {
		t.Errorf("of a perimeter whose contents nobody read: %+v", a.Rows)
	}
}

// sameWhenOld has both towns archived, then forgotten by the store: all that was archived, and each answer, is the same.
func sameWhenOld(t *testing.T, before, after *world, months []time.Time) {
	t.Helper()
	until := months[len(months)-1].AddDate(0, 1, 0)
	var told [2][]string
	for i, w := range []*world{before, after} {
		w.later.Store(13)
		w.archiveAll()
		for _, rec := range w.log.records {
			told[i] = append(told[i], rec.Key+" "+string(rec.Event.Data))
		}
		var paths []string
		for _, path := range []string{"overview", "contents/a", "contents/b", "contents/c"} {
			for _, by := range []string{"", "org", "grade", "site"} {
				paths = append(paths, path+"?every=month&by="+by+"&from="+until.AddDate(-5, 0, 0).Format(time.DateOnly)+"&to="+until.AddDate(0, 0, -1).Format(time.DateOnly))
			}
		}
		for _, later := range []int64{13, 27} {
			w.later.Store(later)
			told[i] = append(told[i], w.answers(paths)...)
			w.caller.Perimeter = "p"
			told[i] = append(told[i], w.answers(append(slices.Clone(paths[:4]), paths[12:]...))...)
			w.caller.Perimeter = ""
		}
	}
	if len(before.log.records) < 11 || len(told[0]) != len(told[1]) {
		t.Fatalf("%d records, %d and %d answers", len(before.log.records), len(told[0]), len(told[1]))
	}
	for i := range told[0] {
		if told[0][i] != told[1][i] {
			t.Errorf("what is archived tells who did what:\n%s\n%s", told[0][i], told[1][i])
		}
	}
	t.Logf("%d archived answers and %d answers from them are the same", len(before.log.records), len(told[0])-len(before.log.records))
}
