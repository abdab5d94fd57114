package ranking

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// phrases are the texts of explanations in one language. Those with verbs of fmt say what they take.
type phrases struct {
	english bool

	degreeRanked, degreeChronological           string // policy version
	publishedDays                               string
	mandatory, pinnedBy, pinned, discovery      string // date, source
	publishedOn                                 string // date
	audience, everyone, published, priorityName string
	perimeter, everyoneWithin                   string
	topics, source, author, kindName            string
	acts, actsValue, onThis, popularityName     string // number of contents
	levels                                      [3]string
	fromDirectory, fromContent, fromAgent       string
	fromAll                                     string
	filtered, dismissed                         string // live, eligible; dismissed
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
	shown, seconds                              string
}

func french() phrases {
	return phrases{
		degreeRanked:        "Les communicants décident à qui s'adresse un contenu ; l'algorithme décide seul de son rang, selon la politique %s. Le score est la somme des contributions des paramètres.",
		degreeChronological: "L'algorithme n'a pas contribué à l'ordre : les contenus vont du plus récent au plus ancien. Les communicants décident à qui ils s'adressent.",
		publishedDays:       "Date de publication, en jours depuis le 1er janvier 2020",
		mandatory:           "À lire obligatoirement avant le %s",
		pinnedBy:            "Épinglé par %s", pinned: "Épinglé par votre organisation",
		discovery:   "Proposé pour vous faire découvrir d'autres sources",
		publishedOn: "Publié le %s",
		followed:    "Vous suivez la communauté « %s »", revised: "Modifié depuis votre lecture", revisedOn: "Dernière modification de fond",
		audience: "Audience dont vous faites partie", everyone: "tous les agents", everyoneWithin: "tous les agents du périmètre",
		perimeter: "Périmètre dont vous faites partie, auquel ce contenu est limité", published: "Date de publication", priorityName: "Priorité éditoriale",
		topics: "Thèmes", source: "Source", author: "Auteur", kindName: "Type de contenu",
		acts: "Vos actions passées", actsValue: "sur %d contenus", onThis: "Vos actions sur ce contenu", popularityName: "Popularité en ce moment",
		levels:        [3]string{"ordinaire", "élevée", "très élevée"},
		fromDirectory: "annuaire des agents et règles d'audience", fromContent: "fiche du contenu, remplie par les communicants",
		fromAgent: "vos propres actions dans le fil", fromAll: "actions de l'ensemble des agents, agrégées",
		filtered:      "Filtre : parmi %d contenus en cours de publication, %d vous sont destinés.",
		dismissed:     "Filtre : retrait des contenus que vous avez masqués (%d).",
		sortedByScore: "Tri par score décroissant.", sortedByDate: "Tri par date de publication, du plus récent au plus ancien : ",
		ruleMandatory: map[bool]string{false: "Règle : placé en tête, car obligatoire et pas encore acquitté.", true: "Règle : placé après les contenus épinglés, car obligatoire et pas encore acquitté."},
		rulePinned:    map[bool]string{false: "Règle : placé après les contenus obligatoires, car épinglé (%d épinglés au plus).", true: "Règle : placé en tête, car épinglé (%d épinglés au plus)."},
		ruleSeen:      "Règle : placé après les contenus que vous n'avez pas encore vus.",
		ruleSource:    "Règle : déplacé sous %d autres, car au plus %d par source parmi les %d premiers.",
		ruleTopic:     "Règle : déplacé sous %d autres, car au plus %d par thème parmi les %d premiers.",
		ruleCommunity: "Règle : remonté parmi les %d premiers, car vous suivez sa communauté et aucun autre de ses contenus n'y était.",
		ruleRevised:   "Règle : compté comme non vu, car modifié sur le fond le %s, après votre lecture.",
		ruleReminded:  "Règle : rappelé le %s à ceux qui n'en ont pas pris connaissance, même s'ils l'avaient masqué.",
		ruleAgain:     "Règle : à acquitter de nouveau, car modifié sur le fond le %s, après votre acquittement.",
		ruleHeld:      "Règle : reste dans votre fil, bien que vous l'ayez masqué, tant que vous n'en avez pas pris connaissance.",
		ruleDiscovery: "Règle : tiré au sort du jour pour une place réservée à la découverte (une sur %d).",
		outcome:       "Résultat : ", position: "%s sur %d.", beyond: "au-delà des %d premiers.",
		kinds:    map[string]string{"news": "actualité", "alert": "alerte", "event": "événement", "survey": "enquête", "recognition": "reconnaissance", "document": "document"},
		did:      [kindBits]string{"", "ouvert", "lu", "", "lien suivi", "réaction", "commentaire", "partagé", "enregistré", "suivi", "masqué", "acquitté"},
		features: featureTable(), none: "sans", likeText: "Ressemble à ce que vous lisez",
		shown: "affiché %d fois", seconds: "%d s de lecture",
	}
}

