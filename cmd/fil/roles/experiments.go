package roles

import (
	"context"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/rulebook"
)

// trials shows the experiments to analytics.
type trials struct {
	policies *ranking.Policies
	now      func() time.Time
}

// longestHoldout bounds how far back readers and those held out are compared.
const longestHoldout = 90 * 24 * time.Hour

func (t trials) Trial(name string) (fil.Experiment, bool) {
	force := t.policies.InForce()
	if name != analytics.ArmHoldout {
		return rulebook.Trial(force, name)
	}
	since := force.Since
	for _, reign := range force.Past {
		if reign.Holdout != force.Holdout {
			break
		}
		since = reign.Since
	}
	if oldest := t.now().Add(-longestHoldout); since.Before(oldest) {
		since = oldest
	}
	return fil.Experiment{Name: name, Since: since}, force.Holdout > 0
}

// openExperiments reports on experiments, and stops the arms that do harm.
func (h *house) openExperiments(store *warehouse.Warehouse, facts dependency, reports *analytics.Reports) {
	experiments := &analytics.Experiments{
		Outcomes: store, Trials: trials{h.policies, h.now}, Guard: fil.Guard{Threshold: h.cfg.Privacy.Threshold}, Zone: reports.Zone, Now: h.now,
	}
	h.register = append(h.register, func(api huma.API) { experiments.Register(api, reports) })
	desk := h.openDesk()
	h.add("guardrails", func(ctx context.Context) error {
		if !facts.await(ctx) || !h.knowsPolicies(ctx) {
			return nil
		}
		return h.guard(ctx, experiments, desk)
	})
}

// knowsPolicies waits for what is in force to have been read; false when the context ends first.
func (h *house) knowsPolicies(ctx context.Context) bool {
	select {
	case <-h.tables[fil.TopicPolicies].Ready():
		return true
	case <-ctx.Done():
		return false
	}
}

// How often the guardrails are looked at: at least so long after the last look, and so many times what it took, so that they
// take a hundredth of ClickHouse's time at most.
const (
	guardEvery = 10 * time.Second
	guardShare = 100
)

// guard stops the arms of the experiment that runs which do harm. Several processes may do so: to stop an arm twice is to stop
// it once.
func (h *house) guard(ctx context.Context, experiments *analytics.Experiments, desk *rulebook.Desk) error {
	wait := guardEvery
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		began := time.Now()
		if err := h.stopHarm(ctx, experiments, desk); err != nil && ctx.Err() == nil && !errors.Is(err, analytics.ErrAway) { // which has been said
			h.logger.WarnContext(ctx, "guardrails not looked at", "stage", "analytics", "error", err)
		}
		wait = max(guardEvery, guardShare*time.Since(began))
	}
}

func (h *house) stopHarm(ctx context.Context, experiments *analytics.Experiments, desk *rulebook.Desk) error {
	running := h.policies.InForce().Experiment
	if running == nil {
		return nil
	}
	harms, err := experiments.Harms(ctx, *running)
	if err != nil {
		return err
	}
	for _, harm := range harms {
		if _, err := desk.Stop(ctx, running.Name, harm.Arm, harm.Why); err != nil {
			return err
		}
		h.logger.WarnContext(ctx, "an arm of an experiment was stopped", "stage", "analytics", "experiment", running.Name, "arm", harm.Arm, "why", harm.Why)
	}
	return nil
}
