// Package feedstore keeps one bounded, ranked feed per agent in Redis. It is the room's only importer of go-redis.
//
// It hides how a feed is packed (about 50 bytes and 8 per entry, so 0.85 KB for 100), under which key it lies and when
// it goes. A feed and the agent's profile have the same hash tag, so that one exchange reads both, in Redis Cluster too.
//
// It guarantees that what it gives back is what was put, whole: a value that is altered, or written by a version it
// does not know, is as good as missing, and counted. It does not say whether a feed is still right: nothing in it is
// the truth, and each feed can be ranked again.
package feedstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
)

// Config says how long feeds stay and what is read with them.
type Config struct {
	// Window is the warm window: how long after its last read a feed is kept.
	Window time.Duration
	// Beside gives the key that is read in the same exchange as an agent's feed: that of the profile. It must have the
	// hash tag {agent}.
	Beside func(agent string) string
	// Keys finds the contents of a packed feed, which has 6 bytes of each key.
	Keys Lengthen
}

// headBytes is how much of a profile Get reads: all of it for most agents (38 contents, as ranking packs them), and enough
// for any to tell whether a feed is still right.
const headBytes = 1024

// DefaultConfig keeps feeds for 30 days. Beside and Keys are for the caller to say.
func DefaultConfig() Config { return Config{Window: 30 * 24 * time.Hour} }

// Validate gathers the faults of the settings.
func (c Config) Validate() error {
	var faults fil.Faults
	if c.Window < 24*time.Hour {
		faults.Add("window", "doit être d'un jour au moins", "must be at least a day")
	}
	if c.Beside == nil {
		faults.Add("beside", "doit être renseigné", "is required")
	}
	if c.Keys == nil {
		faults.Add("keys", "doit être renseigné", "is required")
	}
	return faults.Err()
}

// Key is where an agent's feed lies.
func Key(agent string) string { return "f:{" + agent + "}" }

// Store is safe for concurrent use.
type Store struct {
	client     redis.UniversalClient
	cfg        Config
	unreadable prometheus.Counter
	packed     prometheus.Histogram
	together   gathering
	alone      bool // on a cluster
}

// New makes a store on a client that the caller closes.
func New(client redis.UniversalClient, cfg Config, reg prometheus.Registerer) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("feed store: %w", err)
	}
	s := &Store{
		client: client,
		cfg:    cfg,
		unreadable: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fil_delivery_unreadable_feeds_total",
			Help: "Stored feeds that were altered or of an unknown version, and were ranked again.",
		}),
		packed: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "fil_delivery_feed_bytes",
			Help:    "Bytes of a feed as stored.",
			Buckets: []float64{128, 256, 512, 1024, 1536, 2048, 4096, 8192, 16384},

			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
		}),
	}
	s.together.read = s.read
	_, s.alone = client.(*redis.ClusterClient)
	for _, c := range []prometheus.Collector{s.unreadable, s.packed} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("feed store: register metrics: %w", err)
		}
	}
	return s, nil
}

// Get reads an agent's feed, and the first 1,024 bytes of the profile, in one exchange: its own, or one with those that others
// read at the same time. In a cluster it is its own, for a node that is away must not hold up what others have.
func (s *Store) Get(ctx context.Context, agent string) (delivery.Kept, error) {
	var got raw
	if s.alone {
		got = s.read(ctx, []string{agent})[0]
	} else {
		got = s.together.get(ctx, agent)
	}
	if got.err != nil {
		return delivery.Kept{}, fmt.Errorf("read a feed: %w", got.err)
	}
	kept := s.kept(agent, got.feed, got.profile)
	kept.Cut = len(got.profile) == headBytes
	return kept, nil
}

// read gives what there is for agents, in their order. Agents of a cluster are read one by one.
func (s *Store) read(ctx context.Context, agents []string) []raw {
	pipe, keys, profiles := s.client.Pipeline(), make([]string, len(agents)), make([]*redis.StringCmd, len(agents))
	for i, agent := range agents {
		keys[i] = Key(agent)
	}
	feeds := pipe.MGet(ctx, keys...)
	for i, agent := range agents {
		profiles[i] = pipe.GetRange(ctx, s.cfg.Beside(agent), 0, headBytes-1)
	}
	_, _ = pipe.Exec(ctx) // each answer has its own error
	all := make([]raw, len(agents))
	for i := range all {
		all[i].profile, all[i].err = profiles[i].Bytes()
		if err := feeds.Err(); err != nil {
			all[i].err = err
			continue
		}
		all[i].feed = bytesOf(feeds.Val()[i])
	}
	return all
}

