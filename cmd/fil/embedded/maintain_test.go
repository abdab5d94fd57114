package embedded_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil/cmd/fil/embedded"
)

func TestKafka_CompactionKeepsTheLastRecordOfEachKey(t *testing.T) {
	dir := t.TempDir()
	k := startKafka(t, dir)
	createTopic(t, k, "directory", 1, kafka.ConfigEntry{ConfigName: "cleanup.policy", ConfigValue: "compact"})
	put(t, k, "directory", "ana", "1", time.Now())
	put(t, k, "directory", "bob", "2", time.Now().Add(-30*24*time.Hour))
	put(t, k, "directory", "ana", "3", time.Now())
	put(t, k, "directory", "eve", "4", time.Now())
	consume(t, k, "directory", "readers", 2)

	k = restartAged(t, k, dir)
	texts, next := fetch(t, t.Context(), k, "directory", 0, 0, 100)
	if want := []string{"2", "3", "4"}; !slices.Equal(texts, want) || next != 4 {
		t.Errorf("after compaction the topic holds %v up to offset %d, want %v up to 4", texts, next, want)
	}
	if got, want := consume(t, k, "directory", "readers", 100), []string{"3", "4"}; !slices.Equal(got, want) {
		t.Errorf("the group went on with %v, want %v", got, want)
	}
}

func TestKafka_RetentionNeverReusesAnOffset(t *testing.T) {
	dir := t.TempDir()
	k := startKafka(t, dir)
	createTopic(t, k, "letters", 1, kafka.ConfigEntry{ConfigName: "retention.ms", ConfigValue: "3600000"})
	put(t, k, "letters", "key", "old", time.Now().Add(-2*time.Hour))
	put(t, k, "letters", "key", "older", time.Now().Add(-3*time.Hour))

	k = restartAged(t, k, dir)
	// The last one stays, since the next offset is found in it.
	if texts, next := fetch(t, t.Context(), k, "letters", 0, 0, 100); !slices.Equal(texts, []string{"older"}) || next != 2 {
		t.Errorf("after retention the topic holds %v up to offset %d, want [older] up to 2", texts, next)
	}
	put(t, k, "letters", "key", "new", time.Now())
	k = restartAged(t, k, dir)
	if texts, next := fetch(t, t.Context(), k, "letters", 0, 0, 100); !slices.Equal(texts, []string{"new"}) || next != 3 {
		t.Errorf("the topic holds %v up to offset %d, want [new] up to 3", texts, next)
	}
}

func TestKafka_TopicsKeepEverythingUnlessTold(t *testing.T) {
	dir := t.TempDir()
	k := startKafka(t, dir)
	createTopic(t, k, "letters", 1)
	put(t, k, "letters", "key", "ancient", time.Now().Add(-10*365*24*time.Hour))
	k = restartAged(t, k, dir)
	if texts, _ := fetch(t, t.Context(), k, "letters", 0, 0, 100); !slices.Equal(texts, []string{"ancient"}) {
		t.Errorf("the topic holds %v, want the record of ten years ago", texts)
	}
}

func TestKafka_MaintenanceCutShort(t *testing.T) {
	for name, cut := range map[string]func(log string) error{
		"before the swap": func(log string) error { return os.CopyFS(log+".new", os.DirFS(log)) },
		"between the renames": func(log string) error {
			if err := os.CopyFS(log+".new", os.DirFS(log)); err != nil {
				return err
			}
			return os.Rename(log, log+".old")
		},
		"after the swap": func(log string) error { return os.CopyFS(log+".old", os.DirFS(log)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			k := startKafka(t, dir)
			createTopic(t, k, "letters", 1)
			produce(t, k, "letters", 0, 5)
			if err := k.Close(); err != nil {
				t.Fatal(err)
			}
			if err := cut(filepath.Join(dir, "kafka")); err != nil {
				t.Fatal(err)
			}
			k = startKafka(t, dir)
			if got, want := records(t, k, "letters"), numbered(0, 5); !slices.Equal(got, want) {
				t.Errorf("the topic holds %v, want %v", got, want)
			}
			left, err := filepath.Glob(filepath.Join(dir, "kafka.[no]*"))
			if err != nil || len(left) != 0 {
				t.Errorf("maintenance left %v behind (%v)", left, err)
			}
		})
	}
}

// restartAged restarts the log as if its last maintenance were long ago.
func restartAged(t *testing.T, k *embedded.Kafka, dir string) *embedded.Kafka {
	t.Helper()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(dir, "kafka", "maintained.json")
	if err := os.WriteFile(note, []byte(`{"at":"2001-01-01T00:00:00Z","bytes":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return startKafka(t, dir)
}

// put writes one record, in a batch of its own.
func put(t *testing.T, k *embedded.Kafka, topic, key, value string, at time.Time) {
	t.Helper()
	w := writer(k, topic)
	if err := w.WriteMessages(t.Context(), kafka.Message{Key: []byte(key), Value: []byte(value), Time: at}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
