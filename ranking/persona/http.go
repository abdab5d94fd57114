package persona

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/sync/semaphore"

	"github.com/filengine/fil"
)

type personaInput struct {
	Language string `header:"Accept-Language"`
	Body     struct {
		Persona Persona        `json:"persona"`
		Content map[string]any `json:"content,omitempty" doc:"Le brouillon à montrer, tel que PUT /v1/contents le prend · The draft to show, as PUT /v1/contents takes it"`
		At      time.Time      `json:"at,omitempty" doc:"Moment de la lecture, d'ici un an ; à défaut celui de la publication du brouillon · Moment of the reading, within a year; by default that of the draft's publication"`
		Order   string         `json:"order,omitempty" enum:"ranked,chronological" default:"ranked"`
		Limit   int            `json:"limit,omitempty" minimum:"1" maximum:"50" default:"20"`
	}
}

type personaOutput struct{ Body Feed }

// abreast is how many previews a process makes at a time: each ranks a catalogue of its own.
const abreast = 1

// Register adds POST /v1/preview/feed.
func Register(api huma.API, parts Parts) {
	turns := semaphore.NewWeighted(abreast)
	huma.Register(api, huma.Operation{
		OperationID: "preview-feed", Method: http.MethodPost, Path: "/v1/preview/feed",
		Summary: "Voir le fil d'un agent imaginaire, brouillon compris · See the feed of a made-up agent, with a draft in it",
		Description: "Jamais le fil d'un collègue : l'annuaire n'a que l'agent imaginaire, et ce que font les lecteurs (popularité, lectures des collègues) n'est pas compté. " +
			"Les règles sur d'autres agents (team, service) et les membres nommés un par un ne désignent personne. Le classement est celui des fils, sous la politique en vigueur.",
		Tags: []string{"Audiences"}, MaxBodyBytes: 128 << 10, Security: []map[string][]string{{"bearer": {string(fil.RoleCommunicator)}}},
		Errors: []int{http.StatusUnprocessableEntity, http.StatusTooManyRequests},
	}, func(ctx context.Context, in *personaInput) (*personaOutput, error) {
		waiting, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if turns.Acquire(waiting, 1) != nil {
			busy := fil.Bilingual{FR: "Trop d'aperçus à la fois : recommencez dans un instant.", EN: "Too many previews at a time: try again in a moment."}
			return nil, huma.ErrorWithHeaders(huma.Error429TooManyRequests(busy.In(in.Language)), http.Header{"Retry-After": {"2"}})
		}
		defer turns.Release(1)
		feed, err := parts.show(ctx, in)
		if err != nil {
			return nil, parts.Refused(err, in.Language)
		}
		return &personaOutput{feed}, nil
	})
}

// show answers a question within its bounds.
func (p Parts) show(ctx context.Context, in *personaInput) (Feed, error) {
	now, body := p.Now(), in.Body
	q := Question{Persona: body.Persona, Contents: p.Contents(ctx), Order: fil.Order(body.Order), Language: in.Language, At: body.At, Limit: min(body.Limit, maxItems)}
	if body.Content != nil {
		raw, err := json.Marshal(body.Content)
		if err != nil {
			return Feed{}, fmt.Errorf("encode the draft: %w", err)
		}
		draft, err := p.Draft(ctx, raw)
		if err != nil {
			return Feed{}, err
		}
		q.Draft = &draft
		if q.At.IsZero() && draft.PublishedAt.After(now) {
			q.At = draft.PublishedAt
		}
	}
	if q.At.IsZero() {
		q.At = now
	}
	if q.At.Before(now.Add(-time.Minute)) || q.At.After(now.AddDate(1, 0, 0)) {
		return Feed{}, fil.NewFault("at", "doit être d'ici un an, et pas dans le passé", "must be within a year, and not in the past")
	}
	if len(q.Persona.Read)+len(q.Persona.Follow) > 2*maxTopics {
		return Feed{}, fil.NewFault("persona", "nomme trop de thèmes", "names too many topics")
	}
	directory, err := p.Cast(fil.Agent{ID: ID, Org: q.Persona.Org, Site: q.Persona.Site, Language: q.Persona.Language, Attributes: q.Persona.Attributes})
	if err != nil {
		return Feed{}, err
	}
	return Show(q, p.Policy(), directory)
}
