package roles

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/learning"
)

// What can be made again from the log.
const (
	rebuildProfiles = "profiles"
	rebuildFeeds    = "feeds"
	rebuildFacts    = "facts"
	rebuildRegister = "register"
)

// rebuildOrder is one request to make something again.
type rebuildOrder struct {
	What   string `path:"what" enum:"profiles,feeds,facts,register" doc:"Ce qui est refait / what is made again"`
	From   int64  `query:"from" minimum:"0" default:"0" doc:"Seulement ce que concernent les enregistrements à partir de cette position / only what the records from this offset on are about"`
	Memory int64  `query:"memory" minimum:"16" maximum:"1048576" default:"2048" doc:"Mio que peuvent prendre les profils d'une partition / MiB that the profiles of one partition may take"`

	AcceptLanguage string `header:"Accept-Language"`
}

// RebuildProgress is one line of the answer to who has something made again: how far it is, in all partitions together.
type RebuildProgress struct {
	What       string  `json:"what"`
	Done       bool    `json:"done" doc:"C'est fini, et réussi / it is over, and done"`
	Read       int64   `json:"read" doc:"Enregistrements relus / records read again"`
	Of         int64   `json:"of" doc:"… sur / … of"`
	Checked    int     `json:"checked" doc:"Profils, fils, faits ou lignes du registre comparés / profiles, feeds, facts or lines of the register compared"`
	Added      int     `json:"added" doc:"… qui manquaient / … that were missing"`
	Changed    int     `json:"changed" doc:"… qui étaient autres / … that were different"`
	Removed    int     `json:"removed" doc:"Faits en trop / facts too many"`
	Popularity int     `json:"popularity" doc:"Partitions dont la popularité était autre / partitions whose popularity was different"`
	Seconds    float64 `json:"seconds"`
	Error      string  `json:"error,omitempty" doc:"Ce qui l'a arrêté / what stopped it"`
}

// rebuilder makes one thing again, and tells how far it is.
type rebuilder func(ctx context.Context, order rebuildOrder, tell func(RebuildProgress)) error

// progressEvery is the least time between two lines of progress.
const progressEvery = 200 * time.Millisecond

// registerRebuild lets those who send records have what was made of them made again, of what the roles of this process
// have. One rebuild runs at a time in a process; two in two processes do each other no harm, only twice the work.
func (h *house) registerRebuild(api huma.API) {
	var running sync.Mutex
	stopping, stop := context.WithCancel(context.Background())
	h.onStop = append(h.onStop, stop) // an interrupted rebuild leaves each thing as it was or as it must be
	line := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[RebuildProgress](), true, "RebuildProgress")
	huma.Register(api, huma.Operation{OperationID: "rebuild", Method: http.MethodPost, Path: "/v1/rebuild/{what}",
		Security: []map[string][]string{{access.Scheme: {string(fil.RoleIngest)}}}, Tags: []string{"Exploitation (operation)"},
		Summary:     "Refaire depuis le journal, sans cesser de servir / Make again from the log, while serving",
		Description: "Une ligne JSON par étape ; la dernière a « done » ou « error ». Fermer la connexion arrête le travail. / One JSON line a step; the last has done or error. Closing the connection stops the work.",
		Responses:   map[string]*huma.Response{"200": {Description: "NDJSON", Content: map[string]*huma.MediaType{"application/x-ndjson": {Schema: line}}}},
	}, func(ctx context.Context, in *rebuildOrder) (*huma.StreamResponse, error) {
		remake, here := h.rebuilders[in.What]
		if !here {
			return nil, huma.Error404NotFound(missingRole(in.What).In(in.AcceptLanguage))
		}
		if in.From > 0 {
			if err := h.within(ctx, in.From); err != nil {
				return nil, refuseFrom(in, err)
			}
		}
		if !running.TryLock() {
			return nil, huma.Error409Conflict(fil.Bilingual{FR: "Ce processus refait déjà quelque chose : attendez qu'il ait fini.",
				EN: "This process is making something again already: wait until it is done."}.In(in.AcceptLanguage))
		}
		return longWork(ctx, stopping, &running, func(ctx context.Context, out *lines) { h.rebuild(ctx, *in, remake, out) }), nil
	})
}

// longWork answers with the lines that a work writes, one at a time in a process: the lock is held already, and is given back
// when the work ends. It is told to end when the process stops and when its reader leaves.
func longWork(ctx, stopping context.Context, running *sync.Mutex, work func(ctx context.Context, out *lines)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(out huma.Context) {
		defer running.Unlock()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(stopping, cancel)()
		out.SetHeader("Content-Type", "application/x-ndjson")
		out.SetHeader("Cache-Control", "no-store")
		out.SetHeader("X-Accel-Buffering", "no")
		work(ctx, newLines(out.BodyWriter(), cancel))
	}}
}

