package analytics_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
)

// tape is partition 0 of a log, which may grow while it is read, and how far the recorder has come with it.
type tape struct {
	mu        sync.Mutex
	records   []fil.Record
	committed int64
	reading   func() // called between two batches
}

func (p *tape) add(records ...fil.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.records = append(p.records, records...)
}

func (p *tape) commit(offset int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.committed = offset
}

func (p *tape) all() []fil.Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.records
}

func (p *tape) Extent(context.Context, fil.Topic, int) (first, end int64, err error) {
	all := p.all()
	return all[0].Offset, all[len(all)-1].Offset + 1, nil
}

func (p *tape) Committed(context.Context, string, fil.Topic) ([]int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return []int64{p.committed}, nil
}

func (p *tape) Read(ctx context.Context, _ fil.Topic, _ int, from, to int64, each func([]fil.Record, int64) error) error {
	all := p.all()
	all = all[max(0, from-all[0].Offset):]
	all = all[:min(int64(len(all)), max(0, to-from))]
	for batch := range slices.Chunk(all, 9_000) {
		if p.reading != nil {
			p.reading()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := each(batch, batch[len(batch)-1].Offset+1); err != nil {
			return err
		}
	}
	return nil
}

// acts are n engagements with duplicates close and far, and some that are rejected.
func acts(t testing.TB, n int) []fil.Record {
	random, kinds := rand.New(rand.NewPCG(1, 1)), fil.EngagementKinds()
	records := make([]fil.Record, n)
	for i := range records {
		id := i
		if i > 0 && random.IntN(5) == 0 {
			id = random.IntN(i)
		}
		records[i] = act(t, int64(i), fmt.Sprint(id), fil.Engagement{
			Kind: kinds[id%len(kinds)], Agent: agentID(id % 50), Content: fmt.Sprint("c", id%7), Dwell: float64(id%100) / 3,
			Time: start.Add(time.Duration(id) * 1234567 * time.Microsecond),
		})
		if id%97 == 0 {
			records[i].Event.Data = []byte(`{}`)
		}
	}
	return records
}

// ledger is a database with the facts of a tape, as a recorder made them in some cuts.
func ledger(t testing.TB, log *tape) (*warehouse.Warehouse, driver.Conn, *analytics.Recorder) {
	t.Helper()
	cfg := settings(t)
	w := open(t, cfg)
	r, _ := newRecorder(t, w)
	random := rand.New(rand.NewPCG(2, 2))
	for at, all := 0, log.all(); at < len(all); {
		to := min(len(all), at+1+random.IntN(len(all)/2))
		give := func() error { return r.Record(t.Context(), 0, all[at:to]) }
		err := give()
		if errors.Is(err, fil.ErrForgotten) {
			err = give()
		}
		if _, rest := fil.Rejections(err); rest != nil {
			t.Fatal(rest)
		}
		at = to
		log.commit(all[to-1].Offset + 1)
	}
	return w, operator(t, cfg), r
}

func rows(t testing.TB, w *warehouse.Warehouse) []analytics.Row {
	t.Helper()
	found, err := w.Rows(context.Background(), analytics.Stretch{To: 1 << 40, Since: time.Unix(0, 0), Until: time.Now().AddDate(1, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(found, func(a, b analytics.Row) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Digest, b.Digest))
	})
	return found
}

func damage(t testing.TB, db driver.Conn, statement string) {
	t.Helper()
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"mutations_sync": 2}))
	if err := db.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}

