package learning

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// Learner turns engagements into profiles and popularity. For each partition, calls must follow one another; calls for
// different partitions may be made at the same time.
//
// An engagement has its effect once. The profile and the memory of identities are written together with the offset
// they include, and so is popularity with its own, before them: whether a read is an agent's first is seen in the profile
// as it was. A batch given again, cut in any way, after a crash between any two writes, changes only what the first time
// did not. An event whose identity was applied at an earlier offset, within 32 days, is a duplicate and has no effect at all.
type Learner struct {
	LearnerParts
	records *prometheus.CounterVec

	mu    sync.Mutex
	lanes map[int]*lane
}

// LearnerParts is what a learner needs.
type LearnerParts struct {
	Store      Store
	Partitions int                       // of the engagements
	Known      func(fil.ContentKey) bool // whether a content is known (Catalogue.Knows), for the metric only; may be nil
	Org        func(agent string) string // the path of an agent's organisation today, empty if they have none; nil: nobody has
	Log        *slog.Logger
	Metrics    prometheus.Registerer
}

// What became of a record, as the metric fil_ranking_records_total tells; each record has one outcome.
const (
	outcomeApplied     = "applied"
	outcomeUnknown     = "unknown_content" // applied too; it will count once the content is known
	outcomeDuplicate   = "duplicate"
	outcomeRedelivered = "redelivered"
	outcomeRejected    = "rejected"
)

// lane is one partition: its popularity as it is stored, and where it stands when its effects were found missing.
type lane struct {
	mu    sync.Mutex
	tally *tally // nil: not loaded
	past  *past  // nil: the tally was not begun here
	anew  []byte // the header of the tally that must be begun again; nil: none
	asked bool   // the log was asked to begin again, and the popularity has not been there since
	back  int64  // the offset that the log was asked to go back to, until a batch is done; -1: none
}

// NewLearner makes a learner.
func NewLearner(parts LearnerParts) (*Learner, error) {
	l := &Learner{
		LearnerParts: parts, lanes: map[int]*lane{},
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fil_ranking_records_total",
			Help: "Engagements given to the learner, by what became of them.",
		}, []string{"outcome"}),
	}
	for _, outcome := range []string{outcomeApplied, outcomeUnknown, outcomeDuplicate, outcomeRedelivered, outcomeRejected} {
		l.records.WithLabelValues(outcome)
	}
	if err := parts.Metrics.Register(l.records); err != nil {
		return nil, fmt.Errorf("register metrics of the learner: %w", err)
	}
	return l, nil
}

// Learn applies a batch of one partition's engagements, in the log's order, and gives the agents whose profile
// includes something of it. An empty batch only checks that the effects are still stored.
//
// The error is fil.ErrForgotten when the partition must be given again from its first record: its popularity, which
// marks that its effects are stored, is missing or was made under other numbers, or includes less than the profiles do; or a
// profile could not be read, and has been taken away so that the log makes it again. The next call for that partition, empty or not, must
// come once the log has gone back (eventlog.Drain sees to it): it writes the mark. A fil.Forgotten is answered when what is
// stored ends before the batch begins: the store has lost its last writes. It is ErrNewer when something stored
// was written by a newer version of this program, which alone may change it. Rejections of single records come joined,
// with the rest of the batch done. After any error but fil.ErrForgotten the same batch may be given again.
func (l *Learner) Learn(ctx context.Context, partition int, batch []fil.Record) (changed []string, err error) {
	p := l.lane(partition)
	p.mu.Lock()
	defer p.mu.Unlock()
	work, rejected := l.read(batch)
	header, stored, err := l.Store.Load(ctx, partition, work.names)
	if err != nil {
		return nil, fmt.Errorf("load state of partition %d: %w", partition, err)
	}
	if err := l.ready(ctx, p, partition, header); err != nil || len(batch) == 0 {
		return nil, err
	}
	if err := p.follows(batch[0].Offset); err != nil {
		return nil, err
	}
	if err := l.openAll(ctx, partition, work, stored); err != nil {
		return nil, err
	}
	if work.ahead(p.tally.offset) && p.past == nil {
		p.tally, p.anew, p.asked, p.back = nil, p.tally.header(), true, 0
		return nil, fmt.Errorf("profiles of partition %d include what its popularity does not: %w", partition, fil.ErrForgotten)
	}
	before := p.tally.header()
	outcomes := l.apply(p, work, batch)
	if err := l.save(ctx, p, partition, before, work); err != nil {
		p.tally = nil // it is ahead of what is stored
		return nil, err
	}
	p.back = -1
	outcomes[outcomeRejected] = len(rejected)
	for outcome, n := range outcomes {
		l.records.WithLabelValues(outcome).Add(float64(n))
	}
	return work.changed(), errors.Join(rejected...)
}

