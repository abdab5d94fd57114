package audiences

import (
	"container/heap"
	"slices"
	"time"
)

// agenda is when whom must be looked at because time alone may have changed an answer: 12 bytes an agent.
type agenda struct {
	midnight time.Time // when everyone must be; zero: for no such reason
	entries  entries
	at       []uint32 // by number in the roll: the entry that counts; 0 for none
	n        int      // entries that count
}

type entry struct{ at, who uint32 } // Unix seconds, and a number in the roll

// set notes an agent's next moment; zero for none.
func (a *agenda) set(who uint32, at time.Time) {
	for int(who) >= len(a.at) {
		a.at = append(a.at, 0)
	}
	seconds := uint32(0)
	if !at.IsZero() {
		seconds = uint32(at.Add(time.Second - 1).Unix()) // when the moment is past for sure
	}
	switch before := a.at[who]; {
	case before == seconds:
		return
	case before == 0:
		a.n++
	case seconds == 0:
		a.n--
	}
	if a.at[who] = seconds; seconds != 0 {
		heap.Push(&a.entries, entry{seconds, who})
	}
	if len(a.entries) > 1000+2*a.n {
		a.entries = slices.DeleteFunc(a.entries, func(e entry) bool { return a.at[e.who] != e.at })
		heap.Init(&a.entries)
	}
}

// due takes out those whose moment has come.
func (a *agenda) due(now time.Time) (all []uint32) {
	for len(a.entries) > 0 && int64(a.entries[0].at) <= now.Unix() {
		if e := heap.Pop(&a.entries).(entry); a.at[e.who] == e.at {
			a.at[e.who] = 0
			a.n--
			all = append(all, e.who)
		}
	}
	return all
}

// next gives the next moment; false for none.
func (a *agenda) next() (at time.Time, some bool) {
	if len(a.entries) > 0 {
		at, some = time.Unix(int64(a.entries[0].at), 0), true
	}
	if !a.midnight.IsZero() && (!some || a.midnight.Before(at)) {
		at, some = a.midnight, true
	}
	return at, some
}

// entries are a heap by moment.
type entries []entry

func (e entries) Len() int           { return len(e) }
func (e entries) Less(i, j int) bool { return e[i].at < e[j].at }
func (e entries) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)        { *e = append(*e, x.(entry)) }
func (e *entries) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
