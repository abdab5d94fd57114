package ranking

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// phrases are the texts of explanations in one language. Those with verbs of fmt say what they take.
type phrases struct {
	english bool

	degree                                      map[string]string // by rule
	mandatory, pinnedBy, pinned, discovery      string            // date, source
	publishedOn                                 string            // date
	audience, everyone, published, priorityName string
	perimeter, everyoneWithin                   string
	topics, source, author, kindName            string
	anAudience, aPerimeter                      string // without a name
	important, ordinary, minor                  string
	acts, onThis, hid                           string
	contents, reads, others, choices            noun
	hours, days, months, years                  noun
	brief                                       string // less than an hour
	fromDirectory, fromContent, fromAgent       string
	fromAll                                     string
	filtered, dismissed                         string // live contents, eligible; dismissed
	sortedByScore, sortedByDate                 string
	ruleMandatory, rulePinned                   map[bool]string // whether pinned contents come first; pins
	ruleSeen                                    string
	ruleSource, ruleTopic                       string // contents above, cap, among
	ruleDiscovery, ruleCommunity                string // step; within
	ruleRevised, ruleAgain, ruleReminded        string // date
	ruleHeld                                    string
	followed, revised, revisedOn                string // community
	outcome, position, beyond                   string // ordinal, eligible; length
	kinds                                       map[string]string
	did                                         [kindBits]string
	features                                    [features]feature
	none, likeText                              string // in the place of a name; the sentence of featText without its words
	shown, once, seconds                        string // times; seconds
	means                                       [features]meaning
}

func french() phrases {
	return phrases{
		degree: map[string]string{
			string(fil.OrderChronological): "L'algorithme n'a pas contribué à l'ordre : les contenus vont du plus récent au plus ancien. Les communicants décident à qui ils s'adressent.",
			"score":                        "Les communicants décident à qui s'adresse un contenu. L'algorithme a choisi sa place dans votre fil, en additionnant ce que lui apportent les critères ci-dessous.",
			"mandatory":                    "Une règle l'a placé parmi les premiers : il est à lire obligatoirement, et vous n'en avez pas encore pris connaissance. L'algorithme a choisi seulement l'ordre des contenus obligatoires entre eux.",
			"pinned":                       "Une règle l'a placé parmi les premiers : votre organisation l'a épinglé. L'algorithme a choisi seulement l'ordre des contenus épinglés entre eux.",
			"seen":                         "Une règle l'a placé après les contenus que vous n'avez pas encore vus, car vous l'avez déjà vu. L'algorithme a choisi sa place parmi ceux que vous avez vus.",
			"discovery":                    "Une règle l'a placé ici : la place est réservée à la découverte. Un tirage au sort du jour l'a choisi, parmi des contenus que l'algorithme plaçait bien.",
			"community":                    "Une règle l'a remonté parmi les premiers, car vous suivez sa communauté. L'algorithme l'a choisi parmi les contenus de cette communauté.",
			"source":                       "L'algorithme lui donnait une place plus haute. Une règle l'a fait descendre, pour que les premiers contenus ne viennent pas tous de la même source.",
			"topic":                        "L'algorithme lui donnait une place plus haute. Une règle l'a fait descendre, pour que les premiers contenus ne soient pas tous du même thème.",
		},
		mandatory: "À lire obligatoirement avant le %s",
		pinnedBy:  "Épinglé par %s", pinned: "Épinglé par votre organisation",
		discovery:   "Proposé pour vous faire découvrir d'autres sources",
		publishedOn: "Publié le %s",
		followed:    "Vous suivez la communauté « %s »", revised: "Modifié depuis votre lecture", revisedOn: "Dernière modification de fond",
		audience: "Audience dont vous faites partie", everyone: "tous les agents", everyoneWithin: "tous les agents du périmètre",
		perimeter: "Périmètre dont vous faites partie, auquel ce contenu est limité", published: "Date de publication", priorityName: "Priorité éditoriale",
		topics: "Thèmes", source: "Source", author: "Auteur", kindName: "Type de contenu",
		anAudience: "un groupe d'agents dont vous faites partie", aPerimeter: "un périmètre dont vous faites partie",
		important: "signalé comme important", ordinary: "ordinaire", minor: "signalé comme secondaire",
		acts: "Contenus avec lesquels vous avez fait quelque chose", onThis: "Ce que vous avez fait avec ce contenu", hid: "Contenus que vous avez masqués",
		contents: noun{"contenu", "contenus"}, reads: noun{"lecture", "lectures"}, others: noun{"autre", "autres"}, choices: noun{"demande", "demandes"},
		hours: noun{"heure", "heures"}, days: noun{"jour", "jours"}, months: noun{"mois", "mois"}, years: noun{"an", "ans"}, brief: "moins d'une heure",
		fromDirectory: "annuaire des agents et règles d'audience", fromContent: "fiche du contenu, remplie par les communicants",
		fromAgent: "vos propres actions dans le fil", fromAll: "actions de l'ensemble des agents, agrégées",
		filtered:      "Filtre : %s en cours de publication, dont %s pour vous.",
		dismissed:     "Filtre : retrait des contenus que vous avez masqués (%s).",
		sortedByScore: "Rangement selon les critères ci-dessus, du plus fort au plus faible.", sortedByDate: "Tri par date de publication, du plus récent au plus ancien : ",
		ruleMandatory: map[bool]string{false: "Règle : placé en tête, car à lire obligatoirement, et vous n'en avez pas encore pris connaissance.", true: "Règle : placé après les contenus épinglés, car à lire obligatoirement, et vous n'en avez pas encore pris connaissance."},
		rulePinned:    map[bool]string{false: "Règle : placé après les contenus obligatoires, car épinglé (%d épinglés au plus).", true: "Règle : placé en tête, car épinglé (%d épinglés au plus)."},
		ruleSeen:      "Règle : placé après les contenus que vous n'avez pas encore vus.",
		ruleSource:    "Règle : déplacé sous %s, car au plus %d par source parmi les %d premiers.",
		ruleTopic:     "Règle : déplacé sous %s, car au plus %d par thème parmi les %d premiers.",
		ruleCommunity: "Règle : remonté parmi les %d premiers, car vous suivez sa communauté et aucun autre de ses contenus n'y était.",
		ruleRevised:   "Règle : compté comme non vu, car modifié sur le fond le %s, après votre lecture.",
		ruleReminded:  "Règle : rappelé le %s à ceux qui n'en ont pas pris connaissance, même s'ils l'avaient masqué.",
		ruleAgain:     "Règle : à lire de nouveau, car modifié sur le fond le %s, après que vous en avez pris connaissance.",
		ruleHeld:      "Règle : reste dans votre fil, bien que vous l'ayez masqué, tant que vous n'en avez pas pris connaissance.",
		ruleDiscovery: "Règle : tiré au sort du jour pour une place réservée à la découverte (une sur %d).",
		outcome:       "Résultat : ", position: "%s sur %d.", beyond: "au-delà des %d premiers.",
		kinds:    map[string]string{"news": "actualité", "alert": "alerte", "event": "événement", "survey": "enquête", "recognition": "reconnaissance", "document": "document"},
		did:      [kindBits]string{"", "ouvert", "lu", "", "lien suivi", "réaction", "commentaire", "partagé", "enregistré", "suivi", "masqué", "pris connaissance"},
		features: featureTable(), none: "sans", likeText: "Ressemble à ce que vous lisez",
		shown: "affiché %s fois", once: "affiché 1 fois", seconds: "%s s de lecture",
		means: meanings(),
	}
}

