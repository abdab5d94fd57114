package eventlog

import (
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

// Encode and Decode are the codec alone, for the fuzzer: what Publish writes for a record, and what a lane reads.
func Encode(rec fil.Record) kafka.Message {
	m := newEncoder(1, size(&rec)).message(&rec, rec.Admitted)
	return kafka.Message{Key: m.key, Value: m.value, Headers: m.headers, Time: m.time}
}

func Decode(at fil.Position, m kafka.Message) (fil.Record, error) {
	return decode(at, message{key: m.Key, value: m.Value, headers: m.Headers, time: m.Time})
}

// Sizes gives the bound that Publish goes by and the one for a message as it is.
func Sizes(rec fil.Record) (bound, message int) {
	m := newEncoder(1, size(&rec)).message(&rec, rec.Admitted)
	return size(&rec), m.size()
}
