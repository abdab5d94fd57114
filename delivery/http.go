package delivery

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// Register adds the operations of delivery to an API whose middleware enforces the roles that each declares under the
// scheme "bearer", and puts the fil.Caller in the context.
func Register(api huma.API, keeper *Keeper, hub *Hub) {
	h := handlers{keeper: keeper, hub: hub}
	huma.Register(api, huma.Operation{
		OperationID: "read-own-feed", Method: http.MethodGet, Path: "/v1/feed", Tags: []string{tag},
		Summary:     "Lire son fil (read one's own feed)",
		Description: "Le fil de l'agent dont c'est le jeton. Un ETag égal vaut une réponse égale : renvoyez-le en If-None-Match. Chaque communication a ses raisons en une à trois phrases ; l'explication complète se lit à l'adresse `explain`, ou avec explain=full.",
		Security:    roles(fil.RoleAgent), Responses: pageResponses(api), Errors: []int{404, 503},
	}, h.ownFeed)
	huma.Register(api, huma.Operation{
		OperationID: "read-feed", Method: http.MethodGet, Path: "/v1/agents/{id}/feed", Tags: []string{tag},
		Summary:     "Lire le fil d'un agent (read an agent's feed)",
		Description: "Pour une application qui montre le fil à l'agent. Un ETag égal vaut une réponse égale : renvoyez-le en If-None-Match. Chaque communication a ses raisons en une à trois phrases ; l'explication complète se lit à l'adresse `explain`, ou avec explain=full.",
		Security:    roles(fil.RoleService), Responses: pageResponses(api), Errors: []int{404, 503},
	}, h.feedOf)
	huma.Register(api, huma.Operation{
		OperationID: "explain-item", Method: http.MethodGet, Path: "/v1/feed/items/{content}/explanation", Tags: []string{tag},
		Summary:     "Savoir pourquoi une communication est là (explain an item)",
		Description: "Les quatre éléments de l'article R.311-3-1-2 du code des relations entre le public et l'administration, même pour une communication qui n'est pas sur la première page, et ce qui la place au-dessus de celle qui la suit, ou de celle que nomme « above ».",
		Security:    roles(fil.RoleAgent, fil.RoleService), Errors: []int{404, 503},
	}, h.explanation)
	huma.Register(api, huma.Operation{
		OperationID: "stream-feed", Method: http.MethodGet, Path: "/v1/feed/stream", Tags: []string{tag},
		Summary: "Savoir quand le fil change (be told when the feed changes)",
		Description: "Server-Sent Events : un événement « feed » dont l'identifiant change avec le fil, à la connexion (sauf si Last-Event-ID est déjà celui-là) " +
			"puis à chaque changement ; un commentaire toutes les 15 secondes de silence.",
		Security: roles(fil.RoleAgent, fil.RoleService), Responses: streamResponses(api), Errors: []int{404, 429, 503},
	}, h.stream)
}

const tag = "Fil (feed)"

func roles(rs ...fil.Role) []map[string][]string {
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = string(r)
	}
	return []map[string][]string{{"bearer": names}}
}

func pageResponses(api huma.API) map[string]*huma.Response {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[FeedPage](), true, "FeedPage")
	return map[string]*huma.Response{
		"200": {Description: "Une page du fil", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}},
		"304": {Description: "La page n'a pas changé"},
	}
}

// inTimeOrder is the value of Fil-Degraded: how a feed made without the store is.
const inTimeOrder = string(fil.OrderChronological)

// how says in which way the reading is degraded, empty if it is not.
func (r reading) how() string {
	if r.degraded {
		return inTimeOrder
	}
	return ""
}

type handlers struct {
	keeper *Keeper
	hub    *Hub
}

// explainFull asks for pages with whole explanations.
const explainFull = "full"

// PageQuery is what both reads of a page take.
type PageQuery struct {
	Limit          int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Nombre de communications par page"`
	Cursor         string `query:"cursor" maxLength:"8192" doc:"Le « next » de la page précédente"`
	Order          string `query:"order" enum:"ranked,chronological" doc:"Ordre : classé, ou simplement chronologique ; à défaut celui que l'agent a choisi, puis classé"`
	Saved          bool   `query:"saved" doc:"Ce que l'agent a gardé et peut encore lire, du dernier gardé au premier, à la place du fil"`
	Explain        string `query:"explain" enum:"reasons,full" default:"reasons" doc:"Ce qui est dit de chaque place : les raisons, en une à trois phrases, ou aussi l'explication complète (environ 2 ko de plus par communication, sans ETag)"`
	Lang           string `query:"lang" maxLength:"35" pattern:"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$" doc:"Langue BCP 47 ; à défaut celle de l'agent, puis Accept-Language, puis le français"`
	AcceptLanguage string `header:"Accept-Language"`
	IfNoneMatch    string `header:"If-None-Match" doc:"ETag déjà connu"`
}

