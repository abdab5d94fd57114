package learning

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// habitsEvery is how often Run reads the habits again.
const habitsEvery = 30 * time.Second

// FetchPopularity reads what a store keeps of each partition: given the headers that were read last, it answers one with nil
// Counts for each that is unchanged, and with empty ones for one that is not there (profiles.Store.Popularities). With habits,
// it gives those as they were at the moment of the counts; without, the history of the clock alone.
type FetchPopularity func(ctx context.Context, headers [][]byte, habits bool) ([]PackedTally, error)

// Popularity is what agents did with each content, decayed, over all partitions: a snapshot that readers share and
// that Refresh renews. The zero of it, before the first refresh, is that nobody did anything.
type Popularity struct {
	fetch   FetchPopularity
	current atomic.Pointer[trends]

	mu     sync.Mutex // one refresh at a time
	fast   gathering  // counts
	slow   gathering  // counts and habits, as last read together
	roster roster     // where each content of a partition stands in the snapshot
	tastes *tastes    // of slow
}

// gathering is all partitions as last read.
type gathering struct {
	headers [][]byte
	parts   []*tally
	digests []uint64
}

func newGathering(partitions int) gathering {
	return gathering{make([][]byte, partitions), make([]*tally, partitions), make([]uint64, partitions)}
}

// NewPopularity makes an empty popularity over so many partitions. Tallies made for another number of them count for nothing.
func NewPopularity(partitions int, fetch FetchPopularity) *Popularity {
	p := &Popularity{fetch: fetch, fast: newGathering(partitions), slow: newGathering(partitions)}
	p.roster.places = make([][]int32, partitions)
	p.roster.keys = make([][]count, partitions)
	p.current.Store(&trends{})
	return p
}

// Refresh reads what changed and publishes a new snapshot if anything did.
func (p *Popularity) Refresh(ctx context.Context) error { return p.refresh(ctx, true) }

func (p *Popularity) refresh(ctx context.Context, habits bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed, err := p.fast.read(ctx, p.fetch, false)
	if err != nil {
		return fmt.Errorf("refresh popularity: %w", err)
	}
	if habits {
		late, err := p.slow.read(ctx, p.fetch, true)
		if err != nil {
			return fmt.Errorf("refresh the habits of popularity: %w", err)
		}
		if late {
			p.tastes, changed = mergeHabits(p.slow.parts), true
		}
	}
	if changed {
		p.current.Store(p.merge())
	}
	return nil
}

// read reads what changed.
func (g *gathering) read(ctx context.Context, fetch FetchPopularity, habits bool) (changed bool, err error) {
	packed, err := fetch(ctx, g.headers, habits)
	if err != nil {
		return false, err
	}
	for i, b := range packed {
		if b.Counts == nil || i >= len(g.parts) {
			continue
		}
		g.headers[i] = bytesHeader(b.Counts)
		t, err := parseCounts(b, len(g.parts))
		if err == nil && habits {
			err = t.parseHabits(b.Habits)
		}
		if errors.Is(err, ranking.ErrNewer) {
			continue // while an upgrade is under way, what was read last holds
		}
		changed = changed || g.parts[i] != nil || len(b.Counts) > 0
		if g.parts[i], g.digests[i] = nil, 0; err == nil {
			g.parts[i], g.digests[i] = t, t.digestOfCounts()
		}
	}
	return changed, nil
}

// offsets gives the one that each partition includes, -1 for none.
func (g *gathering) offsets() []int64 {
	offsets := make([]int64, len(g.parts))
	for i, t := range g.parts {
		if offsets[i] = -1; t != nil {
			offsets[i] = t.offset
		}
	}
	return offsets
}

