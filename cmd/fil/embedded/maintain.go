package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// The log is compacted, and what its topics' retention.ms and retention.bytes let go is deleted, at a start that finds
// it twice as large as after the last time (maintainFrom at least), or maintainEvery later.
const (
	maintainFrom  = 64 << 20 // bytes
	maintainEvery = 7 * 24 * time.Hour
	maintainNote  = "maintained.json" // in the log's folder
	topicsFile    = "topics.json"     // the broker's, there too
)

type maintained struct {
	At    time.Time `json:"at"`
	Bytes int64     `json:"bytes"`
}

// maintain compacts the log and applies its topics' retention, on a copy that takes the log's place in the end: the
// broker deletes segments before it has written their successors, so a SIGKILL must find them somewhere else. The copy
// shares the segments, which are only ever appended to, with the original. Offsets stay as they are.
func maintain(dir string, now time.Time, log *slog.Logger) error {
	shadow, old := dir+".new", dir+".old"
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		// The process ended between the two renames below, or there is no log yet.
		if err := os.Rename(old, dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put the log back in its place: %w", err)
		}
	}
	if err := errors.Join(os.RemoveAll(shadow), os.RemoveAll(old)); err != nil {
		return fmt.Errorf("remove what an earlier maintenance left: %w", err)
	}
	size, err := logSize(dir)
	if err != nil {
		return err
	}
	if size == 0 {
		return writeNote(dir, maintained{At: now})
	}
	if last := readNote(dir); size < 2*max(last.Bytes, maintainFrom/2) && now.Sub(last.At) < maintainEvery {
		return nil
	}
	if err := copyLog(dir, shadow); err != nil {
		return errors.Join(fmt.Errorf("copy the log: %w", err), os.RemoveAll(shadow))
	}
	if err := errors.Join(retain(shadow, now), compact(shadow, log)); err != nil {
		return errors.Join(err, os.RemoveAll(shadow))
	}
	after, err := logSize(shadow)
	if err != nil {
		return err
	}
	if err := writeNote(shadow, maintained{At: now, Bytes: after}); err != nil {
		return err
	}
	if err := errors.Join(os.Rename(dir, old), os.Rename(shadow, dir)); err != nil {
		return fmt.Errorf("put the compacted log in its place: %w", err)
	}
	log.Info("embedded kafka: the log was compacted", "bytes_before", size, "bytes_after", after, "took", time.Since(now))
	return os.RemoveAll(old)
}

// compact leaves only the last record of each key in the compacted topics of a log that nobody else has open. The
// broker applies retention at the same time, in a way that forgets the offsets of a partition that it empties, so
// retention is hidden from it meanwhile.
func compact(dir string, log *slog.Logger) error {
	topics := filepath.Join(dir, topicsFile)
	original, err := os.ReadFile(topics)
	if err != nil {
		return fmt.Errorf("compact the log: %w", err)
	}
	var known map[string]any
	if err := json.Unmarshal(original, &known); err != nil {
		return fmt.Errorf("compact the log: read topics: %w", err)
	}
	list, _ := known["topics"].([]any)
	for _, entry := range list {
		if topic, ok := entry.(map[string]any); ok {
			configs, _ := topic["configs"].(map[string]any)
			delete(configs, "retention.ms")
			delete(configs, "retention.bytes")
		}
	}
	changed, err := json.Marshal(known)
	if err != nil {
		return fmt.Errorf("compact the log: %w", err)
	}
	if err := os.WriteFile(topics, changed, 0o600); err != nil {
		return fmt.Errorf("compact the log: %w", err)
	}
	cluster, err := openCluster(dir, log)
	if err != nil {
		return fmt.Errorf("compact the log: %w", err)
	}
	cluster.Compact()
	cluster.Close()
	if err := os.WriteFile(topics, original, 0o600); err != nil {
		return fmt.Errorf("compact the log: %w", err)
	}
	return nil
}

// logSize is the size of all segments, in bytes.
func logSize(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".dat" {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("measure the log: %w", err)
	}
	return size, nil
}

// copyLog links segments and copies the rest, which the broker writes anew.
func copyLog(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		switch ext := filepath.Ext(path); {
		case entry.IsDir():
			return os.MkdirAll(target, 0o700)
		case ext == ".dat", ext == ".idx":
			return os.Link(path, target)
		}
		return copyTail(path, target, 0)
	})
}

// readNote tells when the log was last maintained; without a note, never.
func readNote(dir string) (m maintained) {
	text, err := os.ReadFile(filepath.Join(dir, maintainNote))
	if err == nil && json.Unmarshal(text, &m) != nil {
		return maintained{}
	}
	return m
}

func writeNote(dir string, m maintained) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the log's folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, maintainNote), text, 0o600); err != nil {
		return fmt.Errorf("note the log's maintenance: %w", err)
	}
	return nil
}
