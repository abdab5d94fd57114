package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

// Headers of a parked record, beside its own; and of a mark, the message that says which parked records have been
// replayed: its value is a JSON array of [partition, offset] of the same topic. Marks live in the rejected topic itself,
// so they are as durable as what they mark, and go with it.
const (
	headerStage     = "fil_stage"
	headerReason    = "fil_reason"
	headerTopic     = "fil_topic"
	headerPartition = "fil_partition"
	headerOffset    = "fil_offset"
	headerAdmitted  = "fil_admitted"
	headerReplayed  = "fil_replayed"
	headerPrefix    = "fil_"

	maxReason  = 2000 // bytes
	markedKey  = "replayed"
	scanTries  = 8   // about 6 s
	replayStep = 500 // records republished together, then marked
)

// Rejected is a parked record.
type Rejected struct {
	Record   fil.Record   // as it was, at its place in the source topic; a message that is no event has its value as Data
	Parked   fil.Position // where it is kept
	At       time.Time    // when it was parked
	Stage    string       // that rejected it
	Reason   string       // at most 2,000 bytes
	Replayed bool         // it has been published again; if it was rejected again, that is another Rejected

	message message // to publish again as it was
}

// Filter chooses parked records. The zero Filter chooses all.
type Filter struct {
	Stage  string    // only those that this stage rejected
	Reason string    // only those whose reason contains this, in any letter case
	Since  time.Time // only those parked at this time or later
	Limit  int       // at most so many; 0: no limit
}

func (f Filter) chooses(r Rejected) bool {
	return (f.Stage == "" || f.Stage == r.Stage) && !r.At.Before(f.Since) &&
		strings.Contains(strings.ToLower(r.Reason), strings.ToLower(f.Reason))
}

// Rejects gives the parked records of a source topic to each, in the order in which they were parked, those replayed
// included, up to the last one there when it was called. It stops at the first error of each and returns it.
func (l *Log) Rejects(ctx context.Context, topic fil.Topic, filter Filter, each func(Rejected) error) error {
	if err := l.rejects(ctx, topic, filter, each); err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("list rejected records of %s: %w", topic, err)
	}
	return nil
}

// Replay publishes parked records of a source topic again, those that filter chooses and that were not replayed before,
// and says how many. A record keeps its key, its event and so its identity; it is admitted anew. It sees only what was
// parked when it was called, so a record rejected again waits for the next call.
//
// Each step of 500 is published, then marked as replayed. When it is cut between the two, or when two replays
// run at the same time, a step may be published twice: stages drop the second by its identity. n counts what was
// published and marked, also with an error.
func (l *Log) Replay(ctx context.Context, topic fil.Topic, filter Filter) (n int, err error) {
	limit := filter.Limit
	filter.Limit = 0 // counts what is replayed, not what is looked at
	var step []Rejected
	flush := func() error {
		if len(step) == 0 {
			return nil
		}
		err := l.replay(ctx, topic, step)
		if err == nil {
			n += len(step)
		}
		step = step[:0]
		return err
	}
	err = l.rejects(ctx, topic, filter, func(r Rejected) error {
		if r.Replayed {
			return nil
		}
		step = append(step, r)
		if limit > 0 && n+len(step) == limit {
			return errEnough
		}
		if len(step) == replayStep {
			return flush()
		}
		return nil
	})
	if err == nil || errors.Is(err, errEnough) {
		err = flush()
	}
	if err != nil {
		return n, fmt.Errorf("replay rejected records of %s: %w", topic, err)
	}
	return n, nil
}

// errEnough ends a scan early: the limit is reached.
var errEnough = errors.New("enough")

// replay publishes one step and marks it.
func (l *Log) replay(ctx context.Context, topic fil.Topic, step []Rejected) error {
	now := l.cfg.Now()
	again := make([]message, len(step))
	places := make([][2]int64, len(step))
	for i, r := range step {
		again[i] = r.message
		again[i].time = now
		again[i].headers = slices.DeleteFunc(slices.Clone(r.message.headers), ours)
		places[i] = [2]int64{int64(r.Parked.Partition), r.Parked.Offset}
	}
	if err := l.writeMessages(ctx, l.name(topic), again); err != nil {
		return err
	}
	value, err := json.Marshal(places)
	if err != nil {
		return fmt.Errorf("encode mark: %w", err)
	}
	mark := message{key: []byte(markedKey), value: value, time: now, headers: []kafka.Header{{Key: headerReplayed, Value: []byte(strconv.Itoa(len(step)))}}}
	if err := l.writeMessages(ctx, l.name(parkingOf(topic)), []message{mark}); err != nil {
		return fmt.Errorf("mark %d records as replayed: %w", len(step), err)
	}
	return nil
}

func ours(h kafka.Header) bool { return strings.HasPrefix(h.Key, headerPrefix) }

