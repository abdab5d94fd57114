package learning

import (
	"context"
	"fmt"
	"slices"
)

// shadow is a Store in memory, of one partition, for a learner that makes profiles again beside those that are served. It
// has one writer, so it compares nothing. Nothing of it outlives a rebuild that is interrupted.
type shadow struct {
	agents     map[string]Stored
	popularity PackedTally
	bytes, max int64 // that it holds, about, and may hold
}

// agentOverhead is about what an agent takes beside the profile and the identities.
const agentOverhead = 200

func newShadow(most int64) *shadow { return &shadow{agents: map[string]Stored{}, max: most} }

func (s *shadow) Load(_ context.Context, _ int, agents []string) ([]byte, []Stored, error) {
	stored := make([]Stored, len(agents))
	for i, agent := range agents {
		stored[i] = s.agents[agent]
	}
	return bytesHeader(s.popularity.Counts), stored, nil
}

func (s *shadow) Save(_ context.Context, changes []Change) error {
	for _, c := range changes {
		before, known := s.agents[c.Agent]
		after := Stored{Profile: c.Profile, Identities: append(before.Identities[c.Forget:], c.Claims...)}
		if !known {
			s.bytes += agentOverhead
		}
		s.bytes += int64(len(after.Profile) + len(after.Identities) - len(before.Profile) - len(before.Identities))
		s.agents[c.Agent] = after
	}
	if s.bytes > s.max {
		return fmt.Errorf("%w: more than %d MiB", ErrTooLarge, s.max>>20)
	}
	return nil
}

func (s *shadow) LoadPopularity(context.Context, int) (PackedTally, error) { return s.popularity, nil }

func (s *shadow) SavePopularity(_ context.Context, _ int, change PopularityChange) error {
	p := &s.popularity
	if change.Whole {
		p.Counts, p.Habits = p.Counts[:0], nil
	}
	for i, at := range change.At {
		p.Counts = append(p.Counts, make([]byte, max(0, at+len(change.Bytes[i])-len(p.Counts)))...)
		copy(p.Counts[at:], change.Bytes[i])
	}
	for _, h := range change.Habits {
		i := slices.IndexFunc(p.Habits, func(known Habit) bool { return known.Field == h.Field })
		if i < 0 {
			p.Habits = append(p.Habits, h)
		} else {
			p.Habits[i] = h
		}
	}
	return nil
}
