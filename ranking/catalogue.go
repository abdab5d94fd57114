package ranking

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filengine/fil"
)

// Catalogue holds all contents of the log, live or not: those that have expired still tell tastes. It is a projection
// of fil.contents. Readers see immutable snapshots and never wait; writers wait for one another.
type Catalogue struct {
	current atomic.Pointer[snapshot]

	mu    sync.Mutex // writers
	codes [columns]codebook
	sets  map[string]uint32 // codes of aims, by their aimKey
	words *lexicon
}

// The columns of a content that hold codes in place of names, in the order of fil.Facets.
const (
	columnTopic = iota
	columnSource
	columnAuthor
	columnKind
	columnCommunity
	columns
)

// codebook gives each name a small number, for as long as the catalogue lives. Code 0 is the empty name.
type codebook struct {
	mu     sync.RWMutex // of byName: writers are one at a time, and read without it
	byName map[string]uint32
	names  []string // only ever appended to, so that snapshots may share it
}

// snapshot is the catalogue at one moment. Nothing in it changes once it is published.
type snapshot struct {
	rows      []row   // a free one has no content
	free      []int32 // places of free rows
	table     []int32 // open addressing by content key: place of the row + 1, 0 for an empty slot; a power of two long
	names     [columns][]string
	books     *[columns]codebook       // of the catalogue, which may know more names
	sets      []fil.Aim                // by code; 0 is everyone
	uses      []uint32                 // number of contents by code of a stem
	texts     func() *texts            // the wordings, weighed
	reminders map[fil.ContentKey]*told // never changed: replaced whole
	stamp     uint64                   // exclusive or of the digests of the rows (Zobrist, 1970): equal if and only if the contents are
	count     int
}

// row is one content as the ranking needs it. Times are Unix nanoseconds.
type row struct {
	content   *fil.Content
	key       fil.ContentKey
	digest    uint64 // of the text and the reminders
	text      uint64 // of what the log says of the content
	topics    []uint32
	codes     [columns]uint32 // by column; the topic's is not used
	set       uint32          // code of its aim
	published int64
	expires   int64 // math.MaxInt64: never
	pinned    int64 // until; math.MinInt64: not pinned
	mandatory int64 // until; math.MinInt64: not mandatory
	revised   int64 // math.MinInt64: never
	recalled  int64 // until, after a reminder that reached some; math.MinInt64: none
	told      *told // reminders; nil: none
	priority  int8
	wording   *wording // nil for a content without words
}

// NewCatalogue makes an empty catalogue.
func NewCatalogue() *Catalogue {
	c := &Catalogue{sets: map[string]uint32{aimKey(fil.Aim{}): 0}, words: newLexicon()}
	s := &snapshot{table: make([]int32, 16), books: &c.codes, sets: []fil.Aim{{}}}
	for i := range c.codes {
		c.codes[i].byName, c.codes[i].names = map[string]uint32{"": 0}, []string{""}
		s.names[i] = c.codes[i].names
	}
	s.texts = sync.OnceValue(func() *texts { return weigh(s) })
	c.current.Store(s)
	return c
}

// Apply takes records of fil.contents and of fil.reminders in the log's order and publishes one new snapshot. Records that cannot be a
// content of this catalogue, such as one whose key collides with another's, are returned as joined rejections; the
// others are applied. It never returns another error.
func (c *Catalogue) Apply(records []fil.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.current.Load().clone()
	changed := false
	var rejected []error
	for _, rec := range records {
		did, err := c.apply(next, rec)
		if err != nil {
			rejected = append(rejected, err)
		}
		changed = changed || did
	}
	if changed {
		for i := range c.codes {
			next.names[i] = c.codes[i].names
		}
		c.current.Store(next)
	}
	return errors.Join(rejected...)
}

