package analytics_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
)

// stored reads the facts of a partition back: offset by identity, and how many rows there are.
func stored(t testing.TB, w *warehouse.Warehouse, partition int) (offsets map[uint64]int64, rows int) {
	t.Helper()
	offsets = map[uint64]int64{}
	err := w.Identities(context.Background(), partition, time.Unix(0, 0), time.Now().AddDate(1, 0, 0), func(identity uint64, offset int64, _ uint16) {
		offsets[identity] = offset
		rows++
	})
	if err != nil {
		t.Fatal(err)
	}
	return offsets, rows
}

func outcomes(t testing.TB, metrics *prometheus.Registry) map[string]int {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, family := range families {
		if family.GetName() != "fil_analytics_records_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			if n := int(m.GetCounter().GetValue()); n > 0 {
				got[m.GetLabel()[0].GetValue()] = n
			}
		}
	}
	return got
}

func reads(t testing.TB, from, to int) []fil.Record {
	t.Helper()
	var batch []fil.Record
	for n := from; n < to; n++ {
		batch = append(batch, act(t, int64(n), fmt.Sprint(n), fil.Engagement{Kind: fil.Read, Agent: agentID(n)}))
	}
	return batch
}

func TestRecorder_EachIdentityIsOneFact(t *testing.T) {
	w := open(t, settings(t))
	r, metrics := newRecorder(t, w)
	batch := reads(t, 0, 5)
	batch = append(batch, act(t, 5, "3", fil.Engagement{Kind: fil.Read, Agent: agentID(3)}))    // twice in a batch
	batch = append(batch, act(t, 6, "broken", fil.Engagement{Kind: "wink", Agent: agentID(3)})) // no such kind
	record(t, r, reads(t, 0, 0)...)
	err := r.Record(t.Context(), 0, batch)
	if rejected, rest := fil.Rejections(err); len(rejected) != 1 || rest != nil || rejected[0].Record.Offset != 6 {
		t.Fatalf("rejections are %v and %v, want one of offset 6", rejected, rest)
	}
	if err := r.Record(t.Context(), 0, []fil.Record{act(t, 7, "4", fil.Engagement{Kind: fil.Read, Agent: agentID(4)})}); err != nil {
		t.Fatal(err) // twice in two batches
	}
	if err := r.Record(t.Context(), 0, batch[2:4]); err != nil {
		t.Fatal(err) // again, from further back
	}
	if _, rows := stored(t, w, 0); rows != 5 {
		t.Errorf("%d facts are stored, want 5", rows)
	}
	want := map[string]int{"stored": 5, "deduplicated": 2, "rejected": 1, "redelivered": 2}
	if got := outcomes(t, metrics); !maps.Equal(got, want) {
		t.Errorf("outcomes are %v, want %v", got, want)
	}
}

// What an agent asks of their feed is no fact, and spoils none around it.
func TestRecorder_PassesPreferencesOver(t *testing.T) {
	w := open(t, settings(t))
	r, metrics := newRecorder(t, w)
	batch := reads(t, 0, 4)
	preference, err := fil.Preference{Kind: fil.PreferLess, Agent: agentID(2), Facet: fil.FacetTopic, Name: "Paie", Time: batch[2].Event.Time}.Event("test", "asked")
	if err != nil {
		t.Fatal(err)
	}
	batch[2].Event = preference
	record(t, r, batch...)
	if _, rows := stored(t, w, 0); rows != 3 {
		t.Errorf("%d facts are stored, want 3", rows)
	}
	if got := outcomes(t, metrics); got["stored"] != 3 || got["passed"] != 1 || got["rejected"] != 0 {
		t.Errorf("outcomes are %v", got)
	}
}

func TestRecorder_FactsCarryAPseudonym(t *testing.T) {
	kept := &keeping{Store: open(t, settings(t))}
	r, _ := newRecorder(t, kept)
	record(t, r, act(t, 0, "a", fil.Engagement{Kind: fil.Dwell, Agent: "jeanne", Dwell: 2.5}))
	if len(kept.facts) != 1 || kept.facts[0].Agent != analytics.Pseudonym(testKey, "jeanne") || kept.facts[0].Dwell != 2.5 {
		t.Errorf("facts are %+v", kept.facts)
	}
	// HMAC-SHA256 of RFC 4231, test case 2, cut to 8 bytes.
	if got := analytics.Pseudonym([]byte("Jefe"), "what do ya want for nothing?"); got != 0x5bdcc146bf60754e {
		t.Errorf("pseudonym is %x", got)
	}
}

