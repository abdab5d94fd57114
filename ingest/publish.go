package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"

	"github.com/filengine/fil"
)

// metrics of the door: admitted + duplicates + refused = received, by topic.
type metrics struct {
	records  *prometheus.CounterVec
	unknown  *prometheus.CounterVec
	failures *prometheus.CounterVec
	publish  *prometheus.HistogramVec
	held     prometheus.Gauge
	waiting  prometheus.Gauge
	away     prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (metrics, error) {
	m := metrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fil_ingest_records_total",
			Help: "Records received, by outcome: admitted, duplicate or refused."}, []string{"topic", "outcome"}),
		unknown: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fil_ingest_unknown_references_total",
			Help: "Engagements admitted about an agent or a content that is not known yet."}, []string{"what"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fil_ingest_publish_failures_total",
			Help: "Publications that the log did not confirm."}, []string{"topic"}),
		publish: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "fil_ingest_publish_duration_seconds",
			Help:    "From having checked a request's records to having them in the log.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),

			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"topic"}),
		held: prometheus.NewGauge(prometheus.GaugeOpts{Name: "fil_ingest_held_bytes",
			Help: "Bytes of requests being read and published: the door's places that are taken."}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Name: "fil_ingest_waiting_requests",
			Help: "Requests that wait for a place."}),
		away: prometheus.NewGauge(prometheus.GaugeOpts{Name: "fil_ingest_log_away",
			Help: "1 while the log does not confirm, and the door answers 503 at once."}),
	}
	for _, topic := range fil.Topics() { // counts begin at zero, so that the first failure is seen as one
		if topic == fil.TopicMemberships || topic == fil.TopicPolicies { // no sender writes them here
			continue
		}
		m.count(topic, 0, 0, 0)
		m.failures.WithLabelValues(string(topic))
	}
	for _, what := range []string{"agent", "content"} {
		m.unknown.WithLabelValues(what)
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.records, m.unknown, m.failures, m.publish, m.held, m.waiting, m.away} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m metrics) count(topic fil.Topic, admitted, duplicates, refused int) {
	m.records.WithLabelValues(string(topic), "admitted").Add(float64(admitted))
	m.records.WithLabelValues(string(topic), "duplicate").Add(float64(duplicates))
	m.records.WithLabelValues(string(topic), "refused").Add(float64(refused))
}

// readPatience is how long a client may take to send a body, or one chunk of a stream.
const readPatience = time.Minute

// patient gives the client its time to send what comes next. A connection that knows no deadline is bounded by the server.
func patient(ctx huma.Context) { _ = ctx.SetReadDeadline(time.Now().Add(readPatience)) }

// readBody reads a body of at most most bytes.
func readBody(ctx huma.Context, most int) ([]byte, error) {
	patient(ctx)
	raw, err := readAll(ctx.BodyReader(), most)
	_ = ctx.SetReadDeadline(time.Time{}) // or the connection would end while the log is waited for
	return raw, err
}

// hold takes the memory that a request needs, at most most bytes, and waits for it if others have it all.
func (d *Door) hold(ctx huma.Context, most int) (release func(), err error) {
	bytes := most
	if length, err := strconv.Atoi(ctx.Header("Content-Length")); err == nil && length >= 0 {
		bytes = min(bytes, length)
	}
	return d.Hold(ctx.Context(), bytes)
}

// Hold takes the memory that a request of so many bytes needs, out of Config.InFlight, and waits for it if others have it
// all, Config.PublishTimeout at most. Give it back by release.
func (d *Door) Hold(ctx context.Context, size int) (release func(), err error) {
	bytes := min(max(int64(size), 4<<10), int64(d.cfg.InFlight))
	waiting, cancel := context.WithTimeout(ctx, d.cfg.PublishTimeout)
	defer cancel()
	d.metrics.waiting.Inc()
	defer d.metrics.waiting.Dec()
	if err := d.places.Acquire(waiting, bytes); err != nil {
		return nil, refuse(http.StatusServiceUnavailable, "Trop d'écritures à la fois : recommencez plus tard.", "Too many writes at a time: try again later.")
	}
	d.metrics.held.Add(float64(bytes))
	return func() {
		d.metrics.held.Sub(float64(bytes))
		d.places.Release(bytes)
	}, nil
}

// publish puts records of one topic in the log. It outlives the client's patience, because others may share its outcome,
// but not Config.PublishTimeout.
func (d *Door) publish(ctx context.Context, topic fil.Topic, records []fil.Record) error {
	if len(records) == 0 {
		return nil
	}
	if topic == fil.TopicAgents {
		if err := d.forgetRemoved(ctx, records); err != nil {
			return err
		}
	}
	if topic == fil.TopicEngagements {
		if err := d.closeForgotten(ctx, records); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.PublishTimeout)
	defer cancel()
	start := time.Now()
	_, err := d.log.Execute(func() (struct{}, error) { return struct{}{}, d.parts.Log.Publish(ctx, records) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		err = errLogAway
	}
	if err != nil {
		d.metrics.failures.WithLabelValues(string(topic)).Inc()
		return fmt.Errorf("publish %d records on %s: %w: %w", len(records), topic, errUnpublished, err)
	}
	d.metrics.publish.WithLabelValues(string(topic)).Observe(time.Since(start).Seconds())
	return nil
}

// The log is held for away after logAttempts publications in a row that it did not confirm. Nothing is then sent to it but
// one request at a time, which finds out whether it is back, logPause after the last one that did not.
const (
	logAttempts = 3
	logPause    = time.Second
)

// newLogBreaker makes the breaker before the log: while it is away a client hears so at once, instead of holding memory
// and a connection for as long as a publication may take.
func newLogBreaker(log *slog.Logger, away prometheus.Gauge) *gobreaker.CircuitBreaker[struct{}] {
	return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name: "log", MaxRequests: 1, Timeout: logPause,
		ReadyToTrip: func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= logAttempts },
		IsSuccessful: func(err error) bool { // records that can never be written say nothing of the log
			return err == nil || fil.FaultsOf(err) != nil
		},
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case to == gobreaker.StateClosed:
				away.Set(0)
				log.Info("the log confirms again: the door admits", "stage", "ingest")
			case from == gobreaker.StateClosed:
				away.Set(1)
				log.Error("the log does not confirm: the door answers 503 at once until it does", "stage", "ingest", "failures", logAttempts)
			}
		},
	})
}

// applied waits until this process shows records that the log has, and says whether it came to that.
func (d *Door) applied(ctx context.Context, topic fil.Topic, records []fil.Record) bool {
	projection, ok := d.parts.Applied[topic]
	if !ok || len(records) == 0 {
		return ok
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.ApplyTimeout)
	defer cancel()
	last := map[int]fil.Position{}
	for _, rec := range records {
		if at, seen := last[rec.Partition]; !seen || at.Offset < rec.Offset {
			last[rec.Partition] = rec.Position
		}
	}
	for _, at := range last {
		if projection.Await(ctx, at) != nil {
			return false
		}
	}
	return true
}
