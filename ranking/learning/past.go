package learning

// When a partition's popularity must be made again from the first record while its profiles are there, the profiles are ahead
// of the records that come again: whether a read was the first cannot be seen in them. So the lane keeps in memory what
// each profile was, as far as the log has come again, until it has come to where the profiles are.
//
// Up to 256 MiB of it, then the agents met least recently begin anew: some of what they read again counts once more,
// until a rebuild.
type past struct {
	at         int64 // offset of the tally that it goes with
	young, old map[string]Stored
	bytes, max int // of the young, and when they become the old
	quiet      int // batches in a row in which nothing was ahead
}

const (
	maxPast  = 256 << 20
	longPast = 16 // quiet batches after which all profiles have been met
)

func newPast(most int) *past {
	return &past{at: -1, young: map[string]Stored{}, max: most / 2}
}

// of gives what an agent's state was.
func (p *past) of(agent string) Stored {
	if s, known := p.young[agent]; known {
		return s
	}
	return p.old[agent]
}

// put keeps what an agent's state has become.
func (p *past) put(agent string, s Stored) {
	before, known := p.young[agent]
	if !known {
		p.bytes += agentOverhead + len(agent)
		delete(p.old, agent)
	}
	p.bytes += len(s.Profile) + len(s.Identities) - len(before.Profile) - len(before.Identities)
	if p.young[agent] = s; p.bytes > p.max {
		p.old, p.young, p.bytes = p.young, map[string]Stored{}, 0
	}
}

// turn ends a batch, in which so many agents were ahead.
func (p *past) turn(offset int64, ahead int) {
	p.at = offset
	if p.quiet++; ahead > 0 {
		p.quiet = 0
	}
	if p.quiet >= longPast {
		p.young, p.old, p.bytes = map[string]Stored{}, nil, 0
	}
}
