// Package scim is the door for identity managers: a SCIM 2.0 server (RFC 7643, RFC 7644) through which Entra ID, Okta,
// Keycloak and others push the directory. A user is an agent, a group an audience whose members are named one by one.
//
// It hides the protocol: schemas, filters, paths of PATCH, versions, pages, and how a user of SCIM becomes an agent by the
// operator's mapping. It guarantees that what it accepts has passed the door's checks and is in the log (ingest.Door.Put);
// that it keeps of a user what the mapping reads and nothing else, neither names nor addresses of people unless it does;
// that what it declares at /Schemas is what it keeps and gives back; that a write of one process is ordered by resource,
// and If-Match compares with the last one; that the work of a request is bounded.
//
// It does not order writes of two processes, keep a history, sort, or take bulk requests. It keeps each user in memory, in
// some hundred bytes, to answer reads: a projection of fil.agents, made again at start.
package scim

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest"
)

// Path is where the server is mounted, without the slash behind it.
const Path = "/scim/v2"

// Parts is what the server is made of. The door's projections of agents and audiences must apply ApplyAgents and
// ApplyAudiences too, so that what it has waited for is what the server shows.
type Parts struct {
	Door   *ingest.Door
	Schema fil.Schema
	Now    func() time.Time
}

// Server answers SCIM. It is safe for concurrent use.
type Server struct {
	parts  Parts
	cfg    Config
	users  *users
	groups *groups
	kinds  []*collection
	routes *http.ServeMux
	turns  *turns
}

// collection is what the server must know of one type of resource.
type collection struct {
	t     resourceType
	topic fil.Topic
	get   func(id string) (document, bool)
	walk  func(ctx context.Context, filter expression, yield func(func() document) bool) error
	newID func(attrs map[string]any) (string, error)
	names func(attrs map[string]any) []string // what no two may share, as keys of turns
	taken func(attrs map[string]any, except string) *problem
	write func(d document) ([]byte, error) // its record's data
	field func(field string) string        // the path of SCIM that a field of the record comes from
}

// New makes a server. The error names each setting at fault.
func New(cfg Config, parts Parts) (*Server, error) {
	m, err := newMapping(cfg, parts.Schema)
	if err != nil {
		return nil, err
	}
	s := &Server{parts: parts, cfg: cfg, users: newUsers(m.t), groups: &groups{t: groupType(), by: map[string]group{}}, turns: newTurns()}
	s.kinds = []*collection{
		{
			t: m.t, topic: fil.TopicAgents, get: s.users.get, walk: s.users.walk, newID: m.idOf, names: namesOf,
			taken: s.users.taken, write: m.record, field: m.pathOf,
		},
		{
			t: s.groups.t, topic: fil.TopicAudiences, get: s.groups.get, walk: s.groups.walk, names: namesOf,
			newID: func(attrs map[string]any) (string, error) { return newGroupID(attrs), nil },
			taken: s.groups.taken, write: s.groups.record,
			field: func(field string) string { return map[string]string{"name": "displayName"}[field] },
		},
	}
	s.route()
	return s, nil
}

// ApplyAgents follows records of fil.agents. It refuses none: what is no user is none of its business.
func (s *Server) ApplyAgents(records []fil.Record) error { s.users.apply(records); return nil }

// ApplyAudiences follows records of fil.audiences likewise.
func (s *Server) ApplyAudiences(records []fil.Record) error { s.groups.apply(records); return nil }

// create makes a resource.
func (s *Server) create(ctx context.Context, c *collection, attrs map[string]any, trace [2]string) (document, error) {
	if err := c.complete(attrs); err != nil {
		return document{}, err
	}
	id, err := c.newID(attrs)
	if err != nil {
		return document{}, err
	}
	d := document{id: id, attrs: attrs, created: s.moment()}
	d.modified = d.created
	defer s.turns.take(c.topic, id)()
	if err := s.settle(ctx, c, id); err != nil {
		return d, err
	}
	if _, known := c.get(id); known {
		return d, taken("id", id, id)
	}
	return d, s.save(ctx, c, d, trace)
}

// change replaces a resource by what edit makes of a copy of its attributes, if it is the one that the client has read.
func (s *Server) change(ctx context.Context, c *collection, id, ifMatch string, trace [2]string, edit func(attrs map[string]any) (map[string]any, error)) (document, error) {
	defer s.turns.take(c.topic, id)()
	before, err := s.current(ctx, c, id, ifMatch)
	if err != nil {
		return document{}, err
	}
	copied, _ := clone(before.attrs).(map[string]any)
	after := document{id: id, created: before.created, modified: before.modified}
	if after.attrs, err = edit(copied); err != nil {
		return document{}, err
	}
	if err := c.complete(after.attrs); err != nil {
		return document{}, err
	}
	if reflect.DeepEqual(after.attrs, before.attrs) {
		return before, nil
	}
	after.modified = s.moment()
	return after, s.save(ctx, c, after, trace)
}

