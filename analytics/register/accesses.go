package register

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// maxAccesses is how many accesses of keys a process has at hand, the latest, and maxOwn how many of agents to what they did
// themselves; some 200 bytes each. The log has more.
const (
	maxAccesses = 200_000
	maxOwn      = 50_000
)

// Accesses are those of the log, the latest of them.
type Accesses struct {
	mu   sync.RWMutex
	keys []seen // in the order of the log
	own  []seen // of agents: apart, lest they crowd out those of whom an audit is about
}

// seen is an access at its place in the log.
type seen struct {
	Access

	offset int64
}

// NewAccesses makes a projection of fil.accesses.
func NewAccesses() *Accesses { return &Accesses{} }

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
		if one := (seen{a, rec.Offset}); a.Role == fil.RoleAgent {
			p.own = append(p.own, one)
		} else {
			p.keys = append(p.keys, one)
		}
	}
	p.keys, p.own = lastOf(p.keys, maxAccesses), lastOf(p.own, maxOwn)
	return errors.Join(rejected...)
}

// lastOf lets go of the first when there are an eighth too many, so that not each batch copies.
func lastOf(all []seen, most int) []seen {
	if over := len(all) - most; over > most/8 {
		return slices.Clone(all[over:])
	}
	return all
}

// latest gives the accesses before an offset that fit, the latest first.
func (p *Accesses) latest(before int64, limit int, fits func(Access) bool) []seen {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var found []seen
	for k, o := len(p.keys)-1, len(p.own)-1; (k >= 0 || o >= 0) && len(found) < limit; {
		var one seen
		if o < 0 || k >= 0 && p.keys[k].offset > p.own[o].offset {
			one = p.keys[k]
			k--
		} else {
			one = p.own[o]
			o--
		}
		if one.offset < before && fits(one.Access) {
			found = append(found, one)
		}
	}
	return found
}

// access is one as it is told. What a key without the reader's perimeter was told is not: it may be of agents outside.
type access struct {
	At        time.Time `json:"at"`
	By        string    `json:"by" doc:"Identifiant de la clé, ou de l'agent qui a pris sa propre attestation / id of the key, or of the agent who took their own attestation"`
	Label     string    `json:"label,omitempty" doc:"Nom de la clé / name of the key"`
	Role      fil.Role  `json:"role"`
	Act       AccessAct `json:"act" enum:"contents,list,export,reminder,attestation,sheet,accesses,refused" doc:"contents : liste des contenus ; list : page de noms ; export : CSV ; reminder : rappel ; attestation, sheet : attestation d'un agent, bilan ; accesses : ces accès-ci ; refused : demande d'une clé sans le droit, à qui rien n'a été dit / contents: list of contents; list: page of names; export: CSV; reminder; attestation of an agent; sheet: attested counts; accesses: these accesses; refused: asked by a key without the right, which was told nothing"`
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