// apply puts one record into a snapshot that is not published yet.
func (c *Catalogue) apply(s *snapshot, rec fil.Record) (changed bool, err error) {
	if rec.Topic == fil.TopicReminders {
		return c.remind(s, rec)
	}
	key := fil.KeyOf(rec.Key)
	at := s.find(key)
	if at >= 0 && s.rows[at].content.ID != rec.Key {
		return false, fil.Reject(rec, fmt.Errorf("content %s has the same key %#x as %s", rec.Key, uint64(key), s.rows[at].content.ID))
	}
	if rec.Event.Data == nil {
		if at >= 0 {
			c.words.drop(s, s.rows[at].wording)
			s.remove(at)
		}
		return at >= 0, nil
	}
	content, err := fil.Decode[fil.Content](rec)
	if err != nil {
		return false, err
	}
	if content.ID == "" || content.ID != rec.Key {
		return false, fil.Reject(rec, fmt.Errorf("content %q is under the key %q", content.ID, rec.Key))
	}
	digest := digestOf(key, rec.Event.Data)
	if at >= 0 && s.rows[at].text == digest {
		return false, nil
	}
	var before *wording
	if at >= 0 {
		s.stamp ^= s.rows[at].digest
		before = s.rows[at].wording
	} else {
		at = s.insert(key)
	}
	s.rows[at] = c.row(s, &content, digest)
	s.stamp ^= s.rows[at].digest
	c.words.drop(s, before) // last, so that what both have keeps its code
	return true, nil
}

// digestOf tells apart the contents under a key by their data, not by the event that brought it: writing the same
// content again changes nothing.
func digestOf(key fil.ContentKey, data []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(data)
	return Chain(uint64(key), h.Sum64())
}

func (c *Catalogue) row(s *snapshot, content *fil.Content, digest uint64) row {
	r := row{
		content: content, key: fil.KeyOf(content.ID), text: digest, set: c.set(s, content.Aim()),
		published: nanos(content.PublishedAt), expires: math.MaxInt64, pinned: math.MinInt64, mandatory: math.MinInt64, revised: math.MinInt64,
		priority: int8(min(max(content.Priority, -3), 3)), wording: c.words.add(s, content),
	}
	if !content.ExpiresAt.IsZero() {
		r.expires = nanos(content.ExpiresAt)
	}
	if !content.PinnedUntil.IsZero() {
		r.pinned = nanos(content.PinnedUntil)
	}
	if !content.MandatoryUntil.IsZero() {
		r.mandatory = nanos(content.MandatoryUntil)
	}
	if !content.RevisedAt.IsZero() {
		r.revised = nanos(content.RevisedAt)
	}
	for _, topic := range content.Topics {
		if code := c.codes[columnTopic].code(topic); code != 0 && !slices.Contains(r.topics, code) {
			r.topics = append(r.topics, code)
		}
	}
	r.remind(s.reminders[r.key])
	r.codes[columnSource] = c.codes[columnSource].code(content.Source)
	r.codes[columnAuthor] = c.codes[columnAuthor].code(content.Author)
	r.codes[columnKind] = c.codes[columnKind].code(content.Kind)
	r.codes[columnCommunity] = c.codes[columnCommunity].code(content.Community)
	return r
}

func (b *codebook) code(name string) uint32 {
	code, ok := b.byName[name]
	if !ok {
		code = uint32(len(b.names))
		b.mu.Lock()
		b.byName[name], b.names = code, append(b.names, name)
		b.mu.Unlock()
	}
	return code
}

// find gives the code of a name, 0 when no content has had it. A snapshot may be older than the code.
func (b *codebook) find(name []byte) uint32 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.byName[string(name)]
}

// set codes an aim, whatever the order of its audiences.
func (c *Catalogue) set(s *snapshot, aim fil.Aim) uint32 {
	aim.Audiences = slices.Clone(aim.Audiences)
	slices.Sort(aim.Audiences)
	aim.Audiences = slices.Compact(aim.Audiences)
	name := aimKey(aim)
	code, ok := c.sets[name]
	if !ok {
		code = uint32(len(s.sets))
		c.sets[name], s.sets = code, append(s.sets, aim)
	}
	return code
}

// aimKey writes an aim so that no other, whatever is in its ids, is written likewise.
func aimKey(aim fil.Aim) string { return fmt.Sprintf("%q %q", aim.Perimeter, aim.Audiences) }

// Content finds a content by id.
func (c *Catalogue) Content(id string) (fil.Content, bool) {
	content, ok := c.ByKey(fil.KeyOf(id))
	return content, ok && content.ID == id
}

