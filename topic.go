package fil

import (
	"fmt"
	"time"
)

// Topic names one stream of the log.
type Topic string

// The topics of the log. Agents, engagements and memberships are keyed by agent id and have the same number of partitions
// and the same partitioner, so that one worker sees all of an agent's records. Memberships are written by workers, the
// others by the door. Revisions are of contents: what was written before it was published, and what was published before. With the engagements travel the preferences of agents.
// Subscriptions are the addresses at which other applications read an agent's feed, keyed by agent id.
// Accesses are to the register of acknowledgements, kept by time as engagements are. Figures are what dashboards tell of months
// whose facts are gone.
const (
	TopicAgents      Topic = "fil.agents"
	TopicAudiences   Topic = "fil.audiences"
	TopicContents    Topic = "fil.contents"
	TopicEngagements Topic = "fil.engagements"
	TopicMemberships Topic = "fil.memberships"
	TopicPolicies    Topic = "fil.policies"
	TopicRevisions   Topic = "fil.revisions"
	TopicReminders   Topic = "fil.reminders"
	TopicAccesses    Topic = "fil.accesses"
	TopicFigures     Topic = "fil.figures"

	TopicSubscriptions Topic = "fil.subscriptions"
)

// Topics lists the topics of the log, but for those of rejected records, in no order that matters.
func Topics() []Topic {
	return []Topic{TopicAgents, TopicAudiences, TopicContents, TopicEngagements, TopicMemberships, TopicPolicies, TopicRevisions, TopicReminders, TopicAccesses, TopicSubscriptions, TopicFigures}
}

// Position is one place in the log. Offsets grow by one a record within a partition, so positions of one partition
// have an order and positions of two have none.
type Position struct {
	Topic     Topic
	Partition int
	Offset    int64
}

// String writes the position as topic:partition:offset.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.Topic, p.Partition, p.Offset) }

// Record is one event at its place in the log.
type Record struct {
	Position
	Key      string    // what the partitioner and the compaction go by: an agent, audience or content id, a version of the policy, a content id and the number of a revision
	Admitted time.Time // when the door put it in the log; identities are remembered from this moment
	Event    Event     // with nil Data it is a tombstone: the key is removed
}
