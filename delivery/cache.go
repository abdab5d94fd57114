package delivery

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// cache holds contents as JSON in one language, and the reasons that notes about them give. It has two generations: when the
// young one has half of the bytes allowed, the old one is dropped and the young one grows old; what is read in the old one
// becomes young again.
type cache struct {
	markdown *markdown
	most     int // bytes of one generation

	mu         sync.RWMutex
	young, old map[cacheKey]cached
	size       int // bytes of the young generation
	forms      map[form]uint32
}

// cacheKey names a content in a form, and if the form has sentences what a note about it says. It is small, for a page looks
// up each of its items.
type cacheKey struct {
	content fil.ContentKey
	form    uint32
	note    fil.Note
}

// form is how something is said: in the language of a variant, with sentences in a language, if any, and their year. There
// are as many as contents have languages, whatever readers ask for.
type form struct {
	language, spoken string
	year             int
}

// number names a form, from 1.
func (c *cache) number(f form) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok := c.forms[f]
	if !ok {
		n = uint32(len(c.forms) + 1)
		c.forms[f] = n
	}
	return n
}

// cached is what was made of a content.
type cached struct {
	from *fil.Content
	parts
	bytes int // of its own: those of a content are shared by what notes say of it
}

// of gives what was made of a content; nothing if it was made of another.
func (c cached) of(content *fil.Content) parts {
	if c.from == content || c.content != nil && same(c.from, content) {
		return c.parts
	}
	return parts{}
}

func newCache(most int) *cache {
	return &cache{markdown: newMarkdown(), most: most / 2, young: map[cacheKey]cached{}, forms: map[form]uint32{}}
}

// content gives the JSON of a FeedContent in a language; the caller must not change it.
func (c *cache) content(id fil.ContentKey, content *fil.Content, language string) ([]byte, error) {
	tag := tagIn(content, language)
	key := cacheKey{content: id, form: c.number(form{language: tag})}
	c.mu.RLock()
	ready, young := c.young[key]
	if !young {
		ready = c.old[key]
	}
	c.mu.RUnlock()
	if made := ready.of(content).content; made != nil {
		if !young {
			c.put(key, ready)
		}
		return made, nil
	}
	made, err := c.encode(content, tag, language)
	if err != nil {
		return nil, fmt.Errorf("content %s: %w", content.ID, err)
	}
	c.put(key, cached{content, parts{content: made}, len(made)})
	return made, nil
}

func (c *cache) encode(content *fil.Content, tag, language string) ([]byte, error) {
	variant := content.In(language)
	html, err := c.markdown.html(variant.Body)
	if err != nil {
		return nil, err
	}
	return encode(FeedContent{
		ID: content.ID, Kind: content.Kind, Title: variant.Title, Summary: variant.Summary, BodyHTML: html, Language: tag,
		Topics: orEmpty(content.Topics), Source: content.Source, Author: content.Author, Community: content.Community,
		PublishedAt: content.PublishedAt.UTC(), RevisedAt: utc(content.RevisedAt), PinnedUntil: utc(content.PinnedUntil), MandatoryUntil: utc(content.MandatoryUntil),
	})
}

// cacheOverhead is about what an entry takes beside its bytes.
const cacheOverhead = 512

func (c *cache) put(key cacheKey, entry cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before, ok := c.young[key]; ok {
		c.size -= before.bytes + cacheOverhead
	}
	c.young[key] = entry
	c.size += entry.bytes + cacheOverhead
	if c.size > c.most {
		c.old, c.young, c.size = c.young, map[cacheKey]cached{}, 0
	}
}

// same compares every field that is answered. Contents of one catalogue share their strings, so that comparing them
// costs no walk over the text.
func same(a, b *fil.Content) bool {
	return a.ID == b.ID && a.Title == b.Title && a.Body == b.Body && a.Summary == b.Summary && a.Kind == b.Kind && a.Language == b.Language &&
		a.Source == b.Source && a.Author == b.Author && a.Community == b.Community && slices.Equal(a.Topics, b.Topics) && a.PublishedAt.Equal(b.PublishedAt) &&
		a.RevisedAt.Equal(b.RevisedAt) && a.PinnedUntil.Equal(b.PinnedUntil) && a.MandatoryUntil.Equal(b.MandatoryUntil) && reflect.DeepEqual(a.Translations, b.Translations)
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