func english() phrases {
	return phrases{
		english: true,
		degree: map[string]string{
			string(fil.OrderChronological): "The algorithm did not contribute to the order: contents go from the newest to the oldest. Communicators decide whom they are for.",
			"score":                        "Communicators decide whom a content is for. The algorithm chose its place in your feed, by adding up what the criteria below give it.",
			"mandatory":                    "A rule placed it among the first: it must be read, and you have not acknowledged it yet. The algorithm chose only the order of mandatory contents among themselves.",
			"pinned":                       "A rule placed it among the first: your organisation pinned it. The algorithm chose only the order of pinned contents among themselves.",
			"seen":                         "A rule placed it after the contents that you have not seen yet, because you have seen it already. The algorithm chose its place among those that you have seen.",
			"discovery":                    "A rule placed it here: the place is kept for discovery. A draw of the day chose it, among contents that the algorithm placed well.",
			"community":                    "A rule raised it among the first, because you follow its community. The algorithm chose it among the contents of that community.",
			"source":                       "The algorithm gave it a higher place. A rule moved it down, so that the first contents do not all come from the same source.",
			"topic":                        "The algorithm gave it a higher place. A rule moved it down, so that the first contents are not all about the same topic.",
		},
		mandatory: "Must be read before %s",
		pinnedBy:  "Pinned by %s", pinned: "Pinned by your organisation",
		discovery:   "Suggested so that you discover other sources",
		publishedOn: "Published on %s",
		followed:    "You follow the community “%s”", revised: "Changed since you read it", revisedOn: "Last change in substance",
		audience: "Audience that you are in", everyone: "all agents", everyoneWithin: "all agents of the perimeter",
		perimeter: "Perimeter that you are in, to which this content is limited", published: "Publication date", priorityName: "Editorial priority",
		topics: "Topics", source: "Source", author: "Author", kindName: "Kind of content",
		anAudience: "a group of agents that you are in", aPerimeter: "a perimeter that you are in",
		important: "marked as important", ordinary: "ordinary", minor: "marked as less important",
		acts: "Contents that you did something with", onThis: "What you did with this content", hid: "Contents that you hid",
		contents: noun{"content", "contents"}, reads: noun{"read", "reads"}, others: noun{"other", "others"}, choices: noun{"request", "requests"},
		hours: noun{"hour", "hours"}, days: noun{"day", "days"}, months: noun{"month", "months"}, years: noun{"year", "years"}, brief: "less than an hour",
		fromDirectory: "directory of agents and audience rules", fromContent: "the content's record, filled in by communicators",
		fromAgent: "your own acts in the feed", fromAll: "acts of all agents, aggregated",
		filtered:      "Filter: %s being published, of which %s for you.",
		dismissed:     "Filter: removal of the contents that you hid (%s).",
		sortedByScore: "Sort by the criteria above, from the strongest to the weakest.", sortedByDate: "Sort by publication date, newest first: ",
		ruleMandatory: map[bool]string{false: "Rule: placed at the top, because it must be read and you have not acknowledged it yet.", true: "Rule: placed after pinned contents, because it must be read and you have not acknowledged it yet."},
		rulePinned:    map[bool]string{false: "Rule: placed after mandatory contents, because it is pinned (at most %d are).", true: "Rule: placed at the top, because it is pinned (at most %d are)."},
		ruleSeen:      "Rule: placed after the contents that you have not seen yet.",
		ruleSource:    "Rule: moved below %s, because of at most %d per source among the first %d.",
		ruleTopic:     "Rule: moved below %s, because of at most %d per topic among the first %d.",
		ruleCommunity: "Rule: raised among the first %d, because you follow its community and no other of its contents was there.",
		ruleRevised:   "Rule: counted as not seen, because it was changed in substance on %s, after you read it.",
		ruleReminded:  "Rule: recalled on %s to those who have not acknowledged it, even if they had hidden it.",
		ruleAgain:     "Rule: to be acknowledged again, because it was changed in substance on %s, after you acknowledged it.",
		ruleHeld:      "Rule: stays in your feed, although you hid it, until you have acknowledged it.",
		ruleDiscovery: "Rule: drawn today for a place reserved for discovery (one in %d).",
		outcome:       "Outcome: ", position: "%s of %d.", beyond: "beyond the first %d.",
		kinds:    map[string]string{"news": "news", "alert": "alert", "event": "event", "survey": "survey", "recognition": "recognition", "document": "document"},
		did:      [kindBits]string{"", "opened", "read", "", "link followed", "reaction", "comment", "shared", "saved", "followed", "hidden", "acknowledged"},
		features: featureTable(), none: "none", likeText: "Resembles what you read",
		shown: "shown %s times", once: "shown once", seconds: "read for %s s",
		means: meanings(),
	}
}

