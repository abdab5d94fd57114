package ranking

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/filengine/fil"
)

// A profile is packed as a header of one version byte and the offset of the last engagement applied (8 bytes), then
// facts of 18 bytes in ascending order of content key: key (8), bitset of kinds (2), last time in Unix seconds (4),
// times shown (2), seconds of dwell (2). All integers are little-endian.
const (
	profileVersion = 1
	profileHeader  = 9
	factSize       = 18
	maxFacts       = 512
)

// Profile is what is known of one agent: the facts about the 512 contents they dealt with last, and the offset in the
// log of the last engagement that it includes. It holds no score: tastes are derived from it at ranking time, under
// the policy in force. The zero value knows nothing. It takes 9 bytes and 18 per content: 9,225 at most.
type Profile struct {
	packed []byte
}

// fact is what one agent did with one content.
type fact struct {
	content fil.ContentKey
	kinds   uint16 // bit i: the kind of place i in fil.EngagementKinds was seen
	last    uint32 // Unix seconds of the last engagement that is not an impression; of the last impression if there is none
	shown   uint16 // impressions, saturating
	dwell   uint16 // seconds in all, saturating
}

// ParseProfile checks and wraps a packed profile, which it keeps and never changes; an empty one is the zero Profile. The
// error is ErrNewer for one of a later version.
func ParseProfile(packed []byte) (Profile, error) {
	switch {
	case len(packed) == 0:
		return Profile{}, nil
	case checkVersion("profile", packed, profileVersion) != nil:
		return Profile{}, checkVersion("profile", packed, profileVersion)
	case len(packed) < profileHeader || (len(packed)-profileHeader)%factSize != 0:
		return Profile{}, fmt.Errorf("parse profile: %d bytes are not a whole number of facts", len(packed))
	case len(packed) > profileHeader+maxFacts*factSize:
		return Profile{}, fmt.Errorf("parse profile: %d bytes hold more than %d facts", len(packed), maxFacts)
	}
	p := Profile{packed}
	if p.Offset() < 0 {
		return Profile{}, fmt.Errorf("parse profile: negative offset %d", p.Offset())
	}
	for i := range p.Len() {
		f := p.at(i)
		if f.kinds == 0 || f.kinds >= 1<<kindBits {
			return Profile{}, fmt.Errorf("parse profile: fact %d holds unknown kinds %#x", i, f.kinds)
		}
		if i > 0 && f.content <= p.at(i-1).content {
			return Profile{}, fmt.Errorf("parse profile: fact %d is out of order", i)
		}
	}
	return p, nil
}

// Bytes is the packed form, not to be changed; empty for a profile that knows nothing.
func (p Profile) Bytes() []byte { return p.packed }

// Offset is the place in the log of the last engagement applied, -1 when there is none.
func (p Profile) Offset() int64 {
	if len(p.packed) < profileHeader {
		return -1
	}
	return int64(binary.LittleEndian.Uint64(p.packed[1:]))
}

// Len is the number of contents known.
func (p Profile) Len() int { return max(0, len(p.packed)-profileHeader) / factSize }

// Apply gives the profile with one more engagement, the one at offset in the agent's partition. The receiver is not
// changed. An offset that the profile already includes changes nothing. When there are more than 512 contents, the one
// dealt with longest ago is forgotten.
func (p Profile) Apply(e fil.Engagement, offset int64) Profile {
	bit := kindBit(e.Kind)
	if offset <= p.Offset() || bit < 0 {
		return p
	}
	key := fil.KeyOf(e.Content)
	i, found := p.search(key)
	next := Profile{make([]byte, profileHeader, profileHeader+(p.Len()+1)*factSize)}
	next.packed[0] = profileVersion
	binary.LittleEndian.PutUint64(next.packed[1:], uint64(offset))
	if len(p.packed) > profileHeader {
		next.packed = append(next.packed, p.packed[profileHeader:]...)
	}
	f := fact{content: key}
	if found {
		f = p.at(i)
	} else {
		next.packed = slices.Insert(next.packed, profileHeader+i*factSize, make([]byte, factSize)...)
	}
	next.put(i, f.with(e, bit))
	if next.Len() > maxFacts {
		next.forgetOldest()
	}
	return next
}

