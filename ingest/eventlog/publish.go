package eventlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

// Publish puts records in the log and returns when every in-sync replica has them all. Each record says its topic, key
// and event; Publish fills its partition, offset and time of admission in place, if and only if it returns nil.
//
// The partition is chosen by murmur2 of the key, as Java's producer does (librdkafka: partitioner=murmur2), so that
// other producers put a key where we do. Records of one key keep the order of the slice and of successive calls.
//
// An error says that some records may be in the log and others not: the whole call may be repeated, and identities
// tell the copies. Records that could never be written (no key, not an event, too large, a topic that is not one of the
// log's) are all named in an error, which wraps their fil.Faults, before anything is sent. While brokers
// cannot be reached Publish tries again until ctx is done or PublishTimeout has passed.
func (l *Log) Publish(ctx context.Context, records []fil.Record) error {
	if len(records) == 0 {
		return nil
	}
	start := time.Now()
	at := l.cfg.Now().UTC().Truncate(time.Millisecond) // what Kafka keeps of a time
	parcels, err := l.pack(records, at)
	if err != nil {
		return fmt.Errorf("publish %d records: %w", len(records), err)
	}
	if err := l.send(ctx, parcels); err != nil {
		l.metrics.publishErrors.Inc()
		return fmt.Errorf("publish %d records: %w", len(records), err)
	}
	for _, p := range parcels {
		for i, index := range p.indexes {
			rec := &records[index]
			rec.Partition, rec.Offset, rec.Admitted = p.to.partition, p.base+int64(i), at
		}
		l.metrics.published.WithLabelValues(strings.TrimPrefix(p.to.topic, l.cfg.Prefix)).Add(float64(len(p.messages)))
	}
	l.metrics.publishSeconds.Observe(time.Since(start).Seconds())
	return nil
}

// target is one partition, by Kafka's name of the topic.
type target struct {
	topic     string
	partition int
}

// parcel is what one call sends to one partition in one request.
type parcel struct {
	to       target
	messages []message
	indexes  []int // of the call's records, one a message; nil when the caller does not need positions
	bytes    int

	abandoned <-chan struct{} // closed when nobody waits for it any more
	answered  chan struct{}   // closed when base or err is set
	base      int64           // offset of the first message
	err       error
}

// pack checks every record, then encodes them into parcels: one a partition, more where one request cannot hold all.
func (l *Log) pack(records []fil.Record, at time.Time) ([]*parcel, error) {
	open := map[target]*parcel{}
	var parcels []*parcel
	var faults []error
	for i := range records {
		rec := &records[i]
		bytes := size(rec)
		to, err := l.place(rec, bytes)
		if err != nil {
			if faults = append(faults, fmt.Errorf("record %d: %w", i, err)); len(faults) == 10 {
				break
			}
			continue
		}
		p := open[to]
		if p == nil || p.bytes+bytes > l.cfg.BatchBytes {
			p = &parcel{to: to}
			open[to] = p
			parcels = append(parcels, p)
		}
		p.indexes = append(p.indexes, i)
		p.bytes += bytes
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	for _, p := range parcels {
		e := newEncoder(len(p.indexes), p.bytes)
		p.messages = make([]message, len(p.indexes))
		for i, index := range p.indexes {
			p.messages[i] = e.message(&records[index], at)
		}
	}
	return parcels, nil
}

// place checks one record and finds its partition.
func (l *Log) place(rec *fil.Record, bytes int) (target, error) {
	name := l.name(rec.Topic)
	partitions, ok := l.topics[name]
	switch {
	case !ok:
		return target{}, fmt.Errorf("topic %q is not one of the log's", rec.Topic)
	case rec.Key == "":
		return target{}, errors.New("a key is required")
	case bytes > l.cfg.BatchBytes:
		return target{}, fmt.Errorf("%d bytes, over the %d that one record may take", bytes, l.cfg.BatchBytes)
	}
	if err := rec.Event.Check(); err != nil {
		return target{}, err
	}
	return target{name, partitionOf([]byte(rec.Key), partitions)}, nil
}

// partitionOf is Java's default partitioner for records with a key: murmur2 without its sign, modulo the partitions.
func partitionOf(key []byte, partitions []int) int {
	return kafka.Murmur2Balancer{Consistent: true}.Balance(kafka.Message{Key: key}, partitions...)
}

// numbers are 0 to n-1: the form in which a Balancer wants its partitions.
func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// send hands parcels to their partitions' senders and waits for all the answers. On an early return the parcels left
// are abandoned: they may be written or not.
func (l *Log) send(ctx context.Context, parcels []*parcel) error {
	ctx, cancel := context.WithTimeoutCause(ctx, l.cfg.PublishTimeout, fmt.Errorf("no acknowledgement in %s", l.cfg.PublishTimeout))
	defer cancel()
	for _, p := range parcels {
		// What a sender holds is given back by the sender, so waiting here for room cannot block those before.
		room := l.room(p)
		if err := l.reserve(ctx, room); err != nil {
			return fmt.Errorf("wait for room to send %s/%d: %w", p.to.topic, p.to.partition, context.Cause(ctx))
		}
		p.abandoned, p.answered = ctx.Done(), make(chan struct{})
		if err := l.hand(p); err != nil {
			l.release(room)
			return err
		}
	}
	for _, p := range parcels {
		select {
		case <-p.answered:
			if p.err != nil {
				return fmt.Errorf("write to %s/%d: %w", p.to.topic, p.to.partition, p.err)
			}
		case <-ctx.Done():
			return fmt.Errorf("write to %s/%d: %w", p.to.topic, p.to.partition, context.Cause(ctx))
		}
	}
	return nil
}

// room is what a parcel takes of the buffer; one larger than the buffer takes it all.
func (l *Log) room(p *parcel) int64 { return int64(min(p.bytes, l.cfg.BufferBytes)) }

// reserve takes room in the buffer, and waits for it while others have it all.
func (l *Log) reserve(ctx context.Context, room int64) error {
	if !l.buffer.TryAcquire(room) {
		l.metrics.waitingBytes.Add(float64(room))
		defer l.metrics.waitingBytes.Sub(float64(room))
		if err := l.buffer.Acquire(ctx, room); err != nil {
			return err //nolint:wrapcheck // the caller says for what
		}
	}
	l.metrics.heldBytes.Add(float64(room))
	return nil
}

func (l *Log) release(room int64) {
	l.metrics.heldBytes.Sub(float64(room))
	l.buffer.Release(room)
}
