package analytics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
)

// Log is what a rebuild needs of the log.
type Log interface {
	// Extent gives the first offset kept of a partition, and the one that its next record will have.
	Extent(ctx context.Context, topic fil.Topic, partition int) (first, end int64, err error)
	// Read gives the records from an offset up to but without another, in order; next is where the log goes on.
	Read(ctx context.Context, topic fil.Topic, partition int, from, to int64, each func(batch []fil.Record, next int64) error) error
	// Committed gives the offset before which a stage has done everything, for each partition.
	Committed(ctx context.Context, stage string, topic fil.Topic) ([]int64, error)
}

// Stage names the recorder to the log.
const Stage = "analytics"

// Stretch is the facts that a stretch of one partition of the log accounts for: those of its offsets, admitted when its
// records were. Facts of a log that was lost, and had the same offsets, were admitted at other times.
type Stretch struct {
	Partition    int
	From, To     int64     // offsets; To is not included
	Since, Until time.Time // both included
}

// Row is a fact as it is stored. Digest is of everything in it, and is the same for equal rows only.
type Row struct {
	Fact
	Digest uint64
}

// Ledger is a store of facts whose rows can be looked at, and struck.
type Ledger interface {
	Store
	// Rows gives the facts of a stretch, in no order.
	Rows(ctx context.Context, s Stretch) ([]Row, error)
	// Strike removes the rows of a stretch that are equal to those given, or all when none is given, and returns when no
	// reader sees them any more.
	Strike(ctx context.Context, s Stretch, rows []Row) error
}

// Rebuilt says what a rebuild of a partition has done so far.
type Rebuilt struct {
	Read, Of int64 // records of the log, and how many there were to read
	Facts    int   // that the log accounts for
	Added    int   // of those, which were not stored as they are
	Removed  int   // rows that the log accounts for in another way, or twice
}

// ErrReplaying says that the recorder is making a partition again itself, because its facts were gone.
var ErrReplaying = errors.New("the recorder is recording this partition again from its first record: try again when it has caught up")

const (
	stretchRecords = 50_000 // compared together
	strikeTogether = 2_000  // rows struck one by one; with more, the whole stretch is made again
)

// Rebuild compares the facts of a partition with what the log says, from its first record kept, or from an offset if that
// is later, and mends the difference where it is. Facts that the log no longer holds, or that lie before the offset, are
// left as they are.
//
// It goes as far as the recorder had come for good when it began: of what lies before, nothing is inserted any more but by
// a recorder whose facts were gone, which is ErrReplaying. So recorders go on meanwhile, in this process and in others, and
// no insert of theirs is crossed. What is wrong is mended stretch by stretch, what is right first: a reader may see a fact
// twice for a moment. Only where more than 2,000 facts of one stretch are wrong, or some are there twice, are they away for
// a moment. Interrupted, the stretches before are mended and those after are as they were.
func (r *Recorder) Rebuild(ctx context.Context, log Log, ledger Ledger, partition int, from int64, progress func(Rebuilt)) (Rebuilt, error) {
	b := &mending{Recorder: r, log: log, ledger: ledger, partition: partition, progress: progress, run: rand.Uint64()}
	err := b.all(ctx, from)
	if b.done.Added+b.done.Removed > 0 {
		err = errors.Join(err, b.reclaim(context.WithoutCancel(ctx)))
	}
	if err != nil {
		return b.done, fmt.Errorf("rebuild facts of partition %d: %w", partition, err)
	}
	return b.done, nil
}

// mending is one partition being compared and mended.
type mending struct {
	*Recorder
	log       Log
	ledger    Ledger
	partition int
	run       uint64 // makes the tokens of inserts this run's own: an earlier run may have inserted the same facts
	rehearsal *rehearsal
	recorder  *Recorder // on the rehearsal
	done      Rebuilt
	progress  func(Rebuilt)
}

func (b *mending) all(ctx context.Context, from int64) error {
	first, _, err := b.log.Extent(ctx, fil.TopicEngagements, b.partition)
	if err != nil {
		return err
	}
	end, err := b.recorded(ctx)
	if err != nil {
		return err
	}
	from = max(from, first)
	b.done.Of = max(0, end-from)
	if err := b.noteErasures(ctx, from, end); err != nil {
		return err
	}
	var held []fil.Record
	start := from
	err = b.log.Read(ctx, fil.TopicEngagements, b.partition, from, end, func(batch []fil.Record, next int64) error {
		held = append(held, batch...)
		if len(held) < stretchRecords && next < end {
			return nil
		}
		err := b.mend(ctx, held, start, next)
		held, start = held[:0], next
		return err
	})
	if err == nil && len(held) > 0 { // the log ends in a gap
		err = b.mend(ctx, held, start, end)
	}
	return err
}

