package dashboards

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// books are the blocks as they are known, with the digests that decide rounding.
type books struct {
	version uint64
	blocks  map[uint32]*blockLabels
}

type blockLabels struct {
	digest uint64
	rounds [analytics.MaxSeats + 1]uint8 // what each count of its agents is rounded to
	labels map[string]string
}

func newBlockLabels(digest uint64, labels map[string]string) *blockLabels {
	b := &blockLabels{digest: digest, labels: labels}
	for n := range b.rounds {
		b.rounds[n] = uint8(rounded(digest, n))
	}
	return b
}

// round rounds a count.
func (b *blockLabels) round(n int) int {
	if n < len(b.rounds) {
		return int(b.rounds[n])
	}
	return rounded(b.digest, n) // days of reading are more than agents
}

// book gives the blocks, which are read again when they have changed.
func (d *Dashboards) book(ctx context.Context) (*books, error) {
	version, err := d.Seating.BlocksVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for changes of blocks: %w", err)
	}
	d.reading.Lock()
	defer d.reading.Unlock()
	if d.read != nil && d.read.version == version {
		return d.read, nil
	}
	blocks, err := d.Seating.Blocks(ctx)
	if err != nil {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	b := &books{version, make(map[uint32]*blockLabels, len(blocks))}
	for _, one := range blocks {
		b.blocks[one.ID] = newBlockLabels(mix(d.key^uint64(one.ID)), one.Labels)
	}
	d.read = b
	return b, nil
}

// gather asks the store, beside the blocks, and puts these together.
func (d *Dashboards) gather(ctx context.Context, t *tally, ask func() error) error {
	var failed error
	var wait sync.WaitGroup
	wait.Go(func() { failed = ask() })
	blocks, err := d.book(ctx)
	wait.Wait()
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	t.put(blocks.blocks, d.Guard)
	return nil
}

// count answers a question.
func (d *Dashboards) count(ctx context.Context, q question) ([]cellCount, error) {
	t := newTally(q)
	if err := d.gather(ctx, t, func() error { return d.Cells.Did(ctx, q.CellQuestion, t.add) }); err != nil {
		return nil, fmt.Errorf("count agents: %w", err)
	}
	return t.counts(), nil
}

// countPressure gives, by content and week, the agents whom it was shown to; the empty content is any. Groups are made from all
// contents together, so that a content that few were shown is counted among many agents or not at all.
func (d *Dashboards) countPressure(ctx context.Context, q question) ([]cellCount, error) {
	type shown struct {
		content, week int32
		block         uint32
		agents        int32
	}
	var all chunks[shown]
	var contents roll[string]
	var weeks roll[int]
	var anything [][]uint64 // by week and block
	anyContent := contents.place("")
	t := newTally(q)
	err := d.gather(ctx, t, func() error {
		return d.Cells.Shown(ctx, q.CellQuestion, func(content string, day int, block uint32, who uint64) {
			t.of(block).who[0] |= who
			week := weeks.place(day)
			all.add(shown{int32(contents.place(content)), int32(week), block, int32(bits.OnesCount64(who))})
			anything = reach(anything, week)
			anything[week] = reach(anything[week], int(block))
			anything[week][block] |= who
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count what is shown: %w", err)
	}
	s := newSums(len(contents.all) * len(weeks.all))
	for one := range all.each {
		if in := t.in(one.block); in != nil {
			s.add(in, int(one.content)*len(weeks.all)+int(one.week), int(one.agents))
		}
	}
	for week, blocks := range anything {
		for block, who := range blocks {
			if in := t.in(uint32(block)); in != nil {
				s.add(in, anyContent*len(weeks.all)+week, bits.OnesCount64(who))
			}
		}
	}
	var counts []cellCount
	for i, sum := range s.totals() {
		if sum.groups > 0 {
			counts = append(counts, cellCount{Value: contents.all[i/len(weeks.all)], Period: dateOfDay(weeks.all[i%len(weeks.all)]), Kind: fil.Impression, Agents: sum.agents, Groups: sum.groups})
		}
	}
	slices.SortFunc(counts, func(a, b cellCount) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Value, b.Value))
	})
	return counts, nil
}

const hoursOfWeek = 7 * 24

// countHours gives, by kind, the agents active in each hour of the week, summed over months. Groups are made from all hours
// together.
func (d *Dashboards) countHours(ctx context.Context, q question) (map[fil.EngagementKind][]total, error) {
	type active struct {
		block  uint32
		at     int32 // of the kind, month and weekday
		agents [24]byte
	}
	kinds := []fil.EngagementKind{fil.Impression, fil.Open, fil.Read}
	var all chunks[active]
	var months roll[int]
	t := newTally(q)
	err := d.gather(ctx, t, func() error {
		return d.Cells.Hours(ctx, q.CellQuestion, func(d analytics.Deed, weekday int) {
			if kind := slices.Index(kinds, d.Kind); kind >= 0 {
				t.of(d.Block).who[kind] |= d.Who
				all.add(active{d.Block, int32((months.place(d.Day)*len(kinds)+kind)*7 + weekday), [24]byte(d.Each[:24])})
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count agents by hour: %w", err)
	}
	places := len(kinds) * hoursOfWeek
	s := newSums(len(months.all) * places)
	for one := range all.each {
		if in := t.in(one.block); in != nil {
			s.addAll(in, int(one.at)*24, one.agents[:])
		}
	}
	counts := map[fil.EngagementKind][]total{}
	for i, sum := range s.totals() {
		kind := kinds[i%places/hoursOfWeek]
		if counts[kind] == nil {
			counts[kind] = make([]total, hoursOfWeek)
		}
		at := &counts[kind][i%hoursOfWeek]
		at.agents, at.groups = at.agents+sum.agents, at.groups+sum.groups
	}
	return counts, nil
}
