package roles

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/dashboards"
	"github.com/filengine/fil/analytics/warehouse"
)

const (
	seatsEvery = 10 * time.Second // between two looks at who wants a seat, or fifty times what the last one took
	seatsKey   = "lock:{seating}" // held in Redis by the process that gives seats
	seatsHold  = 15 * time.Minute
	keptARound = 20 // answers that are archived, of months that are long over
)

// buildDashboards answers dashboards, and gives agents the seats that they are counted by.
func (h *house) buildDashboards(store *warehouse.Warehouse, zone *time.Location) error {
	archive := dashboards.NewArchive()
	h.follow(projection{topic: fil.TopicFigures, apply: archive.Apply})
	boards, err := dashboards.New(dashboards.Parts{
		Archive: archive, Archived: h.tables[fil.TopicFigures], Log: h.tracing.Log(h.events),
		Cells: store, Seating: store, Targeting: h.index, Contents: h.catalogue, Schema: h.cfg.Attributes,
		Guard: fil.Guard{Threshold: h.cfg.Privacy.Threshold}, Secret: h.secret, Zone: zone, Logger: h.logger, Now: h.now,
	})
	if err != nil {
		return err
	}
	h.boards = boards
	live := dashboards.NewLive(boards, dashboards.DefaultLive())
	h.register = append(h.register, func(api huma.API) {
		dashboards.Register(api, boards)
		dashboards.RegisterLive(api, live)
	})
	watching, cut := context.WithCancel(context.Background())
	h.onStop = append(h.onStop, cut) // streams have no end of their own
	h.add("live", func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, cut)
		defer stop()
		return live.Run(watching)
	})
	h.add("seats", func(ctx context.Context) error {
		wait := time.NewTimer(time.Second)
		defer wait.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-wait.C:
			}
			began := h.now()
			if err := h.giveSeats(ctx, store, boards); err != nil && ctx.Err() == nil {
				h.logger.WarnContext(ctx, "give agents the seats that dashboards count by", "stage", "analytics", "error", err)
			}
			wait.Reset(max(seatsEvery, 50*h.now().Sub(began)))
		}
	})
	return nil
}

// giveSeats does one round, after what agents asked to be forgotten is, unless the directory is still being read or another
// process does one: two at once would give one agent two seats. Then it archives some figures, which are of agents with seats.
func (h *house) giveSeats(ctx context.Context, store *warehouse.Warehouse, boards *dashboards.Dashboards) error {
	if !h.events.CaughtUp("directory") {
		return nil
	}
	mine, err := h.redis.SetNX(ctx, seatsKey, "1", seatsHold).Result()
	if err != nil {
		return fmt.Errorf("take the right to give seats: %w", err)
	}
	if !mine {
		return nil
	}
	erased, err := store.Erase(ctx)
	seated, waiting := 0, 0
	if err == nil {
		seated, waiting, err = boards.Seat(ctx)
	}
	if err == nil {
		err = h.archive(ctx, boards)
	}
	if freed := h.redis.Del(context.WithoutCancel(ctx), seatsKey).Err(); freed != nil && err == nil {
		err = fmt.Errorf("give back the right to give seats: %w", freed)
	}
	if erased > 0 {
		h.logger.InfoContext(ctx, "facts of agents who asked for it are erased", "stage", "analytics", "agents", erased)
	}
	if seated > 0 {
		h.logger.InfoContext(ctx, "agents have seats that dashboards count by", "stage", "analytics", "seated", seated, "waiting", waiting)
	}
	return err
}

// archive keeps figures of months that are long over, once all that there is to count is counted and contents are known.
func (h *house) archive(ctx context.Context, boards *dashboards.Dashboards) error {
	select {
	case <-h.tables[fil.TopicContents].Ready():
	default:
		return nil
	}
	if !h.events.CaughtUp(analytics.Stage) {
		return nil
	}
	kept, err := boards.Keep(ctx, keptARound)
	if kept > 0 {
		h.logger.InfoContext(ctx, "figures of months that are long over are archived", "stage", "analytics", "answers", kept)
	}
	if err != nil {
		return fmt.Errorf("archive figures: %w", err)
	}
	return nil
}
