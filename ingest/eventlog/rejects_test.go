package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

// write puts messages in a topic as a foreign producer would.
func write(t testing.TB, cfg eventlog.Config, topic fil.Topic, messages ...kafka.Message) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	w := &kafka.Writer{
		Addr: kafka.TCP(cfg.Brokers...), Topic: cfg.Prefix + string(topic), RequiredAcks: kafka.RequireAll,
		Balancer: kafka.Murmur2Balancer{}, BatchTimeout: time.Millisecond, Transport: transport,
	}
	if err := w.WriteMessages(t.Context(), messages...); err != nil {
		t.Fatalf("write: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("close writer: %v", err)
	}
}

func rejects(t testing.TB, l *eventlog.Log, topic fil.Topic, filter eventlog.Filter) []eventlog.Rejected {
	t.Helper()
	var all []eventlog.Rejected
	if err := l.Rejects(t.Context(), topic, filter, func(r eventlog.Rejected) error {
		all = append(all, r)
		return nil
	}); err != nil {
		t.Fatalf("list rejects: %v", err)
	}
	return all
}

func replay(t testing.TB, l *eventlog.Log, topic fil.Topic, filter eventlog.Filter) int {
	t.Helper()
	n, err := l.Replay(t.Context(), topic, filter)
	if err != nil {
		t.Fatalf("replay: %v", err)
	}
	return n
}

// rejecting is a stage that rejects the records whose id ends in 3, until it is mended.
func rejecting(s *sink) {
	s.verdict = func(_ int, batch []fil.Record) error {
		var verdicts []error
		for _, r := range batch {
			if strings.HasSuffix(r.Event.ID, "3") {
				verdicts = append(verdicts, fil.Reject(r, fmt.Errorf("unlucky number in %s", r.Event.ID)))
			}
		}
		return errors.Join(verdicts...)
	}
}

func TestRejects_ParkedWithTheReasonAndTheRestGoesOn(t *testing.T) {
	l := open(t)
	sent := publish(t, l, events(10, 1)...)
	var s sink
	rejecting(&s)
	startDrain(t, l, eventlog.Drain{Handle: s.handle, MaxBatch: 2})
	eventually(t, "the records after it are read", func() bool { return len(s.records()) == 10 })
	eventually(t, "the record is parked", func() bool { return len(rejects(t, l, fil.TopicEngagements, eventlog.Filter{})) == 1 })
	got := rejects(t, l, fil.TopicEngagements, eventlog.Filter{})[0]
	if diff := cmp.Diff(sent[3], got.Record); diff != "" {
		t.Errorf("the record parked differs from the one rejected:\n%s", diff)
	}
	if got.Stage != "sink" || got.Reason != "unlucky number in agent-0-3" || got.Replayed || time.Since(got.At) > time.Minute {
		t.Errorf("parked as %+v", got)
	}
}

func TestRejects_PoisonDoesNotBlock(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 1 })
	l := openWith(t, cfg)
	publish(t, l, event("a", 1))
	write(t, cfg, fil.TopicEngagements,
		kafka.Message{Key: []byte("a"), Value: []byte("no event\xff")},
		kafka.Message{Key: []byte("a"), Value: []byte(`{}`), Headers: []kafka.Header{{Key: "ce_id", Value: []byte("x")}, {Key: "ce_specversion", Value: []byte("0.3")}}},
		kafka.Message{Key: []byte("a"), Value: nil},
	)
	publish(t, l, event("a", 2))
	var s sink
	startDrain(t, l, eventlog.Drain{Handle: s.handle})
	eventually(t, "the record after it is read", func() bool { return len(s.records()) == 2 })
	eventually(t, "the messages are parked", func() bool { return len(rejects(t, l, fil.TopicEngagements, eventlog.Filter{})) == 3 })
	got := rejects(t, l, fil.TopicEngagements, eventlog.Filter{})
	for i, r := range got {
		if want := (fil.Position{Topic: fil.TopicEngagements, Offset: int64(1 + i)}); r.Record.Position != want || r.Record.Key != "a" || !strings.HasPrefix(r.Reason, "no CloudEvent") {
			t.Errorf("parked %+v, want it from %s", r, want)
		}
	}
	if string(got[0].Record.Event.Data) != "no event\xff" {
		t.Errorf("the value was not kept: %q", got[0].Record.Event.Data)
	}

	// What was poison stays poison: it comes back, each time once.
	if n := replay(t, l, fil.TopicEngagements, eventlog.Filter{}); n != 3 {
		t.Errorf("replayed %d, want 3", n)
	}
	eventually(t, "replayed poison is parked again", func() bool {
		return len(rejects(t, l, fil.TopicEngagements, eventlog.Filter{})) == 6
	})
}