// ByKey finds a content by the digest of its id.
func (c *Catalogue) ByKey(key fil.ContentKey) (fil.Content, bool) {
	s := c.current.Load()
	at := s.find(key)
	if at < 0 {
		return fil.Content{}, false
	}
	return *s.rows[at].content, true
}

// Knows says whether a content is known, live or not.
func (c *Catalogue) Knows(key fil.ContentKey) bool { return c.current.Load().find(key) >= 0 }

// Contents lists all contents, the last published first.
func (c *Catalogue) Contents() []fil.Content {
	return c.current.Load().list(func(*row) bool { return true })
}

// Live lists the contents whose publication window holds the moment, the last published first.
func (c *Catalogue) Live(now time.Time) []fil.Content {
	at := nanos(now)
	return c.current.Load().list(func(r *row) bool { return r.liveAt(at) })
}

// Stamp is a digest of the contents: equal in two catalogues if and only if they hold the same, whatever the order in
// which they learned it.
func (c *Catalogue) Stamp() uint64 { return c.current.Load().stamp }

// Len is the number of contents known, live or not.
func (c *Catalogue) Len() int { return c.current.Load().count }

// revisedBy is when the content was revised, in Unix seconds, if it was by a moment; else before all acts.
func (r *row) revisedBy(at int64) int64 {
	if r.revised > at {
		return math.MinInt64
	}
	return r.revised / int64(time.Second)
}

func (r *row) liveAt(at int64) bool { return r.content != nil && r.published <= at && at < r.expires }

func (s *snapshot) list(keep func(*row) bool) []fil.Content {
	var contents []fil.Content
	for i := range s.rows {
		if r := &s.rows[i]; r.content != nil && keep(r) {
			contents = append(contents, *r.content)
		}
	}
	slices.SortFunc(contents, func(a, b fil.Content) int {
		if order := b.PublishedAt.Compare(a.PublishedAt); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return contents
}

// clone copies what a writer changes: about 130 bytes a content.
func (s *snapshot) clone() *snapshot {
	next := *s
	next.rows, next.free, next.table, next.uses = slices.Clone(s.rows), slices.Clone(s.free), slices.Clone(s.table), slices.Clone(s.uses)
	next.texts = sync.OnceValue(func() *texts { return weigh(&next) })
	return &next
}

// find gives the place of a content's row, -1 when it is not known. Keys are digests already: they need no hashing.
func (s *snapshot) find(key fil.ContentKey) int32 {
	mask := uint64(len(s.table) - 1)
	for slot := uint64(key) & mask; s.table[slot] != 0; slot = (slot + 1) & mask {
		if at := s.table[slot] - 1; s.rows[at].key == key {
			return at
		}
	}
	return -1
}

// insert makes room for a content that is not known.
func (s *snapshot) insert(key fil.ContentKey) int32 {
	var at int32
	if n := len(s.free); n > 0 {
		at, s.free = s.free[n-1], s.free[:n-1]
	} else {
		at = int32(len(s.rows))
		s.rows = append(s.rows, row{})
	}
	s.rows[at].key = key
	s.count++
	if s.count*2 > len(s.table) {
		s.rehash(len(s.table) * 2)
	} else {
		s.link(key, at)
	}
	return at
}

func (s *snapshot) remove(at int32) {
	s.stamp ^= s.rows[at].digest
	s.rows[at] = row{}
	s.free = append(s.free, at)
	s.count--
	s.rehash(len(s.table)) // a withdrawal is rare, and open addressing forgets best from scratch
}

func (s *snapshot) rehash(size int) {
	s.table = make([]int32, size)
	for i := range s.rows {
		if s.rows[i].content != nil || s.rows[i].key != 0 {
			s.link(s.rows[i].key, int32(i))
		}
	}
}

func (s *snapshot) link(key fil.ContentKey, at int32) {
	mask := uint64(len(s.table) - 1)
	slot := uint64(key) & mask
	for s.table[slot] != 0 {
		slot = (slot + 1) & mask
	}
	s.table[slot] = at + 1
}

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
