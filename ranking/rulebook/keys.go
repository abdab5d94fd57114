package rulebook

import (
	"strings"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ranking"
)

// part is a section of the page: the keys that begin with one of its prefixes, in their order.
type part struct {
	title    fil.Bilingual
	prefixes []string
	byValue  bool // the largest first
}

// parts lays a policy out. The last takes what the others have not.
func parts(policy ranking.Policy) []part {
	byRule := map[ranking.Rule][]string{
		ranking.RuleMandatory: {"rules.mandatory_"}, ranking.RulePinned: {"rules.pinned_"}, ranking.RuleUnseen: {"rules.seen_by", "rules.seen_"},
		ranking.RuleCaps: {"rules.caps_", "rules.cap_"}, ranking.RuleDiscovery: {"exploration.share", "exploration."}, ranking.RuleCommunities: {"rules.community_"},
	}
	rules := []string{"rules.order"}
	for _, rule := range policy.Rules.Order {
		rules = append(rules, byRule[rule]...)
	}
	return []part{
		{text("Ce qui donne des points", "What gives points"), []string{"weights."}, true},
		{text("Les critères ajoutés par l'organisation", "The criteria that the organisation adds"), []string{"terms"}, false},
		{text("Ce que valent vos actions", "What your acts are worth"), []string{"signals.", "dwell_"}, false},
		{text("Comment le temps compte", "How time counts"), []string{"half_lives."}, false},
		{text("Ce qui est supposé tant que l'on ne sait rien", "What is assumed as long as nothing is known"), []string{"priors.", "newcomers."}, false},
		{text("Les règles appliquées après les points, dans cet ordre", "The rules applied after the points, in this order"), append(rules, "rules.", "exploration."), false},
		{text("Le groupe témoin", "The control group"), []string{"holdout."}, false},
		{text("Les bornes", "The bounds"), []string{"feed_length", "candidates", "tick_minutes", "name"}, false},
		{text("Autres réglages", "Other settings"), []string{""}, false},
	}
}

// key is what is said of one key of the policy. {} stands for its value, {s} for the plural that it takes.
type key struct {
	says    fil.Bilingual
	off     fil.Bilingual // when the value is nothing: 0, false, none
	subject fil.Bilingual // of "counts twice as much" and "fades twice as fast"; what the key is about in a comparison
	share   bool          // the value is a share of a whole
	fades   bool          // the value is a half-life
	weighs  bool          // the value is a weight
}

// book is what is said of each key, by its path; "terms.*.weight" is of every term.
type book map[string]key

func (b book) find(path string) (key, bool) {
	if k, ok := b[path]; ok {
		return k, true
	}
	if parts := strings.SplitN(path, ".", 3); len(parts) == 3 && parts[0] == "terms" {
		k, ok := b["terms.*."+parts[2]]
		return k, ok
	}
	return key{}, false
}

// says gives the sentence of a key. One that has none is given as the file has it.
func (b book) says(path string, l leaf, s speech) string {
	k, known := b.find(path)
	sentence := k.says
	if l.off() && k.off.FR != "" {
		sentence = k.off
	}
	if !known || sentence.FR == "" {
		return path + " = " + s.value(l, false)
	}
	name := ""
	if parts := strings.Split(path, "."); parts[0] == "terms" && len(parts) > 1 {
		name = parts[1]
	}
	return strings.NewReplacer("{}", s.value(l, k.share), "{s}", s.plural(l), "{name}", name).Replace(sentence.In(s.tag))
}

// weight is the key of a weight: what its points are for.
func weight(subjectFR, subjectEN, unitFR, unitEN string) key {
	return key{
		weighs: true, subject: text(subjectFR, subjectEN),
		says: text(upper(subjectFR)+" : {} point{s} "+unitFR+".", upper(subjectEN)+": {} point{s} "+unitEN+"."),
		off:  text(upper(subjectFR)+" ne compte pas.", upper(subjectEN)+" does not count."),
	}
}

func upper(s string) string {
	runes := []rune(s)
	return strings.ToUpper(string(runes[:1])) + string(runes[1:])
}

// keybook has a sentence for every key, those of each part in a function of its own.
func keybook() book {
	all := book{
		"name":             {says: text("Le nom de cette politique est {}.", "The name of this policy is {}.")},
		"feed_length":      {says: text("Un fil tient {} contenus au plus.", "A feed holds at most {} contents."), subject: text("la longueur d'un fil", "the length of a feed")},
		"candidates":       {says: text("Pour chaque agent, les {} contenus les mieux placés pour tous sont examinés de près.", "For each agent, the {} contents that rank best for everyone are looked at closely."), subject: text("le nombre de contenus examinés", "the number of contents looked at")},
		"tick_minutes":     {says: text("Le temps avance par pas de {} minutes : entre deux pas, un fil ne change pas de lui-même.", "Time moves in steps of {} minutes: between two, a feed does not change by itself."), off: text("Le temps avance sans pas.", "Time moves without steps."), subject: text("le pas du temps", "the step of time")},
		"holdout.share":    {says: text("{} des agents, tirés au sort une fois pour toutes, lisent en ordre chronologique, pour mesurer ce que le classement apporte aux autres.", "{} of the agents, drawn at random once for all, read in chronological order, to measure what ranking brings to the others."), off: text("Aucun agent n'est tenu à l'ordre chronologique pour servir de témoin.", "No agent is kept to the chronological order as a control."), share: true, subject: text("la part du groupe témoin", "the share of the control group")},
		"terms":            {says: text("Critères : {}.", "Criteria: {}."), off: text("L'organisation n'a ajouté aucun critère.", "The organisation has added no criterion.")},
		"terms.*.label.fr": {says: text("Critère « {name} », montré aux agents sous ce libellé : {}.", "Criterion “{name}”, shown to agents in French as: {}.")},
		"terms.*.label.en": {says: text("Critère « {name} », montré en anglais sous ce libellé : {}.", "Criterion “{name}”, shown to agents as: {}.")},
		"terms.*.value":    {says: text("Le critère « {name} » vaut, pour chaque contenu : {} (vrai compte 1, faux 0).", "The criterion “{name}” is worth, for each content: {} (true counts as 1, false as 0).")},
		"terms.*.weight":   {weighs: true, says: text("Le critère « {name} » : {} point{s} par unité.", "The criterion “{name}”: {} point{s} a unit."), off: text("Le critère « {name} » ne compte pas.", "The criterion “{name}” does not count."), subject: text("le critère", "the criterion")},
	}
	for _, some := range []book{weightKeys(), signalKeys(), timeKeys(), ruleKeys()} {
		for path, k := range some {
			all[path] = k
		}
	}
	return all
}