func rebuild(t testing.TB, r *analytics.Recorder, log *tape, w analytics.Ledger, from int64) analytics.Rebuilt {
	t.Helper()
	done, err := r.Rebuild(t.Context(), log, w, 0, from, func(analytics.Rebuilt) {})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// Facts of before they had an arm get the one that the log gives them, and a rebuild after that changes nothing.
func TestRebuild_LabelsFactsWithTheirArm(t *testing.T) {
	log := &tape{records: acts(t, 1500)}
	w, _, _ := ledger(t, log)
	cfg := analytics.DefaultConfig()
	cfg.PseudonymKey, cfg.CheckEvery = testKey, 0
	cfg.Arm = func(e fil.Engagement) string {
		if e.Agent < agentID(20) {
			return "trial/b"
		}
		return ""
	}
	r, err := analytics.NewRecorder(cfg, w, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	before := rows(t, w)
	done := rebuild(t, r, log, w, 0)
	labelled := 0
	for _, row := range rows(t, w) {
		if row.Arm == "trial/b" {
			labelled++
		}
	}
	if labelled == 0 || done.Added != labelled || done.Removed != labelled || len(rows(t, w)) != len(before) {
		t.Errorf("%d of %d facts are labelled, %+v", labelled, len(before), done)
	}
	if again := rebuild(t, r, log, w, 0); again.Added+again.Removed > 0 {
		t.Errorf("a second rebuild mends %+v", again)
	}
}

func TestRebuild_MendsWhatIsNotAsTheLogSays(t *testing.T) {
	log := &tape{records: acts(t, 3000)}
	w, db, r := ledger(t, log)
	want := rows(t, w)
	for _, c := range []struct {
		name, statement string
		added, removed  int
	}{
		{"nothing is wrong", "", 0, 0},
		{"facts are gone", "DELETE FROM facts WHERE offset % 10 = 1", -1, 0},
		{"a month is gone", "ALTER TABLE facts DELETE WHERE offset < 1200", -1, 0},
		{"a fact was altered", "ALTER TABLE facts UPDATE dwell = 1e6 WHERE offset = (SELECT max(offset) FROM facts)", 1, 1},
		{"an agent was altered", "ALTER TABLE facts UPDATE agent = agent + 1 WHERE offset = (SELECT min(offset) FROM facts)", 1, 1},
		{"everything was altered", "ALTER TABLE facts UPDATE agent = agent + 1 WHERE 1", len(want), len(want)},
		{"a fact is there twice", "INSERT INTO facts SELECT * FROM facts ORDER BY offset LIMIT 1", 0, 1},
		{"facts that never were", "INSERT INTO facts SELECT * REPLACE(offset + 1 AS offset) FROM facts WHERE offset + 1 NOT IN (SELECT offset FROM facts) LIMIT 3", 0, 3},
		{"facts are gone again", "DELETE FROM facts WHERE offset % 10 = 1", -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.statement != "" {
				damage(t, db, c.statement)
			}
			if c.added < 0 {
				c.added = len(want) - len(rows(t, w))
			}
			done := rebuild(t, r, log, w, 0)
			if done.Added != c.added || done.Removed != c.removed || done.Facts != len(want) || done.Read != 3000 {
				t.Errorf("it says %+v, want %d added and %d removed of %d", done, c.added, c.removed, len(want))
			}
			if diff := gocmp.Diff(want, rows(t, w)); diff != "" {
				t.Errorf("not as they were: %.2000s", diff)
			}
		})
	}
}

// What the log does not hold any more stays: facts before its first record, those of a log that was lost, those before the
// offset given. And they are remembered: their duplicates are no facts.
func TestRebuild_KeepsWhatTheLogNoLongerHolds(t *testing.T) {
	records := acts(t, 3000)
	w, db, r := ledger(t, &tape{records: records})
	damage(t, db, "INSERT INTO facts SELECT * REPLACE(identity + 1 AS identity, addMonths(admitted, -2) AS admitted) FROM facts WHERE offset % 3 = 0")
	want := rows(t, w)
	log := &tape{records: records[1000:], committed: 3000}
	if done := rebuild(t, r, log, w, 0); done.Added+done.Removed != 0 {
		t.Errorf("from the first record kept: %+v", done)
	}
	damage(t, db, "ALTER TABLE facts DELETE WHERE admitted > today() - 10 AND offset IN (1100, 1101, 1102, 1103, 2100, 2101, 2102, 2103)")
	lost := len(want) - len(rows(t, w))
	done := rebuild(t, r, log, w, 2000)
	again := rebuild(t, r, log, w, 0)
	if done.Removed+again.Removed != 0 || done.Added == 0 || again.Added == 0 || done.Added+again.Added != lost || done.Of != 1000 {
		t.Errorf("from 2000: %+v, then from 0: %+v, want %d facts added in all", done, again, lost)
	}
	if diff := gocmp.Diff(want, rows(t, w)); diff != "" {
		t.Errorf("not as they were: %.2000s", diff)
	}
}

// The recorder goes on while facts are made again: none is lost, and none is there twice.
func TestRebuild_WhileTheRecorderRecords(t *testing.T) {
	records := acts(t, 40_000)
	log := &tape{records: records[:20_000]}
	w, db, r := ledger(t, log)
	at := 20_000
	log.reading = func() {
		if at == len(records) {
			return
		}
		to := min(at+2500, len(records))
		log.add(records[at:to]...)
		_, rest := fil.Rejections(r.Record(t.Context(), 0, records[at:to]))
		if rest != nil {
			t.Fatal(rest)
		}
		at = to
		log.commit(int64(at))
	}
	for i := 0; at < len(records); i++ {
		damage(t, db, fmt.Sprintf("DELETE FROM facts WHERE offset %% 1000 = %d", i))
		damage(t, db, fmt.Sprintf("ALTER TABLE facts UPDATE agent = 1 WHERE offset %% 1000 = %d", i+1))
		rebuild(t, r, log, w, 0)
	}
	log.reading = nil
	rebuild(t, r, log, w, 0)
	calm, _, _ := ledger(t, &tape{records: records})
	if diff := gocmp.Diff(rows(t, calm), rows(t, w)); diff != "" {
		t.Errorf("not as if nothing had happened: %.2000s", diff)
	}
}

// A recorder that was at work when a missing fact was put back knows it from then on.
func TestRebuild_TellsTheRecorder(t *testing.T) {
	log := &tape{records: reads(t, 0, 100)}
	w, db, _ := ledger(t, log)
	damage(t, db, "DELETE FROM facts WHERE offset = 50")
	busy, _ := newRecorder(t, w) // it reads what is stored, without the fact
	if err := busy.Record(t.Context(), 0, reads(t, 100, 110)); err != nil {
		t.Fatal(err)
	}
	log.add(reads(t, 100, 110)...)
	log.commit(110)
	other, _ := newRecorder(t, w)
	if done := rebuild(t, other, log, w, 0); done.Added != 1 {
		t.Fatalf("%+v", done)
	}
	again := act(t, 110, "50", fil.Engagement{Kind: fil.Read, Agent: agentID(50)})
	if err := busy.Record(t.Context(), 0, []fil.Record{again}); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, w); len(got) != 110 {
		t.Errorf("%d facts, want 110: the recorder did not know the fact that was put back", len(got))
	}
}