// with adds one engagement to a fact.
func (f fact) with(e fil.Engagement, bit int) fact {
	at := uint32(min(max(e.Time.Unix(), 0), math.MaxUint32))
	switch deliberate := f.kinds &^ impressionOnly; {
	case e.Kind == fil.Impression:
		f.shown = uint16(min(int(f.shown)+1, math.MaxUint16))
		if deliberate == 0 {
			f.last = max(f.last, at)
		}
	case deliberate == 0:
		f.last = at
	default:
		f.last = max(f.last, at)
	}
	f.kinds |= 1 << bit
	if e.Kind == fil.Dwell {
		f.dwell = uint16(min(float64(f.dwell)+math.Round(e.Dwell), math.MaxUint16))
	}
	return f
}

func (p Profile) at(i int) fact {
	b := p.packed[profileHeader+i*factSize:][:factSize]
	return fact{
		content: fil.ContentKey(binary.LittleEndian.Uint64(b)),
		kinds:   binary.LittleEndian.Uint16(b[8:]),
		last:    binary.LittleEndian.Uint32(b[10:]),
		shown:   binary.LittleEndian.Uint16(b[14:]),
		dwell:   binary.LittleEndian.Uint16(b[16:]),
	}
}

func (p Profile) put(i int, f fact) {
	b := p.packed[profileHeader+i*factSize:][:factSize]
	binary.LittleEndian.PutUint64(b, uint64(f.content))
	binary.LittleEndian.PutUint16(b[8:], f.kinds)
	binary.LittleEndian.PutUint32(b[10:], f.last)
	binary.LittleEndian.PutUint16(b[14:], f.shown)
	binary.LittleEndian.PutUint16(b[16:], f.dwell)
}

// search finds the place of a content, or where it would go.
func (p Profile) search(key fil.ContentKey) (int, bool) {
	i := sort.Search(p.Len(), func(i int) bool { return p.at(i).content >= key })
	return i, i < p.Len() && p.at(i).content == key
}

// find gives the fact about a content; its zero value when there is none.
func (p Profile) find(key fil.ContentKey) fact {
	if i, ok := p.search(key); ok {
		return p.at(i)
	}
	return fact{}
}

func (p *Profile) forgetOldest() {
	oldest := 0
	for i := range p.Len() {
		if p.at(i).last < p.at(oldest).last {
			oldest = i
		}
	}
	from := profileHeader + oldest*factSize
	p.packed = slices.Delete(p.packed, from, from+factSize)
}

// Identities is the packed memory of the engagements applied for one agent, oldest first, that tells a duplicate from
// a redelivery: 16 little-endian bytes each, the event's identity (8), its offset (6) and the day it was admitted (2,
// counted from 1970). An identity is claimed for an offset: the same identity at the same offset is a redelivery, at
// a later one within 32 days a duplicate.
type Identities []byte

const (
	claimSize  = 16
	memoryDays = 32
	maxClaims  = 1 << 16 // for one agent, 2,000 a day; beyond it the oldest are forgotten
)

// Holds says whether an identity was claimed in the 32 days up to now.
func (m Identities) Holds(identity uint64, now time.Time) bool {
	_, found := m.claimed(identity, math.MaxInt64, day(now))
	return found
}

// claimed finds the offset for which an identity was first claimed in the memory's window, at most the offset given.
func (m Identities) claimed(identity uint64, offset int64, day uint16) (int64, bool) {
	var want [8]byte
	binary.LittleEndian.PutUint64(want[:], identity)
	for i := 0; i+claimSize <= len(m); i += claimSize {
		if !bytes.Equal(m[i:i+8], want[:]) {
			continue
		}
		at := m.offset(i)
		if at <= offset && int(day)-int(m.day(i)) <= memoryDays {
			return at, true
		}
	}
	return 0, false
}

func (m Identities) offset(i int) int64 {
	return int64(binary.LittleEndian.Uint64(m[i+8:]) & (1<<48 - 1))
}

func (m Identities) day(i int) uint16 { return binary.LittleEndian.Uint16(m[i+14:]) }

// claim adds an identity for an offset.
func (m Identities) claim(identity uint64, offset int64, day uint16) Identities {
	m = binary.LittleEndian.AppendUint64(m, identity)
	return binary.LittleEndian.AppendUint64(m, uint64(offset)&(1<<48-1)|uint64(day)<<48)
}

// stale is how many bytes at the front can be forgotten: claims older than the window that ends on the day given, and
// those beyond the bound.
func (m Identities) stale(day uint16) int {
	n := 0
	for n+claimSize <= len(m) && (int(day)-int(m.day(n)) > memoryDays || len(m)-n > maxClaims*claimSize) {
		n += claimSize
	}
	return n
}
