package warehouse

import (
	"context"
	"fmt"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// mostWeeks is how many weeks have a day in a month, at most.
const mostWeeks = 6

// ofWeeks is what agents did in each week of some days of a month, as a row for each block, kind and month has it (FINAL).
const ofWeeks = "SELECT block, kind, toUInt16(month), %s FROM months FINAL WHERE month = %s AND %s"

// weeks answers a question whose periods are weeks. A week of two months is in two rows for each block and kind, and is told once both
// have come.
func (w *Warehouse) weeks(ctx context.Context, q analytics.CellQuestion, each func(analytics.Deed)) error {
	var parts []string
	for _, s := range slicesOf(q.From, q.To, true) {
		parts = append(parts, fmt.Sprintf(ofWeeks, s.weeks(), dateOf(s.first), kindsOf(q)))
	}
	type place struct {
		kind fil.EngagementKind
		day  int
	}
	type half struct {
		who  uint64
		days int
	}
	halves := map[place][]half{} // by block, whose numbers are given one after another
	err := w.cells(ctx, parts, nil, func(r *row) {
		block, kind := r.uint32(), r.kind()
		first := int(r.uint16())
		monday := first - (first+3)%7 // 1970 began on a Thursday
		for i := range mostWeeks {
			day, who, days := monday+7*i, r.uint64(), int(r.uint16())
			if who == 0 || kind == "" {
				continue
			}
			if whole := day >= first && day+7 <= first+28; whole {
				each(analytics.Deed{Block: block, Kind: kind, Day: day, Who: who, Days: days})
				continue
			}
			at := place{kind, day}
			of := halves[at]
			if over := int(block) + 1 - len(of); over > 0 {
				of = append(of, make([]half, over)...)
				halves[at] = of
			}
			of[block].who |= who
			of[block].days += days
		}
	})
	if err != nil {
		return err
	}
	for at, of := range halves {
		for block, one := range of {
			if one.who != 0 {
				each(analytics.Deed{Block: uint32(block), Kind: at.kind, Day: at.day, Who: one.who, Days: one.days})
			}
		}
	}
	return nil
}

// weeks are the agents of each week of a slice of one month, and their days of reading.
func (s slice) weeks() string {
	var days [mostWeeks][]int
	before := (int(s.first.Weekday()) + 6) % 7 // days of its first week that are of the month before
	for _, number := range s.days {
		if s.first.AddDate(0, 0, number-1).Month() == s.first.Month() {
			week := (before + number - 1) / 7
			days[week] = append(days[week], number)
		}
	}
	columns := make([]string, len(days))
	for i, some := range days {
		columns[i] = "toUInt64(0), toUInt16(0)"
		if len(some) > 0 {
			columns[i] = fmt.Sprintf("%s, if(kind = 'read', toUInt16(%s), 0)", whoOf(some), daysOf(some))
		}
	}
	return strings.Join(columns, ", ")
}
