package embedded_test

import (
	"context"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil/cmd/fil/embedded"
)

func TestKafka_GroupSharesPartitions(t *testing.T) {
	k := startKafka(t, t.TempDir())
	createTopic(t, k, "letters", 4)
	one := join(t, k, "readers")
	if got := len(next(t, one).Assignments["letters"]); got != 4 {
		t.Fatalf("the only member has %d partitions, want 4", got)
	}
	two := join(t, k, "readers")
	second := make(chan int, 1)
	go func() { second <- len(next(t, two).Assignments["letters"]) }()
	if got := len(next(t, one).Assignments["letters"]); got != 2 {
		t.Errorf("the first member has %d partitions beside a second, want 2", got)
	}
	if got := <-second; got != 2 {
		t.Errorf("the second member has %d partitions, want 2", got)
	}
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(next(t, one).Assignments["letters"]); got != 4 {
		t.Errorf("the first member has %d partitions once alone again, want 4", got)
	}
}

// A member of before the restart must not be waited for: it is gone with its process.
func TestKafka_MembersDoNotOutliveTheBroker(t *testing.T) {
	dir := t.TempDir()
	k := startKafka(t, dir)
	createTopic(t, k, "letters", 1)
	next(t, join(t, k, "readers"))
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	k = startKafka(t, dir)
	if got := len(next(t, join(t, k, "readers")).Assignments["letters"]); got != 1 {
		t.Errorf("the new member has %d partitions, want 1", got)
	}
}

func join(t *testing.T, k *embedded.Kafka, group string) *kafka.ConsumerGroup {
	t.Helper()
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: []string{k.Addr()}, Topics: []string{"letters"},
		HeartbeatInterval: 100 * time.Millisecond, JoinGroupBackoff: 100 * time.Millisecond, StartOffset: kafka.FirstOffset,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func next(t *testing.T, g *kafka.ConsumerGroup) *kafka.Generation {
	// Less than the 30 seconds that a member's session lasts, so a wait for a member that is gone fails.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		generation, err := g.Next(ctx)
		if err == nil {
			generation.Start(func(ctx context.Context) { <-ctx.Done() })
			return generation
		}
		if ctx.Err() != nil {
			t.Errorf("join: %v", err)
			return &kafka.Generation{}
		}
	}
}
