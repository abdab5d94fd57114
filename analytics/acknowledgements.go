package analytics

import (
	"context"
	"time"

	"github.com/filengine/fil"
)

// Acknowledgement is one line of the register of acknowledgements: the one thing that is kept here by an agent's own id.
type Acknowledgement struct {
	Content, Agent string
	Time           time.Time // when the agent did it
	Admitted       time.Time // when the door put it in the log
	fil.Receipt
	Identity  uint64 // fil.Event.Identity
	Partition int
	Offset    int64
}

// Ledgers keep acknowledgements. One that is kept again has no effect. An error that wraps fil.ErrForgotten says that what was
// kept is gone.
type Ledgers interface {
	// Marked gives the partitions of the log that acknowledgements are kept of.
	Marked(ctx context.Context) (map[int]bool, error)
	// Mark adds a partition to them.
	Mark(ctx context.Context, partition int) error
	// Keep stores all of them or none.
	Keep(ctx context.Context, lines []Acknowledgement) error
	// Unkept gives those that are not kept.
	Unkept(ctx context.Context, lines []Acknowledgement) ([]Acknowledgement, error)
}

// AcknowledgedBy asks who acknowledged a content.
type AcknowledgedBy struct {
	Content string
	Since   time.Time // of the act
	Horizon time.Time // of its admission: what is older is kept no more
	After   string    // id of an agent
	Limit   int       // agents
}

// Acknowledgements reads what is kept.
type Acknowledgements interface {
	// Acknowledged gives the first line of each agent since a moment, in the order of their ids.
	Acknowledged(ctx context.Context, q AcknowledgedBy) ([]Acknowledgement, error)
	// Last gives the latest line of one agent.
	Last(ctx context.Context, content, agent string, horizon time.Time) (Acknowledgement, bool, error)
	// Titles gives the latest line of each content that was mandatory when it was acknowledged.
	Titles(ctx context.Context, horizon time.Time) ([]Acknowledgement, error)
}
