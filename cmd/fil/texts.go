package main

import (
	"github.com/alecthomas/kong"

	"github.com/filengine/fil"
)

// helpTexts gives the texts of the help in a language.
func helpTexts(language string) kong.Vars {
	vars := kong.Vars{}
	for _, texts := range []map[string]fil.Bilingual{commandTexts(), flagTexts(), generateTexts(), syncTexts(), evaluateTexts(), policyTexts(), experimentTexts(), registerTexts()} {
		for name, text := range texts {
			vars[name] = text.In(language)
		}
	}
	return vars
}

// commandTexts says what the commands do.
func commandTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"description":          {FR: "Fil décide quelle communication atteint quel agent public, dans quel ordre et par quel canal, et rend compte de ce qu'elle est devenue.", EN: "Fil decides which communication reaches which civil servant, in which order and through which channel, and tells what came of it."},
		"see_help":             {FR: "Voir « fil --help » ou « fil COMMANDE --help ».", EN: "See 'fil --help' or 'fil COMMAND --help'."},
		"help_config":          {FR: "Fichier de configuration YAML ; « fil check --default » en montre un complet.", EN: "YAML configuration file; 'fil check --default' shows a whole one."},
		"help_up":              {FR: "Tout démarrer dans un seul processus, moteurs compris, à une seule adresse.", EN: "Start everything in one process, engines included, on one address."},
		"help_serve":           {FR: "Démarrer un ou plusieurs rôles (ingest, worker, delivery, analytics) sur des moteurs réels.", EN: "Start one or more roles (ingest, worker, delivery, analytics) on real engines."},
		"help_engine":          {FR: "Faire tourner un des moteurs embarqués comme un processus à part, pour le développement.", EN: "Run one of the embedded engines as a process of its own, for development."},
		"help_engine_name":     {FR: "Moteur : kafka, redis ou clickhouse.", EN: "Engine: kafka, redis or clickhouse."},
		"help_engine_password": {FR: "Mot de passe demandé par redis et clickhouse ; clickhouse en tire un s'il manque.", EN: "Password that redis and clickhouse ask for; clickhouse draws one without it."},
		"help_import":          {FR: "Importer des agents, des contenus ou des engagements depuis des fichiers CSV ou NDJSON, bruts, gzip ou zip.", EN: "Import agents, contents or engagements from CSV or NDJSON files, plain, gzip or zip."},
		"help_feed":            {FR: "Montrer le fil d'un agent et pourquoi chaque contenu y est.", EN: "Show an agent's feed and why each content is in it."},
		"help_profile":         {FR: "Montrer ce qui est connu d'un agent : préférences, goûts, actes ; avec --erase, l'effacer.", EN: "Show what is known of an agent: preferences, tastes, acts; with --erase, erase it."},
		"help_profile_erase":   {FR: "Effacer le profil : actes, préférences et ordre choisi sont oubliés, pour de bon.", EN: "Erase the profile: acts, preferences and the order chosen are forgotten, for good."},
		"help_audience":        {FR: "Travailler sur les audiences.", EN: "Work on audiences."},
		"help_preview":         {FR: "Compter les agents qu'une règle décrit, avec leur répartition ; « – » : un chiffre tu, parce qu'il isolerait trop peu d'agents.", EN: "Count the agents that a rule describes, with a breakdown; '–': a figure withheld, as it would isolate too few agents."},
		"help_explain_rule":    {FR: "Montrer comment une règle s'évalue : ses parties, dans quel ordre et en combien de temps.", EN: "Show how a rule is evaluated: its parts, in which order and how long each takes."},
		"help_why":             {FR: "Dire pourquoi un agent est, ou n'est pas, dans une audience.", EN: "Say why an agent is, or is not, in an audience."},
		"help_report":          {FR: "Montrer ce qu'un contenu est devenu ; sans contenu, la vue d'ensemble.", EN: "Show what became of a content; without content, the overview."},
		"help_keys":            {FR: "Gérer les clés d'accès.", EN: "Manage access keys."},
		"help_keys_create": {FR: "Créer une clé pour un rôle, ou un jeton pour un agent ; elle seule est écrite sur la sortie.",
			EN: "Create a key for a role, or a token for an agent; it alone is written on the output."},
		"help_keys_list":      {FR: "Lister les clés, sans leur texte, qui n'est pas gardé.", EN: "List the keys, without their text, which is not kept."},
		"help_keys_revoke":    {FR: "Révoquer une clé par son identifiant.", EN: "Revoke a key by its id."},
		"help_rejects":        {FR: "Voir et rejouer les enregistrements mis de côté.", EN: "See and replay the records that were parked."},
		"help_rejects_list":   {FR: "Lister les enregistrements mis de côté et la raison.", EN: "List the parked records and the reason."},
		"help_rejects_replay": {FR: "Remettre dans le journal les enregistrements mis de côté, une fois chacun.", EN: "Put the parked records back in the log, once each."},
		"help_rebuild": {FR: "Refaire depuis le journal, sans cesser de servir : profiles (profils et popularité), feeds (fils), facts (faits) ou register (registre des prises de connaissance).",
			EN: "Make again from the log, while serving: profiles (and popularity), feeds, facts or register (of acknowledgements)."},
		"help_rebuild_what": {FR: "Ce qui est refait : profiles, feeds, facts ou register.", EN: "What is made again: profiles, feeds, facts or register."},
		"help_rebuild_from": {FR: "Seulement ce que concernent les enregistrements à partir de cette position de chaque partition : leurs agents (profiles, feeds), leurs faits (facts).",
			EN: "Only what the records from this offset of each partition on are about: their agents (profiles, feeds), their facts (facts)."},
		"help_rebuild_memory": {FR: "Mio que peuvent prendre, dans le serveur, les profils d'une partition.", EN: "MiB that the profiles of one partition may take, in the server."},
		"help_backup": {FR: "Sauvegarder dans un fichier le dossier des données de « fil up », arrêté : journal, faits, clés et secret.",
			EN: "Back up the data folder of 'fil up', stopped, into a file: log, facts, keys and secret."},
		"help_restore":     {FR: "Restaurer une sauvegarde dans un dossier vide, tout entière ou pas du tout.", EN: "Restore a backup into an empty folder, whole or not at all."},
		"help_backup_file": {FR: "Fichier de la sauvegarde (tar compressé par gzip).", EN: "File of the backup (tar, compressed by gzip)."},
		"help_check":       {FR: "Vérifier la configuration.", EN: "Check the configuration."},
		"help_version":     {FR: "Dire la version.", EN: "Say the version."},
	}
}

