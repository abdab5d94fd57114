package syndication

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// Register adds the operations by which agents, and the services that show them their feed, make, list and revoke addresses.
func (d *Desk) Register(api huma.API) {
	operation := func(id, method, path, summary, description string, more ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Tags: []string{"Fil (feed)"}, Summary: summary, Description: description,
			Security: []map[string][]string{{"bearer": {string(fil.RoleAgent), string(fil.RoleService)}}}, Errors: append([]int{404, 422, 503}, more...),
		}
	}
	opening := operation("create-subscription", http.MethodPost, "/v1/feed/subscriptions", "Faire une adresse pour lire son fil ailleurs (make an address to read one's feed elsewhere)",
		"Trois adresses, en RSS 2.0, Atom 1.0 et JSON Feed 1.1, qui ne sont dites que cette fois. Qui les a lit le fil, sans rien d'autre. / Three addresses, told this once. Whoever has them reads the feed and nothing else.", 403, 409)
	opening.DefaultStatus = http.StatusCreated
	huma.Register(api, opening, d.create)
	huma.Register(api, operation("list-subscriptions", http.MethodGet, "/v1/feed/subscriptions", "Voir ses adresses (see one's addresses)",
		"Sans leur secret, que le serveur n'a pas. / Without their secret, which the server does not have."), d.list)
	huma.Register(api, operation("revoke-subscription", http.MethodDelete, "/v1/feed/subscriptions/{id}", "Fermer une adresse (revoke an address)",
		"Elle répond 410 ensuite. Fermer une adresse déjà fermée ne change rien. / It answers 410 from then on."), d.revoke)
	huma.Register(api, operation("revoke-subscriptions", http.MethodDelete, "/v1/feed/subscriptions", "Fermer toutes ses adresses (revoke all addresses)", ""), d.revokeAll)
}

// Whose says which agent a request is about, and how the client speaks.
type Whose struct {
	Agent          string `query:"agent" maxLength:"128" doc:"Identifiant de l'agent, avec une clé de service / the agent's id, with a service key"`
	AcceptLanguage string `header:"Accept-Language"`
}

// agent is the token's, or the one that a service names.
func (d *Desk) agent(ctx context.Context, in *Whose) (string, error) {
	caller, agent := fil.CallerFrom(ctx), in.Agent
	switch {
	case caller.Role == fil.RoleAgent && agent != "" && agent != caller.Agent:
		return "", faulty(in, "query.agent", "ne peut être qu'absent, ou l'agent du jeton", "can only be absent, or the token's agent")
	case caller.Role == fil.RoleAgent:
		agent = caller.Agent
	case agent == "":
		return "", faulty(in, "query.agent", "doit dire de quel agent, avec une clé de service", "must say which agent, with a service key")
	}
	if !d.parts.Known(agent) {
		return "", huma.Error404NotFound(fil.Bilingual{FR: "L'agent " + agent + " est inconnu de l'annuaire.", EN: "Agent " + agent + " is not in the directory."}.In(in.AcceptLanguage))
	}
	return agent, nil
}

func faulty(in *Whose, field, fr, en string) error {
	return huma.Error422UnprocessableEntity(fil.Bilingual{FR: "La demande n'est pas recevable.", EN: "The request is not valid."}.In(in.AcceptLanguage),
		&huma.ErrorDetail{Location: field, Message: fil.Bilingual{FR: fr, EN: en}.In(in.AcceptLanguage)})
}

// MadeSubscription is an address as its agent sees it when it was just made.
type MadeSubscription struct {
	ID        string        `json:"id"`
	Label     string        `json:"label"`
	Made      time.Time     `json:"made"`
	Addresses FeedAddresses `json:"addresses" doc:"Dites cette seule fois / told this once"`
}

// FeedAddresses are one feed in three formats.
type FeedAddresses struct {
	RSS  string `json:"rss" format:"uri"`
	Atom string `json:"atom" format:"uri"`
	JSON string `json:"json" format:"uri"`
}

type createInput struct {
	Whose
	origin string
	Body   WantedSubscription
}

// WantedSubscription is an address to make.
type WantedSubscription struct {
	Label string `json:"label" doc:"Ce qui la fera reconnaître, en 60 caractères au plus, comme « Thunderbird au bureau » / what to know it by, in at most 60 characters"`
}

// Resolve implements huma.Resolver: addresses are at the origin that was asked.
func (in *createInput) Resolve(ctx huma.Context) []error {
	in.origin = placeOf(ctx.Host(), ctx.Header("X-Forwarded-Proto"), ctx.TLS() != nil)
	return nil
}

type createOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         MadeSubscription
}

