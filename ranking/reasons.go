package ranking

import (
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// maxReasons is how many sentences an agent is given on one placement; the explanation has the rest.
const maxReasons = 3

// What a note can say, four bits each, up to maxReasons of them from the lowest bits up, the weightiest first. Stores keep
// notes: a code is never given another meaning, and there is room for five more.
const (
	notedMandatory = 1 + iota
	notedPinned
	notedDiscovery
	notedImportant
	notedTopic
	notedSource
	notedAuthor
	notedKind
)

// The bits above the codes: which of its topics the content is there for, and whether it was acknowledged.
const (
	noteCode         = 4
	noteTopic        = noteCode * maxReasons
	noteTopics       = 1 << 3 // a taste for a topic beyond them is not noted
	noteAcknowledged = 1 << 15
)

// weightOfReason is the least contribution, in log2 units, that is worth a sentence.
const weightOfReason = 0.05

// note keeps of a placement what its sentences need and time does not change: what a rule did, then what the score
// gave, the weightiest first. It allocates nothing.
func (r *Ranker) note(sc *scratch, b *board, p placed, order fil.Order) (note fil.Note) {
	if sc.marks[p.place]&markAcknowledged != 0 {
		note = noteAcknowledged
	}
	if order == fil.OrderChronological {
		return note
	}
	w := &r.policy.Weights
	topic, which := sc.topicTaste(b.topicsOf(p.place))
	if which >= noteTopics {
		topic, which = 0, 0
	}
	gave := [...]float64{
		notedImportant: w.Priority * float64(b.row(p.place).priority), notedTopic: w.Topic * topic,
		notedSource: w.Source * sc.source[b.codes[columnSource][p.place]], notedAuthor: w.Author * sc.author[b.codes[columnAuthor][p.place]],
		notedKind: w.Kind * sc.kind[b.codes[columnKind][p.place]],
	}
	place := 0
	if did := noteOfRule(p); did != 0 {
		note |= did
		place++
	}
	for ; place < maxReasons; place++ {
		best := 0
		for code := range gave {
			if gave[code] >= weightOfReason && (best == 0 || gave[code] > gave[best]) {
				best = code
			}
		}
		if best == 0 {
			break
		}
		note |= fil.Note(best) << (noteCode * place)
		gave[best] = 0
	}
	return note | fil.Note(which)<<noteTopic
}

func noteOfRule(p placed) fil.Note {
	switch {
	case p.group == groupMandatory:
		return notedMandatory
	case p.group == groupPinned:
		return notedPinned
	case p.why == whyExplore:
		return notedDiscovery
	}
	return 0
}

// teller puts notes into sentences, in one language. Its moment is the last full hour, so that sentences stay the same for
// an hour at least while nothing else changes, and in every process.
type teller struct {
	policy *Policy
	snap   *snapshot
	trends *trends
	say    *phrases
	order  fil.Order
	hour   time.Time
}

func (r *Ranker) teller(s *snapshot, m *trends, order fil.Order, language string, now time.Time) teller {
	t := teller{policy: &r.policy, snap: s, trends: m, say: &r.french, order: order, hour: now.Truncate(time.Hour)}
	if strings.HasPrefix(strings.ToLower(language), "en") {
		t.say = &r.english
	}
	return t
}

// date writes a day as it is in the reader's location.
func (t *teller) date(day time.Time) string {
	return t.say.date(day.In(t.hour.Location()), t.hour.Year())
}

// append adds the sentences about a content: those that its note keeps, then those that time takes away (that it is read
// much now, that it is recent), and its date when there is nothing else to say. At least one, at most maxReasons.
func (t *teller) append(to []string, row *row, note fil.Note) []string {
	most := len(to) + maxReasons
	if t.order == fil.OrderChronological {
		return append(to, about(t.say.publishedOn, t.date(row.content.PublishedAt)))
	}
	for place := range maxReasons {
		if sentence := t.sentence(row, int(note>>(noteCode*place)&(1<<noteCode-1)), int(note>>noteTopic&(noteTopics-1))); sentence != "" {
			to = append(to, sentence)
		}
	}
	if len(to) < most && t.heat(row) >= weightOfReason {
		to = append(to, t.say.popular)
	}
	if len(to) < most && t.recent(row) {
		to = append(to, t.say.recent)
	}
	if len(to) == most-maxReasons {
		to = append(to, about(t.say.publishedOn, t.date(row.content.PublishedAt)))
	}
	return to
}

// sentence is that of a code; empty for a code that is not known, or about a name that the content does not have.
func (t *teller) sentence(row *row, code, topic int) string {
	content, names := row.content, &t.snap.names
	name := ""
	switch code {
	case notedMandatory:
		return about(t.say.mandatory, t.date(content.MandatoryUntil))
	case notedPinned:
		if content.Source == "" {
			return t.say.pinned
		}
		return about(t.say.pinnedBy, content.Source)
	case notedDiscovery:
		return t.say.discovery
	case notedImportant:
		return t.say.important
	case notedTopic:
		if topic < len(row.topics) {
			name = names[columnTopic][row.topics[topic]]
		}
		return about(t.say.oftenTopic, name)
	case notedSource:
		return about(t.say.oftenSource, content.Source)
	case notedAuthor:
		return about(t.say.oftenAuthor, content.Author)
	case notedKind:
		return about(t.say.oftenKind, t.say.kind(content.Kind))
	}
	return ""
}

// about puts a name into a sentence, as fmt.Sprintf does and several times as fast: a page has some forty.
func about(sentence, name string) string {
	if name == "" {
		return ""
	}
	before, after, _ := strings.Cut(sentence, "%s")
	return before + name + after
}

// heat is what popularity is worth now and not since the publication: over 1, the acts of the last half-lives count
// more than the prior.
func (t *teller) heat(r *row) float64 {
	current := row{key: r.key, published: max(r.published, nanos(t.hour))}
	if gain := t.trends.gain(&current, t.policy); gain >= 0.5 {
		return t.policy.Weights.Popularity * gain
	}
	return 0
}

// recent says whether a content is young beside the time in which contents lose half of their worth.
func (t *teller) recent(r *row) bool {
	age := t.hour.Sub(r.content.PublishedAt).Hours()
	return 1-age/(2*t.policy.HalfLives.PublicationHours) >= weightOfReason
}

// Brief gives items of a feed, in the entries' order and without anything being ranked: the contents as they are now, and
// the reasons that Place would give. It can do so because the feed is checked to be, at this moment, what Rank gives in
// that order: fresh is false when it is not, and then the feed must be ranked again. Entries must be of the feed, with
// their notes; the profile may be its first 9 bytes alone. While a feed is fresh, its briefs change at full hours only.
func (r *Ranker) Brief(feed fil.Feed, profile []byte, entries []fil.Entry, order fil.Order, language string, now time.Time) (briefs []fil.Brief, fresh bool) {
	s, m := r.catalogue.current.Load(), r.trends()
	if !r.isFresh(s, m, feed, profile, order, now) {
		return nil, false
	}
	t := r.teller(s, m, order, language, now)
	briefs, sentences := make([]fil.Brief, 0, len(entries)), make([]string, 0, maxReasons*len(entries))
	for _, entry := range entries {
		at := s.find(entry.Content)
		if at < 0 {
			return nil, false // not an entry of this feed
		}
		from := len(sentences)
		sentences = t.append(sentences, &s.rows[at], entry.Note)
		briefs = append(briefs, fil.Brief{
			Content: s.rows[at].content, Score: float64(entry.Score), Reasons: slices.Clip(sentences[from:]), Acknowledged: entry.Note&noteAcknowledged != 0,
		})
	}
	return briefs, true
}
