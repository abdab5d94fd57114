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

var _ analytics.Cells = (*Warehouse)(nil)

var (
	//go:embed queries/cells.sql
	cellsQuery string
	//go:embed queries/pressure.sql
	pressureQuery string
	//go:embed queries/hours.sql
	hoursQuery string
)

// Cells answers from days when the question is of all contents, and from marks otherwise.
func (w *Warehouse) Cells(ctx context.Context, q analytics.CellQuestion) ([]analytics.CellCount, error) {
	scope, params := scopeOf(q)
	filter, more := filterOf(q.Where)
	source := "marks"
	if q.Contents == nil {
		source = "days"
	}
	return w.counts(ctx, q, fmt.Sprintf(cellsQuery, source, scope, filter), append(params, more...))
}

// Pressure reads the marks of the years that it is about.
func (w *Warehouse) Pressure(ctx context.Context, q analytics.CellQuestion) ([]analytics.CellCount, error) {
	scope, params := scopeOf(q)
	return w.counts(ctx, q, fmt.Sprintf(pressureQuery, scope), params)
}

// Hours reads hours, which are of all contents.
func (w *Warehouse) Hours(ctx context.Context, q analytics.CellQuestion) ([]analytics.CellCount, error) {
	filter, params := filterOf(q.Where)
	return w.counts(ctx, q, fmt.Sprintf(hoursQuery, filter), params)
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

// filterOf keeps the cells all of whose agents are known to fulfil the conditions: a block by its labels, and the small
// blocks of an organisation, together, by that organisation alone.
func filterOf(where []analytics.Condition) (condition string, params []any) {
	var out strings.Builder
	for i, c := range where {
		axis, values := fmt.Sprintf("axis%d", i), fmt.Sprintf("values%d", i)
		params = append(params, clickhouse.Named(axis, c.Axis), clickhouse.Named(values, c.Values))
		fits := fmt.Sprintf("has({%s:Array(String)}, labels[{%s:String}])", values, axis)
		if c.Axis == "org" {
			fits = fmt.Sprintf("arrayExists(v -> labels['org'] = v OR startsWith(labels['org'], concat(v, '/')), {%s:Array(String)})", values)
			fmt.Fprintf(&out, " AND {%s:String} = 'org' AND cell != 'rest' AND %s", axis, fits)
			continue
		}
		fmt.Fprintf(&out, " AND cell = toString(block) AND %s", fits)
	}
	return out.String(), params
}

// maxCounts bounds what one question may answer.
const maxCounts = 200_000

func (w *Warehouse) counts(ctx context.Context, q analytics.CellQuestion, statement string, params []any) ([]analytics.CellCount, error) {
	var found []struct {
		Value  string `ch:"value"`
		Period string `ch:"period"`
		Kind   string `ch:"kind"`
		Agents uint64 `ch:"agents"`
		Days   uint64 `ch:"days"`
		Groups uint64 `ch:"groups"`
	}
	params = append(params,
		clickhouse.Named("from", q.From.Format(time.DateOnly)), clickhouse.Named("to", q.To.Format(time.DateOnly)),
		clickhouse.Named("by", q.By), clickhouse.Named("every", q.Every), clickhouse.Named("key", q.Key),
		clickhouse.Named("threshold", q.Threshold), clickhouse.Named("round", q.Round), clickhouse.Named("limit", maxCounts))
	err := w.servers.on(ctx, func(s server) error {
		found = nil
		return s.Select(ctx, &found, statement, params...)
	})
	if err != nil {
		return nil, w.failed(ctx, "count for a dashboard", err)
	}
	counts := make([]analytics.CellCount, len(found))
	for i, f := range found {
		counts[i] = analytics.CellCount{Value: f.Value, Period: f.Period, Kind: fil.EngagementKind(f.Kind), Agents: f.Agents, Days: f.Days, Groups: f.Groups}
	}
	return counts, nil
}

// FirstDay reads the first day of days, by its sort key.
func (w *Warehouse) FirstDay(ctx context.Context) (day time.Time, ok bool, err error) {
	var count uint64
	err = w.servers.on(ctx, func(s server) error {
		return s.QueryRow(ctx, "SELECT count(), min(day) FROM days").Scan(&count, &day)
	})
	if err != nil {
		return time.Time{}, false, w.failed(ctx, "find the first day", err)
	}
	return day, count > 0, nil
}
