package fil

import "time"

// Feed is the outcome of one ranking: what a feed store keeps, in order, without its explanation, which can always be
// computed again from the same inputs.
type Feed struct {
	Agent   string
	Policy  string    // version of the policy that ranked it
	Stamp   uint64    // digest of all it was computed from: equal stamps, equal feeds
	Built   time.Time // when it was ranked
	Until   time.Time // when the passing of time alone can change it
	Entries []Entry
}

// Entry is one content in a feed.
type Entry struct {
	Content ContentKey
	Score   float32 // log2 units; comparable within one feed and policy
	Note    Note
	Team    uint8 // of two lists woven into one, which placed it: 1 or 2; 0: neither alone
}

// Note is what ranking keeps of the reasons for one entry, to put them into sentences later without ranking again. Only
// ranking reads it. It fits in 24 bits.
type Note uint32

// Brief is one item of a feed as a page shows it.
type Brief struct {
	Content      *Content  // shared: not to be changed
	Score        float64   // log2 units
	Note         Note      // of the reasons that hold now
	Acknowledged bool      // the agent has said that they have read it
	Placed       string    // the arm whose list placed it, where two are woven into one; empty: neither alone
	Reminded     time.Time // when those who have not acknowledged it were last reminded, the agent among them; zero: never, or they have
}

// Order is how a feed is sorted.
type Order string

// The orders a reader may choose.
const (
	OrderRanked        Order = "ranked"
	OrderChronological Order = "chronological"
	OrderDefault       Order = "default" // in a preference alone: none chosen
)

// Placement says why one content stands where it stands in one agent's feed.
type Placement struct {
	Content      string      `json:"content"`
	Score        float64     `json:"score"`
	Reasons      []string    `json:"reasons"`           // one to three sentences for the agent: what a rule did, then the weightiest first
	Acknowledged bool        `json:"acknowledged"`      // the agent has said that they have read it
	Placed       string      `json:"placed,omitempty"`  // as Brief.Placed
	Reminded     time.Time   `json:"reminded,omitzero"` // as Brief.Reminded
	Explanation  Explanation `json:"explanation"`
}

// Explanation has the four parts that article R.311-3-1-2 of the French code of relations between the public and the
// administration asks for, in intelligible form.
type Explanation struct {
	Degree     string      `json:"degree"`     // degree and mode of contribution of the algorithm to the decision
	Data       []Datum     `json:"data"`       // data processed and their sources
	Parameters []Parameter `json:"parameters"` // parameters and their weights, as applied to this person
	Operations []string    `json:"operations"` // operations carried out
	Rule       string      `json:"rule"`       // what gave it its place: chronological, mandatory, pinned, seen, discovery, community, source or topic (the caps), or score
	Position   int         `json:"position"`   // in the feed, from 1; 0: beyond its length
	Basis      Basis       `json:"basis"`      // what all of it was computed from
}

// Basis names what an explanation was computed from, so that it can be computed again later, and be the same.
type Basis struct {
	Policy  string    `json:"policy"`  // version
	Profile int64     `json:"profile"` // version: the offset, in the agent's partition of fil.engagements, of the last act that it includes; -1 when there is none
	Order   Order     `json:"order"`
	Stamp   string    `json:"stamp"` // digest, in 16 hexadecimal digits, of contents, popularity, the agent's record, profile and policy together
	At      time.Time `json:"at"`

	// Digests, in 16 hexadecimal digits, of each part: all contents, popularity, the agent's record with the definitions of
	// audiences, and the profile.
	Contents string `json:"contents"`
	Signals  string `json:"signals"`
	Reader   string `json:"reader"`
	Acts     string `json:"acts"`

	// Offsets of the last records that popularity includes, by partition of fil.engagements, -1 for none: of its counts, and
	// of its habits, which are read less often.
	Counted []int64 `json:"counted,omitempty"`
	Habits  []int64 `json:"habits,omitempty"`

	Arm string `json:"arm,omitempty"` // of an experiment that the explanation tells of: "holdout", an arm, or two joined by + when their lists are woven
}

// Datum is one piece of data that was used.
type Datum struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Parameter is one term of the score: Contribution = Weight × Value, in log2 units (one more doubles the quality).
type Parameter struct {
	Name         string  `json:"name"`
	Label        string  `json:"label"`   // in plain words: what the value says of this content to this agent
	Measure      string  `json:"measure"` // what the value counts, to the letter; of a term of the policy, its expression
	Value        float64 `json:"value"`
	Weight       float64 `json:"weight"`
	Contribution float64 `json:"contribution"`
}
