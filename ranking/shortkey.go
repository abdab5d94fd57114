package ranking

import "github.com/filengine/fil"

// shortKey is what 6 bytes hold of a key.
const shortKey = 1<<48 - 1

// Lengthen finds the key of a content by its 48 lowest bits, which packed feeds carry. False when no content of the catalogue
// has them, and when two do (of 100,000 contents, with a probability of 2·10⁻⁵).
func (c *Catalogue) Lengthen(short uint64) (key fil.ContentKey, ok bool) {
	s := c.current.Load()
	// The table is probed from the lowest bits: all keys that end alike are in one run.
	mask := uint64(len(s.table) - 1)
	for slot := short & mask; s.table[slot] != 0; slot = (slot + 1) & mask {
		if full := s.rows[s.table[slot]-1].key; uint64(full)&shortKey == short {
			if ok {
				return 0, false
			}
			key, ok = full, true
		}
	}
	return key, ok
}
