package delivery

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	cut      bool        // profile may be but the first bytes
	order    fil.Order   // that it is in
	degraded bool        // the store did not answer: nothing is known of what the agent did
	language string      // that the directory says the agent reads; empty when it does not say
	briefs   []fil.Brief // of its first entries, if they were asked for and it was kept
	at       time.Time   // that the briefs are of
}

// current gives the feed as it is now; without an order, in the one that the agent chose. In chronological order it is always
// computed. A store that does not answer within the time allowed is done without. Briefs of so many of its first entries come with it, if it was kept.
func (k *Keeper) current(ctx context.Context, agent string, order fil.Order, first int) (r reading, outcome string, err error) {
	language, known := k.directory.Language(agent)
	if !known {
		return reading{}, outcomeUnknown, ErrUnknownAgent
	}
	r, outcome, err = k.kept(ctx, agent, order, first)
	r.language = language
	return r, outcome, err
}

// kept is current for an agent who is known.
func (k *Keeper) kept(ctx context.Context, agent string, order fil.Order, first int) (r reading, outcome string, err error) {
	bounded, cancel := context.WithTimeout(ctx, k.cfg.StoreTimeout)
	defer cancel()
	kept, err := k.store.Get(bounded, agent)
	now := k.now()
	if order == "" {
		order = k.chosen(kept.Profile)
	}
	if err == nil && order == fil.OrderRanked && kept.Found {
		some := kept.Feed.Entries[:min(first, len(kept.Feed.Entries))]
		if briefs, fresh := k.ranker.Brief(kept.Feed, kept.Profile, some, order, now); fresh {
			// One write a day tells that the agent still reads.
			if now.Sub(kept.Read) >= 24*time.Hour {
				k.put(ctx, kept.Feed, now)
			}
			return reading{feed: kept.Feed, profile: kept.Profile, cut: kept.Cut, order: order, briefs: briefs, at: now}, outcomeKept, nil
		}
	}
	if err == nil && kept.Cut {
		kept.Profile, err = k.profile(bounded, agent)
	}
	if err != nil && ctx.Err() != nil {
		return reading{}, outcomeFailed, err // the reader has left
	}
	k.noteStore(ctx, err)
	if err != nil {
		return k.fromMemory(agent)
	}
	feed, err := k.rank(agent, kept.Profile, order, now)
	switch {
	case errors.Is(err, ErrUnknownAgent):
		return reading{}, outcomeUnknown, err
	case err != nil: // a profile that is damaged, or newer than this program: what it says is not known
		k.log.ErrorContext(ctx, "a profile cannot be read: its agent's feed is served in chronological order", "stage", "delivery", "error", err)
		return k.fromMemory(agent)
	}
	if order == fil.OrderRanked {
		k.put(ctx, feed, now)
	}
	return reading{feed: feed, profile: kept.Profile, order: order}, outcomeRanked, nil
}

// fresh says whether a kept feed is still what ranking would answer.
func (k *Keeper) fresh(feed fil.Feed, profile []byte, now time.Time) bool {
	_, fresh := k.ranker.Brief(feed, profile, nil, fil.OrderRanked, now)
	return fresh
}

// chosen is the order that an agent chose; ranked when they chose none.
func (k *Keeper) chosen(profile []byte) fil.Order {
	if k.order != nil && k.order(profile) == fil.OrderChronological {
		return fil.OrderChronological
	}
	return fil.OrderRanked
}

// profile reads the whole profile of an agent.
func (k *Keeper) profile(ctx context.Context, agent string) ([]byte, error) {
	all, err := k.store.GetMany(ctx, []string{agent})
	if err != nil {
		return nil, err
	}
	return all[0].Profile, nil
}

// whole gives a reading with its whole profile, or one that does without when the store does not answer any more.
func (k *Keeper) whole(ctx context.Context, r reading) (reading, error) {
	if !r.cut {
		return r, nil
	}
	bounded, cancel := context.WithTimeout(ctx, k.cfg.StoreTimeout)
	defer cancel()
	profile, err := k.profile(bounded, r.feed.Agent)
	if err != nil {
		if ctx.Err() != nil {
			return reading{}, err // the reader has left
		}
		k.noteStore(ctx, err)
		without, _, err := k.fromMemory(r.feed.Agent)
		without.language = r.language
		return without, err
	}
	r.profile, r.cut = profile, false
	return r, nil
}

func (k *Keeper) rank(agent string, profile []byte, order fil.Order, now time.Time) (fil.Feed, error) {
	feed, known, err := k.ranker.Rank(agent, profile, order, now)
	switch {
	case err != nil:
		return fil.Feed{}, fmt.Errorf("rank a feed: %w", err)
	case !known:
		return fil.Feed{}, ErrUnknownAgent
	}
	for i := range feed.Entries {
		feed.Entries[i].Score = float32(rounded(float64(feed.Entries[i].Score)))
	}
	return feed, nil
}

// rounded is a score as feeds keep it, whether they come from the store or were just ranked.
func rounded(score float64) float64 { return math.Round(score*ScoreSteps) / ScoreSteps }

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
		case k.fresh(kept.Feed, kept.Profile, now):
			k.metrics.warmed.WithLabelValues("fresh").Inc()
		default:
			feed, err := k.rank(kept.Feed.Agent, kept.Profile, fil.OrderRanked, now)
			if err != nil {
				if !errors.Is(err, ErrUnknownAgent) {
					k.log.ErrorContext(ctx, "feed not ranked", "stage", "delivery", "error", err)
				}
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
