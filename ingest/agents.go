package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// Roll gives each agent known, in any order: one that changes meanwhile as it was before or as it is after, one that goes and
// comes back meanwhile twice or not at all. It may know more than a Directory: agents that are inactive, and what a directory
// protocol keeps of others.
type Roll interface {
	All() iter.Seq[fil.Agent]
}

// Pages is the roll of a directory that gives pages only.
type Pages struct{ Directory }

// All reads page after page.
func (p Pages) All() iter.Seq[fil.Agent] {
	const page = 5000
	return func(yield func(fil.Agent) bool) {
		for after := ""; ; {
			some := p.Agents(after, page)
			for _, a := range some {
				if !yield(a) {
					return
				}
			}
			if len(some) < page {
				return
			}
			after = some[page-1].ID
		}
	}
}

// exportPatience is how long a client may take to read what is given out together.
const exportPatience = time.Minute

type exportInput struct {
	Org      string `query:"org" maxLength:"512" doc:"Seulement les agents de cette organisation et de celles au-dessous · Only the agents of this organisation and of those below"`
	Language string `header:"Accept-Language"`
}

// exported ends an export. Without it the answer was cut.
type exported struct {
	Exported int `json:"exported"`
}

// registerExport adds the whole directory as NDJSON, and its converse, the removal of many agents.
func registerExport(api huma.API, d *Door) {
	k := agentsOf(d)
	agent := huma.SchemaFromType(api.OpenAPI().Components.Schemas, typeOf[fil.Agent]())
	op := describe(http.MethodGet, "/v1/agents:export", "export-agents",
		fil.Bilingual{FR: "Donner tous les agents, une ligne JSON chacun, puis leur nombre", EN: "Give every agent, one JSON line each, then their number"}, k.plural, k.write)
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Un agent par ligne, dans un ordre quelconque, puis {exported}, sans quoi la réponse a été coupée · One agent a line, in any order, then {exported}, without which the answer was cut",
		Content:     map[string]*huma.MediaType{ndjson: {Schema: agent}},
	}}
	huma.Register(api, op, func(_ context.Context, in *exportInput) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(ctx huma.Context) { d.export(ctx, strings.Trim(in.Org, "/")) }}, nil
	})
	id := &huma.Schema{Type: huma.TypeObject, Required: []string{"id"}, Properties: map[string]*huma.Schema{"id": {Type: huma.TypeString}}}
	register(api, describe(http.MethodPost, "/v1/agents:remove", "remove-agents",
		fil.Bilingual{FR: "Retirer des agents en nombre, une ligne JSON {id} chacun", EN: "Remove many agents, one JSON line {id} each"}, k.plural, k.write),
		documented{body: map[string]*huma.Schema{ndjson: id}, answers: map[string]*huma.Response{"200": batchAnswer(api)}},
		func(ctx huma.Context, _ *languageInput) { batch(ctx, d, k, k.removal) })
}

// removal reads one line of a removal.
func (k kind[T]) removal(_ fil.Caller, raw []byte) (entry[T], error) {
	type removed struct {
		ID string `json:"id"`
	}
	var line removed
	err := shapeOf[removed]().decode(raw, &line, "")
	if err == nil && line.ID == "" {
		err = fil.NewFault("id", "doit être renseigné", "is required")
	}
	return entry[T]{id: line.ID}, err
}

// export writes the agents of an organisation, all when it is empty, as they are met: never more than a buffer of them is
// held.
func (d *Door) export(ctx huma.Context, org string) {
	ctx.SetHeader("Content-Type", ndjson)
	ctx.SetStatus(http.StatusOK)
	out := &slowly{w: ctx.BodyWriter()}
	buffered := bufio.NewWriterSize(out, 64<<10)
	lines := json.NewEncoder(buffered)
	n, cut := 0, ctx.Context()
	for a := range d.roll().All() {
		if org != "" && a.Org != org && !strings.HasPrefix(a.Org, org+"/") {
			continue
		}
		if n++; lines.Encode(a) != nil || cut.Err() != nil {
			return
		}
	}
	if cut.Err() == nil && out.err == nil {
		_ = lines.Encode(exported{n}) // a client that went away needs no answer
		_ = buffered.Flush()
	}
}

func (d *Door) roll() Roll {
	if d.parts.Roll != nil {
		return d.parts.Roll
	}
	return Pages{d.parts.Directory}
}

// slowly gives the client time for each write, however long the whole takes, and remembers that it went away.
type slowly struct {
	w   io.Writer
	err error
}

func (s *slowly) Write(p []byte) (int, error) {
	if w, ok := s.w.(http.ResponseWriter); ok {
		control := http.NewResponseController(w)
		if err := control.SetWriteDeadline(time.Now().Add(exportPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			s.err = err
			return 0, err
		}
		defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	}
	n, err := s.w.Write(p)
	s.err = errors.Join(s.err, err)
	return n, err
}
