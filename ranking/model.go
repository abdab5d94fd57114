package ranking

import (
	"math"
	"time"

	"github.com/filengine/fil"
)

// Model is the ranking in memory and for one goroutine: what a Ranker does, by the same code, for whom replays a log. It serves
// the offline judge and the tuning of weights. It reads no texts.
type Model struct {
	rules     *ruleset
	catalogue *Catalogue
	memory    Memory
	groups    func(agent string) string
	board     board
	sc        *scratch
	unscored  []float64 // zeros, by place in the snapshot: nothing is sorted by score
}

// Memory is what a model learns by: exactly as a worker does (learning.Memory).
type Memory interface {
	// Observe learns an engagement.
	Observe(e fil.Engagement)
	// Profile is what is known of an agent now; the zero one of an agent who did nothing.
	Profile(agent string) Profile
	// Trends is what is known of contents now.
	Trends() Trends
}

// NewModel makes a model that knows nothing but what the memory does. org gives the organisation of an agent, nil when none is known.
func NewModel(policy Policy, memory Memory, org func(agent string) string) *Model {
	if org == nil {
		org = func(string) string { return "" }
	}
	return &Model{rules: newRuleset(policy), catalogue: NewCatalogue(), memory: memory, groups: org, sc: newScratch()}
}

// SetWeights ranks by other weights from now on.
func (m *Model) SetWeights(w Weights) { m.rules.policy.Weights = w }

// Weights are those that it ranks by.
func (m *Model) Weights() Weights { return m.rules.policy.Weights }

// Publish makes a content known and gives the number by which Scores knows it; one that is known already is replaced.
// Two contents whose keys collide are taken for one.
func (m *Model) Publish(c fil.Content) int32 {
	s := m.catalogue.current.Load() // nobody else reads it: it is changed in its place
	key := fil.KeyOf(c.ID)
	at := s.find(key)
	if at < 0 {
		at = s.insert(key)
	}
	s.rows[at] = m.catalogue.row(s, &c, uint64(key))
	s.texts = nil // they would have to be weighed anew for each content
	for i := range m.catalogue.codes {
		s.names[i] = m.catalogue.codes[i].names
	}
	m.board.ever = append(m.board.ever, make([]float32, len(s.rows)-len(m.board.ever))...)
	return at
}

// Observe learns from an act.
func (m *Model) Observe(e fil.Engagement) {
	m.memory.Observe(e)
	key := fil.KeyOf(e.Content)
	if at := m.catalogue.current.Load().find(key); at >= 0 {
		s, _ := m.memory.Trends().Of(key)
		m.board.ever[at] = float32(s.Ever)
	}
}

// Scores fills in the score of each candidate, given by its number, for an agent at a moment, by the features and the
// weights alone: what rules do after the scores is left to whom they serve.
func (m *Model) Scores(agent string, now time.Time, candidates []int32, scores []float64) {
	m.Features(agent, now, candidates, func(place int, values *Values) {
		shared := m.rules.shared(values) + m.board.termScore(candidates[place])
		scores[place] = shared + m.sc.personal(&m.sc.weights, values)
	})
}

// Features calls each with the values of the features of the candidates, in their order; they are not to be kept.
func (m *Model) Features(agent string, now time.Time, candidates []int32, each func(candidate int, values *Values)) {
	b := m.open(agent, now, candidates)
	for place := range candidates {
		b.sharedValues(b.rows[place], &b.told[place], &m.sc.values)
		m.sc.personalValues(b, int32(place), &m.sc.values)
		each(place, &m.sc.values)
	}
	m.sc.close()
}

// Values has the value of each feature, by its place.
type Values = [features]float64

// open makes a board of the candidates, in their order, and takes the agent in.
func (m *Model) open(agent string, now time.Time, candidates []int32) *board {
	b := &m.board
	b.snap, b.trends, b.rules = m.catalogue.current.Load(), m.memory.Trends(), m.rules
	b.moment, b.rows = nanos(now), candidates
	b.reset()
	m.unscored = grow(m.unscored, len(b.snap.rows))
	for _, i := range candidates {
		b.tell(i)
	}
	b.lay(m.unscored, math.MaxInt64)
	m.sc.open(b, soloist(m.groups(agent)), m.memory.Profile(agent))
	return b
}

// soloist is an agent of whom only the organisation is known, and whom everything is for.
type soloist string

func (soloist) In(string) bool   { return true }
func (s soloist) Org() string    { return string(s) }
func (soloist) Language() string { return "" }
func (soloist) Stamp() uint64    { return 0 }
