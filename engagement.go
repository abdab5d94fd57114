package fil

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// EngagementKind is what an agent did with a content.
type EngagementKind string

// The kinds of engagement. A dwell carries the seconds spent; an acknowledgement answers a mandatory content.
const (
	Impression  EngagementKind = "impression"
	Open        EngagementKind = "open"
	Read        EngagementKind = "read"
	Dwell       EngagementKind = "dwell"
	Click       EngagementKind = "click"
	Reaction    EngagementKind = "reaction"
	Comment     EngagementKind = "comment"
	Share       EngagementKind = "share"
	Save        EngagementKind = "save"
	Follow      EngagementKind = "follow"
	Dismiss     EngagementKind = "dismiss"
	Acknowledge EngagementKind = "acknowledge"
)

var engagementKinds = []EngagementKind{Impression, Open, Read, Dwell, Click, Reaction, Comment, Share, Save, Follow, Dismiss, Acknowledge}

// EngagementKinds lists the kinds in a fixed order, which packed profiles rely on: new kinds go last.
func EngagementKinds() []EngagementKind { return slices.Clone(engagementKinds) }

// Engagement is one act of one agent on one content.
type Engagement struct {
	Kind    EngagementKind `json:"-"` // travels in the event's type
	Agent   string         `json:"agent"`
	Content string         `json:"content"`
	Dwell   float64        `json:"dwell,omitempty"`   // seconds, for Dwell
	Placed  string         `json:"placed,omitempty"`  // the arm that had placed the content, as the item of the feed says; empty: none
	Receipt *Receipt       `json:"receipt,omitempty"` // of an Acknowledge, added by the door: what was in force; nil in what was admitted before there were any
	Time    time.Time      `json:"-"`                 // travels in the event's time
}

// Receipt says what an acknowledgement was about when it came in by the door, and by whom. Nothing in it is what a sender says.
type Receipt struct {
	Title     string    `json:"title,omitempty"`     // of the content; empty, as the next four, when the door did not know it
	Digest    string    `json:"digest,omitempty"`    // Content.Digest of the text in force; empty when the act is older than the text
	Revised   time.Time `json:"revised,omitzero"`    // Content.RevisedAt
	Deadline  time.Time `json:"deadline,omitzero"`   // Content.MandatoryUntil; zero: it was not mandatory
	Perimeter string    `json:"perimeter,omitempty"` // Content.Perimeter
	Known     bool      `json:"known,omitempty"`     // whether the door knew the content
	Witness   string    `json:"witness,omitempty"`   // name of the key that spoke for the agent; empty: they did it themself, with their own token
	Label     string    `json:"label,omitempty"`     // what people call the key
}

// MaxDwell bounds one dwell, in seconds: a day. MaxPlaced bounds the name of an arm, in bytes.
const (
	MaxDwell  = 86400
	MaxPlaced = 40
)

// Validate gathers the faults of an engagement.
func (e Engagement) Validate() error {
	var faults Faults
	if !slices.Contains(engagementKinds, e.Kind) {
		faults.Add("type", fmt.Sprintf("doit être %s suivi de l'un de %v", TypeEngagement, engagementKinds), fmt.Sprintf("must be %s followed by one of %v", TypeEngagement, engagementKinds))
	}
	validID(&faults, "data.agent", e.Agent)
	validID(&faults, "data.content", e.Content)
	if math.IsNaN(e.Dwell) || e.Dwell < 0 || e.Dwell > MaxDwell {
		faults.Add("data.dwell", "doit être entre 0 et 86400 secondes", "must be between 0 and 86400 seconds")
	}
	if len(e.Placed) > MaxPlaced {
		faults.Add("data.placed", "doit tenir en 40 octets, comme le fil l'a donné", "must be at most 40 bytes, as the feed gave it")
	}
	if e.Time.Year() < 1970 || e.Time.Year() > 2105 {
		faults.Add("time", "doit être entre 1970 et 2105", "must be between 1970 and 2105")
	}
	return faults.Err()
}

func validID(faults *Faults, field, id string) {
	if id == "" || len(id) > 128 || id[0] == '}' {
		faults.Add(field, "doit être renseigné, en 128 octets au plus, sans commencer par « } »", "is required, in at most 128 bytes, not beginning with '}'")
	}
}

// Event writes the engagement as an event with an identity.
func (e Engagement) Event(source, id string) (Event, error) {
	event, err := NewEvent(TypeEngagement+string(e.Kind), source, id, e.Time, e)
	event.Subject = e.Content
	return event, err
}

// EngagementOf reads an engagement from a record of the log. An error is a rejection.
func EngagementOf(rec Record) (Engagement, error) {
	e, err := Decode[Engagement](rec)
	if err != nil {
		return e, err
	}
	e.Kind, e.Time = EngagementKind(strings.TrimPrefix(rec.Event.Type, TypeEngagement)), rec.Event.Time
	if err := e.Validate(); err != nil {
		return e, Reject(rec, err)
	}
	return e, nil
}
