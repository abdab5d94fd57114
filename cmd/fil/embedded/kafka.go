package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Kafka is the log: one broker on the loopback interface that writes every batch to disk before it acknowledges it.
//
// Topics are never created by use: the application creates them. A topic keeps everything unless it sets retention.ms
// or retention.bytes itself; retention and compaction are carried out at start only (see maintain), because the broker
// would not survive a SIGKILL in the middle of them.
//
// A batch that cannot be written is refused, and the ones before it stay whole. The broker does not notice a write that
// the system took and could not bring to the disk later, so it is asked for nothing more well before the disk is full
// (Config.KeepFree).
type Kafka struct {
	cluster  *kfake.Cluster
	addr     string
	password string
	lock     *os.File
	close    sync.Once
}

// kafkaUser is who may log in to the broker.
const kafkaUser = "fil"

// StartKafka starts the log in the folder kafka of cfg.Dir, at cfg.Listen. With a password it asks for a login by
// SCRAM; with an empty one, anyone on the machine may connect.
func StartKafka(cfg Config) (*Kafka, error) {
	cfg = cfg.withDefaults()
	dir, lock, err := claim(cfg.Dir, "kafka")
	if err != nil {
		return nil, err
	}
	room := &room{dir: dir, keep: cfg.KeepFree, free: cfg.Free, log: cfg.Log}
	if room.left() {
		err = maintain(dir, time.Now(), cfg.Log) // on a copy, which takes room
	}
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("kafka: maintain %s: %w", dir, err)
	}
	// The members of consumer groups are written down at a close, and would be waited for until their session ends. So is
	// who may log in, which would count for more than the password given.
	for _, note := range []string{"session_state.json", "sasl.json"} {
		if err := os.Remove(filepath.Join(dir, note)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			_ = lock.Close()
			return nil, fmt.Errorf("kafka: forget the members of groups and the users: %w", err)
		}
	}
	cluster, err := openCluster(dir, cfg.Log, cfg.brokerOptions()...)
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("kafka: open %s: %w", dir, err)
	}
	room.guard(cluster)
	k := &Kafka{cluster: cluster, addr: cluster.ListenAddrs()[0], password: cfg.Password, lock: lock}
	cfg.Log.Debug("embedded engine started", "engine", "kafka", "addr", k.addr)
	return k, nil
}

// brokerOptions are those of the broker that clients reach.
func (c Config) brokerOptions() []kfake.Opt {
	opts := []kfake.Opt{kfake.SyncWrites(), kfake.ListenFn(func(network, _ string) (net.Listener, error) {
		return net.Listen(network, c.Listen)
	})}
	if c.TLS != nil {
		opts = append(opts, kfake.TLS(c.TLS))
	}
	if c.Password != "" {
		opts = append(opts, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", kafkaUser, c.Password),
			kfake.Superuser("SCRAM-SHA-512", kafkaUser, c.Password))
	}
	return opts
}

// Addr is the broker's host:port.
func (k *Kafka) Addr() string { return k.addr }

// Username is the one to log in with, by SCRAM-SHA-256 or SCRAM-SHA-512.
func (k *Kafka) Username() string { return kafkaUser }

// Password is the one to log in with, empty if none is asked.
func (k *Kafka) Password() string { return k.password }

// Close stops the broker and writes what a quick restart needs. Requests still in flight get no answer.
func (k *Kafka) Close() error {
	var err error
	k.close.Do(func() {
		k.cluster.Close()
		err = k.lock.Close()
	})
	return err
}

// offsetsKept is how long the positions of a consumer group are kept when nobody reads, longer than facts are kept.
const offsetsKept = 400 * 24 * time.Hour

func openCluster(dir string, log *slog.Logger, more ...kfake.Opt) (*kfake.Cluster, error) {
	opts := append([]kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID("fil"),
		kfake.GroupMinSessionTimeout(time.Second),
		kfake.DataDir(dir),
		kfake.WithLogger(kafkaLog{log}),
		kfake.BrokerConfigs(map[string]string{
			"default.replication.factor": "1",
			"log.retention.ms":           "-1",
			"offsets.retention.minutes":  strconv.Itoa(int(offsetsKept.Minutes())),
			// The broker's own cleaner deletes segments before it has written their successors: it must never run.
			"log.cleaner.backoff.ms": strconv.Itoa(math.MaxInt64 / int(time.Millisecond)),
		}),
	}, more...)
	return kfake.NewCluster(opts...)
}

// kafkaLog hands the broker's warnings over; its informational lines are one per request.
type kafkaLog struct{ log *slog.Logger }

func (l kafkaLog) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("embedded kafka", "message", fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.log.Warn("embedded kafka", "message", fmt.Sprintf(format, args...))
	}
}
