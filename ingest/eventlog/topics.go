package eventlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

// tombstones of compacted topics are kept this long, so that a reader that began from the start sees them.
const tombstonesKept = 7 * 24 * time.Hour

// largest batch of records that a topic takes, compressed. A parked record carries its reason besides.
const (
	maxMessageBytes  = 1 << 20
	maxRejectedBytes = 2 << 20
)

// prepareTopics makes the topics that are missing, checks the others, and gives the partitions of each.
func (l *Log) prepareTopics(ctx context.Context) (map[string]int, error) {
	var before error
	for try := 1; ; try++ {
		topics, err := l.tryTopics(ctx)
		if err == nil {
			return topics, nil
		}
		if err = l.explained(err); ctx.Err() != nil && before != nil {
			return nil, before // says more than that the time is over
		}
		before = err
		var beyond *fault
		if errors.As(err, &beyond) {
			return nil, err
		}
		var refusal kafka.Error
		if errors.As(err, &refusal) && !refusal.Temporary() && refusal != kafka.Unknown {
			return nil, err
		}
		if try == 4 || try > 4 && try%12 == 0 { // topics that were just made are waited for too, for less long
			l.log.WarnContext(ctx, "the log is not ready: waiting for it", "brokers", l.cfg.Brokers, "try", try, "error", err)
		}
		if !pause(ctx, try) {
			return nil, err
		}
	}
}

// fault is what waiting cannot mend.
type fault struct{ error }

func (f *fault) Unwrap() error { return f.error }

// tryTopics makes what is missing and gives the partitions of each topic when all are there.
func (l *Log) tryTopics(ctx context.Context) (map[string]int, error) {
	there, err := l.metadata(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.checkTopics(there); err != nil {
		return nil, &fault{err}
	}
	missing := l.missingTopics(there)
	if len(missing) == 0 {
		if err := l.checkCleanup(ctx); err != nil {
			return nil, err
		}
		return there, nil
	}
	answer, err := l.client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: missing})
	if err != nil {
		return nil, fmt.Errorf("create topics: %w", err)
	}
	for name, err := range answer.Errors {
		if err == nil || errors.Is(err, kafka.TopicAlreadyExists) {
			continue
		}
		err = fmt.Errorf("create topic %s: %w", name, err)
		if !passing(err) {
			return nil, &fault{err}
		}
		return nil, err
	}
	// The cluster spreads the news of a topic in its own time: look again.
	return nil, fmt.Errorf("topics were created and are not seen yet: %d", len(missing))
}

// metadata gives the partitions of the topics that exist and can be written.
func (l *Log) metadata(ctx context.Context) (map[string]int, error) {
	names := make([]string, 0, 2*len(fil.Topics()))
	for _, topic := range fil.Topics() {
		names = append(names, l.name(topic), l.name(parkingOf(topic)))
	}
	answer, err := l.client.Metadata(ctx, &kafka.MetadataRequest{Topics: names})
	if err != nil {
		return nil, fmt.Errorf("ask brokers about topics: %w", err)
	}
	there := map[string]int{}
	for _, t := range answer.Topics {
		switch {
		case errors.Is(t.Error, kafka.UnknownTopicOrPartition):
		case t.Error != nil:
			return nil, fmt.Errorf("topic %s: %w", t.Name, t.Error)
		default:
			for _, p := range t.Partitions {
				if p.Error != nil && !errors.Is(p.Error, kafka.ReplicaNotAvailable) {
					return nil, fmt.Errorf("topic %s, partition %d: %w", t.Name, p.ID, p.Error)
				}
			}
			there[t.Name] = len(t.Partitions)
		}
	}
	return there, nil
}

// checkTopics holds what exists to what the stages rely on.
func (l *Log) checkTopics(there map[string]int) error {
	var one string
	for _, topic := range keyedByAgent() {
		name := l.name(topic)
		n, exists := there[name]
		if !exists {
			continue
		}
		if one != "" && there[one] != n {
			return fmt.Errorf("topic %s has %d partitions and %s has %d: they must have the same number, so that all of an agent's records "+
				"are in partitions of one number; make them anew with equal numbers", one, there[one], name, n)
		}
		one = name
	}
	return nil
}

// checkCleanup refuses a topic that would forget the present state of a key: brokers that create topics by use make
// such ones.
func (l *Log) checkCleanup(ctx context.Context) error {
	const policy = "cleanup.policy"
	var resources []kafka.DescribeConfigRequestResource
	for _, topic := range fil.Topics() {
		resources = append(resources, kafka.DescribeConfigRequestResource{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: l.name(topic), ConfigNames: []string{policy},
		})
	}
	answer, err := l.client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: resources})
	if err != nil {
		return fmt.Errorf("ask brokers how topics are kept: %w", err)
	}
	compacted := map[string]bool{}
	for _, topic := range fil.Topics() {
		compacted[l.name(topic)] = compacts(topic)
	}
	for _, r := range answer.Resources {
		for _, entry := range r.ConfigEntries {
			if entry.ConfigName != policy || (entry.ConfigValue == "compact") == compacted[r.ResourceName] {
				continue
			}
			return &fault{fmt.Errorf("topic %s has %s=%s: delete is for engagements and accesses, compact for all others; "+
				"alter the topic's configuration", r.ResourceName, policy, entry.ConfigValue)}
		}
	}
	return nil
}

