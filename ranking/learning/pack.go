package learning

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// A partition's popularity is kept as its counts and its habits. All integers are little-endian.
//
// The counts are one string. A header of 25 bytes: version (1), edition (1), digest of the numbers that it was computed
// with (7), the offset that it includes (8), the offset up to which the profiles are stored too (8). Then the clock (8)
// and the Unix seconds of the latest first read (4). Then 60 bytes per content, in the order in which they were first
// dealt with: key (8), clock at the last first read (8), its Unix seconds (4), first reads (4), impressions (4), the three
// decayed counts as of that clock, as float32 (12), the Unix seconds of the last first read or endorsement (4), the four counts
// that fade as of then, as float32 (16). At most 20,480 contents: 1,228,837 bytes.
//
// The habits are fields of a hash. "h" is the clock's history: 12 bytes per sample, Unix seconds (4) and clock (8); 24,576
// bytes at most. "r" and a byte is a bucket of rows: content (8), clock (8), how many others (1), and 12 bytes for each, key
// (8) and float32 (4); 2,560 rows of 1,937 bytes at most in all: 4,958,720. "o" and a byte is a bucket of counts by
// organisation: organisation (8), content (8), float32 (4), the clock that it is of (8); 81,920 of 28 bytes at most: 2,293,760.
//
// A writer that holds a tally in memory trusts it while the stored header is its own. So whoever puts another tally of
// the same offset in its place gives it another edition.
const (
	tallyVersion = 3
	tallyHeader  = 25
	tallyPrefix  = 37
	countSize    = 60
	sampleSize   = 12
	rowHead      = 17
	coreadSize   = 12
	orgSize      = 28
)

// Fields of the hash of habits: the history, and what the names of buckets begin with.
const (
	historyField = "h"
	rowsField    = "r"
	orgsField    = "o"
)

func (h Habit) equal(other Habit) bool {
	return h.Field == other.Field && bytes.Equal(h.Bytes, other.Bytes)
}

var errOtherNumbers = errors.New("popularity was made under other numbers")

func (t *tally) header() []byte {
	b := binary.LittleEndian.AppendUint64([]byte{tallyVersion}, t.digest|uint64(t.edition))
	b = binary.LittleEndian.AppendUint64(b, uint64(t.offset))
	return binary.LittleEndian.AppendUint64(b, uint64(t.done))
}

// ours says whether a stored tally has this version and was made under the same numbers.
func (t *tally) ours(header []byte) bool {
	return len(header) >= tallyHeader && header[0] == tallyVersion && binary.LittleEndian.Uint64(header[1:])&^editionMask == t.digest
}

// offsetOf is the offset that a popularity includes; without one, no profile can be ahead of it.
func offsetOf(header []byte) int64 {
	if len(header) < tallyHeader || header[0] != tallyVersion {
		return math.MaxInt64
	}
	return int64(binary.LittleEndian.Uint64(header[9:]))
}

// doneOf is the offset up to which a popularity says that profiles are stored.
func doneOf(header []byte) int64 {
	if offsetOf(header) == math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(binary.LittleEndian.Uint64(header[17:]))
}

func bytesHeader(packed []byte) []byte { return packed[:min(len(packed), tallyHeader)] }

func (t *tally) prefix() []byte {
	b := binary.LittleEndian.AppendUint64(t.header(), t.clock)
	return binary.LittleEndian.AppendUint32(b, t.latest)
}

func appendCount(b []byte, c *count) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(c.key))
	b = binary.LittleEndian.AppendUint64(b, c.at)
	b = binary.LittleEndian.AppendUint32(b, c.last)
	b = binary.LittleEndian.AppendUint32(b, c.ever)
	b = binary.LittleEndian.AppendUint32(b, c.shown)
	for _, v := range c.decayed {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	b = binary.LittleEndian.AppendUint32(b, c.dealt)
	for _, v := range c.fading {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// pack is the whole tally.
func (t *tally) pack() PackedTally {
	p := PackedTally{Counts: t.prefix()}
	for i := range t.counts {
		p.Counts = appendCount(p.Counts, &t.counts[i])
	}
	p.Habits = t.packHabits(true)
	return p
}

// packHabits is the fields that changed, or all that are not empty.
func (t *tally) packHabits(all bool) (fields []Habit) {
	add := func(field string, packed []byte, changed bool) {
		if changed && !all || all && len(packed) > 0 {
			fields = append(fields, Habit{field, packed})
		}
	}
	var samples []byte
	for _, s := range t.history {
		samples = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(samples, s.at), s.clock)
	}
	add(historyField, samples, t.sampled)
	for bucket := range buckets {
		if b := uint8(bucket); all || t.changed[bucketsOfRows].has(b) {
			add(rowsField+string([]byte{b}), packRows(t.rows[b]), true)
		}
		if b := uint8(bucket); all || t.changed[bucketsOfOrgs].has(b) {
			add(orgsField+string([]byte{b}), packOrgs(t.orgs[b]), true)
		}
	}
	return fields
}

func packRows(rows []coreadRow) (b []byte) {
	for i := range rows {
		b = binary.LittleEndian.AppendUint64(b, uint64(rows[i].content))
		b = append(binary.LittleEndian.AppendUint64(b, rows[i].at), byte(len(rows[i].others)))
		for _, c := range rows[i].others {
			b = binary.LittleEndian.AppendUint64(b, uint64(c.Content))
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(c.Weight))
		}
	}
	return b
}

