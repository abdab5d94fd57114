package learning_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

// history is a partition's engagements: several agents and contents over some weeks, with duplicates close and far,
// preferences, records that are neither, and clocks that are wrong.
func history(t testing.TB, random *rand.Rand, n int, first int64) []fil.Record {
	kinds, records := fil.EngagementKinds(), make([]fil.Record, 0, n)
	admitted := noon.Add(-60 * 24 * time.Hour)
	for i := range n {
		admitted = admitted.Add(time.Duration(random.IntN(2*60*60*24*60/n)) * time.Second)
		if admitted.After(noon) { // when a rebuild looks which identities are still asked for
			admitted = noon
		}
		e := fil.Engagement{
			Kind: kinds[random.IntN(len(kinds))], Agent: fmt.Sprint("agent", random.IntN(7)), Content: fmt.Sprint("c", random.IntN(25)),
			Dwell: float64(random.IntN(500)), Time: admitted.Add(time.Duration(random.IntN(7200)-5400) * time.Second),
		}
		rec := engagementRecord(t, first+int64(i), fmt.Sprint("e", i), e)
		switch {
		case random.IntN(20) == 0:
			rec.Event.Data = []byte(`{"agent":`)
		case random.IntN(30) == 0:
			asked := fil.Preference{Kind: fil.Forget, Agent: e.Agent, Time: e.Time}
			if random.IntN(2) == 0 {
				asked = fil.Preference{Kind: fil.PreferMore, Agent: e.Agent, Facet: fil.FacetTopic, Name: e.Content, Time: e.Time}
			}
			rec = preferenceRecord(t, rec.Offset, fmt.Sprint("e", i), asked)
		case i > 0 && random.IntN(5) == 0:
			rec.Key, rec.Event = records[i-1-random.IntN(i)].Key, records[random.IntN(i)].Event
		}
		rec.Admitted = admitted
		records = append(records, rec)
	}
	return records
}

// flaky is the real store until it has made so many calls. Then, as a process that is killed, it makes part of a write,
// or all of it without saying so, and answers nothing but errors.
type flaky struct {
	learning.Store
	calls  int
	partly bool
}

var errKilled = errors.New("killed")

func (f *flaky) dies() (now, dead bool) {
	f.calls--
	return f.calls == 0, f.calls <= 0
}

func (f *flaky) Load(ctx context.Context, partition int, agents []string) ([]byte, []learning.Stored, error) {
	if _, dead := f.dies(); dead {
		return nil, nil, errKilled
	}
	return f.Store.Load(ctx, partition, agents)
}

func (f *flaky) Save(ctx context.Context, changes []learning.Change) error {
	now, dead := f.dies()
	if now && f.partly {
		return errors.Join(f.Store.Save(ctx, changes[:(len(changes)+1)/2]), errKilled)
	}
	if now {
		return errors.Join(f.Store.Save(ctx, changes), errKilled)
	}
	if dead {
		return errKilled
	}
	return f.Store.Save(ctx, changes)
}

func (f *flaky) SavePopularity(ctx context.Context, partition int, change learning.PopularityChange) error {
	now, dead := f.dies()
	if now && !f.partly {
		return errors.Join(f.Store.SavePopularity(ctx, partition, change), errKilled)
	}
	if dead {
		return errKilled
	}
	return f.Store.SavePopularity(ctx, partition, change)
}

// lane gives a learner one partition as the log does: in order, from what is committed, again from the first record
// when effects are forgotten, again from what is committed when the process was killed.
type lane struct {
	records   []fil.Record
	committed int
	learner   *learning.Learner
	restart   func() *learning.Learner
	cut       func(left int) int
	seen      []string // errors met
}

