package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/filengine/fil"
)

// preferenceIn checks an event as a preference and puts it in its normal form: a time, a subject, and no data but what a
// preference has.
func (d *Door) preferenceIn(event *fil.Event, now time.Time) (fil.Preference, error) {
	if event.Time.IsZero() {
		event.Time = now.UTC()
	}
	preference := fil.Preference{Kind: fil.PreferenceKind(event.Type[len(fil.TypePreference):]), Time: event.Time}
	if event.Data == nil {
		return preference, fil.NewFault("data", "doit être renseigné", "is required")
	}
	var faults fil.Faults
	if err := d.asked.decode(event.Data, &preference, "data."); err != nil {
		if faults = fil.FaultsOf(err); faults == nil {
			return preference, err
		}
	}
	if len(faults) == 0 {
		faults = fil.FaultsOf(preference.Validate())
	}
	if len(faults) == 0 {
		checkID(&faults, "data.agent", preference.Agent)
		if preference.Content != "" {
			checkID(&faults, "data.content", preference.Content)
		}
	}
	if event.Time.After(now.Add(d.cfg.Ahead)) {
		faults.Add("time", "est dans le futur", "is in the future")
	}
	checkAttributes(&faults, event)
	if len(faults) > 0 {
		return preference, faults
	}
	data, err := json.Marshal(preference)
	if err != nil {
		return preference, fmt.Errorf("encode data of event %s: %w", event.ID, err)
	}
	event.Data, event.Subject = data, preference.Content
	return preference, nil
}

// ownSource is the source of the events that the door gives an identity.
const ownSource = "fil"

// Admit puts one event about an agent in the log for a caller in the same process, as POST /v1/engagements does for one
// from outside, and gives its place there. The event gets an identity of the door's own. Errors are those of Verdict.
func (d *Door) Admit(ctx context.Context, event fil.Event) (fil.Position, error) {
	event.ID, event.Source = ulid.Make().String(), ownSource
	a := arrival{event: event}
	if a.judge(d, d.parts.Now()); a.err != nil {
		d.metrics.count(fil.TopicEngagements, 0, 0, 1)
		return fil.Position{}, a.err
	}
	records := []fil.Record{{Position: fil.Position{Topic: fil.TopicEngagements}, Key: a.agent, Event: a.event}}
	if err := d.publish(ctx, fil.TopicEngagements, records); err != nil {
		return fil.Position{}, err
	}
	d.metrics.count(fil.TopicEngagements, 1, 0, 0)
	return records[0].Position, nil
}

// forgetRemoved empties the profiles of the agents whom records remove from the directory. It does so before they are
// removed: a removal that fails can be asked again, one that was done could not.
func (d *Door) forgetRemoved(ctx context.Context, agents []fil.Record) error {
	var forgets []fil.Record
	for _, rec := range agents {
		if rec.Event.Data != nil {
			continue
		}
		event, err := fil.Preference{Kind: fil.Forget, Agent: rec.Key, Time: d.parts.Now().UTC()}.Event(ownSource, ulid.Make().String())
		if err != nil {
			return fmt.Errorf("forget a removed agent: %w", err)
		}
		forgets = append(forgets, fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: rec.Key, Event: event})
	}
	if err := d.publish(ctx, fil.TopicEngagements, forgets); err != nil {
		return err
	}
	d.metrics.count(fil.TopicEngagements, len(forgets), 0, 0)
	return nil
}

// typeForget is the type of the events that erase what is known of an agent.
const typeForget = fil.TypePreference + string(fil.Forget)

// closeForgotten removes the addresses at which other applications read the feeds of agents whom records erase, or who leave
// the directory, whoever asks for it: an address that outlived its agent's wish would still tell what they may read. It comes before
// the erasure, as forgetRemoved before the removal.
func (d *Door) closeForgotten(ctx context.Context, engagements []fil.Record) error {
	var closed []fil.Record
	for _, rec := range engagements {
		if rec.Event.Type == typeForget {
			closed = append(closed, fil.Record{Position: fil.Position{Topic: fil.TopicSubscriptions}, Key: rec.Key, Event: fil.Event{
				ID: ulid.Make().String(), Source: ownSource, Type: typeForget, Time: rec.Event.Time,
			}})
		}
	}
	if err := d.publish(ctx, fil.TopicSubscriptions, closed); err != nil {
		return err
	}
	d.metrics.count(fil.TopicSubscriptions, len(closed), 0, 0)
	return nil
}
