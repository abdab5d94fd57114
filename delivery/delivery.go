// Package delivery answers reads: the page of a feed, why each content is in it, and the stream that says when it
// changes.
//
// It hides when a feed is computed: a stored feed that is still right is served as it is, its reasons with it, any other
// is ranked at the read and stored. It hides paging too: a cursor carries what is left to serve, so that no item that was there is
// skipped or repeated however the feed changes between pages, and each item is checked again at the time of its page.
//
// It guarantees that what is served is what ranking would answer now, that Markdown leaves as safe HTML, and that an
// ETag is equal only for equal answers. It does not rank, and keeps nothing that cannot be made again. While the store
// does not answer, feeds are made from memory, newest first, and say so (Fil-Degraded): nothing is known then of what the
// agent has read, dismissed or acknowledged.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
)

// Ranker is what delivery needs of ranking. Its methods compute, without I/O, and are safe for concurrent use.
type Ranker interface {
	// Rank computes a feed; known is false for an agent whom the directory does not have.
	Rank(agent string, profile []byte, order fil.Order, now time.Time) (feed fil.Feed, known bool, err error)
	// Brief gives entries of a feed, as Rank made them, with their contents, without ranking anything; fresh is false, and
	// there are none, when Rank would not answer the same feed now. The first bytes of a profile are enough. Briefs of a
	// fresh feed change at full hours only.
	Brief(feed fil.Feed, profile []byte, entries []fil.Entry, order fil.Order, now time.Time) (briefs []fil.Brief, fresh bool)
	// Sentences puts the note of a brief about a content into words, in French or in English. Of now, the year and the
	// location count.
	Sentences(content *fil.Content, note fil.Note, language string, now time.Time) []string
	// Place explains entries, in their order, in a language. Those no longer eligible are left out; contents has one
	// content for each placement. The score of an entry that is not in the feed now is 0.
	Place(agent string, profile []byte, entries []fil.Entry, order fil.Order, language string, now time.Time) (placements []fil.Placement, contents []fil.Content, err error)
}

// ScoreSteps is how many steps there are in one unit of a score, in feeds and in pages of them: a step is 1.1 % of a
// content's quality. Explanations have the whole number.
const ScoreSteps = 64

// Kept is what the store has for an agent.
type Kept struct {
	Feed    fil.Feed
	Found   bool      // whether there is a feed; Feed.Agent is set in any case
	Damaged bool      // there is one that cannot be read, which is as good as none
	Read    time.Time // the day when it was last read
	Profile []byte    // the agent's profile, as ranking packs it; nil when there is none
	Cut     bool      // there may be more of the profile than its first bytes, which Profile is
}

// Store is what delivery needs of a feed store.
type Store interface {
	// Get reads an agent's feed, and at least what tells whether it is fresh of the profile.
	Get(ctx context.Context, agent string) (Kept, error)
	// GetMany reads feeds and whole profiles of many agents; the answer has their order.
	GetMany(ctx context.Context, agents []string) ([]Kept, error)
	// Put keeps a feed that is being read now, for the warm window.
	Put(ctx context.Context, feed fil.Feed, now time.Time) error
	// PutMany replaces feeds that are still kept, or are damaged, and leaves them the time they had. One that was not found
	// is kept for what is left of the warm window since its Read, unless there is one now.
	PutMany(ctx context.Context, all []Kept) error
}

// Directory is what delivery needs of the directory: who exists, and in which language they read.
type Directory interface {
	// Language is empty when it is not said; known is false for an agent whom the directory does not have.
	Language(agent string) (language string, known bool)
}

// ErrUnknownAgent is the answer for an agent whom the directory does not have.
var ErrUnknownAgent = errors.New("unknown agent")

// Config bounds what delivery takes of a machine.
type Config struct {
	CacheBytes      int           // of contents made ready for the wire
	WarmBatch       int           // agents in one exchange with the store
	StoreTimeout    time.Duration // how long a read waits for the store, before the feed is made without it
	Streams         int           // open streams, in all
	StreamsPerAgent int           // open streams of one agent
	Poll            time.Duration // how often the feeds of connected agents are checked
	Heartbeat       time.Duration // between comments on a silent stream
	WriteTimeout    time.Duration // how long a client may take to accept an event
	StreamLife      time.Duration // after which a stream ends, so that a revoked key does not read for ever
}

// DefaultConfig suits one modest machine.
func DefaultConfig() Config {
	return Config{
		CacheBytes: 64 << 20, WarmBatch: 256, StoreTimeout: time.Second,
		Streams: 4096, StreamsPerAgent: 8,
		Poll: 2 * time.Second, Heartbeat: 15 * time.Second, WriteTimeout: 10 * time.Second, StreamLife: time.Hour,
	}
}

// Validate gathers the faults of the settings.
func (c Config) Validate() error {
	var faults fil.Faults
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"cache_bytes", int64(c.CacheBytes)}, {"warm_batch", int64(c.WarmBatch)}, {"store_timeout", int64(c.StoreTimeout)}, {"streams", int64(c.Streams)}, {"streams_per_agent", int64(c.StreamsPerAgent)},
		{"poll", int64(c.Poll)}, {"heartbeat", int64(c.Heartbeat)}, {"write_timeout", int64(c.WriteTimeout)}, {"stream_life", int64(c.StreamLife)},
	} {
		if n.value <= 0 {
			faults.Add(n.name, "doit être positif", "must be positive")
		}
	}
	return faults.Err()
}

// Parts are what a Keeper works with. All are needed, but for Order and Saved.
type Parts struct {
	Ranker    Ranker
	Store     Store
	Directory Directory
	Log       *slog.Logger
	Metrics   prometheus.Registerer
	Now       func() time.Time
	// Order is the order that an agent chose, as their profile says, of which it gets the first bytes at least; nil: ranked.
	Order func(profile []byte) fil.Order
	// Saved is what an agent saved, as their whole profile says, the last first; nil: nothing.
	Saved func(profile []byte) []fil.ContentKey
}

// Keeper keeps feeds right: at the read of one, and by Warm. It is safe for concurrent use.
type Keeper struct {
	ranker    Ranker
	store     Store
	directory Directory
	log       *slog.Logger
	now       func() time.Time
	order     func(profile []byte) fil.Order
	saved     func(profile []byte) []fil.ContentKey
	cfg       Config
	metrics   *metrics
	cache     *cache
	buffers   sync.Pool    // of *[]byte: pages that were written
	said      atomic.Int64 // when the log was last told that the store did not answer, in Unix nanoseconds
}

// NewKeeper makes a keeper.
func NewKeeper(cfg Config, parts Parts) (*Keeper, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("delivery: %w", err)
	}
	m, err := newMetrics(parts.Metrics)
	if err != nil {
		return nil, fmt.Errorf("delivery: register metrics: %w", err)
	}
	return &Keeper{
		ranker: parts.Ranker, store: parts.Store, directory: parts.Directory, log: parts.Log, now: parts.Now, order: parts.Order, saved: parts.Saved,
		cfg: cfg, metrics: m, cache: newCache(cfg.CacheBytes),
	}, nil
}
