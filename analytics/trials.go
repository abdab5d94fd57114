package analytics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/filengine/fil"
)

// ArmHoldout is the arm of the agents who are held out of ranking.
const ArmHoldout = "holdout"

// ArmLabel is how facts name an arm of an experiment.
func ArmLabel(experiment, arm string) string { return experiment + "/" + arm }

// What is counted of each agent, in this order: contents read, acknowledged and dismissed, and days on which they did anything.
const (
	outcomeReads = iota
	outcomeAcknowledgements
	outcomeDismissals
	outcomeVisits
	outcomes
)

// Outcome is what the agents of one arm did; Arm is as facts have it.
type Outcome struct {
	Arm string
	Span
	Moments [outcomes]Moments
}

// Preferred counts days of agents by the list that they preferred on them.
type Preferred struct{ Agents, One, Other, Ties uint64 }

// Outcomes answers what became of experiments.
type Outcomes interface {
	// Outcomes counts what the agents of each arm did from one time until another, their days beginning in a zone. Naming an
	// arm counts everyone else as in none.
	Outcomes(ctx context.Context, from, to time.Time, zone, only string) ([]Outcome, error)
	// Preferred compares two arms whose lists are woven into one.
	Preferred(ctx context.Context, from, to time.Time, one, other string) (Preferred, error)
}

// Trials knows the experiments, running and ended, by name. Under ArmHoldout it is asked since when agents are held out.
type Trials interface {
	Trial(name string) (trial fil.Experiment, known bool)
}

// Experiments report on experiments. It is safe for concurrent use.
type Experiments struct {
	Outcomes Outcomes
	Trials   Trials
	Guard    fil.Guard
	Zone     *time.Location
	Now      func() time.Time
}

// Levels: of the report's intervals, and of each guardrail, so that one that stops an arm for no cause is as seldom as a report
// that is wrong.
const (
	alphaReport = 0.05
	alphaGuard  = alphaReport / 3
)

// fewestAgents is how many agents an arm needs for its mean to be nearly normal, without which an interval says nothing.
const fewestAgents = 50

var errUnknownTrial = errors.New("unknown experiment")

// TrialReport is what an experiment shows so far. A nil figure is withheld, or cannot be told yet.
type TrialReport struct {
	Experiment string       `json:"experiment"`
	Since      time.Time    `json:"since"`
	Until      time.Time    `json:"until"`
	Arms       []TrialArm   `json:"arms" doc:"Le premier est celui auquel on compare / the first is what the others are compared with"`
	Woven      *TrialChoice `json:"woven,omitempty" doc:"Listes entrelacées : laquelle est préférée / interleaved lists: which is preferred"`
	Holdout    []TrialArm   `json:"holdout,omitempty" doc:"Ce que le classement apporte / what ranking brings"`
	Astray     bool         `json:"astray,omitempty" doc:"Les agents ne sont pas venus dans les parts tirées : rien ne se compare / agents did not come in the shares that were drawn: nothing can be compared"`
	Says       string       `json:"says" doc:"En mots / in words"`
	Level      float64      `json:"level" doc:"Des intervalles, tous regards compris / of the intervals, at all looks together"`
}

// TrialArm is what is known of one arm.
type TrialArm struct {
	Name    string        `json:"name"`
	Policy  string        `json:"policy,omitempty"`
	Stopped time.Time     `json:"stopped,omitzero"`
	Why     string        `json:"why,omitempty" doc:"Il a été arrêté / it was stopped"`
	Agents  *int          `json:"agents" nullable:"true"`
	Figures []TrialFigure `json:"figures"`
}

// TrialFigure is one outcome, per agent and day, and what it differs by from the control's: the interval holds at all looks.
type TrialFigure struct {
	Name       string   `json:"name" doc:"reads, acknowledgements, dismissals, visits"`
	Mean       *float64 `json:"mean" nullable:"true" doc:"Par agent et par jour / per agent and day"`
	Difference *float64 `json:"difference,omitempty"`
	Low        *float64 `json:"low,omitempty"`
	High       *float64 `json:"high,omitempty"`
	Verdict    string   `json:"verdict,omitempty" enum:"more,less,unsure" doc:"Plus, moins, ou on ne peut pas encore conclure / more, less, or no conclusion yet"`
	Says       string   `json:"says"`
}

// TrialChoice is which of two interleaved lists readers prefer. A trial is a day of an agent on which they preferred one.
type TrialChoice struct {
	One     string   `json:"one"`
	Other   string   `json:"other"`
	Agents  *int     `json:"agents" nullable:"true"`
	Days    *int     `json:"days" nullable:"true" doc:"Jours d'agents où l'une fut préférée / days of agents on which one was preferred"`
	Share   *float64 `json:"share" nullable:"true" doc:"Part de ces jours pour l'autre / share of these days for the other"`
	Low     *float64 `json:"low"`
	High    *float64 `json:"high"`
	Verdict string   `json:"verdict" enum:"one,other,unsure"`
	Says    string   `json:"says"`
}

