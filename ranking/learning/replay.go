package learning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// What an explanation computed again may rest on that is not as it was.
const (
	DiffersPolicy     = "policy"     // the version is not known here, or its rules are others
	DiffersProfile    = "profile"    // the log no longer tells it, or the agent has erased it since
	DiffersContents   = "contents"   // the log no longer has all of them as they were
	DiffersSignals    = "signals"    // the log no longer reaches back to all that was counted, or readers have changed organisation
	DiffersReader     = "reader"     // the agent's record or a definition of an audience has changed
	DiffersExperiment = "experiment" // the explanation told of an arm, which is not computed again
	DiffersContent    = "content"    // it was not offered to the agent
)

// Replayer computes explanations again, from the log and the policy of that time. It changes nothing. An explanation costs a
// reading of the engagements from the first one kept to those that it includes, and of all contents.
type Replayer struct {
	ReplayParts
	cfg RebuildConfig
}

// ReplayParts is what a replay needs.
type ReplayParts struct {
	Log       Log
	Policies  *ranking.Policies
	Directory ranking.Directory
	Contents  int                             // partitions of the contents
	Reminders int                             // partitions of the reminders
	Partition func(agent string) (int, error) // of the engagements
	Told      func(read, of int64)            // records of engagements read so far, and how many there are to read; may be nil
}

// NewReplayer makes a replayer; the bounds are those of a rebuild.
func NewReplayer(cfg RebuildConfig, parts ReplayParts) *Replayer { return &Replayer{parts, cfg} }

// Replayed is an explanation computed again.
type Replayed struct {
	Same      bool           // all that it rests on is as it was: so is the explanation
	Differs   []string       // what is not
	Placement *fil.Placement // of what the log tells today; nil when the policy, the profile or the agent is not there any more
}

// Explain computes again why a content stood where it stood in an agent's feed, as Ranker.Place said then. Texts are in the
// language, their dates in the location of the basis' moment. The error is ErrTooLarge when memory does not suffice.
func (r *Replayer) Explain(ctx context.Context, agent, content string, basis fil.Basis, language string) (Replayed, error) {
	policy, known := r.Policies.Version(basis.Policy)
	if !known {
		return Replayed{Differs: []string{DiffersPolicy}}, nil
	}
	again := &replay{Replayer: r, agent: agent, basis: basis, counts: make([]PackedTally, r.cfg.Partitions), habits: make([]PackedTally, r.cfg.Partitions)}
	if err := again.learn(ctx); err != nil {
		return Replayed{}, fmt.Errorf("replay an explanation: %w", err)
	}
	if again.erased {
		return Replayed{Differs: []string{DiffersProfile}}, nil
	}
	catalogue, err := again.contents(ctx)
	if err != nil {
		return Replayed{}, fmt.Errorf("replay an explanation: read the contents: %w", err)
	}
	trends, err := again.trends(ctx)
	if err != nil {
		return Replayed{}, fmt.Errorf("replay an explanation: %w", err)
	}
	return again.explain(ranking.NewRanker(policy, catalogue, r.Directory, trends), content, language)
}

// replay is one explanation being computed again.
type replay struct {
	*Replayer
	agent  string
	basis  fil.Basis
	own    int // the agent's partition
	ends   []int64
	firsts []int64

	profile        []byte
	erased         bool
	counts, habits []PackedTally // by partition
	read, of       int64
}

// stops are the offsets of a partition at which something is taken, ascending.
func (r *replay) stops(partition int) []int64 {
	stops := []int64{offsetIn(r.basis.Habits, partition), offsetIn(r.basis.Counted, partition)}
	if partition == r.own {
		stops = append(stops, r.basis.Profile)
	}
	slices.Sort(stops)
	return slices.Compact(stops)
}

func offsetIn(offsets []int64, partition int) int64 {
	if partition >= len(offsets) {
		return -1
	}
	return offsets[partition]
}

