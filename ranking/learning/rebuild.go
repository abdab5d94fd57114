package learning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// ErrTooLarge says that a partition's profiles do not fit in the memory that a rebuild may take.
var ErrTooLarge = errors.New("the profiles of one partition take too much memory")

// Log is what a rebuild needs of the log.
type Log interface {
	// Extent gives the first offset kept of a partition, and the one that its next record will have.
	Extent(ctx context.Context, topic fil.Topic, partition int) (first, end int64, err error)
	// Read gives the records from an offset up to but without another, in order; next is where the log goes on.
	Read(ctx context.Context, topic fil.Topic, partition int, from, to int64, each func(batch []fil.Record, next int64) error) error
}

// Rebuilt says what a rebuild of a partition has done so far.
type Rebuilt struct {
	Read, Of int64 // records of the log, and how many there were when it began
	Agents   int   // whose profile was compared with what the log says
	Changed  int   // of those, whose profile or memory of identities was not as the log says, and is now
	Popular  bool  // popularity was not as the log says, and is now
}

// Rebuilder makes profiles and popularity again from the log, beside those that are served and without a moment in which
// they are not. The learner does the learning, over a store in memory; what comes out takes the place of what is stored,
// agent by agent, under the comparison that every save makes: where a worker, in this process or another, has written since
// it was read, the log is read on until what the worker knew is known here too. So a rebuild can be interrupted at any
// point: each agent's profile is the one before or the one after.
type Rebuilder struct {
	cfg   RebuildConfig
	store Store
	log   Log
	now   func() time.Time
}

// RebuildConfig bounds a rebuild, and says what the learner is told. Reads count for the organisation that the reader is of
// today: after agents have moved, a rebuild changes popularity though nothing was wrong.
type RebuildConfig struct {
	Memory     int64         // bytes, about, that the profiles of one partition may take: partitions are made one at a time
	Patience   time.Duration // how long a worker is waited for, to mark a partition whose popularity is gone
	Partitions int           // of the engagements
	Org        func(agent string) string
}

// DefaultRebuildConfig is for one partition and no organisations; it allows 2 GiB, and waits for several beats of the log.
func DefaultRebuildConfig() RebuildConfig {
	return RebuildConfig{Memory: 2 << 30, Patience: 10 * time.Second}
}

// NewRebuilder makes a rebuilder.
func NewRebuilder(cfg RebuildConfig, store Store, log Log, now func() time.Time) *Rebuilder {
	return &Rebuilder{cfg: cfg, store: store, log: log, now: now}
}

// Partition makes a partition again from its first record kept. With from over 0, only the profiles of the agents who did
// something at that offset or later, each from all of their records, and no popularity, which is everyone's. A profile of
// whom the log holds no record is left as it is.
//
// The error is ErrTooLarge when memory does not suffice, ErrNewer when a newer version has written what is stored.
func (r *Rebuilder) Partition(ctx context.Context, partition int, from int64, progress func(Rebuilt)) (Rebuilt, error) {
	b := &rebuild{Rebuilder: r, partition: partition, shadow: newShadow(r.cfg.Memory), progress: progress}
	if err := b.run(ctx, from); err != nil {
		return b.done, fmt.Errorf("rebuild partition %d: %w", partition, err)
	}
	return b.done, nil
}

// rebuild is one partition being made again.
type rebuild struct {
	*Rebuilder
	partition int
	shadow    *shadow
	learner   *Learner
	chosen    map[string]bool // nil: everyone
	readTo    int64           // everything before it is in the shadow
	done      Rebuilt
	progress  func(Rebuilt)
}

// together is how many agents are compared in one round trip.
const together = 256

func (b *rebuild) run(ctx context.Context, from int64) (err error) {
	if b.learner, err = b.cfg.learner(ctx, b.shadow, b.partition); err != nil {
		return err
	}
	first, end, err := b.log.Extent(ctx, fil.TopicEngagements, b.partition)
	if err != nil {
		return err
	}
	b.readTo, b.done.Of = first, end-first
	if from > first {
		if err := b.choose(ctx, from, end); err != nil {
			return err
		}
		if end, err = b.reach(ctx); err != nil {
			return err
		}
	}
	if err := b.readOn(ctx, end); err != nil {
		return err
	}
	if b.chosen == nil { // before the profiles, which are never to include what it does not
		if err := b.settlePopularity(ctx); err != nil {
			return err
		}
	}
	agents := make([]string, 0, together)
	for agent := range b.shadow.agents {
		if agents = append(agents, agent); len(agents) == together {
			if err := b.settle(ctx, agents); err != nil {
				return err
			}
			agents = agents[:0]
		}
	}
	return b.settle(ctx, agents)
}

