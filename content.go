package fil

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

var contentKinds = []string{"news", "alert", "event", "survey", "recognition", "document"}

// ContentKinds lists the kinds of communication; the first is the default.
func ContentKinds() []string { return slices.Clone(contentKinds) }

// Content is one communication and its publication window.
type Content struct {
	ID             string             `json:"id"`
	Kind           string             `json:"kind"`
	Title          string             `json:"title"`
	Summary        string             `json:"summary,omitempty"`
	Body           string             `json:"body,omitempty"`         // Markdown; made safe HTML on the way out, never before
	Language       string             `json:"language,omitempty"`     // of title, summary and body, BCP 47; empty means "fr"
	Translations   map[string]Variant `json:"translations,omitempty"` // by BCP 47 tag
	Topics         []string           `json:"topics,omitempty"`
	Source         string             `json:"source,omitempty"` // the service that communicates
	Author         string             `json:"author,omitempty"`
	Community      string             `json:"community,omitempty"` // the group of agents that the content is of: a trade, a network, a project
	Audiences      []string           `json:"audiences,omitempty"` // ids: agents in any of them are eligible; empty means everyone
	Perimeter      string             `json:"perimeter,omitempty"` // id of an audience: agents must be in it as well; empty means no bound
	PublishedAt    time.Time          `json:"published_at"`
	RevisedAt      time.Time          `json:"revised_at,omitzero"`      // when what it says last changed in substance: who dealt with it before has it anew; zero: never
	ExpiresAt      time.Time          `json:"expires_at,omitzero"`      // zero: never
	Priority       int                `json:"priority,omitempty"`       // editorial, from -3 to 3; 0 is ordinary
	PinnedUntil    time.Time          `json:"pinned_until,omitzero"`    // zero: not pinned
	MandatoryUntil time.Time          `json:"mandatory_until,omitzero"` // must be acknowledged until then; zero: not mandatory
}

// Variant is a content in another language.
type Variant struct {
	Title   string `json:"title"`
	Summary string `json:"summary,omitempty"`
	Body    string `json:"body,omitempty"`
}

// ContentKey is the 64-bit digest (FNV-1a) of a content id that packed profiles and feeds carry in place of the id.
// Among 100,000 contents two collide with a probability of 3·10⁻¹⁰.
type ContentKey uint64

// Aim is whom contents are for: agents in any of the audiences, none meaning everyone, and in the perimeter as well.
type Aim struct {
	Audiences []string
	Perimeter string // empty: no bound
}

// Aim gives whom the content is for.
func (c Content) Aim() Aim { return Aim{Audiences: c.Audiences, Perimeter: c.Perimeter} }

// KeyOf digests a content id.
func KeyOf(contentID string) ContentKey {
	key := ContentKey(14695981039346656037) // written out: hash/fnv allocates
	for i := range len(contentID) {
		key = (key ^ ContentKey(contentID[i])) * 1099511628211
	}
	return key
}

// In gives the variant that best fits a language: an exact tag, then the same primary language, then the original.
func (c Content) In(language string) Variant {
	original := Variant{Title: c.Title, Summary: c.Summary, Body: c.Body}
	if v, ok := c.Translations[language]; ok {
		return v
	}
	if len(language) > 2 {
		if v, ok := c.Translations[language[:2]]; ok {
			return v
		}
	}
	return original
}

// LiveAt says whether the content may be shown at a moment.
func (c Content) LiveAt(now time.Time) bool {
	return !now.Before(c.PublishedAt) && (c.ExpiresAt.IsZero() || now.Before(c.ExpiresAt))
}

// Digest names what the content says, in all its languages: the SHA-256, in hexadecimal, of the UTF-8 JSON of its language,
// title, summary, body and translations, in this order.
func (c Content) Digest() string {
	raw, err := json.Marshal(struct {
		Language     string             `json:"language"`
		Title        string             `json:"title"`
		Summary      string             `json:"summary"`
		Body         string             `json:"body"`
		Translations map[string]Variant `json:"translations"`
	}{c.Language, c.Title, c.Summary, c.Body, c.Translations})
	if err != nil {
		panic(err) // texts can always be written
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
