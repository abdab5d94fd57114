package learning

import (
	"slices"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// work is one batch under way: what it says, and the state of each agent that it is about.
type work struct {
	engagements []engagement
	names       []string
	agents      []*agentWork
	keepFrom    uint16 // day from which identities may still be asked for
}

// engagement is one record read.
type engagement struct {
	fil.Engagement
	preference *fil.Preference // set when the record is one, and no act: then Engagement has its agent, content and time
	agent      int             // place in work.agents
	identity   uint64
	offset     int64
	day        uint16 // of admission, from 1970
}

// agentWork is one agent's state as it changes.
type agentWork struct {
	before  Stored
	profile ranking.Profile
	claims  Identities // made by this batch
	past    *Stored    // what it was, when the profile is ahead of popularity
	touched bool
}

// read decodes a batch and groups it by agent, in order of appearance. Records that are neither engagement nor
// preference are rejected.
func (l *Learner) read(batch []fil.Record) (*work, []error) {
	w := &work{engagements: make([]engagement, 0, len(batch))}
	var rejected []error
	places := make(map[string]int, len(batch))
	for _, rec := range batch {
		e, err := readRecord(rec)
		if err != nil {
			rejected = append(rejected, err)
			continue
		}
		if !rec.Admitted.IsZero() && e.Time.After(rec.Admitted) {
			e.Time = rec.Admitted // a clock that is ahead must not make a content popular for ever
		}
		if e.preference != nil {
			e.preference.Time = e.Time
		}
		place, ok := places[e.Agent]
		if !ok {
			place = len(w.names)
			places[e.Agent], w.names, w.agents = place, append(w.names, e.Agent), append(w.agents, &agentWork{})
		}
		e.agent, e.identity, e.offset, e.day = place, rec.Event.Identity(), rec.Offset, day(rec.Admitted)
		w.engagements = append(w.engagements, e)
	}
	return w, rejected
}

func (a *agentWork) open(stored Stored) (err error) {
	a.before = stored
	a.profile, err = ranking.ParseProfile(stored.Profile)
	return err
}

// claimed finds the offset for which an identity was claimed, before this batch or in it.
func claimed(before, made Identities, one engagement) (int64, bool) {
	if at, found := before.claimed(one.identity, one.offset, one.day); found {
		return at, true
	}
	return made.claimed(one.identity, one.offset, one.day)
}

// ahead says whether a profile includes a record that popularity, up to an offset, does not.
func (w *work) ahead(offset int64) bool {
	return slices.ContainsFunc(w.engagements, func(one engagement) bool {
		return one.offset > offset && one.offset <= w.agents[one.agent].profile.Offset()
	})
}

// remember keeps what the profiles that are ahead were, once popularity is stored up to an offset.
func (w *work) remember(p *past, offset int64) {
	if p == nil {
		return
	}
	ahead := 0
	for i, a := range w.agents {
		if a.past != nil {
			p.put(w.names[i], *a.past)
			ahead++
		}
	}
	p.turn(offset, ahead)
}

// changed lists the agents whose profile includes something of the batch, even if an earlier delivery put it there:
// what follows a profile, such as a feed kept ready, may have been cut short then.
func (w *work) changed() (names []string) {
	for i, a := range w.agents {
		if a.touched {
			names = append(names, w.names[i])
		}
	}
	return names
}

func (w *work) changes() (changes []Change) {
	for i, a := range w.agents {
		if a.profile.Offset() == ranking.OffsetOf(a.before.Profile) {
			continue
		}
		changes = append(changes, Change{
			Agent: w.names[i], Before: ranking.HeaderOf(a.before.Profile), Profile: a.profile.Bytes(),
			Forget: a.before.Identities.stale(w.keepFrom), Claims: a.claims,
		})
	}
	return changes
}

// prefer applies a preference that is no duplicate, and says what became of it.
func (a *agentWork) prefer(one engagement, claimed bool) string {
	a.touched = true
	if one.offset <= a.profile.Offset() {
		return outcomeRedelivered
	}
	a.profile = a.profile.Prefer(*one.preference, one.offset)
	if !claimed {
		a.claims = a.claims.claim(one.identity, one.offset, one.day)
	}
	return outcomeApplied
}

// readRecord reads an engagement or a preference. An error is a rejection.
func readRecord(rec fil.Record) (engagement, error) {
	if !rec.Event.IsPreference() {
		e, err := fil.EngagementOf(rec)
		return engagement{Engagement: e}, err
	}
	p, err := fil.PreferenceOf(rec)
	return engagement{Engagement: fil.Engagement{Agent: p.Agent, Content: p.Content, Time: p.Time}, preference: &p}, err
}