// keeping is a store that keeps what it was asked to insert.
type keeping struct {
	analytics.Store
	facts []analytics.Fact
}

func (k *keeping) Insert(ctx context.Context, token string, facts []analytics.Fact) error {
	k.facts = append(k.facts, facts...)
	return k.Store.Insert(ctx, token, facts)
}

// failing is a store whose answers get lost.
type failing struct {
	analytics.Store
	after bool // the next insert takes effect, and its answer is lost
	late  bool // the next insert is answered by an error and takes effect only before the one after it
	held  func() error
}

var errLost = errors.New("the answer was lost")

func (f *failing) Insert(ctx context.Context, token string, facts []analytics.Fact) error {
	if f.held != nil {
		held := f.held
		f.held = nil
		if err := held(); err != nil {
			return err
		}
	}
	if f.late {
		f.late, f.held = false, func() error { return f.Store.Insert(ctx, token, facts) }
		return errLost
	}
	err := f.Store.Insert(ctx, token, facts)
	if f.after {
		f.after = false
		return errors.Join(err, errLost)
	}
	return err
}

func TestRecorder_AnUnknownOutcomeDoesNotDouble(t *testing.T) {
	for name, store := range map[string]*failing{"stored, answer lost": {after: true}, "stored only after the next look": {late: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, settings(t))
			store.Store = w
			r, _ := newRecorder(t, store)
			record(t, r)
			batch := reads(t, 0, 10)
			if err := r.Record(t.Context(), 0, batch); !errors.Is(err, errLost) {
				t.Fatalf("error is %v, want %v", err, errLost)
			}
			if err := r.Record(t.Context(), 0, batch); err != nil {
				t.Fatal(err)
			}
			if _, rows := stored(t, w, 0); rows != 10 {
				t.Errorf("%d facts are stored, want 10", rows)
			}
		})
	}
}

func TestRecorder_ALogMadeAnewIsNotTheOldOne(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	record(t, r, reads(t, 0, 4)...)
	anew := reads(t, 0, 0)
	for n := range 4 {
		anew = append(anew, act(t, int64(n), fmt.Sprintf("other %d", n), fil.Engagement{Kind: fil.Read, Agent: agentID(n)}))
	}
	record(t, r, anew...)
	if _, rows := stored(t, w, 0); rows != 8 {
		t.Errorf("%d facts are stored, want 8: offsets that start again name other records", rows)
	}
}

func TestRecorder_ALaneMayComeBack(t *testing.T) {
	w := open(t, settings(t))
	here, _ := newRecorder(t, w)
	there, _ := newRecorder(t, w)
	record(t, here, reads(t, 0, 5)...)
	record(t, there, reads(t, 5, 12)...)
	// There stopped before it could commit: here is given some of it again, cut in another way.
	if err := give(t.Context(), here, reads(t, 5, 9)); err != nil {
		t.Fatal(err)
	}
	if err := here.Record(t.Context(), 0, reads(t, 9, 15)); err != nil {
		t.Fatal(err)
	}
	if offsets, rows := stored(t, w, 0); rows != 15 || len(offsets) != 15 {
		t.Errorf("%d facts of %d identities are stored, want 15", rows, len(offsets))
	}
}

// counting is a store that counts how often it is asked for the claims.
type counting struct {
	analytics.Store
	looks int
}

func (c *counting) Claimed(ctx context.Context) ([]analytics.Claim, uint64, error) {
	c.looks++
	return c.Store.Claimed(ctx)
}

