package audiences

import (
	"errors"
	"time"

	"github.com/filengine/fil"
)

// stays are the announced memberships of one partition's agents, by audience, as fil.memberships tells them; the trail's
// lock guards them. A member costs four bytes, and a member among few others the 4 KiB of its page.
type stays struct {
	audiences map[string]*stay
	events    []uint64         // by number in the roll: the id of the agent's last record, as a number; 0 for none
	own       map[uint32]int64 // by number in the roll: the offset of a record that this process wrote, until it comes back
}

const (
	pageBits = 10
	pageStay = 1 << pageBits
)

// stay is who is in one audience, and since when in Unix seconds, 0 for those who are not.
type stay struct {
	pages []*[pageStay]uint32 // by number in the roll; nil where nobody is
	n     int
}

// event gives the id of an agent's last record, as a number.
func (s *stays) event(who uint32) uint64 {
	if int(who) >= len(s.events) {
		return 0
	}
	return s.events[who]
}

func newStays() stays {
	return stays{audiences: map[string]*stay{}, own: map[uint32]int64{}}
}

func (s *stay) since(who uint32) uint32 {
	if page := int(who >> pageBits); s == nil || page >= len(s.pages) || s.pages[page] == nil {
		return 0
	}
	return s.pages[who>>pageBits][who&(pageStay-1)]
}

func (s *stay) set(who uint32, since uint32) {
	if page := int(who >> pageBits); since != 0 {
		for page >= len(s.pages) {
			s.pages = append(s.pages, nil)
		}
		if s.pages[page] == nil {
			s.pages[page] = new([pageStay]uint32)
		}
	} else if page >= len(s.pages) || s.pages[page] == nil {
		return
	}
	at := &s.pages[who>>pageBits][who&(pageStay-1)]
	if *at != 0 {
		s.n--
	}
	if *at = since; since != 0 {
		s.n++
	}
}

// each calls visit with the members.
func (s *stay) each(visit func(who uint32)) {
	for i, page := range s.pages {
		if page == nil {
			continue
		}
		for j, since := range page {
			if since != 0 {
				visit(uint32(i)<<pageBits | uint32(j))
			}
		}
	}
}

// in gives the audiences that an agent is said to be in, and since when.
func (s *stays) in(who uint32) map[string]time.Time {
	in := map[string]time.Time{}
	for id, one := range s.audiences {
		if since := one.since(who); since != 0 {
			in[id] = time.Unix(int64(since), 0).UTC()
		}
	}
	return in
}

// put writes what a record says of an agent; it says whether that differs from what was known.
func (s *stays) put(who uint32, in map[string]time.Time, event uint64) (changed bool) {
	for id, one := range s.audiences {
		if _, still := in[id]; !still && one.since(who) != 0 {
			one.set(who, 0)
			changed = true
		}
	}
	for id, since := range in {
		one := s.audiences[id]
		if one == nil {
			one = &stay{}
			s.audiences[id] = one
		}
		changed = changed || one.since(who) == 0
		one.set(who, uint32(max(since.Unix(), 1)))
	}
	for int(who) >= len(s.events) {
		s.events = append(s.events, 0)
	}
	s.events[who] = event
	return changed
}

// ApplyMemberships applies records of fil.memberships, in their order, to what announced audiences are known to hold. It
// gives the agents whose record was not this process's own and says something else than was known, by id. A record at
// or below the last offset applied of its partition has no effect; one that holds no membership is rejected.
func (ix *Index) ApplyMemberships(records []fil.Record) (moved []string, err error) {
	var rejected []error
	for same := range partitions(records) {
		t := ix.lives.trail(same[0].Partition)
		for _, rec := range same {
			in, err := saidIn(rec)
			if err != nil {
				rejected = append(rejected, err)
			} else if t.hear(rec, in) {
				moved = append(moved, rec.Key)
			}
		}
	}
	return moved, errors.Join(rejected...)
}

// saidIn reads the audiences that a record says its agent is in.
func saidIn(rec fil.Record) (map[string]time.Time, error) {
	if rec.Key == "" { // nothing could be put in the log to take it back
		return nil, checkKey(rec, "")
	}
	if rec.Event.Data == nil {
		return nil, nil
	}
	m, err := fil.Decode[Membership](rec)
	if err == nil {
		err = checkKey(rec, m.Agent)
	}
	return m.In, err
}

// hear takes in a record of the log. What this process wrote itself was noted when it was written: until the log gives it
// back, older records of the agent, another process's too, are outdated.
func (t *trail) hear(rec fil.Record, in map[string]time.Time) (changed bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if rec.Topic != "" && rec.Offset < t.heard {
		return false
	}
	if rec.Topic != "" {
		t.heard = rec.Offset + 1
	}
	who := t.number(rec.Key)
	if own, waits := t.stays.own[who]; waits {
		if rec.Offset >= own {
			delete(t.stays.own, who)
		}
		if rec.Offset <= own {
			return false
		}
	}
	return t.stays.put(who, in, eventNumber(rec.Event))
}

// note takes in a record that this process has written, unless the log was quicker to give it back.
func (t *trail) note(rec fil.Record, in map[string]time.Time) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if rec.Offset < t.heard {
		return
	}
	who := t.number(rec.Key)
	t.stays.own[who] = max(rec.Offset, t.stays.own[who])
	t.stays.put(who, in, eventNumber(rec.Event))
}
