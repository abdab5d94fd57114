package eventlog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

func header(key, value string) kafka.Header { return kafka.Header{Key: key, Value: []byte(value)} }

// The Kafka protocol binding of CloudEvents 1.0.2, sections 3.2 (binary) and 3.3 (structured).
func TestCodec_WritesBinaryMode(t *testing.T) {
	rec := event("agent-1", 7)
	rec.Event.Subject = "c-1"
	rec.Event.Extra = map[string]string{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	got := eventlog.Encode(rec)
	want := kafka.Message{
		Key: []byte("agent-1"), Value: []byte(`{"n":7}`),
		Headers: []kafka.Header{
			header("ce_id", "agent-1-7"), header("ce_source", "test"), header("ce_specversion", "1.0"), header("ce_subject", "c-1"),
			header("ce_time", "2026-01-02T03:04:05.000000007Z"),
			header("ce_traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
			header("ce_type", "fil.engagement.read"), header("content-type", "application/json"),
		},
	}
	byKey := cmpopts.SortSlices(func(a, b kafka.Header) bool { return a.Key < b.Key })
	if diff := cmp.Diff(want, got, byKey); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestCodec_Reads(t *testing.T) {
	required := []kafka.Header{header("ce_specversion", "1.0"), header("ce_id", "1"), header("ce_source", "s"), header("ce_type", "t")}
	with := func(more ...kafka.Header) []kafka.Header { return append(required[:4:4], more...) }
	for name, c := range map[string]struct {
		message kafka.Message
		want    fil.Event
		refused string
	}{
		"the least":          {message: kafka.Message{Value: []byte(`1`), Headers: with()}, want: fil.Event{ID: "1", Source: "s", Type: "t", Data: []byte(`1`)}},
		"other headers":      {message: kafka.Message{Value: []byte(`1`), Headers: with(header("x-trace", "?"))}, want: fil.Event{ID: "1", Source: "s", Type: "t", Data: []byte(`1`)}},
		"a tombstone":        {message: kafka.Message{Headers: with(header("content-type", "text/plain"))}, want: fil.Event{ID: "1", Source: "s", Type: "t"}},
		"an empty value":     {message: kafka.Message{Value: []byte{}, Headers: with()}, want: fil.Event{ID: "1", Source: "s", Type: "t", Data: []byte{}}},
		"structured mode":    {message: kafka.Message{Value: []byte(`{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"a":1}}`), Headers: []kafka.Header{header("content-type", "application/cloudevents+json; charset=utf-8")}}, want: fil.Event{ID: "1", Source: "s", Type: "t", Data: []byte(`{"a":1}`)}},
		"bad structure":      {message: kafka.Message{Value: []byte(`{`), Headers: []kafka.Header{header("content-type", "application/cloudevents+json")}}, refused: "structured mode"},
		"no attributes":      {message: kafka.Message{Value: []byte(`1`)}, refused: "required"},
		"no version":         {message: kafka.Message{Value: []byte(`1`), Headers: required[1:]}, refused: "specversion"},
		"another version":    {message: kafka.Message{Value: []byte(`1`), Headers: append(required[1:4:4], header("ce_specversion", "0.3"))}, refused: "1.0"},
		"no id":              {message: kafka.Message{Value: []byte(`1`), Headers: append(required[2:4:4], required[0])}, refused: "id"},
		"a time that is not": {message: kafka.Message{Value: []byte(`1`), Headers: with(header("ce_time", "yesterday"))}, refused: "ce_time"},
		"not JSON":           {message: kafka.Message{Value: []byte(`1`), Headers: with(header("content-type", "text/xml"))}, refused: "content-type"},
		"too large":          {message: kafka.Message{Value: make([]byte, fil.MaxEventBytes+1), Headers: with()}, refused: "64"},
	} {
		t.Run(name, func(t *testing.T) {
			c.message.Key = []byte("k")
			c.message.Time = time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
			at := fil.Position{Topic: fil.TopicEngagements, Partition: 2, Offset: 9}
			got, err := eventlog.Decode(at, c.message)
			if got.Key != "k" || got.Position != at || !got.Admitted.Equal(c.message.Time) || got.Admitted.Location() != time.UTC {
				t.Errorf("position, key and time: %+v", got)
			}
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("decoded with %v, want an error about %q", err, c.refused)
				}
				return
			}
			if diff := cmp.Diff(c.want, got.Event); err != nil || diff != "" {
				t.Errorf("%v, event (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Whatever Publish accepts is read back the same, within the size it went by.
func FuzzCodec_RoundTrip(f *testing.F) {
	f.Add("key", "id", "source", "type", "subject", "traceparent", "value", []byte(`{"a":1}`), int64(1767323045000000007), true)
	f.Add("", "i", "s", "t", "", "", "", []byte(nil), int64(0), false)
	f.Fuzz(func(t *testing.T, key, id, source, kind, subject, name, value string, data []byte, at int64, tombstone bool) {
		rec := fil.Record{
			Position: fil.Position{Topic: fil.TopicEngagements, Partition: 1, Offset: 2}, Key: key, Admitted: time.UnixMilli(at >> 20).UTC(),
			Event: fil.Event{ID: id, Source: source, Type: kind, Subject: subject, Data: data},
		}
		if tombstone {
			rec.Event.Data = nil
		}
		if at != 0 {
			rec.Event.Time = time.Unix(0, at).UTC()
		}
		// SetAttribute is how extensions come to be; what it calls one of its own is not an extension.
		var probe fil.Event
		if probe.SetAttribute(name, value) == nil && len(probe.Extra) == 1 {
			rec.Event.Extra = probe.Extra
		}
		if rec.Event.Check() != nil {
			return
		}
		if bound, message := eventlog.Sizes(rec); message > bound {
			t.Errorf("the message takes %d bytes, Publish went by %d", message, bound)
		}
		got, err := eventlog.Decode(rec.Position, eventlog.Encode(rec))
		if err != nil {
			t.Fatalf("decode what was encoded: %v", err)
		}
		if diff := cmp.Diff(rec, got); diff != "" {
			t.Errorf("it came back changed (-in +out):\n%s", diff)
		}
	})
}

// Whatever a foreign producer writes is an event or an error.
func FuzzCodec_Decode(f *testing.F) {
	f.Add([]byte("k"), []byte(`{}`), "ce_id", []byte("1"), "ce_source", []byte("s"), "ce_specversion", []byte("1.0"), "ce_type", []byte("t"))
	f.Add([]byte("k"), []byte(`{"specversion":"1.0"}`), "content-type", []byte("application/cloudevents+json"), "", []byte(nil), "", []byte(nil), "", []byte(nil))
	f.Add([]byte(nil), []byte(nil), "content-type", []byte(";"), "ce_", []byte(nil), "ce_time", []byte("2026"), "ce_data_base64", []byte("="))
	f.Fuzz(func(t *testing.T, key, value []byte, k1 string, v1 []byte, k2 string, v2 []byte, k3 string, v3 []byte, k4 string, v4 []byte) {
		m := kafka.Message{Key: key, Value: value, Headers: []kafka.Header{{Key: k1, Value: v1}, {Key: k2, Value: v2}, {Key: k3, Value: v3}, {Key: k4, Value: v4}}}
		for _, topic := range []fil.Topic{fil.TopicAgents, fil.TopicEngagements} {
			rec, err := eventlog.Decode(fil.Position{Topic: topic}, m)
			if rec.Key != string(key) {
				t.Errorf("key %q was read as %q", key, rec.Key)
			}
			if err == nil && rec.Event.Check() != nil {
				t.Errorf("%+v was accepted: %v", rec.Event, rec.Event.Check())
			}
		}
	})
}
