package dashboards

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/negotiation"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

const (
	mediaJSON    = "application/json"
	mediaCSV     = "text/csv"
	mediaParquet = "application/vnd.apache.parquet"
)

// Query is what every dashboard takes; huma passes over the fields of an unexported type that is embedded.
type Query struct {
	Content     string   `query:"content" maxLength:"128" doc:"Un seul contenu / one content alone"`
	From        string   `query:"from" doc:"Premier jour (2026-01-31) ; par défaut quatre semaines avant to / first day; four weeks before to by default"`
	To          string   `query:"to" doc:"Dernier jour, compris ; par défaut aujourd'hui / last day, inclusive; today by default"`
	By          string   `query:"by" doc:"org, site ou attribut déclaré / org, site or a declared attribute"`
	Every       string   `query:"every" doc:"day, week, month, quarter, year"`
	Where       []string `query:"where,explode" doc:"Condition attribut:valeur,valeur, à répéter ; \\, pour une virgule dans une valeur / condition attribute:value,value, may be repeated; \\, for a comma in a value"`
	Compare     bool     `query:"compare" doc:"Donner aussi la période d'avant / give the period before as well"`
	Lang        string   `query:"lang" maxLength:"35" pattern:"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$" doc:"Langue de qui ouvrira le CSV dans un tableur : titres et valeurs en mots, pourcentages, en français points-virgules et virgules décimales ; sans elle, des noms anglais qui ne changent pas, pour un programme, quel que soit Accept-Language / language of who will open the CSV in a spreadsheet: titles and values in words, percentages, in French semicolons and decimal commas; without it, English names that do not change, for a program, whatever Accept-Language is"`
	Accept      string   `header:"Accept" doc:"application/json, text/csv, application/vnd.apache.parquet (toujours aux noms anglais qui ne changent pas / always with the English names that do not change)"`
	Language    string   `header:"Accept-Language" doc:"Langue des messages / language of messages"`
	IfNoneMatch string   `header:"If-None-Match" doc:"ETag déjà reçu / an ETag received before"`
}

// named is Query about something that the path names.
type named struct {
	ID string `path:"id" maxLength:"128" doc:"Identifiant / id"`
	Query
}

func (in *Query) params() params { return params{in.From, in.To, in.By, in.Every, in.Where} }

// told is an answer that may be given in three forms.
type told interface{ sheet(n naming) sheet }

// view is one dashboard.
type view struct {
	id, path, summary string
	answer            reflect.Type
	ask               func(ctx context.Context, in *named) (told, error)
}

func (d *Dashboards) views() []view {
	figure := func(of func(ctx context.Context, in *named) (scope, error)) func(context.Context, *named) (told, error) {
		return func(ctx context.Context, in *named) (told, error) {
			s, err := of(ctx, in)
			if err != nil {
				return nil, err
			}
			return d.figure(ctx, in.params(), s, in.Compare)
		}
	}
	of := func(ctx context.Context, in *named) (scope, error) { return d.chosen(ctx, in.Content) }
	return []view{
		{"dashboard-overview", "overview", "Vue d'ensemble / Overview", reflect.TypeFor[board](),
			figure(func(ctx context.Context, _ *named) (scope, error) { return d.house(ctx), nil })},
		{"dashboard-content", "contents/{id}", "Un contenu / One content", reflect.TypeFor[board](),
			figure(func(ctx context.Context, in *named) (scope, error) { return d.one(ctx, in.ID) })},
		{"dashboard-audience", "audiences/{id}", "Les contenus d'une audience / The contents of an audience", reflect.TypeFor[board](),
			figure(func(ctx context.Context, in *named) (scope, error) { return d.audience(ctx, in.ID) })},
		{"dashboard-funnel", "funnel", "Des visés aux actifs / From aimed at to acted", reflect.TypeFor[funnel](), func(ctx context.Context, in *named) (told, error) {
			s, err := of(ctx, in)
			if err != nil {
				return nil, err
			}
			return d.funnel(ctx, in.params(), s)
		}},
		{"dashboard-equity", "equity", "Quels groupes ne sont pas atteints / Which groups are not reached", reflect.TypeFor[equity](), func(ctx context.Context, in *named) (told, error) {
			s, err := of(ctx, in)
			if err != nil {
				return nil, err
			}
			return d.equity(ctx, in.params(), s)
		}},
		{"dashboard-services", "services", "Comparaison de services / Comparison of services", reflect.TypeFor[equity](), func(ctx context.Context, in *named) (told, error) {
			s, err := of(ctx, in)
			if err != nil {
				return nil, err
			}
			return d.services(ctx, in.params(), s)
		}},
		{"dashboard-pressure", "pressure", "Pression de communication / Communication pressure", reflect.TypeFor[pressure](),
			func(ctx context.Context, in *named) (told, error) { return d.pressure(ctx, in.params(), d.house(ctx)) }},
		{"dashboard-hours", "hours", "Meilleures heures, de toute la maison : pas pour une clé bornée à un périmètre / Best hours, of the whole house: not for a key bounded to a perimeter", reflect.TypeFor[hours](),
			func(ctx context.Context, in *named) (told, error) { return d.hours(ctx, in.params()) }},
	}
}

