package learning

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
)

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

// day counts the days from 1970.
func day(t time.Time) uint16 {
	return uint16(min(max(t.Unix()/86400, 0), math.MaxUint16))
}
