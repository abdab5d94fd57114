package audiences

import "time"

// Membership says which announced audiences an agent is in, and what this record changes of it: the whole state, so that
// the last record of an agent says all. It is announced by the worker that has the agent's partition.
//
// An agent who is in none any more, after having been in one, has a record without In: whoever listens sees them leave.
type Membership struct {
	Agent    string               `json:"agent"`
	In       map[string]time.Time `json:"in,omitempty"`      // by audience id, since when: the moment at which the change was found
	Entered  []string             `json:"entered,omitempty"` // audience ids, sorted
	Left     []string             `json:"left,omitempty"`    // audience ids, sorted
	Cause    MembershipCause      `json:"cause"`
	Previous string               `json:"previous,omitempty"` // id of the event that this one follows; empty for the first
}

// MembershipCause is what made a membership change.
type MembershipCause string

// The causes. One record may have several in truth: it names the first that was noticed.
const (
	CauseAgent      MembershipCause = "agent"      // the agent's record
	CauseEngagement MembershipCause = "engagement" // what the agent did
	CauseAudience   MembershipCause = "audience"   // the definition of an audience, or a content that a rule about behaviour goes by
	CauseTime       MembershipCause = "time"       // a moment that a rule names has come
	CauseStart      MembershipCause = "start"      // found when a worker took the partition: it changed while none was at work
)
