package scim

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/filengine/fil"
)

// users is a projection of fil.agents: those that SCIM has written, packed, and found by id, user name (whatever its letter
// case) and external id.
type users struct {
	t    resourceType
	seed maphash.Seed

	mu                         sync.RWMutex
	words                      words
	list                       []packed // by ordinal; empty where one was removed
	free                       []uint32
	byID, byName, byExternalID places
}

func newUsers(t resourceType) *users {
	u := &users{t: t, seed: maphash.MakeSeed()}
	hash := func(key func(head) string) func(uint32) uint64 {
		return func(ordinal uint32) uint64 { return u.hash(key(u.list[ordinal].head())) }
	}
	u.byID.hash = hash(func(h head) string { return h.id })
	u.byName.hash = hash(func(h head) string { return strings.ToLower(h.userName) })
	u.byExternalID.hash = hash(func(h head) string { return h.externalID })
	return u
}

func (u *users) hash(key string) uint64 { return maphash.String(u.seed, key) }

// apply follows records of fil.agents. One that SCIM did not write takes the agent out of its sight.
func (u *users) apply(records []fil.Record) {
	docs := make([]document, len(records))
	for i, rec := range records {
		docs[i] = u.read(rec)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, rec := range records {
		u.remove(rec.Key)
		if docs[i].attrs != nil {
			u.add(docs[i])
		}
	}
}

// read gives the user that a record holds, without attributes when it holds none.
func (u *users) read(rec fil.Record) document {
	if rec.Event.Data == nil {
		return document{}
	}
	agent, err := fil.Decode[struct { // of an agent, what is asked for here: this is done for everybody at start
		ID        string          `json:"id"`
		Inactive  bool            `json:"inactive"`
		Directory json.RawMessage `json:"directory"`
	}](rec)
	if err != nil || agent.ID != rec.Key {
		return document{} // the index rejects it
	}
	doc, err := u.t.decodeKept(agent.ID, agent.Directory)
	if err != nil || doc.attrs["userName"] == nil {
		return document{}
	}
	doc.attrs["active"] = !agent.Inactive
	return doc
}

func (u *users) add(doc document) {
	last := len(u.free) - 1
	ordinal := uint32(len(u.list))
	if last >= 0 {
		ordinal, u.free = u.free[last], u.free[:last]
	} else {
		u.list = append(u.list, "")
	}
	u.list[ordinal] = pack(&u.words, doc)
	for _, index := range u.indexesOf(ordinal) {
		index.add(ordinal)
	}
}

func (u *users) remove(id string) {
	ordinal, known := u.find(id)
	if !known {
		return
	}
	for _, index := range u.indexesOf(ordinal) {
		index.remove(ordinal)
	}
	u.list[ordinal] = ""
	u.free = append(u.free, ordinal)
}

// indexesOf gives the indexes that a user is in. One whose external id is the id, or is none, needs no index of it.
func (u *users) indexesOf(ordinal uint32) []*places {
	if h := u.list[ordinal].head(); h.externalID == "" || h.externalID == h.id {
		return []*places{&u.byID, &u.byName}
	}
	return []*places{&u.byID, &u.byName, &u.byExternalID}
}

func (u *users) find(id string) (uint32, bool) {
	for _, ordinal := range u.byID.all(u.hash(id)) {
		if u.list[ordinal].head().id == id {
			return ordinal, true
		}
	}
	return 0, false
}

func (u *users) get(id string) (document, bool) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	ordinal, ok := u.find(id)
	if !ok {
		return document{}, false
	}
	return u.words.unpack(u.list[ordinal]), true
}

// holder gives the id of another user who has a user name or an external id.
func (u *users) holder(k key, except string) (string, bool) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	for _, ordinal := range u.equal(k) {
		h := u.list[ordinal].head()
		same := h.externalID == k.value
		if k.attribute == "userName" {
			same = strings.ToLower(h.userName) == strings.ToLower(k.value) //nolint:staticcheck // as they are indexed
		}
		if same && h.id != except {
			return h.id, true
		}
	}
	return "", false
}

// taken refuses a second user of one user name, whatever its letter case, or external id.
func (u *users) taken(attrs map[string]any, except string) *problem {
	for _, name := range []string{"userName", "externalId"} {
		text, _ := attrs[name].(string)
		if by, found := u.holder(key{name, text}, except); text != "" && found {
			return taken(name, text, by)
		}
	}
	return nil
}

// walkChunk is how many users are looked at under one lock: a fraction of a millisecond.
const walkChunk = 1024

// walk gives each user who satisfies the filter, nil for all, until yield says stop. What equals an id, a user name or an
// external id is found at once; other filters look at everybody.
func (u *users) walk(ctx context.Context, filter expression, yield func(func() document) bool) error {
	var chosen []uint32
	key, indexed := equality(u.t, filter)
	if indexed {
		u.mu.RLock()
		chosen = u.equal(key)
		u.mu.RUnlock()
	}
	for from := 0; ; from += walkChunk {
		if err := ctx.Err(); err != nil {
			return err //nolint:wrapcheck // the client went away, and gets no answer
		}
		u.mu.RLock()
		end, n := from+walkChunk, len(u.list)
		if indexed {
			n = len(chosen)
		}
		more := end < n
		for i := from; i < min(end, n); i++ {
			ordinal := uint32(i)
			if indexed {
				ordinal = chosen[i]
			}
			if u.list[ordinal] == "" {
				continue
			}
			v := &userView{of: u, packed: u.list[ordinal]}
			if (filter == nil || filter.holds(v)) && !yield(v.document) {
				more = false
				break
			}
		}
		u.mu.RUnlock()
		if !more {
			return nil
		}
	}
}