// digestOfCounts is 0 for a tally in which nothing is.
func (t *tally) digestOfCounts() (digest uint64) {
	if len(t.counts) > 0 {
		digest = ranking.Chain(t.clock, uint64(t.latest))
	}
	for _, s := range t.history {
		digest = ranking.Chain(digest, uint64(s.at), s.clock)
	}
	for i := range t.counts {
		c := &t.counts[i]
		digest = ranking.Chain(digest, uint64(c.key), c.at, uint64(c.last)<<32|uint64(c.ever), uint64(coarse(c.shown)))
		digest = ranking.Chain(digest, uint64(math.Float32bits(c.decayed[0]))<<32|uint64(math.Float32bits(c.decayed[1])), uint64(math.Float32bits(c.decayed[2])))
		digest = ranking.Chain(digest, uint64(c.dealt), uint64(math.Float32bits(c.fading[0]))<<32|uint64(math.Float32bits(c.fading[1])))
		digest = ranking.Chain(digest, uint64(math.Float32bits(c.fading[2]))<<32|uint64(math.Float32bits(c.fading[3])))
	}
	return digest
}

// Run refreshes again and again until the context is done, the habits each half minute of the clock that all processes
// share, so that they see the same. An error of the store leaves the snapshot as it was and goes to report.
func (p *Popularity) Run(ctx context.Context, every time.Duration, report func(error)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var late time.Time // the half minute of the habits
	for {
		turn := time.Now().Truncate(habitsEvery)
		if err := p.refresh(ctx, !turn.Equal(late)); err == nil {
			late = turn
		} else if ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Trends is the snapshot, as a ranker reads it.
func (p *Popularity) Trends() ranking.Trends { return p.current.Load() }

// Stamp is a digest of the snapshot: equal in two processes if and only if they see the same popularity.
func (p *Popularity) Stamp() uint64 { return p.current.Load().stamp }

// roster is where the contents of each partition stand in the snapshot, so that a merge of what is known already looks
// nothing up.
type roster struct {
	place  map[fil.ContentKey]int32 // shared with snapshots: never changed, but replaced
	keys   [][]count                // by partition, as last placed
	places [][]int32
}

// enter finds the places of a partition's contents.
func (r *roster) enter(part int, counts []count) {
	known, places := r.keys[part], make([]int32, len(counts))
	own := false // the map is a copy
	for i := range counts {
		if i < len(known) && known[i].key == counts[i].key {
			places[i] = r.places[part][i]
			continue
		}
		at, found := r.place[counts[i].key]
		if !found {
			if !own {
				if r.place = maps.Clone(r.place); r.place == nil {
					r.place = map[fil.ContentKey]int32{}
				}
				own = true
			}
			at = int32(len(r.place))
			r.place[counts[i].key] = at
		}
		places[i] = at
	}
	r.keys[part], r.places[part] = counts, places
}

// merge adds the partitions in their order, so that every process rounds the same sums.
func (p *Popularity) merge() *trends {
	m := &trends{habits: p.tastes, parts: append([]*tally(nil), p.fast.parts...), counted: p.fast.offsets()}
	if p.tastes != nil {
		m.stamp, m.late = p.tastes.stamp, p.slow.offsets()
	}
	entries, clock := 0, 0.0
	for i, t := range p.fast.parts {
		if t == nil {
			p.roster.keys[i], p.roster.places[i] = nil, nil
			continue
		}
		entries, clock = entries+len(t.counts), clock+float64(t.clock)
		if digest := p.fast.digests[i]; digest != 0 {
			m.stamp ^= ranking.Chain(uint64(i), digest)
		}
	}
	if len(p.roster.place) > 2*entries { // most are of contents that were dropped
		p.roster = roster{keys: make([][]count, len(p.fast.parts)), places: make([][]int32, len(p.fast.parts))}
	}
	for i, t := range p.fast.parts {
		if t != nil {
			p.roster.enter(i, t.counts)
		}
	}
	m.place, m.counts = p.roster.place, make([]ranking.Signals, len(p.roster.place))
	for i := range m.counts {
		m.counts[i] = blankSignals()
	}
	for i, t := range p.fast.parts {
		if t == nil {
			continue
		}
		for j := range t.counts {
			add(&m.counts[p.roster.places[i][j]], t, &t.counts[j], float64(len(p.fast.parts)))
		}
	}
	for i := range m.counts {
		settle(&m.counts[i], clock)
	}
	return m
}
