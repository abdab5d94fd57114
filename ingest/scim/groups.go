package scim

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/filengine/fil"
)

// groupPrefix begins the id of each audience that SCIM made, and of no other: SCIM sees those alone.
const groupPrefix = "scim-"

// groups is a projection of fil.audiences: those whose id begins with groupPrefix.
type groups struct {
	t  resourceType
	mu sync.RWMutex
	by map[string]group
}

// group is one of them; its members are made into values only when somebody asks for them.
type group struct {
	audience fil.Audience
	head     document
}

func (g *groups) apply(records []fil.Record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, rec := range records {
		if !strings.HasPrefix(rec.Key, groupPrefix) {
			continue
		}
		delete(g.by, rec.Key)
		if rec.Event.Data == nil {
			continue
		}
		audience, err := fil.Decode[fil.Audience](rec)
		if err != nil || audience.ID != rec.Key {
			continue // the index rejects it
		}
		head, err := g.t.decodeKept(audience.ID, audience.Directory)
		if err != nil { // written over by another way: it stays a group, and has lost what only SCIM knew
			head = document{id: audience.ID, attrs: map[string]any{}, created: rec.Event.Time, modified: rec.Event.Time}
		}
		head.attrs["displayName"] = audience.Name
		g.by[rec.Key] = group{audience, head}
	}
}

func (g *groups) get(id string) (document, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	one, ok := g.by[id]
	if !ok {
		return document{}, false
	}
	return one.document(), true
}

// audience gives what the log has of a group, for what SCIM does not know of: a rule, an owner.
func (g *groups) audience(id string) fil.Audience {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.by[id].audience
}

func (o group) document() document {
	d := o.head
	d.attrs, _ = clone(d.attrs).(map[string]any)
	members := make([]any, len(o.audience.Members))
	for i, id := range o.audience.Members {
		members[i] = map[string]any{"value": id}
	}
	assign(d.attrs, "members", members)
	return d
}

// walk gives each group that satisfies the filter, nil for all, by id, until yield says stop.
func (g *groups) walk(ctx context.Context, filter expression, yield func(func() document) bool) error {
	g.mu.RLock()
	all := make([]group, 0, len(g.by))
	for _, one := range g.by {
		all = append(all, one)
	}
	g.mu.RUnlock()
	slices.SortFunc(all, func(a, b group) int { return cmp.Compare(a.head.id, b.head.id) })
	for _, one := range all {
		if err := ctx.Err(); err != nil {
			return err //nolint:wrapcheck // the client went away, and gets no answer
		}
		if (filter == nil || filter.holds(groupView{g.t, one})) && !yield(one.document) {
			return nil
		}
	}
	return nil
}

type groupView struct {
	t   resourceType
	one group
}

func (v groupView) find(p attrPath) ([]any, attribute) {
	found, ok := v.t.resolve(p)
	switch {
	case !ok:
		return nil, attribute{}
	case found.attribute.name == "members":
		return v.t.valuesOf(v.one.document(), found)
	}
	return v.t.valuesOf(v.one.head, found)
}

// taken refuses a second group of one external id: a client that did not hear of the first would make it again.
func (g *groups) taken(attrs map[string]any, except string) *problem {
	externalID, _ := attrs["externalId"].(string)
	if externalID == "" {
		return nil
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	for id, one := range g.by {
		if id != except && one.head.attrs["externalId"] == externalID {
			return taken("externalId", externalID, id)
		}
	}
	return nil
}

// newGroupID makes an id that can be read in a rule: member("scim-agents-de-maitrise-k3x7q2mh").
func newGroupID(attrs map[string]any) string {
	name, _ := attrs["displayName"].(string)
	var slug strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case slug.Len() >= 40:
		case r < unicode.MaxASCII && (unicode.IsLower(r) || unicode.IsDigit(r)):
			slug.WriteRune(r)
		case !unicode.Is(unicode.Mn, r) && slug.Len() > 0 && !strings.HasSuffix(slug.String(), "-"):
			slug.WriteByte('-')
		}
	}
	id := groupPrefix
	if s := strings.TrimSuffix(slug.String(), "-"); s != "" {
		id += s + "-"
	}
	return id + strings.ToLower(rand.Text()[:10])
}

// record writes a group as the audience it is.
func (g *groups) record(d document) ([]byte, error) {
	audience := g.audience(d.id)
	audience.ID = d.id
	audience.Name, _ = d.attrs["displayName"].(string)
	audience.Members = nil
	members, _ := d.attrs["members"].([]any)
	for _, one := range members {
		if object, ok := one.(map[string]any); ok {
			id, _ := object["value"].(string)
			audience.Members = append(audience.Members, id)
		}
	}
	own := document{attrs: map[string]any{}, created: d.created, modified: d.modified}
	assign(own.attrs, "externalId", d.attrs["externalId"])
	var err error
	if audience.Directory, err = own.encode(); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(audience)
	if err != nil {
		return nil, fmt.Errorf("encode group %s: %w", d.id, err)
	}
	if len(raw) > fil.MaxEventBytes {
		n := len(audience.Members)
		return nil, &problem{status: http.StatusRequestEntityTooLarge, kind: "tooMany", detail: fil.Bilingual{
			FR: fmt.Sprintf("Un groupe tient en 64 Kio ; avec %d membres celui-ci en ferait %d. Décrivez plutôt ces agents par un attribut, et l'audience par une règle.", n, len(raw)>>10),
			EN: fmt.Sprintf("A group fits in 64 KiB; with %d members this one would take %d. Rather describe these agents by an attribute, and the audience by a rule.", n, len(raw)>>10),
		}}
	}
	return raw, nil
}
