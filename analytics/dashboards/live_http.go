package dashboards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// RegisterLive adds GET /v1/dashboards/contents/{id}/live, for communicators and leaders.
func RegisterLive(api huma.API, l *Live) {
	data := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[totals](), true, "DashboardLive")
	event := &huma.Schema{Type: huma.TypeObject, Required: []string{"event"}, Properties: map[string]*huma.Schema{
		"id":    {Type: huma.TypeString, Description: "Le même pour les mêmes chiffres / the same for the same figures"},
		"event": {Type: huma.TypeString, Enum: []any{eventTotals, eventStale}, Description: "stale : les derniers chiffres ne peuvent pas être vérifiés / the last figures cannot be checked"},
		"data":  data,
	}}
	huma.Register(api, huma.Operation{
		OperationID: "dashboard-content-live", Method: http.MethodGet, Path: "/v1/dashboards/contents/{id}/live",
		Summary: "Un contenu, en direct / One content, live", Tags: []string{"Tableaux de bord / Dashboards"},
		Description: "Un flux (Server-Sent Events) : les totaux du tableau du contenu, sur quatre semaines jusqu'à maintenant, puis de nouveau dès qu'ils changent ; ils sont regardés une fois par seconde. Un commentaire toutes les quinze secondes. Le serveur clôt le flux au bout d'une heure, ou quand il s'arrête : le rouvrir. " +
			"A stream (Server-Sent Events): the totals of the dashboard of the content, over four weeks up to now, then again whenever they change; they are looked at once a second. A comment every fifteen seconds. The server ends the stream after an hour, or when it stops: open it again.",
		Security: []map[string][]string{{"bearer": {string(fil.RoleCommunicator), string(fil.RoleLeader)}}},
		Errors:   []int{http.StatusNotFound, http.StatusTooManyRequests, http.StatusServiceUnavailable},
		Responses: map[string]*huma.Response{"200": {
			Description: "Les totaux, dès qu'ils changent / the totals, whenever they change",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeArray, Items: event}}},
		}},
	}, l.stream)
}

func (l *Live) stream(ctx context.Context, in *struct {
	ID          string `path:"id" maxLength:"128" doc:"Identifiant du contenu / id of the content"`
	Language    string `header:"Accept-Language" doc:"Langue des messages / language of messages"`
	LastEventID string `header:"Last-Event-ID" doc:"Identifiant du dernier événement reçu / id of the last event received"`
}) (*huma.StreamResponse, error) {
	if _, err := l.of.one(ctx, in.ID); err != nil {
		return nil, l.of.problem(ctx, err, in.Language)
	}
	changed, leave, err := l.subscribe(in.ID, fil.CallerFrom(ctx).Name)
	if err != nil {
		return nil, refused(err, in.Language)
	}
	if err := l.look(ctx, in.ID, l.cfg.Life); err != nil { // the first to watch has it looked at
		leave()
		return nil, l.of.problem(ctx, err, in.Language)
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		defer leave()
		out.SetHeader("Content-Type", "text/event-stream")
		out.SetHeader("Cache-Control", "no-store")
		out.SetHeader("X-Accel-Buffering", "no") // a proxy that gathers an answer before it passes it on would hold events back
		if err := l.serve(ctx, out.BodyWriter(), in.ID, in.Language, in.LastEventID, changed); err != nil {
			l.of.Logger.DebugContext(ctx, "the watcher of a content has left", "stage", "analytics", "error", err)
		}
	}}, nil
}

// serve writes events until somebody leaves, or the content is no longer the caller's to see. What is written is always the
// present, so a client that is slow gets fewer events, not older ones.
func (l *Live) serve(ctx context.Context, out io.Writer, content, language, last string, changed <-chan struct{}) error {
	heartbeat, end := time.NewTicker(l.cfg.Heartbeat), time.NewTimer(l.cfg.Life)
	defer heartbeat.Stop()
	defer end.Stop()
	// A comment first, so that the client knows at once that it is connected even when there is nothing new.
	if err := l.write(out, ": fil\nretry: 3000\n\n"); err != nil {
		return err
	}
	for {
		if _, err := l.of.one(ctx, content); err != nil {
			return nil
		}
		if now := l.now(content); now.id != last {
			if now.totals.Withheld != "" {
				now.totals.Withheld = withheld().In(language)
			}
			data, err := json.Marshal(now.totals)
			if err != nil {
				return fmt.Errorf("write an event: %w", err)
			}
			if now.event == eventStale {
				data = []byte("{}")
			}
			if err := l.write(out, fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", now.id, now.event, data)); err != nil {
				return err
			}
			last = now.id
			heartbeat.Reset(l.cfg.Heartbeat)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.done:
			return nil
		case <-end.C:
			return nil
		case <-changed:
		case <-heartbeat.C:
			if err := l.write(out, ": fil\n\n"); err != nil {
				return err
			}
		}
	}
}

// write writes and flushes within a time.
func (l *Live) write(out io.Writer, text string) error {
	response, ok := out.(http.ResponseWriter)
	if !ok {
		return errors.New("this server cannot stream")
	}
	control := http.NewResponseController(response)
	if err := control.SetWriteDeadline(time.Now().Add(l.cfg.Patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("bound the write of an event: %w", err)
	}
	if _, err := io.WriteString(out, text); err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	return control.Flush()
}

func refused(err error, language string) error {
	say := func(fr, en string) string { return fil.Bilingual{FR: fr, EN: en}.In(language) }
	if errors.Is(err, errTooManyOwn) {
		return analytics.ComeBack(huma.Error429TooManyRequests(say("Trop de suivis en direct ouverts avec cette clé : fermez-en un, ou relisez le tableau de temps en temps", "Too much is watched live with this key: close one, or read the dashboard now and then")))
	}
	return analytics.ComeBack(huma.Error503ServiceUnavailable(say("Le serveur n'ouvre pas d'autre suivi en direct pour l'instant : relisez le tableau de temps en temps", "The server lets nobody else watch live for now: read the dashboard now and then")))
}
