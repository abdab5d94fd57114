package scim

import (
	"encoding/json"
	"iter"

	"github.com/filengine/fil"
)

// All gives each agent of others once, with what SCIM keeps of those that it holds, and those that it holds inactive.
func (s *Server) All(others iter.Seq[fil.Agent]) iter.Seq[fil.Agent] {
	return func(yield func(fil.Agent) bool) {
		for a := range others {
			if d, held := s.users.get(a.ID); held {
				if d.attrs["active"] == false {
					continue // suspended meanwhile: it comes below
				}
				a.Directory, _ = toGiveBack(d) // what cannot be written again was not read
			}
			if !yield(a) {
				return
			}
		}
		for from := 0; ; from += walkChunk {
			docs, more := s.users.inactive(from)
			for _, d := range docs {
				var a fil.Agent
				if raw, err := s.kinds[0].write(d); err != nil || json.Unmarshal(raw, &a) != nil {
					a = fil.Agent{ID: d.id, Inactive: true} // the mapping has changed, and no longer fits
					a.Directory, _ = toGiveBack(d)
				}
				if !yield(a) {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

// inactive gives those of a chunk of users who are suspended. Nobody is called under the lock.
func (u *users) inactive(from int) (docs []document, more bool) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	for _, packed := range u.list[min(from, len(u.list)):min(from+walkChunk, len(u.list))] {
		if packed == "" {
			continue
		}
		if d := u.words.unpack(packed); d.attrs["active"] == false {
			docs = append(docs, d)
		}
	}
	return docs, from+walkChunk < len(u.list)
}
