package audiences

import (
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/filengine/fil"
)

// NewSegmented makes an index whose segments hold 2^bits agents, so that few agents fill several.
func NewSegmented(schema fil.Schema, cfg Config, bits uint) *Index {
	return newIndex(schema, cfg, bits)
}

// Select gives the ids of those a rule's sets hold, sorted.
func (ix *Index) Select(rule string) ([]string, error) {
	p, wrong := ix.compile(rule)
	if wrong != nil {
		return nil, wrong
	}
	var ids []string
	ix.each(p, func(s *segment, found *roaring.Bitmap) {
		for places := found.Iterator(); places.HasNext(); {
			ids = append(ids, s.ids[places.Next()])
		}
	})
	slices.Sort(ids)
	return ids, nil
}

// Sweeten gives a rule as the parser reads it; false when the forms in it are wrong.
func Sweeten(rule string) (string, bool) {
	forms, wrong, err := sweeten(rule)
	return string(forms.text), wrong == nil && err == nil
}

// SpanBefore gives the moment that a span is before another; false for what is no span.
func SpanBefore(text string, now time.Time) (time.Time, bool) {
	s, ok := parseSpan(text)
	return s.before(now), ok
}

// Compiled says whether a rule is answered by bitmaps alone.
func (ix *Index) Compiled(rule string) bool {
	p, wrong := ix.compile(rule)
	return wrong == nil && exact(p)
}

// Freed is the number of ordinals that wait to be given again, Given of those ever given.
func (ix *Index) Freed() int { return len(ix.free) }
func (ix *Index) Given() int { return int(ix.next) }
