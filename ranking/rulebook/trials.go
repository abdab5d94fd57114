package rulebook

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// DefaultGuardrails stop an arm once it is sure that it costs a tenth of the reads or of the acknowledgements, or makes
// dismissals half as many again.
func DefaultGuardrails() fil.Guardrails {
	return fil.Guardrails{Reads: 0.1, Acknowledgements: 0.1, Dismissals: 0.5}
}

// Trial finds an experiment by its name, running or ended.
func Trial(force fil.InForce, name string) (fil.Experiment, bool) {
	for _, one := range Trials(force) {
		if one.Name == name {
			return one, true
		}
	}
	return fil.Experiment{}, false
}

// Trials lists the experiments, the latest first: the one that runs, if any, then those that have ended.
func Trials(force fil.InForce) (all []fil.Experiment) {
	if force.Experiment != nil {
		all = append(all, *force.Experiment)
	}
	return append(all, force.Tried...)
}

// Start begins an experiment, whose arms are dealt in the order given. expected is the version that must be in force, empty
// for any. The error is errRuns while another runs, and a fault for a name that was used: it would deal the same agents.
func (d *Desk) Start(ctx context.Context, trial fil.Experiment, expected string) (fil.Experiment, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	force, err := d.inForce(ctx)
	switch {
	case err != nil:
		return fil.Experiment{}, err
	case expected != "" && expected != force.Policy:
		return fil.Experiment{}, errChanged
	case force.Experiment != nil:
		return fil.Experiment{}, errRuns
	}
	trial.Since, trial.Ended, trial.Why = d.now().UTC(), time.Time{}, ""
	ranking.Deal(trial.Arms)
	force.Experiment = &trial
	var faults fil.Faults
	if len([]rune(trial.Note)) > maxNote {
		faults.Add("note", fmt.Sprintf("dépasse %d caractères", maxNote), fmt.Sprintf("is over %d characters", maxNote))
	}
	if _, used := Trial(fil.InForce{Tried: force.Tried}, trial.Name); used {
		faults.Add("experiment.name", "est celui d'une expérience passée, dont les agents seraient tirés de nouveau", "is that of a past experiment, whose agents would be drawn again")
	}
	for i, arm := range trial.Arms {
		if _, known := d.policies.Edition(arm.Policy); !known && arm.Policy != "" {
			faults.Add(fmt.Sprintf("experiment.arms[%d].policy", i), "n'est pas une version publiée : fil policy history les liste", "is no published version: fil policy history lists them")
		}
	}
	if err := ranking.CheckInForce(force); err != nil {
		faults = append(faults, fil.FaultsOf(err)...)
	}
	if err := faults.Err(); err != nil {
		return fil.Experiment{}, err
	}
	fresh, err := d.unpublished(force, trial.By)
	if err == nil {
		_, err = d.write(ctx, fresh, &force)
	}
	return trial, err
}

// unpublished are the versions that what is to be in force rests on and that only this program knows.
func (d *Desk) unpublished(force fil.InForce, by string) (fresh []fil.PublishedPolicy, err error) {
	versions := []string{force.Policy}
	for _, arm := range force.Experiment.Arms {
		versions = append(versions, arm.Policy)
	}
	slices.Sort(versions)
	for _, version := range slices.Compact(versions) {
		if known, _ := d.policies.Edition(version); known.Published.Version != "" {
			continue
		}
		edition, err := d.edition(Order{Version: version, By: by})
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, edition.Published)
	}
	return fresh, nil
}

// Stop ends an experiment, or one arm of it when arm is not empty: their readers go back to the policy in force. An arm that
// was stopped before stays as it was, with no error. The last arm that runs ends the experiment, and so does either of two
// that are interleaved.
func (d *Desk) Stop(ctx context.Context, name, arm, why string) (fil.Experiment, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	force, err := d.inForce(ctx)
	if err != nil {
		return fil.Experiment{}, err
	}
	trial, known := Trial(force, name)
	switch {
	case !known:
		return fil.Experiment{}, errNoTrial
	case !trial.Ended.IsZero() && arm == "":
		return fil.Experiment{}, errEnded
	}
	if len([]rune(why)) > maxNote {
		return fil.Experiment{}, fil.NewFault("why", fmt.Sprintf("dépasse %d caractères", maxNote), fmt.Sprintf("is over %d characters", maxNote))
	}
	at := d.now().UTC()
	trial.Arms = slices.Clone(trial.Arms)
	if arm != "" {
		i := slices.IndexFunc(trial.Arms, func(a fil.Arm) bool { return a.Name == arm })
		switch {
		case i < 0:
			return fil.Experiment{}, fil.NewFault("arm", "n'est pas un bras de cette expérience", "is no arm of this experiment")
		case !trial.Arms[i].Stopped.IsZero():
			return trial, nil
		case !trial.Ended.IsZero():
			return fil.Experiment{}, errEnded
		}
		trial.Arms[i].Stopped, trial.Arms[i].Why = at, why
	}
	force.Experiment = &trial
	running := slices.ContainsFunc(trial.Arms, func(a fil.Arm) bool { return a.Stopped.IsZero() })
	if arm == "" || trial.Interleave || !running {
		force.Tried = ended(force, at, why)
		force.Experiment, trial = nil, force.Tried[0]
	}
	_, err = d.write(ctx, nil, &force)
	return trial, err
}

// ended are the experiments that have ended once the one that runs has.
func ended(force fil.InForce, at time.Time, why string) []fil.Experiment {
	last := *force.Experiment
	last.Ended, last.Why = at, why
	all := append([]fil.Experiment{last}, force.Tried...)
	return all[:min(len(all), maxPast)]
}
