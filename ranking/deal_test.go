package ranking_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

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
