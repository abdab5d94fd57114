package roles

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// serverMetrics are what a process tells of itself, beside what its stages count: the requests it answers, whether it is
// ready, which engines it reaches, and what runs.
type serverMetrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	current  prometheus.Gauge
	engines  *prometheus.GaugeVec
}

func newServerMetrics(reg prometheus.Registerer, p Process) *serverMetrics {
	m := &serverMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fil_server_requests_total", Help: "HTTP requests answered, by route, method and class of status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fil_server_request_duration_seconds", Help: "Time from the head of a request to the end of its answer; for a stream, its life.",
			Buckets: prometheus.ExponentialBuckets(.0005, 2, 15),

			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"route", "method"}),
		current: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fil_server_current_requests", Help: "HTTP requests being answered, streams included.",
		}),
		engines: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fil_server_engine_up", Help: "Whether an engine answers this process (1) or not (0).",
		}, []string{"engine"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fil_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": p.Version, "go_version": runtime.Version(), "roles": strings.Join(p.Roles, ",")},
	})
	build.Set(1)
	disk := func(name, help string, of func(syscall.Statfs_t) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "fil_server_" + name, Help: help}, func() float64 {
			var s syscall.Statfs_t
			if err := syscall.Statfs(p.Config.Data, &s); err != nil {
				return 0
			}
			return of(s) * float64(s.Bsize)
		})
	}
	reg.MustRegister(m.requests, m.seconds, m.current, m.engines, build,
		disk("disk_free_bytes", "Bytes left on the disk of the data folder, which holds the embedded engines.", func(s syscall.Statfs_t) float64 { return float64(s.Bavail) }),
		disk("disk_size_bytes", "Size of the disk of the data folder.", func(s syscall.Statfs_t) float64 { return float64(s.Blocks) }))
	return m
}

// tellReadiness exports whether the server is ready and, by name, each part that it waits for.
func (s *server) tellReadiness() {
	told := func(name, help string, labels prometheus.Labels, ready func() bool) {
		s.house.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 {
			if ready() {
				return 1
			}
			return 0
		}))
	}
	told("fil_server_ready", "Whether the process has caught up once, and answers the API (1).", nil, s.isReady)
	for _, part := range s.house.waits {
		told("fil_server_part_ready", "Whether a part of the process is caught up (1).", prometheus.Labels{"part": part.name}, part.ready)
	}
}

// count measures every request under the pattern that it matched, so that nothing of its path becomes a label.
func (m *serverMetrics) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		m.current.Inc()
		status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() { // also when the handler panics, which net/http turns into a cut connection
			m.current.Dec()
			method, route, matched := strings.Cut(r.Pattern, " ")
			if !matched { // no route, or refused before one was looked for
				method, route = "", "none"
			}
			m.requests.WithLabelValues(route, method, strconv.Itoa(status.status/100)+"xx").Inc()
			m.seconds.WithLabelValues(route, method).Observe(time.Since(began).Seconds())
		}()
		next.ServeHTTP(status, r)
	})
}

// statusWriter remembers the status of an answer. Unwrap leads http.ResponseController to the connection.
type statusWriter struct {
	http.ResponseWriter
	status int
	told   bool
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush is for a writer that looks for it here and not through Unwrap, as the one that compresses does: without it a stream
// would stay in the connection's buffer.
func (w *statusWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func (w *statusWriter) WriteHeader(status int) {
	if !w.told {
		w.status, w.told = status, status >= http.StatusOK // those before are followed by another
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	w.told = true
	return w.ResponseWriter.Write(b) //nolint:wrapcheck // in the place of the writer that it wraps
}

// How often each engine is asked whether it answers, and how long it may take.
const (
	probeEvery   = 5 * time.Second
	probeTimeout = 3 * time.Second
)

// engine is one that the process depends on, and how to ask whether it answers.
type engine struct {
	name string
	ask  func(context.Context) error
}

// probe asks the engines now and then, tells the metrics, and logs each change.
func (h *house) probe(ctx context.Context) error {
	up := make([]bool, len(h.engines)) // what was last said; the first answer is told if it is no
	for i := range up {
		up[i] = true
	}
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		answers := make([]error, len(h.engines))
		var asking sync.WaitGroup
		for i, e := range h.engines {
			asking.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, probeTimeout)
				defer cancel()
				answers[i] = e.ask(ctx)
			})
		}
		asking.Wait()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for i, e := range h.engines {
			h.told(ctx, e.name, &up[i], answers[i])
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *house) told(ctx context.Context, engine string, up *bool, err error) {
	switch before := *up; {
	case err != nil && before:
		h.logger.WarnContext(ctx, "an engine does not answer", "engine", engine, "error", err)
	case err == nil && !before:
		h.logger.InfoContext(ctx, "the engine answers again", "engine", engine)
	}
	*up = err == nil
	value := 0.0
	if *up {
		value = 1
	}
	h.metrics.engines.WithLabelValues(engine).Set(value)
}

// depend adds an engine to those that are probed.
func (h *house) depend(name string, ask func(context.Context) error) {
	if !slices.ContainsFunc(h.engines, func(e engine) bool { return e.name == name }) {
		h.engines = append(h.engines, engine{name, ask})
	}
}
