// Package eventlog is the log of Fil over Apache Kafka: records go in with Publish, and come out through Drain (a stage's
// effects), Pipe (a stage whose effects are more records) and Table (a compacted topic as a live projection).
//
// It hides Kafka and the client that speaks to it: partitions are chosen, acknowledgements awaited, groups joined,
// offsets committed, connections mended and poison parked here and nowhere else.
//
// It guarantees that a record is acknowledged only when every in-sync replica has it; that records of one key are
// published, and given to a stage, in order; that a stage is given each record at least once and a batch again, the
// same, until it is done or every record left is rejected; that a rejected record is parked with its reason before the
// records after it are committed; that no lane outlives its member's turn with a partition; and that Close is ordered
// and bounded.
//
// It does not deduplicate: an unanswered request may have been written, a publisher then tries again, and the same event
// is in the log twice. Whoever has an effect compares identities (fil.Event.Identity). It orders nothing between
// partitions, and the number of partitions is read once, at Open.
package eventlog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/semaphore"

	"github.com/filengine/fil"
)

// ErrClosed is the answer of a log that has been closed, or is closing.
var ErrClosed = errors.New("the log is closed")

// Config says where the log is and how it is kept. Start from DefaultConfig.
type Config struct {
	// Brokers are addresses (host:port) of some of the cluster's brokers; the others are found through them.
	Brokers []string
	// TLS encrypts the connections to the brokers; without a server name, each broker must prove the host of its address.
	// Nil: they are in clear.
	TLS *tls.Config
	// Login says who we are to the brokers. Zero: they do not ask.
	Login Login
	// Prefix begins the name of every topic and consumer group, so that one cluster can carry several installations.
	Prefix string
	// Partitions of each topic that is missing; topics that exist keep theirs.
	Partitions int
	// Replication is the number of copies of each topic that is missing.
	Replication int
	// MinInSync is how many copies must be written before a record is acknowledged. 0: all but one, at least one.
	MinInSync int
	// Retention is how long engagements are kept.
	Retention time.Duration
	// RejectedRetention is how long rejected records are kept for replay.
	RejectedRetention time.Duration
	// AccessRetention is how long accesses to the register of acknowledgements are kept.
	AccessRetention time.Duration
	// PublishTimeout bounds one Publish whose context sets no nearer deadline.
	PublishTimeout time.Duration
	// BatchBytes bounds one request to a partition, before compression. The brokers' max.message.bytes must allow it.
	BatchBytes int
	// BufferBytes bounds what all calls of Publish together hold; the next ones wait.
	BufferBytes int
	// FetchBytes bounds one answer of a broker, compressed. A lane holds two answers at most.
	FetchBytes int
	// CommitEvery is the least time between two commits of a drain. After a crash, about that much is given again.
	CommitEvery time.Duration
	// OpenTimeout is how long Open tries while no broker answers. 0: until its context is done.
	OpenTimeout time.Duration
	// Session is how long a member of a consumer group may say nothing before its partitions go to the others: how soon the
	// work of a dead process is taken over. The brokers' group.min.session.timeout.ms (6 s as a rule) must allow it.
	Session time.Duration
	// Grace is how long a batch in hand may go on when its lane must end, before its context is cancelled.
	Grace time.Duration
	// Now is the clock for Record.Admitted. Nil: time.Now.
	Now func() time.Time
}

// DefaultConfig is right for one broker on the loopback interface; a cluster sets Brokers and Replication (3).
// Engagements are kept 13 months, the longest that the CNIL allows a tracker to live.
func DefaultConfig() Config {
	return Config{
		Brokers:           []string{"127.0.0.1:9092"},
		Partitions:        8,
		Replication:       1,
		Retention:         396 * 24 * time.Hour,
		RejectedRetention: 90 * 24 * time.Hour,
		AccessRetention:   365 * 24 * time.Hour,
		PublishTimeout:    30 * time.Second,
		BatchBytes:        900 << 10,
		BufferBytes:       64 << 20,
		FetchBytes:        1 << 20,
		CommitEvery:       100 * time.Millisecond,
		OpenTimeout:       30 * time.Second,
		Session:           10 * time.Second,
		Grace:             5 * time.Second,
	}
}

// Validate reports every fault of the settings at once.
func (c Config) Validate() error {
	var faults []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	refuse(len(c.Brokers) == 0, "brokers: at least one address is required")
	for _, b := range c.Brokers {
		refuse(b == "", "brokers: an address is empty")
	}
	if _, err := c.Login.mechanism(); err != nil {
		faults = append(faults, fmt.Errorf("login: %w", err))
	}
	refuse(!prefixes().MatchString(c.Prefix), "prefix %q: only letters, digits, '.', '_' and '-', at most 64", c.Prefix)
	refuse(c.Partitions < 1 || c.Partitions > 1024, "partitions: %d is not between 1 and 1024", c.Partitions)
	refuse(c.Replication < 1 || c.Replication > 16, "replication: %d is not between 1 and 16", c.Replication)
	refuse(c.MinInSync < 0 || c.MinInSync > c.Replication, "min in sync: %d is not between 0 and the replication, %d", c.MinInSync, c.Replication)
	refuse(c.Retention < time.Hour, "retention: %s is under an hour", c.Retention)
	refuse(c.RejectedRetention < time.Hour, "rejected retention: %s is under an hour", c.RejectedRetention)
	refuse(c.AccessRetention < time.Hour, "access retention: %s is under an hour", c.AccessRetention)
	refuse(c.PublishTimeout <= 0, "publish timeout: %s is not positive", c.PublishTimeout)
	refuse(c.BatchBytes < 128<<10, "batch bytes: %d cannot hold the largest event, at least 131072 are required", c.BatchBytes)
	refuse(c.BufferBytes < c.BatchBytes, "buffer bytes: %d cannot hold one batch of %d", c.BufferBytes, c.BatchBytes)
	refuse(c.FetchBytes < 64<<10, "fetch bytes: %d, at least 65536 are required", c.FetchBytes)
	refuse(c.OpenTimeout < 0, "open timeout: %s is negative", c.OpenTimeout)
	refuse(c.CommitEvery < 0, "commit every: %s is negative", c.CommitEvery)
	refuse(c.Session < 3*heartbeat || c.Session > 5*time.Minute, "session: %s is not between %s and 5m", c.Session, 3*heartbeat)
	refuse(c.Grace < 0, "grace: %s is negative", c.Grace)
	return errors.Join(faults...)
}

