package access

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// Scheme is the name of the security scheme that operations list their roles under.
const Scheme = "bearer"

// Middleware lets an operation be reached only by the roles it declares in its Security. An operation that declares
// none is closed to all: nothing is open by omission.
func Middleware(api huma.API, who Authenticator) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		caller, err := who.Authenticate(bearer(ctx.Header("Authorization")))
		if err != nil {
			ctx.SetHeader("WWW-Authenticate", `Bearer realm="fil"`)
			_ = huma.WriteErr(api, ctx, http.StatusUnauthorized, unauthorized.In(ctx.Header("Accept-Language")))
			return
		}
		if !allowed(ctx.Operation(), caller) {
			_ = huma.WriteErr(api, ctx, http.StatusForbidden, forbidden(ctx.Operation()).In(ctx.Header("Accept-Language")))
			return
		}
		next(huma.WithContext(ctx, fil.WithCaller(ctx.Context(), caller)))
	}
}

// Handler stands before a handler that is not an operation of the API.
func Handler(who Authenticator, next http.Handler, roles ...fil.Role) http.Handler {
	return HandlerOf(who, next, WriteProblem, roles...)
}

// Refuse answers a problem in the words of a protocol, as WriteProblem does in those of RFC 9457.
type Refuse func(w http.ResponseWriter, r *http.Request, status int, detail fil.Bilingual)

// HandlerOf is Handler for a protocol that has errors of its own.
func HandlerOf(who Authenticator, next http.Handler, refuse Refuse, roles ...fil.Role) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := who.Authenticate(bearer(r.Header.Get("Authorization")))
		switch {
		case err != nil:
			w.Header().Set("WWW-Authenticate", `Bearer realm="fil"`)
			refuse(w, r, http.StatusUnauthorized, unauthorized)
		case !caller.May(roles...):
			refuse(w, r, http.StatusForbidden, refusal(roles))
		default:
			next.ServeHTTP(w, r.WithContext(fil.WithCaller(r.Context(), caller)))
		}
	})
}

var unauthorized = fil.Bilingual{
	FR: "Clé absente, inconnue, révoquée ou expirée : envoyez « Authorization: Bearer CLÉ » ; `fil keys create` en fait une.",
	EN: "Missing, unknown, revoked or expired key: send 'Authorization: Bearer KEY'; `fil keys create` makes one.",
}

func forbidden(op *huma.Operation) fil.Bilingual {
	var roles []fil.Role
	for _, requirement := range op.Security {
		for _, role := range requirement[Scheme] {
			roles = append(roles, fil.Role(role))
		}
	}
	return refusal(roles)
}

func refusal(roles []fil.Role) fil.Bilingual {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	list := strings.Join(names, ", ")
	return fil.Bilingual{
		FR: "Cette clé n'a pas le rôle voulu ici (" + list + ").",
		EN: "This key does not have a role wanted here (" + list + ").",
	}
}

func allowed(op *huma.Operation, caller fil.Caller) bool {
	return slices.ContainsFunc(op.Security, func(requirement map[string][]string) bool {
		return slices.Contains(requirement[Scheme], string(caller.Role))
	})
}

func bearer(header string) string {
	const prefix = "bearer "
	if len(header) > len(prefix) && strings.EqualFold(header[:len(prefix)], prefix) {
		return strings.TrimSpace(header[len(prefix):])
	}
	return ""
}
