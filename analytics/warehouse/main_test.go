package warehouse_test

import (
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// engines are this package's tests' own, or those that the environment names; each test has a database of its own.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(engines.Run(m)) }

// settings are those of a database that no other test has.
func settings(t testing.TB, change ...func(*warehouse.Config)) warehouse.Config {
	t.Helper()
	engine := engines.ClickHouse(t)
	cfg := warehouse.DefaultConfig()
	cfg.Addrs, cfg.User, cfg.Password = engine.Addresses, engine.Username, engine.Password
	cfg.Database = fmt.Sprintf("t%d", time.Now().UnixNano())
	for _, f := range change {
		f(&cfg)
	}
	return cfg
}

func withDatabase(name string) func(*warehouse.Config) {
	return func(cfg *warehouse.Config) { cfg.Database = name }
}

func open(t testing.TB, cfg warehouse.Config) *warehouse.Warehouse {
	t.Helper()
	w, err := warehouse.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}
