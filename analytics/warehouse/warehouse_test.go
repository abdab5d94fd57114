package warehouse_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
)

// operator connects beside the warehouse, as someone with an SQL prompt.
func operator(t testing.TB, cfg warehouse.Config) driver.Conn {
	t.Helper()
	db, err := clickhouse.Open(&clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: cfg.Addrs, Auth: clickhouse.Auth{Username: cfg.User, Password: cfg.Password, Database: cfg.Database},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func count(t testing.TB, db driver.Conn, question string) uint64 {
	t.Helper()
	var n uint64
	if err := db.QueryRow(t.Context(), question).Scan(&n); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return n
}

// schemaFiles counts the migrations.
func schemaFiles(t testing.TB) uint64 {
	t.Helper()
	files, err := filepath.Glob("schema/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	return uint64(len(files))
}

// today is within the retention and does not move during a test.
var today = time.Now().UTC().Truncate(24 * time.Hour)

func facts(from, to int) []analytics.Fact {
	var all []analytics.Fact
	for n := from; n < to; n++ {
		all = append(all, analytics.Fact{
			Time: today.Add(-time.Duration(n) * time.Minute), Admitted: today, Kind: fil.Read, Content: "voeux",
			Agent: uint64(n), Identity: uint64(n), Partition: 3, Offset: int64(n),
		})
	}
	return all
}

func TestOpen_MigratesOnceWhoeverOpens(t *testing.T) {
	cfg := settings(t)
	var open sync.WaitGroup
	errs := make(chan error, 4)
	for range 4 {
		open.Go(func() {
			w, err := warehouse.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
			if err == nil {
				err = errors.Join(w.Ping(t.Context()), w.Close())
			}
			errs <- err
		})
	}
	open.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	db := operator(t, cfg)
	if got := count(t, db, "SELECT uniqExact(number) FROM migrations"); got != schemaFiles(t) {
		t.Errorf("%d migrations are recorded, want %d", got, schemaFiles(t))
	}
	before := count(t, db, "SELECT count() FROM migrations")
	w, err := warehouse.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if after := count(t, db, "SELECT count() FROM migrations"); after != before {
		t.Errorf("opening again recorded %d migrations", after-before)
	}
}

func TestOpen_SaysWhatIsMissing(t *testing.T) {
	if err := (warehouse.Config{Database: "a b"}).Validate(); err == nil || strings.Count(err.Error(), "\n") != 5 {
		t.Errorf("faults are %v, want six", err)
	}
	cfg := settings(t)
	cfg.Addrs = []string{"127.0.0.1:1"}
	if _, err := warehouse.Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("error is %v, want one that names the address", err)
	}
}

func TestInsert_ATokenCountsOnce(t *testing.T) {
	cfg := settings(t)
	w := open(t, cfg)
	for _, insert := range []struct {
		token    string
		from, to int
	}{{"a", 0, 50}, {"a", 0, 50}, {"b", 50, 60}, {"a", 0, 50}, {"b", 50, 60}} {
		if err := w.Insert(t.Context(), insert.token, facts(insert.from, insert.to)); err != nil {
			t.Fatal(err)
		}
	}
	// Another opening is another process, as far as ClickHouse can tell.
	if err := open(t, cfg).Insert(t.Context(), "a", facts(0, 50)); err != nil {
		t.Fatal(err)
	}
	if n, last, err := w.Extent(t.Context(), 3); n != 60 || !last.Equal(today) || err != nil {
		t.Errorf("extent is %d facts until %v, %v; want 60 until %v", n, last, err, today)
	}
	if err := w.Claim(t.Context(), analytics.Claim{}); err != nil {
		t.Fatal(err)
	}
	if _, n, err := w.Claimed(t.Context()); n != 60 || err != nil {
		t.Errorf("%d facts are counted beside the claims, %v; want 60", n, err)
	}
	if n, last, err := w.Extent(t.Context(), 4); n != 0 || !last.IsZero() || err != nil {
		t.Errorf("extent of an empty partition is %d facts until %v, %v", n, last, err)
	}
}

func TestInsert_IsSeenThroughWhenTheCallerLeaves(t *testing.T) {
	w := open(t, settings(t))
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := w.Insert(gone, "a", facts(0, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("an insert begun after the caller left answers %v", err)
	}
	// Leaving at a random moment of an insert either stores it or says that it is not; both times it may be tried again.
	for n := range 20 {
		leaving, leave := context.WithCancel(t.Context())
		go leave()
		err := w.Insert(leaving, fmt.Sprint("token ", n), facts(n*100, n*100+100))
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := w.Insert(t.Context(), fmt.Sprint("token ", n), facts(n*100, n*100+100)); err != nil {
			t.Fatal(err)
		}
	}
	if n, _, err := w.Extent(t.Context(), 3); n != 2000 || err != nil {
		t.Errorf("%d facts are stored, %v; want 2000", n, err)
	}
}

func TestFailed_MakesTablesAgain(t *testing.T) {
	for name, call := range map[string]func(*warehouse.Warehouse) error{
		"insert": func(w *warehouse.Warehouse) error { return w.Insert(t.Context(), "a", facts(0, 1)) },
		"enrol":  func(w *warehouse.Warehouse) error { return w.Enrol(t.Context(), []analytics.Entry{{Agent: 1}}) },
		"tally": func(w *warehouse.Warehouse) error {
			_, _, err := w.Tally(t.Context(), analytics.Question{Limit: 1})
			return err
		},
		"claimed": func(w *warehouse.Warehouse) error {
			_, _, err := w.Claimed(t.Context())
			return err
		},
		"claim": func(w *warehouse.Warehouse) error { return w.Claim(t.Context(), analytics.Claim{}) },
		"identities": func(w *warehouse.Warehouse) error {
			return w.Identities(t.Context(), 0, today, today, func(uint64, int64, uint16) {})
		},
		"first": func(w *warehouse.Warehouse) error {
			_, _, err := w.First(t.Context())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := settings(t)
			w := open(t, cfg)
			if err := operator(t, cfg).Exec(t.Context(), "DROP DATABASE "+cfg.Database); err != nil {
				t.Fatal(err)
			}
			if err := call(w); !errors.Is(err, fil.ErrForgotten) {
				t.Fatalf("without tables the answer is %v, want %v", err, fil.ErrForgotten)
			}
			if err := call(w); err != nil {
				t.Errorf("once they are made again the answer is %v", err)
			}
		})
	}
}

func TestClaimed_GivesTheLast(t *testing.T) {
	w := open(t, settings(t))
	if claims, _, err := w.Claimed(t.Context()); len(claims) != 0 || err != nil {
		t.Fatalf("lanes that nobody claimed are claimed: %v, %v", claims, err)
	}
	var want [2]analytics.Claim
	for owner := range uint64(5) {
		for partition := range want {
			want[partition] = analytics.Claim{Topic: fil.TopicAgents, Partition: partition, Since: int64(owner) - 1, Owner: owner<<40 + uint64(partition)}
			if err := w.Claim(t.Context(), want[partition]); err != nil {
				t.Fatal(err)
			}
		}
		claims, _, err := w.Claimed(t.Context())
		if err != nil || len(claims) != 2 || !slices.Contains(claims, want[0]) || !slices.Contains(claims, want[1]) {
			t.Fatalf("claimed are %+v, %v; want %+v", claims, err, want)
		}
	}
}

func TestIdentities_AreThoseOfTheTimeAsked(t *testing.T) {
	w := open(t, settings(t))
	all := facts(0, 10)
	for i := range all {
		all[i].Admitted = today.Add(time.Duration(i) * time.Millisecond)
		all[i].Partition = i % 2
	}
	if err := w.Insert(t.Context(), "a", all); err != nil {
		t.Fatal(err)
	}
	var got []uint64
	err := w.Identities(t.Context(), 1, today.Add(3*time.Millisecond), today.Add(7*time.Millisecond), func(identity uint64, offset int64, day uint16) {
		if offset != int64(identity) || int64(day) != today.Unix()/86400 {
			t.Errorf("identity %d is at %d on day %d", identity, offset, day)
		}
		got = append(got, identity)
	})
	if err != nil || len(got) != 2 || got[0]+got[1] != 12 {
		t.Errorf("identities are %v, %v; want 5 and 7", got, err)
	}
}

func TestTally_BeginsDaysInTheZone(t *testing.T) {
	w := open(t, settings(t))
	fact := facts(0, 1)[0]
	fact.Time = time.Date(2026, 3, 31, 22, 30, 0, 0, time.UTC) // half past midnight in Paris, in April
	if err := w.Insert(t.Context(), "a", []analytics.Fact{fact}); err != nil {
		t.Fatal(err)
	}
	for every, want := range map[string][2]string{
		"day": {"2026-03-31", "2026-04-01"}, "week": {"2026-03-30", "2026-03-30"}, "month": {"2026-03-01", "2026-04-01"},
		"quarter": {"2026-01-01", "2026-04-01"}, "year": {"2026-01-01", "2026-01-01"},
	} {
		for i, zone := range []string{"UTC", "Europe/Paris"} {
			for _, by := range []string{"", "org"} {
				_, rows, err := w.Tally(t.Context(), analytics.Question{Every: every, By: by, Zone: zone, Limit: 10})
				if err != nil || len(rows) != 1 || rows[0].Period != want[i] {
					t.Errorf("every %s by %q in %s: %+v, %v; want %s", every, by, zone, rows, err, want[i])
				}
			}
		}
	}
}

// TestTally_ReadsAContentByTheSortKey holds the promise of schema/0001_facts.sql: what one content costs does not grow with
// the others.
func TestTally_ReadsAContentByTheSortKey(t *testing.T) {
	cfg := settings(t)
	open(t, cfg)
	db := operator(t, cfg)
	fill(t, db, 300_000)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"content": "c7"}))
	rows, err := db.Query(ctx, "EXPLAIN ESTIMATE SELECT agent FROM facts WHERE ({content:String} = '' OR content = {content:String})")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var database, table string
	var parts, estimate, marks uint64
	for rows.Next() {
		if err := rows.Scan(&database, &table, &parts, &estimate, &marks); err != nil {
			t.Fatal(err)
		}
	}
	if estimate == 0 || estimate > 60_000 {
		t.Errorf("one content of a hundred reads %d rows of 300,000", estimate)
	}
}

