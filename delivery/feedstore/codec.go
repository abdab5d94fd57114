package feedstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
)

// Version 1 of a packed feed; numbers of fixed width are big-endian:
//
//	1 B     version
//	        length of the policy's version (uvarint), and the version
//	8 B     stamp
//	        built: Unix seconds (varint), nanoseconds (uvarint)
//	        until: the same
//	        day of the last read: days since 1970 (uvarint)
//	        number of entries (uvarint)
//	12 B    per entry: content key, score (IEEE 754)
//	4 B     CRC-32C of all that precedes
//
// The reader of version n keeps reading n-1, so that a store written before an upgrade stays warm. A version that it does
// not know is as good as missing: the feed is ranked again and written over it, which the newer program then reads.
const version1 = 1

// MaxEntries bounds one packed feed.
const MaxEntries = 1024

const (
	maxPolicy  = 255
	entrySize  = 12
	stampSize  = 8
	sumSize    = 4
	secondsDay = 86400
)

// ErrUnreadable is what Unpack answers for bytes that are no packed feed of a version it knows, whole and unaltered.
var ErrUnreadable = errors.New("not a packed feed")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Pack writes a feed, without its agent, which its key says, and the day of its last read: about 50 bytes and 12 for
// each entry.
func Pack(feed fil.Feed, read time.Time) ([]byte, error) {
	switch {
	case len(feed.Entries) > MaxEntries:
		return nil, fmt.Errorf("pack feed: %d entries, over %d", len(feed.Entries), MaxEntries)
	case len(feed.Policy) > maxPolicy:
		return nil, fmt.Errorf("pack feed: policy version of %d bytes, over %d", len(feed.Policy), maxPolicy)
	}
	b := make([]byte, 0, 64+len(feed.Policy)+entrySize*len(feed.Entries))
	b = append(b, version1)
	b = binary.AppendUvarint(b, uint64(len(feed.Policy)))
	b = append(b, feed.Policy...)
	b = binary.BigEndian.AppendUint64(b, feed.Stamp)
	b = appendTime(b, feed.Built)
	b = appendTime(b, feed.Until)
	b = binary.AppendUvarint(b, uint64(max(0, read.Unix()/secondsDay)))
	b = binary.AppendUvarint(b, uint64(len(feed.Entries)))
	for _, e := range feed.Entries {
		if score := float64(e.Score); math.IsNaN(score) || math.IsInf(score, 0) {
			return nil, fmt.Errorf("pack feed: score of content %016x is %v", uint64(e.Content), e.Score)
		}
		b = binary.BigEndian.AppendUint64(b, uint64(e.Content))
		b = binary.BigEndian.AppendUint32(b, math.Float32bits(e.Score))
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), nil
}

func appendTime(b []byte, t time.Time) []byte {
	b = binary.AppendVarint(b, t.Unix())
	return binary.AppendUvarint(b, uint64(t.Nanosecond()))
}

// Unpack reads what Pack wrote; times are in UTC and the agent is left empty. Its error is ErrUnreadable.
func Unpack(packed []byte) (feed fil.Feed, read time.Time, err error) {
	if len(packed) < 1+sumSize || packed[0] != version1 {
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
	entries := r.take(r.count(MaxEntries) * entrySize)
	if r.bad || len(r.rest) > 0 {
		return fil.Feed{}, time.Time{}, ErrUnreadable
	}
	feed.Entries = make([]fil.Entry, 0, len(entries)/entrySize)
	for e := range slices.Chunk(entries, entrySize) {
		score := math.Float32frombits(binary.BigEndian.Uint32(e[8:]))
		if wide := float64(score); math.IsNaN(wide) || math.IsInf(wide, 0) {
			return fil.Feed{}, time.Time{}, ErrUnreadable
		}
		feed.Entries = append(feed.Entries, fil.Entry{Content: fil.ContentKey(binary.BigEndian.Uint64(e)), Score: score})
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

func (r *reader) time() time.Time {
	seconds, n := binary.Varint(r.rest)
	if r.bad || n <= 0 {
		r.bad = true
		return time.Time{}
	}
	r.rest = r.rest[n:]
	return time.Unix(seconds, int64(r.count(uint64(time.Second-1)))).UTC()
}

// kept is what a packed feed and the value beside it make.
func kept(agent string, packed []byte, beside []byte) (delivery.Kept, error) {
	k := delivery.Kept{Feed: fil.Feed{Agent: agent}, Profile: beside}
	if packed == nil {
		return k, nil
	}
	feed, read, err := Unpack(packed)
	if err != nil {
		return k, err
	}
	k.Feed, k.Read, k.Found = feed, read, true
	k.Feed.Agent = agent
	return k, nil
}
