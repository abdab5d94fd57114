package analytics_test

import (
	"fmt"
	"testing"

	"github.com/filengine/fil"
)

// BenchmarkRecorder records batches of 10,000 new engagements; the limit beside it is BenchmarkInsert of the warehouse,
// which has no records to decode, no identities to look up and no pseudonyms to make.
func BenchmarkRecorder(b *testing.B) {
	const size = 10_000
	r, _ := newRecorder(b, open(b, settings(b)))
	if err := r.Record(b.Context(), 0, nil); err == nil {
		b.Fatal("a lane without claim was not asked again")
	}
	batch, next := make([]fil.Record, size), 0
	for b.Loop() {
		b.StopTimer()
		for i := range batch {
			batch[i] = act(b, int64(next), fmt.Sprint(next), fil.Engagement{Kind: fil.Read, Agent: agentID(next % 500)})
			next++
		}
		b.StartTimer()
		if err := r.Record(b.Context(), 0, batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkRecorder_Idle is what looking after an idle lane costs, once a second for each partition of both topics.
func BenchmarkRecorder_Idle(b *testing.B) {
	r, _ := newRecorder(b, open(b, settings(b)))
	if err := r.Record(b.Context(), 0, reads(b, 0, 10)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := r.Record(b.Context(), 0, nil); err != nil {
			b.Fatal(err)
		}
	}
}
