package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/filengine/fil/cmd/fil/embedded/chdb"
)

// ErrNoLibrary is what StartClickHouse and Start answer when libchdb.so is missing; its text says what to run.
var ErrNoLibrary = chdb.ErrNoLibrary

// ClickHouse is the facts engine, behind ClickHouse's own HTTP interface on the loopback interface.
type ClickHouse struct {
	engine   *chdb.Engine
	server   *http.Server
	addr     string
	password string
	lock     *os.File
	close    sync.Once
}

// StartClickHouse starts the facts engine in the folder clickhouse of cfg.Dir, at cfg.Listen. libchdb.so is the one of
// cfg.Library, or else the one that chdb.Find finds; without it the error is ErrNoLibrary.
//
// The engine holds one data directory per process: a second start in the same process is an error until the first is
// closed. So a test package starts it once, in TestMain or by sync.OnceValues, with a directory that outlives its tests,
// and each test creates a database of its own.
func StartClickHouse(cfg Config) (*ClickHouse, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	if cfg.Password == "" {
		cfg.Password = rand.Text()
	}
	dir, lock, err := claim(cfg.Dir, "clickhouse")
	if err != nil {
		return nil, err
	}
	engine, err := chdb.Open(chdb.Config{
		Dir: dir, Library: cfg.Library, Password: cfg.Password, Log: cfg.Log,
		KeepFree: 2 * cfg.KeepFree, MemoryBytes: cfg.ClickHouse.MemoryBytes, QueryThreads: cfg.ClickHouse.QueryThreads, Connections: cfg.ClickHouse.Connections,
	})
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("clickhouse: listen: %w", err), engine.Close(context.Background()), lock.Close())
	}
	c := &ClickHouse{
		engine: engine, addr: listener.Addr().String(), password: cfg.Password, lock: lock,
		server: &http.Server{Handler: engine, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute},
	}
	go func() {
		if err := c.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			cfg.Log.Error("embedded clickhouse stopped listening", "error", err)
		}
	}()
	cfg.Log.Debug("embedded engine started", "engine", "clickhouse", "addr", c.addr)
	return c, nil
}

// Addr is the host:port of the HTTP interface; connect with clickhouse-go's Protocol HTTP, or with curl.
func (c *ClickHouse) Addr() string { return c.addr }

// Username is the one to connect with.
func (c *ClickHouse) Username() string { return "default" }

// Password is the one to connect with.
func (c *ClickHouse) Password() string { return c.password }

// closeGrace is how long statements may still run when the engine closes; then they are stopped.
const closeGrace = 10 * time.Second

// Close takes no more requests, lets the statements that run end for up to ten seconds, and shuts the engine down.
func (c *ClickHouse) Close() error {
	var err error
	c.close.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
		defer cancel()
		if stopped := c.server.Shutdown(ctx); stopped != nil {
			err = errors.Join(fmt.Errorf("clickhouse: wait for requests: %w", stopped), c.server.Close())
		}
		err = errors.Join(err, c.engine.Close(ctx), c.lock.Close())
	})
	return err
}
