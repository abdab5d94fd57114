package audiences

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/filengine/fil"
)

// audience is one accepted definition. It is never written again.
type audience struct {
	definition fil.Audience
	rule       plan     // as it is written, with references to other audiences
	references []placed // those of the rule
	weight     int      // elements of the rule
	members    *people  // static
	tree       plan     // the rule, or one of the static members, within the perimeter, in its normal form and with its places in the rule
	plan       plan     // the tree without places: what is evaluated
	volatile   bool     // the plan depends on more than the agent's record
	stamp      uint64
	behaves    bool // the plan asks what agents did
}

func (a *audience) copy() fil.Audience {
	definition := a.definition
	definition.Members = slices.Clone(definition.Members)
	return definition
}

// audienceSet is all of them at one moment. It is never written again.
type audienceSet struct {
	byID     map[string]*audience
	stamp    uint64           // exclusive or of the audiences' stamps (Zobrist): equal sets, equal stamps, in any order
	faults   map[string]fault // audiences whose rules hold nobody
	volatile []*audience      // by id
	asked    *asked           // by those that are announced
}

// ApplyAgents applies records of fil.agents, in their order: each replaces the agent whole, a tombstone removes them, and
// so does a record that says they are inactive. A record that does not decode, or whose attributes are not declared or of
// another type, is rejected (fil.Reject, joined) and leaves the agent as they were. A record at or below the last offset
// applied of its partition has no effect; one without topic comes from no log and always applies. The records of one call
// are applied one by one: readers see each whole, and need not see all at once.
func (ix *Index) ApplyAgents(records []fil.Record) error {
	ix.writer.Lock()
	defer ix.writer.Unlock()
	var rejected []error
	for some, drafts := range ix.drafts(records) {
		for i := range drafts {
			d := &drafts[i]
			if ix.stale(some[i]) {
				continue
			}
			switch {
			case d.err != nil:
				rejected = append(rejected, d.err)
			case d.gone:
				ix.removeAgent(d.id)
				ix.lives.moved(some[i].Partition, d.id)
			default:
				if ix.putAgent(some[i].Partition, d) {
					ix.lives.moved(some[i].Partition, d.id)
				}
			}
		}
	}
	for _, sh := range ix.shards {
		if sh.settled && sh.added > max(blockPlaces, sh.sorted) {
			ix.settle(sh)
		}
	}
	return errors.Join(rejected...)
}

// ApplyAudiences applies records of fil.audiences likewise; a record whose rule does not compile is rejected and leaves
// the previous definition in force. A record that makes an audience contain itself, or lie too deep, is rejected and
// kept: its rule holds nobody until one of the audiences on the way is mended, whatever the order they came in. Readers
// see the records of one call all at once.
func (ix *Index) ApplyAudiences(records []fil.Record) error {
	ix.writer.Lock()
	defer ix.writer.Unlock()
	current := ix.audiences.Load()
	next := &audienceSet{byID: maps.Clone(current.byID), stamp: current.stamp}
	var rejected []error
	written := map[string]fil.Record{}
	for _, rec := range records {
		if ix.stale(rec) {
			continue
		}
		var replacing *audience
		if rec.Event.Data != nil {
			var err error
			if replacing, err = ix.audienceOf(rec); err != nil {
				rejected = append(rejected, err)
				continue
			}
		}
		next.replace(rec.Key, replacing)
		if replacing != nil {
			written[replacing.definition.ID] = rec
		}
	}
	next.link()
	for id, why := range next.faults {
		if rec, ok := written[id]; ok && len(next.byID[id].references) > 0 {
			rejected = append(rejected, fil.Reject(rec, fmt.Errorf("the rule of audience %s holds nobody: %w", id, next.faultOf(id, why))))
		}
	}
	ix.judgeBehaviour(next)
	next.asked = next.ask(current.asked)
	ix.audiences.Store(next)
	return errors.Join(rejected...)
}

// replace puts an audience in place of the one that has the id; none when it is nil.
func (s *audienceSet) replace(id string, by *audience) {
	if by != nil {
		id = by.definition.ID
	}
	if old, ok := s.byID[id]; ok {
		s.stamp ^= old.stamp
		delete(s.byID, id)
	}
	if by != nil {
		s.stamp ^= by.stamp
		s.byID[id] = by
	}
}