func packOrgs(counts []orgCount) (b []byte) {
	for _, c := range counts {
		b = binary.LittleEndian.AppendUint64(b, c.org)
		b = binary.LittleEndian.AppendUint64(b, uint64(c.content))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(c.value))
		b = binary.LittleEndian.AppendUint64(b, c.at)
	}
	return b
}

// nearby is how many counts between two that changed are written with them: one long write costs less than two short ones.
const nearby = 16

// change is what must be written for the store to hold the tally, given the header that it holds now.
func (t *tally) change(before []byte) PopularityChange {
	slices.Sort(t.dirty)
	t.dirty = slices.Compact(t.dirty)
	if t.whole {
		all := t.pack()
		return PopularityChange{Before: before, Whole: true, At: []int{0}, Bytes: [][]byte{all.Counts}, Habits: all.Habits}
	}
	c := PopularityChange{Before: before, At: []int{0}, Bytes: [][]byte{t.prefix()}, Habits: t.packHabits(false)}
	for k := 0; k < len(t.dirty); {
		start, end := int(t.dirty[k]), int(t.dirty[k])
		for ; k < len(t.dirty) && int(t.dirty[k]) <= end+nearby; k++ {
			end = int(t.dirty[k]) + 1
		}
		var piece []byte
		for i := start; i < end; i++ {
			piece = appendCount(piece, &t.counts[i])
		}
		c.At, c.Bytes = append(c.At, tallyPrefix+start*countSize), append(c.Bytes, piece)
	}
	return c
}

// parseTally reads what was packed, for so many partitions: the error is errOtherNumbers when it is of the version before
// or was made for another number of partitions, ErrNewer when it is of a later version.
func parseTally(packed PackedTally, partitions int) (*tally, error) {
	t, err := parseCounts(packed, partitions)
	if err != nil {
		return nil, err
	}
	t.place = make(map[fil.ContentKey]int32, len(t.counts))
	for i := range t.counts {
		t.place[t.counts[i].key] = int32(i)
	}
	if len(t.place) < len(t.counts) {
		return nil, errors.New("parse popularity: a content is there twice")
	}
	if err := t.parseHabits(packed.Habits); err != nil {
		return nil, err
	}
	return t, nil
}

// parseCounts reads the counts and the history; what it gives is to be read, not to go on with.
func parseCounts(packed PackedTally, partitions int) (*tally, error) {
	b := packed.Counts
	if len(b) == 0 {
		return nil, errors.New("parse popularity: there is none")
	}
	if err := ranking.CheckVersion("popularity", b, tallyVersion); err != nil {
		return nil, err
	}
	t := newTally(partitions)
	if !t.ours(b) {
		return nil, errOtherNumbers
	}
	if len(b) < tallyPrefix || (len(b)-tallyPrefix)%countSize != 0 {
		return nil, fmt.Errorf("parse popularity: %d bytes are not a packed tally of version %d", len(b), tallyVersion)
	}
	t.edition, t.whole = b[1], false
	t.offset, t.done = int64(binary.LittleEndian.Uint64(b[9:])), int64(binary.LittleEndian.Uint64(b[17:]))
	t.clock, t.latest = binary.LittleEndian.Uint64(b[25:]), binary.LittleEndian.Uint32(b[33:])
	if t.clock > 1<<53 || t.done > t.offset || t.done < -1 {
		return nil, fmt.Errorf("parse popularity: the clock shows %d, offsets %d and %d", t.clock, t.offset, t.done)
	}
	t.counts = make([]count, 0, (len(b)-tallyPrefix)/countSize)
	for b = b[tallyPrefix:]; len(b) > 0; b = b[countSize:] {
		c := count{
			key: fil.ContentKey(binary.LittleEndian.Uint64(b)), at: binary.LittleEndian.Uint64(b[8:]), last: binary.LittleEndian.Uint32(b[16:]),
			ever: binary.LittleEndian.Uint32(b[20:]), shown: binary.LittleEndian.Uint32(b[24:]), dealt: binary.LittleEndian.Uint32(b[40:]),
		}
		sound := c.at <= t.clock
		for i := range c.decayed {
			c.decayed[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[28+4*i:]))
			sound = sound && inRange(c.decayed[i])
		}
		for i := range c.fading {
			c.fading[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[44+4*i:]))
			sound = sound && inRange(c.fading[i])
		}
		if !sound {
			return nil, fmt.Errorf("parse popularity: content %#x is out of range", uint64(c.key))
		}
		t.counts = append(t.counts, c)
	}
	return t, t.parseHistory(packed.Habits)
}

