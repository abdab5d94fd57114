package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// Lines of a stream that are published together: the fewer of the two.
const (
	chunk    = 1000
	maxChunk = 4 << 20 // bytes
)

// maxAgentBody bounds what an agent's token may send at once, in bytes: a page reports some dozens of events.
const maxAgentBody = 512 << 10

// maxRefused bounds the refused events of a stream that its answer details; the others are counted.
const maxRefused = maxEvents

// tally is the answer about engagements.
type tally struct {
	Admitted   int         `json:"admitted"`
	Duplicates int         `json:"duplicates"`
	Refused    int         `json:"refused"`
	Unknown    *unknown    `json:"unknown,omitempty"`
	Errors     []complaint `json:"errors,omitempty"`

	faults []*huma.ErrorDetail // the same as Errors, for a problem
	last   error
}

// unknown counts the events admitted about what is not known yet; they take effect when it is.
type unknown struct {
	Agents   int `json:"agents"`
	Contents int `json:"contents"`
}

// complaint is one fault of one event.
type complaint struct {
	Index  *int   `json:"index,omitempty"` // in an array, from 0
	Line   int    `json:"line,omitempty"`  // in NDJSON, from 1
	ID     string `json:"id,omitempty"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"`
}

// form says how a request carries its events.
type form int

const (
	formAny    form = iota // JSON: an object or an array
	formOne                // structured mode
	formBinary             // binary mode
	formArray              // batched mode
	formLines              // one structured event a line
)

func (d *Door) postEngagements(ctx huma.Context) {
	form, most, err := formOf(ctx)
	if err != nil {
		d.fail(ctx, err)
		return
	}
	release, err := d.hold(ctx, most)
	if err != nil {
		d.fail(ctx, err)
		return
	}
	defer release()
	var t tally
	if form == formLines {
		err = d.streamEngagements(ctx, &t)
	} else {
		err = d.wholeEngagements(ctx, form, most, &t)
	}
	if err != nil {
		d.fail(ctx, err)
		return
	}
	if t.Refused > 0 && t.Admitted+t.Duplicates == 0 {
		d.failAll(ctx, &t)
		return
	}
	answer(ctx, http.StatusAccepted, "application/json", t)
}

// failAll answers when nothing at all could be admitted: a problem that also has the members of the usual answer.
func (d *Door) failAll(ctx huma.Context, t *tally) {
	verdict, _ := d.verdict(t.last)
	language := ctx.Header("Accept-Language")
	answer(ctx, verdict.status, "application/problem+json", struct {
		huma.ErrorModel
		Admitted   int `json:"admitted"`
		Duplicates int `json:"duplicates"`
		Refused    int `json:"refused"`
	}{
		ErrorModel: huma.ErrorModel{Status: verdict.status, Title: title(verdict.status).In(language), Detail: verdict.detail.In(language), Errors: t.faults},
		Refused:    t.Refused,
	})
}

// formOf tells how a request carries its events, and the most bytes of it to hold at a time.
func formOf(ctx huma.Context) (f form, most int, err error) {
	media, _, err := mime.ParseMediaType(ctx.Header("Content-Type"))
	if err != nil {
		media = "" // as if there were none
	}
	most = maxBody
	if fil.CallerFrom(ctx.Context()).Role == fil.RoleAgent {
		most = maxAgentBody
	}
	switch media {
	case ndjson, "application/ndjson", "application/jsonl":
		return formLines, min(most, maxChunk), nil
	case "application/cloudevents-batch+json":
		return formArray, most, nil
	case "application/cloudevents+json":
		return formOne, maxRecord, nil
	case "application/json", "":
		if ctx.Header("Ce-Specversion")+ctx.Header("Ce-Type")+ctx.Header("Ce-Id") != "" {
			return formBinary, maxRecord, nil
		}
		return formAny, most, nil
	default:
		return 0, 0, refuse(http.StatusUnsupportedMediaType,
			"Envoyez application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson, ou le mode binaire de CloudEvents avec application/json.",
			"Send application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson, or CloudEvents' binary mode with application/json.")
	}
}

