package audiences

import "github.com/filengine/fil"

// holds says whether an agent is in an audience and in each perimeter around it. Nobody is in one that is cut to an
// audience that does not exist, or to itself by way of others: an error must not let more agents in.
func (s *audienceSet) holds(id string, r *row) bool {
	for range fil.MaxPerimeters + 1 {
		a, ok := s.byID[id]
		if !ok || !a.plan.holds(r) {
			return false
		}
		if id = a.definition.Perimeter; id == "" {
			return true
		}
	}
	return false
}

// cut gives the plan that asks what holds asks.
func (s *audienceSet) cut(id string) plan {
	var parts []plan
	for range fil.MaxPerimeters + 1 {
		a, ok := s.byID[id]
		if !ok {
			break
		}
		parts = append(parts, a.plan)
		if id = a.definition.Perimeter; id == "" {
			return every(cheapestFirst(parts))
		}
	}
	return either{} // nobody
}

// aimed gives the plan of those whom contents with one aim are for.
func (s *audienceSet) aimed(aim fil.Aim) plan {
	parts := every{}
	if aim.Perimeter != "" {
		parts = append(parts, s.cut(aim.Perimeter))
	}
	if len(aim.Audiences) > 0 {
		some := either{}
		for _, id := range aim.Audiences {
			some = append(some, s.cut(id))
		}
		parts = append(parts, some)
	}
	return parts
}
