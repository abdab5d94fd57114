package evaluation_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/evaluation"
)

// Where each agent reads what is new on one topic, tastes are missed most when they are taken out, and what the log does not
// tell (the language) adds nothing at all.
func TestAblation_TellsWhatEachFeatureAdds(t *testing.T) {
	random := rand.New(rand.NewPCG(81, 82))
	var rows []evaluation.Row
	for i := range 250 {
		topic := random.IntN(6)
		for k := range 2 {
			row := did("a"+strconv.Itoa(topic*2+k), "c"+strconv.Itoa(i), float64(i*30+10*k))
			row.Topics, row.Published = []string{"t" + strconv.Itoa(topic)}, start.Add(time.Duration(i*30-5)*time.Minute)
			rows = append(rows, row)
		}
	}
	log := logOf(t, rows...)
	contest := evaluation.NewContest(log, whole())
	contest.EnterAblation(ranking.DefaultPolicy())
	report, err := contest.Judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	added := map[string]evaluation.Difference{}
	var features []string
	for _, o := range report.Orders {
		name, without := strings.CutPrefix(o.Order, "fil−")
		if !without {
			continue
		}
		features = append(features, name)
		added[name] = *o.Margin
	}
	if a := added["tastes"]; float64(a.NDCG) < 3*float64(a.StdErr) {
		t.Errorf("tastes add %v ± %v", a.NDCG, a.StdErr)
	}
	if a := added["language"]; a.NDCG != 0 {
		t.Errorf("the language, of which the log tells nothing, adds %v", a.NDCG)
	}
	for _, name := range ranking.FeatureNames() {
		if !slices.Contains(features, name) {
			t.Errorf("%s is in no family: nothing tells what it adds", name)
		}
	}
}

// The whole order beside its ablation is the order alone: what shares its model does not disturb it.
func TestAblation_LeavesTheOrderAlone(t *testing.T) {
	rows := madeUp(rand.New(rand.NewPCG(83, 84)), 600, 20, 40)
	log := logOf(t, rows...)
	alone, beside := evaluation.NewContest(log, whole()), evaluation.NewContest(log, whole())
	alone.Enter("fil", evaluation.NewFil(log, ranking.DefaultPolicy(), false))
	beside.EnterAblation(ranking.DefaultPolicy())
	one, err := alone.Judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other, err := beside.Judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if one.Orders[0].Gains != other.Orders[0].Gains {
		t.Errorf("alone %+v, beside its ablation %+v", one.Orders[0].Gains, other.Orders[0].Gains)
	}
}
