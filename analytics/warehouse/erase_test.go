package warehouse_test

import (
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
)

// wish is that of agent 7 to be forgotten, at an offset of partition 3.
func wish(offset int64, admitted time.Time) []analytics.Erasure {
	return []analytics.Erasure{{Agent: 7, Partition: 3, Offset: offset, Admitted: admitted}}
}

// did stores what agent 7 does at some offsets of a log, one after another from a moment on.
func did(t testing.TB, w *warehouse.Warehouse, token string, at time.Time, offsets ...int64) {
	t.Helper()
	all := facts(0, len(offsets))
	for i, offset := range offsets {
		all[i].Agent, all[i].Identity, all[i].Offset, all[i].Admitted = 7, uint64(at.UnixMilli()+offset), offset, at.Add(time.Duration(i)*time.Millisecond)
	}
	if err := w.Insert(t.Context(), token, all); err != nil {
		t.Fatal(err)
	}
}

func ask(t testing.TB, w *warehouse.Warehouse, erasures []analytics.Erasure) {
	t.Helper()
	if err := w.AskErasure(t.Context(), erasures); err != nil {
		t.Fatal(err)
	}
}

// A wish that comes while an older one of the same agent is done is done too.
func TestErase_DoesAWishMadeMeanwhile(t *testing.T) {
	cfg := settings(t)
	w, db := open(t, cfg), operator(t, cfg)
	did(t, w, "before", today, 1, 2)
	ask(t, w, wish(3, today))
	n, err := w.EraseAfter(t.Context(), func() {
		did(t, w, "meanwhile", today, 4, 5)
		ask(t, w, wish(6, today))
	})
	if err != nil || n != 1 {
		t.Fatalf("erased %d: %v", n, err)
	}
	if left := count(t, db, "SELECT count() FROM facts WHERE offset > 3"); left != 2 {
		t.Errorf("%d facts are left of after the first wish, want 2", left)
	}
	if n, err := w.Erase(t.Context()); err != nil || n != 1 {
		t.Errorf("erased %d of the wish made meanwhile: %v", n, err)
	}
	if left := count(t, db, "SELECT count() FROM facts"); left != 0 {
		t.Errorf("%d facts are left", left)
	}
	if n, err := w.Erase(t.Context()); err != nil || n != 0 {
		t.Errorf("erased %d more: %v", n, err)
	}
}

// In a log that begins again at its first offset, wishes count by when they were made: those of the log before hold back none,
// and take nothing of what came later.
func TestErase_InALogThatBeganAgain(t *testing.T) {
	cfg := settings(t)
	w, db := open(t, cfg), operator(t, cfg)
	past := today.AddDate(0, 0, -10)
	did(t, w, "lost", past, 100, 101)
	did(t, w, "again", today, 1, 2)
	ask(t, w, wish(500, past))
	if n, err := w.Erase(t.Context()); err != nil || n != 1 {
		t.Fatalf("erased %d: %v", n, err)
	}
	if left := count(t, db, "SELECT count() FROM facts WHERE offset < 3"); left != 2 || left != count(t, db, "SELECT count() FROM facts") {
		t.Errorf("%d facts are left of after the wish, want 2 and no others", left)
	}
	ask(t, w, wish(3, today))
	ask(t, w, wish(500, past)) // given again, and older
	if n, err := w.Erase(t.Context()); err != nil || n != 1 {
		t.Errorf("erased %d: %v", n, err)
	}
	if left := count(t, db, "SELECT count() FROM facts"); left != 0 {
		t.Errorf("%d facts are left", left)
	}
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"mutations_sync": 2}))
	if err := db.Exec(ctx, "ALTER TABLE facts APPLY DELETED MASK"); err != nil { // as the guide tells operators
		t.Fatal(err)
	}
	if left := count(t, db, "SELECT sum(rows) FROM system.parts WHERE active AND table = 'facts' AND database = currentDatabase()"); left != 0 {
		t.Errorf("%d rows are left on the disk", left)
	}
}
