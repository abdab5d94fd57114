package analytics_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/analytics/warehouse"
)

// tried are the experiments of a test.
type tried map[string]fil.Experiment

func (t tried) Trial(name string) (fil.Experiment, bool) {
	trial, known := t[name]
	return trial, known
}

// trialOn records acts of agents whose arm is given by their name, "a-017", and reports on them.
func trialOn(t *testing.T, w *warehouse.Warehouse, arm func(fil.Engagement) string, acts []fil.Engagement, trials tried) *analytics.Experiments {
	t.Helper()
	cfg := analytics.DefaultConfig()
	cfg.PseudonymKey, cfg.CheckEvery, cfg.Arm = testKey, 0, arm
	r, err := analytics.NewRecorder(cfg, w, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]fil.Record, len(acts))
	for i, e := range acts {
		batch[i] = act(t, int64(i), fmt.Sprint("act-", i), e)
	}
	record(t, r, batch...)
	return &analytics.Experiments{
		Outcomes: w, Trials: trials, Guard: fil.Guard{Threshold: fil.DefaultThreshold}, Zone: time.UTC, Now: func() time.Time { return start.Add(48 * time.Hour) },
	}
}

func byName(e fil.Engagement) string {
	switch arm, _, _ := strings.Cut(e.Agent, "-"); arm {
	case "none":
		return ""
	case analytics.ArmHoldout:
		return arm
	default:
		if e.Time.Before(start) || e.Time.After(start.Add(36*time.Hour)) {
			return "" // the experiment does not run
		}
		return analytics.ArmLabel("trial", arm)
	}
}

// readers are so many agents of an arm who read so many contents each day of two, and some of them the same one again.
func readers(arm string, agents, contents int) (acts []fil.Engagement) {
	for n := range agents {
		for day := range 2 {
			for c := range contents + n%2 {
				e := fil.Engagement{Kind: fil.Read, Agent: fmt.Sprintf("%s-%03d", arm, n), Content: fmt.Sprintf("c-%d-%d", day, c), Time: start.Add(time.Duration(24*day+1) * time.Hour)}
				acts = append(acts, e, e)
			}
		}
		acts = append(acts, fil.Engagement{Kind: fil.Acknowledge, Agent: fmt.Sprintf("%s-%03d", arm, n), Content: "rule", Time: start.Add(2 * time.Hour)})
	}
	return acts
}

func twoArms() fil.Experiment {
	return fil.Experiment{Name: "trial", Since: start, Arms: []fil.Arm{{Name: "a", Policy: "one"}, {Name: "b", Policy: "two"}, {Name: "c", Policy: "three"}}, Guards: fil.Guardrails{Reads: 0.1, Acknowledgements: 0.1}}
}

func TestExperiments_CompareArms(t *testing.T) {
	acts := readers("a", 60, 2)
	acts = append(acts, readers("b", 60, 4)...)
	acts = append(acts, readers("c", 60, 1)...)
	acts = append(acts, readers("holdout", 60, 1)...)
	// After the end of their arm agents go on; that is none of its figures.
	for n := range 60 {
		acts = append(acts, fil.Engagement{Kind: fil.Read, Agent: fmt.Sprintf("b-%03d", n), Content: "later", Time: start.Add(40 * time.Hour)})
	}
	x := trialOn(t, open(t, settings(t)), byName, acts, tried{"trial": twoArms(), analytics.ArmHoldout: {Name: analytics.ArmHoldout, Since: start}})
	report, err := x.Report(t.Context(), "trial", "fr")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"a": 2.5, "b": 4.5, "c": 1.5} // contents a day, of one half of the agents one more
	for _, arm := range report.Arms {
		if arm.Agents == nil || *arm.Agents != 60 || arm.Figures[0].Mean == nil || math.Abs(*arm.Figures[0].Mean-want[arm.Name]) > 1e-9 {
			t.Errorf("arm %s: %+v", arm.Name, arm)
		}
		if arm.Figures[1].Mean == nil || math.Abs(*arm.Figures[1].Mean-0.5) > 1e-9 {
			t.Errorf("arm %s: one acknowledgement in two days, told as %+v", arm.Name, arm.Figures[1])
		}
	}
	if b, c := report.Arms[1].Figures[0], report.Arms[2].Figures[0]; b.Verdict != "more" || *b.Low <= 0 || *b.Low > 2 || *b.High < 2 || c.Verdict != "less" || !strings.Contains(b.Says, "sûrement plus") {
		t.Errorf("b: %+v, c: %+v", b, c)
	}
	if ack := report.Arms[1].Figures[1]; ack.Verdict != "unsure" || !strings.Contains(ack.Says, "on ne peut pas encore conclure") {
		t.Errorf("acknowledgements: %+v", ack)
	}
	if len(report.Holdout) != 2 || *report.Holdout[0].Agents != 60 || *report.Holdout[1].Agents != 180 || report.Holdout[1].Figures[0].Verdict != "more" {
		t.Errorf("beside the order of time: %+v", report.Holdout)
	}
	if !strings.Contains(report.Says, "« b » : sûrement plus de lectures. « c » : sûrement moins de lectures.") {
		t.Error(report.Says)
	}
	harms, err := x.Harms(t.Context(), twoArms())
	if err != nil || len(harms) != 1 || harms[0].Arm != "c" || !strings.Contains(harms[0].Why, "10 %") {
		t.Errorf("harms: %+v, %v", harms, err)
	}
	only, err := x.Report(t.Context(), analytics.ArmHoldout, "en")
	if err != nil || len(only.Arms) != 0 || len(only.Holdout) != 2 {
		t.Errorf("the hold-out alone: %+v, %v", only, err)
	}
	skewed := twoArms()
	for i, share := range []float64{0.8, 0.1, 0.1} {
		skewed.Arms[i].Share = share
	}
	x.Trials = tried{"trial": skewed}
	if beware, err := x.Report(t.Context(), "trial", "fr"); err != nil || !beware.Astray || !strings.HasPrefix(beware.Says, "Attention") || report.Astray {
		t.Errorf("sixty agents in each of three arms of unlike shares: %+v, %v", beware, err)
	}
	if _, err := x.Report(t.Context(), "nothing", "en"); err == nil {
		t.Error("a report on no experiment")
	}
}

