// Package drafts is where communicators write, before agents read: drafts of contents, their approval by a second person, what
// was published before, and its withdrawal.
//
// It hides that a content's history is revisions in a topic of its own, fil.revisions, one under each key "content/number",
// so that compaction keeps them all; fil.contents has what is published, and nothing else. It guarantees that a content for
// which the perimeter, an audience or the configuration asks for approval is not published by any of those who wrote it,
// by whatever operation; that nothing that a person replaces or removes is lost; that each step is in the log with who
// took it and when, before what it brings is. Steps of one process take turns; before each, the log is read to its end.
// It does not order two processes that decide within the same moment, and keeps no history of what machines write over
// what machines wrote: their source has it.
package drafts

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ingest/accessibility"
)

// State is where a revision stands.
type State string

// The states. Of a content's revisions only the last may be a draft or submitted: it is the open one.
const (
	Draft     State = "draft"
	Submitted State = "submitted" // its writers ask for it to be published
	Published State = "published"
	Discarded State = "discarded"
	Withdrawn State = "withdrawn" // has no value: the content is taken from agents
)

// TypeRevision is the type of the events of fil.revisions.
const TypeRevision = "fil.revision"

// Revision is one state of a content in its history.
type Revision struct {
	Content   string       `json:"content"`
	Number    int          `json:"number"` // from 1
	State     State        `json:"state"`
	Value     *fil.Content `json:"value,omitempty"`
	Perimeter string       `json:"perimeter,omitempty"`
	Base      int          `json:"base,omitempty"` // number of the revision that it was made from; 0: none
	Live      string       `json:"live,omitempty"` // entity tag of what was published when the draft was begun; empty: nothing
	Writers   []Writer     `json:"writers,omitempty"`
	Steps     []Step       `json:"steps"` // in order; the oldest may be gone
}

// Writer is one who wrote in a draft.
type Writer struct {
	By    string `json:"by"` // key
	Label string `json:"label,omitempty"`
}

// Step is one thing that was done to a revision.
type Step struct {
	What  string    `json:"what"` // written, submitted, refused, published, withdrawn, discarded, restored, found
	By    string    `json:"by,omitempty"`
	Label string    `json:"label,omitempty"`
	At    time.Time `json:"at"`
	Note  string    `json:"note,omitempty"`
}

// Bounds of a history.
const (
	maxSteps = 50
	maxKept  = 100 // revisions of one content
	maxNote  = 500 // characters
)

// Projection is the topic of revisions in this process. CatchUp returns once all that was in the log when it was called has
// been applied.
type Projection interface {
	CatchUp(ctx context.Context, partitions ...int) error
}

// Gates that contents pass before publication.
const (
	GatePeople   = "people"   // what communicators write
	GateEveryone = "everyone" // what importers write, too
	GateOff      = "off"
)

// Config is what an operator may set.
type Config struct {
	Approval bool   // every content that communicators write needs a second person
	Gate     string // whose contents must be without accessibility errors
}

// Validate says what is wrong with the settings.
func (c Config) Validate() error {
	if !slices.Contains([]string{GatePeople, GateEveryone, GateOff}, c.Gate) {
		return fmt.Errorf("gate: %q is none of people, everyone, off", c.Gate)
	}
	return nil
}

// Parts is what drafts are made of. Book and Applied follow fil.revisions.
type Parts struct {
	Book     *Book
	Applied  Projection
	Audience func(id string) (fil.Audience, bool)
	Content  func(id string) (fil.Content, bool) // as it is published, whatever its window
	Contents func() []fil.Content
	// Count previews a rule for the caller. Its error is an answer of the API.
	Count  func(ctx context.Context, rule string, overlap []string, language string) (Counted, error)
	Zone   *time.Location
	Logger *slog.Logger
	Now    func() time.Time
}

