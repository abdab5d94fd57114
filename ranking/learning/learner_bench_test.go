package learning_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// BenchmarkLearn counts engagements; beside it, the least that any learner of profiles in this Redis could do for each:
// one GET and one SET of a profile, pipelined as many at a time.
func BenchmarkLearn(b *testing.B) {
	const batch, agents = 500, 1_000
	client := enginetest.Redis(b)
	learner := newLearner(b, newStore(b, client), prometheus.NewRegistry())
	if _, err := learner.Learn(b.Context(), 0, nil); !errors.Is(err, fil.ErrForgotten) {
		b.Fatal(err)
	}
	offset, random := int64(0), rand.New(rand.NewPCG(30, 31))
	b.Run("events", func(b *testing.B) {
		records := make([]fil.Record, batch)
		for n := 0; n < b.N; n += batch {
			b.StopTimer()
			for i := range records {
				e := did(fil.Read, fmt.Sprint("c", random.IntN(1000)), noon.Add(time.Duration(offset)*time.Second))
				e.Agent = fmt.Sprint("agent", random.IntN(agents))
				records[i] = engagementRecord(b, offset, fmt.Sprint(offset), e)
				offset++
			}
			b.StartTimer()
			if _, err := learner.Learn(b.Context(), 0, records); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("limit", func(b *testing.B) {
		profile := make([]byte, 12+22*100)
		for n := 0; n < b.N; n += batch {
			if _, err := client.Pipelined(b.Context(), func(pipe redis.Pipeliner) error {
				for i := range batch {
					pipe.Get(b.Context(), fmt.Sprint("p:{", i, "}"))
				}
				return nil
			}); err != nil && !errors.Is(err, redis.Nil) {
				b.Fatal(err)
			}
			if _, err := client.Pipelined(b.Context(), func(pipe redis.Pipeliner) error {
				for i := range batch {
					pipe.Set(b.Context(), fmt.Sprint("p:{", i, "}"), profile, time.Hour)
				}
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
