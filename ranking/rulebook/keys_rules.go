package rulebook

import "github.com/filengine/fil"

// signalKeys tell what each kind of act is worth.
func signalKeys() book {
	all := book{
		"dwell_minutes_at_most": {says: text("Le temps de lecture compte jusqu'à {} minutes par contenu.", "Time spent reading counts up to {} minutes a content."), off: text("Le temps de lecture ne compte pas.", "Time spent reading does not count."), subject: text("la durée de lecture comptée", "the reading time that counts")},
	}
	words := speak("fr")
	for _, kind := range fil.EngagementKinds() {
		name := words.words[string(kind)]
		per := fil.Bilingual{}
		if kind == fil.Dwell {
			per = text(" par minute", " a minute")
		}
		all["signals."+string(kind)] = key{
			says:    text("Une action « "+name.FR+" » vaut {}"+per.FR+" pour vos goûts.", "An act “"+name.EN+"” is worth {}"+per.EN+" for your tastes."),
			off:     text("Une action « "+name.FR+" » ne compte pas pour vos goûts.", "An act “"+name.EN+"” does not count for your tastes."),
			subject: text("l'action « "+name.FR+" »", "the act “"+name.EN+"”"), weighs: true,
		}
	}
	return all
}

// timeKeys tell of half-lives and of what is assumed.
func timeKeys() book {
	return book{
		"half_lives.publication_hours": {says: text("Fraîcheur : une demi-vie dure {} heures.", "Freshness: a half-life lasts {} hours."), subject: text("la fraîcheur", "freshness"), fades: true},
		"half_lives.popularity_hours":  {says: text("Popularité : une action compte moitié moins après {} heures.", "Popularity: an act counts half after {} hours."), subject: text("la popularité", "popularity"), fades: true},
		"half_lives.affinity_days":     {says: text("Goûts : une action compte moitié moins après {} jours.", "Tastes: an act counts half after {} days."), subject: text("le souvenir de vos goûts", "the memory of your tastes"), fades: true},
		"half_lives.likeness_days":     {says: text("Lecteurs qui vous ressemblent : une lecture compte moitié moins après {} jours.", "Readers like you: a read counts half after {} days."), subject: text("la ressemblance entre lecteurs", "likeness between readers"), fades: true},
		"half_lives.thread_hours":      {says: text("Dernières lectures : une lecture compte moitié moins après {} heures.", "Latest reads: a read counts half after {} hours."), subject: text("le fil de vos dernières lectures", "the thread of your latest reads"), fades: true},
		"priors.popularity":            {says: text("Il faut {} actions pour qu'un contenu gagne sa première unité de popularité.", "It takes {} acts for a content to gain its first unit of popularity."), subject: text("la prudence sur la popularité", "caution about popularity")},
		"priors.reads":                 {says: text("La première unité de lectures vient avec {} lecture{s}.", "The first unit of reads comes with {} read{s}."), subject: text("la prudence sur les lectures", "caution about reads")},
		"priors.appeal":                {says: text("{} affichages imaginaires, à la moyenne, s'ajoutent à ceux de chaque contenu.", "{} imaginary showings, at the mean, are added to those of each content."), subject: text("la prudence sur la part de ceux qui ouvrent", "caution about the share of those who open")},
		"priors.affinity":              {says: text("{} actions imaginaires sans goût s'ajoutent aux vôtres : vos goûts comptent peu à peu.", "{} imaginary acts without taste are added to yours: your tastes come to count little by little."), subject: text("la prudence sur les goûts", "caution about tastes")},
		"newcomers.acts":               {says: text("Un agent est nouveau jusqu'à {} actions : son fil suit alors surtout les habitudes de son organisation.", "An agent is new until {} acts: their feed then mostly follows the habits of their organisation."), off: text("Il n'y a pas de règle pour les nouveaux agents.", "There is no rule for new agents."), subject: text("le nombre d'actions d'un nouvel agent", "the number of acts of a new agent")},
		"newcomers.org":                {says: text("L'intérêt de l'organisation compte {} de plus pour un nouvel agent.", "The interest of the organisation counts {} more for a new agent."), off: text("L'intérêt de l'organisation ne compte pas plus pour un nouvel agent.", "The interest of the organisation counts no more for a new agent."), subject: text("l'intérêt de l'organisation pour un nouvel agent", "the interest of the organisation for a new agent"), weighs: true},
	}
}

