package preview

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// maxBytes bounds the body of a preview.
const maxBytes = 64 << 10

type input struct {
	AcceptLanguage string `header:"Accept-Language" doc:"Langue des messages : français, ou anglais si elle commence par en"`
	Body           struct {
		Rule     string   `json:"rule" maxLength:"8192" doc:"La règle, comme grade == \"A\" and inOrg(\"mairie/dgst\")"`
		By       []string `json:"by,omitempty" maxItems:"8" doc:"Attributs, org, site ou language qui ventilent l'effectif, ou deux d'entre eux croisés, comme category*status ; à défaut, les plus courants"`
		Overlap  []string `json:"overlap,omitempty" maxItems:"10" doc:"Audiences dont dire combien d'agents elles ont en commun avec la règle"`
		Sample   int      `json:"sample,omitempty" minimum:"0" maximum:"20" doc:"Agents à montrer, tirés au sort ; réservé aux clés qui peuvent en voir"`
		Presence bool     `json:"presence,omitempty" doc:"Dire combien d'agents sont d'ordinaire présents à chaque heure du jour"`
	}
}

type output struct {
	Body Answer
}

type explainInput struct {
	AcceptLanguage string `header:"Accept-Language" doc:"Langue des messages d'erreur : français, ou anglais si elle commence par en"`
	Body           struct {
		Rule string `json:"rule" maxLength:"8192" doc:"La règle, comme grade == \"A\" and inOrg(\"mairie/dgst\")"`
	}
}

type explainOutput struct {
	Body audiences.RulePlan
}

// Register adds POST /v1/audiences:preview and POST /v1/audiences:explain.
func Register(api huma.API, previews *Previews) {
	huma.Register(api, huma.Operation{
		OperationID: "preview-audience", Method: http.MethodPost, Path: "/v1/audiences:preview",
		Summary: "Prévisualiser une audience",
		Description: "Compte les agents que la règle désigne et ventile l'effectif. Un effectif de moins de dix agents, ou d'aucun, est tu (null), de même qu'un groupe " +
			"qui en isolerait moins de dix parmi ceux dont la même clé a déjà reçu l'effectif ; un effectif total est alors donné comme si ces agents-là n'en étaient pas distincts. " +
			"Une clé bornée à un périmètre ne compte que les agents de celui-ci.",
		Tags: []string{"Audiences"}, MaxBodyBytes: maxBytes,
		Errors:   []int{http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
		Security: security(),
	}, func(ctx context.Context, in *input) (*output, error) {
		who := fil.CallerFrom(ctx)
		if in.Body.Sample > 0 && !who.Sample {
			text := fil.Bilingual{FR: "cette clé ne peut voir d'agents : faites-la créer avec --sample", EN: "this key may not see agents: have one made with --sample"}
			return nil, huma.Error403Forbidden(text.In(in.AcceptLanguage), &huma.ErrorDetail{Location: "body.sample", Message: text.In(in.AcceptLanguage)})
		}
		answer, err := previews.Ask(ctx, who, Question{
			Rule: in.Body.Rule, By: in.Body.By, Overlap: in.Body.Overlap, Sample: in.Body.Sample, Presence: in.Body.Presence,
		})
		if err != nil {
			return nil, Problem(err, in.AcceptLanguage)
		}
		return &output{Body: answer}, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "explain-audience", Method: http.MethodPost, Path: "/v1/audiences:explain",
		Summary:     "Expliquer comment une règle s'évalue",
		Description: "Le plan de la règle : chaque partie, comment elle s'évalue, dans quel ordre, en combien de microsecondes, et combien elle désigne seule d'agents, tu comme l'est une prévisualisation.",
		Tags:        []string{"Audiences"}, MaxBodyBytes: maxBytes,
		Errors:   []int{http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
		Security: security(),
	}, func(ctx context.Context, in *explainInput) (*explainOutput, error) {
		plan, err := previews.Explain(ctx, fil.CallerFrom(ctx), in.Body.Rule)
		if err != nil {
			return nil, Problem(err, in.AcceptLanguage)
		}
		return &explainOutput{Body: plan}, nil
	})
}

func security() []map[string][]string {
	return []map[string][]string{{"bearer": {string(fil.RoleCommunicator), string(fil.RoleLeader)}}}
}

// Problem makes the answer to an error of Ask.
func Problem(err error, language string) error {
	if errors.Is(err, ErrQuestions) {
		text := fil.Bilingual{
			FR: "Redis ne répond pas : sans lui, Fil ne sait plus ce que cette clé a déjà appris, et ne donne pas d'effectif. Réessayez.",
			EN: "Redis does not answer: without it Fil does not know what this key was told already, and gives no figure. Try again.",
		}
		return huma.Error503ServiceUnavailable(text.In(language), err)
	}
	return audiences.Problem(err, language) //nolint:wrapcheck // an answer of the API already
}
