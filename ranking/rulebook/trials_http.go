package rulebook

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

type trialBody struct {
	fil.Experiment
	Says string `json:"says" doc:"En mots / in words"`
}

type trialsBody struct {
	Experiments []trialBody `json:"experiments" doc:"La dernière d'abord / the latest first"`
}

type armInput struct {
	Name   string  `json:"name" maxLength:"40"`
	Policy string  `json:"policy" maxLength:"64" doc:"Version publiée / published version"`
	Share  float64 `json:"share" minimum:"0" maximum:"1" doc:"Part des agents / share of the agents"`
}

type startInput struct {
	Language string `header:"Accept-Language"`
	IfMatch  string `header:"If-Match" doc:"N'agir que si cette version est en vigueur (412 sinon) / act only if this version is in force (412 otherwise)"`
	Body     struct {
		Name       string          `json:"name" maxLength:"40"`
		Arms       []armInput      `json:"arms" doc:"Les autres sont comparés au premier ; un seul, aux agents d'aucun bras / the others are compared with the first; a single one, with the agents of no arm"`
		Interleave bool            `json:"interleave,omitempty" doc:"Entrelacer les listes de deux bras / interleave the lists of two arms"`
		Guards     *fil.Guardrails `json:"guards,omitempty" doc:"Ce qui arrête un bras ; absent : les valeurs par défaut / what stops an arm; absent: the defaults"`
		Note       string          `json:"note,omitempty" maxLength:"2000" doc:"Pourquoi, en 500 caractères / why, in 500 characters"`
	}
}

type stopInput struct {
	Name     string `path:"name" maxLength:"40"`
	Language string `header:"Accept-Language"`
	IfMatch  string `header:"If-Match" doc:"N'agir que si l'expérience est telle que lue (412 sinon) / act only if the experiment is as it was read (412 otherwise)"`
	Body     struct {
		Arm string `json:"arm,omitempty" maxLength:"40" doc:"Absent : toute l'expérience / absent: the whole experiment"`
		Why string `json:"why,omitempty" maxLength:"2000" doc:"Pourquoi, en 500 caractères / why, in 500 characters"`
	}
}

// registerTrials adds the operations that read experiments: GET /v1/experiments and /v1/experiments/{name}.
func registerTrials(api huma.API, policies *ranking.Policies) {
	huma.Register(api, operation(http.MethodGet, "/v1/experiments", "list-experiments", "Lister les expériences / List the experiments", fil.Roles()),
		func(ctx context.Context, in *struct {
			Language string `header:"Accept-Language"`
		}) (*output[trialsBody], error) {
			out := &output[trialsBody]{Body: trialsBody{Experiments: []trialBody{}}}
			for _, trial := range Trials(policies.InForce()) {
				out.Body.Experiments = append(out.Body.Experiments, trialBodyOf(ctx, trial, in.Language))
			}
			return out, nil
		})
	huma.Register(api, operation(http.MethodGet, "/v1/experiments/{name}", "get-experiment", "Lire une expérience / Read an experiment", fil.Roles()),
		func(ctx context.Context, in *struct {
			Name     string `path:"name" maxLength:"40"`
			Language string `header:"Accept-Language"`
		}) (*output[trialBody], error) {
			trial, known := Trial(policies.InForce(), in.Name)
			if !known {
				return nil, problem(errNoTrial, in.Language)
			}
			return &output[trialBody]{etagOf(trial), trialBodyOf(ctx, trial, in.Language)}, nil
		})
}

