package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// Hub tells connected agents that their feed changed. What this process knows of is told at once (Notify); what other
// processes do is found by looking at the feeds of connected agents, one exchange with the store for many.
//
// A change is of what is shown: the order of the items, or the text of those on the first page. A score that moves
// and moves nothing else is not told, or every reader would be woken by every click of anyone.
type Hub struct {
	keeper *Keeper
	wake   chan struct{} // one token: there is something in dirty or all

	unanswered int // looks in a row that the store did not answer; of Run alone

	mu      sync.Mutex
	watched map[string]*watched
	open    int
	dirty   map[string]struct{}
	all     bool
	done    chan struct{} // closed when Run ends; every stream then ends
}

// watched is one connected agent; the hub's mutex guards it.
type watched struct {
	from      string // tag of the feed that was last looked at
	shown     [sha256.Size]byte
	tag       string // tag of the feed when what is shown last changed: the id of its event
	listeners map[chan struct{}]struct{}
}

var (
	errTooMany     = errors.New("too many streams")
	errTooManyOwn  = errors.New("too many streams of one agent")
	errHubFinished = errors.New("the server is stopping")
)

// NewHub makes a hub; Run makes it work.
func NewHub(keeper *Keeper) *Hub {
	return &Hub{
		keeper: keeper, wake: make(chan struct{}, 1), watched: map[string]*watched{},
		dirty: map[string]struct{}{}, done: make(chan struct{}),
	}
}

// Notify says that something changed for agents. It does not wait; calls that come together are one.
func (h *Hub) Notify(agents ...string) {
	h.mu.Lock()
	for _, agent := range agents {
		if _, connected := h.watched[agent]; connected {
			h.dirty[agent] = struct{}{}
		}
	}
	waiting := len(h.dirty) > 0
	h.mu.Unlock()
	if waiting {
		h.signal()
	}
}

// NotifyAll says that something changed for everyone, such as a content, an audience or the policy.
func (h *Hub) NotifyAll() {
	h.mu.Lock()
	h.all = true
	h.mu.Unlock()
	h.signal()
}

func (h *Hub) signal() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// restShare bounds what looking at feeds takes: after a look at everyone the hub rests at least this many times as
// long as the look took, so that with many readers events come later instead of starving reads.
const restShare = 3

// Run works until the context ends, then ends every stream. It is called once.
func (h *Hub) Run(ctx context.Context) error {
	defer close(h.done)
	timer := time.NewTimer(h.keeper.cfg.Poll)
	defer timer.Stop()
	var rested time.Time // when everyone may be looked at again
	for {
		poll := false
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
		case <-timer.C:
			poll = true
		}
		began := time.Now()
		agents, everyone := h.due(poll)
		if !poll && everyone && began.Before(rested) {
			timer.Reset(rested.Sub(began))
			continue
		}
		for batch := range slices.Chunk(agents, h.keeper.cfg.WarmBatch) {
			if err := h.look(ctx, batch); err != nil && ctx.Err() == nil {
				h.keeper.log.WarnContext(ctx, "feeds of connected agents not looked at", "stage", "delivery", "error", err)
			}
		}
		if everyone {
			took := time.Since(began)
			rested = time.Now().Add(restShare * took)
			timer.Reset(max(h.keeper.cfg.Poll, restShare*took))
		}
	}
}

// due takes the agents to look at: those notified, or everyone at a poll and after NotifyAll.
func (h *Hub) due(poll bool) (agents []string, everyone bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if everyone = poll || h.all; everyone {
		agents, h.all = slices.Collect(maps.Keys(h.watched)), false
	} else {
		agents = slices.Collect(maps.Keys(h.dirty))
	}
	clear(h.dirty)
	return agents, everyone
}

