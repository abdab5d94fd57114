package roles

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/ranking/learning"
)

// replayOrder asks for an explanation of the past to be computed again.
type replayOrder struct {
	Content string `path:"content" maxLength:"128" doc:"Identifiant de la communication / id of the content"`
	Agent   string `query:"agent" required:"true" minLength:"1" maxLength:"128" doc:"Identifiant de l'agent / id of the agent"`
	Lang    string `query:"lang" maxLength:"35" pattern:"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$" doc:"Langue des textes ; à défaut celle de la requête / language of the texts; else that of the request"`

	AcceptLanguage string    `header:"Accept-Language"`
	Body           fil.Basis `doc:"« basis » de l'explication / the explanation's basis"`
}

// ReplayProgress is one line of the answer to who has an explanation computed again.
type ReplayProgress struct {
	Done      bool           `json:"done" doc:"C'est fini, et réussi / it is over, and done"`
	Read      int64          `json:"read" doc:"Engagements relus / engagements read again"`
	Of        int64          `json:"of" doc:"… sur / … of"`
	Seconds   float64        `json:"seconds"`
	Same      bool           `json:"same" doc:"Tout ce sur quoi elle repose est comme alors : l'explication est la même / all that it rests on is as it was: the explanation is the same"`
	Differs   []string       `json:"differs,omitempty" enum:"policy,profile,contents,signals,reader,experiment,content" doc:"Ce qui ne l'est plus / what is not any more"`
	Placement *fil.Placement `json:"placement,omitempty" doc:"L'explication, recalculée ; absente quand la politique, le profil ou l'agent n'est plus là / the explanation, computed again; absent when the policy, the profile or the agent is not there any more"`
	Error     string         `json:"error,omitempty" doc:"Ce qui l'a arrêté / what stopped it"`
}

// registerReplay lets services have explanations computed again, where feeds are read: the directory is whole there. It reads
// the log from its beginning, so agents ask by a service, and one replay runs at a time in a process.
func (h *house) registerReplay(api huma.API) {
	var running sync.Mutex
	stopping, stop := context.WithCancel(context.Background())
	h.onStop = append(h.onStop, stop)
	line := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[ReplayProgress](), true, "ReplayProgress")
	huma.Register(api, huma.Operation{OperationID: "replay-explanation", Method: http.MethodPost, Path: "/v1/feed/items/{content}/explanation/replay",
		Security: []map[string][]string{{access.Scheme: {string(fil.RoleService)}}}, Tags: []string{"Fil (feed)"},
		Summary: "Recalculer une explication passée (compute a past explanation again)",
		Description: "Depuis le journal et la version de la politique d'alors, et dire si c'est la même, ou ce qui a changé. Une ligne JSON par étape ; la dernière a « done » ou « error ». " +
			"Les engagements sont relus du premier gardé au moment de l'explication. / From the log and the policy's version of that time, telling whether it is the same, or what has changed. " +
			"One JSON line a step; the last has done or error. Engagements are read from the first one kept to the explanation's moment.",
		Responses: map[string]*huma.Response{"200": {Description: "NDJSON", Content: map[string]*huma.MediaType{"application/x-ndjson": {Schema: line}}}},
	}, func(ctx context.Context, in *replayOrder) (*huma.StreamResponse, error) {
		if at := in.Body.At; at.Year() < 2000 || at.After(h.now()) {
			problem := fil.Bilingual{FR: "doit être un moment passé, celui de l'explication", EN: "must be a moment of the past, that of the explanation"}.In(in.AcceptLanguage)
			return nil, huma.Error422UnprocessableEntity(problem, &huma.ErrorDetail{Location: "body.at", Message: problem, Value: at})
		}
		if !running.TryLock() {
			return nil, huma.Error409Conflict(fil.Bilingual{FR: "Ce processus recalcule déjà une explication : attendez qu'il ait fini.",
				EN: "This process is computing an explanation again already: wait until it is done."}.In(in.AcceptLanguage))
		}
		return longWork(ctx, stopping, &running, func(ctx context.Context, out *lines) { h.replay(ctx, *in, out) }), nil
	})
}

// replay computes one explanation again and writes its lines.
func (h *house) replay(ctx context.Context, order replayOrder, lines *lines) {
	began, last := time.Now(), time.Time{}
	var state ReplayProgress
	replayer, err := h.replayer(func(read, of int64) {
		state.Read, state.Of, state.Seconds = read, of, time.Since(began).Seconds()
		if time.Since(last) >= progressEvery {
			last = time.Now()
			lines.write(state)
		}
	})
	if err == nil {
		basis := order.Body
		basis.At = basis.At.In(h.now().Location())
		var done learning.Replayed
		done, err = replayer.Explain(ctx, order.Agent, order.Content, basis, h.tongue(order))
		state.Same, state.Differs, state.Placement = done.Same, done.Differs, done.Placement
	}
	state.Seconds, state.Done = time.Since(began).Seconds(), err == nil
	if err != nil {
		state.Error = rebuildFailure(err).In(order.AcceptLanguage)
		h.logger.ErrorContext(ctx, "replay of an explanation stopped", "stage", "ranking", "error", err)
	}
	lines.write(state)
}

// tongue is the language that explanations are in.
func (h *house) tongue(order replayOrder) string {
	language := ""
	if member, known := h.index.Member(order.Agent); known {
		language = member.Language()
	}
	return cmp.Or(order.Lang, language, order.AcceptLanguage)
}

// replayer reads the log of this process.
func (h *house) replayer(told func(read, of int64)) (*learning.Replayer, error) {
	cfg := learning.DefaultRebuildConfig()
	cfg.Org = h.index.Org
	var err error
	if cfg.Partitions, err = h.events.Partitions(fil.TopicEngagements); err != nil {
		return nil, err
	}
	contents, err := h.events.Partitions(fil.TopicContents)
	if err != nil {
		return nil, err
	}
	reminders, err := h.events.Partitions(fil.TopicReminders)
	if err != nil {
		return nil, err
	}
	return learning.NewReplayer(cfg, learning.ReplayParts{
		Log: h.events, Policies: h.policies, Directory: membership{h.index}, Contents: contents, Reminders: reminders, Told: told,
		Partition: func(agent string) (int, error) { return h.events.PartitionOf(fil.TopicEngagements, agent) },
	}), nil
}