func TestReplay_OnceEachWithTheSameIdentity(t *testing.T) {
	l := open(t)
	sent := publish(t, l, events(20, 2)...)
	var s sink
	rejecting(&s)
	run := startDrain(t, l, eventlog.Drain{Handle: s.handle})
	eventually(t, "all records are read", func() bool { return len(s.records()) == 20 })
	eventually(t, "two are parked", func() bool { return len(rejects(t, l, fil.TopicEngagements, eventlog.Filter{})) == 2 })
	run.stop(t)

	if n := replay(t, l, fil.TopicEngagements, eventlog.Filter{Stage: "another"}); n != 0 {
		t.Errorf("replayed %d records of another stage", n)
	}
	if n := replay(t, l, fil.TopicEngagements, eventlog.Filter{Stage: "sink", Reason: "UNLUCKY number in agent-0-3"}); n != 0 {
		t.Errorf("replayed %d records whose reason is another", n)
	}
	if n := replay(t, l, fil.TopicEngagements, eventlog.Filter{Stage: "sink", Reason: "UNLUCKY", Limit: 1}); n != 1 {
		t.Errorf("replayed %d records, want the first", n)
	}
	if n := replay(t, l, fil.TopicEngagements, eventlog.Filter{}); n != 1 {
		t.Errorf("replayed %d records, want the one left", n)
	}
	if n := replay(t, l, fil.TopicEngagements, eventlog.Filter{}); n != 0 {
		t.Errorf("replayed %d records a second time", n)
	}
	for _, r := range rejects(t, l, fil.TopicEngagements, eventlog.Filter{}) {
		if !r.Replayed {
			t.Errorf("%s is not said to be replayed", r.Record.Position)
		}
	}

	var mended sink
	startDrain(t, l, eventlog.Drain{Handle: mended.handle})
	eventually(t, "the records replayed are read", func() bool { return len(mended.records()) == 2 })
	byID := map[string]fil.Record{}
	for _, r := range sent {
		byID[r.Event.ID] = r
	}
	for _, r := range mended.records() {
		was := byID[r.Event.ID]
		if diff := cmp.Diff(was.Event, r.Event); diff != "" || r.Key != was.Key || r.Partition != was.Partition || r.Offset <= was.Offset {
			t.Errorf("replayed as %+v, was %+v", r, was)
		}
	}
}

func TestRejects_Since(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := open(t, func(c *eventlog.Config) { c.Now = func() time.Time { return now } })
	publish(t, l, event("a", 3))
	var s sink
	rejecting(&s)
	startDrain(t, l, eventlog.Drain{Handle: s.handle})
	eventually(t, "the record is parked", func() bool { return len(rejects(t, l, fil.TopicEngagements, eventlog.Filter{})) == 1 })
	if got := len(rejects(t, l, fil.TopicEngagements, eventlog.Filter{Since: now})); got != 1 {
		t.Errorf("since the time itself: %d, want 1", got)
	}
	if got := len(rejects(t, l, fil.TopicEngagements, eventlog.Filter{Since: now.Add(time.Second)})); got != 0 {
		t.Errorf("since a second later: %d, want 0", got)
	}
	stop := errors.New("enough")
	if err := l.Rejects(t.Context(), fil.TopicEngagements, eventlog.Filter{}, func(eventlog.Rejected) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the listing gave %v, want each's own error", err)
	}
}

func TestPipe_PublishesBeforeItCommits(t *testing.T) {
	cfg := config(t)
	l := openWith(t, cfg)
	sent := publish(t, l, events(30, 5)...)
	refused := 0
	run := start(t, func(ctx context.Context) error {
		return l.Pipe(ctx, eventlog.Pipe{Stage: "relay", From: fil.TopicEngagements, MaxBatch: 10,
			Handle: func(_ context.Context, _ int, batch []fil.Record) ([]fil.Record, error) {
				var out []fil.Record
				var verdicts []error
				for _, r := range batch {
					if r.Event.ID == "agent-2-7" {
						refused++
						verdicts = append(verdicts, fil.Reject(r, errors.New("not this one")))
						continue
					}
					r.Topic = fil.TopicContents
					out = append(out, r)
				}
				return out, errors.Join(verdicts...)
			}})
	})
	var s sink
	startDrain(t, l, eventlog.Drain{Topic: fil.TopicContents, Handle: s.handle})
	eventually(t, "what the pipe made is read", func() bool { return len(s.records()) == 29 })
	eventually(t, "what it rejected is parked", func() bool { return len(rejects(t, l, fil.TopicEngagements, eventlog.Filter{Stage: "relay"})) == 1 })
	run.stop(t)
	if refused != 1 {
		t.Errorf("the record was refused %d times", refused)
	}
	want := ids(sent)
	got := slices.Sorted(slices.Values(append(s.ids(), "agent-2-7")))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in and out differ:\n%s", diff)
	}
}

func TestPipe_WhatCannotBePublishedIsNotCommitted(t *testing.T) {
	cfg := config(t, func(c *eventlog.Config) { c.Partitions = 1 })
	l := openWith(t, cfg)
	publish(t, l, event("a", 1))
	tries := make(chan struct{}, 100)
	run := start(t, func(ctx context.Context) error {
		return l.Pipe(ctx, eventlog.Pipe{Stage: "relay", From: fil.TopicEngagements,
			Handle: func(_ context.Context, _ int, batch []fil.Record) ([]fil.Record, error) {
				if len(batch) == 0 {
					return nil, nil
				}
				tries <- struct{}{}
				return []fil.Record{{Position: fil.Position{Topic: "fil.nowhere"}, Key: "a", Event: batch[0].Event}}, nil
			}})
	})
	<-tries
	<-tries // the same batch, again
	run.stop(t)
	var s sink
	startDrain(t, l, eventlog.Drain{Stage: "relay", Handle: s.handle})
	eventually(t, "the record was not committed", func() bool { return len(s.records()) == 1 })
}
