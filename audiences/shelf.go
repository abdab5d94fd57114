package audiences

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/filengine/fil"
)

// shelf is what rules about behaviour may ask of contents: id, topics and source. Contents are numbered, those too of which
// only an engagement told.
type shelf struct {
	lock    sync.Mutex
	numbers map[string]uint32
	titles  atomic.Pointer[[]*title] // by number; its titles are never written again, and numbers only grow
}

// title is one content.
type title struct {
	id     string
	topics []string
	source string
}

func newShelf() *shelf {
	s := &shelf{numbers: map[string]uint32{}}
	s.titles.Store(&[]*title{})
	return s
}

// number gives the number of a content, a new one if need be.
func (s *shelf) number(id []byte) uint32 {
	s.lock.Lock()
	defer s.lock.Unlock()
	n, known := s.numbers[string(id)]
	if !known {
		all := *s.titles.Load()
		n = uint32(len(all))
		t := &title{id: string(id)}
		s.numbers[t.id], all = n, append(all, t)
		s.titles.Store(&all)
	}
	return n
}

// put writes contents. It says whether one differs from what was known, in what rules may ask.
func (s *shelf) put(titles []*title) (changed bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	all, own := *s.titles.Load(), false
	for _, t := range titles {
		n, known := s.numbers[t.id]
		switch {
		case !known:
			s.numbers[t.id] = uint32(len(all))
			all = append(all, t) // readers of the slice before do not look past its end
			changed = changed || len(t.topics) > 0 || t.source != ""
		case !t.same(all[n]):
			if !own {
				all, own = slices.Clone(all), true
			}
			all[n], changed = t, true
		}
	}
	s.titles.Store(&all)
	return changed
}

func (t *title) same(o *title) bool { return t.source == o.source && slices.Equal(t.topics, o.topics) }

// ApplyContents takes from records of fil.contents what rules about behaviour may ask: a corrected topic counts at the next
// evaluation, of acts done before too; of a content that was withdrawn only its id is known any more. It says whether
// something changed in that. A record that holds no content changes nothing: who shows contents rejects it.
func (ix *Index) ApplyContents(records []fil.Record) (changed bool) {
	titles := make([]*title, 0, len(records))
	for _, rec := range records {
		t := &title{id: rec.Key}
		if rec.Event.Data != nil {
			content, err := fil.Decode[fil.Content](rec)
			if err != nil || content.ID != rec.Key {
				continue
			}
			t.topics, t.source = content.Topics, content.Source
		}
		titles = append(titles, t)
	}
	return ix.lives.shelf.put(titles)
}
