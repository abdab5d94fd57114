package ranking_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// loom is a ranker of two policies whose lists are woven for everyone, and rankers of each alone.
type loom struct {
	woven    *ranking.Ranker
	alone    [2]*ranking.Ranker
	policies *ranking.Policies
	town     directory
}

func newLoom(t *testing.T, contents int, interleave bool) loom {
	t.Helper()
	l := loom{town: directory{}}
	for i := range 60 {
		l.town[fmt.Sprint("agent", i)] = nil
	}
	catalogue := newCatalogue(t, newsroom(rand.New(rand.NewPCG(71, 72)), contents)...)
	files := [2]string{"name: one\nfeed_length: 30", "name: two\nfeed_length: 30\nweights: {priority: 3}\nrules: {cap_per_source: 0, cap_per_topic: 0}"}
	var records []fil.Record
	var versions [2]string
	for i, file := range files {
		var record fil.Record
		record, versions[i] = published(t, file)
		records = append(records, record)
		own, err := ranking.ParsePolicy([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		l.alone[i] = ranking.NewRanker(own, catalogue, l.town, nil)
	}
	arms := []fil.Arm{{Name: "a", Policy: versions[0], Share: 0.5}, {Name: "b", Policy: versions[1], Share: 0.5}}
	ranking.Deal(arms)
	l.policies = applied(t, append(records, enforce(t, fil.InForce{Policy: versions[0], Experiment: &fil.Experiment{Name: "weave", Arms: arms, Interleave: interleave}}))...)
	l.woven = ranking.NewRanker(ranking.DefaultPolicy(), catalogue, l.town, nil)
	l.woven.Follow(l.policies)
	return l
}

func rankedBy(t *testing.T, r *ranking.Ranker, agent string, at time.Time) fil.Feed {
	t.Helper()
	feed, known, err := r.Rank(agent, nil, fil.OrderRanked, at)
	if err != nil || !known {
		t.Fatal(known, err)
	}
	return feed
}

func places(feed fil.Feed) map[fil.ContentKey]int {
	at := map[fil.ContentKey]int{}
	for i, e := range feed.Entries {
		at[e.Content] = i
	}
	return at
}

// A woven list has each content once; each list in its turn placed the first that was left of its own; no list ever placed
// two more than the other; which one begins is drawn.
func TestWeave_IsATeamDraft(t *testing.T) {
	l := newLoom(t, 120, true)
	begins := map[uint8]int{}
	for agent := range l.town {
		feed := rankedBy(t, l.woven, agent, noon)
		if again := rankedBy(t, l.woven, agent, noon.Add(time.Minute)); !slices.Equal(again.Entries, feed.Entries) && again.Stamp == feed.Stamp {
			t.Fatalf("%s: two lists of one stamp", agent)
		}
		if len(feed.Entries) != 30 || !l.woven.Fresh(feed, nil, noon) {
			t.Fatalf("%s: %d entries, fresh %v", agent, len(feed.Entries), l.woven.Fresh(feed, nil, noon))
		}
		lists := [2]fil.Feed{rankedBy(t, l.alone[0], agent, noon), rankedBy(t, l.alone[1], agent, noon)}
		at := [2]map[fil.ContentKey]int{places(lists[0]), places(lists[1])}
		taken, chosen := map[fil.ContentKey]bool{}, [3]int{}
		for i, e := range feed.Entries {
			if taken[e.Content] {
				t.Fatalf("%s: place %d repeats a content", agent, i)
			}
			if e.Team > 0 {
				if chosen[1]+chosen[2] == 0 {
					begins[e.Team]++
				}
				for _, before := range lists[e.Team-1].Entries[:at[e.Team-1][e.Content]] {
					if !taken[before.Content] {
						t.Fatalf("%s: place %d is not the best left of list %d", agent, i, e.Team)
					}
				}
			}
			taken[e.Content] = true
			chosen[e.Team]++
			if d := chosen[1] - chosen[2]; d < -1 || d > 1 {
				t.Fatalf("%s: at place %d the lists have placed %v", agent, i, chosen)
			}
		}
		if chosen[1] < 10 || chosen[2] < 10 {
			t.Fatalf("%s: the lists have placed %v", agent, chosen)
		}
	}
	if begins[1] < 15 || begins[2] < 15 {
		t.Errorf("the first choice is drawn as %v for 60 agents", begins)
	}
}

// The draft is of a day: the same all day long, another one the next.
func TestWeave_LastsADay(t *testing.T) {
	l := newLoom(t, 120, true)
	teams := func(at time.Time) (all []uint8) {
		for i := range 20 {
			for _, e := range rankedBy(t, l.woven, fmt.Sprint("agent", i), at).Entries {
				all = append(all, e.Team)
			}
		}
		return all
	}
	if !slices.Equal(teams(noon), teams(noon.Add(2*time.Minute))) {
		t.Error("the draft changed within the day")
	}
	if slices.Equal(teams(noon), teams(noon.AddDate(0, 0, 1))) {
		t.Error("the draft is that of the day before")
	}
	if feed := rankedBy(t, l.woven, "agent1", noon); feed.Until.After(noon.Truncate(24 * time.Hour).Add(24 * time.Hour)) {
		t.Errorf("the feed is kept until %v", feed.Until)
	}
}

// Briefs and explanations name the list that placed a content, and the policy by which it stands there.
func TestWeave_IsExplained(t *testing.T) {
	l := newLoom(t, 120, true)
	feed := rankedBy(t, l.woven, "agent3", noon)
	briefs, fresh := l.woven.Brief(feed, nil, feed.Entries, fil.OrderRanked, noon)
	placements, contents, err := l.woven.Place("agent3", nil, feed.Entries, fil.OrderRanked, "en", noon)
	if err != nil || !fresh || len(placements) != len(feed.Entries) || len(contents) != len(placements) {
		t.Fatal(err, fresh, len(placements))
	}
	for i, p := range placements {
		want := [3]string{"", "a", "b"}[feed.Entries[i].Team]
		if p.Placed != want || briefs[i].Placed != want || fil.KeyOf(p.Content) != feed.Entries[i].Content {
			t.Fatalf("place %d: placed by %q in the explanation, %q in the brief, want %q", i, p.Placed, briefs[i].Placed, want)
		}
		last := p.Explanation.Operations[len(p.Explanation.Operations)-1]
		if want != "" && (!strings.Contains(last, "“"+want+"” placed this one") || !strings.HasPrefix(p.Explanation.Basis.Policy, map[string]string{"a": "one-", "b": "two-"}[want])) {
			t.Errorf("place %d, of %q: %s, by %s", i, want, last, p.Explanation.Basis.Policy)
		}
		if !strings.Contains(p.Explanation.Degree, "interleaves the lists of two policies, “a” (one-") {
			t.Fatalf("place %d: %s", i, p.Explanation.Degree)
		}
		if got, want := float32(p.Score), feed.Entries[i].Score; max(got-want, want-got) > 1e-3 {
			t.Errorf("place %d: score %v in the explanation, %v in the feed", i, got, want)
		}
	}
}

// Who asks for the order of time reads one list; a stop of either arm ends the weaving.
func TestWeave_OnlyWhereTwoListsRun(t *testing.T) {
	l := newLoom(t, 120, true)
	feed, _, err := l.woven.Rank("agent1", nil, fil.OrderChronological, noon)
	if err != nil || strings.Contains(feed.Policy, "+") {
		t.Errorf("in the order of time the feed is by %s: %v", feed.Policy, err)
	}
	force := l.policies.InForce()
	stopped := *force.Experiment
	stopped.Arms = slices.Clone(stopped.Arms)
	stopped.Arms[1].Stopped = noon
	force.Experiment = &stopped
	before := rankedBy(t, l.woven, "agent1", noon)
	if err := l.policies.Apply([]fil.Record{enforce(t, force)}); err != nil {
		t.Fatal(err)
	}
	if l.woven.Fresh(before, nil, noon) {
		t.Error("a woven feed is fresh after the stop")
	}
	if after := rankedBy(t, l.woven, "agent1", noon); strings.Contains(after.Policy, "+") || after.Entries[0].Team != 0 {
		t.Errorf("woven after the stop: %s", after.Policy)
	}
	arms := newLoom(t, 120, false)
	if feed := rankedBy(t, arms.woven, "agent1", noon); strings.Contains(feed.Policy, "+") {
		t.Errorf("arms that are not interleaved are woven: %s", feed.Policy)
	}
}

// What an engagement says of the list that placed its content counts for agents in the arms, and only for arms that there are.
func TestWeave_CreditIsOfTheListThatPlaced(t *testing.T) {
	l := newLoom(t, 20, true)
	for placed, want := range map[string]string{"a": "weave/a", "b": "weave/b", "": "", "other": ""} {
		if got := l.policies.ArmOf(fil.Engagement{Agent: "agent1", Time: noon, Placed: placed}); got != want {
			t.Errorf("placed by %q: %q, want %q", placed, got, want)
		}
	}
}

func TestRank_ByWhatIsInForce(t *testing.T) {
	contents := newsroom(rand.New(rand.NewPCG(61, 62)), 100)
	town := directory{}
	for i := range 400 {
		town[fmt.Sprint("agent", i)] = nil
	}
	base, held := policy(t, ""), policy(t, "name: held\nholdout: {share: 0.25}")
	policies := ranking.NewPolicies(held)
	ranker := ranking.NewRanker(base, newCatalogue(t, contents...), town, nil)
	ranker.Follow(policies)
	out := 0
	for agent := range town {
		feed, _, err := ranker.Rank(agent, nil, fil.OrderRanked, noon)
		if err != nil {
			t.Fatal(err)
		}
		if feed.Policy != held.Version || !ranker.Fresh(feed, nil, noon) {
			t.Fatalf("%s is ranked by %s, want %s, and fresh", agent, feed.Policy, held.Version)
		}
		placements, _, err := ranker.Place(agent, nil, feed.Entries[:1], fil.OrderRanked, "en", noon)
		if err != nil {
			t.Fatal(err)
		}
		_, arm, order := policies.For(agent)
		told := strings.Contains(placements[0].Explanation.Degree, ranking.ToldOfHoldout().EN)
		if isOut := arm == ranking.ArmHoldout; isOut != told || isOut != (order == fil.OrderChronological) || isOut != (placements[0].Explanation.Basis.Order == fil.OrderChronological) {
			t.Errorf("%s: arm %q, order %s, told %q", agent, arm, order, placements[0].Explanation.Degree)
		} else if isOut {
			out++
		}
	}
	if out < 60 || out > 140 {
		t.Errorf("%d of 400 are held out, want a quarter", out)
	}
}