// recorded is the offset up to which the recorder has come for good.
func (b *mending) recorded(ctx context.Context) (int64, error) {
	all, err := b.log.Committed(ctx, Stage, fil.TopicEngagements)
	if err != nil {
		return 0, err
	}
	if b.partition >= len(all) {
		return 0, fmt.Errorf("there is no partition %d", b.partition)
	}
	return all[b.partition], nil
}

// mend makes the facts of one stretch what the recorder makes of its records.
func (b *mending) mend(ctx context.Context, batch []fil.Record, from, to int64) error {
	defer func() { b.progress(b.done) }()
	b.done.Read += to - from
	if len(batch) == 0 {
		return nil
	}
	facts, err := b.rehearse(ctx, batch, from)
	if err != nil {
		return err
	}
	s := Stretch{Partition: b.partition, From: from, To: to, Since: batch[0].Admitted, Until: batch[0].Admitted}
	for _, rec := range batch {
		s.Since, s.Until = Earlier(s.Since, rec.Admitted), Later(s.Until, rec.Admitted)
	}
	rows, err := b.ledger.Rows(ctx, s)
	if err != nil {
		return err
	}
	erased, err := b.ledger.Erased(ctx, b.partition) // after the rows: what was erased before they were read is known
	if err != nil {
		return err
	}
	facts = slices.DeleteFunc(facts, func(f Fact) bool { return erased[f.Agent].Covers(f.Offset, f.Admitted) })
	b.done.Facts += len(facts)
	d := differ(facts, rows)
	if len(d.missing)+len(d.twice)+len(d.wrong) == 0 {
		return nil
	}
	if err := b.still(ctx, to); err != nil {
		return err
	}
	// Half of it would be worse than none: what has begun goes on when the caller has gone.
	if err := b.apply(context.WithoutCancel(ctx), s, facts, d); err != nil {
		return err
	}
	if err := b.eraseAgain(ctx, facts, erased); err != nil {
		return err
	}
	b.done.Added, b.done.Removed = b.done.Added+len(d.missing), b.done.Removed+d.surplus
	return b.still(ctx, to)
}

// still is ErrReplaying when the recorder is no longer past an offset.
func (b *mending) still(ctx context.Context, to int64) error {
	now, err := b.recorded(ctx)
	if err == nil && now < to {
		err = ErrReplaying
	}
	return err
}

// rehearse gives the facts that the recorder makes of a batch, given what was stored before the first of all batches.
func (b *mending) rehearse(ctx context.Context, batch []fil.Record, from int64) ([]Fact, error) {
	if b.rehearsal == nil {
		b.rehearsal = &rehearsal{Ledger: b.ledger, before: from, began: batch[0].Admitted,
			claim: Claim{Topic: fil.TopicEngagements, Partition: b.partition, Since: math.MaxInt64}}
		recorder, err := NewRecorder(b.cfg, b.rehearsal, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			return nil, err
		}
		b.recorder = recorder
	}
	b.rehearsal.facts = nil
	if l := b.recorder.lane(lane{fil.TopicEngagements, b.partition}); l.open {
		l.next = batch[0].Offset // a gap in the log is no reason to forget what came before it
	}
	_, rest := fil.Rejections(b.recorder.Record(ctx, b.partition, batch)) // what is rejected was parked when it came in
	return b.rehearsal.facts, rest
}

// difference is what must be done for rows to be the facts that they should be.
type difference struct {
	missing []Fact // no row is equal to them
	twice   []Fact // several rows are
	wrong   []Row  // equal to no fact, or to one that is there twice
	surplus int    // how many rows there are too many, or in another form
}

func differ(facts []Fact, rows []Row) (d difference) {
	want := make(map[int64]Fact, len(facts))
	for _, f := range facts {
		want[f.Offset] = stored(f)
	}
	found := make(map[int64]int, len(rows))
	for _, row := range rows {
		if f, ok := want[row.Offset]; ok && f == stored(row.Fact) {
			found[row.Offset]++
			continue
		}
		d.wrong = append(d.wrong, row)
	}
	d.surplus = len(d.wrong)
	for _, f := range facts {
		switch n := found[f.Offset]; {
		case n == 0:
			d.missing = append(d.missing, f)
		case n > 1:
			d.twice, d.surplus = append(d.twice, f), d.surplus+n-1
		}
	}
	for _, row := range rows {
		if found[row.Offset] > 1 && want[row.Offset] == stored(row.Fact) {
			d.wrong = append(d.wrong, row)
		}
	}
	return d
}

// stored is a fact at the precision at which facts are stored, comparable.
func stored(f Fact) Fact {
	f.Time, f.Admitted = f.Time.Truncate(time.Millisecond).UTC(), f.Admitted.Truncate(time.Millisecond).UTC()
	f.Dwell = float64(float32(f.Dwell))
	return f
}