// ruleKeys tell of the rules after the scores.
func ruleKeys() book {
	return book{
		"rules.order":             {says: text("Les règles s'appliquent dans cet ordre : {}.", "The rules are applied in this order: {}."), subject: text("l'ordre des règles", "the order of the rules")},
		"rules.mandatory_first":   {says: text("Les contenus obligatoires que vous n'avez pas acquittés sont en tête.", "Mandatory contents that you have not acknowledged come first."), off: text("Les contenus obligatoires ne sont pas mis en tête.", "Mandatory contents are not put first."), subject: text("les contenus obligatoires en tête", "mandatory contents first")},
		"rules.pinned_at_most":    {says: text("Les contenus épinglés forment un groupe, {} au plus ; au-delà, ils sont ordinaires.", "Pinned contents form a group, {} at most; beyond, they are ordinary."), off: text("Les épingles n'ont pas d'effet.", "Pins have no effect."), subject: text("le nombre d'épinglés", "the number of pinned contents")},
		"rules.seen_by":           {says: text("Un contenu que vous avez vu passe après les autres. Le font voir : {}.", "A content that you have seen goes after the others. What makes it seen: {}."), off: text("Aucune action ne fait passer un contenu après les autres.", "No act makes a content go after the others."), subject: text("les actions qui font voir", "the acts that make a content seen")},
		"rules.seen_after_shown":  {says: text("Un contenu affiché {} fois est tenu pour vu.", "A content shown {} times is taken for seen."), off: text("Un contenu affiché n'est jamais tenu pour vu.", "A content that is shown is never taken for seen."), subject: text("le nombre d'affichages qui font voir", "the number of showings that make a content seen")},
		"rules.caps_among_first":  {says: text("Les plafonds valent parmi les {} premières places.", "The caps hold among the first {} places."), off: text("Les plafonds ne valent pour aucune place.", "The caps hold for no place."), subject: text("le nombre de places plafonnées", "the number of capped places")},
		"rules.cap_per_source":    {says: text("Une source y a {} places au plus.", "A source has {} places there at most."), off: text("Une source n'y est pas plafonnée.", "A source is not capped there."), subject: text("le plafond par source", "the cap per source")},
		"rules.cap_per_topic":     {says: text("Un thème y a {} places au plus.", "A topic has {} places there at most."), off: text("Un thème n'y est pas plafonné.", "A topic is not capped there."), subject: text("le plafond par thème", "the cap per topic")},
		"rules.community_within":  {says: text("Chaque communauté que vous avez demandé à suivre a un contenu non vu au moins parmi les {} premières places, tant qu'il y en a un en cours ; les contenus obligatoires, épinglés ou tirés au sort gardent leur place, et les plafonds ne s'y opposent pas.", "Each community that you asked to follow has one unseen content at least among the first {} places, as long as one is live; mandatory, pinned and drawn contents keep their places, and the caps do not stand in the way."), off: text("Les communautés que vous suivez n'ont pas de place assurée.", "The communities that you follow have no place of their own."), subject: text("les premières places où sont les communautés suivies", "the first places where followed communities are")},
		"exploration.share":       {says: text("{} des places sont réservées à la découverte : le contenu y est tiré au sort, et l'explication le dit.", "{} of the places are reserved for discovery: the content there is drawn at random, and the explanation says so."), off: text("Aucune place n'est réservée à la découverte.", "No place is reserved for discovery."), subject: text("la part de la découverte", "the share of discovery"), share: true},
		"exploration.temperature": {says: text("Le tirage s'écarte des points avec une température de {}.", "The draw strays from the points with a temperature of {}."), subject: text("l'écart du tirage", "how far the draw strays")},
		"exploration.prior":       {says: text("Le tirage suppose {} lecture{s} de chaque contenu : moins il y en a, plus il peut surprendre.", "The draw assumes {} read{s} of each content: the fewer, the more it can surprise."), subject: text("la prudence du tirage", "the caution of the draw")},
	}
}
