package delivery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// FeedPage is one page of a feed, as it is answered.
type FeedPage struct {
	Agent  string `json:"agent" doc:"Identifiant de l'agent"`
	Policy string `json:"policy" doc:"Version de la politique de classement appliquée"`
	// Degraded is as the header Fil-Degraded.
	Degraded string `json:"degraded,omitempty" enum:"chronological" doc:"Présent quand le fil est servi de mémoire, du plus récent au plus ancien : ce que l'agent a lu, écarté ou reconnu n'est pas connu pour l'instant"`
	// Explain is a URI template (RFC 6570).
	Explain string     `json:"explain" doc:"Où lire l'explication complète d'une communication, {content} étant son identifiant"`
	Items   []FeedItem `json:"items" nullable:"false"`
	Next    string     `json:"next,omitempty" doc:"Curseur de la page suivante ; absent à la fin"`
}

// FeedItem is one content with its place and why it has it.
type FeedItem struct {
	Content      FeedContent      `json:"content"`
	Score        float64          `json:"score" doc:"En unités log2 : un de plus double la qualité ; au 64e près, mais entier avec l'explication"`
	Reasons      []string         `json:"reasons" nullable:"false" doc:"Une à trois phrases pour l'agent : ce qu'une règle a fait, puis la plus lourde d'abord"`
	Acknowledged bool             `json:"acknowledged" doc:"L'agent a dit en avoir pris connaissance"`
	Explanation  *fil.Explanation `json:"explanation,omitempty" doc:"Avec explain=full : les quatre éléments de l'article R.311-3-1-2 du CRPA"`
}

// FeedContent is a content in the reader's language, ready to be shown.
type FeedContent struct {
	ID             string    `json:"id"`
	Kind           string    `json:"kind"`
	Title          string    `json:"title"`
	Summary        string    `json:"summary"`
	BodyHTML       string    `json:"body_html" doc:"HTML sûr : ni script, ni style, ni image"`
	Language       string    `json:"language" doc:"BCP 47"`
	Topics         []string  `json:"topics" nullable:"false"`
	Source         string    `json:"source"`
	Author         string    `json:"author"`
	Community      string    `json:"community,omitempty" doc:"Communauté dont est la communication ; absente si elle n'en a pas"`
	PublishedAt    time.Time `json:"published_at"`
	PinnedUntil    time.Time `json:"pinned_until,omitzero"`
	MandatoryUntil time.Time `json:"mandatory_until,omitzero"`
}

// ends are where a reader can go from a page.
type ends struct{ next, explain string }

// appendPage writes a FeedPage. The contents come ready from the cache, which is most of the bytes.
func (k *Keeper) appendPage(r reading, items []item, to ends, language string) ([]byte, error) {
	ready, size := make([][]byte, len(items)), 512+len(to.next)+len(to.explain)
	for i := range items {
		var err error
		if ready[i], err = k.cache.ready(items[i].Content, language); err != nil {
			return nil, err
		}
		size += len(ready[i]) + 192
	}
	out := make([]byte, 0, size)
	out = appendText(append(out, `{"agent":`...), r.feed.Agent)
	out = appendText(append(out, `,"policy":`...), r.feed.Policy)
	if r.degraded {
		out = appendText(append(out, `,"degraded":`...), r.how())
	}
	out = appendText(append(out, `,"explain":`...), to.explain)
	out = append(out, `,"items":[`...)
	for i := range items {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = items[i].append(out, ready[i]); err != nil {
			return nil, err
		}
	}
	out = append(out, ']')
	if to.next != "" {
		out = append(append(append(out, `,"next":"`...), to.next...), '"') // base64url needs no escape
	}
	return append(out, '}'), nil
}

// append writes a FeedItem around its content.
func (i *item) append(out, content []byte) (_ []byte, err error) {
	out = append(append(out, `{"content":`...), content...)
	out = append(out, `,"score":`...)
	if out, err = appendNumber(out, i.Score); err != nil {
		return nil, err
	}
	out = append(out, `,"reasons":[`...)
	for n, reason := range i.Reasons {
		if n > 0 {
			out = append(out, ',')
		}
		out = appendText(out, reason)
	}
	out = append(out, `],"acknowledged":`...)
	out = strconv.AppendBool(out, i.Acknowledged)
	if i.explanation != nil {
		explanation, err := encode(wholeOf(*i.explanation))
		if err != nil {
			return nil, err
		}
		out = append(append(out, `,"explanation":`...), explanation...)
	}
	return append(out, '}'), nil
}

// appendNumber writes a number as encoding/json does; fast where numbers are of an ordinary size.
func appendNumber(out []byte, n float64) ([]byte, error) {
	if size := math.Abs(n); n == 0 || size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(out, n, 'f', -1, 64), nil
	}
	slow, err := encode(n)
	return append(out, slow...), err
}

