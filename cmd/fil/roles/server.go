package roles

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/delivery/web"
	"github.com/filengine/fil/ranking/rulebook"
)

// server is the one address of a process: the API of its roles, health, metrics and the page.
type server struct {
	house    *house
	who      access.Authenticator
	ring     *access.Keyring
	signer   *access.Signer
	handler  http.Handler
	leaving  atomic.Bool // set when the stop begins: no more work is asked for
	caughtUp atomic.Bool // set once every projection has caught up; later gaps are the stages' to bridge
}

func newServer(h *house, who access.Authenticator) *server {
	s := &server{house: h, who: who}
	mux := http.NewServeMux()
	huma.DefaultArrayNullable = false
	settings := huma.DefaultConfig("Fil", h.version)
	settings.Info.Description = "Le moteur qui décide quelle communication atteint quel agent public. The engine that decides which communication reaches which civil servant."
	settings.CreateHooks = nil // no "$schema" in answers: it would name a path that is behind a key
	settings.Transformers = append(settings.Transformers, access.Localise)
	settings.OpenAPIPath, settings.DocsPath, settings.SchemasPath = "", "", "" // behind a key, below
	settings.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		access.Scheme: {Type: "http", Scheme: "bearer", Description: "Clé d'un rôle ou jeton d'un agent. Key of a role or token of an agent."},
	}
	api := humago.New(mux, settings)
	api.UseMiddleware(access.Middleware(api, who))
	if h.tracing != nil {
		api.UseMiddleware(h.tracing.Operation)
	}
	access.RegisterCaller(api)
	for _, register := range h.register {
		register(api)
	}
	everyone := fil.Roles()
	mux.Handle("GET /openapi.json", access.Handler(who, describe(api), everyone...))
	mux.Handle("GET /metrics", access.Handler(who, promhttp.HandlerFor(h.reg, promhttp.HandlerOpts{}),
		fil.RoleIngest, fil.RoleCommunicator, fil.RoleLeader, fil.RoleService))
	for _, m := range h.mounts {
		mux.Handle(m.pattern, access.HandlerOf(who, m.handler, m.refuse, m.roles...))
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", s.readyz)
	pages := web.Handler(web.Built())
	for _, pattern := range []string{"GET /{$}", "GET /app/", "GET /console/", "GET /dashboards/", "GET /assets/", "GET /fil-feed.js", "GET /fil-feed.json", "GET /fil-sdk.js", "GET /fil-sdk.json"} {
		mux.Handle(pattern, pages)
	}
	mux.Handle("GET /policy", s.onceReady(rulebook.Page(h.policies)))
	for pattern, page := range h.public {
		mux.Handle(pattern, s.onceReady(page))
	}
	s.tellReadiness()
	s.handler = h.metrics.count(access.Origins(h.cfg.Web.Origins, compress(s.gate(mux))))
	return s
}

func describe(api huma.API) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
		_ = json.NewEncoder(w).Encode(api.OpenAPI())
	})
}

// gate answers 503 to the API until the projections have caught up once: an agent that exists must not be unknown
// because the process has just started.
func (s *server) gate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse, gated := access.Refuse(access.WriteProblem), strings.HasPrefix(r.URL.Path, "/v1/")
		for _, m := range s.house.mounts {
			if strings.HasPrefix(r.URL.Path, m.pattern) {
				refuse, gated = m.refuse, true
			}
		}
		if gated && !s.isReady() {
			w.Header().Set("Retry-After", "1")
			refuse(w, r, http.StatusServiceUnavailable,
				fil.Bilingual{FR: "Le serveur démarre et relit son journal.", EN: "The server is starting and reading its log again."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onceReady keeps a page that needs no key closed until the projections have caught up once.
func (s *server) onceReady(page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.isReady() {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "Le serveur démarre. / The server is starting.", http.StatusServiceUnavailable)
			return
		}
		page.ServeHTTP(w, r)
	})
}

func (s *server) isReady() bool {
	if s.caughtUp.Load() {
		return true
	}
	if len(s.house.waiting()) > 0 {
		return false
	}
	s.caughtUp.Store(true)
	return true
}

func (s *server) readyz(w http.ResponseWriter, _ *http.Request) {
	leaving := s.leaving.Load()
	if s.isReady() && !leaving {
		_, _ = w.Write([]byte("ok\n"))
		for _, trouble := range s.house.troubles() {
			_, _ = fmt.Fprintln(w, trouble)
		}
		return
	}
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	if leaving {
		_, _ = fmt.Fprintln(w, "leaving")
		return
	}
	_, _ = fmt.Fprintf(w, "waiting for %s\n", strings.Join(s.house.waiting(), ", "))
}