// rejects scans the rejected topic twice: for the marks, then for the records.
func (l *Log) rejects(ctx context.Context, topic fil.Topic, filter Filter, each func(Rejected) error) error {
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if _, err := l.partitions(topic); err != nil {
		return err
	}
	partitions, err := l.partitions(parkingOf(topic))
	if err != nil {
		return err
	}
	spans := make([]span, partitions)
	replayed := map[[2]int64]bool{}
	for p := range spans {
		s := &spans[p]
		s.at = target{l.name(parkingOf(topic)), p}
		if s.from, s.to, err = l.bounds(ctx, parkingOf(topic), p, scanTries); err != nil {
			return err
		}
		if err := l.scan(ctx, *s, func(m message) error { return readMark(m, replayed) }); err != nil {
			return err
		}
	}
	n := 0
	for p, s := range spans {
		err := l.scan(ctx, s, func(m message) error {
			r, ok := unpark(topic, p, m)
			if !ok || !filter.chooses(r) {
				return nil
			}
			r.Replayed = replayed[[2]int64{int64(p), m.offset}]
			if err := each(r); err != nil {
				return err
			}
			if n++; n == filter.Limit {
				return errEnough
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// span is a stretch of one partition: offsets from, up to but without to.
type span struct {
	at       target
	from, to int64
}

// scan gives the messages of a stretch to each, in order.
func (l *Log) scan(ctx context.Context, s span, each func(message) error) error {
	for offset, try := s.from, 0; offset < s.to; {
		got, err := l.fetch(ctx, s.at, offset)
		if err != nil {
			if try++; try == scanTries || !passing(err) || !pause(ctx, try) {
				return fmt.Errorf("read %s/%d at %d: %w", s.at.topic, s.at.partition, offset, err)
			}
			continue
		}
		if got.idle {
			return nil // nothing is left of the rest
		}
		try = 0
		for _, m := range got.messages {
			if m.offset >= s.to {
				return nil
			}
			if err := each(m); err != nil {
				return err
			}
		}
		offset = got.next
	}
	return nil
}

// parked makes the messages that keep rejected records and poison, each with where it was and why it is here. A record
// rejected twice in one batch is kept once.
func parked(stage string, now time.Time, rejected []*fil.Rejection, poisoned []poison) []message {
	messages := make([]message, 0, len(rejected)+len(poisoned))
	seen := map[fil.Position]bool{}
	for _, p := range poisoned {
		m := p.message
		m.headers = append(slices.DeleteFunc(slices.Clone(m.headers), ours), why(stage, p.at, m.time, p.reason)...)
		m.time = now
		messages = append(messages, m)
	}
	for _, r := range rejected {
		if seen[r.Record.Position] {
			continue
		}
		seen[r.Record.Position] = true
		m := newEncoder(1, size(&r.Record)).message(&r.Record, now)
		m.headers = append(m.headers, why(stage, r.Record.Position, r.Record.Admitted, r.Reason)...)
		messages = append(messages, m)
	}
	return messages
}

func why(stage string, at fil.Position, admitted time.Time, reason error) []kafka.Header {
	text := "no reason was given"
	if reason != nil {
		text = reason.Error()
	}
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "")
	}
	return []kafka.Header{
		{Key: headerStage, Value: []byte(stage)},
		{Key: headerReason, Value: []byte(text)},
		{Key: headerTopic, Value: []byte(at.Topic)},
		{Key: headerPartition, Value: strconv.AppendInt(nil, int64(at.Partition), 10)},
		{Key: headerOffset, Value: strconv.AppendInt(nil, at.Offset, 10)},
		{Key: headerAdmitted, Value: admitted.UTC().AppendFormat(nil, time.RFC3339Nano)},
	}
}

func reason(m message) string { return header(m, headerReason) }

// header gives the last value of a header, "" without it.
func header(m message, name string) string {
	for _, h := range slices.Backward(m.headers) {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

// unpark reads a parked record; false for a mark, or for what somebody else wrote there.
func unpark(topic fil.Topic, partition int, m message) (Rejected, bool) {
	r := Rejected{
		Parked: fil.Position{Topic: parkingOf(topic), Partition: partition, Offset: m.offset},
		At:     m.time.UTC(), Stage: header(m, headerStage), Reason: reason(m), message: m,
	}
	if r.Stage == "" {
		return r, false
	}
	at := fil.Position{Topic: topic}
	at.Partition, _ = strconv.Atoi(header(m, headerPartition)) // what is not a number stays 0: it is shown, not relied on
	at.Offset, _ = strconv.ParseInt(header(m, headerOffset), 10, 64)
	rec, err := decode(at, m)
	if err != nil {
		rec.Event.Data = m.value
	}
	rec.Admitted, _ = time.Parse(time.RFC3339Nano, header(m, headerAdmitted))
	r.Record = rec
	return r, true
}

// readMark adds the places that a mark names; other messages are left alone.
func readMark(m message, replayed map[[2]int64]bool) error {
	if header(m, headerReplayed) == "" {
		return nil
	}
	var places [][2]int64
	if err := json.Unmarshal(m.value, &places); err != nil {
		return nil //nolint:nilerr // not written by us: it marks nothing
	}
	for _, place := range places {
		replayed[place] = true
	}
	return nil
}
