package embedded_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil/cmd/fil/embedded"
)

func TestKafka_RecordsAndOffsetsOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	k := startKafka(t, dir)
	createTopic(t, k, "letters", 2)
	produce(t, k, "letters", 0, 10)
	consume(t, k, "letters", "readers", 4)
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}

	k = startKafka(t, dir)
	if got, want := consume(t, k, "letters", "readers", 6), numbered(4, 10); !slices.Equal(got, want) {
		t.Errorf("after the restart the group read %v, want %v", got, want)
	}
	if got, want := consume(t, k, "letters", "others", 10), numbered(0, 10); !slices.Equal(got, want) {
		t.Errorf("after the restart a new group read %v, want %v", got, want)
	}
}

func TestKafka_UnknownTopicIsNotCreatedByUse(t *testing.T) {
	k := startKafka(t, t.TempDir())
	w := writer(k, "nowhere")
	w.AllowAutoTopicCreation = true
	w.MaxAttempts = 1
	if err := w.WriteMessages(t.Context(), kafka.Message{Value: []byte("x")}); err == nil {
		t.Fatal("a write to a topic that nobody created was accepted")
	}
}

func TestKafka_OneProcessPerDirectory(t *testing.T) {
	dir := t.TempDir()
	startKafka(t, dir)
	if k, err := embedded.StartKafka(embedded.Config{Dir: dir}); err == nil {
		k.Close()
		t.Fatal("two brokers opened the same directory")
	}
}

func startKafka(t testing.TB, dir string) *embedded.Kafka {
	t.Helper()
	k, err := embedded.StartKafka(embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func createTopic(t testing.TB, k *embedded.Kafka, topic string, partitions int, entries ...kafka.ConfigEntry) {
	t.Helper()
	client := &kafka.Client{Addr: kafka.TCP(k.Addr()), Timeout: 10 * time.Second}
	answer, err := client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: topic, NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: entries,
	}}})
	if err == nil {
		err = answer.Errors[topic]
	}
	if err != nil {
		t.Fatalf("create topic %s: %v", topic, err)
	}
}

func writer(k *embedded.Kafka, topic string) *kafka.Writer {
	return &kafka.Writer{
		Addr: kafka.TCP(k.Addr()), Topic: topic, RequiredAcks: kafka.RequireAll,
		Balancer: &kafka.Hash{}, BatchTimeout: time.Millisecond,
	}
}

// produce writes the numbers from first to last-1, all with one key.
func produce(t testing.TB, k *embedded.Kafka, topic string, first, last int) {
	t.Helper()
	w := writer(k, topic)
	var messages []kafka.Message
	for _, text := range numbered(first, last) {
		messages = append(messages, kafka.Message{Key: []byte("key"), Value: []byte(text)})
	}
	if err := w.WriteMessages(t.Context(), messages...); err != nil {
		t.Fatalf("produce: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("close writer: %v", err)
	}
}

func numbered(first, last int) []string {
	var all []string
	for n := first; n < last; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

// consume joins the group as the product does, reads n records and commits them.
func consume(t testing.TB, k *embedded.Kafka, topic, group string, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: []string{k.Addr()}, Topics: []string{topic},
		StartOffset: kafka.FirstOffset,
	})
	if err != nil {
		t.Fatalf("join %s: %v", group, err)
	}
	defer g.Close()
	generation, err := g.Next(ctx)
	if err != nil {
		t.Fatalf("join %s: %v", group, err)
	}
	var read []string
	for _, p := range generation.Assignments[topic] {
		if len(read) == n {
			break
		}
		texts, next := fetch(t, ctx, k, topic, p.ID, p.Offset, n-len(read))
		read = append(read, texts...)
		if err := generation.CommitOffsets(map[string]map[int]int64{topic: {p.ID: next}}); err != nil {
			t.Fatalf("commit: %v", err)
		}
	}
	return read
}

// fetch reads up to n records of a partition, and stops at its end.
func fetch(t testing.TB, ctx context.Context, k *embedded.Kafka, topic string, partition int, offset int64, n int) (texts []string, next int64) {
	t.Helper()
	conn, err := kafka.DialLeader(ctx, "tcp", k.Addr(), topic, partition)
	if err != nil {
		t.Fatalf("dial leader: %v", err)
	}
	first, last, err := conn.ReadOffsets()
	if err == nil {
		err = conn.Close()
	}
	if err != nil {
		t.Fatalf("read offsets: %v", err)
	}
	if offset < first {
		offset = first
	}
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{k.Addr()}, Topic: topic, Partition: partition, MaxWait: 50 * time.Millisecond})
	defer r.Close()
	if err := r.SetOffset(offset); err != nil {
		t.Fatalf("set offset: %v", err)
	}
	for next = offset; next < last && len(texts) < n; {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			t.Fatalf("read %s/%d at %d: %v", topic, partition, next, err)
		}
		texts, next = append(texts, string(m.Value)), m.Offset+1
	}
	return texts, next
}

func BenchmarkKafka_ProduceSynced(b *testing.B) {
	for _, batch := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			k := startKafka(b, b.TempDir())
			createTopic(b, k, "bench", 1)
			w := writer(k, "bench")
			w.BatchSize = batch
			messages := make([]kafka.Message, batch)
			for i := range messages {
				messages[i] = kafka.Message{Value: make([]byte, 200)}
			}
			b.ResetTimer()
			for b.Loop() {
				if err := w.WriteMessages(b.Context(), messages...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
