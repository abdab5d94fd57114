package audiences

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
)

// Publisher writes records to the log, and fills in where they are once they are there.
type Publisher interface {
	Publish(ctx context.Context, records []fil.Record) error
}

// Announcer says in fil.memberships who enters and leaves the announced audiences, for the partitions that it is told to
// announce: those that this process owns.
//
// It compares what should be (the rules, asked now) with what was said (the log's memberships), and says the difference.
// So nothing is lost when it dies between a change and its announcement, whatever the cause was: the next one who has the
// partition finds the difference again. Nothing is said twice either, with no change between, but in one case: a member
// that was frozen for so long that its partitions were given to another may, when it wakes up, still write what it had in
// hand. If the other has said the same meanwhile, both records have one identity, by which listeners know a repetition;
// if the other has said something else since, the late record is seen in the log, and put right by one more.
type Announcer struct {
	index   *Index
	to      Publisher
	whole   func(context.Context) error
	log     *slog.Logger
	changes *prometheus.CounterVec

	lock  sync.Mutex
	desks map[int]*desk // by partition announced
}

// NewAnnouncer makes an announcer over an index that keeps acts. whole returns when the agents of all partitions are applied
// up to where the log ends, and not only those announced: it is called while a rule asks about one agent for another.
func NewAnnouncer(index *Index, to Publisher, whole func(context.Context) error, log *slog.Logger, metrics prometheus.Registerer) (*Announcer, error) {
	a := &Announcer{index: index, to: to, whole: whole, log: log, desks: map[int]*desk{}, changes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fil_audiences_announced_total",
		Help: "Entries into announced audiences and exits from them that were put in the log.",
	}, []string{"change"})}
	for _, change := range []string{"entered", "left"} {
		a.changes.WithLabelValues(change)
	}
	if err := metrics.Register(a.changes); err != nil {
		return nil, fmt.Errorf("register metrics of the announcer: %w", err)
	}
	return a, nil
}

// desk is one partition being announced: what has to be looked at.
type desk struct {
	partition int
	trail     *trail        // of the partition, until it is dropped
	wake      chan struct{} // one token: there is something to look at

	lock    sync.Mutex
	touched map[string]MembershipCause // agents to look at
	all     MembershipCause            // why everyone must be looked at; empty: they need not

	agenda agenda    // of Announce alone, as is the rest
	asked  *asked    // the audiences that the agenda is made for
	looked time.Time // when everyone was last looked at
}

// Touched says that something changed for the agents of some records, by which their key is an agent's.
func (a *Announcer) Touched(records []fil.Record, cause MembershipCause) {
	for same := range partitions(records) {
		if d := a.desk(same[0].Partition); d != nil {
			d.lock.Lock()
			for _, rec := range same {
				if _, noted := d.touched[rec.Key]; !noted {
					d.touched[rec.Key] = cause
				}
			}
			d.lock.Unlock()
			d.signal()
		}
	}
	if cause == CauseAgent && a.index.audiences.Load().asked.others { // rules ask of one agent's record for another, of any partition
		a.everywhere(cause)
	}
}

// Redefined says that audiences, or the contents that rules go by, have changed.
func (a *Announcer) Redefined() { a.everywhere(CauseAudience) }

func (a *Announcer) everywhere(why MembershipCause) {
	a.lock.Lock()
	desks := slices.Collect(maps.Values(a.desks))
	a.lock.Unlock()
	for _, d := range desks {
		d.everyone(why)
	}
}

func (a *Announcer) desk(partition int) *desk {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.desks[partition]
}

func (d *desk) everyone(why MembershipCause) {
	d.lock.Lock()
	if d.all == "" {
		d.all = why
	}
	d.lock.Unlock()
	d.signal()
}

func (d *desk) signal() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Announce announces a partition until ctx is done, and begins by looking at everyone in it. The agents, audiences,
// contents, engagements and memberships of the partition must have been applied up to where the log ends. One call at a
// time for a partition.
func (a *Announcer) Announce(ctx context.Context, partition int) {
	d := a.open(partition)
	defer func() {
		a.lock.Lock()
		defer a.lock.Unlock()
		delete(a.desks, partition)
	}()
	for try := 0; ctx.Err() == nil; {
		if err := a.look(ctx, d); err != nil {
			if ctx.Err() != nil {
				return
			}
			try++
			a.log.WarnContext(ctx, "memberships not announced", "stage", "audiences", "partition", partition, "try", try, "error", err)
			wait(ctx, nil, min(100*time.Millisecond<<min(try, 6), 5*time.Second))
			continue
		}
		try = 0
		wait(ctx, d.wake, a.rest(d))
	}
}

// open begins to note what has to be looked at.
func (a *Announcer) open(partition int) *desk {
	a.lock.Lock()
	defer a.lock.Unlock()
	d := &desk{partition: partition, trail: a.index.lives.trail(partition), wake: make(chan struct{}, 1), touched: map[string]MembershipCause{}, all: CauseStart}
	a.desks[partition] = d
	return d
}

