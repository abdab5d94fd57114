package warehouse

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

var _ analytics.Tallies = (*Warehouse)(nil)

// The parts of a statement, which starts with scope.
var (
	//go:embed queries/scope.sql
	scopePart string
	//go:embed queries/holders.sql
	holdersPart string
	//go:embed queries/totals.sql
	totalsPart string
	//go:embed queries/by_period.sql
	byPeriodPart string
	//go:embed queries/by_value.sql
	byValuePart string
)

// statementFor puts together the parts that a question needs, whose contents come in lists. Nothing of the question itself
// goes into the text.
func statementFor(q analytics.Question, lists int) string {
	scope := fmt.Sprintf(scopePart, "{content:String} = '' OR content = {content:String}")
	if lists > 0 {
		conditions := make([]string, lists)
		for i := range conditions {
			conditions[i] = fmt.Sprintf("content IN {among%d:Array(String)}", i)
		}
		scope = fmt.Sprintf(scopePart, strings.Join(conditions, " OR "))
	}
	const around = "SELECT cut, value, period, kind, sum(events) AS events, sum(agents) AS agents, max(dwell) AS dwell FROM (\n%s)\n" +
		"GROUP BY cut, value, period, kind ORDER BY cut LIMIT {limit:UInt64}"
	switch {
	case q.By != "":
		return scope + holdersPart + fmt.Sprintf(around, totalsPart+"UNION ALL\n"+byValuePart)
	case q.Every != "":
		return scope + fmt.Sprintf(around, totalsPart+"UNION ALL\n"+byPeriodPart)
	default:
		return scope + fmt.Sprintf(around, totalsPart)
	}
}

// maxList bounds one list of ids, in bytes: ClickHouse takes 128 KiB of one parameter by default (http_max_field_value_size).
const maxList = 120 << 10

// listsOf cuts the ids that a question is about into lists that ClickHouse takes; none when it is about all.
func listsOf(ids []string) (lists [][]string) {
	size, from := 0, 0
	for i, id := range ids {
		one := 2*len(id) + len("'',") // a backslash before each byte at most
		if size += one; size > maxList {
			lists, size, from = append(lists, ids[from:i]), one, i
		}
	}
	if ids != nil {
		lists = append(lists, ids[from:])
	}
	return lists
}

// Tally answers a question. Totals and rows come from one statement, whose parts see one state of the table
// (enable_shared_storage_snapshot_in_query, which is on unless an operator turned it off).
func (w *Warehouse) Tally(ctx context.Context, q analytics.Question) (totals, rows []analytics.Tally, err error) {
	// Engagements are of 1970 to 2105, see fil.Engagement.Validate.
	from, to := time.Unix(0, 0), time.Date(2106, 1, 1, 0, 0, 0, 0, time.UTC)
	if !q.From.IsZero() {
		from = q.From
	}
	if !q.To.IsZero() {
		to = q.To
	}
	var found []struct {
		Cut    bool    `ch:"cut"`
		Value  string  `ch:"value"`
		Period string  `ch:"period"`
		Kind   string  `ch:"kind"`
		Events uint64  `ch:"events"`
		Agents uint64  `ch:"agents"`
		Dwell  float64 `ch:"dwell"`
	}
	lists := listsOf(q.Among)
	params := []any{
		clickhouse.Named("content", q.Content), clickhouse.Named("from", from.UnixMilli()), clickhouse.Named("to", to.UnixMilli()),
		clickhouse.Named("by", q.By), clickhouse.Named("every", q.Every), clickhouse.Named("zone", q.Zone),
		clickhouse.Named("years", q.Kind == fil.KindDate),
		clickhouse.Named("limit", q.Limit+len(fil.EngagementKinds())),
	}
	for i, list := range lists {
		params = append(params, clickhouse.Named(fmt.Sprintf("among%d", i), list))
	}
	err = w.servers.on(ctx, func(s server) error {
		found = nil
		return s.Select(ctx, &found, statementFor(q, len(lists)), params...)
	})
	if err != nil {
		return nil, nil, w.failed(ctx, "tally facts", err)
	}
	for _, f := range found {
		tally := analytics.Tally{Value: f.Value, Period: f.Period, Kind: fil.EngagementKind(f.Kind), Events: f.Events, Agents: f.Agents, Dwell: f.Dwell}
		if f.Cut {
			rows = append(rows, tally)
		} else {
			totals = append(totals, tally)
		}
	}
	return totals, rows, nil
}
