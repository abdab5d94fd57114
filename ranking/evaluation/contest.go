package evaluation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNothing says that a log has no act to judge.
var ErrNothing = errors.New("nothing to judge")

// Settings say what is judged, and how much of it.
type Settings struct {
	Part     Part
	Window   *Window             // in place of that of the part
	Events   int                 // most that are judged, of agents with three reads and of others each; 0: by the log's size
	Seed     uint64              // of the sample, and of chance
	Shuffled bool                // what was shown stands in no order of importance in the log: every place was as likely to be looked at
	Now      func() time.Time    // tells the seconds that orders take
	Progress func(done, all int) // hears of judged events; may be nil
}

// Contest is a log and the orders to judge on it.
type Contest struct {
	log      *Log
	settings Settings
	entries  []*entry // factors before their products
	places   int
}

// entry is one order, its scores for the question at hand, and what came of it.
type entry struct {
	name    string
	order   Order    // nil for a product
	factors []*entry // of a product
	place   int      // in the report, from 1; 0 for what is a factor only
	scores  []float64
	spent   time.Duration

	warm, cold tally
	groups     []mean // by group
	each       []float32
	covered    []bool // by content
	novelty    mean
	diversity  mean
	reward     reward // where the log tells what was shown
}

// NewContest makes a contest without orders.
func NewContest(log *Log, s Settings) *Contest { return &Contest{log: log, settings: s} }

// Enter adds an order.
func (c *Contest) Enter(name string, o Order) {
	c.places++
	c.enter(&entry{name: name, order: o, place: c.places})
}

func (c *Contest) enter(e *entry) *entry {
	_, contents := c.log.Size()
	e.scores, e.covered, e.groups = make([]float64, contents), make([]bool, contents), make([]mean, len(c.log.groups.list))
	c.entries = append(c.entries, e)
	return e
}

// EnterBuiltIn adds built-in orders by their names. An error is a name that none has, or one given twice.
func (c *Contest) EnterBuiltIn(names ...string) error {
	for _, name := range names {
		e, err := c.find(name)
		if err != nil {
			return err
		}
		if e.place > 0 {
			return fmt.Errorf("%q is given twice", name)
		}
		c.places++
		e.place = c.places
	}
	return nil
}

// find gives the entry of a name, made with its factors if there is none yet.
func (c *Contest) find(name string) (*entry, error) {
	if i := slices.IndexFunc(c.entries, func(e *entry) bool { return e.name == name }); i >= 0 {
		return c.entries[i], nil
	}
	e := &entry{name: name}
	for _, factor := range factorsOf(name) {
		f, err := c.find(factor)
		if err != nil {
			return nil, err
		}
		e.factors = append(e.factors, f)
	}
	if e.factors == nil {
		var err error
		if e.order, err = c.log.BuiltIn(name, c.settings.Seed); err != nil {
			return nil, err
		}
	}
	return c.enter(e), nil
}

// Judge replays the log and gives what came of each order. ErrNothing is its error when no act can be judged.
func (c *Contest) Judge(ctx context.Context) (*Report, error) {
	window := c.log.Window(c.settings.Part)
	if c.settings.Window != nil {
		window = *c.settings.Window
	}
	r := &replay{Contest: c, past: newPast(c.log), window: window}
	if len(c.log.shown) > 0 {
		return r.impressions(ctx)
	}
	return r.firstReads(ctx)
}

// replay is one contest under way.
type replay struct {
	*Contest
	past   *past
	window Window

	learned    int       // acts that the orders were told of
	weights    *weighing // nil where the log does not tell what was shown
	candidates []int32
	best       []int32
	contents   []int32
	every      int // one list in so many is looked at for its diversity
	asked      int
	reachable  int // contents that were candidates of an event
}

// mostEvents bounds a judgement to some seconds an order: scores asked for, in all, events at most and at least.
func (c *Contest) mostEvents() int {
	const scores, most, least = 500_000_000, 12_000, 2_000
	if c.settings.Events > 0 {
		return c.settings.Events
	}
	if len(c.log.shown) > 0 {
		return most // candidates are few
	}
	return min(max(scores/max(1, len(c.log.contents.list)), least), most)
}

