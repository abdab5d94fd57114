package evaluation

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/filengine/fil"
)

// Source is the log of an installation.
type Source interface {
	Partitions(topic fil.Topic) (int, error)
	// Extent gives the first offset kept of a partition, and the one that its next record will have.
	Extent(ctx context.Context, topic fil.Topic, partition int) (first, end int64, err error)
	// Since gives the offset of the first record that was admitted at a time or later.
	Since(ctx context.Context, topic fil.Topic, partition int, at time.Time) (int64, error)
	// Read gives the records from an offset up to but without another, in order.
	Read(ctx context.Context, topic fil.Topic, partition int, from, to int64, each func(batch []fil.Record, next int64) error) error
}

// Reading says what is read of an installation's log: what was admitted since a time and, where that is more acts than wanted,
// those of a sample of the agents, each agent's whole. The sample depends on nothing but the agents' ids.
type Reading struct {
	Since    time.Time
	Acts     int                       // most, about
	Contents iter.Seq[fil.Content]     // all that are known; those that expired before Since are left aside
	Org      func(agent string) string // an agent's organisation of today
	Progress func(done, all int64)     // hears of records; may be nil
}

// Gathered counts what was read.
type Gathered struct {
	Records int64   `json:"records"`
	Refused int64   `json:"refused"` // records that are no engagement, which stages park
	Share   float64 `json:"share"`   // of the agents; 1: all of them
}

// ReadSource makes a log of an installation's own: the acts of all partitions, in time order, up to the ends that partitions
// had when it began. Contents are as they are today, and whom they were for at the time is not told: every content is a
// candidate for every agent from its publication on. It takes 32 bytes an act, beside the ids.
func ReadSource(ctx context.Context, source Source, r Reading) (*Log, Gathered, error) {
	partitions, err := source.Partitions(fil.TopicEngagements)
	if err != nil {
		return nil, Gathered{}, err
	}
	type stretch struct{ from, to int64 }
	stretches, all := make([]stretch, partitions), int64(0)
	for p := range stretches {
		_, end, err := source.Extent(ctx, fil.TopicEngagements, p)
		if err != nil {
			return nil, Gathered{}, err
		}
		from, err := source.Since(ctx, fil.TopicEngagements, p, r.Since)
		if err != nil {
			return nil, Gathered{}, err
		}
		stretches[p] = stretch{from, max(from, end)}
		all += stretches[p].to - from
	}
	b, got, done := NewBuilder(), Gathered{Share: min(1, float64(r.Acts)/float64(max(all, 1)))}, int64(0)
	for c := range r.Contents {
		if c.ExpiresAt.IsZero() || c.ExpiresAt.After(r.Since) {
			b.tell(c)
		}
	}
	for p, s := range stretches {
		at := s.from
		err := source.Read(ctx, fil.TopicEngagements, p, s.from, s.to, func(batch []fil.Record, next int64) error {
			for _, rec := range batch {
				b.take(rec, r.Org, &got)
			}
			if done, at = done+next-at, next; r.Progress != nil {
				r.Progress(done, all)
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, got, fmt.Errorf("read the engagements of partition %d: %w", p, err)
		}
	}
	return b.Log(), got, nil
}

// take adds the act of a record, if its agent is in the sample.
func (b *Builder) take(rec fil.Record, org func(string) string, got *Gathered) {
	got.Records++
	e, err := fil.EngagementOf(rec)
	if err != nil {
		got.Refused++
		return
	}
	if float64(mix(uint64(fil.KeyOf(e.Agent))))/math.MaxUint64 >= got.Share && got.Share < 1 {
		return
	}
	if err := b.Add(Row{Engagement: e, Group: org(e.Agent), Identity: rec.Event.Identity()}); err != nil {
		got.Refused++
	}
}

// tell adds a content with all that features look at. Texts are left out.
func (b *Builder) tell(c fil.Content) {
	number := b.content(c.ID)
	b.log.clock[number] = min(b.log.clock[number], c.PublishedAt.UnixNano())
	for len(b.log.known) <= int(number) {
		b.log.known = append(b.log.known, nil)
	}
	b.log.known[number] = &fil.Content{
		ID: c.ID, Kind: c.Kind, Language: c.Language, Topics: c.Topics, Source: c.Source, Author: c.Author, Community: c.Community, Priority: c.Priority,
	}
	b.topics(number, c.Topics)
}

// whole gives what was told of a content; nil when a file of acts is all there is.
func (l *Log) whole(content int32) *fil.Content {
	if int(content) >= len(l.known) {
		return nil
	}
	return l.known[content]
}

// FirstReads counts the first reads.
func (l *Log) FirstReads() int { return len(l.first) }
