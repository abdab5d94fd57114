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
	for _, rec := range records {
		if ix.stale(rec) {
			continue
		}
		if rec.Event.Data == nil {
			ix.removeAgent(rec.Key)
			continue
		}
		if err := ix.putAgent(rec); err != nil {
			rejected = append(rejected, err)
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
	p := partition{rec.Topic, rec.Partition}
	if last, ok := ix.applied[p]; ok && rec.Offset <= last {
		return true
	}
	ix.applied[p] = rec.Offset
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

func (ix *Index) putAgent(rec fil.Record) error {
	agent, err := fil.Decode[fil.Agent](rec)
	if err != nil {
		return err
	}
	if err := checkKey(rec, agent.ID); err != nil {
		return err
	}
	if agent.Inactive {
		ix.removeAgent(agent.ID)
		return nil
	}
	cells, err := ix.cellsOf(agent)
	if err != nil {
		return fil.Reject(rec, err)
	}
	r := row{id: agent.ID, stamp: digest(agent.ID, rec.Event.Data), cells: cells}
	ordinal, known := ix.ordinal(agent.ID)
	if !known {
		ordinal = ix.newOrdinal()
	}
	s, at := ix.locate(ordinal)
	s.put(at, r)
	if !known {
		ix.ordinalsLock.Lock()
		ix.ordinals[agent.ID] = ordinal
		ix.ordinalsLock.Unlock()
	}
	return nil
}

func checkKey(rec fil.Record, id string) error {
	if id == "" || rec.Key != "" && rec.Key != id {
		return fil.Reject(rec, errors.New("the id and the record's key must be the same and not empty"))
	}
	return nil
}

// newOrdinal gives a freed ordinal, or the next one and its segment.
func (ix *Index) newOrdinal() uint32 {
	if last := len(ix.free) - 1; last >= 0 {
		ordinal := ix.free[last]
		ix.free = ix.free[:last]
		return ordinal
	}
	segments := *ix.segments.Load()
	if int(ix.next>>ix.segmentBits) == len(segments) {
		segments = append(slices.Clone(segments), newSegment(ix.fields))
		ix.segments.Store(&segments)
	}
	ix.next++
	return ix.next - 1
}

// removeAgent takes the id away before the row, so that a reader who finds the row gone will not find the id again.
func (ix *Index) removeAgent(id string) {
	ordinal, known := ix.ordinal(id)
	if !known {
		return
	}
	ix.ordinalsLock.Lock()
	delete(ix.ordinals, id)
	ix.ordinalsLock.Unlock()
	s, at := ix.locate(ordinal)
	s.remove(at)
	ix.free = append(ix.free, ordinal)
}

// cellsOf encodes an agent; nothing is interned for one who is refused before the faulty attribute only.
func (ix *Index) cellsOf(agent fil.Agent) ([]cell, error) {
	cells := make([]cell, len(ix.fields))
	cells[atOrg] = ix.fields[atOrg].encodeText(agent.Org)
	cells[atSite] = ix.fields[atSite].encodeText(agent.Site)
	cells[atLanguage] = ix.fields[atLanguage].encodeText(agent.Language)
	taken := 0
	for i, f := range ix.fields[atAttributes:] {
		value, ok := agent.Attributes[f.name]
		if !ok {
			continue
		}
		taken++
		c, err := f.encode(value)
		if err != nil {
			return nil, fmt.Errorf("encode an agent: %w", err)
		}
		cells[atAttributes+i] = c
	}
	if taken == len(agent.Attributes) {
		return cells, nil
	}
	for name := range agent.Attributes {
		if _, declared := ix.schema.Lookup(name); !declared {
			return nil, fmt.Errorf("encode an agent: attribute %q is not declared", name)
		}
	}
	return cells, nil
}

// agentOf is the inverse of cellsOf, but for attributes that were null.
func (ix *Index) agentOf(r row) fil.Agent {
	agent := fil.Agent{ID: r.id}
	agent.Org, _ = ix.fields[atOrg].decode(r.cells[atOrg]).(string)
	agent.Site, _ = ix.fields[atSite].decode(r.cells[atSite]).(string)
	agent.Language, _ = ix.fields[atLanguage].decode(r.cells[atLanguage]).(string)
	for _, f := range ix.fields[atAttributes:] {
		if value := f.decode(r.cells[f.at]); value != nil {
			if agent.Attributes == nil {
				agent.Attributes = map[string]any{}
			}
			agent.Attributes[f.name] = value
		}
	}
	return agent
}

// digest mixes a key and its record's data into 64 bits that are the same in every process (FNV-1a, then scramble).
func digest(key string, data []byte) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * prime
	}
	h *= prime // a zero byte between the two
	for _, b := range data {
		h = (h ^ uint64(b)) * prime
	}
	return scramble(h)
}

// scramble is the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): it spreads every bit, so that digests can be
// combined by exclusive or.
func scramble(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func setOf(words []string) map[string]struct{} {
	set := make(map[string]struct{}, len(words))
	for _, w := range words {
		set[w] = struct{}{}
	}
	return set
}
