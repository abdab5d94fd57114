package learning_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ranking/learning"
)

// packedTallies is what so many partitions hold after each of so many contents was read in each of them.
func packedTallies(b *testing.B, partitions, contents int) []learning.PackedTally {
	store, random := newStore(b, enginetest.Redis(b)), rand.New(rand.NewPCG(61, 62))
	learner := newLearnerOf(b, learning.LearnerParts{Store: store, Partitions: partitions, Metrics: prometheus.NewRegistry()})
	packed := make([]learning.PackedTally, partitions)
	for p := range packed {
		if _, err := learner.Learn(b.Context(), p, nil); err == nil {
			b.Fatal("an empty store is not noticed")
		}
		var records []fil.Record
		for i := range contents {
			e := did(fil.Read, fmt.Sprint("c", random.IntN(contents)), noon.Add(time.Duration(i)*time.Minute))
			e.Agent = fmt.Sprint("agent", p, "-", random.IntN(500))
			records = append(records, engagementRecord(b, int64(i), fmt.Sprint(i), e))
		}
		for batch := range slices.Chunk(records, 1000) {
			if _, err := learner.Learn(b.Context(), p, batch); err != nil {
				b.Fatal(err)
			}
		}
		var err error
		if packed[p], err = store.LoadPopularity(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
	return packed
}

// BenchmarkPopularity_Refresh is what a second costs a process that ranks, when so many of 16 partitions have changed, Redis
// aside: parsing those, and merging all.
func BenchmarkPopularity_Refresh(b *testing.B) {
	const partitions, contents = 16, 10_000
	packed := packedTallies(b, partitions, contents)
	turn := uint64(0)
	for _, changed := range []int{1, partitions} {
		for _, withHabits := range []bool{false, true} {
			b.Run(fmt.Sprintf("changed=%d/habits=%v", changed, withHabits), func(b *testing.B) {
				popularity := learning.NewPopularity(partitions, func(_ context.Context, headers [][]byte, habits bool) ([]learning.PackedTally, error) {
					out := make([]learning.PackedTally, partitions)
					for i := range out {
						if len(headers[i]) == 0 || i < changed && (withHabits || !habits) {
							out[i] = packed[i]
						}
					}
					return out, nil
				})
				if err := popularity.Refresh(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					turn++
					for i := range changed { // another edition, as of a later write
						binary.LittleEndian.PutUint64(packed[i].Counts[17:], turn%8000)
					}
					if err := popularity.Refresh(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkMemory_Observe counts engagements of 1,000 agents, who come to have read hundreds of contents each.
func BenchmarkMemory_Observe(b *testing.B) {
	memory, random := learning.NewMemory(orgOf), rand.New(rand.NewPCG(63, 64))
	acts := make([]fil.Engagement, 1<<16)
	for i := range acts {
		acts[i] = did([]fil.EngagementKind{fil.Impression, fil.Read}[random.IntN(2)], fmt.Sprint("c", i/50+random.IntN(500)), noon.Add(time.Duration(i)*time.Second))
		acts[i].Agent = fmt.Sprint("agent", random.IntN(1000))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		memory.Observe(acts[i%len(acts)])
	}
}

func BenchmarkMemory_Of(b *testing.B) {
	memory, keys := learning.NewMemory(orgOf), make([]fil.ContentKey, 500)
	for _, e := range morning(rand.New(rand.NewPCG(65, 66)), 20_000, len(keys)) {
		memory.Observe(e)
	}
	for i := range keys {
		keys[i] = fil.KeyOf(fmt.Sprint("c", i))
	}
	popularity, sum := memory.Popularity(), 0.0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		sum += popularity.Look(keys[i%len(keys)])
	}
	if sum == 0 {
		b.Fatal("nothing was read")
	}
}
