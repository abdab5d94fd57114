package learning

import (
	"context"
	"time"

	"github.com/filengine/fil"
)

// Seen is what tests see of what is known of a content.
type Seen struct {
	Now, Lately, While, Ever, Shown, SinceLast float64
	Last, Dealt                                uint32
	Fading                                     [fadings]float64 // as of Dealt
	Row                                        map[fil.ContentKey]float64
}

// Of gives what is known of a content.
func (p *Popularity) Of(content string) (Seen, bool) {
	s, known := p.current.Load().Of(fil.KeyOf(content))
	row := map[fil.ContentKey]float64{}
	for i, c := range s.Row {
		if i > 0 && c.Weight > s.Row[i-1].Weight {
			panic("the heaviest is not first")
		}
		row[c.Content] = float64(c.Weight)
	}
	return Seen{s.Now, s.Lately, s.While, s.Ever, s.Shown, s.SinceLast, s.Last, s.Dealt, s.Fading, row}, known
}

// RefreshCounts is Refresh without the habits.
func (p *Popularity) RefreshCounts(ctx context.Context) error { return p.refresh(ctx, false) }

// ReadsSince gives the first reads by everyone since a moment.
func (p *Popularity) ReadsSince(at time.Time) float64 {
	return p.current.Load().ReadsSince(at.UnixNano())
}

// OrgReads gives those of a content by an organisation, and those of all contents.
func (p *Popularity) OrgReads(content, org string) (of, total float64) {
	m := p.current.Load()
	return m.OrgReads(fil.KeyOf(content), org), m.OrgReads(0, org)
}

// Look is what a ranker does for each content.
func (p *Popularity) Look(key fil.ContentKey) float64 {
	s, _ := p.current.Load().Of(key)
	return s.Now
}

// Repack reads a tally and packs it again.
func Repack(p PackedTally, partitions int) (PackedTally, error) {
	t, err := parseTally(p, partitions)
	if err != nil {
		return PackedTally{}, err
	}
	packed := t.pack()
	packed.Habits = SortedHabits(packed.Habits)
	return packed, nil
}

// SortedHabits leaves out empty fields.
func SortedHabits(fields []Habit) []Habit { return sortedHabits(fields) }

// PastOf keeps one state of so many bytes for each agent in turn, within a bound, and tells whose is still there.
func PastOf(most, size int, agents ...string) (kept []string) {
	p := newPast(most)
	for i, agent := range agents {
		p.put(agent, Stored{Profile: make([]byte, size)})
		p.turn(int64(i), 1)
	}
	for _, agent := range agents {
		if len(p.of(agent).Profile) > 0 {
			kept = append(kept, agent)
		}
	}
	for range longPast {
		p.turn(0, 0)
	}
	if len(p.of(agents[len(agents)-1]).Profile) > 0 {
		panic("what is no longer asked for is kept")
	}
	return kept
}
