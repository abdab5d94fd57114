package register

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// maxAccesses is how many accesses a process has at hand, the latest; some 200 bytes each. The log has more.
const maxAccesses = 200_000

// Accesses are those of the log, the latest of them.
type Accesses struct {
	mu   sync.RWMutex
	all  []seen // in the order of the log
	most int
}

// seen is an access at its place in the log.
type seen struct {
	Access

	offset int64
}

// NewAccesses makes a projection of fil.accesses.
func NewAccesses() *Accesses { return &Accesses{most: maxAccesses} }

// Apply takes records of fil.accesses; those that are none are returned as joined rejections.
func (p *Accesses) Apply(records []fil.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rejected []error
	for _, rec := range records {
		a, err := accessOf(rec)
		if err != nil {
			rejected = append(rejected, err)
			continue
		}
		p.all = append(p.all, seen{a, rec.Offset})
	}
	if over := len(p.all) - p.most; over > p.most/8 {
		p.all = slices.Clone(p.all[over:])
	}
	return errors.Join(rejected...)
}

// latest gives the accesses before an offset that fit, the latest first.
func (p *Accesses) latest(before int64, limit int, fits func(Access) bool) []seen {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var found []seen
	for i := len(p.all) - 1; i >= 0 && len(found) < limit; i-- {
		if one := p.all[i]; one.offset < before && fits(one.Access) {
			found = append(found, one)
		}
	}
	return found
}

// audit writes an access down. What it is about may be told or done only when there is no error.
func (r *Register) audit(ctx context.Context, caller fil.Caller, e entry, a Access) error {
	a.At, a.By, a.Label, a.Role = r.Now().UTC(), cmp.Or(caller.Name, "?"), caller.Label, caller.Role
	a.Content, a.Perimeter, a.Scope = e.ID, caller.Perimeter, caller.Perimeter
	if e.ID != "" {
		a.Perimeter = e.Perimeter
	}
	if err := r.publish(ctx, fil.TopicAccesses, fil.TypeAccess, cmp.Or(e.ID, a.By), a); err != nil {
		return fmt.Errorf("write an access to the register down: %w", err)
	}
	return nil
}

// access is one as it is told. What a key without the reader's perimeter was told is not: it may be of agents outside.
type access struct {
	At        time.Time `json:"at"`
	By        string    `json:"by" doc:"Identifiant de la clé / id of the key"`
	Label     string    `json:"label,omitempty" doc:"Nom de la clé / name of the key"`
	Role      fil.Role  `json:"role"`
	Act       AccessAct `json:"act" enum:"contents,list,export,reminder,attestation,sheet" doc:"contents : liste des contenus ; list : page de noms ; export : CSV ; reminder : rappel ; attestation, sheet : attestation d'un agent, bilan / contents: list of contents; list: page of names; export: CSV; reminder; attestation of an agent; sheet: attested counts"`
	Content   string    `json:"content,omitempty"`
	Title     string    `json:"title,omitempty" doc:"Du contenu, tel qu'il est à présent ; absent s'il a été retiré / of the content, as it is now; absent when it was withdrawn"`
	Perimeter string    `json:"perimeter,omitempty" doc:"Du contenu / of the content"`
	Agent     string    `json:"agent,omitempty" doc:"L'agent d'une attestation / the agent of an attestation"`
	State     string    `json:"state,omitempty" doc:"Quels agents étaient demandés / which agents were asked for"`
	Org       string    `json:"org,omitempty"`
	Query     string    `json:"q,omitempty"`
	Lines     *int      `json:"lines" nullable:"true" doc:"Lignes données, ou agents relancés ; null : ce qu'une clé d'un autre périmètre a lu n'est pas dit / lines told, or agents reminded; null: what a key of another perimeter was told is not said"`
}

func (r *Register) tellAccess(one seen, caller fil.Caller) access {
	a := access{At: one.At, By: one.By, Label: one.Label, Role: one.Role, Act: one.Act, Content: one.Content, Perimeter: one.Perimeter, State: one.State}
	if c, known := r.Contents.Content(one.Content); known {
		a.Title = c.Title
	}
	if caller.Perimeter == "" || one.Scope == caller.Perimeter {
		a.Agent, a.Org, a.Query, a.Lines = one.Agent, one.Org, one.Query, &one.Lines
	}
	return a
}

// accesses gives those that a caller may know of: to the contents of their perimeter, whoever made them.
func (r *Register) accesses(ctx context.Context, caller fil.Caller, content string, before int64, limit int) ([]seen, error) {
	if err := r.catchUp(ctx, r.Accessed); err != nil {
		return nil, err
	}
	return r.Accesses.latest(before, limit, func(a Access) bool {
		return (caller.Perimeter == "" || a.Perimeter == caller.Perimeter) && (content == "" || a.Content == content)
	}), nil
}