// wait returns when ctx is done, there is a token, or the time has passed.
func wait(ctx context.Context, token <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-token:
	case <-timer.C:
	}
}

// Times of Announce: everyone is looked at once in allEvery at most, but for a start; the agenda is looked at
// longestRest apart at least, in case the clock was set.
const (
	allEvery    = time.Second
	longestRest = time.Minute
)

// rest gives the time until something is due.
func (a *Announcer) rest(d *desk) time.Duration {
	d.lock.Lock()
	defer d.lock.Unlock()
	rest := longestRest
	if d.all != "" {
		rest = allEvery
	}
	if at, some := d.agenda.next(); some {
		rest = min(rest, at.Sub(a.index.now()))
	}
	return max(rest, 10*time.Millisecond)
}

// take gives what has to be looked at now.
func (d *desk) take(now time.Time) (touched map[string]MembershipCause, all MembershipCause) {
	d.lock.Lock()
	defer d.lock.Unlock()
	touched, d.touched = d.touched, map[string]MembershipCause{}
	if d.all == CauseStart || d.all != "" && now.Sub(d.looked).Abs() >= allEvery {
		all, d.all = d.all, ""
	}
	return touched, all
}

// look announces what has to be; with an error it all has to be looked at again.
func (a *Announcer) look(ctx context.Context, d *desk) (err error) {
	now := a.index.now()
	touched, all := d.take(now)
	defer func() {
		if err != nil {
			d.lock.Lock()
			maps.Copy(touched, d.touched)
			d.touched = touched
			if all != "" {
				d.all = all
			}
			d.lock.Unlock()
		}
	}()
	asked := a.index.audiences.Load().asked
	if asked.others {
		if err := a.whole(ctx); err != nil {
			return fmt.Errorf("load the whole directory: %w", err)
		}
	}
	if err := a.held(d); err != nil {
		return err
	}
	trail := d.trail
	if d.asked != asked && all == "" {
		all = CauseAudience
	}
	if !d.agenda.midnight.IsZero() && !now.Before(d.agenda.midnight) && all == "" {
		all = CauseTime
	}
	for _, who := range d.agenda.due(now) {
		if id := trail.nameOf(who); touched[id] == "" {
			touched[id] = CauseTime
		}
	}
	if all != "" {
		d.looked, d.asked = now, asked
		d.agenda = a.plan(trail, asked, now)
		for _, id := range a.index.astray(d.partition, asked) {
			if touched[id] == "" {
				touched[id] = all
			}
		}
	}
	return a.settle(ctx, d, asked, touched)
}

// held says whether the partition is still held: agents of one that was dropped look as if the directory had removed them.
func (a *Announcer) held(d *desk) error {
	if a.index.lives.find(d.partition) != d.trail {
		return fmt.Errorf("partition %d was dropped", d.partition)
	}
	return nil
}

// settle looks at agents one by one and announces what differs, some at a time.
func (a *Announcer) settle(ctx context.Context, d *desk, asked *asked, touched map[string]MembershipCause) error {
	const some, told = 1000, 100_000
	ids := slices.Sorted(maps.Keys(touched))
	for done := 0; done < len(ids); done += some {
		var records []fil.Record
		var said []map[string]time.Time // by record
		entered, left := 0, 0
		batch := ids[done:min(done+some, len(ids))]
		for _, id := range batch {
			j, changed := a.judge(d, asked, id)
			if !changed {
				continue
			}
			j.Cause = touched[id]
			written, err := j.records()
			if err != nil {
				a.log.ErrorContext(ctx, "an agent's memberships cannot be announced", "stage", "audiences", "partition", d.partition, "error", err)
				continue
			}
			for _, rec := range written {
				records, said = append(records, rec), append(said, j.In)
				if rec.Event.Data == nil {
					said[len(said)-1] = nil
				}
			}
			entered, left = entered+len(j.Entered), left+len(j.Left)
		}
		if err := errors.Join(a.held(d), ctx.Err()); err != nil {
			return err
		}
		if len(records) > 0 {
			if err := a.to.Publish(ctx, records); err != nil {
				return fmt.Errorf("publish memberships of partition %d: %w", d.partition, err)
			}
		}
		for i, rec := range records {
			d.trail.note(rec, said[i])
		}
		a.changes.WithLabelValues("entered").Add(float64(entered))
		a.changes.WithLabelValues("left").Add(float64(left))
		for _, id := range batch {
			delete(touched, id)
		}
		if at := done + some; at/told > done/told && at < len(ids) {
			a.log.InfoContext(ctx, "memberships are being announced", "stage", "audiences", "partition", d.partition, "looked_at", at, "of", len(ids))
		}
	}
	return nil
}