// Register adds the dashboards under /v1/dashboards, for communicators and leaders.
func Register(api huma.API, d *Dashboards) {
	for _, v := range d.views() {
		schema := api.OpenAPI().Components.Schemas.Schema(v.answer, true, "Dashboard"+v.answer.Name())
		operation := huma.Operation{
			OperationID: v.id, Method: http.MethodGet, Path: "/v1/dashboards/" + v.path, Summary: v.summary, Tags: []string{"Tableaux de bord / Dashboards"},
			Security: []map[string][]string{{"bearer": {string(fil.RoleCommunicator), string(fil.RoleLeader)}}},
			Errors:   []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
			Responses: map[string]*huma.Response{"200": {
				Description: "Les chiffres ; null : retenu / the figures; null: withheld",
				Content: map[string]*huma.MediaType{mediaJSON: {Schema: schema}, mediaCSV: {Schema: &huma.Schema{Type: huma.TypeString}},
					mediaParquet: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
			}},
		}
		if strings.Contains(v.path, "{id}") {
			huma.Register(api, operation, func(ctx context.Context, in *named) (*huma.StreamResponse, error) { return d.serve(ctx, v, in) })
			continue
		}
		huma.Register(api, operation, func(ctx context.Context, in *Query) (*huma.StreamResponse, error) {
			return d.serve(ctx, v, &named{Query: *in})
		})
	}
}

func (d *Dashboards) serve(ctx context.Context, v view, in *named) (*huma.StreamResponse, error) {
	answer, err := v.ask(ctx, in)
	if err != nil {
		return nil, d.problem(ctx, err, in.Language)
	}
	return d.respond(ctx, v, answer, in)
}

// respond writes an answer in the form that is asked for, with an ETag of its bytes.
func (d *Dashboards) respond(ctx context.Context, v view, told told, in *named) (*huma.StreamResponse, error) {
	switch a := told.(type) {
	case board:
		a.Withheld = a.why.In(in.Language)
		told = a
	case equity:
		a.Withheld = a.why.In(in.Language)
		told = a
	}
	media, ending := mediaJSON, ""
	if in.Accept != "" {
		media = negotiation.SelectQValue(in.Accept, []string{mediaJSON, mediaCSV, mediaParquet})
	}
	var body bytes.Buffer
	var err error
	switch media {
	case mediaCSV:
		sheet := told.sheet(naming{d.Schema, d.today()})
		if ending = "csv"; in.Lang != "" {
			err = sheet.readable(&body, in.Lang)
		} else {
			err = sheet.csv(&body)
		}
	case mediaParquet:
		ending, err = "parquet", told.sheet(naming{d.Schema, d.today()}).parquet(&body)
	default:
		media, err = mediaJSON, json.NewEncoder(&body).Encode(told)
	}
	if err != nil {
		return nil, d.problem(ctx, err, in.Language)
	}
	sum := sha256.Sum256(body.Bytes())
	etag := `"` + hex.EncodeToString(sum[:12]) + `"`
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("ETag", etag)
		out.SetHeader("Vary", "Accept, Accept-Language, Authorization")
		out.SetHeader("Cache-Control", "private, no-cache")
		if strings.Contains(in.IfNoneMatch, etag) {
			out.SetStatus(http.StatusNotModified)
			return
		}
		if media == mediaCSV {
			media += "; charset=utf-8; header=present"
		}
		out.SetHeader("Content-Type", media)
		if ending != "" {
			out.SetHeader("Content-Disposition", `attachment; filename="`+v.id+"."+ending+`"`)
		}
		if _, err := out.BodyWriter().Write(body.Bytes()); err != nil {
			d.Logger.DebugContext(ctx, "the reader of a dashboard has left", "stage", "analytics", "error", err)
		}
	}}, nil
}

// problem turns an error into an answer that says nothing of the inside.
func (d *Dashboards) problem(ctx context.Context, err error, language string) error {
	if errors.Is(err, errUnknown) {
		return huma.Error404NotFound(fil.Bilingual{FR: "Ce contenu ou cette audience n'est pas connu, ou n'a pas de contenu", EN: "This content or audience is not known, or has no content"}.In(language))
	}
	return analytics.FigureRefusals(d.Logger, "answer a dashboard", fil.Bilingual{FR: "Le tableau n'a pas pu être calculé", EN: "The dashboard could not be computed"}).Problem(ctx, err, language)
}