// learn makes popularity and the profile as they were.
func (r *replay) learn(ctx context.Context) (err error) {
	if r.own, err = r.Partition(r.agent); err != nil {
		return err
	}
	r.firsts, r.ends = make([]int64, r.cfg.Partitions), make([]int64, r.cfg.Partitions)
	for p := range r.cfg.Partitions {
		if r.firsts[p], r.ends[p], err = r.Log.Extent(ctx, fil.TopicEngagements, p); err != nil {
			return err
		}
		stops := r.stops(p)
		r.of += max(0, min(stops[len(stops)-1]+1, r.ends[p])-r.firsts[p])
	}
	for p := range r.cfg.Partitions {
		if err := r.learnPartition(ctx, p); err != nil {
			return fmt.Errorf("partition %d: %w", p, err)
		}
	}
	return r.findErasure(ctx)
}

func (r *replay) learnPartition(ctx context.Context, partition int) error {
	into := newShadow(r.cfg.Memory)
	learner, err := r.cfg.learner(ctx, into, partition)
	if err != nil {
		return err
	}
	from := r.firsts[partition]
	for _, stop := range r.stops(partition) {
		if to := min(stop+1, r.ends[partition]); to > from {
			err := r.Log.Read(ctx, fil.TopicEngagements, partition, from, to, func(batch []fil.Record, next int64) error {
				r.read, from = r.read+next-from, next
				if r.Told != nil {
					r.Told(r.read, r.of)
				}
				if len(batch) == 0 {
					return nil
				}
				return learner.learnAgain(ctx, partition, batch)
			})
			if err != nil {
				return err
			}
			from = to
		}
		taken := PackedTally{Counts: bytes.Clone(into.popularity.Counts), Habits: slices.Clone(into.popularity.Habits)}
		if stop == offsetIn(r.basis.Counted, partition) {
			r.counts[partition] = taken
		}
		if stop == offsetIn(r.basis.Habits, partition) {
			r.habits[partition] = taken
		}
		if partition == r.own && stop == r.basis.Profile {
			r.profile = into.agents[r.agent].Profile
		}
	}
	return nil
}

var errFound = errors.New("found")

// findErasure looks whether the agent has erased the profile since: then it is not made again, not even for an auditor.
func (r *replay) findErasure(ctx context.Context) error {
	if r.basis.Profile < 0 {
		return nil
	}
	from := max(r.basis.Profile+1, r.firsts[r.own])
	err := r.Log.Read(ctx, fil.TopicEngagements, r.own, from, r.ends[r.own], func(batch []fil.Record, _ int64) error {
		for _, rec := range batch {
			if rec.Key != r.agent {
				continue
			}
			if e, err := readRecord(rec); err == nil && e.preference != nil && e.preference.Kind == fil.Forget {
				return errFound
			}
		}
		return nil
	})
	if r.erased = errors.Is(err, errFound); r.erased {
		return nil
	}
	return err
}

// trends makes those of what was taken; nil when nobody did anything.
func (r *replay) trends(ctx context.Context) (func() ranking.Trends, error) {
	if len(r.basis.Counted) == 0 {
		return nil, nil
	}
	p := NewPopularity(r.cfg.Partitions, func(_ context.Context, _ [][]byte, habits bool) ([]PackedTally, error) {
		if habits {
			return r.habits, nil
		}
		return r.counts, nil
	})
	return p.Trends, p.refresh(ctx, len(r.basis.Habits) > 0)
}

// clocksApart is how much later than the moment of an explanation a content may seem to have been admitted that it knew.
const clocksApart = time.Minute

