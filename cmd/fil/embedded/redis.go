package embedded

import (
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Redis holds feeds and profiles in memory. Nothing of it reaches the disk: it starts empty.
type Redis struct {
	server   *miniredis.Miniredis
	password string
	stop     chan struct{}
	stopped  chan struct{}
	close    sync.Once
}

// StartRedis starts Redis at cfg.Listen. With an empty cfg.Password anyone on the machine may connect.
func StartRedis(cfg Config) (*Redis, error) {
	cfg = cfg.withDefaults()
	server := miniredis.NewMiniRedis()
	if cfg.Password != "" {
		server.RequireAuth(cfg.Password)
	}
	if err := server.StartAddr(cfg.Listen); err != nil {
		return nil, fmt.Errorf("redis: listen: %w", err)
	}
	r := &Redis{server: server, password: cfg.Password, stop: make(chan struct{}), stopped: make(chan struct{})}
	go r.age()
	cfg.Log.Debug("embedded engine started", "engine", "redis", "addr", server.Addr())
	return r, nil
}

// Addr is the server's host:port.
func (r *Redis) Addr() string { return r.server.Addr() }

// Username is empty: clients are the default user.
func (r *Redis) Username() string { return "" }

// Password is what clients must give, empty if nothing is asked.
func (r *Redis) Password() string { return r.password }

// Close stops the server and forgets what it held.
func (r *Redis) Close() error {
	r.close.Do(func() {
		close(r.stop)
		<-r.stopped
		r.server.Close()
	})
	return nil
}

// Keys expire at most one tick late. One pass visits every key with the server locked, so with many keys the ticks
// grow apart until ageing takes no more than 1/ageingShare of the time.
const (
	ageingTick  = time.Second
	ageingShare = 50
)

// age makes time pass for keys with a time to live. The server's own clock would do the same pass at every command.
func (r *Redis) age() {
	defer close(r.stopped)
	last := time.Now()
	timer := time.NewTimer(ageingTick)
	defer timer.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-timer.C:
		}
		began := time.Now()
		r.server.FastForward(began.Sub(last))
		last = began
		timer.Reset(max(ageingTick, ageingShare*time.Since(began)))
	}
}
