package warehouse

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

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
	scope, params := scopeOf(q)
	kinds, daily := counted(), q.Every == "day" && q.Contents == nil
	var d analytics.Deed
	var kind uint8
	var period uint16
	var days uint64
	var words [4]uint64
	row := []any{&d.Block, &kind, &period, &d.Who, &days}
	more := ""
	if daily {
		more, row = ", w0, w1, w2, w3", append(row, &words[0], &words[1], &words[2], &words[3])
	}
	statement := fmt.Sprintf("SELECT block, %s AS number, period, who, days%s FROM (%s)", numberOf(), more, didOf(q, scope, kindsOf(q)))
	return w.cells(ctx, statement, params, func(rows driver.Rows) error {
		if err := rows.Scan(row...); err != nil {
			return err
		}
		if d.Who == 0 || kind == 0 { // of a month in which it was done on other days, or of a kind of before
			return nil
		}
		d.Kind, d.Day, d.Days = kinds[kind-1], int(period), int(days)
		unpack(&d, words[:])
		each(d)
		return nil
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

// unpack reads what wordsOf packed.
func unpack(d *analytics.Deed, words []uint64) {
	for i, word := range words {
		binary.LittleEndian.PutUint64(d.Each[8*i:], word)
	}
}

// shown has a row for each week, content and block (FINAL); the days of a week of which not all are asked for are put together.
const shown = `SELECT content, toUInt16(week) AS period, block, toUInt8(bitCount(mask)) AS agents FROM shown FINAL WHERE (%[1]s) AND week >= %[2]s AND week < %[3]s
UNION ALL
SELECT content, toUInt16(toMonday(day)) AS period, block, toUInt8(bitCount(groupBitOr(mask))) AS agents FROM marks
WHERE (%[1]s) AND kind = 'impression' AND day >= %[3]s AND day < %[4]s GROUP BY content, period, block`

// Shown reads whole weeks, and the marks of the days after them.
func (w *Warehouse) Shown(ctx context.Context, q analytics.CellQuestion, each func(content string, day int, block uint32, agents int)) error {
	scope, params := scopeOf(q)
	var content string
	var period uint16
	var block uint32
	var agents uint8
	row := []any{&content, &period, &block, &agents}
	return w.cells(ctx, fmt.Sprintf(shown, scope, dateOf(q.From), dateOf(mondayOf(q.To)), dateOf(q.To)), params, func(rows driver.Rows) error {
		if err := rows.Scan(row...); err != nil {
			return err
		}
		each(content, int(period), block, int(agents))
		return nil
	})
}

// Hours reads weekdays, which are of all contents.
func (w *Warehouse) Hours(ctx context.Context, q analytics.CellQuestion, found func(d analytics.Deed, weekday int)) error {
	statement := fmt.Sprintf("SELECT block, %s, toUInt16(month), weekday%s FROM weekdays FINAL WHERE month >= %s AND month < %s",
		numberOf(), wordsOf(strings.Split(each(0, 23, "bitCount(h%d)"), ", ")), dateOf(q.From), dateOf(q.To))
	kinds := counted()
	var d analytics.Deed
	var kind, weekday uint8
	var period uint16
	var words [3]uint64
	row := []any{&d.Block, &kind, &period, &weekday, &words[0], &words[1], &words[2]}
	return w.cells(ctx, statement, nil, func(rows driver.Rows) error {
		if err := rows.Scan(row...); err != nil {
			return err
		}
		if kind == 0 {
			return nil
		}
		d.Kind, d.Day = kinds[kind-1], int(period)
		unpack(&d, words[:])
		found(d, int(weekday))
		return nil
	})
}

// ContentsOf reads the marks of its days.
func (w *Warehouse) ContentsOf(ctx context.Context, from, to time.Time) (contents []string, err error) {
	statement := fmt.Sprintf("SELECT DISTINCT content FROM marks WHERE day >= %s AND day < %s ORDER BY content", dateOf(from), dateOf(to))
	err = w.cells(ctx, statement, nil, func(rows driver.Rows) error {
		var content string
		err := rows.Scan(&content)
		contents = append(contents, content)
		return err
	})
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

// cells runs a statement over tables whose months are of one partition each, so that partitions need not be put together. What
// each was given is void when there is an error.
func (w *Warehouse) cells(ctx context.Context, statement string, params []any, each func(driver.Rows) error) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"do_not_merge_across_partitions_select_final": 1}))
	begun := false
	err := w.servers.on(ctx, func(s server) (err error) {
		if begun {
			return errors.New("the answer broke off")
		}
		rows, err := s.Query(ctx, statement, params...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			begun = true
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return w.failed(ctx, "read what agents did", err)
}
