package embedded

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// room watches what is left of the disk that holds the log.
type room struct {
	dir  string
	keep int64
	free func(dir string) (int64, error)
	log  *slog.Logger
	full atomic.Bool // as it was last said
}

// freeBytes asks the system how much an ordinary user may still write on the disk of a folder.
func freeBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("ask for the room on the disk of %s: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// left says whether there is more than what is to be kept free, and logs when that changes. When nobody can tell there is: a
// write that fails is refused in any case.
func (r *room) left() bool {
	free, err := r.free(r.dir)
	full := err == nil && free < r.keep
	if r.full.Swap(full) != full {
		if full {
			r.log.Error("the disk is nearly full: the log takes nothing more until there is room", "dir", r.dir, "free_bytes", free, "kept_free_bytes", r.keep)
		} else {
			r.log.Info("there is room on the disk again: the log takes records", "dir", r.dir, "free_bytes", free)
		}
	}
	return !full
}

// guard refuses what would be written to the log while there is no room for it. The code is one that clients do not retry by
// themselves: whoever sends knows at once. The offsets of groups are still written, within what is kept free.
func (r *room) guard(cluster *kfake.Cluster) {
	cluster.ControlKey(int16(kmsg.Produce), func(asked kmsg.Request) (kmsg.Response, error, bool) {
		produce, ok := asked.(*kmsg.ProduceRequest)
		if !ok || r.left() {
			return nil, nil, false
		}
		cluster.KeepControl()
		return refuseAll(produce), nil, true
	})
}

func refuseAll(produce *kmsg.ProduceRequest) kmsg.Response {
	answer := kmsg.NewPtrProduceResponse()
	answer.SetVersion(produce.GetVersion())
	for _, t := range produce.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			partition := kmsg.NewProduceResponseTopicPartition()
			partition.Partition, partition.ErrorCode, partition.BaseOffset = p.Partition, kerr.PolicyViolation.Code, -1
			partition.ErrorMessage = kmsg.StringPtr("the disk is nearly full")
			topic.Partitions = append(topic.Partitions, partition)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}
