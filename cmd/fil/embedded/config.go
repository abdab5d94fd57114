// Package embedded runs the three engines of Fil inside one process: the log (Kafka's protocol, by kfake), feeds and
// profiles (Redis' protocol, by miniredis) and facts (the ClickHouse engine itself, by libchdb.so).
//
// It hides where an engine comes from: callers get addresses on the loopback interface, and talk to them with the
// clients they use in production. It guarantees that what the log or the facts have acknowledged survives a SIGKILL,
// that one data directory is used by one process at a time, that Close is ordered and bounded, and that the engines
// answer only to those who know the password. It does not replicate, does not listen on the network, and
// keeps nothing of Redis: feeds and profiles are rebuilt from the log.
//
// Tests of other packages may start one engine alone, with Dir set to t.TempDir().
package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
)

// Config says where the engines keep their data and how they may be reached.
type Config struct {
	// Dir is the data directory; each engine has a folder of its own in it. It is created, readable by its owner only.
	Dir string
	// Library is the path of libchdb.so. Empty: it is searched, see StartClickHouse.
	Library string
	// Password is what the engines ask of their clients. Empty: Start draws one for all, StartClickHouse draws its own,
	// StartKafka and StartRedis ask for none.
	Password string
	// TLS encrypts the connections of the log. Nil: they are in clear.
	TLS *tls.Config
	// Listen is where one engine, started alone, listens: host:port of the loopback interface. Empty: on a free port.
	Listen string
	// ClickHouse bounds what the facts engine may take of the machine.
	ClickHouse Limits
	// KeepFree is how many bytes of the disk the engines leave free: under it the log takes no record, and under twice as much
	// the facts no insert, while both can still end cleanly.
	KeepFree int64
	// Free tells how many bytes are free on the disk of a folder. Nil: the system is asked.
	Free func(dir string) (int64, error)
	// Log receives what the engines have to say. Nil: nothing is said.
	Log *slog.Logger
}

// Limits bound what the facts engine may take of the machine.
type Limits struct {
	// MemoryBytes is the most memory that all queries together may take.
	MemoryBytes int64
	// QueryThreads is the most threads that one query may take.
	QueryThreads int
	// Connections is how many queries run at the same time; the next ones wait.
	Connections int
}

// DefaultConfig returns the settings for a machine of 2 cores, without the data directory, which has no default.
func DefaultConfig() Config {
	return Config{ClickHouse: Limits{MemoryBytes: 4 << 30, QueryThreads: 2, Connections: 8}, KeepFree: 256 << 20}
}

// Validate reports every fault of the settings at once.
func (c Config) Validate() error {
	var faults []error
	if c.Dir == "" {
		faults = append(faults, errors.New("dir: a data directory is required"))
	}
	if c.ClickHouse.MemoryBytes < 256<<20 {
		faults = append(faults, fmt.Errorf("clickhouse memory: %d bytes, at least 256 MiB are required", c.ClickHouse.MemoryBytes))
	}
	if c.ClickHouse.QueryThreads < 1 {
		faults = append(faults, fmt.Errorf("clickhouse threads: %d, at least 1 is required", c.ClickHouse.QueryThreads))
	}
	if c.ClickHouse.Connections < 2 {
		faults = append(faults, fmt.Errorf("clickhouse connections: %d, at least 2 are required", c.ClickHouse.Connections))
	}
	if c.KeepFree < 0 {
		faults = append(faults, fmt.Errorf("keep free: %d bytes, 0 (the default) or more is required", c.KeepFree))
	}
	return errors.Join(faults...)
}

// withDefaults fills what the caller left out, so that Config{Dir: dir} is enough.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	if c.ClickHouse == (Limits{}) {
		c.ClickHouse = d.ClickHouse
	}
	if c.KeepFree == 0 {
		c.KeepFree = d.KeepFree
	}
	if c.Free == nil {
		c.Free = freeBytes
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// claim makes an engine's folder and locks it for this process. The lock ends with the process, however it ends.
func claim(root, engine string) (dir string, lock *os.File, err error) {
	if root == "" {
		return "", nil, fmt.Errorf("%s: a data directory is required", engine)
	}
	root, err = filepath.Abs(root)
	if err != nil {
		return "", nil, fmt.Errorf("%s: find data directory: %w", engine, err)
	}
	dir = filepath.Join(root, engine)
	if err := os.MkdirAll(root, 0o700); err != nil {
		return "", nil, fmt.Errorf("%s: make data directory: %w", engine, err)
	}
	lock, err = os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, fmt.Errorf("%s: open lock: %w", engine, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return "", nil, fmt.Errorf("%s: %s: %w (%w)", engine, dir, ErrInUse, err)
	}
	return dir, lock, nil
}

// ErrInUse says that another process has the data directory.
var ErrInUse = errors.New("in use by another process")

// Hold keeps the engines from starting in a data directory until release is called, or the process ends. The error wraps
// ErrInUse while one of them runs there.
func Hold(root string) (release func() error, err error) {
	var locks []*os.File
	release = func() error {
		var errs []error
		for _, lock := range locks {
			errs = append(errs, lock.Close())
		}
		return errors.Join(errs...)
	}
	for _, engine := range []string{"kafka", "clickhouse"} { // Redis keeps nothing there
		_, lock, err := claim(root, engine)
		if err != nil {
			return nil, errors.Join(err, release())
		}
		locks = append(locks, lock)
	}
	return release, nil
}
