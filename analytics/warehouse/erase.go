package warehouse

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil/analytics"
)

// erasure is a row of erasures.
type erasure struct {
	Agent     uint64    `ch:"agent"`
	Partition uint16    `ch:"partition"`
	Offset    int64     `ch:"offset"`
	Admitted  time.Time `ch:"admitted"`
	Seated    bool      `ch:"seated"`
}

// AskErasure notes erasures, which Erase does. Of several of one agent the last counts.
func (w *Warehouse) AskErasure(ctx context.Context, asked []analytics.Erasure) error {
	rows := map[uint64]erasure{}
	agents := make([]uint64, 0, len(asked))
	for _, e := range asked {
		if known, found := rows[e.Agent]; !found || e.Offset > known.Offset {
			rows[e.Agent] = erasure{Agent: e.Agent, Partition: uint16(e.Partition), Offset: e.Offset, Admitted: e.Admitted, Seated: true}
		}
		agents = append(agents, e.Agent)
	}
	before, err := w.erasures(ctx, "agent IN ("+numbers(agents)+")")
	if err != nil {
		return w.failed(ctx, "read erasures", err)
	}
	for _, known := range before {
		switch now := rows[known.Agent]; {
		case known.Offset > now.Offset:
			delete(rows, known.Agent)
		case known.Offset == now.Offset:
			rows[known.Agent] = known // to be done again, but for the seat
		}
	}
	list := make([]erasure, 0, len(rows))
	for _, e := range rows {
		list = append(list, e)
	}
	return w.failed(ctx, "note erasures", w.storeErasures(ctx, list, false))
}

// Erased gives the offset of the last erasure of each agent of a partition who asked for one.
func (w *Warehouse) Erased(ctx context.Context, partition int) (map[uint64]int64, error) {
	rows, err := w.erasures(ctx, "partition = "+strconv.Itoa(partition))
	if err != nil {
		return nil, w.failed(ctx, "read erasures", err)
	}
	offsets := make(map[uint64]int64, len(rows))
	for _, e := range rows {
		offsets[e.Agent] = e.Offset
	}
	return offsets, nil
}

// eraseTogether bounds the agents of one deletion.
const eraseTogether = 1000

// eraseSkew is how far the clocks of two doors may be apart: what was admitted longer before goes whatever its offset, which may
// be of a log that was lost.
const eraseSkew = 24 * time.Hour

// Erase does the erasures that are noted, and says of how many agents. Their facts go first and their seats then, so that no new
// seat is counted with old facts; interrupted, it is done again. It must not run beside Seat, which could bring a seat back.
//
// Cost: reads 18 bytes of each fact of all months, whatever the number of agents; rows are hidden at once, and leave the disk
// when their part is merged, or with its month.
func (w *Warehouse) Erase(ctx context.Context) (agents int, err error) {
	pending, err := w.erasures(ctx, "NOT done")
	if err != nil || len(pending) == 0 {
		return 0, w.failed(ctx, "read erasures", err)
	}
	pending = pending[:min(len(pending), eraseTogether)]
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Minute)
	defer cancel()
	var who, seated []uint64
	var offsets, times []string
	for _, e := range pending {
		who = append(who, e.Agent)
		offsets = append(offsets, strconv.FormatInt(e.Offset, 10))
		times = append(times, strconv.FormatInt(e.Admitted.Add(-eraseSkew).UnixMilli(), 10))
		if e.Seated {
			seated = append(seated, e.Agent)
		}
	}
	// Numbers alone, in the text: as a parameter they would not fit into an address.
	of := func(values []string) string {
		return "transform(agent, [" + numbers(who) + "]::Array(UInt64), [" + strings.Join(values, ",") + "]::Array(Int64), 0::Int64)"
	}
	statements := []string{fmt.Sprintf("DELETE FROM facts WHERE agent IN (%s) AND (offset < %s OR toUnixTimestamp64Milli(admitted) < %s)", numbers(who), of(offsets), of(times))}
	if len(seated) > 0 {
		statements = append(statements, "DELETE FROM seats WHERE agent IN ("+numbers(seated)+")")
	}
	deleting := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"lightweight_deletes_sync": 2, "max_query_size": 4 << 20}))
	err = w.servers.on(ctx, func(s server) error {
		for _, statement := range statements {
			if err := s.Exec(deleting, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		for i := range pending {
			pending[i].Seated = false
		}
		err = w.storeErasures(ctx, pending, true)
	}
	return len(pending), w.failed(ctx, "erase what agents did", err)
}

func (w *Warehouse) erasures(ctx context.Context, where string) (rows []erasure, err error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": 4 << 20}))
	err = w.settled(ctx, func(s server) error {
		rows = nil
		return s.Select(ctx, &rows, "SELECT agent, partition, offset, admitted, seated FROM erasures FINAL WHERE "+where+" ORDER BY admitted, agent")
	}, "erasures")
	return rows, err
}

func (w *Warehouse) storeErasures(ctx context.Context, rows []erasure, done bool) error {
	if len(rows) == 0 {
		return nil
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(w.acknowledged(nil)))
	version := uint64(time.Now().UnixMicro())
	return w.servers.on(ctx, func(s server) error {
		batch, err := s.PrepareBatch(ctx, "INSERT INTO erasures (agent, partition, offset, admitted, done, seated, version)")
		if err != nil {
			return fmt.Errorf("prepare erasures: %w", err)
		}
		defer batch.Close() //nolint:errcheck // it only gives the connection back
		for _, e := range rows {
			if err := batch.Append(e.Agent, e.Partition, e.Offset, e.Admitted, done, e.Seated, version); err != nil {
				return fmt.Errorf("fill an erasure: %w", err)
			}
		}
		return batch.Send()
	})
}

// numbers writes a list that is put into a statement.
func numbers(all []uint64) string {
	texts := make([]string, len(all))
	for i, n := range all {
		texts[i] = strconv.FormatUint(n, 10)
	}
	return strings.Join(texts, ",")
}
