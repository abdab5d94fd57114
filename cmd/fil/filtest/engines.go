package filtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// OnNamedEngines points a configuration to the engines that the environment names, if any, where the test has topics and
// databases of its own. A cluster it has to itself.
func OnNamedEngines(t testing.TB, cfg *config.Config) bool {
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
	options := redis.UniversalOptions{Addrs: store.Addresses, Username: store.Username, Password: store.Password}
	if len(store.Addresses) == 1 {
		options.DB = enginetest.Database(t, options)
		cfg.Redis.Database = options.DB
	}
	client := redis.NewUniversalClient(&options)
	defer func() { _ = client.Close() }()
	enginetest.Empty(t, client)
	return true
}

// StartEmbedded starts the three engines in the test's process, until its end.
func StartEmbedded(t testing.TB, dir string) *embedded.Engines {
	t.Helper()
	running, err := embedded.Start(context.Background(), embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := running.Close(ctx); err != nil {
			t.Errorf("close engines: %v", err)
		}
	})
	return running
}

// OwnEngines are settings on engines of the test's own, whatever the environment names, without a data folder.
func OwnEngines(t testing.TB) config.Config {
	t.Helper()
	own := StartEmbedded(t, t.TempDir())
	return config.Default().On(own.Kafka, own.Redis, own.ClickHouse)
}
