package audiences

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/filengine/fil"
)

// shard is the agents of one partition of fil.agents, in segments of their own. While it is loaded its segments hold
// columns only; settling it sorts the agents and builds the sets, which then follow each record.
type shard struct {
	partition int
	segments  []*segment // all full but the last
	free      []uint32   // ordinals of removed agents, to be given again
	settled   bool
	sorted    int // agents, when it was last settled
	added     int // agents, since
}

// layout is where the segments are at one moment. It is never written again.
type layout struct {
	segments []*segment // by number; nil where none is
	order    []*segment // those that hold the agents, each agent once
	moving   bool       // a shard is being settled: some ordinals in the table of ids are of segments not in order yet
}

func (l *layout) id(ordinal uint32) []byte { return l.segments[ordinal>>16].ids.at(uint16(ordinal)) }

// with gives a layout with more segments, each put at its number.
func (l *layout) with(more ...*segment) *layout {
	next := &layout{segments: slices.Clone(l.segments), order: slices.Concat(l.order, more)}
	for _, s := range more {
		for int(s.number) >= len(next.segments) {
			next.segments = append(next.segments, nil)
		}
		next.segments[s.number] = s
	}
	return next
}

// without gives a layout that lacks some segments, whose numbers are free again.
func (l *layout) without(gone []*segment) *layout {
	next := &layout{segments: slices.Clone(l.segments)}
	for _, s := range gone {
		next.segments[s.number] = nil
	}
	next.order = slices.DeleteFunc(slices.Clone(l.order), func(s *segment) bool { return slices.Contains(gone, s) })
	return next
}