func (l *lane) run(t testing.TB) {
	t.Helper()
	if l.learner == nil {
		l.learner = l.restart()
	}
	for tries := 0; ; tries++ {
		if tries > 20*len(l.records)+1000 {
			t.Fatalf("the lane does not come to its end: %v", l.seen[max(0, len(l.seen)-10):])
		}
		batch := l.records[l.committed:]
		if tries%5 == 0 {
			batch = nil // a beat
		}
		if len(batch) > 0 {
			batch = batch[:l.cut(len(batch))]
		}
		_, err := l.learner.Learn(t.Context(), 3, batch)
		switch _, rest := fil.Rejections(err); {
		case rest == nil:
			if l.committed += len(batch); l.committed == len(l.records) {
				return
			}
		case errors.Is(err, fil.ErrForgotten):
			l.committed = 0
			l.seen = append(l.seen, "forgotten")
		case errors.Is(err, errKilled):
			l.learner = l.restart()
			l.seen = append(l.seen, "killed")
		default:
			t.Fatal(err)
		}
	}
}

// stored is all profiles and popularity, by key; habits by key and field.
func stored(t testing.TB, client redis.UniversalClient) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, key := range client.Keys(t.Context(), "p*").Val() {
		all[key] = client.Get(t.Context(), key).Val()
	}
	for _, key := range client.Keys(t.Context(), "hab:*").Val() {
		for field, value := range client.HGetAll(t.Context(), key).Val() {
			all[key+field] = value
		}
	}
	return all
}

func whole(left int) int { return left }

func TestLearn_EffectOnceWhereverItIsKilled(t *testing.T) {
	client := enginetest.Redis(t)
	store := newStore(t, client)
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 21))
		first := int64(seed%3) * 1000 // the log has let go of older records, or not
		records := history(t, random, 300, first)
		enginetest.Empty(t, client)
		(&lane{records: records, cut: whole, restart: func() *learning.Learner { return newLearner(t, store, prometheus.NewRegistry()) }}).run(t)
		want := stored(t, client)
		if profiles := len(client.Keys(t.Context(), "p:*").Val()); profiles != 7 || want["pop:{3}"] == "" || want["hab:{3}h"] == "" || len(want) < 50 {
			t.Fatalf("one clean pass stored %d profiles and %d values in all", profiles, len(want))
		}
		for _, partly := range []bool{false, true} {
			enginetest.Empty(t, client)
			broken := &lane{records: records, cut: func(left int) int { return 1 + random.IntN(min(left, 40)) }, restart: func() *learning.Learner {
				return newLearner(t, &flaky{Store: store, calls: 1 + random.IntN(12), partly: partly}, prometheus.NewRegistry())
			}}
			broken.run(t)
			if diff := cmp.Diff(want, stored(t, client)); diff != "" {
				t.Fatalf("seed %d: killed %d times, the effects are others than after one clean pass: %s", seed, strings.Count(fmt.Sprint(broken.seen), "killed"), diff)
			}
			if !slices.Contains(broken.seen, "killed") || !slices.Contains(broken.seen, "forgotten") {
				t.Fatalf("seed %d: the story was not told: %v", seed, broken.seen)
			}
		}
	}
}

func TestLearn_GivesEqualBytesAfterRedisWasEmptied(t *testing.T) {
	client := enginetest.Redis(t)
	random := rand.New(rand.NewPCG(22, 23))
	l := &lane{records: history(t, random, 400, 0), cut: func(left int) int { return 1 + random.IntN(left) }, restart: func() *learning.Learner {
		return newLearner(t, newStore(t, client), prometheus.NewRegistry())
	}}
	l.run(t)
	want := stored(t, client)
	enginetest.Empty(t, client)
	if _, err := l.learner.Learn(t.Context(), 3, nil); !errors.Is(err, fil.ErrForgotten) {
		t.Fatalf("a beat after Redis was emptied: error %v, want %v", err, fil.ErrForgotten)
	}
	l.committed = 0
	l.run(t)
	if diff := cmp.Diff(want, stored(t, client)); diff != "" {
		t.Errorf("what was learned again is not what was lost: %s", diff)
	}
}

