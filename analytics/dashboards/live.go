package dashboards

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Live tells those who watch a content its totals as they change: during an alert, say. However many watch a content, it is
// looked at once, and no more often than Every. What it tells is what the dashboard of the content tells at that moment, no
// more: totals, behind the same guard.
type Live struct {
	of  *Dashboards
	cfg LiveConfig

	mu    sync.Mutex
	tails map[string]*tail // by content
	open  int
	keys  map[string]int // open, by key
	done  chan struct{}  // closed when Run ends; every stream then ends
}

// LiveConfig bounds what watching costs.
type LiveConfig struct {
	Every          time.Duration // between two looks at a content
	Heartbeat      time.Duration // between comments on a silent stream
	Life           time.Duration // after which a stream ends, so that a revoked key does not read for ever
	Patience       time.Duration // how long a look may take, and a client to accept an event
	Watchers       int           // open streams, in all
	WatchersPerKey int           // open streams of one key
}

// DefaultLive looks once a second.
func DefaultLive() LiveConfig {
	return LiveConfig{Every: time.Second, Heartbeat: 15 * time.Second, Life: time.Hour, Patience: 10 * time.Second, Watchers: 512, WatchersPerKey: 64}
}

// NewLive makes it; Run makes it work.
func NewLive(of *Dashboards, cfg LiveConfig) *Live {
	return &Live{of: of, cfg: cfg, tails: map[string]*tail{}, keys: map[string]int{}, done: make(chan struct{})}
}

// totals is what is told of a content.
type totals struct {
	From     string  `json:"from" doc:"Premier jour / first day"`
	To       string  `json:"to" doc:"Dernier jour, compris / last day, inclusive"`
	Totals   figures `json:"totals"`
	Withheld string  `json:"withheld,omitempty" doc:"Dit pourquoi des chiffres sont nuls (null) / says why figures are null"`
}

// present is the last thing that there is to tell.
type present struct {
	id, event string // the id is a digest, so the same figures have the same
	totals    totals
}

const (
	eventTotals = "totals"
	eventStale  = "stale" // the figures told last are not known to hold
)

// tail is one content that is watched.
type tail struct {
	looking  chan struct{} // a token: somebody looks
	began    time.Time     // of the last look, by who has the token
	present  present       // guarded by Live.mu, as the rest
	watchers map[chan struct{}]struct{}
}

var (
	errTooMany    = errors.New("too many streams")
	errTooManyOwn = errors.New("too many streams of one key")
	errLeaving    = errors.New("the server is stopping")
)

// Run looks at what is watched until the context ends, then ends every stream. It is called once.
func (l *Live) Run(ctx context.Context) error {
	defer close(l.done)
	timer := time.NewTimer(l.cfg.Every)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		began := time.Now()
		for _, content := range l.watched() {
			if err := l.look(ctx, content, l.cfg.Every); err != nil && ctx.Err() == nil {
				l.of.Logger.WarnContext(ctx, "a content that is watched was not looked at", "stage", "analytics", "error", err)
			}
		}
		timer.Reset(max(l.cfg.Every, time.Since(began))) // many contents, or a store that is slow: half of the time at most
	}
}

func (l *Live) watched() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.tails))
}

// look asks for the totals of a content, unless that was done less than a time ago, and wakes its watchers when they changed.
func (l *Live) look(ctx context.Context, content string, since time.Duration) error {
	l.mu.Lock()
	t := l.tails[content]
	l.mu.Unlock()
	if t == nil {
		return nil // the last of them has left
	}
	select {
	case t.looking <- struct{}{}:
		defer func() { <-t.looking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if !t.began.IsZero() && time.Since(t.began) < since {
		return nil
	}
	t.began = time.Now()
	now, err := l.ask(ctx, content)
	if err != nil && (ctx.Err() != nil || errors.Is(err, errUnknown)) {
		return err // its streams end when they find it out
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.present.id == now.id {
		return err
	}
	t.present = now
	for watcher := range t.watchers {
		select {
		case watcher <- struct{}{}:
		default: // woken already
		}
	}
	return err
}

// ask gives the totals of a content, for nobody in particular, and what to tell instead when they cannot be had.
func (l *Live) ask(ctx context.Context, content string) (present, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Patience)
	defer cancel()
	stale := present{id: eventStale, event: eventStale}
	s, err := l.of.one(ctx, content)
	if err != nil {
		return stale, err
	}
	b, err := l.of.figure(ctx, params{}, s, false)
	if err != nil {
		return stale, err
	}
	now := present{event: eventTotals, totals: totals{From: b.From, To: b.To, Totals: b.Totals, Withheld: b.why.FR}}
	text, err := json.Marshal(now.totals)
	if err != nil {
		return stale, fmt.Errorf("write the totals of %s: %w", content, err)
	}
	sum := sha256.Sum256(text)
	now.id = hex.EncodeToString(sum[:12])
	return now, nil
}

// subscribe opens a stream; changed has a token when there may be something else to tell than was last told.
func (l *Live) subscribe(content, key string) (changed chan struct{}, leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.done:
		return nil, nil, errLeaving
	default:
	}
	switch {
	case l.open >= l.cfg.Watchers:
		return nil, nil, errTooMany
	case l.keys[key] >= l.cfg.WatchersPerKey:
		return nil, nil, errTooManyOwn
	}
	t := l.tails[content]
	if t == nil {
		t = &tail{looking: make(chan struct{}, 1), watchers: map[chan struct{}]struct{}{}}
		l.tails[content] = t
	}
	changed = make(chan struct{}, 1)
	t.watchers[changed] = struct{}{}
	l.open++
	l.keys[key]++
	return changed, func() { l.leave(content, key, changed) }, nil
}

func (l *Live) leave(content, key string, changed chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tails[content]
	delete(t.watchers, changed)
	if len(t.watchers) == 0 {
		delete(l.tails, content)
	}
	if l.keys[key]--; l.keys[key] == 0 {
		delete(l.keys, key)
	}
	l.open--
}

func (l *Live) now(content string) present {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.tails[content]; t != nil {
		return t.present
	}
	return present{}
}
