package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
	"github.com/filengine/fil/ranking/rulebook"
)

// experimentCommands are the commands about experiments between policies.
type experimentCommands struct {
	Start  experimentStartCommand  `cmd:"" help:"${help_experiment_start}"`
	List   experimentListCommand   `cmd:"" help:"${help_experiment_list}"`
	Show   experimentShowCommand   `cmd:"" help:"${help_experiment_show}"`
	Stop   experimentStopCommand   `cmd:"" help:"${help_experiment_stop}"`
	Report experimentReportCommand `cmd:"" help:"${help_experiment_report}"`
}

// experimentTexts are their texts.
func experimentTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"help_experiment":        {FR: "Comparer des politiques de classement sur des agents tirés au sort.", EN: "Compare ranking policies on agents drawn at random."},
		"help_experiment_start":  {FR: "Commencer une expérience : chaque --arm est NOM=VERSION:PART, le premier est celui auquel on compare.", EN: "Start an experiment: each --arm is NAME=VERSION:SHARE, the first is what the others are compared with."},
		"help_experiment_list":   {FR: "Lister les expériences, la dernière d'abord.", EN: "List the experiments, the latest first."},
		"help_experiment_show":   {FR: "Dire ce qu'une expérience compare et ce qu'elle est devenue.", EN: "Say what an experiment compares and what became of it."},
		"help_experiment_stop":   {FR: "Arrêter une expérience, ou un bras : ses lecteurs reviennent à la politique en vigueur.", EN: "Stop an experiment, or one arm: its readers go back to the policy in force."},
		"help_experiment_report": {FR: "Dire ce qu'une expérience montre ; « holdout » compare au fil chronologique des agents témoins.", EN: "Tell what an experiment shows; 'holdout' compares with the chronological feed of those held out."},
		"help_experiment_name":   {FR: "Nom, en minuscules ; il décide du tirage au sort.", EN: "Name, in lower case; it decides the draw."},
		"help_experiment_arm":    {FR: "Bras : NOM=VERSION:PART, comme b=fil-2-3f2a9c01:0.1.", EN: "Arm: NAME=VERSION:SHARE, such as b=fil-2-3f2a9c01:0.1."},
		"help_experiment_one":    {FR: "Le bras à arrêter ; sans lui, toute l'expérience.", EN: "The arm to stop; without it, the whole experiment."},
		"help_experiment_weave":  {FR: "Entrelacer les listes de deux bras dans un même fil.", EN: "Interleave the lists of two arms in one feed."},
		"help_experiment_guard":  {FR: "Garde-fou : reads=0.1 (lectures), acknowledgements=0.1, dismissals=0.5 (masquages) ; 0 n'en surveille pas.", EN: "Guardrail: reads=0.1, acknowledgements=0.1, dismissals=0.5; 0 watches none."},
		"help_experiment_why":    {FR: "Pourquoi, en une phrase, gardé avec l'expérience ; celui d'un arrêt se lit sur la page publique.", EN: "Why, in a sentence, kept with the experiment; that of a stop is on the public page."},
	}
}

type experimentStartCommand struct {
	serverFlags
	Name       string             `arg:"" help:"${help_experiment_name}"`
	Arm        []string           `required:"" sep:"none" help:"${help_experiment_arm}" placeholder:"NOM=VERSION:PART"`
	Interleave bool               `help:"${help_experiment_weave}"`
	Guard      map[string]float64 `help:"${help_experiment_guard}" placeholder:"NOM=PART"`
	Note       string             `help:"${help_experiment_why}"`
}

func (c *experimentStartCommand) Run(w *world) error {
	body := map[string]any{"name": c.Name, "interleave": c.Interleave, "note": c.Note}
	var arms []map[string]any
	for _, given := range c.Arm {
		name, rest, named := strings.Cut(given, "=")
		version, share, shared := strings.Cut(rest, ":")
		part, err := strconv.ParseFloat(share, 64)
		if !named || !shared || err != nil {
			return usageError{said(w, fil.Bilingual{FR: "--arm %q : écrivez NOM=VERSION:PART, comme b=fil-2-3f2a9c01:0.1", EN: "--arm %q: write NAME=VERSION:SHARE, such as b=fil-2-3f2a9c01:0.1"}, given)}
		}
		arms = append(arms, map[string]any{"name": name, "policy": version, "share": part})
	}
	body["arms"] = arms
	if c.Guard != nil {
		guards := rulebook.DefaultGuardrails()
		for name, share := range c.Guard {
			switch name {
			case "reads":
				guards.Reads = share
			case "acknowledgements":
				guards.Acknowledgements = share
			case "dismissals":
				guards.Dismissals = share
			default:
				return usageError{said(w, fil.Bilingual{FR: "--guard %s : les garde-fous sont reads, acknowledgements, dismissals", EN: "--guard %s: the guardrails are reads, acknowledgements, dismissals"}, name)}
			}
		}
		body["guards"] = guards
	}
	return c.told(w, http.MethodPost, "/v1/experiments", body)
}

