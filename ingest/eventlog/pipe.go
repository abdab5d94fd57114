package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/filengine/fil"
)

// Pipe says what a stage makes of the records of a topic: records of other topics. It is a Drain whose effect is a
// Publish; what Drain says about Handle, batches, beats, rejections and retries holds here.
//
// What Handle returns is published, in order, before the batch is committed; along with rejections too, but not with any
// other error. A batch given again publishes again: the events that Handle makes must have the same identity each time.
type Pipe struct {
	Stage  string
	From   fil.Topic
	Handle func(ctx context.Context, partition int, batch []fil.Record) (out []fil.Record, err error)

	MaxBatch int
	MaxWait  time.Duration
	Beat     time.Duration
}

// Pipe runs a pipe until ctx is done, as Drain does.
func (l *Log) Pipe(ctx context.Context, p Pipe) error {
	d := Drain{Stage: p.Stage, Topic: p.From, MaxBatch: p.MaxBatch, MaxWait: p.MaxWait, Beat: p.Beat}
	if p.Handle != nil {
		d.Handle = func(ctx context.Context, partition int, batch []fil.Record) error {
			out, verdict := p.Handle(ctx, partition, batch)
			if _, rest := fil.Rejections(verdict); rest != nil {
				return verdict
			}
			if err := l.Publish(ctx, out); err != nil {
				return errors.Join(verdict, fmt.Errorf("pipe %s from %s: %w", p.Stage, p.From, err))
			}
			metrics := l.metrics.stage(p.Stage)
			for i := range out {
				metrics.out.WithLabelValues(string(out[i].Topic)).Inc()
			}
			return verdict
		}
	}
	return l.Drain(ctx, d)
}
