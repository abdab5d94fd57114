package warehouse

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil/analytics"
)

var (
	_ analytics.Ledgers          = (*Warehouse)(nil)
	_ analytics.Acknowledgements = (*Warehouse)(nil)
)

var (
	//go:embed queries/acknowledged.sql
	acknowledgedQuery string
	//go:embed queries/acknowledged_last.sql
	acknowledgedLastQuery string
	//go:embed queries/acknowledged_titles.sql
	acknowledgedTitlesQuery string
)

const acknowledgements = "acknowledgements"

// KeepAcknowledgements has them kept for so many days after their admission, those that are there already too.
func (w *Warehouse) KeepAcknowledgements(ctx context.Context, days int) error {
	var statement string
	err := w.servers.on(ctx, func(s server) error {
		return s.QueryRow(ctx, "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
			clickhouse.Named("name", acknowledgements)).Scan(&statement)
	})
	if err != nil {
		return w.failed(ctx, "read how long acknowledgements are kept", err)
	}
	if strings.Contains(statement, fmt.Sprintf("toIntervalDay(%d)", days)) {
		return nil
	}
	err = w.define(ctx, w.servers, fmt.Sprintf("ALTER TABLE %s%s MODIFY TTL toDateTime(admitted) + INTERVAL %d DAY DELETE WHERE content != ''", acknowledgements, w.cfg.onCluster(), days))
	return w.failed(ctx, "set how long acknowledgements are kept", err)
}

// Marked reads the marks, which are first in the table.
func (w *Warehouse) Marked(ctx context.Context) (map[int]bool, error) {
	var rows []struct {
		Partition uint16 `ch:"partition"`
	}
	err := w.settled(ctx, func(s server) error {
		rows = nil
		return s.Select(ctx, &rows, "SELECT DISTINCT partition FROM acknowledgements WHERE content = ''")
	}, acknowledgements)
	if err != nil {
		return nil, w.failed(ctx, "read the marks of the register", err)
	}
	marked := make(map[int]bool, len(rows))
	for _, row := range rows {
		marked[int(row.Partition)] = true
	}
	return marked, nil
}

// Mark writes the row of a partition that has no content.
func (w *Warehouse) Mark(ctx context.Context, partition int) error {
	return w.Keep(ctx, []analytics.Acknowledgement{{Identity: uint64(partition), Partition: partition, Admitted: time.Now()}})
}

// Keep stores lines in one insert. Tokens are not needed: rows that are there already are merged.
func (w *Warehouse) Keep(ctx context.Context, lines []analytics.Acknowledgement) error {
	ctx, cancel, err := w.insertContext(ctx, "", []clickhouse.ColumnNameAndType{
		{Name: "content", Type: "String"}, {Name: "agent", Type: "String"}, {Name: "identity", Type: "UInt64"},
		{Name: "time", Type: "DateTime64(3, 'UTC')"}, {Name: "admitted", Type: "DateTime64(3, 'UTC')"},
		{Name: "title", Type: "LowCardinality(String)"}, {Name: "digest", Type: "LowCardinality(String)"},
		{Name: "revised", Type: "DateTime64(3, 'UTC')"}, {Name: "deadline", Type: "DateTime64(3, 'UTC')"},
		{Name: "perimeter", Type: "LowCardinality(String)"}, {Name: "witness", Type: "LowCardinality(String)"}, {Name: "label", Type: "LowCardinality(String)"},
		{Name: "partition", Type: "UInt16"}, {Name: "offset", Type: "Int64"},
	})
	if err != nil {
		return err
	}
	defer cancel()
	err = w.servers.on(ctx, func(s server) error {
		batch, err := s.PrepareBatch(ctx, "INSERT INTO acknowledgements (content, agent, identity, time, admitted, title, digest, revised, deadline, perimeter, witness, label, partition, offset)")
		if err != nil {
			return err
		}
		defer batch.Close() //nolint:errcheck // it only gives the connection back
		for _, l := range lines {
			err := batch.Append(l.Content, l.Agent, l.Identity, moment(l.Time), moment(l.Admitted), l.Title, l.Digest, moment(l.Revised), moment(l.Deadline),
				l.Perimeter, l.Witness, l.Label, uint16(l.Partition), l.Offset)
			if err != nil {
				return fmt.Errorf("fill a row: %w", err)
			}
		}
		return batch.Send()
	})
	return w.failed(ctx, "insert acknowledgements", err)
}

