package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/filengine/fil"
)

// How a read got its feed: the values of the label "outcome".
const (
	outcomeKept        = "kept"         // the stored feed was still right
	outcomeRanked      = "ranked"       // it was missing or no longer right
	outcomeDegraded    = "degraded"     // the store did not answer: from memory, in chronological order
	outcomeNotModified = "not_modified" // the client has this answer already
	outcomeUnknown     = "unknown_agent"
	outcomeRefused     = "refused" // a cursor that is none
	outcomeFailed      = "failed"
)

// reading is a feed as it is now, and what it was made from.
type reading struct {
	feed     fil.Feed
	profile  []byte
	order    fil.Order // that it is in
	degraded bool      // the store did not answer: nothing is known of what the agent did
}

// current gives the feed as it is now. In chronological order it is always computed. A store that does not answer within
// the time allowed is done without.
func (k *Keeper) current(ctx context.Context, agent string, order fil.Order) (r reading, outcome string, err error) {
	if _, ok := k.directory.Agent(agent); !ok {
		return reading{}, outcomeUnknown, ErrUnknownAgent
	}
	bounded, cancel := context.WithTimeout(ctx, k.cfg.StoreTimeout)
	kept, err := k.store.Get(bounded, agent)
	cancel()
	if err != nil && ctx.Err() != nil {
		return reading{}, outcomeFailed, err // the reader has left
	}
	k.noteStore(ctx, err)
	if err != nil {
		return k.fromMemory(agent)
	}
	now := k.now()
	stored := order == fil.OrderRanked
	if stored && kept.Found && k.ranker.Fresh(kept.Feed, kept.Profile, now) {
		// One write a day tells that the agent still reads.
		if now.Sub(kept.Read) >= 24*time.Hour {
			k.put(ctx, kept.Feed, now)
		}
		return reading{feed: kept.Feed, profile: kept.Profile, order: order}, outcomeKept, nil
	}
	feed, err := k.rank(agent, kept.Profile, order, now)
	switch {
	case errors.Is(err, ErrUnknownAgent):
		return reading{}, outcomeUnknown, err
	case err != nil: // a profile that is damaged, or newer than this program: what it says is not known
		k.log.ErrorContext(ctx, "a profile cannot be read: its agent's feed is served in chronological order", "stage", "delivery", "error", err)
		return k.fromMemory(agent)
	}
	if stored {
		k.put(ctx, feed, now)
	}
	return reading{feed: feed, profile: kept.Profile, order: order}, outcomeRanked, nil
}

func (k *Keeper) rank(agent string, profile []byte, order fil.Order, now time.Time) (fil.Feed, error) {
	feed, known, err := k.ranker.Rank(agent, profile, order, now)
	switch {
	case err != nil:
		return fil.Feed{}, fmt.Errorf("rank a feed: %w", err)
	case !known:
		return fil.Feed{}, ErrUnknownAgent
	}
	return feed, nil
}

// fromMemory makes a feed without the store: what the agent may see, newest first. Any other order would pretend to know
// what they have read, dismissed or acknowledged. It is not stored, and must not be taken for the feed itself.
func (k *Keeper) fromMemory(agent string) (reading, string, error) {
	feed, err := k.rank(agent, nil, fil.OrderChronological, k.now())
	switch {
	case errors.Is(err, ErrUnknownAgent):
		return reading{}, outcomeUnknown, err
	case err != nil:
		return reading{}, outcomeFailed, err
	}
	return reading{feed: feed, order: fil.OrderChronological, degraded: true}, outcomeDegraded, nil
}

// sayEvery is the time between two lines about the store: with one of several Redis away, reads of some agents fail among
// those of others.
const sayEvery = time.Minute

// noteStore says, now and then, that the store does not answer.
func (k *Keeper) noteStore(ctx context.Context, err error) {
	now, said := time.Now().UnixNano(), k.said.Load()
	if err == nil || now-said < int64(sayEvery) || !k.said.CompareAndSwap(said, now) {
		return
	}
	k.log.WarnContext(ctx, "the store of feeds does not answer for all: such feeds are served in chronological order", "stage", "delivery", "error", err)
}

// put stores a feed that will be served in any case: a store that fails costs the next read a ranking, no more.
func (k *Keeper) put(ctx context.Context, feed fil.Feed, now time.Time) {
	bounded, cancel := context.WithTimeout(ctx, k.cfg.StoreTimeout)
	defer cancel()
	if err := k.store.Put(bounded, feed, now); err != nil {
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
	bounded, cancel := context.WithTimeout(ctx, k.cfg.StoreTimeout)
	all, err := k.store.GetMany(bounded, agents)
	cancel()
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
