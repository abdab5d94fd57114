package drafts

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
)

// judge refuses a save over what another wrote unseen, as the door does for what is published.
func judge(ctx context.Context, open Revision, next *fil.Content, match string) error {
	current, would, err := encoded(open.Value, next)
	if err != nil {
		return err
	}
	last := open.Steps[len(open.Steps)-1]
	status := http.StatusPreconditionFailed
	switch {
	case match != "" && ingest.Matches(match, current), match == "" && last.By == fil.CallerFrom(ctx).Name:
		return nil
	case match == "":
		status = http.StatusPreconditionRequired
	}
	edit := ingest.Edit{By: last.By, Label: last.Label, At: last.At}
	return ingest.Refusal(status, fil.Bilingual{
		FR: fmt.Sprintf("Ce brouillon a changé : %s y a touché en dernier, le %s. Relisez-le, reportez vos changements, et renvoyez-le avec son ETag dans If-Match ; « * » écrase.", edit.Who().FR, last.At.Format(time.RFC3339)),
		EN: fmt.Sprintf("This draft has changed: %s touched it last, at %s. Read it again, carry your changes over, and send it with its ETag in If-Match; '*' overwrites.", edit.Who().EN, last.At.Format(time.RFC3339)),
	}, ingest.Differences(current, would, edit))
}

// read refuses a step on another draft than the one that the caller names: it was written in since they read it. match is the
// If-Match of the request; empty, it names none.
func (d *Drafts) read(open Revision, match string) error {
	current, err := json.Marshal(open.Value)
	if err != nil {
		return fmt.Errorf("encode revision %d of %s: %w", open.Number, open.Content, err)
	}
	if match == "" || ingest.Matches(match, current) {
		return nil
	}
	edit, _ := written(open)
	var faults fil.Faults
	for _, before := range d.parts.Book.History(open.Content) {
		if before.Value == nil {
			continue
		}
		if would, err := json.Marshal(before.Value); err == nil && ingest.Matches(match, would) {
			faults = ingest.Differences(current, would, edit) // what was submitted is kept when it is written in again
			break
		}
	}
	return ingest.Refusal(http.StatusPreconditionFailed, fil.Bilingual{
		FR: fmt.Sprintf("Ce brouillon n'est plus celui que vous avez lu : %s y a écrit, le %s. Rien n'a été fait. Relisez-le, et recommencez avec son ETag dans If-Match ; « * » passe outre.", edit.Who().FR, edit.At.Format(time.RFC3339)),
		EN: fmt.Sprintf("This draft is no longer the one that you read: %s wrote in it, at %s. Nothing was done. Read it again, and try again with its ETag in If-Match; '*' goes ahead anyway.", edit.Who().EN, edit.At.Format(time.RFC3339)),
	}, faults)
}

// known refuses to publish what another wrote without saying which text was read.
func known(ctx context.Context, open Revision, match string) error {
	edit, whole := written(open)
	if match != "" || whole && edit.By == fil.CallerFrom(ctx).Name {
		return nil
	}
	return ingest.Refusal(http.StatusPreconditionRequired, fil.Bilingual{
		FR: fmt.Sprintf("%s a écrit dans ce brouillon, le %s : lisez-le et donnez son ETag dans If-Match, pour ne publier que ce que vous avez lu ; « * » passe outre.", edit.Who().FR, edit.At.Format(time.RFC3339)),
		EN: fmt.Sprintf("%s wrote in this draft, at %s: read it and give its ETag in If-Match, so that only what you read is published; '*' goes ahead anyway.", edit.Who().EN, edit.At.Format(time.RFC3339)),
	}, nil)
}

// written tells who wrote the text of a draft, which is its first step; false when that step is gone.
func written(open Revision) (edit ingest.Edit, whole bool) {
	first := open.Steps[0]
	return ingest.Edit{By: first.By, Label: first.Label, At: first.At}, first.What == "written" || first.What == "restored"
}

// overtaken refuses to begin a draft from what was read before another published it, or published over it.
func (d *Drafts) overtaken(id string, next *fil.Content, match string) error {
	live, ok := d.parts.Content(id)
	if match == "" || !ok {
		return nil
	}
	current, would, err := encoded(&live, next)
	if err != nil || ingest.Matches(match, current) {
		return err
	}
	edit, _ := d.door.Last(fil.TopicContents, id)
	return ingest.Refusal(http.StatusPreconditionFailed, fil.Bilingual{
		FR: "Ce que vous avez lu n'est plus ce qui est publié : " + edit.Who().FR + " y a touché. Relisez-le, reportez vos changements, et renvoyez-les avec son ETag dans If-Match ; « * » passe outre.",
		EN: "What you read is no longer what is published: " + edit.Who().EN + " touched it. Read it again, carry your changes over, and send them with its ETag in If-Match; '*' goes ahead anyway.",
	}, ingest.Differences(current, would, edit))
}

// encoded gives what a content is and what it would be, to be compared.
func encoded(is, next *fil.Content) (current, would []byte, err error) {
	if current, err = json.Marshal(is); err == nil {
		would, err = json.Marshal(next)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("encode %s: %w", next.ID, err)
	}
	return current, would, nil
}

// unchanged refuses to publish over what was published since the draft was begun.
func (d *Drafts) unchanged(r Revision, match string) error {
	now, live := "", fil.Content{}
	if c, ok := d.parts.Content(r.Content); ok {
		now, live = tagOf(&c), c
	}
	if match == "*" || now == r.Live {
		return nil
	}
	current, would, err := encoded(&live, r.Value)
	if err != nil || now != "" && ingest.Matches(match, current) {
		return err
	}
	edit, _ := d.door.Last(fil.TopicContents, r.Content)
	return ingest.Refusal(http.StatusPreconditionFailed, fil.Bilingual{
		FR: "Ce qui est publié a changé depuis que ce brouillon a été commencé : " + edit.Who().FR + " y a touché. Reportez ces changements dans le brouillon, puis publiez-le en donnant dans If-Match son ETag et celui de ce qui est publié.",
		EN: "What is published has changed since this draft was begun: " + edit.Who().EN + " touched it. Carry those changes over into the draft, then publish it with its ETag and that of what is published in If-Match.",
	}, ingest.Differences(current, would, edit))
}