func prefixes() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9._-]{0,64}$`) }

// Log is an open log. Its methods may be called from several goroutines.
type Log struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	conns   *network
	login   *mechanism // nil: none
	client  *kafka.Client
	buffer  *semaphore.Weighted
	topics  map[string][]int // Kafka's name of a topic → the numbers of its partitions, from 0; not changed after Open

	open context.Context //nolint:containedctx // the log's own life, as its callers cannot give it: ends when drains and tables must end
	stop context.CancelFunc
	life context.Context //nolint:containedctx // likewise: ends when no request may go on
	kill context.CancelFunc

	mu      sync.Mutex // protects what follows
	closed  bool       // nothing is published any more
	senders map[target]*sender
	stages  map[string]map[*draining]struct{}
	readers sync.WaitGroup // drains, tables, scans; Add under mu while open is not done
	sending sync.WaitGroup // senders at work; Add under mu while closed is false
}

// Open reaches the cluster, makes the topics that are missing and checks those that exist. While no broker answers it
// tries again, until ctx is done or Config.OpenTimeout has passed, and says now and then that it waits. What waiting cannot
// mend, such as a name, a login or a certificate that is refused, is an error at once.
func Open(ctx context.Context, cfg Config, log *slog.Logger, registry prometheus.Registerer) (*Log, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MinInSync == 0 {
		cfg.MinInSync = max(1, cfg.Replication-1)
	}
	l := &Log{
		cfg:     cfg,
		log:     log,
		metrics: newMetrics(registry, log),
		conns:   newNetwork(),
		buffer:  semaphore.NewWeighted(int64(cfg.BufferBytes)),
		topics:  map[string][]int{},
		senders: map[target]*sender{},
		stages:  map[string]map[*draining]struct{}{},
	}
	var err error
	if l.login, err = cfg.Login.mechanism(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if cfg.Login.Mechanism == Plain && cfg.TLS == nil {
		log.Warn("the password of the log travels in clear: use TLS, or a SCRAM mechanism", "mechanism", Plain)
	}
	l.open, l.stop = context.WithCancel(context.Background())
	l.life, l.kill = context.WithCancel(context.Background())
	transport := &kafka.Transport{
		Dial: l.conns.dial, DialTimeout: dialTimeout, ClientID: clientID, MetadataTTL: metadataTTL, Context: l.life, TLS: cfg.TLS,
	}
	if l.login != nil {
		transport.SASL = l.login
	}
	l.client = &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Timeout: requestTimeout, Transport: transport}
	if cfg.OpenTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, cfg.OpenTimeout)
		defer cancel()
	}
	topics, err := l.prepareTopics(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open log at %v: %w", cfg.Brokers, err), l.Close(ctx))
	}
	for name, partitions := range topics {
		l.topics[name] = numbers(partitions)
	}
	return l, nil
}

const (
	clientID       = "fil"
	requestTimeout = 10 * time.Second // one request and its answer; a produce request tells the broker half of it
	dialTimeout    = 3 * time.Second
	metadataTTL    = 2 * time.Second // how soon a new leader is found
)

// Close ends drains and tables, waits for the records being published, then closes the connections, in this order:
// a lane may have to park or publish before it ends. When ctx is done first, what is left is cut off and reported.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	l.stop()
	l.mu.Unlock()
	var errs []error
	if !await(ctx, &l.readers) {
		errs = append(errs, fmt.Errorf("close log: drains and tables have not ended: %w", ctx.Err()))
	}
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	if !await(ctx, &l.sending) {
		errs = append(errs, fmt.Errorf("close log: records are still being published: %w", ctx.Err()))
	}
	l.kill()
	l.client.Transport.(*kafka.Transport).CloseIdleConnections()
	l.conns.close()
	return errors.Join(errs...)
}

// await says whether the group ended before ctx did.
func await(ctx context.Context, group *sync.WaitGroup) bool {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// enter registers a reader of the log and gives it a context that also ends when the log closes.
func (l *Log) enter(ctx context.Context) (inner context.Context, leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open.Err() != nil {
		return nil, nil, ErrClosed
	}
	l.readers.Add(1)
	inner, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(l.open, cancel)
	return inner, func() {
		unhook()
		cancel()
		l.readers.Done()
	}, nil
}

func (l *Log) name(topic fil.Topic) string { return l.cfg.Prefix + string(topic) }

// partitions of a topic; an error when it is not one of the log's.
func (l *Log) partitions(topic fil.Topic) (int, error) {
	numbers, ok := l.topics[l.name(topic)]
	if !ok {
		return 0, fmt.Errorf("topic %q is not one of the log's", topic)
	}
	return len(numbers), nil
}

// pause waits for the nth try (from 1) of something that failed: 50 ms doubled each time up to 5 s, less up to a half at
// random so that many do not come back together. It says false when ctx ended first.
func pause(ctx context.Context, try int) bool {
	d := min(50*time.Millisecond<<min(try-1, 10), 5*time.Second)
	return sleep(ctx, d-rand.N(d/2))
}

// sleep says false when ctx ended before the time had passed.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
