package learning

import (
	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// Memory learns as Learner does, of one partition, without a store: for those who replay a log, one engagement after another.
// It knows no duplicates, and is for one goroutine.
type Memory struct {
	org        func(agent string) string
	profiles   map[string]ranking.Profile
	next       int64
	popularity Popularity
	live       *trends
}

// NewMemory makes one that knows nothing. org is as in LearnerParts.
func NewMemory(org func(agent string) string) *Memory {
	m := &Memory{org: org, profiles: map[string]ranking.Profile{}}
	t := newTally(1)
	m.live = &trends{live: t, parts: []*tally{t}}
	m.popularity.current.Store(m.live)
	return m
}

// Observe learns an engagement, which must not be earlier than the one before by much.
func (m *Memory) Observe(e fil.Engagement) {
	t, before := m.live.live, m.profiles[e.Agent]
	t.observe(before, e, m.org)
	t.dirty = t.dirty[:0] // nothing is ever saved
	m.profiles[e.Agent] = before.Apply(e, m.next)
	t.offset = m.next
	m.next++
	m.live.stamp = ranking.Mix(uint64(m.next))
}

// Profile is what is known of an agent; the zero one of an agent who did nothing.
func (m *Memory) Profile(agent string) ranking.Profile { return m.profiles[agent] }

// Popularity is what is known of contents, always as of the last engagement: it needs no refresh, and has none.
func (m *Memory) Popularity() *Popularity { return &m.popularity }

// Trends is Popularity as a ranker reads it. They go on with each engagement.
func (m *Memory) Trends() ranking.Trends { return m.live }