// key is one value of an indexed attribute.
type key struct{ attribute, value string }

func (u *users) equal(k key) []uint32 {
	switch k.attribute {
	case "id":
		return u.byID.all(u.hash(k.value))
	case "userName":
		return u.byName.all(u.hash(strings.ToLower(k.value)))
	}
	ordinals := append(u.byExternalID.all(u.hash(k.value)), u.byID.all(u.hash(k.value))...)
	slices.Sort(ordinals) // one who lies near the hash in both indexes is found twice
	return slices.Compact(ordinals)
}

// equality finds in a filter an equality that everybody who satisfies it has to satisfy, of an attribute that has an index.
func equality(t resourceType, e expression) (key, bool) {
	switch e := e.(type) {
	case allOf:
		for _, one := range e {
			if k, ok := equality(t, one); ok {
				return k, true
			}
		}
	case comparison:
		found, ok := t.resolve(e.path)
		text, isText := e.value.(string)
		if name := found.attribute.name; ok && isText && e.op == "eq" && found.urn == "" && (name == "id" || name == "userName" || name == "externalId") {
			return key{name, text}, true
		}
	}
	return key{}, false
}

// userView unpacks a user only for a filter that asks for more than the head.
type userView struct {
	of     *users
	packed packed
	doc    *document
}

// document is called under the lock of the walk that made the view.
func (v *userView) document() document {
	if v.doc == nil {
		doc := v.of.words.unpack(v.packed)
		v.doc = &doc
	}
	return *v.doc
}

func (v *userView) find(p attrPath) ([]any, attribute) {
	found, ok := v.of.t.resolve(p)
	if !ok {
		return nil, attribute{}
	}
	if found.urn == "" {
		switch h := v.packed.head(); found.attribute.name {
		case "userName":
			return []any{h.userName}, found.attribute
		case "active":
			return []any{h.active}, found.attribute
		}
	}
	return v.of.t.valuesOf(v.document(), found)
}

// valuesOf gives the values of a place in a document, the server's own included.
func (t resourceType) valuesOf(d document, found place) ([]any, attribute) {
	if found.attribute.name == "" { // a whole extension
		if d.attrs[found.urn] == nil {
			return nil, attribute{}
		}
		return []any{d.attrs[found.urn]}, attribute{kind: complexType}
	}
	if found.urn == "" {
		switch found.attribute.name {
		case "id":
			return []any{d.id}, found.attribute
		case "schemas":
			var urns []any
			for _, urn := range t.schemasOf(d) {
				urns = append(urns, urn)
			}
			return urns, found.attribute
		case "meta":
			return place{attribute: found.attribute, sub: found.sub, hasSub: found.hasSub}.values(map[string]any{"meta": t.metaOf(d)}), found.leaf()
		}
	}
	return found.values(d.attrs), found.leaf()
}

// places is an index by hash: open addressing with linear probing, 4 bytes a slot, at most three slots in four taken.
type places struct {
	hash  func(ordinal uint32) uint64 // of what is indexed of a user
	slots []uint32                    // 0: never taken; 1: left; otherwise an ordinal and 2
	taken int                         // slots that are not 0
	live  int
}

// add puts an ordinal in; its user must be in the list already.
func (p *places) add(ordinal uint32) {
	if (p.taken+1)*4 > len(p.slots)*3 {
		p.grow()
	}
	at := p.hash(ordinal) & uint64(len(p.slots)-1)
	for p.slots[at] > 1 {
		at = (at + 1) & uint64(len(p.slots)-1)
	}
	if p.slots[at] == 0 {
		p.taken++
	}
	p.slots[at] = ordinal + 2
	p.live++
}

// remove takes an ordinal out, while its user is still in the list.
func (p *places) remove(ordinal uint32) {
	mask := uint64(len(p.slots) - 1)
	for at := p.hash(ordinal) & mask; p.slots[at] != 0; at = (at + 1) & mask {
		if p.slots[at] == ordinal+2 {
			p.slots[at] = 1
			p.live--
			return
		}
	}
}

// all gives the ordinals that may have a hash; others that met in the same slots are among them.
func (p *places) all(hash uint64) []uint32 {
	if len(p.slots) == 0 {
		return nil
	}
	var ordinals []uint32
	mask := uint64(len(p.slots) - 1)
	for at := hash & mask; p.slots[at] != 0; at = (at + 1) & mask {
		if p.slots[at] > 1 {
			ordinals = append(ordinals, p.slots[at]-2)
		}
	}
	return ordinals
}

func (p *places) grow() {
	size := 16
	for size < p.live*2 {
		size *= 2
	}
	old := p.slots
	p.slots, p.taken, p.live = make([]uint32, size), 0, 0
	for _, slot := range old {
		if slot > 1 {
			p.add(slot - 2)
		}
	}
}
