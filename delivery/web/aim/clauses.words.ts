// The words of the builder, of the figures beside it and of why an agent is in or out.

import { lexicon } from "../words/spoken";

const fr = {
  all: "toutes ces conditions", any: "au moins une de ces conditions", none: "aucune de ces conditions", groupOf: "L'agent remplit", groupNumber: "Groupe {number}",
  and: "et", or: "ou", nor: "ni", add: "Ajouter une condition", addGroup: "Ajouter un groupe", addIn: "Ajouter une condition au groupe {number}", addGroupIn: "Ajouter un groupe au groupe {number}", emptyRoot: "Personne pour l'instant. Ajoutez une condition pour dire qui en fait partie.", emptyGroup: "Ce groupe est vide : il n'est pas compté.",
  condition: "Condition {number}", criterion: "Critère", choose: "Choisir un critère…", operator: "Comparaison", value: "Valeur", from: "De", to: "À", until: "au",
  onAgent: "Sur l'agent", onActs: "Sur ce qu'il a fait", onOthers: "Sur d'autres audiences", onPeople: "Sur les personnes", otherwise: "Autrement",
  did: "A lu, ouvert, cliqué…", last: "A lu, cliqué… pour la dernière fois", audience: "Fait partie d'une audience", member: "Est ajouté un par un à une audience", team: "Est dans l'équipe de", service: "Est dans l'unité de", everyone: "Tous les agents", expression: "Une expression",
  is: "oui", isNot: "non", didIt: "a", didNot: "n'a pas", lastTime: "pour la dernière fois",
  acts: "Ce que l'agent a fait", times: "Au moins (fois)", since: "Depuis", sinceAll: "à n'importe quel moment", recently: "dans les derniers", within: "il y a moins de", older: "il y a plus de",
  about: "Préciser les communications", topics: "Thèmes", sources: "Sources", contents: "Identifiants de communications",
  spanCount: "Nombre", spanUnit: "Unité", hours: "heures", days: "jours", weeks: "semaines", months: "mois", years: "ans",
  direct: "Sous sa responsabilité directe seulement", agentId: "Identifiant de l'agent", chooseAudience: "Choisir une audience…", yes: "oui", no: "non", addValue: "Ajouter une valeur", pick: "Choisir…", addIt: "Ajouter", without: "Retirer {value}",
  dateIs: "est le", dateIsNot: "n'est pas le", dateLess: "est avant le", dateAtMost: "est au plus tard le", dateMore: "est après le", dateAtLeast: "est à partir du", dateBetween: "est du",
  up: "Monter {what}", down: "Descendre {what}", remove: "Retirer {what}", wrap: "Mettre {what} dans un groupe", unwrap: "Défaire {what}", theCondition: "la condition {number}", theGroup: "le groupe {number}",
  moved: "Déplacé : {what}.", removed: "Retiré : {what}.", incomplete: "À compléter : pas encore compté.",
  kept: "Ce que dit cette expression ne se choisit pas dans une liste ({reason}). Elle est gardée telle quelle, et compte.",
  resulting: "Expression obtenue", inWords: "En clair", expressionLabel: "Expression", expressionHint: "La même audience, écrite. Toute modification se retrouve dans les choix.", place: "Aller à l'endroit", tooLong: "Cette expression est trop longue : retirez au moins {over} caractères.", placed: "Ligne {line}, caractère {column}", useNearest: "Remplacer par « {nearest} »",
  impression: "vu passer", open: "ouvert", read: "lu", dwell: "passé du temps sur", click: "cliqué", reaction: "réagi à", comment: "commenté", share: "partagé", save: "gardé", follow: "suivi", dismiss: "masqué", acknowledge: "pris connaissance de",
};

const en: typeof fr = {
  all: "all of these conditions", any: "at least one of these conditions", none: "none of these conditions", groupOf: "The agent meets", groupNumber: "Group {number}",
  and: "and", or: "or", nor: "nor", add: "Add a condition", addGroup: "Add a group", addIn: "Add a condition to group {number}", addGroupIn: "Add a group to group {number}", emptyRoot: "Nobody yet. Add a condition to say who is in it.", emptyGroup: "This group is empty: it does not count.",
  condition: "Condition {number}", criterion: "Criterion", choose: "Choose a criterion…", operator: "Comparison", value: "Value", from: "From", to: "To", until: "to",
  onAgent: "About the agent", onActs: "About what they did", onOthers: "About other audiences", onPeople: "About people", otherwise: "Otherwise",
  did: "Has read, opened, clicked…", last: "Has read, clicked… for the last time", audience: "Is in an audience", member: "Is added one by one to an audience", team: "Is in the team of", service: "Is in the unit of", everyone: "All agents", expression: "An expression",
  is: "yes", isNot: "no", didIt: "has", didNot: "has not", lastTime: "for the last time",
  acts: "What the agent did", times: "At least (times)", since: "Since", sinceAll: "at any time", recently: "within the last", within: "less ago than", older: "more ago than",
  about: "Say which messages", topics: "Topics", sources: "Sources", contents: "Ids of messages",
  spanCount: "Number", spanUnit: "Unit", hours: "hours", days: "days", weeks: "weeks", months: "months", years: "years",
  direct: "Direct reports only", agentId: "Id of the agent", chooseAudience: "Choose an audience…", yes: "yes", no: "no", addValue: "Add a value", pick: "Choose…", addIt: "Add", without: "Remove {value}",
  dateIs: "is", dateIsNot: "is not", dateLess: "is before", dateAtMost: "is no later than", dateMore: "is after", dateAtLeast: "is from", dateBetween: "is from",
  up: "Move {what} up", down: "Move {what} down", remove: "Remove {what}", wrap: "Put {what} into a group", unwrap: "Take {what} apart", theCondition: "condition {number}", theGroup: "group {number}",
  moved: "Moved: {what}.", removed: "Removed: {what}.", incomplete: "To be completed: not counted yet.",
  kept: "What this expression says cannot be chosen from a list ({reason}). It is kept as it is, and counts.",
  resulting: "Resulting expression", inWords: "In plain words", expressionLabel: "Expression", expressionHint: "The same audience, written. Any change shows among the choices.", place: "Go to the place", placed: "Line {line}, character {column}", tooLong: "This expression is too long: remove at least {over} characters.", useNearest: "Replace by “{nearest}”",
  impression: "seen", open: "opened", read: "read", dwell: "spent time on", click: "clicked", reaction: "reacted to", comment: "commented on", share: "shared", save: "kept", follow: "followed", dismiss: "hidden", acknowledge: "acknowledged",
};

export const say = lexicon(fr, en);
export type Word = keyof typeof fr;
