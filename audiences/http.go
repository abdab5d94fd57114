package audiences

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

type schemaOutput struct {
	Body struct {
		Attributes fil.Schema `json:"attributes"`
	}
}

// Register adds the operations of this room but for previews, which package preview adds: POST /v1/audiences:explain,
// GET /v1/audiences/{id}/why and GET /v1/schema.
func Register(api huma.API, ix *Index) {
	registerWhy(api, ix)
	huma.Register(api, huma.Operation{
		OperationID: "get-schema", Method: http.MethodGet, Path: "/v1/schema",
		Summary:     "Lire les attributs déclarés",
		Description: "Les attributs qu'un agent peut avoir et qu'une règle peut nommer, avec leur type et leur libellé ; s'y ajoutent id, org, site et language.",
		Tags:        []string{"Audiences"},
		Security:    securityOf(fil.Roles()...),
	}, func(context.Context, *struct{}) (*schemaOutput, error) {
		out := &schemaOutput{}
		out.Body.Attributes = ix.Schema()
		return out, nil
	})
}

func securityOf(roles ...fil.Role) []map[string][]string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return []map[string][]string{{"bearer": names}}
}

// Problem makes the answer 422 (RFC 9457) that names each field at fault; any other error stays as it is.
func Problem(err error, language string) error {
	faults := fil.FaultsOf(err)
	if faults == nil {
		return err
	}
	var details []error
	for _, fault := range faults {
		details = append(details, &huma.ErrorDetail{Location: "body." + fault.Field, Message: fault.Problem.In(language)})
	}
	title := fil.Bilingual{FR: "La demande ne peut être satisfaite.", EN: "The request cannot be satisfied."}
	var rule *RuleError
	if errors.As(err, &rule) {
		title = fil.Bilingual{FR: "La règle n'est pas valable.", EN: "The rule is not valid."}
	}
	return huma.Error422UnprocessableEntity(title.In(language), details...)
}
