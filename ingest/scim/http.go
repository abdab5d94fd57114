package scim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
)

// Bounds of a request's body.
const (
	maxBody  = 1 << 20 // bytes
	maxDepth = 32      // levels of JSON
)

// readPatience is how long a client may take to send its body.
const readPatience = time.Minute

func (s *Server) route() {
	s.routes = http.NewServeMux()
	handle := func(pattern string, h func(w http.ResponseWriter, r *http.Request) error) {
		method, path, _ := strings.Cut(pattern, " ")
		s.routes.HandleFunc(method+" "+Path+path, func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r); err != nil {
				s.fail(w, r, err)
			}
		})
	}
	for _, c := range s.kinds {
		all, one := "/"+c.t.endpoint, "/"+c.t.endpoint+"/{id}"
		on := func(h func(http.ResponseWriter, *http.Request, *collection) error) func(http.ResponseWriter, *http.Request) error {
			return func(w http.ResponseWriter, r *http.Request) error { return h(w, r, c) }
		}
		handle("GET "+all, func(w http.ResponseWriter, r *http.Request) error { return s.list(w, r, c) })
		handle("POST "+all+"/.search", func(w http.ResponseWriter, r *http.Request) error { return s.search(w, r, c) })
		handle("POST "+all, on(s.post))
		handle("GET "+one, on(s.read))
		handle("PUT "+one, on(s.replace))
		handle("PATCH "+one, on(s.patch))
		handle("DELETE "+one, on(s.delete))
	}
	handle("GET /{$}", func(w http.ResponseWriter, r *http.Request) error { return s.list(w, r, s.kinds...) })
	handle("POST /.search", func(w http.ResponseWriter, r *http.Request) error { return s.search(w, r, s.kinds...) })
	handle("GET /ServiceProviderConfig", s.provider)
	for _, path := range []string{"ResourceTypes", "Schemas"} {
		handle("GET /"+path, s.discovered(path))
		handle("GET /"+path+"/{id}", s.discovered(path))
	}
	notOffered := func(http.ResponseWriter, *http.Request) error {
		return refuse(http.StatusNotImplemented, "Ni /Bulk ni /Me ne sont offerts : /ServiceProviderConfig dit ce qui l'est.", "Neither /Bulk nor /Me is offered: /ServiceProviderConfig says what is.")
	}
	s.routes.HandleFunc(Path+"/Bulk", func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, notOffered(w, r)) })
	s.routes.HandleFunc(Path+"/Me", func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, notOffered(w, r)) })
}

// ServeHTTP answers a request that the gate has let in.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.cfg.Enabled {
		WriteProblem(w, r, http.StatusNotFound, fil.Bilingual{
			FR: "SCIM n'est pas en service : directory.scim.enabled le met en service.", EN: "SCIM is not enabled: directory.scim.enabled enables it.",
		})
		return
	}
	handler, pattern := s.routes.Handler(r)
	if pattern != "" {
		s.routes.ServeHTTP(w, r)
		return
	}
	var probe reply // the mux says whether another method would do, in words that are not SCIM's
	handler.ServeHTTP(&probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.Header().Get("Allow"))
		WriteProblem(w, r, probe.status, fil.Bilingual{
			FR: "Cette adresse ne prend que : " + probe.Header().Get("Allow") + ".", EN: "This address only takes: " + probe.Header().Get("Allow") + ".",
		})
		return
	}
	WriteProblem(w, r, http.StatusNotFound, fil.Bilingual{
		FR: "Il n'y a rien à cette adresse : " + Path + "/ResourceTypes dit où sont les ressources.", EN: "There is nothing at this address: " + Path + "/ResourceTypes says where resources are.",
	})
}

// reply keeps the head of an answer and drops its body.
type reply struct {
	header http.Header
	status int
}

func (p *reply) Header() http.Header {
	if p.header == nil {
		p.header = http.Header{}
	}
	return p.header
}
func (p *reply) WriteHeader(status int)      { p.status = status }
func (p *reply) Write(b []byte) (int, error) { return len(b), nil }

// fail answers an error.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var known *problem
	switch faults := fil.FaultsOf(err); {
	case errors.As(err, &known):
	case len(faults) > 0:
		known = valueProblem(faults)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return // the client went away
	default:
		known = refuse(http.StatusInternalServerError, "Erreur interne.", "Internal error.")
	}
	write(w, r, known)
}

