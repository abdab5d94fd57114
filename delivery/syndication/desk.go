// Package syndication lets agents read their feed in the applications that they already have, in RSS 2.0, Atom 1.0 (RFC
// 4287) and JSON Feed 1.1, at addresses that each agent makes and revokes.
//
// It hides what a subscription is: a record in fil.subscriptions, compacted, one for each agent; and how each format says what
// a content is. It guarantees that an address gives nothing but a feed to read, newest first, and says nothing of whose it is
// beyond what is in it; that its secret is nowhere but in the address; that a revoked one serves no more in
// any process that follows the log, and never again; that all go when what is known of the agent is erased or the agent
// leaves the directory (the door sees to it). It guarantees too that what an application fetches is recorded as no act of a person. It does
// not render contents, nor choose them: delivery does.
package syndication

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
)

// Projection is the topic of subscriptions in this process. CatchUp returns once all that was in the log when it was called
// has been applied, Await once the record at a position has.
type Projection interface {
	CatchUp(ctx context.Context, partitions ...int) error
	Await(ctx context.Context, at fil.Position) error
}

// Uses remembers on which day each address was last asked. It is told at most once a day of each by one process.
type Uses interface {
	Used(ctx context.Context, id string, day time.Time) error
	// LastUses gives a day for each id, in their order; zero when it is not known.
	LastUses(ctx context.Context, ids []string) ([]time.Time, error)
}

// Config is what an operator may set.
type Config struct {
	Most     int           // addresses of one agent that serve; 0: none, for nobody, and those there are serve no more
	Patience time.Duration // how long a write waits for the log
}

// DefaultConfig allows 20 addresses.
func DefaultConfig() Config { return Config{Most: 20, Patience: 15 * time.Second} }

// Parts is what a desk is made of. All are needed. Book and Applied follow fil.subscriptions.
type Parts struct {
	Keeper  *delivery.Keeper
	Book    *Book
	Applied Projection
	Uses    Uses
	// Known says whether the directory has an agent.
	Known func(agent string) bool
	// Write puts records in the log, and fills in their positions.
	Write func(ctx context.Context, records []fil.Record) (shown bool, err error)
	// Refused turns an error of Write into an answer, in a language.
	Refused func(err error, language string) error
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Now     func() time.Time
}

// Desk makes and revokes addresses, and serves them. It is safe for concurrent use.
type Desk struct {
	parts  Parts
	cfg    Config
	served *prometheus.CounterVec

	turn sync.Mutex // one write at a time

	mu    sync.Mutex
	noted map[string]time.Time // the day of the last use that was told, by id
}

// New makes a desk.
func New(cfg Config, parts Parts) (*Desk, error) {
	if cfg.Most < 0 || cfg.Patience <= 0 {
		return nil, errors.New("syndication: addresses must be 0 or more, patience more than 0")
	}
	d := &Desk{parts: parts, cfg: cfg, noted: map[string]time.Time{}}
	d.served = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fil_delivery_syndicated_total", Help: "Requests of other applications for a feed, by format and outcome.",
	}, []string{"format", "outcome"})
	held := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "fil_delivery_subscriptions", Help: "Addresses of feeds that this process knows, those that were revoked and are remembered among them.",
	}, func() float64 { return float64(parts.Book.Len()) })
	for _, c := range []prometheus.Collector{d.served, held} {
		if err := parts.Metrics.Register(c); err != nil {
			return nil, fmt.Errorf("syndication: register metrics: %w", err)
		}
	}
	return d, nil
}

var (
	errMost = errors.New("as many addresses as an agent may have")
	errNone = errors.New("no such address")
	errLog  = errors.New("the log does not answer")
)

// open makes an address for an agent and gives its secret.
func (d *Desk) open(ctx context.Context, agent, label string) (made Subscription, secret string, err error) {
	err = d.change(ctx, agent, func(all []Subscription) ([]Subscription, error) {
		if len(serving(all)) >= d.cfg.Most {
			return nil, errMost
		}
		made, secret = newSubscription(label, d.parts.Now())
		return append(all, made), nil
	})
	return made, secret, err
}

// close revokes an address of an agent, all of them when id is empty.
func (d *Desk) close(ctx context.Context, agent, id string) error {
	return d.change(ctx, agent, func(all []Subscription) ([]Subscription, error) {
		found := id == ""
		for i, s := range all {
			if !s.revoked() && (id == "" || s.ID == id) {
				all[i] = Subscription{ID: s.ID, Digest: s.Digest, Made: s.Made, Revoked: d.parts.Now().UTC().Truncate(time.Second)}
			}
			found = found || s.ID == id // one that was revoked before is revoked
		}
		if !found {
			return nil, errNone
		}
		return all, nil
	})
}

// change reads the log to its end, changes what an agent has, and writes it. Another process may have written between the
// two: then what this one wrote and what was there are joined, and written again so that the log's last record has both.
func (d *Desk) change(ctx context.Context, agent string, edit func([]Subscription) ([]Subscription, error)) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.Patience)
	defer cancel()
	if err := d.parts.Applied.CatchUp(ctx); err != nil {
		return fmt.Errorf("%w: %w", errLog, err)
	}
	before := d.parts.Book.Of(agent)
	after, err := edit(slices.Clone(before))
	if err != nil || reflect.DeepEqual(before, after) {
		return err
	}
	for want := merged(nil, after); ; {
		if err := d.write(ctx, agent, want); err != nil {
			return err
		}
		now := d.parts.Book.Of(agent)
		if len(now) == 0 || reflect.DeepEqual(now, want) { // or all was erased meanwhile
			return nil
		}
		want = now
	}
}

func (d *Desk) write(ctx context.Context, agent string, all []Subscription) error {
	data, err := json.Marshal(Holder{Agent: agent, Subscriptions: all})
	if err != nil {
		return fmt.Errorf("encode subscriptions: %w", err)
	}
	_, id := newSubscription("", d.parts.Now()) // chance enough to be an identity
	records := []fil.Record{{Position: fil.Position{Topic: fil.TopicSubscriptions}, Key: agent, Event: fil.Event{
		ID: id, Source: "/v1/feed/subscriptions", Type: TypeSubscriptions, Time: d.parts.Now().UTC(), Data: data,
	}}}
	if _, err := d.parts.Write(ctx, records); err != nil {
		return err
	}
	if err := d.parts.Applied.Await(ctx, records[0].Position); err != nil {
		return fmt.Errorf("%w: %w", errLog, err)
	}
	return nil
}

// maxNoted bounds the memory of uses that were told.
const maxNoted = 100_000

// note tells that an address was asked, once a day.
func (d *Desk) note(ctx context.Context, id string) {
	day := d.parts.Now().UTC().Truncate(24 * time.Hour)
	d.mu.Lock()
	told := d.noted[id].Equal(day)
	if len(d.noted) >= maxNoted {
		clear(d.noted)
	}
	d.noted[id] = day
	d.mu.Unlock()
	if told {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := d.parts.Uses.Used(ctx, id, day); err != nil {
		d.mu.Lock()
		delete(d.noted, id) // the next request tells it
		d.mu.Unlock()
	}
}
