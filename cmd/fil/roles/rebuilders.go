package roles

import (
	"context"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/delivery"
	"github.com/filengine/fil/delivery/feedstore"
	"github.com/filengine/fil/ranking/learning"
)

// eachPartition runs a rebuild over the partitions of engagements, one after another, and adds up what each tells. One tells
// of a partition what it has done of it so far.
func (h *house) eachPartition(ctx context.Context, from int64, tell func(RebuildProgress), one func(partition int, tell func(RebuildProgress)) error) error {
	partitions, err := h.events.Partitions(fil.TopicEngagements)
	if err != nil {
		return err
	}
	var sum RebuildProgress
	for p := range partitions {
		first, end, err := h.events.Extent(ctx, fil.TopicEngagements, p)
		if err != nil {
			return err
		}
		sum.Of += max(0, end-max(first, from))
	}
	tell(sum)
	for p := range partitions {
		var last RebuildProgress
		if err := one(p, func(now RebuildProgress) {
			last = now
			tell(sum.plus(last))
		}); err != nil {
			return err
		}
		sum = sum.plus(last)
	}
	return nil
}

func (p RebuildProgress) plus(q RebuildProgress) RebuildProgress {
	p.Read, p.Checked, p.Added, p.Changed = p.Read+q.Read, p.Checked+q.Checked, p.Added+q.Added, p.Changed+q.Changed
	p.Removed, p.Popularity = p.Removed+q.Removed, p.Popularity+q.Popularity
	return p
}

func (h *house) rebuildProfiles(ctx context.Context, order rebuildOrder, tell func(RebuildProgress)) error {
	partitions, err := h.events.Partitions(fil.TopicEngagements)
	if err != nil {
		return err
	}
	if err := h.whole(ctx); err != nil { // reads count for the organisation of the reader, of whatever partition
		return err
	}
	cfg := learning.DefaultRebuildConfig()
	cfg.Memory, cfg.Partitions, cfg.Org = order.Memory<<20, partitions, h.index.Org
	r := learning.NewRebuilder(cfg, patientStore{h.profiles}, h.events, h.now)
	return h.eachPartition(ctx, 0, tell, func(p int, tell func(RebuildProgress)) error {
		_, err := r.Partition(ctx, p, order.From, func(done learning.Rebuilt) {
			now := RebuildProgress{Read: done.Read, Checked: done.Agents, Changed: done.Changed}
			if done.Popular {
				now.Popularity = 1
			}
			tell(now)
		})
		return err
	})
}

func (h *house) rebuildFacts(recorder *analytics.Recorder, store *warehouse.Warehouse) rebuilder {
	return func(ctx context.Context, order rebuildOrder, tell func(RebuildProgress)) error {
		err := h.eachPartition(ctx, order.From, tell, func(p int, tell func(RebuildProgress)) error {
			_, err := recorder.Rebuild(ctx, h.events, store, p, order.From, func(done analytics.Rebuilt) {
				tell(RebuildProgress{Read: done.Read, Checked: done.Facts, Added: done.Added, Removed: done.Removed})
			})
			return err
		})
		if err != nil {
			return err
		}
		return store.CountAgain(ctx, 0) // what dashboards count
	}
}

// rebuildFeeds makes the feeds again of all who have one, then those of all who did something within the warm window, as
// the log tells; from an offset on, of all who did something since.
func (h *house) rebuildFeeds(feeds *feeds, store *feedstore.Store) rebuilder {
	return func(ctx context.Context, order rebuildOrder, tell func(RebuildProgress)) error {
		if err := patiently(ctx, func() error { return feeds.popularity.Refresh(ctx) }); err != nil {
			return err
		}
		horizon := h.now().Add(-h.cfg.Feeds.Window)
		var stored RebuildProgress
		if order.From == 0 {
			err := store.Agents(ctx, func(agents []string) error {
				readers := make([]delivery.Reader, len(agents))
				for i, agent := range agents {
					readers[i].Agent = agent
				}
				done, err := rebuildPatiently(ctx, feeds.keeper, readers)
				stored = stored.plus(RebuildProgress{Checked: done.Feeds, Changed: done.Changed, Added: done.Added})
				tell(stored)
				return err
			})
			if err != nil {
				return err
			}
		}
		return h.eachPartition(ctx, order.From, func(p RebuildProgress) { tell(p.plus(stored)) }, func(p int, tell func(RebuildProgress)) error {
			return h.rebuildFeedsOf(ctx, feeds.keeper, p, order.From, horizon, tell)
		})
	}
}

func rebuildPatiently(ctx context.Context, keeper *delivery.Keeper, readers []delivery.Reader) (done delivery.Rebuilt, err error) {
	err = patiently(ctx, func() (err error) {
		done, err = keeper.Rebuild(ctx, readers)
		return err
	})
	return done, err
}

// rebuildFeedsOf makes the feeds again of those in one partition.
func (h *house) rebuildFeedsOf(ctx context.Context, keeper *delivery.Keeper, partition int, from int64, horizon time.Time, tell func(RebuildProgress)) error {
	first, end, err := h.events.Extent(ctx, fil.TopicEngagements, partition)
	if err != nil {
		return err
	}
	start := max(first, from)
	if from == 0 {
		if start, err = h.events.Since(ctx, fil.TopicEngagements, partition, horizon); err != nil {
			return err
		}
	}
	now := RebuildProgress{Read: max(0, start-max(first, from))} // what lies before need not be read
	last := map[string]time.Time{}
	err = h.events.Read(ctx, fil.TopicEngagements, partition, start, end, func(batch []fil.Record, next int64) error {
		for _, rec := range batch {
			last[rec.Key] = rec.Admitted
		}
		now.Read, start = now.Read+next-start, next
		tell(now)
		return nil
	})
	if err != nil {
		return err
	}
	readers := make([]delivery.Reader, 0, len(last))
	for agent, at := range last {
		if at.Before(horizon) {
			at = time.Time{} // too long ago for a feed of theirs to be kept, if there is none
		}
		readers = append(readers, delivery.Reader{Agent: agent, Last: at, Missing: from == 0}) // those who have a feed were compared before
	}
	for some := range slices.Chunk(readers, 1024) {
		done, err := rebuildPatiently(ctx, keeper, some)
		if err != nil {
			return err
		}
		now = now.plus(RebuildProgress{Checked: done.Feeds, Changed: done.Changed, Added: done.Added})
		tell(now)
	}
	return nil
}
