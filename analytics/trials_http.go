package analytics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// Register adds GET /v1/experiments/{name}/report, for those who govern and those who read reports. Under the name
// "holdout" it compares everyone with those who are held out of ranking, whether or not an experiment runs.
func (x *Experiments) Register(api huma.API, reports *Reports) {
	huma.Register(api, huma.Operation{
		OperationID: "experiment-report", Method: http.MethodGet, Path: "/v1/experiments/{name}/report", Summary: "Bilan d'une expérience / Report on an experiment",
		Tags:     []string{"Rapports / Reports"},
		Security: []map[string][]string{{"bearer": {string(fil.RolePolicy), string(fil.RoleCommunicator), string(fil.RoleLeader)}}},
		Errors:   []int{http.StatusForbidden, http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *struct {
		Name     string `path:"name" maxLength:"40"`
		Language string `header:"Accept-Language"`
	}) (*struct{ Body TrialReport }, error) {
		say := func(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(in.Language) }
		if fil.CallerFrom(ctx).Perimeter != "" {
			return nil, huma.Error403Forbidden(say("Une expérience porte sur tous les agents, et cette clé sur un périmètre", "An experiment is about all agents, and this key about a perimeter"))
		}
		report, err := x.Report(ctx, in.Name, in.Language)
		switch {
		case errors.Is(err, errUnknownTrial):
			return nil, huma.Error404NotFound(say("Aucune expérience n'a ce nom ici", "No experiment has this name here"))
		case err != nil:
			return nil, reports.problem(ctx, err, in.Language)
		}
		return &struct{ Body TrialReport }{report}, nil
	})
}

// trialWords put figures in words that anyone understands.
type trialWords struct{ language string }

func (w trialWords) say(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(w.language) }

// number writes a mean with three figures that count.
func (w trialWords) number(v float64) string {
	digits := 2
	if v != 0 {
		digits = min(max(2-int(math.Floor(math.Log10(math.Abs(v)))), 0), 6)
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', digits, 64), ".", w.say(",", "."), 1)
}

func (w trialWords) what(m int) string {
	return [outcomes]string{
		w.say("Contenus lus", "Contents read"), w.say("Prises de connaissance", "Acknowledgements"),
		w.say("Contenus masqués", "Contents dismissed"), w.say("Jours de présence", "Days present"),
	}[m]
}

// figure says one outcome of an arm.
func (w trialWords) figure(m int, f TrialFigure, c compared) string {
	if f.Mean == nil {
		return w.what(m) + w.say(" : chiffre retenu, trop peu d'agents.", ": withheld, too few agents.")
	}
	said := fmt.Sprintf(w.say("%s : %s par agent et par jour", "%s: %s per agent and day"), w.what(m), w.number(*f.Mean))
	switch {
	case c.isControl:
		return said + "."
	case f.Verdict == "":
		return said + w.say(" ; rien à quoi comparer : trop peu d'agents.", "; nothing to compare with: too few agents.")
	case f.Difference == nil && min(c.one.Agents, c.control.Agents) >= fewestAgents:
		return said + w.say(" ; on ne peut pas encore conclure.", "; no conclusion yet.")
	case f.Difference == nil:
		return said + fmt.Sprintf(w.say(" ; on ne peut pas encore conclure : il faut %d agents de chaque côté.", "; no conclusion yet: %d agents are needed on each side."), fewestAgents)
	}
	verdict := map[string]string{
		"more": w.say("sûrement plus", "surely more"), "less": w.say("sûrement moins", "surely less"), "unsure": w.say("on ne peut pas encore conclure", "no conclusion yet"),
	}[f.Verdict]
	sign := func(v float64) string {
		if v > 0 {
			return "+" + w.number(v)
		}
		return w.number(v)
	}
	return said + fmt.Sprintf(w.say(" ; %s (écart %s, entre %s et %s).", "; %s (difference %s, between %s and %s)."), verdict, sign(*f.Difference), sign(*f.Low), sign(*f.High))
}

// choice says which of two lists is preferred.
func (w trialWords) choice(c TrialChoice) string {
	if c.Share == nil {
		return w.say("On ne peut pas encore conclure : trop peu d'agents ont préféré l'une des listes.", "No conclusion yet: too few agents preferred one of the lists.")
	}
	span := fmt.Sprintf(w.say("« %s » l'emporte %s fois sur cent (entre %s et %s)", "“%s” wins %s times in a hundred (between %s and %s)"), c.Other, w.number(100**c.Share), w.number(100**c.Low), w.number(100**c.High))
	switch c.Verdict {
	case "one":
		return fmt.Sprintf(w.say("Les lecteurs préfèrent la liste « %s » : %s.", "Readers prefer the list “%s”: %s."), c.One, span)
	case "other":
		return fmt.Sprintf(w.say("Les lecteurs préfèrent la liste « %s » : %s.", "Readers prefer the list “%s”: %s."), c.Other, span)
	}
	return w.say("On ne peut pas encore conclure : ", "No conclusion yet: ") + span + "."
}

// report says the whole in a sentence or two.
func (w trialWords) report(r TrialReport) string {
	said := ""
	if r.Astray {
		said = w.say("Attention : les agents ne sont pas venus dans les parts tirées au sort, les bras ne se comparent donc pas.", "Beware: agents did not come in the shares that were drawn, so the arms cannot be compared.")
	}
	if r.Woven != nil {
		said = r.Woven.Says
	}
	for _, arm := range r.Arms[min(1, len(r.Arms)):] {
		if said != "" {
			said += " "
		}
		said += w.arm(arm)
	}
	if len(r.Holdout) > 1 {
		if said != "" {
			said += " "
		}
		said += w.say("Ce que le classement apporte, face à l'ordre chronologique : ", "What ranking brings, beside the order of time: ") + w.reads(r.Holdout[1]) + "."
	}
	if said == "" {
		said = w.say("Rien à comparer encore.", "Nothing to compare yet.")
	}
	return said
}

func (w trialWords) arm(arm TrialArm) string {
	said := fmt.Sprintf(w.say("« %s » : %s", "“%s”: %s"), arm.Name, w.reads(arm))
	if !arm.Stopped.IsZero() {
		said += w.say(" ; arrêté", "; stopped")
		if arm.Why != "" {
			said += " (" + arm.Why + ")"
		}
	}
	return said + "."
}

// reads is what the first outcome comes to.
func (w trialWords) reads(arm TrialArm) string {
	switch arm.Figures[outcomeReads].Verdict {
	case "more":
		return w.say("sûrement plus de lectures", "surely more reads")
	case "less":
		return w.say("sûrement moins de lectures", "surely fewer reads")
	}
	return w.say("on ne peut pas encore conclure sur les lectures", "no conclusion yet on reads")
}
