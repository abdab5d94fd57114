package syndication

import (
	"errors"
	"slices"
	"sync"

	"github.com/filengine/fil"
)

// Book is the subscriptions of all agents: a projection of fil.subscriptions. It is safe for concurrent use.
type Book struct {
	mu     sync.RWMutex
	agents map[string][]Subscription
	owners map[Digest]string
}

// NewBook makes an empty book.
func NewBook() *Book { return &Book{agents: map[string][]Subscription{}, owners: map[Digest]string{}} }

// Apply takes records in the log's order. What is no holder is a rejection; the others are applied.
func (b *Book) Apply(records []fil.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rejected []error
	for _, rec := range records {
		if rec.Event.Data == nil {
			b.put(rec.Key, nil)
			continue
		}
		holder, err := fil.Decode[Holder](rec)
		if err == nil {
			if wrong := holder.check(rec.Key); wrong != nil {
				err = fil.Reject(rec, wrong)
			}
		}
		if err != nil {
			rejected = append(rejected, err)
			continue
		}
		b.put(rec.Key, merged(b.agents[rec.Key], holder.Subscriptions))
	}
	return errors.Join(rejected...)
}

// put replaces what there is of an agent.
func (b *Book) put(agent string, all []Subscription) {
	for _, s := range b.agents[agent] {
		delete(b.owners, s.Digest)
	}
	if delete(b.agents, agent); len(all) == 0 {
		return
	}
	b.agents[agent] = all
	for _, s := range all {
		b.owners[s.Digest] = agent
	}
}

// Of gives an agent's subscriptions, the revoked ones last.
func (b *Book) Of(agent string) []Subscription {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.agents[agent])
}

// Find gives the subscription whose secret has a digest, and whose it is.
func (b *Book) Find(of Digest) (agent string, s Subscription, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	agent, ok = b.owners[of]
	if !ok {
		return "", Subscription{}, false
	}
	all := b.agents[agent]
	at := slices.IndexFunc(all, func(s Subscription) bool { return s.Digest == of })
	return agent, all[at], true
}

// Len is the number of addresses, the revoked ones that are remembered among them.
func (b *Book) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.owners)
}
