package syndication

import (
	"errors"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/delivery"
)

// Path is where addresses are: the secret and the format follow.
const Path = "/feeds/"

// What an application is told of how to read.
const (
	mostItems   = 50                     // of one answer
	readAgain   = 30 * time.Minute       // how often RSS is told to ask
	awayFor     = "300"                  // seconds, when the feed cannot be made now
	cacheHeader = "private, max-age=600" // the application may show it for ten minutes without asking again
)

var media = map[Format]string{RSS: "application/rss+xml; charset=utf-8", Atom: "application/atom+xml; charset=utf-8", JSON: "application/feed+json; charset=utf-8"}

// Outcomes of a request, as the metric has them.
const (
	outcomeServed      = "served"
	outcomeNotModified = "not_modified"
	outcomeRevoked     = "revoked"
	outcomeUnknown     = "unknown"
	outcomeAway        = "away"
)

var (
	saysUnknown = fil.Bilingual{
		FR: "Cette adresse n'existe pas. Vérifiez qu'elle est entière, ou faites-en une autre dans Mon fil, « Lire ailleurs ».",
		EN: "There is no such address. Check that it is whole, or make another one in My feed, 'Read elsewhere'.",
	}
	saysRevoked = fil.Bilingual{
		FR: "Cette adresse a été fermée. Faites-en une autre dans Mon fil, « Lire ailleurs ».",
		EN: "This address was closed. Make another one in My feed, 'Read elsewhere'.",
	}
	saysShut = fil.Bilingual{
		FR: "Votre organisation n'a pas ouvert la lecture dans d'autres applications. Lisez votre fil dans Mon fil.",
		EN: "Your organisation has not opened reading in other applications. Read your feed in My feed.",
	}
	saysAway = fil.Bilingual{
		FR: "Le fil ne peut pas être lu pour l'instant. Votre application réessaiera d'elle-même.",
		EN: "The feed cannot be read for now. Your application will try again by itself.",
	}
)

// Handler serves GET and HEAD of Path + "{name}", to whoever has the address. Answers to those that are none are one plain
// sentence in each language.
func (d *Desk) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Referrer-Policy", "no-referrer") // the address is the secret
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox") // of the browser that one is opened in
		of, format, ok := ParseName(r.PathValue("name"))
		agent, s, found := d.parts.Book.Find(of)
		switch {
		case d.cfg.Most == 0:
			d.refuse(w, format, outcomeUnknown, http.StatusForbidden, saysShut)
		case !ok || !found:
			d.refuse(w, format, outcomeUnknown, http.StatusNotFound, saysUnknown)
		case s.revoked():
			d.refuse(w, format, outcomeRevoked, http.StatusGone, saysRevoked)
		default:
			d.answer(w, r, agent, s, format)
		}
	})
}

func (d *Desk) refuse(w http.ResponseWriter, format Format, outcome string, status int, says fil.Bilingual) {
	d.count(format, outcome)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, says.FR+"\n"+says.EN+"\n")
}

func (d *Desk) count(format Format, outcome string) {
	if format == "" {
		format = "none"
	}
	d.served.WithLabelValues(string(format), outcome).Inc()
}