// Popularity that is gone, or went back further than profiles did, is made again as the log says, though whether a read was
// the first can no longer be seen in the profiles; and they stay as they are.
func TestLearn_MakesPopularityAgainUnderProfiles(t *testing.T) {
	client := enginetest.Redis(t)
	store := newStore(t, client)
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 41))
		records := history(t, random, 400, int64(seed%2)*1000)
		enginetest.Empty(t, client)
		l := &lane{records: records[:200], cut: whole, restart: func() *learning.Learner { return newLearner(t, store, prometheus.NewRegistry()) }}
		l.run(t)
		early, habits := client.Get(t.Context(), "pop:{3}").Val(), client.HGetAll(t.Context(), "hab:{3}").Val()
		l.records = records
		l.run(t)
		want := stored(t, client)
		for name, lose := range map[string]func(){
			"gone": func() { client.Del(t.Context(), "pop:{3}", "hab:{3}") },
			"back": func() {
				client.Del(t.Context(), "hab:{3}")
				client.Set(t.Context(), "pop:{3}", early, 0)
				client.HSet(t.Context(), "hab:{3}", habits)
			},
		} {
			lose()
			again := &lane{records: records, committed: 300, cut: func(left int) int { return 1 + random.IntN(min(left, 120)) }, restart: func() *learning.Learner {
				return newLearner(t, &flaky{Store: store, calls: 1 + random.IntN(50), partly: seed%2 == 0}, prometheus.NewRegistry())
			}}
			again.run(t)
			if diff := cmp.Diff(want, stored(t, client)); diff != "" {
				t.Fatalf("seed %d, %s: made again, not as the log says: %s", seed, name, diff)
			}
			if !slices.Contains(again.seen, "forgotten") {
				t.Errorf("seed %d, %s: the log was not asked again: %v", seed, name, again.seen)
			}
		}
	}
}

func TestLearn_DuplicatesHaveNoEffect(t *testing.T) {
	client := enginetest.Redis(t)
	metrics := prometheus.NewRegistry()
	learner := newLearner(t, newStore(t, client), metrics)
	start(t, learner)
	read := did(fil.Impression, "a", noon) // of which each one counts
	learn(t, learner, engagementRecord(t, 0, "one", read), engagementRecord(t, 1, "two", read))
	want := stored(t, client)
	late := engagementRecord(t, 4, "one", read)
	late.Admitted = noon.Add(32 * 24 * time.Hour)
	changed := learn(t, learner, engagementRecord(t, 2, "one", read), engagementRecord(t, 3, "two", read), late)
	if len(changed) != 0 {
		t.Errorf("duplicates changed %v", changed)
	}
	got := stored(t, client)
	if got["p:{alice}"] != want["p:{alice}"] || got["pop:{3}"][25:] != want["pop:{3}"][25:] {
		t.Error("duplicates changed the profile or the popularity")
	}
	beyond := engagementRecord(t, 5, "one", read)
	beyond.Admitted = noon.Add(34 * 24 * time.Hour)
	learn(t, learner, beyond)
	if after := stored(t, client); after["p:{alice}"] == got["p:{alice}"] || after["pop:{3}"][25:] == got["pop:{3}"][25:] {
		t.Error("an identity is remembered for ever, want 32 days")
	}
	expectRecords(t, metrics, map[string]int{"applied": 3, "duplicate": 3})
}

