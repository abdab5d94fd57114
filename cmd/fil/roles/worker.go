package roles

import (
	"context"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
	"github.com/filengine/fil/ranking/learning"
)

// buildWorker learns from engagements, ranks again the feeds of the agents concerned who are around, and announces who
// enters and leaves audiences.
func buildWorker(_ context.Context, h *house) error {
	feeds, err := h.openFeeds()
	if err != nil {
		return err
	}
	partitions, err := h.events.Partitions(fil.TopicEngagements)
	if err != nil {
		return err
	}
	learner, err := learning.NewLearner(learning.LearnerParts{
		Store: h.tracing.Profiles(h.profiles), Partitions: partitions, Known: h.catalogue.Knows, Org: h.index.Org, Log: h.logger, Metrics: h.reg,
	})
	if err != nil {
		return err
	}
	h.rebuilders[rebuildProfiles] = h.rebuildProfiles
	lanes := eventlog.Drain{Stage: "ranking", Topic: fil.TopicEngagements, Open: h.openLane, Handle: func(ctx context.Context, partition int, batch []fil.Record) error {
		agents, err := learner.Learn(ctx, partition, batch)
		if len(agents) > 0 {
			if warm := feeds.keeper.Warm(ctx, agents); warm != nil {
				h.logger.WarnContext(ctx, "feeds not ranked ahead: they will be when they are read", "stage", "ranking", "agents", len(agents), "error", warm)
			}
			feeds.hub.Notify(agents...)
		}
		return err
	}}
	if h.holdings != nil {
		lanes.Assigned = h.holdings.keep
	}
	h.drain(h.watch, lanes)
	return nil
}