// flagTexts says what flags and arguments are.
func flagTexts() map[string]fil.Bilingual {
	return map[string]fil.Bilingual{
		"help_server":      {FR: "Adresse du serveur.", EN: "Address of the server."},
		"help_key":         {FR: "Clé d'accès.", EN: "Access key."},
		"help_json":        {FR: "Écrire du JSON.", EN: "Write JSON."},
		"help_data":        {FR: "Dossier des données.", EN: "Data folder."},
		"help_listen":      {FR: "Adresse d'écoute, HÔTE:PORT.", EN: "Address to listen on, HOST:PORT."},
		"help_demo":        {FR: "Charger la démonstration : un département fictif d'environ 2 000 agents.", EN: "Load the demonstration: a made-up French département of about 2,000 agents."},
		"help_roles":       {FR: "Rôles à démarrer : ingest, worker, delivery, analytics.", EN: "Roles to start: ingest, worker, delivery, analytics."},
		"help_what":        {FR: "Ce que sont les lignes : agents, contents ou engagements.", EN: "What the rows are: agents, contents or engagements."},
		"help_files":       {FR: "Fichiers à lire.", EN: "Files to read."},
		"help_map":         {FR: "Champ tiré d'une colonne : champ=colonne,… (répétable).", EN: "Field taken from a column: field=column,… (repeatable)."},
		"help_const":       {FR: "Champ de valeur fixe : champ=valeur (répétable).", EN: "Field of fixed value: field=value (repeatable)."},
		"help_value":       {FR: "Valeur à traduire : champ:DE=VERS (répétable).", EN: "Value to translate: field:FROM=TO (repeatable)."},
		"help_refused":     {FR: "Fichier où écrire les lignes refusées et la raison.", EN: "File for the refused rows and the reason."},
		"help_agent":       {FR: "Identifiant de l'agent.", EN: "The agent's id."},
		"help_limit":       {FR: "Nombre d'éléments.", EN: "Number of items."},
		"help_order":       {FR: "Ordre : ranked ou chronological ; à défaut celui que l'agent a choisi.", EN: "Order: ranked or chronological; else the one that the agent chose."},
		"help_why":         {FR: "Expliquer une seule communication, et pourquoi elle est au-dessus de la suivante.", EN: "Explain one content only, and why it stands above the next one."},
		"help_above":       {FR: "Avec --why : la comparer à cette autre communication.", EN: "With --why: compare it with this other content."},
		"help_replay":      {FR: "Recalculer l'explication de ce fichier, donnée par --why --json, et dire si c'est la même.", EN: "Compute again the explanation of this file, given by --why --json, and say whether it is the same."},
		"help_explain":     {FR: "Montrer l'explication complète de chaque place.", EN: "Show the whole explanation of each placement."},
		"help_rule":        {FR: "Règle, comme « manager and inOrg(\"cd/dgst\") ».", EN: "Rule, such as 'manager and inOrg(\"cd/dgst\")'."},
		"help_audience_id": {FR: "Identifiant de l'audience.", EN: "The audience's id."},
		"help_by":          {FR: "Attribut de répartition.", EN: "Attribute to break down by."},
		"help_by_fields": {FR: "Attributs de répartition, ou deux croisés, comme category*status.",
			EN: "Attributes to break down by, or two crossed, such as category*status."},
		"help_overlap":  {FR: "Audiences dont dire combien d'agents elles partagent avec la règle.", EN: "Audiences of which to say how many agents they share with the rule."},
		"help_presence": {FR: "Dire combien d'agents agissent d'ordinaire à chaque heure du jour.", EN: "Say how many agents usually act at each hour of the day."},
		"help_show":     {FR: "Agents à montrer, tirés au sort ; la clé doit pouvoir en voir.", EN: "Agents to show, drawn at random; the key must be one that may see some."},
		"help_content":  {FR: "Identifiant du contenu.", EN: "The content's id."},
		"help_from":     {FR: "Début, comme 2026-01-31.", EN: "Start, such as 2026-01-31."},
		"help_to":       {FR: "Fin, ce jour compris.", EN: "End, that day included."},
		"help_every":    {FR: "Pas de temps : day, week, month, quarter ou year.", EN: "Time step: day, week, month, quarter or year."},
		"help_role":     {FR: "Rôle : ingest, communicator, leader, service, policy, agent.", EN: "Role: ingest, communicator, leader, service, policy, agent."},
		"help_perimeter": {FR: "Audience à laquelle la clé est bornée : ce qu'elle écrit, lit et compte s'y limite.",
			EN: "Audience that the key is bounded to: what it writes, reads and counts is cut to it."},
		"help_sample": {FR: "Laisser voir des agents qu'une prévisualisation compte, et des bilans exacts.", EN: "Let it see some of the agents that a preview counts, and exact reports."},
		"help_register_right": {FR: "Laisser voir le registre des prises de connaissance : qui a reconnu avoir lu, par identifiant, et qui ne l'a pas fait ; chaque accès est consigné.",
			EN: "Let it see the register of acknowledgements: who has acknowledged, by id, and who has not; each access is recorded."},
		"help_name":    {FR: "Nom pour s'y retrouver.", EN: "Name to find it again."},
		"help_life":    {FR: "Durée de vie du jeton d'un agent.", EN: "Life of an agent's token."},
		"help_id":      {FR: "Identifiant de la clé.", EN: "The key's id."},
		"help_topic":   {FR: "Sujet : fil.agents, fil.audiences, fil.contents, fil.engagements ou fil.policies.", EN: "Topic: fil.agents, fil.audiences, fil.contents, fil.engagements or fil.policies."},
		"help_reason":  {FR: "Seulement ceux dont la raison contient ce texte.", EN: "Only those whose reason contains this text."},
		"help_default": {FR: "Écrire la configuration par défaut.", EN: "Write the default configuration."},
	}
}
