package feedstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
)

// Version 3 of a packed feed; numbers of fixed width are big-endian:
//
//	1 B     version
//	        length of the policy's version (uvarint), and the version
//	8 B     stamp
//	        built: Unix seconds (varint), nanoseconds (uvarint)
//	        until: the same
//	        day of the last read: days since 1970 (uvarint)
//	        number of entries (uvarint)
//	6 B     per entry: the lowest 48 bits of the content's key
//	        per entry: score in 64ths, less that of the entry before (varint)
//	        number of different notes (uvarint; none when there is no entry)
//	3 B     per different note, in the order in which they come
//	        per entry: which of them, in as few bits as tell them apart, the highest bits first; the last byte filled with 0
//	        per entry, in a feed woven of two lists only: which of them placed it, in two bits, the highest bits first
//	4 B     CRC-32C of all that precedes
//
// Version 1 had, for each entry, its key (8 B) and its score (IEEE 754, 4 B), and no notes. Version 2 had notes of 2 B with
// fewer reasons.
//
// The reader of version n keeps reading n-1, so that a store written before an upgrade stays warm: a feed without notes of today is
// ranked again at its next read, and keeps its time. A version that it does not know is as good as missing: the feed is
// ranked again and written over it, which the newer program then reads.
const (
	version1 = 1
	version2 = 2
	version3 = 3
)

// MaxEntries bounds one packed feed.
const MaxEntries = 1024

const (
	maxPolicy  = 255
	maxScore   = 1 << 40
	keySize    = 6
	shortKey   = 1<<48 - 1
	entrySize1 = 12
	stampSize  = 8
	noteSize   = 3
	maxNote    = 1<<(8*noteSize) - 1
	sumSize    = 4
	secondsDay = 86400
)

// ErrUnreadable is what Unpack answers for bytes that are no packed feed of a version it knows, whole and unaltered.
var ErrUnreadable = errors.New("not a packed feed")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Pack writes a feed, without its agent, which its key says, and the day of its last read: about 50 bytes and 8 for each
// entry. Scores are rounded to the steps of delivery.ScoreSteps.
func Pack(feed fil.Feed, read time.Time) ([]byte, error) {
	switch {
	case len(feed.Entries) > MaxEntries:
		return nil, fmt.Errorf("pack feed: %d entries, over %d", len(feed.Entries), MaxEntries)
	case len(feed.Policy) > maxPolicy:
		return nil, fmt.Errorf("pack feed: policy version of %d bytes, over %d", len(feed.Policy), maxPolicy)
	}
	b := make([]byte, 0, 64+len(feed.Policy)+10*len(feed.Entries))
	b = append(b, version3)
	b = binary.AppendUvarint(b, uint64(len(feed.Policy)))
	b = append(b, feed.Policy...)
	b = binary.BigEndian.AppendUint64(b, feed.Stamp)
	b = appendTime(b, feed.Built)
	b = appendTime(b, feed.Until)
	b = binary.AppendUvarint(b, uint64(max(0, read.Unix()/secondsDay)))
	b = binary.AppendUvarint(b, uint64(len(feed.Entries)))
	for _, e := range feed.Entries {
		b = binary.BigEndian.AppendUint16(b, uint16(e.Content>>32))
		b = binary.BigEndian.AppendUint32(b, uint32(e.Content))
	}
	before := int64(0)
	for _, e := range feed.Entries {
		if !(math.Abs(float64(e.Score)) <= maxScore) { // written so that NaN is refused
			return nil, fmt.Errorf("pack feed: score of content %016x is %v", uint64(e.Content), e.Score)
		}
		if e.Note > maxNote {
			return nil, fmt.Errorf("pack feed: note of content %016x is %#x", uint64(e.Content), e.Note)
		}
		score := int64(math.Round(float64(e.Score) * delivery.ScoreSteps))
		b = binary.AppendVarint(b, score-before)
		before = score
	}
	b = appendTeams(appendNotes(b, feed.Entries), feed.Entries)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), nil
}

func appendTime(b []byte, t time.Time) []byte {
	b = binary.AppendVarint(b, t.Unix())
	return binary.AppendUvarint(b, uint64(t.Nanosecond()))
}

// appendNotes writes the notes as numbers of a list: there are few different ones.
func appendNotes(b []byte, entries []fil.Entry) []byte {
	var different []fil.Note
	for _, e := range entries {
		if !slices.Contains(different, e.Note) {
			different = append(different, e.Note)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(different)))
	for _, note := range different {
		b = append(b, byte(note>>16), byte(note>>8), byte(note))
	}
	width, held, bitsHeld := widthOf(len(different)), uint32(0), 0
	for _, e := range entries {
		held, bitsHeld = held<<width|uint32(slices.Index(different, e.Note)), bitsHeld+width
		for ; bitsHeld >= 8; bitsHeld -= 8 {
			b = append(b, byte(held>>(bitsHeld-8)))
		}
	}
	if bitsHeld > 0 {
		b = append(b, byte(held<<(8-bitsHeld)))
	}
	return b
}

// appendTeams writes which list placed each entry, or nothing where there is but one.
func appendTeams(b []byte, entries []fil.Entry) []byte {
	if !slices.ContainsFunc(entries, func(e fil.Entry) bool { return e.Team != 0 }) {
		return b
	}
	for four := range slices.Chunk(entries, 4) {
		held := byte(0)
		for i, e := range four {
			held |= (e.Team & 3) << (6 - 2*i)
		}
		b = append(b, held)
	}
	return b
}

