package scim_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"

	"github.com/filengine/fil"
)

// BenchmarkUserMemory applies b.N records as SCIM writes them, and says how much memory a user takes, and how long; beside
// it, what the texts alone of a user take in their record.
func BenchmarkUserMemory(b *testing.B) {
	h := bare(b)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, size := heap(), 0
	batch := make([]fil.Record, 0, 1000)
	b.ResetTimer()
	for n := range b.N {
		data, err := json.Marshal(map[string]any{"id": fmt.Sprintf("agent%08d", n), "org": "x", "directory": map[string]any{
			"created": "2026-03-02T08:00:00Z", "modified": "2026-03-02T08:00:00Z", "attributes": map[string]any{
				"userName": fmt.Sprintf("prenom.nom%08d@collectivite.fr", n), "externalId": fmt.Sprintf("agent%08d", n), "title": fmt.Sprint("Métier ", n%800),
				"preferredLanguage": "fr-FR", "addresses": []any{map[string]any{"type": "work", "locality": fmt.Sprint("Ville ", n%5000)}},
				enterpriseURN: map[string]any{"organization": fmt.Sprint("Ministère ", n%30), "division": fmt.Sprint("Direction ", n%900), "department": fmt.Sprint("Service ", n%20000), "costCenter": fmt.Sprint(n % 9)},
			}}})
		if err != nil {
			b.Fatal(err)
		}
		size += len(data)
		batch = append(batch, fil.Record{Key: fmt.Sprintf("agent%08d", n), Event: fil.Event{Data: data}})
		if len(batch) == cap(batch) || n == b.N-1 {
			if err := h.scim.ApplyAgents(batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	b.StopTimer()
	clear(batch[:cap(batch)])
	b.ReportMetric(float64(heap()-before)/float64(b.N), "B/user")
	b.ReportMetric(float64(size)/float64(b.N), "B/record")
	if r := h.want(200, "GET", "/Users?count=0", ""); r.at("totalResults") != float64(b.N) {
		b.Fatalf("%v users of %d", r, b.N)
	}
}
