package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// arrival is one event of a request: read and well, or with the reason why not.
type arrival struct {
	place   int // in the request: index from 0, or line number from 1
	event   fil.Event
	agent   string
	content string // empty for a preference that is about none
	err     error
}

// readEvent reads one event in CloudEvents' structured JSON mode.
func (d *Door) readEvent(raw []byte, now time.Time) arrival {
	var a arrival
	switch {
	case len(raw) > maxRecord:
		a.err = errTooLarge
	case Deeper(raw, maxDepth):
		a.err = errTooDeep
	case !utf8.Valid(raw):
		a.err = notUTF8("")
	default:
		var wrong *json.UnmarshalTypeError
		if a.err = a.event.UnmarshalJSON(raw); a.err == nil {
			a.judge(d, now)
		} else if errors.As(a.err, &wrong) {
			a.err = fil.NewFault("", "doit être un objet JSON", "must be a JSON object")
		}
	}
	return a
}

// readBinary reads an event in CloudEvents' HTTP binary mode: attributes are headers, the body is the data
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#31-binary-content-mode).
func (d *Door) readBinary(headers func(func(name, value string)), data []byte, now time.Time) arrival {
	var a arrival
	var faults fil.Faults
	headers(func(name, value string) {
		attribute, ok := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !ok {
			return
		}
		text, err := url.PathUnescape(value)
		if err != nil {
			faults.Add(clip(attribute), "n'est pas encodé comme le veut CloudEvents (%XX)", "is not encoded as CloudEvents wants (%XX)")
		} else if err := a.event.SetAttribute(attribute, text); err != nil {
			faults = append(faults, fil.FaultsOf(err)...)
		}
	})
	if !json.Valid(data) {
		faults.Add("data", "doit être du JSON", "must be JSON")
	}
	a.event.Data = bytes.TrimSpace(data)
	switch checked := fil.FaultsOf(a.event.Check()); {
	case len(faults)+len(checked) > 0:
		a.err = append(faults, checked...).Err()
	case Deeper(data, maxDepth):
		a.err = errTooDeep
	default:
		a.judge(d, now)
	}
	return a
}

// readArray reads a JSON array of events, which CloudEvents calls the batched mode.
func (d *Door) readArray(raw []byte, now time.Time) ([]arrival, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('[') {
		return nil, refuse(http.StatusBadRequest, "Le corps doit être un tableau JSON d'événements.", "The body must be a JSON array of events.")
	}
	var arrivals []arrival
	for decoder.More() {
		if len(arrivals) == maxEvents {
			return nil, errTooLarge
		}
		var element json.RawMessage
		if err := decoder.Decode(&element); err != nil {
			return nil, fmt.Errorf("event %d: %w", len(arrivals), err)
		}
		a := d.readEvent(element, now)
		a.place = len(arrivals)
		arrivals = append(arrivals, a)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("end of the array: %w", err)
	}
	if len(bytes.TrimSpace(raw[decoder.InputOffset():])) > 0 {
		return nil, errors.New("text after the array")
	}
	return arrivals, nil
}

// judge checks an event as what its type says that it is.
func (a *arrival) judge(d *Door, now time.Time) {
	if a.event.IsPreference() {
		var p fil.Preference
		p, a.err = d.preferenceIn(&a.event, now)
		a.agent, a.content = p.Agent, p.Content
		return
	}
	var e fil.Engagement
	e, a.err = d.engagementIn(&a.event, now)
	a.agent, a.content = e.Agent, e.Content
}

// engagementIn checks an event as an engagement and puts it in its normal form: a time, a subject, and no data but what
// an engagement has.
func (d *Door) engagementIn(event *fil.Event, now time.Time) (fil.Engagement, error) {
	if event.Time.IsZero() {
		event.Time = now.UTC()
	}
	kind, ok := strings.CutPrefix(event.Type, fil.TypeEngagement)
	if !ok {
		kind = "" // and Validate says what the type must be
	}
	engagement := fil.Engagement{Kind: fil.EngagementKind(kind), Time: event.Time}
	if event.Data == nil {
		return engagement, fil.NewFault("data", "doit être renseigné", "is required")
	}
	var faults fil.Faults
	if err := d.payload.decode(event.Data, &engagement, "data."); err != nil {
		if faults = fil.FaultsOf(err); faults == nil {
			return engagement, err
		}
	}
	if len(faults) == 0 {
		faults = fil.FaultsOf(engagement.Validate())
	} else if fault := typeFault(engagement); fault != nil {
		faults = append(faults, fault)
	}
	if len(faults) == 0 {
		checkID(&faults, "data.agent", engagement.Agent)
		checkID(&faults, "data.content", engagement.Content)
	}
	if event.Time.After(now.Add(d.cfg.Ahead)) {
		faults.Add("time", "est dans le futur", "is in the future")
	}
	checkAttributes(&faults, event)
	if len(faults) > 0 {
		return engagement, faults
	}
	data, err := json.Marshal(engagement)
	if err != nil {
		return engagement, fmt.Errorf("encode data of event %s: %w", event.ID, err)
	}
	event.Data, event.Subject = data, engagement.Content
	return engagement, nil
}

// typeFault is the fault of an engagement's type alone.
func typeFault(e fil.Engagement) *fil.Fault {
	for _, fault := range fil.FaultsOf(e.Validate()) {
		if fault.Field == "type" {
			return fault
		}
	}
	return nil
}

// checkAttributes holds an event's attributes to what travels everywhere: printable UTF-8, and names of extensions in
// lower-case letters and digits, as CloudEvents asks.
func checkAttributes(faults *fil.Faults, event *fil.Event) {
	unprintable := func(text string) bool {
		return !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl)
	}
	for _, attribute := range []struct{ name, value string }{{"id", event.ID}, {"source", event.Source}} {
		if unprintable(attribute.value) {
			faults.Add(attribute.name, "doit être de l'UTF-8 sans caractère de commande", "must be UTF-8 without control characters")
		}
	}
	for name, value := range event.Extra {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
			faults.Add(clip(name), "doit être en minuscules ASCII et chiffres : c'est un attribut d'extension", "must be lower-case ASCII letters and digits: it is an extension attribute")
		} else if unprintable(value) {
			faults.Add(name, "doit être de l'UTF-8 sans caractère de commande", "must be UTF-8 without control characters")
		}
	}
}