// Drafts takes the steps. It is safe for concurrent use.
type Drafts struct {
	parts Parts
	cfg   Config
	door  *ingest.Door

	mu sync.Mutex
}

// New makes drafts whose door is opened later.
func New(cfg Config, parts Parts) (*Drafts, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure drafts: %w", err)
	}
	return &Drafts{parts: parts, cfg: cfg}, nil
}

// Open gives the door by which contents and revisions go into the log. It comes before all else.
func (d *Drafts) Open(door *ingest.Door) { d.door = door }

// approval says whether to publish a content needs a second person, and for whom: "contents.approval" is the configuration.
// What is published under its id counts too, or taking a content out of an audience would take it out of approval; and so does
// an audience whose rule one of the writers took away (fil.Lifted).
func (d *Drafts) approval(c fil.Content, writers []Writer) (asker string, asked bool) {
	if d.cfg.Approval {
		return "contents.approval", true
	}
	if asker, asked = d.asker(c, writers); asked {
		return asker, true
	}
	if live, ok := d.parts.Content(c.ID); ok {
		return d.asker(live, writers)
	}
	return "", false
}

func (d *Drafts) asker(c fil.Content, writers []Writer) (id string, asked bool) {
	for _, id := range append([]string{c.Perimeter}, c.Audiences...) {
		a, ok := d.parts.Audience(id)
		if ok && (a.Approval || slices.ContainsFunc(writers, func(w Writer) bool { return a.LiftedBy(w.By, w.Label) })) {
			return id, true
		}
	}
	return "", false
}

// asks says that an asker wants a second person, and why when it no longer asks it of all.
func (d *Drafts) asks(asker string) fil.Bilingual {
	if a, ok := d.parts.Audience(asker); ok && !a.Approval && a.Lifted != nil {
		return fil.Bilingual{
			FR: fmt.Sprintf("La règle d'une seconde personne a été retirée à « %s » par qui a écrit ce texte, et vaut encore pour ce texte", asker),
			EN: fmt.Sprintf("The rule of a second person was taken away from '%s' by who wrote this text, and still holds for this text", asker),
		}
	}
	return fil.Bilingual{FR: fmt.Sprintf("« %s » demande l'approbation d'une seconde personne", asker), EN: fmt.Sprintf("'%s' asks for the approval of a second person", asker)}
}

// writing is the one who writes now.
func writing(caller fil.Caller) []Writer { return []Writer{{By: caller.Name, Label: caller.Label}} }

// Review implements ingest.Desk: a communicator publishes at once what has no accessibility error and needs no approval.
func (d *Drafts) Review(caller fil.Caller, content fil.Content) error {
	person := caller.Role == fil.RoleCommunicator
	if d.cfg.Gate == GateEveryone || d.cfg.Gate == GatePeople && person {
		if faults := accessibility.Faults(content); len(faults) > 0 {
			return faults
		}
	}
	if !person {
		return nil
	}
	if asker, asked := d.approval(content, writing(caller)); asked {
		why := d.asks(asker)
		return answer(http.StatusForbidden, fil.Bilingual{
			FR: fmt.Sprintf("%s : enregistrez un brouillon (PUT /v1/contents/%s/draft), soumettez-le, et faites-le publier par une autre clé.", why.FR, content.ID),
			EN: fmt.Sprintf("%s: save a draft (PUT /v1/contents/%s/draft), submit it, and have it published by another key.", why.EN, content.ID),
		})
	}
	return nil
}

