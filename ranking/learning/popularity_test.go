package learning_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ranking/learning"
)

func TestPopularity_IgnoresClocksAheadOfTheLog(t *testing.T) {
	client := enginetest.Redis(t)
	store := newStore(t, client)
	learner := newLearner(t, store, prometheus.NewRegistry())
	start(t, learner)
	record := engagementRecord(t, 0, "ahead", did(fil.Read, "ahead", noon.Add(50*365*24*time.Hour)))
	record.Admitted = noon
	learn(t, learner, record, engagementRecord(t, 1, "right", did(fil.Read, "right", noon.Add(time.Hour))))
	popularity := learning.NewPopularity(8, store.Popularities)
	if err := popularity.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, known := popularity.Of("ahead"); !known || a.Last != uint32(noon.Unix()) {
		t.Errorf("an act dated in 50 years was last at %d, want when it was admitted", a.Last)
	}
	if got := popularity.ReadsSince(noon.Add(30 * time.Minute)); got != 1.5 {
		t.Errorf("%v reads in the second half of the hour, want one and half of the other", got)
	}
}

func TestPopularity_IsTheSameInEveryProcess(t *testing.T) {
	client := enginetest.Redis(t)
	store := newStore(t, client)
	learner := newLearner(t, store, prometheus.NewRegistry())
	early := learning.NewPopularity(8, store.Popularities)
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
	late := learning.NewPopularity(8, store.Popularities)
	for _, p := range []*learning.Popularity{early, late} {
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
	batch := make([]fil.Record, 0, contents)
	for i := range contents {
		e := did(fil.Read, fmt.Sprint("c", i), noon.Add(time.Duration(i)*time.Second))
		e.Agent = fmt.Sprint("agent", i%50)
		batch = append(batch, engagementRecord(t, int64(i), fmt.Sprint(i), e))
	}
	for some := range slices.Chunk(batch, 2_060) {
		learn(t, learner, some...)
	}
	packed, err := store.LoadPopularity(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[fil.ContentKey]bool{}
	for b := packed.Counts[37:]; len(b) > 0; b = b[60:] {
		kept[fil.ContentKey(binary.LittleEndian.Uint64(b))] = true
	}
	if len(kept) < 16_384 || len(kept) > 20_480 {
		t.Errorf("%d contents are kept, want 16,384 to 20,480", len(kept))
	}
	if kept[fil.KeyOf("c0")] || !kept[fil.KeyOf(fmt.Sprint("c", contents-1))] {
		t.Error("those kept are not the latest: the oldest is there or the newest is not")
	}
	rows, of := 0, map[fil.ContentKey]bool{}
	for _, h := range packed.Habits {
		for b := h.Bytes; h.Field[0] == 'r' && len(b) > 0; b = b[17+12*int(b[16]):] {
			rows, of[fil.ContentKey(binary.LittleEndian.Uint64(b))] = rows+1, true
			if b[16] > 160 {
				t.Fatalf("a row has %d others", b[16])
			}
		}
	}
	if rows < 2048 || rows > 2560 || of[fil.KeyOf("c10000")] || !of[fil.KeyOf(fmt.Sprint("c", contents-1))] {
		t.Errorf("%d rows are kept, want the 2,048 to 2,560 that grew last", rows)
	}
}

func TestMemory_BoundsOrganisations(t *testing.T) {
	memory := learning.NewMemory(func(agent string) string { return agent })
	read := func(org, content string) {
		memory.Observe(fil.Engagement{Kind: fil.Read, Agent: org, Content: content, Time: noon})
	}
	for i := range 20 {
		read("great", fmt.Sprint("x", i))
	}
	for i := range 45_000 { // two counts each
		read(fmt.Sprint("org", i), "a")
		if i%20 == 0 {
			read("great", fmt.Sprint("y", i))
		}
	}
	popularity := memory.Popularity()
	if of, all := popularity.OrgReads("a", "org10"); of != 0 || all != 0 {
		t.Errorf("an organisation of one read, long ago, has still %v of %v", of, all)
	}
	if of, all := popularity.OrgReads("a", "org44999"); of != 1 || all != 1 {
		t.Errorf("the last organisation has %v of %v, want 1 of 1", of, all)
	}
	if _, all := popularity.OrgReads("a", "great"); all < 5 {
		t.Errorf("an organisation that reads all the time has %v", all)
	}
}

func TestPopularity_RefreshesAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var asked, late []time.Duration
		reported, began := 0, time.Now()
		popularity := learning.NewPopularity(2, func(_ context.Context, _ [][]byte, habits bool) ([]learning.PackedTally, error) {
			if habits {
				late = append(late, time.Since(began))
			} else if asked = append(asked, time.Since(began)); len(asked) == 2 {
				return nil, errKilled
			}
			return make([]learning.PackedTally, 2), nil
		})
		done := make(chan struct{})
		go func() {
			defer close(done)
			popularity.Run(ctx, time.Second, func(error) { reported++ })
		}()
		<-time.After(61500 * time.Millisecond) // of the bubble's clock, which begins at midnight
		cancel()
		<-done
		if len(asked) != 62 || !slices.Equal(asked[:3], []time.Duration{0, time.Second, 2 * time.Second}) || reported != 1 {
			t.Errorf("asked at %v, %d errors reported", asked, reported)
		}
		if !slices.Equal(late, []time.Duration{0, 30 * time.Second, time.Minute}) {
			t.Errorf("asked for habits at %v", late)
		}
	})
}

func FuzzPopularity(f *testing.F) {
	store := newStore(f, enginetest.Redis(f))
	learner := newLearner(f, store, prometheus.NewRegistry())
	start(f, learner)
	var batch []fil.Record
	for i, content := range []string{"12345678", "other", "12345678", "third"} {
		e := did(fil.Share, content, noon)
		e.Agent = []string{"agent1", "agent3"}[i/2]
		batch = append(batch, engagementRecord(f, int64(i), fmt.Sprint(i), e))
	}
	learn(f, learner, batch...)
	stored, err := store.LoadPopularity(context.Background(), 3)
	if err != nil {
		f.Fatal(err)
	}
	for _, h := range stored.Habits {
		f.Add(stored.Counts, h.Field, h.Bytes)
	}
	f.Add(slices.Concat(stored.Counts[:65], []byte("\x00\x00\x80\x7f")), "h", []byte{})
	f.Add(slices.Concat(stored.Counts, stored.Counts[37:77]), "r", []byte{})
	f.Add([]byte{1, 0, 0, 0}, "", []byte{1})
	f.Fuzz(func(t *testing.T, counts []byte, field string, habit []byte) {
		packed := learning.PackedTally{Counts: counts, Habits: []learning.Habit{{Field: field, Bytes: habit}}}
		if again, err := learning.Repack(packed, 8); err == nil {
			if packed.Habits = learning.SortedHabits(packed.Habits); !reflect.DeepEqual(again, packed) && len(packed.Habits)+len(again.Habits) > 0 {
				t.Fatalf("what was read is not written as it was: %v, %v", packed, again)
			}
		}
		popularity := learning.NewPopularity(8, func(context.Context, [][]byte, bool) ([]learning.PackedTally, error) {
			return []learning.PackedTally{3: packed, 7: {}}, nil
		})
		if err := popularity.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		s, _ := popularity.Of("12345678")
		of, all := popularity.OrgReads("12345678", "town")
		for _, v := range []float64{s.Now, s.Lately, s.While, s.Ever, s.Shown, s.SinceLast, of, all, popularity.ReadsSince(noon)} {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				t.Fatalf("%+v, %v of %v", s, of, all)
			}
		}
	})
}
