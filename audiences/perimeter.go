package audiences

import (
	"slices"

	"github.com/filengine/fil"
)

// cut gives the plan of those in an audience and in each perimeter around it. Nobody is in one that does not exist.
func (s *audienceSet) cut(id string) plan {
	if a, ok := s.byID[id]; ok {
		return a.plan
	}
	return either{}
}

// around gives the plan of those in the perimeter that an audience is cut to. Nobody is in one that does not exist, or that
// is itself cut to the audience by way of others: an error must not let more agents in.
func (s *audienceSet) around(a *audience, ring []string) plan {
	perimeter := a.definition.Perimeter
	if perimeter == "" {
		return every{}
	}
	if slices.Contains(ring, perimeter) {
		return either{}
	}
	return s.resolve(reference{id: perimeter})
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