// stale says whether a record was applied before, and notes it otherwise.
func (ix *Index) stale(rec fil.Record) bool {
	if rec.Topic == "" {
		return false
	}
	p := place{rec.Topic, rec.Partition}
	last, ok := ix.applied[p]
	if !ok {
		last = new(int64)
		ix.applied[p] = last
	} else if rec.Offset <= *last {
		return true
	}
	*last = rec.Offset
	return false
}

func (ix *Index) audienceOf(rec fil.Record) (*audience, error) {
	definition, err := fil.Decode[fil.Audience](rec)
	if err != nil {
		return nil, err
	}
	if err := checkKey(rec, definition.ID); err != nil {
		return nil, err
	}
	stamp := digest(definition.ID, rec.Event.Data)
	if definition.Rule == "" {
		return (&reading{plan: either{}}).audience(definition, stamp), nil
	}
	read, wrong := ix.read(definition.Rule, definition.ID, false)
	if wrong != nil {
		return nil, fil.Reject(rec, fmt.Errorf("compile rule of audience %s: %w", definition.ID, wrong))
	}
	return read.audience(definition, stamp), nil
}

// putAgent writes an agent. Here and in removeAgent the lock of the segment is taken first and kept, so that a reader who
// has found an id waits for what is done to its row; readers who need both locks take them in this order. It says whether
// the agent has a new place.
func (ix *Index) putAgent(partition int, d *draft) (moved bool) {
	d.intern()
	l, sh := ix.layout.Load(), ix.shardOf(partition)
	ordinal, known := ix.ids.find(l, d.id)
	if known {
		if s := l.segments[ordinal>>16]; s.shard == sh {
			s.lock.Lock()
			s.put(uint16(ordinal), d.stamp, d.codes)
			s.lock.Unlock()
			return false
		}
		ix.removeAgent(d.id) // the topic's partitions were changed
	}
	s, at := ix.newPlace(sh)
	s.lock.Lock()
	defer s.lock.Unlock()
	s.put(at, d.stamp, d.codes)
	ix.ids.lock.Lock()
	s.ids.put(at, d.id)
	ix.ids.insert(ix.layout.Load(), d.id, s.ordinal(at))
	ix.ids.lock.Unlock()
	ix.changes.Add(1)
	return true
}

func checkKey(rec fil.Record, id string) error {
	if id == "" || rec.Key != "" && rec.Key != id {
		return fil.Reject(rec, errors.New("the id and the record's key must be the same and not empty"))
	}
	return nil
}

// removeAgent takes out an agent, if they are known.
func (ix *Index) removeAgent(id string) {
	l := ix.layout.Load()
	ordinal, known := ix.ids.find(l, id)
	if !known {
		return
	}
	s := l.segments[ordinal>>16]
	s.lock.Lock()
	defer s.lock.Unlock()
	ix.ids.lock.Lock()
	ix.ids.remove(l, id, ordinal)
	s.ids.remove(uint16(ordinal))
	ix.ids.lock.Unlock()
	s.remove(uint16(ordinal))
	s.shard.free = append(s.shard.free, ordinal)
	ix.changes.Add(1)
}

// agentOf makes an agent of a row. Attributes that were null are not there.
func (ix *Index) agentOf(r row) fil.Agent {
	agent := fil.Agent{ID: r.id}
	agent.Org, _ = ix.fields[atOrg].decode(r.codes[atOrg]).(string)
	agent.Site, _ = ix.fields[atSite].decode(r.codes[atSite]).(string)
	agent.Language, _ = ix.fields[atLanguage].decode(r.codes[atLanguage]).(string)
	for _, f := range ix.fields[atAttributes:] {
		if value := f.decode(r.codes[f.at]); value != nil {
			if agent.Attributes == nil {
				agent.Attributes = map[string]any{}
			}
			agent.Attributes[f.name] = value
		}
	}
	return agent
}

func setOf(words []string) map[string]struct{} {
	set := make(map[string]struct{}, len(words))
	for _, w := range words {
		set[w] = struct{}{}
	}
	return set
}
