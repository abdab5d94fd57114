package ranking

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/filengine/fil"
)

// Place explains where entries of an agent's feed stand, and gives their contents, in the entries' order. Entries that
// are no longer eligible (withdrawn, expired, another audience, dismissed) are left out of both. The placements say
// what holds now: numbers and rules are those of the feed that Rank would give at this moment. Texts are in French, or
// in English if the language says so; their dates are in now's location. An agent that the directory does not know has
// no placements. The only error is a profile that cannot be read.
func (r *Ranker) Place(agent string, profile []byte, entries []fil.Entry, order fil.Order, language string, now time.Time) ([]fil.Placement, []fil.Content, error) {
	if pair := r.woven(agent, order); pair != nil {
		return r.placeWoven(pair, agent, profile, entries, language, now)
	}
	sc, b, known, err := r.build(agent, profile, order, now)
	if err != nil || !known {
		return nil, nil, err
	}
	defer r.release(sc)
	e := r.explainer(sc, b, language, now, order != sc.order)
	placements, contents := make([]fil.Placement, 0, len(entries)), make([]fil.Content, 0, len(entries))
	for _, entry := range entries {
		if placement, content, eligible := e.entry(entry); eligible {
			placements, contents = append(placements, placement), append(contents, content)
		}
	}
	return placements, contents, nil
}

// Explain is Place of one content, at the moment and in the order of a basis, and in the hold-out if that says so. It gives what the explanation
// rests on even when the content is no longer eligible: then there is no placement. False when the directory does not know the agent.
func (r *Ranker) Explain(agent string, profile []byte, content fil.ContentKey, as fil.Basis, language string) (basis fil.Basis, placement *fil.Placement, known bool, err error) {
	sc, b, known, err := r.build(agent, profile, as.Order, as.At)
	if err != nil || !known {
		return fil.Basis{}, nil, false, err
	}
	defer r.release(sc)
	e := r.explainer(sc, b, language, as.At, as.Arm == ArmHoldout)
	if one, _, eligible := e.entry(fil.Entry{Content: content}); eligible {
		placement = &one
	}
	return e.basis, placement, true, nil
}

// entry explains one entry; false when it is no longer eligible.
func (e *explainer) entry(entry fil.Entry) (placement fil.Placement, content fil.Content, eligible bool) {
	row := e.b.snap.find(entry.Content)
	if row < 0 || e.b.at[row] == 0 {
		return placement, content, false
	}
	place := e.b.at[row] - 1
	if e.sc.sets[e.b.set[place]] != 1 || e.sc.marks[place]&markDismissed != 0 {
		return placement, content, false
	}
	return e.placement(place), *e.b.content(place), true
}

// explainer puts one build into words.
type explainer struct {
	r     *Ranker
	sc    *scratch
	b     *board
	order fil.Order
	now   time.Time
	say   *phrases

	// What all placements of one call have in common.
	told, acts string // of an experiment, empty when there is none; of what they did
	filters    []string
	used       uses
	basis      fil.Basis
}

func (r *Ranker) explainer(sc *scratch, b *board, language string, now time.Time, heldOut bool) *explainer {
	order := sc.order
	e := &explainer{r: r, sc: sc, b: b, order: order, now: now, say: r.spoken(language)}
	trends, counted, habits := b.trends.Mark()
	e.basis = fil.Basis{
		Policy: b.rules.policy.Version, Profile: sc.profile.Offset(), Order: order, At: now.UTC(),
		Stamp:    hexadecimal(stamp(b.rules, b.snap.stamp, b.trends, sc.member, sc.profile, order)),
		Contents: hexadecimal(b.snap.stamp), Signals: hexadecimal(trends), Reader: hexadecimal(sc.member.Stamp()), Acts: hexadecimal(digestOfProfile(sc.profile)),
		Counted: counted, Habits: habits,
	}
	e.used = usePublished
	switch {
	case order != fil.OrderChronological:
		e.used = sc.uses(b, &e.say.features)
		if e.told = r.told(sc.arm).In(language); e.told != "" {
			e.basis.Arm = sc.arm
		}
	case heldOut:
		e.basis.Arm, e.told = ArmHoldout, ToldOfHoldout().In(language)
	}
	e.acts = e.say.count(sc.profile.Len(), e.say.contents)
	e.filters = append(e.filters, fmt.Sprintf(e.say.filtered, e.say.count(sc.live, e.say.contents), e.say.number(sc.eligible+sc.dismissed)))
	if sc.dismissed > 0 {
		e.filters = append(e.filters, fmt.Sprintf(e.say.dismissed, e.say.number(sc.dismissed)))
	}
	return e
}

