package warehouse_test

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/cmd/fil/embedded"
)

// The engine takes one directory a process, so tests share it, each with a database of its own.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fil-warehouse-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	startEngine = sync.OnceValues(func() (*embedded.ClickHouse, error) {
		return embedded.StartClickHouse(embedded.Config{Dir: dir})
	})
	code := m.Run()
	if engine, err := startEngine(); err == nil {
		_ = engine.Close()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

var startEngine func() (*embedded.ClickHouse, error)

// settings are those of a database that no other test has.
func settings(t testing.TB) warehouse.Config {
	t.Helper()
	engine, err := startEngine()
	if err != nil {
		t.Fatal(err)
	}
	cfg := warehouse.DefaultConfig()
	cfg.Addrs, cfg.User, cfg.Password = []string{engine.Addr()}, engine.Username(), engine.Password()
	cfg.Database = fmt.Sprintf("t%d", time.Now().UnixNano())
	return cfg
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