// registerTrials adds the operations that start and stop: POST /v1/experiments and /v1/experiments/{name}/stop.
func (d *Desk) registerTrials(api huma.API) {
	start := operation(http.MethodPost, "/v1/experiments", "start-experiment", "Commencer une expérience / Start an experiment", []fil.Role{fil.RolePolicy})
	start.DefaultStatus = http.StatusCreated
	start.Errors = []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	huma.Register(api, start, func(ctx context.Context, in *startInput) (*output[trialBody], error) {
		trial := fil.Experiment{Name: in.Body.Name, Interleave: in.Body.Interleave, Guards: DefaultGuardrails(), Note: in.Body.Note, By: fil.CallerFrom(ctx).Name}
		if in.Body.Guards != nil {
			trial.Guards = *in.Body.Guards
		}
		for _, arm := range in.Body.Arms {
			trial.Arms = append(trial.Arms, fil.Arm{Name: arm.Name, Policy: arm.Policy, Share: arm.Share})
		}
		started, err := d.Start(ctx, trial, strings.Trim(in.IfMatch, `"`))
		if err != nil {
			return nil, problem(err, in.Language)
		}
		return &output[trialBody]{etagOf(started), trialBodyOf(ctx, started, in.Language)}, nil
	})
	stop := operation(http.MethodPost, "/v1/experiments/{name}/stop", "stop-experiment", "Arrêter une expérience, ou un bras / Stop an experiment, or one arm", []fil.Role{fil.RolePolicy})
	stop.Errors = []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	huma.Register(api, stop, func(ctx context.Context, in *stopInput) (*output[trialBody], error) {
		if now, known := Trial(d.policies.InForce(), in.Name); known && in.IfMatch != "" && in.IfMatch != etagOf(now) {
			return nil, huma.Error412PreconditionFailed(text("L'expérience a changé depuis : relisez-la.", "The experiment has changed since: read it again.").In(in.Language))
		}
		stopped, err := d.Stop(ctx, in.Name, in.Body.Arm, in.Body.Why)
		if err != nil {
			return nil, problem(err, in.Language)
		}
		return &output[trialBody]{etagOf(stopped), trialBodyOf(ctx, stopped, in.Language)}, nil
	})
}

func etagOf(trial fil.Experiment) string {
	raw, _ := json.Marshal(trial) // it came from JSON, or goes there
	sum := sha256.Sum256(raw)
	return fmt.Sprintf(`"%x"`, sum[:12])
}

func trialBodyOf(ctx context.Context, trial fil.Experiment, language string) trialBody {
	if !mayKnowWho(ctx) {
		trial.By = ""
	}
	return trialBody{trial, TrialInWords(trial, language)}
}

// TrialInWords says what an experiment compares, on how many, and what became of it, in French or in English.
func TrialInWords(trial fil.Experiment, language string) string {
	speech := speak(language)
	say := func(fr, en string) string { return text(fr, en).In(language) }
	share := func(v float64) string { return speech.value(leaf{v}, true) }
	said := say("Des agents tirés au sort lisent chacun selon l'une de ces politiques :", "Agents drawn at random read each by one of these policies:")
	if trial.Interleave {
		said = say("Des agents tirés au sort lisent un fil qui entrelace les listes de ces politiques, dont chacune pose un contenu à son tour :",
			"Agents drawn at random read a feed that interleaves the lists of these policies, each of which places a content in its turn:")
	}
	for i, arm := range trial.Arms {
		if i > 0 {
			said += say(" ;", ";")
		}
		said += fmt.Sprintf(say(" « %s », %s, pour %s des agents", " “%s”, %s, for %s of the agents"), arm.Name, arm.Policy, share(arm.Share))
		if !arm.Stopped.IsZero() {
			said += fmt.Sprintf(say(" (arrêté le %s : %s)", " (stopped on %s: %s)"), day(arm.Stopped, language), orNothing(arm.Why, language))
		}
	}
	said += "."
	switch {
	case !trial.Ended.IsZero():
		said += fmt.Sprintf(say(" Du %s au %s, fin : %s.", " From %s to %s, ended: %s."), day(trial.Since, language), day(trial.Ended, language), orNothing(trial.Why, language))
	default:
		said += fmt.Sprintf(say(" Depuis le %s.", " Since %s."), day(trial.Since, language))
	}
	return said
}

func orNothing(why, language string) string {
	if why == "" {
		return text("sans raison dite", "no reason given").In(language)
	}
	return why
}
