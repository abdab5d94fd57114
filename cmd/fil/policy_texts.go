package main

import "github.com/filengine/fil"

// policyTexts are the texts of `fil policy`.
func policyTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"help_policy":         {FR: "Lire, comparer et publier la politique de classement.", EN: "Read, compare and publish the ranking policy."},
		"help_policy_check":   {FR: "Vérifier un fichier de politique, sans serveur, et dire sa version.", EN: "Check a policy file, without a server, and say its version."},
		"help_policy_diff":    {FR: "Comparer deux politiques, clé par clé, et dire ce que cela change.", EN: "Compare two policies, key by key, and say what it changes."},
		"help_policy_explain": {FR: "Dire les règles telles qu'elles s'appliquent ; sans argument, celles en vigueur.", EN: "State the rules as they run; without an argument, those in force."},
		"help_policy_publish": {FR: "Publier un fichier et le mettre en vigueur, ou revenir à une version ; sans --yes, dire seulement ce qui changerait (état 3).", EN: "Publish a file and put it in force, or go back to a version; without --yes, only tell what would change (status 3)."},
		"help_policy_history": {FR: "Lister les versions publiées et ce qui fut en vigueur.", EN: "List the published versions and what was in force."},
		"help_policy_tune": {FR: "Apprendre des poids du journal de l'installation, ou d'un fichier de lectures sans serveur, et proposer une politique avec son jugement sur ce qu'elle n'a pas vu.",
			EN: "Learn weights from the installation's log, or from a file of reads without a server, and propose a policy with its judgement on what it has not seen."},
		"help_policy_tune_files":   {FR: "Fichiers à lire ; sans cela, le serveur lit le journal de l'installation.", EN: "Files to read; without any, the server reads the installation's log."},
		"help_policy_tune_propose": {FR: "Publier la version apprise, sans la mettre en vigueur.", EN: "Publish the version that was learned, and do not put it in force."},
		"help_policy_tune_days":    {FR: "Du journal de l'installation, ces derniers jours.", EN: "Of the installation's log, these last days."},
		"help_policy_tune_acts":    {FR: "Actes lus du journal de l'installation, au plus, environ : au-delà, ceux d'un échantillon d'agents.", EN: "Acts read of the installation's log, at most, about: beyond, those of a sample of the agents."},
		"help_policy_tune_name":    {FR: "Nom de la politique proposée.", EN: "Name of the proposed policy."},
		"help_policy_tune_output":  {FR: "Fichier de la politique proposée.", EN: "File of the proposed policy."},
		"help_policy_show":         {FR: "Écrire le fichier d'une version ; sans argument, celui de la version en vigueur.", EN: "Write the file of a version; without an argument, that of the version in force."},
		"help_policy_file":         {FR: "Fichier de politique, en YAML.", EN: "Policy file, in YAML."},
		"help_policy_one":          {FR: "Fichier, version, « default » (celle de ce programme) ou « current » (celle en vigueur).", EN: "File, version, 'default' (this program's) or 'current' (the one in force)."},
		"help_policy_version":      {FR: "Version, comme fil-2-3f2a9c01.", EN: "Version, such as fil-2-3f2a9c01."},
		"help_policy_note":         {FR: "Pourquoi, en une phrase, gardé avec la version.", EN: "Why, in a sentence, kept with the version."},
		"help_policy_yes":          {FR: "Le faire.", EN: "Do it."},
		"help_policy_simulate": {FR: "Vivre des semaines dans des maisons inventées, sans serveur, et dire ce que coûte et rapporte la part réservée à la découverte.",
			EN: "Live weeks in made-up houses, without a server, and tell what the share reserved for discovery costs and gains."},
		"help_policy_simulate_shares": {FR: "Parts comparées ; les autres le sont à la première.", EN: "Shares that are compared; the others with the first."},
		"help_policy_simulate_houses": {FR: "Maisons tirées au sort.", EN: "Houses, drawn at random."},
		"help_policy_simulate_days":   {FR: "Jours vécus dans chacune.", EN: "Days lived in each."},
	}
}
