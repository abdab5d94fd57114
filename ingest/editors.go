package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// Extension attributes of the events that the door makes: the key that wrote the record, and what people call it.
const (
	attributeBy    = "by"
	attributeLabel = "byname"
)

// sign puts who wrote a record on its event.
func sign(event *fil.Event, by fil.Caller) {
	if by.Name == "" {
		return
	}
	_ = event.SetAttribute(attributeBy, clip(by.Name)) // an event that has 16 extensions already goes unsigned
	if by.Label != "" {
		_ = event.SetAttribute(attributeLabel, clip(by.Label))
	}
}

// Edit is who wrote a record last, and when.
type Edit struct {
	By    string    `json:"by,omitempty"`    // the key, empty when the record does not say
	Label string    `json:"label,omitempty"` // what people call it
	At    time.Time `json:"at"`
}

// Who names the writer as people know them.
func (e Edit) Who() fil.Bilingual {
	switch {
	case e.Label != "":
		return fil.Bilingual{FR: "« " + e.Label + " »", EN: "'" + e.Label + "'"}
	case e.By != "":
		return fil.Bilingual{FR: "la clé " + e.By, EN: "the key " + e.By}
	}
	return fil.Bilingual{FR: "quelqu'un", EN: "someone"}
}

// Editors remembers who wrote each content and audience last: a projection of their topics. It is safe for concurrent use.
type Editors struct {
	mu    sync.RWMutex
	edits map[unsureKey]Edit
}

// NewEditors makes one that knows of nothing.
func NewEditors() *Editors { return &Editors{edits: map[unsureKey]Edit{}} }

// Apply takes records in the log's order. It never fails.
func (e *Editors) Apply(records []fil.Record) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, rec := range records {
		at := rec.Event.Time
		if at.IsZero() {
			at = rec.Admitted
		}
		e.edits[unsureKey{rec.Topic, rec.Key}] = Edit{By: rec.Event.Extra[attributeBy], Label: rec.Event.Extra[attributeLabel], At: at}
		if rec.Event.Data == nil {
			delete(e.edits, unsureKey{rec.Topic, rec.Key})
		}
	}
	return nil
}

// Last gives who wrote a record last; false when it is not known, or there is none.
func (e *Editors) Last(topic fil.Topic, id string) (Edit, bool) {
	if e == nil {
		return Edit{}, false
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	edit, ok := e.edits[unsureKey{topic, id}]
	return edit, ok
}

// ETag is a strong validator of one record: a digest of its JSON.
func ETag(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// condition is what a client says a record must be for its write to happen.
type condition struct{ match, noneMatch string }

func (in *recordInput) condition() condition { return condition{in.IfMatch, in.IfNoneMatch} }

// holds compares with the current record; settled says whether it is known to be the last one.
func (c condition) holds(current []byte, settled bool) bool {
	return (c.match == "" || settled && Matches(c.match, current)) && (c.noneMatch == "" || settled && !Matches(c.noneMatch, current))
}

// Matches says whether one of the entity tags of a header, or "*", is that of a record; nil has none.
func Matches(tags string, current []byte) bool {
	if current == nil {
		return false
	}
	return tags == "*" || slices.ContainsFunc(strings.Split(tags, ","), func(tag string) bool { return strings.TrimSpace(tag) == ETag(current) })
}

// judge refuses a write that would undo another's unseen: one whose condition does not hold, and, of a person, one without
// condition over what another key wrote. Machines write what their source says, whatever is there.
func (c condition) judge(ctx context.Context, d *Door, topic fil.Topic, id string, current, next []byte, settled bool) error {
	caller := fil.CallerFrom(ctx)
	edit, known := d.parts.Editors.Last(topic, id)
	if !c.holds(current, settled) {
		var faults fil.Faults
		if settled && current != nil && next != nil && c.noneMatch == "" {
			faults = Differences(current, next, edit)
		}
		return c.conflict(http.StatusPreconditionFailed, edit, known && settled, faults)
	}
	if c == (condition{}) && current != nil && known && caller.Role == fil.RoleCommunicator && edit.By != "" && edit.By != caller.Name && !bytes.Equal(current, next) {
		var faults fil.Faults
		if next != nil {
			faults = Differences(current, next, edit)
		}
		return c.conflict(http.StatusPreconditionRequired, edit, true, faults)
	}
	return nil
}

// conflict says who was there before, and how to go on.
func (c condition) conflict(status int, edit Edit, known bool, faults fil.Faults) error {
	if status == http.StatusPreconditionFailed && !known {
		return refuse(status, "L'enregistrement n'est pas, ou plus, celui que vous avez lu. Relisez-le avant de le modifier.",
			"The record is not, or no longer, the one you read. Read it again before you change it.")
	}
	who, at := edit.Who(), edit.At.UTC().Format(time.RFC3339)
	r := refuse(status,
		fmt.Sprintf("%s a écrit cet enregistrement en dernier, le %s : ce n'est plus celui que vous avez lu. Relisez-le, reportez vos changements, et renvoyez-le avec le nouvel ETag ; « If-Match: * » écrase.", upper(who.FR), at),
		fmt.Sprintf("%s wrote this record last, at %s: it is no longer the one that you read. Read it again, carry your changes over, and send it with the new ETag; 'If-Match: *' overwrites.", upper(who.EN), at))
	if status == http.StatusPreconditionRequired {
		r = refuse(status,
			fmt.Sprintf("%s a écrit cet enregistrement en dernier, le %s : lisez-le et donnez son ETag dans If-Match, pour ne pas effacer son travail sans l'avoir vu ; « If-Match: * » écrase.", upper(who.FR), at),
			fmt.Sprintf("%s wrote this record last, at %s: read it and give its ETag in If-Match, so that their work is not undone unseen; 'If-Match: *' overwrites.", upper(who.EN), at))
	}
	r.faults, r.edit = faults, &edit
	return r
}

// upper begins a sentence.
func upper(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// Differences names the fields in which two records differ, sorted, with what the current one has and since whom.
func Differences(current, next []byte, edit Edit) fil.Faults {
	var is, would map[string]json.RawMessage
	_ = json.Unmarshal(current, &is) // both were encoded here
	_ = json.Unmarshal(next, &would)
	var faults fil.Faults
	who, at := edit.Who(), edit.At.UTC().Format(time.RFC3339)
	all := map[string]json.RawMessage{}
	maps.Copy(all, is)
	maps.Copy(all, would)
	for _, field := range slices.Sorted(maps.Keys(all)) {
		if bytes.Equal(is[field], would[field]) {
			continue
		}
		fr, en := "n'y est pas", "is not there"
		if value := is[field]; value != nil {
			fr, en = "y vaut "+clip(string(value)), "is "+clip(string(value))+" there"
		}
		faults.Add(field, fmt.Sprintf("%s depuis l'écriture de %s (%s)", fr, who.FR, at), fmt.Sprintf("%s since the write of %s (%s)", en, who.EN, at))
	}
	return faults[:min(len(faults), maxFaults)]
}
