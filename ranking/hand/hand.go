// Package hand lets agents see what is known of them, in words, and change it: the operations under /v1/me on the profile,
// the preferences and the order of a feed.
//
// It guarantees that what it tells is complete: what is not in Known is not kept in a profile. A write is in the log when it is
// answered, and the answer says whether the next read goes by it. It keeps nothing: the log, and the profiles that are learned
// from it, do. Who may ask is for the gate; about whom, it checks itself.
package hand

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// Parts are what a reader's hand works with. All are needed.
type Parts struct {
	Ranker    *ranking.Ranker
	Directory ranking.Directory // that of the ranker
	// Profile reads an agent's packed profile, empty if there is none.
	Profile func(ctx context.Context, agent string) ([]byte, error)
	// Admit puts an event about an agent in the log and gives its place there.
	Admit func(ctx context.Context, event fil.Event) (fil.Position, error)
	// Refused turns an error of Admit into an answer, in a language.
	Refused   func(err error, language string) error
	Retention time.Duration // that profiles are kept after the last record that they include
	Patience  time.Duration // how long a write waits for the profile to include it
	Log       *slog.Logger
	Now       func() time.Time
}

// errNobody is the answer about an agent whom the directory does not have.
var errNobody = errors.New("unknown agent")

// hand lets agents see what is known of them and change it.
type hand struct{ Parts }

// Register adds, for agents and for the services that show them their feed, the operations on what is known of an agent:
// GET and DELETE /v1/me/profile, PUT and DELETE /v1/me/preferences/{facet}/{name} and /v1/me/order, DELETE /v1/me/saved/{content}. A write is in the log
// when it is answered; 200 says that the next read goes by it, 202 that a read soon will.
func Register(api huma.API, parts Parts) {
	h := hand{parts}
	operation := func(id, method, path, summary, description string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Tags: []string{"Profil (profile)"}, Summary: summary, Description: description,
			Security: []map[string][]string{{"bearer": {string(fil.RoleAgent), string(fil.RoleService)}}}, Errors: []int{404, 422, 503},
		}
	}
	const written = "La réponse est 200 quand la prochaine lecture en tient compte, 202 quand elle le fera bientôt. / The answer is 200 when the next read goes by it, 202 when one soon will."
	huma.Register(api, operation("read-profile", http.MethodGet, "/v1/me/profile", "Savoir ce qui est connu de soi (what is known of me)",
		"Préférences, actes, goûts déduits, conservation et provenance, en clair. / Preferences, acts, derived tastes, retention and sources, in words."), h.read)
	huma.Register(api, operation("forget-profile", http.MethodDelete, "/v1/me/profile", "Effacer son profil (erase one's profile)",
		"Les actes, les préférences et l'ordre choisi sont oubliés ; « erasure » de GET /v1/me/profile dit ce qui reste. / Acts, preferences and order are forgotten; 'erasure' of GET /v1/me/profile says what stays. "+written), h.forget)
	huma.Register(api, operation("put-preference", http.MethodPut, "/v1/me/preferences/{facet}/{name}", "Demander plus, moins, suivre ou masquer (more, less, follow, hide)",
		"D'un thème, d'une source, d'un auteur, d'un type ou d'une communauté ; une communication (facet content, name son identifiant) ne peut qu'être masquée. / Of a topic, source, author, kind or community; one content can only be hidden. "+written), h.prefer)
	huma.Register(api, operation("delete-preference", http.MethodDelete, "/v1/me/preferences/{facet}/{name}", "Reprendre une préférence (take a preference back)",
		"Rétablit aussi une communication masquée. / Brings a hidden content back too. "+written), h.takeBack)
	huma.Register(api, operation("delete-saved", http.MethodDelete, "/v1/me/saved/{content}", "Ne plus garder une communication (keep a content no more)",
		"Elle sort de GET /v1/feed?saved=true. / It leaves GET /v1/feed?saved=true. "+written), func(ctx context.Context, in *struct {
		Whose
		Content string `path:"content" minLength:"1" maxLength:"128"`
	}) (*writtenOutput, error) {
		return h.write(ctx, &in.Whose, fil.Preference{Kind: fil.Unsave, Content: in.Content})
	})
	huma.Register(api, operation("put-order", http.MethodPut, "/v1/me/order", "Choisir l'ordre de son fil (choose the order of one's feed)",
		"Vaut pour les lectures qui ne demandent pas d'ordre. / For readings that ask for no order. "+written), h.order)
	huma.Register(api, operation("delete-order", http.MethodDelete, "/v1/me/order", "Ne plus choisir d'ordre (choose no order)", written), func(ctx context.Context, in *Whose) (*writtenOutput, error) {
		return h.write(ctx, in, fil.Preference{Kind: fil.PreferOrder, Order: fil.OrderDefault})
	})
}