// degree says how far the algorithm decided, by what gave the content its place.
func (e *explainer) degree(at placed, position int) string {
	rule := e.rule(at)
	if (rule == "source" || rule == "topic") && e.passedBy(at, position) == 0 {
		rule = "score" // the cap put nothing above it
	}
	said := e.say.degree[rule]
	if e.told != "" {
		said += " " + e.told
	}
	return said
}

func (e *explainer) placement(place int32) fil.Placement {
	position := slices.IndexFunc(e.sc.out, func(p placed) bool { return p.place == place })
	at := placed{candidate: candidate{place: place}, group: e.sc.groupOf(e.b, place), natural: -1}
	if position >= 0 {
		at = e.sc.out[position]
	}
	content := e.b.content(place)
	var parameters []fil.Parameter
	score := 0.0
	if e.order == fil.OrderChronological { // nothing is weighed
		score = halfLives(e.b.row(place).published, 24)
	} else {
		parameters = e.parameters(place)
	}
	for _, p := range parameters {
		score += p.Contribution
	}
	return fil.Placement{
		Content: content.ID, Score: score, Reasons: e.reasons(at),
		Acknowledged: e.sc.marks[place]&markAcknowledged != 0, Reminded: e.reminded(place),
		Explanation: fil.Explanation{
			Degree: e.degree(at, position), Data: e.data(place, content), Parameters: parameters, Operations: e.operations(at, position), Rule: e.rule(at), Position: position + 1, Basis: e.basis,
		},
	}
}

// rule names what gave a content its place.
func (e *explainer) rule(at placed) string {
	if e.order == fil.OrderChronological {
		return string(fil.OrderChronological)
	}
	switch at.group {
	case groupMandatory:
		return "mandatory"
	case groupPinned:
		return "pinned"
	case groupSeen:
		return "seen"
	}
	return [...]string{whyScore: "score", whySource: "source", whyTopic: "topic", whyExplore: "discovery", whyCommunity: "community"}[at.why]
}

func parameter(name, label, measure string, value, weight float64) fil.Parameter {
	return fil.Parameter{Name: name, Label: label, Measure: measure, Value: value, Weight: weight, Contribution: value * weight}
}

// date writes a day as it is in now's location.
func (e *explainer) date(t time.Time) string {
	return e.say.date(t.In(e.now.Location()), e.now.Year())
}

func (e *explainer) reasons(at placed) []string {
	hour := moment(e.now)
	note := e.b.rules.noteAt(e.b.trends, e.b.row(at.place), e.sc.note(e.b, at, e.order), e.order, hour)
	return sentences(e.b.content(at.place), note, e.say, hour)
}

// parameters are the terms of the score that this policy gives a weight, with the numbers that were used.
func (e *explainer) parameters(place int32) []fil.Parameter {
	values := &e.sc.values
	s, _ := e.b.trends.Of(e.b.key(place))
	e.b.sharedValues(e.b.rows[place], &s, values)
	e.sc.personalValues(e.b, place, values)
	parameters := make([]fil.Parameter, 0, features+len(e.b.rules.policy.Terms))
	for f, about := range e.say.features {
		if weight := e.sc.weights[f]; weight != 0 {
			parameters = append(parameters, parameter(about.name, e.means(f, place, values[f]), e.measure(f, place), values[f], weight))
		}
	}
	for i, value := range e.b.rules.policy.termValues(nil, e.b.content(place), float64(e.b.reads[place]), e.b.now()) {
		term := &e.b.rules.policy.Terms[i]
		parameters = append(parameters, parameter(term.Name, term.Label.In(e.say.language()), term.Value, value, term.Weight))
	}
	return parameters
}

// textWords is how many words in common an explanation names.
const textWords = 3

// measure says to the letter what a feature of a content counts, with the name that it is about.
func (e *explainer) measure(f int, place int32) string {
	label := e.say.features[f].label.In(e.say.language())
	if f < featTopic || f > featCommunity {
		return label
	}
	name := e.subject(f, place)
	if name == "" {
		name = e.say.none
	}
	return about(label, name)
}

