package audiences

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// maxPreviewBytes bounds the body of a preview.
const maxPreviewBytes = 64 << 10

type previewInput struct {
	AcceptLanguage string `header:"Accept-Language" doc:"Langue des messages d'erreur : français, ou anglais si elle commence par en"`
	Body           struct {
		Rule string   `json:"rule" maxLength:"8192" doc:"La règle, comme grade == \"A\" and inOrg(\"mairie/dgst\")"`
		By   []string `json:"by,omitempty" maxItems:"8" doc:"Attributs, org, site ou language qui ventilent l'effectif ; à défaut, les plus courants"`
	}
}

type previewOutput struct {
	Body Preview
}

type schemaOutput struct {
	Body struct {
		Attributes fil.Schema `json:"attributes"`
	}
}

// Register adds the operations of this room: POST /v1/audiences:preview and GET /v1/schema.
func Register(api huma.API, ix *Index, guard fil.Guard) {
	huma.Register(api, huma.Operation{
		OperationID: "preview-audience", Method: http.MethodPost, Path: "/v1/audiences:preview",
		Summary:     "Prévisualiser une audience",
		Description: "Compte les agents que la règle désigne et ventile l'effectif ; les petits effectifs sont tus (null). Une clé bornée à un périmètre ne compte que les agents de celui-ci.",
		Tags:        []string{"Audiences"}, MaxBodyBytes: maxPreviewBytes,
		Errors:   []int{http.StatusUnprocessableEntity},
		Security: securityOf(fil.RoleCommunicator, fil.RoleLeader),
	}, func(ctx context.Context, in *previewInput) (*previewOutput, error) {
		preview, err := ix.Preview(in.Body.Rule, in.Body.By, guard, fil.CallerFrom(ctx).Perimeter)
		if err != nil {
			return nil, problem(err, in.AcceptLanguage)
		}
		return &previewOutput{Body: preview}, nil
	})
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

// problem makes the answer 422 (RFC 9457) that names each field at fault; any other error stays as it is.
func problem(err error, language string) error {
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
