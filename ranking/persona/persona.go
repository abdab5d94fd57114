// Package persona shows the feed of someone who does not exist: attributes, topics read and followed, all made up, to see a
// content as such a person would before it is published.
//
// It guarantees that no agent's data is in the answer, by what it is made of: audiences are judged over a directory of one, who
// is made up; nobody named one by one is in them; what readers did, popularity and co-readers included, is not asked. It
// ranks by the ranker that agents' feeds are made by, under the policy in force. So it differs from a colleague's feed by
// just these. Rules that ask about other agents (team, service) hold for nobody here.
package persona

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// ID is the made-up agent's: no agent can have it, as the door refuses ids that begin so.
const ID = "}persona"

// Bounds of a question.
const (
	maxTopics   = 10
	maxContents = 2000 // live ones that are ranked: the last published
	maxItems    = 50
	readsEach   = 5 // made-up contents that the persona has read of each topic
)

// Persona is who reads.
type Persona struct {
	Org        string         `json:"org,omitempty" maxLength:"512"`
	Site       string         `json:"site,omitempty" maxLength:"256"`
	Language   string         `json:"language,omitempty" maxLength:"35"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Read       []string       `json:"read,omitempty" maxItems:"10" doc:"Thèmes lus, cinq contenus chacun, ces dix derniers jours · Topics read, five contents each, in the last ten days"`
	Follow     []string       `json:"follow,omitempty" maxItems:"10" doc:"Thèmes suivis · Topics followed"`
}

// Question is what is asked.
type Question struct {
	Persona  Persona
	Draft    *fil.Content // shown in place of what is published under its id; nil: none
	Contents []fil.Content
	Order    fil.Order
	Language string // of the reasons
	At       time.Time
	Limit    int
}

// Item is one place of the feed.
type Item struct {
	Content string    `json:"content"`
	Title   string    `json:"title"`
	Summary string    `json:"summary,omitempty"`
	Kind    string    `json:"kind"`
	Draft   bool      `json:"draft,omitempty"`
	Score   float64   `json:"score"`
	Reasons []string  `json:"reasons"`
	Since   time.Time `json:"published_at"`
}

// Feed is what the persona would see.
type Feed struct {
	Policy      string           `json:"policy"`
	At          time.Time        `json:"at"`
	Items       []Item           `json:"items"`
	Place       *int             `json:"place,omitempty"`       // of the draft, from 1; none: it is not in the feed
	Explanation *fil.Explanation `json:"explanation,omitempty"` // of the draft's place
	Audience    *bool            `json:"audience,omitempty"`    // whether the draft is for such a person
	More        int              `json:"more,omitempty"`        // live contents that were not ranked: the oldest
}

// Show ranks the persona's feed. directory holds the persona alone, under ID.
func Show(q Question, policy ranking.Policy, directory ranking.Directory) (Feed, error) {
	feed := Feed{Policy: policy.Version, At: q.At.UTC(), Items: []Item{}}
	catalogue, more, err := stage(q)
	if err != nil {
		return Feed{}, err
	}
	feed.More = more
	profile := taste(q)
	ranker := ranking.NewRanker(policy, catalogue, directory, nil)
	ranked, known, err := ranker.Rank(ID, profile, q.Order, q.At)
	if err != nil || !known {
		return Feed{}, errors.Join(err, errUncast)
	}
	placements, contents, err := ranker.Place(ID, profile, ranked.Entries, q.Order, q.Language, q.At)
	if err != nil {
		return Feed{}, fmt.Errorf("explain a persona's feed: %w", err)
	}
	for i, p := range placements {
		mine := q.Draft != nil && p.Content == q.Draft.ID
		if mine {
			place := i + 1
			feed.Place, feed.Explanation = &place, &placements[i].Explanation
		}
		if i < q.Limit {
			shown := contents[i].In(q.Persona.Language)
			feed.Items = append(feed.Items, Item{p.Content, shown.Title, shown.Summary, contents[i].Kind, mine, p.Score, p.Reasons, contents[i].PublishedAt})
		}
	}
	if q.Draft != nil {
		in := aimedAt(*q.Draft, directory)
		feed.Audience = &in
	}
	return feed, nil
}

var errUncast = errors.New("the persona is not in the directory made for it")

func aimedAt(c fil.Content, directory ranking.Directory) bool {
	member, ok := directory.Member(ID)
	if !ok || c.Perimeter != "" && !member.In(c.Perimeter) {
		return false
	}
	for _, id := range c.Audiences {
		if member.In(id) {
			return true
		}
	}
	return len(c.Audiences) == 0
}

// stage makes a catalogue of what is live, the draft, and the made-up contents that the persona has read, which have expired.
func stage(q Question) (catalogue *ranking.Catalogue, more int, err error) {
	var records []fil.Record
	add := func(c fil.Content) error {
		raw, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("stage %s: %w", c.ID, err)
		}
		records = append(records, fil.Record{Position: fil.Position{Topic: fil.TopicContents, Offset: int64(len(records))}, Key: c.ID, Event: fil.Event{Data: raw}})
		return nil
	}
	live := 0
	for _, c := range q.Contents {
		if !c.LiveAt(q.At) || q.Draft != nil && c.ID == q.Draft.ID {
			continue
		}
		if live++; live > maxContents {
			more++
			continue
		}
		err = errors.Join(err, add(c))
	}
	for _, topic := range q.Persona.Read {
		for i := range readsEach {
			err = errors.Join(err, add(fil.Content{ID: madeUp(topic, i), Kind: "news", Title: topic, Topics: []string{topic}, PublishedAt: q.At.AddDate(0, 0, -20), ExpiresAt: q.At.Add(-time.Hour)}))
		}
	}
	if q.Draft != nil {
		err = errors.Join(err, add(*q.Draft))
	}
	catalogue = ranking.NewCatalogue()
	return catalogue, more, errors.Join(err, catalogue.Apply(records))
}

func madeUp(topic string, i int) string { return ID + "/" + topic + "/" + strconv.Itoa(i) }

// taste makes the profile of what the persona has read and follows.
func taste(q Question) []byte {
	var p ranking.Profile
	offset := int64(0)
	for _, topic := range q.Persona.Read {
		for i := range readsEach {
			p = p.Apply(fil.Engagement{Kind: fil.Read, Agent: ID, Content: madeUp(topic, i), Time: q.At.AddDate(0, 0, -2*i-1)}, offset)
			offset++
		}
	}
	for _, topic := range q.Persona.Follow {
		p = p.Prefer(fil.Preference{Kind: fil.PreferFollow, Agent: ID, Facet: fil.FacetTopic, Name: topic, Time: q.At}, offset)
		offset++
	}
	return p.Bytes()
}

// Parts is what personas are shown by.
type Parts struct {
	Policy func() ranking.Policy
	// Cast makes a directory of an agent alone, under the audiences that there are. An error names the fields at fault.
	Cast     func(agent fil.Agent) (ranking.Directory, error)
	Contents func(ctx context.Context) []fil.Content                    // that the caller may see, the last published first
	Draft    func(ctx context.Context, raw []byte) (fil.Content, error) // reads a content that the caller may write
	Refused  func(err error, language string) error                     // the answer to an error of Cast and Draft
	Now      func() time.Time
}
