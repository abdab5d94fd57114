package register_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/register"
	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// engines are this package's tests' own, or those that the environment names; each test has a database of its own.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(engines.Run(m)) }

func open(t *testing.T) (*warehouse.Warehouse, warehouse.Config) {
	t.Helper()
	engine := engines.ClickHouse(t)
	cfg := warehouse.DefaultConfig()
	cfg.Addrs, cfg.User, cfg.Password = engine.Addresses, engine.Username, engine.Password
	cfg.Database = fmt.Sprintf("t%d", time.Now().UnixNano())
	w, err := warehouse.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, cfg
}

// start is when the tests' records are admitted: within the retention.
var start = time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)

// said is a record: an agent has done something, and the door has added a receipt to it.
func said(t testing.TB, offset int64, kind fil.EngagementKind, agent string, receipt *fil.Receipt) fil.Record {
	t.Helper()
	e := fil.Engagement{Kind: kind, Agent: agent, Content: "charte", Receipt: receipt, Time: start.Add(time.Duration(offset) * time.Minute)}
	event, err := e.Event("tests", fmt.Sprint("e", offset))
	if err != nil {
		t.Fatal(err)
	}
	return fil.Record{Position: fil.Position{Topic: fil.TopicEngagements, Offset: offset}, Key: agent, Admitted: e.Time, Event: event}
}

func receipt(title string) *fil.Receipt {
	return &fil.Receipt{Known: true, Title: title, Digest: strings.Repeat("ab", 32), Deadline: start.Add(time.Hour * 1000), Perimeter: "P"}
}

