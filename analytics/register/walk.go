package register

import (
	"context"
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// stretch is how many agents of each side are held at a time.
const stretch = 1 << 16

// Who is told of, among those that a content concerns or who acknowledged it.
const (
	stateMissing      = "missing"      // concerned now, and have not acknowledged the text in force
	stateAcknowledged = "acknowledged" // concerned now, and have
	stateFormer       = "former"       // have, and are not concerned any more, or never were
)

// sought says which agents are asked for.
type sought struct {
	state, org, part, after string
}

// found is an agent with what they did, if they did.
type found struct {
	fil.Agent

	known bool // by the directory
	line  *analytics.Acknowledgement
}

func (s sought) fits(a fil.Agent) bool {
	return fil.Under(a.Org, s.org) && (s.part == "" || strings.Contains(strings.ToLower(a.ID), s.part))
}

// walk calls each with the agents asked for, in the order of ids, until it answers false.
func (r *Register) walk(ctx context.Context, caller fil.Caller, e entry, s sought, each func(found) (more bool, err error)) error {
	s.part = strings.ToLower(s.part)
	if s.state == stateMissing {
		if !e.aimed() {
			return nil
		}
		return r.walkMissing(ctx, e, s, each)
	}
	q := r.asked(e, s.after)
	for {
		lines, err := r.Book.Acknowledged(ctx, q)
		if err != nil {
			return err //nolint:wrapcheck // it says what was attempted
		}
		for i := range lines {
			one, state := r.place(caller, e, &lines[i])
			if state != s.state || !s.fits(one.Agent) {
				continue
			}
			if more, err := each(one); err != nil || !more {
				return err
			}
		}
		if len(lines) < q.Limit {
			return nil
		}
		q.After = lines[len(lines)-1].Agent
	}
}

// walkMissing lays those aimed at and those who acknowledged beside each other, both in the order of ids.
func (r *Register) walkMissing(ctx context.Context, e entry, s sought, each func(found) (more bool, err error)) error {
	for after := s.after; ; {
		aimed := r.Directory.Aimed(e.Aim(), after, stretch)
		if len(aimed) == 0 {
			return nil
		}
		done, err := r.among(ctx, e, after, aimed[len(aimed)-1])
		if err != nil {
			return err
		}
		for _, id := range aimed {
			agent, known := r.Directory.Agent(id)
			if done[id] || !known || !s.fits(agent) {
				continue
			}
			if more, err := each(found{Agent: agent, known: true}); err != nil || !more {
				return err
			}
		}
		if len(aimed) < stretch {
			return nil
		}
		after = aimed[len(aimed)-1]
	}
}

// among gives who acknowledged, of the ids after one and up to another.
func (r *Register) among(ctx context.Context, e entry, after, last string) (map[string]bool, error) {
	done, q := map[string]bool{}, r.asked(e, after)
	for {
		lines, err := r.Book.Acknowledged(ctx, q)
		if err != nil {
			return nil, err //nolint:wrapcheck // it says what was attempted
		}
		for _, l := range lines {
			if l.Agent > last {
				return done, nil
			}
			done[l.Agent] = true
		}
		if len(lines) < q.Limit {
			return done, nil
		}
		q.After = lines[len(lines)-1].Agent
	}
}

func (r *Register) asked(e entry, after string) analytics.AcknowledgedBy {
	return analytics.AcknowledgedBy{Content: e.ID, Since: e.since(r.Now()), Horizon: r.horizon(), After: after, Limit: stretch}
}

// place says which state one who acknowledged is in for a caller; none when it is not for them to know: a key with a perimeter
// is told of agents who are in it now, and of no others, even of those who sent an acknowledgement of what is not for them.
func (r *Register) place(caller fil.Caller, e entry, line *analytics.Acknowledgement) (found, string) {
	agent, known := r.Directory.Agent(line.Agent)
	agent.ID = line.Agent
	one := found{Agent: agent, known: known, line: line}
	switch {
	case e.aimed() && known && r.Directory.In(line.Agent, e.Aim()):
		return one, stateAcknowledged
	case caller.Perimeter == "" || known && r.Directory.In(line.Agent, fil.Aim{Perimeter: caller.Perimeter}):
		return one, stateFormer
	}
	return one, ""
}

// Counts are what the register says of a content as a whole; huma passes over an embedded type that is not exported.
type Counts struct {
	Targeted     *int `json:"targeted" nullable:"true" doc:"Agents que le contenu concerne ; null s'il a été retiré / agents whom the content is for; null when it was withdrawn"`
	Acknowledged int  `json:"acknowledged" doc:"… qui ont pris connaissance du texte en vigueur / … who acknowledged the text in force"`
	Missing      *int `json:"missing" nullable:"true" doc:"… qui ne l'ont pas fait ; null s'il a été retiré / … who have not; null when it was withdrawn"`
	Former       int  `json:"former" doc:"Ont pris connaissance et ne sont plus concernés, ou ne l'étaient pas / acknowledged and are not concerned any more, or were not"`
}

// count reads who acknowledged, once.
func (r *Register) count(ctx context.Context, caller fil.Caller, e entry) (Counts, error) {
	var c Counts
	q := r.asked(e, "")
	for {
		lines, err := r.Book.Acknowledged(ctx, q)
		if err != nil {
			return c, err //nolint:wrapcheck // it says what was attempted
		}
		for i := range lines {
			switch _, state := r.place(caller, e, &lines[i]); state {
			case stateAcknowledged:
				c.Acknowledged++
			case stateFormer:
				c.Former++
			}
		}
		if len(lines) < q.Limit {
			break
		}
		q.After = lines[len(lines)-1].Agent
	}
	if e.aimed() {
		targeted, _ := r.Directory.Reach([]fil.Aim{e.Aim()}, "")
		missing := max(0, targeted-c.Acknowledged) // both change while they are counted
		c.Targeted, c.Missing = &targeted, &missing
	}
	return c, nil
}
