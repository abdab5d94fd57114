// The words of the console's contents, calendar and approvals.

import { lexicon } from "../words/spoken";

const fr = {
  contents: "Communications", calendar: "Calendrier", approvals: "À approuver", newOne: "Nouvelle communication",
  states: "État", all: "Toutes", live: "En ligne", planned: "Programmée", draft: "Brouillon", submitted: "À approuver", expired: "Terminée", withdrawn: "Retirée", discarded: "Abandonnée", published: "Publiée", ended: "Terminées",
  livePlural: "En ligne", plannedPlural: "Programmées", draftPlural: "Brouillons", submittedPlural: "À approuver",
  alsoDraft: "Brouillon en cours", alsoSubmitted: "Nouvelle version à approuver",
  search: "Chercher", searchHint: "Titre, source ou thème",
  none: "Aucune communication ici.", noneFound: "Aucune communication ne contient « {text} ».", noneYet: "Rien n'est encore écrit. Commencez par une nouvelle communication.",
  showMore: "Afficher la suite ({n})", found: "{n} communications", foundOne: "1 communication",
  everyone: "tous les agents", to: "pour {who}", andMore: "{names} et {n} autres", results: "Résultats", hiddenAudience: "une audience que votre clé ne voit pas",
  saidLive: "Publiée {when}", saidUntil: "jusqu'au {day}", saidPlanned: "Paraîtra {when}", saidExpired: "S'est achevée {when}", saidWithdrawn: "Retirée {when}", saidDraft: "Modifiée {when}", saidSubmitted: "Soumise {when}", saidDiscarded: "Abandonnée {when}",

  unsavedTitle: "Quitter sans enregistrer ?", unsavedText: "Ce que vous avez changé depuis le dernier enregistrement sera perdu.", leave: "Quitter sans enregistrer",
  text: "Texte", texts: "Textes", original: "langue d'origine", title: "Titre", summary: "Résumé", summaryHint: "L'essentiel en une ou deux phrases : beaucoup ne liront que cela.", body: "Texte complet", bodyHint: "Laissez vide si le résumé suffit.",
  addLanguage: "Ajouter une langue", add: "Ajouter", removeLanguage: "Retirer cette langue", removeLanguageTitle: "Retirer la version en {language} ?", removeLanguageText: "Ses textes seront effacés du brouillon.", language: "Langue d'origine",
  tools: "Mise en forme", bold: "Gras", list: "Liste", heading: "Titre", link: "Lien", image: "Image",
  linkTitle: "Insérer un lien", linkAddress: "Adresse de la page", linkText: "Texte du lien", insert: "Insérer", sampleBold: "texte important", sampleLine: "élément", sampleHeading: "Intertitre",
  imageTitle: "Insérer une image", imageAddress: "Adresse de l'image", imageText: "Ce que l'image apporte, pour qui ne la voit pas", imageNote: "Le fil montre ce texte à la place de l'image : il doit tout dire.",
  about: "Présentation", kind: "Sorte", news: "Actualité", alert: "Alerte", event: "Événement", survey: "Enquête", recognition: "Reconnaissance", document: "Document",
  topics: "Thèmes", topicsHint: "Les agents suivent des thèmes : reprenez ceux qui existent.", addTopic: "Ajouter le thème", removeTopic: "Retirer le thème {name}", source: "Service qui communique", author: "Signataire", community: "Communauté", communityHint: "Un métier, un réseau, un projet. Facultatif.",
  whom: "Pour qui", whomHint: "Les agents qui sont dans l'une au moins des audiences cochées. Aucune : tous les agents.", within: "Et seulement ceux de « {name} », votre périmètre.", findAudience: "Chercher une audience", audiencesLeft: "Et {n} autres : cherchez-les par leur nom.", noAudience: "Aucune audience de ce nom.", chosen: "{n} cochées", chosenOne: "1 cochée", chosenNone: "Tous les agents",
  whenTitle: "Quand", publishAt: "Paraît le", publishHint: "Vide : dès que vous publiez.", expiresAt: "Disparaît le", expiresHint: "Vide : jamais.", localTime: "Heures de {zone}.",
  emphasis: "Mise en avant", priority: "Importance", priorities: "Très secondaire|Secondaire|Un peu secondaire|Ordinaire|Un peu importante|Importante|Très importante",
  pinnedUntil: "En tête du fil jusqu'au", pinnedHint: "Elle reste au-dessus des autres jusqu'à cette date.", mandatoryUntil: "À lire obligatoirement avant le", mandatoryHint: "Chaque agent visé devra déclarer « J'ai pris connaissance ». Qui l'a fait est consigné par nom dans un registre à part.",
  revised: "Signaler cette mise à jour", revisedHint: "La communication revient dans le fil de qui l'avait déjà lue ou reconnue. Pour un changement de fond seulement.",
  reset: "Effacer la date",

  save: "Enregistrer le brouillon", saved: "Brouillon enregistré.", publish: "Publier", publishTitle: "Publier maintenant ?", publishPlanned: "Programmer la publication ?", plan: "Programmer", publishedSaid: "C'est publié.", plannedSaid: "La publication est programmée.",
  publishText: "« {title} » paraîtra {when}, {who}.", now: "tout de suite", size: "{n} agents visés.", sizeHidden: "Le nombre d'agents visés est trop petit pour être dit.", warnings: "{n} avertissements restent : ils n'empêchent pas de publier.", warningsOne: "Un avertissement reste : il n'empêche pas de publier.",
  submit: "Soumettre à l'approbation", submitTitle: "Demander l'approbation ?", submitText: "« {asker} » demande l'accord d'une seconde personne avant publication.", contentsAsk: "Votre administration demande l'accord d'une seconde personne avant toute publication.", submitNote: "Un mot pour qui approuvera (facultatif)", submittedSaid: "C'est soumis : une autre personne peut maintenant l'approuver.", send: "Soumettre",
  approve: "Approuver et publier", approveTitle: "Approuver et publier ?", approveNote: "Un mot pour la suite (facultatif)", approvedSaid: "Approuvé et publié.",
  giveBack: "Rendre avec un motif", giveBackTitle: "Rendre à qui l'a écrit ?", giveBackReason: "Ce qu'il faut revoir", give: "Rendre", gaveBack: "Rendu à qui l'a écrit.",
  discard: "Abandonner le brouillon", discardTitle: "Abandonner ce brouillon ?", discardText: "Il restera dans l'historique. Ce qui est publié ne change pas.", discardedSaid: "Brouillon abandonné.",
  withdraw: "Retirer aux agents", withdrawTitle: "Retirer cette communication ?", withdrawText: "Plus aucun agent ne la verra, dès maintenant. Vous pourrez la reprendre depuis l'historique.", withdrawReason: "Pourquoi", withdrawnSaid: "C'est retiré : plus aucun agent ne la voit.",
  editLater: "Vous modifiez un brouillon : les agents voient la version publiée jusqu'à ce que vous publiiez celle-ci.", firstDraft: "Rien n'est montré aux agents avant la publication.", waitingOther: "Une autre personne doit approuver : vous avez écrit dans ce brouillon.", waitingYou: "On attend votre accord. Si vous modifiez ce texte, une autre personne encore devra l'approuver.", nothingSaved: "Pas encore enregistrée", changed: "Modifications non enregistrées", unchanged: "Tout est enregistré",
  gateStops: "Corrigez d'abord ce qui empêche de publier.",

  gate: "À corriger", gateOk: "Rien à corriger : chacun pourra lire ce texte.", gateErrors: "{n} points empêchent de publier", gateError: "1 point empêche de publier", gateWarnings: "{n} conseils", gateWarning: "1 conseil", stops: "Empêche de publier", advice: "Conseil", criterion: "critère {n} du RGAA", line: "ligne {n}", noTitle: "un titre est nécessaire", checking: "Vérification…", complete: "À compléter",
  preview: "Aperçu", previewHint: "La carte telle que le fil la montrera.", previewOthers: "Les agents d'une autre langue verront le texte en {language}.", previewWide: "Ordinateur", previewNarrow: "Téléphone", previewSize: "Écran", previewEmpty: "Donnez un titre pour voir la carte.", previewNote: "Ceci est un aperçu : rien n'est transmis.", untitled: "Sans titre",
  reach: "Portée", reachSize: "{n} agents recevront cette communication.", reachHidden: "Moins de dix agents, ou trop peu pour être dit.", reachNone: "Rien d'autre ne paraît {day} pour ces agents.", reachDay: "{day}, ces agents recevront déjà {n} autres communications.", reachDayOne: "{day}, ces agents recevront déjà une autre communication.", reachLive: "{n} autres, plus anciennes, seront encore dans leur fil.", reachLiveOne: "Une autre, plus ancienne, sera encore dans leur fil.", thatDay: "Ce jour-là ({day})", shared: "{n} agents en commun", sharedMost: "{n} agents en commun au plus", sharedLeast: "{n} agents en commun au moins", sharedUnknown: "nombre d'agents en commun trop petit, ou inconnu", newTab: "(nouvel onglet)", stillDraft: "brouillon", showAll: "Voir les {n}", today: "Aujourd'hui",

  someone: "quelqu'un", step_written: "Écrit par {who} {when}", step_submitted: "Soumis par {who} {when}", step_refused: "Rendu par {who} {when}", step_published: "Publié par {who} {when}", step_withdrawn: "Retiré par {who} {when}", step_discarded: "Abandonné par {who} {when}", step_restored: "Repris d'une version passée par {who} {when}", step_found: "Arrivé par un import, conservé {when}",
  history: "Historique", historyNone: "L'historique commencera au premier enregistrement.", version: "Version {n}", see: "Voir", hide: "Replier", compare: "Ce qui diffère de ce que vous avez sous les yeux", noDifference: "Identique à ce que vous avez sous les yeux.", restore: "Reprendre dans un brouillon", restoredSaid: "La version {n} est reprise dans un brouillon.",
  field: "Champ", there: "Dans cette version", here: "Maintenant", nowPublished: "Publié aujourd'hui", thisDraft: "Dans ce brouillon", empty: "vide",
  f_title: "Titre", f_summary: "Résumé", f_body: "Texte complet", f_language: "Langue d'origine", f_kind: "Sorte", f_topics: "Thèmes", f_source: "Service", f_author: "Signataire", f_community: "Communauté", f_audiences: "Pour qui", f_perimeter: "Périmètre", f_published_at: "Paraît le", f_expires_at: "Disparaît le", f_priority: "Importance", f_pinned_until: "En tête jusqu'au", f_mandatory_until: "À lire avant le", f_revised_at: "Mise à jour signalée",
  inLanguage: "{field} ({language})",

  conflict: "{who} a enregistré ce brouillon {when}, pendant que vous écriviez", conflictText: "Rien n'est perdu. Voici ce qui diffère : choisissez, champ par champ, puis enregistrez.", conflictLive: "Ce qui est publié a changé depuis que ce brouillon a été commencé", conflictNone: "Les deux textes disent la même chose.", theirs: "Le texte de {who}", mine: "Le vôtre", keepChosen: "Enregistrer ce choix", takeTheirs: "Prendre tout le sien", merged: "Vos deux textes sont réunis.", tookTheirs: "Vous avez repris son texte.", liveName: "Ce qui est publié",

  nothingWaits: "Rien n'attend d'approbation.", nothingWaitsHint: "Ce que vos collègues soumettent viendra ici.", forYou: "Vous pouvez les approuver", forOthers: "Attendent une autre personne", newContent: "Première publication : rien n'est encore en ligne.", open: "Ouvrir", asks: "Accord demandé par : {who}", contentsAsks: "votre administration", whatChanges: "Ce qui change", ownDraft: "Vous y avez écrit : une autre personne doit l'approuver.", gateWaits: "Des points empêchent de publier : ouvrez-le pour les voir.",

  month: "Mois", week: "Semaine", asList: "Liste", view: "Présentation", previousMonth: "Mois précédent", nextMonth: "Mois suivant", previousWeek: "Semaine précédente", nextWeek: "Semaine suivante", goToDay: "Aller au", print: "Imprimer", begins: "Commence", ends: "S'achève", isLive: "En ligne", begin: "{n} commencent", beginOne: "1 commence", end: "{n} s'achèvent", endOne: "1 s'achève", liveCount: "{n} en ligne", othersLive: "Déjà en ligne ce jour-là ({n})", nothingThatDay: "Rien ce jour-là.", nothingThen: "Rien ne commence ni ne s'achève sur cette période.", legend: "Dans chaque jour : ce qui commence (▸), ce qui s'achève (◂), et combien sont en ligne. Flèches pour changer de jour, Entrée pour le détail.", left: "{n} communications plus anciennes ne sont pas montrées.", writeFor: "Écrire pour ce jour",

  reader: "Un lecteur imaginaire", readerHint: "Décrivez une personne qui n'existe pas : voici le fil qu'elle aurait avec ce texte, et pourquoi. Jamais le fil d'un collègue.", org: "Unité", site: "Site", readerLanguage: "Langue", reads: "Lit des communications sur", follows: "Suit", anything: "indifférent", yes: "oui", no: "non", describe: "Décrire cette personne", see_feed: "Voir son fil", placeAt: "Votre communication serait à la {n}e place de son fil.", placeFirst: "Votre communication serait en tête de son fil.", placeNot: "Votre communication n'est pas dans son fil : cette personne n'est pas dans les audiences choisies.", placeAway: "Cette personne est visée, mais la communication n'est pas dans son fil à ce moment.", feedAt: "Son fil {when}", yours: "La vôtre", moreProfile: "Plus de traits", whyThere: "Pourquoi à cette place", several: "séparés par des virgules",
};

