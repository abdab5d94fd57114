package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/filengine/fil"
)

// ErrAway is the answer of Latest while the store of profiles does not: what the agent has hidden is not known then.
var ErrAway = errors.New("the store does not answer")

// Latest is what an agent may read and has not hidden, newest first, for other formats than pages. It is made of contents as
// they are ready, and decoded when asked for.
type Latest struct {
	Language string    // BCP 47, that it is said in
	At       time.Time // when it was made
	items    []item
	ready    []parts
}

// Latest gives up to limit contents, in the agent's language, else in the first one that the header Accept-Language accepts.
// Reading it is no act of the agent: nothing is recorded of it, and it does not keep their feed warm. Its errors are
// ErrUnknownAgent, ErrAway, or others that a later read may not have.
func (k *Keeper) Latest(ctx context.Context, agent string, limit int, accepted string) (Latest, error) {
	began := time.Now()
	latest, outcome, err := k.latest(ctx, agent, limit, accepted)
	k.metrics.reads.WithLabelValues(outcome).Inc()
	k.metrics.readSeconds.WithLabelValues(outcome).Observe(time.Since(began).Seconds())
	return latest, err
}

func (k *Keeper) latest(ctx context.Context, agent string, limit int, accepted string) (l Latest, outcome string, err error) {
	r, outcome, err := k.current(ctx, agent, fil.OrderChronological, 0)
	if err == nil && r.degraded {
		outcome, err = outcomeDegraded, ErrAway
	}
	if err != nil {
		return Latest{}, outcome, err
	}
	l.At, l.Language = k.now(), languages{accepted: accepted}.of(r)
	q := query{agent: agent, order: r.order, limit: max(limit, len(r.feed.Entries))}
	if l.items, _, err = k.items(ctx, &r, nil, q, l.Language, l.At); err != nil {
		return Latest{}, outcomeFailed, err
	}
	if r.degraded {
		return Latest{}, outcomeDegraded, ErrAway
	}
	slices.SortStableFunc(l.items, func(a, b item) int { return b.Content.PublishedAt.Compare(a.Content.PublishedAt) })
	l.items = dueAmong(l.items, limit, l.At)
	if l.ready, _, err = k.ready(l.items, l.Language, l.At); err != nil {
		return Latest{}, outcomeFailed, err
	}
	return l, outcome, nil
}

// dueAmong takes so many items at most, in their order: what the agent is still to acknowledge, however old, and the first of the others.
func dueAmong(items []item, limit int, at time.Time) []item {
	due := func(i item) bool { return !i.Acknowledged && i.Content.MandatoryUntil.After(at) }
	room := limit
	for _, i := range items {
		if due(i) {
			room--
		}
	}
	kept := items[:0]
	for _, i := range items {
		if len(kept) == limit {
			break
		}
		if !due(i) {
			if room <= 0 {
				continue
			}
			room--
		}
		kept = append(kept, i)
	}
	return kept
}

// Digest is 96 bits in base64url that are equal only for equal lists, read with equal parts of the caller's. It costs no
// decoding.
func (l Latest) Digest(parts ...string) string {
	sum := sha256.New()
	add := func(part []byte) { // with its length, so that two lists of parts are never one text
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		_, _ = sum.Write(size[:])
		_, _ = sum.Write(part)
	}
	for _, part := range append([]string{l.Language}, parts...) {
		add([]byte(part))
	}
	for i := range l.items {
		add(l.ready[i].content)
		add(l.ready[i].reasons)
		add(fmt.Append(nil, l.items[i].Acknowledged, l.items[i].Content.PinnedUntil.After(l.At), l.items[i].Content.MandatoryUntil.After(l.At)))
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12])
}

// Updated is when what is in the list last changed in substance; zero when it is empty.
func (l Latest) Updated() (last time.Time) {
	for i := range l.items {
		for _, at := range []time.Time{l.items[i].Content.PublishedAt, l.items[i].Content.RevisedAt} {
			if at.After(last) && !at.After(l.At) {
				last = at
			}
		}
	}
	return last.UTC()
}

// Items decodes the list.
func (l Latest) Items() ([]FeedItem, error) {
	all := make([]FeedItem, len(l.items))
	for i := range l.items {
		if err := json.Unmarshal(l.ready[i].content, &all[i].Content); err != nil {
			return nil, fmt.Errorf("read content %s: %w", l.items[i].Content.ID, err)
		}
		if err := json.Unmarshal(l.ready[i].reasons, &all[i].Reasons); err != nil {
			return nil, fmt.Errorf("read reasons of %s: %w", l.items[i].Content.ID, err)
		}
		all[i].Acknowledged = l.items[i].Acknowledged
	}
	return all, nil
}