// A single arm is compared with who is in none, and an arm that was stopped over the time that it ran.
func TestExperiments_CompareWithTheRestUntilTheStop(t *testing.T) {
	trial := fil.Experiment{Name: "trial", Since: start, Ended: start.Add(48 * time.Hour), Arms: []fil.Arm{{Name: "b", Policy: "two", Stopped: start.Add(12 * time.Hour), Why: "so"}}}
	acts := append(readers("b", 60, 3), readers("none", 60, 2)...)
	x := trialOn(t, open(t, settings(t)), byName, acts, tried{"trial": trial})
	report, err := x.Report(t.Context(), "trial", "en")
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Arms) != 2 || report.Arms[0].Name != "" || report.Arms[1].Why != "so" || *report.Arms[1].Figures[0].Mean != 3.5 || *report.Arms[1].Figures[0].Difference != 1 {
		t.Errorf("%+v", report.Arms)
	}
}

// Nothing is told of few agents, nor what the rest would give away.
func TestExperiments_WithholdFewAgents(t *testing.T) {
	acts := append(readers("a", 30, 2), readers("b", 4, 4)...)
	acts = append(acts, readers("c", 20, 4)...)
	for n := range 3 {
		acts = append(acts, fil.Engagement{Kind: fil.Dismiss, Agent: fmt.Sprintf("a-%03d", n), Content: "x", Time: start.Add(time.Hour)})
	}
	x := trialOn(t, open(t, settings(t)), byName, acts, tried{"trial": twoArms()})
	report, err := x.Report(t.Context(), "trial", "fr")
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := report.Arms[0], report.Arms[1], report.Arms[2]
	if b.Agents != nil || b.Figures[0].Mean != nil || c.Agents != nil || a.Agents == nil || a.Figures[2].Mean != nil || a.Figures[0].Mean == nil {
		t.Errorf("a %+v, b %+v, c %+v", a, b, c)
	}
}

// Of two interleaved lists, the one that wins more days of agents is preferred.
func TestExperiments_TellWhichListIsPreferred(t *testing.T) {
	trial := fil.Experiment{Name: "trial", Since: start, Interleave: true, Arms: []fil.Arm{{Name: "a"}, {Name: "b"}}}
	var acts []fil.Engagement
	for n := range 80 {
		placed := "b"
		if n%8 == 0 {
			placed = "a"
		}
		agent := fmt.Sprintf("agent-%03d", n)
		acts = append(acts, fil.Engagement{Kind: fil.Impression, Agent: agent, Content: "c", Placed: "a", Time: start.Add(time.Hour)},
			fil.Engagement{Kind: fil.Open, Agent: agent, Content: "d", Placed: placed, Time: start.Add(time.Hour)},
			fil.Engagement{Kind: fil.Read, Agent: agent, Content: "d", Placed: placed, Time: start.Add(time.Hour)},
			fil.Engagement{Kind: fil.Read, Agent: agent, Content: "e", Time: start.Add(time.Hour)})
	}
	arm := func(e fil.Engagement) string {
		if e.Placed == "" {
			return ""
		}
		return analytics.ArmLabel("trial", e.Placed)
	}
	x := trialOn(t, open(t, settings(t)), arm, acts, tried{"trial": trial})
	report, err := x.Report(t.Context(), "trial", "fr")
	if err != nil {
		t.Fatal(err)
	}
	w := report.Woven
	if w == nil || *w.Days != 80 || *w.Share != 0.875 || w.Verdict != "other" || *w.Low <= 0.5 || *w.High >= 1 || !strings.Contains(report.Says, "Les lecteurs préfèrent la liste « b »") {
		t.Errorf("%+v: %s", w, report.Says)
	}
	if harms, err := x.Harms(context.WithoutCancel(t.Context()), trial); err != nil || harms != nil {
		t.Errorf("interleaved lists have no arm to stop: %v, %v", harms, err)
	}
}
