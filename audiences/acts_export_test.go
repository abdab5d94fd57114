package audiences

import (
	"context"
	"time"

	"github.com/filengine/fil"
)

// NextChange gives, for each agent for whom the passing of time alone may change a rule's answer, the moment when.
func (ix *Index) NextChange(rule string) (map[string]time.Time, error) {
	p, wrong := ix.compile(rule)
	if wrong != nil {
		return nil, wrong
	}
	at := map[string]time.Time{}
	for _, t := range ix.lives.all() {
		for n := range t.last {
			id := t.who.name(uint32(n))
			if until := untilOf(deedsAsked(p), ix.lives.past(id), ix.now()); !until.IsZero() {
				at[id] = until
			}
		}
	}
	return at, nil
}

// Engaged reads a record of fil.engagements; false for one that holds none.
func (ix *Index) Engaged(rec fil.Record) (agent, content, kind string, ok bool) {
	who, what, n, ok := ix.lives.engaged(&rec)
	return who, string(what), string(fil.EngagementKinds()[n]), ok
}

// Desk is one partition at which an announcer is told when to look.
type Desk struct {
	a *Announcer
	d *desk
}

// Open begins to announce a partition.
func (a *Announcer) Open(partition int) *Desk {
	d := a.open(partition)
	return &Desk{a, d}
}

// Look announces what there is to announce now.
func (d *Desk) Look(ctx context.Context) error {
	d.d.looked = time.Time{}
	return d.a.look(ctx, d.d)
}

// Next is when there is something to look at next.
func (d *Desk) Next() (time.Time, bool) { return d.d.agenda.next() }
