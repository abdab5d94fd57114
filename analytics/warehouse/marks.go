package warehouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// mark is the key of a row of marks, and weekday that of one of weekdays.
type mark struct {
	day     time.Time
	content string
	kind    fil.EngagementKind
	block   uint32
}

type weekday struct {
	month time.Time
	kind  fil.EngagementKind
	day   uint8 // 0: Monday
	block uint32
}

// hours are the masks of a weekday, by hour.
type hours [24]uint64

// marksOf gathers what facts say of agents who have a seat.
func marksOf(facts []analytics.Fact, seats map[uint64]analytics.Seat, zone *time.Location) (marks map[mark]uint64, weekdays map[weekday]*hours) {
	marks, weekdays = map[mark]uint64{}, map[weekday]*hours{}
	for _, f := range facts {
		seat, seated := seats[f.Agent]
		if !seated {
			continue
		}
		at, bit := f.Time.In(zone), uint64(1)<<seat.Bit
		y, m, d := at.Date()
		key := mark{time.Date(y, m, d, 0, 0, 0, 0, time.UTC), f.Content, f.Kind, seat.Block}
		if slices.Contains(marked(), f.Kind) {
			marks[key] |= bit
		}
		if slices.Contains(acts(), f.Kind) {
			key.kind = analytics.Acted
			marks[key] |= bit
		}
		if slices.Contains(hourly(), f.Kind) {
			of := weekday{time.Date(y, m, 1, 0, 0, 0, 0, time.UTC), f.Kind, uint8((at.Weekday() + 6) % 7), seat.Block}
			if weekdays[of] == nil {
				weekdays[of] = &hours{}
			}
			weekdays[of][at.Hour()] |= bit
		}
	}
	return marks, weekdays
}

// marked are the kinds that dashboards tell by themselves, acts those that count as analytics.Acted, and hourly those that hours
// are kept of.
func marked() []fil.EngagementKind {
	return []fil.EngagementKind{fil.Impression, fil.Open, fil.Read, fil.Acknowledge, fil.Dismiss}
}

func acts() []fil.EngagementKind {
	return []fil.EngagementKind{fil.Click, fil.Reaction, fil.Comment, fil.Share, fil.Save, fil.Follow, fil.Acknowledge}
}

func hourly() []fil.EngagementKind {
	return []fil.EngagementKind{fil.Impression, fil.Open, fil.Read}
}

// mark counts facts for dashboards. It comes before the facts themselves are stored: what is counted of facts whose insert
// then fails is counted again, without effect, when they are given again.
func (w *Warehouse) mark(ctx context.Context, facts []analytics.Fact) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.cfg.InsertTimeout)
	defer cancel()
	agents := make([]uint64, len(facts))
	for i, f := range facts {
		agents[i] = f.Agent
	}
	seats, err := w.seatsOf(ctx, agents)
	if err != nil || len(seats) == 0 {
		return err
	}
	marks, weekdays := marksOf(facts, seats, w.zone())
	return errors.Join(w.insertMarks(ctx, marks), w.insertWeekdays(ctx, weekdays))
}

// countContext is that of an insert of counts, which may be of many years. The columns save asking the server for them.
func (w *Warehouse) countContext(ctx context.Context, names, types string) context.Context {
	var columns []clickhouse.ColumnNameAndType
	kinds := strings.Fields(types)
	for i, name := range strings.Fields(names) {
		columns = append(columns, clickhouse.ColumnNameAndType{Name: name, Type: kinds[i]})
	}
	settings := w.acknowledged(clickhouse.Settings{"max_partitions_per_insert_block": 0, "max_execution_time": int(w.cfg.InsertTimeout / time.Second)})
	return clickhouse.Context(ctx, clickhouse.WithSettings(settings), clickhouse.WithColumnNamesAndTypes(columns))
}

func (w *Warehouse) zone() *time.Location {
	if w.cfg.Zone == nil {
		return time.UTC
	}
	return w.cfg.Zone
}

func (w *Warehouse) insertMarks(ctx context.Context, marks map[mark]uint64) error {
	if len(marks) == 0 {
		return nil
	}
	ctx = w.countContext(ctx, "day content kind block mask", "Date32 String LowCardinality(String) UInt32 UInt64")
	return w.servers.on(ctx, func(s server) error {
		batch, err := s.PrepareBatch(ctx, "INSERT INTO marks (day, content, kind, block, mask)")
		if err != nil {
			return fmt.Errorf("prepare marks: %w", err)
		}
		defer batch.Close() //nolint:errcheck // it only gives the connection back
		for m, mask := range marks {
			if err := batch.Append(m.day, m.content, string(m.kind), m.block, mask); err != nil {
				return fmt.Errorf("fill a mark: %w", err)
			}
		}
		return batch.Send()
	})
}

func (w *Warehouse) insertWeekdays(ctx context.Context, weekdays map[weekday]*hours) error {
	if len(weekdays) == 0 {
		return nil
	}
	columns := each(0, 23, "h%d")
	ctx = w.countContext(ctx, "month kind weekday block "+strings.ReplaceAll(columns, ",", ""), "Date32 LowCardinality(String) UInt8 UInt32"+strings.Repeat(" UInt64", 24))
	return w.servers.on(ctx, func(s server) error {
		batch, err := s.PrepareBatch(ctx, "INSERT INTO weekdays (month, kind, weekday, block, "+columns+")")
		if err != nil {
			return fmt.Errorf("prepare weekdays: %w", err)
		}
		defer batch.Close() //nolint:errcheck // it only gives the connection back
		for of, masks := range weekdays {
			row := []any{of.month, string(of.kind), of.day, of.block}
			for _, mask := range masks {
				row = append(row, mask)
			}
			if err := batch.Append(row...); err != nil {
				return fmt.Errorf("fill a weekday: %w", err)
			}
		}
		return batch.Send()
	})
}

// seatsOf looks up seats by the sort key, the agents being numbers in the text: as a parameter they would not fit.
func (w *Warehouse) seatsOf(ctx context.Context, agents []uint64) (map[uint64]analytics.Seat, error) {
	seats := make(map[uint64]analytics.Seat, len(agents))
	if len(agents) == 0 {
		return seats, nil
	}
	slices.Sort(agents)
	agents = slices.Compact(agents)
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": 4 << 20}))
	err := w.settled(ctx, func(on server) (err error) {
		rows, err := on.Query(ctx, "SELECT agent, argMax(block, version), argMax(bit, version) FROM seats WHERE agent IN ("+numbers(agents)+") GROUP BY agent")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var seat analytics.Seat
			if err := rows.Scan(&seat.Agent, &seat.Block, &seat.Bit); err != nil {
				return err
			}
			seats[seat.Agent] = seat
		}
		return rows.Err()
	}, "seats")
	return seats, err
}
