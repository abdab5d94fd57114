package ranking

import (
	"fmt"
	"time"

	"github.com/filengine/fil"
)

// holdoutSalt deals the hold-out. It never changes, or all of its readers would.
const holdoutSalt = 0x5bd1e995f1357aea

// hashOf is the FNV-1a digest of a text, without an allocation.
func hashOf(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return h
}

// unit deals a digest to a place in [0, 1): SplitMix64 over both, so that two salts deal independently.
func unit(id, salt uint64) float64 {
	return float64(Mix(Mix(id+0x9e3779b97f4a7c15)^salt)>>11) / (1 << 53)
}

// Deal sets where each arm begins, one after another, in the order given. It is done once, when an experiment begins: an
// arm that then shrinks keeps its place, and moves no reader of another.
func Deal(arms []fil.Arm) {
	from := 0.0
	for i := range arms {
		arms[i].From = from
		from += arms[i].Share
	}
}

// ArmOf labels what an agent did with the arm that they were in then: ArmHoldout, the experiment's name, a slash and the
// arm's, or "" when in none. It depends on nothing but what was put in force, so that facts made again have the same labels
// as long as the experiment is among those told of. Of an experiment that interleaves, the arm is the one that had placed the
// content, as the engagement says.
func (p *Policies) ArmOf(e fil.Engagement) string {
	force := &p.current.Load().force
	id := hashOf(e.Agent)
	if share := holdoutAt(force, e.Time); share > 0 && unit(id, holdoutSalt) < share {
		return ArmHoldout
	}
	if force.Experiment != nil && !e.Time.Before(force.Experiment.Since) {
		return armIn(force.Experiment, id, e)
	}
	for i := range force.Tried {
		if tried := &force.Tried[i]; !e.Time.Before(tried.Since) {
			if e.Time.Before(tried.Ended) {
				return armIn(tried, id, e)
			}
			return ""
		}
	}
	return ""
}

// holdoutAt is the share of the agents that were held out at a time.
func holdoutAt(force *fil.InForce, at time.Time) float64 {
	if !at.Before(force.Since) {
		return force.Holdout
	}
	for i := range force.Past {
		if !at.Before(force.Past[i].Since) {
			return force.Past[i].Holdout
		}
	}
	return 0
}

func armIn(x *fil.Experiment, id uint64, e fil.Engagement) string {
	place, dealt := unit(id, Mix(hashOf(x.Name))), false
	for _, arm := range x.Arms {
		stopped := !arm.Stopped.IsZero() && !e.Time.Before(arm.Stopped)
		if in := place >= arm.From && place < arm.From+arm.Share; in && !stopped {
			if !x.Interleave {
				return ArmLabel(x.Name, arm.Name)
			}
			dealt = true
		}
	}
	for _, arm := range x.Arms {
		if dealt && arm.Name == e.Placed {
			return ArmLabel(x.Name, arm.Name)
		}
	}
	return ""
}

// ArmLabel is how facts name an arm of an experiment.
func ArmLabel(experiment, arm string) string { return experiment + "/" + arm }

// ToldOfArm is what a reader whose policy is being compared with another is told.
func ToldOfArm(experiment, arm string) fil.Bilingual {
	return fil.Bilingual{
		FR: fmt.Sprintf("Vous êtes parmi les agents tirés au sort pour comparer des politiques de classement (expérience « %s », groupe « %s ») : ce que les agents de chaque groupe lisent sert à choisir entre elles.", experiment, arm),
		EN: fmt.Sprintf("You are among the agents drawn at random to compare ranking policies (experiment “%s”, group “%s”): what the agents of each group read serves to choose between them.", experiment, arm),
	}
}

// told is what a reader in an arm is told; nothing outside of one.
func (r *Ranker) told(arm string) fil.Bilingual {
	if r.policies == nil || arm == "" || arm == ArmHoldout {
		return fil.Bilingual{}
	}
	if e := r.policies.InForce().Experiment; e != nil {
		return ToldOfArm(e.Name, arm)
	}
	return fil.Bilingual{}
}

// pair is two policies whose lists an agent reads as one.
type pair struct {
	experiment string
	names      [2]string // of the arms
	rules      [2]*ruleset
	salt       uint64
}

