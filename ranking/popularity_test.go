package ranking_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ranking"
)

// gainOf is what popularity adds to a content in alice's feed.
func gainOf(t *testing.T, r *ranking.Ranker, content string, now time.Time) float64 {
	t.Helper()
	placements, _, err := r.Place("alice", nil, []fil.Entry{{Content: fil.KeyOf(content)}}, fil.OrderRanked, "fr", now)
	if err != nil || len(placements) != 1 {
		t.Fatalf("placements %v, error %v", placements, err)
	}
	for _, p := range placements[0].Explanation.Parameters {
		if p.Name == "popularity" {
			return p.Value
		}
	}
	t.Fatal("no parameter is named popularity")
	return 0
}

func TestPopularity_IsTheDecayedSumOfActs(t *testing.T) {
	client := enginetest.Redis(t)
	store, policy := newStore(t, client), ranking.DefaultPolicy()
	learner := newLearner(t, store, prometheus.NewRegistry())
	start(t, learner)
	published := noon.Add(-48 * time.Hour)
	var batch []fil.Record
	sum := 0.0
	for i := range 100 {
		e := did(fil.Read, "a", published.Add(time.Duration(i)*20*time.Minute))
		e.Agent = fmt.Sprint("agent", i)
		batch = append(batch, engagementRecord(t, int64(i), fmt.Sprint(i), e))
		sum += policy.Signals[fil.Read] * math.Exp2(e.Time.Sub(published).Hours()/policy.HalfLives.PopularityHours)
	}
	learn(t, learner, batch...)
	popularity := ranking.NewPopularity(policy, 8, store.Popularities)
	if err := popularity.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	ranker := ranking.NewRanker(policy, newCatalogue(t, news("a", published), news("b", published)), town, popularity)
	want := math.Log2(1 + sum/policy.Priors.Popularity)
	for _, later := range []time.Duration{0, time.Hour, 1000 * time.Hour} {
		if got := gainOf(t, ranker, "a", noon.Add(later)); math.Abs(got-want) > 1.0/32 {
			t.Errorf("%v later: popularity adds %v, want %v to 1/16", later, got, want)
		}
	}
	if got := gainOf(t, ranker, "b", noon); got != 0 {
		t.Errorf("popularity adds %v to what nobody read", got)
	}
}

func TestPopularity_IgnoresClocksAheadOfTheLog(t *testing.T) {
	client := enginetest.Redis(t)
	store := newStore(t, client)
	learner := newLearner(t, store, prometheus.NewRegistry())
	start(t, learner)
	ahead, right := did(fil.Read, "ahead", noon.Add(50*365*24*time.Hour)), did(fil.Read, "right", noon)
	record := engagementRecord(t, 0, "ahead", ahead)
	record.Admitted = noon
	learn(t, learner, record, engagementRecord(t, 1, "right", right))
	popularity := ranking.NewPopularity(ranking.DefaultPolicy(), 8, store.Popularities)
	if err := popularity.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(t, news("ahead", noon), news("right", noon)), town, popularity)
	if a, b := gainOf(t, ranker, "ahead", noon), gainOf(t, ranker, "right", noon); a != b {
		t.Errorf("an act dated in 50 years adds %v, the same act now %v", a, b)
	}
}

