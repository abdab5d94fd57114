package warehouse

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

var _ analytics.Seating = (*Warehouse)(nil)

// Blocks gives all blocks.
func (w *Warehouse) Blocks(ctx context.Context) (blocks []analytics.Block, err error) {
	err = w.settled(ctx, func(s server) error {
		blocks = nil
		return s.rows(ctx, "SELECT block, seats, labels FROM blocks FINAL ORDER BY block", nil, &sync.Mutex{}, func(r *row) {
			b := analytics.Block{ID: r.uint32(), Seats: int(r.uint8()), Labels: map[string]string{}}
			for range r.length() {
				b.Labels[r.text()] = r.text()
			}
			blocks = append(blocks, b)
		})
	}, "blocks")
	return blocks, w.failed(ctx, "read the blocks", err)
}

// BlocksVersion reads the greatest version of blocks.
func (w *Warehouse) BlocksVersion(ctx context.Context) (version uint64, err error) {
	err = w.servers.on(ctx, func(s server) error { return s.QueryRow(ctx, "SELECT max(version) FROM blocks").Scan(&version) })
	return version, w.failed(ctx, "look for changes of blocks", err)
}

// Applicants streams the entries that have no seat, or one of an older entry. It reads the directory and the seats whole.
func (w *Warehouse) Applicants(ctx context.Context, each func(analytics.Applicant)) error {
	err := w.settled(ctx, func(s server) (err error) {
		rows, err := s.Query(ctx, `
			SELECT agent, org, site, attributes, d.version AS entry, s.version > 0 AS seated, s.block AS block, s.bit AS bit
			FROM (SELECT agent, org, site, attributes, version FROM directory FINAL WHERE NOT removed) AS d
			LEFT JOIN (SELECT agent, block, bit, entry, version FROM seats FINAL) AS s USING (agent)
			WHERE s.version = 0 OR s.entry < toInt64(d.version)
			ORDER BY agent`)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var a analytics.Applicant
			var version uint64
			var seated uint8
			if err := rows.Scan(&a.Agent, &a.Org, &a.Site, &a.Attributes, &version, &seated, &a.Block, &a.Bit); err != nil {
				return err
			}
			a.Offset, a.Seated = int64(version), seated != 0
			each(a)
		}
		return rows.Err()
	}, "directory", "seats")
	return w.failed(ctx, "read who wants a seat", err)
}

var (
	//go:embed queries/marks_of_facts.sql
	marksOfFacts string
	//go:embed queries/weekdays_of_facts.sql
	weekdaysOfFacts string
)

// Seat stores blocks and seats, and counts the facts of those who had no seat, which it looks for among all: the newcomers
// of the time before, too, in case facts of theirs were being stored just then.
func (w *Warehouse) Seat(ctx context.Context, seats []analytics.Seat, blocks []analytics.Block) error {
	if len(seats) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Minute)
	defer cancel()
	run := uint64(time.Now().UnixMilli())
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(w.acknowledged(nil)))
	err := w.servers.on(ctx, func(s server) error {
		return errors.Join(storeBlocks(ctx, s, blocks, run), storeSeats(ctx, s, seats, run))
	})
	if err != nil {
		return w.failed(ctx, "store seats", err)
	}
	return w.CountAgain(ctx, run-uint64(time.Hour.Milliseconds()))
}

// CountAgain counts for dashboards the facts of all who were given their seat since a time, in milliseconds since 1970; 0
// counts all facts, as after a rebuild that found some missing. What is counted already is not counted twice. It goes month by
// month, so that none of its statements lasts.
func (w *Warehouse) CountAgain(ctx context.Context, since uint64) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(w.acknowledged(clickhouse.Settings{
		"max_partitions_per_insert_block": 0, "max_execution_time": 600, "max_bytes_before_external_group_by": 1 << 30,
	})))
	kinds := func(all []fil.EngagementKind) []string {
		names := make([]string, len(all))
		for i, k := range all {
			names[i] = string(k)
		}
		return names
	}
	months, err := w.months(ctx)
	if err != nil {
		return w.failed(ctx, "find the months of facts", err)
	}
	byHour := fmt.Sprintf(weekdaysOfFacts, each(0, 23, "h%d"), each(0, 23, "groupBitOr(if(hour = %[1]d, mask, 0)) AS h%[1]d"))
	for _, part := range months {
		for _, statement := range []string{marksOfFacts, byHour} {
			err := w.settled(ctx, func(s server) error {
				return s.Exec(ctx, statement, clickhouse.Named("since", since), clickhouse.Named("zone", w.zone().String()),
					clickhouse.Named("month", part.month), clickhouse.Named("share", part.share), clickhouse.Named("shares", part.shares),
					clickhouse.Named("acts", kinds(acts())), clickhouse.Named("marked", kinds(marked())), clickhouse.Named("hourly", kinds(hourly())))
			}, "facts", "seats")
			if err != nil {
				return w.failed(ctx, "count facts for dashboards", err)
			}
		}
	}
	return nil
}

// monthOfFacts is what is counted by one statement: of the agents of a month, one share of several, so that a busy month takes no
// statement beyond the time that an answer is waited for.
type monthOfFacts struct {
	month         uint32
	share, shares uint64
}

const factsTogether = 1_000_000

// months are those in which facts were admitted, which are the parts of their table.
func (w *Warehouse) months(ctx context.Context) (all []monthOfFacts, err error) {
	var rows []struct {
		Month uint32 `ch:"month"`
		Facts uint64 `ch:"facts"`
	}
	err = w.settled(ctx, func(s server) error {
		rows = nil
		return s.Select(ctx, &rows, "SELECT toYYYYMM(admitted) AS month, count() AS facts FROM facts GROUP BY month ORDER BY month")
	}, "facts")
	for _, row := range rows {
		shares := 1 + row.Facts/factsTogether
		for share := range shares {
			all = append(all, monthOfFacts{row.Month, share, shares})
		}
	}
	return all, err
}

func storeBlocks(ctx context.Context, s server, blocks []analytics.Block, run uint64) error {
	if len(blocks) == 0 {
		return nil
	}
	batch, err := s.PrepareBatch(ctx, "INSERT INTO blocks (block, seats, labels, version)")
	if err != nil {
		return fmt.Errorf("prepare blocks: %w", err)
	}
	defer batch.Close() //nolint:errcheck // it only gives the connection back
	for _, b := range blocks {
		if err := batch.Append(b.ID, uint8(b.Seats), b.Labels, run); err != nil {
			return fmt.Errorf("fill a block: %w", err)
		}
	}
	return batch.Send()
}

func storeSeats(ctx context.Context, s server, seats []analytics.Seat, run uint64) error {
	batch, err := s.PrepareBatch(ctx, "INSERT INTO seats (agent, block, bit, entry, first, version)")
	if err != nil {
		return fmt.Errorf("prepare seats: %w", err)
	}
	defer batch.Close() //nolint:errcheck // it only gives the connection back
	for _, seat := range seats {
		first := uint64(0)
		if seat.First {
			first = run
		}
		if err := batch.Append(seat.Agent, seat.Block, seat.Bit, seat.Version, first, run); err != nil {
			return fmt.Errorf("fill a seat: %w", err)
		}
	}
	return batch.Send()
}
