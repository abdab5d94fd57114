package main

import "github.com/filengine/fil"

// evaluateTexts says what `fil evaluate` does.
func evaluateTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"help_evaluate": {FR: "Juger des ordres sur un journal de lectures, sans serveur : avant chaque première lecture, chaque ordre classe ce qui était en ligne.",
			EN: "Judge orders on a log of reads, without a server: before each first read, each order ranks what was live."},
		"help_evaluate_part": {FR: "Partie jugée : validation (pour régler) ou test.", EN: "Part that is judged: validation (for tuning) or test."},
		"help_evaluate_orders": {FR: "Ordres jugés ; tous, si aucun n'est nommé : random, newest, popularity, decay, decay-1h, age, item-knn, likeness et leurs produits, comme decay-1h×age (ou decay-1h*age).",
			EN: "Orders that are judged; all, if none is named: random, newest, popularity, decay, decay-1h, age, item-knn, likeness and their products, such as decay-1h×age (or decay-1h*age)."},
		"help_evaluate_map": {FR: "Champ tiré d'une colonne : champ=colonne,… (répétable) : agent, content, kind, time, comme pour un import d'engagements, et group, groupe de l'agent, topics et published_at, du contenu.",
			EN: "Field taken from a column: field=column,… (repeatable): agent, content, kind, time, as for an import of engagements, and group, of the agent, topics and published_at, of the content."},
		"help_evaluate_format": {FR: "rows : des lignes de CSV ou de NDJSON, comme pour un import ; mind : ce qui fut affiché et ouvert, une ligne behaviors.tsv par affichage (id, agent, heure, historique, « N1-0 N2-1 »).",
			EN: "rows: rows of CSV or NDJSON, as for an import; mind: what was shown and opened, a line of behaviors.tsv for each showing (id, agent, time, history, 'N1-0 N2-1')."},
		"help_evaluate_news": {FR: "Fichier news.tsv d'un journal mind (id, catégorie, sous-catégorie, …), dont les catégories sont les thèmes des contenus.",
			EN: "File news.tsv of a mind log (id, category, subcategory, …), whose categories are the topics of contents."},
		"help_evaluate_shuffled": {FR: "Les affichages du journal ne sont pas dans l'ordre de l'écran : toute place a pu être vue autant. Sinon, la place k est supposée vue une fois sur k.",
			EN: "The showings of the log are not in the order of the screen: any place was as likely to be seen. Otherwise place k is supposed to be seen once in k."},
		"help_evaluate_events": {FR: "Lectures jugées au plus, tirées au sort ; toutes sont apprises. Sans cela, selon la taille du journal : 12 000, ou moins.",
			EN: "Reads judged at most, drawn at random; all are learned from. Without it, by the size of the log: 12,000, or fewer."},
		"help_evaluate_policy": {FR: "Politique que suivent les ordres de Fil ; celle par défaut sans cela.", EN: "Policy that Fil's own orders rank by; the default one without it."},
		"help_evaluate_ablation": {FR: "Juger plutôt l'ordre fil sans chaque famille de paramètres, puis sans chaque paramètre, le reste étant appris sans lui : « fil − ordre » est ce qu'il apporte.",
			EN: "Judge instead the order fil without each family of parameters, then without each parameter, the rest being learned without it: “fil − order” is what it adds."},
		"help_evaluate_seed": {FR: "Graine des tirages.", EN: "Seed of what is drawn."},
	}
}
