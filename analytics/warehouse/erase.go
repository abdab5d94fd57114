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
	Version   uint64    `ch:"version"`
}

// AskErasure notes erasures, which Erase does. Of several of one agent the last counts.
func (w *Warehouse) AskErasure(ctx context.Context, asked []analytics.Erasure) error {
	rows := map[uint64]erasure{}
	agents := make([]uint64, 0, len(asked))
	now := uint64(time.Now().UnixMicro())
	for _, e := range asked {
		if known, found := rows[e.Agent]; !found || e.Covers(known.Offset, known.Admitted) {
			rows[e.Agent] = erasure{Agent: e.Agent, Partition: uint16(e.Partition), Offset: e.Offset, Admitted: e.Admitted, Seated: true, Version: now}
		}
		agents = append(agents, e.Agent)
	}
	before, err := w.erasures(ctx, "agent IN ("+numbers(agents)+")")
	if err != nil {
		return w.failed(ctx, "read erasures", err)
	}
	for _, known := range before {
		wish := rows[known.Agent]
		if known.told().Covers(wish.Offset, wish.Admitted) {
			delete(rows, known.Agent)
			continue
		}
		if !wish.told().Covers(known.Offset, known.Admitted) {
			wish = known // to be done again, but for the seat
		}
		wish.Version = max(now, known.Version+2) // above that of the row by which Erase, meanwhile, may say that it is done
		rows[known.Agent] = wish
	}
	list := make([]erasure, 0, len(rows))
	for _, e := range rows {
		list = append(list, e)
	}
	return w.failed(ctx, "note erasures", w.storeErasures(ctx, list, false))
}

func (e erasure) told() analytics.Erasure {
	return analytics.Erasure{Agent: e.Agent, Partition: int(e.Partition), Offset: e.Offset, Admitted: e.Admitted}
}

// Erased gives the last erasure of each agent of a partition who asked for one.
func (w *Warehouse) Erased(ctx context.Context, partition int) (map[uint64]analytics.Erasure, error) {
	rows, err := w.erasures(ctx, "partition = "+strconv.Itoa(partition))
	if err != nil {
		return nil, w.failed(ctx, "read erasures", err)
	}
	erased := make(map[uint64]analytics.Erasure, len(rows))
	for _, e := range rows {
		erased[e.Agent] = e.told()
	}
	return erased, nil
}

// eraseTogether bounds the agents of one deletion.
const eraseTogether = 1000

// Erase does the erasures that are noted, and says of how many agents. Their facts go first and their seats then, so that no new
// seat is counted with old facts; interrupted, it is done again. It must not run beside Seat, which could bring a seat back.
//
// Cost: reads 18 bytes of each fact of all months, whatever the number of agents; rows are hidden at once, and leave the disk
// when their part is merged, or with its month.
func (w *Warehouse) Erase(ctx context.Context) (agents int, err error) {
	pending, err := w.pending(ctx)
	if err != nil || len(pending) == 0 {
		return 0, w.failed(ctx, "read erasures", err)
	}
	return len(pending), w.failed(ctx, "erase what agents did", w.erase(ctx, pending))
}

func (w *Warehouse) pending(ctx context.Context) ([]erasure, error) {
	pending, err := w.erasures(ctx, "NOT done")
	return pending[:min(len(pending), eraseTogether)], err
}

func (w *Warehouse) erase(ctx context.Context, pending []erasure) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Minute)
	defer cancel()
	var who, seated []uint64
	var offsets, since, until []string
	for _, e := range pending {
		who = append(who, e.Agent)
		offsets = append(offsets, strconv.FormatInt(e.Offset, 10))
		since = append(since, strconv.FormatInt(e.Admitted.Add(-analytics.Skew).UnixMilli(), 10))
		until = append(until, strconv.FormatInt(e.Admitted.Add(analytics.Skew).UnixMilli(), 10))
		if e.Seated {
			seated = append(seated, e.Agent)
		}
	}
	// Numbers alone, in the text: as a parameter they would not fit into an address.
	of := func(values []string) string {
		return "transform(agent, [" + numbers(who) + "]::Array(UInt64), [" + strings.Join(values, ",") + "]::Array(Int64), 0::Int64)"
	}
	// As analytics.Erasure.Covers says.
	covered := fmt.Sprintf("toUnixTimestamp64Milli(admitted) < %s OR offset < %s AND toUnixTimestamp64Milli(admitted) <= %s", of(since), of(offsets), of(until))
	statements := []string{fmt.Sprintf("DELETE FROM facts WHERE agent IN (%s) AND (%s)", numbers(who), covered)}
	if len(seated) > 0 {
		statements = append(statements, "DELETE FROM seats WHERE agent IN ("+numbers(seated)+")")
	}
	deleting := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"lightweight_deletes_sync": 2, "max_query_size": 4 << 20}))
	err := w.servers.on(ctx, func(s server) error {
		for _, statement := range statements {
			if err := s.Exec(deleting, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range pending {
		pending[i].Seated = false
		pending[i].Version++ // no further: a wish made meanwhile is another, and stays to be done
	}
	return w.storeErasures(ctx, pending, true)
}

func (w *Warehouse) erasures(ctx context.Context, where string) (rows []erasure, err error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": 4 << 20}))
	err = w.settled(ctx, func(s server) error {
		rows = nil
		return s.Select(ctx, &rows, "SELECT agent, partition, offset, admitted, seated, version FROM erasures FINAL WHERE "+where+" ORDER BY admitted, agent")
	}, "erasures")
	return rows, err
}

func (w *Warehouse) storeErasures(ctx context.Context, rows []erasure, done bool) error {
	if len(rows) == 0 {
		return nil
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(w.acknowledged(nil)))
	return w.servers.on(ctx, func(s server) error {
		batch, err := s.PrepareBatch(ctx, "INSERT INTO erasures (agent, partition, offset, admitted, done, seated, version)")
		if err != nil {
			return fmt.Errorf("prepare erasures: %w", err)
		}
		defer batch.Close() //nolint:errcheck // it only gives the connection back
		for _, e := range rows {
			if err := batch.Append(e.Agent, e.Partition, e.Offset, e.Admitted, done, e.Seated, e.Version); err != nil {
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
