package eventlog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// progress is how far a stage has come in one partition, as the group's coordinator keeps it.
type progress struct {
	offset int64 // everything before it is done
	until  int64 // the end of the batch that was begun at offset, for Drain.Exact; 0: none was
}

// untilPrefix begins the metadata of an offset that has a batch begun.
const untilPrefix = "until="

func (p progress) metadata() string {
	if p.until == 0 {
		return ""
	}
	return untilPrefix + strconv.FormatInt(p.until, 10)
}

// begun reads the end of a batch from the metadata of an offset; 0 when there is none, or none after the offset.
func begun(offset int64, metadata string) int64 {
	text, ok := strings.CutPrefix(metadata, untilPrefix)
	until, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || until <= offset {
		return 0
	}
	return until
}

// commits writes how far each lane has come, for all lanes together and behind their backs: a lane goes on while the
// broker writes. Offsets of a partition are marked by its lane alone and in order, so the last mark is the watermark.
// Every write names the generation: the coordinator refuses what comes from one that is over.
type commits struct {
	drain      *draining
	generation *kafka.Generation
	wake       chan struct{}

	writing sync.Mutex // held from the choice of offsets to their answer, so that none overtakes a reset
	mu      sync.Mutex // protects marked
	marked  map[int]progress
}

func newCommits(r *draining, g *kafka.Generation) *commits {
	return &commits{drain: r, generation: g, marked: map[int]progress{}, wake: make(chan struct{}, 1)}
}

// mark notes that everything before the offset is done.
func (c *commits) mark(partition int, offset int64) {
	c.mu.Lock()
	c.marked[partition] = progress{offset: offset}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// set commits a partition's progress, forward or back, and returns when the broker has it.
func (c *commits) set(partition int, to progress) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	delete(c.marked, partition)
	c.mu.Unlock()
	return c.write(map[int]progress{partition: to})
}

func (c *commits) flush() error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	all := maps.Clone(c.marked)
	clear(c.marked)
	c.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	return c.write(all)
}

func (c *commits) write(all map[int]progress) error {
	r := c.drain
	topic := r.log.name(r.Topic)
	offsets := make([]kafka.OffsetCommit, 0, len(all))
	for partition, p := range all {
		offsets = append(offsets, kafka.OffsetCommit{Partition: partition, Offset: p.offset, Metadata: p.metadata()})
	}
	ctx, cancel := context.WithTimeout(r.log.life, coordinatorReply)
	defer cancel()
	answer, err := r.log.client.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID: r.group(), GenerationID: int(c.generation.ID), MemberID: c.generation.MemberID,
		Topics: map[string][]kafka.OffsetCommit{topic: offsets},
	})
	if err != nil {
		return err
	}
	var refused []error
	for _, p := range answer.Topics[topic] {
		if p.Error != nil {
			refused = append(refused, fmt.Errorf("partition %d: %w", p.Partition, p.Error))
			continue
		}
		r.metrics.setCommitted(r.Topic, p.Partition, all[p.Partition].offset)
	}
	return errors.Join(refused...)
}

// run commits what is marked, at once and then no more often than CommitEvery. An error says that the generation is over
// for this member, or its connection lost.
func (c *commits) run(ctx context.Context) error {
	for {
		select {
		case <-c.wake:
		case <-ctx.Done():
			return nil
		}
		if err := c.flush(); err != nil {
			return fmt.Errorf("commit offsets: %w", err)
		}
		sleep(ctx, c.drain.log.cfg.CommitEvery)
	}
}

// begun reads the end of the batch that was begun in a partition and not marked as done, by this member or an earlier one;
// 0 when there is none. While the coordinator fails it asks again, for ever.
func (c *commits) begun(ctx context.Context, partition int) (until int64, err error) {
	r := c.drain
	topic := r.log.name(r.Topic)
	for try := 1; ; try++ {
		answer, err := r.log.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: r.group(), Topics: map[string][]int{topic: {partition}}})
		if err == nil {
			err = answer.Error
		}
		if err == nil && len(answer.Topics[topic]) == 1 {
			p := answer.Topics[topic][0]
			if err = p.Error; err == nil {
				return begun(p.CommittedOffset, p.Metadata), nil
			}
		}
		r.log.log.Warn("ask which batch was begun", "stage", r.Stage, "topic", r.Topic, "partition", partition, "try", try, "error", err)
		if !pause(ctx, try) {
			return 0, context.Cause(ctx)
		}
	}
}

// coordinatorReply is how long the group's coordinator may take to answer.
const coordinatorReply = 5 * time.Second
