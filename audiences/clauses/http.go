package clauses

import (
	"context"
	"net/http"
	"slices"
	"strings"

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

// maxValues bounds the values that one answer proposes.
const maxValues = 200

type valuesInput struct {
	Language string `header:"Accept-Language" doc:"Langue des messages d'erreur : français, ou anglais si elle commence par en"`
	Field    string `path:"field" doc:"Attribut déclaré de type text ou list, org, site ou language"`
	Query    string `query:"q" maxLength:"128" doc:"Texte que les valeurs doivent contenir, sans égard aux majuscules · Text that the values must hold, in any case"`
}

type valuesOutput struct {
	Body struct {
		Values []string `json:"values"` // sorted
		More   bool     `json:"more"`   // others fit as well
	}
}

// Register adds POST /v1/audiences/clauses, GET /v1/schema/clauses and GET /v1/schema/values/{field}.
func Register(api huma.API, ix *audiences.Index, guard fil.Guard) {
	registerValues(api, ix, guard)
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
		builder := BuilderOf(ix.Schema())
		builder.Threshold = max(guard.Threshold, fil.FloorThreshold)
		return &builderOutput{builder}, nil
	})
}

func registerValues(api huma.API, ix *audiences.Index, guard fil.Guard) {
	huma.Register(api, huma.Operation{
		OperationID: "field-values", Method: http.MethodGet, Path: "/v1/schema/values/{field}",
		Summary: "Lire les valeurs que les agents ont · Read the values that agents have", Tags: []string{"Audiences"},
		Security: []map[string][]string{{"bearer": {string(fil.RoleCommunicator), string(fil.RoleLeader)}}}, Errors: []int{http.StatusUnprocessableEntity},
		Description: "De quoi proposer des valeurs à qui écrit une règle : celles qu'une ventilation nomme, sans aucun effectif ni ordre de grandeur, dans le périmètre de la clé ; " +
			"les unités qui ont, avec celles qu'elles contiennent, autant d'agents qu'il en faut pour être dites. 200 au plus.",
	}, func(ctx context.Context, in *valuesInput) (*valuesOutput, error) {
		all, err := ix.Values(in.Field, fil.CallerFrom(ctx).Perimeter, guard)
		if err != nil {
			return nil, audiences.Problem(err, in.Language)
		}
		query := strings.ToLower(in.Query)
		all = slices.DeleteFunc(all, func(value string) bool { return !strings.Contains(strings.ToLower(value), query) })
		out := &valuesOutput{}
		out.Body.Values, out.Body.More = all[:min(len(all), maxValues)], len(all) > maxValues
		return out, nil
	})
}
