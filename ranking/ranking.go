// Package ranking decides in which order an agent reads what they are eligible for, and says why.
//
// It hides how a feed is computed: the catalogue of contents as columns, the packed facts known of an agent, the score, the
// rules applied after it and the sentences that explain each placement. What agents do becomes profiles and Trends in package
// learning. It does no I/O.
//
// It guarantees that a feed is a pure function of the catalogue, the agent's record, their profile, the trends, the
// policy and the tick: the same inputs give the same feed in every process, and equal stamps mean equal inputs. A score is a
// sum of features, in log2 units, each by its weight in the policy; it is of the moment that stands for its tick (five
// minutes by default), so a feed changes only at the moments that Feed.Until announces. Model does the same for whom replays a
// log.
//
// It does not decide who is eligible (Directory does), does not store feeds, and does not judge its own quality.
//
// The way through the files: what is in force and who reads by it (policies, policy, terms, experiment); contents as columns, and
// their texts (catalogue, reminders, texts, words); what is known of an agent, and of what everybody does (profile, preference,
// signals). Of these a board is made for all (board), on which features are added up (features, score, hours); an agent is taken in
// (reader, wishes), contents are placed (rules) and that is a feed (rank). Then it is told why (reasons, explain, phrases), and what
// is known of an agent (recall). Model is the same for whom replays a log (model).
package ranking

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/filengine/fil"
)

// Directory knows the agents and the audiences that each is in.
type Directory interface {
	// Member finds an agent by id; false when the directory does not know it.
	Member(agentID string) (m Member, ok bool)
}

// Member is one agent as the audiences see it, at one moment.
type Member interface {
	// In says whether the agent is in an audience; false for an audience that is not known.
	In(audienceID string) bool
	// Org is the agent's path in the organisation tree, and Language the one they read in, both empty when it is not known.
	Org() string
	Language() string
	// Stamp changes if and only if the agent's record or the audiences' definitions change.
	Stamp() uint64
}

// epoch is the instant that scores count half-lives from, in Unix seconds: 2020-01-01 UTC.
const epoch = 1577836800

// halfLives gives how many half-lives, of so many hours, lie between the epoch and an instant in Unix nanoseconds.
func halfLives(nanos int64, hours float64) float64 {
	return (float64(nanos)/1e9 - epoch) / (hours * 3600)
}

// nanos is an instant in Unix nanoseconds, at the edge of the range for those that lie beyond it (years 1678 to 2262).
func nanos(t time.Time) int64 {
	switch year := t.Year(); {
	case year < 1678:
		return math.MinInt64
	case year > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// Mix spreads a 64-bit value over all its bits (the finalizer of SplitMix64, Steele, Lea and Flood, 2014).
func Mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Chain adds one value to a digest in which order matters.
func Chain(digest uint64, values ...uint64) uint64 {
	for _, v := range values {
		digest = Mix(digest*0x9e3779b97f4a7c15 + v + 1)
	}
	return digest
}

// KindBit is the place of a kind in packed bitsets: its place in fil.EngagementKinds, without the allocation; -1 for
// an unknown kind.
func KindBit(kind fil.EngagementKind) int {
	switch kind {
	case fil.Impression:
		return 0
	case fil.Open:
		return 1
	case fil.Read:
		return 2
	case fil.Dwell:
		return 3
	case fil.Click:
		return 4
	case fil.Reaction:
		return 5
	case fil.Comment:
		return 6
	case fil.Share:
		return 7
	case fil.Save:
		return 8
	case fil.Follow:
		return 9
	case fil.Dismiss:
		return 10
	case fil.Acknowledge:
		return 11
	}
	return -1
}

// Deliberate are the kinds, by their KindBit, by one of which an agent has read a content: open, read, click, reaction, comment, share, save, follow.
const Deliberate = uint16(1<<1 | 1<<2 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<9)

const (
	dwellBit       = 3
	saveBit        = 8
	dismissBit     = 10
	acknowledgeBit = 11
	kindBits       = 12
	impressionOnly = uint16(1)
)

// ErrNewer is what a reader answers for what a newer version of this program has written. It must be left as it is: the
// program that wrote it reads what this one writes, so the way out is to finish the upgrade.
var ErrNewer = errors.New("written by a newer version of this program")

// CheckVersion tells a packed value that this program reads from one that is newer, and from one that is neither. The
// first byte is the version.
//
// A program of version n writes n and reads n-1, so that a store outlives an upgrade and processes of both may run for its
// time; it leaves n+1 alone. To introduce version n: keep the bytes that n-1 packs as a golden file, let the parser turn
// n-1 into n in memory, and write n. What is written back is then of version n. Popularity alone is made again from the log
// when its version is older: version 1 did not keep what version 2 counts, nor version 2 what version 3 does.
func CheckVersion(what string, packed []byte, current byte) error {
	switch v := packed[0]; {
	case v > current && v <= newest:
		return fmt.Errorf("parse %s: version %d, this program reads up to %d: %w", what, v, current, ErrNewer)
	case v == 0 || v+1 < current || v > newest:
		return fmt.Errorf("parse %s: version %d, want %d", what, v, current)
	}
	return nil
}

// newest bounds what is taken for a version: a first byte beyond it is damage, not the future.
const newest = 31