func TestLearn_AccountsForEveryRecord(t *testing.T) {
	client, metrics := enginetest.Redis(t), prometheus.NewRegistry()
	catalogue := ranking.NewCatalogue()
	if err := catalogue.Apply([]fil.Record{contentRecord(t, 0, news("known", noon))}); err != nil {
		t.Fatal(err)
	}
	learner := newLearnerOf(t, learning.LearnerParts{Store: newStore(t, client), Known: catalogue.Knows, Metrics: metrics})
	start(t, learner)
	bad := engagementRecord(t, 2, "bad", did(fil.Read, "known", noon))
	bad.Event.Type = "fil.engagement.stare"
	batch := []fil.Record{
		engagementRecord(t, 0, "a", did(fil.Read, "known", noon)), engagementRecord(t, 1, "b", did(fil.Read, "unknown", noon)), bad,
		engagementRecord(t, 3, "a", did(fil.Read, "known", noon)),
	}
	for _, delivery := range []map[string]int{
		{"applied": 1, "unknown_content": 1, "rejected": 1, "duplicate": 1},
		{"applied": 1, "unknown_content": 1, "rejected": 2, "duplicate": 2, "redelivered": 2},
	} {
		changed, err := learner.Learn(t.Context(), 3, batch)
		rejected, rest := fil.Rejections(err)
		if rest != nil || len(rejected) != 1 || rejected[0].Record.Offset != 2 {
			t.Fatalf("rejections %v, other error %v", rejected, rest)
		}
		if diff := cmp.Diff([]string{"alice"}, changed); diff != "" {
			t.Errorf("changed agents: %s", diff)
		}
		expectRecords(t, metrics, delivery)
	}
}

