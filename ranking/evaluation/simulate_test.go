package evaluation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/evaluation"
)

// Half of the places drawn show more contents than none, and find more of the best; the same houses live the same.
func TestSimulation_TellsWhatDiscoveryFinds(t *testing.T) {
	s := evaluation.DefaultSimulation(ranking.DefaultPolicy())
	s.Shares, s.Seeds, s.Days, s.Agents, s.Daily = []float64{0, 0.5}, 8, 8, 40, 40
	var lived int
	s.Progress = func(done, all int) {
		if lived++; done != lived || all != 128 {
			t.Errorf("day %d of %d told after %d", done, all, lived)
		}
	}
	out, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	none, half := out[0], out[1]
	if none.Gain != 0 || none.GainErr != 0 || none.Reads <= 0 {
		t.Errorf("without discovery: %+v", none)
	}
	if half.Shown <= none.Shown || half.BestMissed >= none.BestMissed {
		t.Errorf("half of the places drawn: %+v, none: %+v", half, none)
	}
	lived = 0
	again, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(out, again); diff != "" {
		t.Errorf("the same houses lived otherwise: %s", diff)
	}
}
