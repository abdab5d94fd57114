// Package audiences says who is in which audience. It turns rules into plans and plans into sets of agents, over an
// index of the directory that follows the log record by record.
//
// It hides how agents are kept (columns of dictionary codes, inverted bitmaps, in segments of 262,144 agents), how a rule
// is compiled, and what could not be compiled and is evaluated agent by agent. RULES.md is the language's reference.
//
// It guarantees that a set computed from bitmaps and the same rule asked of one agent agree; that every answer reflects
// all records applied before it; that stamps depend on the state alone, so they are equal in every process that
// has the same agents and audiences; that a rule costs a bounded time. It does not decide who may ask, keep history,
// or store anything: the index is a projection of two compacted topics and is built again at start.
//
// Concurrency: any number of readers, and writers that take turns. A writer holds a segment's lock while one record is
// applied (some microseconds), a preview while one segment is evaluated (about a millisecond for usual rules; rules
// that must ask agents one by one do so outside the lock). Asking a Member takes no lock: it is a photograph of one
// agent.
//
// Cost: a change of an agent moves the bitmaps of the values that changed and no audience, however many there are,
// because membership is asked of the agent and not kept; an audience's size is evaluated when someone asks.
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
	schema       fil.Schema
	now          func() time.Time // in the configured zone
	fields       []*field         // org, site and language, then the schema's attributes
	segmentBits  uint             // log2 of the agents in a segment
	writer       sync.Mutex
	applied      map[partition]int64 // last offset applied; under writer
	free         []uint32            // ordinals of removed agents, to be given again; under writer
	next         uint32              // lowest ordinal never given; under writer
	segments     atomic.Pointer[[]*segment]
	audiences    atomic.Pointer[audienceSet]
	ordinalsLock sync.RWMutex
	ordinals     map[string]uint32 // by agent id
}

type partition struct {
	topic fil.Topic
	n     int
}

// segmentBits makes segments of 262,144 agents: four roaring containers, so that a preview holds a segment's lock for
// a fraction of a millisecond, while a value's bitmaps stay few.
const segmentBits = 18

// NewIndex makes an empty index of agents with these attributes. The schema must be valid (fil.Schema.Validate).
func NewIndex(schema fil.Schema, cfg Config) *Index { return newIndex(schema, cfg, segmentBits) }

func newIndex(schema fil.Schema, cfg Config, bits uint) *Index {
	ix := &Index{
		schema: slices.Clone(schema), now: cfg.clock(), fields: fieldsOf(schema), segmentBits: bits,
		applied: map[partition]int64{}, ordinals: map[string]uint32{},
	}
	ix.segments.Store(&[]*segment{})
	ix.audiences.Store(&audienceSet{byID: map[string]*audience{}})
	return ix
}

// Schema gives the declared attributes.
func (ix *Index) Schema() fil.Schema { return slices.Clone(ix.schema) }

// Len is the number of agents.
func (ix *Index) Len() int {
	ix.ordinalsLock.RLock()
	defer ix.ordinalsLock.RUnlock()
	return len(ix.ordinals)
}

// Agent gives one agent as the directory knows them.
func (ix *Index) Agent(id string) (fil.Agent, bool) {
	r, ok := ix.photograph(id)
	if !ok {
		return fil.Agent{}, false
	}
	return ix.agentOf(r), true
}

// Agents gives at most limit agents whose ids come after the given one, sorted by id. It reads every id: some ten
// milliseconds for a million agents.
func (ix *Index) Agents(after string, limit int) []fil.Agent {
	var ids []string // the smallest found, sorted
	for _, s := range *ix.segments.Load() {
		s.lock.RLock()
		for _, id := range s.ids {
			if id <= after || len(ids) >= limit && (limit <= 0 || id >= ids[limit-1]) {
				continue
			}
			at, _ := slices.BinarySearch(ids, id)
			ids = slices.Insert(ids, at, id)
			ids = ids[:min(len(ids), limit)]
		}
		s.lock.RUnlock()
	}
	agents := make([]fil.Agent, 0, len(ids))
	for _, id := range slices.Compact(ids) { // one who was removed and came back may be met twice
		if a, ok := ix.Agent(id); ok { // unless removed since
			agents = append(agents, a)
		}
	}
	return agents
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
	in, moment := set.moment(&r)
	return Member{row: &r, set: set, in: in, stamp: scramble(r.stamp^scramble(set.stamp)) ^ moment}, true
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

// photograph copies an agent's row.
func (ix *Index) photograph(id string) (row, bool) {
	for {
		ordinal, ok := ix.ordinal(id)
		if !ok {
			return row{}, false
		}
		s, at := ix.locate(ordinal)
		s.lock.RLock()
		if s.ids[at] == id {
			r := s.row(at, nil)
			r.now = ix.now()
			s.lock.RUnlock()
			return r, true
		}
		s.lock.RUnlock() // removed between the two locks: look again
	}
}

func (ix *Index) ordinal(id string) (uint32, bool) {
	ix.ordinalsLock.RLock()
	defer ix.ordinalsLock.RUnlock()
	ordinal, ok := ix.ordinals[id]
	return ordinal, ok
}

// locate gives the segment of an ordinal that was given, and the place in it.
func (ix *Index) locate(ordinal uint32) (*segment, uint32) {
	return (*ix.segments.Load())[ordinal>>ix.segmentBits], ordinal & (1<<ix.segmentBits - 1)
}
