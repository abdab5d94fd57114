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
	degree, acts string
	filters      []string
	basis        fil.Basis
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
	e.degree = fmt.Sprintf(e.say.degreeRanked, b.rules.policy.Version)
	if told := r.told(sc.arm).In(language); told != "" {
		e.degree += " " + told
		e.basis.Arm = sc.arm
	}
	if order == fil.OrderChronological {
		e.degree = e.say.degreeChronological
		if e.basis.Arm = ""; heldOut {
			e.basis.Arm = ArmHoldout
			e.degree += " " + ToldOfHoldout().In(language)
		}
	}
	e.acts = fmt.Sprintf(e.say.actsValue, sc.profile.Len())
	e.filters = append(e.filters, fmt.Sprintf(e.say.filtered, sc.live, sc.eligible+sc.dismissed))
	if sc.dismissed > 0 {
		e.filters = append(e.filters, fmt.Sprintf(e.say.dismissed, sc.dismissed))
	}
	return e
}

func (e *explainer) placement(place int32) fil.Placement {
	position := slices.IndexFunc(e.sc.out, func(p placed) bool { return p.place == place })
	at := placed{candidate: candidate{place: place}, group: e.sc.groupOf(e.b, place), natural: -1}
	if position >= 0 {
		at = e.sc.out[position]
	}
	content := e.b.content(place)
	var parameters []fil.Parameter
	if e.order == fil.OrderChronological {
		parameters = []fil.Parameter{e.parameter("published", e.say.publishedDays, halfLives(e.b.row(place).published, 24), 1)}
	} else {
		parameters = e.parameters(place)
	}
	score := 0.0
	for _, p := range parameters {
		score += p.Contribution
	}
	return fil.Placement{
		Content: content.ID, Score: score, Reasons: e.reasons(at),
		Acknowledged: e.sc.marks[place]&markAcknowledged != 0, Reminded: e.reminded(place),
		Explanation: fil.Explanation{
			Degree: e.degree, Data: e.data(place, content), Parameters: parameters, Operations: e.operations(at, position), Rule: e.rule(at), Position: position + 1, Basis: e.basis,
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

func (e *explainer) parameter(name, label string, value, weight float64) fil.Parameter {
	return fil.Parameter{Name: name, Label: label, Value: value, Weight: weight, Contribution: value * weight}
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
			parameters = append(parameters, e.parameter(about.name, e.label(f, place), values[f], weight))
		}
	}
	for i, value := range e.b.rules.policy.termValues(nil, e.b.content(place), float64(e.b.reads[place]), e.b.now()) {
		term := &e.b.rules.policy.Terms[i]
		parameters = append(parameters, e.parameter(term.Name, term.Label.In(e.say.language()), value, term.Weight))
	}
	return parameters
}

// textWords is how many words in common an explanation names.
const textWords = 3

// label names a feature of a content, with what it is about.
func (e *explainer) label(f int, place int32) string {
	label, name := e.say.features[f].label.In(e.say.language()), ""
	switch f {
	case featTopic:
		_, which := e.sc.topicTaste(e.b.topicsOf(place))
		if topics := e.b.topicsOf(place); len(topics) > 0 {
			name = e.name(columnTopic, topics[which])
		}
	case featSource:
		name = e.nameOf(columnSource, place)
	case featAuthor:
		name = e.nameOf(columnAuthor, place)
	case featKind:
		name = e.say.kind(e.nameOf(columnKind, place))
	case featCommunity:
		name = e.nameOf(columnCommunity, place)
	case featText:
		if words := e.sc.text.shared(e.b.rows[place], textWords); len(words) > 0 {
			return label + " : " + e.say.quoted(words)
		}
		return label
	default:
		return label
	}
	if name == "" {
		name = e.say.none
	}
	return about(label, name)
}

func (e *explainer) name(column int, code uint32) string { return e.b.snap.names[column][code] }

func (e *explainer) nameOf(column int, place int32) string {
	return e.name(column, e.b.codes[column][place])
}

// data lists what was used and where it comes from.
func (e *explainer) data(place int32, content *fil.Content) []fil.Datum {
	say := e.say
	data := make([]fil.Datum, 0, 11)
	data = append(data, fil.Datum{Name: say.audience, Value: e.audience(content), Source: say.fromDirectory})
	if content.Perimeter != "" {
		data = append(data, fil.Datum{Name: say.perimeter, Value: content.Perimeter, Source: say.fromDirectory})
	}
	data = append(data, fil.Datum{Name: say.published, Value: e.date(content.PublishedAt), Source: say.fromContent})
	if !content.RevisedAt.IsZero() {
		data = append(data, fil.Datum{Name: say.revisedOn, Value: e.date(content.RevisedAt), Source: say.fromContent})
	}
	if e.order == fil.OrderChronological {
		return data
	}
	add := func(name, value, source string) {
		if value != "" {
			data = append(data, fil.Datum{Name: name, Value: value, Source: source})
		}
	}
	add(say.priorityName, fmt.Sprint(content.Priority), say.fromContent)
	add(say.topics, say.list(content.Topics), say.fromContent)
	add(say.source, content.Source, say.fromContent)
	add(say.author, content.Author, say.fromContent)
	add(say.kindName, say.kind(content.Kind), say.fromContent)
	add(say.acts, e.acts, say.fromAgent)
	if f := e.sc.profile.find(e.b.key(place)); f.kinds != 0 {
		add(say.onThis, say.facts(f), say.fromAgent)
	}
	level := say.levels[0]
	if heat := heat(e.b.trends, e.b.key(place)); heat > 2 {
		level = say.levels[2]
	} else if heat > 0 {
		level = say.levels[1]
	}
	add(say.popularityName, level, say.fromAll)
	return data
}

func (e *explainer) audience(content *fil.Content) string {
	var matched []string
	for _, id := range content.Audiences {
		if e.sc.member.In(id) {
			matched = append(matched, id)
		}
	}
	switch {
	case len(matched) > 0:
		return e.say.list(matched)
	case content.Perimeter != "":
		return e.say.everyoneWithin
	default:
		return e.say.everyone
	}
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
		operations = append(operations, fmt.Sprintf(say.ruleSource, below, rules.CapPerSource, rules.CapsAmongFirst))
	} else if below > 0 && at.why == whyTopic {
		operations = append(operations, fmt.Sprintf(say.ruleTopic, below, rules.CapPerTopic, rules.CapsAmongFirst))
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
