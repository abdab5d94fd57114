package eventlog_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

// live is a table's projection: the data of each key.
type live struct {
	mu      sync.Mutex
	data    map[string]string
	busy    bool
	overlap bool
	verdict func([]fil.Record) error
}

func (v *live) apply(records []fil.Record) error {
	v.mu.Lock()
	v.overlap = v.overlap || v.busy
	v.busy = true
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		v.busy = false
		v.mu.Unlock()
	}()
	if v.verdict != nil {
		if err := v.verdict(records); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.data == nil {
		v.data = map[string]string{}
	}
	for _, r := range records {
		if r.Event.Data == nil {
			delete(v.data, r.Key)
		} else {
			v.data[r.Key] = string(r.Event.Data)
		}
	}
	return nil
}

func (v *live) snapshot() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := map[string]string{}
	for k, d := range v.data {
		all[k] = d
	}
	return all
}

func agent(id, data string) fil.Record {
	r := fil.Record{
		Position: fil.Position{Topic: fil.TopicAgents}, Key: id,
		Event: fil.Event{ID: id + data, Source: "test", Type: fil.TypeAgent},
	}
	if data != "" {
		r.Event.Data = []byte(data)
	}
	return r
}

func TestTable_CatchesUpThenFollows(t *testing.T) {
	cfg := config(t)
	l := openWith(t, cfg)
	publish(t, l, agent("a", `1`), agent("b", `1`), agent("c", `1`), agent("d", `1`), agent("a", `2`), agent("b", ``))
	var v live
	table := l.Table(fil.TopicAgents, v.apply)
	if loaded, of := table.Progress(); loaded != 0 || of != 0 {
		t.Errorf("before it runs %d of %d are loaded", loaded, of)
	}
	start(t, table.Run)
	<-table.Ready()
	if loaded, of := table.Progress(); loaded != of || of < 4 {
		t.Errorf("when ready %d of %d are loaded", loaded, of)
	}
	if diff := cmp.Diff(map[string]string{"a": "2", "c": "1", "d": "1"}, v.snapshot()); diff != "" {
		t.Errorf("when ready (-want +got):\n%s", diff)
	}

	for _, r := range publish(t, l, agent("c", ``), agent("e", `1`)) {
		if err := table.Await(t.Context(), r.Position); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string]string{"a": "2", "d": "1", "e": "1"}, v.snapshot()); diff != "" {
		t.Errorf("after what was awaited (-want +got):\n%s", diff)
	}
	if loaded, of := table.Progress(); loaded != of {
		t.Errorf("afterwards %d of %d are loaded", loaded, of)
	}
	if v.overlap {
		t.Error("apply was called twice at the same time")
	}

	var second live
	again := l.Table(fil.TopicAgents, second.apply)
	start(t, again.Run)
	<-again.Ready()
	if diff := cmp.Diff(v.snapshot(), second.snapshot()); diff != "" {
		t.Errorf("a second reader sees another state:\n%s", diff)
	}
}

func TestTable_ReadyWhenTheLogIsEmpty(t *testing.T) {
	l := open(t)
	table := l.Table(fil.TopicContents, new(live).apply)
	start(t, table.Run)
	<-table.Ready()
}

func TestTable_AwaitEndsWithItsContext(t *testing.T) {
	l := open(t)
	table := l.Table(fil.TopicAgents, new(live).apply)
	start(t, table.Run)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := table.Await(ctx, fil.Position{Topic: fil.TopicAgents, Offset: 99}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("await: %v, want the deadline", err)
	}
	for _, wrong := range []fil.Position{{Topic: fil.TopicContents}, {Topic: fil.TopicAgents, Partition: 99}, {Topic: fil.TopicAgents, Partition: -1}} {
		if err := table.Await(t.Context(), wrong); err == nil {
			t.Errorf("await %s: it can never be, and was accepted", wrong)
		}
	}
	if err := table.Run(t.Context()); err == nil {
		t.Error("a table ran twice")
	}
}

func TestTable_PoisonAndRejectionsDoNotStopIt(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 1 })
	l := openWith(t, cfg)
	publish(t, l, agent("a", `1`))
	write(t, cfg, fil.TopicAgents, kafka.Message{Key: []byte("b"), Value: []byte("no event")})
	last := publish(t, l, agent("c", `1`))[0]
	tries := 0
	v := live{verdict: func([]fil.Record) error {
		if tries++; tries == 1 {
			return errors.New("not now")
		}
		return nil
	}}
	var rejected error
	table := l.Table(fil.TopicAgents, func(records []fil.Record) error {
		if err := v.apply(records); err != nil {
			return err
		}
		rejected = errors.Join(rejected, fil.Reject(records[0], errors.New("half a record")))
		return rejected
	})
	start(t, table.Run)
	if err := table.Await(t.Context(), last.Position); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "c": "1"}, v.snapshot()); diff != "" {
		t.Errorf("after poison (-want +got):\n%s", diff)
	}
}

func TestTable_ABareNullFromAnotherProducerIsATombstone(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 1 })
	l := openWith(t, cfg)
	publish(t, l, agent("a", `1`), agent("b", `1`))
	write(t, cfg, fil.TopicAgents, kafka.Message{Key: []byte("a")}) // the compaction will remove "a", whatever we think
	last := publish(t, l, agent("c", `1`))[0]
	var v live
	table := l.Table(fil.TopicAgents, v.apply)
	start(t, table.Run)
	if err := table.Await(t.Context(), last.Position); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"b": "1", "c": "1"}, v.snapshot()); diff != "" {
		t.Errorf("after the tombstone (-want +got):\n%s", diff)
	}
}

// A table that was ready long ago catches up with what is in the log when it is asked to.
func TestTable_CatchUp(t *testing.T) {
	l := open(t)
	applied := make(chan string, 10)
	table := l.Table(fil.TopicAgents, func(records []fil.Record) error {
		for _, rec := range records {
			applied <- rec.Key
		}
		return nil
	})
	running := start(t, table.Run)
	<-table.Ready()
	if err := table.CatchUp(t.Context()); err != nil {
		t.Errorf("with nothing in the log: %v", err)
	}
	for _, name := range []string{"a", "b", "c"} {
		rec := publish(t, l, agent(name, `1`))[0]
		if err := table.CatchUp(t.Context(), rec.Partition); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-applied:
			if got != name {
				t.Errorf("applied %s, want %s", got, name)
			}
		default:
			t.Errorf("%s is not applied", name)
		}
	}
	if err := table.CatchUp(t.Context(), 3); err == nil {
		t.Error("a partition that is not there was caught up with")
	}
	running.stop(t)
}
