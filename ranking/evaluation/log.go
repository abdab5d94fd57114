package evaluation

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// Act is one act of one agent on one content, both by their numbers in a Log.
type Act struct {
	At      int64 // Unix nanoseconds
	Agent   int32
	Content int32
	Dwell   float32 // seconds, for fil.Dwell
	Kind    uint8   // place in fil.EngagementKinds
	First   bool    // the agent's first act on this content, impressions and dismissals aside: a first read

	identity uint64
}

// Row is one act as a file has it. Group, Topics and Published may be empty.
type Row struct {
	fil.Engagement
	Group     string    // of the agent; the first that is not empty counts
	Topics    []string  // of the content; the first that are not empty count
	Published time.Time // of the content; the earliest counts
	Identity  uint64    // tells the row apart from others that say the same of the same time; 0 when nothing does
}

// Log is what agents did, in time order, with agents, contents, groups and topics as numbers from 0. Nothing in it changes.
type Log struct {
	acts []Act
	kind []fil.EngagementKind

	agents, contents, groups, topics names
	groupOf                          []int32        // by agent; -1: none
	groupSize                        []int          // by group: agents
	topicsOf                         [][]int32      // by content
	clock                            []int64        // by content: publication, or the first act on it
	byClock                          []int32        // contents, the earliest clock first
	known                            []*fil.Content // by content, what an installation tells of it; shorter where it tells nothing
	first                            []int64        // times of the first reads, ascending
	shown                            []shown        // in time order
	repeated                         int
}

// names gives each name a number.
type names struct {
	number map[string]int32
	list   []string
}

func (n *names) of(name string) int32 {
	number, ok := n.number[name]
	if !ok {
		if n.number == nil {
			n.number = map[string]int32{}
		}
		name = strings.Clone(name) // a cell keeps its whole row in memory
		number = int32(len(n.list))
		n.number[name], n.list = number, append(n.list, name)
	}
	return number
}

// Builder gathers the acts of a log, in any order.
type Builder struct {
	log  Log
	kind map[fil.EngagementKind]uint8
	told met // agents whose history was taken
}

// NewBuilder makes an empty builder.
func NewBuilder() *Builder {
	b := &Builder{kind: map[fil.EngagementKind]uint8{}}
	b.log.kind = fil.EngagementKinds()
	for i, kind := range b.log.kind {
		b.kind[kind] = uint8(i)
	}
	return b
}

// Add takes one act. An error is fil.Faults, and the act is left aside.
func (b *Builder) Add(r Row) error {
	kind, known := b.kind[r.Kind]
	if !known {
		return fil.Faults{fil.NewFault("kind", fmt.Sprintf("%q n'est pas l'un de %v : traduisez-le, avec --value \"kind:%s=read\"", r.Kind, b.log.kind, r.Kind),
			fmt.Sprintf("%q is none of %v: translate it, with --value \"kind:%s=read\"", r.Kind, b.log.kind, r.Kind))}
	}
	if err := r.Validate(); err != nil {
		return err
	}
	agent, content := b.agent(r.Agent), b.content(r.Content)
	if b.log.groupOf[agent] < 0 && r.Group != "" {
		b.log.groupOf[agent] = b.log.groups.of(r.Group)
	}
	b.topics(content, r.Topics)
	if !r.Published.IsZero() && r.Published.Year() >= 1900 && r.Published.Year() <= 2105 {
		b.log.clock[content] = min(b.log.clock[content], r.Published.UnixNano())
	}
	b.log.acts = append(b.log.acts, Act{At: r.Time.UnixNano(), Agent: agent, Content: content, Dwell: float32(r.Dwell), Kind: kind, identity: r.Identity})
	return nil
}

// topics takes the topics of a content, unless they are known.
func (b *Builder) topics(content int32, topics []string) {
	if b.log.topicsOf[content] != nil {
		return
	}
	for _, topic := range topics {
		b.log.topicsOf[content] = append(b.log.topicsOf[content], b.log.topics.of(topic))
	}
}

func (b *Builder) agent(id string) int32 {
	agent := b.log.agents.of(id)
	if int(agent) == len(b.log.groupOf) {
		b.log.groupOf = append(b.log.groupOf, -1)
	}
	return agent
}

