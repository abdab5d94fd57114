package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking/evaluation"
)

// policySimulateCommand tells what discovery costs and gains, in made-up houses.
type policySimulateCommand struct {
	Policy string    `help:"${help_evaluate_policy}" type:"existingfile" placeholder:"FICHIER"`
	Shares []float64 `help:"${help_policy_simulate_shares}" default:"0,0.02,0.05,0.1,0.2"`
	Houses int       `help:"${help_policy_simulate_houses}" default:"10"`
	Days   int       `help:"${help_policy_simulate_days}" default:"28"`
	JSON   bool      `help:"${help_json}"`
}

func (c *policySimulateCommand) Run(w *world) error {
	policy, err := policyFileOr(w, c.Policy)
	if err != nil {
		return err
	}
	for _, share := range c.Shares {
		if !(share >= 0 && share <= 0.5) {
			return w.misused(fil.Bilingual{FR: fmt.Sprintf("--shares : %v doit être entre 0 et 0,5", share), EN: fmt.Sprintf("--shares: %v must be between 0 and 0.5", share)})
		}
	}
	if c.Houses < 1 || c.Days < 1 || c.Days > 366 {
		return w.misused(fil.Bilingual{FR: "--houses et --days doivent être d'au moins 1, et --days d'au plus 366", EN: "--houses and --days must be 1 at least, and --days 366 at most"})
	}
	s := evaluation.DefaultSimulation(policy)
	s.Shares, s.Seeds, s.Days, s.Progress = c.Shares, c.Houses, c.Days, progress(w)
	found, err := s.Run(w.ctx)
	if err != nil {
		return err //nolint:wrapcheck // it says what it was doing
	}
	if c.JSON {
		return json.NewEncoder(w.Out).Encode(map[string]any{"shares": found}) //nolint:wrapcheck // the output's own error
	}
	return printDiscovered(w, s, found)
}

func printDiscovered(w *world, s evaluation.Simulation, found []evaluation.Discovered) error {
	in := func(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(language(w.Environ)) }
	var b strings.Builder
	fmt.Fprintf(&b, in("%d maisons inventées de %d agents, %d contenus par jour, %d jours\n\n", "%d made-up houses of %d agents, %d contents a day, %d days\n\n"), s.Seeds, s.Agents, s.Daily, s.Days)
	table := sheet{{in("part", "share"), in("lectures par visite", "reads per visit"), in("écart", "gain"), in("1re semaine", "first week"), in("dernière", "last week"),
		in("contenus vus", "contents seen"), in("meilleurs manqués", "best missed")}}
	with := func(value, err evaluation.Number) string { return measured(value, 3) + " ± " + measured(err, 3) }
	for _, d := range found {
		table.add(measured(d.Share, 2), with(d.Reads, d.ReadsErr), with(d.Gain, d.GainErr), with(d.FirstWeek, d.FirstErr), with(d.LastWeek, d.LastErr),
			with(d.Shown, d.ShownErr), with(d.BestMissed, d.MissedErr))
	}
	table.write(&b)
	fmt.Fprintf(&b, "\n%s\n", in("± : erreur type, entre maisons. Écart : à la première part. Vus : par dix agents au moins. Meilleurs manqués : part du dixième le plus attirant qu'un agent sur dix au plus a vue",
		"±: standard error, between houses. Gain: over the first share. Seen: by ten agents at least. Best missed: share of the most appealing tenth that one agent in ten at most saw"))
	return w.print(b.String())
}