// appendText writes a text as encode does; fast where nothing in it needs an escape.
func appendText(out []byte, text string) []byte {
	for i := range len(text) {
		// The last two are ends of lines in JavaScript.
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c == 0xE2 && (strings.HasPrefix(text[i:], "\u2028") || strings.HasPrefix(text[i:], "\u2029")) {
			return appendEscaped(out, text)
		}
	}
	if !utf8.ValidString(text) {
		return appendEscaped(out, text)
	}
	return append(append(append(out, '"'), text...), '"')
}

func appendEscaped(out []byte, text string) []byte {
	slow, err := encode(text)
	if err != nil { // a text can always be written
		panic(err)
	}
	return append(out, slow...)
}

// wholeOf answers lists that are empty rather than null.
func wholeOf(e fil.Explanation) fil.Explanation {
	e.Data, e.Parameters, e.Operations = orEmpty(e.Data), orEmpty(e.Parameters), orEmpty(e.Operations)
	return e
}

func orEmpty[S ~[]E, E any](s S) S {
	if s == nil {
		return S{}
	}
	return s
}

// encode is json.Marshal that leaves the signs of HTML as they are: the answer is never part of a page.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// cache holds contents as JSON in one language. It has two generations: when the young one has half of the bytes
// allowed, the old one is dropped and the young one grows old; what is read in the old one becomes young again.
type cache struct {
	markdown *markdown
	most     int // bytes of one generation

	mu         sync.RWMutex
	young, old map[cacheKey]cached
	size       int // bytes of the young generation
}

type cacheKey struct {
	content  fil.ContentKey
	language string // of the variant chosen, so that what readers ask for cannot fill the cache
}

type cached struct {
	from *fil.Content
	json []byte
}

func newCache(most int) *cache {
	return &cache{markdown: newMarkdown(), most: most / 2, young: map[cacheKey]cached{}}
}

// ready gives the JSON of a FeedContent; the caller must not change it.
func (c *cache) ready(content *fil.Content, language string) ([]byte, error) {
	tag := tagIn(content, language)
	key := cacheKey{fil.KeyOf(content.ID), tag}
	c.mu.RLock()
	entry, young := c.young[key]
	if !young {
		entry = c.old[key]
	}
	c.mu.RUnlock()
	if entry.json != nil && (entry.from == content || same(entry.from, content)) {
		if !young {
			c.put(key, entry)
		}
		return entry.json, nil
	}
	variant := content.In(language)
	html, err := c.markdown.html(variant.Body)
	if err != nil {
		return nil, fmt.Errorf("content %s: %w", content.ID, err)
	}
	ready, err := encode(FeedContent{
		ID: content.ID, Kind: content.Kind, Title: variant.Title, Summary: variant.Summary, BodyHTML: html, Language: tag,
		Topics: orEmpty(content.Topics), Source: content.Source, Author: content.Author, Community: content.Community,
		PublishedAt: content.PublishedAt.UTC(), PinnedUntil: utc(content.PinnedUntil), MandatoryUntil: utc(content.MandatoryUntil),
	})
	if err != nil {
		return nil, fmt.Errorf("content %s: %w", content.ID, err)
	}
	c.put(key, cached{content, ready})
	return ready, nil
}

// cacheOverhead is about what an entry takes beside its bytes.
const cacheOverhead = 512

func (c *cache) put(key cacheKey, entry cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before, ok := c.young[key]; ok {
		c.size -= len(before.json) + cacheOverhead
	}
	c.young[key] = entry
	c.size += len(entry.json) + cacheOverhead
	if c.size > c.most {
		c.old, c.young, c.size = c.young, map[cacheKey]cached{}, 0
	}
}

// same compares every field that is answered. Contents of one catalogue share their strings, so that comparing them
// costs no walk over the text.
func same(a, b *fil.Content) bool {
	return a.ID == b.ID && a.Title == b.Title && a.Body == b.Body && a.Summary == b.Summary && a.Kind == b.Kind && a.Language == b.Language &&
		a.Source == b.Source && a.Author == b.Author && a.Community == b.Community && slices.Equal(a.Topics, b.Topics) && a.PublishedAt.Equal(b.PublishedAt) &&
		a.PinnedUntil.Equal(b.PinnedUntil) && a.MandatoryUntil.Equal(b.MandatoryUntil) && reflect.DeepEqual(a.Translations, b.Translations)
}

// tagIn is the language of what Content.In chooses.
func tagIn(c *fil.Content, language string) string {
	if len(c.Translations) > 0 {
		if _, ok := c.Translations[language]; ok {
			return language
		}
		if len(language) > 2 {
			if _, ok := c.Translations[language[:2]]; ok {
				return language[:2]
			}
		}
	}
	if c.Language == "" {
		return "fr"
	}
	return c.Language
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}
