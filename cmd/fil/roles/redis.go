package roles

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// errRedisAway is the answer of a Redis that is known to be away: it costs nothing.
var errRedisAway = errors.New("redis is away")

const (
	redisAttempts = 3                      // failures in a row after which a Redis is away
	redisEvery    = 500 * time.Millisecond // between two looks at it
	redisLook     = time.Second            // that a look may take
)

// redisWatch knows whether Redis is away, so that what can do without it does so at once instead of waiting, each time,
// for dials and retries to fail. It is the one breaker before Redis: of one, or of each node of a cluster, so that a node
// that is away takes nothing from the others.
//
// A breaker opens after redisAttempts failures in a row, whoever asked, and then refuses everything with errRedisAway but
// the looks that run takes each redisEvery: no reader pays for finding out, and a return is noticed within a second.
type redisWatch struct {
	client redis.UniversalClient
	log    *slog.Logger
	gauge  prometheus.Gauge

	open    atomic.Int32 // breakers that are open
	unknown atomic.Bool  // the last look at a cluster failed
}

// watchRedis puts the breaker before a client. The error is that of a Redis which refuses us, as a wrong password makes
// it: waiting mends nothing then. One that cannot be reached is no error.
func watchRedis(ctx context.Context, client redis.UniversalClient, log *slog.Logger, reg prometheus.Registerer) (*redisWatch, error) {
	redis.SetLogger(redisTalk{log}) // the client writes a line for each dial that fails to the standard error otherwise
	w := &redisWatch{client: client, log: log, gauge: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fil_server_breaker_open", Help: "1 while an engine, or a node of it, is held for away and is not asked.",
		ConstLabels: prometheus.Labels{"engine": "redis"},
	})}
	if err := reg.Register(w.gauge); err != nil {
		return nil, fmt.Errorf("register metrics of redis: %w", err)
	}
	hook := func(node *redis.Client) { node.AddHook(&redisBreaker{watch: w, address: node.Options().Addr}) }
	switch c := client.(type) {
	case *redis.ClusterClient:
		c.OnNewNode(hook)
	case *redis.Client:
		hook(c)
	}
	if err := w.look(ctx); refused(err) {
		return nil, fmt.Errorf("redis refuses this process: %w", err)
	}
	return w, nil
}

// away says whether Redis, or a part of it, is known to be away.
func (w *redisWatch) away() bool { return w.open.Load() > 0 || w.unknown.Load() }

func (w *redisWatch) name() string { return "redis" }

// await does not wait: a stage that needs Redis waits by itself.
func (w *redisWatch) await(context.Context) bool { return true }

// run looks at Redis until the context ends.
func (w *redisWatch) run(ctx context.Context) error {
	ticker := time.NewTicker(redisEvery)
	defer ticker.Stop()
	var saidAt time.Time
	for {
		if err := w.look(ctx); refused(err) && time.Since(saidAt) > time.Minute {
			saidAt = time.Now()
			w.log.ErrorContext(ctx, "redis refuses this process: mend redis.username and redis.password, or Redis' own", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

type lookKey struct{}

// look asks every Redis whether it is there, past the breakers.
func (w *redisWatch) look(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(context.WithValue(ctx, lookKey{}, true), redisLook)
	defer cancel()
	cluster, several := w.client.(*redis.ClusterClient)
	if !several {
		return w.client.Ping(bounded).Err()
	}
	err := cluster.ForEachShard(bounded, func(ctx context.Context, node *redis.Client) error { return node.Ping(ctx).Err() })
	if ctx.Err() == nil {
		w.unknown.Store(isAway(err)) // before any node is known there is no breaker to say it
		w.tell()
	}
	return err
}

func (w *redisWatch) tell() {
	if w.away() {
		w.gauge.Set(1)
	} else {
		w.gauge.Set(0)
	}
}

// redisBreaker is the breaker before one Redis. It is a hook of the client, around its retries.
type redisBreaker struct {
	watch   *redisWatch
	address string
	open    atomic.Bool

	mu       sync.Mutex // protects what follows
	failures int        // in a row
	since    time.Time
}

// DialHook leaves dials as they are: those of a breaker that is open are not asked for.
func (b *redisBreaker) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook refuses one command while Redis is away.
func (b *redisBreaker) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if b.refuses(ctx) {
			cmd.SetErr(errRedisAway)
			return errRedisAway
		}
		err := next(ctx, cmd)
		b.note(ctx, err)
		return err
	}
}

// ProcessPipelineHook refuses a pipeline, whole, while Redis is away.
func (b *redisBreaker) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if b.refuses(ctx) {
			for _, cmd := range cmds {
				cmd.SetErr(errRedisAway)
			}
			return errRedisAway
		}
		err := next(ctx, cmds)
		b.note(ctx, err)
		return err
	}
}

func (b *redisBreaker) refuses(ctx context.Context) bool {
	return b.open.Load() && ctx.Value(lookKey{}) == nil
}

// note counts what an exchange came to.
func (b *redisBreaker) note(ctx context.Context, err error) {
	failed := isAway(err)
	if err != nil && !failed && !answered(err) {
		return // says nothing of Redis: the caller left, or this process waits for a connection of its own
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !failed:
		b.failures = 0
		if !b.open.CompareAndSwap(true, false) {
			return
		}
		b.watch.open.Add(-1)
		b.watch.log.InfoContext(ctx, "redis is back", "address", b.address, "after", time.Since(b.since).Round(time.Millisecond))
	default:
		if b.failures++; b.failures < redisAttempts || !b.open.CompareAndSwap(false, true) {
			return
		}
		b.since = time.Now()
		b.watch.open.Add(1)
		b.watch.log.WarnContext(ctx, "redis is away: feeds are served newest first, what agents do waits in the log", "address", b.address, "error", err)
	}
	b.watch.tell()
}

// isAway says that an exchange failed for lack of a Redis that works: nobody answered, or one that cannot serve.
func isAway(err error) bool {
	switch {
	case err == nil, errors.Is(err, errRedisAway), errors.Is(err, context.Canceled), errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrClosed):
		return false
	case answered(err):
		return startsWith(err, "LOADING", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH", "WRONGPASS")
	default:
		return true
	}
}

// answered says that Redis itself gave the error.
func answered(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

// refused says that Redis does not let this process in.
func refused(err error) bool { return answered(err) && startsWith(err, "NOAUTH", "WRONGPASS") }

func startsWith(err error, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}

// redisTalk takes what the client library says by itself, about connections: the watch has said what matters.
type redisTalk struct{ log *slog.Logger }

func (t redisTalk) Printf(ctx context.Context, format string, args ...any) {
	t.log.DebugContext(ctx, "redis client", "says", fmt.Sprintf(format, args...))
}
