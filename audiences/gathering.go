package audiences

import "sync"

// crowd is a set of numbers in a trail's roll.
type crowd []uint64

func newCrowd(n int) crowd { return make(crowd, (n+63)/64) }

func (c crowd) has(n uint32) bool { return int(n>>6) < len(c) && c[n>>6]>>(n&63)&1 == 1 }

func (c crowd) add(n uint32) { c[n>>6] |= 1 << (n & 63) }

// gathering is a crowd of each partition, where its agents are in the index.
type gathering struct {
	layout *layout
	crowds map[*trail]crowd
	blocks []*block // by number of segment, nil where nobody is; none when agents may be elsewhere than the query goes
}

// gather finds a crowd in each partition, partitions at the same time, and the places of its agents.
func (l *lives) gather(to *layout, find func(partition int, t *trail) crowd) *gathering {
	g := &gathering{layout: to, crowds: map[*trail]crowd{}, blocks: make([]*block, len(to.segments))}
	l.lock.RLock()
	trails := make(map[int]*trail, len(l.trails))
	for n, t := range l.trails {
		trails[n] = t
	}
	l.lock.RUnlock()
	var lock sync.Mutex
	var partitions sync.WaitGroup
	astray := false
	for n, t := range trails {
		partitions.Go(func() {
			found := find(n, t)
			placed := t.place(found, to, l.index, g.blocks)
			lock.Lock()
			defer lock.Unlock()
			g.crowds[t] = found
			astray = astray || !placed
		})
	}
	partitions.Wait()
	if astray {
		g.blocks = nil
	}
	return g
}

// place writes where the agents of a crowd are into the blocks of their segments, which no other partition has. It says
// false when they may be elsewhere than the layout tells.
func (t *trail) place(c crowd, to *layout, ix *Index, blocks []*block) bool {
	t.lock.RLock()
	defer t.lock.RUnlock()
	if to.moving || ix.layout.Load() != to {
		return false
	}
	for who, ordinal := range t.places {
		if ordinal == noOrdinal || !c.has(uint32(who)) {
			continue
		}
		b := blocks[ordinal>>16]
		if b == nil {
			b = new(block)
			blocks[ordinal>>16] = b
		}
		b.add(uint16(ordinal))
	}
	return true
}

// narrow takes out of a block those of the query's segment who were not found.
func (g *gathering) narrow(q *query, b *block) {
	if n := int(q.segment.number); g.blocks != nil && n < len(g.blocks) && g.layout.segments[n] == q.segment {
		if found := g.blocks[n]; found != nil {
			b.and(found)
		} else {
			b.clear()
		}
		return
	}
	t := q.index.lives.find(q.segment.shard.partition)
	if t == nil {
		b.clear()
		return
	}
	t.lock.RLock()
	defer t.lock.RUnlock()
	found := g.crowds[t]
	b.keep(func(at uint16) bool {
		who, known := t.who.find(string(q.segment.ids.at(at)))
		return known && found.has(who)
	})
}

// moved notes where an agent is now, if their acts are known or may be asked for. The locks of segments and ids must not be
// held.
func (l *lives) moved(partition int, agent string) {
	t := l.find(partition)
	if t == nil {
		return
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	if who, known := t.who.find(agent); known {
		t.places[who] = l.placeOf(agent)
	}
}

func (l *lives) placeOf(agent string) uint32 {
	if ordinal, known := l.index.ordinal(agent); known {
		return ordinal
	}
	return noOrdinal
}

// resettled notes where all agents of a partition are, once the layout shows it.
func (l *lives) resettled(partition int, segments []*segment, show func()) {
	t := l.find(partition)
	if t == nil {
		show()
		return
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	show()
	for i := range t.places {
		t.places[i] = noOrdinal
	}
	if len(t.places) == 0 {
		return
	}
	for _, s := range segments {
		for at := range s.stamps {
			if who, known := t.who.find(string(s.ids.at(uint16(at)))); known {
				t.places[who] = s.ordinal(uint16(at))
			}
		}
	}
}
