// Package enginetest gives tests the engines that they run on: embedded ones, or those that the environment names.
//
// It hides which of the two a test runs on: FIL_TEST_KAFKA, FIL_TEST_REDIS and FIL_TEST_CLICKHOUSE are addresses
// (host:port,…) of real engines, as deploy/local/engines writes them; what is not named is started in the test's process.
// An engine that is named and does not answer fails the test. It guarantees that a Redis is empty and the test's own. It
// does not part tests from one another in Kafka and ClickHouse: each takes a prefix of topics and a database of its own.
package enginetest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil/cmd/fil/embedded"
)

// Engine is where an engine is and what it asks of clients; what it does not ask is empty.
type Engine struct {
	Addresses          []string // host:port
	Username, Password string
}

// Named is the engine that FIL_TEST_NAME, FIL_TEST_NAME_USER and FIL_TEST_NAME_PASSWORD name, if any. Kafka's user is that
// of another port, with SASL, and is not given.
func Named(name string) (e Engine, ok bool) {
	variable := "FIL_TEST_" + strings.ToUpper(name)
	addresses := os.Getenv(variable)
	if addresses == "" {
		return Engine{}, false
	}
	e.Addresses = strings.Split(addresses, ",")
	if name != "kafka" {
		e.Username, e.Password = os.Getenv(variable+"_USER"), os.Getenv(variable+"_PASSWORD")
	}
	return e, true
}

// Engines are those that the tests of one package share, each started when it is first asked for and closed after the
// last test. Use it from TestMain: os.Exit(engines.Run(m)).
type Engines struct {
	kafka, clickHouse shared
}

// shared is one engine of a package's tests.
type shared struct {
	once   sync.Once
	engine Engine
	close  func() error
	err    error
}

// Run runs the tests, closes what they started and gives the exit status.
func (e *Engines) Run(m *testing.M) int {
	status := m.Run()
	for _, s := range []*shared{&e.kafka, &e.clickHouse} {
		if s.close == nil {
			continue
		}
		if err := s.close(); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "close engine:", err)
			status = max(status, 1)
		}
	}
	return status
}

// Kafka is the log of the package's tests.
func (e *Engines) Kafka(t testing.TB) Engine {
	t.Helper()
	return e.kafka.get(t, "kafka", func(dir string) (Engine, func() error, error) {
		k, err := embedded.StartKafka(embedded.Config{Dir: dir})
		if err != nil {
			return Engine{}, nil, err
		}
		return Engine{Addresses: []string{k.Addr()}}, k.Close, nil
	})
}

// ClickHouse is the facts engine of the package's tests; the embedded one takes one data directory a process.
func (e *Engines) ClickHouse(t testing.TB) Engine {
	t.Helper()
	return e.clickHouse.get(t, "clickhouse", func(dir string) (Engine, func() error, error) {
		c, err := embedded.StartClickHouse(embedded.Config{Dir: dir})
		if err != nil {
			return Engine{}, nil, err
		}
		return Engine{Addresses: []string{c.Addr()}, Username: c.Username(), Password: c.Password()}, c.Close, nil
	})
}

func (s *shared) get(t testing.TB, name string, start func(dir string) (Engine, func() error, error)) Engine {
	t.Helper()
	s.once.Do(func() {
		var ok bool
		if s.engine, ok = Named(name); ok {
			return
		}
		var dir string
		if dir, s.err = os.MkdirTemp("", "fil-"+name+"-"); s.err != nil { //nolint:usetesting // it outlives the test that asked first
			return
		}
		var closeEngine func() error
		if s.engine, closeEngine, s.err = start(dir); s.err != nil {
			_ = os.RemoveAll(dir)
			return
		}
		s.close = func() error {
			defer func() { _ = os.RemoveAll(dir) }()
			return closeEngine()
		}
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.engine
}

// Redis is a client, which does not retry, of an empty Redis that is the test's own: an embedded one, a database of the
// Redis named, or, when several addresses are named, a whole Redis Cluster. A cluster has one database, so tests on it
// run one at a time (go test -p 1 -parallel 1).
func Redis(t testing.TB) redis.UniversalClient {
	t.Helper()
	engine, ok := Named("redis")
	if !ok {
		server, err := embedded.StartRedis(embedded.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Close() })
		engine.Addresses = []string{server.Addr()}
	}
	options := redis.UniversalOptions{
		Addrs: engine.Addresses, Username: engine.Username, Password: engine.Password,
		MaxRetries: -1, ContextTimeoutEnabled: true, DialerRetries: 1,
		ReadTimeout: time.Minute, WriteTimeout: time.Minute, // tests do not judge time: an exchange of megabytes is long on a loaded machine
	}
	if ok && len(engine.Addresses) == 1 {
		options.DB = Database(t, options)
	}
	client := redis.NewUniversalClient(&options)
	t.Cleanup(func() { _ = client.Close() })
	Empty(t, client)
	return client
}

// Empty empties what a client of Redis gives: the database of one, or a whole cluster.
func Empty(t testing.TB, client redis.UniversalClient) {
	t.Helper()
	empty := func(ctx context.Context, node *redis.Client) error { return node.FlushDB(ctx).Err() }
	var err error
	switch c := client.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(t.Context(), empty)
	case *redis.Client:
		err = empty(t.Context(), c)
	}
	if err != nil {
		t.Fatalf("empty Redis: %v", err)
	}
}

// countedIn is the database that counts which ones were taken. The first is that of whoever is told of no other.
const countedIn = 1

// Database takes one of a Redis' databases, each in turn, whichever process asks: what a client of the test's own, or a program,
// is told to use.
func Database(t testing.TB, options redis.UniversalOptions) int {
	t.Helper()
	options.DB = countedIn
	client := redis.NewUniversalClient(&options)
	defer func() { _ = client.Close() }()
	taken, err := client.Incr(t.Context(), "taken").Result()
	if err != nil {
		t.Fatalf("take a database of the Redis at %v: %v", options.Addrs, err)
	}
	settings, err := client.ConfigGet(t.Context(), "databases").Result()
	if err != nil {
		t.Fatalf("count the databases of the Redis at %v: %v", options.Addrs, err)
	}
	var databases int
	if _, err := fmt.Sscan(settings["databases"], &databases); err != nil || databases < countedIn+2 {
		t.Fatalf("the Redis at %v has %q databases, too few", options.Addrs, settings["databases"])
	}
	return countedIn + 1 + int(taken)%(databases-countedIn-1)
}