// Whose says which agent a request is about, and in which language to answer.
type Whose struct {
	Agent          string `query:"agent" maxLength:"128" doc:"Identifiant de l'agent, avec une clé de service / the agent's id, with a service key"`
	Lang           string `query:"lang" maxLength:"35" pattern:"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$" doc:"Langue BCP 47 ; à défaut Accept-Language, puis le français / language; else Accept-Language, then French"`
	AcceptLanguage string `header:"Accept-Language"`
}

func (w *Whose) language() string {
	if w.Lang != "" {
		return w.Lang
	}
	return w.AcceptLanguage
}

// WhoseFacet says also what a preference is about.
type WhoseFacet struct {
	Whose
	Facet string `path:"facet" enum:"topic,source,author,kind,community,content"`
	Name  string `path:"name" minLength:"1" maxLength:"256" doc:"Nom, tel que les communications le portent, ou identifiant de la communication / name as contents have it, or the content's id"`
}

type knownOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         Known
}

type writtenOutput struct {
	Status int
	Body   struct {
		Applied bool   `json:"applied" doc:"La prochaine lecture en tient compte / the next read goes by it"`
		Erasure string `json:"erasure,omitempty" doc:"Ce qui est effacé, ce qui ne l'est pas, et pourquoi, avec DELETE /v1/me/profile / what is erased, what is not, and why, with DELETE /v1/me/profile"`
	}
}

// agent says which agent a request is about: the token's, or the one that a service names.
func (h hand) agent(ctx context.Context, in *Whose) (string, error) {
	caller, agent := fil.CallerFrom(ctx), in.Agent
	switch {
	case caller.Role == fil.RoleAgent && agent != "" && agent != caller.Agent:
		return "", h.faulty(in, "query", "agent", "ne peut être qu'absent, ou l'agent du jeton", "can only be absent, or the token's agent")
	case caller.Role == fil.RoleAgent:
		agent = caller.Agent
	case agent == "":
		return "", h.faulty(in, "query", "agent", "doit dire de quel agent, avec une clé de service", "must say which agent, with a service key")
	}
	if _, known := h.Directory.Member(agent); !known {
		return "", h.nobody(in, agent)
	}
	return agent, nil
}

func (h hand) nobody(in *Whose, agent string) error {
	return huma.Error404NotFound(fil.Bilingual{FR: "L'agent " + agent + " est inconnu de l'annuaire.", EN: "Agent " + agent + " is not in the directory."}.In(in.language()))
}

func (h hand) faulty(in *Whose, where, field, fr, en string) error {
	return huma.Error422UnprocessableEntity(fil.Bilingual{FR: "La demande n'est pas recevable.", EN: "The request is not valid."}.In(in.language()),
		&huma.ErrorDetail{Location: where + "." + field, Message: fil.Bilingual{FR: fr, EN: en}.In(in.language())})
}

// away answers that a profile cannot be read.
func (h hand) away(ctx context.Context, in *Whose, err error) error {
	if ctx.Err() == nil {
		h.Log.ErrorContext(ctx, "profile not read", "stage", "ranking", "error", err)
	}
	return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable(fil.Bilingual{
		FR: "Le profil ne peut pas être lu pour l'instant ; réessayez dans quelques secondes.", EN: "The profile cannot be read for now; try again in a few seconds.",
	}.In(in.language())), http.Header{"Retry-After": {"5"}})
}

func (h hand) read(ctx context.Context, in *Whose) (*knownOutput, error) {
	agent, err := h.agent(ctx, in)
	if err != nil {
		return nil, err
	}
	packed, err := h.Profile(ctx, agent)
	if err != nil {
		return nil, h.away(ctx, in, err)
	}
	known, err := h.know(agent, packed, in.language())
	switch {
	case errors.Is(err, errNobody):
		return nil, h.nobody(in, agent)
	case err != nil:
		return nil, h.away(ctx, in, err)
	}
	return &knownOutput{CacheControl: "private, no-store", Body: known}, nil
}

func (h hand) forget(ctx context.Context, in *Whose) (*writtenOutput, error) {
	out, err := h.write(ctx, in, fil.Preference{Kind: fil.Forget})
	if err == nil {
		out.Body.Erasure = wordsIn(in.language()).erasure
	}
	return out, err
}

