package eventlog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

func createTopic(t testing.TB, cfg eventlog.Config, topic fil.Topic, partitions int, cleanup string) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Timeout: 10 * time.Second, Transport: transport}
	name := cfg.Prefix + string(topic)
	answer, err := client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: name, NumPartitions: partitions, ReplicationFactor: 1,
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: "cleanup.policy", ConfigValue: cleanup}},
	}}})
	if err == nil {
		err = answer.Errors[name]
	}
	if err != nil {
		t.Fatalf("create topic %s: %v", name, err)
	}
}

func TestOpen_RefusesTopicsThatDoNotMatch(t *testing.T) {
	cfg := config(t)
	createTopic(t, cfg, fil.TopicAgents, 2, "compact")
	createTopic(t, cfg, fil.TopicEngagements, 3, "delete")
	_, err := eventlog.Open(t.Context(), cfg, logger(t), prometheus.NewRegistry())
	if err == nil || !strings.Contains(err.Error(), "has 2 partitions") || !strings.Contains(err.Error(), "has 3") {
		t.Errorf("open: %v, want both numbers of partitions", err)
	}
}

func TestOpen_RefusesATopicThatForgetsThePresent(t *testing.T) {
	cfg := config(t)
	createTopic(t, cfg, fil.TopicContents, 3, "delete")
	_, err := eventlog.Open(t.Context(), cfg, logger(t), prometheus.NewRegistry())
	if err == nil || !strings.Contains(err.Error(), "cleanup.policy=delete") {
		t.Errorf("open: %v, want the policy", err)
	}
}

func TestOpen_EngagementsFollowTheAgentsThatExist(t *testing.T) {
	cfg := config(t)
	createTopic(t, cfg, fil.TopicAgents, 2, "compact")
	l := openWith(t, cfg)
	for _, r := range publish(t, l, events(100, 100)...) {
		if r.Partition > 1 {
			t.Fatalf("%s: agents have 2 partitions, engagements more", r.Position)
		}
	}
}

func TestOpen_TwoAtTheSameTime(t *testing.T) {
	cfg := config(t)
	done := make(chan error)
	for range 2 {
		go func() {
			l, err := eventlog.Open(t.Context(), cfg, logger(t), prometheus.NewRegistry())
			if err == nil {
				err = l.Close(t.Context())
			}
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestConfig_ValidateNamesEveryFault(t *testing.T) {
	if err := eventlog.DefaultConfig().Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
	err := eventlog.Config{Prefix: "no spaces", MinInSync: 2, Login: eventlog.Login{Mechanism: "gssapi", Username: "a", Password: "b"}}.Validate()
	for _, want := range []string{"brokers", "login", "prefix", "partitions", "replication", "min in sync", "retention", "publish timeout", "batch bytes", "fetch bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not name %q", err, want)
		}
	}
}
