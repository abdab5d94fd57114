package rulebook_test

import (
	"strings"
	"testing"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/rulebook"
)

// twoArms is an experiment between what is in force and another version, both on the log.
func twoArms(t *testing.T, desk *rulebook.Desk) fil.Experiment {
	t.Helper()
	done, err := desk.Put(t.Context(), rulebook.Order{Text: busy})
	if err != nil {
		t.Fatal(err)
	}
	return fil.Experiment{Name: "trial", Arms: []fil.Arm{{Name: "a", Policy: done.Before.Version, Share: 0.4}, {Name: "b", Policy: done.After.Version, Share: 0.4}}}
}

func TestDesk_StartsStopsAndKeepsExperiments(t *testing.T) {
	desk, log := newDesk()
	trial := twoArms(t, desk)
	if started, err := desk.Start(t.Context(), trial, log.policies.InForce().Policy); err != nil || started.Arms[1].From != 0.4 || !started.Since.Equal(noon) {
		t.Fatalf("%+v, %v", started, err)
	}
	if _, published := log.policies.Edition(trial.Arms[0].Policy); !published || len(log.policies.Missing()) > 0 || log.policies.InForce().Experiment == nil {
		t.Fatalf("in force: %+v", log.policies.InForce())
	}
	arms := map[string]int{}
	for _, agent := range []string{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10"} {
		_, arm, _ := log.policies.For(agent)
		arms[arm]++
	}
	if arms["a"] == 0 || arms["b"] == 0 {
		t.Errorf("ten agents are dealt as %v", arms)
	}
	if _, err := desk.Start(t.Context(), fil.Experiment{Name: "other", Arms: trial.Arms}, ""); err == nil {
		t.Error("two run at once")
	}
	for range 2 { // a stop that is repeated changes nothing
		if stopped, err := desk.Stop(t.Context(), "trial", "b", "it costs reads"); err != nil || stopped.Arms[1].Stopped.IsZero() || !stopped.Ended.IsZero() {
			t.Fatalf("%+v, %v", stopped, err)
		}
	}
	for _, agent := range []string{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10"} {
		if _, arm, _ := log.policies.For(agent); arm == "b" {
			t.Errorf("%s reads by an arm that was stopped", agent)
		}
	}
	if stopped, err := desk.Stop(t.Context(), "trial", "", "enough"); err != nil || stopped.Ended.IsZero() {
		t.Fatalf("%+v, %v", stopped, err)
	}
	force := log.policies.InForce()
	if force.Experiment != nil || len(force.Tried) != 1 || force.Tried[0].Why != "enough" || force.Tried[0].Arms[1].Why != "it costs reads" {
		t.Errorf("in force: %+v", force)
	}
	if _, err := desk.Stop(t.Context(), "trial", "", ""); err == nil {
		t.Error("an experiment ends twice")
	}
	if _, err := desk.Start(t.Context(), trial, ""); len(fil.FaultsOf(err)) == 0 {
		t.Errorf("the name of a past experiment: %v", err)
	}
	if _, err := desk.Put(t.Context(), rulebook.Order{Version: trial.Arms[0].Policy}); err != nil || len(log.policies.InForce().Tried) != 1 {
		t.Errorf("a publication forgets what was tried: %v, %+v", err, log.policies.InForce())
	}
}

func TestDesk_RefusesExperiments(t *testing.T) {
	desk, _ := newDesk()
	good := twoArms(t, desk)
	arms := func(share float64, policy string) []fil.Arm {
		return []fil.Arm{{Name: "a", Policy: policy, Share: share}, {Name: "b", Policy: policy, Share: share}}
	}
	version := good.Arms[0].Policy
	for name, trial := range map[string]fil.Experiment{
		"no arms":              {Name: "x"},
		"too much":             {Name: "x", Arms: arms(0.6, version)},
		"unknown version":      {Name: "x", Arms: arms(0.1, "x-00000000")},
		"no name":              {Arms: arms(0.1, version)},
		"a name with capitals": {Name: "X", Arms: arms(0.1, version)},
		"one arm interleaved":  {Name: "x", Interleave: true, Arms: arms(0.1, version)[:1]},
		"a negative guard":     {Name: "x", Arms: arms(0.1, version), Guards: fil.Guardrails{Reads: -1}},
		"a long note":          {Name: "x", Arms: arms(0.1, version), Note: strings.Repeat("é", 501)},
	} {
		if _, err := desk.Start(t.Context(), trial, ""); len(fil.FaultsOf(err)) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := desk.Start(t.Context(), good, "x-00000000"); err == nil {
		t.Error("started over another policy than expected")
	}
	if _, err := desk.Stop(t.Context(), "nothing", "", ""); err == nil {
		t.Error("stopped what never ran")
	}
}

func TestTrialInWords_SaysWhoReadsWhat(t *testing.T) {
	trial := fil.Experiment{Name: "x", Since: noon, Arms: []fil.Arm{{Name: "a", Policy: "fil-2-0000", Share: 0.1}, {Name: "b", Policy: "fil-3-0000", Share: 0.05, Stopped: noon, Why: "moins de lectures"}}}
	said := rulebook.TrialInWords(trial, "fr")
	for _, want := range []string{"fil-2-0000", "10\u00a0%", "« b »", "5\u00a0%", "arrêté le 20 novembre 2026", "moins de lectures"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in %s", want, said)
		}
	}
	if said := rulebook.TrialInWords(trial, "en"); !strings.Contains(said, "stopped on 20 November 2026") {
		t.Error(said)
	}
}

// An act is of the arm that its agent was in then, whatever was put in force since.
func TestPolicies_LabelActsByWhatWasInForceThen(t *testing.T) {
	desk, log := newDesk()
	trial := twoArms(t, desk)
	if _, err := desk.Start(t.Context(), trial, ""); err != nil {
		t.Fatal(err)
	}
	then := map[string]string{}
	for _, agent := range []string{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"} {
		_, arm, _ := log.policies.For(agent)
		if then[agent] = arm; arm != "" && arm != ranking.ArmHoldout {
			then[agent] = ranking.ArmLabel("trial", arm)
		}
	}
	if _, err := desk.Stop(t.Context(), "trial", "", ""); err != nil { // at noon too: nothing was in it
		t.Fatal(err)
	}
	force := log.policies.InForce()
	force.Tried[0].Ended = noon.AddDate(0, 0, 7)
	event, err := fil.NewEvent(fil.TypeInForce, "test", "1", noon, force)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Publish(t.Context(), []fil.Record{{Key: fil.KeyInForce, Event: event}}); err != nil {
		t.Fatal(err)
	}
	for agent, arm := range then {
		if got := log.policies.ArmOf(fil.Engagement{Agent: agent, Time: noon.AddDate(0, 0, 1)}); got != arm {
			t.Errorf("%s was in %q, is said to have been in %q", agent, arm, got)
		}
		if got := log.policies.ArmOf(fil.Engagement{Agent: agent, Time: noon.AddDate(0, 0, 8)}); arm != ranking.ArmHoldout && got != "" {
			t.Errorf("%s is in %q after the end", agent, got)
		}
	}
}
