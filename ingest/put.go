package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/filengine/fil"
)

// Put is a write of one record by another protocol than the API's, in the same process. ID is the record's; Data its JSON,
// nil to remove it.
type Put struct {
	Topic fil.Topic // of agents, audiences or contents
	ID    string
	Data  []byte
	// Trace is the W3C trace context of what asked for it: traceparent and tracestate, empty when there is none.
	Trace [2]string
	// Reviewed says that whoever puts a content has reviewed it and keeps its history.
	Reviewed bool
}

// Outcome is what a Put came to: where the record is in the log, and whether the projection of its topic in this process
// shows it already.
type Outcome struct {
	At    fil.Position
	Shown bool
}

// Put checks a record as the API does, puts it in the log, whatever is there, and waits for this process to show it,
// Config.ApplyTimeout at most. It does not order concurrent writes of one record. Verdict says what to answer to an error.
func (d *Door) Put(ctx context.Context, p Put) (Outcome, error) {
	switch p.Topic {
	case fil.TopicAgents:
		return putAs(ctx, d, agentsOf(d), p)
	case fil.TopicAudiences:
		return putAs(ctx, d, audiencesOf(d), p)
	case fil.TopicContents:
		k := contentsOf(d)
		if p.Reviewed {
			k.review = nil
		}
		return putAs(ctx, d, k, p)
	}
	return Outcome{}, fmt.Errorf("put a record on %s: it is not a topic of records", p.Topic)
}

func putAs[T any](ctx context.Context, d *Door, k kind[T], p Put) (Outcome, error) {
	e, caller := entry[T]{id: p.ID}, fil.CallerFrom(ctx)
	var err error
	if p.Data != nil {
		e, err = k.decode(caller, p.Data, p.ID)
	} else {
		err = k.removable(caller, p.ID)
	}
	if err != nil {
		d.metrics.count(k.topic, 0, 0, 1)
		return Outcome{}, err
	}
	ids, sure := []string{e.id}, true
	d.unsure.enter(k.topic, ids)
	defer func() { d.unsure.leave(k.topic, ids, sure) }()
	records := []fil.Record{k.record(ctx, e.id, e.data, d.parts.Now(), traceContext{parent: p.Trace[0], state: p.Trace[1]}.sound())}
	if err := d.publish(ctx, k.topic, records); err != nil {
		sure = errors.Is(err, errLogAway)
		return Outcome{}, err
	}
	d.metrics.count(k.topic, 1, 0, 0)
	sure = d.applied(ctx, k.topic, records)
	return Outcome{At: records[0].Position, Shown: sure}, nil
}

// Content reads a content as the API does, without putting it anywhere: whether the caller may write it, what is wrong with
// it. id is what the address says.
func (d *Door) Content(ctx context.Context, raw []byte, id string) (fil.Content, error) {
	k := contentsOf(d)
	k.review = nil
	e, err := k.decode(fil.CallerFrom(ctx), raw, id)
	return e.value, err
}

// Seen gives a content if the caller is shown it.
func (d *Door) Seen(ctx context.Context, id string) (fil.Content, bool) {
	k := contentsOf(d)
	value, ok := k.find(id)
	if !ok {
		return value, false
	}
	return k.shown(fil.CallerFrom(ctx), value)
}

// Last gives who wrote a content or an audience last; false when it is not known.
func (d *Door) Last(topic fil.Topic, id string) (Edit, bool) { return d.parts.Editors.Last(topic, id) }

// Write puts records of one topic, which the caller has checked, in the log, and says whether this process shows them already.
func (d *Door) Write(ctx context.Context, records []fil.Record) (shown bool, err error) {
	for i := range records {
		sign(&records[i].Event, fil.CallerFrom(ctx))
	}
	topic := records[0].Topic
	if err := d.publish(ctx, topic, records); err != nil {
		return false, err
	}
	d.metrics.count(topic, len(records), 0, 0)
	return d.applied(ctx, topic, records), nil
}

// Await waits, Config.ApplyTimeout at most, until this process shows what a Put wrote, and says whether it does.
func (d *Door) Await(ctx context.Context, at fil.Position) bool {
	return d.applied(ctx, at.Topic, []fil.Record{{Position: at}})
}

// Verdict says what to answer to an error of Put or Hold: the status of HTTP, what happened, and the fields at fault, if it
// is about fields. Retry is how long the client is asked to wait, in seconds; 0 unless the log is away.
func (d *Door) Verdict(err error) (status int, detail fil.Bilingual, faults fil.Faults, retry int) {
	answer, faults := d.verdict(err)
	if answer.field != "" {
		faults = fil.Faults{{Field: answer.field, Problem: answer.detail}}
	}
	if answer.status == 503 {
		retry = retryAfter
	}
	return answer.status, answer.detail, faults, retry
}