func TestPopularity_IsTheSameInEveryProcess(t *testing.T) {
	client := enginetest.Redis(t)
	store := newStore(t, client)
	learner := newLearner(t, store, prometheus.NewRegistry())
	early := ranking.NewPopularity(ranking.DefaultPolicy(), 8, store.Popularities)
	random, offsets, blank := rand.New(rand.NewPCG(24, 25)), map[int]int64{}, early.Stamp()
	for i := range 200 {
		partition := random.IntN(8)
		if _, known := offsets[partition]; !known {
			if _, err := learner.Learn(t.Context(), partition, nil); !errors.Is(err, fil.ErrForgotten) {
				t.Fatal(err)
			}
		}
		e := did(fil.Click, fmt.Sprint("c", random.IntN(30)), noon.Add(time.Duration(random.IntN(1e5))*time.Second))
		if _, err := learner.Learn(t.Context(), partition, []fil.Record{engagementRecord(t, offsets[partition], fmt.Sprint(i), e)}); err != nil {
			t.Fatal(err)
		}
		offsets[partition]++
		if random.IntN(10) == 0 {
			if err := early.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	late := ranking.NewPopularity(ranking.DefaultPolicy(), 8, store.Popularities)
	for _, p := range []*ranking.Popularity{early, late} {
		if err := p.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if early.Stamp() != late.Stamp() || early.Stamp() == blank {
		t.Errorf("stamps %x and %x of the same popularity; %x before any act", early.Stamp(), late.Stamp(), blank)
	}
	enginetest.Empty(t, client)
	if err := late.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if late.Stamp() != blank {
		t.Error("with Redis emptied, popularity is still there")
	}
}

func TestPopularity_IsBounded(t *testing.T) {
	client := enginetest.Redis(t)
	store := newStore(t, client)
	learner := newLearner(t, store, prometheus.NewRegistry())
	start(t, learner)
	const contents = 20_600 // a little more than 16,384 and a quarter of it
	for batch := range slices.Chunk(make([]fil.Record, contents), 2_060) {
		base, err := store.LoadPopularity(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		first := int64(0)
		if len(base) >= 17 {
			first = int64(binary.LittleEndian.Uint64(base[9:])) + 1
		}
		for i := range batch {
			e := did(fil.Read, fmt.Sprint("c", first+int64(i)), noon.Add(time.Duration(first+int64(i))*time.Second))
			e.Agent = fmt.Sprint("agent", i%50)
			batch[i] = engagementRecord(t, first+int64(i), fmt.Sprint(first+int64(i)), e)
		}
		learn(t, learner, batch...)
	}
	packed, err := store.LoadPopularity(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[fil.ContentKey]bool{}
	for b := packed[17:]; len(b) > 0; b = b[16:] {
		kept[fil.ContentKey(binary.LittleEndian.Uint64(b))] = true
	}
	if len(kept) < 16_384 || len(kept) > 20_480 {
		t.Errorf("%d contents are kept, want 16,384 to 20,480", len(kept))
	}
	if kept[fil.KeyOf("c0")] || !kept[fil.KeyOf(fmt.Sprint("c", contents-1))] {
		t.Error("those kept are not the most popular: the oldest is there or the newest is not")
	}
}

func TestPopularity_RefreshesAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var asked []time.Duration
		reported, began := 0, time.Now()
		popularity := ranking.NewPopularity(ranking.DefaultPolicy(), 2, func(context.Context, [][]byte) ([][]byte, error) {
			if asked = append(asked, time.Since(began)); len(asked) == 2 {
				return nil, errKilled
			}
			return make([][]byte, 2), nil
		})
		done := make(chan struct{})
		go func() {
			defer close(done)
			popularity.Run(ctx, time.Second, func(error) { reported++ })
		}()
		<-time.After(2500 * time.Millisecond) // of the bubble's clock
		cancel()
		<-done
		if !slices.Equal(asked, []time.Duration{0, time.Second, 2 * time.Second}) || reported != 1 {
			t.Errorf("asked at %v, %d errors reported", asked, reported)
		}
	})
}

func FuzzPopularity(f *testing.F) {
	store := newStore(f, enginetest.Redis(f))
	learner := newLearner(f, store, prometheus.NewRegistry())
	start(f, learner)
	learn(f, learner, engagementRecord(f, 0, "a", did(fil.Read, "12345678", noon)), engagementRecord(f, 1, "b", did(fil.Share, "other", noon)))
	stored, err := store.LoadPopularity(context.Background(), 3)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored)
	f.Add(slices.Concat(stored[:25], []byte("\x00\x00\x00\x00\x00\x00\xf0\x7f")))
	f.Add(slices.Concat(stored, stored[17:33]))
	f.Add([]byte{1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, packed []byte) {
		popularity := ranking.NewPopularity(ranking.DefaultPolicy(), 1, func(context.Context, [][]byte) ([][]byte, error) {
			return [][]byte{packed}, nil
		})
		if err := popularity.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		ranker := ranking.NewRanker(ranking.DefaultPolicy(), newCatalogue(t, news("12345678", noon)), town, popularity)
		for _, entry := range rank(t, ranker, nil, noon).Entries {
			if math.IsNaN(float64(entry.Score)) || math.IsInf(float64(entry.Score), 0) {
				t.Fatalf("score %v", entry.Score)
			}
		}
	})
}