func (h hand) order(ctx context.Context, in *struct {
	Whose
	Body struct {
		Order string `json:"order" enum:"ranked,chronological"`
	}
}) (*writtenOutput, error) {
	return h.write(ctx, &in.Whose, fil.Preference{Kind: fil.PreferOrder, Order: fil.Order(in.Body.Order)})
}

// facetContent is one content, among facets of contents.
const facetContent = "content"

func (h hand) prefer(ctx context.Context, in *struct {
	WhoseFacet
	Body struct {
		Choice string `json:"choice" enum:"more,less,follow,hide"`
	}
}) (*writtenOutput, error) {
	agent, err := h.agent(ctx, &in.Whose)
	if err != nil {
		return nil, err
	}
	if in.Facet == facetContent {
		if in.Body.Choice != string(fil.PreferHide) {
			return nil, h.faulty(&in.Whose, "body", "choice", "ne peut être que hide pour une communication", "can only be hide for one content")
		}
		event, err := fil.Engagement{Kind: fil.Dismiss, Agent: agent, Content: in.Name, Time: h.Now().UTC()}.Event("", "")
		if err != nil {
			return nil, fmt.Errorf("hide a content: %w", err)
		}
		return h.admit(ctx, &in.Whose, agent, event)
	}
	if err := h.room(ctx, &in.WhoseFacet, agent); err != nil {
		return nil, err
	}
	return h.write(ctx, &in.Whose, fil.Preference{Kind: fil.PreferenceKind(in.Body.Choice), Facet: fil.Facet(in.Facet), Name: in.Name})
}

// room refuses a preference that would make another one be forgotten.
func (h hand) room(ctx context.Context, in *WhoseFacet, agent string) error {
	packed, err := h.Profile(ctx, agent)
	if err != nil {
		return h.away(ctx, &in.Whose, err)
	}
	profile, err := ranking.ParseProfile(packed)
	if err != nil {
		return h.away(ctx, &in.Whose, err)
	}
	held := profile.Preferences()
	if len(held) < ranking.MaxPreferences || slices.ContainsFunc(held, func(p ranking.Preference) bool { return string(p.Facet) == in.Facet && p.Name == in.Name }) {
		return nil
	}
	return h.faulty(&in.Whose, "path", "name", fmt.Sprintf("serait la %de préférence : reprenez-en une d'abord (DELETE)", ranking.MaxPreferences+1), fmt.Sprintf("would be preference %d: take one back first (DELETE)", ranking.MaxPreferences+1))
}

func (h hand) takeBack(ctx context.Context, in *WhoseFacet) (*writtenOutput, error) {
	if in.Facet == facetContent {
		return h.write(ctx, &in.Whose, fil.Preference{Kind: fil.Restore, Content: in.Name})
	}
	return h.write(ctx, &in.Whose, fil.Preference{Kind: fil.PreferNothing, Facet: fil.Facet(in.Facet), Name: in.Name})
}

// write puts a preference in the log.
func (h hand) write(ctx context.Context, in *Whose, p fil.Preference) (*writtenOutput, error) {
	agent, err := h.agent(ctx, in)
	if err != nil {
		return nil, err
	}
	p.Agent, p.Time = agent, h.Now().UTC()
	event, err := p.Event("", "")
	if err != nil {
		return nil, fmt.Errorf("write a preference: %w", err)
	}
	return h.admit(ctx, in, agent, event)
}

// admit puts an event in the log and waits until the agent's profile includes it, so that the next read goes by it.
func (h hand) admit(ctx context.Context, in *Whose, agent string, event fil.Event) (*writtenOutput, error) {
	at, err := h.Admit(ctx, event)
	if err != nil {
		return nil, h.Refused(err, in.language())
	}
	out := &writtenOutput{Status: http.StatusAccepted}
	if out.Body.Applied = h.await(ctx, agent, at.Offset); out.Body.Applied {
		out.Status = http.StatusOK
	}
	return out, nil
}

// awaitEvery is the time between two looks at a profile.
const awaitEvery = 10 * time.Millisecond

// await waits until an agent's profile includes an offset, and says whether it came to that.
func (h hand) await(ctx context.Context, agent string, offset int64) bool {
	ctx, cancel := context.WithTimeout(ctx, h.Patience)
	defer cancel()
	tick := time.NewTicker(awaitEvery)
	defer tick.Stop()
	for {
		if packed, err := h.Profile(ctx, agent); err == nil && ranking.OffsetOf(packed) >= offset {
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}
