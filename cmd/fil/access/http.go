package access

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

type tokenInput struct {
	ID   string `path:"id" maxLength:"128" doc:"Identifiant de l'agent / the agent's id"`
	Body struct {
		Seconds int `json:"seconds,omitempty" minimum:"60" maximum:"86400" default:"3600" doc:"Durée de vie du jeton / life of the token"`
	} `required:"false"`
}

type tokenOutput struct {
	Body struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires"`
	}
}

type callerOutput struct {
	Body struct {
		Role      fil.Role `json:"role"`
		Agent     string   `json:"agent,omitempty" doc:"De qui est le jeton / whose token it is"`
		Label     string   `json:"label,omitempty" doc:"Nom donné à la clé / name given to the key"`
		Perimeter string   `json:"perimeter,omitempty" doc:"Audience qui borne la clé / audience that bounds the key"`
		Sample    bool     `json:"sample,omitempty" doc:"Voit des agents parmi ceux qu'elle compte / sees some of the agents it counts"`
		Register  bool     `json:"register,omitempty" doc:"Voit le registre des prises de connaissance / sees the register of acknowledgements"`
	}
}

// RegisterCaller adds the operation that tells a caller who they are to the server.
func RegisterCaller(api huma.API) {
	roles := make([]string, 0, len(fil.Roles()))
	for _, role := range fil.Roles() {
		roles = append(roles, string(role))
	}
	huma.Register(api, huma.Operation{
		OperationID: "get-caller", Method: http.MethodGet, Path: "/v1/caller",
		Tags: []string{"Accès (access)"}, Summary: "Qui suis-je pour le serveur ? / Who am I to the server?",
		Security: []map[string][]string{{Scheme: roles}},
	}, func(ctx context.Context, _ *struct{}) (*callerOutput, error) {
		caller, out := fil.CallerFrom(ctx), &callerOutput{}
		out.Body.Role, out.Body.Agent, out.Body.Label = caller.Role, caller.Agent, caller.Label
		out.Body.Perimeter, out.Body.Sample = caller.Perimeter, caller.Sample
		out.Body.Register = caller.Register
		return out, nil
	})
}

// Register adds the operation by which an application that shows feeds gets a token for the agent before it, so that
// its own key never reaches a browser. known says whether the directory has an agent.
func Register(api huma.API, signer *Signer, known func(agent string) bool) {
	huma.Register(api, huma.Operation{
		OperationID: "create-agent-token", Method: http.MethodPost, Path: "/v1/agents/{id}/tokens", DefaultStatus: http.StatusCreated,
		Tags: []string{"Accès (access)"}, Summary: "Faire un jeton pour un agent / Make a token for an agent",
		Security: []map[string][]string{{Scheme: {string(fil.RoleService)}}}, Errors: []int{http.StatusNotFound},
	}, func(_ context.Context, in *tokenInput) (*tokenOutput, error) {
		if !known(in.ID) {
			return nil, huma.Error404NotFound("Aucun agent n'a l'identifiant « " + in.ID + " » dans l'annuaire.")
		}
		life := time.Duration(in.Body.Seconds) * time.Second
		if life == 0 {
			life = time.Hour
		}
		token, err := signer.Token(fil.Caller{Role: fil.RoleAgent, Agent: in.ID}, life)
		if err != nil {
			return nil, err
		}
		out := &tokenOutput{}
		out.Body.Token, out.Body.Expires = token, signer.now().Add(life).UTC().Truncate(time.Second)
		return out, nil
	})
}
