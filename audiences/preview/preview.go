// Package preview says what may be told of the agents for whom a rule holds: how many they are, by which values, who else aims
// at them, when they are about, and, to those entitled, some of them.
//
// It hides what each caller was told before (package asked keeps the questions) and guarantees that nothing told to one caller, in however many answers, adds
// up to a figure about fewer agents than the threshold: sizes differ from the truth by fewer than the threshold for each
// class of agents that earlier answers told apart, groups are exact or withheld. The whole of it is in heard and
// partitioning. It does not protect against two callers who put their answers together, nor against one who knows
// from elsewhere all but one of the agents that a rule holds for. Those who may see agents are told exact figures.
//
// Cost: a preview passes over the agents of the perimeter once for its size and some times for each breakdown: see SCALE.md.
// It keeps two bytes for each agent of a segment that an answer cut, for the sizes and for each field that was broken
// down by, and a bounded number of bytes for all callers together; whoever is forgotten is told again from the questions kept.
package preview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
)

// Question is what a preview asks.
type Question struct {
	Rule      string   `json:"rule"`
	By        []string `json:"by,omitempty"`      // fields, or two joined by "*"
	Overlap   []string `json:"overlap,omitempty"` // audience ids
	Presence  bool     `json:"presence,omitempty"`
	Perimeter string   `json:"perimeter,omitempty"` // audience id; the caller's
	Sample    int      `json:"-"`                   // most agents to show, to those entitled
	Parts     bool     `json:"parts,omitempty"`     // the rule's parts were explained, each with its size
}

// Bounds of a question.
const (
	MaxBy      = 8
	MaxOverlap = 10
	MaxSample  = 20
)

// Answer is what may be told. A figure is nil when it is withheld.
type Answer struct {
	Size      *int                       `json:"size"`
	Total     *int                       `json:"total"`
	Breakdown map[string]map[string]*int `json:"breakdown"`
	Overlap   []Overlap                  `json:"overlap,omitempty"`
	Presence  []*int                     `json:"presence,omitempty"` // agents usually present, by hour of the day from 0; in tens but for exact figures
	Sample    []fil.Agent                `json:"sample,omitempty"`
	Warnings  []audiences.Warning        `json:"warnings,omitempty"`
}

// Overlap is what the rule has in common with an audience.
type Overlap struct {
	Audience string `json:"audience"`
	Size     *int   `json:"size"`   // of the audience, within the perimeter
	Shared   *int   `json:"shared"` // agents of both
}

// Questions keeps what each caller asked, in one order for all processes.
type Questions interface {
	// Ask puts a question after the caller's others and gives those from the place known on, the question itself last, and
	// the place of the first given, which is not known when there are fewer. asked is false, and the question not among
	// those given, when the caller has asked too many.
	Ask(ctx context.Context, caller string, question []byte, known int) (questions [][]byte, from int, asked bool, err error)
}

// ErrQuestions is wrapped by the error of a preview that cannot be answered since its questions cannot be kept.
var ErrQuestions = errors.New("the questions of previews are not kept")

// Previews answers questions.
type Previews struct {
	index     *audiences.Index
	threshold int
	questions Questions
	now       func() time.Time

	mu      sync.Mutex
	callers map[string]*caller
}

// caller is who asks: what they were told, and how many of their questions that includes.
type caller struct {
	mu    sync.Mutex // held while a question is answered
	heard *heard
	slots map[uint64]int // place of a segment in what was heard, by serial
	known int

	used  time.Time // under Previews.mu, as bytes
	bytes int
}

// New makes previews of an index.
func New(index *audiences.Index, guard fil.Guard, questions Questions, now func() time.Time) *Previews {
	return &Previews{index: index, threshold: max(guard.Threshold, fil.FloorThreshold), questions: questions, now: now, callers: map[string]*caller{}}
}

// Ask answers a caller. An error is a *audiences.RuleError, fil.Faults, or wraps ErrQuestions.
func (p *Previews) Ask(ctx context.Context, who fil.Caller, q Question) (answer Answer, err error) {
	if err := p.check(who, q); err != nil {
		return Answer{}, err
	}
	q.Perimeter = who.Perimeter
	if who.Sample {
		return p.exact(q)
	}
	q.Sample = 0
	err = p.next(ctx, who, q, func(c *caller) error {
		answer, err = p.answer(c, q)
		return err
	})
	return answer, err
}