// freeNumbers gives n numbers that no segment has.
func (l *layout) freeNumbers(n int) []uint32 {
	var numbers []uint32
	for i := uint32(0); len(numbers) < n; i++ {
		if int(i) >= len(l.segments) || l.segments[i] == nil {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// shardOf gives a partition's shard, a new one if need be.
func (ix *Index) shardOf(partition int) *shard {
	sh, ok := ix.shards[partition]
	if !ok {
		sh = &shard{partition: partition}
		ix.shards[partition] = sh
		ix.unsettled.Store(true)
	}
	return sh
}

// newPlace gives a freed place of a shard, or the next one and its segment.
func (ix *Index) newPlace(sh *shard) (*segment, uint16) {
	l := ix.layout.Load()
	if last := len(sh.free) - 1; last >= 0 {
		ordinal := sh.free[last]
		sh.free = sh.free[:last]
		return l.segments[ordinal>>16], uint16(ordinal)
	}
	if n := len(sh.segments); n == 0 || len(sh.segments[n-1].stamps) == blockPlaces {
		s := newSegment(l.freeNumbers(1)[0], sh, ix.fields, sh.settled)
		s.serial = ix.serials.Add(1)
		sh.segments = append(sh.segments, s)
		ix.layout.Store(l.with(s))
	}
	sh.added++
	s := sh.segments[len(sh.segments)-1]
	return s, uint16(len(s.stamps))
}

// Settle sorts the agents of some partitions, or of all of them when it is given none, by organisation and site, and
// builds their sets: about a second for a million agents. Call it when the table of a partition has caught up;
// whoever asks first does it otherwise. Readers go on meanwhile, on what was there before; records wait.
//
// Agents who come later are put at the end, and their shard is settled again when it has doubled.
func (ix *Index) Settle(partitions ...int) {
	ix.writer.Lock()
	defer ix.writer.Unlock()
	if len(partitions) == 0 {
		partitions = slices.Collect(maps.Keys(ix.shards))
	}
	for _, p := range partitions {
		if sh, ok := ix.shards[p]; ok {
			ix.settle(sh)
		}
	}
	for _, sh := range ix.shards {
		if !sh.settled {
			return
		}
	}
	ix.unsettled.Store(false)
}

// settleNew settles the shards that have no sets yet, and leaves the others alone.
func (ix *Index) settleNew() {
	ix.writer.Lock()
	defer ix.writer.Unlock()
	for _, sh := range ix.shards {
		if !sh.settled {
			ix.settle(sh)
		}
	}
	ix.unsettled.Store(false)
}

func (ix *Index) settle(sh *shard) {
	order := ix.sorted(sh)
	l := ix.layout.Load()
	fresh := make([]*segment, (len(order)+blockPlaces-1)/blockPlaces)
	for i, number := range l.freeNumbers(len(fresh)) {
		fresh[i] = newSegment(number, sh, ix.fields, true)
		fresh[i].serial = ix.serials.Add(1)
	}
	part := func(i int) []uint32 { return order[i*blockPlaces : min((i+1)*blockPlaces, len(order))] }
	masons := make([]mason, runtime.GOMAXPROCS(0))
	inParallel(len(masons), len(fresh), func(worker, i int) { fresh[i].gather(l, part(i), &masons[worker]) })
	old := sh.segments
	both := l.with(fresh...)
	both.order, both.moving = l.order, true
	ix.layout.Store(both)
	for i, s := range fresh {
		ix.ids.lock.Lock()
		for at, from := range part(i) {
			ix.ids.move(s.ids.at(uint16(at)), from, s.ordinal(uint16(at)))
		}
		ix.ids.lock.Unlock()
	}
	next := both.without(old)
	next.order = append(next.order, fresh...)
	ix.lives.resettled(sh.partition, fresh, func() { ix.layout.Store(next) })
	sh.segments, sh.free, sh.settled, sh.sorted, sh.added = fresh, nil, true, len(order), 0
}

// gather fills a new segment with the agents of some ordinals, and builds its sets.
func (s *segment) gather(l *layout, ordinals []uint32, m *mason) {
	n := len(ordinals)
	length := 0
	for _, o := range ordinals {
		length += len(l.id(o)) + 1
	}
	s.ids = idArena{bytes: make([]byte, 0, length), starts: make([]uint32, 0, n)}
	s.stamps = make([]uint64, n)
	for at, o := range ordinals {
		s.ids.put(uint16(at), string(l.id(o)))
		s.stamps[at] = l.segments[o>>16].stamps[uint16(o)]
	}
	s.live = setUpTo(n)
	for i := range s.columns {
		m.codes = m.codes[:0]
		for _, o := range ordinals {
			m.codes = append(m.codes, l.segments[o>>16].columns[i].codes.at(uint16(o)))
		}
		s.columns[i].build(m)
	}
}

// sorted lists the ordinals of a shard's agents by organisation, then site: two stable counting sorts.
func (ix *Index) sorted(sh *shard) []uint32 {
	var ordinals []uint32
	for _, s := range sh.segments {
		for at := range s.stamps {
			if s.ids.at(uint16(at)) != nil {
				ordinals = append(ordinals, s.ordinal(uint16(at)))
			}
		}
	}
	l := ix.layout.Load()
	orgs, sites := ix.fields[atOrg].words.all(), ix.fields[atSite].words.all()
	if len(ix.ranks) != len(orgs) {
		ix.ranks = rankOf(orgs)
	}
	by := func(field, values int, key func(code uint32) uint32) {
		starts, next := make([]uint32, values+1), make([]uint32, len(ordinals))
		code := func(o uint32) uint32 { return key(l.segments[o>>16].columns[field].codes.at(uint16(o))) }
		for _, o := range ordinals {
			starts[code(o)+1]++
		}
		for i := 1; i < len(starts); i++ {
			starts[i] += starts[i-1]
		}
		for _, o := range ordinals {
			c := code(o)
			next[starts[c]] = o
			starts[c]++
		}
		ordinals = next
	}
	by(atSite, len(sites), func(code uint32) uint32 { return code })
	by(atOrg, len(orgs), func(code uint32) uint32 { return ix.ranks[code] })
	return ordinals
}

// rankOf gives each unit's rank in an order that keeps all that is beneath a unit together.
func rankOf(units []string) []uint32 {
	order, rank := make([]uint32, len(units)), make([]uint32, len(units))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return comparePaths(units[a], units[b]) })
	for i, code := range order {
		rank[code] = uint32(i)
	}
	return rank
}

// comparePaths orders "a/b" before "a-b", unlike their bytes.
func comparePaths(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] == b[i] {
			continue
		}
		if a[i] == '/' || b[i] != '/' && a[i] < b[i] {
			return -1
		}
		return 1
	}
	return cmp.Compare(len(a), len(b))
}

// Drop forgets the agents of one partition, what they did and what was announced of them, and how far its records were
// applied: this process follows it no more.
func (ix *Index) Drop(partition int) {
	ix.writer.Lock()
	defer ix.writer.Unlock()
	ix.lives.drop(partition)
	delete(ix.applied, place{fil.TopicAgents, partition})
	sh, ok := ix.shards[partition]
	if !ok {
		return
	}
	delete(ix.shards, partition)
	l := ix.layout.Load()
	ix.ids.lock.Lock()
	for _, s := range sh.segments {
		for at := range s.stamps {
			if id := s.ids.at(uint16(at)); id != nil {
				ix.ids.remove(l, string(id), s.ordinal(uint16(at)))
			}
		}
	}
	ix.ids.lock.Unlock()
	ix.layout.Store(l.without(sh.segments))
}

// inParallel calls do with each number below n, once, on at most so many goroutines, and with the goroutine's number. It
// returns when all have returned.
func inParallel(workers, n int, do func(worker, i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	work := func(worker int) {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(worker, i)
		}
	}
	for worker := 1; worker < min(workers, n); worker++ {
		all.Go(func() { work(worker) })
	}
	work(0)
	all.Wait()
}
