package analytics

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
)

// Outcomes of a record, in fil_analytics_records_total. Of the records admitted, stored + deduplicated + passed + rejected
// is all of them; those redelivered were counted before, perhaps by another process. What is passed over is a preference,
// or an act of before its agent asked to be forgotten: nothing is counted from them, so there is no fact to know them by when they
// are delivered again, and they are passed over again.
const (
	outcomeStored       = "stored"
	outcomeDeduplicated = "deduplicated"
	outcomeRedelivered  = "redelivered"
	outcomePassed       = "passed"
	outcomeRejected     = "rejected"
)

// Recorder turns records of the log into facts, each identity once:
//
//   - an identity belongs to the offset where it was first stored: met again at that offset it is a redelivery, and at
//     another one a duplicate; neither is stored. It is remembered for Config.Memory, counted in days of admission;
//   - what is remembered is read from the facts themselves when a lane starts, so it can neither be lost apart from
//     them nor run ahead of them;
//   - a batch is one insert under a token made of its place and content, so an insert whose outcome is unknown may be
//     tried again.
//
// It is safe for concurrent use: lanes are independent, calls for one lane wait for each other.
type Recorder struct {
	cfg     Config
	store   Store
	logger  *slog.Logger
	records *prometheus.CounterVec
	inserts prometheus.Histogram
	facts   prometheus.Gauge

	mu    sync.Mutex // guards lanes
	lanes map[lane]*laneState

	looking sync.Mutex // guards seen
	seen    sight
}

// NewRecorder makes a recorder.
func NewRecorder(cfg Config, store Store, logger *slog.Logger, metrics prometheus.Registerer) (*Recorder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("analytics: %w", err)
	}
	r := &Recorder{
		cfg: cfg, store: store, logger: logger, lanes: map[lane]*laneState{},
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fil_analytics_records_total", Help: "Engagements read from the log, by outcome: stored, deduplicated, passed (preferences, and acts of before their agent was forgotten), redelivered or rejected.",
		}, []string{"outcome"}),
		inserts: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "fil_analytics_insert_duration_seconds", Help: "Time that one insert of facts took.", Buckets: prometheus.ExponentialBuckets(.001, 4, 8),
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
		}),
		// Beside the committed offsets, the side of the books that no restart closes.
		facts: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fil_analytics_stored_facts", Help: "Facts in the store, by its own count, when an idle lane last looked.",
		}),
	}
	remembered := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "fil_analytics_remembered_identities", Help: "Identities in memory; each takes 20 to 25 bytes.",
	}, r.remembered)
	for _, c := range []prometheus.Collector{r.records, r.inserts, r.facts, remembered} {
		if err := metrics.Register(c); err != nil {
			return nil, fmt.Errorf("analytics: register metrics: %w", err)
		}
	}
	for _, outcome := range []string{outcomeStored, outcomeDeduplicated, outcomePassed, outcomeRedelivered, outcomeRejected} {
		r.records.WithLabelValues(outcome)
	}
	return r, nil
}

// Record stores a batch of engagements of one partition, in the order of their offsets. An empty batch makes it look after
// its lane. It answers the rejections joined; fil.ErrForgotten when facts of the partition are missing in the store, and
// are to be made again from the log's first record; or another error, and then the same batch is to be given again.
//
// What is missing is noticed when the database, the claims or all facts are gone, not when an operator has deleted some.
func (r *Recorder) Record(ctx context.Context, partition int, batch []fil.Record) error {
	l := r.lane(lane{fil.TopicEngagements, partition})
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := r.enter(ctx, l, firstOffset(batch)); err != nil || len(batch) == 0 {
		return r.leave(l, err)
	}
	from, to := batch[0].Admitted, batch[0].Admitted
	for _, rec := range batch {
		from, to = Earlier(from, rec.Admitted), Later(to, rec.Admitted)
	}
	if err := r.cover(ctx, l, from, to); err != nil {
		return r.leave(l, err)
	}
	s := r.sift(l, batch)
	if len(s.facts) > 0 {
		start := time.Now()
		if err := r.store.Insert(ctx, token(batch), s.facts); err != nil {
			return r.leave(l, fmt.Errorf("insert %d facts of %s: %w", len(s.facts), l.lane, err))
		}
		r.inserts.Observe(time.Since(start).Seconds())
		l.stored, l.opened = true, time.Now()
	}
	if len(s.erasures) > 0 { // once all that they are about is stored
		if err := r.store.AskErasure(ctx, s.erasures); err != nil {
			return r.leave(l, fmt.Errorf("note %d erasures of %s: %w", len(s.erasures), l.lane, err))
		}
	}
	for _, f := range s.facts {
		l.memory.put(f.Identity, f.Offset, dayOf(f.Admitted))
	}
	r.done(l, batch)
	r.count(s)
	return errors.Join(s.rejections...)
}

