package roles

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/register"
	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/ingest/eventlog"
)

// aimedAt shows the audience index to the register.
type aimedAt struct{ *audiences.Index }

// In says whether an agent is among those whom an aim holds.
func (a aimedAt) In(agent string, aim fil.Aim) bool {
	member, known := a.Member(agent)
	if !known || aim.Perimeter != "" && !member.In(aim.Perimeter) {
		return false
	}
	for _, id := range aim.Audiences {
		if member.In(id) {
			return true
		}
	}
	return len(aim.Audiences) == 0
}

// buildRegister keeps the register of acknowledgements, and answers those entitled to it.
func (h *house) buildRegister(store *warehouse.Warehouse, facts dependency) error {
	recorder, err := register.NewRecorder(store, h.reg, h.now)
	if err != nil {
		return err
	}
	reminders, accesses := register.NewReminders(), register.NewAccesses()
	h.also[fil.TopicReminders] = append(h.also[fil.TopicReminders], reminders.Apply)
	h.follow(projection{topic: fil.TopicAccesses, apply: accesses.Apply})
	kept := &atomic.Bool{}
	h.drain(facts, eventlog.Drain{Stage: register.Stage, Topic: fil.TopicEngagements, MaxBatch: 10_000, MaxWait: insertEvery,
		Handle: func(ctx context.Context, partition int, batch []fil.Record) error {
			if !kept.Load() {
				if err := store.KeepAcknowledgements(ctx, int(h.cfg.Register.Keep/(24*time.Hour))); err != nil {
					return err
				}
				kept.Store(true)
			}
			err := recorder.Record(ctx, partition, batch)
			if errors.Is(err, fil.ErrForgotten) { // the table may be a new one
				kept.Store(false)
			}
			return err
		}})
	h.rebuilders[rebuildRegister] = func(ctx context.Context, order rebuildOrder, tell func(RebuildProgress)) error {
		return h.eachPartition(ctx, order.From, tell, func(p int, tell func(RebuildProgress)) error {
			return recorder.Rebuild(ctx, h.events, p, order.From, func(done register.Rebuilt) {
				tell(RebuildProgress{Read: done.Read, Checked: done.Lines, Added: done.Added})
			})
		})
	}
	book, err := register.New(register.Parts{
		Book: store, Directory: aimedAt{h.index}, Contents: h.catalogue, Log: h.tracing.Log(h.events),
		Reminders: reminders, Reminded: h.tables[fil.TopicReminders], Accesses: accesses, Accessed: h.tables[fil.TopicAccesses],
		Secret: h.secret, Keep: h.cfg.Register.Keep, Zone: h.zone, Logger: h.logger, Now: h.now,
	})
	if err != nil {
		return err
	}
	h.register = append(h.register, book.Register)
	return nil
}