func english() phrases {
	return phrases{
		english:             true,
		degreeRanked:        "Communicators decide whom a content is for; the algorithm alone decides its rank, under the policy %s. The score is the sum of the parameters' contributions.",
		degreeChronological: "The algorithm did not contribute to the order: contents go from the newest to the oldest. Communicators decide whom they are for.",
		publishedDays:       "Publication date, in days since 1 January 2020",
		mandatory:           "Must be read before %s",
		pinnedBy:            "Pinned by %s", pinned: "Pinned by your organisation",
		discovery:   "Suggested so that you discover other sources",
		publishedOn: "Published on %s",
		followed:    "You follow the community “%s”", revised: "Changed since you read it", revisedOn: "Last change in substance",
		audience: "Audience that you are in", everyone: "all agents", everyoneWithin: "all agents of the perimeter",
		perimeter: "Perimeter that you are in, to which this content is limited", published: "Publication date", priorityName: "Editorial priority",
		topics: "Topics", source: "Source", author: "Author", kindName: "Kind of content",
		acts: "Your past acts", actsValue: "on %d contents", onThis: "Your acts on this content", popularityName: "Popularity at the moment",
		levels:        [3]string{"ordinary", "high", "very high"},
		fromDirectory: "directory of agents and audience rules", fromContent: "the content's record, filled in by communicators",
		fromAgent: "your own acts in the feed", fromAll: "acts of all agents, aggregated",
		filtered:      "Filter: of %d contents being published, %d are for you.",
		dismissed:     "Filter: removal of the contents that you dismissed (%d).",
		sortedByScore: "Sort by descending score.", sortedByDate: "Sort by publication date, newest first: ",
		ruleMandatory: map[bool]string{false: "Rule: placed at the top, because it is mandatory and not acknowledged yet.", true: "Rule: placed after pinned contents, because it is mandatory and not acknowledged yet."},
		rulePinned:    map[bool]string{false: "Rule: placed after mandatory contents, because it is pinned (at most %d are).", true: "Rule: placed at the top, because it is pinned (at most %d are)."},
		ruleSeen:      "Rule: placed after the contents that you have not seen yet.",
		ruleSource:    "Rule: moved below %d others, because of at most %d per source among the first %d.",
		ruleTopic:     "Rule: moved below %d others, because of at most %d per topic among the first %d.",
		ruleCommunity: "Rule: raised among the first %d, because you follow its community and no other of its contents was there.",
		ruleRevised:   "Rule: counted as not seen, because it was changed in substance on %s, after you read it.",
		ruleReminded:  "Rule: recalled on %s to those who have not acknowledged it, even if they had hidden it.",
		ruleAgain:     "Rule: to be acknowledged again, because it was changed in substance on %s, after you acknowledged it.",
		ruleHeld:      "Rule: stays in your feed, although you hid it, until you have acknowledged it.",
		ruleDiscovery: "Rule: drawn today for a place reserved for discovery (one in %d).",
		outcome:       "Outcome: ", position: "%s of %d.", beyond: "beyond the first %d.",
		kinds:    map[string]string{"news": "news", "alert": "alert", "event": "event", "survey": "survey", "recognition": "recognition", "document": "document"},
		did:      [kindBits]string{"", "opened", "read", "", "link followed", "reaction", "comment", "shared", "saved", "followed", "dismissed", "acknowledged"},
		features: featureTable(), none: "none", likeText: "Resembles what you read",
		shown: "shown %d times", seconds: "read for %d s",
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
		said = append(said, fmt.Sprintf(p.shown, f.shown))
	}
	for kinds := f.kinds; kinds != 0; kinds &= kinds - 1 {
		if text := p.did[bits.TrailingZeros16(kinds)]; text != "" {
			said = append(said, text)
		}
	}
	if f.dwell > 0 {
		said = append(said, fmt.Sprintf(p.seconds, f.dwell))
	}
	return p.list(said)
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
