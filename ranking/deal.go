package ranking

import (
	"fmt"
	"time"

	"github.com/filengine/fil"
)

// holdoutSalt deals the hold-out. It never changes, or all of its readers would.
const holdoutSalt = 0x5bd1e995f1357aea

// hashOf is the FNV-1a digest of a text, without an allocation.
func hashOf(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return h
}

// unit deals a digest to a place in [0, 1): SplitMix64 over both, so that two salts deal independently.
func unit(id, salt uint64) float64 {
	return float64(Mix(Mix(id+0x9e3779b97f4a7c15)^salt)>>11) / (1 << 53)
}

// Deal sets where each arm begins, one after another, in the order given. It is done once, when an experiment begins: an
// arm that then shrinks keeps its place, and moves no reader of another.
func Deal(arms []fil.Arm) {
	from := 0.0
	for i := range arms {
		arms[i].From = from
		from += arms[i].Share
	}
}

// ArmOf labels what an agent did with the arm that they were in then: ArmHoldout, the experiment's name, a slash and the
// arm's, or "" when in none. It depends on nothing but what was put in force, so that facts made again have the same labels
// as long as the experiment is among those told of. Of an experiment that interleaves, the arm is the one that had placed the
// content, as the engagement says.
func (p *Policies) ArmOf(e fil.Engagement) string {
	force := &p.current.Load().force
	id := hashOf(e.Agent)
	if share := holdoutAt(force, e.Time); share > 0 && unit(id, holdoutSalt) < share {
		return ArmHoldout
	}
	if force.Experiment != nil && !e.Time.Before(force.Experiment.Since) {
		return armIn(force.Experiment, id, e)
	}
	for i := range force.Tried {
		if tried := &force.Tried[i]; !e.Time.Before(tried.Since) {
			if e.Time.Before(tried.Ended) {
				return armIn(tried, id, e)
			}
			return ""
		}
	}
	return ""
}

// holdoutAt is the share of the agents that were held out at a time.
func holdoutAt(force *fil.InForce, at time.Time) float64 {
	if !at.Before(force.Since) {
		return force.Holdout
	}
	for i := range force.Past {
		if !at.Before(force.Past[i].Since) {
			return force.Past[i].Holdout
		}
	}
	return 0
}

func armIn(x *fil.Experiment, id uint64, e fil.Engagement) string {
	place, dealt := unit(id, Mix(hashOf(x.Name))), false
	for _, arm := range x.Arms {
		stopped := !arm.Stopped.IsZero() && !e.Time.Before(arm.Stopped)
		if in := place >= arm.From && place < arm.From+arm.Share; in && !stopped {
			if !x.Interleave {
				return ArmLabel(x.Name, arm.Name)
			}
			dealt = true
		}
	}
	for _, arm := range x.Arms {
		if dealt && arm.Name == e.Placed {
			return ArmLabel(x.Name, arm.Name)
		}
	}
	return ""
}

// ArmLabel is how facts name an arm of an experiment.
func ArmLabel(experiment, arm string) string { return experiment + "/" + arm }

// ToldOfArm is what a reader whose policy is being compared with another is told.
func ToldOfArm(experiment, arm string) fil.Bilingual {
	return fil.Bilingual{
		FR: fmt.Sprintf("Vous êtes parmi les agents tirés au sort pour comparer des politiques de classement (expérience « %s », groupe « %s ») : ce que les agents de chaque groupe lisent sert à choisir entre elles.", experiment, arm),
		EN: fmt.Sprintf("You are among the agents drawn at random to compare ranking policies (experiment “%s”, group “%s”): what the agents of each group read serves to choose between them.", experiment, arm),
	}
}

// told is what a reader in an arm is told; nothing outside of one.
func (r *Ranker) told(arm string) fil.Bilingual {
	if r.policies == nil || arm == "" || arm == ArmHoldout {
		return fil.Bilingual{}
	}
	if e := r.policies.InForce().Experiment; e != nil {
		return ToldOfArm(e.Name, arm)
	}
	return fil.Bilingual{}
}

func checkExperiment(e *fil.Experiment, faults *fil.Faults) {
	if !policyName.MatchString(e.Name) || e.Name == ArmHoldout {
		faults.Add("experiment.name", "doit tenir en 40 minuscules, chiffres, points et tirets", "must be at most 40 lower-case letters, digits, dots and dashes")
	}
	if e.Interleave && len(e.Arms) != 2 {
		faults.Add("experiment.arms", "doit avoir deux bras pour entrelacer", "must have two arms to interleave")
	}
	for name, share := range map[string]float64{"reads": e.Guards.Reads, "acknowledgements": e.Guards.Acknowledgements, "dismissals": e.Guards.Dismissals} {
		if !(share >= 0 && share <= maxGuard) {
			faults.Add("experiment.guards."+name, fmt.Sprintf("doit être entre 0 et %v", maxGuard), fmt.Sprintf("must be between 0 and %v", maxGuard))
		}
	}
	if len(e.Arms) == 0 || len(e.Arms) > maxArms {
		faults.Add("experiment.arms", fmt.Sprintf("doit avoir de 1 à %d bras", maxArms), fmt.Sprintf("must have 1 to %d arms", maxArms))
	}
	for i, arm := range e.Arms {
		field := fmt.Sprintf("experiment.arms[%d].", i)
		if !policyName.MatchString(arm.Name) || arm.Name == ArmHoldout {
			faults.Add(field+"name", "doit être un nom en minuscules, autre que holdout", "must be a lower-case name other than holdout")
		}
		if arm.Policy == "" {
			faults.Add(field+"policy", "doit être une version publiée", "must be a published version")
		}
		if !(arm.From >= 0 && arm.Share >= 0 && arm.From+arm.Share <= 1+1e-9) {
			faults.Add(field+"share", "doit tenir entre 0 et 1 avec les autres", "must fit between 0 and 1 with the others")
		}
		for _, other := range e.Arms[:i] {
			if other.Name == arm.Name {
				faults.Add(field+"name", "est pris par un autre bras", "is taken by another arm")
			}
			if min(other.From+other.Share, arm.From+arm.Share)-max(other.From, arm.From) > 1e-9 {
				faults.Add(field+"share", "empiète sur un autre bras", "runs over another arm")
			}
		}
	}
}
