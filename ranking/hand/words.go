package hand

import (
	"strings"

	"github.com/filengine/fil"
)

// words are the texts about what is known of an agent, in one language.
type words struct {
	english                 bool
	facets                  map[fil.Facet]string
	means                   map[fil.PreferenceKind]string // facet, name
	ranked, chronological   string
	chosen, notChosen       string
	withdrawn, hidden, held string
	kept                    string // days, contents, preferences
	erasure                 string
	sources                 [3]string
}

func wordsIn(language string) words {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return englishWords()
	}
	return words{
		facets: map[fil.Facet]string{fil.FacetTopic: "le thème", fil.FacetSource: "la source", fil.FacetAuthor: "l'auteur", fil.FacetKind: "le type de contenu", fil.FacetCommunity: "la communauté"},
		means: map[fil.PreferenceKind]string{
			fil.PreferMore:   "Vous voulez plus de contenus pour %s « %s » : votre goût pour eux avance de la moitié de ce qui le sépare de 1.",
			fil.PreferLess:   "Vous voulez moins de contenus pour %s « %s » : votre goût pour eux recule de la moitié de ce qui le sépare de -1.",
			fil.PreferFollow: "Vous suivez %s « %s » : votre goût pour ces contenus vaut 1, le plus fort qui soit.",
			fil.PreferHide:   "Vous masquez %s « %s » : ces contenus sont retirés de votre fil, sauf ceux dont vous devez encore prendre connaissance.",
		},
		ranked: "Votre fil est classé pour vous", chronological: "Votre fil va du plus récent au plus ancien", chosen: ", parce que vous l'avez choisi.", notChosen: ", faute de choix de votre part.",
		withdrawn: "Communication retirée", hidden: "Vous l'avez masquée : elle n'est plus dans votre fil, sauf si vous la rétablissez.",
		held:    "Vous l'avez masquée : comme elle est à lire obligatoirement, elle quittera votre fil quand vous en aurez pris connaissance, ou après sa date limite.",
		kept:    "%d jours après votre dernier acte ou votre dernier choix ; au plus %d communications et %d préférences, les plus anciennes étant oubliées d'abord.",
		sources: [3]string{"Vos actes dans le fil, tels que l'application qui vous le montre les a transmis.", "Vos choix, que vous avez faits ici ou dans cette application.", "Les fiches des communications (thèmes, source, auteur, type, communauté), remplies par les communicants."},
		erasure: "Effacer vide ce profil : vos actes, vos préférences et votre ordre sont oubliés, et le restent quand le profil est refait depuis le journal. Les adresses auxquelles d'autres programmes lisent votre fil sont fermées. " +
			"S'effacent aussi, peu après, les faits des statistiques, qui portaient votre pseudonyme. " +
			"Ne s'effacent pas : les comptes de lecture de tous les agents, qui ne disent pas de qui ils viennent ; ceux des tableaux de bord, qui comptent par groupes d'au moins vingt agents sans plus savoir lequel vous étiez ; le registre des prises de connaissance, tenu par nom, qui a sa propre durée ; " +
			"les actes du journal, qui s'effacent au bout de sa durée de conservation, et d'ici là servent aux audiences qui portent sur des comportements ; l'accusé de lecture d'un texte obligatoire est à donner de nouveau.",
	}
}

func englishWords() words {
	return words{
		english: true,
		facets:  map[fil.Facet]string{fil.FacetTopic: "the topic", fil.FacetSource: "the source", fil.FacetAuthor: "the author", fil.FacetKind: "the kind of content", fil.FacetCommunity: "the community"},
		means: map[fil.PreferenceKind]string{
			fil.PreferMore:   "You want more contents for %s “%s”: your taste for them moves half of the way that is left to 1.",
			fil.PreferLess:   "You want fewer contents for %s “%s”: your taste for them moves half of the way that is left to -1.",
			fil.PreferFollow: "You follow %s “%s”: your taste for these contents is 1, the strongest there is.",
			fil.PreferHide:   "You hide %s “%s”: these contents are left out of your feed, but for those that you must still acknowledge.",
		},
		ranked: "Your feed is ranked for you", chronological: "Your feed goes from the newest to the oldest", chosen: ", because you chose so.", notChosen: ", as you chose nothing.",
		withdrawn: "Withdrawn content", hidden: "You hid it: it is no longer in your feed, unless you bring it back.",
		held:    "You hid it: as it must be read, it will leave your feed once you have acknowledged it, or after its deadline.",
		kept:    "%d days after your last act or choice; at most %d contents and %d preferences, the oldest being forgotten first.",
		sources: [3]string{"Your acts in the feed, as the application that shows it to you sent them.", "Your choices, made here or in that application.", "The records of the contents (topics, source, author, kind, community), filled in by communicators."},
		erasure: "Erasing empties this profile: your acts, preferences and order are forgotten, and stay so when the profile is made again from the log. The addresses at which other programs read your feed are closed. " +
			"Erased too, shortly after: the facts of the statistics, which carried your pseudonym. " +
			"Not erased: the counts of what all agents read, which do not say from whom they come; those of the dashboards, which count by groups of twenty agents or more and no longer know which one you were; the register of acknowledgements, kept by name, which has a time of its own; " +
			"the acts in the log, which go when it has kept them for its time, and until then serve audiences about behaviour; a mandatory text is to be acknowledged again.",
	}
}

// order says which order a feed has.
func (w *words) order(chosen fil.Order) KnownOrder {
	k := KnownOrder{Order: fil.OrderRanked, Chosen: chosen != fil.OrderDefault, Means: w.ranked}
	if chosen == fil.OrderChronological {
		k.Order, k.Means = chosen, w.chronological
	}
	if k.Chosen {
		k.Means += w.chosen
	} else {
		k.Means += w.notChosen
	}
	return k
}