// openAll reads what is stored about the batch's agents. To begin an unreadable profile anew would lose what it held
// without a word: it is taken away instead, and the log asked for the partition from its first record, where only that
// agent has something to gain.
func (l *Learner) openAll(ctx context.Context, partition int, work *work, stored []Stored) error {
	var unreadable []Change
	for i, s := range stored {
		switch err := work.agents[i].open(s); {
		case errors.Is(err, ranking.ErrNewer):
			return fmt.Errorf("a profile of partition %d: %w", partition, err)
		case err != nil:
			l.Log.ErrorContext(ctx, "a profile is unreadable and will be made again from the log", "stage", "ranking", "partition", partition, "error", err)
			unreadable = append(unreadable, Change{Agent: work.names[i], Before: ranking.HeaderOf(s.Profile), Forget: len(s.Identities)})
		}
	}
	if len(unreadable) == 0 {
		return nil
	}
	if err := l.Store.Save(ctx, unreadable); err != nil {
		return fmt.Errorf("take away %d unreadable profiles of partition %d: %w", len(unreadable), partition, err)
	}
	return fmt.Errorf("%d profiles of partition %d were unreadable: %w", len(unreadable), partition, fil.ErrForgotten)
}

func (l *Learner) lane(partition int) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.lanes[partition]
	if !ok {
		p = &lane{back: -1}
		l.lanes[partition] = p
	}
	return p
}

// ready makes the lane's popularity what the store holds. When the store holds none, it asks for the partition from
// its first record, and at the next call marks the store before anything else is written.
func (l *Learner) ready(ctx context.Context, p *lane, partition int, header []byte) error {
	blank := newTally(l.Partitions)
	if p.anew != nil && string(p.anew) != string(header) { // someone else went on with it, or has begun again
		p.anew, p.asked = nil, false
	}
	if p.anew == nil && blank.ours(header) {
		if p.tally != nil && string(p.tally.header()) == string(header) {
			p.asked = false
			return nil
		}
		packed, err := l.Store.LoadPopularity(ctx, partition)
		if err != nil {
			return fmt.Errorf("load popularity of partition %d: %w", partition, err)
		}
		before := p.tally
		if p.tally, err = parseTally(packed, l.Partitions); err == nil {
			p.asked = false
			if p.past != nil && p.past.at != p.tally.offset {
				p.past = nil // someone else went on with it
			}
			if before != nil && p.tally.done < before.done {
				return p.follows(before.done + 1) // the store went back, and nobody has written since
			}
			return nil
		}
		l.Log.WarnContext(ctx, "popularity is unreadable and will be made again", "stage", "ranking", "partition", partition, "error", err)
		header = bytesHeader(packed.Counts)
	}
	if len(header) > 0 {
		if err := ranking.CheckVersion("popularity", header, tallyVersion); errors.Is(err, ranking.ErrNewer) {
			return fmt.Errorf("popularity of partition %d: %w", partition, err)
		}
	}
	p.tally = nil
	if !p.asked {
		p.asked, p.back = true, 0
		return fil.ErrForgotten
	}
	if err := l.Store.SavePopularity(ctx, partition, blank.change(header)); err != nil {
		return fmt.Errorf("mark partition %d: %w", partition, err)
	}
	blank.saved()
	p.tally, p.past, p.asked, p.anew = blank, newPast(maxPast), false, nil
	return nil
}

