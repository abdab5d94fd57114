package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

var _ analytics.Store = (*Warehouse)(nil)

// Extent counts the facts of a partition and finds the last admission. It scans 10 bytes of each fact of all partitions.
func (w *Warehouse) Extent(ctx context.Context, partition int) (facts uint64, last time.Time, err error) {
	err = w.settled(ctx, func(s server) error {
		row := s.QueryRow(ctx, "SELECT count(), max(admitted) FROM facts WHERE partition = {partition:UInt16}", clickhouse.Named("partition", partition))
		return row.Scan(&facts, &last)
	}, "facts")
	if err != nil {
		return 0, time.Time{}, w.failed(ctx, "read the extent of facts", err)
	}
	if facts == 0 {
		return 0, time.Time{}, nil
	}
	return facts, last, nil
}

// Identities streams the identities of the facts of a partition admitted after one time and until another, at the
// precision of a millisecond. It reads the months of those admissions only.
func (w *Warehouse) Identities(ctx context.Context, partition int, after, until time.Time, remember func(identity uint64, offset int64, day uint16)) error {
	err := w.settled(ctx, func(s server) (err error) {
		rows, err := s.Query(ctx, `
			SELECT identity, offset, toUInt16(intDiv(toUnixTimestamp64Milli(admitted), 86400000)) AS day
			FROM facts
			WHERE partition = {partition:UInt16}
				AND admitted > fromUnixTimestamp64Milli({after:Int64}, 'UTC') AND admitted <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')`,
			clickhouse.Named("partition", partition), clickhouse.Named("after", after.UnixMilli()), clickhouse.Named("until", until.UnixMilli()))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var identity uint64
			var offset int64
			var day uint16
			if err := rows.Scan(&identity, &offset, &day); err != nil {
				return err
			}
			remember(identity, offset, day) // again after a failure is as once
		}
		return rows.Err()
	}, "facts")
	return w.failed(ctx, "read identities", err)
}

// factColumns are given with each insert, which saves asking the server for them.
func factColumns() []clickhouse.ColumnNameAndType {
	return []clickhouse.ColumnNameAndType{
		{Name: "time", Type: "DateTime64(3, 'UTC')"}, {Name: "admitted", Type: "DateTime64(3, 'UTC')"},
		{Name: "kind", Type: "LowCardinality(String)"}, {Name: "content", Type: "String"}, {Name: "agent", Type: "UInt64"},
		{Name: "dwell", Type: "Float32"}, {Name: "identity", Type: "UInt64"}, {Name: "partition", Type: "UInt16"}, {Name: "offset", Type: "Int64"},
		{Name: "arm", Type: "LowCardinality(String)"},
	}
}

// Insert stores facts in one insert under a token. It waits until they are stored, even when the caller's context ends, but
// no longer than InsertTimeout. A partition of the table takes its rows whole or not at all; when facts of two months are
// stored for one month only, the same call again stores the other.
func (w *Warehouse) Insert(ctx context.Context, token string, facts []analytics.Fact) error {
	const rows = 1 << 20
	if len(facts) >= rows {
		return fmt.Errorf("insert facts: %d at once, less than %d are required so that they stay one block", len(facts), rows)
	}
	if err := w.mark(ctx, facts); err != nil {
		return w.failed(ctx, "count facts for dashboards", err)
	}
	ctx, cancel, err := w.insertContext(ctx, token, factColumns())
	if err != nil {
		return err
	}
	defer cancel()
	columns := columnsOf(facts)
	err = w.servers.on(ctx, func(s server) error {
		batch, err := s.PrepareBatch(ctx, "INSERT INTO facts (time, admitted, kind, content, agent, dwell, identity, partition, offset, arm)")
		if err != nil {
			return err
		}
		defer batch.Close() //nolint:errcheck // it only gives the connection back
		for i, column := range columns {
			if err := batch.Column(i).Append(column); err != nil {
				return fmt.Errorf("fill column %d: %w", i, err)
			}
		}
		return batch.Send()
	})
	return w.failed(ctx, "insert facts", err)
}

// insertContext outlives the caller, since an insert that is given up half-way has an unknown outcome.
func (w *Warehouse) insertContext(ctx context.Context, token string, columns []clickhouse.ColumnNameAndType) (context.Context, context.CancelFunc, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("insert: %w", err)
	}
	settings := w.acknowledged(clickhouse.Settings{
		"insert_deduplicate": 1, "insert_deduplication_token": token, "max_execution_time": int(w.cfg.InsertTimeout / time.Second),
	})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.cfg.InsertTimeout)
	return clickhouse.Context(ctx, clickhouse.WithSettings(settings), clickhouse.WithColumnNamesAndTypes(columns)), cancel, nil
}

