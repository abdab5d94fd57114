// Package learning turns what agents do, as the log tells it, into what the ranking reads: a profile of each agent, and what
// everybody's engagements say about each content.
//
// It hides how that is counted (an activity clock, decayed counts, who reads the same, what organisations read), how a partition's
// counts are packed, how a record that comes twice is told from one that comes again, and in which order writes must follow
// one another. It does no I/O but through Store, Log and the reader given to NewPopularity.
//
// It guarantees that an engagement has its effect once, however often and in whatever batches the log delivers it (see Learner);
// that two processes which read the same counts see the same trends, bit for bit; that what is stored can be made again from
// the log, beside what is served (Rebuilder), and an explanation from the log as it was then (Replayer). Memory does the same as a
// Learner without a store.
//
// It does not weigh anything: what a count or a fact is worth is for the policy, at ranking time.
package learning

import (
	"context"
	"errors"
)

// ErrConflict is a Store's answer to a write when someone else has written since the read it rests on: load and try again.
var ErrConflict = errors.New("written by someone else since it was read")

// Store keeps what the learner learns. Every save is atomic and compares what is stored with what was loaded: another
// writer's effects are never overwritten.
type Store interface {
	// Load reads, in one round trip, the header of a partition's popularity (empty if it is not there) and what is
	// stored about each agent, in the order asked.
	Load(ctx context.Context, partition int, agents []string) (header []byte, stored []Stored, err error)
	// Save writes the changes, each atomically: an error may leave some written.
	Save(ctx context.Context, changes []Change) error
	// LoadPopularity reads a partition's packed popularity, as it is at one moment; empty if it is not there.
	LoadPopularity(ctx context.Context, partition int) (PackedTally, error)
	// SavePopularity writes a change of a partition's popularity, atomically.
	SavePopularity(ctx context.Context, partition int, change PopularityChange) error
}

// Stored is what a store holds about one agent: a packed profile and the identities that it includes, both empty for
// an agent that it does not know.
type Stored struct {
	Profile    []byte
	Identities Identities
}

// Change is what must become of one agent's state, if the stored profile still has the header that Before has.
type Change struct {
	Agent   string
	Before  []byte     // the profile's first 9 bytes when it was loaded: version and offset; empty if there was none
	Profile []byte     // the whole new profile; empty to take it away
	Forget  int        // bytes to drop at the front of the identities
	Claims  Identities // to append to the identities
}

// PopularityChange is what must become of a partition's popularity, if what is stored still begins with Before (which
// is empty when nothing may be stored).
type PopularityChange struct {
	Before []byte
	Whole  bool     // Bytes[0] takes the place of the counts, and Habits that of the habits
	At     []int    // where in the counts each of Bytes is written
	Bytes  [][]byte // the first begins with the header, at 0
	Habits []Habit  // fields to write; to take away if they are empty
}

// PackedTally is a partition's popularity as a store keeps it (see pack.go). Both are empty for one that is not there.
type PackedTally struct {
	Counts []byte
	Habits []Habit // in any order
}

// Habit is one field of the habits.
type Habit struct {
	Field string
	Bytes []byte // empty: the field is not there
}
