package rulebook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// Log is where publications go. Publish returns nil when all in-sync replicas have every record, whose positions it then has
// filled in place.
type Log interface {
	Publish(ctx context.Context, records []fil.Record) error
}

// Projection is the policies as this process knows them. Await returns nil once the record at a position has been applied,
// CatchUp once all that was in the log when it was called has.
type Projection interface {
	Await(ctx context.Context, at fil.Position) error
	CatchUp(ctx context.Context, partitions ...int) error
}

// How long a publication waits for the log, then to be shown by this process.
const (
	publishTimeout = 15 * time.Second
	applyTimeout   = 2 * time.Second
)

const (
	maxNote = 500 // characters
	maxPast = 64  // reigns kept, and experiments that have ended
)

// Errors of a publication that are no fault of the file.
var (
	errChanged     = errors.New("another policy is in force than the one expected")
	errUnknown     = errors.New("no such version")
	errUnpublished = errors.New("not known to be in the log")
	errRuns        = errors.New("an experiment runs already")
	errNoTrial     = errors.New("no such experiment")
	errEnded       = errors.New("the experiment has ended")
)

// Desk publishes policies and experiments. It is safe for concurrent use. It reads the log to its end before it decides; two
// desks in two processes that decide within the same moment are not ordered: the last in the log holds.
type Desk struct {
	policies *ranking.Policies
	log      Log
	applied  Projection
	now      func() time.Time

	mu sync.Mutex
}

// NewDesk makes a desk over what this process knows and the log.
func NewDesk(policies *ranking.Policies, log Log, applied Projection, now func() time.Time) *Desk {
	return &Desk{policies: policies, log: log, applied: applied, now: now}
}

// Order asks for a policy to be in force: a file's text, or a version that is known.
type Order struct {
	Text     string
	Version  string
	Note     string
	By       string // name of the key
	Expected string // the version that must be in force for the order to hold; empty: any
	Rehearse bool   // tell what would change, and write nothing
}

// Outcome is what an order came to.
type Outcome struct {
	InForce fil.InForce
	Before  ranking.Policy
	After   ranking.Policy
	Changed bool   // something was written, or would be
	Ended   string // the experiment that it ends; empty: none ran
	Shown   bool   // this process goes by it already
}

// Put carries out an order: the version is published if it was not, then put in force for everyone, which ends an experiment. What
// is in force already is left alone.
func (d *Desk) Put(ctx context.Context, order Order) (Outcome, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before, err := d.inForce(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if order.Expected != "" && order.Expected != before.Policy {
		return Outcome{}, errChanged
	}
	edition, err := d.edition(order)
	if err != nil {
		return Outcome{}, err
	}
	after := fil.InForce{
		Policy: edition.Policy.Version, Holdout: edition.Policy.Holdout.Share, Since: d.now().UTC(), By: order.By, Note: order.Note,
		Past:  append([]fil.Reign{{Policy: before.Policy, Holdout: before.Holdout, Since: before.Since, By: before.By, Note: before.Note}}, before.Past...),
		Tried: before.Tried,
	}
	after.Past = after.Past[:min(len(after.Past), maxPast)]
	out := Outcome{InForce: before, Before: d.policies.Current(), After: edition.Policy, Shown: true}
	if before.Experiment != nil {
		out.Ended = before.Experiment.Name
		after.Tried = ended(before, after.Since, "policy "+after.Policy)
	}
	known, published := d.policies.Edition(edition.Policy.Version)
	published = published && known.Published.Version != ""
	out.Changed = !published || before.Since.IsZero() || after.Policy != before.Policy || after.Holdout != before.Holdout || out.Ended != ""
	if order.Rehearse || !out.Changed {
		return out, nil
	}
	out.InForce = after
	var fresh []fil.PublishedPolicy
	if !published {
		fresh = append(fresh, edition.Published)
	}
	out.Shown, err = d.write(ctx, fresh, &after)
	return out, err
}

// Propose publishes a version and puts it in force nowhere. published says that it was written: a version that is known already is
// left as it was.
func (d *Desk) Propose(ctx context.Context, order Order) (version string, published bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.inForce(ctx); err != nil {
		return "", false, err
	}
	edition, err := d.edition(order)
	if err != nil {
		return "", false, err
	}
	version = edition.Policy.Version
	if known, _ := d.policies.Edition(version); known.Published.Version != "" {
		return version, false, nil
	}
	_, err = d.write(ctx, []fil.PublishedPolicy{edition.Published}, nil)
	return version, err == nil, err
}

// inForce is what the log says now.
func (d *Desk) inForce(ctx context.Context) (fil.InForce, error) {
	reading, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if err := d.applied.CatchUp(reading); err != nil {
		return fil.InForce{}, fmt.Errorf("read what is in force: %w: %w", errUnpublished, err)
	}
	return d.policies.InForce(), nil
}

// edition finds or reads what is ordered.
func (d *Desk) edition(order Order) (ranking.Edition, error) {
	var faults fil.Faults
	if (order.Text == "") == (order.Version == "") {
		faults.Add("text", "ou version doit être donné, et l'un des deux seulement", "or version must be given, and one of them only")
	}
	if len([]rune(order.Note)) > maxNote {
		faults.Add("note", fmt.Sprintf("dépasse %d caractères", maxNote), fmt.Sprintf("is over %d characters", maxNote))
	}
	if err := faults.Err(); err != nil {
		return ranking.Edition{}, err
	}
	if order.Text != "" {
		return ranking.Publication([]byte(order.Text), order.By, order.Note, d.now()) //nolint:wrapcheck // faults of the file
	}
	edition, known := d.policies.Edition(order.Version)
	if !known {
		return ranking.Edition{}, errUnknown
	}
	if edition.Published.Version == "" { // the base, which has no file here
		settings, err := json.MarshalIndent(edition.Policy, "", "  ")
		if err != nil {
			return ranking.Edition{}, fmt.Errorf("encode policy %s: %w", order.Version, err)
		}
		edition.Published = fil.PublishedPolicy{Version: order.Version, Text: string(settings), Settings: settings, By: order.By, At: d.now().UTC(), Note: order.Note}
	}
	return edition, nil
}

// write puts versions and what is in force, unless it is nil, in the log, in this order, and waits for them to be shown.
func (d *Desk) write(ctx context.Context, versions []fil.PublishedPolicy, force *fil.InForce) (shown bool, err error) {
	var records []fil.Record
	add := func(key, kind string, data any) error {
		event, err := fil.NewEvent(kind, "/v1/policies", rand.Text(), d.now(), data)
		if err != nil {
			return err
		}
		if len(event.Data) > fil.MaxEventBytes {
			return fil.NewFault("text", "est trop long pour le journal : ôtez des commentaires", "is too long for the log: take comments out")
		}
		event.Subject = key
		records = append(records, fil.Record{Position: fil.Position{Topic: fil.TopicPolicies}, Key: key, Event: event})
		return nil
	}
	for _, version := range versions {
		if err := add(version.Version, fil.TypePolicy, version); err != nil {
			return false, err
		}
	}
	if force != nil {
		if err := add(fil.KeyInForce, fil.TypeInForce, *force); err != nil {
			return false, err
		}
	}
	publishing, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	if err := d.log.Publish(publishing, records); err != nil {
		return false, fmt.Errorf("publish policies: %w: %w", errUnpublished, err)
	}
	waiting, stop := context.WithTimeout(ctx, applyTimeout)
	defer stop()
	return d.applied.Await(waiting, records[len(records)-1].Position) == nil, nil
}