// look brings the feeds of some agents up to date and wakes the streams of those whose feed shows something else. A store
// that does not answer twice in a row is done without: readers are told that their feed is another one, and again when
// the store is back.
func (h *Hub) look(ctx context.Context, agents []string) error {
	all, err := h.keeper.refresh(ctx, agents)
	if err != nil && len(all) == 0 {
		if h.unanswered++; h.unanswered > 1 && ctx.Err() == nil {
			h.lookWithout(agents)
		}
		return err
	}
	h.unanswered = 0
	for _, kept := range all {
		h.see(reading{feed: kept.Feed, profile: kept.Profile, cut: kept.Cut, order: fil.OrderRanked})
	}
	if len(all) == len(agents) {
		return err
	}
	// The store lost some: make them again, as a read would.
	for _, kept := range all {
		agents = slices.DeleteFunc(agents, func(a string) bool { return a == kept.Feed.Agent })
	}
	for _, agent := range agents {
		r, _, rankErr := h.keeper.current(ctx, agent, fil.OrderRanked, 0)
		if rankErr != nil {
			if !errors.Is(rankErr, ErrUnknownAgent) { // left the directory since: the stream has nothing more to say
				err = errors.Join(err, rankErr)
			}
			continue
		}
		h.see(r)
	}
	return err
}

func (h *Hub) lookWithout(agents []string) {
	for _, agent := range agents {
		if r, _, err := h.keeper.fromMemory(agent); err == nil { // one who left the directory has nothing more to be told
			h.see(r)
		}
	}
}

// see compares a feed with the one last looked at, and wakes the agent's streams if it shows something else.
func (h *Hub) see(r reading) {
	feed, from := r.feed, tagOf(r.feed)
	h.mu.Lock()
	w := h.watched[feed.Agent]
	known := w == nil || w.from == from
	h.mu.Unlock()
	if known {
		return
	}
	shown, err := h.shown(r)
	if err != nil {
		h.keeper.log.Error("feed of a connected agent not compared", "stage", "delivery", "error", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if w = h.watched[feed.Agent]; w == nil {
		return
	}
	w.from = from
	if w.tag != "" && w.shown == shown && err == nil {
		return
	}
	w.shown, w.tag = shown, from
	for listener := range w.listeners {
		select {
		case listener <- struct{}{}:
		default: // woken already
		}
	}
}

// firstPage is how many contents are compared by their text, as many as a page has by default.
const firstPage = 20

// shown digests what a reader sees. Of a feed that changed since it was read its keys alone count: the next look tells more,
// and a reader is woken once too often rather than not at all.
func (h *Hub) shown(r reading) (sum [sha256.Size]byte, err error) {
	hash := sha256.New()
	var key [8]byte
	for _, e := range r.feed.Entries {
		binary.BigEndian.PutUint64(key[:], uint64(e.Content))
		hash.Write(key[:])
	}
	first := r.feed.Entries[:min(firstPage, len(r.feed.Entries))]
	briefs, _ := h.keeper.ranker.Brief(r.feed, r.profile, first, r.order, h.keeper.now())
	out := json.NewEncoder(hash)
	for _, b := range briefs {
		if err := errors.Join(out.Encode(b.Content), out.Encode(b.Reminded)); err != nil {
			return sum, err
		}
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}

// subscribe opens a stream of an agent; changed has a token when its feed may have changed since last asked.
func (h *Hub) subscribe(agent string) (changed chan struct{}, leave func(), err error) {
	cfg := h.keeper.cfg
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.done:
		return nil, nil, errHubFinished
	default:
	}
	w := h.watched[agent]
	switch {
	case h.open >= cfg.Streams:
		h.keeper.metrics.refused.WithLabelValues("server").Inc()
		return nil, nil, errTooMany
	case w != nil && len(w.listeners) >= cfg.StreamsPerAgent:
		h.keeper.metrics.refused.WithLabelValues("agent").Inc()
		return nil, nil, errTooManyOwn
	case w == nil:
		w = &watched{listeners: map[chan struct{}]struct{}{}}
		h.watched[agent] = w
	}
	changed = make(chan struct{}, 1)
	w.listeners[changed] = struct{}{}
	h.open++
	h.keeper.metrics.streams.Set(float64(h.open))
	return changed, func() { h.leave(agent, changed) }, nil
}

func (h *Hub) leave(agent string, changed chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.watched[agent]
	delete(w.listeners, changed)
	if len(w.listeners) == 0 {
		delete(h.watched, agent)
	}
	h.open--
	h.keeper.metrics.streams.Set(float64(h.open))
}

// present gives the tag of an agent's event now.
func (h *Hub) present(agent string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.watched[agent]; w != nil {
		return w.tag
	}
	return ""
}
