package ranking

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/filengine/fil"
)

// maxReasons is how many sentences an agent is given on one placement; the explanation has the rest.
const maxReasons = 3

// What a note can say, six bits each, up to maxReasons of them from the lowest bits up, the weightiest first. Stores keep
// notes: a code is never given another meaning, and there is room for 63. Three depend on the moment (popular, recent,
// published), and are in no note that is kept.
const (
	notedMandatory = 1 + iota
	notedPinned
	notedDiscovery
	notedImportant
	notedTopic
	notedSource
	notedAuthor
	notedKind
	notedPopular
	notedRecent
	notedPublished
	notedCommunity
	notedReaders
	notedText
	notedOrg
	notedFollowed // a community that the agent asked to follow
	notedRevised
	notedThread
	notedReturned
	notes
)

// The bits above the codes: which of its topics the content is there for, and whether it was acknowledged.
const (
	noteCode         = 6
	noteTopic        = noteCode * maxReasons
	noteTopics       = 1 << 3 // a taste for a topic beyond them is not noted
	noteAcknowledged = 1 << (noteTopic + 3)
)

// weightOfReason is the least contribution, in log2 units, that is worth a sentence.
const weightOfReason = 0.05

// note keeps of a placement what its sentences need and time does not change: what a rule did, then what the score
// gave, the weightiest first. It allocates nothing.
func (sc *scratch) note(b *board, p placed, order fil.Order) (note fil.Note) {
	if sc.marks[p.place]&markAcknowledged != 0 {
		note = noteAcknowledged
	}
	if order == fil.OrderChronological {
		return note
	}
	gave, which := sc.gave(b, p.place)
	place := 0
	if did := noteOfRule(p); did != 0 {
		note |= did
		place++
		gave[did] = 0
	}
	if sc.marks[p.place]&markRevised != 0 {
		note |= notedRevised << (noteCode * place)
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

// gave is what each reason that a note can tell adds to the score, and the place of the topic that the taste is for.
func (sc *scratch) gave(b *board, place int32) (gave [notes]float64, which int) {
	w, values := &sc.weights, &sc.values
	sc.personalValues(b, place, values)
	topic, which := sc.topicTaste(b.topicsOf(place))
	if which >= noteTopics {
		topic, which = 0, 0
	}
	gave[notedImportant] = w[featPriority] * float64(b.row(place).priority)
	gave[notedTopic] = w[featTopic] * topic
	gave[notedSource], gave[notedAuthor], gave[notedKind] = w[featSource]*values[featSource], w[featAuthor]*values[featAuthor], w[featKind]*values[featKind]
	community := notedCommunity
	if sc.following(b.codes[columnCommunity][place]) != nil {
		community = notedFollowed
	}
	gave[community] = w[featCommunity] * values[featCommunity]
	gave[notedReaders] = w[featReaders]*values[featReaders] + w[featCompany]*values[featCompany]
	gave[notedThread], gave[notedReturned] = w[featThread]*values[featThread], w[featReturned]*values[featReturned]
	gave[notedText] = w[featText] * values[featText]
	gave[notedOrg] = w[featOrg] * values[featOrg]
	return gave, which
}

func noteOfRule(p placed) fil.Note {
	switch {
	case p.group == groupMandatory:
		return notedMandatory
	case p.group == groupPinned:
		return notedPinned
	case p.why == whyExplore:
		return notedDiscovery
	case p.why == whyCommunity:
		return notedFollowed
	}
	return 0
}

// moment is the last full hour: what time takes away it takes then, so that reasons stay the same for an hour at least while
// nothing else changes, and in every process.
func moment(now time.Time) time.Time { return now.Truncate(time.Hour) }

// noteAt completes a note with what holds at a moment: that the content is read much now, that it is recent, and its date when
// there is nothing else to say. It notes one reason at least.
func (r *ruleset) noteAt(m Trends, row *row, note fil.Note, order fil.Order, at time.Time) fil.Note {
	if order == fil.OrderChronological {
		return note&noteAcknowledged | notedPublished
	}
	place := 0
	for place < maxReasons && note>>(noteCode*place)&(1<<noteCode-1) != 0 {
		place++
	}
	add := func(code fil.Note) { note, place = note|code<<(noteCode*place), place+1 }
	if place < maxReasons && heat(m, row.key) >= weightOfReason {
		add(notedPopular)
	}
	if place < maxReasons && r.recent(row, at) {
		add(notedRecent)
	}
	if place == 0 {
		add(notedPublished)
	}
	return note
}

// heat says how much a content is read at the moment, in doublings of the share from which it is worth saying: one read in
// sixteen of the latest.
func heat(m Trends, key fil.ContentKey) float64 {
	s, known := m.Of(key)
	if !known || s.Lately < heatFrom {
		return 0
	}
	return 1 + math.Log2(s.Lately/heatFrom)
}

// heatFrom is one in sixteen of the reads that lately counts, which are 128/ln 2 in all.
const heatFrom = 11

// recent says whether a content is young beside the time in which contents lose half of their worth.
func (r *ruleset) recent(of *row, at time.Time) bool {
	age := float64(nanos(at)-of.published) / float64(time.Hour)
	return 1-age/(2*r.policy.HalfLives.PublicationHours) >= weightOfReason
}

// spoken are the phrases of a language.
func (r *Ranker) spoken(language string) *phrases {
	if inEnglish(language) {
		return &r.english
	}
	return &r.french
}

func inEnglish(language string) bool { return strings.HasPrefix(strings.ToLower(language), "en") }

// Brief gives items of a feed, in the entries' order and without anything being ranked: the contents as they are now, and
// notes of the reasons that Place would give. It can do so because the feed is checked to be, at this moment, what Rank gives
// in that order: fresh is false when it is not, and then the feed must be ranked again. Entries must be of the feed, with
// their notes; the profile may be its first 9 bytes alone. While a feed is fresh, its briefs change at full hours only.
func (r *Ranker) Brief(feed fil.Feed, profile []byte, entries []fil.Entry, order fil.Order, now time.Time) (briefs []fil.Brief, fresh bool) {
	s, m := r.catalogue.current.Load(), r.trends()
	if !r.isFresh(s, m, feed, profile, order, now) {
		return nil, false
	}
	pair := r.woven(feed.Agent, order)
	rules, _, order := r.deal(feed.Agent, order)
	org := sync.OnceValue(func() string { return r.orgOf(feed.Agent) })
	briefs, hour := make([]fil.Brief, len(entries)), moment(now)
	for i, entry := range entries {
		at := s.find(entry.Content)
		if at < 0 {
			return nil, false // not an entry of this feed
		}
		row, placed := &s.rows[at], ""
		if pair != nil {
			rules, placed = pair.by(entry.Team), pair.name(entry.Team)
		}
		var reminded time.Time
		if row.told != nil && entry.Note&noteAcknowledged == 0 {
			reminded = row.reminded(org())
		}
		briefs[i] = fil.Brief{
			Placed: placed, Reminded: reminded,
			Content: row.content, Score: float64(entry.Score), Note: rules.noteAt(m, row, entry.Note, order, hour), Acknowledged: entry.Note&noteAcknowledged != 0,
		}
	}
	return briefs, true
}

// Sentences puts the reasons of a brief about a content into words, one to three. They are a function of the content, the note
// and the language, French or English, and of the year and the location of now.
func (r *Ranker) Sentences(content *fil.Content, note fil.Note, language string, now time.Time) []string {
	return sentences(content, note, r.spoken(language), now)
}

func sentences(content *fil.Content, note fil.Note, say *phrases, now time.Time) []string {
	said := make([]string, 0, maxReasons)
	for place := range maxReasons {
		if sentence := sentenceOf(content, int(note>>(noteCode*place)&(1<<noteCode-1)), int(note>>noteTopic&(noteTopics-1)), say, now); sentence != "" {
			said = append(said, sentence)
		}
	}
	if len(said) == 0 { // noted by a newer program
		said = append(said, sentenceOf(content, notedPublished, 0, say, now))
	}
	return said
}

// sentenceOf is that of a code; empty for a code that is not known, or about a name that the content does not have.
func sentenceOf(c *fil.Content, code, topic int, say *phrases, now time.Time) string {
	if sentence := say.plain(code); sentence != "" {
		return sentence
	}
	date := func(day time.Time) string { return say.date(day.In(now.Location()), now.Year()) }
	switch code {
	case notedMandatory:
		return about(say.mandatory, date(c.MandatoryUntil))
	case notedPinned:
		if c.Source == "" {
			return say.pinned
		}
		return about(say.pinnedBy, c.Source)
	case notedTopic:
		return about(say.sentence(featTopic), topicOf(c, topic))
	case notedSource:
		return about(say.sentence(featSource), c.Source)
	case notedAuthor:
		return about(say.sentence(featAuthor), c.Author)
	case notedKind:
		return about(say.sentence(featKind), say.kind(c.Kind))
	case notedCommunity:
		return about(say.sentence(featCommunity), c.Community)
	case notedFollowed:
		return about(say.followed, c.Community)
	case notedPublished:
		return about(say.publishedOn, date(c.PublishedAt))
	}
	return ""
}

// plain is the sentence of a code that names nothing; empty for the others.
func (p *phrases) plain(code int) string {
	switch code {
	case notedDiscovery:
		return p.discovery
	case notedRevised:
		return p.revised
	case notedText:
		return p.likeText
	case notedImportant:
		return p.sentence(featPriority)
	case notedReaders:
		return p.sentence(featReaders)
	case notedThread:
		return p.sentence(featThread)
	case notedReturned:
		return p.sentence(featReturned)
	case notedOrg:
		return p.sentence(featOrg)
	case notedPopular:
		return p.sentence(featEver)
	case notedRecent:
		return p.sentence(featRecency)
	}
	return ""
}

// topicOf is one of a content's topics, as the catalogue counts them: each once, and none that is empty.
func topicOf(c *fil.Content, which int) string {
	for i, topic := range c.Topics {
		if topic == "" || slices.Contains(c.Topics[:i], topic) {
			continue
		}
		if which == 0 {
			return topic
		}
		which--
	}
	return ""
}

func about(sentence, name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(sentence, name)
}
