package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil/cmd/fil/embedded"
)

// write puts one record in partition 0 of a topic, and gives what the broker said.
func write(ctx context.Context, k *embedded.Kafka, topic string, value []byte) error {
	client := &kafka.Client{Addr: kafka.TCP(k.Addr())}
	answer, err := client.Produce(ctx, &kafka.ProduceRequest{
		Topic: topic, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes([]byte("key")), Value: kafka.NewBytes(value)}),
	})
	if err != nil {
		return err
	}
	return answer.Error
}

// A log whose disk is nearly full refuses records at once, with an error that clients do not retry, says so once, goes on
// serving what it has and noting how far groups have read, and takes records again when there is room. It starts full, too.
func TestKafka_RefusesBeforeTheDiskIsFull(t *testing.T) {
	const keep = 1000
	var free atomic.Int64
	free.Store(keep)
	var said bytes.Buffer
	dir := t.TempDir()
	start := func() *embedded.Kafka {
		k, err := embedded.StartKafka(embedded.Config{
			Dir: dir, KeepFree: keep, Free: func(string) (int64, error) { return free.Load(), nil },
			Log: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelInfo})),
		})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := start()
	createTopic(t, k, "letters", 1)
	produce(t, k, "letters", 0, 3)
	free.Store(keep - 1)
	for range 3 {
		if err := write(t.Context(), k, "letters", []byte("too much")); !errors.Is(err, kafka.PolicyViolation) {
			t.Fatalf("a write without room: %v, want %v", err, kafka.PolicyViolation)
		}
	}
	if got := consume(t, k, "letters", "readers", 2); !slices.Equal(got, numbered(0, 2)) {
		t.Errorf("read without room: %v", got)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	k = start()
	if err := write(t.Context(), k, "letters", []byte("too much")); !errors.Is(err, kafka.PolicyViolation) {
		t.Errorf("a write after a start without room: %v", err)
	}
	free.Store(keep)
	produce(t, k, "letters", 3, 5)
	if got := consume(t, k, "letters", "readers", 3); !slices.Equal(got, numbered(2, 5)) {
		t.Errorf("the group went on with %v, want %v", got, numbered(2, 5))
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if log := said.String(); strings.Count(log, "the disk is nearly full") != 2 || strings.Count(log, "there is room on the disk again") != 1 {
		t.Errorf("the log does not say it once:\n%s", log)
	}
}

// A write that the system refuses, in the middle of a batch, is never acknowledged; what was acknowledged before and after
// is there, in order, and nothing else.
func TestKafka_WriteThatFails(t *testing.T) {
	dir := t.TempDir()
	said := strings.Fields(runToEnd(t, "limited", dir))
	refused := slices.Index(said, "refused")
	if refused < 10 || len(said) < refused+10 {
		t.Fatalf("the child said %v: want records before and after a refusal", said)
	}
	acknowledged := slices.DeleteFunc(said, func(word string) bool { return word == "refused" })
	k := startKafka(t, dir)
	all := records(t, k, "letters")
	for i := range all {
		all[i] = strings.TrimLeft(all[i], ".")
	}
	if !slices.Equal(all, acknowledged) {
		t.Errorf("the log holds %v, acknowledged were %v", all, acknowledged)
	}
}

// writeLimited writes until the system lets no file grow any more, tries again, then has the limit raised and goes on. It
// says each number that was acknowledged, and ends without closing the log.
func writeLimited(ctx context.Context, dir string) error {
	signal.Ignore(syscall.SIGXFSZ) // so that the write fails instead of the process
	const limit, size = 64 << 10, 3000
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	k, err := embedded.StartKafka(embedded.Config{Dir: dir})
	if err != nil {
		return err
	}
	client := &kafka.Client{Addr: kafka.TCP(k.Addr())}
	if _, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: "letters", NumPartitions: 1, ReplicationFactor: 1}}}); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: before.Max}); err != nil {
		return err
	}
	for n, refused := 0, 0; n < 60; n++ {
		text := strconv.Itoa(n)
		if err := write(ctx, k, "letters", []byte(strings.Repeat(".", size-len(text))+text)); err == nil {
			fmt.Println(n)
			continue
		}
		fmt.Println("refused")
		if refused++; refused == 5 {
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
				return err
			}
		}
	}
	return nil
}
