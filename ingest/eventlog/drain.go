package eventlog

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

// Drain says what a stage does with the records of a topic. Members of one stage, in this process and others, share the
// partitions; each partition is a lane of its own.
//
// # What Handle is given
//
// Batches of one partition come in the order of offsets, one at a time; lanes run at the same time. Handle must not
// change the batch, and must return soon after its context is done.
//
//   - nil: the batch is done, its offset is committed.
//   - fil.Rejections only (joined or not): those records are parked in the topic's Rejected with the reason, then the
//     offset is committed.
//   - fil.ErrForgotten: the partition's first offset, or the one that a fil.Forgotten names, is committed, then the lane
//     starts again from there. Once Handle
//     has said so, the next call for that partition in this process comes after that commit, whatever rebalances come
//     between: a stage that notes its own answer may take the next call, the empty batch below, as the start of the replay.
//   - any other error, with or without rejections: the same batch again, after a pause that grows from 50 ms to 5 s.
//
// An empty batch, a beat, is given when a lane starts (again) and after each Beat without records, so that a stage whose
// store was lost notices while nothing comes in. Rejections of a beat are ignored.
//
// After a crash, or when a partition changes hands, records may be given again: those of the last CommitEvery and the
// batch in hand. With Exact, the batch in hand is then given again with the same records, no more and no fewer, whoever
// gets the partition.
type Drain struct {
	Stage  string // names the consumer group (<stage>.<topic>), metrics and log lines; lower-case letters, digits and '_'
	Topic  fil.Topic
	Handle func(ctx context.Context, partition int, batch []fil.Record) error

	// Assigned, if set, is told the partitions that the member has from now on: none when it leaves. It is called before
	// the first lane of a turn starts, and must not wait: what a stage keeps in memory of a partition outlives a rebalance
	// that gives the partition back, and is dropped when another has it.
	Assigned func(partitions []int)

	// Open, if set, is called when a lane starts, before its first batch, for the stage to have at hand what the lane needs;
	// however long that takes, the member keeps its partitions. Its context ends with the lane's turn. An error other than
	// that end is tried again, after a pause. The function that it gives is called once, when the lane has ended: before
	// another member has the partition, unless this one was silent for too long.
	Open func(ctx context.Context, partition int) (release func(), err error)

	MaxBatch int           // most records of one batch; 0: 1000
	MaxWait  time.Duration // how long a batch that is not full may wait for more; 0: it takes what is there
	Beat     time.Duration // 0: one second

	// Exact is for a stage whose effect is known by a name made of its batch, so that the effect of a batch whose outcome
	// nobody knows is not there twice when it is done again, nor when a member that was frozen meanwhile wakes up and goes
	// on with it. It costs one more commit for each batch: the batch's end is written beside the offset, under the
	// member's generation, before the batch is given. A member whose generation is over cannot write it, so it has one
	// such batch at most, and whoever has the partition now begins by doing that very batch.
	Exact bool
}

const (
	defaultMaxBatch = 1000
	defaultBeat     = time.Second
)

func (d Drain) validate() error {
	if ok, _ := regexp.MatchString(`^[a-z][a-z0-9_]{0,63}$`, d.Stage); !ok {
		return fmt.Errorf("stage %q: lower-case letters, digits and '_' are required", d.Stage)
	}
	if d.Handle == nil {
		return errors.New("handle is required")
	}
	if d.MaxBatch < 0 || d.MaxWait < 0 || d.Beat < 0 {
		return errors.New("max batch, max wait and beat cannot be negative")
	}
	return nil
}

// Heartbeats are also how a member learns of a rebalance, so they come often; in a rebalance members are waited for, longer
// than their grace.
const (
	heartbeat       = 500 * time.Millisecond
	rebalanceMargin = 10 * time.Second
	joinBackoff     = 250 * time.Millisecond
)