// fill makes facts of a hundred contents and many agents, each content engaged with mostly in the days after its
// publication, over a year.
func fill(t testing.TB, db driver.Conn, rows int) {
	t.Helper()
	kinds := "['impression','impression','impression','impression','open','read','dwell','click','reaction','acknowledge']"
	err := db.Exec(t.Context(), fmt.Sprintf(`
		INSERT INTO facts
		SELECT now64(3) - (100 - number %% 100) * 300000 + pow(rand(1) / 4294967295, 4) * 1000000 AS time, time + 1, %s[1 + rand(2) %% 10],
			concat('c', toString(number %% 100)), cityHash64(rand(3) %% greatest(intDiv(%d, 50), 100)), rand(4) %% 120, rand64(5), number %% 8, intDiv(number, 8), ''
		FROM numbers(%d)`, kinds, rows, rows))
	if err != nil {
		t.Fatal(err)
	}
}

// A table that was made before facts had an arm gets the column, and keeps its facts, which are in none.
func TestOpen_AddsTheArmToFactsThatAreThere(t *testing.T) {
	cfg := settings(t)
	w := open(t, cfg)
	db := operator(t, cfg)
	if err := w.Insert(t.Context(), "before", facts(0, 10)); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"ALTER TABLE facts DROP COLUMN arm", "DELETE FROM migrations WHERE number = 4"} {
		if err := db.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := w.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	more := facts(10, 12)
	more[0].Arm = "trial/b"
	if err := w.Insert(t.Context(), "after", more); err != nil {
		t.Fatal(err)
	}
	if none, one := count(t, db, "SELECT count() FROM facts WHERE arm = ''"), count(t, db, "SELECT count() FROM facts WHERE arm = 'trial/b'"); none != 11 || one != 1 {
		t.Errorf("%d facts in no arm and %d in one, want 11 and 1", none, one)
	}
}
