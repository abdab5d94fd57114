package audiences

import (
	"runtime"
	"slices"

	"github.com/filengine/fil"
)

// Aimed gives the ids, sorted, of at most limit agents whom contents with an aim are for and whose ids come after one. Each
// call evaluates the aim once and reads the ids of all whom it holds, so ask for many at a time.
func (ix *Index) Aimed(aim fil.Aim, after string, limit int) []string {
	if limit <= 0 {
		return nil
	}
	parts := make([][]string, runtime.GOMAXPROCS(0))
	ix.sweep(len(parts), ix.audiences.Load().aimed(aim), func(worker int, s *segment, found *block) {
		bound := "" // of the ids that still matter, when there is one
		if ids := parts[worker]; len(ids) == limit {
			bound = ids[limit-1]
		}
		found.all(func(at uint16) {
			raw := s.ids.at(at)
			if raw == nil || string(raw) <= after || bound != "" && string(raw) >= bound {
				return
			}
			if parts[worker] = append(parts[worker], string(raw)); len(parts[worker]) >= 2*limit {
				parts[worker] = first(parts[worker], limit)
				bound = parts[worker][len(parts[worker])-1]
			}
		})
		if len(parts[worker]) > limit {
			parts[worker] = first(parts[worker], limit)
		}
	})
	return first(slices.Concat(parts...), limit)
}

// first sorts ids and leaves so many.
func first(ids []string, limit int) []string {
	slices.Sort(ids)
	ids = slices.Compact(ids) // one who was removed and came back may be met twice
	return ids[:min(len(ids), limit)]
}
