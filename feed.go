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
}

// Order is how a feed is sorted.
type Order string

// The orders a reader may choose.
const (
	OrderRanked        Order = "ranked"
	OrderChronological Order = "chronological"
)

// Placement says why one content stands where it stands in one agent's feed.
type Placement struct {
	Content      string      `json:"content"`
	Score        float64     `json:"score"`
	Reasons      []string    `json:"reasons"`      // sentences for the agent, the weightiest first
	Acknowledged bool        `json:"acknowledged"` // the agent has said that they have read it
	Explanation  Explanation `json:"explanation"`
}

// Explanation has the four parts that article R.311-3-1-2 of the French code of relations between the public and the
// administration asks for, in intelligible form.
type Explanation struct {
	Degree     string      `json:"degree"`     // degree and mode of contribution of the algorithm to the decision
	Data       []Datum     `json:"data"`       // data processed and their sources
	Parameters []Parameter `json:"parameters"` // parameters and their weights, as applied to this person
	Operations []string    `json:"operations"` // operations carried out
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
	Label        string  `json:"label"`
	Value        float64 `json:"value"`
	Weight       float64 `json:"weight"`
	Contribution float64 `json:"contribution"`
}
