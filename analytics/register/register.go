// Package register keeps who has acknowledged a mandatory content, by name, and tells it to those entitled.
//
// It is apart from statistics: it has a table of its own, with the ids of agents, and no question here counts by pseudonym nor
// any question there names anybody. It hides how the register follows the log (recorder.go), how it is laid beside the
// audience of a content without holding either (walk.go), what is signed (attestation.go) and how accesses are accounted for
// (accesses.go, audit.go). It guarantees that what is told was in the log as an access before, that a key bounded to a perimeter learns
// nothing of what is outside, counts included, and that an acknowledgement is told of the text that was in force when it came in.
//
// It does not decide who is in an audience, nor what a content says: that comes from Directory and Contents.
package register

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// Directory is who there is, and for whom a content is.
type Directory interface {
	Agent(id string) (fil.Agent, bool)
	// Aimed gives at most limit ids of those a content is for, sorted, that come after one.
	Aimed(aim fil.Aim, after string, limit int) []string
	// In says whether an agent is one of those.
	In(agent string, aim fil.Aim) bool
	// Reach counts them.
	Reach(aims []fil.Aim, by string) (total int, groups map[string]int)
}

// Log is where accesses and reminders go. Publish returns nil when all in-sync replicas have every record, whose positions it
// then has filled in place.
type Log interface {
	Publish(ctx context.Context, records []fil.Record) error
}

// Projection is a topic as this process knows it. CatchUp returns nil once all that was in the log when it was called has been
// applied.
type Projection interface {
	CatchUp(ctx context.Context, partitions ...int) error
}

// Parts are what a Register works with. All are needed.
type Parts struct {
	Book      analytics.Acknowledgements
	Directory Directory
	Contents  analytics.Contents
	Log       Log
	Reminders *Reminders
	Reminded  Projection // of the reminders
	Accesses  *Accesses
	Accessed  Projection // of the accesses
	Secret    []byte     // that the key which signs attestations is derived from
	Keep      time.Duration
	Zone      *time.Location // in which moments are told to people
	Logger    *slog.Logger
	Now       func() time.Time
}

// Register answers those entitled. It is safe for concurrent use.
type Register struct {
	Parts
	key ed25519.PrivateKey
	kid string

	reminding sync.Mutex
	written   lately
}

// New makes a register.
func New(parts Parts) (*Register, error) {
	if len(parts.Secret) < 16 || parts.Zone == nil || parts.Keep <= 0 {
		return nil, errors.New("register: a secret, a zone and a retention are required")
	}
	r := &Register{Parts: parts}
	var err error
	if r.key, r.kid, err = keyOf(parts.Secret); err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	return r, nil
}

// horizon is since when lines are told: what is older is kept no more, however long its removal takes.
func (r *Register) horizon() time.Time { return r.Now().Add(-r.Keep) }

// Errors of a question.
var (
	errNotEntitled = errors.New("the key may not see the register")
	errUnknown     = errors.New("no such mandatory content")
	errNoLine      = errors.New("this agent has not acknowledged this content")
	errUnaudited   = errors.New("the access could not be written down")
)

// State says where a mandatory content is.
type State string

// The states.
const (
	Current   State = "current"   // shown, and its deadline is to come
	Past      State = "past"      // its deadline has passed, it has expired, or it is mandatory no more
	Withdrawn State = "withdrawn" // taken back: who acknowledged it is kept
)

// entry is a content as the register knows it.
type entry struct {
	fil.Content
	state State
}

// aim is whom the content is for; of one that was withdrawn, nobody knows.
func (e entry) aimed() bool { return e.state != Withdrawn }

// since is from when an acknowledgement is one of the text in force.
func (e entry) since(now time.Time) time.Time {
	if e.RevisedAt.IsZero() || e.RevisedAt.After(now) {
		return time.Unix(0, 0)
	}
	return e.RevisedAt.Truncate(time.Second) // as the ranking judges it
}

func stateOf(c fil.Content, now time.Time) State {
	if c.LiveAt(now) && now.Before(c.MandatoryUntil) {
		return Current
	}
	return Past
}

// find gives a content of a caller's; one of another perimeter is as if there were none.
func (r *Register) find(ctx context.Context, caller fil.Caller, id string) (entry, error) {
	now := r.Now()
	c, known := r.Contents.Content(id)
	if known && !c.MandatoryUntil.IsZero() && !c.PublishedAt.After(now) {
		return mine(caller, entry{c, stateOf(c, now)})
	}
	gone, err := r.gone(ctx)
	if err != nil {
		return entry{}, err
	}
	for _, e := range gone {
		if e.ID == id {
			return mine(caller, e)
		}
	}
	return entry{}, errUnknown
}

func mine(caller fil.Caller, e entry) (entry, error) {
	if caller.Perimeter != "" && caller.Perimeter != e.Perimeter {
		return entry{}, errUnknown
	}
	return e, nil
}

// gone gives the contents that were acknowledged while they were mandatory, and are so no more.
func (r *Register) gone(ctx context.Context) ([]entry, error) {
	lines, err := r.Book.Titles(ctx, r.horizon())
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was attempted
	}
	var all []entry
	for _, l := range lines {
		c, known := r.Contents.Content(l.Content)
		switch {
		case known && !c.MandatoryUntil.IsZero():
			continue
		case known:
			all = append(all, entry{c, Past})
		default:
			all = append(all, entry{fil.Content{ID: l.Content, Title: l.Title, Perimeter: l.Perimeter, RevisedAt: l.Revised, MandatoryUntil: l.Deadline}, Withdrawn})
		}
	}
	return all, nil
}
