package delivery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// FeedPage is one page of a feed, as it is answered.
type FeedPage struct {
	Agent  string `json:"agent" doc:"Identifiant de l'agent"`
	Policy string `json:"policy" doc:"Version de la politique de classement appliquée"`
	// Degraded is as the header Fil-Degraded.
	Degraded string     `json:"degraded,omitempty" enum:"chronological" doc:"Présent quand le fil est servi de mémoire, du plus récent au plus ancien : ce que l'agent a lu, écarté ou reconnu n'est pas connu pour l'instant"`
	Items    []FeedItem `json:"items" nullable:"false"`
	Next     string     `json:"next,omitempty" doc:"Curseur de la page suivante ; absent à la fin"`
}

// FeedItem is one content with its place and why it has it.
type FeedItem struct {
	Content      FeedContent     `json:"content"`
	Score        float64         `json:"score" doc:"En unités log2 : un de plus double la qualité"`
	Reasons      []string        `json:"reasons" nullable:"false" doc:"Phrases pour l'agent, la plus lourde d'abord"`
	Acknowledged bool            `json:"acknowledged" doc:"L'agent a dit en avoir pris connaissance"`
	Explanation  fil.Explanation `json:"explanation" doc:"Les quatre éléments de l'article R.311-3-1-2 du CRPA"`
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
	PublishedAt    time.Time `json:"published_at"`
	PinnedUntil    time.Time `json:"pinned_until,omitzero"`
	MandatoryUntil time.Time `json:"mandatory_until,omitzero"`
}

// appendPage writes a FeedPage. The contents come ready from the cache, which is most of the bytes.
func (k *Keeper) appendPage(r reading, placed placed, next, language string) ([]byte, error) {
	head, err := encode(struct {
		Agent    string `json:"agent"`
		Policy   string `json:"policy"`
		Degraded string `json:"degraded,omitempty"`
	}{r.feed.Agent, r.feed.Policy, r.how()})
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, 512+4096*len(placed.contents)))
	out.Write(head[:len(head)-1])
	out.WriteString(`,"items":[`)
	for i, content := range placed.contents {
		ready, err := k.cache.ready(content, language)
		if err != nil {
			return nil, err
		}
		why, err := encode(reasonsOf(placed.placements[i]))
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`{"content":`)
		out.Write(ready)
		out.WriteByte(',')
		out.Write(why[1:])
	}
	out.WriteByte(']')
	if next != "" {
		out.WriteString(`,"next":"` + next + `"`) // base64url needs no escape
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

type why struct {
	Score        float64         `json:"score"`
	Reasons      []string        `json:"reasons"`
	Acknowledged bool            `json:"acknowledged"`
	Explanation  fil.Explanation `json:"explanation"`
}

// reasonsOf answers lists that are empty rather than null.
func reasonsOf(p fil.Placement) why {
	w := why{Score: p.Score, Reasons: p.Reasons, Acknowledged: p.Acknowledged, Explanation: p.Explanation}
	w.Reasons = orEmpty(w.Reasons)
	w.Explanation.Data, w.Explanation.Parameters, w.Explanation.Operations = orEmpty(w.Explanation.Data), orEmpty(w.Explanation.Parameters), orEmpty(w.Explanation.Operations)
	return w
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
	from fil.Content
	json []byte
}

func newCache(most int) *cache {
	return &cache{markdown: newMarkdown(), most: most / 2, young: map[cacheKey]cached{}}
}

// ready gives the JSON of a FeedContent; the caller must not change it.
func (c *cache) ready(content fil.Content, language string) ([]byte, error) {
	tag, variant := variantOf(content, language)
	key := cacheKey{fil.KeyOf(content.ID), tag}
	c.mu.RLock()
	entry, young := c.young[key]
	if !young {
		entry = c.old[key]
	}
	c.mu.RUnlock()
	if entry.json != nil && same(entry.from, content) {
		if !young {
			c.put(key, entry)
		}
		return entry.json, nil
	}
	html, err := c.markdown.html(variant.Body)
	if err != nil {
		return nil, fmt.Errorf("content %s: %w", content.ID, err)
	}
	ready, err := encode(FeedContent{
		ID: content.ID, Kind: content.Kind, Title: variant.Title, Summary: variant.Summary, BodyHTML: html, Language: tag,
		Topics: orEmpty(content.Topics), Source: content.Source, Author: content.Author,
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
func same(a, b fil.Content) bool {
	return a.ID == b.ID && a.Title == b.Title && a.Body == b.Body && a.Summary == b.Summary && a.Kind == b.Kind && a.Language == b.Language &&
		a.Source == b.Source && a.Author == b.Author && slices.Equal(a.Topics, b.Topics) && a.PublishedAt.Equal(b.PublishedAt) &&
		a.PinnedUntil.Equal(b.PinnedUntil) && a.MandatoryUntil.Equal(b.MandatoryUntil) && reflect.DeepEqual(a.Translations, b.Translations)
}

// variantOf is Content.In with the tag of what it chose.
func variantOf(c fil.Content, language string) (tag string, v fil.Variant) {
	v = c.In(language)
	if _, ok := c.Translations[language]; ok {
		return language, v
	}
	if len(language) > 2 {
		if _, ok := c.Translations[language[:2]]; ok {
			return language[:2], v
		}
	}
	if c.Language == "" {
		return "fr", v
	}
	return c.Language, v
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}