func newRecorder(t *testing.T, ledger analytics.Ledgers, now func() time.Time) *register.Recorder {
	t.Helper()
	r, err := register.NewRecorder(ledger, prometheus.NewRegistry(), now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ask(t *testing.T, w *warehouse.Warehouse, q analytics.AcknowledgedBy) (ids string) {
	t.Helper()
	q.Content = "charte"
	if q.Limit == 0 {
		q.Limit = 100
	}
	lines, err := w.Acknowledged(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		ids += l.Agent + "@" + l.Time.Sub(start).String() + " "
	}
	return strings.TrimSpace(ids)
}

// Each acknowledgement is one line however often it is given, in whatever batches, and other acts and what was known not to be
// mandatory are none; the first since a moment is told, from an agent on.
func TestRecorder_KeepsEachOnce(t *testing.T) {
	w, _ := open(t)
	batch := []fil.Record{
		said(t, 0, fil.Acknowledge, "b", receipt("Charte")), said(t, 1, fil.Read, "c", nil), said(t, 2, fil.Acknowledge, "a", receipt("Charte")),
		said(t, 3, fil.Acknowledge, "d", &fil.Receipt{Known: true, Title: "Une recette"}), said(t, 4, fil.Acknowledge, "e", nil), said(t, 5, fil.Acknowledge, "b", receipt("Charte, revue")),
	}
	r := newRecorder(t, w, time.Now)
	for _, part := range [][]fil.Record{batch, batch[2:], batch} {
		if err := r.Record(t.Context(), 0, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := newRecorder(t, w, time.Now).Record(t.Context(), 0, batch[4:]); err != nil {
		t.Errorf("another process goes on: %v", err)
	}
	for want, q := range map[string]analytics.AcknowledgedBy{
		"a@2m0s b@0s e@4m0s":    {},
		"b@0s e@4m0s":           {After: "a"},
		"a@2m0s":                {Limit: 1},
		"b@5m0s e@4m0s":         {Since: start.Add(3 * time.Minute)},
		"a@2m0s b@5m0s e@4m0s":  {Horizon: start.Add(time.Minute)},
		"":                      {Since: start.Add(time.Hour)},
		"e@4m0s":                {After: "b", Horizon: start.Add(4 * time.Minute)},
		"a@2m0s b@0s e@4m0s   ": {Limit: 3},
	} {
		if got := ask(t, w, q); got != strings.TrimSpace(want) {
			t.Errorf("%+v: %q, want %q", q, got, want)
		}
	}
	last, found, err := w.Last(t.Context(), "charte", "b", time.Time{})
	if err != nil || !found || last.Title != "Charte, revue" || last.Perimeter != "P" || last.Digest != receipt("").Digest || !last.Deadline.Equal(receipt("").Deadline) {
		t.Errorf("the last of b: %+v %v %v", last, found, err)
	}
	if titles, err := w.Titles(t.Context(), time.Time{}); err != nil || len(titles) != 1 || titles[0].Title != "Charte, revue" {
		t.Errorf("titles: %+v %v", titles, err)
	}
}

// What was kept and is gone is asked for again from the log's first record, once, even one that is not the first of all.
func TestRecorder_AsksAgainForWhatIsGone(t *testing.T) {
	w, _ := open(t)
	clock := start
	r := newRecorder(t, w, func() time.Time { return clock })
	late := []fil.Record{said(t, 7, fil.Acknowledge, "a", receipt("Charte"))}
	if err := r.Record(t.Context(), 0, late); !errors.Is(err, fil.ErrForgotten) {
		t.Fatalf("the register begins in the middle of the log: %v", err)
	}
	if err := r.Record(t.Context(), 0, nil); err != nil {
		t.Fatalf("a beat before the replay: %v", err)
	}
	if err := r.Record(t.Context(), 0, late); err != nil { // the first that the log has kept
		t.Fatalf("given again: %v", err)
	}
	empty, _ := open(t) // as a store that was lost
	lost := newRecorder(t, empty, func() time.Time { return clock })
	if err := lost.Record(t.Context(), 0, nil); !errors.Is(err, fil.ErrForgotten) {
		t.Errorf("nobody notices that it is gone: %v", err)
	}
	clock = clock.Add(register.CheckEvery)
	if err := r.Record(t.Context(), 0, nil); err != nil {
		t.Errorf("what is there is looked for: %v", err)
	}
}

// history is a log of one partition.
type history []fil.Record

func (h history) Extent(context.Context, fil.Topic, int) (first, end int64, err error) {
	return h[0].Offset, h[len(h)-1].Offset + 1, nil
}

func (h history) Read(_ context.Context, _ fil.Topic, _ int, from, to int64, each func([]fil.Record, int64) error) error {
	for _, rec := range h {
		if rec.Offset >= from && rec.Offset < to {
			if err := each([]fil.Record{rec}, rec.Offset+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// A rebuild adds what is missing and takes away nothing; how long lines are kept is set for those that are there.
func TestRebuild_AddsWhatIsMissing(t *testing.T) {
	w, _ := open(t)
	r := newRecorder(t, w, time.Now)
	log := history{said(t, 0, fil.Acknowledge, "a", receipt("Charte")), said(t, 1, fil.Read, "a", nil), said(t, 2, fil.Acknowledge, "b", receipt("Charte"))}
	gone := said(t, 0, fil.Acknowledge, "z", receipt("Charte"))
	gone.Event.ID = "of a log that is gone"
	if err := r.Record(t.Context(), 0, []fil.Record{gone, log[0]}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		var done register.Rebuilt
		if err := r.Rebuild(t.Context(), log, 0, 0, func(d register.Rebuilt) { done = d }); err != nil || done.Added != want || done.Lines != 2 || done.Read != 3 {
			t.Errorf("rebuilt: %+v, %v; want %d added", done, err, want)
		}
	}
	for _, days := range []int{30, 30, 1826} {
		if err := w.KeepAcknowledgements(t.Context(), days); err != nil {
			t.Errorf("keep for %d days: %v", days, err)
		}
	}
	if got := ask(t, w, analytics.AcknowledgedBy{}); got != "a@0s b@2m0s z@0s" {
		t.Errorf("the register has %s", got)
	}
}

// FuzzCursor: what is no cursor of ours is refused or stands somewhere, and never fails otherwise.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "MTc2", "MTc2IGNoYXJ0ZQ", "!!", "AAAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := register.Cursor(text); err != nil && fil.FaultsOf(err) == nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// FuzzProjections: records of any kind are applied or rejected.
func FuzzProjections(f *testing.F) {
	f.Add(`{"content":"charte","sent":[{"at":"2026-01-31T08:00:00Z","by":"k"}]}`)
	f.Add(`{"at":"2026-01-31T08:00:00Z","by":"k","act":"list","lines":3}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, data string) {
		rec := fil.Record{Key: "charte", Event: fil.Event{Data: []byte(data)}}
		for _, err := range []error{register.NewReminders().Apply([]fil.Record{rec}), register.NewAccesses().Apply([]fil.Record{rec})} {
			if _, rest := fil.Rejections(err); rest != nil {
				t.Errorf("%s: %v", data, rest)
			}
		}
	})
}
