package fil

import (
	"encoding/json"
	"time"
)

// MaxPerimeters is how many perimeters may lie around one another: more than a body has levels, and so few that a circle
// of them is found out at once. An audience with more holds nobody.
const MaxPerimeters = 16

// Audience is a set of agents that communicators aim at: those the rule describes and those named one by one.
type Audience struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Rule    string   `json:"rule,omitempty"`    // expression over attributes; empty holds nobody
	Members []string `json:"members,omitempty"` // agent ids added by hand, whatever the rule says
	Owner   string   `json:"owner,omitempty"`   // who answers for it: a service or a person

	// Announce asks that entries and exits be published in fil.memberships; those of audiences whose rule asks what agents
	// did always are.
	Announce bool `json:"announce,omitempty"`

	// Approval asks for a second person: what communicators write for the audience, as its perimeter or as one of those aimed
	// at, is published by another than those who wrote it.
	Approval bool `json:"approval,omitempty"`

	// Lifted is who took Approval away last, as the door notes it; what a sender says of it is not heeded. Nil: nobody, or it is
	// asked for again.
	Lifted *Lifted `json:"lifted,omitempty"`

	// Perimeter is the id of the audience that this one is cut to: its agents are in both. Empty: not cut. An audience
	// that does not exist holds nobody, and so does a circle of them.
	Perimeter string `json:"perimeter,omitempty"`

	// Directory is a JSON object that a directory protocol must give back as it was given, as that of an Agent. Nil when there
	// is none.
	Directory json.RawMessage `json:"directory,omitempty"`
}

// Lifted is who took a second person's approval away from an audience, and when. They stay under it: what they write for the
// audience still needs a second person, or each author could take the rule away for the time of one publication.
type Lifted struct {
	By    string    `json:"by"`              // the key
	Label string    `json:"label,omitempty"` // what people call it
	At    time.Time `json:"at"`
}

// LiftedBy says whether a key, or one of the same name, took Approval away.
func (a Audience) LiftedBy(key, label string) bool {
	return a.Lifted != nil && (a.Lifted.By == key || label != "" && a.Lifted.Label == label)
}
