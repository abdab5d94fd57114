package learning_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

// shelf is a log of two partitions of engagements and one of contents.
type shelf map[fil.Topic][]*tape

func (s shelf) Extent(ctx context.Context, topic fil.Topic, partition int) (first, end int64, err error) {
	return s[topic][partition].Extent(ctx, topic, partition)
}

func (s shelf) Read(ctx context.Context, topic fil.Topic, partition int, from, to int64, each func([]fil.Record, int64) error) error {
	return s[topic][partition].Read(ctx, topic, partition, from, to, each)
}

// replayed is a house of two partitions, in the second of which agent3 is.
type replayed struct {
	*testing.T
	log        shelf
	store      learning.Store
	learner    *learning.Learner
	catalogue  *ranking.Catalogue
	popularity *learning.Popularity
	policies   *ranking.Policies
	agents     directory
	random     *rand.Rand
	applied    [2]int
}

func replayedOf(t *testing.T) *replayed {
	t.Helper()
	store := newStore(t, enginetest.Redis(t))
	r := &replayed{
		T: t, store: store, learner: newLearnerOf(t, learning.LearnerParts{Store: store, Partitions: 2, Metrics: prometheus.NewRegistry()}),
		log:       shelf{fil.TopicEngagements: {{}, {}}, fil.TopicContents: {{}}},
		catalogue: ranking.NewCatalogue(), policies: ranking.NewPolicies(ranking.DefaultPolicy()), agents: directory{"agent3": nil},
		popularity: learning.NewPopularity(2, store.Popularities), random: rand.New(rand.NewPCG(8, 9)),
	}
	for p := range 2 {
		if _, err := r.learner.Learn(t.Context(), p, nil); !errors.Is(err, fil.ErrForgotten) {
			t.Fatal(err)
		}
	}
	for i := range 40 {
		c := news(fmt.Sprint("content-", i), noon.Add(-time.Duration(i)*time.Hour))
		c.Topics, c.Source = []string{fmt.Sprint("topic", i%5)}, fmt.Sprint("source", i%3)
		r.publish(c, noon.Add(-time.Duration(40-i)*time.Minute))
	}
	return r
}

func (r *replayed) publish(c fil.Content, admitted time.Time) {
	r.Helper()
	tape := r.log[fil.TopicContents][0]
	rec := contentRecord(r, int64(len(tape.records)), c)
	rec.Admitted = admitted
	tape.add(rec)
	if err := r.catalogue.Apply([]fil.Record{rec}); err != nil {
		r.Fatal(err)
	}
}

// live lets agents do so many things, learned in batches of any length.
func (r *replayed) live(n int) {
	r.Helper()
	kinds := fil.EngagementKinds()
	for range n {
		p := r.random.IntN(2)
		e := did(kinds[r.random.IntN(len(kinds))], fmt.Sprint("content-", r.random.IntN(40)), noon.Add(-time.Duration(1000-len(r.log[fil.TopicEngagements][p].records))*time.Second))
		e.Agent = fmt.Sprint("agent", 2*r.random.IntN(6)+p)
		r.log[fil.TopicEngagements][p].add(engagementRecord(r, int64(len(r.log[fil.TopicEngagements][p].records)), fmt.Sprint("id", p, r.random.IntN(5*n)), e))
	}
	r.learnAll()
}

func (r *replayed) learnAll() {
	r.Helper()
	for p, tape := range r.log[fil.TopicEngagements] {
		for r.applied[p] < len(tape.records) {
			to := min(len(tape.records), r.applied[p]+1+r.random.IntN(60))
			if _, err := r.learner.Learn(r.Context(), p, tape.records[r.applied[p]:to]); err != nil {
				r.Fatal(err)
			}
			r.applied[p] = to
		}
	}
}

func (r *replayed) profile() []byte {
	r.Helper()
	_, stored, err := r.store.Load(r.Context(), 1, []string{"agent3"})
	if err != nil {
		r.Fatal(err)
	}
	return stored[0].Profile
}

// explain says why a content stands where it stands now.
func (r *replayed) explain(order fil.Order) fil.Placement {
	r.Helper()
	ranker := ranking.NewRanker(ranking.DefaultPolicy(), r.catalogue, r.agents, r.popularity.Trends)
	ranker.Follow(r.policies)
	placements, _, err := ranker.Place("agent3", r.profile(), []fil.Entry{{Content: fil.KeyOf("content-7")}}, order, "fr", noon)
	if err != nil || len(placements) != 1 {
		r.Fatalf("%d placements, error %v", len(placements), err)
	}
	return placements[0]
}

