package ranking

import (
	"math"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/filengine/fil"
)

// uses is a set of the data that a criterion is computed from. What an explanation lists follows from it.
type uses uint32

const (
	usePublished uses = 1 << iota
	usePriority
	useTopics
	useSource
	useAuthor
	useKind
	useCommunity
	useTongues // that the content is in
	useText
	useMandatory
	usePinned
	useActs
	useWishes
	useOnThis // what the agent did with this content
	useLatest // what the agent read last
	useHours
	useVisit
	useOrg
	useLanguage // of the agent
	useReads    // everyone's, of this content
	useOrgReads
	useAllReads // everyone's, of any content
	useShown
	useEndorsed
	useAlike // reads by agents who read as this one does
	allUses  = 1<<iota - 1
)

// usesOfTerms are the data of what a policy's own terms may name.
func usesOfTerms() map[string]uses {
	return map[string]uses{
		"kind": useKind, "topics": useTopics, "source": useSource, "author": useAuthor, "community": useCommunity, "language": useTongues,
		"priority": usePriority, "age_hours": usePublished, "reads": useReads, "mandatory": useMandatory, "pinned": usePinned,
	}
}

// uses is what a term is computed from.
func (t *Term) uses() uses {
	found := &nameFinder{known: usesOfTerms()}
	node := t.program.Node()
	ast.Walk(&node, found)
	return found.uses
}

// nameFinder finds what an expression names.
type nameFinder struct {
	known map[string]uses
	uses  uses
}

// Visit looks at one node.
func (f *nameFinder) Visit(node *ast.Node) {
	if name, ok := (*node).(*ast.IdentifierNode); ok {
		f.uses |= f.known[name.Value]
	}
}

// uses is what the criteria that have a weight, and the rules that come after the score, are computed from for this agent.
func (sc *scratch) uses(b *board, table *[features]feature) uses {
	all, policy := usePublished, &b.rules.policy
	for f := range table {
		if sc.weights[f] != 0 {
			all |= table[f].uses
		}
	}
	for i := range policy.Terms {
		all |= policy.Terms[i].uses()
	}
	for use, on := range map[uses]bool{
		useMandatory: policy.Rules.MandatoryFirst, usePinned: policy.Rules.PinnedAtMost > 0, useSource: policy.Rules.CapPerSource > 0, useTopics: policy.Rules.CapPerTopic > 0,
		useCommunity | useWishes: policy.Rules.CommunityWithin > 0, useReads: policy.Exploration.Share > 0, useOnThis: true, // what was seen comes after
	} {
		if on {
			all |= use
		}
	}
	return all
}

// data lists what was used and where it comes from.
func (e *explainer) data(place int32, content *fil.Content) []fil.Datum {
	say := e.say
	data := append(make([]fil.Datum, 0, 28), fil.Datum{Name: say.audience, Value: e.audience(content), Source: say.fromDirectory})
	if content.Perimeter != "" {
		data = append(data, fil.Datum{Name: say.perimeter, Value: e.named([]string{content.Perimeter}, say.aPerimeter), Source: say.fromDirectory})
	}
	if e.sc.dismissed > 0 {
		data = append(data, fil.Datum{Name: say.hid, Value: say.count(e.sc.dismissed, say.contents), Source: say.fromAgent})
	}
	if !content.RevisedAt.IsZero() {
		data = append(data, fil.Datum{Name: say.revisedOn, Value: e.date(content.RevisedAt), Source: say.fromContent})
	}
	for use := usePublished; use < allUses; use <<= 1 {
		if e.used&use != 0 {
			data = append(data, e.datum(use, place, content))
		}
	}
	return data
}

// datum is one piece of data about a content or the agent.
func (e *explainer) datum(use uses, place int32, c *fil.Content) fil.Datum {
	if use < useActs {
		name, value := e.ofContent(use, c)
		return fil.Datum{Name: name, Value: e.orNone(value), Source: e.say.fromContent}
	}
	if use < useOrg {
		name, value := e.ofAgent(use, place)
		return fil.Datum{Name: name, Value: e.orNone(value), Source: e.say.fromAgent}
	}
	switch use {
	case useOrg:
		return fil.Datum{Name: e.in("Votre organisation", "Your organisation"), Value: e.orNone(strings.ReplaceAll(e.sc.member.Org(), "/", " › ")), Source: e.say.fromDirectory}
	case useLanguage:
		return fil.Datum{Name: e.in("Votre langue", "Your language"), Value: e.tongue(e.sc.language), Source: e.say.fromDirectory}
	}
	name, value := e.ofAll(use, place, c)
	return fil.Datum{Name: name, Value: e.orNone(value), Source: e.say.fromAll}
}

