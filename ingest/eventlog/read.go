package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

// Partitions says how many partitions a topic has.
func (l *Log) Partitions(topic fil.Topic) (int, error) { return l.partitions(topic) }

// PartitionOf says in which partition of a topic the records of a key are.
func (l *Log) PartitionOf(topic fil.Topic, key string) (int, error) {
	n, err := l.partitions(topic)
	if err != nil {
		return 0, err
	}
	return partitionOf([]byte(key), numbers(n)), nil
}

// Extent gives the first offset kept of a partition, and the one that its next record will have.
func (l *Log) Extent(ctx context.Context, topic fil.Topic, partition int) (first, end int64, err error) {
	if err := l.holds(topic, partition); err != nil {
		return 0, 0, err
	}
	return l.bounds(ctx, topic, partition, scanTries)
}

// Since gives the offset of the first record of a partition that was admitted at a time or later; that of the next record
// when there is none. Where the clocks of doors differ, records admitted a little later may come before it.
func (l *Log) Since(ctx context.Context, topic fil.Topic, partition int, at time.Time) (int64, error) {
	if err := l.holds(topic, partition); err != nil {
		return 0, err
	}
	_, end, err := l.bounds(ctx, topic, partition, scanTries)
	if err != nil {
		return 0, err
	}
	answer, err := l.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{l.name(topic): {kafka.TimeOffsetOf(partition, at)}},
	})
	if err != nil {
		return 0, fmt.Errorf("ask which record of %s/%d was the first at %v: %w", topic, partition, at, err)
	}
	for _, p := range answer.Topics[l.name(topic)] {
		if p.Partition == partition && p.Error != nil {
			return 0, fmt.Errorf("ask which record of %s/%d was the first at %v: %w", topic, partition, at, p.Error)
		}
		for offset := range p.Offsets {
			if p.Partition == partition && offset >= 0 {
				return offset, nil
			}
		}
	}
	return end, nil
}

// Read gives the records of a stretch of a partition, from an offset up to but without another, in order and in batches as
// the broker hands them out. next is where the log goes on after a batch; a batch may be empty where the log has gaps.
// Messages that are no event are left out, and so is what retention removes meanwhile. Read joins no group and commits
// nothing. It stops at the first error of each.
func (l *Log) Read(ctx context.Context, topic fil.Topic, partition int, from, to int64, each func(batch []fil.Record, next int64) error) error {
	if err := l.holds(topic, partition); err != nil {
		return err
	}
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return fmt.Errorf("read %s/%d: %w", topic, partition, err)
	}
	defer leave()
	at := target{l.name(topic), partition}
	for offset, try := from, 0; offset < to; {
		got, err := l.fetch(ctx, at, offset)
		if errors.Is(err, kafka.OffsetOutOfRange) { // retention has gone past it meanwhile
			if first, _, found := l.bounds(ctx, topic, partition, scanTries); found == nil && first > offset {
				offset = first
				continue
			}
		}
		if err != nil {
			if try++; ctx.Err() != nil || try == scanTries || !passing(err) || !pause(ctx, try) {
				return errors.Join(fmt.Errorf("read %s/%d at %d: %w", topic, partition, offset, err), ctx.Err())
			}
			continue
		}
		if got.idle {
			return nil // nothing is left of the rest
		}
		try = 0
		batch := got.decode(topic, partition)
		for n := len(batch.records); n > 0 && batch.records[n-1].Offset >= to; n = len(batch.records) {
			batch.records = batch.records[:n-1]
		}
		offset = min(batch.next, to)
		if err := each(batch.records, offset); err != nil {
			return err
		}
	}
	return nil
}

// Committed gives, for each partition of a topic, the offset up to which a stage has done its work for good: everything
// before it is done. It is 0 for a partition of which nothing was committed.
func (l *Log) Committed(ctx context.Context, stage string, topic fil.Topic) ([]int64, error) {
	partitions, err := l.partitions(topic)
	if err != nil {
		return nil, err
	}
	name := l.name(topic)
	answer, err := l.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{
		GroupID: l.group(stage, topic), Topics: map[string][]int{name: numbers(partitions)},
	})
	offsets := make([]int64, partitions)
	if err == nil {
		err = answer.Error
	}
	if errors.Is(err, kafka.GroupIdNotFound) { // the stage has never run
		return offsets, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask how far %s has come with %s: %w", stage, topic, err)
	}
	for _, p := range answer.Topics[name] {
		if p.Error != nil {
			return nil, fmt.Errorf("ask how far %s has come with %s/%d: %w", stage, topic, p.Partition, p.Error)
		}
		if p.Partition < partitions {
			offsets[p.Partition] = max(p.CommittedOffset, 0)
		}
	}
	return offsets, nil
}

func (l *Log) group(stage string, topic fil.Topic) string {
	return l.cfg.Prefix + stage + "." + string(topic)
}

func (l *Log) holds(topic fil.Topic, partition int) error {
	partitions, err := l.partitions(topic)
	if err != nil {
		return err
	}
	if partition < 0 || partition >= partitions {
		return fmt.Errorf("topic %s has no partition %d", topic, partition)
	}
	return nil
}