// Drain gives a stage the records of a topic until ctx is done, or the log is closed; then the lanes end within Grace,
// what is done is committed, the group is left, and it returns nil. While the log fails it tries again, for ever: an
// error only says that the drain cannot be (a fault in its settings, ErrClosed).
//
// The group is <stage>.<topic>: one group for several topics would stop all of a stage's lanes whenever one drain joins.
func (l *Log) Drain(ctx context.Context, d Drain) error {
	if err := d.validate(); err != nil {
		return fmt.Errorf("drain %s for %s: %w", d.Topic, d.Stage, err)
	}
	if _, err := l.partitions(d.Topic); err != nil {
		return fmt.Errorf("drain %s for %s: %w", d.Topic, d.Stage, err)
	}
	ctx, leave, err := l.enter(ctx)
	if err != nil {
		return fmt.Errorf("drain %s for %s: %w", d.Topic, d.Stage, err)
	}
	defer leave()
	if d.MaxBatch == 0 {
		d.MaxBatch = defaultMaxBatch
	}
	if d.Beat == 0 {
		d.Beat = defaultBeat
	}
	r := &draining{Drain: d, log: l, metrics: l.metrics.stage(d.Stage), failing: map[int]bool{}, forgotten: map[int]int64{}}
	r.metrics.open(d.Topic)
	l.begin(r)
	defer l.end(r)
	defer r.assign(nil)
	return r.run(ctx)
}

// draining is a drain at work, over all generations of its group.
type draining struct {
	Drain
	log     *Log
	metrics *stageMetrics

	mu        sync.Mutex    // protects what follows
	joined    bool          // a generation has begun
	behind    int           // lanes that have not yet reached the end they saw when they started
	failing   map[int]bool  // partitions whose batch in hand has failed failingFrom times or more
	forgotten map[int]int64 // by partition, the offset to go back to before anything else
}

// run is the member's life: it joins, works through generations, and leaves.
//
// The order of leaving matters: the group must close first, since it ends the generation (so the lanes, so the commits)
// and only then says goodbye. kafka-go may be waiting for a broker at that moment: past a limit its connections are cut,
// which makes every wait an error.
func (r *draining) run(ctx context.Context) error {
	conns := newNetwork()
	defer conns.close()
	dialer := &kafka.Dialer{ClientID: clientID, DialFunc: conns.dial, Timeout: dialTimeout, TLS: r.log.cfg.TLS}
	if r.log.login != nil {
		dialer.SASLMechanism = r.log.login
	}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID:      r.group(),
		Brokers: r.log.cfg.Brokers,
		Dialer:  dialer,
		Topics:  []string{r.log.name(r.Topic)},

		GroupBalancers:    []kafka.GroupBalancer{kafka.RangeGroupBalancer{}},
		StartOffset:       kafka.FirstOffset,
		HeartbeatInterval: heartbeat,
		SessionTimeout:    r.log.cfg.Session,
		RebalanceTimeout:  r.log.cfg.Grace + rebalanceMargin,
		JoinGroupBackoff:  joinBackoff,
		Timeout:           coordinatorReply,
	})
	if err != nil {
		return fmt.Errorf("join group %s: %w", r.group(), err)
	}
	var generations sync.WaitGroup
	for failed := 0; ; {
		generation, err := group.Next(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil { // the group waits by itself before it tries again, four times a second: say so now and then
			if failed++; failed%40 == 1 {
				r.log.log.Warn("join group", "stage", r.Stage, "topic", r.Topic, "try", failed, "error", err)
			}
			continue
		}
		failed = 0
		generations.Add(1)
		generation.Start(func(turn context.Context) {
			defer generations.Done()
			turn, end := context.WithCancel(turn)
			defer end()
			defer context.AfterFunc(ctx, end)() // sooner than the group would say it
			r.generation(turn, generation)
		})
	}
	cut := time.AfterFunc(r.log.cfg.Grace+coordinatorReply, conns.close)
	defer cut.Stop()
	err = group.Close()
	generations.Wait()
	return err
}

func (r *draining) group() string { return r.log.group(r.Stage, r.Topic) }

