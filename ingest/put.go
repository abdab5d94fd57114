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
		return putAs(ctx, d, contentsOf(d), p)
	}
	return Outcome{}, fmt.Errorf("put a record on %s: it is not a topic of records", p.Topic)
}

func putAs[T any](ctx context.Context, d *Door, k kind[T], p Put) (Outcome, error) {
	e, caller := entry[T]{id: p.ID}, fil.CallerFrom(ctx)
	var err error
	if p.Data != nil {
		e, err = k.decode(caller, p.Data, p.ID)
	} else {
		err = k.writable(caller, p.ID)
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