// Explain tells the plan of a rule, with as much of its figures as a preview of each part would. Errors are those of Ask.
func (p *Previews) Explain(ctx context.Context, who fil.Caller, rule string) (plan audiences.RulePlan, err error) {
	if who.Sample {
		return p.index.Explain(rule, audiences.Exact, who.Perimeter) //nolint:wrapcheck // a *audiences.RuleError, which says where
	}
	q := Question{Rule: rule, Perimeter: who.Perimeter, Parts: true}
	err = p.next(ctx, who, q, func(c *caller) error {
		plan, err = p.explain(c, q)
		return err
	})
	return plan, err
}

// next answers a caller's next question, which goes by all that were asked before it, in other processes too.
func (p *Previews) next(ctx context.Context, who fil.Caller, q Question, answer func(*caller) error) error {
	if err := p.index.Check(q.Rule); err != nil { // a question that cannot be answered is not asked
		return err //nolint:wrapcheck // a *audiences.RuleError, which says where
	}
	text, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("write the question: %w", err)
	}
	c := p.callerOf(who.Name)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer p.forget(c)
	if c.moved(p.index.Serials()) {
		c.heard, c.slots, c.known = newHeard(p.threshold), map[uint64]int{}, 0
	}
	questions, from, asked, err := p.questions.Ask(ctx, who.Name, text, c.known)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrQuestions, err)
	}
	if from < c.known { // the store has forgotten: what this process knows stays
		c.known = from
	}
	place := c.known
	c.known += len(questions)
	if asked {
		questions = questions[:len(questions)-1]
	}
	for i, earlier := range questions { // thousands, in a process that has just started
		if err := ctx.Err(); err != nil {
			c.known = place + i
			return fmt.Errorf("%w: %w", ErrQuestions, err)
		}
		p.recall(c, earlier)
	}
	c.heard.freeze(!asked)
	return answer(c)
}

// recall answers a question that was answered elsewhere, for what the answer told apart. One that cannot be answered any
// more tells nothing.
func (p *Previews) recall(c *caller, question []byte) {
	var q Question
	switch err := json.Unmarshal(question, &q); {
	case err != nil:
	case q.Parts:
		_, _ = p.explain(c, q)
	default:
		_, _ = p.answer(c, q)
	}
}

func (p *Previews) check(who fil.Caller, q Question) error {
	var faults fil.Faults
	for _, bound := range []struct {
		field   string
		n, most int
	}{{"by", len(q.By), MaxBy}, {"overlap", len(q.Overlap), MaxOverlap}, {"sample", q.Sample, MaxSample}} {
		if bound.n > bound.most {
			faults.Add(bound.field, fmt.Sprintf("ne peut dépasser %d", bound.most), fmt.Sprintf("cannot be over %d", bound.most))
		}
	}
	for _, id := range q.Overlap {
		a, ok := p.index.Audience(id)
		if !ok || who.Perimeter != "" && a.Perimeter != "" && a.Perimeter != who.Perimeter { // another's does not exist for the caller
			faults.Add("overlap", fmt.Sprintf("« %s » n'est pas une audience", id), fmt.Sprintf("%q is not an audience", id))
		}
	}
	return faults.Err()
}

func (p *Previews) callerOf(name string) *caller {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.callers[name]
	if !ok {
		c = &caller{heard: newHeard(p.threshold), slots: map[uint64]int{}}
		p.callers[name] = c
	}
	c.used = p.now()
	return c
}

// maxHeard bounds, in bytes, what is kept of what all callers were told.
const maxHeard = 512 << 20

// forget takes away what callers were told who have not asked for the longest time, until the rest is within bounds.
func (p *Previews) forget(current *caller) {
	p.mu.Lock()
	defer p.mu.Unlock()
	current.bytes = current.heard.bytes()
	for {
		sum, oldest := 0, ""
		for name, c := range p.callers {
			sum += c.bytes
			if c != current && (oldest == "" || c.used.Before(p.callers[oldest].used)) {
				oldest = name
			}
		}
		if sum <= maxHeard || oldest == "" {
			return
		}
		delete(p.callers, oldest)
	}
}

// moved says whether agents are in other segments than those of which the caller was told.
func (c *caller) moved(serials []uint64) bool {
	there := 0
	for _, serial := range serials {
		if _, ok := c.slots[serial]; ok {
			there++
		}
	}
	return there < len(c.slots)
}
