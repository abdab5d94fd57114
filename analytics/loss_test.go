package analytics_test

import (
	"errors"
	"strings"
	"testing"

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

func execute(t testing.TB, db driver.Conn, statement string) {
	t.Helper()
	if err := db.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// drain gives a partition's records as the log does: an empty batch first, and everything again after ErrForgotten.
func drain(t testing.TB, r *analytics.Recorder, committed int, log []fil.Record) (forgotten int) {
	t.Helper()
	for {
		err := r.Record(t.Context(), 0, nil)
		if err == nil && committed < len(log) {
			err = r.Record(t.Context(), 0, log[committed:])
		}
		if err == nil {
			return forgotten
		}
		if !errors.Is(err, fil.ErrForgotten) {
			t.Fatal(err)
		}
		if forgotten++; forgotten > 3 {
			t.Fatal("the recorder asks for the lane again and again")
		}
		committed = 0
	}
}

func TestRecorder_LostFactsAreMadeAgain(t *testing.T) {
	for name, test := range map[string]struct {
		lose    string // what the operator does
		restart bool
		more    bool // whether records follow; if not, the beat of an idle lane must notice
	}{
		"database dropped, idle":              {lose: "DROP DATABASE $DB"},
		"database dropped, busy":              {lose: "DROP DATABASE $DB", more: true},
		"database dropped, restarted":         {lose: "DROP DATABASE $DB", restart: true},
		"facts dropped, busy":                 {lose: "DROP TABLE facts", more: true},
		"facts emptied, idle":                 {lose: "TRUNCATE TABLE facts"},
		"facts emptied, restarted, then busy": {lose: "TRUNCATE TABLE facts", restart: true, more: true},
		"claims emptied":                      {lose: "TRUNCATE TABLE claims"},
		"everything dropped, restarted, busy": {lose: "DROP DATABASE $DB", restart: true, more: true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := settings(t)
			w := open(t, cfg)
			r, _ := newRecorder(t, w)
			log := reads(t, 0, 20)
			drain(t, r, 0, log[:12])
			execute(t, operator(t, cfg), strings.ReplaceAll(test.lose, "$DB", cfg.Database))
			if test.restart {
				w = open(t, cfg)
				r, _ = newRecorder(t, w)
			}
			last := 12
			if test.more {
				last = len(log)
			}
			if forgotten := drain(t, r, 12, log[:last]); forgotten < 1 || forgotten > 2 {
				t.Errorf("the lane was asked again %d times, want once, or twice when a table must be made too", forgotten)
			}
			if _, rows := stored(t, w, 0); rows != last {
				t.Errorf("%d facts are stored, want %d", rows, last)
			}
			if forgotten := drain(t, r, last, log[:last]); forgotten != 0 {
				t.Errorf("a lane that was made again was asked again %d times", forgotten)
			}
		})
	}
}

func TestRecorder_NothingIsLostOnAnEmptyMachine(t *testing.T) {
	w := open(t, settings(t))
	r, _ := newRecorder(t, w)
	if err := r.Record(t.Context(), 0, reads(t, 0, 5)); err != nil {
		t.Errorf("a partition given from its first record is refused: %v", err)
	}
	// A log whose first records are past their retention: the first one kept is not record 0.
	r, _ = newRecorder(t, open(t, settings(t)))
	late := reads(t, 50, 60)
	if forgotten := drain(t, r, 0, late); forgotten != 1 {
		t.Errorf("the lane was asked again %d times, want once", forgotten)
	}
	// A partition of rejections only must not be asked for at each start.
	w = open(t, settings(t))
	r, _ = newRecorder(t, w)
	poison := act(t, 0, "x", fil.Engagement{Kind: "wink", Agent: "a"})
	record(t, r)
	if rejected, rest := fil.Rejections(r.Record(t.Context(), 0, []fil.Record{poison})); len(rejected) != 1 || rest != nil {
		t.Fatalf("rejections are %v and %v", rejected, rest)
	}
	r, _ = newRecorder(t, w)
	if forgotten := drain(t, r, 0, nil); forgotten != 0 {
		t.Errorf("the lane was asked again %d times", forgotten)
	}
}
