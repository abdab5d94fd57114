package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/segmentio/kafka-go"
)

// sender writes to one partition, one request at a time, so that a retry cannot put a record behind a later one of its
// key. What arrives while a request is under way leaves together in the next: a lone record waits for nobody, and under
// load the requests grow by themselves. It has a goroutine only while there is something to send.
//
// kafka.Writer is not used: it holds a lone record back for its BatchTimeout, allocates a full batch for it, and tells
// offsets only to a callback, while the caller may have left.
type sender struct {
	log *Log
	to  target

	mu    sync.Mutex
	queue []*parcel
	busy  bool
}

// hand gives a parcel to the sender of its partition.
func (l *Log) hand(p *parcel) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	s := l.senders[p.to]
	if s == nil {
		s = &sender{log: l, to: p.to}
		l.senders[p.to] = s
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, p)
	l.metrics.queuedParcels.Inc()
	if !s.busy {
		s.busy = true
		l.sending.Go(s.run)
	}
	return nil
}

func (s *sender) run() {
	for {
		parcels := s.take()
		if parcels == nil {
			return
		}
		s.deliver(parcels)
	}
}

// take removes from the queue what fits one request; nil, and the sender is idle, when there is nothing.
func (s *sender) take() []*parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, bytes := 0, 0
	for _, p := range s.queue {
		if bytes += p.bytes; n > 0 && bytes > s.log.cfg.BatchBytes {
			break
		}
		n++
	}
	if n == 0 {
		s.queue, s.busy = nil, false
		return nil
	}
	parcels := s.queue[:n:n]
	s.queue = s.queue[n:]
	s.log.metrics.queuedParcels.Sub(float64(n))
	return parcels
}

// sendTries is the try whose pause the later ones have too: under a second, since somebody waits for the outcome.
const sendTries = 5

// deliver writes parcels together and answers each. What nobody waits for is not written, nor tried again.
func (s *sender) deliver(parcels []*parcel) {
	for try := 1; ; try++ {
		parcels = s.awaited(parcels)
		if len(parcels) == 0 {
			return
		}
		base, err := s.log.produce(s.to, parcels)
		if err == nil {
			for _, p := range parcels {
				s.answer(p, base, nil)
				base += int64(len(p.messages))
			}
			return
		}
		if passing(err) && pause(s.log.life, min(try, sendTries)) {
			s.log.log.Debug("publish again", "topic", s.to.topic, "partition", s.to.partition, "try", try, "error", err)
			continue
		}
		if len(parcels) == 1 {
			s.answer(parcels[0], 0, err)
			return
		}
		for i := range parcels { // one of them may be to blame: each has its own answer
			s.deliver(parcels[i : i+1])
		}
		return
	}
}

// awaited answers the parcels that were abandoned and gives the others.
func (s *sender) awaited(parcels []*parcel) []*parcel {
	kept := make([]*parcel, 0, len(parcels))
	for _, p := range parcels {
		select {
		case <-p.abandoned:
			s.answer(p, 0, context.Canceled)
		default:
			kept = append(kept, p)
		}
	}
	return kept
}

func (s *sender) answer(p *parcel, base int64, err error) {
	p.base, p.err = base, err
	s.log.release(s.log.room(p))
	close(p.answered)
}

// produce writes parcels in one request and gives the offset of the first message.
func (l *Log) produce(to target, parcels []*parcel) (base int64, err error) {
	answer, err := l.client.Produce(l.life, &kafka.ProduceRequest{
		Topic: to.topic, Partition: to.partition, RequiredAcks: kafka.RequireAll, Compression: kafka.Lz4,
		Records: &messageReader{parcels: parcels},
	})
	if err == nil {
		err = answer.Error
	}
	if err != nil {
		return 0, err
	}
	return answer.BaseOffset, nil
}

// passing says that an error may go away: Kafka says so, or the connection failed.
func passing(err error) bool {
	var refusal kafka.Error
	if errors.As(err, &refusal) {
		return refusal.Temporary()
	}
	return !errors.Is(err, context.Canceled)
}

// writeMessages writes messages to a topic, on the partition of each one's key, and waits until all in-sync replicas have them.
func (l *Log) writeMessages(ctx context.Context, topic string, messages []message) error {
	partitions, ok := l.topics[topic]
	if !ok {
		return fmt.Errorf("topic %q is not one of the log's", topic)
	}
	open := map[int]*parcel{}
	var parcels []*parcel
	for _, m := range messages {
		to := target{topic, partitionOf(m.key, partitions)}
		bytes := m.size()
		p := open[to.partition]
		if p == nil || p.bytes+bytes > l.cfg.BatchBytes {
			p = &parcel{to: to}
			open[to.partition] = p
			parcels = append(parcels, p)
		}
		p.messages = append(p.messages, m)
		p.bytes += bytes
	}
	return l.send(ctx, parcels)
}
