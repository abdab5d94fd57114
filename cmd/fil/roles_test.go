package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/filtest"
	"github.com/filengine/fil/cmd/fil/roles"
)

// engines are the three engines, those that the environment names or embedded ones, for roles that run in processes of
// their own.
type engines struct {
	t   *testing.T
	dir string
	cfg config.Config
}

func startEngines(t *testing.T) *engines {
	t.Helper()
	cfg := config.Default()
	if filtest.OnNamedEngines(t, &cfg) {
		return &engines{t: t, dir: t.TempDir(), cfg: cfg}
	}
	return &engines{t: t, dir: t.TempDir(), cfg: filtest.OwnEngines(t)}
}

// startAll starts every role as one process: `fil serve` on the engines that the environment names, or `fil up`.
func startAll(t *testing.T) *program {
	t.Helper()
	cfg := config.Default()
	if filtest.OnNamedEngines(t, &cfg) {
		return (&engines{t: t, dir: t.TempDir(), cfg: cfg}).serve(roles.All()...)
	}
	return startUp(t, t.TempDir())
}

// serve starts roles as one process and waits until they are ready.
func (e *engines) serve(roles ...string) *program {
	e.t.Helper()
	return e.serveWith(nil, roles...)
}

// serveWith is serve with more settings, as FIL_…=value.
func (e *engines) serveWith(settings []string, roles ...string) *program {
	e.t.Helper()
	address := filtest.Nobody(e.t)
	p := &program{Program: &filtest.Program{T: e.t, Dir: e.dir, Base: "http://" + address, Keys: map[string]string{}, Out: &filtest.Journal{}}}
	p.cmd = command(append([]string{"serve", "--data", e.dir, "--listen", address}, roles...)...)
	p.cmd.Env = append(p.cmd.Env, "FIL_LOG_BROKERS="+strings.Join(e.cfg.Log.Brokers, ","), "FIL_LOG_PREFIX="+e.cfg.Log.Prefix,
		"FIL_LOG_SASL_MECHANISM="+e.cfg.Log.SASL.Mechanism,
		"FIL_LOG_SASL_USERNAME="+e.cfg.Log.SASL.Username, "FIL_LOG_SASL_PASSWORD="+e.cfg.Log.SASL.Password,
		"FIL_REDIS_ADDRESSES="+strings.Join(e.cfg.Redis.Addresses, ","), "FIL_REDIS_DATABASE="+strconv.Itoa(e.cfg.Redis.Database), "FIL_REDIS_USERNAME="+e.cfg.Redis.Username, "FIL_REDIS_PASSWORD="+e.cfg.Redis.Password,
		"FIL_CLICKHOUSE_ADDRESSES="+strings.Join(e.cfg.ClickHouse.Addresses, ","), "FIL_CLICKHOUSE_DATABASE="+e.cfg.ClickHouse.Database,
		"FIL_CLICKHOUSE_USERNAME="+e.cfg.ClickHouse.Username, "FIL_CLICKHOUSE_PASSWORD="+e.cfg.ClickHouse.Password)
	p.cmd.Env = append(p.cmd.Env, settings...)
	p.start()
	return p
}

// start runs the process until the test ends, waits until it is ready, and makes a key of each role.
func (p *program) start() {
	p.T.Helper()
	p.cmd.Stdout, p.cmd.Stderr = p.Out, p.Out
	if err := p.cmd.Start(); err != nil {
		p.T.Fatal(err)
	}
	p.T.Cleanup(func() {
		p.kill()
		if p.T.Failed() {
			p.T.Logf("what %s wrote:\n%s", strings.Join(p.cmd.Args[1:], " "), p.Out)
		}
	})
	filtest.Eventually(p.T, "readiness", func() bool {
		resp, err := http.Get(p.Base + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	for _, role := range []string{"ingest", "communicator", "leader", "service"} {
		var more []string
		if role == "leader" { // who counts facts
			more = []string{"--sample"}
		}
		p.Keys[role] = p.key(role, more...)
	}
}
