package audiences

import (
	"iter"
	"slices"

	"github.com/filengine/fil"
)

// listing is a stretch of the ids, sorted: those after one, as they were at one moment.
type listing struct {
	after   string // the id before the first
	ids     []string
	last    bool // no id follows
	changes uint64
}

// stretch is how many ids a listing holds: enough that a walk through millions of agents reads all ids a hundred times and
// not for each page.
const stretch = 1 << 16

// Agents gives at most limit agents whose ids come after the given one, sorted by id. A page that follows another is found
// in a listing of 65,536 ids; a new listing is made by reading every id, some ten milliseconds for a million agents, and
// again when one has come or gone.
func (ix *Index) Agents(after string, limit int) []fil.Agent {
	if limit <= 0 {
		return []fil.Agent{}
	}
	agents := make([]fil.Agent, 0, min(limit, stretch))
	for len(agents) < limit {
		page := ix.listing(after)
		from, found := slices.BinarySearch(page.ids, after)
		if found {
			from++
		}
		for _, id := range page.ids[from:] {
			if len(agents) == limit {
				return agents
			}
			if a, ok := ix.Agent(id); ok { // unless removed since
				agents = append(agents, a)
			}
			after = id
		}
		if page.last {
			return agents
		}
	}
	return agents
}

// listing gives a listing that has the id after the one given, if there is one.
func (ix *Index) listing(after string) *listing {
	old, changes := ix.listed.Load(), ix.changes.Load()
	if old != nil && old.changes == changes && old.after <= after && (old.last || after < old.ids[len(old.ids)-1]) {
		return old
	}
	next := &listing{after: after, changes: changes, last: true}
	bound := "" // of the ids that still matter, when there is one
	for _, s := range ix.layout.Load().order {
		s.lock.RLock()
		for at := range s.stamps {
			raw := s.ids.at(uint16(at))
			if raw == nil || string(raw) <= after || bound != "" && string(raw) >= bound {
				continue
			}
			if next.ids = append(next.ids, string(raw)); len(next.ids) == 2*stretch {
				if next.cut(); !next.last {
					bound = next.ids[stretch-1]
				}
			}
		}
		s.lock.RUnlock()
	}
	next.cut()
	ix.listed.Store(next)
	return next
}

// cut sorts the ids and leaves the first.
func (l *listing) cut() {
	slices.Sort(l.ids)
	l.ids = slices.Compact(l.ids) // one who was removed and came back may be met twice
	if len(l.ids) > stretch {
		l.ids, l.last = slices.Clip(l.ids[:stretch]), false
	}
}

// All gives every agent, those of an organisation together, for an export of the directory. Agents who change meanwhile
// are given as they were or as they are; one who is removed and comes back meanwhile may be given twice or not at all.
func (ix *Index) All() iter.Seq[fil.Agent] {
	return func(yield func(fil.Agent) bool) {
		rows := make([]row, 0, fewRows)
		for _, s := range ix.settledLayout().order {
			for at := 0; at < blockPlaces; {
				rows = rows[:0]
				s.lock.RLock()
				size := len(s.stamps)
				for ; at < size && len(rows) < fewRows; at++ {
					if s.ids.at(uint16(at)) != nil {
						rows = append(rows, s.row(uint16(at), nil, ix.now()))
					}
				}
				s.lock.RUnlock()
				for _, r := range rows {
					if !yield(ix.agentOf(r)) {
						return
					}
				}
				if at >= size {
					break
				}
			}
		}
	}
}
