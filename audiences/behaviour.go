package audiences

import (
	"slices"
	"time"
)

// did holds for agents who did something of some kinds, about some contents, so many times within a span of time. Its two
// answers agree because both go over the same acts: holds along the agent's own, within over all in one pass.
type did struct {
	lives *lives
	kinds uint16 // bit by place in fil.EngagementKinds
	about about
	least int // 1 or more
	span  span
	whole bool // the whole window, in place of the span
}

// about says which contents count: those that satisfy each list that is not nil.
type about struct{ ids, topics, sources []string }

func (a *about) everything() bool { return a.ids == nil && a.topics == nil && a.sources == nil }

func (a *about) admits(t *title) bool {
	return (a.ids == nil || slices.Contains(a.ids, t.id)) &&
		(a.sources == nil || t.source != "" && slices.Contains(a.sources, t.source)) &&
		(a.topics == nil || slices.ContainsFunc(t.topics, func(topic string) bool { return slices.Contains(a.topics, topic) }))
}

// since gives the moment, in Unix seconds, after which an act counts.
func (d *did) since(now time.Time) int64 {
	if d.whole {
		return now.Add(-d.lives.kept).Unix()
	}
	since := d.span.before(now)
	if d.span.ends(since, now) { // all of that day is past: else the moment would go back at midnight
		since = tomorrow(since).Add(-1)
	}
	return since.Unix()
}

// ends says whether a span of months led to the last day of a month that is too short for the day that it came from.
func (s span) ends(to, from time.Time) bool {
	return (s.unit == inMonths || s.unit == inYears) && to.Day() != from.Day()
}

func tomorrow(of time.Time) time.Time {
	year, month, day := of.Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, of.Location())
}

// past is what an agent did, and the contents, at one moment.
type past struct {
	deeds
	titles []*title
}

func (l *lives) past(agent string) *past {
	p := &past{deeds: l.of(agent)}
	p.titles = *l.shelf.titles.Load() // after the acts, so that it has all their contents
	return p
}

// each calls visit with the times of the acts that count.
func (d *did) each(p *past, now time.Time, visit func(at uint32) bool) {
	since, anything := d.since(now), d.about.everything()
	p.each(func(kind uint8, content, at uint32) bool {
		if int64(at) <= since || d.kinds>>kind&1 == 0 || !anything && !d.about.admits(p.titles[content]) {
			return true
		}
		return visit(at)
	})
}

func (d *did) holds(r *row) bool {
	p := r.past
	if p == nil {
		p = d.lives.past(r.id)
	}
	n := 0
	d.each(p, r.now, func(uint32) bool {
		n++
		return n < d.least
	})
	return n >= d.least
}

// until gives the moment at which so many acts will not be within the span any more, if nothing is done meanwhile; zero
// when the passing of time changes nothing.
func (d *did) until(p *past, now time.Time) time.Time {
	var times []uint32
	d.each(p, now, func(at uint32) bool {
		times = append(times, at)
		return true
	})
	if len(times) < d.least {
		return time.Time{}
	}
	slices.Sort(times)
	last := time.Unix(int64(times[len(times)-d.least]), 0).In(now.Location())
	if d.whole {
		return last.Add(d.lives.kept)
	}
	until := d.span.after(last)
	if d.span.ends(until, last) {
		until = tomorrow(until)
	}
	return until
}

// costActs is above all sets, which are cheap beside a pass over acts.
const costActs = 1000

func (d *did) cost() int { return costActs }

func (d *did) narrow(q *query, b *block) { q.didSo(d).narrow(q, b) }

// didSo finds those who did it, once for all segments.
func (q *query) didSo(d *did) *gathering {
	q.found.lock.Lock()
	defer q.found.lock.Unlock()
	found, done := q.found.deeds[d]
	if !done {
		found = d.lives.gather(q.found.layout, func(_ int, t *trail) crowd { return d.among(t, q.now) })
		if q.found.deeds == nil {
			q.found.deeds = map[*did]*gathering{}
		}
		q.found.deeds[d] = found
	}
	return found
}

// among finds those of a partition who did it, in one pass over its acts.
func (d *did) among(t *trail, now time.Time) crowd {
	t.lock.RLock()
	acts, end, agents := t.acts.Load(), t.next, len(t.last)
	t.lock.RUnlock()
	wanted := d.about.of(*d.lives.shelf.titles.Load())
	found, counts := make(crowd, (agents+63)/64), []uint16(nil)
	if d.least > 1 {
		counts = make([]uint16, agents)
	}
	since := d.since(now)
	for i, c := range acts.all {
		if int64(acts.ends[i]) <= since {
			continue
		}
		full := min(chunkActs, end-acts.first-uint32(i)<<chunkBits)
		for j := range full {
			if int64(c.time[j]) <= since || d.kinds>>c.kind[j]&1 == 0 || wanted != nil && !wanted.has(c.content[j]) {
				continue
			}
			who := c.agent[j]
			if counts != nil {
				if counts[who] < uint16(d.least) {
					counts[who]++
				}
				if counts[who] < uint16(d.least) {
					continue
				}
			}
			found.add(who)
		}
	}
	return found
}

// of gives the numbers of the contents that count; nil when all do.
func (a *about) of(titles []*title) crowd {
	if a.everything() {
		return nil
	}
	found := make(crowd, (len(titles)+63)/64)
	for n, t := range titles {
		if a.admits(t) {
			found.add(uint32(n))
		}
	}
	return found
}

func (d *did) volatile() {}

// untilOf gives the earliest moment at which the passing of time alone may change one of some answers about an agent; zero
// for never.
func untilOf(asked []*did, of *past, now time.Time) (until time.Time) {
	for _, d := range asked {
		if at := d.until(of, now); !at.IsZero() && (until.IsZero() || at.Before(until)) {
			until = at
		}
	}
	return until
}

// prepare lets the pass be made before a segment is locked.
func (d *did) prepare(q *query) { q.didSo(d) }
