package ranking_test

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
	"github.com/filengine/fil/ranking"
)

// benchRanker has so many live contents and a reader who dealt with 200 of them.
func benchRanker(b *testing.B, live int) (*ranking.Ranker, []byte) {
	random := rand.New(rand.NewPCG(28, 29))
	contents := newsroom(random, live)
	for i := range contents {
		contents[i].ExpiresAt = time.Time{}
	}
	return ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(b, contents...), town, nil), reader(random, contents, 200)
}

func BenchmarkRank(b *testing.B) {
	for _, live := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint("live=", live), func(b *testing.B) {
			ranker, profile := benchRanker(b, live)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := ranker.Rank("alice", profile, fil.OrderRanked, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRank_AfterAPublication includes what is made again once per change, for all agents.
func BenchmarkRank_AfterAPublication(b *testing.B) {
	for _, live := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint("live=", live), func(b *testing.B) {
			random := rand.New(rand.NewPCG(28, 29))
			contents := newsroom(random, live)
			catalogue := newCatalogue(b, contents...)
			ranker, profile := ranking.NewRanker(ranking.DefaultPolicy(), catalogue, town, nil), reader(random, contents, 200)
			offset := int64(live)
			for b.Loop() {
				offset++
				if err := catalogue.Apply([]fil.Record{contentRecord(b, offset, news("flash", noon.Add(-time.Duration(offset))))}); err != nil {
					b.Fatal(err)
				}
				if _, _, err := ranker.Rank("alice", profile, fil.OrderRanked, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFresh(b *testing.B) {
	ranker, profile := benchRanker(b, 1_000)
	feed, _, err := ranker.Rank("alice", profile, fil.OrderRanked, noon)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !ranker.Fresh(feed, profile, noon) {
			b.Fatal("stale")
		}
	}
}

func BenchmarkPlace(b *testing.B) {
	ranker, profile := benchRanker(b, 1_000)
	feed, _, err := ranker.Rank("alice", profile, fil.OrderRanked, noon)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ranker.Place("alice", profile, feed.Entries[:20], fil.OrderRanked, "fr", noon); err != nil {
			b.Fatal(err)
		}
	}
}

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
		profile := make([]byte, 9+18*100)
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
