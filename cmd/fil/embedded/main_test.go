package embedded_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/filengine/fil/cmd/fil/embedded"
)

// TestMain runs the tests, or, when a test has started this binary again, the child that it wants to kill.
func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := runChild(context.Background(), role, os.Getenv(childDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	closeClickHouse()
	os.Exit(code)
}

// The facts engine takes one directory per process, so the tests share it, each with a database of its own.
var startClickHouse, closeClickHouse = sharedClickHouse()

func sharedClickHouse() (start func() (*embedded.ClickHouse, error), stop func()) {
	dir := ""
	start = sync.OnceValues(func() (*embedded.ClickHouse, error) {
		var err error
		if dir, err = os.MkdirTemp("", "fil-embedded-"); err != nil {
			return nil, err
		}
		return embedded.StartClickHouse(embedded.Config{Dir: dir})
	})
	stop = func() {
		if dir == "" {
			return
		}
		if c, err := start(); err == nil {
			_ = c.Close()
		}
		_ = os.RemoveAll(dir)
	}
	return start, stop
}
