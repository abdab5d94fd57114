package ranking_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

// readers are how many agents there are whose feeds are ranked in turn, and readEach how many contents each has read.
const readers, readEach = 200, 200

// benchRanker has so many live contents, and readers whose reads it has learned: popularity, co-readers, organisations and
// tastes are as those of a house where a few contents are read much. The contents are of topics, sources, authors and kinds.
func benchRanker(b *testing.B, live int) (ranker *ranking.Ranker, profiles [][]byte) {
	random := rand.New(rand.NewPCG(28, 29))
	contents := newsroom(random, live)
	for i := range contents {
		contents[i].ExpiresAt = time.Time{}
	}
	memory, favour := learning.NewMemory(orgOf), rand.NewZipf(random, 1.1, 10, uint64(live-1))
	for i := range readers * readEach {
		e := did(fil.Read, contents[favour.Uint64()].ID, noon.Add(time.Duration(i-readers*readEach)*time.Minute))
		e.Agent = fmt.Sprint("agent", i%readers)
		memory.Observe(e)
	}
	for agent := range readers {
		profiles = append(profiles, memory.Profile(fmt.Sprint("agent", agent)).Bytes())
	}
	return ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(b, contents...), somewhere{}, memory.Trends), profiles
}

// somewhere knows everyone: half of them manage, and each is of an organisation.
type somewhere struct{}

func (somewhere) Member(id string) (ranking.Member, bool) {
	return resident{citizen: citizen{[]string{"managers"}[:len(id)%2]}, org: orgOf(id)}, true
}

type resident struct {
	citizen
	org string
}

func (r resident) Org() string { return r.org }

// BenchmarkRank ranks feeds of one agent after another on a board that is there already; "limit" beside it reads as many values
// as there are features of each content looked at, adds them up, and sorts the sums.
func BenchmarkRank(b *testing.B) {
	for _, live := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint("live=", live), func(b *testing.B) {
			ranker, profiles := benchRanker(b, live)
			took, agents := make([]time.Duration, 0, 1<<16), make([]string, readers)
			for i := range agents {
				agents[i] = fmt.Sprint("agent", i)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				if _, _, err := ranker.Rank(agents[i%readers], profiles[i%readers], fil.OrderRanked, noon); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "p99-µs")
		})
		b.Run(fmt.Sprint("live=", live, "/limit"), func(b *testing.B) {
			candidates := min(live, ranking.DefaultPolicy().Candidates)
			columns := make([][]float64, len(ranking.FeatureNames()))
			random, sums := rand.New(rand.NewPCG(30, 31)), make([]float64, candidates)
			for f := range columns {
				for range candidates {
					columns[f] = append(columns[f], random.Float64())
				}
			}
			for b.Loop() {
				clear(sums)
				for _, column := range columns {
					for i, value := range column {
						sums[i] += value
					}
				}
				slices.Sort(sums)
			}
		})
	}
}

// BenchmarkRank_Woven is a feed of two lists, beside one of one list by the same policy and contents.
func BenchmarkRank_Woven(b *testing.B) {
	random := rand.New(rand.NewPCG(28, 29))
	contents := newsroom(random, 1_000)
	profile := reader(random, contents, 200)
	one, first := published(b, "name: one")
	two, second := published(b, "name: two")
	for name, interleave := range map[string]bool{"one list": false, "two lists": true} {
		b.Run(name, func(b *testing.B) {
			arms := []fil.Arm{{Name: "a", Policy: first, Share: 0.5}, {Name: "b", Policy: second, Share: 0.5}}
			ranking.Deal(arms)
			ranker := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(b, contents...), town, nil)
			ranker.Follow(applied(b, one, two, enforce(b, fil.InForce{Policy: first, Experiment: &fil.Experiment{Name: "weave", Arms: arms, Interleave: interleave}})))
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
	ranker, profiles := benchRanker(b, 1_000)
	profile := profiles[0]
	feed, _, err := ranker.Rank("agent0", profile, fil.OrderRanked, noon)
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
	ranker, profiles := benchRanker(b, 1_000)
	profile := profiles[0]
	feed, _, err := ranker.Rank("agent0", profile, fil.OrderRanked, noon)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ranker.Place("agent0", profile, feed.Entries[:20], fil.OrderRanked, "fr", noon); err != nil {
			b.Fatal(err)
		}
	}
}
