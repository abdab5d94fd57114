package tracing

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/delivery"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ingest/eventlog"
	"github.com/filengine/fil/ranking/learning"
)

// Operation is a middleware that makes a span of each operation. It comes after the one that says who calls.
//
// The trace of a caller goes on here, unless the caller is an agent: their application is not ours, and could have
// everything traced. In the request itself the context becomes that of the span, so that what is made of the request (an
// event, in the door) carries the span on.
func (t *Tracing) Operation(ctx huma.Context, next func(huma.Context)) {
	if t == nil {
		next(ctx)
		return
	}
	request, _ := humago.Unwrap(ctx)
	caller, inner := fil.CallerFrom(ctx.Context()), ctx.Context()
	if caller.Role != fil.RoleAgent {
		if from := remote(request.Header.Get); from.IsValid() {
			inner = trace.ContextWithRemoteSpanContext(inner, from)
		}
	}
	op := ctx.Operation()
	inner, span := t.tracer.Start(inner, op.Method+" "+op.Path, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", op.Method), attribute.String("http.route", op.Path), attribute.String("fil.caller.role", string(caller.Role)),
	))
	request.Header.Del(traceparent)
	request.Header.Del(tracestate)
	if span.SpanContext().IsSampled() {
		propagation.TraceContext{}.Inject(inner, propagation.HeaderCarrier(request.Header))
	}
	defer span.End()
	next(huma.WithContext(ctx, inner))
	status := ctx.Status()
	if status == 0 { // written without having been said
		status = http.StatusOK
	}
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}

// Log follows what the door publishes.
func (t *Tracing) Log(log ingest.Log) ingest.Log {
	if t == nil {
		return log
	}
	return tracedLog{log, t}
}

type tracedLog struct {
	ingest.Log
	tracing *Tracing
}

func (l tracedLog) Publish(ctx context.Context, records []fil.Record) (err error) {
	if len(records) == 0 {
		return l.Log.Publish(ctx, records)
	}
	topic := string(records[0].Topic)
	ctx, end := l.tracing.within(ctx, "publish "+topic, trace.SpanKindProducer, append(kafka(topic, len(records)), attribute.String("messaging.operation.name", "publish"))...)
	defer func() { end(err) }()
	return l.Log.Publish(ctx, records)
}

func kafka(topic string, records int) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", "kafka"), attribute.String("messaging.destination.name", topic), attribute.Int("messaging.batch.message_count", records),
	}
}

// maxLinks bounds the traces that one batch is linked to.
const maxLinks = 32

// Drain makes a span of each batch that holds an event which somebody follows. When all those events are of one trace the
// batch goes on with it; otherwise it has a trace of its own, linked to the first 32 spans that they come from.
func (t *Tracing) Drain(d eventlog.Drain) eventlog.Drain {
	if t == nil || d.Handle == nil {
		return d
	}
	handle := d.Handle
	d.Handle = func(ctx context.Context, partition int, batch []fil.Record) (err error) {
		links := producers(batch)
		if len(links) == 0 {
			return handle(ctx, partition, batch)
		}
		about := append(kafka(string(d.Topic), len(batch)), attribute.String("messaging.operation.name", "process"),
			attribute.Int("messaging.destination.partition.id", partition), attribute.String("messaging.consumer.group.name", d.Stage), attribute.Int("fil.linked_spans", len(links)))
		options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(about...), trace.WithLinks(links...)}
		if first := links[0].SpanContext; ofOneTrace(links) {
			ctx = trace.ContextWithRemoteSpanContext(ctx, first)
		}
		ctx, span := t.tracer.Start(ctx, d.Stage+" "+string(d.Topic), options...)
		defer func() { finish(span, err) }()
		return handle(ctx, partition, batch)
	}
	return d
}

// producers are the sampled spans that events of a batch come from, each once.
func producers(batch []fil.Record) []trace.Link {
	var links []trace.Link
	seen, last := map[string]bool{}, ""
	for i := range batch {
		extra := batch[i].Event.Extra
		parent := extra[traceparent]
		if parent == "" || parent == last || seen[parent] {
			continue
		}
		last = parent
		if len(links) == maxLinks || len(seen) == 4*maxLinks { // the second bounds what contexts that nobody follows cost
			break
		}
		seen[parent] = true
		if from := remote(func(name string) string { return extra[name] }); from.IsSampled() && from.IsValid() {
			links = append(links, trace.Link{SpanContext: from})
		}
	}
	return links
}