// rebuild runs one rebuild to its end and writes its lines.
func (h *house) rebuild(ctx context.Context, order rebuildOrder, remake rebuilder, lines *lines) {
	began, last := time.Now(), time.Time{}
	var state RebuildProgress
	err := remake(ctx, order, func(p RebuildProgress) {
		state = p
		state.What, state.Seconds = order.What, time.Since(began).Seconds()
		if time.Since(last) >= progressEvery {
			last = time.Now()
			lines.write(state)
		}
	})
	state.What, state.Seconds, state.Done = order.What, time.Since(began).Seconds(), err == nil
	if err != nil {
		state.Error = rebuildFailure(err).In(order.AcceptLanguage)
		h.logger.ErrorContext(ctx, "rebuild stopped", "what", order.What, "error", err)
	} else {
		h.logger.InfoContext(ctx, "rebuilt", "what", order.What, "read", state.Read, "checked", state.Checked, "added", state.Added,
			"changed", state.Changed, "removed", state.Removed, "popularity", state.Popularity, "seconds", state.Seconds)
	}
	lines.write(state)
}

// errBeyond says that no record has the offset to begin from.
var errBeyond = errors.New("no partition has a record at this offset or later")

// within refuses an offset that lies beyond the end of every partition: nothing would be done, and called done.
func (h *house) within(ctx context.Context, from int64) error {
	partitions, err := h.events.Partitions(fil.TopicEngagements)
	if err != nil {
		return err
	}
	for p := range partitions {
		switch _, end, err := h.events.Extent(ctx, fil.TopicEngagements, p); {
		case err != nil:
			return err
		case from < end:
			return nil
		}
	}
	return errBeyond
}

func refuseFrom(in *rebuildOrder, err error) error {
	if !errors.Is(err, errBeyond) {
		return huma.Error503ServiceUnavailable(fil.Bilingual{FR: "Le journal ne répond pas : réessayez.", EN: "The log does not answer: try again."}.In(in.AcceptLanguage))
	}
	problem := fil.Bilingual{FR: "aucune partition n'a d'enregistrement à cette position ni après", EN: errBeyond.Error()}.In(in.AcceptLanguage)
	return huma.Error422UnprocessableEntity(problem, &huma.ErrorDetail{Location: "query.from", Message: problem, Value: in.From})
}

func missingRole(what string) fil.Bilingual {
	role := map[string]string{rebuildProfiles: "worker", rebuildFeeds: "delivery", rebuildFacts: "analytics", rebuildRegister: "analytics"}[what]
	return fil.Bilingual{
		FR: fmt.Sprintf("Ce processus n'a pas de quoi refaire %s : adressez-vous à un processus qui a le rôle %s.", what, role),
		EN: fmt.Sprintf("This process has not what it takes to rebuild %s: ask one that has the role %s.", what, role),
	}
}

// rebuildFailure says what stopped a rebuild and what to do. What the stores and the log said is in the server's log.
func rebuildFailure(err error) fil.Bilingual {
	switch {
	case errors.Is(err, context.Canceled):
		return fil.Bilingual{FR: "interrompu ; rien n'est à moitié fait, recommencez quand vous voulez", EN: "interrupted; nothing is half done, begin again when you like"}
	case errors.Is(err, learning.ErrTooLarge):
		return fil.Bilingual{FR: "les profils d'une partition ne tiennent pas dans la mémoire permise : augmentez --memory", EN: "the profiles of one partition do not fit in the memory allowed: raise --memory"}
	case errors.Is(err, ranking.ErrNewer):
		return fil.Bilingual{FR: "une version plus récente de Fil a écrit ce qui est là : finissez la mise à jour", EN: "a newer version of Fil wrote what is there: finish the upgrade"}
	}
	return fil.Bilingual{FR: "arrêté : " + err.Error(), EN: "stopped: " + err.Error()}
}

// lines writes JSON lines to a client, and tells when the client has gone.
type lines struct {
	encoder *json.Encoder
	control *http.ResponseController // nil when there is none
	gone    func()
}

func newLines(out interface{ Write([]byte) (int, error) }, gone func()) *lines {
	l := &lines{encoder: json.NewEncoder(out), gone: gone}
	if response, ok := out.(http.ResponseWriter); ok {
		l.control = http.NewResponseController(response)
	}
	return l
}

// lineTimeout is how long a client may take to accept a line.
const lineTimeout = 10 * time.Second

func (l *lines) write(line any) {
	if l.control != nil {
		_ = l.control.SetWriteDeadline(time.Now().Add(lineTimeout))
	}
	err := l.encoder.Encode(line)
	if err == nil && l.control != nil {
		err = l.control.Flush()
	}
	if err != nil {
		l.gone()
	}
}
