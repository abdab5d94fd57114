package register

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// Reminders are those of the log, by content.
type Reminders struct {
	mu  sync.RWMutex
	all map[string]fil.Reminders
}

// NewReminders makes a projection of fil.reminders.
func NewReminders() *Reminders { return &Reminders{all: map[string]fil.Reminders{}} }

// Apply takes records of fil.reminders; those that are none are returned as joined rejections.
func (p *Reminders) Apply(records []fil.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rejected []error
	for _, rec := range records {
		if rec.Event.Data == nil {
			delete(p.all, rec.Key)
			continue
		}
		sent, err := fil.RemindersOf(rec)
		if err != nil {
			rejected = append(rejected, err)
			continue
		}
		p.all[rec.Key] = sent
	}
	return errors.Join(rejected...)
}

// Of gives the reminders of a content, the last one last.
func (p *Reminders) Of(content string) fil.Reminders {
	p.mu.RLock()
	defer p.mu.RUnlock()
	r := p.all[content]
	return fil.Reminders{Content: content, Sent: slices.Clone(r.Sent)}
}

// remindEvery is how long one who was reminded of a content is left alone about it.
const remindEvery = 24 * time.Hour

// tooSoon is the refusal of a reminder that would reach some who were reminded within a day.
type tooSoon struct{ next time.Time }

func (t *tooSoon) Error() string {
	return "reminded within a day: again from " + t.next.Format(time.RFC3339)
}

var (
	errNotShown = errors.New("the content is not shown to agents now")
	errNobody   = errors.New("nobody is to be reminded")
)

// reminded is what a reminder came to.
type reminded struct {
	fil.Reminder

	agents int
	next   time.Time
}

const (
	publishTimeout = 15 * time.Second
	applyTimeout   = 2 * time.Second
)

// remind has the content come back to those who have not acknowledged it. Two processes that do so within the same moment may
// send two; nobody sees more than the last.
func (r *Register) remind(ctx context.Context, caller fil.Caller, e entry, org string) (reminded, error) {
	r.reminding.Lock()
	defer r.reminding.Unlock()
	now := r.Now().UTC().Truncate(time.Millisecond)
	if e.state == Withdrawn || !e.LiveAt(now) || e.MandatoryUntil.IsZero() {
		return reminded{}, errNotShown
	}
	if org != "" && !r.concernsAny(e, org) {
		return reminded{}, fil.NewFault("body.org", "n'est l'organisation d'aucun agent que ce contenu concerne : donnez-la comme le registre l'écrit, ou rien pour relancer tous ceux qui restent",
			"is the organisation of no agent whom this content is for: give it as the register writes it, or none to remind all who remain")
	}
	if err := r.catchUp(ctx, r.Reminded); err != nil {
		return reminded{}, err
	}
	sent := r.Reminders.Of(e.ID)
	for _, one := range sent.Sent {
		if next := one.At.Add(remindEvery); next.After(now) && (fil.Under(org, one.Org) || fil.Under(one.Org, org)) {
			return reminded{}, &tooSoon{next}
		}
	}
	agents := 0
	err := r.walk(ctx, caller, e, sought{state: stateMissing, org: org}, func(found) (bool, error) {
		agents++
		return true, nil
	})
	if err != nil {
		return reminded{}, err
	}
	if agents == 0 {
		return reminded{}, errNobody
	}
	one := fil.Reminder{At: now, Org: org, By: caller.Name, Label: caller.Label}
	if err := r.audit(ctx, caller, e, Access{Act: AccessReminder, Org: org, Lines: agents}); err != nil {
		return reminded{}, err
	}
	sent.Sent = append(sent.Sent, one)
	sent.Sent = sent.Sent[max(0, len(sent.Sent)-fil.MaxReminders):]
	if err := r.publish(ctx, fil.TopicReminders, fil.TypeReminders, e.ID, sent); err != nil {
		return reminded{}, fmt.Errorf("publish a reminder: %w", err)
	}
	waiting, stop := context.WithTimeout(ctx, applyTimeout)
	defer stop()
	_ = r.Reminded.CatchUp(waiting) // it is in the log: that this process does not show it yet changes nothing
	return reminded{one, agents, now.Add(remindEvery)}, nil
}

// concernsAny says whether a content is for any agent of an organisation or of what is under it.
func (r *Register) concernsAny(e entry, org string) bool {
	for after := ""; ; {
		aimed := r.Directory.Aimed(e.Aim(), after, stretch)
		for _, id := range aimed {
			if agent, known := r.Directory.Agent(id); known && fil.Under(agent.Org, org) {
				return true
			}
		}
		if len(aimed) < stretch {
			return false
		}
		after = aimed[len(aimed)-1]
	}
}

func (r *Register) catchUp(ctx context.Context, p Projection) error {
	reading, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if err := p.CatchUp(reading); err != nil {
		return fmt.Errorf("read the log to its end: %w: %w", errUnaudited, err)
	}
	return nil
}

// publish puts one record in the log, whether or not who asked for it waits.
func (r *Register) publish(ctx context.Context, topic fil.Topic, kind, key string, data any) error {
	event, err := fil.NewEvent(kind, "/v1/register", rand.Text(), r.Now(), data)
	if err != nil {
		return err //nolint:wrapcheck // it says what was attempted
	}
	event.Subject = key
	publishing, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	err = r.Log.Publish(publishing, []fil.Record{{Position: fil.Position{Topic: topic}, Key: key, Event: event}})
	if err != nil {
		return errors.Join(errUnaudited, err)
	}
	return nil
}