// language is the one of the texts.
func (p *phrases) language() string {
	if p.english {
		return "en"
	}
	return "fr"
}

// sentence is the reason that a feature can be; empty when it never is one.
func (p *phrases) sentence(f int) string { return p.features[f].sentence.In(p.language()) }

// kind names a kind of content; one that is not known names itself.
func (p *phrases) kind(kind string) string {
	if name, ok := p.kinds[kind]; ok {
		return name
	}
	return kind
}

// KindName names a kind of content in a language, French unless it is English.
func KindName(kind, language string) string {
	say := french()
	if inEnglish(language) {
		say = english()
	}
	return say.kind(kind)
}

func (p *phrases) list(names []string) string { return strings.Join(names, ", ") }

// facts says what an agent did with a content.
func (p *phrases) facts(f fact) string {
	var said []string
	if f.shown > 0 {
		said = append(said, p.shownTimes(int(f.shown)))
	}
	for kinds := f.kinds; kinds != 0; kinds &= kinds - 1 {
		if text := p.did[bits.TrailingZeros16(kinds)]; text != "" {
			said = append(said, text)
		}
	}
	if f.dwell > 0 {
		said = append(said, fmt.Sprintf(p.seconds, p.number(int(f.dwell))))
	}
	return p.list(said)
}

func (p *phrases) shownTimes(n int) string {
	if n == 1 {
		return p.once
	}
	return fmt.Sprintf(p.shown, p.number(n))
}

// date writes a day, with its year unless it is this one.
func (p *phrases) date(t time.Time, thisYear int) string {
	year, month, day := t.Date()
	text, suffix := strconv.Itoa(day)+" ", ""
	if year != thisYear {
		suffix = " " + strconv.Itoa(year)
	}
	if p.english {
		return text + month.String() + suffix
	}
	months := [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
	if day == 1 {
		text = "1er "
	}
	return text + months[month-1] + suffix
}

// ordinal writes the place of a content in a feed.
func (p *phrases) ordinal(n int) string {
	if !p.english {
		if n == 1 {
			return "1er"
		}
		return fmt.Sprintf("%de", n)
	}
	suffix := "th"
	if tens := n / 10 % 10; tens != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
