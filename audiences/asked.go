package audiences

import (
	"maps"
	"slices"
)

// asked is what the announced audiences of a set ask. It is never written again.
type asked struct {
	audiences []announced // sorted by id
	acts      []*did
	days      bool        // they ask which day it is
	others    bool        // they ask other agents' records
	from      []*audience // what it was made of
}

// announced is an audience whose entries and exits are announced, and its plan.
type announced struct {
	id   string
	plan plan
}

// ask finds what the announced audiences of a set ask: those that want to be announced, and those that ask what agents
// did, which only those who keep acts can judge. Nothing changes where the audiences are those of before.
func (s *audienceSet) ask(before *asked) *asked {
	next := &asked{}
	for _, id := range slices.Sorted(maps.Keys(s.byID)) {
		a := s.byID[id]
		if !a.definition.Announce && !a.behaves {
			continue
		}
		next.audiences, next.from = append(next.audiences, announced{id, a.plan}), append(next.from, a)
	}
	if before != nil && slices.Equal(before.from, next.from) {
		return before
	}
	for _, one := range next.audiences {
		next.gather(one.plan)
	}
	return next
}

// gather finds what a plan asks beside the agent's record.
func (a *asked) gather(p plan) {
	if d, ok := p.(*did); ok {
		a.acts = append(a.acts, d)
		return
	}
	if _, moves := p.(interface{ volatile() }); moves {
		_, looks := p.(interface{ prepare(q *query) })
		a.days, a.others = a.days || !looks, a.others || looks
	}
	for _, part := range partsOf(p) {
		a.gather(part)
	}
}

// deedsAsked lists what a plan asks of what agents did.
func deedsAsked(p plan) []*did {
	var a asked
	a.gather(p)
	return a.acts
}

// judgeBehaviour finds the audiences of a set that ask what agents did and, where no acts are kept, has them judged by what
// was announced. The set must not be in use yet.
func (ix *Index) judgeBehaviour(s *audienceSet) {
	for id, a := range s.byID {
		_, done := a.plan.(*judged)
		behaves := done || len(deedsAsked(a.plan)) > 0
		if behaves == a.behaves && (done || !behaves || !ix.lives.elsewhere) {
			continue
		}
		judging := *a
		if judging.behaves = behaves; behaves && ix.lives.elsewhere {
			judging.plan = &judged{ix.lives, id}
		}
		s.byID[id] = &judging
	}
	for i, a := range s.volatile {
		s.volatile[i] = s.byID[a.definition.ID]
	}
}

// judged holds for agents who are announced to be in an audience: what stands for its rule where no acts are kept.
type judged struct {
	lives *lives
	id    string
}

func (j *judged) holds(r *row) bool { return j.lives.announced(r.id, j.id) }

func (j *judged) narrow(q *query, b *block) { j.gathered(q).narrow(q, b) }

func (j *judged) cost() int { return costActs }

func (j *judged) volatile() {}

func (j *judged) prepare(q *query) { j.gathered(q) }

func (j *judged) gathered(q *query) *gathering {
	q.found.lock.Lock()
	defer q.found.lock.Unlock()
	found, done := q.found.judged[j.id]
	if !done {
		found = j.lives.gather(q.found.layout, func(_ int, t *trail) crowd { return t.announced(j.id) })
		if q.found.judged == nil {
			q.found.judged = map[string]*gathering{}
		}
		q.found.judged[j.id] = found
	}
	return found
}

// announced says whether an agent is announced to be in an audience.
func (l *lives) announced(agent, audience string) bool {
	for _, t := range l.all() {
		if t.said(agent, audience) {
			return true
		}
	}
	return false
}

func (t *trail) said(agent, audience string) bool {
	t.lock.RLock()
	defer t.lock.RUnlock()
	who, known := t.who.find(agent)
	return known && t.stays.audiences[audience].since(who) != 0
}

// announced gives those who are announced to be in an audience.
func (t *trail) announced(audience string) crowd {
	t.lock.RLock()
	defer t.lock.RUnlock()
	found := newCrowd(len(t.last))
	if one := t.stays.audiences[audience]; one != nil {
		one.each(found.add)
	}
	return found
}

// astray lists the agents of a partition for whom some announced audience holds another answer than was announced; those too
// of whom something was said and whom the directory does not know any more.
func (ix *Index) astray(partition int, asked *asked) []string {
	t := ix.lives.trail(partition)
	l := ix.settledLayout()
	whole := make(every, len(asked.audiences))
	for i, one := range asked.audiences {
		whole[i] = one.plan
	}
	q := ix.query(ix.findings(l, whole))
	defer ix.queries.Put(q)
	said := map[string]*gathering{}
	t.lock.RLock()
	ids := slices.Sorted(maps.Keys(t.stays.audiences))
	t.lock.RUnlock()
	for _, id := range ids {
		said[id] = ix.lives.gather(l, func(n int, t *trail) crowd {
			if n != partition {
				return nil
			}
			return t.announced(id)
		})
	}
	var agents []string
	for _, s := range l.order {
		if s.shard.partition == partition {
			agents = append(agents, q.astray(s, asked, said)...)
		}
	}
	return append(agents, t.gone()...)
}

// astray lists the agents of one segment who are in an audience and not announced to be, or the reverse.
func (q *query) astray(s *segment, asked *asked, said map[string]*gathering) (agents []string) {
	moved := new(block)
	differ := func(in, announced *block) {
		for i := range moved {
			moved[i] |= in[i] ^ announced[i]
		}
	}
	wanted := map[string]bool{}
	for _, one := range asked.audiences {
		wanted[one.id] = true
		q.visit(s, one.plan, func(_ *segment, found *block) {
			announced := new(block)
			if g := said[one.id]; g != nil {
				s.live.or(announced)
				g.narrow(q, announced)
			}
			differ(found, announced)
		})
	}
	s.lock.RLock()
	defer s.lock.RUnlock()
	q.segment = s
	for id, g := range said {
		if !wanted[id] {
			announced := new(block)
			s.live.or(announced)
			g.narrow(q, announced)
			differ(new(block), announced)
		}
	}
	moved.all(func(at uint16) {
		if id := s.ids.at(at); id != nil {
			agents = append(agents, string(id))
		}
	})
	return agents
}

// gone lists the agents of whom something was said and whom the directory does not know any more.
func (t *trail) gone() (agents []string) {
	t.lock.RLock()
	defer t.lock.RUnlock()
	for who, event := range t.stays.events {
		if speaks(event) && t.places[who] == noOrdinal {
			agents = append(agents, t.who.name(uint32(who)))
		}
	}
	return agents
}
