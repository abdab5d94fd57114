package ingest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/filengine/fil"
)

// Events admitted per second, beside what the log alone takes in publications of the same size (BenchmarkPublish).
// Compare the events/s of the same batch.
func BenchmarkAdmit(b *testing.B) {
	for _, batch := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			h := setup(b)
			var next atomic.Int64
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
			b.SetParallelism(parallelism(batch))
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					var body bytes.Buffer
					for i := range batch {
						body.WriteString(map[bool]string{true: "[", false: ","}[i == 0])
						n := next.Add(1)
						body.WriteString(event(fmt.Sprint(n), fmt.Sprint("agent-", n%5000), fmt.Sprint("content-", n%300), "read"))
					}
					body.WriteString("]")
					req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, h.url+"/v1/engagements", &body)
					req.Header.Set("Authorization", "Bearer ingest")
					req.Header.Set("Content-Type", many)
					resp, err := client.Do(req)
					if err != nil {
						b.Error(err)
						return
					}
					answer, _ := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					if !strings.Contains(string(answer), fmt.Sprintf(`"admitted":%d,`, batch)) {
						b.Errorf("answer %s", answer)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkPublish is the limit of BenchmarkAdmit: the same events, straight to the log.
func BenchmarkPublish(b *testing.B) {
	for _, batch := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			h := setup(b)
			var next atomic.Int64
			b.SetParallelism(parallelism(batch))
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					records := make([]fil.Record, batch)
					for i := range records {
						n := next.Add(1)
						e, err := fil.Engagement{Kind: fil.Read, Agent: fmt.Sprint("agent-", n%5000), Content: fmt.Sprint("content-", n%300), Time: h.now()}.Event("test", fmt.Sprint(n))
						if err != nil {
							b.Error(err)
							return
						}
						records[i] = fil.Record{Position: fil.Position{Topic: fil.TopicEngagements}, Key: fmt.Sprint("agent-", n%5000), Event: e}
					}
					if err := h.log.Publish(b.Context(), records); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// parallelism is clients a core: many that send one event, few that send a thousand.
func parallelism(batch int) int {
	switch batch {
	case 1:
		return 64
	case 100:
		return 8
	default:
		return 2
	}
}
