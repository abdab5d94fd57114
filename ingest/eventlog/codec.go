package eventlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
)

// Kafka's binary mode for CloudEvents: attributes are headers, the data is the value
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md).
const (
	attributePrefix  = "ce_"
	contentType      = "content-type"
	structuredMedia  = "application/cloudevents+json"
	bareTombstone    = "fil:tombstone" // the source given to a tombstone that another producer wrote with no attributes
	messageFraming   = 64              // bounds what Kafka adds to a record: lengths, offset and time deltas
	attributeFraming = 10              // bounds what Kafka adds to a header: two lengths
)

// message is a Kafka record, whatever it holds. A nil value is a tombstone; an empty one is not.
type message struct {
	key, value []byte
	headers    []kafka.Header
	time       time.Time
	offset     int64
}

// size bounds the bytes that a record takes in a request, before compression.
func size(rec *fil.Record) int {
	e := &rec.Event
	n := messageFraming + len(rec.Key) + len(e.Data) + 8*(attributeFraming+len("ce_specversion")) +
		len(e.ID) + len(e.Source) + len(e.Type) + len(e.Subject) + len(time.RFC3339Nano) + len("application/json") + len("1.0")
	for k, v := range e.Extra {
		n += attributeFraming + len(attributePrefix) + len(k) + len(v)
	}
	return n
}

// encoder turns records into messages whose bytes are its own: a caller may reuse its records at once, even when it
// stopped waiting for them.
type encoder struct {
	bytes   []byte
	headers []kafka.Header
}

func newEncoder(records, size int) *encoder {
	return &encoder{bytes: make([]byte, 0, size), headers: make([]kafka.Header, 0, 8*records)}
}

func (e *encoder) text(s string) []byte {
	from := len(e.bytes)
	e.bytes = append(e.bytes, s...)
	return e.bytes[from:len(e.bytes):len(e.bytes)]
}

func (e *encoder) message(rec *fil.Record, at time.Time) message {
	m := message{key: e.text(rec.Key), time: at}
	from := len(e.headers)
	rec.Event.Attributes(func(name, value string) {
		e.headers = append(e.headers, kafka.Header{Key: headerName(name), Value: e.text(value)})
	})
	m.headers = e.headers[from:len(e.headers):len(e.headers)]
	if rec.Event.Data != nil {
		m.value = e.text(string(rec.Event.Data))
	}
	return m
}

// headerName spares the known attributes a concatenation.
func headerName(attribute string) string {
	switch attribute {
	case "specversion":
		return "ce_specversion"
	case "id":
		return "ce_id"
	case "source":
		return "ce_source"
	case "type":
		return "ce_type"
	case "subject":
		return "ce_subject"
	case "time":
		return "ce_time"
	case "datacontenttype":
		return contentType
	case "traceparent":
		return "ce_traceparent"
	default:
		return attributePrefix + attribute
	}
}

// decode reads the record at a position. With an error the record holds what is certain: position, key, time admitted.
// It accepts binary and structured mode; and, in a compacted topic, a null value with no attributes at all, because the
// compaction will remove the key whether or not we call it an event.
func decode(at fil.Position, m message) (fil.Record, error) {
	rec := fil.Record{Position: at, Key: string(m.key), Admitted: m.time.UTC()}
	event, found, err := attributes(m)
	switch {
	case err != nil:
		return rec, err
	case event == nil && !found && m.value == nil && compacts(at.Topic):
		event = &fil.Event{ID: at.String(), Source: bareTombstone, Type: string(at.Topic), Time: rec.Admitted}
	case event == nil:
		return rec, errors.New("no CloudEvent: the attributes id, source, type and specversion are required")
	}
	if err := event.Check(); err != nil {
		return rec, fmt.Errorf("no CloudEvent: %w", err)
	}
	rec.Event = *event
	return rec, nil
}

// attributes reads the event of a message; nil when it is none. found says that it has at least one attribute.
func attributes(m message) (event *fil.Event, found bool, err error) {
	e := fil.Event{Data: m.value}
	version := false
	for i := range m.headers {
		h := &m.headers[i]
		name, ok := strings.CutPrefix(h.Key, attributePrefix)
		if h.Key == contentType {
			if structured(h.Value) {
				return structuredEvent(m)
			}
			name, ok = "datacontenttype", m.value != nil
		}
		if !ok {
			continue
		}
		if err := e.SetAttribute(name, string(h.Value)); err != nil {
			return nil, true, fmt.Errorf("no CloudEvent: header %q: %w", h.Key, err)
		}
		found = found || h.Key != contentType
		version = version || name == "specversion"
	}
	if !version {
		return nil, found, nil
	}
	return &e, true, nil
}

func structured(contentType []byte) bool {
	media, _, err := mime.ParseMediaType(string(contentType))
	return err == nil && media == structuredMedia
}

func structuredEvent(m message) (*fil.Event, bool, error) {
	var e fil.Event
	if err := json.Unmarshal(m.value, &e); err != nil {
		return nil, true, fmt.Errorf("no CloudEvent: structured mode: %w", err)
	}
	return &e, true, nil
}

// readMessage copies a record out of a fetch's pages, which are reused.
func readMessage(rec *kafka.Record) (message, error) {
	m := message{headers: rec.Headers, time: rec.Time, offset: rec.Offset}
	var err error
	if m.key, err = readBytes(rec.Key); err != nil {
		return m, fmt.Errorf("read key at offset %d: %w", rec.Offset, err)
	}
	if m.value, err = readBytes(rec.Value); err != nil {
		return m, fmt.Errorf("read value at offset %d: %w", rec.Offset, err)
	}
	return m, nil
}

func readBytes(b kafka.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	buf := make([]byte, b.Len())
	_, err := io.ReadFull(b, buf)
	return buf, errors.Join(err, b.Close())
}

// messageReader gives messages to kafka-go, one at a time, as it wants them.
type messageReader struct {
	parcels []*parcel
	next    int
	record  kafka.Record
	key     payload
	value   payload
}

type payload struct{ bytes.Reader }

func (*payload) Close() error { return nil }

func (r *messageReader) ReadRecord() (*kafka.Record, error) {
	for len(r.parcels) > 0 && r.next == len(r.parcels[0].messages) {
		r.parcels, r.next = r.parcels[1:], 0
	}
	if len(r.parcels) == 0 {
		return nil, io.EOF
	}
	m := &r.parcels[0].messages[r.next]
	r.next++
	r.record = kafka.Record{Time: m.time, Headers: m.headers}
	if m.key != nil {
		r.key.Reset(m.key)
		r.record.Key = &r.key
	}
	if m.value != nil {
		r.value.Reset(m.value)
		r.record.Value = &r.value
	}
	return &r.record, nil
}

// size bounds the bytes that a message takes in a request, before compression.
func (m *message) size() int {
	n := messageFraming + len(m.key) + len(m.value)
	for i := range m.headers {
		n += attributeFraming + len(m.headers[i].Key) + len(m.headers[i].Value)
	}
	return n
}
