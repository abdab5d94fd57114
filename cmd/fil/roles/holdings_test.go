package roles

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/filtest"
)

// A worker that gets a partition long after its tables were ready begins with all that the one before it went by.
func TestLaneBeginsWithWhatTheLogHolds(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	engines := filtest.StartEmbedded(t, cfg.Data)
	cfg = cfg.On(engines.Kafka, engines.Redis, engines.ClickHouse)
	ctx, stop := context.WithCancel(t.Context())
	h, err := build(ctx, Process{Config: cfg, Roles: []string{"worker", "delivery"}, Logger: discard()})
	if err != nil {
		t.Fatal(err)
	}
	opened, applied := make(chan struct{}), make(chan struct{})
	h.also[fil.TopicMemberships] = append(h.also[fil.TopicMemberships], func([]fil.Record) error {
		select { // as long as others are waited for
		case <-opened:
		case <-time.After(300 * time.Millisecond):
		}
		close(applied)
		return nil
	})
	var running sync.WaitGroup
	defer func() {
		stop()
		running.Wait()
		if err := h.close(); err != nil {
			t.Error(err)
		}
	}()
	for _, table := range h.tables {
		running.Go(func() { _ = table.Run(ctx) })
	}
	for _, table := range h.tables {
		<-table.Ready()
	}
	records := []fil.Record{{
		Position: fil.Position{Topic: fil.TopicMemberships}, Key: "someone", Event: fil.Event{ID: "2", Source: "test", Type: fil.TypeMembership},
	}}
	if err := h.events.Publish(ctx, records); err != nil {
		t.Fatal(err)
	}
	release, err := h.openLane(ctx, records[0].Partition)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	close(opened)
	select {
	case <-applied:
	default:
		t.Error("the lane was opened before a record that was in the log was applied")
	}
}
