package feedstore

import (
	"context"
	"slices"
	"sync"
	"time"
)

// gathering reads together what is asked for while another exchange is under way: nobody waits for company, and the more
// there is to read the fewer exchanges it takes. Whoever asks leads an exchange or waits for one; a leader who is done hands
// on to the first who waits. An exchange that lasts is not waited for: another begins beside it.
type gathering struct {
	read func(ctx context.Context, agents []string) []raw

	mu      sync.Mutex
	leader  *asked    // of the exchange that those who come wait for; nil: there is none
	began   time.Time // that exchange
	held    int       // exchanges that lasted and have no one wait for them any more
	waiting []*asked
}

// raw is what the store has for an agent, not yet read.
type raw struct {
	feed, profile []byte
	err           error
}

type asked struct {
	agent string
	told  chan struct{} // has a token when the answer is there, or when it is this one's turn to lead
	leads bool          // guarded by the gathering's mutex until told
	raw
}

const (
	heldUp      = 5 * time.Millisecond // after which an exchange is not waited for by those who come
	maxHeld     = 16                   // exchanges that are not waited for
	maxGathered = 256                  // agents in one exchange
)

// get gives what the store has for an agent. What others need goes on when the context ends.
func (g *gathering) get(ctx context.Context, agent string) raw {
	a := &asked{agent: agent, told: make(chan struct{}, 1)}
	g.mu.Lock()
	lasts := g.leader != nil && time.Since(g.began) > heldUp && g.held < maxHeld
	if lasts {
		g.held++
	}
	if lasts || g.leader == nil {
		g.leader = a
		g.mu.Unlock()
		return g.lead(ctx, a)
	}
	g.waiting = append(g.waiting, a)
	g.mu.Unlock()
	select {
	case <-a.told:
		if a.leads {
			return g.lead(ctx, a)
		}
		return a.raw
	case <-ctx.Done():
		g.mu.Lock()
		at := slices.Index(g.waiting, a)
		if at >= 0 {
			g.waiting = slices.Delete(g.waiting, at, at+1)
		}
		leads := a.leads
		g.mu.Unlock()
		if leads {
			g.handOn(a)
		}
		return raw{err: ctx.Err()}
	}
}

// lead makes an exchange for all who wait.
func (g *gathering) lead(ctx context.Context, own *asked) raw {
	g.mu.Lock()
	g.began = time.Now()
	n := min(len(g.waiting), maxGathered-1)
	others := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	g.mu.Unlock()
	agents := make([]string, 1, 1+n)
	agents[0] = own.agent
	for _, a := range others {
		agents = append(agents, a.agent)
	}
	if n > 0 { // whose answers do not end with this reader's request
		ctx = untilDeadline(ctx)
	}
	all := g.read(ctx, agents)
	g.handOn(own)
	for i, a := range others {
		a.raw = all[1+i]
		a.told <- struct{}{}
	}
	return all[0]
}

// handOn ends the exchange of a leader: the first who waits leads the next one.
func (g *gathering) handOn(leader *asked) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.leader != leader:
		g.held--
	case len(g.waiting) == 0:
		g.leader = nil
	default:
		g.leader = g.waiting[0]
		g.began = time.Now() // until it wakes
		g.waiting = slices.Delete(g.waiting, 0, 1)
		g.leader.leads = true
		g.leader.told <- struct{}{}
	}
}

// deadlined is a context with a deadline that only those who look at it heed, as the client does for its connections.
type deadlined struct {
	context.Context //nolint:containedctx // it is one
	at              time.Time
}

func (d deadlined) Deadline() (time.Time, bool) { return d.at, true }

// untilDeadline goes on when the context is cancelled, and keeps its deadline.
func untilDeadline(ctx context.Context) context.Context {
	at, ok := ctx.Deadline()
	if ctx = context.WithoutCancel(ctx); !ok {
		return ctx
	}
	return deadlined{ctx, at}
}
