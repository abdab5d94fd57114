package main

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/embedded"
)

// engines are the three engines, in the test's process, for roles that run in others.
type engines struct {
	t   *testing.T
	dir string
	cfg config.Config
}

func startEngines(t *testing.T) *engines {
	t.Helper()
	running, err := embedded.Start(context.Background(), embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := running.Close(ctx); err != nil {
			t.Errorf("close engines: %v", err)
		}
	})
	return &engines{t: t, dir: t.TempDir(), cfg: onEngines(config.Default(), running)}
}

// serve starts roles as one process and waits until they are ready.
func (e *engines) serve(roles ...string) *program {
	e.t.Helper()
	return e.serveWith(nil, roles...)
}

// serveWith is serve with more settings, as FIL_…=value.
func (e *engines) serveWith(settings []string, roles ...string) *program {
	e.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	p := &program{t: e.t, dir: e.dir, base: "http://" + address, keys: map[string]string{}, out: &journal{}}
	p.cmd = command(append([]string{"serve", "--data", e.dir, "--listen", address}, roles...)...)
	p.cmd.Env = append(p.cmd.Env, "FIL_LOG_BROKERS="+strings.Join(e.cfg.Log.Brokers, ","), "FIL_LOG_SASL_MECHANISM="+e.cfg.Log.SASL.Mechanism,
		"FIL_LOG_SASL_USERNAME="+e.cfg.Log.SASL.Username, "FIL_LOG_SASL_PASSWORD="+e.cfg.Log.SASL.Password,
		"FIL_REDIS_ADDRESSES="+strings.Join(e.cfg.Redis.Addresses, ","), "FIL_REDIS_PASSWORD="+e.cfg.Redis.Password,
		"FIL_CLICKHOUSE_ADDRESSES="+strings.Join(e.cfg.ClickHouse.Addresses, ","), "FIL_CLICKHOUSE_DATABASE="+e.cfg.ClickHouse.Database,
		"FIL_CLICKHOUSE_USERNAME="+e.cfg.ClickHouse.Username, "FIL_CLICKHOUSE_PASSWORD="+e.cfg.ClickHouse.Password)
	p.cmd.Env = append(p.cmd.Env, settings...)
	p.start()
	return p
}

// start runs the process until the test ends, waits until it is ready, and makes a key of each role.
func (p *program) start() {
	p.t.Helper()
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		p.kill()
		if p.t.Failed() {
			p.t.Logf("what %s wrote:\n%s", strings.Join(p.cmd.Args[1:], " "), p.out)
		}
	})
	eventually(p.t, "readiness", func() bool {
		resp, err := http.Get(p.base + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	for _, role := range []string{"ingest", "communicator", "leader", "service"} {
		p.keys[role] = p.key(role)
	}
}