// woven gives the pair that an agent reads by; nil when they read one list.
func (r *Ranker) woven(agent string, asked fil.Order) *pair {
	if r.policies == nil || asked == fil.OrderChronological {
		return nil
	}
	s := r.policies.current.Load()
	if s.force.Experiment == nil || !s.force.Experiment.Interleave || len(s.arms) != 2 {
		return nil
	}
	id := hashOf(agent)
	if s.force.Holdout > 0 && unit(id, holdoutSalt) < s.force.Holdout {
		return nil
	}
	for at, i := unit(id, s.salt), 0; i < 2; i++ {
		if at >= s.arms[i].from && at < s.arms[i].to {
			p := &pair{experiment: s.force.Experiment.Name, salt: s.salt}
			for k, arm := range s.arms {
				p.names[k], p.rules[k] = arm.name, r.rulesOf(arm.policy)
			}
			return p
		}
	}
	return nil
}

// name is what the arm numbered by an entry is called, 0 being none.
func (p *pair) name(team uint8) string {
	if team == 0 || int(team) > len(p.names) {
		return ""
	}
	return p.names[team-1]
}

// by is the policy by which an entry stands where it does; that of the first arm where both agree.
func (p *pair) by(team uint8) *ruleset { return p.rules[max(team, 1)-1] }

func (p *pair) stamp(catalogue uint64, m Trends, member Member, profile Profile) uint64 {
	return Chain(p.salt, stamp(p.rules[0], catalogue, m, member, profile, fil.OrderRanked), stamp(p.rules[1], catalogue, m, member, profile, fil.OrderRanked))
}

// weave is the two lists of one agent, and the one made of them.
type weave struct {
	*pair
	sides [2]struct {
		sc *scratch
		b  *board
	}
	out []thread
}

// thread is one content of a woven list: where it is in the list that it comes from, and whose choice it was, 0 for nobody's.
type thread struct {
	side, team uint8
	at         int
}

// weave ranks by both policies and makes one list of the two; the caller releases it. nil when the agent is not known.
func (r *Ranker) weave(p *pair, agent string, profile []byte, now time.Time) (*weave, error) {
	parsed, err := ParseProfile(profile)
	if err != nil {
		return nil, fmt.Errorf("rank a feed: %w", err)
	}
	member, known := r.directory.Member(agent)
	if !known {
		return nil, nil
	}
	w := &weave{pair: p}
	length := 0
	for i, rules := range p.rules {
		w.sides[i].sc, w.sides[i].b = r.lay(agent, member, parsed, rules, fil.OrderRanked, now)
		length = max(length, rules.policy.FeedLength)
	}
	w.draft(Chain(p.salt, seedOf(agent, now)), length)
	return w, nil
}

func (r *Ranker) unravel(w *weave) {
	for _, side := range w.sides {
		r.release(side.sc)
	}
}

func (w *weave) placed(t thread) placed { return w.sides[t.side].sc.out[t.at] }

func (w *weave) key(t thread) fil.ContentKey { return w.sides[t.side].b.key(w.placed(t).place) }

// draft makes the list by team draft: what is mandatory or pinned comes first and is nobody's choice; then each policy in its
// turn places the first content of its list that is not there yet, the one that begins a round being drawn. Once one has
// nothing left, the rest of the other is nobody's choice either. All draws follow from the seed.
//
// Source: Radlinski, Kurup and Joachims, "How does clickthrough data reflect retrieval quality?", CIKM 2008, algorithm 2.
func (w *weave) draft(seed uint64, length int) {
	taken := make(map[fil.ContentKey]bool, length)
	var next, chosen [2]int
	take := func(side int, team uint8) {
		t := thread{side: uint8(side), team: team, at: next[side]}
		next[side]++
		if key := w.key(t); !taken[key] {
			taken[key] = true
			w.out = append(w.out, t)
		}
	}
	left := func(side int) bool {
		for out := w.sides[side].sc.out; next[side] < len(out); next[side]++ {
			if !taken[w.key(thread{side: uint8(side), at: next[side]})] {
				return true
			}
		}
		return false
	}
	first := int(Mix(seed) & 1)
	for _, side := range [2]int{first, 1 - first} {
		for out := w.sides[side].sc.out; next[side] < len(out) && out[next[side]].group < groupUnseen; {
			take(side, 0)
		}
	}
	for round := uint64(1); len(w.out) < length; {
		has := [2]bool{left(0), left(1)}
		side := 0
		switch {
		case !has[0] && !has[1]:
			return
		case !has[0] || !has[1]:
			if !has[0] {
				side = 1
			}
			take(side, 0)
			continue
		case chosen[0] == chosen[1]:
			side = int(Mix(seed+round*0x9e3779b97f4a7c15) & 1)
			round++
		case chosen[1] < chosen[0]:
			side = 1
		}
		take(side, uint8(side)+1)
		chosen[side]++
	}
}

