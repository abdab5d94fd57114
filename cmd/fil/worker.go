package main

import (
	"context"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
	"github.com/filengine/fil/ranking"
)

// buildWorker learns from engagements, and ranks again the feeds of the agents concerned who are around.
func buildWorker(_ context.Context, h *house) error {
	feeds, err := h.openFeeds()
	if err != nil {
		return err
	}
	learner, err := ranking.NewLearner(h.policy, h.tracing.Profiles(h.profiles), h.catalogue.Knows, h.logger, h.reg)
	if err != nil {
		return err
	}
	h.rebuilders[rebuildProfiles] = h.rebuildProfiles
	h.drain(h.watch, eventlog.Drain{Stage: "ranking", Topic: fil.TopicEngagements, Handle: func(ctx context.Context, partition int, batch []fil.Record) error {
		agents, err := learner.Learn(ctx, partition, batch)
		if len(agents) > 0 {
			if warm := feeds.keeper.Warm(ctx, agents); warm != nil {
				h.logger.WarnContext(ctx, "feeds not ranked ahead: they will be when they are read", "stage", "ranking", "agents", len(agents), "error", warm)
			}
			feeds.hub.Notify(agents...)
		}
		return err
	}})
	return nil
}