// reach is how far the log may be read for profiles: to where the popularity that is stored has come; to its end, if there
// is none.
func (b *rebuild) reach(ctx context.Context) (int64, error) {
	header, _, err := b.store.Load(ctx, b.partition, nil)
	if err != nil {
		return 0, fmt.Errorf("read the header of popularity: %w", err)
	}
	_, end, err := b.log.Extent(ctx, fil.TopicEngagements, b.partition)
	if offset := offsetOf(header); offset < end {
		end = offset + 1
	}
	return end, err
}

// choose finds who did something from an offset on.
func (b *rebuild) choose(ctx context.Context, from, end int64) error {
	b.chosen = map[string]bool{}
	return b.log.Read(ctx, fil.TopicEngagements, b.partition, from, end, func(batch []fil.Record, _ int64) error {
		for _, rec := range batch {
			if e, err := readRecord(rec); err == nil {
				b.chosen[e.Agent] = true
			}
		}
		return nil
	})
}

// readOn learns from the log up to an offset.
func (b *rebuild) readOn(ctx context.Context, to int64) error {
	return b.log.Read(ctx, fil.TopicEngagements, b.partition, b.readTo, to, func(batch []fil.Record, next int64) error {
		b.done.Read, b.readTo = b.done.Read+next-b.readTo, next
		b.progress(b.done)
		if batch = b.filter(batch); len(batch) == 0 {
			return nil
		}
		return b.learner.learnAgain(ctx, b.partition, batch)
	})
}

// learner makes one that learns a partition from its first record, into a shadow.
func (cfg RebuildConfig) learner(ctx context.Context, into *shadow, partition int) (*Learner, error) {
	l, err := NewLearner(LearnerParts{
		Store: into, Partitions: cfg.Partitions, Org: cfg.Org, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	})
	if err != nil {
		return nil, err
	}
	if _, err := l.Learn(ctx, partition, nil); !errors.Is(err, fil.ErrForgotten) { // it asks for the first record: that is what it gets
		return nil, fmt.Errorf("begin: %w", err)
	}
	return l, nil
}

// learnAgain is Learn of what a worker has learned before.
func (l *Learner) learnAgain(ctx context.Context, partition int, batch []fil.Record) error {
	_, err := l.Learn(ctx, partition, batch)
	if errors.Is(err, fil.ErrForgotten) { // it asks for what lies before: this is all there is
		_, err = l.Learn(ctx, partition, batch)
	}
	_, rest := fil.Rejections(err) // parked when the worker met them
	return rest
}

// filter leaves the records of those chosen.
func (b *rebuild) filter(batch []fil.Record) []fil.Record {
	if b.chosen == nil {
		return batch
	}
	var left []fil.Record
	for _, rec := range batch {
		if e, err := readRecord(rec); err == nil && b.chosen[e.Agent] {
			left = append(left, rec)
		}
	}
	return left
}

// settle makes what is stored of agents what the log says.
func (b *rebuild) settle(ctx context.Context, agents []string) error {
	tried := map[string]bool{}
	for len(agents) > 0 {
		header, live, err := b.store.Load(ctx, b.partition, agents)
		if err != nil {
			return fmt.Errorf("read %d profiles: %w", len(agents), err)
		}
		// A worker may have been faster than this reading; what it applied was in the log before.
		if err := b.catchUp(ctx, live); err != nil {
			return err
		}
		var changes []Change
		for i, agent := range agents {
			change, differs, err := b.compare(agent, live[i])
			if err != nil {
				return fmt.Errorf("a profile of partition %d: %w", b.partition, err)
			}
			if differs {
				changes = append(changes, change)
			}
			if differs || tried[agent] {
				b.done.Changed += b.wrong(change, header)
			}
		}
		if err = b.store.Save(ctx, changes); err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("write %d profiles: %w", len(changes), err)
		}
		b.done.Agents += len(agents)
		agents = nil
		if err != nil { // some were written and some were not: those that were will compare equal
			for _, c := range changes {
				agents, tried[c.Agent] = append(agents, c.Agent), true
				b.done.Changed -= b.wrong(c, header)
			}
			b.done.Agents -= len(agents)
		}
		b.progress(b.done)
	}
	return nil
}