// teams reads them: all or none.
func (r *reader) teams(entries []fil.Entry) {
	if r.bad || len(r.rest) == 0 || len(entries) == 0 {
		return
	}
	packed := r.take((len(entries) + 3) / 4)
	if r.bad {
		return
	}
	for i := range entries {
		entries[i].Team = packed[i/4] >> (6 - 2*(i%4)) & 3
		r.bad = r.bad || entries[i].Team == 3
	}
	r.bad = r.bad || !slices.Equal(packed, appendTeams(nil, entries))
}

// widthOf is how many bits number so many things.
func widthOf(n int) int { return bits.Len(uint(max(n, 1) - 1)) }

// Lengthen finds the key of a content by its 48 lowest bits; false when none that is known has them, or several do.
type Lengthen func(short uint64) (fil.ContentKey, bool)

// Unpack reads what Pack wrote; times are in UTC and the agent is left empty. Its error is ErrUnreadable. A feed that must be
// ranked again, because it has no notes of today or because one of its contents is not found, has a zero Until, and in the second case
// no entries.
func Unpack(packed []byte, keys Lengthen) (feed fil.Feed, read time.Time, err error) {
	if len(packed) < 1+sumSize || packed[0] < version1 || packed[0] > version3 {
		return fil.Feed{}, time.Time{}, ErrUnreadable
	}
	body, sum := packed[:len(packed)-sumSize], packed[len(packed)-sumSize:]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(sum) {
		return fil.Feed{}, time.Time{}, ErrUnreadable
	}
	r := reader{rest: body[1:]}
	feed.Policy = string(r.take(r.count(maxPolicy)))
	if stamp := r.take(stampSize); stamp != nil {
		feed.Stamp = binary.BigEndian.Uint64(stamp)
	}
	feed.Built, feed.Until = r.time(), r.time()
	read = time.Unix(int64(r.count(math.MaxInt32))*secondsDay, 0).UTC()
	n := r.count(MaxEntries)
	whole := false
	switch packed[0] {
	case version3:
		feed.Entries, whole = r.entries(n, noteSize, keys)
	case version2:
		feed.Entries, _ = r.entries(n, 2, keys)
	default:
		feed.Entries = r.entries1(n)
	}
	if r.bad || len(r.rest) > 0 {
		return fil.Feed{}, time.Time{}, ErrUnreadable
	}
	if !whole {
		feed.Until = time.Time{}
	}
	return feed, read, nil
}

// reader takes fields off the front; after the first that does not fit it is bad, and gives zero values.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return nil
	}
	head := r.rest[:n]
	r.rest = r.rest[n:]
	return head
}

func (r *reader) count(most uint64) int {
	v, n := binary.Uvarint(r.rest)
	if r.bad || n <= 0 || v > most {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

func (r *reader) difference() int64 {
	v, n := binary.Varint(r.rest)
	if r.bad || n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) time() time.Time {
	seconds := r.difference()
	nanoseconds := r.count(uint64(time.Second - 1))
	if r.bad {
		return time.Time{}
	}
	return time.Unix(seconds, int64(nanoseconds)).UTC()
}

// entries reads n entries with notes of so many bytes; whole is false, and there are none, when a content is not found.
func (r *reader) entries(n, size int, keys Lengthen) (entries []fil.Entry, whole bool) {
	shorts := r.take(n * keySize)
	if r.bad {
		return nil, false
	}
	entries, whole = make([]fil.Entry, n), true
	score := int64(0)
	for i := range entries {
		if score += r.difference(); score > maxScore*delivery.ScoreSteps || score < -maxScore*delivery.ScoreSteps {
			r.bad = true
		}
		entries[i].Score = float32(float64(score) / delivery.ScoreSteps)
	}
	r.notes(entries, size)
	r.teams(entries)
	for i := range entries {
		short := shorts[i*keySize:][:keySize]
		key, found := keys(uint64(binary.BigEndian.Uint16(short))<<32 | uint64(binary.BigEndian.Uint32(short[2:])))
		if !found {
			return nil, false
		}
		entries[i].Content = key
	}
	return entries, whole
}

func (r *reader) notes(entries []fil.Entry, size int) {
	different := r.count(uint64(len(entries)))
	list, width := r.take(size*different), widthOf(different)
	numbers := r.take((width*len(entries) + 7) / 8)
	if r.bad || different == 0 && len(entries) > 0 {
		r.bad = true
		return
	}
	held, bitsHeld := uint32(0), 0
	for i := range entries {
		for ; bitsHeld < width; bitsHeld += 8 {
			held, numbers = held<<8|uint32(numbers[0]), numbers[1:]
		}
		bitsHeld -= width
		number := int(held >> bitsHeld & (1<<width - 1))
		if number >= different {
			r.bad = true
			return
		}
		if size < noteSize {
			continue // a note of version 2, whose codes are others
		}
		entries[i].Note = fil.Note(list[size*number])<<16 | fil.Note(binary.BigEndian.Uint16(list[size*number+1:]))
	}
}

// entries1 reads n entries of version 1.
func (r *reader) entries1(n int) []fil.Entry {
	packed := r.take(n * entrySize1)
	entries := make([]fil.Entry, 0, len(packed)/entrySize1)
	for e := range slices.Chunk(packed, entrySize1) {
		score := math.Float32frombits(binary.BigEndian.Uint32(e[8:]))
		if !(math.Abs(float64(score)) <= maxScore) { // written so that NaN is refused
			r.bad = true
		}
		entries = append(entries, fil.Entry{Content: fil.ContentKey(binary.BigEndian.Uint64(e)), Score: score})
	}
	return entries
}
