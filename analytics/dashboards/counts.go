package dashboards

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	labels map[string]string
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
		b.blocks[one.ID] = &blockLabels{mix(d.key ^ uint64(one.ID)), one.Labels}
	}
	d.read = b
	return b, nil
}

// did asks the store, beside the blocks, and puts these together; more is asked beside, if it is given.
func (d *Dashboards) did(ctx context.Context, q question, more func(context.Context) error) (*tally, error) {
	t := newTally(q)
	var errs [2]error
	var wait sync.WaitGroup
	wait.Go(func() { errs[0] = d.Cells.Did(ctx, q.CellQuestion, t.add) })
	if more != nil {
		wait.Go(func() { errs[1] = more(ctx) })
	}
	blocks, err := d.book(ctx)
	wait.Wait()
	if err := errors.Join(err, errs[0], errs[1]); err != nil {
		return nil, err
	}
	t.put(blocks.blocks, d.Guard)
	return t, nil
}

// count answers a question.
func (d *Dashboards) count(ctx context.Context, q question) ([]cellCount, error) {
	t, err := d.did(ctx, q, nil)
	if err != nil {
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
	q.Every, q.Kinds = "week", []fil.EngagementKind{fil.Impression}
	var all []shown
	var contents roll[string]
	var weeks roll[int]
	t, err := d.did(ctx, q, func(ctx context.Context) error {
		return d.Cells.Shown(ctx, q.CellQuestion, func(content string, day int, block uint32, agents int) {
			all = append(all, shown{int32(contents.place(content)), int32(weeks.place(day)), block, int32(agents)})
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count what is shown: %w", err)
	}
	s := newSums(len(contents.all) * len(weeks.all))
	for _, one := range all {
		if in := t.in(one.block); in != nil {
			s.add(in, int(one.content)*len(weeks.all)+int(one.week), int(one.agents))
		}
	}
	var counts []cellCount
	for _, c := range t.counts() {
		if c.Period != "" && c.Kind == fil.Impression {
			counts = append(counts, c)
		}
	}
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
	q.Kinds = []fil.EngagementKind{fil.Impression, fil.Open, fil.Read}
	var all []active
	var months roll[int]
	t, err := d.did(ctx, q, func(ctx context.Context) error {
		return d.Cells.Hours(ctx, q.CellQuestion, func(d analytics.Deed, weekday int) {
			if kind := slices.Index(q.Kinds, d.Kind); kind >= 0 {
				all = append(all, active{d.Block, int32((months.place(d.Day)*len(q.Kinds)+kind)*7 + weekday), [24]byte(d.Each[:24])})
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count agents by hour: %w", err)
	}
	places := len(q.Kinds) * hoursOfWeek
	s := newSums(len(months.all) * places)
	for _, one := range all {
		if in := t.in(one.block); in != nil {
			for hour, n := range one.agents {
				s.add(in, int(one.at)*24+hour, int(n))
			}
		}
	}
	counts := map[fil.EngagementKind][]total{}
	for i, sum := range s.totals() {
		kind := q.Kinds[i%places/hoursOfWeek]
		if counts[kind] == nil {
			counts[kind] = make([]total, hoursOfWeek)
		}
		at := &counts[kind][i%hoursOfWeek]
		at.agents, at.groups = at.agents+sum.agents, at.groups+sum.groups
	}
	return counts, nil
}
