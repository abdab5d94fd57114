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
	kinds, daily := counted(), q.Every == "day" && q.Contents == nil
	more := ""
	if daily {
		more = ", each"
	}
	statement := fmt.Sprintf("SELECT block, %s AS number, period, who, days%s FROM (%s)", numberOf(), more, didOf(q, scope, kindsOf(q)))
	return w.cells(ctx, statement, params, func(r *row) {
		d := analytics.Deed{Block: r.uint32()}
		kind := r.uint8()
		d.Day, d.Who, d.Days = int(r.uint16()), r.uint64(), int(r.uint64())
		if daily {
			copy(d.Each[:], r.raw())
		}
		if d.Who == 0 || kind == 0 { // of a month in which it was done on other days, or of a kind of before
			return
		}
		d.Kind = kinds[kind-1]
		each(d)
	})
}

// counted are the kinds that are told; numberOf is the place of one among them, from 1 on.
func counted() []fil.EngagementKind { return append(marked(), analytics.Acted) }

func numberOf() string { return "toUInt8(indexOf([" + quoted(counted()) + "], kind))" }

// quoted lists kinds, which are ours.
func quoted(kinds []fil.EngagementKind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = "'" + string(k) + "'"
	}
	return strings.Join(names, ", ")
}

// shown has a row for each week, content and block (FINAL); the days of a week of which not all are asked for are put together.
const shown = `SELECT content, toUInt16(week) AS period, block, toUInt8(bitCount(mask)) AS agents FROM shown FINAL WHERE (%[1]s) AND week >= %[2]s AND week < %[3]s
UNION ALL
SELECT content, toUInt16(toMonday(day)) AS period, block, toUInt8(bitCount(groupBitOr(mask))) AS agents FROM marks
WHERE (%[1]s) AND kind = 'impression' AND day >= %[3]s AND day < %[4]s GROUP BY content, period, block`

// Shown reads whole weeks, and the marks of the days after them.
func (w *Warehouse) Shown(ctx context.Context, q analytics.CellQuestion, each func(content string, day int, block uint32, agents int)) error {
	scope, params := scopeOf(q)
	statement := fmt.Sprintf(shown, scope, dateOf(q.From), dateOf(mondayOf(q.To)), dateOf(q.To))
	return w.cells(ctx, statement, params, func(r *row) {
		each(r.text(), int(r.uint16()), r.uint32(), int(r.uint8()))
	})
}

// Hours reads weekdays, which are of all contents.
func (w *Warehouse) Hours(ctx context.Context, q analytics.CellQuestion, found func(d analytics.Deed, weekday int)) error {
	statement := fmt.Sprintf("SELECT block, %s, toUInt16(month), weekday, %s FROM weekdays FINAL WHERE month >= %s AND month < %s",
		numberOf(), packed(strings.Split(each(0, 23, "bitCount(h%d)"), ", ")), dateOf(q.From), dateOf(q.To))
	kinds := counted()
	return w.cells(ctx, statement, nil, func(r *row) {
		d := analytics.Deed{Block: r.uint32()}
		kind := r.uint8()
		d.Day = int(r.uint16())
		weekday := int(r.uint8())
		copy(d.Each[:], r.raw())
		if kind == 0 {
			return
		}
		d.Kind = kinds[kind-1]
		found(d, weekday)
	})
}

// ContentsOf reads the marks of its days.
func (w *Warehouse) ContentsOf(ctx context.Context, from, to time.Time) (contents []string, err error) {
	statement := fmt.Sprintf("SELECT DISTINCT content FROM marks WHERE day >= %s AND day < %s ORDER BY content", dateOf(from), dateOf(to))
	err = w.cells(ctx, statement, nil, func(r *row) { contents = append(contents, r.text()) })
	return contents, err
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
