package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/ingest/eventlog"
)

func TestPublish_FillsPositions(t *testing.T) {
	l := open(t)
	sent := publish(t, l, events(500, 20)...)

	next := map[int]int64{}
	for i, r := range sent {
		if r.Offset != next[r.Partition] {
			t.Fatalf("record %d is at %s, want offset %d", i, r.Position, next[r.Partition])
		}
		next[r.Partition]++
		if since := time.Since(r.Admitted); since < 0 || since > time.Minute {
			t.Fatalf("record %d was admitted at %s", i, r.Admitted)
		}
	}
	if len(next) != 3 {
		t.Errorf("20 agents are in %d partitions, want all 3", len(next))
	}

	var s sink
	startDrain(t, l, eventlog.Drain{Handle: s.handle})
	eventually(t, "all records are read", func() bool { return len(s.records()) == len(sent) })
	slices.SortStableFunc(sent, func(a, b fil.Record) int { return a.Partition - b.Partition })
	if diff := cmp.Diff(sent, s.records()); diff != "" {
		t.Errorf("what was read differs from what was published (-published +read):\n%s", diff)
	}
}

func TestPublish_OneKeyOnePartitionAsJavaChooses(t *testing.T) {
	l := open(t, func(c *eventlog.Config) { c.Partitions = 7 })
	first := publish(t, l, event("a", 1), event("b", 1), event("c", 1))
	second := publish(t, l, event("c", 2), event("b", 2), event("a", 2))
	slices.Reverse(second)
	for i := range first {
		if first[i].Partition != second[i].Partition || first[i].Offset >= second[i].Offset {
			t.Errorf("%s: %s then %s, want one partition and a later offset", first[i].Key, first[i].Position, second[i].Position)
		}
	}
	// org.apache.kafka.common.utils.UtilsTest.testMurmur2 (Apache Kafka 4.0), without the sign, modulo 7.
	for key, hash := range map[string]int32{"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "abc": 479470107} {
		if got, want := publish(t, l, event(key, 3))[0].Partition, int(uint32(hash)&0x7fffffff)%7; got != want {
			t.Errorf("%q is in partition %d, Java puts it in %d", key, got, want)
		}
	}
}

func TestPublish_ManyCallersShareRequestsAndKeepTheirPositions(t *testing.T) {
	l := open(t)
	var callers sync.WaitGroup
	var mu sync.Mutex
	positions := map[fil.Position]string{}
	for caller := range 20 {
		callers.Go(func() {
			for i := range 20 {
				one := []fil.Record{event(fmt.Sprintf("agent-%d", caller), i)}
				if err := l.Publish(t.Context(), one); err != nil {
					t.Errorf("publish: %v", err)
					return
				}
				mu.Lock()
				positions[one[0].Position] = one[0].Event.ID
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	if len(positions) != 400 {
		t.Fatalf("400 records have %d different positions", len(positions))
	}
	var s sink
	startDrain(t, l, eventlog.Drain{Handle: s.handle})
	eventually(t, "all records are read", func() bool { return len(s.records()) >= 400 })
	for _, r := range s.records() {
		if positions[r.Position] != r.Event.ID {
			t.Errorf("%s holds %s, its publisher was told %q", r.Position, r.Event.ID, positions[r.Position])
		}
	}
}

func TestPublish_RefusesWhatCannotBeWritten(t *testing.T) {
	l := open(t)
	tooLarge := event("large", 0)
	tooLarge.Event.Data = []byte(`"` + strings.Repeat("x", fil.MaxEventBytes) + `"`)
	longKey := event(strings.Repeat("k", 1<<20), 0)
	noKey := event("", 0)
	noID := event("no-id", 0)
	noID.Event.ID = ""
	elsewhere := event("elsewhere", 0)
	elsewhere.Topic = "fil.nowhere"
	for name, bad := range map[string]fil.Record{"too large": tooLarge, "long key": longKey, "no key": noKey, "no id": noID, "unknown topic": elsewhere} {
		t.Run(name, func(t *testing.T) {
			records := []fil.Record{event("good", 0), bad, event("good", 1)}
			err := l.Publish(t.Context(), records)
			if err == nil {
				t.Fatal("it was accepted")
			}
			if !strings.Contains(err.Error(), "record 1") || strings.Contains(err.Error(), "record 0") {
				t.Errorf("the error does not name record 1 alone: %.200v", err)
			}
			if !records[0].Admitted.IsZero() {
				t.Error("a record of a refused call was admitted")
			}
		})
	}
	if got := publish(t, l, event("good", 2))[0].Offset; got != 0 {
		t.Errorf("the first record accepted has offset %d: records of refused calls were written", got)
	}
}

func TestPublish_MoreThanOneRequestHolds(t *testing.T) {
	l := open(t, func(c *eventlog.Config) { c.BatchBytes, c.BufferBytes = 128<<10, 256<<10 })
	sent := events(100, 3)
	for i := range sent {
		sent[i].Event.Data = []byte(`"` + strings.Repeat("x", 30<<10) + `"`)
	}
	publish(t, l, sent...)
	next := map[int]int64{}
	for _, r := range sent {
		if r.Offset != next[r.Partition] {
			t.Fatalf("%s is at %s, want offset %d: order was lost between requests", r.Event.ID, r.Position, next[r.Partition])
		}
		next[r.Partition]++
	}
}

func TestPublish_NeverAFalseAcknowledgement(t *testing.T) {
	k, err := embedded.StartKafka(embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, func(c *eventlog.Config) { c.Brokers = []string{k.Addr()} })
	l := openWith(t, cfg)
	publish(t, l, event("a", 1))
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	records := []fil.Record{event("a", 2)}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err = l.Publish(ctx, records)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("publish without a broker: %v, want the deadline", err)
	}
	if !records[0].Admitted.IsZero() {
		t.Error("a record without acknowledgement was admitted")
	}
}

func TestPublish_AfterClose(t *testing.T) {
	l := open(t)
	closeLog(t, l)
	if err := l.Publish(t.Context(), []fil.Record{event("a", 1)}); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("publish: %v, want %v", err, eventlog.ErrClosed)
	}
	if err := l.Drain(t.Context(), eventlog.Drain{Stage: "sink", Topic: fil.TopicEngagements, Handle: new(sink).handle}); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("drain: %v, want %v", err, eventlog.ErrClosed)
	}
}
