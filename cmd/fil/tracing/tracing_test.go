package tracing_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/tracing"
	"github.com/filengine/fil/ingest/eventlog"
)

func open(t *testing.T, sample float64) (*tracing.Tracing, *tracetest.InMemoryExporter) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	tracer := tracing.New(tracing.Config{Sample: sample}, sdk.WithSyncer(spans))
	t.Cleanup(func() { _ = tracer.Close(context.Background()) })
	return tracer, spans
}

// parent is the nth trace's context, in the form of W3C.
func parent(n int, flags string) string { return fmt.Sprintf("00-%032x-%016x-%s", n, n, flags) }

func batchOf(parents ...string) []fil.Record {
	batch := make([]fil.Record, len(parents))
	for i, p := range parents {
		batch[i].Position = fil.Position{Topic: fil.TopicEngagements, Offset: int64(i)}
		if p != "" {
			batch[i].Event.Extra = map[string]string{"traceparent": p}
		}
	}
	return batch
}

// A batch has a span when, and only when, an event in it is followed by somebody; whose trace it is follows from whose
// events they are.
func TestDrain_SpansOfBatches(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = parent(i+1, "01")
	}
	for _, c := range []struct {
		name  string
		batch []fil.Record
		spans int
		links int
		trace int // 0: one of its own
	}{
		{"a beat", nil, 0, 0, 0},
		{"nobody follows", batchOf("", "", ""), 0, 0, 0},
		{"not sampled", batchOf(parent(7, "00")), 0, 0, 0},
		{"no trace context", batchOf("00-zz", "x", strings.Repeat("0", 900), "00-"+strings.Repeat("0", 32)+"-"+strings.Repeat("0", 16)+"-01"), 0, 0, 0},
		{"one trace", batchOf(parent(7, "01"), "", parent(7, "01"), parent(7, "01")), 1, 1, 7},
		{"two traces", batchOf(parent(7, "01"), parent(8, "01"), parent(9, "00")), 1, 2, 0},
		{"many traces", batchOf(many...), 1, 32, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			tracer, exported := open(t, 0) // no trace begins by itself
			given := 0
			d := tracer.Drain(eventlog.Drain{Stage: "sink", Topic: fil.TopicEngagements, Handle: func(_ context.Context, partition int, batch []fil.Record) error {
				given += len(batch)
				if partition != 3 {
					t.Errorf("partition %d", partition)
				}
				return nil
			}})
			if err := d.Handle(t.Context(), 3, c.batch); err != nil || given != len(c.batch) {
				t.Fatalf("the stage was given %d records of %d, %v", given, len(c.batch), err)
			}
			spans := exported.GetSpans()
			if len(spans) != c.spans {
				t.Fatalf("%d spans, want %d", len(spans), c.spans)
			}
			for _, s := range spans {
				if len(s.Links) != c.links {
					t.Errorf("%d links, want %d", len(s.Links), c.links)
				}
				if own := s.SpanContext.TraceID().String(); (own == fmt.Sprintf("%032x", c.trace)) != (c.trace != 0) {
					t.Errorf("trace %s", own)
				}
			}
		})
	}
}

func TestDrain_TellsRejectionsFromFailures(t *testing.T) {
	batch := batchOf(parent(7, "01"), "")
	for _, c := range []struct {
		verdict  error
		status   codes.Code
		rejected int64
	}{
		{nil, codes.Unset, 0},
		{errors.New("the store is away"), codes.Error, 0},
		{errors.Join(fil.Reject(batch[0], errors.New("no sense")), fil.Reject(batch[1], errors.New("no sense"))), codes.Unset, 2},
	} {
		tracer, exported := open(t, 0)
		d := tracer.Drain(eventlog.Drain{Handle: func(context.Context, int, []fil.Record) error { return c.verdict }})
		if err := d.Handle(t.Context(), 0, batch); !errors.Is(err, c.verdict) {
			t.Errorf("the verdict %v became %v", c.verdict, err)
		}
		span := exported.GetSpans()[0]
		got := int64(0)
		for _, attribute := range span.Attributes {
			if attribute.Key == "fil.rejected_records" {
				got = attribute.Value.AsInt64()
			}
		}
		if span.Status.Code != c.status || got != c.rejected {
			t.Errorf("%v: status %v and %d rejected, want %v and %d", c.verdict, span.Status, got, c.status, c.rejected)
		}
	}
}

// Off, each seam is the very value that it would be without tracing.
func TestOff(t *testing.T) {
	off, err := tracing.Open(t.Context(), tracing.Config{})
	if off != nil || err != nil {
		t.Fatalf("without an endpoint: %v, %v", off, err)
	}
	if off.Log(nil) != nil || off.Facts(nil) != nil || off.Feeds(nil) != nil || off.Profiles(nil) != nil || off.Close(t.Context()) != nil {
		t.Error("something is wrapped")
	}
	called := false
	d := off.Drain(eventlog.Drain{Handle: func(ctx context.Context, _ int, _ []fil.Record) error {
		called = !trace.SpanContextFromContext(ctx).IsValid()
		return nil
	}})
	if err := d.Handle(t.Context(), 0, batchOf(parent(7, "01"))); err != nil || !called {
		t.Errorf("a batch was followed: %v", err)
	}
}

func TestHandler_NamesTheTrace(t *testing.T) {
	var out strings.Builder
	log := slog.New(tracing.Handler{Handler: slog.NewJSONHandler(&out, nil)}).With("stage", "ranking").WithGroup("g")
	log.Info("outside")
	if strings.Contains(out.String(), "trace_id") {
		t.Errorf("a trace where there is none: %s", out.String())
	}
	id := trace.TraceID{1, 2, 3}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{4}}))
	log.InfoContext(ctx, "inside")
	if !strings.Contains(out.String(), `"trace_id":"`+id.String()+`"`) || !strings.Contains(out.String(), `"stage":"ranking"`) {
		t.Errorf("no trace: %s", out.String())
	}
}
