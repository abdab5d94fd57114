package ranking

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/filengine/fil"
)

// A profile is packed as a header of one version byte and the offset of the last record applied (8 bytes), which every
// version has; the order chosen (1) and the number of facts (2); then facts of 26 bytes in ascending order of content key:
// key (8), bitset of kinds (2), last time in Unix seconds (4), times shown (2), seconds of dwell (2), when it was acknowledged
// last in Unix seconds (4, 0 for never), when it was saved last (4, likewise); then preferences, as wish says. All integers are little-endian. Facts of
// version 3 did not have the last of these, those of version 2 the last two, and version 1 had such facts alone, right after the offset.
const (
	profileVersion = 4
	profileHeader  = 9 // what a write compares
	orderAt        = 9
	countAt        = 10
	factsAt        = 12
	factSize       = 26
	factSize3      = 22 // of version 3
	factSize2      = 18 // of versions 1 and 2
)

// MaxFacts is how many contents a profile holds at most, those dealt with last.
const MaxFacts = 512

// Profile is what is known of one agent: the facts about the 512 contents they dealt with last, the 64 preferences that
// they stated last, the order that they chose, and the offset in the log of the last record that it includes. It holds no
// score: tastes are derived from it at ranking time, under the policy in force. The zero value knows nothing. It takes 12
// bytes, 26 per content, and 8 per preference with its name: 13,324 at most for an agent without preferences.
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
	acked   uint32 // Unix seconds of the latest acknowledgement; 0: none
	saved   uint32 // Unix seconds of the latest save that was not taken back; 0: none
}

