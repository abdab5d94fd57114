package fil

import (
	"encoding/json"
	"time"
)

// KeyInForce is the key of TopicPolicies under which what is in force is told; every other key is a version.
const KeyInForce = "current"

// PublishedPolicy is one version of the ranking policy as it was published. It never changes afterwards.
type PublishedPolicy struct {
	Version  string          `json:"version"`  // name and digest, such as "fil-2-3f2a9c01"
	Text     string          `json:"text"`     // the file as its author wrote it, in YAML, comments included
	Settings json.RawMessage `json:"settings"` // every key, those that the text leaves out too, as it was on that day
	By       string          `json:"by"`       // name of the key that published it; empty: it had none
	At       time.Time       `json:"at"`
	Note     string          `json:"note,omitempty"` // why, in the publisher's words
}

// InForce says by which policy feeds are ranked.
type InForce struct {
	Policy     string       `json:"policy"`               // version
	Holdout    float64      `json:"holdout,omitempty"`    // share of the agents who read in chronological order, whatever is tried
	Experiment *Experiment  `json:"experiment,omitempty"` // nil: everyone else reads by Policy
	Since      time.Time    `json:"since"`
	By         string       `json:"by"` // name of the key that put it in force
	Note       string       `json:"note,omitempty"`
	Past       []Reign      `json:"past,omitempty"`  // what was in force before, the latest first, a bounded number
	Tried      []Experiment `json:"tried,omitempty"` // experiments that have ended, the latest first, a bounded number
}

// Reign is a time during which a policy was in force, until the next one was.
type Reign struct {
	Policy  string    `json:"policy"`
	Holdout float64   `json:"holdout,omitempty"`
	Since   time.Time `json:"since"`
	By      string    `json:"by"`
	Note    string    `json:"note,omitempty"`
}

// Experiment compares policies on agents who are dealt to its arms by a hash of their id. Who is in no arm reads by
// InForce.Policy.
type Experiment struct {
	Name       string     `json:"name"`                 // the hash depends on it: another name deals the agents anew
	Arms       []Arm      `json:"arms"`                 // the others are compared with the first; a single one, with who is in no arm
	Interleave bool       `json:"interleave,omitempty"` // readers of the two arms see both lists, woven into one
	Guards     Guardrails `json:"guards,omitzero"`
	Since      time.Time  `json:"since"`
	By         string     `json:"by,omitempty"` // name of the key that started it
	Note       string     `json:"note,omitempty"`
	Ended      time.Time  `json:"ended,omitzero"` // zero: it runs
	Why        string     `json:"why,omitempty"`  // it ended
}

// Guardrails stop an arm by themselves once it is sure that the arm does harm. Each is a share of what the arm is compared
// with, counted per agent and day: 0.1 is a tenth. 0 watches nothing.
type Guardrails struct {
	Reads            float64 `json:"reads,omitempty"`            // first reads fell by more
	Acknowledgements float64 `json:"acknowledgements,omitempty"` // fell by more
	Dismissals       float64 `json:"dismissals,omitempty"`       // rose by more
}

// Arm is the agents whose hash, from 0 to 1, is in [From, From+Share): an arm that shrinks moves no reader of another.
type Arm struct {
	Name    string    `json:"name"`
	Policy  string    `json:"policy"` // version
	From    float64   `json:"from"`
	Share   float64   `json:"share"`
	Stopped time.Time `json:"stopped,omitzero"` // its readers read by InForce.Policy since then; zero: it runs
	Why     string    `json:"why,omitempty"`    // it was stopped
}
