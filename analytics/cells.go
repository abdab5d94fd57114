package analytics

import (
	"context"
	"time"

	"github.com/filengine/fil"
)

// MaxSeats is how many agents a block holds at most: one bit each of a 64-bit word.
const MaxSeats = 64

// Block is a group of agents whom no dashboard tells apart. Its labels are what all of them have in common.
type Block struct {
	ID     uint32
	Seats  int               // taken, also those of agents who have left
	Labels map[string]string // by axis, org being the first two levels; Mixed where its agents differ
}

// Mixed is the label of a block whose agents have several values, and of what cannot be told apart.
const Mixed = "*"

// Seat is the place of one agent in a block.
type Seat struct {
	Agent   uint64 // pseudonym
	Block   uint32
	Bit     uint8 // below MaxSeats
	Version int64 // of the entry that the seat was given for
	First   bool  // the agent had none before
}

// Applicant is an entry of the directory that has no seat, or that has changed since it was given one.
type Applicant struct {
	Entry
	Seated bool
	Block  uint32 // and Bit: their seat
	Bit    uint8
}

// Cells tells what agents did, block by block. Nothing of it is to be told as it is.
type Cells interface {
	// Did calls each for every block, kind and period in which something was done, in no order; of a question without periods it may
	// call it several times for one block and kind, and its days add up.
	Did(ctx context.Context, q CellQuestion, each func(Deed)) error
	// Shown calls each for every content, week and block that it was shown to; a week is told by its Monday, in days since 1970. The question
	// begins on a Monday.
	Shown(ctx context.Context, q CellQuestion, each func(content string, day int, block uint32, who uint64)) error
	// Hours calls each for every block, kind, month and weekday (0: Monday) on which something was done; Each of what it is given is
	// of hours, and Who of all of them. The question is of whole months.
	Hours(ctx context.Context, q CellQuestion, each func(d Deed, weekday int)) error
	// ContentsOf lists the contents that something was done with on the days from one up to another, sorted.
	ContentsOf(ctx context.Context, from, to time.Time) ([]string, error)
	// FirstDay is the first day, from 1970, on which anything was done that is still told; 0 before anything was.
	FirstDay(ctx context.Context) (int, error)
}

// KeptMonths is how many months what an agent did can be asked for, after which the store forgets it.
const KeptMonths = 25

// Seating keeps blocks and seats.
type Seating interface {
	Blocks(ctx context.Context) ([]Block, error)
	// BlocksVersion grows with each change of blocks.
	BlocksVersion(ctx context.Context) (uint64, error)
	// Applicants calls each for those who want a seat.
	Applicants(ctx context.Context, each func(Applicant)) error
	// Seat stores seats and the blocks that they changed, and counts what those who had none have done before.
	Seat(ctx context.Context, seats []Seat, blocks []Block) error
}

// CellQuestion asks who did something.
type CellQuestion struct {
	Contents []string             // nil: all
	Kinds    []fil.EngagementKind // nil: all
	From, To time.Time            // midnights of the zone; To is not included
	Every    string               // day, week, month, quarter or year; empty: the whole time is one period
}

// Deed is what agents of a block did in a period. Periods of a question do not overlap.
type Deed struct {
	Block uint32
	Kind  fil.EngagementKind
	Day   int    // the first one of the period, from 1970; 0 when the question has no periods
	Who   uint64 // a bit for each agent
	Days  int    // of reading, counted by agent
	// Each is, of a question about all contents whose periods are days, how many agents did it on each day from Day on, which is a
	// month's first.
	Each [31]byte
}

// Acted is the kind of all that goes beyond reading: a click, a reaction, a comment, a share, a save, a follow, an
// acknowledgement.
const Acted fil.EngagementKind = "acted"
