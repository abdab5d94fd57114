// Package analytics records what agents did as facts, and answers questions about them.
//
// It hides how an effect happens once (see Recorder), where facts are kept (a Store, met by package warehouse) and the
// privacy rules (see guard.go, the one place of this package where a figure is withheld). It guarantees that each
// identity is one fact, that no fact and no answer carries an agent's id, and that no answer holds a figure about fewer
// agents than the guard's threshold, nor one that the same answer would give by subtraction.
//
// It does not protect against subtraction between two answers with different filters: reports are for those who may see exact
// figures (fil.Caller.Sample), and dashboards, which withstand that, for everybody else (package dashboards). It does not know
// who may be aimed at: that comes from Targeting and Contents.
package analytics

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/filengine/fil"
)

// Fact is one engagement, without the agent's id.
type Fact struct {
	Time      time.Time // when it happened
	Admitted  time.Time // when the door put it in the log
	Kind      fil.EngagementKind
	Content   string
	Agent     uint64  // pseudonym
	Dwell     float64 // seconds; 0 for kinds other than fil.Dwell
	Identity  uint64  // fil.Event.Identity
	Partition int
	Offset    int64
	Arm       string // that the agent was in; empty: none
}

// Entry is what the directory says of one agent at one offset; the greatest offset is the one that holds.
type Entry struct {
	Agent      uint64 // pseudonym
	Org, Site  string
	Attributes map[string][]string // each value as text; a list has several
	Removed    bool                // the agent has left: the rest is empty
	Offset     int64
}

// Claim is the mark that a recorder leaves beside what it stored of one partition of one topic, a lane. Where it is
// missing, what was stored has been lost.
type Claim struct {
	Topic     fil.Topic
	Partition int
	Since     int64  // first offset that was recorded
	Owner     uint64 // the opening of the lane, drawn at random: another one means that another process had the lane since
}

// ErrAway is wrapped by the errors of a store that did not answer.
var ErrAway = errors.New("the store of facts does not answer")

// Store keeps facts, the directory and the claims. An error that wraps fil.ErrForgotten says that what was stored is
// gone (and that there is room to store it again).
type Store interface {
	Claims
	Facts
	Erasures
}

// Erasure is an agent's wish that what they did before be forgotten.
type Erasure struct {
	Agent     uint64 // pseudonym
	Partition int
	Offset    int64 // of the record that says so: of what lies before it in the partition, nothing is to stay
	Admitted  time.Time
}

// Covers says whether what was recorded at an offset lies before the wish, and is to go. What was admitted further from it than Skew
// lies before or after it whatever its offset, which may be of a log that was lost.
func (e Erasure) Covers(offset int64, admitted time.Time) bool {
	switch {
	case admitted.Before(e.Admitted.Add(-Skew)):
		return true
	case admitted.After(e.Admitted.Add(Skew)):
		return false
	}
	return offset < e.Offset
}

// Forbids says whether what was done at a time is not to be recorded any more, when it is sent late or once again.
func (e Erasure) Forbids(done time.Time) bool {
	return done.Before(e.Admitted.Truncate(time.Millisecond))
}

// Erasures keeps what agents asked to be forgotten, which is done soon after by who gives seats.
type Erasures interface {
	// AskErasure notes erasures, to be done, again if need be. One that is older than the one noted has no effect.
	AskErasure(ctx context.Context, erasures []Erasure) error
	// Erased gives the last erasure of each agent of a partition who asked for one, whether it is done or not.
	Erased(ctx context.Context, partition int) (map[uint64]Erasure, error)
}

// Claims keeps one claim a lane.
type Claims interface {
	// Claimed gives the last claim of each lane that has one, and how many facts there are of all partitions, at no cost
	// that grows with them.
	Claimed(ctx context.Context) (claims []Claim, facts uint64, err error)
	// Claim writes a claim, which is then the last of its lane.
	Claim(ctx context.Context, claim Claim) error
}

// Facts keeps facts, and what the directory says of those whom they are about.
type Facts interface {
	// Extent says how many facts a partition has, and when the last of them was admitted: the zero time without facts.
	Extent(ctx context.Context, partition int) (facts uint64, last time.Time, err error)
	// Identities calls remember for each fact of a partition admitted after one time and until another. The day is the
	// admission's, in days since 1970 in UTC.
	Identities(ctx context.Context, partition int, after, until time.Time, remember func(identity uint64, offset int64, day uint16)) error
	// Insert stores all the facts or none. A second call with the same token and the same facts has no effect.
	Insert(ctx context.Context, token string, facts []Fact) error
	// Enrol stores entries. The same entries again have no effect, nor has an entry older than the one stored.
	Enrol(ctx context.Context, entries []Entry) error
}

// Config sets how facts are recorded.
type Config struct {
	PseudonymKey []byte        // secret of at least 16 bytes; another key makes other pseudonyms, so facts already stored lose their agents
	Memory       time.Duration // how long an identity is remembered after its admission, in whole days
	CheckEvery   time.Duration // how often, at most, lanes that are idle look together whether their facts are still there
	Unstored     []string      // attributes that no report may group by (fil.Attribute.Groups)

	// Arm says in which arm an agent was when they did something, ArmHoldout or that of an experiment as ArmLabel writes it, and
	// "" for none. It is a function of the log alone, so that a rebuild finds the same. nil: nobody is in any.
	Arm func(fil.Engagement) string
}

// DefaultConfig remembers identities for 32 days and looks once a second. The key has no default.
func DefaultConfig() Config { return Config{Memory: 32 * 24 * time.Hour, CheckEvery: time.Second} }

// Validate gathers the faults of the settings.
func (c Config) Validate() error {
	var faults []error
	if len(c.PseudonymKey) < 16 {
		faults = append(faults, fmt.Errorf("pseudonym key: %d bytes, at least 16 are required", len(c.PseudonymKey)))
	}
	if c.Memory < 24*time.Hour || c.Memory > 366*24*time.Hour {
		faults = append(faults, fmt.Errorf("memory of identities: %v, from one day to 366 is required", c.Memory))
	}
	if c.CheckEvery < 0 || c.CheckEvery > time.Minute {
		faults = append(faults, fmt.Errorf("check every: %v, at most a minute is required", c.CheckEvery))
	}
	return errors.Join(faults...)
}

// Pseudonym is what facts know an agent by: the first 8 bytes, in big-endian order, of the HMAC-SHA256 of the id. Among
// the 5.8 million agents of the whole civil service two share one with a probability of 10⁻⁶.
func Pseudonym(key []byte, agent string) uint64 {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(agent)) // a hash does not fail
	return binary.BigEndian.Uint64(mac.Sum(nil))
}