// Keep implements ingest.Desk: what a person writes outside drafts has its place in the history too, and so has what it
// replaces.
func (d *Drafts) Keep(ctx context.Context, id string, content *fil.Content) error {
	if fil.CallerFrom(ctx).Role != fil.RoleCommunicator {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	before, known := d.parts.Content(id)
	if err := d.keepFound(ctx, id); err != nil {
		return err
	}
	if content == nil {
		if !known {
			return nil
		}
		return d.append(ctx, Revision{Content: id, State: Withdrawn, Perimeter: before.Perimeter}, "withdrawn", "")
	}
	return d.append(ctx, Revision{Content: id, State: Published, Value: content, Perimeter: content.Perimeter}, "published", "")
}

// keepFound puts what is published into the history, if that does not have it: an import brought it.
func (d *Drafts) keepFound(ctx context.Context, id string) error {
	live, known := d.parts.Content(id)
	if !known || d.parts.Book.has(&live, d.parts.Now()) {
		return nil
	}
	return d.append(ctx, Revision{Content: id, State: Published, Value: &live, Perimeter: live.Perimeter}, "found", "")
}

func (d *Drafts) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := d.parts.Applied.CatchUp(ctx); err != nil {
		return answer(http.StatusServiceUnavailable, fil.Bilingual{FR: "Le journal ne répond pas : rien n'a été écrit. Recommencez plus tard.", EN: "The log does not answer: nothing was written. Try again later."})
	}
	return nil
}

// append writes a new revision with its first step.
func (d *Drafts) append(ctx context.Context, r Revision, what, note string) error {
	r.Number = d.parts.Book.next(r.Content)
	return d.write(ctx, &r, what, note)
}

// write takes a step and puts the revision in the log.
func (d *Drafts) write(ctx context.Context, r *Revision, what, note string) error {
	caller := fil.CallerFrom(ctx)
	step := Step{What: what, By: caller.Name, Label: caller.Label, At: d.parts.Now().UTC().Truncate(time.Millisecond), Note: note}
	if what == "found" {
		step.By, step.Label = "", ""
	}
	if what == "written" && len(r.Steps) > 0 && r.Steps[len(r.Steps)-1].What == what && r.Steps[len(r.Steps)-1].By == step.By {
		r.Steps = r.Steps[:len(r.Steps)-1] // a console saves often
	}
	r.Steps = append(slices.Clone(r.Steps), step)
	r.Steps = r.Steps[max(0, len(r.Steps)-maxSteps):]
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode revision %d of %s: %w", r.Number, r.Content, err)
	}
	if len(data) > fil.MaxEventBytes {
		return answer(http.StatusRequestEntityTooLarge, fil.Bilingual{FR: "Le contenu et l'histoire de sa version dépassent 64 Kio : raccourcissez-le.", EN: "The content and the history of its version are over 64 KiB: shorten it."})
	}
	records := []fil.Record{record(keyOf(r.Content, r.Number), r.Content, step.At, data)}
	if old := d.parts.Book.oldest(r.Content); r.Number-maxKept >= old && old > 0 {
		records = append(records, record(keyOf(r.Content, old), r.Content, step.At, nil))
	}
	shown, err := d.door.Write(ctx, records)
	if err != nil {
		return err //nolint:wrapcheck // an error of the door, which it knows how to answer
	}
	if !shown {
		if err := d.catchUp(ctx); err != nil {
			return err
		}
	}
	d.parts.Logger.InfoContext(ctx, "content "+what, "stage", "ingest", "content", r.Content, "revision", r.Number, "by", step.By)
	return nil
}

func record(key, content string, at time.Time, data []byte) fil.Record {
	return fil.Record{Position: fil.Position{Topic: fil.TopicRevisions}, Key: key, Event: fil.Event{
		ID: ulid.Make().String(), Source: "/v1/contents", Type: TypeRevision, Subject: content, Time: at, Data: data,
	}}
}

func keyOf(content string, number int) string { return fmt.Sprintf("%s/%06d", content, number) }

// tagOf is the entity tag of a content as the door gives it.
func tagOf(c *fil.Content) string {
	data, err := json.Marshal(c)
	if err != nil {
		return "" // impossible: it was decoded from JSON
	}
	return ingest.ETag(data)
}

func answer(status int, detail fil.Bilingual) error { return ingest.Refusal(status, detail, nil) }
