package rulebook

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

const tag = "Politiques (policies)"

type editionBody struct {
	Version  string          `json:"version" doc:"Nom et empreinte / name and digest"`
	InForce  bool            `json:"in_force"`
	At       time.Time       `json:"published_at,omitzero" doc:"Absent : jamais publiée / absent: never published"`
	By       string          `json:"by,omitempty" doc:"Clé qui l'a publiée ; pour les rôles policy et ingest / key that published it; for the roles policy and ingest"`
	Note     string          `json:"note,omitempty"`
	Text     string          `json:"text,omitempty" doc:"Le fichier, en YAML / the file, in YAML"`
	Settings json.RawMessage `json:"settings,omitempty" doc:"Toutes les clés / every key"`
}

type currentBody struct {
	InForce fil.InForce `json:"in_force"`
	Policy  editionBody `json:"policy"`
	Rules   Statement   `json:"rules" doc:"Les règles en mots / the rules in words"`
}

type listBody struct {
	Policies []editionBody `json:"policies"`
	Past     []fil.Reign   `json:"past" doc:"Ce qui fut en vigueur, le dernier d'abord / what was in force, the latest first"`
}

type orderInput struct {
	Language string `header:"Accept-Language"`
	IfMatch  string `header:"If-Match" doc:"N'agir que si cette version est en vigueur (412 sinon) / act only if this version is in force (412 otherwise)"`
	Rehearse bool   `query:"dry_run" doc:"Dire ce qui changerait, sans rien écrire / tell what would change, and write nothing"`
	Body     struct {
		Text    string `json:"text,omitempty" maxLength:"65536" doc:"Le fichier / the file"`
		Version string `json:"version,omitempty" maxLength:"64" doc:"Ou une version connue / or a version that is known"`
		Note    string `json:"note,omitempty" maxLength:"2000" doc:"Pourquoi, en 500 caractères / why, in 500 characters"`
	}
}

type outcomeBody struct {
	Before  string   `json:"before"`
	After   string   `json:"after"`
	Changed bool     `json:"changed" doc:"Quelque chose a été écrit, ou le serait / something was written, or would be"`
	Ended   string   `json:"ended,omitempty" doc:"L'expérience à laquelle cela met fin / the experiment that it ends"`
	Shown   bool     `json:"shown" doc:"Ce processus en tient compte / this process goes by it"`
	Changes []Change `json:"changes"`
}

