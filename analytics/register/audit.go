package register

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// entitled says who asks, if they may. The first refusal of a key within a while is written down, with the content if it is one;
// as it tells nothing, it does not wait on the log being there.
func (r *Register) entitled(ctx context.Context, content string) (fil.Caller, error) {
	caller := fil.CallerFrom(ctx)
	if caller.Register {
		return caller, nil
	}
	err := r.once(caller.Name, func() error {
		e := entry{}
		if c, known := r.Contents.Content(content); known && !c.MandatoryUntil.IsZero() {
			e.Content = c
		}
		return r.audit(ctx, caller, e, Access{Act: AccessRefused})
	})
	if err != nil {
		r.Logger.WarnContext(ctx, "a refusal was not written down", "stage", Stage, "key", caller.Name, "error", err)
	}
	return caller, errNotEntitled
}

// audit writes an access down. What it is about may be told or done only when there is no error.
func (r *Register) audit(ctx context.Context, caller fil.Caller, e entry, a Access) error {
	a.By, a.Label, a.Scope, a.Perimeter = cmp.Or(caller.Name, "?"), caller.Label, caller.Perimeter, caller.Perimeter
	if e.ID != "" {
		a.Perimeter = e.Perimeter
	}
	return r.write(ctx, caller, e, a)
}

// auditOwn writes down that an agent had what they did attested, the first time within a while: they may ask without end. A
// perimeter is told of it only where it may know of the line itself.
func (r *Register) auditOwn(ctx context.Context, caller fil.Caller, e entry, line analytics.Acknowledgement) error {
	return r.once(caller.Agent+" "+e.ID, func() error {
		a := Access{Act: AccessAttestation, By: caller.Agent, Agent: caller.Agent, Lines: 1}
		if _, state := r.place(fil.Caller{Perimeter: e.Perimeter}, e, &line); state != "" {
			a.Perimeter, a.Scope = e.Perimeter, e.Perimeter
		}
		return r.write(ctx, caller, e, a)
	})
}

func (r *Register) write(ctx context.Context, caller fil.Caller, e entry, a Access) error {
	a.At, a.Role, a.Content = r.Now().UTC(), caller.Role, e.ID
	if err := r.publish(ctx, fil.TopicAccesses, fil.TypeAccess, cmp.Or(e.ID, a.By), a); err != nil {
		return fmt.Errorf("write an access to the register down: %w", err)
	}
	return nil
}

// named is the content that accesses are asked of; one that the caller may not know of is only what they said.
func (r *Register) named(caller fil.Caller, id string) entry {
	if c, known := r.Contents.Content(id); known {
		if e, err := mine(caller, entry{Content: c}); err == nil {
			return e
		}
	}
	return entry{Content: fil.Content{ID: id, Perimeter: caller.Perimeter}}
}

// A writing that anyone could ask for endlessly is done once in onceEvery; the latest maxLately at most are known.
const (
	onceEvery = time.Hour
	maxLately = 1 << 16
)

// lately is what was written, and when.
type lately struct {
	mu sync.Mutex
	at map[string]time.Time
}

// once writes unless that was done within onceEvery by this process. Two at the same moment may both write.
func (r *Register) once(name string, write func() error) error {
	now := r.Now()
	r.written.mu.Lock()
	at, known := r.written.at[name]
	r.written.mu.Unlock()
	if known && now.Sub(at) < onceEvery {
		return nil
	}
	if err := write(); err != nil {
		return err
	}
	r.written.mu.Lock()
	defer r.written.mu.Unlock()
	if r.written.at == nil {
		r.written.at = map[string]time.Time{}
	}
	if len(r.written.at) >= maxLately {
		maps.DeleteFunc(r.written.at, func(_ string, at time.Time) bool { return now.Sub(at) >= onceEvery })
		if len(r.written.at) > maxLately/2 { // so that not each one looks at all
			clear(r.written.at)
		}
	}
	r.written.at[name] = now
	return nil
}
