package delivery

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	reads       *prometheus.CounterVec
	degraded    prometheus.Counter
	readSeconds *prometheus.HistogramVec
	answerBytes prometheus.Histogram
	warmed      *prometheus.CounterVec
	unstored    prometheus.Counter
	streams     prometheus.Gauge
	events      prometheus.Counter
	refused     *prometheus.CounterVec
}

// histogram has classic buckets, and native ones to a tenth for scrapers that ask for them.
func histogram(name, help string, classic []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: classic,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
	}
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		reads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fil_delivery_reads_total", Help: "Reads of a feed, by how the feed was had.",
		}, []string{"outcome"}),
		degraded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fil_delivery_degraded_reads_total", Help: "Pages and explanations made without the store, in chronological order.",
		}),
		readSeconds: prometheus.NewHistogramVec(histogram("fil_delivery_read_duration_seconds", "Time to answer a read of a feed, the network aside.",
			[]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5}), []string{"outcome"}),
		answerBytes: prometheus.NewHistogram(histogram("fil_delivery_answer_bytes", "Bytes of a page of a feed.", prometheus.ExponentialBuckets(512, 2, 12))),
		warmed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fil_delivery_warmed_feeds_total", Help: "Feeds looked at ahead of a read, by what was done.",
		}, []string{"outcome"}),
		unstored: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fil_delivery_unstored_feeds_total", Help: "Feeds served that could not be stored.",
		}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fil_delivery_open_streams", Help: "Streams that are open.",
		}),
		events: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fil_delivery_stream_events_total", Help: "Events sent on streams, heartbeats aside.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fil_delivery_refused_streams_total", Help: "Streams not opened, by the bound that was reached.",
		}, []string{"bound"}),
	}
	for _, c := range []prometheus.Collector{m.reads, m.degraded, m.readSeconds, m.answerBytes, m.warmed, m.unstored, m.streams, m.events, m.refused} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
