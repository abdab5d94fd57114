package embedded

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// retain deletes, from the beginning of each partition of a closed log, the batches that their topic's retention.ms or
// retention.bytes lets go. The last batch always stays: the broker finds the next offset of a partition in it, and
// would begin again at 0 without it.
func retain(dir string, now time.Time) error {
	text, err := os.ReadFile(filepath.Join(dir, topicsFile))
	if err != nil {
		return fmt.Errorf("read topics: %w", err)
	}
	var known struct {
		Topics []struct {
			Name       string            `json:"name"`
			Partitions int               `json:"partitions"`
			Configs    map[string]string `json:"configs"`
		} `json:"topics"`
	}
	if err := json.Unmarshal(text, &known); err != nil {
		return fmt.Errorf("read topics: %w", err)
	}
	for _, topic := range known.Topics {
		keep := retention(topic.Configs, now)
		if keep == (kept{}) {
			continue
		}
		for p := range topic.Partitions {
			partition := filepath.Join(dir, "partitions", url.PathEscape(topic.Name)+"-"+strconv.Itoa(p))
			if err := keep.trim(partition); err != nil {
				return fmt.Errorf("apply retention to %s: %w", filepath.Base(partition), err)
			}
		}
	}
	return nil
}

// kept is what a partition keeps: batches with a record from since on (Unix milliseconds), and no more than bytes. Zero
// is no limit.
type kept struct{ since, bytes int64 }

func retention(configs map[string]string, now time.Time) kept {
	var k kept
	if policy, ok := configs["cleanup.policy"]; ok && !strings.Contains(policy, "delete") {
		return k
	}
	if ms, err := strconv.ParseInt(configs["retention.ms"], 10, 64); err == nil && ms >= 0 {
		k.since = now.UnixMilli() - ms
	}
	if bytes, err := strconv.ParseInt(configs["retention.bytes"], 10, 64); err == nil && bytes >= 0 {
		k.bytes = max(bytes, 1)
	}
	return k
}

// trim goes through the segments of a partition, oldest first, until it meets a batch to keep.
func (k kept) trim(partition string) error {
	bases, size, err := segments(partition)
	if err != nil || len(bases) == 0 {
		return err
	}
	for n, base := range bases {
		first, err := k.firstKept(filepath.Join(partition, base+".dat"), size, n == len(bases)-1)
		if err != nil {
			return err
		}
		if first.whole && first.at == 0 {
			return nil
		}
		if err := cut(partition, base, first); err != nil {
			return err
		}
		if first.whole {
			return nil
		}
		size -= first.at
	}
	return nil
}

// segments lists the base offsets of a partition's segments in order, and the size of all.
func segments(partition string) (bases []string, size int64, err error) {
	entries, err := os.ReadDir(partition)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	for _, entry := range entries {
		base, ok := strings.CutSuffix(entry.Name(), ".dat")
		if _, parsed := strconv.ParseInt(base, 10, 64); !ok || parsed != nil {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, 0, err
		}
		bases, size = append(bases, base), size+info.Size()
	}
	slices.SortFunc(bases, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return bases, size, err
}

// position is where the first batch to keep begins in a segment; whole is false when there is none, and at is then the
// segment's size.
type position struct {
	at      int64
	batches int64 // before it
	offset  int64 // of its first record
	whole   bool
}

// batchHeader is as much of a record batch as has to be read: offset, length, and at byte 35 the newest timestamp. See
// https://kafka.apache.org/documentation/#recordbatch.
const batchHeader = 43

func (k kept) firstKept(segment string, size int64, last bool) (p position, err error) {
	file, err := os.Open(segment)
	if err != nil {
		return p, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return p, err
	}
	var header [batchHeader]byte
	for {
		_, err := file.ReadAt(header[:], p.at)
		if errors.Is(err, io.EOF) {
			p.at = info.Size()
			return p, nil
		}
		if err != nil {
			return p, err
		}
		length := 12 + int64(binary.BigEndian.Uint32(header[8:]))
		p.offset = int64(binary.BigEndian.Uint64(header[:]))
		newest := int64(binary.BigEndian.Uint64(header[35:]))
		old := newest < k.since || k.bytes > 0 && size-p.at > k.bytes
		if !old || last && p.at+length >= info.Size() {
			p.whole = true
			return p, nil
		}
		p.at += length
		p.batches++
	}
}

// cut takes a segment's batches before the position away. The files are written anew, since the original of the log may
// share them.
func cut(partition, base string, p position) error {
	const indexEntry = 15 // bytes of the index for each batch
	name := filepath.Join(partition, base)
	if p.whole {
		next := filepath.Join(partition, strconv.FormatInt(p.offset, 10))
		if err := errors.Join(copyTail(name+".dat", next+".dat", p.at), copyTail(name+".idx", next+".idx", p.batches*indexEntry)); err != nil {
			return err
		}
	}
	return errors.Join(os.Remove(name+".dat"), os.Remove(name+".idx"))
}

func copyTail(from, to string, at int64) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	if _, err := source.Seek(at, io.SeekStart); err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close())
}
