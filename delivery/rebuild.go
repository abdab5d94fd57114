package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/filengine/fil"
)

// Reader is an agent whose feed is to be made again.
type Reader struct {
	Agent   string
	Last    time.Time // when they were last heard of; zero: a feed that is not there is not made
	Missing bool      // a feed that is there is left as it is
}

// Rebuilt says what became of feeds that were made again.
type Rebuilt struct {
	Feeds   int // that are now as ranking would answer
	Equal   int // of those, which were so before
	Changed int // of those, which were altered, or no longer right
	Added   int // of those, which were not there
}

// Rebuild ranks the feeds of agents again, whatever their stamps say, and stores those that differ from what is stored. A
// feed that is there keeps the time it had. Agents whom the directory does not know are left out, and so is a feed that
// cannot be ranked, which is logged. An error is the store's, and the call can be repeated.
func (k *Keeper) Rebuild(ctx context.Context, readers []Reader) (done Rebuilt, err error) {
	for batch := range slices.Chunk(readers, k.cfg.WarmBatch) {
		some, err := k.rebuild(ctx, batch)
		if err != nil {
			return done, fmt.Errorf("rebuild feeds: %w", err)
		}
		done.Feeds, done.Equal, done.Changed, done.Added = done.Feeds+some.Feeds, done.Equal+some.Equal, done.Changed+some.Changed, done.Added+some.Added
	}
	return done, nil
}

func (k *Keeper) rebuild(ctx context.Context, readers []Reader) (done Rebuilt, err error) {
	agents := make([]string, len(readers))
	for i, r := range readers {
		agents[i] = r.Agent
	}
	all, err := k.store.GetMany(ctx, agents)
	if err != nil {
		return done, err
	}
	now := k.now()
	var changed []Kept
	for i, kept := range all {
		there := kept.Found || kept.Damaged
		if there && readers[i].Missing || !there && readers[i].Last.IsZero() {
			continue
		}
		if !there {
			kept.Read = readers[i].Last
		}
		feed, err := k.rank(agents[i], kept.Profile, fil.OrderRanked, now)
		if err != nil {
			if !errors.Is(err, ErrUnknownAgent) {
				k.log.ErrorContext(ctx, "feed not ranked", "stage", "delivery", "error", err)
			}
			continue
		}
		done.Feeds++
		switch {
		case kept.Found && sameFeed(kept.Feed, feed):
			done.Equal++
			continue
		case there:
			done.Changed++
		default:
			done.Added++
		}
		kept.Feed = feed
		changed = append(changed, kept)
	}
	return done, k.store.PutMany(ctx, changed)
}

// sameFeed compares what a reader sees of two feeds, and what they rest on.
func sameFeed(a, b fil.Feed) bool {
	return a.Stamp == b.Stamp && a.Policy == b.Policy && slices.Equal(a.Entries, b.Entries)
}
