package ingest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// kind is what the door must know of one compacted topic to read, check, compare and write its records.
type kind[T any] struct {
	topic  fil.Topic
	event  string // the type of its events
	plural string // in paths
	what   fil.Bilingual
	write  []fil.Role
	read   []fil.Role
	shape  *shape
	id     func(*T) *string
	find   func(id string) (T, bool)
	check  func(*T) error                              // also puts the value in its normal form
	mark   func(caller fil.Caller, value *T)           // writes what the door alone says of it; nil: nothing
	kept   func(caller fil.Caller, value T) error      // refuses the removal of one that stands; nil: none
	review func(caller fil.Caller, value T) error      // nil: none
	keep   func(ctx context.Context, e entry[T]) error // before it is written; nil: only the last state is kept

	perimeter func(*T) *string // nil: records that belong to no perimeter
	shared    func(T) T        // what a perimeter sees of a record that is in none; nil: nothing
}

func agentsOf(d *Door) kind[fil.Agent] {
	return kind[fil.Agent]{
		topic: fil.TopicAgents, event: fil.TypeAgent, plural: "agents",
		what:  fil.Bilingual{FR: "un agent", EN: "an agent"},
		write: []fil.Role{fil.RoleIngest},
		read:  []fil.Role{fil.RoleIngest, fil.RoleService},
		shape: shapeOf[fil.Agent](),
		id:    func(a *fil.Agent) *string { return &a.ID },
		find:  d.parts.Directory.Agent,
		check: func(a *fil.Agent) error { return CheckAgent(d.parts.Schema, a) },
	}
}

func audiencesOf(d *Door) kind[fil.Audience] {
	return kind[fil.Audience]{
		topic: fil.TopicAudiences, event: fil.TypeAudience, plural: "audiences",
		what:  fil.Bilingual{FR: "une audience", EN: "an audience"},
		write: []fil.Role{fil.RoleCommunicator},
		read:  []fil.Role{fil.RoleCommunicator, fil.RoleLeader},
		shape: shapeOf[fil.Audience](),
		id:    func(a *fil.Audience) *string { return &a.ID },
		find:  d.parts.Directory.Audience,
		check: func(a *fil.Audience) error {
			err := checkAudience(a)
			if err == nil {
				err = checkPerimeters(*a, d.parts.Directory.Audience)
			}
			if err != nil || a.Rule == "" {
				return err
			}
			return d.parts.Rules.CheckAudience(*a) //nolint:wrapcheck // a fault on the field "rule", by its interface
		},
		mark:      d.markLifted,
		kept:      keptForApproval,
		perimeter: func(a *fil.Audience) *string { return &a.Perimeter },
		shared:    sharedAudience,
	}
}

func contentsOf(d *Door) kind[fil.Content] {
	k := kind[fil.Content]{
		topic: fil.TopicContents, event: fil.TypeContent, plural: "contents",
		what:  fil.Bilingual{FR: "un contenu", EN: "a content"},
		write: []fil.Role{fil.RoleCommunicator, fil.RoleIngest},
		read:  []fil.Role{fil.RoleCommunicator, fil.RoleLeader, fil.RoleService, fil.RoleIngest},
		shape: shapeOf[fil.Content](),
		id:    func(c *fil.Content) *string { return &c.ID },
		find:  d.parts.Catalogue.Content,
		check: func(c *fil.Content) error {
			now := d.parts.Now()
			if before, ok := d.parts.Catalogue.Content(c.ID); ok && c.PublishedAt.IsZero() {
				now = before.PublishedAt // what is published already stays published since then
			}
			return checkContent(c, now)
		},
		perimeter: func(c *fil.Content) *string { return &c.Perimeter },
	}
	if d.parts.Desk != nil {
		k.review = d.parts.Desk.Review
		k.keep = func(ctx context.Context, e entry[fil.Content]) error {
			if e.data == nil {
				return d.parts.Desk.Keep(ctx, e.id, nil) //nolint:wrapcheck // an answer, by its interface
			}
			return d.parts.Desk.Keep(ctx, e.id, &e.value) //nolint:wrapcheck // likewise
		}
	}
	return k
}

// entry is one record on its way in. Its data is the JSON that the log will have, by which records are compared; nil
// removes the record.
type entry[T any] struct {
	id    string
	value T
	data  []byte
}

// decode reads and checks one record of a caller. id is what the path says, empty if it says nothing.
func (k kind[T]) decode(caller fil.Caller, raw []byte, id string) (entry[T], error) {
	e := entry[T]{id: id}
	if err := k.shape.decode(raw, &e.value, ""); err != nil {
		e.id = clip(*k.id(&e.value))
		return e, err
	}
	own := k.id(&e.value)
	if id != "" && *own != "" && *own != id {
		return e, fil.NewFault("id", "doit être celui de l'adresse", "must be that of the address")
	}
	if *own == "" {
		*own = id
	}
	e.id = *own
	if err := k.claim(caller, raw, e.id, &e.value); err != nil {
		return e, err
	}
	if err := k.check(&e.value); err != nil {
		return e, err
	}
	if k.mark != nil {
		k.mark(caller, &e.value)
	}
	if k.review != nil {
		if err := k.review(caller, e.value); err != nil {
			return e, err
		}
	}
	var err error
	if e.data, err = json.Marshal(e.value); err != nil {
		return e, fmt.Errorf("encode %s %s: %w", k.topic, e.id, err)
	}
	if len(e.data) > fil.MaxEventBytes {
		return e, errTooLarge
	}
	return e, nil
}

