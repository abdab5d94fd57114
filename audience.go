package fil

import "encoding/json"

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

	// Perimeter is the id of the audience that this one is cut to: its agents are in both. Empty: not cut. An audience
	// that does not exist holds nobody, and so does a circle of them.
	Perimeter string `json:"perimeter,omitempty"`

	// Directory is a JSON object that a directory protocol must give back as it was given, as that of an Agent. Nil when there
	// is none.
	Directory json.RawMessage `json:"directory,omitempty"`
}
