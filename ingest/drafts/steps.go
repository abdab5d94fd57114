package drafts

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ingest/accessibility"
)

// Save writes a draft over the open one, or begins one. match is the If-Match of the request.
func (d *Drafts) Save(ctx context.Context, id string, raw []byte, match string) (Revision, error) {
	value, err := d.door.Content(ctx, raw, id)
	if err != nil {
		return Revision{}, err //nolint:wrapcheck // an error of the door
	}
	if !says(raw, "published_at") {
		value.PublishedAt = time.Time{} // the moment of its publication, which is not now
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return Revision{}, err
	}
	open, drafted := d.parts.Book.Open(id)
	if drafted {
		if err := d.mine(ctx, open); err != nil {
			return Revision{}, err
		}
		if err := judge(ctx, open, &value, match); err != nil {
			return Revision{}, err
		}
	} else if err := d.overtaken(id, &value, match); err != nil {
		return Revision{}, err
	}
	return d.draft(ctx, value, open, drafted, "written", "")
}

// draft puts a value into the open draft, or into a new revision where another wrote last or the draft was submitted.
func (d *Drafts) draft(ctx context.Context, value fil.Content, open Revision, drafted bool, what, note string) (Revision, error) {
	caller := fil.CallerFrom(ctx)
	r := Revision{Content: value.ID, State: Draft, Value: &value, Perimeter: value.Perimeter, Number: d.parts.Book.next(value.ID), Base: d.parts.Book.next(value.ID) - 1}
	if live, ok := d.parts.Content(value.ID); ok {
		r.Live = tagOf(&live)
		if err := d.keepFound(ctx, value.ID); err != nil {
			return Revision{}, err
		}
		r.Number = d.parts.Book.next(value.ID)
		r.Base = r.Number - 1
	}
	if drafted {
		r.Live, r.Writers = open.Live, open.Writers
		// What an import brought meanwhile comes after the draft, which then goes on behind it or would not be the open one.
		if last := open.Steps[len(open.Steps)-1]; open.State == Draft && last.By == caller.Name && last.What == "written" && open.Number == r.Base {
			r.Number, r.Base, r.Steps = open.Number, open.Base, open.Steps
		}
	}
	if who := (Writer{By: caller.Name, Label: caller.Label}); !slices.Contains(r.Writers, who) {
		r.Writers = append(slices.Clone(r.Writers), who)
	}
	return r, d.write(ctx, &r, what, note)
}

// says tells whether a JSON object has a member.
func says(raw []byte, name string) bool {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members) // it was decoded before
	_, ok := members[name]
	return ok
}

// mine refuses what is of another perimeter than the caller's, as if it were not there.
func (d *Drafts) mine(ctx context.Context, r Revision) error {
	if p := fil.CallerFrom(ctx).Perimeter; p != "" && p != r.Perimeter {
		return nothing(r.Content)
	}
	return nil
}

func nothing(id string) error {
	return answer(http.StatusNotFound, fil.Bilingual{FR: "« " + id + " » n'a rien de tel pour votre clé.", EN: "'" + id + "' has no such thing for your key."})
}

// step does something to the open draft, in turn, if it is the one that match names.
func (d *Drafts) step(ctx context.Context, id, match string, do func(*Revision) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	open, drafted := d.parts.Book.Open(id)
	if !drafted {
		return nothing(id)
	}
	if err := d.mine(ctx, open); err != nil {
		return err
	}
	if err := d.read(open, match); err != nil {
		return err
	}
	return do(&open)
}

// Submit asks for the publication of a draft, which must have no accessibility error.
func (d *Drafts) Submit(ctx context.Context, id, note, match string) (Revision, error) {
	var out Revision
	err := d.step(ctx, id, match, func(r *Revision) error {
		if err := d.gate(*r.Value); err != nil {
			return err
		}
		r.State = Submitted
		err := d.write(ctx, r, "submitted", note)
		out = *r
		return err
	})
	return out, err
}

func (d *Drafts) gate(c fil.Content) error {
	if d.cfg.Gate == GateOff {
		return nil
	}
	if faults := accessibility.Faults(c); len(faults) > 0 {
		return faults
	}
	return nil
}

// Refuse gives a submitted draft back to its writers, with the reason.
func (d *Drafts) Refuse(ctx context.Context, id, note, match string) (Revision, error) {
	var out Revision
	err := d.step(ctx, id, match, func(r *Revision) error {
		if r.State != Submitted {
			return answer(http.StatusConflict, fil.Bilingual{FR: "Ce brouillon n'est pas soumis : il n'y a rien à refuser.", EN: "This draft is not submitted: there is nothing to refuse."})
		}
		r.State = Draft
		err := d.write(ctx, r, "refused", note)
		out = *r
		return err
	})
	return out, err
}

// Discard gives a draft up. It stays in the history.
func (d *Drafts) Discard(ctx context.Context, id, match string) error {
	return d.step(ctx, id, match, func(r *Revision) error {
		r.State = Discarded
		return d.write(ctx, r, "discarded", "")
	})
}

