package eventlog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

// heap is what is alive now.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// bulky makes n engagements of 10 kB that no compression makes smaller.
func bulky(n int) []fil.Record {
	records := events(n, 30)
	draw := rand.New(rand.NewPCG(1, 2))
	for i := range records {
		data := make([]byte, 0, 10_000)
		for len(data) < 9_900 {
			data = fmt.Appendf(data, "%016x", draw.Uint64())
		}
		records[i].Event.Data = fmt.Appendf(nil, "%q", data)
	}
	return records
}

// A stage that is stuck holds what it was given and two answers of the broker a lane, however much comes in meanwhile; once
// it goes on, it is given everything.
func TestDrain_AStuckStageHoldsABoundedAmount(t *testing.T) {
	l := open(t, func(c *eventlog.Config) { c.FetchBytes = 256 << 10 })
	var stuck sync.WaitGroup
	release := make(chan struct{})
	var done atomic.Int64
	stuck.Add(3) // lanes
	var seen sync.Map
	startDrain(t, l, eventlog.Drain{MaxBatch: 20, Handle: func(ctx context.Context, partition int, batch []fil.Record) error {
		if len(batch) == 0 {
			return nil
		}
		if _, again := seen.LoadOrStore(partition, true); !again {
			stuck.Done()
		}
		select {
		case <-release:
		case <-ctx.Done():
			return ctx.Err()
		}
		done.Add(int64(len(batch)))
		return nil
	}})
	const step, steps = 500, 16
	records := bulky(step)
	publish(t, l, records...)
	stuck.Wait()
	before := heap()
	for range steps - 1 { // the same identities: a drain does not look at them
		publish(t, l, records...)
	}
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("the heap has grown by %d MiB while %d MiB came in, want 16 at most", grown>>20, step*(steps-1)*10_000>>20)
	}
	close(release)
	eventually(t, "everything to be done", func() bool { return done.Load() == step*steps })
}