func (b *Builder) content(id string) int32 {
	content := b.log.contents.of(id)
	if int(content) == len(b.log.clock) {
		b.log.clock, b.log.topicsOf = append(b.log.clock, math.MaxInt64), append(b.log.topicsOf, nil)
	}
	return content
}

// Log orders what was gathered by time, rows of one time as they came, and drops repeats: the same act at the same
// time, of rows with the same identity. The builder must not be used any more.
func (b *Builder) Log() *Log {
	l := &b.log
	l.dateHistories()
	slices.SortStableFunc(l.shown, func(x, y shown) int { return cmp.Compare(x.at, y.at) })
	slices.SortStableFunc(l.acts, func(x, y Act) int { return cmp.Compare(x.At, y.At) })
	l.dropRepeats()
	for _, act := range l.acts {
		l.clock[act.Content] = min(l.clock[act.Content], act.At)
	}
	l.byClock = make([]int32, len(l.clock))
	for i := range l.byClock {
		l.byClock[i] = int32(i)
	}
	slices.SortStableFunc(l.byClock, func(x, y int32) int { return cmp.Compare(l.clock[x], l.clock[y]) })
	l.markFirst()
	l.groupSize = make([]int, len(l.groups.list))
	for _, group := range l.groupOf {
		if group >= 0 {
			l.groupSize[group]++
		}
	}
	return l
}

func (l *Log) dropRepeats() {
	kept, seen := 0, map[Act]bool{}
	for from, to := range l.moments() {
		alone := to-from == 1
		for _, act := range l.acts[from:to] {
			if !alone && seen[act] {
				l.repeated++
				continue
			}
			if !alone {
				seen[act] = true
			}
			l.acts[kept], kept = act, kept+1
		}
		clear(seen)
	}
	l.acts = l.acts[:kept]
}

// moments gives the acts of each time, as places [from, to).
func (l *Log) moments() iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		for from := 0; from < len(l.acts); {
			to := from + 1
			for to < len(l.acts) && l.acts[to].At == l.acts[from].At {
				to++
			}
			if !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// markFirst finds the first read of each pair, agent by agent, so that a table of the contents is enough.
func (l *Log) markFirst() {
	starts := make([]int32, len(l.agents.list)+1)
	for _, act := range l.acts {
		starts[act.Agent+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	places, next := make([]int32, len(l.acts)), slices.Clone(starts)
	for i, act := range l.acts {
		places[next[act.Agent]] = int32(i)
		next[act.Agent]++
	}
	met := make([]int32, len(l.contents.list)) // the last agent seen on a content, + 1
	for agent := range l.agents.list {
		for _, place := range places[starts[agent]:starts[agent+1]] {
			act := &l.acts[place]
			kind := l.kind[act.Kind]
			if act.First = kind != fil.Impression && kind != fil.Dismiss && met[act.Content] != int32(agent)+1; act.First {
				met[act.Content] = int32(agent) + 1
			}
		}
	}
	for _, act := range l.acts {
		if act.First {
			l.first = append(l.first, act.At)
		}
	}
}

// Size counts the agents and the contents: their numbers are below.
func (l *Log) Size() (agents, contents int) { return len(l.agents.list), len(l.contents.list) }

// Engagement gives an act with its names.
func (l *Log) Engagement(act Act) fil.Engagement {
	return fil.Engagement{Kind: l.kind[act.Kind], Agent: l.agents.list[act.Agent], Content: l.contents.list[act.Content],
		Dwell: float64(act.Dwell), Time: time.Unix(0, act.At).UTC()}
}

// Content gives what the log tells of a content: its id, its topics and when its clock started; all but its texts, where
// an installation tells it.
func (l *Log) Content(number int32) fil.Content {
	at := time.Unix(0, l.clock[number]).UTC()
	if known := l.whole(number); known != nil {
		c := *known
		c.PublishedAt = at
		return c
	}
	c := fil.Content{ID: l.contents.list[number], PublishedAt: at}
	for _, topic := range l.topicsOf[number] {
		c.Topics = append(c.Topics, l.topics.list[topic])
	}
	return c
}

// Agent gives an agent's id.
func (l *Log) Agent(number int32) string { return l.agents.list[number] }
