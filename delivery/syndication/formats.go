package syndication

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 9562 makes names of version 5 by it: they tell contents apart and seal nothing
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"time"
)

// namespace is of the names below, drawn once. What has the same id has the same name at every address, so that an application
// that reads two of them, or a new one, knows what it has.
var namespace = [16]byte{0x5f, 0x1e, 0x0c, 0x3a, 0x7d, 0x42, 0x4b, 0x0e, 0x9a, 0x61, 0x2c, 0x88, 0x13, 0xd7, 0x6e, 0xb4}

// urn names a thing by its kind and id: urn:uuid, version 5 (RFC 9562 section 5.5).
func urn(kind, id string) string {
	hash := sha1.New() //nolint:gosec // as above
	_, _ = hash.Write(namespace[:])
	_, _ = hash.Write([]byte(kind + ":" + id))
	u := hash.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	text := hex.EncodeToString(u)
	return "urn:uuid:" + text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

const generator = "Fil"

// RSS 2.0, with the modules content, dc and atom (https://www.rssboard.org/rss-specification,
// https://www.rssboard.org/rss-profile).
type (
	rssFeed struct {
		XMLName xml.Name   `xml:"rss"`
		Version string     `xml:"version,attr"`
		Atom    string     `xml:"xmlns:atom,attr"`
		Content string     `xml:"xmlns:content,attr"`
		DC      string     `xml:"xmlns:dc,attr"`
		Channel rssChannel `xml:"channel"`
	}
	rssChannel struct {
		Title       string    `xml:"title"`
		Link        string    `xml:"link"`
		Description string    `xml:"description"`
		Language    string    `xml:"language"`
		Built       string    `xml:"lastBuildDate"`
		Generator   string    `xml:"generator"`
		TTL         int       `xml:"ttl"`
		Self        rssSelf   `xml:"atom:link"`
		Items       []rssItem `xml:"item"`
	}
	rssSelf struct {
		Href string `xml:"href,attr"`
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
	}
	rssItem struct {
		Title       string   `xml:"title"`
		Link        string   `xml:"link"`
		Description string   `xml:"description,omitempty"`
		Creator     string   `xml:"dc:creator,omitempty"`
		Categories  []string `xml:"category"`
		GUID        rssGUID  `xml:"guid"`
		Published   string   `xml:"pubDate"`
		Content     string   `xml:"content:encoded"`
	}
	rssGUID struct {
		PermaLink bool   `xml:"isPermaLink,attr"`
		ID        string `xml:",chardata"`
	}
)

// rfc822 is the date of RSS, with the four digits of a year that its profile asks for.
const rfc822 = "Mon, 02 Jan 2006 15:04:05 GMT"

func writeRSS(h head, entries []entry) ([]byte, error) {
	feed := rssFeed{
		Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Content: "http://purl.org/rss/1.0/modules/content/", DC: "http://purl.org/dc/elements/1.1/",
		Channel: rssChannel{
			Title: h.title, Link: h.base + "/app/", Description: h.says, Language: h.language, Built: h.updated.UTC().Format(rfc822), Generator: generator,
			TTL: int(readAgain.Minutes()), Self: rssSelf{Href: h.self, Rel: "self", Type: "application/rss+xml"}, Items: make([]rssItem, len(entries)),
		},
	}
	for i, e := range entries {
		feed.Channel.Items[i] = rssItem{
			Title: e.Content.Title, Link: h.base + "/app/", Description: e.summary, Creator: e.by, Categories: e.Content.Topics, GUID: rssGUID{ID: e.id},
			Published: e.published.UTC().Format(rfc822), Content: e.html,
		}
	}
	return marshal(feed)
}

// Atom 1.0 (RFC 4287).
type (
	atomFeed struct {
		XMLName   xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Lang      string      `xml:"xml:lang,attr"`
		ID        string      `xml:"id"`
		Title     string      `xml:"title"`
		Subtitle  string      `xml:"subtitle"`
		Updated   string      `xml:"updated"`
		Author    atomPerson  `xml:"author"`
		Generator string      `xml:"generator"`
		Links     []atomLink  `xml:"link"`
		Entries   []atomEntry `xml:"entry"`
	}
	atomPerson struct {
		Name string `xml:"name"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	atomCategory struct {
		Term string `xml:"term,attr"`
	}
	atomEntry struct {
		Lang       string         `xml:"xml:lang,attr"`
		ID         string         `xml:"id"`
		Title      string         `xml:"title"`
		Updated    string         `xml:"updated"`
		Published  string         `xml:"published"`
		Links      []atomLink     `xml:"link"`
		Author     *atomPerson    `xml:"author"` // absent: the feed's
		Categories []atomCategory `xml:"category"`
		Summary    string         `xml:"summary,omitempty"`
		Content    atomContent    `xml:"content"`
	}
	atomContent struct {
		Type string `xml:"type,attr"`
		HTML string `xml:",chardata"`
	}
)

func writeAtom(h head, entries []entry) ([]byte, error) {
	feed := atomFeed{
		Lang: h.language, ID: h.id, Title: h.title, Subtitle: h.says, Updated: h.updated.UTC().Format(time.RFC3339), Author: atomPerson{generator}, Generator: generator,
		Links:   []atomLink{{"self", "application/atom+xml", h.self}, {"alternate", "text/html", h.base + "/app/"}},
		Entries: make([]atomEntry, len(entries)),
	}
	for i, e := range entries {
		one := atomEntry{
			Lang: e.Content.Language, ID: e.id, Title: e.Content.Title, Updated: e.updated.UTC().Format(time.RFC3339), Published: e.published.UTC().Format(time.RFC3339),
			Links: []atomLink{{"alternate", "text/html", h.base + "/app/"}}, Summary: e.summary, Content: atomContent{"html", e.html},
		}
		if e.by != "" {
			one.Author = &atomPerson{e.by}
		}
		for _, topic := range e.Content.Topics {
			one.Categories = append(one.Categories, atomCategory{topic})
		}
		feed.Entries[i] = one
	}
	return marshal(feed)
}

// marshal writes XML; encoding/xml puts the replacement character in the place of what XML cannot hold.
func marshal(feed any) ([]byte, error) {
	body, err := xml.Marshal(feed)
	if err != nil {
		return nil, fmt.Errorf("write a feed: %w", err)
	}
	return append([]byte(xml.Header), body...), nil
}

// JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/), with an extension of ours.
type (
	jsonFeed struct {
		Version     string     `json:"version"`
		Title       string     `json:"title"`
		HomePage    string     `json:"home_page_url"`
		Self        string     `json:"feed_url"`
		Description string     `json:"description"`
		Language    string     `json:"language"`
		Items       []jsonItem `json:"items"`
	}
	jsonAuthor struct {
		Name string `json:"name"`
	}
	jsonItem struct {
		ID        string       `json:"id"`
		URL       string       `json:"url"` // where it is read and acknowledged
		Title     string       `json:"title"`
		Summary   string       `json:"summary,omitempty"`
		HTML      string       `json:"content_html"`
		Published time.Time    `json:"date_published"`
		Modified  time.Time    `json:"date_modified,omitzero"`
		Authors   []jsonAuthor `json:"authors,omitempty"`
		Tags      []string     `json:"tags,omitempty"`
		Language  string       `json:"language"`
		Fil       jsonFil      `json:"_fil"`
	}
	// jsonFil is what the format has no word for.
	jsonFil struct {
		About        string   `json:"about"` // the public page of the rules
		Content      string   `json:"content"`
		Kind         string   `json:"kind"`
		Source       string   `json:"source,omitempty"`
		Why          []string `json:"why"`
		Pinned       bool     `json:"pinned"`
		Mandatory    bool     `json:"mandatory"`
		Acknowledged bool     `json:"acknowledged"`
	}
)

func writeJSON(h head, entries []entry) ([]byte, error) {
	feed := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: h.title, HomePage: h.base + "/app/", Self: h.self, Description: h.says, Language: h.language,
		Items: make([]jsonItem, len(entries)),
	}
	for i, e := range entries {
		c := e.Content
		one := jsonItem{
			ID: e.id, URL: h.base + "/app/", Title: c.Title, Summary: e.summary, HTML: e.html, Published: e.published.UTC(), Tags: c.Topics, Language: c.Language,
			Fil: jsonFil{
				About: h.base + "/policy", Content: c.ID, Kind: c.Kind, Source: c.Source, Why: e.Reasons,
				Pinned: c.PinnedUntil.After(h.now), Mandatory: c.MandatoryUntil.After(h.now), Acknowledged: e.Acknowledged,
			},
		}
		if e.updated.After(e.published) {
			one.Modified = e.updated.UTC()
		}
		if e.by != "" {
			one.Authors = []jsonAuthor{{e.by}}
		}
		feed.Items[i] = one
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // the answer is never part of a page
	if err := enc.Encode(feed); err != nil {
		return nil, fmt.Errorf("write a feed: %w", err)
	}
	return out.Bytes(), nil
}
