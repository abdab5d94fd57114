package clauses

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

type clausesInput struct {
	Language string `header:"Accept-Language" doc:"Langue des messages d'erreur : français, ou anglais si elle commence par en"`
	Body     struct {
		Rule    string `json:"rule,omitempty" maxLength:"8192" doc:"Une règle, à lire · A rule, to read"`
		Clauses any    `json:"clauses,omitempty" doc:"Ou des clauses, à écrire · Or clauses, to write"`
	}
}

type clausesOutput struct {
	Body struct {
		Rule     string `json:"rule"`      // as clauses write it
		Clauses  Clause `json:"clauses"`   // in their normal form
		ByChoice bool   `json:"by_choice"` // no part is an expression
	}
}

type builderOutput struct{ Body Builder }

// Register adds POST /v1/audiences/clauses and GET /v1/schema/clauses.
func Register(api huma.API, ix *audiences.Index) {
	security := []map[string][]string{{"bearer": {string(fil.RoleCommunicator), string(fil.RoleLeader)}}}
	huma.Register(api, huma.Operation{
		OperationID: "audience-clauses", Method: http.MethodPost, Path: "/v1/audiences/clauses",
		Summary: "Passer d'une règle à ses clauses, ou de clauses à leur règle · Go from a rule to its clauses, or from clauses to their rule",
		Description: "Les clauses forment un arbre : all, any, none, puis des conditions (attribute, operator, values ; did, last ; audience, member, team, service). " +
			"Ce qu'aucun choix ne peut dire reste une expression, avec la raison. La règle rendue désigne les mêmes agents.",
		Tags: []string{"Audiences"}, MaxBodyBytes: 256 << 10, Security: security, Errors: []int{http.StatusUnprocessableEntity},
	}, func(_ context.Context, in *clausesInput) (*clausesOutput, error) {
		rule := in.Body.Rule
		if in.Body.Clauses != nil {
			given, err := Decode(in.Body.Clauses)
			if err != nil {
				return nil, audiences.Problem(err, in.Language)
			}
			rule = given.Rule()
		}
		read, err := Read(ix, rule)
		if err != nil {
			return nil, audiences.Problem(err, in.Language)
		}
		out := &clausesOutput{}
		out.Body.Clauses, out.Body.Rule, out.Body.ByChoice = read, read.Rule(), read.ByChoice()
		return out, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "clauses-schema", Method: http.MethodGet, Path: "/v1/schema/clauses",
		Summary: "Lire de quoi les clauses se font · Read what clauses are made of", Tags: []string{"Audiences"}, Security: security,
		Description: "Ce qu'une clause peut nommer, avec les libellés, les valeurs admises et les opérateurs de chaque type, et les actes des agents.",
	}, func(context.Context, *struct{}) (*builderOutput, error) {
		return &builderOutput{BuilderOf(ix.Schema())}, nil
	})
}
