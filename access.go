package fil

import (
	"context"
	"slices"
)

// Role is what a caller of the API may do.
type Role string

// The roles. An agent reads their own feed; a service (an application that embeds the feed) reads any agent's.
const (
	RoleIngest       Role = "ingest"       // writes agents, contents and engagements
	RoleCommunicator Role = "communicator" // audiences, contents, reports on them
	RoleLeader       Role = "leader"       // dashboards
	RoleService      Role = "service"      // feeds of any agent, engagements
	RolePolicy       Role = "policy"       // publishes the ranking policy
	RoleAgent        Role = "agent"        // their own feed, their own engagements
)

// Roles lists the roles.
func Roles() []Role {
	return []Role{RoleIngest, RoleCommunicator, RoleLeader, RoleService, RolePolicy, RoleAgent}
}

// Caller is who makes a request, as its key or token says.
type Caller struct {
	Role  Role
	Agent string // the agent's id, for RoleAgent only
	Name  string // of the key, for the logs
	Label string // what people call the key: a person's name, a service's; empty when it was given none

	// Perimeter is the id of the audience that bounds what the caller may write, read and count; empty: no bound. An
	// audience that does not exist holds nobody, so it bounds to nothing.
	Perimeter string
	Sample    bool // may see some of the agents that a preview counts
	Register  bool // may see by name who has acknowledged what, and who has not
}

// May says whether the caller has one of the roles.
func (c Caller) May(roles ...Role) bool { return slices.Contains(roles, c.Role) }

type callerKey struct{}

// WithCaller gives a context that carries the caller.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom finds the caller; the zero Caller, which has no role, when there is none.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
