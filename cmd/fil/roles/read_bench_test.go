package roles

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/filtest"
	"github.com/filengine/fil/delivery/feedstore"
)

// pageReads are two servers that give the same bytes: the program, which reads and checks a kept feed, and a handler that does
// one Redis GET of the page, with the same client of Redis, behind the same check of keys and the same settings of net/http.
type pageReads struct {
	*here
	limit    string // address of the handler
	client   *http.Client
	encoding string // that reads take; none: as it is
}

const (
	readAgents = 2000
	readers    = 16 // connections
)

// BenchmarkRead reads feeds of 20 items on 16 connections, 1,000 contents being live and each agent having dealt with 15, in
// twenty rounds that alternate with the limit's, and with the same reads compressed. With FIL_BENCH_REDIS=host:port both are on that Redis, which is emptied.
func BenchmarkRead(b *testing.B) {
	r := openReads(b)
	for b.Loop() {
		var took, limitTook, compressedTook []time.Duration
		var ratios []float64
		var own, limitCost, compressedCost cost
		const rounds, lasting = 20, time.Second
		for range rounds {
			mine := r.load(lasting, r.Base+"/v1/agents/%s/feed", &own)
			theirs := r.load(lasting, "http://"+r.limit+"/%s", &limitCost)
			took, limitTook = append(took, mine...), append(limitTook, theirs...)
			r.encoding = "gzip"
			compressedTook = append(compressedTook, r.load(lasting, r.Base+"/v1/agents/%s/feed", &compressedCost)...)
			r.encoding = ""
			ratios = append(ratios, float64(len(mine))/float64(len(theirs)))
		}
		slices.Sort(ratios)
		b.ReportMetric(float64(len(took))/(rounds*lasting.Seconds()), "reads/s")
		b.ReportMetric(float64(len(limitTook))/(rounds*lasting.Seconds()), "one-GET-reads/s")
		b.ReportMetric(float64(len(compressedTook))/(rounds*lasting.Seconds()), "compressed-reads/s")
		b.ReportMetric(float64(len(took))/float64(len(limitTook)), "of-limit")
		b.ReportMetric(ratios[rounds/2], "of-limit-median")
		for name, c := range map[string]struct {
			cost
			reads int
		}{"": {own, len(took)}, "one-GET-": {limitCost, len(limitTook)}, "compressed-": {compressedCost, len(compressedTook)}} { // with what the client of the test takes
			b.ReportMetric(float64(c.objects)/float64(c.reads), name+"allocs/read")
			b.ReportMetric(float64(c.bytes)/float64(c.reads), name+"alloc-bytes/read")
			b.ReportMetric(float64(c.processors.Microseconds())/float64(c.reads), name+"cpu-µs/read")
		}
		percentiles(b, "read", took)
		percentiles(b, "one-GET", limitTook)
		percentiles(b, "compressed", compressedTook)
	}
	ctx := context.Background()
	b.ReportMetric(float64(r.redis.StrLen(ctx, "page:a1").Val()), "page-bytes")
	b.ReportMetric(float64(r.redis.StrLen(ctx, feedstore.Key("a1")).Val()), "feed-bytes")
	if all, err := r.redis.MemoryUsage(ctx, feedstore.Key("a1")).Result(); err == nil { // the embedded one does not say
		b.ReportMetric(float64(all), "feed-memory-bytes")
	}
}

func openReads(b *testing.B) *pageReads {
	b.Helper()
	h := startAlone(b, func(cfg *config.Config) {
		if address := os.Getenv("FIL_BENCH_REDIS"); address != "" {
			cfg.Redis = config.Redis{Addresses: []string{address}}
			client := redis.NewClient(&redis.Options{Addr: address})
			if err := client.FlushAll(context.Background()).Err(); err != nil {
				b.Fatal(err)
			}
			_ = client.Close()
		}
	})
	crowd(b, h, readAgents, 1000)
	h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(0, 15*readAgents, readAgents, 1000), "Content-Type: application/x-ndjson")
	filtest.Eventually(b, "the engagements", func() bool { return h.committed("ranking") == 15*readAgents })
	r := &pageReads{here: h, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * readers, DisableCompression: true}}}
	for i := range readAgents { // rank and keep every feed once
		agent := fmt.Sprintf("a%d", i)
		if err := h.redis.Set(context.Background(), "page:"+agent, h.Must(http.MethodGet, "/v1/agents/"+agent+"/feed", h.Keys["service"], "", 200).Body, 0).Err(); err != nil {
			b.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	one := access.Handler(h.server.who, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, err := h.server.house.redis.Get(r.Context(), "page:"+r.URL.Path[1:]).Bytes()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(page)))
		_, _ = w.Write(page)
	}), fil.RoleService)
	limit := &http.Server{Handler: one, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10} // as the porch
	go func() { _ = limit.Serve(listener) }()
	b.Cleanup(func() { _ = limit.Close() })
	r.limit = listener.Addr().String()
	return r
}

// cost is what this process takes.
type cost struct {
	objects, bytes uint64
	processors     time.Duration
}

func spent(t testing.TB) cost {
	t.Helper()
	var memory runtime.MemStats
	var use syscall.Rusage
	runtime.ReadMemStats(&memory)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	return cost{memory.Mallocs, memory.TotalAlloc, time.Duration(use.Utime.Nano() + use.Stime.Nano())}
}

// load reads for a time; the address takes an agent. It gives the time of each read, and adds the cost of all.
func (r *pageReads) load(lasting time.Duration, address string, sum *cost) (took []time.Duration) {
	var group sync.WaitGroup
	var mu sync.Mutex
	before, began := spent(r.T), time.Now()
	for reader := range readers {
		group.Go(func() {
			var mine []time.Duration
			for i := reader; time.Since(began) < lasting; i += readers {
				start := time.Now()
				r.read(fmt.Sprintf(address, fmt.Sprintf("a%d", i%readAgents)))
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	group.Wait()
	after := spent(r.T)
	sum.objects, sum.bytes, sum.processors = sum.objects+after.objects-before.objects, sum.bytes+after.bytes-before.bytes, sum.processors+after.processors-before.processors
	return took
}

func (r *pageReads) read(url string) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		r.T.Error(err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+r.Keys["service"])
	if r.encoding != "" {
		req.Header.Set("Accept-Encoding", r.encoding)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.T.Error(err)
		return
	}
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK || n == 0 {
		r.T.Errorf("status %d, %d bytes, %v", resp.StatusCode, n, err)
	}
	_ = resp.Body.Close()
}
