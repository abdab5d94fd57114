package roles

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
)

// porch answers at the address of a process from its first moment: while the house behind it waits for its log, it says
// that it is alive, what it waits for, and when to come back.
type porch struct {
	http    *http.Server
	address net.Addr
	inside  atomic.Pointer[http.Handler]
	ended   chan error
}

func openPorch(listener net.Listener) *porch {
	p := &porch{address: listener.Addr(), ended: make(chan error, 1)}
	p.http = &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	go func() { p.ended <- p.http.Serve(listener) }()
	return p
}

// ServeHTTP lets through to the house, if it is built.
func (p *porch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if inside := p.inside.Load(); inside != nil {
		(*inside).ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/healthz" {
		_, _ = w.Write([]byte("ok\n"))
		return
	}
	w.Header().Set("Retry-After", "5")
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		access.WriteProblem(w, r, http.StatusServiceUnavailable,
			fil.Bilingual{FR: "Le serveur attend son journal (Kafka) : recommencez plus tard.", EN: "The server is waiting for its log (Kafka): try again later."})
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte("waiting for the log (kafka)\n"))
}

// serve lets requests in until the context ends, then lets those under way finish within half of the time of a stop.
// Streams have no end of their own: onStop cuts them.
func (p *porch) serve(ctx context.Context, s *server) error {
	for _, cut := range s.house.onStop {
		p.http.RegisterOnShutdown(cut)
	}
	p.inside.Store(&s.handler)
	select {
	case err := <-p.ended:
		return fmt.Errorf("serve on %s: %w", p.address, err)
	case <-ctx.Done():
	}
	if err := p.linger(s); err != nil {
		return err
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.house.cfg.Shutdown/2)
	defer cancel()
	err := p.http.Shutdown(stop)
	if served := <-p.ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// linger says on /readyz that this process leaves, and answers on for a while: whoever balances the load looks there every
// so often, and sends the next requests to the others meanwhile.
func (p *porch) linger(s *server) error {
	s.leaving.Store(true)
	p.http.SetKeepAlivesEnabled(false)
	if s.house.cfg.ShutdownDelay == 0 {
		return nil
	}
	select {
	case err := <-p.ended:
		return fmt.Errorf("serve on %s: %w", p.address, err)
	case <-time.After(s.house.cfg.ShutdownDelay):
		return nil
	}
}

// close ends a porch without a house.
func (p *porch) close() error {
	err := p.http.Close()
	if served := <-p.ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