// missingTopics lists the topics to make. Of those keyed by agent, one that is missing follows those that exist.
func (l *Log) missingTopics(there map[string]int) []kafka.TopicConfig {
	shared := l.cfg.Partitions
	for _, topic := range keyedByAgent() {
		if n, ok := there[l.name(topic)]; ok {
			shared = n
		}
	}
	var missing []kafka.TopicConfig
	for _, topic := range fil.Topics() {
		partitions := partitionsOf(topic, l.cfg.Partitions)
		if slices.Contains(keyedByAgent(), topic) {
			partitions = shared
		}
		if _, ok := there[l.name(topic)]; !ok {
			missing = append(missing, l.topicConfig(topic, partitions))
		}
		if _, ok := there[l.name(parkingOf(topic))]; !ok {
			missing = append(missing, l.topicConfig(parkingOf(topic), partitionsOf(parkingOf(topic), l.cfg.Partitions)))
		}
	}
	return missing
}

func (l *Log) topicConfig(topic fil.Topic, partitions int) kafka.TopicConfig {
	kept := l.cfg.Retention
	entries := map[string]string{
		"min.insync.replicas":    strconv.Itoa(l.cfg.MinInSync),
		"message.timestamp.type": "CreateTime",
		"max.message.bytes":      strconv.Itoa(maxMessageBytes),
	}
	switch {
	case compacts(topic):
		entries["cleanup.policy"] = "compact"
		entries["delete.retention.ms"] = strconv.FormatInt(tombstonesKept.Milliseconds(), 10)
	default:
		switch topic {
		case fil.TopicEngagements:
		case fil.TopicAccesses:
			kept = l.cfg.AccessRetention
		default:
			kept = l.cfg.RejectedRetention
			entries["max.message.bytes"] = strconv.Itoa(maxRejectedBytes)
		}
		entries["cleanup.policy"] = "delete"
		entries["retention.ms"] = strconv.FormatInt(kept.Milliseconds(), 10)
	}
	config := kafka.TopicConfig{Topic: l.name(topic), NumPartitions: partitions, ReplicationFactor: l.cfg.Replication}
	for name, value := range entries {
		config.ConfigEntries = append(config.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	return config
}

// bounds is offsets, tried again until there is an answer: so many times, or for ever with 0, while ctx is not done. After
// a topic was made, or a leader has changed, brokers may answer that they know nothing of it for a moment.
func (l *Log) bounds(ctx context.Context, topic fil.Topic, partition, tries int) (first, end int64, err error) {
	for try := 1; ; try++ {
		first, end, err = l.offsets(ctx, l.name(topic), partition)
		if err == nil || try == tries {
			return first, end, err
		}
		l.log.Warn("ask where a partition begins and ends", "topic", topic, "partition", partition, "try", try, "error", err)
		if !pause(ctx, try) {
			return 0, 0, err
		}
	}
}

// Ping says whether the log answers: the leader of the first partition of engagements is asked where it ends.
func (l *Log) Ping(ctx context.Context) error {
	_, _, err := l.offsets(ctx, l.name(fil.TopicEngagements), 0)
	return err
}

// offsets gives the first offset kept of a partition and the offset that the next record will have.
func (l *Log) offsets(ctx context.Context, topic string, partition int) (first, end int64, err error) {
	answer, err := l.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: {kafka.FirstOffsetOf(partition), kafka.LastOffsetOf(partition)}},
	})
	if err != nil {
		return 0, 0, fmt.Errorf("ask for offsets of %s/%d: %w", topic, partition, err)
	}
	for _, p := range answer.Topics[topic] {
		if p.Partition != partition {
			continue
		}
		if p.Error != nil {
			return 0, 0, fmt.Errorf("ask for offsets of %s/%d: %w", topic, partition, p.Error)
		}
		return p.FirstOffset, p.LastOffset, nil
	}
	return 0, 0, fmt.Errorf("ask for offsets of %s/%d: not in the answer", topic, partition)
}

// partitionsOf gives how many partitions a topic is made with, where so many are asked for.
func partitionsOf(topic fil.Topic, asked int) int {
	if parks(topic) {
		return 1
	}
	switch topic {
	case fil.TopicPolicies, fil.TopicRevisions, fil.TopicReminders, fil.TopicAccesses, fil.TopicSubscriptions, fil.TopicFigures: // few records, which are read in the order in which they were written
		return 1
	default:
		return asked
	}
}

// keyedByAgent lists the topics whose partitions go together.
func keyedByAgent() []fil.Topic {
	return []fil.Topic{fil.TopicAgents, fil.TopicEngagements, fil.TopicMemberships}
}

// compacts says whether the log keeps the last record of each key (true) or every record for a time (false).
func compacts(topic fil.Topic) bool {
	return topic != fil.TopicEngagements && topic != fil.TopicAccesses && !parks(topic)
}

const rejectedSuffix = ".rejected"

// parkingOf is the topic where the records of another that no retry can help are parked.
func parkingOf(topic fil.Topic) fil.Topic { return topic + rejectedSuffix }

func parks(topic fil.Topic) bool {
	return len(topic) > len(rejectedSuffix) && strings.HasSuffix(string(topic), rejectedSuffix)
}
