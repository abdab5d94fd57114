package delivery_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
)

// BenchmarkRead is one page of 20 from a kept feed, over HTTP; "limit" beside it is a handler that does one Redis GET of
// the same bytes. What is between the two is delivery: freshness, places, explanations, JSON.
func BenchmarkRead(b *testing.B) {
	w := setup(b, nil)
	all := numbered(100)
	for i := range all {
		all[i].Summary, all[i].Body = strings.Repeat("résumé ", 20), strings.Repeat("Un *paragraphe* de texte.\n\n", 40)
	}
	w.put(all...)
	res := w.request("agent:marie", "/v1/feed")
	etag := res.header.Get("ETag")

	b.Run("page", func(b *testing.B) { percentiles(b, w.server.URL+"/v1/feed", http.StatusOK) })
	b.Run("not_modified", func(b *testing.B) {
		percentiles(b, w.server.URL+"/v1/feed", http.StatusNotModified, "If-None-Match", etag)
	})
	b.Run("limit", func(b *testing.B) {
		if err := w.redis.Set(b.Context(), "page", res.body, 0).Err(); err != nil {
			b.Fatal(err)
		}
		server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			page, err := w.redis.Get(r.Context(), "page").Bytes()
			if err != nil {
				out.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = out.Write(page)
		}))
		defer server.Close()
		percentiles(b, server.URL, http.StatusOK)
	})
}

// percentiles reads one after the other and reports the time of a read.
func percentiles(b *testing.B, url string, want int, headers ...string) {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("X-Caller", "agent:marie")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != want {
			b.Fatal(res.Status, err)
		}
		b.SetBytes(n)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkWarm ranks nothing: it is what looking at kept feeds costs; "limit" is their values read in one pipeline.
func BenchmarkWarm(b *testing.B) {
	w := setup(b, nil)
	w.put(numbered(100)...)
	agents := make([]string, 256)
	for i := range agents {
		agents[i] = fmt.Sprintf("agent%d", i)
		feed, _, err := w.Rank("marie", nil, fil.OrderRanked, noon)
		if err != nil {
			b.Fatal(err)
		}
		feed.Agent = agents[i]
		feed.Stamp = w.stamp(agents[i], nil)
		if err := w.store.Put(b.Context(), feed, noon); err != nil {
			b.Fatal(err)
		}
	}
	perFeed := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(agents)), "ns/feed")
	}
	b.Run("look", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.store.GetMany(b.Context(), agents); err != nil {
				b.Fatal(err)
			}
		}
		perFeed(b)
	})
	b.Run("limit", func(b *testing.B) {
		for b.Loop() {
			if err := readRaw(b.Context(), w.redis, agents); err != nil {
				b.Fatal(err)
			}
		}
		perFeed(b)
	})
}

func readRaw(ctx context.Context, client redis.UniversalClient, agents []string) error {
	pipe := client.Pipeline()
	for _, agent := range agents {
		pipe.MGet(ctx, "f:{"+agent+"}", profileKey(agent))
	}
	_, err := pipe.Exec(ctx)
	return err
}