func (s *Server) remove(ctx context.Context, c *collection, id, ifMatch string, trace [2]string) error {
	defer s.turns.take(c.topic, id)()
	if _, err := s.current(ctx, c, id, ifMatch); err != nil {
		return err
	}
	return s.put(ctx, c, id, nil, trace)
}

// current reads a resource that is about to change.
func (s *Server) current(ctx context.Context, c *collection, id, ifMatch string) (document, error) {
	if err := s.settle(ctx, c, id); err != nil {
		return document{}, err
	}
	d, ok := c.get(id)
	switch {
	case !ok:
		return d, notFound(c, id)
	case ifMatch != "" && !matches(ifMatch, c.t.version(d)):
		return d, refuse(http.StatusPreconditionFailed, "La ressource n'est plus celle que vous avez lue : relisez-la avant de la modifier.", "The resource is no longer the one you read: read it again before you change it.")
	}
	return d, nil
}

// save writes a resource, unless another has what must be its own.
func (s *Server) save(ctx context.Context, c *collection, d document, trace [2]string) error {
	defer s.turns.takeNames(c.topic, c.names(d.attrs))()
	if p := c.taken(d.attrs, d.id); p != nil {
		return p
	}
	raw, err := c.write(d)
	if err != nil {
		return err
	}
	return s.put(ctx, c, d.id, raw, trace)
}

// put gives a record to the door, and remembers it until this process shows it.
func (s *Server) put(ctx context.Context, c *collection, id string, raw []byte, trace [2]string) error {
	out, err := s.parts.Door.Put(ctx, ingest.Put{Topic: c.topic, ID: id, Data: raw, Trace: trace})
	if err != nil {
		return s.refused(c, err)
	}
	if !out.Shown {
		s.turns.late(c.topic, id, out.At)
	}
	return nil
}

// refused turns the door's error into SCIM's, with the client's names of the fields.
func (s *Server) refused(c *collection, err error) error {
	status, detail, faults, retry := s.parts.Door.Verdict(err)
	if len(faults) == 0 {
		return &problem{status: status, detail: detail, retry: retry}
	}
	named := make(fil.Faults, len(faults))
	for i, f := range faults {
		named[i] = f
		if path := c.field(f.Field); path != "" {
			named[i] = &fil.Fault{Field: path, Problem: f.Problem}
		}
	}
	return valueProblem(named)
}

// settle waits until this process shows the last write of a resource, which may have come after the door's patience.
func (s *Server) settle(ctx context.Context, c *collection, id string) error {
	at, waiting := s.turns.awaited(c.topic, id)
	if !waiting {
		return nil
	}
	if !s.parts.Door.Await(ctx, at) {
		return &problem{status: http.StatusServiceUnavailable, retry: 5, detail: fil.Bilingual{
			FR: "L'écriture précédente de cette ressource n'est pas encore visible ici : recommencez plus tard.",
			EN: "The last write of this resource is not seen here yet: try again later.",
		}}
	}
	s.turns.shown(c.topic, id)
	return nil
}

// complete wants what a type requires, and gives what it fills by default.
func (c *collection) complete(attrs map[string]any) error {
	var faults fil.Faults
	for _, a := range c.t.core.attributes {
		if a.required && attrs[a.name] == nil {
			faults.Add(a.name, "doit être renseigné", "is required")
		}
		if a.name == "active" && attrs[a.name] == nil {
			attrs[a.name] = true
		}
	}
	for _, name := range []string{"userName", "externalId", "displayName"} {
		if text, _ := attrs[name].(string); len(text) > 256 {
			faults.Add(name, "dépasse 256 octets", "is over 256 bytes")
		}
	}
	return faults.Err()
}

func (s *Server) moment() time.Time { return s.parts.Now().UTC().Truncate(time.Second) }

// namesOf are the texts of a resource that no other may have.
func namesOf(attrs map[string]any) []string {
	var names []string
	for _, name := range []string{"userName", "externalId"} {
		if text, _ := attrs[name].(string); text != "" {
			names = append(names, name+" "+strings.ToLower(text))
		}
	}
	return names
}

func taken(attribute, value, by string) *problem {
	return &problem{status: http.StatusConflict, kind: "uniqueness", detail: fil.Bilingual{
		FR: fmt.Sprintf("%s « %s » est déjà celui de la ressource %s.", attribute, clip(value), clip(by)),
		EN: fmt.Sprintf("%s '%s' is already that of resource %s.", attribute, clip(value), clip(by)),
	}}
}

func notFound(c *collection, id string) *problem {
	return refuse(http.StatusNotFound,
		fmt.Sprintf("%s « %s » n'existe pas.", c.t.name, clip(id)), fmt.Sprintf("%s '%s' does not exist.", c.t.name, clip(id)))
}

// matches says whether a list of versions, or "*", holds one. A weak one is as good: it is the same digest.
func matches(list, version string) bool {
	return list == "*" || slices.ContainsFunc(strings.Split(list, ","), func(tag string) bool {
		return strings.TrimPrefix(strings.TrimSpace(tag), "W/") == strings.TrimPrefix(version, "W/")
	})
}
