package ranking

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filengine/fil"
)

// A partition's popularity is packed as a header of one version byte, its edition (1 byte), the digest of the numbers of
// the policy that it was computed with (7) and the offset that it includes (8), then 16 bytes per content in the order in
// which they were first engaged with: content key (8) and the float64 of log2 Σ worth·2^((t−2020-01-01)/half-life) (8).
//
// A writer that holds a tally in memory trusts it while the stored header is its own. So whoever puts another tally of
// the same offset in its place gives it another edition.
const (
	tallyVersion = 1
	tallyHeader  = 17
	tallySize    = 16
	maxLog       = 1e8     // half-lives; a content read in 2262 with the shortest half-life has less
	maxTallies   = 1 << 14 // contents of one partition; a quarter more are kept before the least popular are dropped
)

// tally is the popularity that one partition's engagements give, in log space: what time takes from it, it takes from
// all contents alike, so nothing is ever recomputed.
type tally struct {
	digest  uint64 // its lowest byte is 0
	edition byte
	offset  int64
	keys    []fil.ContentKey
	logs    []float64
	place   map[fil.ContentKey]int32
	dirty   []int32 // places changed since the last save
	whole   bool    // everything moved since the last save
}

// editionMask is where the edition stands in the 8 bytes that it shares with the digest.
const editionMask = 0xff

// tallyDigest names the numbers that popularity is computed with: with others, it must be computed again from the log.
func tallyDigest(p *Policy) uint64 {
	digest := chain(tallyVersion, math.Float64bits(p.HalfLives.PopularityHours), math.Float64bits(p.DwellMinutesAtMost))
	for _, worth := range p.signals() {
		digest = chain(digest, math.Float64bits(max(worth, 0)))
	}
	return digest &^ editionMask
}

func newTally(digest uint64) *tally {
	return &tally{digest: digest, offset: -1, place: map[fil.ContentKey]int32{}, whole: true}
}

func parseTally(packed []byte) (*tally, error) {
	if len(packed) > 0 {
		if err := checkVersion("popularity", packed, tallyVersion); err != nil {
			return nil, err
		}
	}
	if len(packed) < tallyHeader || (len(packed)-tallyHeader)%tallySize != 0 {
		return nil, fmt.Errorf("parse popularity: %d bytes are not a packed tally of version %d", len(packed), tallyVersion)
	}
	t := newTally(madeUnder(packed))
	t.edition, t.whole = packed[1], false
	t.offset = int64(binary.LittleEndian.Uint64(packed[9:]))
	for b := packed[tallyHeader:]; len(b) > 0; b = b[tallySize:] {
		key, log := fil.ContentKey(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
		if _, twice := t.place[key]; twice || !(math.Abs(log) <= maxLog) { // written so that NaN is refused
			return nil, fmt.Errorf("parse popularity: content %#x is there twice or is out of range", uint64(key))
		}
		t.append(key, log)
	}
	return t, nil
}

// madeUnder is the digest in a header.
func madeUnder(header []byte) uint64 { return binary.LittleEndian.Uint64(header[1:]) &^ editionMask }

func (t *tally) append(key fil.ContentKey, log float64) {
	t.place[key] = int32(len(t.keys))
	t.keys, t.logs = append(t.keys, key), append(t.logs, log)
}

// add counts an act of some worth at a time.
func (t *tally) add(key fil.ContentKey, worth float64, at time.Time, halfLifeHours float64) {
	log := math.Log2(worth) + halfLives(nanos(at), halfLifeHours)
	i, known := t.place[key]
	if known {
		t.logs[i] = addLogs(t.logs[i], log)
	} else {
		i = int32(len(t.keys))
		t.append(key, log)
	}
	t.dirty = append(t.dirty, i)
	if len(t.keys) > maxTallies+maxTallies/4 {
		t.dropLeast()
	}
}

// dropLeast keeps the most popular contents, in their order.
func (t *tally) dropLeast() {
	sorted := slices.Clone(t.logs)
	slices.Sort(sorted)
	floor := sorted[len(sorted)-maxTallies]
	keys, logs := t.keys, t.logs
	t.keys, t.logs, t.place, t.whole = nil, nil, make(map[fil.ContentKey]int32, maxTallies), true
	for i, key := range keys {
		if logs[i] >= floor {
			t.append(key, logs[i])
		}
	}
}

func (t *tally) header() []byte {
	b := binary.LittleEndian.AppendUint64([]byte{tallyVersion}, t.digest|uint64(t.edition))
	return binary.LittleEndian.AppendUint64(b, uint64(t.offset))
}

// change is what must be written for the store to hold the tally, given the header that it holds now.
func (t *tally) change(before []byte) PopularityChange {
	slices.Sort(t.dirty)
	t.dirty = slices.Compact(t.dirty)
	c := PopularityChange{Before: before, Whole: t.whole || 8*len(t.dirty) > len(t.keys), At: []int{0}, Bytes: [][]byte{t.header()}}
	if c.Whole { // one long write costs less than many short ones
		c.Bytes[0] = t.pack()
		return c
	}
	for _, i := range t.dirty {
		c.At = append(c.At, tallyHeader+int(i)*tallySize)
		c.Bytes = append(c.Bytes, t.appendEntry(nil, i))
	}
	return c
}

// pack is the whole tally.
func (t *tally) pack() []byte {
	b := t.header()
	for i := range t.keys {
		b = t.appendEntry(b, int32(i))
	}
	return b
}

func (t *tally) appendEntry(b []byte, i int32) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(t.keys[i]))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(t.logs[i]))
}

