package audiences

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

type whyInput struct {
	AcceptLanguage string `header:"Accept-Language" doc:"Langue des messages d'erreur : français, ou anglais si elle commence par en"`
	ID             string `path:"id" doc:"Identifiant de l'audience"`
	Agent          string `query:"agent" doc:"Identifiant de l'agent ; sans lui, celui dont c'est le jeton"`
}

type whyOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         Why
}

func registerWhy(api huma.API, ix *Index) {
	huma.Register(api, huma.Operation{
		OperationID: "why-audience", Method: http.MethodGet, Path: "/v1/audiences/{id}/why",
		Summary:     "Savoir pourquoi un agent est ou n'est pas dans une audience",
		Description: "Les conditions qui l'y ont admis ou l'en ont exclu, avec ce qu'elles ont lu de sa fiche. Un agent ne peut le demander que pour lui-même ; un communicant ou un responsable, que d'une clé qui peut voir des agents (--sample).",
		Tags:        []string{"Audiences"},
		Errors:      []int{http.StatusForbidden, http.StatusNotFound},
		Security:    securityOf(fil.RoleIngest, fil.RoleService, fil.RoleCommunicator, fil.RoleLeader, fil.RoleAgent),
	}, func(ctx context.Context, in *whyInput) (*whyOutput, error) {
		caller := fil.CallerFrom(ctx)
		if caller.Role == fil.RoleAgent && in.Agent == "" {
			in.Agent = caller.Agent
		}
		if caller.Role == fil.RoleAgent && in.Agent != caller.Agent {
			return nil, huma.Error403Forbidden(fil.Bilingual{FR: "Un agent ne peut le demander que pour lui-même.", EN: "An agent may ask this about themselves only."}.In(in.AcceptLanguage))
		}
		if caller.May(fil.RoleCommunicator, fil.RoleLeader) && !caller.Sample {
			return nil, huma.Error403Forbidden(fil.Bilingual{FR: "cette clé ne peut voir d'agents : faites-la créer avec --sample", EN: "this key may not see agents: have one made with --sample"}.In(in.AcceptLanguage))
		}
		why, err := ix.Why(in.Agent, in.ID)
		if member, _ := ix.Member(in.Agent); err == nil && caller.Perimeter != "" && !member.In(caller.Perimeter) {
			err = ErrNoAgent
		}
		if a, _ := ix.Audience(in.ID); err == nil && caller.Perimeter != "" && a.Perimeter != "" && a.Perimeter != caller.Perimeter {
			err = ErrNoAudience // another's does not exist for the caller
		}
		switch {
		case errors.Is(err, ErrNoAgent):
			return nil, huma.Error404NotFound(fil.Bilingual{FR: "L'annuaire ne connaît pas cet agent : vérifiez son identifiant.", EN: "The directory does not know this agent: check their id."}.In(in.AcceptLanguage))
		case err != nil:
			return nil, huma.Error404NotFound(fil.Bilingual{FR: "Il n'y a pas d'audience « " + in.ID + " ».", EN: "There is no audience '" + in.ID + "'."}.In(in.AcceptLanguage))
		}
		return &whyOutput{CacheControl: "private, no-store", Body: why}, nil
	})
}
