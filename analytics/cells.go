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

// Cells counts agents by blocks. What it answers is a sum over groups of agents, each rounded as CellQuestion says.
type Cells interface {
	// Cells answers a question, for each value, period and kind; the empty period is the whole time.
	Cells(ctx context.Context, q CellQuestion) ([]CellCount, error)
	// Pressure gives, by content and week, the agents whom it was shown to; the empty content is any.
	Pressure(ctx context.Context, q CellQuestion) ([]CellCount, error)
	// Hours gives, by hour of the week (0 is Monday, midnight to one o'clock), the agents active in a month, summed over months.
	Hours(ctx context.Context, q CellQuestion) ([]CellCount, error)
	// FirstDay gives the first day that anything is known of.
	FirstDay(ctx context.Context) (time.Time, bool, error)
}

// Seating keeps blocks and seats.
type Seating interface {
	Blocks(ctx context.Context) ([]Block, error)
	// Applicants calls each for those who want a seat.
	Applicants(ctx context.Context, each func(Applicant)) error
	// Seat stores seats and the blocks that they changed, and counts what those who had none have done before.
	Seat(ctx context.Context, seats []Seat, blocks []Block) error
}

// CellQuestion asks how many agents did something.
type CellQuestion struct {
	Contents []string  // nil: all
	From, To time.Time // midnights of the zone; To is not included
	By       string    // axis; empty: no cut
	Every    string    // day, week, month, quarter or year; empty: no cut
	Where    []Condition
	// Groups of fewer agents reached than Threshold are put together; counts of each group are rounded to a multiple of
	// Round, up or down by what Key, the group and the count give.
	Threshold, Round int
	Key              uint64
}

// Condition keeps the blocks that have one of the values.
type Condition struct {
	Axis   string
	Values []string
}

// CellCount is one figure.
type CellCount struct {
	Value, Period string // Period is its first day, 2006-01-02
	Kind          fil.EngagementKind
	Agents        uint64 // distinct
	Days          uint64 // agents × days on which each did
	Groups        uint64 // how many counts were rounded
}

// Acted is the kind of all that goes beyond reading: a click, a reaction, a comment, a share, a save, a follow, an
// acknowledgement.
const Acted fil.EngagementKind = "acted"
