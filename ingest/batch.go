package ingest

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

const ndjson = "application/x-ndjson"

type languageInput struct {
	Language string `header:"Accept-Language" doc:"Messages en anglais si commence par en, en français sinon · Messages in English if it starts with en, in French otherwise"`
}

// badLine is the answer about one record that was refused.
type badLine struct {
	Line  int    `json:"line"`
	ID    string `json:"id,omitempty"`
	Error reason `json:"error"`
}

// reason is one fault of a record.
type reason struct {
	Field  string   `json:"field,omitempty"`
	Detail string   `json:"detail"`
	Others []reason `json:"others,omitempty"` // the record's other faults
}

// lastLine ends the answer to a batch. Without it the answer was cut, and nothing is known of the lines it does not name.
type lastLine struct {
	Admitted   int      `json:"admitted"`
	Duplicates int      `json:"duplicates"`
	Refused    int      `json:"refused"`
	Stopped    *stopped `json:"stopped,omitempty"`
}

// stopped says that lines from one on were not done, and why.
type stopped struct {
	Line       int    `json:"line"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
}

// batch writes the records of an NDJSON stream, chunk by chunk, and answers about the bad ones as it goes.
func batch[T any](ctx huma.Context, d *Door, k kind[T], decode func(caller fil.Caller, line []byte) (entry[T], error)) {
	release, err := d.hold(ctx, maxChunk)
	if err != nil {
		d.fail(ctx, err)
		return
	}
	defer release()
	if w, ok := ctx.BodyWriter().(http.ResponseWriter); ok {
		_ = http.NewResponseController(w).EnableFullDuplex() // where it is not to be had, HTTP/2 and tests, it is not needed
	}
	out := &batchWriter{ctx: ctx, w: bufio.NewWriter(ctx.BodyWriter())}
	reader := newLines(ctx.BodyReader(), maxRecord)
	var sum lastLine
	for end := false; !end; {
		first := reader.n + 1
		entries, refused, err := readChunk(ctx, d, decode, reader, out)
		if end = errors.Is(err, io.EOF); end {
			_ = ctx.SetReadDeadline(time.Time{})
			err = nil
		}
		changed := 0
		if err == nil {
			changed, err = putAll(ctx.Context(), d, k, entries, traceOf(ctx))
		}
		if err != nil {
			out.stop(d, first, sum, err)
			return
		}
		d.metrics.count(k.topic, changed, len(entries)-changed, refused)
		sum.Admitted += changed
		sum.Duplicates += len(entries) - changed
		sum.Refused += refused
		out.flush()
	}
	out.line(sum)
	out.flush()
}

// readChunk reads the lines that are published together, and answers about those that are refused. io.EOF comes with
// the last chunk.
func readChunk[T any](ctx huma.Context, d *Door, decode func(caller fil.Caller, line []byte) (entry[T], error), reader *lines, out *batchWriter) (entries []entry[T], refused int, err error) {
	patient(ctx)
	for read, size := 0, 0; read < chunk && size < maxChunk; read++ {
		line, err := reader.next()
		size += len(line)
		if err != nil && !errors.Is(err, errTooLarge) {
			return entries, refused, err
		}
		var e entry[T]
		if err == nil {
			e, err = decode(fil.CallerFrom(ctx.Context()), line)
		}
		if err != nil {
			refused++
			out.refuse(d, reader.n, e.id, err)
			continue
		}
		entries = append(entries, e)
	}
	return entries, refused, nil
}

// batchWriter holds what is to be answered until the first chunk is in the log: a log that is away is then answered
// with its status.
type batchWriter struct {
	ctx     huma.Context
	w       *bufio.Writer
	held    []any
	started bool
}

func (b *batchWriter) line(v any) { b.held = append(b.held, v) }

func (b *batchWriter) refuse(d *Door, line int, id string, err error) {
	language := b.ctx.Header("Accept-Language")
	verdict, faults := d.verdict(err)
	bad := badLine{Line: line, ID: clip(id), Error: reason{Detail: verdict.detail.In(language)}}
	for i, fault := range faults {
		if i == 0 {
			bad.Error = reason{Field: fault.Field, Detail: fault.Problem.In(language)}
			continue
		}
		bad.Error.Others = append(bad.Error.Others, reason{Field: fault.Field, Detail: fault.Problem.In(language)})
	}
	b.line(bad)
}

func (b *batchWriter) flush() {
	if !b.started {
		b.started = true
		b.ctx.SetHeader("Content-Type", ndjson)
		b.ctx.SetStatus(http.StatusOK)
	}
	lines := json.NewEncoder(b.w)
	for _, v := range b.held {
		_ = lines.Encode(v) // a client that went away needs no answer; its records are written all the same
	}
	b.held = b.held[:0]
	_ = b.w.Flush()
	if w, ok := b.ctx.BodyWriter().(http.ResponseWriter); ok {
		_ = http.NewResponseController(w).Flush()
	}
}

// stop ends the answer early: with a status if none has been given, with a last line otherwise.
func (b *batchWriter) stop(d *Door, line int, sum lastLine, err error) {
	if !b.started {
		d.fail(b.ctx, err)
		return
	}
	verdict, _ := d.verdict(err)
	sum.Stopped = &stopped{Line: line, Status: verdict.status, Detail: verdict.detail.In(b.ctx.Header("Accept-Language"))}
	if verdict.status == http.StatusServiceUnavailable {
		sum.Stopped.RetryAfter = retryAfter
	}
	b.held = nil // what was refused after the last chunk is told again when the lines come again
	b.line(sum)
	b.flush()
}

func batchAnswer(api huma.API) *huma.Response {
	schema := huma.SchemaFromType(api.OpenAPI().Components.Schemas, typeOf[lastLine]())
	return &huma.Response{
		Description: "Une ligne par enregistrement refusé, {line, id, error}, puis le compte · One line a refused record, {line, id, error}, then the count",
		Content:     map[string]*huma.MediaType{ndjson: {Schema: schema}},
	}
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func registerEngagements(api huma.API, d *Door) {
	event := &huma.Schema{Type: huma.TypeObject, Description: "CloudEvents 1.0, " + fil.TypeEngagement + "<kind>, data {agent, content, dwell?, placed?} ; ou, or " + fil.TypePreference + "<kind>, data {agent, facet?, name?, order?, content?}"}
	tallied := huma.SchemaFromType(api.OpenAPI().Components.Schemas, typeOf[tally]())
	op := describe(http.MethodPost, "/v1/engagements", "post-engagements", fil.Bilingual{FR: "Admettre des engagements", EN: "Admit engagements"},
		"engagements", []fil.Role{fil.RoleIngest, fil.RoleService, fil.RoleAgent})
	op.DefaultStatus = http.StatusAccepted
	op.Errors = append(op.Errors, http.StatusForbidden, http.StatusUnsupportedMediaType)
	events := &huma.Schema{Type: huma.TypeArray, Items: event}
	register(api, op, documented{
		body: map[string]*huma.Schema{
			"application/cloudevents+json": event, "application/json": event, ndjson: event, "application/cloudevents-batch+json": events,
		},
		answers: map[string]*huma.Response{strconv.Itoa(http.StatusAccepted): {
			Description: "Dans le journal · In the log",
			Content:     map[string]*huma.MediaType{"application/json": {Schema: tallied}},
		}},
	}, func(ctx huma.Context, _ *languageInput) { d.postEngagements(ctx) })
}
