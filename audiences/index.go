// Package audiences says who is in which audience. It turns rules into plans and plans into sets of agents, over an
// index of the directory that follows the log record by record.
//
// It hides how agents are kept (shards, one for each partition of fil.agents; in them segments of 65,536 agents, who are
// columns of dictionary codes and, for each value, the set of those who have it), how a rule is compiled, and what could
// not be compiled and is evaluated agent by agent. RULES.md is the language's reference.
//
// It guarantees that a set computed from sets and the same rule asked of one agent agree; that every answer reflects
// all records applied before it; that stamps depend on the state alone, so they are equal in every process that
// has the same agents and audiences; that a rule costs a bounded time. It does not decide who may ask, keep history,
// or store anything: the index is a projection of two compacted topics and is built again at start.
//
// Concurrency: any number of readers, and writers that take turns. A writer holds a segment's lock while one record is
// applied (some microseconds), a preview while one segment is evaluated (rules that must ask agents one by one do so
// outside the lock); the segments of a preview are evaluated on as many goroutines as there are cores. Settling a shard
// makes new segments beside the old ones, and no reader waits for it. Asking a Member takes no lock: it is a
// photograph of one agent.
//
// Cost: about 110 bytes an agent at 5.8 million agents of 20 attributes, and once more those of a partition while it is
// settled (Footprint says of what). A change of an agent moves the sets of the values that changed and no audience, however
// many there are, because membership is asked of the agent and not kept; an audience's size is evaluated when someone asks.
package audiences

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filengine/fil"
)

// Index is the directory and the audiences, ready for questions.
type Index struct {
	schema    fil.Schema
	now       func() time.Time // in the configured zone
	fields    []*field         // org, site and language, then the schema's attributes
	byName    map[string]*field
	writer    sync.Mutex
	applied   map[place]*int64 // last offset applied; under writer
	shards    map[int]*shard   // by partition; under writer
	reader    *recordReader    // under writer
	ranks     []uint32         // of the units, when a shard was last settled; under writer
	unsettled atomic.Bool      // some shard has no sets yet
	layout    atomic.Pointer[layout]
	ids       *idTable
	listed    atomic.Pointer[listing]
	changes   atomic.Uint64 // of the ids that are known
	serials   atomic.Uint64 // last serial given to a segment
	audiences atomic.Pointer[audienceSet]
	lives     *lives
	queries   sync.Pool // of *query
	plans     plans
}

type place struct {
	topic     fil.Topic
	partition int
}

// NewIndex makes an empty index of agents with these attributes. The schema must be valid (fil.Schema.Validate).
func NewIndex(schema fil.Schema, cfg Config) *Index {
	ix := &Index{
		schema: slices.Clone(schema), now: cfg.clock(), fields: fieldsOf(schema), byName: map[string]*field{},
		applied: map[place]*int64{}, shards: map[int]*shard{}, ids: newIDTable(),
	}
	for _, f := range ix.fields {
		ix.byName[f.name] = f
	}
	ix.layout.Store(&layout{})
	ix.lives = newLives(ix, cfg)
	ix.audiences.Store(&audienceSet{byID: map[string]*audience{}, asked: &asked{}})
	return ix
}

// Schema gives the declared attributes.
func (ix *Index) Schema() fil.Schema { return slices.Clone(ix.schema) }

// Len is the number of agents.
func (ix *Index) Len() int { return ix.ids.len() }

// Agent gives one agent as the directory knows them.
func (ix *Index) Agent(id string) (fil.Agent, bool) {
	r, ok := ix.photograph(id)
	if !ok {
		return fil.Agent{}, false
	}
	return ix.agentOf(r), true
}

// Language is the one in which an agent reads, empty when the directory does not say; known is false for an agent whom it does
// not know. It is the one answer that each read of a feed needs, and decodes nothing else.
func (ix *Index) Language(id string) (language string, known bool) {
	var code uint32
	if known = ix.meet(id, func(s *segment, at uint16) { code = s.columns[atLanguage].codes.at(at) }); known {
		language, _ = ix.fields[atLanguage].decode(code).(string)
	}
	return language, known
}