const en: typeof fr = {
  contents: "Messages", calendar: "Calendar", approvals: "To approve", newOne: "New message",
  states: "State", all: "All", live: "Live", planned: "Planned", draft: "Draft", submitted: "To approve", expired: "Ended", withdrawn: "Withdrawn", discarded: "Given up", published: "Published", ended: "Ended",
  livePlural: "Live", plannedPlural: "Planned", draftPlural: "Drafts", submittedPlural: "To approve",
  alsoDraft: "Draft under way", alsoSubmitted: "New version to approve",
  search: "Search", searchHint: "Title, source or topic",
  none: "No message here.", noneFound: "No message holds “{text}”.", noneYet: "Nothing is written yet. Begin with a new message.",
  showMore: "Show more ({n})", found: "{n} messages", foundOne: "1 message",
  everyone: "all agents", to: "for {who}", andMore: "{names} and {n} others", results: "Results", hiddenAudience: "an audience that your key does not see",
  saidLive: "Published {when}", saidUntil: "until {day}", saidPlanned: "Appears {when}", saidExpired: "Ended {when}", saidWithdrawn: "Withdrawn {when}", saidDraft: "Changed {when}", saidSubmitted: "Submitted {when}", saidDiscarded: "Given up {when}",

  unsavedTitle: "Leave without saving?", unsavedText: "What you changed since the last save will be lost.", leave: "Leave without saving",
  text: "Text", texts: "Texts", original: "original language", title: "Title", summary: "Summary", summaryHint: "What matters in a sentence or two: many will read nothing else.", body: "Full text", bodyHint: "Leave it empty if the summary is enough.",
  addLanguage: "Add a language", add: "Add", removeLanguage: "Remove this language", removeLanguageTitle: "Remove the version in {language}?", removeLanguageText: "Its texts will be erased from the draft.", language: "Original language",
  tools: "Formatting", bold: "Bold", list: "List", heading: "Heading", link: "Link", image: "Image",
  linkTitle: "Insert a link", linkAddress: "Address of the page", linkText: "Text of the link", insert: "Insert", sampleBold: "important words", sampleLine: "item", sampleHeading: "Heading",
  imageTitle: "Insert an image", imageAddress: "Address of the image", imageText: "What the image brings, for those who do not see it", imageNote: "Feeds show this text in place of the image: it must say everything.",
  about: "Presentation", kind: "Kind", news: "News", alert: "Alert", event: "Event", survey: "Survey", recognition: "Recognition", document: "Document",
  topics: "Topics", topicsHint: "Agents follow topics: use those that exist.", addTopic: "Add the topic", removeTopic: "Remove the topic {name}", source: "Service that communicates", author: "Signed by", community: "Community", communityHint: "A trade, a network, a project. Optional.",
  whom: "For whom", whomHint: "Agents who are in one at least of the audiences that are ticked. None: all agents.", within: "And only those of “{name}”, your perimeter.", findAudience: "Find an audience", audiencesLeft: "And {n} others: find them by name.", noAudience: "No audience of that name.", chosen: "{n} ticked", chosenOne: "1 ticked", chosenNone: "All agents",
  whenTitle: "When", publishAt: "Appears on", publishHint: "Empty: as soon as you publish.", expiresAt: "Disappears on", expiresHint: "Empty: never.", localTime: "Times of {zone}.",
  emphasis: "Emphasis", priority: "Importance", priorities: "Very minor|Minor|Somewhat minor|Ordinary|Somewhat important|Important|Very important",
  pinnedUntil: "At the top of feeds until", pinnedHint: "It stays above the others until that date.", mandatoryUntil: "Must be read before", mandatoryHint: "Each agent it is for will have to declare “I have taken note”. Who did is kept by name in a register apart.",
  revised: "Tell of this update", revisedHint: "The message comes back in the feed of those who had read or acknowledged it. For changes of substance only.",
  reset: "Clear the date",

  save: "Save the draft", saved: "Draft saved.", publish: "Publish", publishTitle: "Publish now?", publishPlanned: "Plan the publication?", plan: "Plan", publishedSaid: "It is published.", plannedSaid: "The publication is planned.",
  publishText: "“{title}” will appear {when}, {who}.", now: "at once", size: "{n} agents aimed at.", sizeHidden: "The number of agents aimed at is too small to be told.", warnings: "{n} warnings remain: they do not prevent publication.", warningsOne: "One warning remains: it does not prevent publication.",
  submit: "Submit for approval", submitTitle: "Ask for approval?", submitText: "“{asker}” asks for a second person's agreement before publication.", contentsAsk: "Your administration asks for a second person's agreement before any publication.", submitNote: "A word for whoever will approve (optional)", submittedSaid: "It is submitted: another person may approve it now.", send: "Submit",
  approve: "Approve and publish", approveTitle: "Approve and publish?", approveNote: "A word for later (optional)", approvedSaid: "Approved and published.",
  giveBack: "Give back with a reason", giveBackTitle: "Give back to its writers?", giveBackReason: "What needs another look", give: "Give back", gaveBack: "Given back to its writers.",
  discard: "Give the draft up", discardTitle: "Give this draft up?", discardText: "It will stay in the history. What is published does not change.", discardedSaid: "Draft given up.",
  withdraw: "Withdraw from agents", withdrawTitle: "Withdraw this message?", withdrawText: "No agent will see it from now on. You can take it up again from the history.", withdrawReason: "Why", withdrawnSaid: "It is withdrawn: no agent sees it any more.",
  editLater: "You are changing a draft: agents see the published version until you publish this one.", firstDraft: "Agents are shown nothing before publication.", waitingOther: "Another person must approve: you wrote in this draft.", waitingYou: "Your agreement is awaited. If you change this text, yet another person will have to approve it.", nothingSaved: "Not saved yet", changed: "Changes not saved", unchanged: "All is saved",
  gateStops: "First mend what prevents publication.",

  gate: "To mend", gateOk: "Nothing to mend: everyone will be able to read this text.", gateErrors: "{n} points prevent publication", gateError: "1 point prevents publication", gateWarnings: "{n} pieces of advice", gateWarning: "1 piece of advice", stops: "Prevents publication", advice: "Advice", criterion: "RGAA criterion {n}", line: "line {n}", noTitle: "a title is needed", checking: "Checking…", complete: "To complete",
  preview: "Preview", previewHint: "The card as feeds will show it.", previewOthers: "Agents of another language will see the text in {language}.", previewWide: "Computer", previewNarrow: "Telephone", previewSize: "Screen", previewEmpty: "Give a title to see the card.", previewNote: "This is a preview: nothing is sent.", untitled: "Untitled",
  reach: "Reach", reachSize: "{n} agents will receive this message.", reachHidden: "Fewer than ten agents, or too few to be told.", reachNone: "Nothing else appears {day} for these agents.", reachDay: "{day}, these agents will already receive {n} other messages.", reachDayOne: "{day}, these agents will already receive another message.", reachLive: "{n} older ones will still be in their feeds.", reachLiveOne: "An older one will still be in their feeds.", thatDay: "That day ({day})", shared: "{n} agents in common", sharedMost: "{n} agents in common at most", sharedLeast: "{n} agents in common at least", sharedUnknown: "number of agents in common too small, or unknown", newTab: "(new tab)", stillDraft: "draft", showAll: "See all {n}", today: "Today",

  someone: "someone", step_written: "Written by {who} {when}", step_submitted: "Submitted by {who} {when}", step_refused: "Given back by {who} {when}", step_published: "Published by {who} {when}", step_withdrawn: "Withdrawn by {who} {when}", step_discarded: "Given up by {who} {when}", step_restored: "Taken up from a past version by {who} {when}", step_found: "Came by an import, kept {when}",
  history: "History", historyNone: "The history will begin with the first save.", version: "Version {n}", see: "See", hide: "Fold", compare: "How it differs from what is before you", noDifference: "The same as what is before you.", restore: "Take up in a draft", restoredSaid: "Version {n} is taken up in a draft.",
  field: "Field", there: "In this version", here: "Now", nowPublished: "Published today", thisDraft: "In this draft", empty: "empty",
  f_title: "Title", f_summary: "Summary", f_body: "Full text", f_language: "Original language", f_kind: "Kind", f_topics: "Topics", f_source: "Service", f_author: "Signed by", f_community: "Community", f_audiences: "For whom", f_perimeter: "Perimeter", f_published_at: "Appears on", f_expires_at: "Disappears on", f_priority: "Importance", f_pinned_until: "At the top until", f_mandatory_until: "Must be read before", f_revised_at: "Update told of",
  inLanguage: "{field} ({language})",

  conflict: "{who} saved this draft {when}, while you were writing", conflictText: "Nothing is lost. Here is what differs: choose, field by field, then save.", conflictLive: "What is published has changed since this draft was begun", conflictNone: "Both texts say the same.", theirs: "The text of {who}", mine: "Yours", keepChosen: "Save this choice", takeTheirs: "Take all of theirs", merged: "Your two texts are brought together.", tookTheirs: "You have taken their text.", liveName: "What is published",

  nothingWaits: "Nothing awaits approval.", nothingWaitsHint: "What your colleagues submit will come here.", forYou: "You may approve these", forOthers: "Await another person", newContent: "First publication: nothing is live yet.", open: "Open", asks: "Agreement asked for by: {who}", contentsAsks: "your administration", whatChanges: "What changes", ownDraft: "You wrote in it: another person must approve it.", gateWaits: "Some points prevent publication: open it to see them.",

  month: "Month", week: "Week", asList: "List", view: "View", previousMonth: "Previous month", nextMonth: "Next month", previousWeek: "Previous week", nextWeek: "Next week", goToDay: "Go to", print: "Print", begins: "Begins", ends: "Ends", isLive: "Live", begin: "{n} begin", beginOne: "1 begins", end: "{n} end", endOne: "1 ends", liveCount: "{n} live", othersLive: "Already live that day ({n})", nothingThatDay: "Nothing that day.", nothingThen: "Nothing begins or ends in this period.", legend: "In each day: what begins (▸), what ends (◂), and how many are live. Arrows to change day, Enter for detail.", left: "{n} older messages are not shown.", writeFor: "Write for that day",

  reader: "A made-up reader", readerHint: "Describe a person who does not exist: this is the feed they would have with this text, and why. Never a colleague's feed.", org: "Unit", site: "Site", readerLanguage: "Language", reads: "Reads messages about", follows: "Follows", anything: "any", yes: "yes", no: "no", describe: "Describe this person", see_feed: "See their feed", placeAt: "Your message would be in place {n} of their feed.", placeFirst: "Your message would be at the top of their feed.", placeNot: "Your message is not in their feed: this person is not in the audiences that were chosen.", placeAway: "It is for this person, but is not in their feed at that moment.", feedAt: "Their feed {when}", yours: "Yours", moreProfile: "More traits", whyThere: "Why in that place", several: "separated by commas",
};

export type Word = keyof typeof fr;
export const say = lexicon(fr, en);

/** The word of a state that the server names. */
export const stateWord = (state: string): string => say(state as Word);

/** The words of one or of several. */
export const counted = (n: number, one: Word, many: Word): string => (n === 1 ? say(one) : say(many, { n: n.toLocaleString("fr-FR") }));
