package eventlog_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

// Beside each figure is kafka-go's own way on the same brokers: a Writer with the same acknowledgements, partitions and
// compression, and a Reader that does not even commit.

func openQuiet(b *testing.B, cfg eventlog.Config) *eventlog.Log {
	b.Helper()
	l, err := eventlog.Open(b.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { closeLog(b, l) })
	return l
}

func perSecond(b *testing.B, records int) {
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 100, 5000} {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			l := openQuiet(b, config(b))
			records := events(n, 1000)
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Publish(b.Context(), records); err != nil {
					b.Fatal(err)
				}
			}
			perSecond(b, n*b.N)
		})
		b.Run(fmt.Sprintf("writer/records=%d", n), func(b *testing.B) {
			cfg := config(b)
			openQuiet(b, cfg)
			transport := &kafka.Transport{}
			defer transport.CloseIdleConnections()
			w := &kafka.Writer{
				Addr: kafka.TCP(cfg.Brokers...), Topic: cfg.Prefix + string(fil.TopicEngagements), RequiredAcks: kafka.RequireAll,
				Balancer: kafka.Murmur2Balancer{Consistent: true}, Compression: kafka.Lz4, BatchSize: max(1, n/3), BatchTimeout: time.Millisecond, Transport: transport,
			}
			defer w.Close()
			records := events(n, 1000)
			b.ReportAllocs()
			for b.Loop() {
				messages := make([]kafka.Message, n)
				for i, r := range records {
					messages[i] = eventlog.Encode(r)
				}
				if err := w.WriteMessages(b.Context(), messages...); err != nil {
					b.Fatal(err)
				}
			}
			perSecond(b, n*b.N)
		})
	}
	b.Run("parallel=64", func(b *testing.B) {
		l := openQuiet(b, config(b))
		var n atomic.Int64
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				i := int(n.Add(1))
				if err := l.Publish(b.Context(), []fil.Record{event(fmt.Sprint("agent-", i%1000), i)}); err != nil {
					b.Error(err)
					return
				}
			}
		})
		perSecond(b, b.N)
	})
}

const drained = 200_000

func BenchmarkDrain(b *testing.B) {
	cfg := config(b, func(c *eventlog.Config) { c.Partitions = 1 })
	l := openQuiet(b, cfg)
	for from := 0; from < drained; from += 5000 {
		if err := l.Publish(b.Context(), events(5000, 1000)); err != nil {
			b.Fatal(err)
		}
	}
	stage := 0
	b.Run("drain", func(b *testing.B) { // counted from the lane's start: joining a group takes brokers 3 s by default
		b.ReportAllocs()
		var spent time.Duration
		for b.Loop() {
			var begun time.Time
			ctx, cancel := context.WithCancel(b.Context())
			stage++
			var n int
			if err := l.Drain(ctx, eventlog.Drain{Stage: fmt.Sprintf("bench%d", stage), Topic: fil.TopicEngagements, MaxBatch: 5000,
				Handle: func(_ context.Context, _ int, batch []fil.Record) error {
					if begun.IsZero() {
						begun = time.Now()
					}
					if n += len(batch); n == drained {
						spent += time.Since(begun)
						cancel()
					}
					return nil
				}}); err != nil {
				b.Fatal(err)
			}
			cancel()
		}
		b.ReportMetric(float64(drained*b.N)/spent.Seconds(), "records/s")
	})
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ctx, cancel := context.WithCancel(b.Context())
			table := l.Table(fil.TopicEngagements, func([]fil.Record) error { return nil })
			done := make(chan error)
			go func() { done <- table.Run(ctx) }()
			<-table.Ready()
			cancel()
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b, drained*b.N)
	})
	b.Run("reader", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := kafka.NewReader(kafka.ReaderConfig{
				Brokers: cfg.Brokers, Topic: cfg.Prefix + string(fil.TopicEngagements), Partition: 0, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: 100 * time.Millisecond, QueueCapacity: 5000,
			})
			for range drained {
				m, err := r.ReadMessage(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := eventlog.Decode(fil.Position{Topic: fil.TopicEngagements, Offset: m.Offset}, m); err != nil {
					b.Fatal(err)
				}
			}
			if err := r.Close(); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b, drained*b.N)
	})
}
