// The words of the audiences' screens.

import { lexicon } from "../words/spoken";

const fr = {
  audiences: "Audiences", newAudience: "Nouvelle audience", unnamed: "Audience sans nom", search: "Chercher une audience", searchHint: "Par nom ou identifiant",
  name: "Nom", size: "Agents", owner: "Responsable", upkeep: "Dernière modification", by: "{when}, par {who}", more: "Afficher la suite",
  none: "Aucune audience pour l'instant. Une audience dit à qui s'adresse une communication.", noneFound: "Aucune audience ne contient « {query} ».", found: "{count} audiences", foundOne: "1 audience", foundMore: "{count} premières audiences",
  few: "moins de {few}", named: "agents nommés", withheldNote: "« Moins de {few} » : trop peu d'agents pour qu'un effectif soit donné, ou aucun. « Agents nommés » : l'effectif n'est donné qu'aux clés qui peuvent voir des agents.",
  back: "Toutes les audiences", save: "Enregistrer", saving: "Enregistrement…", remove: "Supprimer l'audience", saved: "Audience enregistrée.", unsaved: "Modifications non enregistrées", upToDate: "Tout est enregistré",
  who: "Qui en fait partie", way: "Façon de la décrire", byChoice: "Par choix", byExpression: "En expression",
  identity: "L'audience", count: "Effectifs", options: "Réglages", id: "Identifiant", idHint: "Proposé d'après le nom ; il ne change plus après le premier enregistrement.", idFixed: "Identifiant : {id}",
  ownerHint: "Le service ou la personne qui en répond", approval: "Une seconde personne doit approuver ce qui est publié pour cette audience",
  announce: "Annoncer les entrées et les sorties aux autres applications", perimeter: "Limitée aux agents de", noPerimeter: "Tous les agents", perimeterHint: "Ne garde que les agents qui sont aussi dans cette audience.",
  perimeterKey: "Votre clé limite vos audiences à « {perimeter} ».",
  members: "Agents ajoutés un par un", membersHint: "Un identifiant par ligne, ou séparés par des virgules. Ils en font partie quoi que dise la description.", membersCount: "{count} agents", membersOne: "1 agent", membersNone: "Aucun agent",
  nameMissing: "Donnez un nom à l'audience.", idMissing: "Donnez un identifiant : des lettres, des chiffres et des tirets.", incompleteSave: "Complétez la condition {number}, ou retirez-la.", held: "Les choix ne savent montrer qu'une expression sans faute : corrigez d'abord celle-ci.", ruleWrong: "Corrigez l'expression avant d'enregistrer.",
  deleteTitle: "Supprimer « {name} » ?", deleteText: "Les agents ne recevront plus rien par cette audience. Cela ne peut pas être défait.", deleteUses: "Elle est visée par {count} communications en cours ou à venir, que plus personne ne recevra par elle :", deleteUsesOne: "Elle est visée par une communication en cours ou à venir, que plus personne ne recevra par elle :", deleteNoUse: "Aucune communication en cours ou à venir ne la vise.", deleteYes: "Supprimer", deleted: "Audience « {name} » supprimée.",
  leaveTitle: "Quitter sans enregistrer ?", leaveText: "Vos modifications seront perdues.", leaveYes: "Quitter sans enregistrer",
  taken: "L'identifiant « {id} » est déjà celui d'une autre audience. Choisissez-en un autre.",
  conflictTitle: "Cette audience a changé entre-temps", conflictWho: "{who} l'a enregistrée {when}, pendant que vous la modifiiez. Rien n'est perdu : choisissez.", conflictOwn: "Vous l'avez enregistrée {when}, dans un autre onglet. Rien n'est perdu : choisissez.", conflictSomeone: "Quelqu'un", conflictField: "Ce qui diffère", conflictTheirs: "La leur", conflictMineYours: "La vôtre", keepMine: "Garder la mienne", takeTheirs: "Reprendre la leur", nothing: "rien", yes: "oui", no: "non", conflictGone: "Elle a été supprimée entre-temps. Enregistrez-la de nouveau pour la garder.", tookTheirs: "La version enregistrée est affichée.", rule: "Qui en fait partie",
  viewOnly: "Cette audience n'est pas de votre périmètre : vous pouvez la viser, pas la modifier.",
};

const en: typeof fr = {
  audiences: "Audiences", newAudience: "New audience", unnamed: "Audience without a name", search: "Search for an audience", searchHint: "By name or id",
  name: "Name", size: "Agents", owner: "Owner", upkeep: "Last change", by: "{when}, by {who}", more: "Show more",
  none: "No audience yet. An audience says whom a message is for.", noneFound: "No audience holds “{query}”.", found: "{count} audiences", foundOne: "1 audience", foundMore: "First {count} audiences",
  few: "under {few}", named: "named agents", withheldNote: "“Under {few}”: too few agents for a figure to be given, or none. “Named agents”: the figure is given only to keys that may see agents.",
  back: "All audiences", save: "Save", saving: "Saving…", remove: "Delete the audience", saved: "Audience saved.", unsaved: "Changes not saved", upToDate: "Everything is saved",
  who: "Who is in it", way: "How to describe it", byChoice: "By choice", byExpression: "As an expression",
  identity: "The audience", count: "Figures", options: "Settings", id: "Id", idHint: "Proposed from the name; it no longer changes after the first save.", idFixed: "Id: {id}",
  ownerHint: "The service or the person who answers for it", approval: "A second person must approve what is published for this audience",
  announce: "Announce entries and exits to other applications", perimeter: "Limited to the agents of", noPerimeter: "All agents", perimeterHint: "Keeps only agents who are in that audience too.",
  perimeterKey: "Your key limits your audiences to “{perimeter}”.",
  members: "Agents added one by one", membersHint: "One id a line, or separated by commas. They are in it whatever the description says.", membersCount: "{count} agents", membersOne: "1 agent", membersNone: "No agent",
  nameMissing: "Give the audience a name.", idMissing: "Give an id: letters, digits and hyphens.", incompleteSave: "Complete condition {number}, or remove it.", held: "Choices can show only an expression without a fault: mend this one first.", ruleWrong: "Mend the expression before you save.",
  deleteTitle: "Delete “{name}”?", deleteText: "Agents will get nothing by this audience any more. This cannot be undone.", deleteUses: "{count} messages that are out or to come aim at it; nobody will get them by it any more:", deleteUsesOne: "A message that is out or to come aims at it; nobody will get it by it any more:", deleteNoUse: "No message that is out or to come aims at it.", deleteYes: "Delete", deleted: "Audience “{name}” deleted.",
  leaveTitle: "Leave without saving?", leaveText: "Your changes will be lost.", leaveYes: "Leave without saving",
  taken: "The id “{id}” is another audience's already. Choose another.",
  conflictTitle: "This audience has changed meanwhile", conflictWho: "{who} saved it {when}, while you were changing it. Nothing is lost: choose.", conflictOwn: "You saved it {when}, in another tab. Nothing is lost: choose.", conflictSomeone: "Someone", conflictField: "What differs", conflictTheirs: "Theirs", conflictMineYours: "Yours", keepMine: "Keep mine", takeTheirs: "Take theirs", nothing: "nothing", yes: "yes", no: "no", conflictGone: "It was deleted meanwhile. Save it again to keep it.", tookTheirs: "The saved version is shown.", rule: "Who is in it",
  viewOnly: "This audience is not of your perimeter: you may aim at it, not change it.",
};

export const say = lexicon(fr, en);
export type Word = keyof typeof fr;