// follows asks the log to go back when what is stored does not reach up to the offset at which the work would go on: a
// Redis that took over from another, or read its journal again, has lost its last writes. Up to where popularity says so,
// the profiles are stored too. A gap that is still there when the log has gone back holds nothing for us.
func (p *lane) follows(offset int64) error {
	from := p.tally.done + 1
	if offset <= from || p.back == from {
		return nil
	}
	p.back = from
	return &fil.Forgotten{From: from}
}

// apply does the whole batch in memory, in the log's order, and counts what became of the records.
func (l *Learner) apply(p *lane, work *work, batch []fil.Record) map[string]int {
	outcomes := map[string]int{}
	// The memory that a record not yet in popularity may need is kept until popularity is saved.
	for _, rec := range batch {
		if rec.Offset > p.tally.offset {
			work.keepFrom = day(rec.Admitted)
			break
		}
	}
	for _, one := range work.engagements {
		outcomes[l.applyOne(p, work, one)]++
	}
	p.tally.offset = max(p.tally.offset, batch[len(batch)-1].Offset)
	return outcomes
}

func (l *Learner) applyOne(p *lane, work *work, one engagement) string {
	agent, counted := work.agents[one.agent], one.offset <= p.tally.offset
	if !counted && one.offset <= agent.profile.Offset() {
		return l.applyAgain(p, work, one)
	}
	at, claimed := claimed(agent.before.Identities, agent.claims, one)
	if claimed && at < one.offset {
		return outcomeDuplicate
	}
	if one.preference != nil {
		return agent.prefer(one, claimed)
	}
	if !counted {
		p.tally.observe(agent.profile, one.Engagement, l.Org)
	}
	agent.touched = true
	if one.offset <= agent.profile.Offset() {
		return outcomeRedelivered
	}
	agent.profile = agent.profile.Apply(one.Engagement, one.offset)
	if !claimed {
		agent.claims = agent.claims.claim(one.identity, one.offset, one.day)
	}
	if l.Known != nil && !l.Known(fil.KeyOf(one.Content)) {
		return outcomeUnknown
	}
	return outcomeApplied
}

// applyAgain counts what the profile includes already, by what the profile was then.
func (l *Learner) applyAgain(p *lane, work *work, one engagement) string {
	agent := work.agents[one.agent]
	if agent.past == nil {
		was := p.past.of(work.names[one.agent])
		agent.past = &was
	}
	at, claimed := claimed(agent.past.Identities, nil, one)
	if claimed && at < one.offset {
		return outcomeDuplicate
	}
	was, _ := ranking.ParseProfile(agent.past.Profile) // it was packed here
	if one.preference != nil {
		agent.past.Profile = was.Prefer(*one.preference, one.offset).Bytes()
	} else {
		p.tally.observe(was, one.Engagement, l.Org)
		agent.past.Profile = was.Apply(one.Engagement, one.offset).Bytes()
	}
	if memory := agent.past.Identities; !claimed {
		agent.past.Identities = slices.Clip(memory[memory.stale(one.day):]).claim(one.identity, one.offset, one.day)
	}
	agent.touched = true
	return outcomeRedelivered
}

// save writes popularity first, then the profiles that it was seen in, then that they are stored: a crash between two of
// these leaves profiles behind, never ahead, and the log gives the batch again.
func (l *Learner) save(ctx context.Context, p *lane, partition int, before []byte, work *work) error {
	t := p.tally
	counted := t.header()
	if string(before) != string(counted) { // popularity did not include the whole batch already
		if err := l.Store.SavePopularity(ctx, partition, t.change(before)); err != nil {
			return fmt.Errorf("save popularity of partition %d: %w", partition, err)
		}
		t.saved()
		work.remember(p.past, t.offset)
	}
	if changes := work.changes(); len(changes) > 0 {
		if err := l.Store.Save(ctx, changes); err != nil {
			return fmt.Errorf("save %d profiles of partition %d: %w", len(changes), partition, err)
		}
	}
	if t.done == t.offset {
		return nil
	}
	t.done = t.offset
	mark := PopularityChange{Before: counted, At: []int{0}, Bytes: [][]byte{t.header()}}
	if err := l.Store.SavePopularity(ctx, partition, mark); err != nil {
		return fmt.Errorf("mark the profiles of partition %d as stored: %w", partition, err)
	}
	return nil
}
