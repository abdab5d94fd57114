package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"net/url"
	"slices"
	"strconv"
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
	full     bool // each item with its whole explanation
	saved    bool // what the agent saved, the last first, in place of the feed
	language languages
	known    string // If-None-Match
}

// first is how many briefs will be wanted of the first entries of a feed that is kept: a whole page, unless the page is
// another one, or its client may have it.
func (q query) first() int {
	if q.cursor != "" || q.full || q.saved || q.known != "" {
		return 0
	}
	return q.limit
}

// languages are what says in which language to answer, the first that is set first.
type languages struct{ asked, accepted string }

// page is the answer; body is nil when the client has it already.
type page struct {
	etag     string // empty for an answer that is not to be kept: a degraded one, or one that says when it was made
	body     []byte // to be released once it is written
	next     string
	order    fil.Order // that the page is in
	degraded bool
}

// item is one content of a page. One that was explained anew has sentences; one that a feed keeps has a note in their place.
type item struct {
	fil.Brief
	key         fil.ContentKey
	reasons     []string
	explanation *fil.Explanation // in a page in full
}

// read answers one page and counts it.
func (k *Keeper) read(ctx context.Context, q query) (page, error) {
	began := time.Now()
	p, outcome, err := k.page(ctx, q)
	if err != nil && fil.FaultsOf(err) != nil {
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
	r, outcome, err := k.current(ctx, q.agent, q.order, q.first())
	if err != nil {
		return page{}, outcome, err
	}
	language, now := q.language.of(r), k.now()
	if r.briefs != nil {
		now = r.at
	}
	if rest == nil && q.saved {
		if rest, err = k.savedBy(ctx, &r); err != nil {
			return page{}, outcomeFailed, err
		}
	}
	// The first page of a kept feed is known by what it was computed from, before it is made.
	if rest == nil && r.order == fil.OrderRanked && !r.degraded && !q.full {
		p.etag = firstTagOf(r.feed, q.limit, language, now)
		if matches(q.known, p.etag) {
			return p, outcomeNotModified, nil
		}
	}
	items, left, err := k.items(ctx, &r, rest, q, language, now)
	if err != nil {
		return page{}, outcomeFailed, err
	}
	if r.degraded {
		outcome, p.etag = outcomeDegraded, ""
	}
	p.next, p.order, p.degraded = left.String(), r.order, r.degraded
	if p.body, err = k.appendPage(r, items, ends{next: p.next, explain: explainAt(r, q.language.asked)}, language, now); err != nil {
		return page{}, outcomeFailed, err
	}
	if p.etag == "" && !p.degraded && !q.full {
		p.etag = entityTag(digest(p.body))
		if matches(q.known, p.etag) {
			k.release(p.body)
			return page{etag: p.etag}, outcomeNotModified, nil
		}
	}
	return p, outcome, nil
}

// savedBy lists what an agent saved, as a page's cursor lists what is left to serve: never nil. While the store does not answer
// it is not known, and ErrAway.
func (k *Keeper) savedBy(ctx context.Context, r *reading) (Cursor, error) {
	var err error
	if *r, err = k.whole(ctx, *r); err != nil {
		return nil, err
	}
	if r.degraded {
		return nil, ErrAway
	}
	all := Cursor{}
	if k.saved != nil {
		all = append(all, k.saved(r.profile)...)
	}
	return all[:min(len(all), maxCursor)], nil
}

// firstTagOf is the entity tag of a first page: of the feed, then of what is shown of it. Reasons change at full hours.
func firstTagOf(feed fil.Feed, limit int, language string, now time.Time) string {
	hour := strconv.FormatInt(now.Unix()/3600, 36)
	return entityTag(tagOf(feed), strconv.Itoa(limit), language, hour)
}

// entriesOf gives what there is to serve: what is left when there is a cursor, the whole feed when there is none. Strays are
// those that are left and no longer in the feed.
func entriesOf(feed fil.Feed, rest Cursor) (entries []fil.Entry, strays map[fil.ContentKey]bool) {
	if rest == nil {
		return feed.Entries[:min(len(feed.Entries), maxCursor)], nil
	}
	known := make(map[fil.ContentKey]fil.Entry, len(feed.Entries))
	for _, e := range feed.Entries {
		known[e.Content] = e
	}
	entries, strays = make([]fil.Entry, len(rest)), map[fil.ContentKey]bool{}
	for i, key := range rest {
		e, in := known[key]
		if !in {
			e, strays[key] = fil.Entry{Content: key}, true
		}
		entries[i] = e
	}
	return entries, strays
}

// items takes from the front until the page is full, for some entries may no longer be eligible, and gives the rest. The
// reading becomes one without the store if the store is needed and answers no more.
func (k *Keeper) items(ctx context.Context, r *reading, rest Cursor, q query, language string, now time.Time) (out []item, left Cursor, err error) {
	entries, strays := entriesOf(r.feed, rest)
	out = make([]item, 0, min(q.limit, len(entries)))
	for len(out) < q.limit && len(entries) > 0 {
		n := min(q.limit-len(out), len(entries))
		some := entries[:n]
		stray := func(e fil.Entry) bool { return strays[e.Content] }
		if brief := !q.full && (len(strays) == 0 || !slices.ContainsFunc(some, stray)); brief {
			if briefs, fresh := k.briefs(r, rest, some, now); fresh {
				for i, b := range briefs {
					out = append(out, item{Brief: b, key: some[i].Content})
				}
				entries = entries[n:]
				continue
			}
		}
		degraded := r.degraded
		if *r, err = k.whole(ctx, *r); err != nil {
			return nil, nil, err
		}
		if r.degraded && !degraded { // in another order than what was taken so far
			return k.items(ctx, r, rest, q, language, now)
		}
		if out, err = k.place(out, *r, some, q.full, language, now); err != nil {
			return nil, nil, err
		}
		entries = entries[n:]
	}
	left = make(Cursor, len(entries))
	for i, e := range entries {
		left[i] = e.Content
	}
	return out, left, nil
}

// briefs gives those of some entries of a reading's feed, which came with it if these are its first.
func (k *Keeper) briefs(r *reading, rest Cursor, some []fil.Entry, now time.Time) (briefs []fil.Brief, fresh bool) {
	if rest == nil && len(r.briefs) == len(some) {
		return r.briefs, true
	}
	return k.ranker.Brief(r.feed, r.profile, some, r.order, now)
}

// place adds those of some entries that are eligible now, wherever they are, or are not, in the feed.
func (k *Keeper) place(out []item, r reading, some []fil.Entry, full bool, language string, now time.Time) ([]item, error) {
	placements, contents, err := k.ranker.Place(r.feed.Agent, r.profile, some, r.order, language, now)
	if err != nil {
		return nil, fmt.Errorf("explain a feed: %w", err)
	}
	if len(placements) != len(contents) {
		return nil, fmt.Errorf("explain a feed: %d placements for %d contents", len(placements), len(contents))
	}
	for i := range placements {
		p := &placements[i]
		one := item{key: fil.KeyOf(p.Content), reasons: orEmpty(p.Reasons), Brief: fil.Brief{Content: &contents[i], Score: rounded(p.Score), Acknowledged: p.Acknowledged, Placed: p.Placed, Reminded: p.Reminded}}
		if full {
			one.Score, one.explanation = p.Score, &p.Explanation // the terms of the score add up to the whole number
		}
		out = append(out, one)
	}
	return out, nil
}

// of chooses: what the request asks for, then what the directory says, then what the browser accepts, then French.
func (l languages) of(r reading) string {
	switch first := firstTag(l.accepted); {
	case l.asked != "":
		return l.asked
	case r.language != "":
		return r.language
	case first != "":
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

// tagOf digests, in 96 bits, what a kept feed was computed from and what came of it. Until is part of it because what time
// alone changes, such as the end of a pin, changes no stamp.
func tagOf(feed fil.Feed) string {
	a, b := blend(0x9e3779b97f4a7c15, feed.Stamp), blend(0xd1b54a32d192ed03, feed.Stamp)
	add := func(v uint64) { a, b = blend(a, v), blend(b, v) }
	add(uint64(feed.Until.UnixNano()))
	add(uint64(fil.KeyOf(feed.Policy)))
	add(uint64(fil.KeyOf(feed.Agent)))
	for _, e := range feed.Entries {
		add(uint64(e.Content))
		add(uint64(math.Float32bits(e.Score))<<32 | uint64(e.Note))
		add(uint64(e.Team))
	}
	var sum [16]byte
	binary.BigEndian.PutUint64(sum[:], a)
	binary.BigEndian.PutUint64(sum[8:], b)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// blend adds a value to a digest in which order matters: the two halves of a product of 128 bits (as wyhash, Wang, 2019). It
// tells feeds apart; it is no seal.
func blend(digest, value uint64) uint64 {
	high, low := bits.Mul64(digest^0xa0761d6478bd642f, value^0xe7037ed1a0b428db)
	return high ^ low ^ bits.RotateLeft64(digest, 29)
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

// errNoOther is the answer when the content to compare with is one of those.
var errNoOther = errors.New("content to compare with not eligible")

// explainAt is where the explanations of a page are, as a URI template.
func explainAt(r reading, language string) string {
	at := "/v1/feed/items/{content}/explanation?agent=" + url.QueryEscape(r.feed.Agent)
	if r.order == fil.OrderChronological && !r.degraded { // a degraded explanation is in that order without being asked
		at += "&order=" + inTimeOrder
	}
	if language != "" {
		at += "&lang=" + url.QueryEscape(language)
	}
	return at
}

// explain places one content, wherever it is in the feed, or if it fell out of it by its rank alone, and compares it with
// another: the one asked for, else the one right below it, if there is one.
func (k *Keeper) explain(ctx context.Context, agent, content, other string, order fil.Order, l languages) (reading, fil.Placement, *Contrast, error) {
	r, _, err := k.current(ctx, agent, order, 0)
	if err != nil {
		return reading{}, fil.Placement{}, nil, err
	}
	if r, err = k.whole(ctx, r); err != nil {
		return reading{}, fil.Placement{}, nil, err
	}
	if r.degraded {
		k.metrics.degraded.Inc()
	}
	entries := []fil.Entry{{Content: fil.KeyOf(content)}}
	if other != "" {
		entries = append(entries, fil.Entry{Content: fil.KeyOf(other)})
	} else {
		at := slices.IndexFunc(r.feed.Entries, func(e fil.Entry) bool { return e.Content == entries[0].Content })
		if at >= 0 && at+1 < len(r.feed.Entries) {
			entries = append(entries, r.feed.Entries[at+1])
		}
	}
	placements, contents, err := k.ranker.Place(agent, r.profile, entries, r.order, l.of(r), k.now())
	switch {
	case err != nil:
		return reading{}, fil.Placement{}, nil, fmt.Errorf("explain %s: %w", content, err)
	case len(placements) == 0 || placements[0].Content != content:
		return reading{}, fil.Placement{}, nil, errNotEligible
	case len(placements) == 2:
		return r, placements[0], contrast(&placements[0], &placements[1], contents[1].In(l.of(r)).Title, l.of(r)), nil
	case other != "":
		return reading{}, fil.Placement{}, nil, errNoOther
	}
	return r, placements[0], nil, nil
}