// body reads a JSON object. The memory that it takes comes out of the door's, and is given back by release.
func (s *Server) body(w http.ResponseWriter, r *http.Request) (object map[string]any, release func(), err error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Header.Get("Content-Type") != "" && (err != nil || !slices.Contains([]string{mediaType, "application/json"}, media)) {
		return nil, nil, refuse(http.StatusUnsupportedMediaType, "Envoyez application/scim+json ou application/json.", "Send application/scim+json or application/json.")
	}
	size := r.ContentLength
	if size < 0 || size > maxBody {
		size = maxBody
	}
	release, err = s.parts.Door.Hold(r.Context(), int(size))
	if err != nil {
		status, detail, _, retry := s.parts.Door.Verdict(err)
		return nil, nil, &problem{status: status, detail: detail, retry: retry}
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(readPatience)) // a connection that knows none is bounded by the server
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	_ = control.SetReadDeadline(time.Time{})
	if err == nil {
		object, err = decodeObject(raw)
	} else {
		err = invalid("invalidSyntax", "Le corps n'a pas pu être lu.", "The body could not be read.")
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return object, release, nil
}

func decodeObject(raw []byte) (map[string]any, error) {
	var object map[string]any
	switch {
	case len(raw) > maxBody:
		return nil, refuse(http.StatusRequestEntityTooLarge, "Un corps tient en 1 Mio.", "A body fits in 1 MiB.")
	case !utf8.Valid(raw):
		return nil, invalid("invalidSyntax", "Le corps doit être de l'UTF-8.", "The body must be UTF-8.")
	case ingest.Deeper(raw, maxDepth):
		return nil, invalid("invalidSyntax", "Le JSON dépasse 32 niveaux.", "The JSON is over 32 levels deep.")
	case json.Unmarshal(raw, &object) != nil || object == nil:
		return nil, invalid("invalidSyntax", "Le corps doit être un objet JSON.", "The body must be a JSON object.")
	}
	return object, nil
}

func traceOf(r *http.Request) [2]string {
	return [2]string{r.Header.Get("traceparent"), r.Header.Get("tracestate")}
}

func (s *Server) post(w http.ResponseWriter, r *http.Request, c *collection) error {
	raw, release, err := s.body(w, r)
	if err != nil {
		return err
	}
	defer release()
	pick, err := selectionOf(r.URL.Query(), c.t)
	if err != nil {
		return err
	}
	attrs, err := c.t.read(raw)
	if err != nil {
		return err
	}
	d, err := s.create(r.Context(), c, attrs, traceOf(r))
	if err != nil {
		return err
	}
	w.Header().Set("Location", c.t.location(r, d.id))
	s.give(w, r, c, d, http.StatusCreated, pick)
	return nil
}

func (s *Server) read(w http.ResponseWriter, r *http.Request, c *collection) error {
	pick, err := selectionOf(r.URL.Query(), c.t)
	if err != nil {
		return err
	}
	d, ok := c.get(r.PathValue("id"))
	if !ok {
		return notFound(c, r.PathValue("id"))
	}
	if version := c.t.version(d); r.Header.Get("If-None-Match") != "" && matches(r.Header.Get("If-None-Match"), version) {
		w.Header().Set("ETag", version)
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	s.give(w, r, c, d, http.StatusOK, pick)
	return nil
}

func (s *Server) replace(w http.ResponseWriter, r *http.Request, c *collection) error {
	return s.edit(w, r, c, func(raw, _ map[string]any) (map[string]any, error) { return c.t.read(raw) })
}

func (s *Server) patch(w http.ResponseWriter, r *http.Request, c *collection) error {
	return s.edit(w, r, c, func(raw, attrs map[string]any) (map[string]any, error) {
		operations, err := c.t.readPatch(raw)
		if err != nil {
			return nil, err
		}
		return attrs, c.t.patch(attrs, operations)
	})
}

func (s *Server) edit(w http.ResponseWriter, r *http.Request, c *collection, by func(raw, attrs map[string]any) (map[string]any, error)) error {
	raw, release, err := s.body(w, r)
	if err != nil {
		return err
	}
	defer release()
	pick, err := selectionOf(r.URL.Query(), c.t)
	if err != nil {
		return err
	}
	d, err := s.change(r.Context(), c, r.PathValue("id"), r.Header.Get("If-Match"), traceOf(r), func(attrs map[string]any) (map[string]any, error) {
		return by(raw, attrs)
	})
	if err != nil {
		return err
	}
	s.give(w, r, c, d, http.StatusOK, pick)
	return nil
}

func (s *Server) delete(w http.ResponseWriter, r *http.Request, c *collection) error {
	if err := s.remove(r.Context(), c, r.PathValue("id"), r.Header.Get("If-Match"), traceOf(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// give answers with one resource.
func (s *Server) give(w http.ResponseWriter, r *http.Request, c *collection, d document, status int, pick selection) {
	w.Header().Set("ETag", c.t.version(d))
	respond(w, status, pick.of(c.t.resource(r, d)))
}
