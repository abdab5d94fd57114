package eventlog

import (
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
)

// metrics are what the log counts for itself, and for each stage under the stage's own name. Topics are named without
// the prefix of the installation.
type metrics struct {
	registry       prometheus.Registerer
	log            *slog.Logger
	published      *prometheus.CounterVec // by topic
	publishErrors  prometheus.Counter
	publishSeconds prometheus.Histogram
	heldBytes      prometheus.Gauge
	waitingBytes   prometheus.Gauge
	queuedParcels  prometheus.Gauge

	mu     sync.Mutex // protects stages
	stages map[string]*stageMetrics
}

// stageMetrics are kept for each stage, as fil_<stage>_….
//
// Counters begin at zero with the process. The books that outlive it are the offsets: in each partition everything before
// committed is done, and end minus committed is what is left to do, whoever did it and however often it was restarted.
type stageMetrics struct {
	lag       *prometheus.GaugeVec     // by topic and partition, like the next three
	committed *prometheus.GaugeVec     //
	end       *prometheus.GaugeVec     //
	held      *prometheus.GaugeVec     //
	records   *prometheus.CounterVec   // by topic, like all that follow
	rejected  *prometheus.CounterVec   //
	retries   *prometheus.CounterVec   //
	seconds   *prometheus.HistogramVec //
	delay     *prometheus.HistogramVec //
	out       *prometheus.CounterVec   // pipes only
}

func newMetrics(registry prometheus.Registerer, log *slog.Logger) *metrics {
	m := &metrics{registry: registry, log: log, stages: map[string]*stageMetrics{}}
	gauge := func(name, help string) prometheus.Gauge {
		return register(m, prometheus.NewGauge(prometheus.GaugeOpts{Name: "fil_eventlog_" + name, Help: help}))
	}
	m.published = register(m, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fil_eventlog_published_records_total", Help: "Records acknowledged by every in-sync replica."}, []string{"topic"}))
	for _, topic := range fil.Topics() {
		m.published.WithLabelValues(string(topic))
	}
	m.publishErrors = register(m, prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fil_eventlog_publish_errors_total", Help: "Calls to publish that were not acknowledged."}))
	m.publishSeconds = register(m, prometheus.NewHistogram(
		duration("fil_eventlog_publish_duration_seconds", "Time to publish the records of one call.", 15)))
	m.heldBytes = gauge("held_bytes", "Bytes of records that are being published; bounded by the publish buffer.")
	m.waitingBytes = gauge("waiting_bytes", "Bytes of records that wait for room in the publish buffer.")
	m.queuedParcels = gauge("queued_parcels", "Parcels of records that wait for the request before theirs, over all partitions.")
	return m
}

// duration describes a histogram of seconds, from half a millisecond on in as many classic buckets, each twice the one
// before; and a native one, to a tenth, for scrapers that ask for it.
func duration(name, help string, classic int) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(0.0005, 2, classic),
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
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
		return register(m, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fil_" + stage + name, Help: help}, []string{"topic"}))
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return register(m, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "fil_" + stage + name, Help: help}, []string{"topic", "partition"}))
	}
	histogram := func(name, help string, classic int) *prometheus.HistogramVec {
		return register(m, prometheus.NewHistogramVec(duration("fil_"+stage+name, help, classic), []string{"topic"}))
	}
	s := &stageMetrics{
		lag:       gauge("_lag_records", "Records in the log that the stage has not received."),
		committed: gauge("_committed_offset", "Offset after the last record of the partition that is done for good."),
		end:       gauge("_end_offset", "Offset that the next record of the partition will have, as the stage last saw it."),
		held:      gauge("_held_records", "Records received and not given to the stage yet."),
		records:   counter("_drained_records_total", "Records done, those rejected included; a record given again counts again."),
		rejected:  counter("_rejected_records_total", "Records that no retry can help."),
		retries:   counter("_retries_total", "Batches that failed and are given again."),
		out:       counter("_out_records_total", "Records that the stage published."),
		seconds:   histogram("_batch_duration_seconds", "Time that the stage took over one batch, beats left out.", 17),
		delay:     histogram("_delay_seconds", "From the admission of a batch's first record until the batch was done.", 20),
	}
	m.stages[stage] = s
	return s
}

// open begins the counts of a topic at zero: one that appears with its first failure cannot be compared with anything.
func (s *stageMetrics) open(topic fil.Topic) {
	for _, counter := range []*prometheus.CounterVec{s.records, s.rejected, s.retries} {
		counter.WithLabelValues(string(topic))
	}
}

// progress notes where a partition stands: how many records are not received yet, and where it ends.
func (s *stageMetrics) progress(topic fil.Topic, partition int, lag, end int64) {
	s.lag.WithLabelValues(string(topic), strconv.Itoa(partition)).Set(float64(lag))
	s.end.WithLabelValues(string(topic), strconv.Itoa(partition)).Set(float64(end))
}

func (s *stageMetrics) setCommitted(topic fil.Topic, partition int, offset int64) {
	s.committed.WithLabelValues(string(topic), strconv.Itoa(partition)).Set(float64(offset))
}

// forget drops what was said of a partition that another member may have now: two processes must not tell of one.
func (s *stageMetrics) forget(topic fil.Topic, partition int) {
	for _, gauge := range []*prometheus.GaugeVec{s.lag, s.committed, s.end, s.held} {
		gauge.DeleteLabelValues(string(topic), strconv.Itoa(partition))
	}
}

// register gives the collector that the registry has under this name already, as when a log is opened twice in one
// process. A collector that cannot be registered counts for nobody, and is a fault of ours: it is said.
func register[C prometheus.Collector](m *metrics, c C) C {
	err := m.registry.Register(c)
	var there prometheus.AlreadyRegisteredError
	if errors.As(err, &there) {
		if same, ok := there.ExistingCollector.(C); ok {
			return same
		}
	}
	if err != nil {
		m.log.Error("a metric cannot be registered, and is not exported", "stage", "eventlog", "error", err)
	}
	return c
}
