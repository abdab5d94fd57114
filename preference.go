package fil

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Facet is a side of contents that an agent may have a preference about.
type Facet string

// The facets. Each is a field of Content.
const (
	FacetTopic     Facet = "topic"
	FacetSource    Facet = "source"
	FacetAuthor    Facet = "author"
	FacetKind      Facet = "kind"
	FacetCommunity Facet = "community"
)

var facets = []Facet{FacetTopic, FacetSource, FacetAuthor, FacetKind, FacetCommunity}

// Facets lists the facets in a fixed order, which packed profiles rely on: new facets go last.
func Facets() []Facet { return slices.Clone(facets) }

// PreferenceKind is what an agent asks of their feed.
type PreferenceKind string

// The kinds of preference. The first four are about a facet and take the place of one another; PreferNothing takes them
// back.
const (
	PreferMore    PreferenceKind = "more"
	PreferLess    PreferenceKind = "less"
	PreferFollow  PreferenceKind = "follow"
	PreferHide    PreferenceKind = "hide"
	PreferNothing PreferenceKind = "nothing"
	PreferOrder   PreferenceKind = "order"   // the order of the feed when a reading names none
	Restore       PreferenceKind = "restore" // brings back one content that was dismissed
	Unsave        PreferenceKind = "unsave"  // takes back that one content was saved
	Forget        PreferenceKind = "forget"  // empties the profile: what the agent did, and what they prefer
)

var preferenceKinds = []PreferenceKind{PreferMore, PreferLess, PreferFollow, PreferHide, PreferNothing, PreferOrder, Restore, Forget, Unsave}

// PreferenceKinds lists the kinds in a fixed order, which packed profiles rely on: new kinds go last.
func PreferenceKinds() []PreferenceKind { return slices.Clone(preferenceKinds) }

// AboutFacet says whether preferences of the kind name a facet.
func (k PreferenceKind) AboutFacet() bool {
	at := slices.Index(preferenceKinds, k)
	return at >= 0 && at <= slices.Index(preferenceKinds, PreferNothing)
}

// MaxPreferenceName bounds the name of a topic, source, author, kind or community in a preference, in bytes.
const MaxPreferenceName = 256

// Preference is what an agent asks of their own feed, in so many words: it is no act on a content, and nothing is counted
// from it. It travels with the engagements, so that what an agent asks and what they do have one order.
type Preference struct {
	Kind    PreferenceKind `json:"-"` // travels in the event's type
	Agent   string         `json:"agent"`
	Facet   Facet          `json:"facet,omitempty"`   // for the kinds about one
	Name    string         `json:"name,omitempty"`    // of the topic, source, author, kind or community, as contents have it
	Order   Order          `json:"order,omitempty"`   // for PreferOrder; OrderDefault takes the choice back
	Content string         `json:"content,omitempty"` // for Restore and Unsave
	Time    time.Time      `json:"-"`                 // travels in the event's time
}

// Validate gathers the faults of a preference.
func (p Preference) Validate() error {
	var faults Faults
	if !slices.Contains(preferenceKinds, p.Kind) {
		faults.Add("type", fmt.Sprintf("doit être %s suivi de l'un de %v", TypePreference, preferenceKinds), fmt.Sprintf("must be %s followed by one of %v", TypePreference, preferenceKinds))
		return faults
	}
	validID(&faults, "data.agent", p.Agent)
	aboutFacet := p.Kind.AboutFacet()
	if aboutFacet && !slices.Contains(facets, p.Facet) {
		faults.Add("data.facet", fmt.Sprintf("doit être l'un de %v", facets), fmt.Sprintf("must be one of %v", facets))
	}
	if aboutFacet && !validName(p.Name) {
		faults.Add("data.name", "doit être renseigné, en 256 octets d'UTF-8 au plus, sans caractère de commande", "is required, in at most 256 bytes of UTF-8 without control characters")
	}
	if p.Kind == PreferOrder && !slices.Contains([]Order{OrderRanked, OrderChronological, OrderDefault}, p.Order) {
		faults.Add("data.order", "doit être ranked, chronological ou default", "must be ranked, chronological or default")
	}
	aboutContent := p.Kind == Restore || p.Kind == Unsave
	if aboutContent {
		validID(&faults, "data.content", p.Content)
	}
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"facet", p.Facet != "" && !aboutFacet}, {"name", p.Name != "" && !aboutFacet},
		{"order", p.Order != "" && p.Kind != PreferOrder}, {"content", p.Content != "" && !aboutContent},
	} {
		if field.given {
			faults.Add("data."+field.name, "n'a pas de sens pour "+string(p.Kind)+" : retirez-le", "has no meaning for "+string(p.Kind)+": leave it out")
		}
	}
	if p.Time.Year() < 1970 || p.Time.Year() > 2105 {
		faults.Add("time", "doit être entre 1970 et 2105", "must be between 1970 and 2105")
	}
	return faults.Err()
}

func validName(name string) bool {
	return name != "" && len(name) <= MaxPreferenceName && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// Event writes the preference as an event with an identity.
func (p Preference) Event(source, id string) (Event, error) {
	event, err := NewEvent(TypePreference+string(p.Kind), source, id, p.Time, p)
	event.Subject = p.Content
	return event, err
}

// IsPreference says whether a record of the engagements holds a preference: a stage that counts acts passes it over.
func (e Event) IsPreference() bool { return strings.HasPrefix(e.Type, TypePreference) }

// PreferenceOf reads a preference from a record of the log. An error is a rejection.
func PreferenceOf(rec Record) (Preference, error) {
	p, err := Decode[Preference](rec)
	if err != nil {
		return p, err
	}
	p.Kind, p.Time = PreferenceKind(strings.TrimPrefix(rec.Event.Type, TypePreference)), rec.Event.Time
	if err := p.Validate(); err != nil {
		return p, Reject(rec, err)
	}
	return p, nil
}
