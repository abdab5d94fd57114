package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// feedEvent is the data of an event "feed" on the stream.
type feedEvent struct {
	Agent string `json:"agent"`
	ETag  string `json:"etag" doc:"Le début de l'ETag des premières pages de ce fil, sans guillemets ; aussi l'identifiant de l'événement"`
}

func streamResponses(api huma.API) map[string]*huma.Response {
	data := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[feedEvent](), true, "FeedEvent")
	return map[string]*huma.Response{"200": {
		Description: "Un flux d'événements, jusqu'à ce que le client ou le serveur s'en aille ; reprendre alors avec Last-Event-ID.",
		Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{
			Type: huma.TypeArray,
			Items: &huma.Schema{
				Type: huma.TypeObject, Required: []string{"id", "event", "data"},
				Properties: map[string]*huma.Schema{
					"id":    {Type: huma.TypeString},
					"event": {Type: huma.TypeString, Enum: []any{"feed"}},
					"data":  data,
				},
			},
		}}},
	}}
}

func (h handlers) stream(ctx context.Context, in *struct {
	Agent          string `query:"agent" maxLength:"128" doc:"Identifiant de l'agent, avec une clé de service"`
	LastEventID    string `header:"Last-Event-ID" doc:"Identifiant du dernier événement reçu"`
	AcceptLanguage string `header:"Accept-Language"`
}) (*huma.StreamResponse, error) {
	agent, err := whose(ctx, in.Agent, in.AcceptLanguage)
	if err != nil {
		return nil, err
	}
	changed, leave, err := h.hub.subscribe(agent)
	if err != nil {
		return nil, refusedStream(in.AcceptLanguage, err)
	}
	// Subscribed first, read second: a change between the two is told, perhaps twice, never missed.
	r, _, err := h.keeper.current(ctx, agent, fil.OrderRanked, 0)
	if err != nil {
		leave()
		return nil, h.problem(ctx, agent, in.AcceptLanguage, err)
	}
	h.hub.see(r)
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer leave()
		hctx.SetHeader("Content-Type", "text/event-stream")
		hctx.SetHeader("Cache-Control", "no-store")
		hctx.SetHeader("X-Accel-Buffering", "no") // a proxy that gathers an answer before it passes it on would hold events back
		w := newEventWriter(hctx.BodyWriter(), h.keeper.cfg.WriteTimeout)
		if err := h.serve(ctx, w, agent, in.LastEventID, changed); err != nil {
			h.keeper.log.DebugContext(ctx, "stream ended", "stage", "delivery", "error", err)
		}
	}}, nil
}

// serve writes events until somebody leaves. What is written is always the present state, so a client that is slow
// gets fewer events, not older ones; one that takes none for the time allowed is left.
func (h handlers) serve(ctx context.Context, w *eventWriter, agent, last string, changed <-chan struct{}) error {
	heartbeat := time.NewTicker(h.keeper.cfg.Heartbeat)
	defer heartbeat.Stop()
	end := time.NewTimer(h.keeper.cfg.StreamLife)
	defer end.Stop()
	// A comment first, so that the client knows at once that it is connected even when there is nothing new.
	if err := w.write(": fil\nretry: 3000\n\n"); err != nil {
		return err
	}
	for {
		if tag := h.hub.present(agent); tag != last {
			data, err := encode(feedEvent{Agent: agent, ETag: tag})
			if err != nil {
				return err
			}
			if err := w.write(fmt.Sprintf("id: %s\nevent: feed\ndata: %s\n\n", tag, data)); err != nil {
				return err
			}
			last = tag
			h.keeper.metrics.events.Inc()
			heartbeat.Reset(h.keeper.cfg.Heartbeat)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-h.hub.done:
			return nil
		case <-end.C:
			return nil
		case <-changed:
		case <-heartbeat.C:
			if err := w.write(": fil\n\n"); err != nil {
				return err
			}
		}
	}
}

func refusedStream(accepted string, err error) error {
	switch {
	case errors.Is(err, errTooManyOwn):
		return huma.ErrorWithHeaders(huma.Error429TooManyRequests(fil.Bilingual{
			FR: "Trop de flux ouverts pour cet agent : fermez-en un, ou relisez le fil de temps en temps.",
			EN: "Too many open streams for this agent: close one, or read the feed now and then.",
		}.In(accepted)), http.Header{"Retry-After": {"60"}})
	default:
		return unavailable(fil.Bilingual{
			FR: "Le serveur n'ouvre pas d'autre flux pour l'instant : relisez le fil de temps en temps.",
			EN: "The server opens no more streams for now: read the feed now and then.",
		}.In(accepted))
	}
}

// eventWriter writes and flushes within a time.
type eventWriter struct {
	out     io.Writer
	control *http.ResponseController // nil when the writer is no http.ResponseWriter
	timeout time.Duration
}

func newEventWriter(out io.Writer, timeout time.Duration) *eventWriter {
	w := &eventWriter{out: out, timeout: timeout}
	if response, ok := out.(http.ResponseWriter); ok {
		w.control = http.NewResponseController(response)
	}
	return w
}

func (w *eventWriter) write(text string) error {
	if w.control != nil {
		if err := w.control.SetWriteDeadline(time.Now().Add(w.timeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("bound the write of an event: %w", err)
		}
	}
	if _, err := io.WriteString(w.out, text); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if w.control == nil {
		return nil
	}
	if err := w.control.Flush(); err != nil {
		return fmt.Errorf("flush event: %w", err)
	}
	return nil
}
