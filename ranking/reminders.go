package ranking

import (
	"hash/fnv"
	"maps"
	"math"
	"time"

	"github.com/filengine/fil"
)

// recall is how long a content that was reminded of stands first again for those who have not acknowledged it, when its
// deadline has passed or comes sooner.
const recall = 7 * 24 * time.Hour

// remind takes a record of fil.reminders into a snapshot that is not published yet. Reminders may come before their content.
func (c *Catalogue) remind(s *snapshot, rec fil.Record) (changed bool, err error) {
	key, before := fil.KeyOf(rec.Key), s.reminders
	s.reminders = maps.Clone(before)
	if s.reminders == nil {
		s.reminders = map[fil.ContentKey]*told{}
	}
	if rec.Event.Data == nil {
		delete(s.reminders, key)
	} else {
		sent, err := fil.RemindersOf(rec)
		if err != nil {
			s.reminders = before
			return false, err
		}
		h := fnv.New64a()
		_, _ = h.Write(rec.Event.Data)
		s.reminders[key] = &told{sent, Chain(uint64(key), h.Sum64())}
	}
	at := s.find(key)
	if at < 0 || s.rows[at].content.ID != rec.Key {
		return true, nil
	}
	s.stamp ^= s.rows[at].digest
	s.rows[at].remind(s.reminders[key])
	s.stamp ^= s.rows[at].digest
	return true, nil
}

// told is the reminders of a content, and their digest.
type told struct {
	fil.Reminders

	digest uint64
}

// remind gives a row its reminders, or none.
func (r *row) remind(told *told) {
	r.told, r.recalled, r.digest = told, math.MinInt64, r.text
	if told == nil {
		return
	}
	r.digest = Chain(r.text, told.digest)
	if r.mandatory != math.MinInt64 {
		r.recalled = nanos(told.Sent[len(told.Sent)-1].At.Add(recall))
	}
}

// reminded is when the agents of an organisation were last reminded of the text in force; the zero time when they were not.
func (r *row) reminded(org string) time.Time {
	if r.told == nil || r.mandatory == math.MinInt64 {
		return time.Time{}
	}
	at := r.told.For(org)
	if at.Before(r.content.RevisedAt) {
		return time.Time{}
	}
	return at
}

// asks says whether the content is to be acknowledged at a moment by the agents of an organisation: until its deadline, and for
// a time after a reminder that reached them.
func (r *row) asks(org string, at int64) bool {
	if at < r.mandatory {
		return true
	}
	reminded := r.reminded(org)
	return !reminded.IsZero() && at < nanos(reminded.Add(recall))
}

// due says whether the agent is still to acknowledge a content: until then they cannot hide it, in whatever order they hid it
// and it was made mandatory.
func (sc *scratch) due(b *board, place int32) bool {
	r := b.row(place)
	return r.mandatory != math.MinInt64 && sc.marks[place]&markAcknowledged == 0 && r.asks(sc.member.Org(), b.from)
}

// orgOf is an agent's organisation.
func (r *Ranker) orgOf(agent string) string {
	member, known := r.directory.Member(agent)
	if !known {
		return ""
	}
	return member.Org()
}
