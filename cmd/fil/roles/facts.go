package roles

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/filengine/fil/analytics/warehouse"
)

const (
	factsAttempts = 3               // looks in a row that found nobody, after which ClickHouse is away
	factsEvery    = 2 * time.Second // between two looks
	factsLook     = 5 * time.Second // that a look may take
	factsPrepare  = time.Minute     // that migrations may take at a start, before the rest of the process goes on without
	factsSay      = time.Minute     // between two lines about the same fault
)

// factsWatch knows whether ClickHouse is away, and prepares its schema as soon as it is there: a process whose facts have
// to wait starts, and does all the rest.
type factsWatch struct {
	store    *warehouse.Warehouse
	log      *slog.Logger
	gone     atomic.Bool
	prepared chan struct{} // closed once the schema is up to date
}

// watchFacts tries to prepare the schema once. The error is that of a server that refuses us, as a wrong password makes it:
// waiting mends nothing then.
func watchFacts(ctx context.Context, store *warehouse.Warehouse, log *slog.Logger) (*factsWatch, error) {
	w := &factsWatch{store: store, log: log, prepared: make(chan struct{})}
	if err := w.prepare(ctx); warehouse.Refused(err) {
		return nil, fmt.Errorf("clickhouse refuses this process: %w", err)
	}
	return w, nil
}

func (w *factsWatch) prepare(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, factsPrepare)
	defer cancel()
	err := w.store.Prepare(bounded)
	switch {
	case err == nil:
		close(w.prepared)
		w.set(ctx, false, nil)
	case ctx.Err() == nil:
		w.set(ctx, true, err)
	}
	return err
}

func (w *factsWatch) name() string { return "clickhouse" }

// away says whether ClickHouse is known to be away.
func (w *factsWatch) away() bool { return w.gone.Load() }

// await returns true when the schema is up to date, and false if the context ends before.
func (w *factsWatch) await(ctx context.Context) bool {
	select {
	case <-w.prepared:
		return true
	case <-ctx.Done():
		return false
	}
}

func (w *factsWatch) set(ctx context.Context, gone bool, err error) {
	if w.gone.Swap(gone) == gone {
		return
	}
	if gone {
		w.log.WarnContext(ctx, "clickhouse is away: facts wait in the log, reports answer 503", "error", err)
	} else {
		w.log.InfoContext(ctx, "clickhouse is back: facts catch up")
	}
}

// run looks at ClickHouse until the context ends.
func (w *factsWatch) run(ctx context.Context) error {
	ticker := time.NewTicker(factsEvery)
	defer ticker.Stop()
	failures, said := 0, time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		err := w.look(ctx)
		if err == nil {
			failures = 0
			continue
		}
		if failures++; failures == factsAttempts {
			w.set(ctx, true, err)
		}
		if warehouse.Refused(err) && time.Since(said) > factsSay {
			said = time.Now()
			w.log.ErrorContext(ctx, "clickhouse refuses this process: mend clickhouse.username, clickhouse.password and clickhouse.database, or its grants", "error", err)
		}
	}
}

// look asks ClickHouse whether it is there, and prepares it if that is still to be done.
func (w *factsWatch) look(ctx context.Context) error {
	select {
	case <-w.prepared:
	default:
		return w.prepare(ctx)
	}
	bounded, cancel := context.WithTimeout(ctx, factsLook)
	defer cancel()
	err := w.store.Ping(bounded)
	if err == nil {
		w.set(ctx, false, nil)
	}
	return err
}
