package warehouse

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

var _ analytics.Ledger = (*Warehouse)(nil)

// digest is of all columns, computed by the server both where rows are read and where they are struck.
const digest = "cityHash64(time, admitted, kind, content, agent, dwell, identity, partition, offset, arm)"

const within = ` WHERE partition = {partition:UInt16} AND offset >= {from:Int64} AND offset < {to:Int64}
	AND admitted >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND admitted <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')`

func bounds(s analytics.Stretch) []any {
	return []any{
		clickhouse.Named("partition", s.Partition), clickhouse.Named("from", s.From), clickhouse.Named("to", s.To),
		clickhouse.Named("since", s.Since.UnixMilli()), clickhouse.Named("until", s.Until.UnixMilli()),
	}
}

// Rows reads the facts of a stretch whole. It scans the partitions and offsets of the months in which they were admitted.
func (w *Warehouse) Rows(ctx context.Context, s analytics.Stretch) (rows []analytics.Row, err error) {
	err = w.settled(ctx, func(on server) (err error) {
		rows = nil
		found, err := on.Query(ctx, "SELECT time, admitted, kind, content, agent, dwell, identity, offset, arm, "+digest+" FROM facts"+within, bounds(s)...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, found.Close()) }()
		for found.Next() {
			row, kind, dwell := analytics.Row{Fact: analytics.Fact{Partition: s.Partition}}, "", float32(0)
			if err := found.Scan(&row.Time, &row.Admitted, &kind, &row.Content, &row.Agent, &dwell, &row.Identity, &row.Offset, &row.Arm, &row.Digest); err != nil {
				return err
			}
			row.Kind, row.Dwell = fil.EngagementKind(kind), float64(dwell)
			rows = append(rows, row)
		}
		return found.Err()
	}, "facts")
	if err != nil {
		return nil, w.failed(ctx, "read the facts of a stretch", err)
	}
	return rows, nil
}

// Strike marks rows as deleted (a lightweight delete), and returns when all replicas of this shard have.
func (w *Warehouse) Strike(ctx context.Context, s analytics.Stretch, rows []analytics.Row) error {
	statement := "DELETE FROM facts" + within
	if len(rows) > 0 {
		// Numbers alone, in the text: as a parameter they would not fit into an address.
		pairs := make([]string, len(rows))
		for i, row := range rows {
			pairs[i] = "(" + strconv.FormatInt(row.Offset, 10) + "," + strconv.FormatUint(row.Digest, 10) + ")"
		}
		slices.Sort(pairs)
		statement += " AND (offset, " + digest + ") IN (" + strings.Join(slices.Compact(pairs), ",") + ")"
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"lightweight_deletes_sync": 2}))
	err := w.servers.on(ctx, func(on server) error { return on.Exec(ctx, statement, bounds(s)...) })
	return w.failed(ctx, "strike facts", err)
}
