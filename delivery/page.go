package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// query is one read of a page.
type query struct {
	agent    string
	order    fil.Order
	limit    int
	cursor   string
	language languages
	known    string // If-None-Match
}

// languages are what says in which language to answer, the first that is set first.
type languages struct{ asked, accepted string }

// page is the answer; body is nil when the client has it already.
type page struct {
	etag     string // empty for a degraded answer, which is not to be kept
	body     []byte
	next     string
	degraded bool
}

// placed are contents with their placements, one for one.
type placed struct {
	placements []fil.Placement
	contents   []fil.Content
}

// read answers one page and counts it.
func (k *Keeper) read(ctx context.Context, q query) (page, error) {
	began := time.Now()
	p, outcome, err := k.page(ctx, q)
	if fault := fil.FaultsOf(err); fault != nil {
		outcome = outcomeRefused
	}
	k.metrics.reads.WithLabelValues(outcome).Inc()
	k.metrics.readSeconds.WithLabelValues(outcome).Observe(time.Since(began).Seconds())
	if p.degraded {
		k.metrics.degraded.Inc()
	}
	if p.body != nil {
		k.metrics.answerBytes.Observe(float64(len(p.body)))
	}
	return p, err
}

func (k *Keeper) page(ctx context.Context, q query) (p page, outcome string, err error) {
	var rest Cursor
	if q.cursor != "" {
		if rest, err = ParseCursor(q.cursor); err != nil {
			return page{}, outcomeRefused, err
		}
	}
	r, outcome, err := k.current(ctx, q.agent, q.order)
	if err != nil {
		return page{}, outcome, err
	}
	language := k.language(q.agent, q.language)
	// The first page of a kept feed is known by what it was computed from, before it is made.
	if rest == nil && r.order == fil.OrderRanked {
		p.etag = entityTag(tagOf(r.feed), fmt.Sprintf("%d.%s", q.limit, language))
		if matches(q.known, p.etag) {
			return p, outcomeNotModified, nil
		}
	}
	placed, left, err := k.place(r, entriesOf(r.feed, rest), q.limit, language)
	if err != nil {
		return page{}, outcomeFailed, err
	}
	p.next, p.degraded = left.String(), r.degraded
	if p.body, err = k.appendPage(r, placed, p.next, language); err != nil {
		return page{}, outcomeFailed, err
	}
	if p.etag == "" && !p.degraded {
		p.etag = entityTag(digest(p.body))
		if matches(q.known, p.etag) {
			return page{etag: p.etag}, outcomeNotModified, nil
		}
	}
	return p, outcome, nil
}

// entriesOf gives what there is to serve: what is left when there is a cursor, the whole feed when there is none.
func entriesOf(feed fil.Feed, rest Cursor) []fil.Entry {
	if rest == nil {
		return feed.Entries[:min(len(feed.Entries), maxCursor)]
	}
	scores := make(map[fil.ContentKey]float32, len(feed.Entries))
	for _, e := range feed.Entries {
		scores[e.Content] = e.Score
	}
	entries := make([]fil.Entry, len(rest))
	for i, key := range rest {
		entries[i] = fil.Entry{Content: key, Score: scores[key]}
	}
	return entries
}

// place takes from the front until the page is full, for some entries may no longer be eligible, and gives the rest.
func (k *Keeper) place(r reading, entries []fil.Entry, limit int, language string) (out placed, left Cursor, err error) {
	now := k.now()
	for len(out.placements) < limit && len(entries) > 0 {
		n := min(limit-len(out.placements), len(entries))
		placements, contents, err := k.ranker.Place(r.feed.Agent, r.profile, entries[:n], r.order, language, now)
		if err != nil {
			return placed{}, nil, fmt.Errorf("explain a feed: %w", err)
		}
		if len(placements) != len(contents) {
			return placed{}, nil, fmt.Errorf("explain a feed: %d placements for %d contents", len(placements), len(contents))
		}
		out.placements, out.contents = append(out.placements, placements...), append(out.contents, contents...)
		entries = entries[n:]
	}
	for _, e := range entries {
		left = append(left, e.Content)
	}
	return out, left, nil
}

// language chooses: what the request asks for, then what the directory says, then what the browser accepts, then French.
func (k *Keeper) language(agent string, l languages) string {
	if l.asked != "" {
		return l.asked
	}
	if a, ok := k.directory.Agent(agent); ok && a.Language != "" {
		return a.Language
	}
	if first := firstTag(l.accepted); first != "" {
		return first
	}
	return "fr"
}

// firstTag gives the first language of an Accept-Language, which browsers list by preference.
func firstTag(header string) string {
	first, _, _ := strings.Cut(header, ",")
	first, _, _ = strings.Cut(first, ";")
	first = strings.TrimSpace(first)
	if len(first) > 35 || strings.ContainsFunc(first, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return ""
	}
	return first
}

// tagOf digests what a kept feed was computed from and what came of it. Until is part of it because what time alone
// changes, such as the end of a pin, changes no stamp.
func tagOf(feed fil.Feed) string {
	b := make([]byte, 0, 64+12*len(feed.Entries))
	b = append(append(b, feed.Policy...), 0)
	b = binary.BigEndian.AppendUint64(b, feed.Stamp)
	b = binary.BigEndian.AppendUint64(b, uint64(feed.Until.UnixNano()))
	for _, e := range feed.Entries {
		b = binary.BigEndian.AppendUint64(b, uint64(e.Content))
		b = binary.BigEndian.AppendUint32(b, math.Float32bits(e.Score))
	}
	return digest(b)
}

// digest is 96 bits of SHA-256 in base64url.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func entityTag(parts ...string) string { return `"` + strings.Join(parts, ".") + `"` }

// matches compares as RFC 9110 section 13.1.2 asks of If-None-Match.
func matches(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

// errNotEligible is the answer for a content that this agent cannot be shown now.
var errNotEligible = errors.New("content not eligible")

// explain places one content, wherever it is in the feed, or if it fell out of it by its rank alone.
func (k *Keeper) explain(ctx context.Context, agent, content string, l languages) (reading, fil.Placement, error) {
	r, _, err := k.current(ctx, agent, fil.OrderRanked)
	if err != nil {
		return reading{}, fil.Placement{}, err
	}
	if r.degraded {
		k.metrics.degraded.Inc()
	}
	entries := entriesOf(r.feed, Cursor{fil.KeyOf(content)})
	placements, _, err := k.ranker.Place(agent, r.profile, entries, r.order, k.language(agent, l), k.now())
	switch {
	case err != nil:
		return reading{}, fil.Placement{}, fmt.Errorf("explain %s: %w", content, err)
	case len(placements) == 0 || placements[0].Content != content:
		return reading{}, fil.Placement{}, errNotEligible
	}
	return r, placements[0], nil
}