// addLogs gives log2(2^a + 2^b) without leaving log space.
func addLogs(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp2(b-a))/math.Ln2
}

// Popularity is what agents did with each content, decayed, over all partitions: a snapshot that readers share and
// that Refresh renews. The zero of it, before the first refresh, is that nobody did anything.
type Popularity struct {
	digest  uint64
	fetch   func(ctx context.Context, marks [][]byte) ([][]byte, error)
	current atomic.Pointer[trends]

	mu    sync.Mutex // one refresh at a time
	marks [][]byte   // header of each partition's tally as last read
	parts []*tally
}

// trends is the popularity at one moment, rounded to 1/16 so that a feed can be computed again from equal stamps.
type trends struct {
	logs  map[fil.ContentKey]float64
	stamp uint64
}

// NewPopularity makes an empty popularity over so many partitions. fetch reads the packed tallies, one per partition:
// given the headers that were read last, it answers nil for each that is unchanged, an empty slice for one that is not
// there (profiles.Store.Popularities). Tallies made under other numbers than the policy's count for nothing.
func NewPopularity(policy Policy, partitions int, fetch func(ctx context.Context, marks [][]byte) ([][]byte, error)) *Popularity {
	p := &Popularity{digest: tallyDigest(&policy), fetch: fetch, marks: make([][]byte, partitions), parts: make([]*tally, partitions)}
	p.current.Store(&trends{})
	return p
}

// Refresh reads what changed and publishes a new snapshot if anything did.
func (p *Popularity) Refresh(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	packed, err := p.fetch(ctx, p.marks)
	if err != nil {
		return fmt.Errorf("refresh popularity: %w", err)
	}
	changed := false
	for i, b := range packed {
		if b == nil || i >= len(p.parts) {
			continue
		}
		p.marks[i] = bytesHeader(b)
		t, err := parseTally(b)
		if errors.Is(err, ErrNewer) {
			continue // while an upgrade is under way, what was read last holds
		}
		changed = changed || p.parts[i] != nil || len(b) > 0
		if p.parts[i] = nil; err == nil && t.digest == p.digest {
			p.parts[i] = t
		}
	}
	if changed {
		p.current.Store(merge(p.parts))
	}
	return nil
}

// Run refreshes again and again until the context is done. An error of the store leaves the snapshot as it was and
// goes to report.
func (p *Popularity) Run(ctx context.Context, every time.Duration, report func(error)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := p.Refresh(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Stamp is a digest of the snapshot: equal in two processes if and only if they see the same popularity.
func (p *Popularity) Stamp() uint64 { return p.current.Load().stamp }

func bytesHeader(packed []byte) []byte { return packed[:min(len(packed), tallyHeader)] }

// merge adds the partitions in their order, so that every process rounds the same sums.
func merge(parts []*tally) *trends {
	m := &trends{logs: map[fil.ContentKey]float64{}}
	for _, part := range parts {
		if part == nil {
			continue
		}
		for i, key := range part.keys {
			if log, known := m.logs[key]; known {
				m.logs[key] = addLogs(log, part.logs[i])
			} else {
				m.logs[key] = part.logs[i]
			}
		}
	}
	for key, log := range m.logs {
		rounded := math.Round(log*16) / 16
		m.logs[key] = rounded
		m.stamp ^= chain(uint64(key), math.Float64bits(rounded))
	}
	return m
}

// gain is how many units popularity adds to a content: log2(1 + acts since its publication / prior), where an act long
// after the publication counts as much as it would take the content to have been published then.
func (m *trends) gain(r *row, p *Policy) float64 {
	log, known := m.logs[r.key]
	if !known {
		return 0
	}
	return addLogs(0, log-halfLives(r.published, p.HalfLives.PopularityHours)-math.Log2(p.Priors.Popularity))
}
