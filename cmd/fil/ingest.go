package main

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ranking/profiles"
)

// buildIngest opens the door.
func buildIngest(_ context.Context, h *house) error {
	applied := map[fil.Topic]ingest.Projection{}
	for topic, table := range h.tables {
		applied[topic] = table
	}
	door, err := ingest.New(ingest.DefaultConfig(), ingest.Parts{
		Log: h.tracing.Log(h.events), Applied: applied, Directory: h.index, Catalogue: h.catalogue, Rules: h.index,
		Known: remembered{h.profiles, h.now}, Schema: h.cfg.Attributes, Logger: h.logger, Registry: h.reg, Now: h.now,
	})
	if err != nil {
		return err
	}
	guard := fil.Guard{Threshold: h.cfg.Privacy.Threshold}
	h.register = append(h.register, door.Register, func(api huma.API) { registerRejects(api, h.events) }, func(api huma.API) {
		audiences.Register(api, h.index, guard)
	})
	return nil
}

// remembered tells the door which events the profiles have learned already.
type remembered struct {
	profiles *profiles.Store
	now      func() time.Time
}

func (r remembered) Known(ctx context.Context, events []ingest.Identified) ([]bool, error) {
	now, queries := r.now(), make([]profiles.Query, len(events))
	for i, e := range events {
		queries[i] = profiles.Query{Agent: e.Agent, Identity: e.Identity, At: now}
	}
	return r.profiles.Known(ctx, queries)
}
