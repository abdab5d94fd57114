package register

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// Stage names the recorder to the log.
const Stage = "register"

// CheckEvery is how often lanes that are idle look whether what they recorded is still there.
const CheckEvery = 10 * time.Second

// Recorder copies acknowledgements of mandatory contents from the log into the ledger. An identity is one line however often
// it comes, so a batch may be given again. It is safe for concurrent use.
type Recorder struct {
	ledger analytics.Ledgers
	now    func() time.Time
	lines  prometheus.Counter

	mu     sync.Mutex // guards what follows
	looked time.Time
	marked map[int]bool
	asked  map[int]bool // fil.ErrForgotten was answered: the log gives the partition from its first record
}

// NewRecorder makes a recorder.
func NewRecorder(ledger analytics.Ledgers, metrics prometheus.Registerer, now func() time.Time) (*Recorder, error) {
	r := &Recorder{ledger: ledger, now: now, asked: map[int]bool{}, lines: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fil_register_lines_total", Help: "Acknowledgements given to the register, those given again included.",
	})}
	if err := metrics.Register(r.lines); err != nil {
		return nil, fmt.Errorf("register: register metrics: %w", err)
	}
	return r, nil
}

// Record keeps the acknowledgements among a batch of engagements of one partition; an empty batch makes it look after what it
// has kept. It answers the rejections joined; fil.ErrForgotten when what was kept is gone and is to be made again from the first
// record; or another error, and then the same batch is to be given again.
func (r *Recorder) Record(ctx context.Context, partition int, batch []fil.Record) error {
	if err := r.check(ctx, partition, batch); err != nil || len(batch) == 0 {
		return err
	}
	lines, rejections := sift(batch)
	if len(lines) > 0 {
		if err := r.ledger.Keep(ctx, lines); err != nil {
			r.doubt()
			return fmt.Errorf("keep %d acknowledgements: %w", len(lines), err)
		}
		r.lines.Add(float64(len(lines)))
	}
	return errors.Join(rejections...)
}

// check marks a partition that begins, and asks for one whose mark is gone to be given again.
func (r *Recorder) check(ctx context.Context, partition int, batch []fil.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.marked == nil || len(batch) == 0 && now.Sub(r.looked) >= CheckEvery {
		marked, err := r.ledger.Marked(ctx)
		if err != nil {
			return fmt.Errorf("look for what the register has: %w", err)
		}
		r.marked, r.looked = marked, now
	}
	if r.marked[partition] || len(batch) == 0 && r.asked[partition] {
		return nil
	}
	if !r.asked[partition] && (len(batch) == 0 || batch[0].Offset > 0) {
		r.asked[partition] = true
		return fmt.Errorf("record %s:%d: what the register had of it is gone: %w", fil.TopicEngagements, partition, fil.ErrForgotten)
	}
	if err := r.ledger.Mark(ctx, partition); err != nil {
		return fmt.Errorf("mark what the register has: %w", err)
	}
	r.marked[partition], r.asked[partition] = true, false
	return nil
}

// doubt has the next call look again.
func (r *Recorder) doubt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marked = nil
}

// sift finds the acknowledgements of a batch. What the door knew not to be mandatory is nobody's duty, and is not kept by name.
func sift(batch []fil.Record) (lines []analytics.Acknowledgement, rejections []error) {
	for _, rec := range batch {
		if rec.Event.Type != fil.TypeEngagement+string(fil.Acknowledge) {
			continue
		}
		e, err := fil.EngagementOf(rec)
		if err != nil {
			rejections = append(rejections, err)
			continue
		}
		line := analytics.Acknowledgement{
			Content: e.Content, Agent: e.Agent, Time: e.Time, Admitted: rec.Admitted,
			Identity: rec.Event.Identity(), Partition: rec.Partition, Offset: rec.Offset,
		}
		if e.Receipt != nil {
			line.Receipt = *e.Receipt
		}
		if line.Known && line.Deadline.IsZero() {
			continue
		}
		lines = append(lines, line)
	}
	return lines, rejections
}

// History is what a rebuild needs of the log.
type History interface {
	// Extent gives the first offset kept of a partition, and the one that its next record will have.
	Extent(ctx context.Context, topic fil.Topic, partition int) (first, end int64, err error)
	// Read gives the records from an offset up to but without another, in order; next is where the log goes on.
	Read(ctx context.Context, topic fil.Topic, partition int, from, to int64, each func(batch []fil.Record, next int64) error) error
}

// Rebuilt says what a rebuild of a partition has done so far.
type Rebuilt struct {
	Read  int64 // records of the log
	Lines int   // acknowledgements among them
	Added int   // of those, which were missing
}

// Rebuild keeps what the log has of a partition and the ledger has not, from an offset on. It takes nothing away: lines that the
// log no longer has are proof of what it had.
func (r *Recorder) Rebuild(ctx context.Context, log History, partition int, from int64, progress func(Rebuilt)) error {
	first, end, err := log.Extent(ctx, fil.TopicEngagements, partition)
	if err != nil {
		return fmt.Errorf("rebuild the register: %w", err)
	}
	var done Rebuilt
	start := max(first, from)
	err = log.Read(ctx, fil.TopicEngagements, partition, start, end, func(batch []fil.Record, next int64) error {
		lines, _ := sift(batch) // what is rejected was when it was first read
		if len(lines) > 0 {
			missing, err := r.ledger.Unkept(ctx, lines)
			if err != nil {
				return err
			}
			if len(missing) > 0 {
				if err := r.ledger.Keep(ctx, missing); err != nil {
					return err
				}
			}
			done.Lines, done.Added = done.Lines+len(lines), done.Added+len(missing)
		}
		done.Read, start = done.Read+next-start, next
		progress(done)
		return nil
	})
	if err != nil {
		return fmt.Errorf("rebuild the register: %w", err)
	}
	return nil
}