// GetMany reads the feeds and whole profiles of many agents in one pipeline; the answer has their order.
func (s *Store) GetMany(ctx context.Context, agents []string) ([]delivery.Kept, error) {
	if len(agents) == 0 {
		return nil, nil
	}
	pipe := s.client.Pipeline()
	answers := make([]*redis.SliceCmd, len(agents))
	for i, agent := range agents {
		answers[i] = pipe.MGet(ctx, Key(agent), s.cfg.Beside(agent))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("read %d feeds: %w", len(agents), err)
	}
	all := make([]delivery.Kept, len(agents))
	for i, answer := range answers {
		all[i] = s.kept(agents[i], bytesOf(answer.Val()[0]), bytesOf(answer.Val()[1]))
	}
	return all, nil
}

// kept is what a packed feed, nil when there is none, and the value beside it make.
func (s *Store) kept(agent string, packed, beside []byte) delivery.Kept {
	k := delivery.Kept{Feed: fil.Feed{Agent: agent}}
	if len(beside) > 0 {
		k.Profile = beside
	}
	if packed == nil {
		return k
	}
	feed, read, err := Unpack(packed, s.cfg.Keys)
	if err != nil {
		s.unreadable.Inc()
		k.Damaged = true
		return k
	}
	k.Feed, k.Read, k.Found = feed, read, true
	k.Feed.Agent = agent
	return k
}

func bytesOf(value any) []byte {
	if text, ok := value.(string); ok {
		return []byte(text)
	}
	return nil
}

// Put keeps a feed that is being read now, for the whole window.
func (s *Store) Put(ctx context.Context, feed fil.Feed, now time.Time) error {
	packed, err := Pack(feed, now)
	if err != nil {
		return fmt.Errorf("store a feed: %w", err)
	}
	if err := s.client.Set(ctx, Key(feed.Agent), packed, s.cfg.Window).Err(); err != nil {
		return fmt.Errorf("store a feed: %w", err)
	}
	s.packed.Observe(float64(len(packed)))
	return nil
}

// PutMany replaces feeds in one pipeline. A feed that is gone meanwhile stays gone and the others keep the time they
// had left, because ranking a feed again is not reading it. One that was not found, as after Redis was emptied, is kept
// until the window has passed since its Read, unless a reader had one put meanwhile.
func (s *Store) PutMany(ctx context.Context, all []delivery.Kept) error {
	if len(all) == 0 {
		return nil
	}
	pipe := s.client.Pipeline()
	for _, k := range all {
		packed, err := Pack(k.Feed, k.Read)
		if err != nil {
			return fmt.Errorf("store a feed: %w", err)
		}
		how := redis.SetArgs{Mode: "XX", KeepTTL: true}
		if !k.Found && !k.Damaged {
			how = redis.SetArgs{Mode: "NX", ExpireAt: k.Read.Add(s.cfg.Window)}
		}
		pipe.SetArgs(ctx, Key(k.Feed.Agent), packed, how)
		s.packed.Observe(float64(len(packed)))
	}
	answers, err := pipe.Exec(ctx)
	if err == nil {
		return nil
	}
	var failures []error
	for _, answer := range answers {
		if err := answer.Err(); err != nil && !errors.Is(err, redis.Nil) {
			failures = append(failures, err)
		}
	}
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("store %d feeds: %w", len(all), err)
	}
	return nil
}

// Agents calls each with the agents who have a feed, some at a time and in no order; one may come twice. Those whose feed
// is put or goes meanwhile may come or not.
func (s *Store) Agents(ctx context.Context, each func(agents []string) error) error {
	prefix, suffix, _ := strings.Cut(Key("*"), "*")
	const step = 512
	scan := func(ctx context.Context, node redis.Cmdable) error {
		for cursor := uint64(0); ; {
			keys, next, err := node.Scan(ctx, cursor, Key("*"), step).Result()
			if err != nil {
				return fmt.Errorf("list feeds: %w", err)
			}
			agents := make([]string, len(keys))
			for i, key := range keys {
				agents[i] = strings.TrimSuffix(strings.TrimPrefix(key, prefix), suffix)
			}
			if err := each(agents); err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	}
	cluster, several := s.client.(*redis.ClusterClient)
	if !several {
		return scan(ctx, s.client)
	}
	var one sync.Mutex // nodes are asked at the same time, each is called once at a time
	return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		one.Lock()
		defer one.Unlock()
		return scan(ctx, node)
	})
}
