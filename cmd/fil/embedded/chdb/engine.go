// Package chdb serves the ClickHouse engine, loaded from libchdb.so without cgo, behind ClickHouse's own HTTP interface.
//
// It hides the library's C interface, its habits (one data directory per process, one statement at a time per
// connection, what a failed statement leaves behind in its connection) and its Native blocks, which are those of the
// oldest revision whatever the client asks for. It guarantees that statements run side by side, that an answer of any
// size takes bounded memory, that an acknowledged insert survives a SIGKILL, that nothing of one request (settings,
// database, temporary tables, partial output) reaches another, and that no statement runs without the password.
//
// It does not keep sessions, does not take external tables, and does not speak ClickHouse's TCP protocol.
package chdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// Config says which data the engine serves and what it may take of the machine. Every field but Library and KeepFree is required.
type Config struct {
	// Dir is the data directory. Only one can be open in a process at a time.
	Dir string
	// Library is the path of libchdb.so; empty means that Find searches it.
	Library string
	// Password is what requests must carry, for the user “default”.
	Password string
	// MemoryBytes is the most that all statements together may take.
	MemoryBytes int64
	// KeepFree is how many bytes of its disk the engine leaves free: under it, inserts fail (243, NOT_ENOUGH_SPACE).
	KeepFree int64
	// QueryThreads is the most threads that one statement may take.
	QueryThreads int
	// Connections is how many statements run at the same time; the next ones wait for their turn.
	Connections int
	// Log hears of what no client can be told.
	Log *slog.Logger
}

// Engine is the engine running on one data directory, and an http.Handler for it.
type Engine struct {
	cfg  Config
	lib  *library
	base map[string]string // settings that every connection starts with
	args []string

	// keeper is a connection that runs no statement of any client: while it is open the engine stays up, and there is
	// always one left to stop a statement with.
	keeper *conn
	kill   sync.Mutex // guards keeper

	turns   chan struct{} // holds one element per statement that may still start
	closing chan struct{} // closed when no more statements are taken
	mu      sync.Mutex    // guards idle
	idle    []*conn
}

// opened is the data directory that the library has open in this process, which is a fact about the library and not
// about any one Engine.
var opened struct {
	sync.Mutex
	dir string
}

// Open starts the engine on a data directory, which it creates. The error is ErrNoLibrary when libchdb.so is missing.
func Open(cfg Config) (*Engine, error) {
	lib, err := load(cfg.Library)
	if err != nil {
		return nil, err
	}
	opened.Lock()
	defer opened.Unlock()
	if opened.dir != "" {
		return nil, fmt.Errorf("open %s: this process already has %s open, and the engine holds one data directory at a time", cfg.Dir, opened.dir)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	settings := filepath.Join(cfg.Dir, "fil-engine.xml")
	if err := os.WriteFile(settings, serverSettings(cfg), 0o600); err != nil {
		return nil, fmt.Errorf("write the engine's settings: %w", err)
	}
	e := &Engine{
		cfg: cfg, lib: lib, base: baseSettings(cfg), turns: make(chan struct{}, cfg.Connections), closing: make(chan struct{}),
		args: []string{"clickhouse", "--path=" + cfg.Dir, "--config-file=" + settings},
	}
	for name, value := range e.base {
		e.args = append(e.args, "--"+name+"="+value)
	}
	if e.keeper, err = lib.open(e.args); err != nil {
		return nil, fmt.Errorf("open %s: %w", cfg.Dir, err)
	}
	for range cfg.Connections {
		e.turns <- struct{}{}
	}
	opened.dir = cfg.Dir
	return e, nil
}

// Close waits for the statements that run until the context ends, then stops those that are left, and shuts the engine
// down. Statements that come meanwhile are refused.
func (e *Engine) Close(ctx context.Context) error {
	opened.Lock()
	defer opened.Unlock()
	select {
	case <-e.closing:
		return nil
	default:
		close(e.closing)
	}
	var late error
	for range e.cfg.Connections {
		select {
		case <-e.turns:
			continue
		case <-ctx.Done():
		}
		late = errors.Join(late, e.stopAll())
		<-e.turns
	}
	for _, c := range e.idle {
		c.close()
	}
	e.kill.Lock()
	e.keeper.close()
	e.keeper = nil
	e.kill.Unlock()
	opened.dir = ""
	return late
}

// acquire waits for a turn and gives a connection that has the base settings and no other.
func (e *Engine) acquire(ctx context.Context) (*conn, error) {
	select {
	case <-e.turns:
	case <-e.closing:
		return nil, exceptionf(codeAborted, "ABORTED", "The engine is closing")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	e.mu.Lock()
	if n := len(e.idle); n > 0 {
		c := e.idle[n-1]
		e.idle = e.idle[:n-1]
		e.mu.Unlock()
		return c, nil
	}
	e.mu.Unlock()
	c, err := e.lib.open(e.args)
	if err != nil {
		e.turns <- struct{}{}
		return nil, err
	}
	return c, nil
}

// release takes a connection back, and closes it unless it is as it was: a failed statement leaves part of its answer
// in its connection, where the next statement would find it.
func (e *Engine) release(c *conn, clean bool) {
	if clean {
		e.mu.Lock()
		e.idle = append(e.idle, c)
		e.mu.Unlock()
	} else {
		c.close()
	}
	e.turns <- struct{}{}
}

// stopAll ends every statement that runs; each answers its client with an error.
func (e *Engine) stopAll() error {
	return e.stop("1")
}

// stop ends the statements whose row of system.processes meets the condition.
func (e *Engine) stop(condition string) error {
	e.kill.Lock()
	defer e.kill.Unlock()
	if e.keeper == nil {
		return nil // nothing runs any more
	}
	err := e.keeper.exec("KILL QUERY WHERE "+condition+" ASYNC", "Null", nil, func([]byte) error { return nil })
	if err != nil {
		return fmt.Errorf("stop statements: %w", err)
	}
	return nil
}

// baseSettings are the statement-level settings of every connection. Without implicit_select the text "1" would be a
// statement, as it is not for a server.
func baseSettings(cfg Config) map[string]string {
	return map[string]string{
		"max_threads":     fmt.Sprint(cfg.QueryThreads),
		"implicit_select": "0",
	}
}

// serverSettings are the engine-level settings, made for a small machine that has other work to do. How many threads there
// may be is left as it is (10,000): when there is none left, statements wait for one for ever, and those that wait for work in an
// engine that was closed are never given back: after the tests of a whole command, 186 of 208 were such.
func serverSettings(cfg Config) []byte {
	return fmt.Appendf(nil, `<clickhouse>
  <max_server_memory_usage>%d</max_server_memory_usage>
  <max_thread_pool_free_size>8</max_thread_pool_free_size>
  <max_io_thread_pool_size>8</max_io_thread_pool_size>
  <max_io_thread_pool_free_size>0</max_io_thread_pool_free_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <tables_loader_foreground_pool_size>2</tables_loader_foreground_pool_size>
  <tables_loader_background_pool_size>2</tables_loader_background_pool_size>
  <mark_cache_size>%d</mark_cache_size>
  <index_mark_cache_size>16777216</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <merge_tree>
    <min_free_disk_bytes_to_perform_insert>%d</min_free_disk_bytes_to_perform_insert>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
`, cfg.MemoryBytes, cfg.MemoryBytes/32, cfg.KeepFree)
}
