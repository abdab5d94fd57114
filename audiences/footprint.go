package audiences

// Footprint is what an index keeps in memory, in bytes by part, without what the allocator and the collector of garbage
// take beside. Arrays count for their capacity.
type Footprint struct {
	IDs          int // the ids, and the table that finds agents by them
	Stamps       int // the digests of the agents' records
	Columns      int // the codes of their values
	Sets         int // the sets of those who have a value
	Dictionaries int // the values
}

// Total is the sum of the parts.
func (f Footprint) Total() int { return f.IDs + f.Stamps + f.Columns + f.Sets + f.Dictionaries }

// Footprint measures the index: a few milliseconds for a million agents.
func (ix *Index) Footprint() Footprint {
	var f Footprint
	for _, field := range ix.fields {
		f.Dictionaries += field.bytes()
	}
	ix.ids.lock.RLock()
	f.IDs = cap(ix.ids.tags) + 4*cap(ix.ids.slots)
	ix.ids.lock.RUnlock()
	for _, s := range ix.layout.Load().order {
		s.lock.RLock()
		f.IDs += cap(s.ids.bytes) + 4*cap(s.ids.starts)
		f.Stamps += 8 * cap(s.stamps)
		f.Sets += s.live.bytes()
		for i := range s.columns {
			c := &s.columns[i]
			f.Columns += c.codes.bytes()
			f.Sets += c.known.bytes() + c.posts.bytes() + c.bits.bytes()
		}
		s.lock.RUnlock()
	}
	return f
}

func (f *field) bytes() int {
	n := 0
	if f.words != nil {
		n += f.words.bytes()
	}
	if f.keys != nil {
		n += f.keys.bytes()
	}
	if f.lists != nil {
		n += f.lists.bytes()
	}
	return n
}

// Sizes of what arrays hold.
const (
	setBytes  = 40
	textBytes = 16
)

func (s *set) bytes() int {
	n := 2 * cap(s.places)
	if s.flat != nil {
		n += 8 * blockWords
	}
	return n
}

func (c *codes) bytes() int { return cap(c.narrow) + 2*cap(c.middle) + 4*cap(c.wide) }

func (p *postings) bytes() int {
	return 4*cap(p.codes) + bytesOf(p.sets) + 4*(cap(p.small.codes)+cap(p.small.ends)) + 2*cap(p.small.numbers)
}

func (b *sliced) bytes() int { return bytesOf(b.sets) }

func bytesOf(sets []set) int {
	n := setBytes * cap(sets)
	for i := range sets {
		n += sets[i].bytes()
	}
	return n
}

func (d *dictionary) bytes() int {
	n := 4 * cap(*d.parents.Load())
	words := d.all()
	for _, word := range words {
		n += len(word)
	}
	return n + textBytes*cap(words) + 8*len(*d.slots.Load())
}

func (k *keyring) bytes() int {
	return 8*cap(k.all()) + 4*len(*k.slots.Load())
}

func (c *combinations) bytes() int {
	all := c.lists.Load()
	return 4 * (cap(all.items) + cap(all.ends) + slotsFor(len(all.ends)))
}