// wrong is 1 for what was not as the log says. A worker that has not come so far yet was not wrong.
func (b *rebuild) wrong(c Change, popularity []byte) int {
	if ranking.OffsetOf(c.Profile) > doneOf(popularity) {
		return 0
	}
	return 1
}

// catchUp reads on until the shadow knows all that profiles include. An offset that popularity does not include is no
// worker's, but damage.
func (b *rebuild) catchUp(ctx context.Context, live []Stored) error {
	for _, s := range live {
		if ranking.OffsetOf(s.Profile) >= b.readTo {
			to, err := b.reach(ctx)
			if err != nil {
				return err
			}
			return b.readOn(ctx, max(to, b.readTo))
		}
	}
	return nil
}

// forgetAll is more bytes than identities take: a change that forgets them may be made twice, as when its answer was lost.
const forgetAll = 1 << 30

// compare gives the change that puts the shadow's state of an agent in the place of what is stored, and says whether
// they differ. What is too old to be asked for makes no difference.
func (b *rebuild) compare(agent string, live Stored) (c Change, differs bool, err error) {
	today, want := day(b.now()), b.shadow.agents[agent]
	want.Identities = want.Identities[want.Identities.stale(today):]
	if _, err := ranking.ParseProfile(live.Profile); errors.Is(err, ranking.ErrNewer) {
		return Change{}, false, err
	}
	c = Change{Agent: agent, Before: ranking.HeaderOf(live.Profile), Profile: want.Profile, Forget: forgetAll, Claims: want.Identities}
	return c, !bytes.Equal(live.Profile, want.Profile) || !bytes.Equal(live.Identities[live.Identities.stale(today):], want.Identities), nil
}

// settlePopularity does the same for the partition's popularity. Where it is missing, or made under other numbers, it is
// for a worker to mark that effects are stored, and a worker is waited for: set by anyone else, the mark would hide what
// the worker still has to do.
func (b *rebuild) settlePopularity(ctx context.Context) error {
	for waiting := time.Now(); ; {
		live, err := b.store.LoadPopularity(ctx, b.partition)
		if err != nil {
			return fmt.Errorf("read popularity: %w", err)
		}
		if _, err := parseTally(live, b.cfg.Partitions); errors.Is(err, ranking.ErrNewer) {
			return err
		}
		if !newTally(b.cfg.Partitions).ours(live.Counts) {
			if time.Since(waiting) >= b.cfg.Patience {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		if err := b.replacePopularity(ctx, live); !errors.Is(err, ErrConflict) {
			return err
		}
	}
}

// replacePopularity puts the shadow's popularity in the place of the one stored, if they differ.
func (b *rebuild) replacePopularity(ctx context.Context, live PackedTally) error {
	if offsetOf(live.Counts) >= b.readTo {
		_, end, err := b.log.Extent(ctx, fil.TopicEngagements, b.partition)
		if err != nil {
			return err
		}
		if err := b.readOn(ctx, end); err != nil {
			return err
		}
	}
	want, err := parseTally(b.shadow.popularity, b.cfg.Partitions)
	if err != nil {
		return err
	}
	want.edition, want.done = live.Counts[1], min(doneOf(live.Counts), want.offset) // which profiles a worker has stored, it knows
	if packed := want.pack(); bytes.Equal(live.Counts, packed.Counts) && slices.EqualFunc(sortedHabits(live.Habits), sortedHabits(packed.Habits), Habit.equal) {
		return nil
	}
	want.edition++
	want.whole = true
	err = b.store.SavePopularity(ctx, b.partition, want.change(bytesHeader(live.Counts)))
	if err == nil {
		b.done.Popular = want.offset <= offsetOf(live.Counts)
		b.progress(b.done)
	}
	return err
}
