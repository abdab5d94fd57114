package eventlog

import (
	"errors"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
)

// metrics are what the log counts for itself, and for each stage under the stage's own name.
type metrics struct {
	registry       prometheus.Registerer
	published      *prometheus.CounterVec
	publishErrors  prometheus.Counter
	publishSeconds prometheus.Histogram

	mu     sync.Mutex // protects stages
	stages map[string]*stageMetrics
}

// stageMetrics are kept for each stage, as fil_<stage>_….
type stageMetrics struct {
	lag      *prometheus.GaugeVec     // by topic and partition
	records  *prometheus.CounterVec   // by topic
	rejected *prometheus.CounterVec   // by topic
	retries  *prometheus.CounterVec   // by topic
	seconds  *prometheus.HistogramVec // by topic
	out      *prometheus.CounterVec   // by topic; pipes only
}

func newMetrics(registry prometheus.Registerer) *metrics {
	return &metrics{
		registry: registry,
		stages:   map[string]*stageMetrics{},
		published: register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fil_eventlog_published_records_total", Help: "Records acknowledged by every in-sync replica."}, []string{"topic"})),
		publishErrors: register(registry, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fil_eventlog_publish_errors_total", Help: "Calls to publish that were not acknowledged."})),
		publishSeconds: register(registry, prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "fil_eventlog_publish_duration_seconds", Help: "Time to publish the records of one call.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15)})),
	}
}

// stage gives the metrics of a stage; its drains share them.
func (m *metrics) stage(stage string) *stageMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.stages[stage]; s != nil {
		return s
	}
	counter := func(name, help string) *prometheus.CounterVec {
		return register(m.registry, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fil_" + stage + name, Help: help}, []string{"topic"}))
	}
	s := &stageMetrics{
		lag: register(m.registry, prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fil_" + stage + "_lag_records", Help: "Records in the log that the stage has not received."}, []string{"topic", "partition"})),
		records:  counter("_records_total", "Records done, those rejected included; a record given again counts again."),
		rejected: counter("_rejected_records_total", "Records that no retry can help."),
		retries:  counter("_retries_total", "Batches that failed and are given again."),
		out:      counter("_out_records_total", "Records that the stage published."),
		seconds: register(m.registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fil_" + stage + "_batch_duration_seconds", Help: "Time that the stage took over one batch, beats left out.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 17)}, []string{"topic"})),
	}
	m.stages[stage] = s
	return s
}

func (s *stageMetrics) setLag(topic fil.Topic, partition int, records int64) {
	s.lag.WithLabelValues(string(topic), strconv.Itoa(partition)).Set(float64(records))
}

func (s *stageMetrics) forgetLag(topic fil.Topic, partition int) {
	s.lag.DeleteLabelValues(string(topic), strconv.Itoa(partition))
}

// register gives the collector that the registry has under this name already, as when a log is opened twice in one
// process. A collector that cannot be registered counts for nobody.
func register[C prometheus.Collector](registry prometheus.Registerer, c C) C {
	var there prometheus.AlreadyRegisteredError
	if err := registry.Register(c); errors.As(err, &there) {
		if same, ok := there.ExistingCollector.(C); ok {
			return same
		}
	}
	return c
}
