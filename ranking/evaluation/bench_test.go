package evaluation_test

import (
	"math/rand/v2"
	"testing"

	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/evaluation"
)

// BenchmarkJudge replays a made-up log of 20,000 acts of 400 agents on 1,000 contents; events are judged reads, each a question
// to one order about hundreds of candidates.
func BenchmarkJudge(b *testing.B) {
	log := logOf(b, madeUp(rand.New(rand.NewPCG(1, 2)), 20_000, 400, 1000)...)
	for _, name := range evaluation.BuiltIn() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			events := 0
			for b.Loop() {
				report := judge(b, log, whole(), name)
				events += report.Judged + report.Cold
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkTune learns weights from a made-up log of 100,000 acts of 5,000 agents on 1,000 contents.
func BenchmarkTune(b *testing.B) {
	log := logOf(b, madeUp(rand.New(rand.NewPCG(1, 2)), 100_000, 5_000, 1_000)...)
	for b.Loop() {
		if _, steps, err := evaluation.Tune(b.Context(), log, ranking.DefaultPolicy()); err != nil || steps == 0 {
			b.Fatal(steps, err)
		}
	}
}
