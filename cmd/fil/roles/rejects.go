package roles

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/ingest/eventlog"
)

// rejectsQuery chooses parked records, in the API.
type rejectsQuery struct {
	Topic  string `query:"topic" enum:"fil.agents,fil.audiences,fil.contents,fil.engagements,fil.policies" default:"fil.engagements" doc:"Sujet d'origine / source topic"`
	Stage  string `query:"stage" maxLength:"64" doc:"Seulement ceux que cette étape a refusés / only those this stage rejected"`
	Reason string `query:"reason" maxLength:"256" doc:"Seulement ceux dont la raison contient ce texte / only those whose reason contains this text"`
	Limit  int    `query:"limit" minimum:"1" maximum:"10000" default:"100" doc:"Au plus tant / at most so many"`
}

func (q rejectsQuery) filter() eventlog.Filter {
	return eventlog.Filter{Stage: q.Stage, Reason: q.Reason, Limit: q.Limit}
}

type rejectedItem struct {
	Topic     string    `json:"topic"`
	Partition int       `json:"partition"`
	Offset    int64     `json:"offset"`
	Key       string    `json:"key"`
	Source    string    `json:"source"`
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Stage     string    `json:"stage"`
	Reason    string    `json:"reason"`
	At        time.Time `json:"at"`
	Replayed  bool      `json:"replayed"`
}

type rejectsAnswer struct {
	Rejects []rejectedItem `json:"rejects"`
}

type replayAnswer struct {
	Replayed int `json:"replayed"`
}

// registerRejects lets those who send records see which were parked and have them replayed.
func registerRejects(api huma.API, events *eventlog.Log) {
	security := []map[string][]string{{access.Scheme: {string(fil.RoleIngest)}}}
	huma.Register(api, huma.Operation{OperationID: "list-rejects", Method: http.MethodGet, Path: "/v1/rejects", Security: security,
		Tags: []string{"Rejets (rejects)"}, Summary: "Lister les enregistrements mis de côté / List the parked records"},
		func(ctx context.Context, in *rejectsQuery) (*struct{ Body rejectsAnswer }, error) {
			out := &struct{ Body rejectsAnswer }{rejectsAnswer{Rejects: []rejectedItem{}}}
			err := events.Rejects(ctx, fil.Topic(in.Topic), in.filter(), func(r eventlog.Rejected) error {
				out.Body.Rejects = append(out.Body.Rejects, rejectedItem{
					Topic: string(r.Record.Topic), Partition: r.Record.Partition, Offset: r.Record.Offset, Key: r.Record.Key,
					Source: r.Record.Event.Source, ID: r.Record.Event.ID, Type: r.Record.Event.Type,
					Stage: r.Stage, Reason: r.Reason, At: r.At, Replayed: r.Replayed,
				})
				return nil
			})
			if err != nil {
				return nil, huma.Error503ServiceUnavailable("Le journal ne répond pas : réessayez.", err)
			}
			return out, nil
		})
	huma.Register(api, huma.Operation{OperationID: "replay-rejects", Method: http.MethodPost, Path: "/v1/rejects:replay", Security: security,
		Tags: []string{"Rejets (rejects)"}, Summary: "Remettre dans le journal les enregistrements mis de côté / Put the parked records back in the log"},
		func(ctx context.Context, in *rejectsQuery) (*struct{ Body replayAnswer }, error) {
			n, err := events.Replay(ctx, fil.Topic(in.Topic), in.filter())
			if err != nil {
				return nil, huma.Error503ServiceUnavailable(fmt.Sprintf("Le journal ne répond plus après %d enregistrements : recommencez.", n), err)
			}
			return &struct{ Body replayAnswer }{replayAnswer{n}}, nil
		})
}
