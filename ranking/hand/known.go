package hand

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// Known is all that is known of one agent, in words for them. It is complete: what is not in it is not kept in a profile.
type Known struct {
	Agent       string        `json:"agent"`
	Order       KnownOrder    `json:"order" doc:"Ordre du fil quand la lecture n'en demande pas / order of the feed when a reading asks for none"`
	Preferences []KnownStated `json:"preferences" nullable:"false" doc:"Ce que l'agent a demandé / what the agent asked"`
	Hidden      []KnownHidden `json:"hidden" nullable:"false" doc:"Communications masquées une à une / contents hidden one by one"`
	Facts       []KnownFact   `json:"facts" nullable:"false" doc:"Ce que l'agent a fait, le plus récent d'abord / what the agent did, the latest first"`
	Tastes      []KnownTaste  `json:"tastes" nullable:"false" doc:"Goûts déduits des deux, de -1 à 1, tels que le classement les emploie / tastes derived from both, from -1 to 1, as the ranking uses them"`
	Kept        string        `json:"kept" doc:"Durée de conservation / how long it is kept"`
	Sources     []string      `json:"sources" nullable:"false" doc:"D'où cela vient / where it comes from"`
	Erasure     string        `json:"erasure" doc:"Ce qu'efface DELETE /v1/me/profile, et ce qu'il n'efface pas / what DELETE /v1/me/profile erases, and what it does not"`
}

// KnownOrder is the order of a feed that names none.
type KnownOrder struct {
	Order  fil.Order `json:"order" enum:"ranked,chronological"`
	Chosen bool      `json:"chosen" doc:"Choisi par l'agent / chosen by the agent"`
	Means  string    `json:"means"`
}

// KnownStated is one preference, with what it does.
type KnownStated struct {
	Facet  fil.Facet          `json:"facet" enum:"topic,source,author,kind,community"`
	Name   string             `json:"name"`
	Choice fil.PreferenceKind `json:"choice" enum:"more,less,follow,hide"`
	Since  time.Time          `json:"since"`
	Means  string             `json:"means"`
}

// KnownHidden is one content that the agent hid.
type KnownHidden struct {
	Content string `json:"content" doc:"Vide si la communication a été retirée / empty if the content was withdrawn"`
	Title   string `json:"title"`
	Means   string `json:"means"`
}

// KnownFact is what the agent did with one content.
type KnownFact struct {
	Content string    `json:"content" doc:"Vide si la communication a été retirée / empty if the content was withdrawn"`
	Title   string    `json:"title"`
	Did     string    `json:"did"`
	Last    time.Time `json:"last"`
	Day     string    `json:"day" doc:"Jour du dernier acte / day of the last act"`
}

// KnownTaste is one taste as the ranking uses it.
type KnownTaste struct {
	Facet fil.Facet `json:"facet" enum:"topic,source,author,kind,community"`
	Name  string    `json:"name"`
	Value float64   `json:"value" minimum:"-1" maximum:"1"`
	Asked bool      `json:"asked" doc:"Une préférence y est pour quelque chose / a preference has a part in it"`
}

// know puts a profile into words.
func (h hand) know(agent string, packed []byte, language string) (Known, error) {
	profile, err := ranking.ParseProfile(packed)
	if err != nil {
		return Known{}, fmt.Errorf("read what is known of an agent: %w", err)
	}
	recalled, known, err := h.Ranker.Recall(agent, packed, language, h.Now())
	if err != nil || !known {
		return Known{}, fmt.Errorf("read what is known of an agent: %w", cmp.Or(err, errNobody))
	}
	words := wordsIn(language)
	k := Known{
		Agent: agent, Order: words.order(profile.Order()), Preferences: []KnownStated{}, Hidden: []KnownHidden{}, Facts: []KnownFact{}, Tastes: []KnownTaste{},
		Kept: fmt.Sprintf(words.kept, int(h.Retention.Hours()/24), ranking.MaxFacts, ranking.MaxPreferences), Sources: words.sources[:], Erasure: words.erasure,
	}
	for _, p := range profile.Preferences() {
		name := p.Name
		if p.Facet == fil.FacetKind {
			name = ranking.KindName(name, language)
		}
		k.Preferences = append(k.Preferences, KnownStated{p.Facet, p.Name, p.Kind, p.Since, fmt.Sprintf(words.means[p.Kind], words.facets[p.Facet], name)})
	}
	for _, f := range recalled.Facts {
		if f.Content == "" {
			f.Title = words.withdrawn
		}
		k.Facts = append(k.Facts, KnownFact{Content: f.Content, Title: f.Title, Did: f.Did, Last: f.Last, Day: f.Day})
		if f.Dismissed {
			means := words.hidden
			if f.Held {
				means = words.held
			}
			k.Hidden = append(k.Hidden, KnownHidden{f.Content, f.Title, means})
		}
	}
	for _, t := range recalled.Tastes {
		k.Tastes = append(k.Tastes, KnownTaste(t))
	}
	slices.SortStableFunc(k.Facts, func(a, b KnownFact) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Content, b.Content)) })
	slices.SortStableFunc(k.Hidden, func(a, b KnownHidden) int { return cmp.Compare(a.Title, b.Title) })
	return k, nil
}