// told makes a request about one experiment and writes what it is now.
func (f serverFlags) told(w *world, method, path string, body any) error {
	trial, decoded, err := get[fil.Experiment](w, f, method, path, nil, body)
	if err != nil || !decoded {
		return err
	}
	return w.print(trial.Name + "\n" + rulebook.TrialInWords(trial, language(w.Environ)) + "\n")
}

type experimentShowCommand struct {
	serverFlags
	Name string `arg:"" help:"${help_experiment_name}"`
}

func (c *experimentShowCommand) Run(w *world) error {
	return c.told(w, http.MethodGet, "/v1/experiments/"+url.PathEscape(c.Name), nil)
}

type experimentStopCommand struct {
	serverFlags
	Name string `arg:"" help:"${help_experiment_name}"`
	Arm  string `help:"${help_experiment_one}" placeholder:"NOM"`
	Why  string `help:"${help_experiment_why}"`
}

func (c *experimentStopCommand) Run(w *world) error {
	return c.told(w, http.MethodPost, "/v1/experiments/"+url.PathEscape(c.Name)+"/stop", map[string]any{"arm": c.Arm, "why": c.Why})
}

type experimentListCommand struct{ serverFlags }

func (c *experimentListCommand) Run(w *world) error {
	type answer struct{ Experiments []fil.Experiment }
	list, decoded, err := get[answer](w, c.serverFlags, http.MethodGet, "/v1/experiments", nil, nil)
	if err != nil || !decoded {
		return err
	}
	var b strings.Builder
	tab := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, trial := range list.Experiments {
		mark := map[bool]string{true: "*", false: " "}[trial.Ended.IsZero()]
		_, _ = fmt.Fprintf(tab, "%s %s\t%s\t%s\t%s\n", mark, trial.Name, moment(trial.Since), moment(trial.Ended), trial.Why)
	}
	_ = tab.Flush()
	if len(list.Experiments) == 0 {
		b.WriteString(fil.Bilingual{FR: "aucune expérience\n", EN: "no experiments\n"}.In(language(w.Environ)))
	}
	return w.print(b.String())
}

type experimentReportCommand struct {
	serverFlags
	Name string `arg:"" help:"${help_experiment_name}"`
}

func (c *experimentReportCommand) Run(w *world) error {
	report, decoded, err := get[analytics.TrialReport](w, c.serverFlags, http.MethodGet, "/v1/experiments/"+url.PathEscape(c.Name)+"/report", nil, nil)
	if err != nil || !decoded {
		return err
	}
	say := func(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(language(w.Environ)) }
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s - %s\n%s\n", report.Experiment, moment(report.Since), moment(report.Until), report.Says)
	arms := func(title string, all []analytics.TrialArm) {
		if len(all) > 0 && title != "" {
			b.WriteString("\n" + title + "\n")
		}
		for _, arm := range all {
			name := arm.Name
			if name == "" {
				name = say("(aucun bras)", "(no arm)")
			}
			agents := say("retenu", "withheld")
			if arm.Agents != nil {
				agents = strconv.Itoa(*arm.Agents)
			}
			fmt.Fprintf(&b, "\n%s %s\n  %s : %s\n", name, arm.Policy, say("agents", "agents"), agents)
			if !arm.Stopped.IsZero() {
				fmt.Fprintf(&b, say("  arrêté le %s : %s\n", "  stopped on %s: %s\n"), moment(arm.Stopped), arm.Why)
			}
			for _, figure := range arm.Figures {
				fmt.Fprintf(&b, "  %s\n", figure.Says)
			}
		}
	}
	arms("", report.Arms)
	arms(say("Ce que le classement apporte, face à l'ordre chronologique (agents témoins d'abord)", "What ranking brings, beside the order of time (those held out first)"), report.Holdout)
	fmt.Fprintf(&b, say("\nIntervalles à %.0f %%, que l'on peut regarder chaque jour.\n", "\nIntervals at %.0f%%, which may be looked at each day.\n"), 100*report.Level)
	return w.print(b.String())
}
