package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/filengine/fil"
)

// fetchWait is how long a broker may hold a request for which it has nothing.
const fetchWait = 500 * time.Millisecond

// lagEvery is how often the end of a partition is asked for while its reader is held back.
const lagEvery = 5 * time.Second

// page is one answer of a broker: the messages from an offset on, in order.
type page struct {
	messages []message
	next     int64 // where to read on: past the messages, and past what is no message (transaction markers, gaps)
	end      int64 // the offset that the next record of the partition will have
	idle     bool  // the broker looked and has nothing from the offset on
}

// fetch reads one page. Kafka answers with whole batches, which may begin before the offset.
func (l *Log) fetch(ctx context.Context, at target, offset int64) (page, error) {
	answer, err := l.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: at.topic, Partition: at.partition, Offset: offset, MinBytes: 1, MaxBytes: int64(l.cfg.FetchBytes), MaxWait: fetchWait,
	})
	if err == nil {
		err = answer.Error
	}
	if err != nil {
		return page{}, err
	}
	got := page{next: offset, end: answer.HighWatermark}
	batches, some := answer.Records.(*protocol.RecordStream)
	if !some {
		got.idle = answer.Throttle == 0
		return got, nil
	}
	for _, batch := range batches.Records {
		if err := got.read(batch, offset); err != nil {
			return page{}, err
		}
	}
	if got.next == offset {
		// The batches held nothing that is left after compaction. kafka-go does not say where they end: feel forward.
		got.next++
	}
	return got, nil
}

// read adds the messages of one batch. Those of a control batch (the ends of transactions) only move next.
func (p *page) read(batch protocol.RecordReader, from int64) error {
	_, control := batch.(*protocol.ControlBatch)
	for {
		rec, err := batch.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read batch: %w", err)
		}
		m, err := readMessage(rec)
		if err != nil {
			return err
		}
		if m.offset < from {
			continue
		}
		p.next = m.offset + 1
		if !control {
			p.messages = append(p.messages, m)
		}
	}
}

// fetched is a page with its messages decoded.
type fetched struct {
	partition int
	records   []fil.Record
	poison    []poison
	next, end int64
	idle      bool
}

// poison is a message that is no event.
type poison struct {
	at      fil.Position
	message message
	reason  error
}

func (p page) decode(topic fil.Topic, partition int) fetched {
	f := fetched{partition: partition, next: p.next, end: p.end, idle: p.idle}
	f.records = make([]fil.Record, 0, len(p.messages))
	for _, m := range p.messages {
		at := fil.Position{Topic: topic, Partition: partition, Offset: m.offset}
		rec, err := decode(at, m)
		if err != nil {
			f.poison = append(f.poison, poison{at, m, err})
			continue
		}
		f.records = append(f.records, rec)
	}
	return f
}

// tail follows one partition from an offset. It reads one page ahead of whoever receives from out, no more.
type tail struct {
	log       *Log
	topic     fil.Topic
	partition int
	offset    int64
	out       chan<- fetched
	progress  func(partition int, lag, end int64) // how many records are after the last one received, and where the partition ends
}

// run reads until ctx is done. While the broker fails it tries again, for ever.
func (t *tail) run(ctx context.Context) {
	at := target{t.log.name(t.topic), t.partition}
	try := 0
	quiet := false // the last page was idle and has been told
	for ctx.Err() == nil {
		got, err := t.log.fetch(ctx, at, t.offset)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			try++
			t.log.log.Warn("read log", "topic", at.topic, "partition", at.partition, "offset", t.offset, "try", try, "error", err)
			if errors.Is(err, kafka.OffsetOutOfRange) {
				t.find(ctx)
			}
			pause(ctx, try)
			continue
		}
		try = 0
		if got.idle {
			t.progress(t.partition, 0, got.end)
			if quiet {
				continue
			}
		}
		quiet = got.idle
		if !t.hand(ctx, got.decode(t.topic, t.partition)) {
			return
		}
		t.offset = got.next
	}
}

// find sets a place to go on from when the log does not hold the offset any more: the first record kept, whether
// records were removed by age or the topic was made anew.
func (t *tail) find(ctx context.Context) {
	first, end, err := t.log.offsets(ctx, t.log.name(t.topic), t.partition)
	if err != nil {
		return // the next fetch fails again, and leads here
	}
	t.log.log.Error("records are gone from the log: going on from the first kept", "topic", t.topic, "partition", t.partition,
		"offset", t.offset, "first", first, "end", end)
	t.offset = first
}

// hand waits until the page is received. Meanwhile it keeps the progress true.
func (t *tail) hand(ctx context.Context, f fetched) bool {
	t.progress(t.partition, max(0, f.end-t.offset), f.end)
	ticker := time.NewTicker(lagEvery)
	defer ticker.Stop()
	for {
		select {
		case t.out <- f:
			t.progress(t.partition, max(0, f.end-f.next), f.end)
			return true
		case <-ctx.Done():
			return false
		case <-ticker.C:
			if _, end, err := t.log.offsets(ctx, t.log.name(t.topic), t.partition); err == nil {
				f.end = end
				t.progress(t.partition, max(0, end-t.offset), end)
			}
		}
	}
}
