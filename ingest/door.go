// Package ingest is the door of the house: the one way in for agents, audiences, contents and engagements.
//
// It hides HTTP, CloudEvents and NDJSON, how a record is checked, and how a second event with the same identity is told
// from the first. It guarantees that what it answers with success is in the log on all in-sync replicas (never a false
// 202), that a refusal names the field and spoils no other record, that an event whose publication failed is never
// called a duplicate, and that memory is bounded whatever is sent: the requests being read and published hold
// Config.InFlight bytes of body at most, one of them 8 MiB, a stream 4 MiB; the others wait.
//
// A caller with a perimeter writes and reads what carries it, and no more (perimeters.go).
//
// It keeps nothing but the log: it is stateless, and more of it is the way to scale. It does not order concurrent writes
// of one record, nor does If-Match hold between two processes. It knows a duplicate from before this process, or from
// another one, only if Known does; stages downstream check identities again, so that an effect happens once in any case.
// There is no Idempotency-Key: a record is idempotent by its id, an engagement by its source and id.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/filengine/fil"
)

// Log is where records go. Publish returns nil when all in-sync replicas have every record, whose positions it then has
// filled in place; after an error, any part of them may be in the log.
type Log interface {
	Publish(ctx context.Context, records []fil.Record) error
}

// Projection is a state made from one topic in this process. Await returns nil once the record at a position has been
// applied, or the context's error.
type Projection interface {
	Await(ctx context.Context, at fil.Position) error
}

// Directory is the agents and audiences known so far. Agents gives those whose id follows after, in the order of ids.
type Directory interface {
	Agent(id string) (fil.Agent, bool)
	Audience(id string) (fil.Audience, bool)
	Agents(after string, limit int) []fil.Agent
	Audiences() []fil.Audience
}

// Catalogue is the contents known so far, live or not, in any order.
type Catalogue interface {
	Content(id string) (fil.Content, bool)
	Contents() []fil.Content
}

// Rules judges the rule of an audience, and the audiences that it names, before the audience is written: nil, or a fault
// on the field "rule" that points into it.
type Rules interface {
	CheckAudience(definition fil.Audience) error
}

// Identified is one event of one agent: the agent's id and the event's fil.Event.Identity.
type Identified struct {
	Agent    string
	Identity uint64
}

// Known says, for each event asked about, whether its effects are remembered from before. An error means "cannot tell":
// the events are then admitted.
type Known interface {
	Known(ctx context.Context, events []Identified) ([]bool, error)
}

// Desk has contents reviewed, and keeps what they were. Review says whether a caller may write a content at once, an error
// being the answer; Keep has to remember what is about to be written, nil to remove it, before it is.
type Desk interface {
	Review(caller fil.Caller, content fil.Content) error
	Keep(ctx context.Context, id string, content *fil.Content) error
}

// Config is what an operator may set of the door.
type Config struct {
	PublishTimeout time.Duration // the longest wait for a place, then for the log, before a request is told to come back
	ApplyTimeout   time.Duration // the longest wait for the projection after the log, before a write is answered anyway
	KnownTimeout   time.Duration // the longest wait for Known, before events are admitted without it
	InFlight       int           // bytes of requests being read and published at a time; in memory they take some 4 times that, 6 when events are small
	Remember       int           // identities of events that this process remembers to have published; 40 bytes each
	Ahead          time.Duration // how far in the future an engagement may say that it happened
}

// DefaultConfig is for a machine of 2 cores.
func DefaultConfig() Config {
	return Config{
		PublishTimeout: 15 * time.Second, ApplyTimeout: 2 * time.Second, KnownTimeout: 2 * time.Second,
		InFlight: 64 << 20, Remember: 500_000, Ahead: 24 * time.Hour,
	}
}

// Validate reports every fault of the settings at once.
func (c Config) Validate() error {
	var faults []error
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"publish timeout", c.PublishTimeout}, {"apply timeout", c.ApplyTimeout}, {"known timeout", c.KnownTimeout}} {
		if d.value <= 0 {
			faults = append(faults, fmt.Errorf("%s: %s, more than 0 is required", d.name, d.value))
		}
	}
	if c.InFlight < maxBody {
		faults = append(faults, fmt.Errorf("in flight: %d bytes, at least %d are required, the largest body", c.InFlight, maxBody))
	}
	if c.Remember < 0 || c.Ahead < 0 {
		faults = append(faults, errors.New("remember and ahead: 0 or more is required"))
	}
	return errors.Join(faults...)
}

// Parts is what the door is made of. Known may be nil; a topic without a Projection is not waited for; without a Roll the
// Directory is read page after page.
type Parts struct {
	Log       Log
	Applied   map[fil.Topic]Projection
	Directory Directory
	Roll      Roll
	Catalogue Catalogue
	Rules     Rules
	Known     Known
	Desk      Desk     // nil: contents are published as they come, and only their last state is kept
	Editors   *Editors // who wrote what last, made from the topics; nil: not known
	Schema    fil.Schema
	Logger    *slog.Logger
	Registry  prometheus.Registerer
	Now       func() time.Time
}

// Door checks and admits. It is safe for concurrent use.
type Door struct {
	parts   Parts
	cfg     Config
	claims  *claims
	unsure  *unsure
	said    atomic.Int64 // when the log was last told that Known could not tell, in Unix nanoseconds
	places  *semaphore.Weighted
	log     *gobreaker.CircuitBreaker[struct{}]
	metrics metrics
	payload *shape
	asked   *shape
}

// New makes a door.
func New(cfg Config, parts Parts) (*Door, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure the door: %w", err)
	}
	m, err := newMetrics(parts.Registry)
	if err != nil {
		return nil, fmt.Errorf("register the door's metrics: %w", err)
	}
	return &Door{
		parts: parts, cfg: cfg, metrics: m, log: newLogBreaker(parts.Logger, m.away),
		claims: newClaims(cfg.Remember), unsure: newUnsure(parts.Now),
		places: semaphore.NewWeighted(int64(cfg.InFlight)), payload: shapeOf[fil.Engagement]().without("receipt"), asked: shapeOf[fil.Preference](),
	}, nil
}

// Register adds the door's operations to an API.
func (d *Door) Register(api huma.API) {
	registerRecords(api, d, agentsOf(d))
	registerRecords(api, d, audiencesOf(d))
	registerRecords(api, d, contentsOf(d))
	registerLists(api, d)
	registerExport(api, d)
	registerEngagements(api, d)
}