// Publish publishes the open draft: by anyone, or by another than its writers once it is submitted, where approval is asked
// for. match names what the caller has read: the draft, unless they wrote it, and what is published, if that has changed
// since the draft was begun; "*" goes ahead anyway.
func (d *Drafts) Publish(ctx context.Context, id, note, match string) (Revision, error) {
	out, again, err := d.again(ctx, id)
	if again || err != nil {
		return out, err
	}
	err = d.step(ctx, id, match, func(r *Revision) error {
		if err := d.approved(ctx, *r); err != nil {
			return err
		}
		if err := d.gate(*r.Value); err != nil {
			return err
		}
		if err := known(ctx, *r, match); err != nil {
			return err
		}
		if err := d.unchanged(*r, match); err != nil {
			return err
		}
		raw, err := json.Marshal(r.Value)
		if err != nil {
			return fmt.Errorf("encode %s: %w", id, err)
		}
		value, err := d.door.Content(ctx, raw, id) // with the moment of its publication, if it named none
		if err != nil {
			return err //nolint:wrapcheck // an error of the door
		}
		r.State, r.Value = Published, &value
		if err := d.write(ctx, r, "published", note); err != nil {
			return err
		}
		out = *r
		return d.put(ctx, id, &value)
	})
	return out, err
}

// again ends a publication whose revision is in the log and whose content is not, for whoever asks a second time.
func (d *Drafts) again(ctx context.Context, id string) (Revision, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return Revision{}, false, err
	}
	history := d.parts.Book.History(id)
	if len(history) == 0 || history[0].State != Published || d.mine(ctx, history[0]) != nil {
		return Revision{}, false, nil
	}
	last := history[0]
	if live, ok := d.parts.Content(id); last.Steps[len(last.Steps)-1].By != fil.CallerFrom(ctx).Name || ok && tagOf(&live) != last.Live {
		return Revision{}, false, nil
	}
	return last, true, d.put(ctx, id, last.Value)
}

// put writes a content that was reviewed, nil to remove it.
func (d *Drafts) put(ctx context.Context, id string, value *fil.Content) error {
	var raw []byte
	if value != nil {
		var err error
		if raw, err = json.Marshal(value); err != nil {
			return fmt.Errorf("encode %s: %w", id, err)
		}
	}
	_, err := d.door.Put(ctx, ingest.Put{Topic: fil.TopicContents, ID: id, Data: raw, Reviewed: true})
	return err //nolint:wrapcheck // an error of the door
}

// approved refuses a publication that needs a second person and has none.
func (d *Drafts) approved(ctx context.Context, r Revision) error {
	asker, asked := d.approval(*r.Value, r.Writers)
	if !asked {
		return nil
	}
	why := d.asks(asker)
	if r.State != Submitted {
		return answer(http.StatusConflict, fil.Bilingual{
			FR: why.FR + " : soumettez d'abord ce brouillon.",
			EN: why.EN + ": submit this draft first.",
		})
	}
	caller := fil.CallerFrom(ctx)
	if slices.ContainsFunc(r.Writers, func(w Writer) bool { return w.By == caller.Name || w.Label != "" && w.Label == caller.Label }) {
		return answer(http.StatusForbidden, fil.Bilingual{
			FR: why.FR + " : vous avez écrit dans ce brouillon, une autre clé doit le publier.",
			EN: why.EN + ": you wrote in this draft, another key must publish it.",
		})
	}
	return nil
}

// Withdraw takes a content from agents at once: whoever may write it may, without approval. One that is live expires, so that
// reports still know it; one that is planned is removed.
func (d *Drafts) Withdraw(ctx context.Context, id, reason string) (Revision, error) {
	live, ok := d.door.Seen(ctx, id)
	if !ok {
		return Revision{}, nothing(id)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return Revision{}, err
	}
	if err := d.keepFound(ctx, id); err != nil {
		return Revision{}, err
	}
	r := Revision{Content: id, State: Withdrawn, Perimeter: live.Perimeter, Number: d.parts.Book.next(id)}
	if err := d.write(ctx, &r, "withdrawn", reason); err != nil {
		return Revision{}, err
	}
	now := d.parts.Now().UTC().Truncate(time.Millisecond)
	switch {
	case !now.After(live.PublishedAt):
		return r, d.put(ctx, id, nil)
	case live.LiveAt(now):
		live.ExpiresAt = now
		return r, d.put(ctx, id, &live)
	}
	return r, nil
}

// Restore makes a draft of what a revision had.
func (d *Drafts) Restore(ctx context.Context, id string, number int) (Revision, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return Revision{}, err
	}
	old, ok := d.parts.Book.Revision(id, number)
	if !ok || old.Value == nil {
		return Revision{}, nothing(fmt.Sprintf("%s/%d", id, number))
	}
	if err := d.mine(ctx, old); err != nil {
		return Revision{}, err
	}
	raw, err := json.Marshal(old.Value)
	if err != nil {
		return Revision{}, fmt.Errorf("encode revision %d of %s: %w", number, id, err)
	}
	if _, err := d.door.Content(ctx, raw, id); err != nil {
		return Revision{}, err //nolint:wrapcheck // an error of the door
	}
	open, drafted := d.parts.Book.Open(id)
	if drafted {
		return Revision{}, answer(http.StatusConflict, fil.Bilingual{
			FR: fmt.Sprintf("« %s » a déjà un brouillon, la version %d : publiez-le ou abandonnez-le d'abord.", id, open.Number),
			EN: fmt.Sprintf("'%s' has a draft already, version %d: publish it or give it up first.", id, open.Number),
		})
	}
	return d.draft(ctx, *old.Value, open, false, "restored", fmt.Sprint(number))
}
