package scim

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/filengine/fil"
)

// turns orders the writes of this process: one at a time of a resource, and of a name that no two resources may have. Ids are
// taken before names, one id and names in the order of their stripes, so that two writers never wait for each other.
type turns struct {
	seed maphash.Seed
	ids  [256]sync.Mutex
	name [256]sync.Mutex

	mu      sync.Mutex
	waiting map[resource]fil.Position
}

// resource names one in the log.
type resource struct {
	topic fil.Topic
	id    string
}

// maxLate bounds how many writes are remembered that this process does not show yet. Past it their number says that the
// projection is far behind, and the oldest are forgotten at random.
const maxLate = 100_000

func newTurns() *turns { return &turns{seed: maphash.MakeSeed(), waiting: map[resource]fil.Position{}} }

func (t *turns) stripe(topic fil.Topic, text string) uint8 {
	return uint8(maphash.String(t.seed, string(topic)+" "+text))
}

func (t *turns) take(topic fil.Topic, id string) (release func()) {
	lock := &t.ids[t.stripe(topic, id)]
	lock.Lock()
	return lock.Unlock
}

func (t *turns) takeNames(topic fil.Topic, names []string) (release func()) {
	stripes := make([]uint8, len(names))
	for i, name := range names {
		stripes[i] = t.stripe(topic, name)
	}
	slices.Sort(stripes)
	stripes = slices.Compact(stripes)
	for _, s := range stripes {
		t.name[s].Lock()
	}
	return func() {
		for _, s := range stripes {
			t.name[s].Unlock()
		}
	}
}

// late remembers a write that this process does not show yet.
func (t *turns) late(topic fil.Topic, id string, at fil.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for r := range t.waiting {
		if len(t.waiting) < maxLate {
			break
		}
		delete(t.waiting, r)
	}
	t.waiting[resource{topic, id}] = at
}

func (t *turns) awaited(topic fil.Topic, id string) (fil.Position, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.waiting[resource{topic, id}]
	return at, ok
}

func (t *turns) shown(topic fil.Topic, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waiting, resource{topic, id})
}