// Org is the path of an agent's organisation, empty when the directory does not say or does not know the agent.
func (ix *Index) Org(id string) (org string) {
	var code uint32
	if ix.meet(id, func(s *segment, at uint16) { code = s.columns[atOrg].codes.at(at) }) {
		org, _ = ix.fields[atOrg].decode(code).(string)
	}
	return org
}

// Audience gives one audience as it was last accepted.
func (ix *Index) Audience(id string) (fil.Audience, bool) {
	a, ok := ix.audiences.Load().byID[id]
	if !ok {
		return fil.Audience{}, false
	}
	return a.copy(), true
}

// Audiences gives every audience, sorted by id.
func (ix *Index) Audiences() []fil.Audience {
	set := ix.audiences.Load()
	all := make([]fil.Audience, 0, len(set.byID))
	for _, a := range set.byID {
		all = append(all, a.copy())
	}
	slices.SortFunc(all, func(a, b fil.Audience) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Member is a photograph of one agent and of the audiences at one moment: its answers agree with each other whatever is
// applied meanwhile. Take a new one for each feed.
type Member struct {
	index *Index
	row   *row
	set   *audienceSet
	in    []bool // for each of the set's volatile audiences: the answer of that moment
	stamp uint64
}

// Member photographs an agent, in about half a microsecond; false when the directory does not know them.
func (ix *Index) Member(agentID string) (Member, bool) {
	set := ix.audiences.Load()
	r, ok := ix.photograph(agentID)
	if !ok {
		return Member{}, false
	}
	if len(set.asked.acts) > 0 { // looked up once for all the rules that ask
		r.past = ix.lives.past(agentID)
	}
	in, moment := set.moment(&r)
	return Member{index: ix, row: &r, set: set, in: in, stamp: scramble(r.stamp^scramble(set.stamp)) ^ moment}, true
}

// In says whether the agent is in the audience: the rule is asked of the photograph, clause by clause until one decides
// (some ten nanoseconds each), and so is that of each perimeter that the audience is cut to. Nobody is in an audience that
// does not exist, nor in one cut to an audience that does not.
func (m Member) In(audienceID string) bool {
	if m.set == nil {
		return false
	}
	a, ok := m.set.byID[audienceID]
	if ok && a.volatile {
		return m.in[m.set.place(audienceID)]
	}
	return ok && a.plan.holds(m.row)
}

// Stamp is a digest of all that In depends on: the agent's record, the audiences' definitions, and which of the audiences
// that follow the time or other agents' records the agent is in. It is equal in every process where these are equal,
// whatever the order they came in.
func (m Member) Stamp() uint64 { return m.stamp }

// Org is the path of the agent's organisation, and Language the one they read in, both empty when the directory does not say.
func (m Member) Org() string { return m.index.text(atOrg, m.row) }

// Language is the one that the agent reads in.
func (m Member) Language() string { return m.index.text(atLanguage, m.row) }

func (ix *Index) text(field int, r *row) string {
	text, _ := ix.fields[field].decode(r.codes[field]).(string)
	return text
}

// photograph copies an agent's row.
func (ix *Index) photograph(id string) (r row, known bool) {
	known = ix.meet(id, func(s *segment, at uint16) { r = s.row(at, nil, ix.now()) })
	return r, known
}

// meet visits an agent at their place, locked for reading; false when the directory does not know them.
func (ix *Index) meet(id string, visit func(s *segment, at uint16)) bool {
	for {
		ordinal, ok := ix.ordinal(id)
		if !ok {
			return false
		}
		s := ix.layout.Load().segments[ordinal>>16]
		if s == nil {
			continue // settled elsewhere between the two looks
		}
		s.lock.RLock()
		if at := uint16(ordinal); string(s.ids.at(at)) == id {
			visit(s, at)
			s.lock.RUnlock()
			return true
		}
		s.lock.RUnlock() // removed between the two locks: look again
	}
}

func (ix *Index) ordinal(id string) (uint32, bool) {
	ix.ids.lock.RLock()
	defer ix.ids.lock.RUnlock()
	return ix.ids.find(ix.layout.Load(), id)
}
