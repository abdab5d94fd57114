package drafts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// Book is the revisions of all contents: a projection of fil.revisions, kept as they are in the log and decoded when they are
// asked for. It is safe for concurrent use.
type Book struct {
	mu    sync.RWMutex
	pages map[string]map[int]leaf // by content, then by number
}

// leaf is a revision as it is in the log, and what is asked of all of them.
type leaf struct {
	number int
	state  State
	valued bool
	at     time.Time // of its last step
	data   []byte
}

func (l leaf) open() bool { return l.valued && (l.state == Draft || l.state == Submitted) }

// NewBook makes an empty book.
func NewBook() *Book { return &Book{pages: map[string]map[int]leaf{}} }

// Apply takes records in the log's order. What is no revision is a rejection; the others are applied.
func (b *Book) Apply(records []fil.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rejected []error
	for _, rec := range records {
		cut := strings.LastIndexByte(rec.Key, '/')
		var number int
		if cut < 0 {
			rejected = append(rejected, fil.Reject(rec, fmt.Errorf("%q is no key of a revision", rec.Key)))
			continue
		}
		if _, err := fmt.Sscanf(rec.Key[cut+1:], "%d", &number); err != nil || number < 1 {
			rejected = append(rejected, fil.Reject(rec, fmt.Errorf("%q is no key of a revision", rec.Key)))
			continue
		}
		content := rec.Key[:cut]
		if rec.Event.Data == nil {
			if delete(b.pages[content], number); len(b.pages[content]) == 0 {
				delete(b.pages, content)
			}
			continue
		}
		r, err := fil.Decode[Revision](rec)
		if err == nil && (r.Content != content || r.Number != number || len(r.Steps) == 0) {
			err = fil.Reject(rec, errors.New("a revision is not under its own key, or has no step"))
		}
		if err != nil {
			rejected = append(rejected, err)
			continue
		}
		if b.pages[content] == nil {
			b.pages[content] = map[int]leaf{}
		}
		b.pages[content][number] = leaf{number, r.State, r.Value != nil, r.Steps[len(r.Steps)-1].At, bytes.Clone(rec.Event.Data)}
	}
	return errors.Join(rejected...)
}

func decode(data []byte) Revision {
	var r Revision
	_ = json.Unmarshal(data, &r) // it was decoded when it was applied
	return r
}

// History gives the revisions of a content, the last first.
func (b *Book) History(content string) []Revision {
	b.mu.RLock()
	defer b.mu.RUnlock()
	numbers := slices.Sorted(maps.Keys(b.pages[content]))
	slices.Reverse(numbers)
	history := make([]Revision, 0, len(numbers))
	for _, n := range numbers {
		history = append(history, decode(b.pages[content][n].data))
	}
	return history
}

// Revision gives one revision.
func (b *Book) Revision(content string, number int) (Revision, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	page, ok := b.pages[content][number]
	if !ok {
		return Revision{}, false
	}
	return decode(page.data), true
}

// Open gives the draft of a content, submitted or not.
func (b *Book) Open(content string) (Revision, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.open(content)
}

func (b *Book) open(content string) (Revision, bool) {
	last := b.last(content)
	if !last.open() {
		return Revision{}, false
	}
	return decode(last.data), true
}

func (b *Book) last(content string) (last leaf) {
	for n, page := range b.pages[content] {
		if n > last.number {
			last = page
		}
	}
	return last
}

// lasts gives the last revision of every content, undecoded.
func (b *Book) lasts() map[string]leaf {
	b.mu.RLock()
	defer b.mu.RUnlock()
	all := make(map[string]leaf, len(b.pages))
	for content := range b.pages {
		all[content] = b.last(content)
	}
	return all
}

// Drafts gives the open drafts of all contents, in the order of content ids.
func (b *Book) Drafts() []Revision {
	b.mu.RLock()
	defer b.mu.RUnlock()
	all := []Revision{}
	for _, content := range slices.Sorted(maps.Keys(b.pages)) {
		if r, ok := b.open(content); ok {
			all = append(all, r)
		}
	}
	return all
}

func (b *Book) next(content string) int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.last(content).number + 1
}

// oldest gives the number of the oldest revision kept; 0: there is none.
func (b *Book) oldest(content string) (first int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for n := range b.pages[content] {
		if first == 0 || n < first {
			first = n
		}
	}
	return first
}

// has says whether the history has what is published: the last revision that was, or what a withdrawal has left of it.
func (b *Book) has(live *fil.Content, now time.Time) bool {
	for _, r := range b.History(live.ID) {
		switch r.State {
		case Published:
			return tagOf(r.Value) == tagOf(live)
		case Withdrawn:
			return !live.LiveAt(now)
		}
	}
	return false
}
