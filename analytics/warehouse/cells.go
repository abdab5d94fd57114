package warehouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

var _ analytics.Cells = (*Warehouse)(nil)

// Did answers from months when the question is of all contents, and from marks otherwise. Statements are flat and short: much of
// the time of one that is not goes into reading it.
func (w *Warehouse) Did(ctx context.Context, q analytics.CellQuestion, each func(analytics.Deed)) error {
	if !q.From.Before(q.To) {
		return nil
	}
	if q.Every == "week" && q.Contents == nil {
		return w.weeks(ctx, q, each)
	}
	scope, params := scopeOf(q)
	daily := q.Every == "day" && q.Contents == nil
	return w.cells(ctx, didOf(q, scope, kindsOf(q)), params, func(r *row) {
		d := analytics.Deed{Block: r.uint32(), Kind: r.kind(), Day: int(r.uint16()), Who: r.uint64(), Days: int(r.uint64())}
		if daily {
			copy(d.Each[:], r.raw())
		}
		if d.Who != 0 && d.Kind != "" { // it may be of a month in which it was done on other days
			each(d)
		}
	})
}

// counted are the kinds that are told.
func counted() []fil.EngagementKind { return append(marked(), analytics.Acted) }

// quoted lists kinds, which are ours.
func quoted(kinds []fil.EngagementKind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = "'" + string(k) + "'"
	}
	return strings.Join(names, ", ")
}

// shown has a row for each week, content and block (FINAL); the days of a week of which not all are asked for are put together.
const (
	shownWeeks = "SELECT content, toUInt16(week), block, mask FROM shown FINAL WHERE (%s) AND week >= %s AND week < %s"
	shownDays  = `SELECT content, toUInt16(toMonday(day)) AS period, block, groupBitOr(mask) FROM marks
WHERE (%s) AND kind = 'impression' AND day >= %s AND day < %s GROUP BY content, period, block`
)

// Shown reads whole weeks, and the marks of the days after them.
func (w *Warehouse) Shown(ctx context.Context, q analytics.CellQuestion, each func(content string, day int, block uint32, who uint64)) error {
	scope, params := scopeOf(q)
	monday := dateOf(analytics.MondayOf(q.To))
	parts := []string{fmt.Sprintf(shownWeeks, scope, dateOf(q.From), monday), fmt.Sprintf(shownDays, scope, monday, dateOf(q.To))}
	return w.cells(ctx, parts, params, func(r *row) {
		each(r.text(), int(r.uint16()), r.uint32(), r.uint64())
	})
}

// Hours reads weekdays, which are of all contents.
func (w *Warehouse) Hours(ctx context.Context, q analytics.CellQuestion, found func(d analytics.Deed, weekday int)) error {
	hours := strings.Split(each(0, 23, "h%d"), ", ")
	statement := fmt.Sprintf("SELECT block, kind, toUInt16(month), weekday, %s, %s FROM weekdays FINAL WHERE month >= %s AND month < %s",
		ored(hours), packed(hours), dateOf(q.From), dateOf(q.To))
	return w.cells(ctx, []string{statement}, nil, func(r *row) {
		d := analytics.Deed{Block: r.uint32(), Kind: r.kind(), Day: int(r.uint16())}
		weekday := int(r.uint8())
		d.Who = r.uint64()
		copy(d.Each[:], r.raw())
		if d.Kind != "" {
			found(d, weekday)
		}
	})
}

// ContentsOf reads the marks of its days.
func (w *Warehouse) ContentsOf(ctx context.Context, from, to time.Time) (contents []string, err error) {
	statement := fmt.Sprintf("SELECT DISTINCT content FROM marks WHERE day >= %s AND day < %s ORDER BY content", dateOf(from), dateOf(to))
	err = w.cells(ctx, []string{statement}, nil, func(r *row) { contents = append(contents, r.text()) })
	return contents, err
}

// FirstDay takes what ClickHouse keeps of each part of marks, and reads no row.
func (w *Warehouse) FirstDay(ctx context.Context) (day int, err error) {
	err = w.cells(ctx, []string{"SELECT toUInt16(min(day)) FROM marks"}, nil, func(r *row) { day = int(r.uint16()) })
	return day, err
}

// scopeOf names the contents of a question, as parameters.
func scopeOf(q analytics.CellQuestion) (condition string, params []any) {
	if q.Contents == nil {
		return "true", nil
	}
	var conditions []string
	for i, list := range listsOf(q.Contents) {
		conditions = append(conditions, fmt.Sprintf("content IN {among%d:Array(String)}", i))
		params = append(params, clickhouse.Named(fmt.Sprintf("among%d", i), list))
	}
	return strings.Join(conditions, " OR "), params
}

// kindsOf keeps the kinds of a question.
func kindsOf(q analytics.CellQuestion) string {
	if q.Kinds == nil {
		return "true"
	}
	return "kind IN (" + quoted(q.Kinds) + ")"
}