// columnsOf turns facts into the columns of factColumns.
func columnsOf(facts []analytics.Fact) []any {
	n := len(facts)
	times, admissions, kinds, contents := make([]time.Time, n), make([]time.Time, n), make([]string, n), make([]string, n)
	agents, identities, arms := make([]uint64, n), make([]uint64, n), make([]string, n)
	dwells, partitions, offsets := make([]float32, n), make([]uint16, n), make([]int64, n)
	for i, f := range facts {
		times[i], admissions[i], kinds[i], contents[i] = f.Time, f.Admitted, string(f.Kind), f.Content
		agents[i], identities[i], arms[i] = f.Agent, f.Identity, f.Arm
		dwells[i], partitions[i], offsets[i] = float32(f.Dwell), uint16(f.Partition), f.Offset
	}
	return []any{times, admissions, kinds, contents, agents, dwells, identities, partitions, offsets, arms}
}

// First finds the time of the first fact. It scans the times of all facts, 8 bytes each before compression.
func (w *Warehouse) First(ctx context.Context) (time.Time, bool, error) {
	var count uint64
	var first time.Time
	err := w.servers.on(ctx, func(s server) error {
		return s.QueryRow(ctx, "SELECT count(), min(time) FROM facts").Scan(&count, &first)
	})
	if err != nil {
		return time.Time{}, false, w.failed(ctx, "find the first fact", err)
	}
	return first, count > 0, nil
}

// Claimed reads the last claim of each lane, and the number of facts from their table's metadata.
func (w *Warehouse) Claimed(ctx context.Context) (claims []analytics.Claim, facts uint64, err error) {
	var rows []struct {
		Topic     string  `ch:"topic"`
		Partition uint16  `ch:"partition"`
		Since     int64   `ch:"last_since"`
		Owner     uint64  `ch:"last_owner"`
		Facts     *uint64 `ch:"facts"`
	}
	err = w.settled(ctx, func(s server) error {
		rows = nil
		return s.Select(ctx, &rows, `
			SELECT topic, partition, argMax(since, taken) AS last_since, argMax(owner, taken) AS last_owner,
				(SELECT sum(total_rows) FROM system.tables WHERE database = currentDatabase() AND name = 'facts') AS facts
			FROM claims GROUP BY topic, partition`)
	}, "claims", "facts")
	if err != nil {
		return nil, 0, w.failed(ctx, "read the claims", err)
	}
	for _, row := range rows {
		if row.Facts != nil {
			facts = *row.Facts
		}
		claims = append(claims, analytics.Claim{Topic: fil.Topic(row.Topic), Partition: int(row.Partition), Since: row.Since, Owner: row.Owner})
	}
	return claims, facts, nil
}

// Claim writes a claim, which then holds.
func (w *Warehouse) Claim(ctx context.Context, claim analytics.Claim) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(w.acknowledged(nil)))
	err := w.servers.on(ctx, func(s server) error {
		return s.Exec(ctx, "INSERT INTO claims (topic, partition, since, owner) SELECT {topic:String}, {partition:UInt16}, {since:Int64}, {owner:UInt64}",
			clickhouse.Named("topic", string(claim.Topic)), clickhouse.Named("partition", claim.Partition),
			clickhouse.Named("since", claim.Since), clickhouse.Named("owner", claim.Owner))
	})
	return w.failed(ctx, "write a claim", err)
}

// Enrol stores entries of the directory.
func (w *Warehouse) Enrol(ctx context.Context, entries []analytics.Entry) error {
	ctx, cancel, err := w.insertContext(ctx, "", []clickhouse.ColumnNameAndType{
		{Name: "agent", Type: "UInt64"}, {Name: "org", Type: "String"}, {Name: "site", Type: "LowCardinality(String)"},
		{Name: "attributes", Type: "Map(LowCardinality(String), Array(String))"}, {Name: "removed", Type: "Bool"}, {Name: "version", Type: "UInt64"},
	})
	if err != nil {
		return err
	}
	defer cancel()
	err = w.servers.on(ctx, func(s server) error {
		batch, err := s.PrepareBatch(ctx, "INSERT INTO directory (agent, org, site, attributes, removed, version)")
		if err != nil {
			return err
		}
		defer batch.Close() //nolint:errcheck // it only gives the connection back
		for _, e := range entries {
			attributes := e.Attributes
			if attributes == nil {
				attributes = map[string][]string{}
			}
			if err := batch.Append(e.Agent, e.Org, e.Site, attributes, e.Removed, uint64(e.Offset)); err != nil {
				return fmt.Errorf("fill a row: %w", err)
			}
		}
		return batch.Send()
	})
	return w.failed(ctx, "insert entries", err)
}