func (d *Desk) create(ctx context.Context, in *createInput) (*createOutput, error) {
	agent, err := d.agent(ctx, &in.Whose)
	if err != nil {
		return nil, err
	}
	label, ok := tidy(in.Body.Label)
	switch {
	case d.cfg.Most == 0:
		return nil, huma.Error403Forbidden(saysShut.In(in.AcceptLanguage))
	case !ok:
		return nil, faulty(&in.Whose, "body.label", fmt.Sprintf("doit dire où vous lirez, en %d caractères au plus, comme « Thunderbird au bureau »", maxLabel),
			fmt.Sprintf("must say where you will read, in at most %d characters, such as 'Thunderbird at the office'", maxLabel))
	}
	made, secret, err := d.open(ctx, agent, label)
	if err != nil {
		return nil, d.problem(ctx, &in.Whose, err)
	}
	at := in.origin + Path + secret + "."
	return &createOutput{CacheControl: "no-store", Body: MadeSubscription{
		ID: made.ID, Label: made.Label, Made: made.Made, Addresses: FeedAddresses{RSS: at + string(RSS), Atom: at + string(Atom), JSON: at + string(JSON)},
	}}, nil
}

// ListedSubscription is an address as its agent sees it afterwards.
type ListedSubscription struct {
	ID    string    `json:"id"`
	Label string    `json:"label"`
	Made  time.Time `json:"made"`
	// LastUsed is a day, at midnight UTC.
	LastUsed time.Time `json:"last_used,omitzero" doc:"Jour de la dernière lecture par une application, s'il date de moins d'un mois / day when an application read it last, if that is less than a month ago"`
}

// Subscriptions are an agent's addresses, the oldest first.
type Subscriptions struct {
	Subscriptions []ListedSubscription `json:"subscriptions" nullable:"false"`
	Most          int                  `json:"most" doc:"Combien d'adresses un agent peut avoir ; 0 : aucune, la lecture ailleurs n'est pas ouverte / how many addresses an agent may have; 0: none"`
}

type listOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         Subscriptions
}

func (d *Desk) list(ctx context.Context, in *Whose) (*listOutput, error) {
	agent, err := d.agent(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &listOutput{CacheControl: "private, no-store"}
	out.Body.Subscriptions, out.Body.Most = []ListedSubscription{}, d.cfg.Most
	var ids []string
	for _, s := range serving(d.parts.Book.Of(agent)) {
		out.Body.Subscriptions = append(out.Body.Subscriptions, ListedSubscription{ID: s.ID, Label: s.Label, Made: s.Made})
		ids = append(ids, s.ID)
	}
	bounded, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if days, err := d.parts.Uses.LastUses(bounded, ids); err == nil { // a list without them is a list all the same
		for i, day := range days {
			out.Body.Subscriptions[i].LastUsed = day
		}
	}
	return out, nil
}

func (d *Desk) revoke(ctx context.Context, in *struct {
	Whose
	ID string `path:"id" minLength:"1" maxLength:"64"`
}) (*struct{}, error) {
	return d.revoking(ctx, &in.Whose, in.ID)
}

func (d *Desk) revokeAll(ctx context.Context, in *Whose) (*struct{}, error) {
	return d.revoking(ctx, in, "")
}

func (d *Desk) revoking(ctx context.Context, in *Whose, id string) (*struct{}, error) {
	agent, err := d.agent(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := d.close(ctx, agent, id); err != nil {
		return nil, d.problem(ctx, in, err)
	}
	return nil, nil //nolint:nilnil // 204
}

// problem translates an error at the border.
func (d *Desk) problem(ctx context.Context, in *Whose, err error) error {
	switch {
	case errors.Is(err, errMost):
		return huma.Error409Conflict(fil.Bilingual{
			FR: fmt.Sprintf("Vous avez déjà %d adresses : fermez-en une d'abord.", d.cfg.Most), EN: fmt.Sprintf("You have %d addresses already: close one first.", d.cfg.Most),
		}.In(in.AcceptLanguage))
	case errors.Is(err, errNone):
		return huma.Error404NotFound(fil.Bilingual{
			FR: "Cette adresse n'existe pas ou n'est pas la vôtre : relisez la liste.", EN: "There is no such address, or it is not yours: read the list again.",
		}.In(in.AcceptLanguage))
	case errors.Is(err, errLog):
		if ctx.Err() == nil {
			d.parts.Log.ErrorContext(ctx, "subscriptions not written", "stage", "delivery", "error", err)
		}
		return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable(fil.Bilingual{
			FR: "Le journal ne répond pas : réessayez dans quelques secondes, et vérifiez dans la liste si l'adresse a changé.", EN: "The log does not answer: try again in a few seconds, and see in the list whether the address has changed.",
		}.In(in.AcceptLanguage)), http.Header{"Retry-After": {"5"}})
	}
	return d.parts.Refused(err, in.AcceptLanguage)
}
