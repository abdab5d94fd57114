package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/filengine/fil/cmd/fil/embedded"
)

func TestStart_EnginesAnswerAndClose(t *testing.T) {
	// In a child, since this process has a facts engine of its own already.
	if got := runToEnd(t, "engines", t.TempDir()); got != "closed" {
		t.Errorf("the child said %q", got)
	}
}

// useEngines starts all engines twice on the same directory, and uses each.
func useEngines(ctx context.Context, dir string) error {
	for _, topics := range []int{0, 1} {
		e, err := embedded.Start(ctx, embedded.Config{Dir: dir})
		if err != nil {
			return err
		}
		if err := useEach(ctx, e, topics); err != nil {
			return err
		}
		if err := e.Close(ctx); err != nil {
			return err
		}
	}
	fmt.Println("closed")
	return nil
}

func useEach(ctx context.Context, e *embedded.Engines, topics int) error {
	login, err := scram.Mechanism(scram.SHA256, e.Kafka.Username(), e.Kafka.Password())
	if err != nil {
		return err
	}
	wrong, err := scram.Mechanism(scram.SHA256, e.Kafka.Username(), "another")
	if err != nil {
		return err
	}
	for name, mechanism := range map[string]sasl.Mechanism{"a stranger": nil, "the wrong password": wrong} {
		transport := &kafka.Transport{SASL: mechanism}
		_, err := (&kafka.Client{Addr: kafka.TCP(e.Kafka.Addr()), Transport: transport}).Metadata(ctx, &kafka.MetadataRequest{})
		transport.CloseIdleConnections()
		if err == nil {
			return fmt.Errorf("the log let %s in", name)
		}
	}
	client := &kafka.Client{Addr: kafka.TCP(e.Kafka.Addr()), Transport: &kafka.Transport{SASL: login}}
	known, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return err
	}
	if len(known.Topics) != topics {
		return fmt.Errorf("%d topics, want %d", len(known.Topics), topics)
	}
	if _, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: "letters", NumPartitions: 1, ReplicationFactor: 1}}}); err != nil {
		return err
	}
	feeds := redis.NewClient(&redis.Options{Addr: e.Redis.Addr(), Password: e.Redis.Password()})
	defer feeds.Close()
	stranger := redis.NewClient(&redis.Options{Addr: e.Redis.Addr()})
	defer stranger.Close()
	if stranger.Ping(ctx).Err() == nil {
		return errors.New("redis let a stranger in")
	}
	facts, err := open(e.ClickHouse)
	if err != nil {
		return err
	}
	defer facts.Close()
	return errors.Join(feeds.Ping(ctx).Err(), facts.Ping(ctx))
}

func TestConfig_ValidateReportsEveryFault(t *testing.T) {
	err := embedded.Config{}.Validate()
	for _, fault := range []string{"dir", "memory", "threads", "connections"} {
		if err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%v does not speak of %s", err, fault)
		}
	}
	whole := embedded.DefaultConfig()
	whole.Dir = "data"
	if err := whole.Validate(); err != nil {
		t.Errorf("the default settings are refused: %v", err)
	}
}

// BenchmarkEngines_AtRest starts everything and reports what the process holds: anonymous memory is its own, the rest
// is the library's file, which the system may take back.
func BenchmarkEngines_AtRest(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		e, err := embedded.Start(b.Context(), embedded.Config{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.Lines(string(status)) {
			var kilobytes float64
			for _, field := range []string{"RssAnon", "RssFile"} {
				if n, _ := fmt.Sscanf(line, field+": %f kB", &kilobytes); n == 1 {
					b.ReportMetric(kilobytes/1024, field+"-MiB")
				}
			}
		}
		if err := e.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
