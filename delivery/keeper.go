package delivery

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/filengine/fil"
)

// How a read got its feed: the values of the label "outcome".
const (
	outcomeKept        = "kept"         // the stored feed was still right
	outcomeRanked      = "ranked"       // it was missing or no longer right
	outcomeNotModified = "not_modified" // the client has this answer already
	outcomeUnknown     = "unknown_agent"
	outcomeRefused     = "refused" // a cursor that is none
	outcomeFailed      = "failed"
)

// current gives the feed as it is now, and the profile it comes from. In chronological order it is always computed.
func (k *Keeper) current(ctx context.Context, agent string, order fil.Order) (feed fil.Feed, profile []byte, outcome string, err error) {
	if _, ok := k.directory.Agent(agent); !ok {
		return fil.Feed{}, nil, outcomeUnknown, ErrUnknownAgent
	}
	kept, err := k.store.Get(ctx, agent)
	if err != nil {
		return fil.Feed{}, nil, outcomeFailed, err
	}
	now := k.now()
	stored := order == fil.OrderRanked
	if stored && kept.Found && k.ranker.Fresh(kept.Feed, kept.Profile, now) {
		// One write a day tells that the agent still reads.
		if now.Sub(kept.Read) >= 24*time.Hour {
			k.put(ctx, kept.Feed, now)
		}
		return kept.Feed, kept.Profile, outcomeKept, nil
	}
	feed, known, err := k.ranker.Rank(agent, kept.Profile, order, now)
	switch {
	case err != nil:
		return fil.Feed{}, nil, outcomeFailed, fmt.Errorf("rank a feed: %w", err)
	case !known:
		return fil.Feed{}, nil, outcomeUnknown, ErrUnknownAgent
	}
	if stored {
		k.put(ctx, feed, now)
	}
	return feed, kept.Profile, outcomeRanked, nil
}

// put stores a feed that will be served in any case: a store that fails costs the next read a ranking, no more.
func (k *Keeper) put(ctx context.Context, feed fil.Feed, now time.Time) {
	if err := k.store.Put(ctx, feed, now); err != nil {
		k.metrics.unstored.Inc()
		k.log.WarnContext(ctx, "feed served but not stored", "stage", "delivery", "error", err)
	}
}

// Warm ranks again the feeds of agents for whom something changed, if they are kept and no longer right; nothing is
// ranked for an agent who has not read within the warm window. An error is the store's, and the call can be repeated;
// a feed that cannot be ranked is left for its next read to tell.
func (k *Keeper) Warm(ctx context.Context, agents []string) error {
	for batch := range slices.Chunk(agents, k.cfg.WarmBatch) {
		if _, err := k.refresh(ctx, batch); err != nil {
			return fmt.Errorf("warm feeds: %w", err)
		}
	}
	return nil
}

// refresh brings kept feeds up to date and gives all those found, with their profile. Agents with no feed are left out.
func (k *Keeper) refresh(ctx context.Context, agents []string) ([]Kept, error) {
	all, err := k.store.GetMany(ctx, agents)
	if err != nil {
		return nil, err
	}
	now := k.now()
	found, changed := all[:0], []Kept(nil)
	for _, kept := range all {
		switch {
		case !kept.Found:
			k.metrics.warmed.WithLabelValues("absent").Inc()
			continue
		case k.ranker.Fresh(kept.Feed, kept.Profile, now):
			k.metrics.warmed.WithLabelValues("fresh").Inc()
		default:
			feed, known, err := k.ranker.Rank(kept.Feed.Agent, kept.Profile, fil.OrderRanked, now)
			if err != nil {
				k.log.ErrorContext(ctx, "feed not ranked", "stage", "delivery", "error", err)
			}
			if err != nil || !known {
				k.metrics.warmed.WithLabelValues("failed").Inc()
				continue
			}
			k.metrics.warmed.WithLabelValues("ranked").Inc()
			kept.Feed = feed
			changed = append(changed, kept)
		}
		found = append(found, kept)
	}
	return found, k.store.PutMany(ctx, changed)
}