// rankWoven is Rank for an agent who reads two lists as one.
func (r *Ranker) rankWoven(p *pair, agent string, profile []byte, now time.Time) (fil.Feed, bool, error) {
	w, err := r.weave(p, agent, profile, now)
	if w == nil {
		return fil.Feed{}, false, err
	}
	defer r.unravel(w)
	one, other := w.sides[0], w.sides[1]
	feed := fil.Feed{
		Agent: agent, Policy: p.rules[0].policy.Version + "+" + p.rules[1].policy.Version,
		Stamp: p.stamp(one.b.snap.stamp, one.b.trends, one.sc.member, one.sc.profile), Built: now,
		Until:   earlier(earlier(one.b.ends(now), other.b.ends(now)), now.UTC().Truncate(24*time.Hour).Add(24*time.Hour)), // a draft is of a day
		Entries: make([]fil.Entry, len(w.out)),
	}
	if one.b.snap.stamp != other.b.snap.stamp || stampOf(one.b.trends) != stampOf(other.b.trends) {
		feed.Until = now // something changed between the two: to be ranked again
	}
	for i, t := range w.out {
		side, at := w.sides[t.side], w.placed(t)
		feed.Entries[i] = fil.Entry{Content: w.key(t), Score: float32(at.score), Note: side.sc.note(side.b, at, fil.OrderRanked), Team: t.team}
	}
	return feed, true, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// placeWoven is Place for an agent who reads two lists as one: each content is explained by the list that it comes from.
func (r *Ranker) placeWoven(p *pair, agent string, profile []byte, entries []fil.Entry, language string, now time.Time) ([]fil.Placement, []fil.Content, error) {
	w, err := r.weave(p, agent, profile, now)
	if w == nil {
		return nil, nil, err
	}
	defer r.unravel(w)
	where := make(map[fil.ContentKey]int, len(w.out))
	for i, t := range w.out {
		where[w.key(t)] = i
	}
	var by [2]*explainer
	for i, side := range w.sides {
		by[i] = r.explainer(side.sc, side.b, language, now, false)
		by[i].told = toldOfWeave(p, language)
		by[i].basis.Arm = p.names[0] + "+" + p.names[1]
	}
	placements, contents := make([]fil.Placement, 0, len(entries)), make([]fil.Content, 0, len(entries))
	for _, entry := range entries {
		t, position := thread{}, -1
		if i, in := where[entry.Content]; in {
			t, position = w.out[i], i
		}
		e := by[t.side]
		placement, content, eligible := e.entry(entry)
		if !eligible {
			continue
		}
		placement.Placed, placement.Explanation.Position = p.name(t.team), position+1
		if position >= 0 {
			operations := &placement.Explanation.Operations
			*operations = append(*operations, e.ofWeave(p, t, position))
		}
		placements, contents = append(placements, placement), append(contents, content)
	}
	return placements, contents, nil
}

// toldOfWeave is what a reader of two lists woven into one is told.
func toldOfWeave(p *pair, language string) string {
	return fil.Bilingual{
		FR: fmt.Sprintf("Vous êtes parmi les agents tirés au sort dont le fil entrelace les listes de deux politiques, « %s » (%s) et « %s » (%s), pour choisir entre elles (expérience « %s »).",
			p.names[0], p.rules[0].policy.Version, p.names[1], p.rules[1].policy.Version, p.experiment),
		EN: fmt.Sprintf("You are among the agents drawn at random whose feed interleaves the lists of two policies, “%s” (%s) and “%s” (%s), to choose between them (experiment “%s”).",
			p.names[0], p.rules[0].policy.Version, p.names[1], p.rules[1].policy.Version, p.experiment),
	}.In(language)
}

// ofWeave says how a content came from its list into the woven one.
func (e *explainer) ofWeave(p *pair, t thread, position int) string {
	place := e.say.ordinal(position + 1)
	if t.team == 0 {
		return fil.Bilingual{
			FR: fmt.Sprintf("Deux listes sont ensuite entrelacées : ce contenu n'est le choix propre d'aucune, il est %s de votre fil", place),
			EN: fmt.Sprintf("Two lists are then interleaved: this content is the choice of neither alone, it is %s in your feed", place),
		}.In(e.say.language())
	}
	return fil.Bilingual{
		FR: fmt.Sprintf("Deux listes sont ensuite entrelacées, chacune posant un contenu à son tour : la liste « %s » a posé celui-ci, %s de votre fil", p.name(t.team), place),
		EN: fmt.Sprintf("Two lists are then interleaved, each placing a content in its turn: the list “%s” placed this one, %s in your feed", p.name(t.team), place),
	}.In(e.say.language())
}
