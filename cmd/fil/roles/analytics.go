package roles

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/ingest/eventlog"
)

// insertEvery gathers records before an insert: ClickHouse takes few large ones better than many small ones, whatever
// their size an insert costs some 12 ms, and each makes a part that is merged later.
const insertEvery = 200 * time.Millisecond

// buildAnalytics records facts and the directory in ClickHouse, and answers reports.
func buildAnalytics(ctx context.Context, h *house) error {
	zone, err := time.LoadLocation(h.cfg.Zone)
	if err != nil {
		return fmt.Errorf("zone %s: %w", h.cfg.Zone, err)
	}
	h.connections.warehouse.Zone = zone
	store, err := warehouse.New(h.connections.warehouse, h.logger)
	if err != nil {
		return err
	}
	h.onClose(func(context.Context) error { return store.Close() })
	h.depend("clickhouse", store.Ping)
	facts, err := watchFacts(ctx, store, h.logger)
	if err != nil {
		return err
	}
	h.add("clickhouse", facts.run)
	recording := analytics.DefaultConfig()
	recording.PseudonymKey, recording.Arm = h.secret, h.policies.ArmOf
	for _, a := range h.cfg.Attributes {
		if !a.Groups() {
			recording.Unstored = append(recording.Unstored, a.Name)
		}
	}
	recorder, err := analytics.NewRecorder(recording, h.tracing.Facts(store), h.logger, h.reg)
	if err != nil {
		return err
	}
	h.rebuilders[rebuildFacts] = h.rebuildFacts(recorder, store)
	h.drain(facts, eventlog.Drain{Stage: analytics.Stage, Topic: fil.TopicEngagements, Handle: h.afterPolicies(recorder.Record), MaxBatch: 10_000, MaxWait: insertEvery, Exact: true})
	h.drain(facts, eventlog.Drain{Stage: "directory", Topic: fil.TopicAgents, Handle: recorder.Directory, MaxBatch: 10_000, MaxWait: insertEvery})

	reports, err := analytics.NewReports(analytics.Parts{
		Tallies: store, Targeting: h.index, Contents: h.catalogue, Schema: h.cfg.Attributes,
		Guard: fil.Guard{Threshold: h.cfg.Privacy.Threshold}, Zone: zone, Logger: h.logger, Now: h.now,
	})
	if err != nil {
		return err
	}
	h.register = append(h.register, func(api huma.API) { analytics.Register(api, reports) })
	h.openExperiments(store, facts, reports)
	h.openTuning(zone)
	if err := h.buildRegister(store, facts); err != nil {
		return err
	}
	return h.buildDashboards(store, zone)
}

// afterPolicies holds a stage back until it is known what is in force: facts say in which arm an agent was.
func (h *house) afterPolicies(handle func(context.Context, int, []fil.Record) error) func(context.Context, int, []fil.Record) error {
	return func(ctx context.Context, partition int, batch []fil.Record) error {
		if !h.knowsPolicies(ctx) {
			return fmt.Errorf("wait for what is in force: %w", ctx.Err())
		}
		return handle(ctx, partition, batch)
	}
}
