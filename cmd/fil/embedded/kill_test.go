package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil/cmd/fil/embedded"
)

// A test that kills starts this binary again with these in its environment.
const (
	childRole = "FIL_TEST_CHILD"
	childDir  = "FIL_TEST_DIR"
)

func TestKafka_AcknowledgedRecordsSurviveSIGKILL(t *testing.T) {
	dir := t.TempDir()
	acknowledged := killWhileItWrites(t, "kafka", dir, 200)
	k := startKafka(t, dir)
	all := records(t, k, "letters")
	if len(all) < acknowledged || !slices.Equal(all, numbered(0, len(all))) {
		t.Errorf("%d records were acknowledged, %d are there: %.300v", acknowledged, len(all), all)
	}
	produce(t, k, "letters", len(all), len(all)+3)
	if got, want := records(t, k, "letters"), numbered(0, len(all)+3); !slices.Equal(got, want) {
		t.Errorf("records written after the restart do not follow the others: %.300v", got)
	}
}

func TestClickHouse_AcknowledgedInsertsSurviveSIGKILL(t *testing.T) {
	dir := t.TempDir()
	acknowledged := killWhileItWrites(t, "clickhouse", dir, 50)
	// This process has an engine of its own already, so another child counts.
	counted, err := strconv.Atoi(runToEnd(t, "count", dir))
	if err != nil {
		t.Fatal(err)
	}
	// One insert more may have been stored before its acknowledgement was heard.
	if counted != acknowledged && counted != acknowledged+1 {
		t.Errorf("%d inserts were acknowledged, %d are there", acknowledged, counted)
	}
}

// runChild does what a test wants to kill: it writes the numbers from 0 on, and says each one that was acknowledged.
func runChild(ctx context.Context, role, dir string) error {
	switch role {
	case "kafka":
		return writeRecords(ctx, dir)
	case "clickhouse":
		return writeRows(ctx, dir)
	case "count":
		return countRows(ctx, dir)
	case "limited":
		return writeLimited(ctx, dir)
	case "engines":
		return useEngines(ctx, dir)
	}
	return fmt.Errorf("unknown child %s", role)
}

func writeRecords(ctx context.Context, dir string) error {
	k, err := embedded.StartKafka(embedded.Config{Dir: dir})
	if err != nil {
		return err
	}
	client := &kafka.Client{Addr: kafka.TCP(k.Addr())}
	if _, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: "letters", NumPartitions: 1, ReplicationFactor: 1}}}); err != nil {
		return err
	}
	w := writer(k, "letters")
	for n := 0; ; n++ {
		err := w.WriteMessages(ctx, kafka.Message{Key: []byte("key"), Value: []byte(strconv.Itoa(n))})
		if err != nil && n > 0 {
			return err
		}
		if err != nil { // the topic may not be known to the writer yet
			n--
			continue
		}
		fmt.Println(n)
	}
}

func writeRows(ctx context.Context, dir string) error {
	c, err := embedded.StartClickHouse(embedded.Config{Dir: dir})
	if err != nil {
		return err
	}
	db, err := open(c)
	if err != nil {
		return err
	}
	if err := db.Exec(ctx, "CREATE TABLE facts (n UInt64) ENGINE = MergeTree ORDER BY n"); err != nil {
		return err
	}
	for n := 0; ; n++ {
		batch, err := db.PrepareBatch(ctx, "INSERT INTO facts")
		if err != nil {
			return err
		}
		if err := batch.Append(uint64(n)); err != nil {
			return err
		}
		if err := batch.Send(); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func countRows(ctx context.Context, dir string) error {
	c, err := embedded.StartClickHouse(embedded.Config{Dir: dir})
	if err != nil {
		return err
	}
	db, err := open(c)
	if err != nil {
		return err
	}
	var rows uint64
	if err := db.QueryRow(ctx, "SELECT count() FROM facts").Scan(&rows); err != nil {
		return err
	}
	fmt.Println(rows)
	return c.Close()
}

func open(c *embedded.ClickHouse) (clickhouse.Conn, error) {
	return clickhouse.Open(&clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{c.Addr()},
		Auth: clickhouse.Auth{Username: c.Username(), Password: c.Password()},
	})
}

// killWhileItWrites kills a child without warning once it has said enough, and returns how many writes it said.
func killWhileItWrites(t *testing.T, role, dir string, enough int) int {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	giveUp := time.AfterFunc(time.Minute, func() { _ = child.Process.Kill() })
	defer giveUp.Stop()
	said := 0
	for lines := bufio.NewScanner(out); lines.Scan(); said++ {
		if said == enough {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // it was killed
	if said < enough {
		t.Fatalf("the child said %d writes before it ended, want %d", said, enough)
	}
	return said
}

func runToEnd(t *testing.T, role, dir string) string {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		t.Fatalf("child %s: %v", role, err)
	}
	return strings.TrimSpace(string(out))
}

// records reads the whole of partition 0.
func records(t *testing.T, k *embedded.Kafka, topic string) []string {
	t.Helper()
	texts, _ := fetch(t, t.Context(), k, topic, 0, 0, 1<<30)
	return texts
}
