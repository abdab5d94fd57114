package roles

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/ingest/eventlog"
)

// projection is what follows a topic, or a part of it.
type projection struct {
	topic fil.Topic
	part  eventlog.Part
	apply func([]fil.Record) error
}

// followDirectory keeps the index and the catalogue as the log tells: all of them, or, in a process that only works, the
// partitions of its lanes.
func (h *house) followDirectory() error {
	if h.has("worker") {
		var err error
		if h.announcer, err = audiences.NewAnnouncer(h.index, h.events, h.whole, h.logger, h.reg); err != nil {
			return err
		}
	}
	for name, size := range map[string]struct {
		help string
		of   func() int
	}{
		"agents": {"Agents in this process's index.", h.index.Len},
		"acts":   {"Engagements that this process keeps for rules about behaviour.", h.index.Acts},
	} {
		gauge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "fil_audiences_" + name, Help: size.help}, func() float64 { return float64(size.of()) })
		if err := h.reg.Register(gauge); err != nil {
			return fmt.Errorf("register metrics of the index: %w", err)
		}
	}
	h.follow(projection{topic: fil.TopicAudiences, apply: h.applyAudiences})
	h.follow(projection{topic: fil.TopicContents, apply: h.applyContents})
	h.follow(projection{topic: fil.TopicReminders, apply: h.applyReminders})
	h.follow(projection{topic: fil.TopicPolicies, apply: h.applyPolicies})
	if h.worksOnly() {
		h.holdings = newHoldings(h)
		h.add("partitions", h.holdings.run)
		return nil
	}
	for _, p := range h.byAgent() {
		if p.topic == fil.TopicAgents {
			h.follow(p, func() { h.index.Settle() })
		} else {
			h.follow(p)
		}
	}
	return nil
}

// byAgent gives what this process follows of the topics keyed by agent.
func (h *house) byAgent() []projection {
	all := []projection{{topic: fil.TopicAgents, apply: h.applyAgents}}
	if h.keepsActs() {
		all = append(all, projection{topic: fil.TopicEngagements, part: eventlog.Part{Since: h.index.ActsSince()}, apply: h.applyEngagements})
	}
	if h.has("worker") || h.goesByAnnouncements() {
		all = append(all, projection{topic: fil.TopicMemberships, apply: h.applyMemberships})
	}
	return all
}

// keepsActs says whether rules about behaviour are judged here by what agents did: where previews are made, and where
// memberships are announced. Elsewhere such audiences go by what was announced.
func (h *house) keepsActs() bool {
	return h.cfg.Audiences.Behaviour > 0 && (h.has("ingest") || h.has("worker"))
}

func (h *house) goesByAnnouncements() bool { return h.cfg.Audiences.Behaviour > 0 && !h.keepsActs() }

// worksOnly says whether the process has the agents of its lanes alone.
func (h *house) worksOnly() bool { return len(h.roles) == 1 && h.has("worker") }

func (h *house) has(role string) bool { return slices.Contains(h.roles, role) }

// openLane gets what a lane needs of the directory, and begins to announce who enters and leaves the audiences among its
// agents. It stops with the lane.
func (h *house) openLane(ctx context.Context, partition int) (release func(), err error) {
	if err := caughtUp(ctx, slices.Collect(maps.Values(h.tables))...); err != nil {
		return nil, fmt.Errorf("load what partition %d needs: %w", partition, err)
	}
	if h.holdings != nil {
		if err := h.holdings.open(ctx, partition); err != nil {
			return nil, err
		}
	}
	if err := h.catchUp(ctx, partition); err != nil {
		return nil, err
	}
	announcing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var over sync.WaitGroup
	over.Go(func() { h.announcer.Announce(announcing, partition) })
	return func() {
		stop()
		over.Wait()
	}, nil
}

// catchUp returns when all has been applied that the worker before this one may have gone by when it announced: tables that
// were ready long ago may lag behind it, and what it announced would be taken back. Its announcements are the first of all.
func (h *house) catchUp(ctx context.Context, partition int) error {
	for _, topic := range []fil.Topic{fil.TopicMemberships, fil.TopicAgents, fil.TopicEngagements} {
		table := h.tables[topic]
		if h.holdings != nil {
			table = h.holdings.table(partition, topic)
		}
		if table == nil {
			continue
		}
		if err := table.CatchUp(ctx, partition); err != nil {
			return err
		}
	}
	return errors.Join(h.tables[fil.TopicAudiences].CatchUp(ctx), h.tables[fil.TopicContents].CatchUp(ctx))
}

// whole returns when the directory is at hand whole.
func (h *house) whole(ctx context.Context) error {
	if h.holdings == nil {
		return nil // each lane was opened when it was
	}
	return h.holdings.whole(ctx)
}

func (h *house) applyAgents(batch []fil.Record) error {
	err := h.index.ApplyAgents(batch)
	h.touched(batch, audiences.CauseAgent)
	h.tellAll()
	return err
}

func (h *house) applyAudiences(batch []fil.Record) error {
	err := h.index.ApplyAudiences(batch)
	h.redefined()
	h.tellAll()
	return err
}

func (h *house) applyContents(batch []fil.Record) error {
	if h.index.ApplyContents(batch) {
		h.redefined()
	}
	err := h.catalogue.Apply(batch)
	h.tellAll()
	return err
}

func (h *house) applyReminders(batch []fil.Record) error {
	err := h.catalogue.Apply(batch)
	h.tellAll()
	return err
}

func (h *house) applyPolicies(batch []fil.Record) error {
	before := h.policies.Stamp()
	err := h.policies.Apply(batch)
	if missing := h.policies.Missing(); len(missing) > 0 {
		h.logger.Error("a policy is to be in force that is not known here: what was in force before stays", "stage", "ranking", "missing", missing)
	}
	if h.policies.Stamp() != before {
		h.logger.Info("policy in force", "stage", "ranking", "policy", h.policies.InForce().Policy)
		h.tellAll()
	}
	return err
}

func (h *house) applyEngagements(batch []fil.Record) error {
	h.index.ApplyEngagements(batch)
	h.touched(batch, audiences.CauseEngagement)
	h.tell(batch)
	return nil
}

func (h *house) applyMemberships(batch []fil.Record) error {
	moved, err := h.index.ApplyMemberships(batch)
	if len(moved) > 0 {
		h.touched(slices.DeleteFunc(slices.Clone(batch), func(rec fil.Record) bool { return !slices.Contains(moved, rec.Key) }), audiences.CauseStart)
	}
	h.tell(batch)
	return err
}

func (h *house) touched(batch []fil.Record, cause audiences.MembershipCause) {
	if h.announcer != nil {
		h.announcer.Touched(batch, cause)
	}
}

func (h *house) redefined() {
	if h.announcer != nil {
		h.announcer.Redefined()
	}
}

// tellAll says that something changed for everyone, tell that it did for the agents of some records.
func (h *house) tellAll() {
	for _, tell := range h.changed {
		tell()
	}
}

func (h *house) tell(batch []fil.Record) {
	if len(h.moved) == 0 {
		return
	}
	agents := make([]string, len(batch))
	for i, rec := range batch {
		agents[i] = rec.Key
	}
	for _, tell := range h.moved {
		tell(agents...)
	}
}
