package learning_test

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

var update = flag.Bool("update", false, "write the golden files of the version in force")

// golden gives the bytes that a version of this program packed. A store outlives the program that filled it: a file of a
// version that is no longer written is never made again.
func golden(t *testing.T, name string, now []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update && now != nil {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(hex.EncodeToString(now)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// chronicle is what the golden files tell.
func chronicle() []fil.Engagement {
	dwell := did(fil.Dwell, "b", noon.Add(time.Hour))
	dwell.Dwell = 61
	return []fil.Engagement{did(fil.Impression, "a", noon), did(fil.Read, "a", noon.Add(time.Minute)), dwell, did(fil.Acknowledge, "c", noon.Add(2*time.Hour))}
}

// habitsOf is a partition's habits, each field with its length, in the order of their names.
func habitsOf(t *testing.T, client redis.UniversalClient) (packed []byte) {
	t.Helper()
	all := client.HGetAll(t.Context(), "hab:{3}").Val()
	for _, field := range slices.Sorted(maps.Keys(all)) {
		packed = append(append(append(packed, byte(len(field))), field...), byte(len(all[field])), byte(len(all[field])>>8))
		packed = append(packed, all[field]...)
	}
	return packed
}

func TestFormats_ReadWhatIsInForce(t *testing.T) {
	client := enginetest.Redis(t)
	learner := newLearner(t, newStore(t, client), prometheus.NewRegistry())
	start(t, learner)
	for i, e := range chronicle() {
		learn(t, learner, engagementRecord(t, int64(10+i), fmt.Sprint("e", i), e))
	}
	for i, content := range []string{"a", "b"} { // someone who has an organisation, and whose second read is followed from the first
		e := did(fil.Share, content, noon.Add(time.Duration(3+i)*time.Hour))
		e.Agent = "agent1"
		learn(t, learner, engagementRecord(t, int64(14+i), content, e))
	}
	now := stored(t, client)
	for name, packed := range map[string][]byte{
		"identities_v1": []byte(client.Get(t.Context(), "i:{alice}").Val()), "popularity_v3": []byte(now["pop:{3}"]), "habits_v2": habitsOf(t, client),
	} {
		if diff := cmp.Diff(golden(t, name, packed), packed); diff != "" {
			t.Errorf("packed in another way than %s; write a new version, and read this one: %s", name, diff)
		}
	}
	p, err := ranking.ParseProfile(golden(t, "../../testdata/profile_v1", nil))
	if err != nil || p.Len() != 3 || p.Offset() != 13 {
		t.Fatalf("version 1 is read as %d contents up to offset %d, error %v", p.Len(), p.Offset(), err)
	}
	if next := p.Apply(did(fil.Read, "d", noon), 14); next.Len() != 4 || next.Offset() != 14 {
		t.Errorf("a profile of version 1 does not go on: %d contents up to offset %d", next.Len(), next.Offset())
	}
	// What was stored, and the profile of version 1, is taken up: nothing is asked of the log again, and nothing counts twice.
	client.Set(t.Context(), "p:{alice}", golden(t, "../../testdata/profile_v1", nil), 0)
	again := newLearner(t, newStore(t, client), prometheus.NewRegistry())
	learn(t, again, engagementRecord(t, 13, "e3", chronicle()[3]))
	now["p:{alice}"] = string(golden(t, "../../testdata/profile_v1", nil)) // which nothing has changed
	if diff := cmp.Diff(now, stored(t, client)); diff != "" {
		t.Errorf("what was stored was not taken up: %s", diff)
	}
}

// Popularity of version 1 was decayed in hours, under the numbers of a policy, and version 2 counted nothing by the clock on the
// wall: both are made again from the log.
func TestFormats_MakePopularityOfEarlierVersionsAgain(t *testing.T) {
	for _, earlier := range []string{"popularity_v1", "popularity_v2"} {
		t.Run(earlier, func(t *testing.T) { makePopularityAgain(t, earlier) })
	}
}

func makePopularityAgain(t *testing.T, earlier string) {
	t.Helper()
	client := enginetest.Redis(t)
	l := &lane{records: history(t, rand.New(rand.NewPCG(31, 32)), 500, 0), cut: whole, restart: func() *learning.Learner {
		return newLearner(t, newStore(t, client), prometheus.NewRegistry())
	}}
	l.run(t)
	want := stored(t, client)
	client.Del(t.Context(), "hab:{3}")
	client.Set(t.Context(), "pop:{3}", golden(t, earlier, nil), 0)
	popularity := learning.NewPopularity(8, newStore(t, client).Popularities)
	if err := popularity.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, known := popularity.Of("c1"); known {
		t.Errorf("%s counts", earlier)
	}
	l.learner, l.committed = nil, 400
	l.cut = func(left int) int { return min(left, 90) }
	l.run(t)
	if diff := cmp.Diff(want, stored(t, client)); diff != "" {
		t.Errorf("made again, not as the log says: %s", diff)
	}
}

// A worker of this version that meets what a newer one wrote, as in the middle of an upgrade, leaves it and waits.
func TestFormats_LeaveWhatIsNewer(t *testing.T) {
	for _, key := range []string{"p:{alice}", "pop:{3}"} {
		t.Run(key, func(t *testing.T) {
			client := enginetest.Redis(t)
			learner := newLearner(t, newStore(t, client), prometheus.NewRegistry())
			start(t, learner)
			learn(t, learner, engagementRecord(t, 1, "e1", did(fil.Read, "a", noon)))
			newer := []byte(stored(t, client)[key])
			newer[0]++
			client.Set(t.Context(), key, newer, 0)
			before := stored(t, client)
			for range 3 {
				if _, err := learner.Learn(t.Context(), 3, []fil.Record{engagementRecord(t, 2, "e2", did(fil.Read, "b", noon))}); !errors.Is(err, ranking.ErrNewer) {
					t.Fatalf("error %v, want %v", err, ranking.ErrNewer)
				}
			}
			if diff := cmp.Diff(before, stored(t, client)); diff != "" {
				t.Errorf("what is newer was changed: %s", diff)
			}
			newer[0]--
			client.Set(t.Context(), key, newer, 0)
			learn(t, learner, engagementRecord(t, 2, "e2", did(fil.Read, "b", noon)))
		})
	}
}

// An unreadable profile does not begin anew in silence: the log makes it again, as it was.
func TestLearn_MakesAnUnreadableProfileAgain(t *testing.T) {
	var records []fil.Record
	for i := range 51 {
		e := did(fil.Read, fmt.Sprint("c", i), noon.Add(time.Duration(i)*time.Minute))
		e.Agent = []string{"alice", "bob"}[i%2]
		records = append(records, engagementRecord(t, int64(i), fmt.Sprint("e", i), e))
	}
	run := func(l *lane, n int) {
		l.records = records[:n]
		l.run(t)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"altered": func(b []byte) []byte { b[20], b[21] = 0, 0; return b },
		"cut":     func(b []byte) []byte { return b[:20] },
		"nothing": func([]byte) []byte { return []byte{0} },
	} {
		t.Run(name, func(t *testing.T) {
			var ends []map[string]string
			for _, damaged := range []bool{false, true} {
				client := enginetest.Redis(t)
				l := &lane{cut: whole, restart: func() *learning.Learner {
					return newLearner(t, newStore(t, client), prometheus.NewRegistry())
				}}
				run(l, 50)
				if damaged {
					client.Set(t.Context(), "p:{alice}", damage([]byte(stored(t, client)["p:{alice}"])), 0)
				}
				run(l, 51) // alice's
				if forgotten := len(l.seen) > 1; forgotten != damaged {
					t.Errorf("damaged %v: the lane met %v", damaged, l.seen)
				}
				end := stored(t, client)
				end["i:{alice}"] = client.Get(t.Context(), "i:{alice}").Val()
				ends = append(ends, end)
			}
			if diff := cmp.Diff(ends[0], ends[1]); diff != "" {
				t.Errorf("after the repair, not as the log says: %s", diff)
			}
		})
	}
}