// apply puts what is right before it takes away what is wrong, where the two can be told apart.
func (b *mending) apply(ctx context.Context, s Stretch, facts []Fact, d difference) error {
	if len(d.wrong) > strikeTogether {
		if err := b.ledger.Strike(ctx, s, nil); err != nil {
			return err
		}
		return b.insert(ctx, s, "whole", facts)
	}
	if err := b.insert(ctx, s, "missing", d.missing); err != nil {
		return err
	}
	if len(d.wrong) > 0 {
		if err := b.ledger.Strike(ctx, s, d.wrong); err != nil {
			return err
		}
	}
	return b.insert(ctx, s, "twice", d.twice)
}

func (b *mending) insert(ctx context.Context, s Stretch, what string, facts []Fact) error {
	if len(facts) == 0 {
		return nil
	}
	return b.ledger.Insert(ctx, fmt.Sprintf("rebuild-%016x-%d-%d-%s", b.run, s.Partition, s.From, what), facts)
}

// reclaim makes whoever records the partition read again what is stored of it, so that an identity which was missing is
// known to its memory too.
func (b *mending) reclaim(ctx context.Context) error {
	claims, _, err := b.ledger.Claimed(ctx)
	if err != nil {
		return fmt.Errorf("read the claims: %w", err)
	}
	at := slices.IndexFunc(claims, func(c Claim) bool { return c.Topic == fil.TopicEngagements && c.Partition == b.partition })
	if at < 0 {
		return nil // nobody has begun to record it
	}
	claims[at].Owner = rand.Uint64()
	return b.ledger.Claim(ctx, claims[at])
}

// noteErasures reads the log for what agents asked to be forgotten, before their facts are compared: the log still tells what
// they did.
func (b *mending) noteErasures(ctx context.Context, from, end int64) error {
	var all []Erasure
	err := b.log.Read(ctx, fil.TopicEngagements, b.partition, from, end, func(batch []fil.Record, _ int64) error {
		for _, rec := range batch {
			if !rec.Event.IsPreference() {
				continue
			}
			if e, asked := b.erasureOf(rec); asked {
				all = append(all, e)
			}
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		return err
	}
	return b.ledger.AskErasure(ctx, all)
}

// eraseAgain asks once more for the erasures that were noted while facts were put back.
func (b *mending) eraseAgain(ctx context.Context, facts []Fact, known map[uint64]Erasure) error {
	ctx = context.WithoutCancel(ctx)
	now, err := b.ledger.Erased(ctx, b.partition)
	if err != nil {
		return err
	}
	var again []Erasure
	for _, f := range facts {
		before := known[f.Agent]
		if e := now[f.Agent]; e.Covers(before.Offset, before.Admitted) && e.Covers(f.Offset, f.Admitted) {
			again = append(again, e)
		}
	}
	if len(again) == 0 {
		return nil
	}
	return b.ledger.AskErasure(ctx, again)
}

// rehearsal is a store as it was before an offset, which keeps what a recorder would insert after it.
type rehearsal struct {
	Ledger
	before int64     // offset
	began  time.Time // when the first record from there on was admitted
	claim  Claim
	facts  []Fact
}

func (h *rehearsal) Claimed(context.Context) ([]Claim, uint64, error) {
	return []Claim{h.claim}, 0, nil
}

func (h *rehearsal) Claim(_ context.Context, claim Claim) error {
	h.claim = claim
	return nil
}

func (h *rehearsal) Extent(ctx context.Context, partition int) (uint64, time.Time, error) {
	facts, last, err := h.Ledger.Extent(ctx, partition)
	return facts, Earlier(last, h.began.Add(Skew)), err // what lies before was admitted no later
}

func (h *rehearsal) Identities(ctx context.Context, partition int, after, until time.Time, remember func(identity uint64, offset int64, day uint16)) error {
	edge := h.began.Truncate(time.Millisecond).Add(-time.Millisecond)
	if after.Before(edge) { // of this log or of one before it
		if err := h.Ledger.Identities(ctx, partition, after, Earlier(until, edge), remember); err != nil {
			return err
		}
	}
	if !edge.Before(until) {
		return nil
	}
	return h.Ledger.Identities(ctx, partition, Later(after, edge), until, func(identity uint64, offset int64, day uint16) {
		if offset < h.before {
			remember(identity, offset, day)
		}
	})
}

// AskErasure has been done, of the whole log.
func (h *rehearsal) AskErasure(context.Context, []Erasure) error { return nil }

func (h *rehearsal) Insert(_ context.Context, _ string, facts []Fact) error {
	h.facts = append(h.facts, facts...)
	return nil
}