// wholeEngagements admits the events of a request that is not a stream: all of those that are well, or none.
func (d *Door) wholeEngagements(ctx huma.Context, f form, most int, t *tally) error {
	raw, err := readBody(ctx, most)
	if err != nil {
		return err
	}
	if trimmed := bytes.TrimSpace(raw); f == formAny {
		f = formOne
		if len(trimmed) > 0 && trimmed[0] == '[' {
			f = formArray
		}
	}
	now := d.parts.Now()
	var arrivals []arrival
	switch f {
	case formArray:
		if arrivals, err = d.readArray(raw, now); err != nil {
			return err
		}
	case formBinary:
		arrivals = []arrival{d.readBinary(ctx.EachHeader, raw, now)}
	default:
		arrivals = []arrival{d.readEvent(raw, now)}
	}
	return d.admit(ctx, f, arrivals, t)
}

// streamEngagements admits one event a line, chunk by chunk. When the log goes away the chunks before are in it; the
// client that sends the whole again finds them as duplicates.
func (d *Door) streamEngagements(ctx huma.Context, t *tally) error {
	reader := newLines(ctx.BodyReader(), maxRecord)
	for end := false; !end; {
		patient(ctx)
		arrivals := make([]arrival, 0, chunk)
		now := d.parts.Now()
		for size := 0; len(arrivals) < chunk && size < maxChunk && !end; {
			line, err := reader.next()
			size += len(line)
			switch {
			case errors.Is(err, io.EOF):
				end = true
				continue
			case errors.Is(err, errTooLarge):
				arrivals = append(arrivals, arrival{err: err})
			case err != nil:
				return err
			default:
				arrivals = append(arrivals, d.readEvent(line, now))
			}
			arrivals[len(arrivals)-1].place = reader.n
		}
		if end {
			_ = ctx.SetReadDeadline(time.Time{})
		}
		if err := d.admit(ctx, formLines, arrivals, t); err != nil {
			return err
		}
	}
	return nil
}

// admit publishes the good events among arrivals and adds to the tally what came of each. After an error, none of them
// may be taken for admitted.
func (d *Door) admit(ctx huma.Context, form form, arrivals []arrival, t *tally) error {
	trace, language := traceOf(ctx), ctx.Header("Accept-Language")
	caller := fil.CallerFrom(ctx.Context())
	good := arrivals[:0:0]
	refused := 0
	for _, a := range arrivals {
		switch {
		case a.err != nil:
			refused++
			t.refuse(d, form, a, language)
		case caller.Role == fil.RoleAgent && a.agent != caller.Agent:
			foreign := refuse(http.StatusForbidden, "Ce jeton ne donne que les engagements de son agent.", "This token gives its own agent's engagements only.")
			foreign.field = "data.agent"
			return foreign
		default:
			if caller.Role == fil.RoleAgent {
				withoutTrace(&a.event)
			}
			trace.carry(&a.event)
			if err := d.receive(caller, &a.event); err != nil {
				return err
			}
			good = append(good, a)
		}
	}
	admitted, err := d.publishOnce(ctx.Context(), good)
	if err != nil {
		return err
	}
	d.metrics.count(fil.TopicEngagements, len(admitted), len(good)-len(admitted), refused)
	t.Admitted += len(admitted)
	t.Duplicates += len(good) - len(admitted)
	d.countUnknown(admitted, t)
	return nil
}

// refuse notes one refused event.
func (t *tally) refuse(d *Door, form form, a arrival, language string) {
	t.last = a.err
	if t.Refused++; t.Refused > maxRefused {
		return
	}
	verdict, faults := d.verdict(a.err)
	if len(faults) == 0 {
		faults = fil.Faults{{Problem: verdict.detail}}
	}
	prefix := ""
	one := complaint{ID: clip(a.event.ID)}
	switch form {
	case formArray:
		one.Index, prefix = &a.place, "["+strconv.Itoa(a.place)+"]."
	case formLines:
		one.Line, prefix = a.place, "line "+strconv.Itoa(a.place)+"."
	default:
	}
	for _, fault := range faults {
		one.Field, one.Detail = fault.Field, fault.Problem.In(language)
		t.Errors = append(t.Errors, one)
		t.faults = append(t.faults, &huma.ErrorDetail{Location: strings.TrimSuffix(prefix+fault.Field, "."), Message: one.Detail})
	}
}