// sifted is a batch told apart.
type sifted struct {
	facts                             []Fact
	erasures                          []Erasure
	rejections                        []error
	redelivered, deduplicated, passed int
}

func (r *Recorder) sift(l *laneState, batch []fil.Record) sifted {
	s := sifted{facts: make([]Fact, 0, len(batch))}
	seen := make(map[uint64]uint16, len(batch)) // identities of this batch and their days, remembered only once stored
	for _, rec := range batch {
		if rec.Event.IsPreference() {
			s.passed++
			if e, asked := r.erasureOf(rec); asked {
				s.erasures, l.erased[e.Agent] = append(s.erasures, e), e
			}
			continue
		}
		e, err := fil.EngagementOf(rec)
		if err != nil {
			s.rejections = append(s.rejections, err)
			continue
		}
		identity := rec.Event.Identity()
		offset, day, known := l.memory.find(identity)
		if known && offset == rec.Offset {
			s.redelivered++
			continue
		}
		if inBatch, twice := seen[identity]; twice {
			day, known = inBatch, true
		}
		if known && r.remembers(day, dayOf(rec.Admitted)) {
			s.deduplicated++
			continue
		}
		agent := Pseudonym(r.cfg.PseudonymKey, e.Agent)
		if l.erased[agent].Forbids(e.Time) {
			s.passed++
			continue
		}
		seen[identity] = dayOf(rec.Admitted)
		f := Fact{
			Time: e.Time, Admitted: rec.Admitted, Kind: e.Kind, Content: e.Content, Agent: agent,
			Identity: identity, Partition: l.lane.partition, Offset: rec.Offset,
		}
		if e.Kind == fil.Dwell {
			f.Dwell = e.Dwell
		}
		if r.cfg.Arm != nil {
			f.Arm = r.cfg.Arm(e)
		}
		s.facts = append(s.facts, f)
	}
	return s
}

// erasureOf says what a record asks to be forgotten. One that cannot be read is parked by who learns profiles.
func (r *Recorder) erasureOf(rec fil.Record) (Erasure, bool) {
	p, err := fil.PreferenceOf(rec)
	if err != nil || p.Kind != fil.Forget {
		return Erasure{}, false
	}
	return Erasure{Agent: Pseudonym(r.cfg.PseudonymKey, p.Agent), Partition: rec.Partition, Offset: rec.Offset, Admitted: rec.Admitted}, true
}

// remembers says whether an identity stored one day is still known on another.
func (r *Recorder) remembers(stored, day uint16) bool {
	return int(day)-int(stored) <= int(r.cfg.Memory/(24*time.Hour))
}

func (r *Recorder) count(s sifted) {
	for outcome, n := range map[string]int{
		outcomeStored: len(s.facts), outcomeDeduplicated: s.deduplicated, outcomePassed: s.passed,
		outcomeRedelivered: s.redelivered, outcomeRejected: len(s.rejections),
	} {
		r.records.WithLabelValues(outcome).Add(float64(n))
	}
}

// done notes that a batch is recorded.
func (r *Recorder) done(l *laneState, batch []fil.Record) {
	l.next, l.asked = batch[len(batch)-1].Offset+1, false
}

// leave drops what is known of a lane when a call failed: what the store holds of it is no longer sure.
func (r *Recorder) leave(l *laneState, err error) error {
	if err == nil {
		return nil
	}
	l.open = false
	if errors.Is(err, fil.ErrForgotten) {
		l.asked = true
		r.logger.Debug("facts are missing and will be made again from the log", "stage", "analytics", "lane", l.lane.String(), "reason", err)
	}
	return err
}

func (r *Recorder) lane(id lane) *laneState {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, ok := r.lanes[id]
	if !ok {
		l = &laneState{lane: id, next: -1}
		r.lanes[id] = l
	}
	return l
}

func (r *Recorder) remembered() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	total := 0
	for _, l := range r.lanes {
		if l.mu.TryLock() { // a lane at work is left out of this scrape rather than waited for
			total += l.memory.count
			l.mu.Unlock()
		}
	}
	return float64(total)
}

// token names the insert of a batch, whichever of its records turn out to be new. The digest of the identities keeps a
// log that was made anew, and starts again at offset 0, from being taken for the one before it.
func token(batch []fil.Record) string {
	digest := fnv.New64a()
	var b [8]byte
	for _, rec := range batch {
		binary.BigEndian.PutUint64(b[:], rec.Event.Identity())
		_, _ = digest.Write(b[:]) // a hash does not fail
	}
	first, last := batch[0], batch[len(batch)-1]
	return fmt.Sprintf("%s-%d-%016x", first.Position, last.Offset, digest.Sum64())
}

func firstOffset(batch []fil.Record) int64 {
	if len(batch) == 0 {
		return -1
	}
	return batch[0].Offset
}
