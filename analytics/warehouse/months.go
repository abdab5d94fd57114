package warehouse

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil/analytics"
)

const (
	none = "toUInt16(0)" // the period of a question without any

	// ofMonths is what agents did in some days of a run of months, as rows of months have it: one for each block, kind and month
	// (FINAL). Periods are days since 1970.
	ofMonths = "SELECT block, kind, %s AS period, %s AS who, %s AS days%s FROM months FINAL WHERE month >= %s AND month <= %s AND %s"

	// ofMarks is what agents did with some contents: days of reading are put together by day first, since two contents that are
	// read on one day make one day of reading. A million rows are grouped by one number, of block, kind and day, in half the time that
	// the three take.
	ofMarks = `SELECT toUInt32(bitShiftRight(key, 20)) AS block, [%[1]s][bitAnd(bitShiftRight(key, 16), 15)] AS kind,
    toUInt16(bitAnd(key, 65535)) AS at, %[2]s AS period, who, if(kind = 'read', toUInt64(bitCount(who)), 0) AS days
FROM
(
    SELECT bitShiftLeft(toUInt64(block), 20) + transform(kind, [%[1]s], range(1, %[3]d), 0) * 65536 + if(kind = 'read', toUInt16(day), %[4]s) AS key, groupBitOr(mask) AS who
    FROM marks WHERE (%[5]s) AND day >= %[6]s AND day < %[7]s AND %[8]s
    GROUP BY key
)`

	together = "SELECT block, kind, period, groupBitOr(who) AS who, sum(days) AS days FROM (%s) GROUP BY block, kind, period"
)

// slice is a run of months of which a question reads the same days, by their numbers.
type slice struct {
	first, last time.Time // months, by their first day
	days        []int
}

// slicesOf cuts a time into months; those that it holds whole are together, unless each is to be apart. A column of a day
// that a month has not is empty.
func slicesOf(from, to time.Time, apart bool) (all []slice) {
	for month := from.AddDate(0, 0, 1-from.Day()); month.Before(to); month = month.AddDate(0, 1, 0) {
		next := slice{first: month, last: month}
		isWhole := !month.Before(from) && !month.AddDate(0, 1, 0).After(to)
		for number := range 31 {
			if day := month.AddDate(0, 0, number); isWhole || !day.Before(from) && day.Before(to) && day.Month() == month.Month() {
				next.days = append(next.days, number+1)
			}
		}
		if n := len(all) - 1; n >= 0 && !apart && len(all[n].days) == 31 && len(next.days) == 31 {
			all[n].last = month
			continue
		}
		all = append(all, next)
	}
	return all
}

func dateOf(day time.Time) string { return "toDate32('" + day.Format(time.DateOnly) + "')" }

// daysOf counts the days of reading among some days of a month.
func daysOf(days []int) string {
	return "toUInt64(bitCount(" + strings.Join(dayColumns(days), ") + bitCount(") + "))"
}

// whoOf are the agents of some days of a month.
func whoOf(days []int) string { return ored(dayColumns(days)) }

// eachOf has the agents of each day of a month.
func eachOf(days []int) string {
	columns := slices.Repeat([]string{""}, 31)
	for i, column := range dayColumns(days) {
		columns[days[i]-1] = column
	}
	return ", " + packed(columns)
}

func dayColumns(days []int) []string {
	columns := make([]string, len(days))
	for i, day := range days {
		columns[i] = fmt.Sprintf("d%d", day)
	}
	return columns
}

// packed are the agents of columns, as the bytes of one text; 0 of one without a name.
func packed(columns []string) string {
	counts := make([]string, len(columns))
	for i, column := range columns {
		if counts[i] = "0"; column != "" {
			counts[i] = "bitCount(" + column + ")"
		}
	}
	return "char(" + strings.Join(counts, ", ") + ")"
}

// ored is the OR of columns, as a tree, which is less deep than a chain.
func ored(columns []string) string {
	if len(columns) == 1 {
		return columns[0]
	}
	half := len(columns) / 2
	return "bitOr(" + ored(columns[:half]) + ", " + ored(columns[half:]) + ")"
}

// didOf answers a question with parts, of rows of block, kind, period, who, days and, where days are told one by one, each. Rows of one
// block, kind and period are put together where there are several, unless who asks does it by himself.
func didOf(q analytics.CellQuestion, scope, kinds string) (parts []string) {
	if q.Contents != nil {
		return []string{didOfMarks(q, scope, kinds)}
	}
	for _, s := range slicesOf(q.From, q.To, false) {
		switch q.Every {
		case "":
			parts = append(parts, s.rows(none, "", kinds)...)
		case "day":
			parts = append(parts, s.rows("toUInt16(month)", eachOf(s.days), kinds)...)
		default:
			parts = append(parts, s.rows(numbered(q.Every, "month"), "", kinds)...)
		}
	}
	if slices.Contains([]string{"", "day", "month"}, q.Every) {
		return parts
	}
	return []string{fmt.Sprintf(together, strings.Join(parts, unionAll))}
}

// rows are those of a slice. Days of whole months are looked at for reading alone.
func (s slice) rows(period, each, kinds string) []string {
	part := func(who, days, only string) string {
		return fmt.Sprintf(ofMonths, period, who, days, each, dateOf(s.first), dateOf(s.last), kinds+only)
	}
	if len(s.days) < 31 {
		return []string{part(whoOf(s.days), "if(kind = 'read', "+daysOf(s.days)+", 0)", "")}
	}
	return []string{part("whole", "toUInt64(0)", " AND kind != 'read'"), part("whole", daysOf(s.days), " AND kind = 'read'")}
}

// numbered is a period as its first day, from 1970.
func numbered(every, column string) string {
	return "toUInt16(toDate32(dateTrunc('" + every + "', " + column + ")))"
}

func didOfMarks(q analytics.CellQuestion, scope, kinds string) string {
	period, at := none, none
	if q.Every != "" {
		period, at = numbered(q.Every, "toDate32(at)"), numbered(q.Every, "day")
	}
	told := counted()
	did := fmt.Sprintf(ofMarks, quoted(told), period, len(told)+1, at, scope, dateOf(q.From), dateOf(q.To), kinds)
	if apart := q.Every == "" || q.Every == "day"; apart {
		return "SELECT block, kind, period, who, days FROM (" + did + ")"
	}
	return fmt.Sprintf(together, did)
}