// ofContent is what communicators said of a content.
func (e *explainer) ofContent(use uses, c *fil.Content) (name, value string) {
	say := e.say
	switch use {
	case usePublished:
		return say.published, e.date(c.PublishedAt)
	case usePriority:
		return say.priorityName, map[bool]string{true: say.important, false: map[bool]string{true: say.ordinary, false: say.minor}[c.Priority == 0]}[c.Priority > 0]
	case useTopics:
		return say.topics, say.list(c.Topics)
	case useSource:
		return say.source, c.Source
	case useAuthor:
		return say.author, c.Author
	case useKind:
		return say.kindName, say.kind(c.Kind)
	case useCommunity:
		return e.in("Communauté", "Community"), c.Community
	case useTongues:
		tongues := []string{e.tongue(tongue(c.Language))}
		for _, in := range tonguesOf(c)[1:] {
			tongues = append(tongues, e.tongue(in.language))
		}
		return e.in("Écrit en", "Written in"), say.list(tongues)
	case useText:
		return e.in("Texte", "Text"), e.in("les mots du titre, du résumé et du début", "the words of the title, the summary and the beginning")
	case useMandatory:
		return e.in("À lire obligatoirement", "Must be read"), e.until(c.MandatoryUntil)
	default:
		return e.in("Épinglé", "Pinned"), e.until(c.PinnedUntil)
	}
}

// until says a date, or that there is none in force.
func (e *explainer) until(t time.Time) string {
	if !t.After(e.now) {
		return e.in("non", "no")
	}
	return e.in("jusqu'au ", "until ") + e.date(t)
}

// ofAgent is what the agent did and asked for.
func (e *explainer) ofAgent(use uses, place int32) (name, value string) {
	say, sc := e.say, e.sc
	switch use {
	case useActs:
		return say.acts, e.acts
	case useWishes:
		return e.in("Ce que vous avez demandé (plus, moins, suivre, masquer)", "What you asked for (more, less, follow, hide)"), say.count(len(sc.profile.Preferences()), say.choices)
	case useOnThis:
		return say.onThis, say.facts(sc.profile.find(e.b.key(place)))
	case useLatest:
		return e.in("Vos toutes dernières lectures", "What you read last"), say.count(min(len(sc.latest), maxShort), say.contents)
	case useHours:
		return e.in("Les heures auxquelles vous lisez", "The hours at which you read"), say.count(sc.acts, say.reads)
	default:
		if sc.visited == 0 {
			return e.in("Votre visite précédente", "Your visit before this one"), e.in("pas connue", "not known")
		}
		return e.in("Votre visite précédente", "Your visit before this one"), e.date(time.Unix(0, sc.visited))
	}
}

// ofAll is what all agents did, in numbers.
func (e *explainer) ofAll(use uses, place int32, c *fil.Content) (name, value string) {
	say := e.say
	s, _ := e.b.trends.Of(e.b.key(place))
	switch use {
	case useReads:
		return e.in("Lectures de ce contenu par l'ensemble des agents", "Reads of this content by all agents"), say.count(whole(s.Ever), say.reads)
	case useOrgReads:
		level := 0.0
		if int(place) < len(e.sc.org) {
			level = float64(e.sc.org[place])
		}
		return e.in("Ses lectures dans votre organisation", "Its reads in your organisation"), e.side(level,
			bilingual("moins qu'ailleurs", "fewer than elsewhere"), bilingual("comme ailleurs", "as elsewhere"), bilingual("plus qu'ailleurs", "more than elsewhere"))
	case useAllReads:
		return e.in("Lectures de tous les agents depuis sa parution, tous contenus confondus", "Everyone's reads of anything since it was published"),
			say.count(whole(e.b.trends.ReadsSince(nanos(c.PublishedAt))), say.reads)
	case useShown:
		return e.in("Fois où il a été affiché à des agents qui ne l'avaient pas lu", "Times that it was shown to agents who had not read it"), say.number(whole(s.Shown))
	case useEndorsed:
		return e.in("Réactions, commentaires, partages et autres signes d'intérêt du dernier jour", "Reactions, comments, shares and other signs of interest in the last day"), say.number(whole(s.Fading[3]))
	default:
		met := e.sc.along[place]
		return e.in("Lectures des agents qui lisent comme vous", "Reads of agents who read as you do"), map[bool]string{
			true: e.in("certains ont lu ce contenu", "some have read this content"), false: e.in("aucune de ce contenu", "none of this content"),
		}[met.long > 0]
	}
}

func whole(n float64) int { return int(math.Round(min(n, math.MaxInt32))) }

// orNone says that there is none of what was looked for.
func (e *explainer) orNone(value string) string {
	if value == "" {
		return e.in("rien", "none")
	}
	return value
}

// tongue names a language.
func (e *explainer) tongue(tag string) string {
	switch tag {
	case "fr":
		return e.in("français", "French")
	case "en":
		return e.in("anglais", "English")
	}
	return tag
}

func (e *explainer) in(fr, en string) string { return bilingual(fr, en).In(e.say.language()) }

func (e *explainer) audience(content *fil.Content) string {
	var matched []string
	for _, id := range content.Audiences {
		if e.sc.member.In(id) {
			matched = append(matched, id)
		}
	}
	switch {
	case len(matched) > 0:
		return e.named(matched, e.say.anAudience)
	case content.Perimeter != "":
		return e.say.everyoneWithin
	default:
		return e.say.everyone
	}
}

// Namer is a directory that knows what people call audiences.
type Namer interface {
	// NameOf gives the name of an audience, empty when it has none or is not known.
	NameOf(audience string) string
}

// named gives the names of audiences, never their ids: when none has a name, what stands for one.
func (e *explainer) named(ids []string, unnamed string) string {
	var names []string
	if namer, ok := e.r.directory.(Namer); ok {
		for _, id := range ids {
			if name := namer.NameOf(id); name != "" {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return unnamed
	}
	return e.say.list(names)
}
