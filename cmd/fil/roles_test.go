package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// onNamedEngines points a configuration to the engines that the environment names, if any, where the test has topics and
// a database of its own, and Redis to itself: one test at a time may use them.
func onNamedEngines(t testing.TB, cfg *config.Config) bool {
	t.Helper()
	kafka, someKafka := enginetest.Named("kafka")
	store, someRedis := enginetest.Named("redis")
	facts, someFacts := enginetest.Named("clickhouse")
	switch {
	case !someKafka && !someRedis && !someFacts:
		return false
	case !someKafka || !someRedis || !someFacts:
		t.Fatal("FIL_TEST_KAFKA, FIL_TEST_REDIS and FIL_TEST_CLICKHOUSE go together: the program needs all three")
	}
	own := fmt.Sprintf("t%d", time.Now().UnixNano())
	cfg.Log.Brokers, cfg.Log.Prefix = kafka.Addresses, own+"."
	cfg.Redis = config.Redis{Addresses: store.Addresses, Username: store.Username, Password: store.Password}
	cfg.ClickHouse = config.ClickHouse{Addresses: facts.Addresses, Database: own, Username: facts.Username, Password: facts.Password}
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: store.Addresses, Username: store.Username, Password: store.Password})
	defer func() { _ = client.Close() }()
	enginetest.Empty(t, client)
	return true
}

// startEmbedded starts the three engines in the test's process, until its end.
func startEmbedded(t testing.TB, dir string) *embedded.Engines {
	t.Helper()
	running, err := embedded.Start(context.Background(), embedded.Config{Dir: dir})
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
	return running
}

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
	if onNamedEngines(t, &cfg) {
		return &engines{t: t, dir: t.TempDir(), cfg: cfg}
	}
	return startOwnEngines(t)
}

// startOwnEngines is startEngines with embedded ones whatever the environment names, for tests about what they refuse.
func startOwnEngines(t *testing.T) *engines {
	t.Helper()
	return &engines{t: t, dir: t.TempDir(), cfg: onEngines(config.Default(), startEmbedded(t, t.TempDir()))}
}

// startAll starts every role as one process: `fil serve` on the engines that the environment names, or `fil up`.
func startAll(t *testing.T) *program {
	t.Helper()
	cfg := config.Default()
	if onNamedEngines(t, &cfg) {
		return (&engines{t: t, dir: t.TempDir(), cfg: cfg}).serve(allRoles()...)
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
	address := nobody(e.t)
	p := &program{t: e.t, dir: e.dir, base: "http://" + address, keys: map[string]string{}, out: &journal{}}
	p.cmd = command(append([]string{"serve", "--data", e.dir, "--listen", address}, roles...)...)
	p.cmd.Env = append(p.cmd.Env, "FIL_LOG_BROKERS="+strings.Join(e.cfg.Log.Brokers, ","), "FIL_LOG_PREFIX="+e.cfg.Log.Prefix,
		"FIL_LOG_SASL_MECHANISM="+e.cfg.Log.SASL.Mechanism,
		"FIL_LOG_SASL_USERNAME="+e.cfg.Log.SASL.Username, "FIL_LOG_SASL_PASSWORD="+e.cfg.Log.SASL.Password,
		"FIL_REDIS_ADDRESSES="+strings.Join(e.cfg.Redis.Addresses, ","), "FIL_REDIS_USERNAME="+e.cfg.Redis.Username, "FIL_REDIS_PASSWORD="+e.cfg.Redis.Password,
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
		var more []string
		if role == "leader" { // who counts facts
			more = []string{"--sample"}
		}
		p.keys[role] = p.key(role, more...)
	}
}
