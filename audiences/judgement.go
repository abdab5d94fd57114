package audiences

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// judgement is what should be said of an agent, where it differs from what was said.
type judgement struct {
	Membership
	at    time.Time
	there bool // the directory knows the agent
}

// judge compares the announced audiences that an agent should be in with those that the log says. It notes when time alone
// may change the answer.
func (a *Announcer) judge(d *desk, asked *asked, id string) (j judgement, changed bool) {
	t := d.trail
	t.lock.RLock()
	who, known := t.who.find(id)
	was, event := map[string]time.Time{}, uint64(0)
	if known {
		was, event = t.stays.in(who), t.stays.event(who)
	}
	t.lock.RUnlock()
	j = judgement{Membership: Membership{Agent: id, In: map[string]time.Time{}}, at: a.index.now().Truncate(time.Second)}
	row, there := a.index.photograph(id)
	if there {
		row.past = a.index.lives.past(id)
		for _, one := range asked.audiences {
			if one.plan.holds(&row) {
				j.In[one.id] = j.at.UTC()
			}
		}
	}
	for audience, since := range was {
		if _, still := j.In[audience]; still {
			j.In[audience] = since
		} else {
			j.Left = append(j.Left, audience)
		}
	}
	for audience := range j.In {
		if _, before := was[audience]; !before {
			j.Entered = append(j.Entered, audience)
		}
	}
	if known && there {
		d.agenda.set(who, untilOf(asked.acts, row.past, row.now))
	}
	slices.Sort(j.Entered)
	slices.Sort(j.Left)
	if event != 0 {
		j.Previous = eventID(event)
	}
	j.there = there
	return j, j.moved() || !there && speaks(event)
}

func (j *judgement) moved() bool { return len(j.Entered)+len(j.Left) > 0 }

// speaks tells the id of a record that says something, which is odd, from a tombstone's.
func speaks(event uint64) bool { return event&1 == 1 }

// source is what announcements come from, in the sense of CloudEvents.
const source = "fil/audiences"

// records writes a judgement: what changed, so that whoever listens sees even those leave whom the directory has removed;
// then, for these, a tombstone. The identity of a record is made of the one before it and of what it says: two processes
// that say the same of an agent, after the same, give one event.
func (j *judgement) records() (records []fil.Record, err error) {
	previous, said := j.Previous, slices.Sorted(maps.Keys(j.In))
	add := func(id uint64, event fil.Event) {
		previous = eventID(id)
		event.ID, event.Subject = previous, j.Agent
		records = append(records, fil.Record{Position: fil.Position{Topic: fil.TopicMemberships}, Key: j.Agent, Event: event})
	}
	if j.moved() {
		event, err := fil.NewEvent(fil.TypeMembership, source, "new", j.at, j.Membership)
		if err == nil {
			err = event.Check()
		}
		if err != nil {
			return nil, fmt.Errorf("write the memberships of an agent in %d announced audiences: %w", len(said), err)
		}
		add(digest(j.Agent, []byte(previous+"\x00"+strings.Join(said, "\x00")))|1, event)
	}
	if !j.there {
		add(digest(j.Agent, []byte(previous))&^1, fil.Event{Source: source, Type: fil.TypeMembership, Time: j.at.UTC()})
	}
	return records, nil
}

func eventID(n uint64) string { return fmt.Sprintf("%016x", n) }

// eventNumber reads the id of an announcement, which another program may have written, as a number.
func eventNumber(e fil.Event) uint64 {
	if n, err := strconv.ParseUint(e.ID, 16, 64); err == nil {
		return n
	}
	return digest(e.ID, nil)
}

// plan makes the agenda of everyone.
func (a *Announcer) plan(t *trail, asked *asked, now time.Time) (next agenda) {
	if asked.days {
		year, month, day := now.Date()
		next.midnight = time.Date(year, month, day+1, 0, 0, 0, 0, now.Location())
	}
	if len(asked.acts) == 0 {
		return next
	}
	t.lock.RLock()
	acts, last := t.acts.Load(), slices.Clone(t.last)
	t.lock.RUnlock()
	titles := *a.index.lives.shelf.titles.Load() // after the acts, so that it has all their contents
	for who, n := range last {
		if n != 0 {
			next.set(uint32(who), untilOf(asked.acts, &past{deeds{acts, n}, titles}, now))
		}
	}
	return next
}