// compared is one arm beside the control, over the time that both ran.
type compared struct {
	arm           fil.Arm
	one, control  Outcome
	isControl     bool
	given         bool // enough agents on both sides for the guard
	givenControls bool
}

// compare counts the arms of an experiment, the control first, each over the time that it and the control ran.
func (x *Experiments) compare(ctx context.Context, trial fil.Experiment) ([]compared, time.Time, error) {
	until := x.Now()
	if !trial.Ended.IsZero() {
		until = trial.Ended
	}
	arms, labels := trial.Arms, make([]string, 0, len(trial.Arms)+1)
	if len(arms) == 1 { // with who is in none
		arms, labels = append([]fil.Arm{{}}, arms...), append(labels, "")
	}
	for _, arm := range trial.Arms {
		labels = append(labels, ArmLabel(trial.Name, arm.Name))
	}
	at := map[time.Time]map[string]Outcome{}
	var all []compared
	for i, arm := range arms {
		end := until
		for _, stopped := range []time.Time{arms[0].Stopped, arm.Stopped} {
			if !stopped.IsZero() {
				end = Earlier(end, stopped)
			}
		}
		if at[end] == nil {
			rows, err := x.Outcomes.Outcomes(ctx, trial.Since, end, x.Zone.String(), "")
			if err != nil {
				return nil, until, err
			}
			at[end] = map[string]Outcome{}
			for _, row := range rows {
				at[end][row.Arm] = row
			}
		}
		all = append(all, compared{arm: arm, one: at[end][labels[i]], control: at[end][labels[0]], isControl: i == 0})
	}
	x.withhold(all)
	return all, until, nil
}

// withhold says which arms have enough agents, in all rows together.
func (x *Experiments) withhold(all []compared) {
	g := groups{disjoint: true}
	for _, c := range all {
		g.agents = append(g.agents, int(c.one.Agents))
		g.total += int(c.one.Agents)
	}
	for i, withheld := range g.withheld(x.Guard) {
		all[i].given = !withheld
	}
	for i := range all {
		all[i].givenControls = all[0].given && !x.Guard.Withholds(int(all[i].control.Agents))
	}
}

// Report tells what an experiment shows so far, in a language.
func (x *Experiments) Report(ctx context.Context, name, language string) (TrialReport, error) {
	trial, known := x.Trials.Trial(name)
	if !known {
		return TrialReport{}, errUnknownTrial
	}
	report := TrialReport{Experiment: name, Since: trial.Since, Level: 1 - alphaReport, Arms: []TrialArm{}}
	words := trialWords{language}
	held, until, err := x.heldOut(ctx, trial)
	if err != nil {
		return TrialReport{}, fmt.Errorf("report on %s: %w", name, err)
	}
	report.Until = until
	report.Holdout = x.armsOf(held, words)
	switch {
	case name == ArmHoldout:
	case trial.Interleave:
		report.Woven, err = x.woven(ctx, trial, until, words)
	default:
		var all []compared
		all, report.Until, err = x.compare(ctx, trial)
		report.Arms, report.Astray = x.armsOf(all, words), gone(all)
	}
	if err != nil {
		return TrialReport{}, fmt.Errorf("report on %s: %w", name, err)
	}
	report.Says = words.report(report)
	return report, nil
}

// surelyAstray is the evidence, as a logarithm, from which agents are said not to have come as they were dealt: one in a
// thousand experiments says so for no cause.
const surelyAstray = 6.9

// gone says whether agents did not come to the arms of an experiment as they were dealt. Where one was stopped, the counts are of
// different times.
func gone(all []compared) bool {
	agents, shares := make([]uint64, 0, len(all)), make([]float64, 0, len(all))
	for _, c := range all {
		if !c.arm.Stopped.IsZero() || c.arm.Name == "" {
			return false
		}
		agents, shares = append(agents, c.one.Agents), append(shares, c.arm.Share)
	}
	return len(agents) > 1 && astray(agents, shares) > surelyAstray
}

// heldOut compares everyone else with those who are held out of ranking.
func (x *Experiments) heldOut(ctx context.Context, trial fil.Experiment) ([]compared, time.Time, error) {
	until := x.Now()
	if !trial.Ended.IsZero() {
		until = trial.Ended
	}
	rows, err := x.Outcomes.Outcomes(ctx, trial.Since, until, x.Zone.String(), ArmHoldout)
	if err != nil {
		return nil, until, err
	}
	var held, others Outcome
	for _, row := range rows {
		if row.Arm == ArmHoldout {
			held = row
		} else {
			others = row
		}
	}
	if held.Agents == 0 {
		return nil, until, nil
	}
	all := []compared{{arm: fil.Arm{Name: ArmHoldout}, one: held, control: held, isControl: true}, {arm: fil.Arm{Name: "ranked"}, one: others, control: held}}
	x.withhold(all)
	return all, until, nil
}

func outcomeNames() [outcomes]string {
	return [outcomes]string{"reads", "acknowledgements", "dismissals", "visits"}
}

