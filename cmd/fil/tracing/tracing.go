// Package tracing follows a request through the house with OpenTelemetry: from HTTP through the log to the stores.
//
// It stands between the rooms and hides OpenTelemetry from all of them: what it traces are the seams that cmd/fil puts
// together (an operation of the API, the log as the door sees it, a batch of a drain, the stores as the stages see them),
// each wrapped in a value of the same interface. A nil *Tracing wraps nothing: a program that is not traced is, seam for
// seam, the program without this package, and makes no call to the outside.
//
// It guarantees that no span carries the id of an agent or of a content, that a caller who is an agent decides nothing
// about what is traced, that what a caller sends of a trace is bounded, and that a collector which is away costs spans and
// never a request. Spans that wait are bounded to 2,048; those that find no room are dropped.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/filengine/fil"
)

// Config says where spans go and which are made.
type Config struct {
	Endpoint string  // URL of an OTLP collector over HTTP; a bare host gets the usual path, /v1/traces
	Sample   float64 // share, from 0 to 1, of the traces that begin here
	Version  string  // of the program
	Roles    []string
	Logger   *slog.Logger
	Metrics  prometheus.Registerer
}

// Tracing makes spans. It is safe for concurrent use; nil is off.
type Tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// Open traces to a collector, or not at all (nil) without an endpoint. It does not wait for the collector.
func Open(ctx context.Context, cfg Config) (*Tracing, error) {
	if cfg.Endpoint == "" {
		return nil, nil //nolint:nilnil // nil is a Tracing that is off
	}
	at, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("read the endpoint of traces: %w", err)
	}
	if strings.Trim(at.Path, "/") == "" {
		at.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(at.String()))
	if err != nil {
		return nil, fmt.Errorf("open traces to %s: %w", at.Host, err)
	}
	failed := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fil_server_trace_export_errors_total", Help: "Batches of spans that the collector did not take.",
	})
	if err := cfg.Metrics.Register(failed); err != nil {
		return nil, fmt.Errorf("register the metric of traces: %w", err)
	}
	return New(cfg, sdk.WithBatcher(&told{SpanExporter: exporter, logger: cfg.Logger, failed: failed})), nil
}

// New traces to where the option sends spans, whatever the endpoint.
func New(cfg Config, to sdk.TracerProviderOption) *Tracing {
	provider := sdk.NewTracerProvider(to,
		sdk.WithSampler(sdk.ParentBased(linked{sdk.TraceIDRatioBased(cfg.Sample)})),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "fil"), attribute.String("service.version", cfg.Version), attribute.StringSlice("fil.roles", cfg.Roles),
		)),
	)
	return &Tracing{provider: provider, tracer: provider.Tracer("github.com/filengine/fil")}
}

// Close sends the spans that wait, for as long as the context lasts.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("close traces: %w", err)
	}
	return nil
}

// linked samples a trace of its own when what it comes from was sampled, so that a batch of many traces is seen from each;
// the others as the sampler in it says.
type linked struct{ sdk.Sampler }

func (s linked) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	for _, link := range p.Links {
		if link.SpanContext.IsSampled() {
			return sdk.SamplingResult{Decision: sdk.RecordAndSample, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
		}
	}
	return s.Sampler.ShouldSample(p)
}

// told keeps the failures of a collector out of OpenTelemetry's global handler.
type told struct {
	sdk.SpanExporter
	logger *slog.Logger
	failed prometheus.Counter
}

func (e *told) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.failed.Inc()
		e.logger.WarnContext(ctx, "spans not taken by the collector, and lost", "spans", len(spans), "error", err)
	}
	return nil
}

// Names of a trace context's two parts: headers of HTTP, and extension attributes of CloudEvents.
const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
)

// maxState bounds the tracestate that is taken from a caller, in bytes: what W3C asks every system to pass on
// (https://www.w3.org/TR/trace-context/#tracestate-limits).
const maxState = 512

// remote reads a trace context as a caller sent it; the zero value for none or a wrong one.
func remote(get func(name string) string) trace.SpanContext {
	parent := get(traceparent)
	if parent == "" {
		return trace.SpanContext{}
	}
	carrier := propagation.MapCarrier{traceparent: parent}
	if state := get(tracestate); len(state) <= maxState {
		carrier[tracestate] = state
	}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

// within starts a span inside the one of the context, if that is sampled: what nobody follows makes no span of its own.
func (t *Tracing) within(ctx context.Context, name string, kind trace.SpanKind, about ...attribute.KeyValue) (context.Context, func(error)) {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(about...))
	return ctx, func(err error) { finish(span, err) }
}

// finish ends a span. Records rejected are no failure of the batch that they were in.
func finish(span trace.Span, err error) {
	rejected, rest := fil.Rejections(err)
	if len(rejected) > 0 {
		span.SetAttributes(attribute.Int("fil.rejected_records", len(rejected)))
	}
	if rest != nil {
		span.SetStatus(codes.Error, rest.Error())
	}
	span.End()
}

// Handler adds to each line of a log the trace that it belongs to, if there is one.
type Handler struct{ slog.Handler }

// Handle adds trace_id and span_id.
func (h Handler) Handle(ctx context.Context, line slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		line.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, line) //nolint:wrapcheck // in the place of the handler that it wraps
}

// WithAttrs keeps the handler around the one with attributes.
func (h Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return Handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the handler around the one with a group.
func (h Handler) WithGroup(name string) slog.Handler { return Handler{h.Handler.WithGroup(name)} }
