package ranking

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// maxReasons is how many sentences an agent is given on one placement; the explanation has the rest.
const maxReasons = 3

// What a note can say, four bits each, up to maxReasons of them from the lowest bits up, the weightiest first. Stores keep
// notes: a code is never given another meaning, and there is room for four more. The last three depend on the moment, and are
// in no note that is kept.
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
	gave := [notedKind + 1]float64{
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

// moment is the last full hour: what time takes away it takes then, so that reasons stay the same for an hour at least while
// nothing else changes, and in every process.
func moment(now time.Time) time.Time { return now.Truncate(time.Hour) }

// noteAt completes a note with what holds at a moment: that the content is read much now, that it is recent, and its date when
// there is nothing else to say. It notes one reason at least.
func (r *Ranker) noteAt(m *trends, row *row, note fil.Note, order fil.Order, at time.Time) fil.Note {
	if order == fil.OrderChronological {
		return note&noteAcknowledged | notedPublished
	}
	place := 0
	for place < maxReasons && note>>(noteCode*place)&(1<<noteCode-1) != 0 {
		place++
	}
	add := func(code fil.Note) { note, place = note|code<<(noteCode*place), place+1 }
	if place < maxReasons && r.heat(m, row, at) >= weightOfReason {
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

// heat is what popularity is worth now and not since the publication: over 1, the acts of the last half-lives count
// more than the prior.
func (r *Ranker) heat(m *trends, of *row, at time.Time) float64 {
	current := row{key: of.key, published: max(of.published, nanos(at))}
	if gain := m.gain(&current, &r.policy); gain >= 0.5 {
		return r.policy.Weights.Popularity * gain
	}
	return 0
}

// recent says whether a content is young beside the time in which contents lose half of their worth.
func (r *Ranker) recent(of *row, at time.Time) bool {
	age := float64(nanos(at)-of.published) / float64(time.Hour)
	return 1-age/(2*r.policy.HalfLives.PublicationHours) >= weightOfReason
}

// spoken are the phrases of a language.
func (r *Ranker) spoken(language string) *phrases {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return &r.english
	}
	return &r.french
}

// Brief gives items of a feed, in the entries' order and without anything being ranked: the contents as they are now, and
// notes of the reasons that Place would give. It can do so because the feed is checked to be, at this moment, what Rank gives
// in that order: fresh is false when it is not, and then the feed must be ranked again. Entries must be of the feed, with
// their notes; the profile may be its first 9 bytes alone. While a feed is fresh, its briefs change at full hours only.
func (r *Ranker) Brief(feed fil.Feed, profile []byte, entries []fil.Entry, order fil.Order, now time.Time) (briefs []fil.Brief, fresh bool) {
	s, m := r.catalogue.current.Load(), r.trends()
	if !r.isFresh(s, m, feed, profile, order, now) {
		return nil, false
	}
	briefs, hour := make([]fil.Brief, len(entries)), moment(now)
	for i, entry := range entries {
		at := s.find(entry.Content)
		if at < 0 {
			return nil, false // not an entry of this feed
		}
		row := &s.rows[at]
		briefs[i] = fil.Brief{
			Content: row.content, Score: float64(entry.Score), Note: r.noteAt(m, row, entry.Note, order, hour), Acknowledged: entry.Note&noteAcknowledged != 0,
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
	date := func(day time.Time) string { return say.date(day.In(now.Location()), now.Year()) }
	switch code {
	case notedMandatory:
		return about(say.mandatory, date(c.MandatoryUntil))
	case notedPinned:
		if c.Source == "" {
			return say.pinned
		}
		return about(say.pinnedBy, c.Source)
	case notedDiscovery:
		return say.discovery
	case notedImportant:
		return say.important
	case notedTopic:
		return about(say.oftenTopic, topicOf(c, topic))
	case notedSource:
		return about(say.oftenSource, c.Source)
	case notedAuthor:
		return about(say.oftenAuthor, c.Author)
	case notedKind:
		return about(say.oftenKind, say.kind(c.Kind))
	case notedPopular:
		return say.popular
	case notedRecent:
		return say.recent
	case notedPublished:
		return about(say.publishedOn, date(c.PublishedAt))
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