func (x *Experiments) armsOf(all []compared, words trialWords) []TrialArm {
	arms := make([]TrialArm, 0, len(all))
	for _, c := range all {
		arm := TrialArm{Name: c.arm.Name, Policy: c.arm.Policy, Stopped: c.arm.Stopped, Why: c.arm.Why, Figures: make([]TrialFigure, 0, outcomes)}
		if c.given {
			n := int(c.one.Agents)
			arm.Agents = &n
		}
		for m, name := range outcomeNames() {
			figure := TrialFigure{Name: name}
			x.fill(&figure, c, m)
			figure.Says = words.figure(m, figure, c)
			arm.Figures = append(arm.Figures, figure)
		}
		arms = append(arms, arm)
	}
	return arms
}

// fill gives a figure its numbers: those that are about enough agents who did it, and a difference once both arms have enough
// agents for it to mean something.
func (x *Experiments) fill(figure *TrialFigure, c compared, m int) {
	mine, theirs := c.one.Moments[m], c.control.Moments[m]
	if !c.given || x.Guard.Withholds(int(mine.Doers)) {
		return
	}
	mean, _ := rate(mine, c.one.Span)
	figure.Mean = &mean
	if c.isControl || !c.givenControls || x.Guard.Withholds(int(theirs.Doers)) {
		return
	}
	figure.Verdict = "unsure"
	if min(c.one.Agents, c.control.Agents) < fewestAgents {
		return
	}
	d := contrastOf(mine, c.one.Span, theirs, c.control.Span, 1, alphaReport)
	if math.IsInf(d.high, 0) || d.low == d.high { // all did the same: nothing is known of how much they could differ
		return
	}
	figure.Difference, figure.Low, figure.High = &d.estimate, &d.low, &d.high
	switch {
	case d.low > 0:
		figure.Verdict = "more"
	case d.high < 0:
		figure.Verdict = "less"
	}
}

// woven compares two lists that readers saw as one.
func (x *Experiments) woven(ctx context.Context, trial fil.Experiment, until time.Time, words trialWords) (*TrialChoice, error) {
	one, other := trial.Arms[0].Name, trial.Arms[1].Name
	p, err := x.Outcomes.Preferred(ctx, trial.Since, until, ArmLabel(trial.Name, one), ArmLabel(trial.Name, other))
	if err != nil {
		return nil, err
	}
	choice := &TrialChoice{One: one, Other: other, Agents: x.Guard.Count(int(p.Agents)), Verdict: "unsure"}
	if days := p.One + p.Other; choice.Agents != nil && days > 0 {
		n, share := int(days), float64(p.Other)/float64(days)
		low, high := proportion(p.Other, days, alphaReport)
		choice.Days, choice.Share, choice.Low, choice.High = &n, &share, &low, &high
		switch {
		case low > 0.5:
			choice.Verdict = "other"
		case high < 0.5:
			choice.Verdict = "one"
		}
	}
	choice.Says = words.choice(*choice)
	return choice, nil
}

// Harm is an arm that a guardrail is sure of.
type Harm struct{ Arm, Why string }

// Harms gives the arms that run and that do more harm than the experiment's guardrails let them, one reason each.
func (x *Experiments) Harms(ctx context.Context, trial fil.Experiment) ([]Harm, error) {
	if trial.Interleave || trial.Guards == (fil.Guardrails{}) {
		return nil, nil
	}
	all, _, err := x.compare(ctx, trial)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", trial.Name, err)
	}
	var harms []Harm
	for _, c := range all {
		if c.isControl || !c.arm.Stopped.IsZero() || min(c.one.Agents, c.control.Agents) < fewestAgents {
			continue
		}
		if why := harm(c, trial.Guards); why != "" {
			harms = append(harms, Harm{c.arm.Name, why})
		}
	}
	return harms, nil
}

func harm(c compared, guards fil.Guardrails) string {
	sure := func(m int, factor float64) contrast {
		return contrastOf(c.one.Moments[m], c.one.Span, c.control.Moments[m], c.control.Span, factor, alphaGuard)
	}
	switch {
	case guards.Reads > 0 && sure(outcomeReads, 1-guards.Reads).high < 0:
		return fmt.Sprintf("garde-fou : les lectures ont baissé de plus de %.0f %% / guardrail: reads fell by more than %.0[1]f%%", 100*guards.Reads)
	case guards.Acknowledgements > 0 && sure(outcomeAcknowledgements, 1-guards.Acknowledgements).high < 0:
		return fmt.Sprintf("garde-fou : les prises de connaissance ont baissé de plus de %.0f %% / guardrail: acknowledgements fell by more than %.0[1]f%%", 100*guards.Acknowledgements)
	case guards.Dismissals > 0 && sure(outcomeDismissals, 1+guards.Dismissals).low > 0:
		return fmt.Sprintf("garde-fou : les masquages ont augmenté de plus de %.0f %% / guardrail: dismissals rose by more than %.0[1]f%%", 100*guards.Dismissals)
	}
	return ""
}