func (r *replay) firstReads(ctx context.Context) (*Report, error) {
	all := r.log.events(r.window)
	kept := sample(all, r.mostEvents(), r.settings.Seed)
	warm := countWarm(kept)
	if warm == 0 {
		return nil, fmt.Errorf("%d first reads in the part, %d of them of agents with %d earlier reads: %w", len(all), warm, warmReads, ErrNothing)
	}
	r.every = (warm + 999) / 1000
	for i, e := range kept {
		act := r.log.acts[e.place]
		before := int(e.place)
		for before > 0 && r.log.acts[before-1].At == act.At {
			before--
		}
		r.advance(act.At, before)
		var own int
		if r.candidates, own = r.past.candidates(act.Agent, act.Content, r.candidates); own < 0 {
			return nil, fmt.Errorf("content %d of a judged act is not among its candidates", act.Content)
		}
		if err := r.ask(Question{act.Agent, act.At, r.candidates}, e.cold, own); err != nil {
			return nil, err
		}
		if err := r.tick(ctx, i+1, len(kept)); err != nil {
			return nil, err
		}
	}
	report := r.report("first-reads")
	report.Judged, report.Cold = warm, len(kept)-warm
	report.Judgeable = countWarm(all)
	return report, nil
}

func countWarm(events []event) (n int) {
	for _, e := range events {
		if !e.cold {
			n++
		}
	}
	return n
}

func (r *replay) tick(ctx context.Context, done, all int) error {
	if r.settings.Progress != nil && (done%256 == 0 || done == all) {
		r.settings.Progress(done, all)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	return nil
}

// advance tells everyone what happened before a moment: contents that went live, then acts up to a place.
func (r *replay) advance(at int64, before int) {
	from := len(r.past.live)
	for to := from; to < len(r.log.byClock) && r.log.clock[r.log.byClock[to]] < at; {
		to++
		r.past.live = r.log.byClock[:to]
	}
	acts := r.log.acts[r.learned:before]
	for _, e := range r.entries {
		if e.order == nil {
			continue
		}
		start := r.settings.Now()
		for _, content := range r.past.live[from:] {
			e.order.Publish(content, r.log.clock[content])
		}
		if len(acts) > 0 {
			e.order.Learn(acts)
		}
		e.spent += r.settings.Now().Sub(start)
	}
	r.past.learn(acts)
	r.learned = before
}

// ask puts one question to every order, and measures where the places in own stand.
func (r *replay) ask(q Question, cold bool, own ...int) error {
	group := r.log.groupOf[q.Agent]
	for _, e := range r.entries {
		r.score(e, q)
	}
	if !cold {
		r.asked++
		r.reachable = max(r.reachable, len(r.past.live))
	}
	for _, e := range r.entries {
		if e.place == 0 {
			continue
		}
		g, ok := gainsOf(e.scores, own...)
		if !ok {
			return fmt.Errorf("order %s gave agent %s a score that is not a number", e.name, r.log.Agent(q.Agent))
		}
		if cold {
			e.cold.add(g)
			continue
		}
		e.warm.add(g)
		e.each = append(e.each, float32(g.ndcg))
		if group >= 0 {
			e.groups[group].add(g.ndcg)
		}
		r.look(e, q)
	}
	return nil
}

func (r *replay) score(e *entry, q Question) {
	start := r.settings.Now()
	e.scores = e.scores[:len(q.Candidates)]
	if e.order != nil {
		e.order.Scores(q, e.scores)
	}
	for i, f := range e.factors {
		for at, s := range f.scores {
			if i == 0 {
				e.scores[at] = s
			} else {
				e.scores[at] += s
			}
		}
	}
	e.spent += r.settings.Now().Sub(start)
}

// look measures what the first ten are like.
func (r *replay) look(e *entry, q Question) {
	r.best, r.contents = top(e.scores, r.best), r.contents[:0]
	for _, place := range r.best {
		r.contents = append(r.contents, q.Candidates[place])
		e.covered[q.Candidates[place]] = true
	}
	e.novelty.add(r.past.surprise(r.contents))
	if r.asked%r.every == 0 {
		if variety, ok := r.past.variety(r.contents); ok {
			e.diversity.add(variety)
		}
	}
}