func (d *Desk) answer(w http.ResponseWriter, r *http.Request, agent string, s Subscription, format Format) {
	latest, err := d.parts.Keeper.Latest(r.Context(), agent, mostItems, r.Header.Get("Accept-Language"))
	switch {
	case errors.Is(err, delivery.ErrUnknownAgent):
		d.refuse(w, format, outcomeRevoked, http.StatusGone, saysRevoked)
		return
	case err != nil:
		if r.Context().Err() == nil && !errors.Is(err, delivery.ErrAway) { // which was said
			d.parts.Log.ErrorContext(r.Context(), "feed not read for another application", "stage", "delivery", "error", err)
		}
		w.Header().Set("Retry-After", awayFor)
		d.refuse(w, format, outcomeAway, http.StatusServiceUnavailable, saysAway)
		return
	}
	d.note(r.Context(), s.ID)
	at := placeOf(r.Host, r.Header.Get("X-Forwarded-Proto"), r.TLS != nil)
	h := w.Header()
	h.Set("Cache-Control", cacheHeader)
	h.Set("Vary", "Accept-Language")
	etag := `"` + latest.Digest(at, r.URL.Path) + `"`
	h.Set("ETag", etag)
	updated := latest.Updated()
	if updated.IsZero() {
		updated = s.Made
	}
	h.Set("Last-Modified", updated.Format(http.TimeFormat))
	// If-Modified-Since alone is not gone by: what is withdrawn changes a feed and makes nothing in it newer.
	if matches(r.Header.Get("If-None-Match"), etag) {
		d.count(format, outcomeNotModified)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body, err := d.render(latest, place{base: at, self: at + r.URL.Path}, s, updated, format)
	if err != nil {
		d.parts.Log.ErrorContext(r.Context(), "feed not written for another application", "stage", "delivery", "error", err)
		w.Header().Set("Retry-After", awayFor)
		d.refuse(w, format, outcomeAway, http.StatusServiceUnavailable, saysAway)
		return
	}
	d.count(format, outcomeServed)
	h.Set("Content-Type", media[format])
	_, _ = w.Write(body) //nolint:gosec // XML or JSON under its own media type, in no page; a reader who has left is told nothing
}

// matches compares as RFC 9110 section 13.1.2 asks of If-None-Match.
func matches(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		if candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/"); candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

// placeOf is the origin by which this process was asked, as the proxy before it says.
func placeOf(host, forwarded string, secure bool) string {
	scheme := "http"
	if first, _, _ := strings.Cut(forwarded, ","); secure || strings.EqualFold(strings.TrimSpace(first), "https") {
		scheme = "https"
	}
	return scheme + "://" + host
}

// entry is one content, as all formats say it.
type entry struct {
	delivery.FeedItem
	id        string // a URN
	html      string
	summary   string
	by        string // who says it
	published time.Time
	updated   time.Time
}

// head is what all formats say of a feed.
type head struct {
	place
	id          string // a URN
	language    string
	title, says string
	updated     time.Time
	now         time.Time
}

type place struct{ base, self string }

var (
	feedTitle = fil.Bilingual{FR: "Mon fil", EN: "My feed"}
	feedSays  = fil.Bilingual{
		FR: "Ce que votre organisation vous adresse, du plus récent au plus ancien, sans ce que vous avez masqué. Ce que vous lisez ici n'est pas compté.",
		EN: "What your organisation addresses to you, newest first, without what you have hidden. What you read here is not counted.",
	}
)

func (d *Desk) render(latest delivery.Latest, at place, s Subscription, updated time.Time, format Format) ([]byte, error) {
	items, err := latest.Items()
	if err != nil {
		return nil, err
	}
	h := head{
		place: at, id: urn("subscription", s.ID), language: latest.Language, updated: updated, now: latest.At,
		title: feedTitle.In(latest.Language), says: feedSays.In(latest.Language),
	}
	base, err := url.Parse(at.base + "/")
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(items))
	for i, item := range items {
		c := item.Content
		e := entry{FeedItem: item, id: urn("content", c.ID), html: absolute(c.BodyHTML, base), summary: c.Summary, by: c.Author, published: c.PublishedAt, updated: c.PublishedAt}
		if c.RevisedAt.After(e.updated) {
			e.updated = c.RevisedAt
		}
		if e.by == "" {
			e.by = c.Source
		}
		if !item.Acknowledged && c.MandatoryUntil.After(latest.At) {
			day := c.MandatoryUntil.In(latest.At.Location())
			e.Content.Title = fil.Bilingual{FR: "À lire avant le " + day.Format("02/01/2006") + " : ", EN: "Read before " + day.Format("2 January 2006") + ": "}.In(latest.Language) + c.Title
		}
		if e.html == "" {
			e.html = "<p>" + html.EscapeString(firstOf(c.Summary, c.Title)) + "</p>"
		}
		entries[i] = e
	}
	switch format {
	case RSS:
		return writeRSS(h, entries)
	case Atom:
		return writeAtom(h, entries)
	default:
		return writeJSON(h, entries)
	}
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// link is an address in safe HTML, whose attributes are in double quotes and whose texts have none.
var link = regexp.MustCompile(`href="([^"]*)"`)

// absolute makes the addresses in safe HTML absolute: an application that shows it elsewhere has no page that they could be
// relative to.
func absolute(safe string, base *url.URL) string {
	return link.ReplaceAllStringFunc(safe, func(found string) string {
		to, err := url.Parse(html.UnescapeString(found[len(`href="`) : len(found)-1]))
		if err != nil || to.IsAbs() {
			return found
		}
		return `href="` + html.EscapeString(base.ResolveReference(to).String()) + `"`
	})
}