// generation works the partitions that the member has, until the group gives them out anew. Lanes end first, then what
// they have done is committed, then the member lets go.
func (r *draining) generation(ctx context.Context, g *kafka.Generation) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	work, abort := context.WithCancel(context.Background())
	defer abort()
	defer context.AfterFunc(ctx, func() {
		if sleep(work, r.log.cfg.Grace) {
			abort()
		}
	})()

	assigned := g.Assignments[r.log.name(r.Topic)]
	r.log.log.Info("lanes begin", "stage", r.Stage, "topic", r.Topic, "lanes", len(assigned), "generation", g.ID)
	commits := newCommits(r, g)
	r.mu.Lock()
	r.joined, r.behind = true, len(assigned)
	r.mu.Unlock()
	r.assign(assigned)
	var lanes, committing sync.WaitGroup
	for _, a := range assigned {
		lane := &lane{draining: r, partition: a.ID, commits: commits, holding: r.metrics.held.WithLabelValues(string(r.Topic), strconv.Itoa(a.ID))}
		lanes.Go(func() {
			release, ok := r.open(ctx, a.ID)
			if !ok {
				return
			}
			defer release()
			if err := lane.run(ctx, work, a.Offset); err != nil {
				r.log.log.Warn("lane ended", "stage", r.Stage, "topic", r.Topic, "partition", a.ID, "error", err)
				end() // the lane can go on only in another generation
			}
		})
	}
	committing.Go(func() {
		if err := commits.run(ctx); err != nil {
			r.log.log.Warn("commit", "stage", r.Stage, "topic", r.Topic, "error", err)
			end()
		}
	})
	<-ctx.Done()
	lanes.Wait()
	committing.Wait()
	if err := commits.flush(); err != nil {
		r.log.log.Info("last commit of a generation", "stage", r.Stage, "topic", r.Topic, "error", err)
	}
	for _, a := range assigned {
		r.metrics.forget(r.Topic, a.ID)
	}
}

func (r *draining) assign(assigned []kafka.PartitionAssignment) {
	if r.Assigned == nil {
		return
	}
	partitions := make([]int, len(assigned))
	for i, a := range assigned {
		partitions[i] = a.ID
	}
	r.Assigned(partitions)
}

// open gets the stage ready for a lane; false when the lane's turn ended first.
func (r *draining) open(ctx context.Context, partition int) (release func(), ok bool) {
	if r.Open == nil {
		return func() {}, true
	}
	for try := 1; ; try++ {
		release, err := r.Open(ctx, partition)
		switch {
		case err == nil:
			return release, true
		case ctx.Err() != nil:
			return nil, false
		}
		r.log.log.WarnContext(ctx, "open lane", "stage", r.Stage, "topic", r.Topic, "partition", partition, "try", try, "error", err)
		if !pause(ctx, try) {
			return nil, false
		}
	}
}

func (l *Log) begin(r *draining) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stages[r.Stage] == nil {
		l.stages[r.Stage] = map[*draining]struct{}{}
	}
	l.stages[r.Stage][r] = struct{}{}
}

func (l *Log) end(r *draining) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.stages[r.Stage], r)
}

// Failing says whether a stage cannot get on in this process: one of its lanes has been failing the same batch for seconds.
func (l *Log) Failing(stage string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.stages[stage] {
		r.mu.Lock()
		failing := len(r.failing) > 0
		r.mu.Unlock()
		if failing {
			return true
		}
	}
	return false
}

// CaughtUp says whether every drain of a stage has its lanes, and each lane has done what was in the log when it started,
// or started again after fil.ErrForgotten. It is false for a stage with no drain, and true for a member that has no
// partition because others have them all. A stage that has caught up stays so while it lags a little later: see the
// metric fil_<stage>_lag_records for that.
func (l *Log) CaughtUp(stage string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.stages[stage] {
		r.mu.Lock()
		ready := r.joined && r.behind == 0
		r.mu.Unlock()
		if !ready {
			return false
		}
	}
	return len(l.stages[stage]) > 0
}
