package dashboards

import (
	"cmp"
	"maps"
	"slices"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

type key struct{ value, period string }

// column is one figure: what it counts and where it goes.
type column struct {
	kind fil.EngagementKind
	cell func(*figures) **int
}

const targeted fil.EngagementKind = "targeted"

func columns() []column {
	return []column{
		{targeted, func(f *figures) **int { return &f.Targeted }},
		{fil.Impression, func(f *figures) **int { return &f.Shown }},
		{fil.Open, func(f *figures) **int { return &f.Opened }},
		{fil.Read, func(f *figures) **int { return &f.Readers }},
		{fil.Acknowledge, func(f *figures) **int { return &f.Acknowledged }},
		{analytics.Acted, func(f *figures) **int { return &f.Acted }},
		{fil.Dismiss, func(f *figures) **int { return &f.Dismissed }},
		{readDays, func(f *figures) **int { return &f.ReadDays }},
	}
}

// table gathers counts by row and kind, and in all.
type table struct {
	q      question
	keys   []key // of rows
	seen   map[key]bool
	cells  map[fil.EngagementKind]map[key]cellCount
	totals map[fil.EngagementKind]cellCount
	aimed  bool
}

func newTable(q question, counts []cellCount) *table {
	t := &table{q: q, seen: map[key]bool{}, cells: map[fil.EngagementKind]map[key]cellCount{}, totals: map[fil.EngagementKind]cellCount{}}
	for _, c := range counts {
		if c.Period == "" { // cells are in one value each, so values add up to the total
			t.totals[c.Kind] = t.totals[c.Kind].and(c)
		}
		if (c.Period != "") != (q.Every != "") || q.By == "" && q.Every == "" {
			continue
		}
		t.row(key{c.Value, c.Period})
		t.add(key{c.Value, c.Period}, c)
	}
	return t
}

func (t *table) row(k key) {
	if !t.seen[k] {
		t.seen[k] = true
		t.keys = append(t.keys, k)
	}
}

func (t *table) add(k key, c cellCount) {
	if t.cells[c.Kind] == nil {
		t.cells[c.Kind] = map[key]cellCount{}
	}
	t.cells[c.Kind][k] = t.cells[c.Kind][k].and(c)
}

func (c cellCount) and(more cellCount) cellCount {
	c.Agents, c.Groups = c.Agents+more.Agents, c.Groups+more.Groups
	return c
}

// aim adds the agents aimed at, in all and by value. With conditions they are not known, nor by period.
func (t *table) aim(targeting analytics.Targeting, contents []fil.Content) {
	if len(t.q.Where) > 0 {
		return
	}
	t.aimed = true
	total, groups := 0, map[string]int(nil)
	if len(contents) > 0 {
		total, groups = targeting.Reach(analytics.AimsOf(contents), t.q.By)
	}
	t.totals[targeted] = cellCount{Kind: targeted, Agents: total}
	if t.q.By == "" || t.q.Every != "" {
		return
	}
	for _, value := range slices.Sorted(maps.Keys(groups)) {
		t.row(key{value: value})
		t.add(key{value: value}, cellCount{Kind: targeted, Agents: groups[value]})
	}
}

// write fills an answer with what the guard lets through.
func (t *table) write(a *board, guard fil.Guard) {
	slices.SortFunc(t.keys, func(x, y key) int { return cmp.Or(cmp.Compare(x.period, y.period), cmp.Compare(x.value, y.value)) })
	a.Rows = make([]figures, len(t.keys))
	for i, k := range t.keys {
		if t.q.By != "" {
			a.Rows[i].Value = &k.value
		}
		if t.q.Every != "" {
			a.Rows[i].Period = &k.period
		}
	}
	for _, c := range columns() {
		t.fill(a, guard, c)
	}
	a.Totals.rates(guard)
	for i := range a.Rows {
		a.Rows[i].rates(guard)
	}
	for i := range a.Rows {
		if mixed := t.mixed(a, t.keys[i]); mixed != nil {
			a.Rows[i].loosen(*mixed)
		}
	}
}

// mixed is the row, of the period of another one, of agents whom no value tells apart; nil without.
func (t *table) mixed(a *board, of key) *figures {
	i := slices.Index(t.keys, key{value: analytics.Mixed, period: of.period})
	if t.q.By == "" || i < 0 || t.keys[i] == of {
		return nil
	}
	return &a.Rows[i]
}

func (t *table) fill(a *board, guard fil.Guard, c column) {
	if c.kind == targeted && !t.aimed {
		return
	}
	total, counts := t.totals[c.kind].Agents, make([]int, len(t.keys))
	for i, k := range t.keys {
		counts[i] = t.cells[c.kind][k].Agents
		a.Rows[i].groups = max(a.Rows[i].groups, t.cells[c.kind][k].Groups)
	}
	a.Totals.groups = max(a.Totals.groups, t.totals[c.kind].Groups)
	unknown := t.unknown(c, counts)
	show := func(f *figures, n int) {
		if c.kind == targeted {
			n = aimed(n)
		}
		*c.cell(f) = &n
	}
	if guard.Withholds(total) || c.kind != targeted && t.blind() {
		a.why = withheld()
	} else {
		show(&a.Totals, total)
	}
	if c.kind == targeted && (t.q.By == "" || t.q.Every != "") {
		return // aimed at is hardly of a period
	}
	for i, hide := range hidden(guard, total, counts, t.q.Every == "") {
		if hide || unknown[i] {
			a.why = withheld()
			continue
		}
		show(&a.Rows[i], counts[i])
	}
}

// unknown says of which rows nothing can be told: none of those who acted is known to be of their value, while some are whom no value
// tells apart. It follows from what is told of those.
func (t *table) unknown(c column, counts []int) []bool {
	out := make([]bool, len(t.keys))
	if t.q.By == "" || c.kind == targeted {
		return out
	}
	for i, k := range t.keys {
		out[i] = counts[i] == 0 && t.cells[c.kind][key{analytics.Mixed, k.period}].Agents > 0
	}
	return out
}

// blind says that none of all who did something is known to fulfil the conditions, which is what those of a group too small to be told are.
func (t *table) blind() bool {
	if len(t.q.Where) == 0 {
		return false
	}
	for _, total := range t.totals {
		if total.Agents > 0 {
			return false
		}
	}
	return true
}

// rates adds what the figures that are given allow. 0 may be as many as the guard tells nothing of.
func (f *figures) rates(guard fil.Guard) {
	of := func(k, n *int) *share {
		if k == nil || n == nil {
			return nil
		}
		s := rateOf(*k, *n, f.groups)
		if s != nil && *k == 0 {
			s.High = rateOf(min(*n, guard.Threshold-1), *n, f.groups).High
		}
		return s
	}
	f.Reach, f.Reading, f.Ack = of(f.Shown, f.Targeted), of(f.Readers, f.Shown), of(f.Acknowledged, f.Targeted)
}

// loosen raises the upper end of the shares of those aimed at, who are known for each value, by those who acted and whom no
// value tells apart: each of them may be of this one. The share itself is then the least that it can be.
func (f *figures) loosen(mixed figures) {
	raise := func(s *share, k, more, n *int) {
		if s != nil && more != nil {
			s.High = max(s.High, rateOf(min(*k+*more, *n), *n, f.groups+mixed.groups).High)
		}
	}
	raise(f.Reach, f.Shown, mixed.Shown, f.Targeted)
	raise(f.Ack, f.Acknowledged, mixed.Acknowledged, f.Targeted)
}

// withheld says why there are null figures.
func withheld() fil.Bilingual {
	return fil.Bilingual{
		FR: "Les chiffres nuls (null) sont retenus : ils portent sur trop peu d'agents. Les autres sont arrondis dans chaque petit groupe : une somme peut différer de quelques agents.",
		EN: "Null figures are withheld: they are about too few agents. The others are rounded in each small group: a sum may be some agents off.",
	}
}