// ParseProfile checks and wraps a packed profile, which it keeps and never changes; an empty one is the zero Profile. The
// error is ErrNewer for one of a later version.
func ParseProfile(packed []byte) (Profile, error) {
	switch {
	case len(packed) == 0:
		return Profile{}, nil
	case checkProfile(packed) != nil:
		return Profile{}, checkProfile(packed)
	case packed[0] == 1 && (len(packed) < profileHeader || (len(packed)-profileHeader)%factSize2 != 0):
		return Profile{}, fmt.Errorf("parse profile: %d bytes are not a whole number of facts", len(packed))
	case packed[0] != 1 && len(packed) < factsAt:
		return Profile{}, fmt.Errorf("parse profile: %d bytes are no header", len(packed))
	}
	p := Profile{packed}
	switch {
	case p.Len() > MaxFacts:
		return Profile{}, fmt.Errorf("parse profile: %d facts are more than %d", p.Len(), MaxFacts)
	case len(packed) < p.wishesAt():
		return Profile{}, fmt.Errorf("parse profile: %d bytes do not hold %d facts", len(packed), p.Len())
	case p.Offset() < 0:
		return Profile{}, fmt.Errorf("parse profile: negative offset %d", p.Offset())
	}
	if err := p.checkWishes(); err != nil {
		return Profile{}, fmt.Errorf("parse profile: %w", err)
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

// checkProfile says whether this program reads the version that a packed profile is of: all there have been.
func checkProfile(packed []byte) error {
	if packed[0] >= 1 && packed[0] < profileVersion {
		return nil
	}
	return CheckVersion("profile", packed, profileVersion)
}

// Bytes is the packed form, not to be changed; empty for a profile that knows nothing.
func (p Profile) Bytes() []byte { return p.packed }

// HeaderOf is what a write of a packed profile compares, read or not: its version and offset.
func HeaderOf(packed []byte) []byte { return packed[:min(len(packed), profileHeader)] }

// OffsetOf is Profile.Offset of a packed profile, of which its header is enough.
func OffsetOf(packed []byte) int64 { return Profile{packed}.Offset() }

// Offset is the place in the log of the last engagement or preference applied, -1 when there is none.
func (p Profile) Offset() int64 {
	if len(p.packed) < profileHeader {
		return -1
	}
	return int64(binary.LittleEndian.Uint64(p.packed[1:]))
}

// Len is the number of contents known.
func (p Profile) Len() int {
	switch {
	case len(p.packed) == 0:
		return 0
	case p.packed[0] == 1:
		return (len(p.packed) - profileHeader) / factSize2
	}
	return int(binary.LittleEndian.Uint16(p.packed[countAt:]))
}

func (p Profile) setLen(n int) { binary.LittleEndian.PutUint16(p.packed[countAt:], uint16(n)) }

// factsFrom is where the facts begin.
func (p Profile) factsFrom() int {
	if len(p.packed) > 0 && p.packed[0] == 1 {
		return profileHeader
	}
	return factsAt
}

// size is how many bytes a fact takes.
func (p Profile) size() int {
	switch {
	case len(p.packed) == 0 || p.packed[0] == profileVersion:
		return factSize
	case p.packed[0] == 3:
		return factSize3
	}
	return factSize2
}

// advanced copies the profile as one of this version that includes the record at offset, with room for more bytes.
func (p Profile) advanced(offset int64, room int) Profile {
	next := Profile{make([]byte, factsAt, factsAt+len(p.packed)+(factSize-p.size())*p.Len()+room)}
	next.packed[0] = profileVersion
	binary.LittleEndian.PutUint64(next.packed[1:], uint64(offset))
	if len(p.packed) > 0 {
		next.setLen(p.Len())
		next.packed[orderAt] = p.order()
		if p.size() == factSize {
			next.packed = append(next.packed, p.packed[factsAt:]...)
			return next
		}
		next.packed = next.packed[:factsAt+factSize*p.Len()]
		for i := range p.Len() {
			next.put(i, p.at(i))
		}
		next.packed = append(next.packed, p.packed[p.wishesAt():]...)
	}
	return next
}

// Apply gives the profile with one more engagement, the one at offset in the agent's partition. The receiver is not
// changed. An offset that the profile already includes changes nothing. When there are more than 512 contents, the one
// dealt with longest ago is forgotten.
func (p Profile) Apply(e fil.Engagement, offset int64) Profile {
	bit := KindBit(e.Kind)
	if offset <= p.Offset() || bit < 0 {
		return p
	}
	key := fil.KeyOf(e.Content)
	i, found := p.search(key)
	next := p.advanced(offset, factSize)
	f := fact{content: key}
	if found {
		f = p.at(i)
	} else {
		next.packed = slices.Insert(next.packed, factsAt+i*factSize, make([]byte, factSize)...)
		next.setLen(next.Len() + 1)
	}
	next.put(i, f.with(e, bit))
	if next.Len() > MaxFacts {
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
	if e.Kind == fil.Acknowledge {
		f.acked = max(f.acked, at)
	}
	if e.Kind == fil.Save {
		f.saved = max(f.saved, at)
	}
	if e.Kind == fil.Dwell {
		f.dwell = uint16(min(float64(f.dwell)+math.Round(e.Dwell), math.MaxUint16))
	}
	return f
}

func (p Profile) at(i int) fact {
	b := p.packed[p.factsFrom()+i*p.size():][:p.size()]
	f := fact{
		content: fil.ContentKey(binary.LittleEndian.Uint64(b)),
		kinds:   binary.LittleEndian.Uint16(b[8:]),
		last:    binary.LittleEndian.Uint32(b[10:]),
		shown:   binary.LittleEndian.Uint16(b[14:]),
		dwell:   binary.LittleEndian.Uint16(b[16:]),
	}
	switch { // without a time of its own: at that moment at the latest
	case len(b) >= factSize3:
		f.acked = binary.LittleEndian.Uint32(b[factSize2:])
	case f.kinds&(1<<acknowledgeBit) != 0:
		f.acked = f.last
	}
	switch {
	case len(b) == factSize:
		f.saved = binary.LittleEndian.Uint32(b[factSize3:])
	case f.kinds&(1<<saveBit) != 0:
		f.saved = f.last
	}
	return f
}

func (p Profile) put(i int, f fact) {
	b := p.packed[factsAt+i*factSize:][:factSize]
	binary.LittleEndian.PutUint64(b, uint64(f.content))
	binary.LittleEndian.PutUint16(b[8:], f.kinds)
	binary.LittleEndian.PutUint32(b[10:], f.last)
	binary.LittleEndian.PutUint16(b[14:], f.shown)
	binary.LittleEndian.PutUint16(b[16:], f.dwell)
	binary.LittleEndian.PutUint32(b[factSize2:], f.acked)
	binary.LittleEndian.PutUint32(b[factSize3:], f.saved)
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

// Did is what the agent did with a content: a set of kinds, by their KindBit.
func (p Profile) Did(content fil.ContentKey) uint16 { return p.find(content).kinds }

// Reads calls visit with each content that the agent has read, by a Deliberate act, and the Unix seconds when they last did
// something with it, in ascending order of content, until it says false.
func (p Profile) Reads(visit func(content fil.ContentKey, last uint32) bool) {
	facts := p.packed[min(len(p.packed), p.factsFrom()):min(len(p.packed), p.wishesAt())]
	for b, size := facts, p.size(); len(b) > 0; b = b[size:] {
		if binary.LittleEndian.Uint16(b[8:])&Deliberate != 0 && !visit(fil.ContentKey(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint32(b[10:])) {
			return
		}
	}
}

func (p *Profile) forgetOldest() {
	oldest := 0
	for i := range p.Len() {
		if p.at(i).last < p.at(oldest).last {
			oldest = i
		}
	}
	p.forget(oldest)
}

// forget takes one fact out.
func (p *Profile) forget(i int) {
	from := factsAt + i*factSize
	p.packed = slices.Delete(p.packed, from, from+factSize)
	p.setLen(p.Len() - 1)
}