// after is the query of the page that a cursor leads to. No value in it needs an escape.
func (q *PageQuery) after(cursor string, order fil.Order) string {
	next := "cursor=" + cursor + "&limit=" + strconv.Itoa(q.Limit) + "&order=" + string(order)
	if q.Lang != "" {
		next += "&lang=" + q.Lang
	}
	if q.Explain == explainFull {
		next += "&explain=" + explainFull
	}
	return next
}

type pageOutput struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Length       string `header:"Content-Length"`
	ETag         string `header:"ETag"`
	Degraded     string `header:"Fil-Degraded" doc:"« chronological » quand le fil est servi de mémoire, du plus récent au plus ancien, parce que son magasin ne répond pas ; sans ETag, à ne pas garder"`
	Vary         string `header:"Vary"`
	Link         string `header:"Link"`
	Body         func(huma.Context)
}

func (h handlers) ownFeed(ctx context.Context, in *PageQuery) (*pageOutput, error) {
	return h.page(ctx, fil.CallerFrom(ctx).Agent, "/v1/feed", in)
}

func (h handlers) feedOf(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"128" doc:"Identifiant de l'agent"`
	PageQuery
}) (*pageOutput, error) {
	return h.page(ctx, in.ID, "/v1/agents/"+url.PathEscape(in.ID)+"/feed", &in.PageQuery)
}

func (h handlers) page(ctx context.Context, agent, path string, in *PageQuery) (*pageOutput, error) {
	p, err := h.keeper.read(ctx, query{
		agent: agent, order: fil.Order(in.Order), limit: in.Limit, cursor: in.Cursor, full: in.Explain == explainFull, saved: in.Saved,
		language: languages{asked: in.Lang, accepted: in.AcceptLanguage}, known: in.IfNoneMatch,
	})
	if err != nil {
		return nil, h.problem(ctx, agent, in.AcceptLanguage, err)
	}
	out := &pageOutput{
		ContentType: "application/json", CacheControl: "private, no-cache",
		Length: strconv.Itoa(len(p.body)), ETag: p.etag, Vary: "Authorization, Accept-Language", Body: h.write(p),
	}
	if p.degraded {
		out.Degraded, out.CacheControl = inTimeOrder, "no-store"
	}
	if p.body == nil {
		out.ContentType, out.Length = "", ""
	}
	if p.next != "" {
		out.Link = "<" + path + "?" + in.after(p.next, p.order) + `>; rel="next"`
	}
	return out, nil
}

// write answers a page, whose memory is for the next one then.
func (h handlers) write(p page) func(huma.Context) {
	return func(ctx huma.Context) {
		if p.body == nil {
			ctx.SetStatus(http.StatusNotModified)
			return
		}
		ctx.SetStatus(http.StatusOK)
		_, _ = ctx.BodyWriter().Write(p.body) // a reader who has left is told nothing
		h.keeper.release(p.body)
	}
}

// ItemExplanation is a placement with whose feed it is about.
type ItemExplanation struct {
	Agent  string `json:"agent"`
	Policy string `json:"policy" doc:"Version de la politique de classement appliquée"`
	fil.Placement
	Contrast *Contrast `json:"contrast,omitempty" doc:"Pourquoi elle est au-dessus, ou au-dessous, d'une autre : celle de « above », à défaut celle qui la suit ; absente quand rien ne la suit"`
}

type explanationOutput struct {
	CacheControl string `header:"Cache-Control"`
	Degraded     string `header:"Fil-Degraded" doc:"« chronological » : l'explication est celle du fil servi de mémoire"`
	Body         ItemExplanation
}

// whose says which agent a request is about: a token's agent, or the one that a service asks for.
func whose(ctx context.Context, asked, accepted string) (string, error) {
	caller := fil.CallerFrom(ctx)
	switch {
	case caller.Role != fil.RoleAgent && asked == "":
		return "", faulty(accepted, fil.NewFault("agent", "doit dire de quel agent, avec une clé de service", "must say which agent, with a service key"))
	case caller.Role == fil.RoleAgent && asked != "" && asked != caller.Agent:
		return "", faulty(accepted, fil.NewFault("agent", "ne peut être qu'absent, ou l'agent du jeton", "can only be absent, or the token's agent"))
	case caller.Role == fil.RoleAgent:
		return caller.Agent, nil
	}
	return asked, nil
}

func (h handlers) explanation(ctx context.Context, in *struct {
	Agent          string `query:"agent" maxLength:"128" doc:"Identifiant de l'agent, avec une clé de service"`
	Content        string `path:"content" maxLength:"128" doc:"Identifiant de la communication"`
	Above          string `query:"above" maxLength:"128" doc:"Identifiant d'une autre communication du fil, à laquelle la comparer"`
	Order          string `query:"order" enum:"ranked,chronological" doc:"Ordre du fil dont il s'agit ; à défaut celui que l'agent a choisi, puis classé"`
	Lang           string `query:"lang" maxLength:"35" pattern:"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"`
	AcceptLanguage string `header:"Accept-Language"`
}) (*explanationOutput, error) {
	agent, err := whose(ctx, in.Agent, in.AcceptLanguage)
	if err != nil {
		return nil, err
	}
	r, placement, against, err := h.keeper.explain(ctx, agent, in.Content, in.Above, fil.Order(in.Order), languages{asked: in.Lang, accepted: in.AcceptLanguage})
	missing := in.Content
	if errors.Is(err, errNoOther) {
		missing, err = in.Above, errNotEligible
	}
	if errors.Is(err, errNotEligible) {
		return nil, huma.Error404NotFound(fil.Bilingual{
			FR: "La communication " + missing + " n'est pas proposée à cet agent : elle est inconnue, hors de sa période de publication, ou d'une audience dont l'agent n'est pas.",
			EN: "Content " + missing + " is not offered to this agent: it is unknown, outside its publication window, or for an audience that the agent is not in.",
		}.In(in.AcceptLanguage))
	}
	if err != nil {
		return nil, h.problem(ctx, agent, in.AcceptLanguage, err)
	}
	placement.Reasons, placement.Explanation = orEmpty(placement.Reasons), wholeOf(placement.Explanation)
	return &explanationOutput{CacheControl: "private, no-cache", Degraded: r.how(), Body: ItemExplanation{Agent: agent, Policy: r.feed.Policy, Placement: placement, Contrast: against}}, nil
}

// problem translates an error at the border.
func (h handlers) problem(ctx context.Context, agent, accepted string, err error) error {
	if faults := fil.FaultsOf(err); faults != nil {
		return faulty(accepted, faults...)
	}
	if errors.Is(err, ErrUnknownAgent) {
		return huma.Error404NotFound(fil.Bilingual{
			FR: "L'agent " + agent + " est inconnu de l'annuaire : ajoutez-le par PUT /v1/agents/{id} ou `fil import agents`, ou vérifiez son identifiant.",
			EN: "Agent " + agent + " is not in the directory: add it by PUT /v1/agents/{id} or `fil import agents`, or check its id.",
		}.In(accepted))
	}
	if ctx.Err() != nil {
		return err
	}
	if !errors.Is(err, ErrAway) { // which has been said
		h.keeper.log.ErrorContext(ctx, "feed not read", "stage", "delivery", "error", err)
	}
	return unavailable(fil.Bilingual{
		FR: "Le fil ne peut pas être lu pour l'instant ; réessayez dans quelques secondes.",
		EN: "The feed cannot be read for now; try again in a few seconds.",
	}.In(accepted))
}

func unavailable(detail string) error {
	return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable(detail), http.Header{"Retry-After": {"5"}})
}

// faulty answers 422 with each fault where it is.
func faulty(accepted string, faults ...*fil.Fault) error {
	details := make([]error, len(faults))
	for i, f := range faults {
		details[i] = &huma.ErrorDetail{Location: "query." + f.Field, Message: f.Problem.In(accepted)}
	}
	return huma.Error422UnprocessableEntity(fil.Bilingual{FR: "La demande n'est pas recevable.", EN: "The request is not valid."}.In(accepted), details...)
}
