package roles

import (
	"context"
	"iter"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/audiences/asked"
	"github.com/filengine/fil/audiences/clauses"
	"github.com/filengine/fil/audiences/preview"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/delivery"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ingest/drafts"
	"github.com/filengine/fil/ingest/scim"
	"github.com/filengine/fil/ranking/profiles"
	"github.com/filengine/fil/ranking/rulebook"
)

// openDoor makes the door of this process, once for all its roles: what an agent asks of their feed comes in by it too.
func (h *house) openDoor() (*ingest.Door, error) {
	if h.door != nil {
		return h.door, nil
	}
	applied := map[fil.Topic]ingest.Projection{}
	for _, topic := range []fil.Topic{fil.TopicAgents, fil.TopicAudiences, fil.TopicContents} {
		applied[topic] = h.tables[topic]
	}
	h.roll, h.editors = &roll{index: h.index}, ingest.NewEditors()
	for _, topic := range []fil.Topic{fil.TopicAudiences, fil.TopicContents} {
		h.also[topic] = append(h.also[topic], h.editors.Apply)
	}
	board, err := h.openDrafts()
	if err != nil {
		return nil, err
	}
	applied[fil.TopicRevisions] = h.tables[fil.TopicRevisions]
	h.door, err = ingest.New(ingest.DefaultConfig(), ingest.Parts{
		Log: h.tracing.Log(h.events), Applied: applied, Directory: h.index, Roll: h.roll, Catalogue: h.catalogue, Rules: h.index,
		Known: remembered{h.profiles, h.now}, Editors: h.editors, Desk: board, Schema: h.cfg.Attributes, Logger: h.logger, Registry: h.reg, Now: h.now,
	})
	if err != nil {
		return nil, err
	}
	board.Open(h.door)
	return h.door, nil
}

// openDrafts makes what the door has contents reviewed by.
func (h *house) openDrafts() (*drafts.Drafts, error) {
	book := drafts.NewBook()
	h.follow(projection{topic: fil.TopicRevisions, apply: book.Apply})
	var err error
	h.drafts, err = drafts.New(drafts.Config{Approval: h.cfg.Contents.Approval, Gate: h.cfg.Contents.Gate}, drafts.Parts{
		Book: book, Applied: h.tables[fil.TopicRevisions], Audience: h.index.Audience, Content: h.catalogue.Content, Contents: h.catalogue.Contents,
		Count: h.count, Zone: h.zone, Logger: h.logger, Now: h.now,
	})
	return h.drafts, err
}

// openDesk makes the desk of this process, once for all its roles: policies and experiments are published over it.
func (h *house) openDesk() *rulebook.Desk {
	if h.desk == nil {
		h.desk = rulebook.NewDesk(h.policies, h.tracing.Log(h.events), h.tables[fil.TopicPolicies], h.now)
	}
	return h.desk
}

// buildIngest opens the door to all.
func buildIngest(_ context.Context, h *house) error {
	door, err := h.openDoor()
	if err != nil {
		return err
	}
	guard := fil.Guard{Threshold: h.cfg.Privacy.Threshold}
	h.previews = preview.New(h.index, guard, asked.New(h.redis), h.now)
	h.register = append(h.register, door.Register, h.drafts.Register, h.showPersonas(door), delivery.RegisterPreview, func(api huma.API) { registerRejects(api, h.events) }, func(api huma.API) {
		audiences.Register(api, h.index)
		clauses.Register(api, h.index, guard)
	}, func(api huma.API) {
		preview.Register(api, h.previews)
	})
	h.register = append(h.register, h.openDesk().Register)
	return mountSCIM(h, door, h.roll)
}

// count previews the rule of a draft, as POST /v1/audiences:preview does.
func (h *house) count(ctx context.Context, rule string, overlap []string, language string) (drafts.Counted, error) {
	answer, err := h.previews.Ask(ctx, fil.CallerFrom(ctx), preview.Question{Rule: rule, Overlap: overlap})
	if err != nil {
		return drafts.Counted{}, preview.Problem(err, language)
	}
	counted := drafts.Counted{Size: answer.Size, Shared: map[string]*int{}}
	for _, o := range answer.Overlap {
		counted.Shared[o.Audience] = o.Shared
	}
	return counted, nil
}

// roll is the agents that the index knows and those that SCIM holds.
type roll struct {
	index ingest.Roll
	users *scim.Server // nil when SCIM is not enabled
}

func (r *roll) All() iter.Seq[fil.Agent] {
	if r.users == nil {
		return r.index.All()
	}
	return r.users.All(r.index.All())
}

// mountSCIM serves identity managers. What they need is kept only where it is enabled; elsewhere they are told so.
func mountSCIM(h *house, door *ingest.Door, roll *roll) error {
	server, err := scim.New(scimConfig(h.cfg), scim.Parts{Door: door, Schema: h.cfg.Attributes, Now: h.now})
	if err != nil {
		return SettingsError{err}
	}
	h.mounts = append(h.mounts, mount{scim.Path + "/", server, scim.WriteProblem, []fil.Role{fil.RoleIngest}})
	if h.cfg.Directory.SCIM.Enabled {
		roll.users = server
		h.also[fil.TopicAgents] = append(h.also[fil.TopicAgents], server.ApplyAgents)
		h.also[fil.TopicAudiences] = append(h.also[fil.TopicAudiences], server.ApplyAudiences)
	}
	return nil
}

func scimConfig(cfg config.Config) scim.Config {
	set := cfg.Directory.SCIM
	return scim.Config{Enabled: set.Enabled, ID: set.ID, Org: set.Org, Attributes: set.Attributes}
}

// remembered tells the door which events the profiles have learned already.
type remembered struct {
	profiles *profiles.Store
	now      func() time.Time
}

func (r remembered) Known(ctx context.Context, events []ingest.Identified) ([]bool, error) {
	now, queries := r.now(), make([]profiles.Query, len(events))
	for i, e := range events {
		queries[i] = profiles.Query{Agent: e.Agent, Identity: e.Identity, At: now}
	}
	return r.profiles.Known(ctx, queries)
}