func weightKeys() book {
	taste, tasteEN := "à goût entier, et autant de moins à dégoût entier", "at full taste, and as many fewer at full distaste"
	double, doubleEN := "à chaque doublement", "each time it doubles"
	return book{
		"weights.priority":      weight("la priorité éditoriale", "editorial priority", "par degré, de -3 à 3", "a degree, from -3 to 3"),
		"weights.recency":       weight("l'âge en demi-vies", "age in half-lives", "de moins par demi-vie", "fewer per half-life"),
		"weights.age":           weight("l'âge en heures", "age in hours", "de moins "+double, "fewer "+doubleEN),
		"weights.tempo":         weight("l'âge compté en lectures de tous", "age counted in everyone's reads", "de moins "+double, "fewer "+doubleEN),
		"weights.lull":          weight("le silence depuis la dernière lecture", "the silence since the last read", "de moins "+double, "fewer "+doubleEN),
		"weights.last_read":     weight("le silence depuis la dernière lecture", "the silence since the last read", "de moins "+double, "fewer "+doubleEN),
		"weights.reads_now":     weight("le nombre de lectures en ce moment", "the number of reads at the moment", double, doubleEN),
		"weights.reads_lately":  weight("le nombre de lectures ces derniers temps", "the number of reads lately", double, doubleEN),
		"weights.reads_while":   weight("le nombre de lectures depuis quelque temps", "the number of reads for some time", double, doubleEN),
		"weights.reads_ever":    weight("le nombre de lectures depuis toujours", "the number of reads of all time", double, doubleEN),
		"weights.reads_quarter": weight("le nombre de lectures du dernier quart d'heure", "the number of reads in the last quarter of an hour", double, doubleEN),
		"weights.reads_hour":    weight("le nombre de lectures de la dernière heure", "the number of reads in the last hour", double, doubleEN),
		"weights.reads_day":     weight("le nombre de lectures du dernier jour", "the number of reads in the last day", double, doubleEN),
		"weights.endorsed":      weight("le nombre de réactions, commentaires, partages et autres signes d'intérêt du dernier jour", "the number of reactions, comments, shares and other signs of interest in the last day", double, doubleEN),
		"weights.popularity":    weight("la popularité", "popularity", "à chaque doublement des actions de tous", "each time everyone's acts double"),
		"weights.appeal":        weight("la part de ceux qui ouvrent parmi ceux qui voient", "the share of those who open among those who see", double, doubleEN),
		"weights.org":           weight("l'intérêt de votre organisation", "the interest of your organisation", double, doubleEN),
		"weights.topic":         weight("votre goût pour le thème", "your taste for the topic", taste, tasteEN),
		"weights.source":        weight("votre goût pour la source", "your taste for the source", taste, tasteEN),
		"weights.author":        weight("votre goût pour l'auteur", "your taste for the author", taste, tasteEN),
		"weights.kind":          weight("votre goût pour le type de contenu", "your taste for the kind of content", taste, tasteEN),
		"weights.community":     weight("votre goût pour la communauté", "your taste for the community", taste, tasteEN),
		"weights.readers":       weight("la ressemblance entre vous et ses lecteurs", "the likeness between you and its readers", double, doubleEN),
		"weights.company":       weight("le nombre de lecteurs qui lisent comme vous", "the number of readers who read as you do", double, doubleEN),
		"weights.thread":        weight("la proximité avec vos dernières lectures", "the closeness to your latest reads", double, doubleEN),
		"weights.beside":        weight("l'écart entre sa publication et celle de votre dernière lecture", "the time between its publication and that of what you read last", "de moins "+double, "fewer "+doubleEN),
		"weights.daytime":       weight("ce que vous lisez à cette heure-ci plus qu'à d'autres", "what you read at this time of day more than at others", "à écart entier", "at full difference"),
		"weights.text":          weight("la ressemblance du texte avec ce que vous lisez", "the likeness of the text to what you read", "à ressemblance entière", "at full likeness"),
		"weights.passed":        weight("ce que vous avez lu d'autre depuis la publication", "what else you have read since the publication", "de moins "+double, "fewer "+doubleEN),
		"weights.returned":      weight("la parution depuis votre visite précédente", "publication since your visit before", "s'il est paru depuis", "if it was published since"),
		"weights.fatigue":       weight("le nombre d'affichages sans ouverture", "the number of times shown and not opened", "de moins "+double, "fewer "+doubleEN),
		"weights.language":      weight("la langue du contenu", "the language of the content", "s'il est dans la vôtre", "if it is in yours"),
	}
}