func (r *replayed) again(basis fil.Basis) learning.Replayed {
	r.Helper()
	cfg := learning.DefaultRebuildConfig()
	cfg.Partitions, cfg.Org = 2, orgOf
	done, err := learning.NewReplayer(cfg, learning.ReplayParts{
		Log: r.log, Policies: r.policies, Directory: r.agents, Contents: 1, Partition: func(string) (int, error) { return 1, nil },
	}).Explain(r.Context(), "agent3", "content-7", basis, "fr")
	if err != nil {
		r.Fatal(err)
	}
	return done
}

func (r *replayed) differs(basis fil.Basis, what ...string) {
	r.Helper()
	if done := r.again(basis); done.Same || !slices.Equal(done.Differs, what) {
		r.Errorf("what differs is %v, want %v", done.Differs, what)
	}
}

func TestReplay_GivesTheSameExplanation(t *testing.T) {
	r := replayedOf(t)
	r.live(900)
	if err := r.popularity.Refresh(t.Context()); err != nil { // habits and counts
		t.Fatal(err)
	}
	r.live(300)
	if err := r.popularity.RefreshCounts(t.Context()); err != nil { // counts go on without them
		t.Fatal(err)
	}
	r.live(50) // the profile goes on without both
	was := map[fil.Order]fil.Placement{}
	for _, order := range []fil.Order{fil.OrderRanked, fil.OrderChronological} {
		was[order] = r.explain(order)
	}
	basis := was[fil.OrderRanked].Explanation.Basis
	if slices.Equal(basis.Counted, basis.Habits) || basis.Profile <= basis.Counted[1] {
		t.Fatalf("the three are of one moment: %+v", basis)
	}
	r.live(700)
	r.publish(news("flash", noon.Add(time.Hour)), noon.Add(time.Hour))
	changed := news("content-7", noon.Add(-7*time.Hour))
	changed.Title = "Autre titre"
	r.publish(changed, noon.Add(time.Hour))
	for order, want := range was {
		done := r.again(want.Explanation.Basis)
		if !done.Same || done.Placement == nil {
			t.Fatalf("%s: %v differ", order, done.Differs)
		}
		if diff := cmp.Diff(want, *done.Placement); diff != "" {
			t.Errorf("%s: %s", order, diff)
		}
	}
}

func TestReplay_NamesWhatDiffers(t *testing.T) {
	r := replayedOf(t)
	r.live(400)
	if err := r.popularity.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	basis := r.explain(fil.OrderRanked).Explanation.Basis
	other := basis
	other.Policy = "unknown"
	r.differs(other, learning.DiffersPolicy)
	other = basis
	other.Arm = "b"
	r.differs(other, learning.DiffersExperiment)
	other = basis
	other.Acts = "0"
	r.differs(other, learning.DiffersProfile)
	r.agents["agent3"] = []string{"managers"}
	r.differs(basis, learning.DiffersReader)
	r.agents["agent3"] = nil

	contents := r.log[fil.TopicContents][0]
	first := contents.records[0]
	contents.records = contents.records[1:] // as compaction does once it was replaced
	r.publish(news("content-0", noon.Add(-time.Hour)), noon.Add(time.Hour))
	r.differs(basis, learning.DiffersContents)
	contents.records = append([]fil.Record{first}, contents.records...)

	acts := r.log[fil.TopicEngagements][0]
	all := acts.records
	acts.records = all[20:] // as retention does
	r.differs(basis, learning.DiffersSignals)
	acts.records = all

	event, err := fil.Preference{Kind: fil.Forget, Agent: "agent3", Time: noon}.Event("test", "forget")
	if err != nil {
		t.Fatal(err)
	}
	own := r.log[fil.TopicEngagements][1]
	own.add(fil.Record{Position: fil.Position{Topic: fil.TopicEngagements, Offset: int64(len(own.records))}, Key: "agent3", Admitted: noon, Event: event})
	r.differs(basis, learning.DiffersProfile)
	if done := r.again(basis); done.Placement != nil {
		t.Error("what was erased is told")
	}
}
