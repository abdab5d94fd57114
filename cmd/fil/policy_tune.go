package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/evaluation"
)

// policyTuneCommand learns weights from a log up to its test part, and judges them on that part.
type policyTuneCommand struct {
	Files  []string `arg:"" help:"${help_files}" type:"existingfile"`
	Policy string   `help:"${help_evaluate_policy}" type:"existingfile" placeholder:"FICHIER"`
	Name   string   `help:"${help_policy_tune_name}" default:"fil-tuned" placeholder:"NOM"`
	Output string   `short:"o" required:"" help:"${help_policy_tune_output}" placeholder:"FICHIER"`
	Map    []string `help:"${help_evaluate_map}" sep:"none" placeholder:"CHAMP=COLONNE,…"`
	Const  []string `help:"${help_const}" sep:"none" placeholder:"CHAMP=VALEUR"`
	Value  []string `help:"${help_value}" sep:"none" placeholder:"CHAMP:DE=VERS"`
}

func (c *policyTuneCommand) Run(w *world) error {
	asked := evaluateCommand{Files: c.Files, Policy: c.Policy, Map: c.Map, Const: c.Const, Value: c.Value, Format: "rows", Part: string(evaluation.Test)}
	before, err := policyFileOr(w, c.Policy)
	if err != nil {
		return err
	}
	log, _, err := asked.read(w)
	if err != nil {
		return err
	}
	weights, steps := evaluation.Tune(log, before)
	if steps == 0 {
		return w.misused(nothingToJudge(log, asked.Part))
	}
	after, text, err := proposed(before, weights, c.Name, steps)
	if err != nil {
		return err
	}
	contest := evaluation.NewContest(log, evaluation.Settings{Part: evaluation.Test, Seed: 1, Now: time.Now, Progress: progress(w)})
	contest.Enter(before.Version, evaluation.NewFil(log, before, true))
	contest.Enter(orderFil, evaluation.NewFil(log, after, true)) // named so that margins are over the other
	report, err := contest.Judge(w.ctx)
	if errors.Is(err, evaluation.ErrNothing) {
		return w.misused(nothingToJudge(log, asked.Part))
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Output, text, 0o644); err != nil { //nolint:gosec // a policy is public
		return fmt.Errorf("write the policy: %w", err)
	}
	if err := printReport(w, report); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.Out, fil.Bilingual{
		FR: "\n%s : version %s, apprise de %d lectures d'avant la partie jugée, qu'elle n'a jamais vue.\nPuis : fil policy diff %s %s ; fil policy publish %s\n",
		EN: "\n%s: version %s, learned from %d reads before the judged part, which it has never seen.\nThen: fil policy diff %s %s; fil policy publish %s\n",
	}.In(language(w.Environ)), c.Output, after.Version, steps, c.from(), c.Output, c.Output)
	return err
}

// from is how `fil policy diff` is told of the policy before.
func (c *policyTuneCommand) from() string {
	if c.Policy == "" {
		return "default"
	}
	return c.Policy
}

// proposed is a policy with other weights, and its file.
func proposed(before ranking.Policy, weights ranking.Weights, name string, steps int) (after ranking.Policy, text []byte, err error) {
	after = before
	after.Name, after.Weights = name, weights.Rounded()
	file, err := after.File()
	if err != nil {
		return after, nil, fmt.Errorf("write the policy: %w", err)
	}
	text = fmt.Appendf(nil, "# Poids appris de %d lectures, depuis %s. / Weights learned from %d reads, starting from %s.\n%s", steps, before.Version, steps, before.Version, file)
	if after, err = ranking.ParsePolicy(text); err != nil {
		return after, nil, fmt.Errorf("read back the policy: %w", err)
	}
	return after, text, nil
}