func TestRecorder_IdleLanesLookTogether(t *testing.T) {
	store := &counting{Store: open(t, settings(t))}
	cfg := analytics.DefaultConfig()
	cfg.PseudonymKey, cfg.CheckEvery = testKey, time.Minute
	r, err := analytics.NewRecorder(cfg, store, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	const lanes = 4
	for partition := range lanes {
		if err := r.Record(t.Context(), partition, reads(t, 0, 3)); err != nil {
			t.Fatal(err)
		}
	}
	started := store.looks
	for range 5 {
		for partition := range lanes {
			if err := r.Record(t.Context(), partition, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if looks := store.looks - started; looks > 1 {
		t.Errorf("%d beats of %d lanes within a minute looked %d times, want once at most", 5*lanes, lanes, looks)
	}
}

func TestRecorder_RemembersFor32Days(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	again := func(offset int64, day int) fil.Record {
		rec := act(t, offset, "same", fil.Engagement{Kind: fil.Read, Agent: agentID(1)})
		rec.Admitted = start.AddDate(0, 0, day-200)
		return rec
	}
	log := []fil.Record{again(0, 0), again(1, 10), again(2, 32), again(3, 33), again(4, 60), again(5, 70), again(6, 150)}
	for _, rec := range log {
		record(t, r, rec)
	}
	// Kept: day 0, then 33 (33 days later), then 70, then 150.
	if offsets, rows := stored(t, w, 0); rows != 4 {
		t.Fatalf("%d facts are stored, want 4: %v", rows, offsets)
	}
	for name, size := range map[string]int{"one batch": len(log), "one by one": 1, "two by two": 2} {
		r, _ := newRecorder(t, w)
		if err := r.Record(t.Context(), 0, nil); err != nil {
			t.Fatal(err)
		}
		for from := 0; from < len(log); from += size {
			if err := r.Record(t.Context(), 0, log[from:min(from+size, len(log))]); err != nil {
				t.Fatal(err)
			}
		}
		if _, rows := stored(t, w, 0); rows != 4 {
			t.Errorf("given again as %s: %d facts are stored, want 4", name, rows)
		}
	}
}

func TestRecorder_OneBatchMayCrossMonths(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	batch := reads(t, 0, 10)
	for i := range batch {
		batch[i].Admitted = start.AddDate(0, 0, -7*(10-i))
	}
	record(t, r, batch...)
	record(t, r, batch...)
	if _, rows := stored(t, w, 0); rows != 10 {
		t.Errorf("%d facts are stored, want 10", rows)
	}
}

// TestRecorder_FactsAreTheDistinctIdentities gives a random log in random batches, again and again from random places, to
// recorders that restart, over a store that loses answers.
func TestRecorder_FactsAreTheDistinctIdentities(t *testing.T) {
	w := open(t, settings(t))
	partition := 0
	rapid.Check(t, func(rt *rapid.T) {
		partition++
		ids := rapid.SliceOfN(rapid.IntRange(0, 40), 1, 60).Draw(rt, "ids")
		want := map[uint64]int64{}
		log := make([]fil.Record, len(ids))
		for i, id := range ids {
			log[i] = act(t, int64(i), fmt.Sprintf("%d of %d", id, partition), fil.Engagement{Kind: fil.Read, Agent: agentID(id)})
			log[i].Partition = partition
			if identity := log[i].Event.Identity(); want[identity] == 0 {
				if _, known := want[identity]; !known {
					want[identity] = int64(i)
				}
			}
		}
		store := &failing{Store: w}
		r, _ := newRecorder(t, store)
		for next := 0; next < len(log); {
			switch rapid.IntRange(0, 6).Draw(rt, "event") {
			case 0:
				r, _ = newRecorder(t, store)
				next = rapid.IntRange(0, next).Draw(rt, "committed")
			case 1:
				store.after = true
			case 2:
				next = rapid.IntRange(0, next).Draw(rt, "given again")
			}
			last := rapid.IntRange(next+1, len(log)).Draw(rt, "last")
			for try := 0; ; try++ {
				err := r.Record(rt.Context(), partition, log[next:last])
				if err == nil {
					break
				}
				if errors.Is(err, fil.ErrForgotten) {
					next, last = 0, rapid.IntRange(1, len(log)).Draw(rt, "last after forgotten")
				} else if !errors.Is(err, errLost) || try > 5 {
					rt.Fatal(err)
				}
			}
			next = last
		}
		got, rows := stored(t, w, partition)
		if rows != len(want) || !maps.Equal(got, want) {
			rt.Fatalf("%d facts at %v, want %v", rows, got, want)
		}
	})
}
