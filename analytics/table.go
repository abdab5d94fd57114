package analytics

import (
	"cmp"
	"slices"

	"github.com/filengine/fil"
)

// key says which row of a report.
type key struct{ value, day string }

// table gathers tallies by row and kind before the guard has seen them.
type table struct {
	q        Question
	keys     []key
	at       map[key]int
	totals   map[fil.EngagementKind]Tally
	cells    map[fil.EngagementKind]map[int]Tally
	targeted groups
}

func newTable(q Question, totals, cells []Tally) *table {
	t := &table{q: q, at: map[key]int{}, totals: map[fil.EngagementKind]Tally{}, cells: map[fil.EngagementKind]map[int]Tally{}}
	for _, total := range totals {
		t.totals[total.Kind] = total
	}
	for _, cell := range cells {
		if t.cells[cell.Kind] == nil {
			t.cells[cell.Kind] = map[int]Tally{}
		}
		t.cells[cell.Kind][t.row(key{cell.Value, cell.Period})] = cell
	}
	return t
}

// row finds the index of a row, new if need be.
func (t *table) row(k key) int {
	i, ok := t.at[k]
	if !ok {
		i = len(t.keys)
		t.at[k], t.keys = i, append(t.keys, k)
	}
	return i
}

// column is one figure of a row: what it counts, and where it goes.
type column struct {
	kind     fil.EngagementKind
	distinct bool // agents, not events
	cell     func(*row) **int
}

func columns() []column {
	return []column{
		{fil.Impression, true, func(r *row) **int { return &r.Shown }},
		{fil.Open, true, func(r *row) **int { return &r.Opened }},
		{fil.Read, true, func(r *row) **int { return &r.Readers }},
		{fil.Acknowledge, true, func(r *row) **int { return &r.Acknowledged }},
		{fil.Impression, false, func(r *row) **int { return &r.Impressions }},
		{fil.Open, false, func(r *row) **int { return &r.Opens }},
		{fil.Read, false, func(r *row) **int { return &r.Reads }},
		{fil.Click, false, func(r *row) **int { return &r.Clicks }},
		{fil.Reaction, false, func(r *row) **int { return &r.Reactions }},
		{fil.Comment, false, func(r *row) **int { return &r.Comments }},
		{fil.Share, false, func(r *row) **int { return &r.Shares }},
		{fil.Save, false, func(r *row) **int { return &r.Saves }},
		{fil.Follow, false, func(r *row) **int { return &r.Follows }},
		{fil.Dismiss, false, func(r *row) **int { return &r.Dismissals }},
		{fil.Dwell, false, func(r *row) **int { return &r.Dwells }},
		{fil.Acknowledge, false, func(r *row) **int { return &r.Acknowledgements }},
	}
}

// report writes the figures that the guard lets through, in the order of days, then values.
func (t *table) report(guard fil.Guard) report {
	answer := report{Rows: make([]row, len(t.keys))}
	for i, k := range t.keys {
		if t.q.By != "" {
			answer.Rows[i].Value = &k.value
		}
		if t.q.Every != "" {
			answer.Rows[i].Day = &k.day
		}
	}
	disjoint := t.q.disjoint()
	t.targeted.disjoint = disjoint
	withheld := t.write(&answer, guard, t.targeted, func(r *row, i int) {
		n := t.targeted.total
		if i >= 0 {
			n = t.targeted.agents[i]
		}
		r.Targeted = &n
	})
	if t.q.By != "" && t.q.Every != "" {
		// Those aimed at hardly vary by period, so the values that one period gives would tell, by subtraction from the
		// total, the size of one that another period withholds.
		for i := range answer.Rows {
			withheld = true
			answer.Rows[i].Targeted = nil
		}
	}
	for _, kind := range fil.EngagementKinds() {
		g := groups{total: int(t.totals[kind].Agents), agents: make([]int, len(t.keys)), disjoint: disjoint}
		for i, cell := range t.cells[kind] {
			g.agents[i] = int(cell.Agents)
		}
		withheld = t.write(&answer, guard, g, func(r *row, i int) { t.fill(r, kind, i) }) || withheld
	}
	slices.SortFunc(answer.Rows, func(a, b row) int {
		return cmp.Or(compare(a.Day, b.Day), compare(a.Value, b.Value))
	})
	if withheld {
		answer.Withheld = withheldNote().FR
	}
	return answer
}

// write calls fill for the total (row -1) and each row that may be given, and says whether any may not.
func (t *table) write(answer *report, guard fil.Guard, g groups, fill func(r *row, i int)) (withheld bool) {
	if withheld = guard.Withholds(g.total); !withheld {
		fill(&answer.Totals, -1)
	}
	for i, not := range g.withheld(guard) {
		if not {
			withheld = true
			continue
		}
		fill(&answer.Rows[i], i)
	}
	return withheld
}

// fill writes all figures of one kind into a row.
func (t *table) fill(r *row, kind fil.EngagementKind, i int) {
	tally := t.totals[kind]
	if i >= 0 {
		tally = t.cells[kind][i]
	}
	if kind == fil.Dwell {
		r.DwellMedian = seconds(tally.Dwell)
	}
	for _, c := range columns() {
		if c.kind != kind {
			continue
		}
		n := int(tally.Events)
		if c.distinct {
			n = int(tally.Agents)
		}
		*c.cell(r) = &n
	}
}

func compare(a, b *string) int {
	if a == nil || b == nil {
		return 0
	}
	return cmp.Compare(*a, *b)
}