type output[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

// Register adds the operations that read policies: GET /v1/policy, /v1/policies and /v1/policies/{version}, and experiments.
func Register(api huma.API, policies *ranking.Policies) {
	huma.Register(api, operation(http.MethodGet, "/v1/policy", "get-policy", "Lire la politique en vigueur / Read the policy in force", fil.Roles()),
		func(ctx context.Context, in *struct {
			Language string `header:"Accept-Language"`
		}) (*output[currentBody], error) {
			force, policy := policies.InForce(), policies.Current()
			edition, known := policies.Edition(policy.Version)
			if !known { // it was taken out of the log since
				edition = ranking.Edition{Policy: policy}
			}
			if !mayKnowWho(ctx) {
				force = anonymous(force)
			}
			return &output[currentBody]{`"` + policy.Version + `"`, currentBody{force, bodyOf(ctx, policies, edition, true), State(policy, in.Language)}}, nil
		})
	huma.Register(api, operation(http.MethodGet, "/v1/policies", "list-policies", "Lister les versions / List the versions", fil.Roles()),
		func(ctx context.Context, _ *struct{}) (*output[listBody], error) {
			force := policies.InForce()
			if !mayKnowWho(ctx) {
				force = anonymous(force)
			}
			out := &output[listBody]{Body: listBody{Policies: []editionBody{}, Past: append([]fil.Reign{}, force.Past...)}}
			for _, edition := range policies.Editions() {
				out.Body.Policies = append(out.Body.Policies, bodyOf(ctx, policies, edition, false))
			}
			return out, nil
		})
	huma.Register(api, operation(http.MethodGet, "/v1/policies/{version}", "get-policy-version", "Lire une version / Read a version", fil.Roles()),
		func(ctx context.Context, in *struct {
			Version  string `path:"version" maxLength:"64"`
			Language string `header:"Accept-Language"`
		}) (*output[editionBody], error) {
			edition, known := policies.Edition(in.Version)
			if !known {
				return nil, problem(errUnknown, in.Language)
			}
			return &output[editionBody]{`"` + in.Version + `"`, bodyOf(ctx, policies, edition, true)}, nil
		})
	registerTrials(api, policies)
}

// Register adds the operations that publish: PUT /v1/policies/current, and those that start and stop experiments.
func (d *Desk) Register(api huma.API) {
	d.registerTrials(api)
	op := operation(http.MethodPut, "/v1/policies/current", "put-policy", "Publier une politique et la mettre en vigueur, ou revenir à une version / Publish a policy and put it in force, or go back to a version", []fil.Role{fil.RolePolicy})
	op.Errors = []int{http.StatusNotFound, http.StatusPreconditionFailed, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	huma.Register(api, op, func(ctx context.Context, in *orderInput) (*output[outcomeBody], error) {
		done, err := d.Put(ctx, Order{
			Text: in.Body.Text, Version: in.Body.Version, Note: in.Body.Note, By: fil.CallerFrom(ctx).Name,
			Expected: strings.Trim(in.IfMatch, `"`), Rehearse: in.Rehearse,
		})
		if err != nil {
			return nil, problem(err, in.Language)
		}
		return &output[outcomeBody]{`"` + done.InForce.Policy + `"`, outcomeBody{
			Before: done.Before.Version, After: done.After.Version, Changed: done.Changed, Ended: done.Ended, Shown: done.Shown,
			Changes: Compare(done.Before, done.After, in.Language),
		}}, nil
	})
}

func operation(method, path, id, summary string, roles []fil.Role) huma.Operation {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{tag},
		Security: []map[string][]string{{"bearer": names}},
	}
}

// mayKnowWho says whether the caller is told which key published: those who govern, not those who read.
func mayKnowWho(ctx context.Context) bool {
	return fil.CallerFrom(ctx).May(fil.RolePolicy, fil.RoleIngest)
}

func anonymous(force fil.InForce) fil.InForce {
	force.By = ""
	past := make([]fil.Reign, len(force.Past))
	for i, reign := range force.Past {
		reign.By = ""
		past[i] = reign
	}
	force.Past = past
	if force.Experiment != nil {
		running := *force.Experiment
		running.By, force.Experiment = "", &running
	}
	tried := make([]fil.Experiment, len(force.Tried))
	for i, one := range force.Tried {
		one.By = ""
		tried[i] = one
	}
	force.Tried = tried
	return force
}

func bodyOf(ctx context.Context, policies *ranking.Policies, edition ranking.Edition, whole bool) editionBody {
	body := editionBody{
		Version: edition.Policy.Version, InForce: edition.Policy.Version == policies.InForce().Policy,
		At: edition.Published.At, By: edition.Published.By, Note: edition.Published.Note,
	}
	if !mayKnowWho(ctx) {
		body.By = ""
	}
	if whole {
		body.Text, body.Settings = edition.Published.Text, edition.Published.Settings
		if body.Settings == nil {
			body.Settings, _ = json.Marshal(edition.Policy) // what was read from a file can be written
		}
	}
	return body
}

// problem makes the answer (RFC 9457) that an error deserves.
func problem(err error, language string) error {
	say := func(fr, en string) string { return text(fr, en).In(language) }
	if faults := fil.FaultsOf(err); faults != nil {
		var details []error
		for _, fault := range faults {
			details = append(details, &huma.ErrorDetail{Location: "body." + strings.TrimPrefix(fault.Field, "experiment."), Message: fault.Problem.In(language)})
		}
		return huma.Error422UnprocessableEntity(say("La demande n'est pas valable.", "The request is not valid."), details...)
	}
	switch {
	case errors.Is(err, errUnknown):
		return huma.Error404NotFound(say("Cette version n'a jamais été publiée ici.", "This version was never published here."))
	case errors.Is(err, errChanged):
		return huma.Error412PreconditionFailed(say("Une autre politique est en vigueur depuis : relisez-la avant de publier.", "Another policy is in force since: read it again before you publish."))
	case errors.Is(err, errNoTrial):
		return huma.Error404NotFound(say("Aucune expérience n'a ce nom ici.", "No experiment has this name here."))
	case errors.Is(err, errRuns):
		return huma.Error409Conflict(say("Une expérience est en cours : arrêtez-la d'abord.", "An experiment runs: stop it first."))
	case errors.Is(err, errEnded):
		return huma.Error409Conflict(say("Cette expérience a déjà pris fin.", "This experiment has ended already."))
	case errors.Is(err, errUnpublished):
		return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable(say("Le journal ne confirme pas la publication. Recommencez plus tard : publier deux fois ne change rien.",
			"The log does not confirm the publication. Try again later: publishing twice changes nothing.")), http.Header{"Retry-After": {"5"}})
	}
	return err
}
