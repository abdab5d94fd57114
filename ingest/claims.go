package ingest

import (
	"hash/maphash"
	"sync"

	"github.com/filengine/fil"
)

// claims tells the first event with an identity from the others, within this process. An identity is claimed by one
// flight at a time, and remembered only once the flight has landed: an event whose publication failed can be sent again,
// and a concurrent request with the same identity shares the outcome instead of guessing it.
//
// The memory is two generations of at most limit/2 identities: what is forgotten first is the older half.
type claims struct {
	seed  maphash.Seed
	limit int

	mu       sync.Mutex
	flying   map[claim]*flight
	recent   map[claim]struct{}
	previous map[claim]struct{}
}

// claim is an identity in the scope of an agent.
type claim struct{ agent, event uint64 }

// flight is one publication under way. landed may be read once done is closed.
type flight struct {
	done   chan struct{}
	landed bool
}

func newClaims(limit int) *claims {
	return &claims{seed: maphash.MakeSeed(), limit: limit, flying: map[claim]*flight{}, recent: map[claim]struct{}{}}
}

func (c *claims) of(agent string, event fil.Event) claim {
	return claim{maphash.String(c.seed, agent), event.Identity()}
}

// shared is an event, by its index among those wanted, that another flight is publishing.
type shared struct {
	index int
	by    *flight
}

// take claims what nobody has. It gives the events, by index, that are the flight's own to publish, the number of those
// that repeat one in the log or one of its own, and those whose outcome depends on another flight.
func (c *claims) take(mine *flight, wanted []claim) (own []int, repeated int, others []shared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, w := range wanted {
		_, young := c.recent[w]
		_, old := c.previous[w]
		switch by := c.flying[w]; {
		case young || old || by == mine:
			repeated++
		case by == nil:
			c.flying[w] = mine
			own = append(own, i)
		default:
			others = append(others, shared{i, by})
		}
	}
	return own, repeated, others
}

// settle ends a flight: what it had claimed is remembered if it landed, and free to be claimed again if not.
func (c *claims) settle(mine *flight, landed bool, claimed []claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range claimed {
		delete(c.flying, w)
		if landed {
			c.remember(w)
		}
	}
	mine.landed = landed
	close(mine.done)
}

// knew notes an identity that a flight found to be in the log from before; it stays claimed until the flight settles.
func (c *claims) knew(w claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remember(w)
}

func (c *claims) remember(w claim) {
	if c.limit == 0 {
		return
	}
	if len(c.recent) >= max(1, c.limit/2) {
		c.recent, c.previous = make(map[claim]struct{}, len(c.recent)), c.recent
	}
	c.recent[w] = struct{}{}
}
