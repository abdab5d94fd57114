package fil

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// MaxEventBytes bounds the data of one event: the size that CloudEvents 1.0 asks every intermediary to forward.
const MaxEventBytes = 64 << 10

// Event types, in the sense of CloudEvents. An engagement's type ends in its kind, "fil.engagement.read", and so does a
// preference's, "fil.preference.more".
const (
	TypeAgent      = "fil.agent"
	TypeAudience   = "fil.audience"
	TypeContent    = "fil.content"
	TypeEngagement = "fil.engagement."
	TypePreference = "fil.preference."
	TypeMembership = "fil.membership"
	TypePolicy     = "fil.policy"
	TypeInForce    = "fil.policy.current"
	TypeReminders  = "fil.reminders"
	TypeAccess     = "fil.access"
	TypeFigures    = "fil.figures"
)

// Event is a CloudEvents 1.0 event with JSON data (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
// Source and ID together are its identity: a second event with both equal is the same event and has no effect.
type Event struct {
	ID      string
	Source  string
	Type    string
	Subject string            // the id of what the event is about; may be empty
	Time    time.Time         // when it happened, which may be long before it was admitted; zero if the sender gave none
	Data    json.RawMessage   // nil for a tombstone
	Extra   map[string]string // extension attributes that travel along, such as traceparent
}

// Identity is a 64-bit digest (FNV-1a) of source and id. It is meant for comparison within one agent's events, where
// a collision is out of reach: a thousand events collide with a probability under 10⁻¹³.
func (e Event) Identity() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(e.Source))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(e.ID))
	return h.Sum64()
}

// NewEvent makes an event whose data is the JSON of data.
func NewEvent(kind, source, id string, at time.Time, data any) (Event, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("encode data of event %s %s: %w", kind, id, err)
	}
	return Event{ID: id, Source: source, Type: kind, Time: at.UTC(), Data: raw}, nil
}

// Decode reads the data of a record into T, such as Agent or Content. An error is a rejection: no retry can help.
func Decode[T any](rec Record) (T, error) {
	var v T
	if err := json.Unmarshal(rec.Event.Data, &v); err != nil {
		return v, Reject(rec, fmt.Errorf("decode data of %s: %w", rec.Event.Type, err))
	}
	return v, nil
}

// MarshalJSON writes the event in CloudEvents' structured JSON mode.
func (e Event) MarshalJSON() ([]byte, error) {
	fields := map[string]any{"specversion": "1.0", "id": e.ID, "source": e.Source, "type": e.Type}
	for k, v := range e.Extra {
		fields[k] = v
	}
	if e.Subject != "" {
		fields["subject"] = e.Subject
	}
	if !e.Time.IsZero() {
		fields["time"] = e.Time.UTC().Format(time.RFC3339Nano)
	}
	if e.Data != nil {
		fields["datacontenttype"], fields["data"] = "application/json", e.Data
	}
	return json.Marshal(fields)
}

// UnmarshalJSON reads the structured JSON mode. Faults name the attribute that is wrong.
func (e *Event) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return fmt.Errorf("decode event: %w", err)
	}
	*e = Event{}
	for name, raw := range fields {
		if name == "data" {
			if !bytes.Equal(raw, []byte("null")) {
				e.Data = bytes.Clone(raw)
			}
			continue
		}
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			text = string(raw) // extensions may be booleans and integers; a known attribute that is one fails below
		}
		if err := e.SetAttribute(name, text); err != nil {
			return err
		}
	}
	return e.Check()
}

// Attributes calls put for each context attribute that is set, as Kafka's and HTTP's binary modes need them, without
// their prefix.
func (e Event) Attributes(put func(name, value string)) {
	put("specversion", "1.0")
	put("id", e.ID)
	put("source", e.Source)
	put("type", e.Type)
	if e.Subject != "" {
		put("subject", e.Subject)
	}
	if !e.Time.IsZero() {
		put("time", e.Time.UTC().Format(time.RFC3339Nano))
	}
	if e.Data != nil {
		put("datacontenttype", "application/json")
	}
	for k, v := range e.Extra {
		put(k, v)
	}
}

// SetAttribute sets the context attribute name, without prefix, from its text.
func (e *Event) SetAttribute(name, value string) error {
	switch name {
	case "id":
		e.ID = value
	case "source":
		e.Source = value
	case "type":
		e.Type = value
	case "subject":
		e.Subject = value
	case "time":
		t, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return NewFault("time", "doit être une date RFC 3339, comme 2026-01-31T08:30:00Z", "must be an RFC 3339 time, such as 2026-01-31T08:30:00Z")
		}
		e.Time = t.UTC()
	case "specversion":
		if value != "1.0" {
			return NewFault("specversion", "doit être 1.0", "must be 1.0")
		}
	case "datacontenttype":
		if !strings.HasPrefix(value, "application/json") {
			return NewFault("datacontenttype", "doit être application/json", "must be application/json")
		}
	case "data_base64":
		return NewFault("data_base64", "n'est pas admis : donnez data en JSON", "is not accepted: give data as JSON")
	default:
		if len(e.Extra) >= 16 || len(name) > 20 || len(value) > 1024 {
			return NewFault(name, "dépasse les bornes des extensions (16 attributs, 1024 caractères)", "exceeds the bounds of extensions (16 attributes, 1024 characters)")
		}
		if e.Extra == nil {
			e.Extra = map[string]string{}
		}
		e.Extra[name] = value
	}
	return nil
}

// Check gathers every fault of the attributes that CloudEvents requires.
func (e Event) Check() error {
	var faults Faults
	for _, required := range []struct{ name, value string }{{"id", e.ID}, {"source", e.Source}, {"type", e.Type}} {
		if required.value == "" {
			faults.Add(required.name, "doit être renseigné", "is required")
		} else if len(required.value) > 256 {
			faults.Add(required.name, "dépasse 256 octets", "is over 256 bytes")
		}
	}
	if len(e.Data) > MaxEventBytes {
		faults.Add("data", "dépasse 64 Kio", "is over 64 KiB")
	}
	return faults.Err()
}