// publishOnce publishes the events whose identity is new, and gives those. Events that another request is publishing are
// waited for: they are duplicates once its publication has succeeded, and ours to publish if it has not.
func (d *Door) publishOnce(ctx context.Context, events []arrival) (admitted []arrival, err error) {
	for len(events) > 0 {
		mine := &flight{done: make(chan struct{})}
		wanted := make([]claim, len(events))
		for i, e := range events {
			wanted[i] = d.claims.of(e.agent, e.event)
		}
		own, _, others := d.claims.take(mine, wanted)
		fresh, err := d.fly(ctx, mine, pick(events, own), pick(wanted, own))
		if err != nil {
			return nil, err
		}
		admitted = append(admitted, fresh...)
		var again []arrival
		for _, other := range others {
			select {
			case <-other.by.done:
			case <-ctx.Done():
				return nil, errors.Join(errUnpublished, ctx.Err())
			}
			if !other.by.landed {
				again = append(again, events[other.index])
			}
		}
		events = again
	}
	return admitted, nil
}

func pick[T any](from []T, indexes []int) []T {
	picked := make([]T, len(indexes))
	for i, index := range indexes {
		picked[i] = from[index]
	}
	return picked
}

// fly publishes the events of one flight but for those known from before, gives those it published, and settles.
func (d *Door) fly(ctx context.Context, mine *flight, events []arrival, claimed []claim) (fresh []arrival, err error) {
	landed := false
	defer func() { d.claims.settle(mine, landed, claimed) }()
	known := d.known(ctx, events)
	records := make([]fil.Record, 0, len(events))
	for i, e := range events {
		if known[i] {
			d.claims.knew(claimed[i])
			continue
		}
		fresh = append(fresh, e)
		records = append(records, fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: e.agent, Event: e.event})
	}
	if err := d.publish(ctx, fil.TopicEngagements, records); err != nil {
		return nil, err
	}
	landed = true
	return fresh, nil
}

// sayEvery is the time between two lines about what the memory of duplicates does not answer.
const sayEvery = time.Minute

// known asks which events had their effect before this process. When nobody can tell, none had: the stages downstream
// check again.
func (d *Door) known(ctx context.Context, events []arrival) []bool {
	if d.parts.Known == nil || len(events) == 0 {
		return make([]bool, len(events))
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.KnownTimeout)
	defer cancel()
	asked := make([]Identified, len(events))
	for i, e := range events {
		asked[i] = Identified{Agent: e.agent, Identity: e.event.Identity()}
	}
	known, err := d.parts.Known.Known(ctx, asked)
	if err == nil && len(known) == len(events) {
		return known
	}
	now, said := time.Now().UnixNano(), d.said.Load()
	if now-said < int64(sayEvery) || !d.said.CompareAndSwap(said, now) {
		return make([]bool, len(events)) // which has been said
	}
	d.parts.Logger.Warn("earlier duplicates cannot be told; they are dropped downstream", "stage", "ingest", "events", len(events), "error", err)
	return make([]bool, len(events))
}

func (d *Door) countUnknown(admitted []arrival, t *tally) {
	var u unknown
	agents, contents := map[string]bool{}, map[string]bool{}
	for _, a := range admitted {
		if !remember(agents, a.agent, func(id string) bool { _, ok := d.parts.Directory.Agent(id); return ok }) {
			u.Agents++
		}
		if a.content != "" && !remember(contents, a.content, func(id string) bool { _, ok := d.parts.Catalogue.Content(id); return ok }) {
			u.Contents++
		}
	}
	if u == (unknown{}) {
		return
	}
	d.metrics.unknown.WithLabelValues("agent").Add(float64(u.Agents))
	d.metrics.unknown.WithLabelValues("content").Add(float64(u.Contents))
	if t.Unknown == nil {
		t.Unknown = &unknown{}
	}
	t.Unknown.Agents += u.Agents
	t.Unknown.Contents += u.Contents
}

func remember(seen map[string]bool, id string, find func(string) bool) bool {
	found, asked := seen[id]
	if !asked {
		found = find(id)
		seen[id] = found
	}
	return found
}