// inRange refuses NaN too.
func inRange(v float32) bool { return v >= 0 && v <= 1<<32 }

func (t *tally) parseHistory(fields []Habit) error {
	for _, f := range fields {
		if f.Field != historyField {
			continue
		}
		if len(f.Bytes)%sampleSize != 0 || len(f.Bytes) > maxHistory*sampleSize {
			return fmt.Errorf("parse popularity: %d bytes are no history", len(f.Bytes))
		}
		last := sample{}
		for b := f.Bytes; len(b) > 0; b = b[sampleSize:] {
			s := sample{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint64(b[4:])}
			if len(t.history) > 0 && (s.at <= last.at || s.clock < last.clock) || s.clock > t.clock || s.at > t.latest {
				return fmt.Errorf("parse popularity: sample %d of the history is out of order", len(t.history))
			}
			t.history, last = append(t.history, s), s
		}
	}
	return nil
}

func (t *tally) parseHabits(fields []Habit) error {
	for _, f := range fields {
		name, bucket := "", uint8(0)
		if len(f.Field) == 2 {
			name, bucket = f.Field[:1], f.Field[1]
		}
		var err error
		switch {
		case f.Field == historyField: // read with the counts
		case name == rowsField && t.rows[bucket] == nil:
			err = t.parseRows(bucket, f.Bytes)
		case name == orgsField && t.orgs[bucket] == nil:
			err = t.parseOrgs(bucket, f.Bytes)
		default:
			err = errors.New("unknown, or there twice")
		}
		if err != nil {
			return fmt.Errorf("parse popularity: field %q: %w", f.Field, err)
		}
	}
	return nil
}

var errDamaged = errors.New("is not as it was packed")

func (t *tally) parseRows(bucket uint8, b []byte) error {
	for len(b) > 0 {
		if len(b) < rowHead || len(b) < rowHead+int(b[16])*coreadSize {
			return errDamaged
		}
		row := coreadRow{content: fil.ContentKey(binary.LittleEndian.Uint64(b)), at: binary.LittleEndian.Uint64(b[8:]), others: make([]ranking.Coread, b[16])}
		b = b[rowHead:]
		for i := range row.others {
			row.others[i] = ranking.Coread{Content: fil.ContentKey(binary.LittleEndian.Uint64(b)), Weight: math.Float32frombits(binary.LittleEndian.Uint32(b[8:]))}
			if !inRange(row.others[i].Weight) || i > 0 && byWeight(row.others[i-1], row.others[i]) >= 0 {
				return errDamaged
			}
			b = b[coreadSize:]
		}
		rows := t.rows[bucket]
		if bucketOf(uint64(row.content)) != bucket || row.at > t.clock || len(row.others) > keptInRow || len(rows) > 0 && rows[len(rows)-1].content >= row.content {
			return errDamaged
		}
		t.rows[bucket] = append(rows, row)
		t.rowCount++
	}
	return nil
}

func (t *tally) parseOrgs(bucket uint8, b []byte) error {
	if len(b)%orgSize != 0 {
		return errDamaged
	}
	for ; len(b) > 0; b = b[orgSize:] {
		c := orgCount{
			org: binary.LittleEndian.Uint64(b), content: fil.ContentKey(binary.LittleEndian.Uint64(b[8:])),
			value: math.Float32frombits(binary.LittleEndian.Uint32(b[16:])), at: binary.LittleEndian.Uint64(b[20:]),
		}
		counts := t.orgs[bucket]
		if bucketOf(c.org^uint64(c.content)) != bucket || c.at > t.clock || !inRange(c.value) || c.value == 0 || len(counts) > 0 && counts[len(counts)-1].compare(c) >= 0 {
			return errDamaged
		}
		t.orgs[bucket] = append(counts, c)
		t.orgCount++
	}
	return nil
}

// sortedHabits puts fields in the order of their names, as pack does not.
func sortedHabits(fields []Habit) []Habit {
	fields = slices.DeleteFunc(slices.Clone(fields), func(h Habit) bool { return len(h.Bytes) == 0 })
	slices.SortFunc(fields, func(a, b Habit) int { return strings.Compare(a.Field, b.Field) })
	return fields
}
