package analytics_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// engines are this package's tests' own, or those that the environment names; each test has a database of its own.
var engines enginetest.Engines

func TestMain(m *testing.M) { os.Exit(engines.Run(m)) }

// settings are those of a database that no other test has.
func settings(t testing.TB) warehouse.Config {
	t.Helper()
	engine := engines.ClickHouse(t)
	cfg := warehouse.DefaultConfig()
	cfg.Addrs, cfg.User, cfg.Password = engine.Addresses, engine.Username, engine.Password
	cfg.Database = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, fmt.Sprintf("t%d_%.40s", time.Now().UnixNano(), t.Name()))
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

var testKey = []byte("a key that only tests know")

func newRecorder(t testing.TB, store analytics.Store) (*analytics.Recorder, *prometheus.Registry) {
	t.Helper()
	cfg := analytics.DefaultConfig()
	cfg.PseudonymKey, cfg.CheckEvery = testKey, 0 // each beat looks
	metrics := prometheus.NewRegistry()
	r, err := analytics.NewRecorder(cfg, store, slog.New(slog.DiscardHandler), metrics)
	if err != nil {
		t.Fatal(err)
	}
	return r, metrics
}

// start is when the tests' records are admitted, unless they say otherwise: within the retention.
var start = time.Now().UTC().Truncate(24 * time.Hour).Add(-48 * time.Hour)

// act is a record of the log: an agent did something with a content.
func act(t testing.TB, offset int64, id string, e fil.Engagement) fil.Record {
	t.Helper()
	if e.Time.IsZero() {
		e.Time = start.Add(time.Hour)
	}
	if e.Content == "" {
		e.Content = "voeux"
	}
	event, err := e.Event("tests", id)
	if err != nil {
		t.Fatal(err)
	}
	return fil.Record{
		Position: fil.Position{Topic: fil.TopicEngagements, Offset: offset}, Key: e.Agent,
		Admitted: start.Add(time.Duration(offset) * time.Millisecond), Event: event,
	}
}

func agentID(n int) string { return fmt.Sprintf("agent-%03d", n) }

// record gives a batch as the log does: after ErrForgotten the lane starts again.
func record(t testing.TB, r *analytics.Recorder, batch ...fil.Record) {
	t.Helper()
	for range 2 {
		err := give(t.Context(), r, batch)
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), fil.ErrForgotten.Error()) {
			t.Fatal(err)
		}
	}
	t.Fatal("the recorder asked twice for the lane to be given again")
}

func give(ctx context.Context, r *analytics.Recorder, batch []fil.Record) error {
	if err := r.Record(ctx, 0, nil); err != nil {
		return err
	}
	return r.Record(ctx, 0, batch)
}