func ofOneTrace(links []trace.Link) bool {
	for _, link := range links[1:] {
		if link.SpanContext.TraceID() != links[0].SpanContext.TraceID() {
			return false
		}
	}
	return true
}

func store(system, operation string, items int) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("db.system.name", system), attribute.String("db.operation.name", operation), attribute.Int("db.operation.batch.size", items),
	}
}

// Profiles follows what the learner reads and writes.
func (t *Tracing) Profiles(s learning.Store) learning.Store {
	if t == nil {
		return s
	}
	return tracedProfiles{s, t}
}

type tracedProfiles struct {
	learning.Store
	tracing *Tracing
}

func (s tracedProfiles) Load(ctx context.Context, partition int, agents []string) (header []byte, stored []learning.Stored, err error) {
	ctx, end := s.tracing.within(ctx, "load profiles", trace.SpanKindClient, store("redis", "GET", len(agents))...)
	defer func() { end(err) }()
	return s.Store.Load(ctx, partition, agents)
}

func (s tracedProfiles) Save(ctx context.Context, changes []learning.Change) (err error) {
	ctx, end := s.tracing.within(ctx, "save profiles", trace.SpanKindClient, store("redis", "EVALSHA", len(changes))...)
	defer func() { end(err) }()
	return s.Store.Save(ctx, changes)
}

func (s tracedProfiles) SavePopularity(ctx context.Context, partition int, change learning.PopularityChange) (err error) {
	ctx, end := s.tracing.within(ctx, "save popularity", trace.SpanKindClient, store("redis", "EVALSHA", 1)...)
	defer func() { end(err) }()
	return s.Store.SavePopularity(ctx, partition, change)
}

// Facts follows what the recorder writes.
func (t *Tracing) Facts(s analytics.Store) analytics.Store {
	if t == nil {
		return s
	}
	return tracedFacts{s, t}
}

type tracedFacts struct {
	analytics.Store
	tracing *Tracing
}

func (s tracedFacts) Insert(ctx context.Context, token string, facts []analytics.Fact) (err error) {
	ctx, end := s.tracing.within(ctx, "insert facts", trace.SpanKindClient, store("clickhouse", "INSERT", len(facts))...)
	defer func() { end(err) }()
	return s.Store.Insert(ctx, token, facts)
}

func (s tracedFacts) Enrol(ctx context.Context, entries []analytics.Entry) (err error) {
	ctx, end := s.tracing.within(ctx, "insert directory", trace.SpanKindClient, store("clickhouse", "INSERT", len(entries))...)
	defer func() { end(err) }()
	return s.Store.Enrol(ctx, entries)
}

// Feeds follows what is read and written of stored feeds.
func (t *Tracing) Feeds(s delivery.Store) delivery.Store {
	if t == nil {
		return s
	}
	return tracedFeeds{s, t}
}

type tracedFeeds struct {
	delivery.Store
	tracing *Tracing
}

func (s tracedFeeds) Get(ctx context.Context, agent string) (kept delivery.Kept, err error) {
	ctx, end := s.tracing.within(ctx, "read feed", trace.SpanKindClient, store("redis", "MGET", 1)...)
	defer func() { end(err) }()
	return s.Store.Get(ctx, agent)
}

func (s tracedFeeds) GetMany(ctx context.Context, agents []string) (kept []delivery.Kept, err error) {
	ctx, end := s.tracing.within(ctx, "read feeds", trace.SpanKindClient, store("redis", "MGET", len(agents))...)
	defer func() { end(err) }()
	return s.Store.GetMany(ctx, agents)
}

func (s tracedFeeds) Put(ctx context.Context, feed fil.Feed, now time.Time) (err error) {
	ctx, end := s.tracing.within(ctx, "store feed", trace.SpanKindClient, store("redis", "SET", 1)...)
	defer func() { end(err) }()
	return s.Store.Put(ctx, feed, now)
}

func (s tracedFeeds) PutMany(ctx context.Context, all []delivery.Kept) (err error) {
	ctx, end := s.tracing.within(ctx, "store feeds", trace.SpanKindClient, store("redis", "SET", len(all))...)
	defer func() { end(err) }()
	return s.Store.PutMany(ctx, all)
}