func (e *explainer) name(column int, code uint32) string { return e.b.snap.names[column][code] }

func (e *explainer) nameOf(column int, place int32) string {
	return e.name(column, e.b.codes[column][place])
}

// operations are the filters and rules that were applied to this placement, in their order.
func (e *explainer) operations(at placed, position int) []string {
	say, rules := e.say, &e.b.rules.policy.Rules
	operations := append(make([]string, 0, 6), e.filters...)
	if e.order == fil.OrderChronological {
		if e.sc.marks[at.place]&markHeld != 0 {
			operations = append(operations, say.ruleHeld)
		}
		return append(operations, say.sortedByDate+e.rank(position))
	}
	operations = append(append(operations, say.sortedByScore), e.anew(at.place)...)
	switch at.group {
	case groupMandatory:
		operations = append(operations, say.ruleMandatory[e.b.rules.pinnedFirst])
	case groupPinned:
		operations = append(operations, fmt.Sprintf(say.rulePinned[e.b.rules.pinnedFirst], rules.PinnedAtMost))
	case groupSeen:
		operations = append(operations, say.ruleSeen)
	}
	if at.why == whyCommunity {
		operations = append(operations, fmt.Sprintf(say.ruleCommunity, rules.CommunityWithin))
	}
	if below := e.passedBy(at, position); below > 0 && at.why == whySource {
		operations = append(operations, fmt.Sprintf(say.ruleSource, say.count(below, say.others), rules.CapPerSource, rules.CapsAmongFirst))
	} else if below > 0 && at.why == whyTopic {
		operations = append(operations, fmt.Sprintf(say.ruleTopic, say.count(below, say.others), rules.CapPerTopic, rules.CapsAmongFirst))
	} else if at.why == whyExplore {
		operations = append(operations, fmt.Sprintf(say.ruleDiscovery, e.b.rules.step()))
	}
	return append(operations, say.outcome+e.rank(position))
}

// reminded is when the agent was last reminded of a content that they have not acknowledged.
func (e *explainer) reminded(place int32) time.Time {
	if e.sc.marks[place]&markAcknowledged != 0 {
		return time.Time{}
	}
	return e.b.row(place).reminded(e.sc.member.Org())
}

// anew says what a revision of the content undid, and a reminder.
func (e *explainer) anew(place int32) (operations []string) {
	content, mark := e.b.content(place), e.sc.marks[place]
	if mark&markHeld != 0 {
		operations = append(operations, e.say.ruleHeld)
	}
	if mark&markRevised != 0 {
		operations = append(operations, about(e.say.ruleRevised, e.date(content.RevisedAt)))
	}
	if at := e.reminded(place); !at.IsZero() {
		operations = append(operations, about(e.say.ruleReminded, e.date(at)))
	}
	if mark&markAcknowledged == 0 && e.b.group[place] == groupMandatory && e.sc.profile.find(e.b.key(place)).kinds&(1<<acknowledgeBit) != 0 {
		operations = append(operations, about(e.say.ruleAgain, e.date(content.RevisedAt)))
	}
	return operations
}

// rank says where the content stands.
func (e *explainer) rank(position int) string {
	if position < 0 {
		return fmt.Sprintf(e.say.beyond, e.b.rules.policy.FeedLength)
	}
	return fmt.Sprintf(e.say.position, e.say.ordinal(position+1), e.sc.eligible)
}

// passedBy counts the contents that stand above this one with a lower rank by score.
func (e *explainer) passedBy(at placed, position int) (n int) {
	for _, other := range e.sc.out[:max(position, 0)] {
		if other.natural > at.natural && other.why != whyCommunity {
			n++
		}
	}
	return n
}

func hexadecimal(digest uint64) string { return fmt.Sprintf("%016x", digest) }

func digestOfProfile(p Profile) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(p.packed)
	return h.Sum64()
}

// RecordsUntil is how many of the records, in their order, make the catalogue that an explanation rests on, given by
// fil.Basis.Contents; -1 when no number of them does.
func RecordsUntil(records []fil.Record, contents string) int {
	want, err := strconv.ParseUint(contents, 16, 64)
	if err != nil {
		return -1
	}
	trial := NewCatalogue()
	s := trial.current.Load().clone()
	for i, rec := range records {
		if s.stamp == want {
			return i
		}
		_, _ = trial.apply(s, rec)
	}
	if s.stamp == want {
		return len(records)
	}
	return -1
}