func TestLearn_AsksForTheLogAgain(t *testing.T) {
	client := enginetest.Redis(t)
	later, first := engagementRecord(t, 70, "b", did(fil.Read, "b", noon)), engagementRecord(t, 50, "a", did(fil.Read, "a", noon))
	expect := func(learner *learning.Learner, want error, batch ...fil.Record) {
		t.Helper()
		if _, err := learner.Learn(t.Context(), 3, batch); !errors.Is(err, want) && !reflect.DeepEqual(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	}
	learner := newLearner(t, newStore(t, client), prometheus.NewRegistry())
	expect(learner, fil.ErrForgotten, later)
	expect(learner, nil) // the log has gone back: a beat is enough to mark that the replay began
	if marked := stored(t, client)["pop:{3}"]; len(marked) != 37 {
		t.Errorf("the mark of a replay is %q, want a header alone", marked)
	}
	expect(learner, nil, first)
	another := newLearner(t, newStore(t, client), prometheus.NewRegistry()) // another process finds the mark,
	expect(another, &fil.Forgotten{From: 51}, later)                        // and that nothing was done between the two
	expect(another, nil)
	expect(another, nil, later) // the log has gone back, and has nothing there
	if p, err := ranking.ParseProfile([]byte(stored(t, client)["p:{alice}"])); err != nil || p.Len() != 2 {
		t.Errorf("%d contents in the profile, error %v", p.Len(), err)
	}
	other := newLearnerOf(t, learning.LearnerParts{Store: newStore(t, client), Partitions: 2, Metrics: prometheus.NewRegistry()})
	expect(other, fil.ErrForgotten, later) // popularity was computed with other numbers
	profile, popularity := stored(t, client)["p:{alice}"], stored(t, client)["pop:{3}"]
	expect(other, nil, first, later)
	if got := stored(t, client); got["p:{alice}"] != profile || got["pop:{3}"] == popularity {
		t.Error("another number of partitions must give another popularity and leave profiles, which are facts, as they are")
	}
}

// A Redis that took over from another, or read its journal again, has lost its last writes: what it has lost is made
// again from the log, whoever notices first.
func TestLearn_GoesBackWithItsStore(t *testing.T) {
	client := enginetest.Redis(t)
	learner := newLearner(t, newStore(t, client), prometheus.NewRegistry())
	start(t, learner)
	var records []fil.Record
	for i, content := range []string{"a", "b", "c", "d"} {
		records = append(records, engagementRecord(t, int64(i), content, did(fil.Read, content, noon)))
	}
	learn := func(l *learning.Learner, want error, batch ...fil.Record) {
		t.Helper()
		if _, err := l.Learn(t.Context(), 3, batch); !reflect.DeepEqual(err, want) {
			t.Fatalf("error %v, want %v", err, want)
		}
	}
	learn(learner, nil, records[:2]...)
	early := stored(t, client)
	learn(learner, nil, records[2])
	whole := stored(t, client)
	rollBack := func() {
		client.Del(t.Context(), "hab:{3}")
		for key, value := range early {
			err := client.Set(t.Context(), key, value, 0).Err()
			if field, isHabit := strings.CutPrefix(key, "hab:{3}"); isHabit {
				client.Del(t.Context(), key)
				err = client.HSet(t.Context(), "hab:{3}", field, value).Err()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	rollBack()
	learn(learner, &fil.Forgotten{From: 2}) // a beat is enough for the one that wrote
	learn(learner, nil, records[2])
	if diff := cmp.Diff(whole, stored(t, client)); diff != "" {
		t.Errorf("made again:\n%s", diff)
	}
	rollBack()
	another := newLearner(t, newStore(t, client), prometheus.NewRegistry())
	learn(another, &fil.Forgotten{From: 2}, records[3]) // another one sees the gap
	learn(another, nil, records[2:]...)
	rollBack()
	learn(learner, &fil.Forgotten{From: 2}, records[3])
	learn(learner, nil, records[2])
	learn(learner, nil, records[3])
	if packed, err := ranking.ParseProfile([]byte(stored(t, client)["p:{alice}"])); err != nil || packed.Len() != 4 {
		t.Errorf("%d contents in the profile, want 4; error %v", packed.Len(), err)
	}
}

// start brings a learner to where it takes the partition's first record.
func start(t testing.TB, learner *learning.Learner) {
	t.Helper()
	if _, err := learner.Learn(t.Context(), 3, nil); !errors.Is(err, fil.ErrForgotten) {
		t.Fatalf("on an empty store: error %v, want %v", err, fil.ErrForgotten)
	}
}

func learn(t testing.TB, learner *learning.Learner, batch ...fil.Record) []string {
	t.Helper()
	changed, err := learner.Learn(t.Context(), 3, batch)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func expectRecords(t *testing.T, metrics *prometheus.Registry, want map[string]int) {
	t.Helper()
	var lines strings.Builder
	lines.WriteString("# HELP fil_ranking_records_total Engagements given to the learner, by what became of them.\n# TYPE fil_ranking_records_total counter\n")
	for _, outcome := range []string{"applied", "duplicate", "redelivered", "rejected", "unknown_content"} {
		fmt.Fprintf(&lines, "fil_ranking_records_total{outcome=%q} %d\n", outcome, want[outcome])
	}
	if err := testutil.GatherAndCompare(metrics, strings.NewReader(lines.String())); err != nil {
		t.Error(err)
	}
}

// The learner applies preferences between acts, once, and a second event of one identity has no effect.
func TestLearn_AppliesPreferences(t *testing.T) {
	client, metrics := enginetest.Redis(t), prometheus.NewRegistry()
	learner := newLearner(t, newStore(t, client), metrics)
	start(t, learner)
	more := prefers(fil.PreferMore, fil.FacetTopic, "Paie", 1)
	learn(t, learner, engagementRecord(t, 1, "e1", did(fil.Read, "a", noon)), preferenceRecord(t, 2, "p1", more),
		preferenceRecord(t, 3, "p2", prefers(fil.PreferNothing, fil.FacetTopic, "Paie", 2)))
	learn(t, learner, preferenceRecord(t, 4, "p1", more)) // sent again
	want := ranking.Profile{}.Apply(did(fil.Read, "a", noon), 1).Prefer(more, 2).Prefer(prefers(fil.PreferNothing, fil.FacetTopic, "Paie", 2), 3)
	if got := stored(t, client)["p:{alice}"]; got != string(want.Bytes()) {
		t.Errorf("stored\n%x, want\n%x", got, want.Bytes())
	}
	poison := preferenceRecord(t, 5, "p3", more)
	poison.Event.Data = []byte(`{"agent":"alice","facet":"colour","name":"red"}`)
	if _, err := learner.Learn(t.Context(), 3, []fil.Record{poison}); err == nil || len(fil.FaultsOf(err)) == 0 {
		t.Errorf("a preference about no facet: %v", err)
	}
}
