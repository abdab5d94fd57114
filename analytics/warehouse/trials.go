package warehouse

import (
	"context"
	_ "embed"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil/analytics"
)

var _ analytics.Outcomes = (*Warehouse)(nil)

var (
	//go:embed queries/outcomes.sql
	outcomesQuery string
	//go:embed queries/preference.sql
	preferenceQuery string
)

// Outcomes counts what the agents of each arm did.
func (w *Warehouse) Outcomes(ctx context.Context, from, to time.Time, zone, only string) ([]analytics.Outcome, error) {
	var rows []struct {
		Label   string    `ch:"label"`
		Agents  uint64    `ch:"agents"`
		Days    float64   `ch:"all_days"`
		Day2    float64   `ch:"day_squares"`
		Sums    []float64 `ch:"sums"`
		Squares []float64 `ch:"squares"`
		Crosses []float64 `ch:"crosses"`
		Doers   []uint64  `ch:"doers"`
	}
	err := w.servers.on(ctx, func(s server) error {
		rows = nil
		return s.Select(ctx, &rows, outcomesQuery,
			clickhouse.Named("from", from.UnixMilli()), clickhouse.Named("to", to.UnixMilli()), clickhouse.Named("zone", zone), clickhouse.Named("only", only))
	})
	if err != nil {
		return nil, w.failed(ctx, "count the outcomes of arms", err)
	}
	all := make([]analytics.Outcome, len(rows))
	for i, row := range rows {
		all[i] = analytics.Outcome{Arm: row.Label, Span: analytics.Span{Agents: row.Agents, Days: row.Days, Squares: row.Day2}}
		for m := range all[i].Moments {
			all[i].Moments[m] = analytics.Moments{Sum: row.Sums[m], Squares: row.Squares[m], Cross: row.Crosses[m], Doers: row.Doers[m]}
		}
	}
	return all, nil
}

// Preferred counts the days of agents on which they preferred one list to the other.
func (w *Warehouse) Preferred(ctx context.Context, from, to time.Time, one, other string) (analytics.Preferred, error) {
	var p analytics.Preferred
	err := w.servers.on(ctx, func(s server) error {
		return s.QueryRow(ctx, preferenceQuery, clickhouse.Named("from", from.UnixMilli()), clickhouse.Named("to", to.UnixMilli()),
			clickhouse.Named("one", one), clickhouse.Named("other", other)).Scan(&p.Agents, &p.One, &p.Other, &p.Ties)
	})
	return p, w.failed(ctx, "count which list was preferred", err)
}
