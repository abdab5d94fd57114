package roles

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/persona"
)

// showPersonas lets communicators see feeds of people who do not exist.
func (h *house) showPersonas(door *ingest.Door) func(huma.API) {
	return func(api huma.API) {
		persona.Register(api, persona.Parts{
			Policy: h.policies.Current, Cast: h.cast, Refused: door.Problem, Now: h.now,
			Contents: func(ctx context.Context) (seen []fil.Content) {
				for _, c := range h.catalogue.Contents() {
					if p := fil.CallerFrom(ctx).Perimeter; p == "" || p == c.Perimeter {
						seen = append(seen, c)
					}
				}
				return seen
			},
			Draft: func(ctx context.Context, raw []byte) (fil.Content, error) {
				var named struct{ ID string }
				if json.Unmarshal(raw, &named) != nil || named.ID == "" {
					return door.Content(ctx, raw, "new")
				}
				return door.Content(ctx, raw, "")
			},
		})
	}
}

// cast makes a directory of a made-up agent alone. Nothing of the real one is in it but the definitions of audiences, without
// those whom they name one by one.
func (h *house) cast(agent fil.Agent) (ranking.Directory, error) {
	if err := checkCast(h.cfg.Attributes, &agent); err != nil {
		return nil, err
	}
	alone := audiences.NewIndex(h.cfg.Attributes, audiences.Config{Now: h.now, Zone: h.zone, Behaviour: h.cfg.Audiences.Behaviour})
	var definitions []fil.Record
	for i, a := range h.index.Audiences() {
		a.Members, a.Directory, a.Announce = nil, nil, false
		rec, err := staged(fil.TopicAudiences, i, a.ID, a)
		if err != nil {
			return nil, err
		}
		definitions = append(definitions, rec)
	}
	who, err := staged(fil.TopicAgents, 0, agent.ID, agent)
	if err != nil {
		return nil, err
	}
	if err := alone.ApplyAgents([]fil.Record{who}); err != nil {
		return nil, fmt.Errorf("cast a persona: %w", err)
	}
	alone.Settle()
	_ = alone.ApplyAudiences(definitions) // one that cannot be read here cannot in the directory either
	return membership{alone}, nil
}

// checkCast holds a persona to what agents may be, under an id that none may have.
func checkCast(schema fil.Schema, agent *fil.Agent) error {
	agent.ID = "persona"
	err := ingest.CheckAgent(schema, agent)
	agent.ID = persona.ID
	faults := fil.FaultsOf(err)
	for _, fault := range faults {
		fault.Field = "persona." + fault.Field
	}
	return faults.Err()
}

func staged(topic fil.Topic, offset int, key string, value any) (fil.Record, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return fil.Record{}, fmt.Errorf("stage %s: %w", key, err)
	}
	return fil.Record{Position: fil.Position{Topic: topic, Offset: int64(offset)}, Key: key, Event: fil.Event{Data: raw}}, nil
}