// contents makes the catalogue as it was: at the moment in the log when its digest was the one that is looked for; when there
// is none, with what was admitted until then.
func (r *replay) contents(ctx context.Context) (*ranking.Catalogue, error) {
	var all []fil.Record
	for p := range r.Contents {
		first, end, err := r.Log.Extent(ctx, fil.TopicContents, p)
		if err != nil {
			return nil, err
		}
		var latest time.Time // the order of a partition is that of the log, whatever the clocks of doors
		err = r.Log.Read(ctx, fil.TopicContents, p, first, end, func(batch []fil.Record, _ int64) error {
			for _, rec := range batch {
				if rec.Admitted.Before(latest) {
					rec.Admitted = latest
				}
				if latest = rec.Admitted; !latest.After(r.basis.At.Add(clocksApart)) {
					all = append(all, rec)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if err := r.reminders(ctx, &all); err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b fil.Record) int { return a.Admitted.Compare(b.Admitted) })
	c := ranking.NewCatalogue()
	_ = c.Apply(all[:r.cut(all)]) // what it rejects it rejected then
	return c, nil
}

// reminders adds those sent until then.
func (r *replay) reminders(ctx context.Context, all *[]fil.Record) error {
	for p := range r.Reminders {
		first, end, err := r.Log.Extent(ctx, fil.TopicReminders, p)
		if err != nil {
			return err
		}
		err = r.Log.Read(ctx, fil.TopicReminders, p, first, end, func(batch []fil.Record, _ int64) error {
			for _, rec := range batch {
				*all = append(*all, slices.DeleteFunc(explode(rec), func(was fil.Record) bool { return was.Admitted.After(r.basis.At.Add(clocksApart)) })...)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// cut is how many of the records of contents the explanation knew.
func (r *replay) cut(all []fil.Record) int {
	if n := ranking.RecordsUntil(all, r.basis.Contents); n >= 0 {
		return n
	}
	n := slices.IndexFunc(all, func(rec fil.Record) bool { return rec.Admitted.After(r.basis.At) })
	if n < 0 {
		return len(all)
	}
	return n
}

// explain ranks again and compares.
func (r *replay) explain(ranker *ranking.Ranker, content, language string) (done Replayed, err error) {
	is, placement, known, err := ranker.Explain(r.agent, r.profile, fil.KeyOf(content), r.basis, language)
	if err != nil {
		return Replayed{}, err
	}
	if !known {
		return Replayed{Differs: []string{DiffersReader}}, nil
	}
	for _, part := range []struct{ name, was, is string }{
		{DiffersContents, r.basis.Contents, is.Contents}, {DiffersSignals, r.basis.Signals, is.Signals}, {DiffersReader, r.basis.Reader, is.Reader},
		{DiffersProfile, fmt.Sprint(r.basis.Profile, r.basis.Acts), fmt.Sprint(is.Profile, is.Acts)}, {DiffersExperiment, r.basis.Arm, is.Arm},
	} {
		if part.was != part.is {
			done.Differs = append(done.Differs, part.name)
		}
	}
	if len(done.Differs) == 0 && is.Stamp != r.basis.Stamp {
		done.Differs = append(done.Differs, DiffersPolicy)
	}
	if slices.Contains(done.Differs, DiffersProfile) {
		return done, nil
	}
	if done.Placement = placement; placement == nil && len(done.Differs) == 0 {
		done.Differs = append(done.Differs, DiffersContent)
	}
	done.Same = len(done.Differs) == 0
	return done, nil
}

// explode gives a record of reminders as it was after each of them: the log keeps the last one alone.
func explode(rec fil.Record) []fil.Record {
	sent, err := fil.RemindersOf(rec)
	if err != nil {
		return nil
	}
	all := make([]fil.Record, 0, len(sent.Sent))
	for i, one := range sent.Sent {
		event, err := fil.NewEvent(rec.Event.Type, rec.Event.Source, rec.Event.ID, rec.Event.Time, fil.Reminders{Content: sent.Content, Sent: sent.Sent[:i+1]})
		if err != nil {
			return nil
		}
		was := rec
		was.Event, was.Admitted = event, one.At
		if i == len(sent.Sent)-1 {
			was.Event.Data, was.Admitted = rec.Event.Data, rec.Admitted
		}
		all = append(all, was)
	}
	return all
}
