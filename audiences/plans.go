package audiences

import "sync"

// plans are those of rules that were counted lately, by the rules' texts: a communicator's page counts the same rules again
// and again, and compiling one takes longer than counting it in a small directory. Plans are never written, and what
// depends on the time or on dictionaries is looked up when they are evaluated.
type plans struct {
	lock   sync.Mutex
	among  *audienceSet // what they were compiled among; others start afresh
	byRule map[string]plan
}

// mostPlans are kept; one of them gives way to another.
const mostPlans = 64

func (p *plans) find(rule string, among *audienceSet) (plan, bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	found, ok := p.byRule[rule]
	return found, ok && p.among == among
}

func (p *plans) keep(rule string, among *audienceSet, made plan) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.among != among {
		p.among, p.byRule = among, map[string]plan{}
	}
	if len(p.byRule) == mostPlans {
		for other := range p.byRule {
			delete(p.byRule, other)
			break
		}
	}
	p.byRule[rule] = made
}