// moment writes the zero time as 1970, the first that a column has.
func moment(at time.Time) time.Time {
	if at.IsZero() {
		return time.Unix(0, 0)
	}
	return at
}

func since1970(at time.Time) time.Time {
	if at.UnixMilli() == 0 {
		return time.Time{}
	}
	return at.UTC()
}

// Unkept looks lines up by their offsets: it reads 10 bytes of each row of the partition.
func (w *Warehouse) Unkept(ctx context.Context, lines []analytics.Acknowledgement) (missing []analytics.Acknowledgement, err error) {
	if len(lines) == 0 {
		return nil, nil
	}
	var rows []struct {
		Identity uint64 `ch:"identity"`
		Agent    string `ch:"agent"`
	}
	err = w.settled(ctx, func(s server) error {
		rows = nil
		return s.Select(ctx, &rows, "SELECT identity, agent FROM acknowledgements WHERE content != '' AND partition = {partition:UInt16} AND offset BETWEEN {from:Int64} AND {to:Int64}",
			clickhouse.Named("partition", lines[0].Partition), clickhouse.Named("from", lines[0].Offset), clickhouse.Named("to", lines[len(lines)-1].Offset))
	}, acknowledgements)
	if err != nil {
		return nil, w.failed(ctx, "look acknowledgements up", err)
	}
	type name struct {
		identity uint64
		agent    string
	}
	kept := make(map[name]bool, len(rows))
	for _, row := range rows {
		kept[name{row.Identity, row.Agent}] = true
	}
	for _, l := range lines {
		if !kept[name{l.Identity, l.Agent}] {
			missing = append(missing, l)
		}
	}
	return missing, nil
}

// Acknowledged reads a content's rows in the order of agents, from one of them on.
func (w *Warehouse) Acknowledged(ctx context.Context, q analytics.AcknowledgedBy) ([]analytics.Acknowledgement, error) {
	return w.acknowledgements(ctx, acknowledgedQuery,
		clickhouse.Named("content", q.Content), clickhouse.Named("after", q.After), clickhouse.Named("limit", q.Limit),
		clickhouse.Named("since", q.Since.UnixMilli()), clickhouse.Named("horizon", q.Horizon.UnixMilli()))
}

// Last reads the rows of one agent.
func (w *Warehouse) Last(ctx context.Context, content, agent string, horizon time.Time) (analytics.Acknowledgement, bool, error) {
	found, err := w.acknowledgements(ctx, acknowledgedLastQuery,
		clickhouse.Named("content", content), clickhouse.Named("agent", agent), clickhouse.Named("horizon", horizon.UnixMilli()))
	if err != nil || len(found) == 0 {
		return analytics.Acknowledgement{}, false, err
	}
	return found[0], true, nil
}

// Titles reads the content, the deadline and the admission of all rows.
func (w *Warehouse) Titles(ctx context.Context, horizon time.Time) ([]analytics.Acknowledgement, error) {
	return w.acknowledgements(ctx, acknowledgedTitlesQuery, clickhouse.Named("horizon", horizon.UnixMilli()))
}

func (w *Warehouse) acknowledgements(ctx context.Context, query string, params ...any) (lines []analytics.Acknowledgement, err error) {
	err = w.settled(ctx, func(s server) (err error) {
		lines = nil
		rows, err := s.Query(ctx, query, params...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var l analytics.Acknowledgement
			if err := rows.Scan(&l.Content, &l.Agent, &l.Time, &l.Title, &l.Digest, &l.Revised, &l.Deadline, &l.Perimeter, &l.Witness, &l.Label); err != nil {
				return err
			}
			l.Time, l.Revised, l.Deadline = since1970(l.Time), since1970(l.Revised), since1970(l.Deadline)
			lines = append(lines, l)
		}
		return rows.Err()
	}, acknowledgements)
	if err != nil {
		return nil, w.failed(ctx, "read acknowledgements", err)
	}
	return lines, nil
}
