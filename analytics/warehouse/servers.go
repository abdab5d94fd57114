package warehouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// servers are one server, or the replicas of a cluster's one shard, in the order of preference. Each has connections of its
// own: clickhouse-go can take several addresses, but a silent one uses up the whole time that a connection may take, the
// connections to one that died are each found out in turn, and nothing tells which server a statement went to.
//
// All statements go to one server until it fails them, then to the next, and stay there.
type servers struct {
	all     []server
	current atomic.Int64
}

type server struct {
	driver.Conn
	addr string
}

// connect makes the connections, without opening one.
func connect(cfg Config, database string) (*servers, error) {
	s := &servers{}
	for _, addr := range cfg.Addrs {
		db, err := clickhouse.Open(&clickhouse.Options{
			Protocol: clickhouse.HTTP, Addr: []string{addr}, TLS: cfg.TLS,
			Auth:        clickhouse.Auth{Database: database, Username: cfg.User, Password: cfg.Password},
			DialTimeout: cfg.DialTimeout, ReadTimeout: max(cfg.QueryTimeout, cfg.InsertTimeout) + cfg.DialTimeout,
			MaxOpenConns: cfg.Connections, MaxIdleConns: cfg.Connections,
			Compression: &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
			// A statement that outlives its caller must not outlive its time.
			Settings: clickhouse.Settings{"max_execution_time": int(cfg.QueryTimeout / time.Second)},
		})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connect to ClickHouse at %s: %w", addr, err), s.close())
		}
		s.all = append(s.all, server{db, addr})
	}
	return s, nil
}

func (s *servers) close() error {
	var errs []error
	for _, one := range s.all {
		if err := one.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close the connections to ClickHouse at %s: %w", one.addr, err))
		}
	}
	return errors.Join(errs...)
}

// on has the current server do something, and the next ones when it cannot. What is done must bear to be done again after
// a failure, whose outcome is unknown.
func (s *servers) on(ctx context.Context, do func(server) error) error {
	var errs []error
	first := s.current.Load()
	for i := range int64(len(s.all)) {
		at := (first + i) % int64(len(s.all))
		err := do(s.all[at])
		if err == nil {
			return nil
		}
		if !elsewhere(err) || errors.Is(ctx.Err(), context.Canceled) {
			return errors.Join(append(errs, err)...)
		}
		s.current.CompareAndSwap(at, (at+1)%int64(len(s.all)))
		if len(s.all) > 1 {
			err = fmt.Errorf("%s: %w", s.all[at].addr, err)
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// Numbers of ClickHouse's errors (src/Common/ErrorCodes.cpp) with which one replica says that it cannot, where another may.
const (
	codeNetworkError    = 210
	codeAborted         = 236 // it is shutting down
	codeTableIsReadOnly = 242 // it has lost Keeper
	codeKeeperException = 999
)

// errBehind is of a replica that has not fetched, in the time given, what the others have.
var errBehind = errors.New("the replica is behind the others")

// elsewhere says that another replica may do what this one did not.
func elsewhere(err error) bool {
	var exception *clickhouse.Exception
	if !errors.As(err, &exception) || errors.Is(err, errBehind) {
		return true
	}
	return slices.Contains([]int32{codeNetworkError, codeAborted, codeTableIsReadOnly, codeKeeperException}, exception.Code)
}

// syncTimeout bounds how long a replica may take to catch up before another one is asked. It is rare that it takes any time.
const syncTimeout = 10 * time.Second

// settled is on, for reads that must see every insert which was acknowledged before, whichever replica took it: the server
// that does it fetches first what the others have of the tables. A read on one server alone sees that anyway.
//
// ClickHouse's own way, select_sequential_consistency, allows but one insert into a table at a time.
func (w *Warehouse) settled(ctx context.Context, do func(server) error, tables ...string) error {
	return w.servers.on(ctx, func(s server) error {
		if w.cfg.Cluster != "" {
			if err := catchUp(ctx, s, tables); err != nil {
				return err
			}
		}
		return do(s)
	})
}

func catchUp(ctx context.Context, s server, tables []string) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"receive_timeout": int(syncTimeout / time.Second)}))
	for _, table := range tables {
		err := s.Exec(ctx, "SYSTEM SYNC REPLICA "+table+" LIGHTWEIGHT")
		var exception *clickhouse.Exception
		if errors.As(err, &exception) && exception.Code == codeTimeoutExceeded {
			err = fmt.Errorf("%w (%w)", errBehind, err)
		}
		if err != nil {
			return fmt.Errorf("bring the replica up to date with %s: %w", table, err)
		}
	}
	return nil
}

const codeTimeoutExceeded = 159

// acknowledged are the settings of an insert. On a cluster it is acknowledged once a majority of the replicas has it, so
// that it survives the loss of one; inserts need not wait for each other.
func (w *Warehouse) acknowledged(more clickhouse.Settings) clickhouse.Settings {
	settings := clickhouse.Settings{"async_insert": 0}
	if w.cfg.Cluster != "" {
		settings["insert_quorum"], settings["insert_quorum_parallel"] = "auto", 1
		settings["insert_quorum_timeout"] = (w.cfg.InsertTimeout * 3 / 4).Milliseconds()
	}
	for name, value := range more {
		settings[name] = value
	}
	return settings
}
