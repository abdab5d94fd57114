package analytics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/negotiation"

	"github.com/filengine/fil"
)

// withheldNote says why there are null figures.
func withheldNote() fil.Bilingual {
	return fil.Bilingual{
		FR: "Les chiffres nuls (null) sont retenus : ils portent sur trop peu d'agents, ou permettraient d'en retrouver un par soustraction.",
		EN: "Null figures are withheld: they are about too few agents, or would give away one that is by subtraction.",
	}
}

const (
	mediaJSON = "application/json"
	mediaCSV  = "text/csv"
)

// reportInput is what every report takes.
type reportInput struct {
	From     string `query:"from" doc:"Début : date ou instant RFC 3339 / from: date or RFC 3339 time"`
	To       string `query:"to" doc:"Fin : date, comprise, ou instant RFC 3339 / to: date, inclusive, or RFC 3339 time"`
	By       string `query:"by" doc:"Attribut déclaré, org ou site / declared attribute, org or site"`
	Every    string `query:"every" doc:"day, week, month, quarter, year"`
	Accept   string `header:"Accept" doc:"application/json ou text/csv / application/json or text/csv"`
	Language string `header:"Accept-Language" doc:"Langue des messages / language of messages"`
}

func (in reportInput) params() params { return params{in.From, in.To, in.By, in.Every} }

// contentInput is reportInput with an id; huma passes over the fields of an unexported type that is embedded.
type contentInput struct {
	ID       string `path:"id" maxLength:"128" doc:"Identifiant du contenu / id of the content"`
	From     string `query:"from" doc:"Début : date ou instant RFC 3339 / from: date or RFC 3339 time"`
	To       string `query:"to" doc:"Fin : date, comprise, ou instant RFC 3339 / to: date, inclusive, or RFC 3339 time"`
	By       string `query:"by" doc:"Attribut déclaré, org ou site / declared attribute, org or site"`
	Every    string `query:"every" doc:"day, week, month, quarter, year"`
	Accept   string `header:"Accept" doc:"application/json ou text/csv / application/json or text/csv"`
	Language string `header:"Accept-Language" doc:"Langue des messages / language of messages"`
}

func (in contentInput) report() reportInput {
	return reportInput{in.From, in.To, in.By, in.Every, in.Accept, in.Language}
}

// Register adds GET /v1/contents/{id}/report and GET /v1/reports/overview, for communicators and leaders whose keys may see
// exact figures.
func Register(api huma.API, reports *Reports) {
	huma.Register(api, operation(api, "content-report", "/v1/contents/{id}/report", "Bilan d'un contenu / Report on a content", http.StatusNotFound),
		func(ctx context.Context, in *contentInput) (*huma.StreamResponse, error) {
			if err := entitled(ctx, in.Language); err != nil {
				return nil, err
			}
			answer, err := reports.content(ctx, in.ID, in.report().params())
			return reports.respond(ctx, answer, err, in.report())
		})
	huma.Register(api, operation(api, "overview", "/v1/reports/overview", "Vue d'ensemble / Overview"),
		func(ctx context.Context, in *reportInput) (*huma.StreamResponse, error) {
			if err := entitled(ctx, in.Language); err != nil {
				return nil, err
			}
			answer, err := reports.overview(ctx, in.params())
			return reports.respond(ctx, answer, err, *in)
		})
}

// entitled refuses keys that may not see exact figures: several of these answers together may be about one agent.
func entitled(ctx context.Context, language string) error {
	if fil.CallerFrom(ctx).Sample {
		return nil
	}
	return huma.Error403Forbidden(fil.Bilingual{
		FR: "Ces chiffres exacts vont avec une clé faite avec --sample ; les tableaux de bord (/v1/dashboards) sont ouverts à celle-ci.",
		EN: "These exact figures go with a key made with --sample; dashboards (/v1/dashboards) are open to this one.",
	}.In(language))
}

func operation(api huma.API, id, path, summary string, errs ...int) huma.Operation {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[report](), true, "Report")
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"Rapports / Reports"},
		Security: []map[string][]string{{"bearer": {string(fil.RoleCommunicator), string(fil.RoleLeader)}}},
		Errors:   append(errs, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusServiceUnavailable),
		Responses: map[string]*huma.Response{"200": {
			Description: "Les chiffres ; null : retenu / the figures; null: withheld",
			Content:     map[string]*huma.MediaType{mediaJSON: {Schema: schema}, mediaCSV: {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
	}
}

// respond writes the report in the form that is asked for, or the problem.
func (r *Reports) respond(ctx context.Context, answer report, err error, in reportInput) (*huma.StreamResponse, error) {
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	if answer.Withheld != "" {
		answer.Withheld = withheldNote().In(in.Language)
	}
	var body bytes.Buffer
	media := mediaJSON
	if in.Accept != "" && negotiation.SelectQValue(in.Accept, []string{mediaJSON, mediaCSV}) == mediaCSV {
		media = mediaCSV
		err = writeCSV(&body, answer)
	} else {
		err = json.NewEncoder(&body).Encode(answer)
	}
	if err != nil {
		return nil, r.problem(ctx, err, in.Language)
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		if media == mediaCSV {
			out.SetHeader("Content-Type", mediaCSV+"; charset=utf-8; header=present")
			out.SetHeader("Content-Disposition", `attachment; filename="rapport.csv"`)
		} else {
			out.SetHeader("Content-Type", mediaJSON)
		}
		out.SetHeader("Vary", "Accept, Accept-Language")
		out.SetHeader("Cache-Control", "private, no-cache")
		if _, err := out.BodyWriter().Write(body.Bytes()); err != nil {
			r.Logger.DebugContext(ctx, "the reader of a report has left", "stage", "analytics", "error", err)
		}
	}}, nil
}

// problem turns an error into an answer that says nothing of the inside.
func (r *Reports) problem(ctx context.Context, err error, language string) error {
	if errors.Is(err, errUnknownContent) {
		return huma.Error404NotFound(fil.Bilingual{FR: "Ce contenu n'est pas connu", EN: "This content is not known"}.In(language))
	}
	return FigureRefusals(r.Logger, "answer a report", fil.Bilingual{FR: "Le rapport n'a pas pu être calculé", EN: "The report could not be computed"}).Problem(ctx, err, language)
}
