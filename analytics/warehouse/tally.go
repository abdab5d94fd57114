package warehouse

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

var _ analytics.Tallies = (*Warehouse)(nil)

//go:embed queries/totals.sql
var totalsQuery string

//go:embed queries/by_period.sql
var byPeriodQuery string

//go:embed queries/by_value.sql
var byValueQuery string

// Tally answers a question. Totals and rows come from one statement, whose parts see one state of the table
// (enable_shared_storage_snapshot_in_query, which is on unless an operator turned it off).
func (w *Warehouse) Tally(ctx context.Context, q analytics.Question) (totals, rows []analytics.Tally, err error) {
	statement := totalsQuery
	switch {
	case q.By != "":
		statement += "\nUNION ALL\n" + byValueQuery
	case q.Every != "":
		statement += "\nUNION ALL\n" + byPeriodQuery
	}
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
	err = w.db.Select(ctx, &found, fmt.Sprintf("SELECT * FROM (\n%s\n) ORDER BY cut LIMIT {limit:UInt64}", statement),
		clickhouse.Named("content", q.Content), clickhouse.Named("from", from.UnixMilli()), clickhouse.Named("to", to.UnixMilli()),
		clickhouse.Named("by", q.By), clickhouse.Named("every", q.Every), clickhouse.Named("zone", q.Zone),
		clickhouse.Named("years", q.Kind == fil.KindDate),
		clickhouse.Named("limit", q.Limit+len(fil.EngagementKinds())))
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