func TestRebuild_LeavesALaneThatIsRecordedAgain(t *testing.T) {
	log := &tape{records: acts(t, 500)}
	w, db, r := ledger(t, log)
	damage(t, db, "DELETE FROM facts WHERE offset < 100")
	before := rows(t, w)
	log.reading = func() { log.commit(0) }
	if _, err := r.Rebuild(t.Context(), log, w, 0, 0, func(analytics.Rebuilt) {}); !errors.Is(err, analytics.ErrReplaying) {
		t.Errorf("error %v, want %v", err, analytics.ErrReplaying)
	}
	if diff := gocmp.Diff(before, rows(t, w)); diff != "" {
		t.Errorf("facts were changed: %.2000s", diff)
	}
}

func TestRebuild_InterruptedLeavesTheRest(t *testing.T) {
	log := &tape{records: acts(t, 500)}
	w, db, r := ledger(t, log)
	damage(t, db, "DELETE FROM facts WHERE offset < 100")
	before := rows(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	log.reading = cancel
	if _, err := r.Rebuild(ctx, log, w, 0, 0, func(analytics.Rebuilt) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if diff := gocmp.Diff(before, rows(t, w)); diff != "" {
		t.Errorf("facts were changed: %.2000s", diff)
	}
}

// With another secret every pseudonym is another, and the log gives the facts theirs.
func TestRebuild_AfterAnotherSecret(t *testing.T) {
	log := &tape{records: acts(t, 5000)}
	w, _, _ := ledger(t, log)
	cfg := analytics.DefaultConfig()
	cfg.PseudonymKey = []byte("another key, of the next year")
	rotated, err := analytics.NewRecorder(cfg, w, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	n := len(rows(t, w))
	if done := rebuild(t, rotated, log, w, 0); done.Added != n || done.Removed != n {
		t.Errorf("%+v, want %d facts with another pseudonym", done, n)
	}
	for _, row := range rows(t, w) {
		e, err := fil.EngagementOf(log.records[row.Offset])
		if err != nil || row.Agent != analytics.Pseudonym(cfg.PseudonymKey, e.Agent) {
			t.Fatalf("offset %d: pseudonym %x, error %v", row.Offset, row.Agent, err)
		}
	}
}