// current gives the JSON of what the projection shows for an id; nil when it shows nothing.
func (k kind[T]) current(id string) []byte {
	value, ok := k.find(id)
	if !ok {
		return nil
	}
	return encode(value)
}

// encode gives the JSON of a record that a projection showed.
func encode[T any](value T) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		return nil // impossible: it was decoded from JSON
	}
	return data
}

// record puts data, or nil to remove, on its way to the log.
func (k kind[T]) record(ctx context.Context, id string, data []byte, now time.Time, trace traceContext) fil.Record {
	event := fil.Event{ID: rand.Text(), Source: "/v1/" + k.plural, Type: k.event, Subject: id, Time: now.UTC(), Data: data}
	sign(&event, fil.CallerFrom(ctx))
	trace.carry(&event)
	return fil.Record{Position: fil.Position{Topic: k.topic}, Key: id, Event: event}
}

// write is what one conditional write came to.
type write struct{ created, changed bool }

// put writes one record unless it is equal to the current one, or removes it when data is nil.
func put[T any](ctx context.Context, d *Door, k kind[T], e entry[T], c condition, trace traceContext) (write, error) {
	ids := []string{e.id}
	settled, sure := d.unsure.enter(k.topic, ids)[0], true
	defer func() { d.unsure.leave(k.topic, ids, sure) }()
	current := k.current(e.id)
	done := write{created: current == nil}
	if err := c.judge(ctx, d, k.topic, e.id, current, e.data, settled); err != nil {
		return done, err
	}
	if settled && bytes.Equal(current, e.data) {
		return done, nil
	}
	done.changed = true
	if k.keep != nil {
		if err := k.keep(ctx, e); err != nil {
			return done, err
		}
	}
	records := []fil.Record{k.record(ctx, e.id, e.data, d.parts.Now(), trace)}
	if err := d.publish(ctx, k.topic, records); err != nil {
		sure = errors.Is(err, errLogAway)
		return done, err
	}
	sure = d.applied(ctx, k.topic, records)
	return done, nil
}

// putAll writes the records that differ from the current ones, in order, and gives how many did.
func putAll[T any](ctx context.Context, d *Door, k kind[T], entries []entry[T], trace traceContext) (changed int, err error) {
	var ids []string
	first := map[string]int{}
	for _, e := range entries {
		if _, again := first[e.id]; !again {
			first[e.id] = len(ids)
			ids = append(ids, e.id)
		}
	}
	settled, sure := d.unsure.enter(k.topic, ids), true
	defer func() { d.unsure.leave(k.topic, ids, sure) }()
	latest := make(map[string][]byte, len(ids))
	for i, id := range ids {
		if settled[i] {
			latest[id] = k.current(id)
		}
	}
	var records []fil.Record
	for _, e := range entries {
		if before, known := latest[e.id]; known && bytes.Equal(before, e.data) {
			continue
		}
		latest[e.id] = e.data
		if k.keep != nil {
			if err := k.keep(ctx, e); err != nil {
				return 0, err
			}
		}
		records = append(records, k.record(ctx, e.id, e.data, d.parts.Now(), trace))
	}
	if err := d.publish(ctx, k.topic, records); err != nil {
		sure = errors.Is(err, errLogAway)
		return 0, err
	}
	sure = d.applied(ctx, k.topic, records)
	return len(records), nil
}

// unsure remembers which keys this process has written without the projection being known to show it. What it shows of
// such a key must not be compared with, or a write that undoes the last one would be dropped as unchanged.
type unsure struct {
	now func() time.Time

	mu    sync.Mutex
	keys  map[unsureKey]*doubt
	blind time.Time // until then every key is in doubt, because there were too many to name
}

type unsureKey struct {
	topic fil.Topic
	id    string
}

type doubt struct {
	writers int       // writing it now
	until   time.Time // longer than a projection lags
}

const (
	doubtLasts = 10 * time.Minute
	maxDoubts  = 100_000
)

func newUnsure(now func() time.Time) *unsure { return &unsure{now: now, keys: map[unsureKey]*doubt{}} }

// enter declares a writer of each key, and says of which keys nothing else is on its way.
func (u *unsure) enter(topic fil.Topic, ids []string) (settled []bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	settled = make([]bool, len(ids))
	for i, id := range ids {
		d := u.keys[unsureKey{topic, id}]
		if d == nil {
			d = &doubt{}
			u.keys[unsureKey{topic, id}] = d
		}
		settled[i] = d.writers == 0 && !now.Before(d.until) && !now.Before(u.blind)
		d.writers++
	}
	return settled
}

// leave ends a writer of each key; sure says that the projection shows what it wrote, if anything.
func (u *unsure) leave(topic fil.Topic, ids []string, sure bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	for _, id := range ids {
		d := u.keys[unsureKey{topic, id}]
		d.writers--
		if !sure {
			d.until = now.Add(doubtLasts)
		}
		if d.writers == 0 && !now.Before(d.until) {
			delete(u.keys, unsureKey{topic, id})
		}
	}
	if len(u.keys) <= maxDoubts {
		return
	}
	for key, d := range u.keys {
		if d.writers == 0 {
			if now.Before(d.until) {
				u.blind = now.Add(doubtLasts)
			}
			delete(u.keys, key)
		}
	}
}
