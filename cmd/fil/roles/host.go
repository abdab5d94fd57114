package roles

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
)

// Process is one process of Fil: some roles behind one listener.
type Process struct {
	Config   config.Config
	Listener net.Listener
	Roles    []string // of All
	Logger   *slog.Logger
	Version  string // of the program, as it is told

	// Ready, if any, is called once every projection has caught up, with what opens the process to callers.
	Ready func(ctx context.Context, ring *access.Keyring, signer *access.Signer) error
}

// Run runs the process until the context ends. In the order of a stop: requests end, then the loops that feed them, then the
// clients of the stores; the engines, when they are ours, are closed by the caller, last. It closes the listener.
func (p Process) Run(ctx context.Context) error {
	if p.Ready == nil {
		return p.run(ctx, nil)
	}
	return p.run(ctx, func(ctx context.Context, s *server) error { return p.Ready(ctx, s.ring, s.signer) })
}

func (p Process) run(ctx context.Context, whenReady func(context.Context, *server) error) (err error) {
	p.Logger = p.Logger.With("role", strings.Join(p.Roles, ","))
	front := openPorch(p.Listener)
	h, err := build(ctx, p)
	defer func() { err = errors.Join(err, h.close()) }()
	var s *server
	if err == nil {
		s, err = furnish(h)
	}
	switch {
	case err != nil && ctx.Err() != nil: // asked to stop while it waited
		return front.close()
	case err != nil:
		return errors.Join(err, front.close())
	}
	loops, stopLoops := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLoops()
	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	ended := make(chan error, 1)
	go func() {
		err := h.live(loops)
		stopServing() // a loop that cannot go on ends the process: a supervisor starts it again
		ended <- err
	}()
	welcomed := make(chan error, 1)
	go func() {
		welcomed <- s.welcome(serving, whenReady)
	}()
	served := front.serve(serving, s)
	stopServing()
	stopLoops()
	return errors.Join(served, <-welcomed, <-ended)
}

// furnish makes the server of a house, with the keys to it.
func furnish(h *house) (*server, error) {
	ring, err := access.OpenKeyring(h.cfg.KeysFile(), time.Now)
	if err != nil {
		return nil, err
	}
	signer, err := access.NewSigner(h.secret, time.Now)
	if err != nil {
		return nil, err
	}
	h.register = append(h.register, func(api huma.API) {
		if h.worksOnly() { // it has but the agents of its lanes, and could not tell which exist
			return
		}
		access.Register(api, signer, func(agent string) bool { _, ok := h.index.Agent(agent); return ok })
	})
	s := newServer(h, access.NewBearers(ring, signer, time.Now))
	s.ring, s.signer = ring, signer
	return s, nil
}

// welcome waits until every projection has caught up, then calls whenReady.
func (s *server) welcome(ctx context.Context, whenReady func(context.Context, *server) error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !s.isReady() {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	s.house.logger.InfoContext(ctx, "ready", "address", s.house.cfg.Listen, "agents", s.house.index.Len())
	if whenReady == nil {
		return nil
	}
	if err := whenReady(ctx, s); err != nil && ctx.Err() == nil {
		return fmt.Errorf("welcome: %w", err)
	}
	return nil
}
